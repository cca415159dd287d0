//! What `sign` and `attest` are asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::files::{Files, path};
use super::super::{BundleForm, RegistryRequest};
use super::SignWith;
use super::plan::Carrier;

/// How a signature is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A Sigstore bundle that refers to the image (cosign 3).
    Bundle,
    /// A layer under the tag `.sig` or `.att` (cosign 2).
    Tag,
    /// Such a layer in a manifest of its own that refers to the image (cosign's experiment with OCI 1.1).
    Referrer,
}

impl Form {
    /// What the signature is kept in.
    pub(super) fn carrier(self) -> Carrier {
        match self {
            Self::Bundle => Carrier::Bundle,
            Self::Tag | Self::Referrer => Carrier::Older,
        }
    }
}

/// What both commands are asked for.
#[derive(Debug)]
pub struct ImageSigning {
    /// The images, as typed.
    pub images: Vec<String>,
    /// A file with more of them, one in a line; `-` is standard input.
    pub from_file: Option<PathBuf>,
    /// Whether every image of an index is meant too.
    pub recursive: bool,
    /// Key, certificate, witnesses.
    pub with: SignWith,
    /// How the signatures are kept: at least one form, none twice.
    pub forms: Vec<Form>,
    /// Whether they are published.
    pub upload: bool,
    /// Where the bundle goes besides; in cosign's older JSON where no form is a bundle.
    pub bundle: Option<PathBuf>,
    /// Whether what stands under a tag says when it was made.
    pub record_creation: bool,
    /// Registries.
    pub registry: RegistryRequest,
}

/// `sign`.
#[derive(Debug)]
pub struct SignImagesRequest {
    /// Images, key, forms.
    pub signing: ImageSigning,
    /// What the signature says besides, by name.
    pub annotations: BTreeMap<String, String>,
    /// What is signed in place of what would be made.
    pub payload: Option<PathBuf>,
    /// The names under which the image is signed in the tag scheme, in place of its own.
    pub identities: Vec<String>,
    /// Whether the SBOM that is attached to the image is signed, and not the image.
    pub attached_sbom: bool,
    /// Whether what this signer has signed already is left alone.
    pub skip_existing: bool,
    /// Where the signature goes, in base64.
    pub output_signature: Option<PathBuf>,
    /// Where the payload goes.
    pub output_payload: Option<PathBuf>,
    /// Where the certificate goes, in PEM.
    pub output_certificate: Option<PathBuf>,
}

/// What `attest` makes its statements from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageStatement {
    /// A predicate.
    Predicate {
        /// Its file; `-` is standard input.
        predicate: PathBuf,
        /// Its type as typed: a short name or a URI.
        predicate_type: String,
    },
    /// A whole in-toto statement, in this file.
    Statement(PathBuf),
}

impl ImageStatement {
    /// The file that is read.
    pub fn file(&self) -> &PathBuf {
        match self {
            Self::Predicate { predicate: file, .. } | Self::Statement(file) => file,
        }
    }
}

/// `attest`.
#[derive(Debug)]
pub struct AttestImagesRequest {
    /// Images, key, forms.
    pub signing: ImageSigning,
    /// The statement.
    pub source: ImageStatement,
    /// Whether older statements of the same type go.
    pub replace: bool,
}

impl ImageSigning {
    /// Where the bundle goes, and in which form.
    pub(super) fn bundle(&self) -> Option<(PathBuf, BundleForm)> {
        let is_bundle = self.forms.contains(&Form::Bundle);
        let form = if is_bundle { BundleForm::Sigstore } else { BundleForm::Legacy };
        self.bundle.clone().map(|path| (path, form))
    }

    fn files(&self) -> Files<'_> {
        self.registry
            .add_to(Files::default())
            .and_signer(&self.with)
            .and_read("list of images", self.from_file.as_deref().and_then(|file| path(file.as_os_str())))
            .and_written("bundle", self.bundle.as_deref())
    }
}

impl SignImagesRequest {
    /// The files that it names. Where every image of an index gets files of its own, they are named after these.
    pub fn files(&self) -> Files<'_> {
        self.signing
            .files()
            .and_read("payload", self.payload.as_deref().and_then(|file| path(file.as_os_str())))
            .and_written("signature", self.output_signature.as_deref())
            .and_written("payload", self.output_payload.as_deref())
            .and_written("certificate", self.output_certificate.as_deref())
    }
}

impl AttestImagesRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let what = match &self.source {
            ImageStatement::Predicate { .. } => "predicate",
            ImageStatement::Statement(_) => "statement",
        };
        self.signing.files().and_read(what, path(self.source.file().as_os_str()))
    }
}
