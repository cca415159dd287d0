//! Compares the commands with the facts about cosign's command line in `.ci/cosign-surface.json`.

use std::collections::BTreeSet;

use serde_json::Value;

use clap::Command;

use super::*;
use crate::cli::{deprecated, environment};

const VERSIONS: [&str; 3] = ["2.6.2", "3.0.4", "3.1.2"];
/// Flags that cosign does not have, with the command that has them.
const OURS: &[(&str, &str)] = &[
    ("attach attestation", "certificate"),
    ("attach attestation", "certificate-chain"),
    ("attach attestation", "registry-auth-host"),
    ("attach attestation", "rekor-response"),
    ("attach attestation", "retry-for"),
    ("attach attestation", "tsr"),
    ("attach sbom", "registry-auth-host"),
    ("attach sbom", "retry-for"),
    ("attach signature", "registry-auth-host"),
    ("attach signature", "registry-referrers-mode"),
    ("attach signature", "retry-for"),
    ("attest", "allow-kms-plugin"),
    ("attest", "allow-kube-exec"),
    ("attest", "from-file"),
    ("attest", "offline"),
    ("attest", "recursive"), // as cosign 2.5 had it
    ("attest", "registry-auth-host"),
    ("attest", "retry-for"),
    ("attest", "write"),
    ("attest-blob", "allow-kms-plugin"),
    ("attest-blob", "allow-kube-exec"),
    ("attest-blob", "offline"),
    ("bundle create", "allow-kms-plugin"),
    ("bundle create", "allow-kube-exec"),
    ("bundle create", "trusted-root"),
    ("bundle inspect", "output"),
    ("bundle inspect", "predicate"),
    ("bundle inspect", "suggest"),
    ("bundle upgrade", "trusted-root"),
    ("clean", "registry-auth-host"),
    ("clean", "retry-for"),
    ("copy", "dry-run"),
    ("copy", "registry-auth-host"),
    ("copy", "retry-for"),
    ("dockerfile verify", "allow-kms-plugin"),
    ("dockerfile verify", "allow-kube-exec"),
    ("dockerfile verify", "build-arg"),
    ("dockerfile verify", "no-log"),
    ("dockerfile verify", "platform"),
    ("dockerfile verify", "policy-file"),
    ("dockerfile verify", "recursive"),
    ("dockerfile verify", "registry-auth-host"),
    ("dockerfile verify", "report"),
    ("dockerfile verify", "resume"),
    ("dockerfile verify", "retry-for"),
    ("dockerfile verify", "shard"),
    ("download attestation", "output-format"),
    ("download attestation", "registry-auth-host"),
    ("download attestation", "retry-for"),
    ("download sbom", "registry-auth-host"),
    ("download sbom", "retry-for"),
    ("download signature", "output-format"),
    ("download signature", "registry-auth-host"),
    ("download signature", "retry-for"),
    ("generate", "registry-auth-host"),
    ("generate", "retry-for"),
    ("generate-key-pair", "allow-kms-plugin"),
    ("generate-key-pair", "allow-kube-exec"),
    ("help", "man"),
    ("import-key-pair", "allow-kube-exec"),
    ("load", "registry-auth-host"),
    ("load", "retry-for"),
    ("login", "allow-http-registry"),
    ("login", "allow-insecure-registry"),
    ("login", "registry-auth-host"),
    ("login", "registry-cacert"),
    ("login", "registry-client-cert"),
    ("login", "registry-client-key"),
    ("login", "registry-server-name"),
    ("login", "retry-for"),
    ("manifest verify", "allow-kms-plugin"),
    ("manifest verify", "allow-kube-exec"),
    ("manifest verify", "ignore-path"),
    ("manifest verify", "no-log"),
    ("manifest verify", "path"),
    ("manifest verify", "platform"),
    ("manifest verify", "policy-file"),
    ("manifest verify", "recursive"),
    ("manifest verify", "registry-auth-host"),
    ("manifest verify", "report"),
    ("manifest verify", "resume"),
    ("manifest verify", "retry-for"),
    ("manifest verify", "shard"),
    ("piv-tool attestation", "no-input"),
    ("piv-tool generate-key", "no-input"),
    ("piv-tool generate-key", "store-management-key"),
    ("piv-tool reset", "no-input"),
    ("piv-tool set-management-key", "no-input"),
    ("piv-tool set-management-key", "store-management-key"),
    ("piv-tool set-pin", "no-input"),
    ("piv-tool set-puk", "no-input"),
    ("piv-tool unblock", "no-input"),
    ("pkcs11-tool list-keys-uris", "no-input"), // theirs stands behind the group
    ("pkcs11-tool list-tokens", "no-input"),
    ("public-key", "allow-kms-plugin"),
    ("public-key", "allow-kube-exec"),
    ("save", "registry-auth-host"),
    ("save", "retry-for"),
    ("sign", "allow-kms-plugin"),
    ("sign", "allow-kube-exec"),
    ("sign", "from-file"),
    ("sign", "offline"),
    ("sign", "registry-auth-host"),
    ("sign", "retry-for"),
    ("sign", "skip-existing"),
    ("sign", "write"),
    ("sign-blob", "allow-kms-plugin"),
    ("sign-blob", "allow-kube-exec"),
    ("sign-blob", "bundle-dir"),
    ("sign-blob", "offline"),
    ("signing-config create", "offline"),
    ("tree", "output"),
    ("tree", "registry-auth-host"),
    ("tree", "retry-for"),
    ("triangulate", "registry-auth-host"),
    ("triangulate", "retry-for"),
    ("trusted-root create", "offline"),
    ("upload blob", "registry-auth-host"),
    ("upload blob", "retry-for"),
    ("upload wasm", "registry-auth-host"),
    ("upload wasm", "retry-for"),
    ("verify", "allow-kms-plugin"),
    ("verify", "allow-kube-exec"),
    ("verify", "from-file"),
    ("verify", "no-log"),
    ("verify", "platform"),
    ("verify", "policy-file"),
    ("verify", "recursive"),
    ("verify", "registry-auth-host"),
    ("verify", "report"),
    ("verify", "resume"),
    ("verify", "retry-for"),
    ("verify", "shard"),
    ("verify-attestation", "allow-kms-plugin"),
    ("verify-attestation", "allow-kube-exec"),
    ("verify-attestation", "commit"),
    ("verify-attestation", "from-file"),
    ("verify-attestation", "no-log"),
    ("verify-attestation", "platform"),
    ("verify-attestation", "policy-data"),
    ("verify-attestation", "policy-file"),
    ("verify-attestation", "policy-strict"),
    ("verify-attestation", "recursive"),
    ("verify-attestation", "ref"),
    ("verify-attestation", "registry-auth-host"),
    ("verify-attestation", "repo"),
    ("verify-attestation", "report"),
    ("verify-attestation", "resume"),
    ("verify-attestation", "retry-for"),
    ("verify-attestation", "shard"),
    ("verify-attestation", "workflow"),
    ("verify-blob", "allow-kms-plugin"),
    ("verify-blob", "allow-kube-exec"),
    ("verify-blob", "from-file"),
    ("verify-blob", "no-log"),
    ("verify-blob", "policy-file"),
    ("verify-blob", "report"),
    ("verify-blob", "shard"),
    ("verify-blob-attestation", "allow-kms-plugin"),
    ("verify-blob-attestation", "allow-kube-exec"),
    ("verify-blob-attestation", "commit"),
    ("verify-blob-attestation", "from-file"),
    ("verify-blob-attestation", "no-log"),
    ("verify-blob-attestation", "policy"),
    ("verify-blob-attestation", "policy-data"),
    ("verify-blob-attestation", "policy-file"),
    ("verify-blob-attestation", "policy-strict"),
    ("verify-blob-attestation", "ref"),
    ("verify-blob-attestation", "repo"),
    ("verify-blob-attestation", "report"),
    ("verify-blob-attestation", "shard"),
    ("verify-blob-attestation", "workflow"),
];
const EVERYWHERE: &[&str] = &["help", "output-file", "timeout", "verbose"];

