//! Private keys in memory.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature as lc;
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode, Reader, Sequence, SliceReader, Tag};
use pkcs8::PrivateKeyInfo;
use zeroize::Zeroizing;

use super::public_key::{ecdsa_digest, rsa_bits};
use super::{
    DecodeError, Digest, HashAlgorithm, KeyType, PublicKey, Secret, SignError, SigningFuture, SigningInput,
    SigningKey, ed25519, oid, pem,
};

const WHAT: &str = "private key";

/// A private key in memory: P-256, P-384, P-521, RSA (2048 to 8192 bits), Ed25519.
pub struct PrivateKey {
    public: PublicKey,
    pair: Pair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Rsa(RsaKeyPair),
}

/// Why a private key could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum PrivateKeyError {
    /// Not a key of a supported kind.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The random source or the key generation failed.
    #[error("could not generate a {0} key")]
    Generate(KeyType),
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// [`PrivateKeyError::Generate`]; RSA keys are made with 2048, 3072, 4096 or 8192 bits only.
    pub fn generate(key_type: KeyType) -> Result<Self, PrivateKeyError> {
        let failed = || PrivateKeyError::Generate(key_type);
        let size = match key_type {
            KeyType::P256 | KeyType::P384 | KeyType::P521 => {
                let (algorithm, curve) = ec_algorithm(key_type).ok_or_else(failed)?;
                return Ok(Self::from_ecdsa(
                    curve,
                    EcdsaKeyPair::generate(algorithm).map_err(|_| failed())?,
                )?);
            }
            KeyType::Ed25519 => {
                let mut seed = Zeroizing::new([0; 32]);
                aws_lc_rs::rand::fill(seed.as_mut_slice()).map_err(|_| failed())?;
                return Ok(Self::from_seed(seed.as_slice(), None)?);
            }
            KeyType::Rsa { bits: 2048 } => KeySize::Rsa2048,
            KeyType::Rsa { bits: 3072 } => KeySize::Rsa3072,
            KeyType::Rsa { bits: 4096 } => KeySize::Rsa4096,
            KeyType::Rsa { bits: 8192 } => KeySize::Rsa8192,
            KeyType::Rsa { .. } => return Err(failed()),
        };
        Ok(Self::from_rsa(RsaKeyPair::generate(size).map_err(|_| failed())?)?)
    }

    /// From PKCS #8 (RFC 5958), SEC 1 (RFC 5915) or PKCS #1 (RFC 8017) in DER.
    ///
    /// # Errors
    /// [`PrivateKeyError::Decode`]: not DER, trailing bytes, a kind of key that is not in [`KeyType`] (the message names
    /// it), a public half that does not belong to the private one.
    pub fn from_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        // All three are sequences that begin with a version; the second member tells them apart.
        let second = SliceReader::new(der).and_then(|mut reader| {
            der::Header::decode(&mut reader)?;
            AnyRef::decode(&mut reader)?;
            reader.peek_tag()
        });
        Ok(match second {
            Ok(Tag::Sequence) => Self::from_pkcs8(der)?,
            Ok(Tag::OctetString) => Self::from_sec1(der, None)?,
            Ok(Tag::Integer) => Self::from_pkcs1(der)?,
            _ => return Err(bad("neither PKCS #8 nor SEC 1 nor PKCS #1 in DER").into()),
        })
    }

    /// From PEM `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`. Encrypted keys are the business of [`super::sealed`].
    ///
    /// # Errors
    /// As [`Self::from_der`]; no such block, a second block other than OpenSSL's `EC PARAMETERS`, any other kind of
    /// block (the message names it).
    pub fn from_pem(text: &[u8]) -> Result<Self, PrivateKeyError> {
        let mut blocks = pem::decode(WHAT, text, 2)?;
        blocks.retain(|b| b.label != "EC PARAMETERS");
        if blocks.len() > 1 {
            return Err(bad("more than one PEM block").into());
        }
        let block = blocks.pop().ok_or_else(|| bad("no PEM block"))?;
        let (label, encrypted) = (block.label, block.headers.iter().any(|(name, _)| name == "DEK-Info"));
        let contents = Secret::new(block.contents);
        match label.as_str() {
            _ if encrypted => Err(bad(format!("PEM block `{label}` with OpenSSL's old encryption")).into()),
            "PRIVATE KEY" => Ok(Self::from_pkcs8(contents.expose())?),
            "EC PRIVATE KEY" => Ok(Self::from_sec1(contents.expose(), None)?),
            "RSA PRIVATE KEY" => Ok(Self::from_pkcs1(contents.expose())?),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                Err(bad(format!("this is a public key (PEM block `{label}`)")).into())
            }
            _ => Err(bad(format!("PEM block `{label}` is not a supported private key")).into()),
        }
    }

    /// PKCS #8 in DER, version 1: Go's `x509.ParsePKCS8PrivateKey`, and cosign with it, reads no other.
    ///
    /// # Errors
    /// When the encoder fails, which takes a lack of memory.
    pub fn to_pkcs8(&self) -> Result<Secret, PrivateKeyError> {
        let failed = |_| bad("could not be encoded");
        let der = match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
            Pair::Ed25519(key) => {
                // RFC 8410 section 7: an OCTET STRING in the OCTET STRING.
                let inner = OctetStringRef::new(key.as_bytes())
                    .and_then(|seed| seed.to_der())
                    .map(Zeroizing::new)
                    .map_err(|e| bad(e.to_string()))?;
                let algorithm = pkcs8::AlgorithmIdentifierRef { oid: oid::ED25519, parameters: None };
                PrivateKeyInfo::new(algorithm, &inner).to_der().map_err(|e| bad(e.to_string()))?
            }
        };
        Ok(Secret::new(der))
    }
}

