//! The verifications that `policy explain` and `policy test` ask for: all that a policy file may look at, and nothing beside it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::commands::{
    BesideImages, Children, Expected, ImagesOutput, PolicyRequest, RegistryRequest, Search, SignatureRequest,
    Signer, Subject, TrustRequest, VerifyImagesRequest, VerifyRequest, Waivers,
};

/// Of a file with its bundles.
pub fn file_by_policy(
    file: OsString,
    mut bundles: Vec<PathBuf>,
    signer: Signer,
    trust: TrustRequest,
) -> VerifyRequest {
    let bundle = bundles.pop();
    VerifyRequest {
        subject: Subject::Blob(file),
        expected: Expected::Signature,
        signer,
        signature: SignatureRequest { bundle, other_bundles: bundles, ..SignatureRequest::default() },
        trust,
        require_timestamp: false,
        waivers: Waivers::default(),
        policy: PolicyRequest::default(),
        reports: Vec::new(),
    }
}

/// Of images.
pub fn images_by_policy(
    command: &'static str,
    images: Vec<String>,
    signer: Signer,
    trust: TrustRequest,
    registry: RegistryRequest,
) -> VerifyImagesRequest {
    VerifyImagesRequest {
        command,
        images,
        list: None,
        file: None,
        local: false,
        expected: Expected::Signature,
        signer,
        trust,
        require_timestamp: false,
        waivers: Waivers::default(),
        annotations: Default::default(),
        beside: BesideImages::default(),
        search: Search::ALL,
        children: Children::Whole,
        policy: PolicyRequest::default(),
        sbom: false,
        output: ImagesOutput::Json,
        reports: Vec::new(),
        resume: None,
        shard: None,
        registry,
    }
}
