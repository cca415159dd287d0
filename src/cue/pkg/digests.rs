//! `crypto/*`: digests, and keyed digests.

use super::Parameter::{Bytes, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function};
use crate::crypto::legacy_digest::{self, Algorithm};
use crate::cue::data::Data;

/// `crypto/md5`
pub(super) const MD5: Members = &[
    ("Size", Member::Source("16")),
    ("BlockSize", Member::Source("64")),
    ("Sum", function(&[Bytes], |a| digest(a, Algorithm::Md5))),
];

/// `crypto/sha1`
pub(super) const SHA1: Members = &[
    ("Size", Member::Source("20")),
    ("BlockSize", Member::Source("64")),
    ("Sum", function(&[Bytes], |a| digest(a, Algorithm::Sha1))),
];

/// `crypto/sha256`
pub(super) const SHA256: Members = &[
    ("Size", Member::Source("32")),
    ("Size224", Member::Source("28")),
    ("BlockSize", Member::Source("64")),
    ("Sum256", function(&[Bytes], |a| digest(a, Algorithm::Sha256))),
    ("Sum224", function(&[Bytes], |a| digest(a, Algorithm::Sha224))),
];

/// `crypto/sha512`
pub(super) const SHA512: Members = &[
    ("Size", Member::Source("64")),
    ("Size224", Member::Source("28")),
    ("Size256", Member::Source("32")),
    ("Size384", Member::Source("48")),
    ("BlockSize", Member::Source("128")),
    ("Sum512", function(&[Bytes], |a| digest(a, Algorithm::Sha512))),
    ("Sum384", function(&[Bytes], |a| digest(a, Algorithm::Sha384))),
    ("Sum512_224", Member::Unsupported),
    ("Sum512_256", function(&[Bytes], |a| digest(a, Algorithm::Sha512_256))),
];

/// `crypto/hmac`
pub(super) const HMAC: Members = &[
    ("MD5", Member::Source("\"MD5\"")),
    ("SHA1", Member::Source("\"SHA1\"")),
    ("SHA224", Member::Source("\"SHA224\"")),
    ("SHA256", Member::Source("\"SHA256\"")),
    ("SHA384", Member::Source("\"SHA384\"")),
    ("SHA512", Member::Source("\"SHA512\"")),
    ("SHA512_224", Member::Source("\"SHA512_224\"")),
    ("SHA512_256", Member::Source("\"SHA512_256\"")),
    ("Sign", function(&[Text, Bytes, Bytes], sign)),
];

/// `crypto/ed25519`
pub(super) const ED25519: Members =
    &[("PublicKeySize", Member::Source("32")), ("Valid", Member::Unsupported)];

fn digest(a: &[Data], algorithm: Algorithm) -> Result<Data, CallError> {
    Ok(legacy_digest::digest(algorithm, a.bytes(0)?).into())
}

fn sign(a: &[Data]) -> Result<Data, CallError> {
    let algorithm = match a.text(0)? {
        "MD5" => Algorithm::Md5,
        "SHA1" => Algorithm::Sha1,
        "SHA224" => Algorithm::Sha224,
        "SHA256" => Algorithm::Sha256,
        "SHA384" => Algorithm::Sha384,
        "SHA512" => Algorithm::Sha512,
        "SHA512_256" => Algorithm::Sha512_256,
        "SHA512_224" => return Err(CallError::Unsupported("SHA512_224 in `crypto/hmac.Sign`".into())),
        _ => return failed("unsupported hash function"),
    };
    Ok(legacy_digest::hmac(algorithm, a.bytes(1)?, a.bytes(2)?).into())
}