fn surface() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cosign-surface.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The commands that exist here, with cosign's flags for them.
fn compared() -> Vec<(Command, Vec<Value>)> {
    let of_our_versions = |item: &&Value| {
        item["in"].as_array().unwrap().iter().any(|v| VERSIONS.contains(&v.as_str().unwrap()))
    };
    let surface = surface();
    surface["commands"]
        .as_array()
        .unwrap()
        .iter()
        .filter(of_our_versions)
        .filter_map(|facts| {
            let command = command(facts["path"].as_str().unwrap())?;
            let flags = facts["flags"].as_array().unwrap().iter().filter(of_our_versions).cloned().collect();
            Some((command, flags))
        })
        .collect()
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

#[test]
fn every_flag_of_cosign_is_there_with_its_short_form_its_aliases_and_its_kind() {
    let compared = compared();
    let ours = ["bundle diff", "compose verify", "explain", "pack", "trusted-root inspect", "unpack"];
    let of_sandbox =
        names().filter(|name| name.starts_with("policy ") || name.starts_with("sandbox ")).count();
    assert_eq!(compared.len(), COMMANDS.len() - ours.len() - of_sandbox);
    let mut count = 0;
    for (command, flags) in &compared {
        for facts in flags {
            let name = text(&facts["name"]).unwrap();
            let at = format!("{} --{name}", command.get_name());
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name));
            let arg = arg.unwrap_or_else(|| panic!("{at} is missing"));
            let aliases: BTreeSet<_> = arg.get_all_aliases().unwrap_or_default().into_iter().collect();
            let theirs: BTreeSet<_> =
                facts["aliases"].as_array().into_iter().flatten().filter_map(text).collect();
            assert_eq!(aliases, theirs, "{at}");
            assert_eq!(arg.get_short(), text(&facts["short"]).and_then(|s| s.chars().next()), "{at}");
            let is_switch = arg.get_num_args().is_some_and(|n| n.min_values() == 0);
            assert_eq!(is_switch, facts["type"] == "bool", "{at}");
            count += 1;
        }
    }
    assert!(count > 140, "{count}");
}

