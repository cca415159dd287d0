//! Public keys and the checking of signatures.

use aws_lc_rs::digest as lc_digest;
use aws_lc_rs::signature as lc;
use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};
use der::asn1::{BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::{
    DecodeError, Digest, Digests, Ed25519Streamed, HashAlgorithm, KeyType, SignatureScheme, ed25519, oid, pem,
};

const WHAT: &str = "public key";

/// A public key: its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), parsed and checked (point on the curve, modulus of
/// 2048 to 8192 bits) when it was made. Equal when the encodings are equal.
#[derive(Clone)]
pub struct PublicKey {
    key_type: KeyType,
    spki: Vec<u8>,
    parsed: Parsed,
}

/// The key in the form that its arithmetic takes.
#[derive(Clone)]
pub(super) enum Parsed {
    Ecdsa(ParsedPublicKey),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    /// RSAPublicKey in DER (RFC 8017 appendix A.1.1).
    Rsa(Vec<u8>),
}

/// The signed bytes, as far as they are at hand.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// The message itself.
    Message(&'a [u8]),
    /// The message, in pieces that follow each other.
    Parts(&'a [&'a [u8]]),
    /// A message that was hashed as it streamed by: its digests, and the pure Ed25519 signatures that were checked on
    /// the way.
    Stream {
        /// The digests of the message.
        digests: &'a Digests,
        /// The outcome of the pure Ed25519 checks.
        ed25519: &'a [Ed25519Streamed],
    },
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The mathematics say no.
    #[error("the signature does not match the signed bytes and the {0} key")]
    Invalid(KeyType),
    /// The scheme is not one of this key's.
    #[error("a {key} key does not make signatures of the form {scheme}")]
    Scheme {
        /// The kind of key.
        key: KeyType,
        /// The scheme that was asked for.
        scheme: SignatureScheme,
    },
    /// The digest by the scheme's algorithm, or the message, is not at hand.
    #[error(
        "the artifact is known by its digest alone, and a signature of the form {scheme} needs what is not given"
    )]
    Unavailable {
        /// The scheme that was asked for.
        scheme: SignatureScheme,
    },
}

impl PublicKey {
    /// The kind of key.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The SHA-256 of the SubjectPublicKeyInfo: log identifiers (RFC 6962 section 3.2) and bundle hints are made of it.
    pub fn key_id(&self) -> [u8; 32] {
        super::sha256(&self.spki)
    }

    pub(super) fn parsed(&self) -> &Parsed {
        &self.parsed
    }
}

impl PublicKey {
    /// Parses a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Not DER, trailing bytes, an algorithm or curve that is not in [`KeyType`], an RSA modulus under 2048 or over 8192
    /// bits.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, DecodeError> {
        let info = SubjectPublicKeyInfoRef::from_der(der)
            .map_err(|e| DecodeError::whole(WHAT, format!("not a SubjectPublicKeyInfo in DER: {e}")))?;
        let bits = info
            .subject_public_key
            .as_bytes()
            .ok_or_else(|| DecodeError::whole(WHAT, "the key is not a whole number of octets"))?;
        let (key_type, parsed) = match info.algorithm.oid {
            oid::RSA => rsa_key(&info.algorithm, bits)?,
            oid::EC => ec_key(&info.algorithm, bits)?,
            oid::ED25519 => ed25519_key(&info.algorithm, bits)?,
            other => return Err(DecodeError::whole(WHAT, oid::unsupported(other))),
        };
        Ok(Self { key_type, spki: der.to_vec(), parsed })
    }

    /// Parses one PEM block `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS #1).
    ///
    /// # Errors
    /// As [`Self::from_spki_der`]; no such block, more than one block, a private key (the message says so).
    pub fn from_pem(text: &[u8]) -> Result<Self, DecodeError> {
        let blocks = pem::decode(WHAT, text, 1)?;
        let Some(block) = blocks.first() else {
            return Err(DecodeError::whole(WHAT, "no PEM block"));
        };
        match block.label.as_str() {
            "PUBLIC KEY" => Self::from_spki_der(&block.contents),
            "RSA PUBLIC KEY" => Self::from_pkcs1(&block.contents),
            label if label.ends_with("PRIVATE KEY") => {
                Err(DecodeError::whole(WHAT, format!("this is a private key (PEM block `{label}`)")))
            }
            label => Err(DecodeError::whole(WHAT, format!("PEM block `{label}` is not a public key"))),
        }
    }

    /// PEM `PUBLIC KEY`, as OpenSSL and cosign write it.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// From an RSAPublicKey in DER (RFC 8017 appendix A.1.1).
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, DecodeError> {
        let algorithm = AlgorithmIdentifierRef { oid: oid::RSA, parameters: Some(der::asn1::AnyRef::NULL) };
        Self::from_parts(algorithm, der)
    }

    /// From a point on a named curve (SEC 1 section 2.3.3), uncompressed.
    pub(super) fn from_point(curve: ObjectIdentifier, point: &[u8]) -> Result<Self, DecodeError> {
        Self::from_parts(AlgorithmIdentifierRef { oid: oid::EC, parameters: Some((&curve).into()) }, point)
    }

    /// From an Ed25519 key (RFC 8410 section 4).
    ///
    /// # Errors
    /// Not 32 bytes.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_parts(AlgorithmIdentifierRef { oid: oid::ED25519, parameters: None }, bytes)
    }

    fn from_parts(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> Result<Self, DecodeError> {
        let der = BitStringRef::from_bytes(key)
            .and_then(|subject_public_key| SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der())
            .map_err(|e| DecodeError::whole(WHAT, e.to_string()))?;
        Self::from_spki_der(&der)
    }
}

