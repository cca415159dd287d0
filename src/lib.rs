//! rcosign: sign, verify and attest software artifacts in Sigstore's formats.
//!
//! The rooms of the house, from the roof down. A room imports lower rooms only; `tests/it/layers.rs` enforces it.
//!
//! | room | layer | what it is for |
//! |---|---|---|
//! | `cli` | L5 | clap structs, flags to requests, rendering, hints, exit codes; the only room that prints |
//! | `commands` | L4 | requests, reports, the signing and the verifying driver; knows no clap |
//! | `attest` | L3 | predicate files and types to in-toto statements |
//! | `sign` | L3 | a signing request to a signed entity |
//! | `storage` | L3 | where signatures live: files, for now |
//! | `verify` | L2 | pure: entity, artifact, trusted root, policy and time to a verdict |
//! | `keys` | L2 | key references, encrypted keys, passphrases |
//! | `bundle` | L1 | the signed entity and its codecs |
//! | `trust` | L1 | trusted root, signing config, the embedded public root |
//! | `http` | L1 | the one HTTP client |
//! | `payload` | L0 | what gets signed: artifact, DSSE envelope, in-toto statement |
//! | `tlog` | L0 | transparency log: Merkle proofs, checkpoints, entry bodies, inclusion promises |
//! | `x509` | L0 | certificates, paths, Fulcio extensions, SCTs |
//! | `timestamp` | L0 | RFC 3161 tokens |
//! | `crypto` | -- | digests, keys, signatures, PEM, strict JSON, time, secrets |

#![allow(dead_code, unused_imports, reason = "rooms offer what the commands to come will use")]

mod attest;
mod bundle;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod commands;
mod crypto;
#[cfg(feature = "cli")]
mod http;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
#[cfg(feature = "cli")]
mod keys;
mod payload;
mod sign;
#[cfg(feature = "cli")]
mod storage;
mod timestamp;
mod tlog;
mod trust;
mod verify;
mod x509;

/// The program. Not part of what is promised.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::main;
