//! The trusted root's JSON (`dev.sigstore.trustroot.v1.TrustedRoot`, sigstore/protobuf-specs).

#[cfg(test)]
#[cfg(feature = "public-root")]
mod tests;

use serde_json::Value;

use super::{CertificateAuthority, Log, RootDocument, TrustedRoot, Window};
use crate::crypto::proto_json::{Enumerator, Message};
use crate::crypto::{DecodeError, KeyType, PublicKey, pem};
use crate::x509::Certificate;

pub(super) const WHAT: &str = "trusted root";

/// The largest trusted root. The public instance's has 7 KiB, GitHub's 32 KiB.
pub(super) const MAX_SIZE: usize = 4 * 1024 * 1024;
/// The most authorities or logs of one kind.
const MAX_AUTHORITIES: usize = 256;
/// The most certificates of an authority.
const MAX_CHAIN: usize = 32;

pub(super) const MEDIA_TYPES: [&str; 3] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];

/// Numbers of `dev.sigstore.common.v1.PublicKeyDetails`.
const KEY_DETAILS: [&str; 24] = [
    "PUBLIC_KEY_DETAILS_UNSPECIFIED",
    "PKCS1_RSA_PKCS1V5",
    "PKCS1_RSA_PSS",
    "PKIX_RSA_PKCS1V5",
    "PKIX_RSA_PSS",
    "PKIX_ECDSA_P256_SHA_256",
    "PKIX_ECDSA_P256_HMAC_SHA_256",
    "PKIX_ED25519",
    "PKIX_ED25519_PH",
    "PKIX_RSA_PKCS1V15_2048_SHA256",
    "PKIX_RSA_PKCS1V15_3072_SHA256",
    "PKIX_RSA_PKCS1V15_4096_SHA256",
    "PKIX_ECDSA_P384_SHA_384",
    "PKIX_ECDSA_P521_SHA_512",
    "LMS_SHA256",
    "LMOTS_SHA256",
    "PKIX_RSA_PSS_2048_SHA256",
    "PKIX_RSA_PSS_3072_SHA256",
    "PKIX_RSA_PSS_4096_SHA256",
    "PKIX_ECDSA_P384_SHA_256",
    "PKIX_ECDSA_P521_SHA_256",
    "ML_DSA_65",
    "ML_DSA_87",
    "ML_DSA_44",
];

impl TrustedRoot {
    /// Parses `trusted_root.json` v0.1 and v0.2 (proto3 JSON freedoms as in bundles). `source` is its name in messages.
    ///
    /// What this program cannot use is left out, each with a line in [`TrustedRoot::skipped`], so that a root which names
    /// a newer kind of log still serves for the others; nothing can match what is left out:
    /// - a log whose key is of a kind that does not sign logs here (`keyDetails` unknown, RSA-PSS, Ed25519ph, LMS, ML-DSA)
    ///   or whose Merkle tree is not over SHA-256;
    /// - an authority with an empty certificate chain.
    ///
    /// A log's identifier is taken as it stands: for Rekor v2 it is not the hash of the key. It selects the key, and is
    /// never a proof.
    ///
    /// # Errors
    /// - a media type that is missing or of another document
    /// - a log without identifier or without the start of its key's window, as in cosign; a key that is not what its
    ///   `keyDetails` say or cannot be read
    /// - a certificate that cannot be read
    /// - more than 4 MiB, 256 authorities or logs of a kind, 32 certificates of an authority
    /// - unknown, repeated or wrongly typed members
    pub fn from_json(text: &[u8], source: &str) -> Result<Self, DecodeError> {
        Ok(RootDocument::from_json(text)?.into_trusted_root(source))
    }

    /// The JSON, without a final newline, as cosign writes it. What the type does not hold is not in it: the address of an
    /// operator, what was left out, an origin. [`RootDocument`] keeps the first two.
    ///
    /// An authority with several anchors becomes as many authorities, as the document has one anchor for each; a log's
    /// window without a start begins in 1970, as the document demands a start.
    pub fn to_json(&self) -> String {
        RootDocument::from(self).to_json()
    }
}

