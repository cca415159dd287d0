//! The commands, in the order of help.

use std::ffi::{OsStr, OsString};

// Under another name, so that `Command::new` means one thing in this house: starting a program, which nobody does.
use clap::{ArgMatches, Args, Command as Spec, FromArgMatches};

use super::args::root::RootArgs;
use super::run::Request;
use super::{
    attach, attest, attest_blob, bundle, clean, completion, compose, copy, debug, dockerfile, download, env,
    explain, generate, generate_key_pair, help, image_tree, import_key_pair, initialize, load, login,
    manifest, pack, parse, piv_tool, pkcs11_tool, policy, public_key, sandbox, save, sign, sign_blob,
    signing_config, suggest, topics, triangulate, trusted_root, unpack, upload, usage_error, verify,
    verify_attestation, verify_blob, verify_blob_attestation, version,
};
use crate::commands::Error;

/// The flags of a command, and what is meant by them.
pub trait CommandArgs: Args + FromArgMatches {
    /// What is asked for; warnings are added to `warnings`.
    ///
    /// # Errors
    /// What is missing, what excludes each other, and what this version cannot do.
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error>;
}

/// A command.
struct Entry {
    augment: fn(Spec) -> Spec,
    request: fn(&ArgMatches, &mut Vec<String>) -> Result<Request, Error>,
}

const fn entry<T: CommandArgs>() -> Entry {
    Entry { augment: T::augment_args, request: |matches, warnings| args::<T>(matches)?.to_request(warnings) }
}

/// Every command by its words. Those of a group begin with the group's.
const COMMANDS: &[(&str, Entry)] = &[
    ("generate-key-pair", entry::<generate_key_pair::GenerateKeyPairArgs>()),
    ("import-key-pair", entry::<import_key_pair::ImportKeyPairArgs>()),
    ("public-key", entry::<public_key::PublicKeyArgs>()),
    ("sign-blob", entry::<sign_blob::SignBlobArgs>()),
    ("verify-blob", entry::<verify_blob::VerifyBlobArgs>()),
    ("attest-blob", entry::<attest_blob::AttestBlobArgs>()),
    ("verify-blob-attestation", entry::<verify_blob_attestation::VerifyBlobAttestationArgs>()),
    ("sign", entry::<sign::SignImageArgs>()),
    ("verify", entry::<verify::VerifyImageArgs>()),
    ("attest", entry::<attest::AttestArgs>()),
    ("verify-attestation", entry::<verify_attestation::VerifyAttestationArgs>()),
    ("dockerfile verify", entry::<dockerfile::verify::DockerfileVerifyArgs>()),
    ("manifest verify", entry::<manifest::verify::ManifestVerifyArgs>()),
    ("compose verify", entry::<compose::verify::ComposeVerifyArgs>()),
    ("policy check", entry::<policy::check::PolicyCheckArgs>()),
    ("policy explain", entry::<policy::explain::PolicyExplainArgs>()),
    ("policy import", entry::<policy::import::PolicyImportArgs>()),
    ("policy test", entry::<policy::test::PolicyTestArgs>()),
    ("triangulate", entry::<triangulate::TriangulateArgs>()),
    ("generate", entry::<generate::GenerateArgs>()),
    ("login", entry::<login::LoginArgs>()),
    ("initialize", entry::<initialize::InitializeArgs>()),
    ("attach signature", entry::<attach::signature::AttachSignatureArgs>()),
    ("attach attestation", entry::<attach::attestation::AttachAttestationArgs>()),
    ("attach sbom", entry::<attach::sbom::AttachSbomArgs>()),
    ("download signature", entry::<download::signature::DownloadSignatureArgs>()),
    ("download attestation", entry::<download::attestation::DownloadAttestationArgs>()),
    ("download sbom", entry::<download::sbom::DownloadSbomArgs>()),
    ("tree", entry::<image_tree::TreeArgs>()),
    ("clean", entry::<clean::CleanArgs>()),
    ("copy", entry::<copy::CopyArgs>()),
    ("save", entry::<save::SaveArgs>()),
    ("load", entry::<load::LoadArgs>()),
    ("upload blob", entry::<upload::blob::UploadBlobArgs>()),
    ("upload wasm", entry::<upload::wasm::UploadWasmArgs>()),
    ("bundle create", entry::<bundle::create::BundleCreateArgs>()),
    ("bundle upgrade", entry::<bundle::upgrade::BundleUpgradeArgs>()),
    ("bundle inspect", entry::<bundle::inspect::BundleInspectArgs>()),
    ("bundle diff", entry::<bundle::diff::BundleDiffArgs>()),
    ("trusted-root create", entry::<trusted_root::create::TrustedRootCreateArgs>()),
    ("trusted-root inspect", entry::<trusted_root::inspect::TrustedRootInspectArgs>()),
    ("signing-config create", entry::<signing_config::create::SigningConfigCreateArgs>()),
    ("pack", entry::<pack::PackArgs>()),
    ("unpack", entry::<unpack::UnpackArgs>()),
    ("sandbox demo", entry::<sandbox::demo::SandboxDemoArgs>()),
    ("sandbox up", entry::<sandbox::up::SandboxUpArgs>()),
    ("sandbox run", entry::<sandbox::run::SandboxRunArgs>()),
    ("sandbox token", entry::<sandbox::token::SandboxTokenArgs>()),
    ("sandbox status", entry::<sandbox::status::SandboxStatusArgs>()),
    ("sandbox down", entry::<sandbox::down::SandboxDownArgs>()),
    ("pkcs11-tool list-tokens", entry::<pkcs11_tool::list_tokens::ListTokensArgs>()),
    ("pkcs11-tool list-keys-uris", entry::<pkcs11_tool::list_keys_uris::ListKeysUrisArgs>()),
    ("piv-tool attestation", entry::<piv_tool::attestation::PivAttestationArgs>()),
    ("piv-tool generate-key", entry::<piv_tool::generate_key::PivGenerateKeyArgs>()),
    ("piv-tool reset", entry::<piv_tool::reset::PivResetArgs>()),
    ("piv-tool set-management-key", entry::<piv_tool::set_management_key::PivSetManagementKeyArgs>()),
    ("piv-tool set-pin", entry::<piv_tool::set_pin::PivSetPinArgs>()),
    ("piv-tool set-puk", entry::<piv_tool::set_puk::PivSetPukArgs>()),
    ("piv-tool unblock", entry::<piv_tool::unblock::PivUnblockArgs>()),
    ("debug providers", entry::<debug::providers::DebugProvidersArgs>()),
    ("explain", entry::<explain::ExplainArgs>()),
    ("env", entry::<env::EnvArgs>()),
    ("completion", entry::<completion::CompletionArgs>()),
    ("version", entry::<version::VersionArgs>()),
    ("help", entry::<help::HelpArgs>()),
];

