//! Verification: pure, and the only place where trust is decided.
//!
//! A [`SignedEntity`](crate::bundle::SignedEntity) (untrusted) meets an artifact, a trusted root, a
//! [`VerificationPolicy`] and a clock reading; out comes [`Verified`], which nobody else can make, or a [`Rejection`]
//! with a typed [`Reason`]. The order of the checks is fixed in `verifier.rs`; each check lives in its own file and is the only maker
//! of its proof.

mod chain;
mod claim;
mod entry;
mod evidence;
mod identity;
#[cfg(feature = "http")]
mod issued;
mod log;
mod policy;
mod reason;
mod sct;
mod signature;
mod signer;
#[cfg(test)]
pub(crate) mod tests;
mod time;
mod verifier;
mod visible;

pub use crate::re2::{Pattern, PatternError};
pub use chain::ChainProof;
pub use claim::{AnnotationProof, ClaimProof};
pub use evidence::{Check, Evidence, Outcome, Trail};
pub use identity::{IdentityMatcher, StringMatcher, WorkflowClaims};
#[cfg(feature = "http")]
pub use issued::{Logged, certificate, logged, timestamp};
pub use log::LogProof;
pub use policy::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, NonEmpty, PredicateTypeRequirement, Requirement,
    VerificationPolicy, Waiver,
};
pub use reason::{Reason, Rejection};
pub use sct::SctProof;
pub use signature::{SignatureProof, StreamNeeds, stream_needs};
pub use signer::SignerProof;
#[cfg(feature = "http")]
pub use signer::could_be;
pub use time::{TimeProof, TimeSource, VerifiedTime};
pub use verifier::{Verified, Verifier};
pub use visible::visible;