/// What a document says, each list in its order; an error where a service cannot be used.
pub(super) struct Parsed {
    pub(super) media_type: String,
    pub(super) certificate_authorities: Vec<Service<CertificateAuthority>>,
    pub(super) logs: Vec<Service<Log>>,
    pub(super) ct_logs: Vec<Service<Log>>,
    pub(super) timestamp_authorities: Vec<Service<CertificateAuthority>>,
}

/// One service: its labels, and what it says or why it cannot be used.
pub(super) struct Service<T> {
    pub(super) address: String,
    pub(super) operator: String,
    pub(super) service: Result<T, String>,
}

/// Reads the whole document; see [`TrustedRoot::from_json`].
pub(super) fn parse(value: &Value) -> Result<Parsed, DecodeError> {
    let fields = &["mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"];
    let root = Message::document(WHAT, value, fields)?;
    let media_type = root.required_text("mediaType")?;
    if !MEDIA_TYPES.contains(&media_type) {
        let reason = format!("not that of a trusted root v0.1 or v0.2: `{media_type}`");
        return Err(root.error("mediaType", reason));
    }
    Ok(Parsed {
        media_type: media_type.to_owned(),
        certificate_authorities: authorities(&root, "certificateAuthorities")?,
        logs: logs(&root, "tlogs")?,
        ct_logs: logs(&root, "ctlogs")?,
        timestamp_authorities: authorities(&root, "timestampAuthorities")?,
    })
}

fn authorities(root: &Message<'_>, field: &str) -> Result<Vec<Service<CertificateAuthority>>, DecodeError> {
    let fields = &["subject", "uri", "certChain", "validFor", "operator"];
    let service = |message: &Message<'_>| {
        let service = authority(message)?.map_err(|reason| reason.to_string());
        let (address, operator) = (message.text("uri")?.to_owned(), message.text("operator")?.to_owned());
        Ok(Service { address, operator, service })
    };
    root.messages(field, MAX_AUTHORITIES, fields)?.iter().map(service).collect()
}

/// An authority, or why it cannot be used here.
fn authority(message: &Message<'_>) -> Result<Result<CertificateAuthority, DecodeError>, DecodeError> {
    // The subject is a label of its own, which nothing compares.
    message.message("subject", &["organization", "commonName"])?;
    let uri = message.text("uri")?.to_owned();
    let chain = match message.message("certChain", &["certificates"])? {
        Some(chain) => chain.messages("certificates", MAX_CHAIN, &["rawBytes"])?,
        None => Vec::new(),
    };
    let mut intermediates = chain.iter().map(certificate).collect::<Result<Vec<_>, _>>()?;
    // Leaf or lowest intermediate first, root last.
    let Some(anchor) = intermediates.pop() else {
        return Ok(Err(message.error("certChain", format!("the authority `{uri}` has no certificate"))));
    };
    let valid_for = window(message)?.unwrap_or_default();
    Ok(Ok(CertificateAuthority { uri, anchors: vec![anchor], intermediates, valid_for }))
}

fn certificate(message: &Message<'_>) -> Result<Certificate, DecodeError> {
    let der = message.required_bytes("rawBytes")?;
    Certificate::from_der(&der).map_err(|e| message.error("rawBytes", e.to_string()))
}

fn logs(root: &Message<'_>, field: &str) -> Result<Vec<Service<Log>>, DecodeError> {
    let fields = &["baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"];
    let service = |message: &Message<'_>| {
        let service = log(message)?.map_err(|reason| reason.to_string());
        let (address, operator) = (message.text("baseUrl")?.to_owned(), message.text("operator")?.to_owned());
        Ok(Service { address, operator, service })
    };
    root.messages(field, MAX_AUTHORITIES, fields)?.iter().map(service).collect()
}

