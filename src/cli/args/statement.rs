//! Where statements come from.

use std::path::PathBuf;

use super::filled;
use crate::commands::{Error, ImageStatement};

/// A predicate with its type, or a whole statement.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Statement")]
pub struct StatementArgs {
    /// File with the predicate; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub predicate: Option<PathBuf>,
    /// Type of the predicate (default custom)
    ///
    /// A URI, or one of custom, cyclonedx, link, openvex, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx,
    /// spdxjson, vuln.
    #[arg(long = "type", value_name = "TYPE")]
    pub predicate_type: Option<String>,
    /// File with a whole in-toto statement, in place of --predicate; that of an image has to name the image's digest
    #[arg(long, value_name = "FILE")]
    pub statement: Option<PathBuf>,
}

impl StatementArgs {
    /// What was named.
    ///
    /// # Errors
    /// Nothing, or more than one thing.
    pub fn source(&self) -> Result<ImageStatement, Error> {
        match (filled(&self.predicate), filled(&self.statement)) {
            (Some(_), Some(_)) => Err(Error::usage("--predicate and --statement cannot be used together")
                .hint("a statement has its predicate inside: leave --predicate out")),
            (None, None) => Err(Error::usage("there is nothing to state")
                .hint("name a predicate with --predicate FILE, or a whole statement with --statement FILE")),
            (None, Some(_)) if filled(&self.predicate_type).is_some() => {
                Err(Error::usage("--type and --statement cannot be used together")
                    .hint("a statement says it already: leave --type out"))
            }
            (None, Some(statement)) => Ok(ImageStatement::Statement(statement)),
            (Some(predicate), None) => Ok(ImageStatement::Predicate {
                predicate,
                predicate_type: filled(&self.predicate_type).unwrap_or_else(|| "custom".to_owned()),
            }),
        }
    }
}
