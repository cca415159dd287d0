//! `attest`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{filled, image_signing::ImageSigningArgs, one_of, root::RootArgs};
use super::attest_blob::ENTRY_TYPES;
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{AttestImagesRequest, Error, Form, ImageStatement};

/// Make, sign and attach statements about images
///
/// The statement is made from a predicate, or given whole. It is published as `sign` publishes signatures.
#[derive(Debug, clap::Args)]
pub struct AttestArgs {
    /// Image (can be repeated): a reference, or `oci:DIR[:TAG|@DIGEST]` for a layout
    #[arg(value_name = "IMAGE...")]
    pub images: Vec<OsString>,
    /// File with the predicate; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "Statement")]
    pub predicate: Option<PathBuf>,
    /// Type of the predicate (default custom)
    ///
    /// A URI, or one of custom, cyclonedx, link, openvex, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx,
    /// spdxjson, vuln.
    #[arg(long = "type", value_name = "TYPE", help_heading = "Statement")]
    pub predicate_type: Option<String>,
    /// File with a whole in-toto statement, in place of --predicate; it has to name the image's digest
    #[arg(long, value_name = "FILE", help_heading = "Statement")]
    pub statement: Option<PathBuf>,
    /// Remove older statements of the same type
    #[arg(long, help_heading = "Output")]
    pub replace: Option<bool>,
    /// Do not publish the attestation: its envelope goes to standard output, unless --bundle says where
    #[arg(long, help_heading = "Output")]
    pub no_upload: Option<bool>,
    /// Kind of log entry: dsse or intoto (not available yet in this version)
    #[arg(long, value_name = "KIND", value_parser = one_of(ENTRY_TYPES), help_heading = "Services")]
    pub rekor_entry_type: Option<String>,
    /// What all commands have that sign images.
    #[command(flatten)]
    pub signing: ImageSigningArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for AttestArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let upload = !self.no_upload.unwrap_or_default();
        Ok(Request::AttestImages(Box::new(AttestImagesRequest {
            signing: self.signing.request(&self.images, Form::Tag, upload)?,
            source: self.source()?,
            replace: self.replace.unwrap_or_default(),
        })))
    }
}

impl AttestArgs {
    fn source(&self) -> Result<ImageStatement, Error> {
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
