//! The one table of exit codes. `docs/reference/exit-codes.md` says the same; a test compares.

use crate::commands::ErrorKind;

/// Exit code of a kind of error; success is 0.
pub fn code(kind: ErrorKind) -> u8 {
    TABLE.iter().find(|row| row.0 == kind).map_or(1, |row| row.1)
}

/// Kind, code and meaning, in the order of the codes.
pub(crate) const TABLE: &[(ErrorKind, u8, &str)] = &[
    (ErrorKind::Other, 1, "anything else that failed"),
    (ErrorKind::Usage, 2, "the command line is wrong"),
    (ErrorKind::Format, 3, "a file cannot be read or written, or is not what it should be"),
    (ErrorKind::TrustMaterial, 4, "trust material is missing or unusable"),
    (ErrorKind::Network, 5, "a server could not be reached or failed"),
    (ErrorKind::Authentication, 6, "a password, token or credential is missing or wrong"),
    (ErrorKind::Policy, 7, "a policy refuses what the signature proves"),
    (ErrorKind::LimitExceeded, 8, "a limit on size, depth or count was exceeded"),
    (ErrorKind::NoSignature, 10, "there is no signature"),
    (ErrorKind::NoSuchArtifact, 11, "there is no such artifact"),
    (ErrorKind::NoneValid, 12, "there are signatures and none is valid"),
    (ErrorKind::NoCertificate, 13, "a signature has no certificate although one is needed"),
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
