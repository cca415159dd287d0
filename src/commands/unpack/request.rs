//! What `unpack` is asked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::commands::{Files, ReportRequest, Signer, TrustRequest, Waivers};

/// What `unpack` is asked for. Of `dir` and `verify` at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpackRequest {
    /// The kit; `-` is standard input.
    pub kit: OsString,
    /// The folder to make; without one nothing stays.
    pub dir: Option<PathBuf>,
    /// How to verify the artifacts; `None` compares with the manifest alone.
    pub verify: Option<KitVerification>,
}

/// How the artifacts of a kit are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KitVerification {
    /// Whose signatures.
    pub signer: KitSigner,
    /// What is trusted.
    pub trust: TrustRequest,
    /// Take the trusted root of the kit in place of any other.
    pub packed_root: bool,
    /// The type that statements must have; `None` takes signatures and statements of any type.
    pub predicate_type: Option<String>,
    /// Where the files are that the kit lists by digest alone.
    pub artifacts: Option<PathBuf>,
    /// Whether an RFC 3161 timestamp is demanded.
    pub require_timestamp: bool,
    /// What is not demanded.
    pub waivers: Waivers,
    /// Where a report goes, if one is asked for.
    pub report: Option<ReportRequest>,
}

/// Whose signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KitSigner {
    /// Somebody whom the user names without the kit.
    Named(Signer),
    /// The owner of the key in the kit whose SubjectPublicKeyInfo has this SHA-256, in hexadecimal.
    PackedKey(String),
}

impl UnpackRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let file = |path: &'_ OsString| path != "-";
        let kit = Some(&self.kit).filter(|kit| file(kit)).map(Path::new);
        let files = Files::default().and_read("kit", kit).and_written("folder", self.dir.as_deref());
        let Some(verify) = &self.verify else { return files };
        let key = match &verify.signer {
            KitSigner::Named(Signer::Key(key)) => Some(Path::new(key)),
            KitSigner::Named(Signer::Identity(_) | Signer::Scopes(_)) | KitSigner::PackedKey(_) => None,
        };
        let trust = verify.trust_files().into_iter();
        trust
            .fold(files.and_read("key", key), |files, (what, path)| files.and_read(what, path))
            .and_written("report", verify.report.as_ref().and_then(|report| report.file.as_deref()))
    }
}

impl KitVerification {
    pub(super) fn trust_files(&self) -> [(&'static str, Option<&Path>); 5] {
        let trust = &self.trust;
        [
            ("trusted root", trust.trusted_root.as_deref()),
            ("CA roots", trust.ca_roots.as_deref()),
            ("CA intermediates", trust.ca_intermediates.as_deref()),
            ("certificate chain", trust.certificate_chain.as_deref()),
            ("timestamp certificate chain", trust.timestamp_certificate_chain.as_deref()),
        ]
    }
}
