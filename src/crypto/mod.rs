//! Digests, keys, signatures, PEM, strict JSON, time and secrets.
//!
//! The lowest room: pure, no file, socket, clock or environment, and nothing of Sigstore's formats but the key file.
//! Only this room, `x509` and `timestamp` name aws-lc-rs and RustCrypto types; none of them is public from here.

pub mod base64;
#[cfg(feature = "cli")]
mod block_cipher;
mod decode;
mod digest;
mod ed25519;
pub mod json;
#[cfg(any(feature = "http", feature = "rego"))]
pub mod jwk;
mod key_type;
#[cfg(any(test, feature = "cue", feature = "rego"))]
#[cfg_attr(not(feature = "cue"), allow(dead_code, reason = "Rego asks for fewer"))]
pub mod legacy_digest;
mod node;
mod oid;
pub mod pem;
mod private_key;
pub mod proto_json;
mod public_key;
#[cfg(any(test, feature = "cli", feature = "sandbox"))]
mod random;
pub mod sealed;
#[cfg(feature = "http")]
pub mod sealed_box;
mod secret;
mod signing_key;
pub mod text;
mod time;

pub use base64::decode as decode_base64;
#[cfg(feature = "cli")]
pub use block_cipher::BlockCipher;
pub use decode::{DecodeError, DecodeKind};
#[cfg(feature = "http")]
pub use digest::sha1_name;
pub use digest::{Digest, Digests, HashAlgorithm, Hasher, sha256};
pub use ed25519::{Ed25519Stream, Ed25519Streamed};
pub use key_type::{KeyType, SignatureScheme};
pub use node::Node;
pub use private_key::{PrivateKey, PrivateKeyError};
pub use public_key::{PublicKey, SignatureError, Signed};
#[cfg(any(test, feature = "cli", feature = "sandbox"))]
pub use random::random;
pub use secret::Secret;
#[cfg(any(test, feature = "sandbox"))]
pub use signing_key::sign_at_once;
pub use signing_key::{SignError, SigningFuture, SigningInput, SigningKey};
pub use time::UnixTime;
