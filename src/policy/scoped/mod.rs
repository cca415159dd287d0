//! The policy file: who must have signed what. A list of scopes, of which the first that matches an artifact decides; one that no scope
//! matches is refused.
//!
//! [`Document`] is what the file says, read strictly. [`Plan`] is what one scope asks about one kind of artifact, with the keys
//! read; it verifies each candidate for each signer who counts, and [`Ledger::decide`] alone says that an artifact is
//! accepted. Signatures are judged by the one verifier; nothing that it has not verified can be counted.

mod document;
mod glob;
mod host;
mod identity;
mod impossible;
mod lint;
mod path;
mod plan;
mod read;
mod rehearsal;
mod signed_as;
mod sound;
#[cfg(test)]
mod tests;
mod typed;
pub(in crate::policy) mod value;
mod verdict;
mod voices;

pub use document::{Code, Demand, Document, NamedSigner, Requirements, SignerSource, Witnesses};
pub use glob::{ImagePattern, Subject};
pub use host::ambiguous_host;
pub use impossible::{IMPOSSIBLE, impossible};
pub use lint::{Finding, NOTES, PLACEHOLDERS, lint};
pub use path::{Fault, Path, Step};
pub use plan::{Artifacts, Course, Leaf, Ledger, Plan, Ready, What};
pub use read::{FOREIGN, is_foreign};
pub use rehearsal::Unrehearsed;
pub use signed_as::{SignedAs, repository};
pub use typed::typed;
pub use verdict::{Accepted, DemandVerdict, Refused};
#[cfg(test)]
pub use verdict::{CountedFact, Uncounted};
