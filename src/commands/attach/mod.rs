//! Attach what was made elsewhere to images.

mod attestation;
mod bundle;
mod parts;
mod sbom;
mod signature;

pub use attestation::{AttachAttestationRequest, attach_attestation};
pub use sbom::{AttachSbomRequest, attach_sbom};
pub use signature::{
    AttachSignatureRequest, AttachedParts, AttachedSignature, SignatureParts, attach_signature,
};
