//! `attest`.

use std::ffi::OsString;

use super::args::{
    image_signing::ImageSigningArgs, one_of, root::RootArgs, sign::SigningKinds, statement::StatementArgs,
};
use super::attest_blob::ENTRY_TYPES;
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{AttestImagesRequest, Error, Form};

/// Make, sign and attach statements about images
///
/// The statement is made from a predicate, or given whole. It is published as `sign` publishes signatures.
#[derive(Debug, clap::Args)]
pub struct AttestArgs {
    /// Image (can be repeated): a reference, or `oci:DIR[:TAG|@DIGEST]` for a layout
    #[arg(value_name = "IMAGE...")]
    pub images: Vec<OsString>,
    /// What is stated.
    #[command(flatten)]
    pub statement: StatementArgs,
    /// Remove older statements of the same type
    #[arg(long, help_heading = "Output")]
    pub replace: Option<bool>,
    /// Do not publish the attestation: its envelope goes to standard output, unless --bundle says where
    #[arg(long, help_heading = "Output")]
    pub no_upload: Option<bool>,
    /// Kind of log entry: dsse or intoto, which logs of version 1 alone have
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
        let kinds = SigningKinds::of_entry(self.rekor_entry_type.as_deref());
        Ok(Request::AttestImages(Box::new(AttestImagesRequest {
            signing: self.signing.request(&self.images, Form::Tag, upload, kinds)?,
            source: self.statement.source()?,
            replace: self.replace.unwrap_or_default(),
        })))
    }
}
