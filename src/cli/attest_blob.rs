//! `attest-blob`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::sign::{SignArgs, SigningKinds};
use super::args::{at_most_one, filled, one_of, root::RootArgs, statement::StatementArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{AttestBlobRequest, Error, ImageStatement, StatementSource};

/// The kinds of log entries of attestations.
pub const ENTRY_TYPES: &[&str] = &["dsse", "intoto"];

/// Sign a statement about a file
///
/// The statement is made from a predicate, or given whole. Its envelope goes to standard output, unless
/// --output-signature says where.
#[derive(Debug, clap::Args)]
pub struct AttestBlobArgs {
    /// File that the statement is about
    #[arg(value_name = "BLOB")]
    pub blob: Vec<OsString>,
    /// What is stated.
    #[command(flatten)]
    pub statement: StatementArgs,
    /// Digest of BLOB in hex, in place of reading it: SHA-256, SHA-384 or SHA-512
    #[arg(long, value_name = "DIGEST", help_heading = "Statement")]
    pub hash: Option<String>,
    /// Key, outputs, services.
    #[command(flatten)]
    pub sign: SignArgs,
    /// Write the statement to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_attestation: Option<PathBuf>,
    /// Write the RFC 3161 timestamp to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub rfc3161_timestamp_bundle: Option<PathBuf>,
    /// Kind of log entry: dsse or intoto, which logs of version 1 alone have
    #[arg(long, value_name = "KIND", value_parser = one_of(ENTRY_TYPES), help_heading = "Services")]
    pub rekor_entry_type: Option<String>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for AttestBlobArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::AttestBlob(self.request()?))
    }
}

impl AttestBlobArgs {
    /// What is asked for, and what to warn of.
    ///
    /// # Errors
    /// Nothing to state, flags that contradict each other, and what this version cannot do.
    pub fn request(&self) -> Result<AttestBlobRequest, Error> {
        let with = self.sign.with(SigningKinds::of_entry(self.rekor_entry_type.as_deref()))?;
        let signature = filled(&self.sign.output.output_signature);
        Ok(AttestBlobRequest {
            source: self.source()?,
            with,
            outputs: self.sign.outputs(signature, filled(&self.rfc3161_timestamp_bundle)),
            attestation: filled(&self.output_attestation),
        })
    }

    fn source(&self) -> Result<StatementSource, Error> {
        let hint = "a statement is about one file: attest each on its own";
        let blob = at_most_one(&self.blob, hint)?.cloned();
        match self.statement.source()? {
            ImageStatement::Statement(_) if filled(&self.hash).is_some() => {
                Err(Error::usage("--hash and --statement cannot be used together")
                    .hint("a statement says it already: leave --hash out"))
            }
            ImageStatement::Statement(statement) => Ok(StatementSource::Statement { statement, blob }),
            ImageStatement::Predicate { predicate, predicate_type } => Ok(StatementSource::Predicate {
                predicate,
                predicate_type,
                blob: blob.ok_or_else(|| {
                    Error::usage("the statement is about no file").hint("name the file as the argument")
                })?,
                digest: filled(&self.hash),
            }),
        }
    }
}