impl PrivateKey {
    fn from_pkcs8(der: &[u8]) -> Result<Self, DecodeError> {
        let info = PrivateKeyInfo::try_from(der).map_err(|e| bad(format!("not PKCS #8 in DER: {e}")))?;
        match info.algorithm.oid {
            oid::RSA => Self::from_pkcs1(info.private_key),
            oid::EC => {
                let curve = info.algorithm.parameters_oid().map_err(|_| bad(EXPLICIT_CURVE))?;
                Self::from_sec1(info.private_key, Some(curve))
            }
            oid::ED25519 => {
                // RFC 8410 section 7.
                let seed = OctetStringRef::from_der(info.private_key)
                    .map_err(|e| bad(format!("not an Ed25519 private key in DER: {e}")))?;
                Self::from_seed(seed.as_bytes(), info.public_key)
            }
            other => Err(bad(oid::unsupported(other))),
        }
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, DecodeError> {
        let numbers =
            RsaPrivateKey::from_der(der).map_err(|e| bad(format!("not an RSAPrivateKey in DER: {e}")))?;
        if numbers.version != 0 {
            return Err(bad("RSA key with more than two primes"));
        }
        rsa_bits(numbers.modulus, numbers.public_exponent).map_err(bad)?;
        let pair =
            RsaKeyPair::from_der(der).map_err(|_| bad("the numbers of the RSA key do not fit together"))?;
        Self::from_rsa(pair)
    }

    /// `named`: the curve that PKCS #8 names around the key.
    fn from_sec1(der: &[u8], named: Option<ObjectIdentifier>) -> Result<Self, DecodeError> {
        let key = EcPrivateKey::from_der(der).map_err(|e| bad(format!("not an ECPrivateKey in DER: {e}")))?;
        if key.version != 1 {
            return Err(bad("ECPrivateKey of an unknown version"));
        }
        let inner = match key.parameters {
            Some(parameters) => {
                Some(ObjectIdentifier::try_from(parameters).map_err(|_| bad(EXPLICIT_CURVE))?)
            }
            None => None,
        };
        let curve = match (named, inner) {
            (Some(a), Some(b)) if a != b => return Err(bad("two different curves are named")),
            (Some(curve), _) | (None, Some(curve)) => curve,
            (None, None) => return Err(bad("no curve is named")),
        };
        let key_type = oid::curve(curve).map_err(bad)?;
        let (algorithm, _) = ec_algorithm(key_type).ok_or_else(|| bad("no elliptic curve"))?;
        let scalar =
            fixed_length(key.private_key.as_bytes(), key_type).ok_or_else(|| bad("scalar too long"))?;
        // Without a public key inside, the library computes it.
        let minimal = EcPrivateKey {
            version: 1,
            private_key: OctetStringRef::new(&scalar).map_err(|e| bad(e.to_string()))?,
            parameters: Some((&curve).into()),
            public_key: None,
        };
        let minimal = Zeroizing::new(minimal.to_der().map_err(|e| bad(e.to_string()))?);
        let pair = EcdsaKeyPair::from_private_key_der(algorithm, &minimal)
            .map_err(|_| bad(format!("not a usable {key_type} key")))?;
        if let Some(stated) = key.public_key {
            let point = pair.public_key().as_ref();
            if stated.as_bytes().is_none_or(|stated| stated != point && stated != compressed(point)) {
                return Err(bad("the public key inside does not belong to the private key"));
            }
        }
        Self::from_ecdsa(curve, pair)
    }

    fn from_ecdsa(curve: ObjectIdentifier, pair: EcdsaKeyPair) -> Result<Self, DecodeError> {
        Ok(Self {
            public: PublicKey::from_point(curve, pair.public_key().as_ref())?,
            pair: Pair::Ecdsa(pair),
        })
    }

    fn from_rsa(pair: RsaKeyPair) -> Result<Self, DecodeError> {
        Ok(Self { public: PublicKey::from_pkcs1(pair.public_key().as_ref())?, pair: Pair::Rsa(pair) })
    }

    fn from_seed(seed: &[u8], stated: Option<&[u8]>) -> Result<Self, DecodeError> {
        let key = ed25519_dalek::SigningKey::try_from(seed)
            .map_err(|_| bad("Ed25519 seed that is not 32 bytes long"))?;
        let public = key.verifying_key();
        if stated.is_some_and(|stated| stated != public.as_bytes()) {
            return Err(bad("the public key inside does not belong to the private key"));
        }
        Ok(Self { public: PublicKey::from_ed25519(public.as_bytes())?, pair: Pair::Ed25519(Box::new(key)) })
    }

    /// Signs, as [`SigningKey::sign`] does, without a future: a key in memory never has to wait.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_now(&self, input: &SigningInput) -> Result<Vec<u8>, SignError> {
        let key = self.public.key_type();
        let refused = |input: String| SignError::Input { key, input };
        let hashed;
        let digest = match (&self.pair, input) {
            (Pair::Ed25519(pair), SigningInput::Message(message)) => {
                return ed25519::sign(pair, message).ok_or_else(failed);
            }
            (_, SigningInput::Digest(digest)) => digest,
            (_, SigningInput::Message(message)) => {
                hashed = key.default_hash().digest(message);
                &hashed
            }
        };
        match &self.pair {
            Pair::Ed25519(pair) if digest.algorithm() == HashAlgorithm::Sha512 => {
                ed25519::sign_ph(pair, digest.bytes()).ok_or_else(failed)
            }
            Pair::Ed25519(_) => Err(refused(format!("a {} digest", digest.algorithm()))),
            Pair::Ecdsa(pair) => {
                let digest = ecdsa_digest(key, digest).ok_or_else(failed)?;
                Ok(pair.sign_digest(&digest).map_err(|_| failed())?.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                sign_rsa(pair, digest)?.ok_or_else(|| refused(format!("a {} digest", digest.algorithm())))
            }
        }
    }
}

impl SigningKey for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, input: &'a SigningInput) -> SigningFuture<'a> {
        Box::pin(std::future::ready(self.sign_now(input)))
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({:?})", self.public)
    }
}

