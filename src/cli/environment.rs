//! `COSIGN_<FLAG>`: variables that stand in for a flag that is not on the command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::OnceLock;

use super::tree;

/// Flags that no variable fills: those that cosign leaves out, and ours that give up a proof or a witness.
const UNBOUND: &[&str] = &[
    "allow-kms-plugin",
    "allow-kube-exec",
    "build-arg",
    "bundle-dir",
    "commit",
    "dry-run",
    "from-file",
    "help",
    "ignore-path",
    "no-input",
    "no-log",
    "output-file",
    "output-format",
    "path",
    "policy-file",
    "ref",
    "registry-auth-host",
    "repo",
    "report",
    "resume",
    "retry-for",
    "shard",
    "skip-existing",
    "store-management-key",
    "verbose",
    "workflow",
    "write",
];

/// Commands whose flags no variable fills: those of cosign that leave it at that, and ours.
const UNBOUND_COMMANDS: &[&str] = &[
    "bundle create",
    "bundle diff",
    "bundle inspect",
    "bundle upgrade",
    "completion",
    "compose verify",
    "debug providers",
    "env",
    "explain",
    "help",
    "login",
    "pack",
    "piv-tool attestation",
    "piv-tool generate-key",
    "piv-tool reset",
    "piv-tool set-puk",
    "piv-tool unblock",
    "pkcs11-tool list-keys-uris",
    "pkcs11-tool list-tokens",
    "policy check",
    "policy explain",
    "policy test",
    "sandbox demo",
    "sandbox down",
    "sandbox run",
    "sandbox status",
    "sandbox token",
    "sandbox up",
    "signing-config create",
    "trusted-root create",
    "trusted-root inspect",
    "unpack",
    "version",
];

/// The variable that stands in for `flag` in `command`.
pub fn variable(command: &str, flag: &str) -> Option<String> {
    let ours = match command {
        "sign" | "sign-blob" | "attest" | "attest-blob" => flag == "offline",
        "verify" | "verify-attestation" | "dockerfile verify" | "manifest verify" => {
            matches!(flag, "from-file" | "platform" | "policy-data" | "policy-strict" | "recursive")
        }
        "verify-blob-attestation" => matches!(flag, "policy" | "policy-data" | "policy-strict"),
        "tree" => flag == "output",
        "attach signature" => flag == "registry-referrers-mode",
        "attach attestation" => {
            matches!(flag, "certificate" | "certificate-chain" | "rekor-response" | "tsr")
        }
        _ => false,
    };
    // Help of the program or of a group is asked for by words alone.
    if command.is_empty() || tree::is_group(command) {
        return None;
    }
    // Who keeps all commands from asking a TUF repository means these, too.
    let is_offline = matches!(command, "trusted-root create" | "signing-config create") && flag == "offline";
    if !is_offline && (ours || UNBOUND_COMMANDS.contains(&command) || UNBOUND.contains(&flag)) {
        return None;
    }
    Some(format!("COSIGN_{}", flag.replace('-', "_").to_ascii_uppercase()))
}

/// The value of the variable for `flag` in `command`; an empty one counts as unset, as in cosign.
pub fn value(command: &str, flag: &str) -> Option<OsString> {
    read(&variable(command, flag)?).filter(|value| !value.is_empty())
}

/// What commands see in place of the environment of this process, once it is set.
static INSTEAD: OnceLock<BTreeMap<String, OsString>> = OnceLock::new();

/// A variable of the environment.
pub fn read(name: &str) -> Option<OsString> {
    match INSTEAD.get() {
        Some(variables) => variables.get(name).cloned(),
        None => std::env::var_os(name),
    }
}

/// From now on commands of this process see these variables and no others: what somebody has set for his own work has no say in
/// a demonstration.
pub fn replace(variables: impl IntoIterator<Item = (String, OsString)>) {
    // Somebody who did it before has done the same.
    let _ = INSTEAD.set(variables.into_iter().collect());
}

/// Whether a check is given up where the variable of `flag` has this value.
pub fn gives_up(flag: &str, value: bool) -> bool {
    match flag {
        "check-claims" => !value,
        "insecure-ignore-sct"
        | "insecure-ignore-tlog"
        | "insecure-skip-verify"
        | "no-log"
        | "private-infrastructure" => value,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_spelled_as_in_cosign() {
        assert_eq!(variable("verify-blob", "ca-roots").unwrap(), "COSIGN_CA_ROOTS");
        assert_eq!(variable("verify-blob-attestation", "digestAlg").unwrap(), "COSIGN_DIGESTALG");
        assert_eq!(variable("verify-blob", "offline").unwrap(), "COSIGN_OFFLINE");
    }

    #[test]
    fn no_variable_gives_up_a_witness_or_a_log_entry_by_our_own_flags() {
        assert_eq!(variable("sign-blob", "offline"), None);
        assert_eq!(variable("trusted-root create", "offline").unwrap(), "COSIGN_OFFLINE");
        assert_eq!(variable("signing-config create", "offline").unwrap(), "COSIGN_OFFLINE");
        assert_eq!(variable("trusted-root create", "out"), None);
        assert_eq!(variable("verify-blob", "no-log"), None);
        assert_eq!(variable("version", "json"), None);
    }
}
