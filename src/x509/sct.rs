//! Signed certificate timestamps (RFC 6962 section 3).

#[cfg(any(test, feature = "sandbox"))]
mod write;

use der::Tag;

use super::asn1::{Element, constructed, encode};
use super::{Certificate, oid};
use crate::crypto::{
    DecodeError, HashAlgorithm, PublicKey, SignatureScheme, Signed, UnixTime, base64, json, sha256,
};

/// What errors call it.
const WHAT: &str = "signed certificate timestamp";
/// The longest list or detached SCT, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// The most SCTs of one certificate.
const MAX_COUNT: usize = 32;

/// One SCT, unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sct {
    /// The log's identifier: the SHA-256 of its key. Not covered by the signature.
    pub log_id: [u8; 32],
    /// When the log saw the certificate.
    pub time: UnixTime,
    /// CtExtensions, covered by the signature.
    pub extensions: Vec<u8>,
    /// TLS hash and signature algorithm numbers.
    pub algorithm: (u8, u8),
    /// The signature value.
    pub signature: Vec<u8>,
    /// Whether it was embedded in the certificate (then it is over the precertificate).
    pub embedded: bool,
    timestamp_millis: u64,
}

/// The SCTs embedded in a certificate (extension 1.3.6.1.4.1.11129.2.4.2); empty when there is none.
///
/// # Errors
/// A malformed or empty list, more than 32 entries, an SCT of another version than v1.
pub fn embedded(certificate: &Certificate) -> Result<Vec<Sct>, DecodeError> {
    let Some(value) = certificate.extension(oid::SCT_LIST) else { return Ok(Vec::new()) };
    let octets = Element::only(WHAT, value)?.octets("list")?;
    let mut outer = Tls { rest: octets, at: "list" };
    let mut list = Tls { rest: outer.vector16()?, at: "list" };
    outer.finish()?;
    let mut out = Vec::new();
    while !list.rest.is_empty() {
        if out.len() == MAX_COUNT {
            return Err(DecodeError::new(WHAT, "list", format!("more than {MAX_COUNT} entries")));
        }
        out.push(Sct::from_tls(list.vector16()?, true)?);
    }
    if out.is_empty() { Err(DecodeError::new(WHAT, "list", "empty")) } else { Ok(out) }
}

/// A detached SCT: the JSON of RFC 6962 section 4.1 (as Fulcio returns it, plain or base64), or the TLS encoding.
///
/// # Errors
/// None of these, more than 64 KiB, a version other than v1.
pub fn parse_detached(bytes: &[u8]) -> Result<Sct, DecodeError> {
    if bytes.len() > MAX_LENGTH {
        return Err(DecodeError::whole(WHAT, format!("{} bytes, more than {MAX_LENGTH}", bytes.len())));
    }
    let text = bytes.trim_ascii();
    match text.first() {
        Some(b'{') => Sct::from_json(text),
        Some(0) => Sct::from_tls(bytes, false),
        _ => match base64::decode_text(WHAT, text).ok().as_deref().map(<[u8]>::trim_ascii) {
            Some(json @ [b'{', ..]) => Sct::from_json(json),
            Some(tls @ [0, ..]) => Sct::from_tls(tls, false),
            _ => Err(DecodeError::whole(WHAT, "neither the JSON of RFC 6962 nor a TLS encoding")),
        },
    }
}

/// Whether the SCT is valid for this certificate, issued by `issuer`, under the log's key.
///
/// The caller has found the key by [`Sct::log_id`]; the identifier itself is not part of what is signed.
pub fn verify(sct: &Sct, certificate: &Certificate, issuer: &Certificate, key: &PublicKey) -> bool {
    let entry = if sct.embedded {
        match precertificate_tbs(certificate) {
            Ok(tbs) => Entry::Precertificate { issuer_key_hash: sha256(issuer.spki()), tbs },
            Err(_) => return false,
        }
    } else {
        Entry::Certificate(certificate.der().to_vec())
    };
    let (Some(scheme), Some(message)) = (sct.scheme(), sct.signed_bytes(&entry)) else { return false };
    key.verify(scheme, Signed::Message(&message), &sct.signature).is_ok()
}

/// What a log signs (RFC 6962 section 3.2).
pub(super) enum Entry {
    /// x509_entry: the certificate.
    Certificate(Vec<u8>),
    /// precert_entry: hash of the issuer's SubjectPublicKeyInfo, and TBSCertificate without SCT list and poison.
    Precertificate { issuer_key_hash: [u8; 32], tbs: Vec<u8> },
}

impl Sct {
    /// The bytes of `digitally-signed struct` (RFC 6962 section 3.2); `None` when a length does not fit its field.
    pub(super) fn signed_bytes(&self, entry: &Entry) -> Option<Vec<u8>> {
        // Version v1, signature type certificate_timestamp.
        let mut out = vec![0, 0];
        out.extend(self.timestamp_millis.to_be_bytes());
        let body = match entry {
            Entry::Certificate(der) => {
                out.extend([0, 0]);
                der
            }
            Entry::Precertificate { issuer_key_hash, tbs } => {
                out.extend([0, 1]);
                out.extend(issuer_key_hash);
                tbs
            }
        };
        let [0, length @ ..] = u32::try_from(body.len()).ok()?.to_be_bytes() else { return None };
        out.extend(length);
        out.extend(body);
        out.extend(u16::try_from(self.extensions.len()).ok()?.to_be_bytes());
        out.extend(&self.extensions);
        Some(out)
    }

