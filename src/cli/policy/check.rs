//! `policy check`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::format::{Format, FormatArgs};
use super::super::args::{at_most_one, root::RootArgs};
use super::super::render::{self, Output};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{self, Context, Error, PolicyCheckRequest};

/// Look for mistakes in a policy file
///
/// What has no meaning is an error, with its line. What is probably not meant is named: expressions that are not anchored, points in
/// them that match anything, scopes that are never reached, signers that nobody names, demands that nothing meets. Keys and
/// policies on this machine that the file names are read; nobody else is asked.
#[derive(Debug, clap::Args)]
pub struct PolicyCheckArgs {
    /// Policy file
    #[arg(value_name = "FILE", id = "policy file")]
    pub file: Vec<OsString>,
    /// Fail where something is probably not meant; `accept: true` alone is no failure
    #[arg(long, help_heading = "Check")]
    pub strict: Option<bool>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PolicyCheckArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let file = at_most_one(&self.file, "one policy file is checked at a time")?;
        let Some(file) = file.filter(|file| !file.is_empty()) else {
            return Err(Error::usage("there is no policy file to check")
                .hint("name it after the command: `policy check policy.yaml`"));
        };
        let request =
            PolicyCheckRequest { file: PathBuf::from(file), strict: self.strict.unwrap_or_default() };
        Ok(Request::Policy(super::Request::Check(request), self.format.format()))
    }
}

/// Shows what is in a policy file, and what is doubtful.
///
/// # Errors
/// The file cannot be used; something is doubtful, and that was to be an error.
pub async fn run(
    request: &PolicyCheckRequest,
    format: Format,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let (checked, result) = commands::policy_check(request, context).await?;
    if format == Format::Json {
        output.data(&format.show(&checked)?);
        return result;
    }
    for finding in &checked.findings {
        let at = finding.line.zip(finding.column);
        let at = at.map(|(line, column)| format!("{line}:{column}: ")).unwrap_or_default();
        let text = format!("{}:{at}{}: {} ({})", checked.file, finding.path, finding.message, finding.code);
        output.data(format!("{}\n", render::line(&text)).as_bytes());
    }
    let scopes = checked.scopes.join(", ");
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (signers, found) = (count(checked.signers, "signer"), count(checked.doubtful, "doubtful place"));
    render::say(&format!("{}: {signers}; scopes: {scopes}; {found}", checked.file));
    result
}
