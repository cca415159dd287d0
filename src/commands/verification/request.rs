//! What is asked of the verification of images.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::policy_of;
use super::shard::ShardRequest;
use crate::commands::{
    Error, Expected, Files, ImageFile, PlatformRequest, PolicyRequest, RegistryRequest, ReportRequest,
    Signer, TrustRequest, Waivers,
};
use crate::crypto::HashAlgorithm;
use crate::verify::{ContentRequirement, ExpectedSigner, VerificationPolicy};

/// `verify`, `verify-attestation`, `dockerfile verify`, `manifest verify` and `compose verify`.
#[derive(Debug)]
pub struct VerifyImagesRequest {
    /// The command, for the report.
    pub command: &'static str,
    /// The images, as they were typed.
    pub images: Vec<String>,
    /// A file with more of them, one in a line; `-` is standard input.
    pub list: Option<OsString>,
    /// A file that names more of them: a Dockerfile or a Kubernetes manifest.
    pub file: Option<ImageFile>,
    /// Whether an image is named by the folder that it was saved to (`--local-image`).
    pub local: bool,
    /// What a signature has to be.
    pub expected: Expected,
    /// Whose signature.
    pub signer: Signer,
    /// What is trusted.
    pub trust: TrustRequest,
    /// Whether an RFC 3161 timestamp is demanded.
    pub require_timestamp: bool,
    /// What is not demanded.
    pub waivers: Waivers,
    /// Annotations that have to be signed.
    pub annotations: BTreeMap<String, String>,
    /// What lies beside the signatures.
    pub beside: BesideImages,
    /// Where signatures are looked for.
    pub search: Search,
    /// Which of the manifests of an index.
    pub children: Children,
    /// Policies for statements.
    pub policy: PolicyRequest,
    /// Whether the SBOM that is attached is meant, not the image.
    pub sbom: bool,
    /// How it is shown.
    pub output: ImagesOutput,
    /// Where reports go, if any are asked for; one at most to standard output.
    pub reports: Vec<ReportRequest>,
    /// The journal of what was verified (`--resume`).
    pub resume: Option<PathBuf>,
    /// The part of the images that is judged (`--shard`).
    pub shard: Option<ShardRequest>,
    /// Registries.
    pub registry: RegistryRequest,
}

/// What lies beside the signatures of images in files.
#[derive(Debug, Default)]
pub struct BesideImages {
    /// A signature in place of those in the registry: a file, or the base64 text itself.
    pub signature: Option<OsString>,
    /// The payload that it is made over; without it, the one that signing the image makes.
    pub payload: Option<OsString>,
    /// A certificate for signatures that have none.
    pub certificate: Option<PathBuf>,
    /// A detached signed certificate timestamp.
    pub sct: Option<PathBuf>,
    /// The digest that signatures were made over (`--signature-digest-algorithm`); lower case.
    pub digest_algorithm: Option<&'static str>,
}

/// Where signatures are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Bundles that refer to the image.
    pub bundles: bool,
    /// The tags of cosign 2.
    pub tags: bool,
    /// Cosign's experimental referrers.
    pub layers: bool,
    /// The flags that left something of it out, for messages.
    pub limited_by: Option<&'static str>,
    /// How many questions may be open at a time, for all images together, and how many images are judged at a time.
    pub workers: usize,
}

impl Search {
    /// All forms.
    pub const ALL: Self = Self { bundles: true, tags: true, layers: true, limited_by: None, workers: 24 };
}

/// Which of the manifests of an index are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Children {
    /// None: the index is one thing.
    Whole,
    /// The index and all of them, each by itself (`--recursive`).
    Each,
    /// The one for this platform, in place of the index (`--platform`).
    Of(PlatformRequest),
}

/// How verified signatures are shown on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImagesOutput {
    /// An array for each image.
    Json,
    /// An object for each signature.
    Text,
}

impl VerifyImagesRequest {
    /// What a signature by this signer has to be.
    pub(super) fn required_of(&self, signer: ExpectedSigner) -> Result<VerificationPolicy, Error> {
        let mut policy = policy_of(signer, &self.expected, &self.waivers, self.require_timestamp)?;
        if self.expected == Expected::Signature {
            policy.claim.content = ContentRequirement::ImageSignature;
        }
        policy.claim.annotations = self.annotations.clone();
        policy.signature_digest = self.beside.digest_algorithm.and_then(HashAlgorithm::from_name);
        Ok(policy)
    }

    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let with_images = self.file.iter().flat_map(ImageFile::paths).filter(|path| path.as_os_str() != "-");
        let files = self.deciding(self.registry.add_to(Files::default()));
        with_images
            .fold(files, |files, path| files.and_read("file with images", Some(path)))
            .and_read("list of images", self.list.as_deref().map(Path::new))
            .and_written("journal", self.resume.as_deref())
            .and_reports(&self.reports)
    }

    /// Adds the files that decide whether something verifies.
    pub(super) fn deciding<'a>(&'a self, files: Files<'a>) -> Files<'a> {
        let TrustRequest {
            trusted_root,
            offline: _,
            log: _,
            ca_roots,
            ca_intermediates,
            certificate_chain,
            timestamp_certificate_chain,
        } = &self.trust;
        let (key, policy_file) = match &self.signer {
            Signer::Key(key) => (Some(Path::new(key)), None),
            Signer::Identity(_) => (None, None),
            Signer::Scopes(file) => (None, Some(file.as_path())),
        };
        self.policy
            .add_to(files)
            .and_read("key", key)
            .and_read("policy file", policy_file)
            .and_read("signature", self.beside.signature.as_deref().map(Path::new))
            .and_read("payload", self.beside.payload.as_deref().map(Path::new))
            .and_read("certificate", self.beside.certificate.as_deref())
            .and_read("SCT", self.beside.sct.as_deref())
            .and_read("trusted root", trusted_root.as_deref())
            .and_read("certificate authorities", ca_roots.as_deref())
            .and_read("intermediate certificates", ca_intermediates.as_deref())
            .and_read("certificate chain", certificate_chain.as_deref())
            .and_read("timestamp authority", timestamp_certificate_chain.as_deref())
    }
}