const EXPLICIT_CURVE: &str = "elliptic curve by parameters; only named curves are supported";

/// RFC 5915 section 3.
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    private_key: OctetStringRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    parameters: Option<AnyRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public_key: Option<BitStringRef<'a>>,
}

/// RFC 8017 appendix A.1.2, as far as it is looked at here; the library checks all numbers.
struct RsaPrivateKey<'a> {
    version: u8,
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl<'a> Decode<'a> for RsaPrivateKey<'a> {
    fn decode<R: Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        reader.sequence(|reader| {
            let this = Self {
                version: reader.decode()?,
                modulus: reader.decode()?,
                public_exponent: reader.decode()?,
            };
            while !reader.is_finished() {
                AnyRef::decode(reader)?;
            }
            Ok(this)
        })
    }
}

fn bad(reason: impl Into<String>) -> DecodeError {
    DecodeError::whole(WHAT, reason)
}

fn failed() -> SignError {
    SignError::Backend("the cryptographic library refused".into())
}

fn ec_algorithm(key_type: KeyType) -> Option<(&'static lc::EcdsaSigningAlgorithm, ObjectIdentifier)> {
    Some(match key_type {
        KeyType::P256 => (&lc::ECDSA_P256_SHA256_ASN1_SIGNING, oid::P256),
        KeyType::P384 => (&lc::ECDSA_P384_SHA384_ASN1_SIGNING, oid::P384),
        KeyType::P521 => (&lc::ECDSA_P521_SHA512_ASN1_SIGNING, oid::P521),
        KeyType::Rsa { .. } | KeyType::Ed25519 => return None,
    })
}

