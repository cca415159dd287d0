//! `bundle inspect`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::format::FormatArgs;
use super::super::args::{at_most_one, known, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleInspectRequest, Error, InspectionShown};

/// Show what is in a bundle, without verifying it
///
/// Takes bundles of every format, DSSE envelopes, and signatures, certificates, public keys, timestamps and log entries on
/// their own. Nothing of what is shown was verified.
#[derive(Debug, clap::Args)]
pub struct BundleInspectArgs {
    /// File to look at; `-` is standard input
    #[arg(value_name = "BUNDLE")]
    pub bundle: Vec<OsString>,
    /// Print how to ask for its signer, by what it says of him: `command`, the command that verifies it, or `policy`, a policy file
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "command", value_parser = known(&["command", "policy"], form))]
    pub suggest: Option<InspectionShown>,
    /// Print the predicate of its statement: what an attestation says
    #[arg(long)]
    pub predicate: Option<bool>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleInspectArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let hint = match (
            self.suggest,
            self.bundle.iter().find_map(|word| word.to_str().filter(|word| form(word).is_ok())),
        ) {
            (Some(_), Some(word)) => format!("the form stands behind an equals sign: --suggest={word}"),
            _ => "one document is looked at a time".to_owned(),
        };
        let Some(document) = at_most_one(&self.bundle, &hint)? else {
            return Err(
                Error::usage("there is nothing to look at").hint("name a file, or `-` for standard input")
            );
        };
        let shown = match (self.suggest, self.predicate.unwrap_or_default()) {
            (None, false) => InspectionShown::Document,
            (None, true) => InspectionShown::Predicate,
            (Some(form), false) => form,
            (Some(_), true) => {
                return Err(alone("--predicate prints the predicate as it is, and --suggest something else"));
            }
        };
        let why = match shown {
            InspectionShown::Document => None,
            InspectionShown::Predicate => {
                Some("--predicate prints the predicate as it is, and --output something else")
            }
            InspectionShown::Command => {
                Some("--suggest prints one command line, which --output has no form for")
            }
            InspectionShown::PolicyFile => {
                Some("--suggest=policy prints a policy file, which --output has no form for")
            }
        };
        if let (Some(why), Some(_)) = (why, &self.format.output) {
            return Err(alone(why));
        }
        let document = PathBuf::from(document);
        let request = BundleInspectRequest { document, shown };
        Ok(Request::BundleInspect(request, self.format.format()))
    }
}

fn form(text: &str) -> Result<InspectionShown, String> {
    match text {
        "command" => Ok(InspectionShown::Command),
        "policy" => Ok(InspectionShown::PolicyFile),
        _ => Err("expected command or policy".to_owned()),
    }
}

fn alone(why: &str) -> Error {
    Error::usage(why).hint("leave one of them out")
}
