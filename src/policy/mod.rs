//! Policies over statements that verification has accepted: built-in rules (`rules/`), and Rego and CUE with cosign's verdicts.
//!
//! [`Policy::load`] takes files, and refuses what no evaluation could make sense of, before anything is fetched. [`decide`] is the only
//! maker of a [`Decision`], which is what a command that verifies attestations shows: the evaluators below it take a document
//! and know nothing of signatures.
//!
//! A policy is the user's own, and may still be wrong or made by somebody else: it reaches no file, no network and no
//! environment, and it is bounded in time, memory and depth (`guard.rs`).

#[cfg(feature = "cue")]
mod cue;
mod decision;
mod error;
mod file;
mod guard;
pub mod import;
mod input;
#[cfg(feature = "rego")]
mod rego;
pub mod rules;
pub mod scoped;
mod shown;
mod spelling;
#[cfg(test)]
#[cfg(all(feature = "cue", feature = "rego"))]
mod tests;

pub use decision::{By, Decision, Refusal, Unmet, decide, rehearse};
pub use error::Error;
pub use file::{Language, Policy, PolicyFile, language};
pub use input::shows_part;
