//! The command line: words to requests, reports to words, errors to exit codes. Nothing else prints.

mod args;
mod attest_blob;
mod compat;
mod deprecated;
mod environment;
mod examples;
mod exit;
mod generate_key_pair;
mod import_key_pair;
mod parse;
mod public_key;
mod render;
mod run;
mod sign_blob;
mod suggest;
mod tree;
mod usage_error;
mod verify_blob;
mod verify_blob_attestation;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::commands::Error;
use args::root::RootArgs;
use render::Output;
use run::Request;

/// Runs the program with these arguments, the program's name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    render::install_panic_hook();
    let mut output = Output::default();
    let result = run(args, &mut output);
    ExitCode::from(output.finish(result))
}

fn run(args: Vec<OsString>, output: &mut Output) -> Result<(), Error> {
    let line = compat::read(args);
    for warning in &line.warnings {
        render::warn(warning);
    }
    let Some(word) = line.command else {
        parse::parse(tree::root(), line.arguments)?;
        output.data(render::root_help(&line.program, &tree::all()).as_bytes());
        return Ok(());
    };
    let Some(command) = word.to_str().and_then(tree::command) else {
        return Err(tree::unknown(&word));
    };
    let parsed = parse::parse(command.clone(), line.arguments)?;
    for warning in &parsed.warnings {
        render::warn(warning);
    }
    if parsed.help {
        output.data(render::command_help(&line.program, &command).as_bytes());
        return Ok(());
    }
    let name = command.get_name().to_owned();
    Invocation { program: line.program, matches: parsed.matches }.run(&name, output)
}

/// A command line that parsed.
struct Invocation {
    program: String,
    matches: clap::ArgMatches,
}

impl Invocation {
    fn run(self, command: &str, output: &mut Output) -> Result<(), Error> {
        let root: RootArgs = self.args()?;
        if let Some(path) = args::filled(&root.output_file) {
            output.redirect(&path)?;
        }
        match command {
            "help" => return self.help(output),
            "version" => {
                output.data(self.args::<version::VersionArgs>()?.text().as_bytes());
                return Ok(());
            }
            _ => {}
        }
        let mut warnings = Vec::new();
        let request = self.request(command, &mut warnings);
        for warning in &warnings {
            render::warn(warning);
        }
        request?.execute(root.settings(), output)
    }

    fn request(&self, command: &str, warnings: &mut Vec<String>) -> Result<Request, Error> {
        Ok(match command {
            "attest-blob" => Request::AttestBlob(self.args::<attest_blob::AttestBlobArgs>()?.request()?),
            "generate-key-pair" => {
                Request::GenerateKeyPair(self.args::<generate_key_pair::GenerateKeyPairArgs>()?.request()?)
            }
            "import-key-pair" => {
                Request::ImportKeyPair(self.args::<import_key_pair::ImportKeyPairArgs>()?.request()?)
            }
            "public-key" => Request::PublicKey(self.args::<public_key::PublicKeyArgs>()?.request()?),
            "sign-blob" => Request::SignBlob(self.args::<sign_blob::SignBlobArgs>()?.request()?),
            "verify-blob" => {
                Request::Verify(Box::new(self.args::<verify_blob::VerifyBlobArgs>()?.request(warnings)?))
            }
            _ => {
                let args = self.args::<verify_blob_attestation::VerifyBlobAttestationArgs>()?;
                Request::Verify(Box::new(args.request(warnings)?))
            }
        })
    }

    fn args<T: FromArgMatches>(&self) -> Result<T, Error> {
        T::from_arg_matches(&self.matches).map_err(|error| usage_error::translate(&error, &tree::root()))
    }

    fn help(&self, output: &mut Output) -> Result<(), Error> {
        let topics = self.matches.get_many::<OsString>("topic").unwrap_or_default();
        let text = match topics.into_iter().next() {
            None => render::root_help(&self.program, &tree::all()),
            Some(word) => match word.to_str().and_then(tree::command) {
                Some(command) => render::command_help(&self.program, &command),
                None => return Err(tree::unknown(word)),
            },
        };
        output.data(text.as_bytes());
        Ok(())
    }
}
