//! `policy test`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::format::{Format, FormatArgs};
use super::super::args::{at_most_one, filled, root::RootArgs};
use super::super::render::{self, Output};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{self, Context, Error, PolicyTestRequest};

/// Judge artifacts by policy files, and compare with what is expected
///
/// Every file beneath the folder whose name ends in `test.yaml` names a policy file and cases: a file with its bundles, or an image in
/// a layout, and the verdict that is expected. No service is asked. Ends with 0 when all come out as they should, with 1 when one
/// does not, and with the code of the error where a file or a case cannot be judged; the others are judged all the same.
#[derive(Debug, clap::Args)]
pub struct PolicyTestArgs {
    /// Folder with cases, or one file
    #[arg(value_name = "DIR", id = "cases")]
    pub path: Vec<OsString>,
    /// Trusted root to check against, where a policy file names none
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    pub trusted_root: Option<PathBuf>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PolicyTestArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let path = at_most_one(&self.path, "one folder is tested at a time")?;
        let Some(path) = path.filter(|path| !path.is_empty()) else {
            return Err(Error::usage("there is nothing to test")
                .hint("name a folder after the command: `policy test policies`"));
        };
        let request =
            PolicyTestRequest { path: PathBuf::from(path), trusted_root: filled(&self.trusted_root) };
        Ok(Request::Policy(super::Request::Test(request), self.format.format()))
    }
}

/// Judges the cases, and tells of each.
///
/// # Errors
/// They cannot be judged; one does not come out as it should.
pub async fn run(
    request: &PolicyTestRequest,
    format: Format,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let (tested, result) = commands::policy_test(request, context).await?;
    if format == Format::Json {
        output.data(&format.show(&tested)?);
        return result;
    }
    for case in &tested.cases {
        let line = match &case.reason {
            None => format!("ok      {}: {}", case.file, case.name),
            Some(reason) => format!("FAILED  {}: {}: {reason}", case.file, case.name),
        };
        output.data(format!("{}\n", render::line(&line)).as_bytes());
    }
    for error in &tested.errors {
        let name = error.name.as_deref().map(|name| format!(": {name}")).unwrap_or_default();
        let line = format!("ERROR   {}{name}: {}", error.file, error.reason);
        output.data(format!("{}\n", render::line(&line)).as_bytes());
    }
    let unjudged = match tested.errors.len() {
        0 => String::new(),
        count => format!(", {count} not judged"),
    };
    render::say(&format!("{} passed, {} failed{unjudged}", tested.passed, tested.failed));
    result
}
