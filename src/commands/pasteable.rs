//! Command lines in hints, as they can be pasted: in messages and in reports alike.

/// The words of all commands.
pub const COMMANDS: &[&str] = &[
    "generate-key-pair",
    "import-key-pair",
    "public-key",
    "sign-blob",
    "verify-blob",
    "attest-blob",
    "verify-blob-attestation",
    "sign",
    "verify",
    "attest",
    "verify-attestation",
    "dockerfile verify",
    "manifest verify",
    "compose verify",
    "policy check",
    "policy explain",
    "policy import",
    "policy test",
    "triangulate",
    "generate",
    "login",
    "initialize",
    "attach signature",
    "attach attestation",
    "attach sbom",
    "download signature",
    "download attestation",
    "download sbom",
    "tree",
    "clean",
    "copy",
    "save",
    "load",
    "upload blob",
    "upload wasm",
    "bundle create",
    "bundle upgrade",
    "bundle inspect",
    "bundle diff",
    "trusted-root create",
    "trusted-root inspect",
    "signing-config create",
    "pack",
    "unpack",
    "sandbox demo",
    "sandbox up",
    "sandbox run",
    "sandbox token",
    "sandbox status",
    "sandbox down",
    "pkcs11-tool list-tokens",
    "pkcs11-tool list-keys-uris",
    "piv-tool attestation",
    "piv-tool generate-key",
    "piv-tool reset",
    "piv-tool set-management-key",
    "piv-tool set-pin",
    "piv-tool set-puk",
    "piv-tool unblock",
    "debug providers",
    "explain",
    "env",
    "completion",
    "version",
    "help",
];

/// A hint whose command lines begin with the name of the program. A command alone is a word, and stays one.
pub fn pasteable(hint: &str) -> String {
    let mut out = String::with_capacity(hint.len());
    for (number, piece) in hint.split('`').enumerate() {
        if number > 0 {
            out.push('`');
        }
        if number % 2 == 1 && is_command_line(piece) {
            out.push_str("rcosign ");
        }
        out.push_str(piece);
    }
    out
}

fn is_command_line(text: &str) -> bool {
    COMMANDS.iter().any(|name| match text.strip_prefix(name) {
        Some("") => name.contains(' '),
        Some(rest) => rest.starts_with(' '),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::commands::{Error, ErrorKind, ErrorReport};

    #[test]
    fn hints_in_reports_can_be_pasted() {
        let error = Error::new(ErrorKind::Other, "x").hint("see `tree IMAGE`, or `verify`");
        assert_eq!(ErrorReport::of(&error).hints, ["see `rcosign tree IMAGE`, or `verify`"]);
    }
}
