//! `crypto.*`: digests and HMAC, in hexadecimal.

use regorus::Value;

use super::{Function, md5, text};
use crate::crypto::{HashAlgorithm, sha1_name};

pub(super) const FUNCTIONS: &[Function] = &[
    ("crypto.hmac.equal", 2, |given| Some((text(given, 0)? == text(given, 1)?).into())),
    ("crypto.hmac.md5", 2, |given| keyed(given, Hash::Md5)),
    ("crypto.hmac.sha1", 2, |given| keyed(given, Hash::Sha1)),
    ("crypto.hmac.sha256", 2, |given| keyed(given, Hash::Sha2(HashAlgorithm::Sha256))),
    ("crypto.hmac.sha512", 2, |given| keyed(given, Hash::Sha2(HashAlgorithm::Sha512))),
    ("crypto.md5", 1, |given| plain(given, Hash::Md5)),
    ("crypto.sha1", 1, |given| plain(given, Hash::Sha1)),
    ("crypto.sha256", 1, |given| plain(given, Hash::Sha2(HashAlgorithm::Sha256))),
];

/// The hashes that policies may ask for; the first two protect nothing.
#[derive(Clone, Copy)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha2(HashAlgorithm),
}

impl Hash {
    fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => md5::digest(data).to_vec(),
            Self::Sha1 => hex::decode(sha1_name(data)).unwrap_or_default(),
            Self::Sha2(algorithm) => algorithm.digest(data).bytes().to_vec(),
        }
    }

    /// Bytes of a block (RFC 2104 section 2).
    fn block(self) -> usize {
        match self {
            Self::Sha2(HashAlgorithm::Sha384 | HashAlgorithm::Sha512) => 128,
            _ => 64,
        }
    }
}

/// HMAC (RFC 2104 section 2).
pub(super) fn hmac(hash: Hash, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut padded = if key.len() > hash.block() { hash.of(key) } else { key.to_vec() };
    padded.resize(hash.block(), 0);
    let with = |mask: u8, rest: &[u8]| {
        let mut bytes: Vec<u8> = padded.iter().map(|byte| byte ^ mask).collect();
        bytes.extend_from_slice(rest);
        hash.of(&bytes)
    };
    with(0x5c, &with(0x36, message))
}

fn plain(given: &[Value], hash: Hash) -> Option<Value> {
    Some(hex::encode(hash.of(text(given, 0)?.as_bytes())).into())
}

fn keyed(given: &[Value], hash: Hash) -> Option<Value> {
    Some(hex::encode(hmac(hash, text(given, 1)?.as_bytes(), text(given, 0)?.as_bytes())).into())
}
