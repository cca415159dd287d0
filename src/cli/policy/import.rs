//! `policy import`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::format::Format;
use super::super::args::{filled, root::RootArgs};
use super::super::render::{self, Output};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{self, Context, Error, PolicyImportRequest};

/// Write a policy file from policies of other programs
///
/// Reads ClusterImagePolicy of policy-controller (YAML, one or several documents, lists), or `policy.json` of containers. What is written
/// accepts nothing that these refuse: what cannot be said in a policy file is refused in its place, named on stderr, and stands as a
/// comment where it would be. Ends with 0 when nothing is refused that these accept, and with 1 when something is. Keys and policies within
/// the documents become files beside --output-file. A file that is there and says something else is not replaced.
#[derive(Debug, clap::Args)]
pub struct PolicyImportArgs {
    /// Policy of another program; `-` is standard input (several are imported together)
    #[arg(value_name = "FILE", id = "policies")]
    pub files: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PolicyImportArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let files: Vec<PathBuf> =
            self.files.iter().filter(|file| !file.is_empty()).map(PathBuf::from).collect();
        if files.is_empty() {
            return Err(Error::usage("there is nothing to import")
                .hint("name files after the command: `policy import cluster-image-policy.yaml`"));
        }
        let request = PolicyImportRequest { files, output: filled(&self.root.output_file) };
        Ok(Request::Policy(super::Request::Import(request), Format::Text))
    }
}

/// Writes the policy file, and says what is not as it was.
///
/// # Errors
/// Something cannot be read or written; something was left out.
pub fn run(request: &PolicyImportRequest, context: &mut Context, output: &mut Output) -> Result<(), Error> {
    let (imported, result) = commands::policy_import(request, context)?;
    output.data(imported.text.as_bytes());
    for note in &imported.notes {
        render::say(note);
    }
    for path in &imported.written {
        render::say(&format!("written: {}", path.display()));
    }
    result
}