    /// TLS hash algorithm (RFC 5246 section 7.4.1.4.1; 8 is "intrinsic", RFC 8422) and signature algorithm. RFC 6962 knows
    /// SHA-256 with ECDSA or RSA; longer hashes and Ed25519 are tolerated.
    fn scheme(&self) -> Option<SignatureScheme> {
        let hash = match self.algorithm.0 {
            4 => Some(HashAlgorithm::Sha256),
            5 => Some(HashAlgorithm::Sha384),
            6 => Some(HashAlgorithm::Sha512),
            _ => None,
        };
        match (self.algorithm.1, hash) {
            (1, Some(hash)) => Some(SignatureScheme::RsaPkcs1(hash)),
            (3, Some(hash)) => Some(SignatureScheme::Ecdsa(hash)),
            (7, None) if self.algorithm.0 == 8 => Some(SignatureScheme::Ed25519),
            _ => None,
        }
    }

    fn from_tls(bytes: &[u8], embedded: bool) -> Result<Self, DecodeError> {
        let mut fields = Tls { rest: bytes, at: "" };
        let [version] = fields.array()?;
        if version != 0 {
            return Err(DecodeError::new(WHAT, "version", format!("unknown version number {version}")));
        }
        let log_id = fields.array()?;
        let millis = u64::from_be_bytes(fields.array()?);
        let extensions = fields.vector16()?.to_vec();
        let (algorithm, signature) = fields.digitally_signed()?;
        fields.finish()?;
        let time = time(millis)?;
        Ok(Self { log_id, time, extensions, algorithm, signature, embedded, timestamp_millis: millis })
    }

    fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        let document = json::parse(WHAT, text)?;
        let bytes = |name: &str| match document.get(name).and_then(serde_json::Value::as_str) {
            Some(text) => base64::decode(text).ok_or_else(|| DecodeError::new(WHAT, name, "not base64")),
            None => Err(DecodeError::new(WHAT, name, "missing, or not a string")),
        };
        let number = |name: &str| {
            let value = document.get(name).and_then(serde_json::Value::as_u64);
            value.ok_or_else(|| DecodeError::new(WHAT, name, "missing, or not a number"))
        };
        if number("sct_version")? != 0 {
            return Err(DecodeError::new(WHAT, "sct_version", "unknown version number"));
        }
        let log_id = <[u8; 32]>::try_from(bytes("id")?.as_slice())
            .map_err(|_| DecodeError::new(WHAT, "id", "not 32 bytes"))?;
        let millis = number("timestamp")?;
        let extensions = match document.get("extensions") {
            None | Some(serde_json::Value::Null) => Vec::new(),
            Some(_) => bytes("extensions")?,
        };
        let signature = bytes("signature")?;
        let mut fields = Tls { rest: &signature, at: "signature" };
        let (algorithm, signature) = fields.digitally_signed()?;
        fields.finish()?;
        let time = time(millis)?;
        Ok(Self { log_id, time, extensions, algorithm, signature, embedded: false, timestamp_millis: millis })
    }
}

fn time(millis: u64) -> Result<UnixTime, DecodeError> {
    let millis =
        i64::try_from(millis).map_err(|_| DecodeError::new(WHAT, "timestamp", "too far in the future"))?;
    Ok(UnixTime::from_millis(millis))
}

/// The TBSCertificate that a log was shown (RFC 6962 section 3.2): that of the certificate, less the SCT list and the
/// poison. All other bytes are those of the certificate.
pub(super) fn precertificate_tbs(certificate: &Certificate) -> Result<Vec<u8>, DecodeError> {
    let at = "tbsCertificate";
    let mut fields = Element::only(super::certificate::WHAT, certificate.tbs())?.sequence(at)?;
    let mut parts = Vec::new();
    while !fields.is_empty() {
        let field = fields.next(at)?;
        if field.tag != constructed(3) {
            parts.extend_from_slice(field.whole);
            continue;
        }
        let mut list = field.inner(at, constructed(3))?.sequence(at)?;
        let mut kept = Vec::new();
        while !list.is_empty() {
            let extension = list.next(at)?;
            let identifier = extension.sequence(at)?.next(at)?.oid(at)?;
            if identifier != oid::SCT_LIST && identifier != oid::PRECERTIFICATE_POISON {
                kept.extend_from_slice(extension.whole);
            }
        }
        if !kept.is_empty() {
            parts.extend(encode(constructed(3), &[&encode(Tag::Sequence, &[&kept])]));
        }
    }
    Ok(encode(Tag::Sequence, &[&parts]))
}

/// A reader of TLS encodings (RFC 5246 section 4).
struct Tls<'a> {
    rest: &'a [u8],
    at: &'static str,
}

impl<'a> Tls<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| DecodeError::new(WHAT, self.at, "truncated"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| DecodeError::new(WHAT, self.at, "truncated"))
    }

    /// `opaque<0..2^16-1>`.
    fn vector16(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(usize::from(length))
    }

    fn digitally_signed(&mut self) -> Result<((u8, u8), Vec<u8>), DecodeError> {
        let [hash, signature] = self.array()?;
        Ok(((hash, signature), self.vector16()?.to_vec()))
    }

    fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::new(WHAT, self.at, "trailing bytes")) }
    }
}

#[cfg(test)]
mod tests;
