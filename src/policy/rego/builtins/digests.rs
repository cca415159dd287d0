//! `crypto.*`: digests and HMAC, in hexadecimal.

use regorus::Value;

use super::{Function, text};
use crate::crypto::legacy_digest::{Algorithm, digest, hmac};

pub(super) const FUNCTIONS: &[Function] = &[
    ("crypto.hmac.equal", 2, |given| Some((text(given, 0)? == text(given, 1)?).into())),
    ("crypto.hmac.md5", 2, |given| keyed(given, Algorithm::Md5)),
    ("crypto.hmac.sha1", 2, |given| keyed(given, Algorithm::Sha1)),
    ("crypto.hmac.sha256", 2, |given| keyed(given, Algorithm::Sha256)),
    ("crypto.hmac.sha512", 2, |given| keyed(given, Algorithm::Sha512)),
    ("crypto.md5", 1, |given| plain(given, Algorithm::Md5)),
    ("crypto.sha1", 1, |given| plain(given, Algorithm::Sha1)),
    ("crypto.sha256", 1, |given| plain(given, Algorithm::Sha256)),
];

fn plain(given: &[Value], algorithm: Algorithm) -> Option<Value> {
    Some(hex::encode(digest(algorithm, text(given, 0)?.as_bytes())).into())
}

fn keyed(given: &[Value], algorithm: Algorithm) -> Option<Value> {
    Some(hex::encode(hmac(algorithm, text(given, 1)?.as_bytes(), text(given, 0)?.as_bytes())).into())
}