impl PublicKey {
    /// Checks a signature.
    ///
    /// ECDSA goes with every hash: one that is longer than the curve's order is cut on the right, as FIPS 186-5 section
    /// 6.4 wants it. RSA goes with SHA-256, SHA-384 and SHA-512.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(
        &self,
        scheme: SignatureScheme,
        signed: Signed<'_>,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let wrong_scheme = SignatureError::Scheme { key: self.key_type, scheme };
        let valid = match (&self.parsed, scheme) {
            (Parsed::Ecdsa(key), SignatureScheme::Ecdsa(hash)) => {
                let digest = signed.digest(hash).ok_or(SignatureError::Unavailable { scheme })?;
                ecdsa_digest(self.key_type, &digest)
                    .is_some_and(|d| key.verify_digest_sig(&d, signature).is_ok())
            }
            (Parsed::Rsa(key), SignatureScheme::RsaPkcs1(hash) | SignatureScheme::RsaPss(hash)) => {
                let algorithm = rsa_algorithm(scheme).ok_or(wrong_scheme)?;
                let digest = signed.digest(hash).ok_or(SignatureError::Unavailable { scheme })?;
                lc_digest::Digest::import_less_safe(digest.bytes(), hash.lc())
                    .is_ok_and(|d| algorithm.verify_digest_sig(key, &d, signature).is_ok())
            }
            (Parsed::Ed25519(key), SignatureScheme::Ed25519) => match signed {
                Signed::Message(message) => ed25519::verify(key, message, signature),
                Signed::Parts(parts) => ed25519::verify(key, &parts.concat(), signature),
                Signed::Stream { ed25519, .. } => ed25519
                    .iter()
                    .find_map(|streamed| streamed.outcome(self, signature))
                    .ok_or(SignatureError::Unavailable { scheme })?,
            },
            (Parsed::Ed25519(key), SignatureScheme::Ed25519ph) => {
                let digest =
                    signed.digest(HashAlgorithm::Sha512).ok_or(SignatureError::Unavailable { scheme })?;
                ed25519::verify_ph(key, digest.bytes(), signature)
            }
            _ => return Err(wrong_scheme),
        };
        if valid { Ok(()) } else { Err(SignatureError::Invalid(self.key_type)) }
    }
}

impl Signed<'_> {
    fn digest(&self, algorithm: HashAlgorithm) -> Option<std::borrow::Cow<'_, Digest>> {
        match self {
            Self::Message(message) => Some(std::borrow::Cow::Owned(algorithm.digest(message))),
            Self::Parts(parts) => Some(std::borrow::Cow::Owned(algorithm.digest_parts(parts))),
            Self::Stream { digests, .. } => digests.get(algorithm).map(std::borrow::Cow::Borrowed),
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}, {})", self.key_type, hex::encode(self.key_id()))
    }
}

/// The digest in the form in which aws-lc-rs takes it for a curve: under the name of the one hash that it knows for the
/// curve in both directions, with the bytes that ECDSA makes its number of. That number is the leftmost bits of the
/// digest, as many as the curve's order has (FIPS 186-5 section 6.4.1), whatever hash they come from: a digest that is
/// too long for the name is cut on the right, one that is too short gets zeros on the left.
pub(super) fn ecdsa_digest(key: KeyType, digest: &Digest) -> Option<lc_digest::Digest> {
    let algorithm = match key {
        KeyType::P256 => &lc_digest::SHA256,
        KeyType::P384 => &lc_digest::SHA384,
        // An order of 521 bits is longer than every digest here: nothing is ever cut.
        KeyType::P521 => &lc_digest::SHA512,
        KeyType::Rsa { .. } | KeyType::Ed25519 => return None,
    };
    let mut bytes = vec![0; algorithm.output_len().saturating_sub(digest.bytes().len())];
    bytes.extend(digest.bytes().iter().take(algorithm.output_len()));
    lc_digest::Digest::import_less_safe(&bytes, algorithm).ok()
}

