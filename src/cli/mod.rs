//! The command line: words to requests, reports to words, errors to exit codes. Nothing else prints.

mod args;
mod attach;
mod attest;
mod attest_blob;
mod bundle;
mod clean;
mod compat;
mod completion;
mod compose;
mod copy;
mod debug;
mod deprecated;
mod dockerfile;
mod download;
mod env;
mod environment;
mod examples;
pub(crate) mod exit;
mod explain;
mod generate;
mod generate_key_pair;
mod help;
mod image_tree;
mod import_key_pair;
mod initialize;
mod load;
mod login;
mod manifest;
mod pack;
mod parse;
mod piv_tool;
mod pkcs11_tool;
mod policy;
mod public_key;
mod render;
mod reports;
mod run;
mod sandbox;
mod save;
mod sign;
mod sign_blob;
mod signing_config;
mod suggest;
mod topics;
mod tree;
mod triangulate;
mod trusted_root;
mod unpack;
mod upload;
mod usage_error;
mod variables;
mod verify;
mod verify_attestation;
mod verify_blob;
mod verify_blob_attestation;
mod verify_files;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::commands::Error;
use crate::storage::Access;
use args::root::RootArgs;
use render::Output;
use run::Request;
use tree::Named;

/// Commands whose standard output is for its owner alone.
const SECRET: &[&str] = &["sandbox token"];

/// Runs the program with these arguments, the program's name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    render::install_panic_hook();
    let mut output = Output::default();
    let result = run(args, &mut output);
    ExitCode::from(output.finish(result))
}

fn run(args: Vec<OsString>, output: &mut Output) -> Result<(), Error> {
    let mut line = compat::read(args);
    for warning in &line.warnings {
        render::warn(warning);
    }
    let Some(word) = line.command else {
        parse::parse(tree::root(), line.arguments)?;
        output.data(render::root_help(&line.program).as_bytes());
        return Ok(());
    };
    let command = match tree::named(&word, |switches| compat::take_word(&mut line.arguments, switches))? {
        Named::Command(command) => *command,
        Named::Group(group, about) => {
            parse::parse(tree::group(group), line.arguments)?;
            output.data(render::group_help(&line.program, group, about).as_bytes());
            return Ok(());
        }
    };
    let parsed = parse::parse(command.clone(), line.arguments)?;
    for warning in &parsed.warnings {
        render::warn(warning);
    }
    if parsed.help {
        output.data(render::command_help(&line.program, &command).as_bytes());
        return Ok(());
    }
    let root: RootArgs = tree::args(&parsed.matches)?;
    let settings = args::key::allowing(root.settings(), &parsed.matches);
    if let Some(path) = args::filled(&root.output_file) {
        let is_secret = SECRET.contains(&command.get_name());
        output.redirect(&path, if is_secret { Access::Owner } else { Access::Everyone })?;
    }
    let mut warnings = Vec::new();
    let request = tree::request(command.get_name(), &parsed.matches, &mut warnings);
    for warning in &warnings {
        render::warn(warning);
    }
    match request? {
        Request::Help(topic) => output.data(help::show(&line.program, &topic)?.as_bytes()),
        Request::SandboxDemo => sandbox::demo::run(&line.program, settings)?,
        Request::Completion(shell) => output.data(&completion::script(shell, &line.program)),
        request => request.execute(settings, output)?,
    }
    Ok(())
}