/// Words that stand before those of their commands and do nothing alone, with what their commands are for.
pub const GROUPS: &[(&str, &str)] = &[
    ("bundle", "Make, convert, show and compare bundles"),
    ("trusted-root", "Make and show trusted roots"),
    ("signing-config", "Make signing configs"),
    ("dockerfile", "Verify the images of Dockerfiles"),
    ("manifest", "Verify the images of Kubernetes manifests"),
    ("compose", "Verify the images of Compose files"),
    ("policy", "Check policy files, and see why they accept and refuse"),
    ("attach", "Attach what was made elsewhere to images"),
    ("download", "Show what belongs to images"),
    ("upload", "Push files as artifacts"),
    ("sandbox", "Run a whole Sigstore on this machine, for trying, testing and teaching"),
    ("pkcs11-tool", "List tokens and the keys in them"),
    ("piv-tool", "Manage a PIV token and the keys in it"),
    ("debug", "Show what is found in the environment"),
];

/// Commands of cosign that are not here; a test compares.
const COSIGN_ONLY: &[&str] = &[];

/// What the words of a command line name.
pub enum Named {
    /// A command, with its flags.
    Command(Box<Spec>),
    /// A group, with what its commands are for, and the flags that stand without a command.
    Group(&'static str, &'static str),
}

/// What `word` names; where that is a group, `next` gives the word after it, if there is one, past the switches of the group.
///
/// # Errors
/// There is no such command.
pub fn named(word: &OsStr, next: impl FnOnce(&[&str]) -> Option<OsString>) -> Result<Named, Error> {
    let text = word.to_str().unwrap_or_default();
    if let Some((group, about)) = GROUPS.iter().find(|(group, _)| *group == text) {
        return match next(switches(group)) {
            None => Ok(Named::Group(group, about)),
            Some(member) => {
                let path = member.to_str().map(|member| format!("{group} {member}"));
                match path.as_deref().and_then(command) {
                    Some(command) => Ok(Named::Command(Box::new(command))),
                    None => Err(unknown_member(group, &member)),
                }
            }
        };
    }
    match command(text) {
        // Members are named by two words, never by one with a space in it.
        Some(found) if !text.contains(' ') => Ok(Named::Command(Box::new(found))),
        _ => Err(unknown(word)),
    }
}

