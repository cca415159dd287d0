//! The one table of exit codes. `docs/reference/exit-codes.md` says the same; a test compares.

use crate::commands::ErrorKind;

/// Exit code of a kind of error; success is 0.
pub fn code(kind: ErrorKind) -> u8 {
    TABLE.iter().find(|row| row.0 == kind).map_or(1, |row| row.1)
}

/// Kind, code, meaning, and what to do, in the order of the codes.
pub(crate) const TABLE: &[(ErrorKind, u8, &str, &str)] = &[
    (ErrorKind::Other, 1, "anything else that failed", "read the message and its hints"),
    (ErrorKind::Usage, 2, "the command line is wrong", "read the hint; `help COMMAND` shows the flags"),
    (
        ErrorKind::Format,
        3,
        "a file cannot be read or written, or is not what it should be",
        "look at the file that the message names",
    ),
    (
        ErrorKind::TrustMaterial,
        4,
        "trust material is missing or unusable",
        "name the right trusted root with `--trusted-root`, or run `initialize`",
    ),
    (
        ErrorKind::Network,
        5,
        "a server could not be reached or failed",
        "run it again later, look at proxies and certificates, or give it longer with `--timeout`",
    ),
    (
        ErrorKind::Authentication,
        6,
        "a password, token or credential is missing or wrong",
        "log in, or give the password, token or credential that the message asks for",
    ),
    (
        ErrorKind::Policy,
        7,
        "a policy refuses what the signature proves",
        "read which rule refused it; have what it misses attested, or change the policy",
    ),
    (
        ErrorKind::LimitExceeded,
        8,
        "a limit on size, depth or count was exceeded",
        "look at what is too large; nothing that is meant well reaches a limit",
    ),
    (
        ErrorKind::NoSignature,
        10,
        "there is no signature",
        "have the artifact signed, or look where its signatures are with `tree`",
    ),
    (
        ErrorKind::NoSuchArtifact,
        11,
        "there is no such artifact",
        "look at the spelling, and whether it was pushed or made",
    ),
    (ErrorKind::NoneValid, 12, "there are signatures and none is valid", "read the reasons: `explain CODE`"),
    (
        ErrorKind::NoCertificate,
        13,
        "a signature has no certificate although one is needed",
        "verify with `--key`, or have the artifact signed with a certificate",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_has_code_zero_and_no_code_is_used_twice() {
        let codes: std::collections::BTreeSet<u8> = TABLE.iter().map(|row| row.1).collect();
        assert_eq!(codes.len(), TABLE.len());
        assert!(!codes.contains(&0));
        assert_eq!(code(ErrorKind::NoneValid), 12);
        assert_eq!(code(ErrorKind::Other), 1);
    }
}