/// They stand before the command too, where nothing may be taken for the value of a switch.
#[test]
fn every_flag_of_a_group_of_cosign_is_one_of_the_group() {
    let surface = surface();
    let mut count = 0;
    for facts in surface["commands"].as_array().unwrap() {
        let Some((name, _)) = GROUPS.iter().find(|(name, _)| facts["path"] == *name) else { continue };
        let group = group(name);
        for flag in facts["flags"].as_array().unwrap() {
            let at = format!("{name} {flag}");
            let found = group.get_arguments().find(|arg| arg.get_long() == text(&flag["name"])).expect(&at);
            let short = text(&flag["short"]).unwrap();
            assert_eq!(found.get_short(), short.chars().next(), "{at}");
            assert_eq!(flag["type"], "bool", "{at}");
            assert!(switches(name).contains(&text(&flag["name"]).unwrap()), "{at}");
            assert!(switches(name).contains(&short), "{at}");
            count += 1;
        }
    }
    assert_eq!(count, 2);
}

#[test]
fn every_command_of_cosign_is_here_or_known_to_be_missing() {
    let surface = surface();
    let theirs: BTreeSet<_> = surface["commands"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|facts| {
            facts["in"].as_array().unwrap().iter().any(|v| VERSIONS.contains(&v.as_str().unwrap()))
        })
        .filter_map(|facts| text(&facts["path"]))
        .filter(|path| !path.is_empty() && !path.contains(' '))
        .collect();
    let theirs_too =
        |name: &&str| !["compose", "explain", "pack", "policy", "sandbox", "unpack"].contains(name);
    let ours = COMMANDS.iter().map(|(name, _)| name.split(' ').next().unwrap_or_default()).filter(theirs_too);
    assert_eq!(theirs, ours.chain(COSIGN_ONLY.iter().copied()).collect());
    for name in COSIGN_ONLY {
        let error = unknown(OsStr::new(name));
        assert_eq!(error.message, format!("there is no command `{name}`"));
        assert!(error.hints[0].starts_with("cosign has it, "), "{error:?}");
    }
}