/// The flags that stand without a command.
pub fn root() -> Spec {
    group("")
}

/// The flags that stand with a group alone.
pub fn group(name: &'static str) -> Spec {
    let spec = RootArgs::augment_args(Spec::new(name));
    parse::prepare(match name {
        "piv-tool" => piv_tool::GroupArgs::augment_args(spec),
        "pkcs11-tool" => pkcs11_tool::GroupArgs::augment_args(spec),
        _ => spec,
    })
}

/// Flags without a value that may stand between a group and its command, beside those of every command.
fn switches(group: &str) -> &'static [&'static str] {
    match group {
        "piv-tool" | "pkcs11-tool" => &["f", "no-input"],
        _ => &[],
    }
}

/// Whether commands begin with this word.
pub fn is_group(word: &str) -> bool {
    GROUPS.iter().any(|(group, _)| *group == word)
}

/// Whether cosign has this command, and this program has not.
pub fn is_elsewhere(word: &str) -> bool {
    COSIGN_ONLY.contains(&word)
}

/// The words of all commands, in the order of [`all`].
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    COMMANDS.iter().map(|(name, _)| *name)
}

/// One command with its flags, by its words.
pub fn command(name: &str) -> Option<Spec> {
    let (name, entry) = COMMANDS.iter().find(|(known, _)| *known == name)?;
    Some(parse::prepare((entry.augment)(Spec::new(*name))))
}

/// What a command is for, in one line, by its words. Its flags are not made ready, so that a list of commands costs little.
pub fn about(name: &str) -> Option<String> {
    let (name, entry) = COMMANDS.iter().find(|(known, _)| *known == name)?;
    (entry.augment)(Spec::new(*name)).get_about().map(ToString::to_string)
}

/// All commands with their flags.
pub fn all() -> Vec<Spec> {
    COMMANDS.iter().map(|(name, entry)| parse::prepare((entry.augment)(Spec::new(*name)))).collect()
}

/// What is asked for by `matches` of the command with these words.
///
/// # Errors
/// What the command says of its flags.
pub fn request(name: &str, matches: &ArgMatches, warnings: &mut Vec<String>) -> Result<Request, Error> {
    match COMMANDS.iter().find(|(known, _)| *known == name) {
        Some((_, entry)) => (entry.request)(matches, warnings),
        None => Err(unknown(OsStr::new(name))),
    }
}

/// The values of a group of flags.
///
/// # Errors
/// clap does not find them, which a test rules out.
pub fn args<T: FromArgMatches>(matches: &ArgMatches) -> Result<T, Error> {
    T::from_arg_matches(matches).map_err(|error| usage_error::translate(&error, &root()))
}

/// The error for a word that is no command.
pub fn unknown(word: &OsStr) -> Error {
    let word = word.to_string_lossy();
    let new = Error::usage(format!("there is no command `{word}`"));
    if is_elsewhere(&word) {
        return new.hint("cosign has it, and this version has not; `help` lists the commands");
    }
    if topics::named(OsStr::new::<str>(&word)).is_some() {
        return new.hint(format!("`help {word}` explains what is meant by it"));
    }
    if word == "kit" {
        return new.hint("did you mean `pack`, which makes a kit, or `unpack`, which opens it?");
    }
    // The words of a command that was taken for one word: `bundle-inspect`, as its manual page is called.
    if let Some(name) = names().find(|name| name.contains(' ') && name.replace(' ', "-") == word) {
        return new.hint(format!("did you mean `{name}`?"));
    }
    let commands = names().filter(|name| !name.contains(' '));
    let names = || commands.clone().chain(GROUPS.iter().map(|(name, _)| *name));
    // `import` is the beginning of `import-key-pair`, and far from it by its letters.
    let longer = (!word.is_empty()).then(|| names().find(|name| name.starts_with(&format!("{word}-"))));
    match longer.flatten().or_else(|| suggest::closest(&word, names())) {
        Some(name) => new.hint(format!("did you mean `{name}`?")),
        None => new.hint("`help` lists the commands"),
    }
}

/// The error for a word that is no command of a group.
fn unknown_member(group: &str, word: &OsStr) -> Error {
    let word = word.to_string_lossy();
    let members = COMMANDS.iter().filter_map(|(name, _)| name.strip_prefix(group)?.strip_prefix(' '));
    let new = Error::usage(format!("there is no command `{group} {word}`"));
    match suggest::closest(&word, members) {
        Some(name) => new.hint(format!("did you mean `{group} {name}`?")),
        None => new.hint(format!("`help {group}` lists its commands")),
    }
}

#[cfg(test)]
mod tests;
