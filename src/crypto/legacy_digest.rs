//! Digests that policies may compute, of any age. No signature, subject or log entry is verified with them: those are
//! [`HashAlgorithm`]s.

use aws_lc_rs::digest as lc;

use super::HashAlgorithm;

mod md5;

/// A digest algorithm, SHA-1 and MD5 among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4, as all that follow.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA-512/256.
    Sha512_256,
}

impl From<HashAlgorithm> for Algorithm {
    fn from(algorithm: HashAlgorithm) -> Self {
        match algorithm {
            HashAlgorithm::Sha224 => Self::Sha224,
            HashAlgorithm::Sha256 => Self::Sha256,
            HashAlgorithm::Sha384 => Self::Sha384,
            HashAlgorithm::Sha512 => Self::Sha512,
        }
    }
}

/// The digest of bytes.
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match algorithm {
        Algorithm::Md5 => return md5::digest(bytes).to_vec(),
        Algorithm::Sha1 => &lc::SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::Sha224 => &lc::SHA224,
        Algorithm::Sha256 => &lc::SHA256,
        Algorithm::Sha384 => &lc::SHA384,
        Algorithm::Sha512 => &lc::SHA512,
        Algorithm::Sha512_256 => &lc::SHA512_256,
    };
    lc::digest(algorithm, bytes).as_ref().to_vec()
}

/// The keyed digest of bytes (RFC 2104).
pub fn hmac(algorithm: Algorithm, key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let block = match algorithm {
        Algorithm::Md5 | Algorithm::Sha1 | Algorithm::Sha224 | Algorithm::Sha256 => 64,
        Algorithm::Sha384 | Algorithm::Sha512 | Algorithm::Sha512_256 => 128,
    };
    let mut key = if key.len() > block { digest(algorithm, key) } else { key.to_vec() };
    key.resize(block, 0);
    let padded = |pad: u8, rest: &[u8]| {
        let start = key.iter().map(|byte| byte ^ pad);
        digest(algorithm, &start.chain(rest.iter().copied()).collect::<Vec<u8>>())
    };
    padded(0x5c, &padded(0x36, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_the_specifications() {
        // RFC 1321 appendix A.5.
        for (text, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(hex::encode(digest(Algorithm::Md5, text.as_bytes())), expected, "{text}");
        }
        for (algorithm, expected) in [
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        ] {
            assert_eq!(hex::encode(digest(algorithm, b"abc")), expected);
        }
    }

    #[test]
    fn keyed_digests_of_the_specifications() {
        // RFC 2202 sections 2 and 3, and RFC 4231 section 4.7: a key that is longer than a block.
        let text = b"what do ya want for nothing?";
        assert_eq!(hex::encode(hmac(Algorithm::Md5, b"Jefe", text)), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(
            hex::encode(hmac(Algorithm::Sha1, b"Jefe", text)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        let long =
            hmac(Algorithm::Sha256, &[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex::encode(long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