fn rsa_algorithm(scheme: SignatureScheme) -> Option<&'static dyn VerificationAlgorithm> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureScheme::{RsaPkcs1, RsaPss};
    Some(match scheme {
        RsaPkcs1(Sha256) => &lc::RSA_PKCS1_2048_8192_SHA256,
        RsaPkcs1(Sha384) => &lc::RSA_PKCS1_2048_8192_SHA384,
        RsaPkcs1(Sha512) => &lc::RSA_PKCS1_2048_8192_SHA512,
        RsaPss(Sha256) => &lc::RSA_PSS_2048_8192_SHA256,
        RsaPss(Sha384) => &lc::RSA_PSS_2048_8192_SHA384,
        RsaPss(Sha512) => &lc::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// RFC 8017 appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

fn rsa_key(algorithm: &AlgorithmIdentifierRef<'_>, key: &[u8]) -> Result<(KeyType, Parsed), DecodeError> {
    // RFC 3279 section 2.3.1: the parameters must be NULL.
    if algorithm.parameters != Some(der::asn1::AnyRef::NULL) {
        return Err(DecodeError::whole(WHAT, "RSA parameters other than NULL"));
    }
    let parts = RsaPublicKey::from_der(key)
        .map_err(|e| DecodeError::whole(WHAT, format!("not an RSAPublicKey in DER: {e}")))?;
    let bits = rsa_bits(parts.modulus, parts.exponent).map_err(|reason| DecodeError::whole(WHAT, reason))?;
    lc::RsaParameters::public_modulus_len(key)
        .map_err(|_| DecodeError::whole(WHAT, "not a usable RSA key"))?;
    Ok((KeyType::Rsa { bits }, Parsed::Rsa(key.to_vec())))
}

/// The modulus length in bits, when modulus and exponent are within our limits.
pub(super) fn rsa_bits(modulus: UintRef<'_>, exponent: UintRef<'_>) -> Result<usize, String> {
    let bytes = modulus.as_bytes();
    let bits = bytes.first().map_or(0, |first| bytes.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(format!("RSA modulus of {bits} bits; 2048 to 8192 are supported"));
    }
    // Go's limit on the exponent is 2^31-1; an even one or 1 is no RSA key.
    let exponent = exponent.as_bytes();
    let value = exponent.iter().fold(0u64, |sum, b| (sum << 8) | u64::from(*b));
    if exponent.len() > 4 || !(3..1 << 31).contains(&value) || value % 2 == 0 {
        return Err("RSA exponent that is even, under 3 or over 31 bits".to_string());
    }
    Ok(bits)
}

fn ec_key(algorithm: &AlgorithmIdentifierRef<'_>, point: &[u8]) -> Result<(KeyType, Parsed), DecodeError> {
    let curve = algorithm.parameters_oid().map_err(|_| {
        DecodeError::whole(WHAT, "elliptic curve by parameters; only named curves are supported")
    })?;
    let key_type = oid::curve(curve).map_err(|reason| DecodeError::whole(WHAT, reason))?;
    let (algorithm, length) = match key_type {
        KeyType::P256 => (&lc::ECDSA_P256_SHA256_ASN1, 65),
        KeyType::P384 => (&lc::ECDSA_P384_SHA384_ASN1, 97),
        _ => (&lc::ECDSA_P521_SHA512_ASN1, 133),
    };
    // One key, one encoding, as Go has it: compressed points are not accepted.
    if point.len() != length || point.first() != Some(&4) {
        return Err(DecodeError::whole(WHAT, format!("not an uncompressed point of {key_type}")));
    }
    let parsed = ParsedPublicKey::new(algorithm, point)
        .map_err(|_| DecodeError::whole(WHAT, format!("the point is not on the curve of {key_type}")))?;
    Ok((key_type, Parsed::Ecdsa(parsed)))
}

fn ed25519_key(algorithm: &AlgorithmIdentifierRef<'_>, key: &[u8]) -> Result<(KeyType, Parsed), DecodeError> {
    // RFC 8410 section 3: no parameters.
    if algorithm.parameters.is_some() {
        return Err(DecodeError::whole(WHAT, "Ed25519 with parameters"));
    }
    let parsed = ed25519::parse_key(key).ok_or_else(|| {
        DecodeError::whole(WHAT, "not a usable Ed25519 key: no point of the curve, or one of small order")
    })?;
    Ok((KeyType::Ed25519, Parsed::Ed25519(Box::new(parsed))))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;
