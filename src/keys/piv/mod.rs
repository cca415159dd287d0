//! Keys in PIV tokens (NIST SP 800-73-4), and Yubico's extensions: `--sk`, `--slot` and `piv-tool`.
//!
//! Everything is said to a [`apdu::CardTransport`]; in the product that is a card in a reader of the PC/SC daemon. No PIN is tried
//! twice, none is shown, and a signature counts when the key of the slot accepts it.

mod apdu;
mod attestation;
mod card;
mod error;
mod key;
mod manage;
#[cfg(unix)]
mod pcscd;
mod public;
mod readers;
mod slot;
#[cfg(test)]
#[cfg(feature = "piv")]
mod tests;
mod tlv;
mod tool;

pub use attestation::Facts;
pub use error::PivFailure;
pub(super) use key::{public_key, signing_key};
pub use manage::ManagementKey;
pub use slot::{PinPolicy, Policies, Slot, TouchPolicy};
pub use tool::{Attestation, Keeping, PivToken};
