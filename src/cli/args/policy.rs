//! Policies for verified statements.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{is_empty, values};
use crate::commands::{Error, PolicyRequest};

/// Policies for verified statements.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Statement")]
pub struct PolicyArgs {
    /// Apply this policy to the statement: a file in Rego (.rego) or CUE (.cue) (can be repeated)
    ///
    /// Rego answers `data.signature.allow`, and `true` alone passes; the statement is `input`. All files of a language are one
    /// policy, and every attestation that verifies has to pass each.
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<OsString>,
    /// JSON or YAML that Rego policies find beneath `data` (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub policy_data: Vec<OsString>,
    /// Refuse a statement that lacks what a CUE policy constrains; without it, that is a warning
    #[arg(long)]
    pub policy_strict: Option<bool>,
}

impl PolicyArgs {
    /// What was named.
    ///
    /// # Errors
    /// An empty name; data or strictness without a policy.
    pub fn request(&self) -> Result<PolicyRequest, Error> {
        let files = names("--policy", &self.policy)?;
        let data = names("--policy-data", &self.policy_data)?;
        let strict = self.policy_strict.unwrap_or_default();
        if files.is_empty() && (strict || !data.is_empty()) {
            let flag = if strict { "--policy-strict" } else { "--policy-data" };
            return Err(
                Error::usage(format!("{flag} comes without a policy")).hint("name one with --policy FILE")
            );
        }
        Ok(PolicyRequest { files, data, strict, github: None })
    }
}

/// The names of files. As in cosign, one value may hold several, with commas between them.
fn names(flag: &str, given: &[OsString]) -> Result<Vec<PathBuf>, Error> {
    let mut names = Vec::new();
    for value in given {
        let Some(text) = value.to_str() else {
            names.push(PathBuf::from(value));
            continue;
        };
        let parts = values::comma_separated(text)
            .map_err(|reason| Error::usage(format!("`{text}` is no list of files: {reason}")))?;
        if parts.is_empty() || parts.iter().any(|part| part.is_empty()) {
            return Err(is_empty(flag));
        }
        names.extend(parts.into_iter().map(PathBuf::from));
    }
    Ok(names)
}
