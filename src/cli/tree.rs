//! The commands, in the order of help.

use std::ffi::OsStr;

// Under another name, so that `Command::new` means one thing in this house: starting a program, which nobody does.
use clap::{Args, Command as Spec};

use super::args::root::RootArgs;
use super::{
    attest_blob, generate_key_pair, import_key_pair, parse, public_key, sign_blob, usage_error, verify_blob,
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
    // `verify` is the beginning of `verify-blob`; by its letters it is closer to `version`.
    let longer = word.to_str().filter(|word| !word.is_empty()).and_then(|word| {
        COMMANDS.iter().map(|(name, _)| name).find(|name| name.starts_with(&format!("{word}-")))
    });
    if let Some(name) = longer {
        let word = word.to_string_lossy();
        return Error::usage(format!("there is no command `{word}`")).hint(format!("did you mean `{name}`?"));
    }
    let tree = Spec::new("")
        .disable_help_subcommand(true)
        .subcommands(COMMANDS.iter().map(|(name, _)| Spec::new(*name)));
    match tree.try_get_matches_from([OsStr::new(""), word]) {
        Err(error) => usage_error::translate(&error, ""),
        Ok(_) => Error::usage(format!("there is no command `{}`", word.to_string_lossy())),
    }
}

#[cfg(test)]
mod tests;
