//! `manifest verify`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::verify_images::{SignaturesArgs, VerifyImagesArgs};
use super::super::args::{at_most_one, known, root::RootArgs};
use super::super::dockerfile::verify::request;
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, FieldPath, ImageFile};

/// Verify the images of a Kubernetes manifest
///
/// YAML with any number of documents, or JSON. The images of pods are found wherever Kubernetes has pods: in Pod, PodTemplate,
/// Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob and lists of them; those of init and of
/// ephemeral containers and of image volumes too. Kinds that are not known are named in a warning. What looks like an image in one of
/// them, at a place where no pod is (what reads as a reference under any name with `image` in it, and `docker://`), is an error until --path says that images are there, or --ignore-path that none are. What is said of images by `verify` holds for each of them.
#[derive(Debug, clap::Args)]
pub struct ManifestVerifyArgs {
    /// Manifest, which ends in .yaml, .yml or .json; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: Vec<OsString>,
    /// Place of images in custom resources, as in `spec.pods[*].image`: names with dots between, [*] for all of a list, ['...'] for
    /// other names (can be repeated)
    #[arg(long, value_name = "PATH", value_parser = known(&[], path), help_heading = "Input")]
    pub path: Vec<FieldPath>,
    /// Place of what looks like an image and is none, or is judged elsewhere, written as in --path (can be repeated)
    #[arg(long, value_name = "PATH", value_parser = known(&[], path), help_heading = "Input")]
    pub ignore_path: Vec<FieldPath>,
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

impl CommandArgs for ManifestVerifyArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        let file = at_most_one(&self.file, "one manifest is read at a time")?;
        let Some(file) = file.filter(|file| !file.is_empty()) else {
            return Err(Error::usage("there is no manifest to read")
                .hint("name it after the command: `manifest verify FILE.yaml`"));
        };
        let file = ImageFile::Kubernetes {
            path: PathBuf::from(file),
            fields: self.path.clone(),
            ignored: self.ignore_path.clone(),
        };
        request("manifest verify", file, &self.verify, &self.signatures, warnings)
    }
}

fn path(text: &str) -> Result<FieldPath, String> {
    FieldPath::parse(text).map_err(str::to_owned)
}