/// A scalar with as many octets as RFC 5915 section 3 wants: some writers drop leading zeros, some add one.
fn fixed_length(scalar: &[u8], key_type: KeyType) -> Option<Zeroizing<Vec<u8>>> {
    let length = match key_type {
        KeyType::P256 => 32,
        KeyType::P384 => 48,
        _ => 66,
    };
    let start = scalar.iter().position(|b| *b != 0).unwrap_or(scalar.len());
    let digits = scalar.get(start..)?;
    let mut out = Zeroizing::new(vec![0; length]);
    out.get_mut(length.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(out)
}

/// The compressed form of an uncompressed point (SEC 1 section 2.3.3).
fn compressed(point: &[u8]) -> Vec<u8> {
    let (x, y) = point.split_at(point.len().div_ceil(2));
    let parity = y.last().map_or(0, |b| b & 1);
    [2 + parity].into_iter().chain(x.iter().skip(1).copied()).collect()
}

/// RSA PKCS #1 v1.5; `None` when the digest is not one that RSA signs here.
fn sign_rsa(pair: &RsaKeyPair, digest: &Digest) -> Result<Option<Vec<u8>>, SignError> {
    let encoding = match digest.algorithm() {
        HashAlgorithm::Sha224 => return Ok(None),
        HashAlgorithm::Sha256 => &lc::RSA_PKCS1_SHA256,
        HashAlgorithm::Sha384 => &lc::RSA_PKCS1_SHA384,
        HashAlgorithm::Sha512 => &lc::RSA_PKCS1_SHA512,
    };
    let imported = aws_lc_rs::digest::Digest::import_less_safe(digest.bytes(), digest.algorithm().lc());
    let mut signature = vec![0; pair.public_modulus_len()];
    imported
        .and_then(|imported| pair.sign_digest(encoding, &imported, &mut signature))
        .map_err(|_| failed())?;
    Ok(Some(signature))
}

#[cfg(test)]
mod tests;
