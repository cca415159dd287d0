//! Sign, verify and attest software artifacts in Sigstore's formats.
//!
//! rcosign is a program that takes cosign's command lines, and this library, which is the same signing and the same verifying
//! path without the program. It reads no file, opens no socket and looks at no clock while it verifies; there is no `unsafe`
//! in it.
//!
//! ```toml
//! [dependencies]
//! rcosign = { version = "0.1", default-features = false }
//! ```
//!
//! # Verify a file by an identity
//!
//! ```
//! use rcosign::{Artifact, Bundle, Identity, Matcher, Policy, Signer, Time, TrustedRoot, Verifier};
//!
//! // What is trusted, and what is asked: both are the caller's, never the bundle's.
//! let root = TrustedRoot::from_json(&std::fs::read("testdata/conformance/trusted_root.json")?)?;
//! let policy = Policy::identity(Identity::new(
//!     Matcher::regex(r"https://github\.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.*")?,
//!     Matcher::exact("https://token.actions.githubusercontent.com"),
//! ));
//!
//! // What came with the file: untrusted.
//! let document = std::fs::read("testdata/conformance/happy-path-v0.3/bundle.sigstore.json")?;
//! let bundle = Bundle::from_json(&document)?;
//! let file = std::fs::File::open("testdata/conformance/a.txt")?;
//!
//! let verification = Verifier::new(root, policy).verify(&bundle, Artifact::from_reader(file), Time::now())?;
//! assert!(matches!(verification.signature().signer(), Signer::Identity { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sign with a key, verify with its public half
//!
//! ```
//! use rcosign::{Artifact, Bundle, KeyType, LocalKey, Policy, Time, TrustedRoot, Verifier};
//!
//! let key = LocalKey::generate(KeyType::EcdsaP256)?;
//! let document = key.sign_blob(Artifact::from_bytes(b"an artifact"))?;
//!
//! // A key's signature that no log holds: say so, and nothing has to be trusted but the key.
//! let policy = Policy::key(key.public_key().clone()).dangerously_without_log();
//! let bundle = Bundle::from_json(document.as_bytes())?;
//! Verifier::new(TrustedRoot::empty(), policy).verify(&bundle, Artifact::from_bytes(b"an artifact"), Time::now())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! | to | use | example |
//! |---|---|---|
//! | verify a file | [`Bundle`], [`Artifact`], [`Policy`], [`TrustedRoot`], [`Verifier`] | `examples/verify_blob.rs` |
//! | verify an attestation and read it | [`Policy::predicate_type`], [`VerifiedSignature::statement`] | `examples/verify_bundle.rs` |
//! | sign a file or a statement | [`LocalKey`], [`sign_blob`], [`sign_statement`], [`Statement`] | `examples/sign_blob.rs` |
//! | say what is asked | [`Policy`], [`Identity`], [`Matcher`] | `examples/policy.rs` |
//! | sign with a key that is elsewhere | [`SigningKey`] | its documentation |
//!
//! # What is promised
//!
//! Everything in this documentation is public and follows semantic versioning: before 1.0 a release that breaks it raises
//! the minor number. So do the codes of [`Rejection::code`] and the meaning of each. Words of messages are not promised; nor
//! is the program's command line promised here, which has its own rules (cosign's). Errors and most enumerations may
//! get new variants. What is not in this documentation is private, including whatever the feature `internals` shows.
//!
//! # Features
//!
//! | feature | by default | what it adds to the library |
//! |---|---|---|
//! | `public-root` | yes, with `cli` | [`TrustedRoot::public`](TrustedRoot), the root of Sigstore's public instance, built in |
//! | `cli`, `http`, `sandbox` | yes | nothing: they are the program's |

// The program uses more of the rooms than the library does; what neither uses is found in the build that has both.
#![cfg_attr(not(feature = "cli"), allow(dead_code, reason = "the program uses it"))]
// Rooms export all that their functions return; nobody outside names all of it, but for the tests.
#![cfg_attr(
    not(all(feature = "cli", feature = "internals")),
    allow(unused_imports, reason = "the tests name it")
)]

mod api;
mod attest;
mod bundle;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "kms-aws"), allow(dead_code, reason = "fewer clouds are asked"))]
mod cloud;
#[cfg(feature = "cli")]
mod commands;
mod crypto;
#[cfg(feature = "cue")]
mod cue;
#[cfg(any(feature = "cue", feature = "rego"))]
#[cfg_attr(
    not(all(feature = "cue", feature = "rego")),
    allow(dead_code, unused_imports, reason = "policies in both use it")
)]
mod gotime;
#[cfg(feature = "cli")]
mod http;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
#[cfg(feature = "cli")]
mod keys;
mod payload;
#[cfg(feature = "cli")]
#[cfg_attr(not(all(feature = "cue", feature = "rego")), allow(dead_code, reason = "nothing is evaluated"))]
mod policy;
#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "http"), allow(dead_code, unused_imports, reason = "fewer programs are started"))]
mod program;
#[cfg(feature = "cli")]
mod progress;
#[cfg_attr(not(feature = "cue"), allow(dead_code, reason = "policies in CUE use it"))]
mod re2;
#[cfg(feature = "cli")]
mod registry;
#[cfg(feature = "sandbox")]
#[cfg_attr(not(feature = "internals"), allow(dead_code, reason = "the tests do more with it"))]
mod sandbox;
#[cfg(feature = "cli")]
mod services;
mod sign;
#[cfg(feature = "cli")]
mod storage;
mod timestamp;
mod tlog;
mod trust;
mod verify;
mod x509;

pub use api::*;

/// The program. Not part of what is promised.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::main;