#[test]
fn no_suggestion_names_a_flag_that_is_going_away() {
    for command in all() {
        for flag in command.get_arguments().filter(|arg| arg.is_hide_set()).filter_map(|arg| arg.get_long()) {
            let misspelt = format!("--{flag}x");
            let error = parse::parse(command.clone(), vec![misspelt.into()]).unwrap_err();
            let named = |hint: &String| hint.contains(&format!("--{flag}?"));
            assert!(!error.hints.iter().any(named), "{} --{flag}: {error:?}", command.get_name());
        }
    }
}

#[test]
fn no_flag_is_there_that_neither_cosign_nor_we_have() {
    let mut wrong = Vec::new();
    for (command, flags) in compared() {
        let known: BTreeSet<_> = flags.iter().filter_map(|facts| text(&facts["name"])).collect();
        for flag in command.get_arguments().filter_map(|arg| arg.get_long()) {
            let ours = OURS.contains(&(command.get_name(), flag)) || EVERYWHERE.contains(&flag);
            if known.contains(flag) == ours {
                wrong.push(format!("{} --{flag}", command.get_name()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn deprecated_and_hidden_are_the_same_flags_as_in_cosign() {
    for (command, flags) in compared() {
        for facts in &flags {
            let name = text(&facts["name"]).unwrap();
            let deprecated = deprecated::instead(command.get_name(), name).is_some();
            // Here it says which trusted root is taken.
            if name == "offline" {
                continue;
            }
            assert_eq!(deprecated, !facts["deprecated"].is_null(), "{} --{name}", command.get_name());
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name)).unwrap();
            assert_eq!(arg.is_hide_set(), facts["hidden"] == true, "{} --{name}", command.get_name());
        }
    }
}

#[test]
fn variables_stand_in_for_the_same_flags_as_in_cosign() {
    for (command, flags) in compared() {
        for facts in &flags {
            let name = text(&facts["name"]).unwrap();
            let ours = environment::variable(command.get_name(), name);
            assert_eq!(ours.as_deref(), text(&facts["env"]), "{} --{name}", command.get_name());
        }
        // The one cosign 2.5 had, with its variable; the variable of the other keeps all commands from asking a TUF repository.
        let bound = [
            ("attest", "recursive"),
            ("signing-config create", "offline"),
            ("trusted-root create", "offline"),
        ];
        let ours = OURS.iter().filter(|ours| !bound.contains(ours));
        for (_, flag) in ours.filter(|(name, _)| *name == command.get_name()) {
            assert_eq!(environment::variable(command.get_name(), flag), None, "{flag}");
        }
    }
}

#[test]
fn values_and_defaults_of_cosign_are_taken() {
    for (command, flags) in compared() {
        for facts in &flags {
            let name = text(&facts["name"]).unwrap();
            let default = facts["default"].to_string();
            let default = std::iter::once(text(&facts["default"]).unwrap_or(&default));
            let values = facts["values"].as_array().into_iter().flatten().filter_map(text);
            for value in default.chain(values) {
                let argument = format!("--{name}={}", value.replace("<n>", "2"));
                let parsed = command.clone().try_get_matches_from([command.get_name(), &argument]);
                assert!(parsed.is_ok(), "{} {argument}: {}", command.get_name(), parsed.unwrap_err());
            }
            if facts["values"].is_array() && facts["open_values"] == false {
                let argument = format!("--{name}=no-such-value");
                let parsed = command.clone().try_get_matches_from([command.get_name(), &argument]);
                assert!(parsed.is_err(), "{} {argument}", command.get_name());
            }
        }
    }
}

#[test]
fn help_texts_follow_the_house_style() {
    for command in all() {
        // Flags that are going away have their place in help too.
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() || !arg.is_positional()) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let at = format!("{} {}: `{help}`", command.get_name(), arg.get_id());
            assert!(!help.is_empty() && !help.ends_with('.') && help.len() <= 160, "{at}");
            assert!(arg.get_value_names().is_some() || arg.get_num_args().is_some(), "{at}");
        }
    }
}

/// Hints know what a command is.
#[test]
fn hints_know_all_commands() {
    assert_eq!(crate::commands::COMMANDS, super::names().collect::<Vec<_>>());
}