/// A log, or why it cannot be used here.
fn log(message: &Message<'_>) -> Result<Result<Log, DecodeError>, DecodeError> {
    let base_url = message.text("baseUrl")?.to_owned();
    let log_id = message.required_message("logId", &["keyId"])?.required_bytes("keyId")?;
    message.message("checkpointKeyId", &["keyId"])?;
    let public_key = message.required_message("publicKey", &["rawBytes", "keyDetails", "validFor"])?;
    let raw = public_key.required_bytes("rawBytes")?;
    let valid_for = window(&public_key)?.unwrap_or_default();
    if valid_for.start.is_none() {
        return Err(public_key.error("validFor.start", "missing"));
    }
    let hash = message.enumerator("hashAlgorithm", &["HASH_ALGORITHM_UNSPECIFIED", "SHA2_256"])?;
    if hash != Enumerator::Known(1) {
        return Ok(Err(message.error("hashAlgorithm", format!("the log `{base_url}` is not over SHA2_256"))));
    }
    let details = match public_key.enumerator("keyDetails", &KEY_DETAILS)? {
        Enumerator::Known(number) => KEY_DETAILS.get(number).copied().unwrap_or_default().to_owned(),
        Enumerator::Unknown(written) => written,
    };
    let Some(encoding) = Encoding::of(&details) else {
        let reason = format!("the key of the log `{base_url}` is of a kind not supported here: `{details}`");
        return Ok(Err(public_key.error("keyDetails", reason)));
    };
    let key = encoding.key(&raw).map_err(|e| public_key.error("rawBytes", e.to_string()))?;
    if !encoding.fits(key.key_type()) {
        return Err(public_key.error("rawBytes", format!("a key for {}, not `{details}`", key.key_type())));
    }
    Ok(Ok(Log { base_url, origin: None, log_id, key, valid_for }))
}

/// How a log's key is encoded, and what kind of key it is. ECDSA keys sign with the digest of their curve.
#[derive(Clone, Copy)]
enum Encoding {
    Ecdsa,
    Ed25519,
    Rsa,
    /// PKCS #1 `RSAPublicKey` in place of a SubjectPublicKeyInfo; the CT log of Sigstore's staging instance.
    RsaPkcs1,
}

impl Encoding {
    fn of(details: &str) -> Option<Self> {
        match details {
            "PKIX_ECDSA_P256_SHA_256" | "PKIX_ECDSA_P384_SHA_384" | "PKIX_ECDSA_P521_SHA_512" => {
                Some(Self::Ecdsa)
            }
            "PKIX_ED25519" => Some(Self::Ed25519),
            "PKIX_RSA_PKCS1V5"
            | "PKIX_RSA_PKCS1V15_2048_SHA256"
            | "PKIX_RSA_PKCS1V15_3072_SHA256"
            | "PKIX_RSA_PKCS1V15_4096_SHA256" => Some(Self::Rsa),
            "PKCS1_RSA_PKCS1V5" => Some(Self::RsaPkcs1),
            _ => None,
        }
    }

    fn key(self, raw: &[u8]) -> Result<PublicKey, DecodeError> {
        match self {
            Self::RsaPkcs1 => PublicKey::from_pem(pem::encode("RSA PUBLIC KEY", raw).as_bytes()),
            _ => PublicKey::from_spki_der(raw),
        }
    }

    fn fits(self, key: KeyType) -> bool {
        match self {
            Self::Ecdsa => matches!(key, KeyType::P256 | KeyType::P384 | KeyType::P521),
            Self::Ed25519 => key == KeyType::Ed25519,
            Self::Rsa | Self::RsaPkcs1 => matches!(key, KeyType::Rsa { .. }),
        }
    }
}

/// The `validFor` of a message; both ends belong to it.
pub(super) fn window(message: &Message<'_>) -> Result<Option<Window>, DecodeError> {
    let Some(range) = message.message("validFor", &["start", "end"])? else { return Ok(None) };
    Ok(Some(Window { start: range.time("start")?, end: range.time("end")? }))
}
