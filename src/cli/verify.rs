//! `verify`.

use std::ffi::OsString;

use super::args::filled;
use super::args::root::RootArgs;
use super::args::verify_images::{SignaturesArgs, VerifyImagesArgs, images};
use super::render::{self, Output};
use super::reports::Reports;
use super::run::{Request, say_waivers, show_checks};
use super::tree::CommandArgs;
use crate::commands::{
    self, Context, Error, Expected, ImagesOutput, Signer, VerifiedImages, VerifyImagesRequest,
};

/// Verify the signatures of images
///
/// Every form in which signatures are stored is looked at: bundles, the tags of cosign 2, and its experimental referrers. Each
/// image is judged by itself; the exit code is that of the worst. An attestation alone is no signature.
#[derive(Debug, clap::Args)]
pub struct VerifyImageArgs {
    /// Image (can be repeated): a reference, or oci:FOLDER[:TAG|@DIGEST], oci-archive:FILE, docker-archive:FILE
    #[arg(value_name = "IMAGE...")]
    pub images: Vec<OsString>,
    /// Verify the images in this file too, one in a line; `-` is standard input
    #[arg(long, value_name = "LIST", help_heading = "Signature")]
    pub from_file: Option<OsString>,
    /// Signatures.
    #[command(flatten)]
    pub signatures: SignaturesArgs,
    /// Signer, signatures, trust, report.
    #[command(flatten)]
    pub verify: VerifyImagesArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for VerifyImageArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        let list = filled(&self.from_file);
        let images = some_images(&self.images, list.as_ref())?;
        let signatures = Some(&self.signatures);
        let request = self.verify.request("verify", images, Expected::Signature, signatures, warnings)?;
        Ok(Request::VerifyImages(Box::new(VerifyImagesRequest { list, ..request })))
    }
}

/// The images that are named; there is one, or a list of them.
///
/// # Errors
/// There is neither.
pub fn some_images(arguments: &[OsString], list: Option<&OsString>) -> Result<Vec<String>, Error> {
    if arguments.is_empty() && list.is_none() {
        return Err(Error::usage("there is no image to verify")
            .hint("name images after the command, or a file with them with --from-file LIST"));
    }
    images(arguments)
}

/// Verifies images and shows what came of it, as cosign does: for each image a block of the checks on standard error, and a line
/// on standard output.
///
/// # Errors
/// Whatever is met.
pub async fn run(
    request: &VerifyImagesRequest,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let reports = Reports::open(&request.reports)?;
    let to_output = reports.is_to_output();
    let attestations = matches!(request.expected, Expected::Attestation { .. });
    if request.waivers.log == Some("--insecure-ignore-tlog") {
        let what = if attestations { "attestation" } else { "signature" };
        render::warn(&format!(
            "Skipping tlog verification is an insecure practice that lacks transparency and auditability verification for the \
             {what}."
        ));
    } else {
        say_waivers(&request.waivers, false);
    }
    if let Some(flag) = request.waivers.claims {
        render::warn(&format!("No image is compared with what is signed ({flag})"));
    }
    let (VerifiedImages { report, shown }, result) = commands::verify_images(request, context).await;
    reports.write(&report, context, output)?;
    if context.settings.verbose {
        for image in report.images.iter().flatten() {
            show_checks(&image.candidates);
        }
    }
    for image in &shown {
        // One document at a time goes to standard output: a report that was asked for takes the place of the usual one.
        if !to_output {
            let text = if attestations {
                render::images::attestations(image)
            } else {
                render::images::signatures(image, request.output == ImagesOutput::Text)
            };
            output.data(text.as_bytes());
        }
        for line in render::images::checks(image) {
            render::say(&line);
        }
    }
    say_sct(request);
    result
}

/// Names the flag that gave up the proof that a certificate was logged.
fn say_sct(request: &VerifyImagesRequest) {
    if let (Some(flag), Signer::Identity(_)) = (request.waivers.sct, &request.signer) {
        render::say(&format!("No signed certificate timestamp was asked for ({flag})"));
    }
}
