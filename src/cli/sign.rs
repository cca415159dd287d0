//! `sign`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{
    filled, image_signing::ImageSigningArgs, one_of, root::RootArgs, sign::SigningKinds, values,
    verify_images::annotations,
};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, Form, SignImagesRequest};

const ATTACHMENTS: &[&str] = &["sbom"];
const MODES: &[&str] = &["legacy", "oci-1-1"];

/// Sign images
///
/// Each image is looked up once, and its digest is signed. The signature goes to the repository of the image, or to the one that
/// COSIGN_REPOSITORY names; of `oci:DIR` into the layout. All images are tried; the exit code is that of the worst failure.
#[derive(Debug, clap::Args)]
pub struct SignImageArgs {
    /// Image (can be repeated): a reference, or `oci:DIR[:TAG|@DIGEST]` for a layout
    #[arg(value_name = "IMAGE...")]
    pub images: Vec<OsString>,
    /// Sign the SBOM that is attached to the image, and not the image: sbom
    #[arg(long, value_name = "WHAT", value_parser = one_of(ATTACHMENTS), help_heading = "Images")]
    pub attachment: Option<String>,
    /// Leave images alone that the key or identity has signed already with these annotations, in the form that would be written
    #[arg(long, help_heading = "Images")]
    pub skip_existing: Option<bool>,
    /// Say this in the signature too (can be repeated)
    #[arg(long, short = 'a', value_name = "NAME=VALUE", help_heading = "Signature")]
    pub annotations: Vec<String>,
    /// Sign this payload, which has to name the image's digest: a statement, or with --new-bundle-format=false a payload as `generate`
    /// makes it
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub payload: Option<PathBuf>,
    /// Name under which the image is signed in the form of cosign 2, in place of its repository (can be repeated)
    #[arg(long, value_name = "NAME", help_heading = "Signature")]
    pub sign_container_identity: Vec<String>,
    /// Publish the signature; false does not
    #[arg(long, help_heading = "Output")]
    pub upload: Option<bool>,
    /// Where layers of cosign 2 are published: legacy for a tag, oci-1-1 for a manifest that refers to the image
    #[arg(long, value_name = "MODE", value_parser = one_of(MODES), help_heading = "Output")]
    pub registry_referrers_mode: Option<String>,
    /// Write the signature to this file, as base64
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_signature: Option<PathBuf>,
    /// Write what was signed to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_payload: Option<PathBuf>,
    /// Write the certificate to this file, as PEM
    #[arg(long, value_name = "FILE", alias = "output-cert", help_heading = "Output")]
    pub output_certificate: Option<PathBuf>,
    /// What all commands have that sign images.
    #[command(flatten)]
    pub signing: ImageSigningArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SignImageArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::SignImages(Box::new(self.request(warnings)?)))
    }
}

impl SignImageArgs {
    fn request(&self, warnings: &mut Vec<String>) -> Result<SignImagesRequest, Error> {
        let referring = self.registry_referrers_mode.as_deref() == Some("oci-1-1");
        let tag = if referring { Form::Referrer } else { Form::Tag };
        let signing = {
            let upload = self.upload.unwrap_or(true);
            self.signing.request(&self.images, tag, upload, SigningKinds::default())?
        };
        let is_bundle = signing.forms.contains(&Form::Bundle);
        if is_bundle && !signing.upload && signing.bundle.is_none() {
            return Err(Error::usage("--upload=false leaves the signature nowhere")
                .hint("name a file for it with --bundle FILE"));
        }
        let payload = filled(&self.payload);
        let annotations = annotations(&self.annotations)?;
        let identities = identities(&self.sign_container_identity)?;
        if payload.is_some() {
            let other = [
                ("--annotations", !annotations.is_empty()),
                ("--sign-container-identity", !identities.is_empty()),
            ];
            if let Some((flag, _)) = other.into_iter().find(|(_, given)| *given) {
                return Err(Error::usage(format!("--payload and {flag} cannot be used together"))
                    .hint("what is in the payload is signed as it is"));
            }
            if signing.forms.len() > 1 {
                return Err(Error::usage("--payload is for one form, and --write names two")
                    .hint("leave --payload out: what is signed is made for each form"));
            }
        }
        if !identities.is_empty() && signing.forms == [Form::Bundle] {
            warnings.push(
                "--sign-container-identity has no effect: a bundle names an image by its digest alone"
                    .to_owned(),
            );
        }
        if identities.len() > 1 && signing.bundle.is_some() && !is_bundle {
            return Err(Error::usage(
                "--bundle has room for one signature, and each --sign-container-identity makes one",
            )
            .hint("write them with --output-signature and --output-payload"));
        }
        Ok(SignImagesRequest {
            signing,
            annotations,
            payload,
            identities,
            attached_sbom: filled(&self.attachment).is_some(),
            skip_existing: self.skip_existing.unwrap_or_default(),
            output_signature: filled(&self.output_signature),
            output_payload: filled(&self.output_payload),
            output_certificate: filled(&self.output_certificate),
        })
    }
}

/// The names, with a comma between those that one flag gives.
fn identities(flags: &[String]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for flag in flags {
        let parts = values::comma_separated(flag)
            .map_err(|reason| Error::usage(format!("`{flag}` is no list of names: {reason}")))?;
        names.extend(parts.into_iter().filter(|name| !name.is_empty()));
    }
    Ok(names)
}
