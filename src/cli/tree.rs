//! The commands, in the order of help.

use std::ffi::OsStr;

// Under another name, so that `Command::new` means one thing in this house: starting a program, which nobody does.
use clap::{Args, Command as Spec};

use super::args::root::RootArgs;
use super::{
    attest_blob, generate_key_pair, import_key_pair, parse, public_key, sign_blob, suggest, verify_blob,
    verify_blob_attestation, version,
};
use crate::commands::Error;

/// Adds the flags of a command.
type Augment = fn(Spec) -> Spec;

/// Name, and what adds the flags.
const COMMANDS: &[(&str, Augment)] = &[
    ("generate-key-pair", generate_key_pair::GenerateKeyPairArgs::augment_args),
    ("import-key-pair", import_key_pair::ImportKeyPairArgs::augment_args),
    ("public-key", public_key::PublicKeyArgs::augment_args),
    ("sign-blob", sign_blob::SignBlobArgs::augment_args),
    ("verify-blob", verify_blob::VerifyBlobArgs::augment_args),
    ("attest-blob", attest_blob::AttestBlobArgs::augment_args),
    ("verify-blob-attestation", verify_blob_attestation::VerifyBlobAttestationArgs::augment_args),
    ("version", version::VersionArgs::augment_args),
    ("help", HelpArgs::augment_args),
];

/// Commands of cosign that are not here; a test compares.
const COSIGN_ONLY: &[&str] = &[
    "attach",
    "attest",
    "bundle",
    "clean",
    "completion",
    "copy",
    "debug",
    "dockerfile",
    "download",
    "env",
    "generate",
    "initialize",
    "load",
    "login",
    "manifest",
    "piv-tool",
    "pkcs11-tool",
    "save",
    "sign",
    "signing-config",
    "tree",
    "triangulate",
    "trusted-root",
    "upload",
    "verify",
    "verify-attestation",
];

/// Show help for a command
#[derive(Debug, clap::Args)]
pub struct HelpArgs {
    /// Command to show help for; without it, the commands are listed
    #[arg(value_name = "COMMAND", id = "topic")]
    pub topic: Vec<std::ffi::OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

/// The flags that stand without a command.
pub fn root() -> Spec {
    parse::prepare(RootArgs::augment_args(Spec::new("")))
}

/// One command with its flags.
pub fn command(name: &str) -> Option<Spec> {
    let (name, augment) = COMMANDS.iter().find(|(known, _)| *known == name)?;
    Some(parse::prepare(augment(Spec::new(*name))))
}

/// All commands with their flags.
pub fn all() -> Vec<Spec> {
    COMMANDS.iter().map(|(name, augment)| parse::prepare(augment(Spec::new(*name)))).collect()
}

/// The error for a word that is no command.
pub fn unknown(word: &OsStr) -> Error {
    let word = word.to_string_lossy();
    let new = Error::usage(format!("there is no command `{word}`"));
    if COSIGN_ONLY.contains(&word.as_ref()) {
        return new.hint("cosign has it; this version works on files, see `rcosign help`");
    }
    let names = || COMMANDS.iter().map(|(name, _)| *name);
    // `import` is the beginning of `import-key-pair`, and far from it by its letters.
    let longer = (!word.is_empty()).then(|| names().find(|name| name.starts_with(&format!("{word}-"))));
    match longer.flatten().or_else(|| suggest::closest(&word, names())) {
        Some(name) => new.hint(format!("did you mean `{name}`?")),
        None => new.hint("`help` lists the commands"),
    }
}

#[cfg(test)]
mod tests;
