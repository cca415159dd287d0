//! Signed attributes (RFC 5652 section 5.3): what the signature of a token is over.

use der::Tag;

use crate::crypto::{DecodeError, Digest, HashAlgorithm};
use crate::x509::asn1::{Element, constructed, encode};
use crate::x509::{Certificate, algorithm, oid};

/// The most signed attributes.
const MAX_ATTRIBUTES: usize = 64;
const AT: &str = "signedAttrs";

/// The attributes that matter, and the bytes that were signed.
#[derive(Debug, Clone)]
pub(super) struct SignedAttributes {
    /// The encoding as a SET OF, over which the signature is (RFC 5652 section 5.4).
    pub(super) encoding: Vec<u8>,
    /// Whether the content-type attribute is that of timestamps; `None` when there is none.
    pub(super) is_timestamp: Option<bool>,
    pub(super) message_digest: Option<Vec<u8>>,
    /// ESS signingCertificate, signingCertificateV2 (RFC 5035): each names the signer's certificate.
    pub(super) signing_certificates: Vec<EssCertificate>,
}

/// The first ESSCertID or ESSCertIDv2 of the attribute: the signer's (RFC 5035 section 3).
#[derive(Debug, Clone)]
pub(super) struct EssCertificate {
    hash: EssHash,
    /// The issuer's encoded name, and the content of the serial number.
    issuer_and_serial: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug, Clone)]
enum EssHash {
    /// The first version of the attribute knows SHA-1 alone. It names a certificate among those whose key has verified the
    /// signature, so that a collision gains nothing.
    Sha1(Vec<u8>),
    Digest(Digest),
}

impl EssCertificate {
    pub(super) fn names(&self, certificate: &Certificate) -> bool {
        let hash = match &self.hash {
            EssHash::Sha1(hash) => {
                let own = aws_lc_rs::digest::digest(
                    &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
                    certificate.der(),
                );
                own.as_ref() == hash
            }
            EssHash::Digest(digest) => digest.algorithm().digest(certificate.der()) == *digest,
        };
        let serial = self.issuer_and_serial.as_ref();
        hash && serial.is_none_or(|(i, s)| certificate.issuer_der() == i && certificate.serial_der() == s)
    }
}

/// Parses `[0] IMPLICIT SET OF Attribute`. An attribute that appears twice, or one of the known ones with more than one
/// value, is refused (RFC 5652 section 11).
pub(super) fn parse(element: &Element<'_>) -> Result<SignedAttributes, DecodeError> {
    let mut set = element.elements(AT, constructed(0))?;
    let mut out = SignedAttributes {
        encoding: encode(Tag::Set, &[element.content]),
        is_timestamp: None,
        message_digest: None,
        signing_certificates: Vec::new(),
    };
    let mut seen = Vec::new();
    while !set.is_empty() {
        let attribute = set.next(AT)?;
        let mut fields = attribute.sequence(AT)?;
        let kind = fields.next(AT)?.oid(AT)?;
        let values = fields.next(AT)?;
        values.expect(AT, Tag::Set)?;
        fields.finish(AT)?;
        if seen.contains(&kind) {
            return Err(attribute.error(AT, format!("attribute {kind} appears twice")));
        }
        if seen.len() == MAX_ATTRIBUTES {
            return Err(attribute.error(AT, format!("more than {MAX_ATTRIBUTES}")));
        }
        seen.push(kind);
        let Some(known) = kind.known() else { continue };
        match known {
            oid::CONTENT_TYPE => {
                let value = values.inner("contentType", Tag::Set)?.oid("contentType")?;
                out.is_timestamp = Some(value == oid::TST_INFO);
            }
            oid::MESSAGE_DIGEST => {
                let value = values.inner("messageDigest", Tag::Set)?;
                out.message_digest = Some(value.octets("messageDigest")?.to_vec());
            }
            oid::SIGNING_CERTIFICATE => out.signing_certificates.push(signing_certificate(&values, false)?),
            oid::SIGNING_CERTIFICATE_V2 => out.signing_certificates.push(signing_certificate(&values, true)?),
            _ => {}
        }
    }
    Ok(out)
}

/// SigningCertificate (RFC 2634 section 5.4) and SigningCertificateV2 (RFC 5035 section 3).
fn signing_certificate(values: &Element<'_>, v2: bool) -> Result<EssCertificate, DecodeError> {
    let at = "signingCertificate";
    let mut fields = values.inner(at, Tag::Set)?.sequence(at)?;
    let mut certificates = fields.next(at)?.sequence(at)?;
    let mut first = certificates.next(at)?.sequence(at)?;
    let algorithm = if v2 { first.optional(at, Tag::Sequence)? } else { None };
    let hash = first.next(at)?;
    let octets = hash.octets(at)?;
    let hash = if v2 {
        let algorithm =
            algorithm.map(|a| algorithm::hash(&a, at)).transpose()?.unwrap_or(HashAlgorithm::Sha256);
        EssHash::Digest(Digest::new(algorithm, octets).map_err(|e| hash.error(at, e.reason))?)
    } else {
        EssHash::Sha1(octets.to_vec())
    };
    let issuer_and_serial = first.optional(at, Tag::Sequence)?.map(|e| issuer_and_serial(&e)).transpose()?;
    first.finish(at)?;
    Ok(EssCertificate { hash, issuer_and_serial })
}

/// IssuerSerial (RFC 2634 section 5.4.1): one directoryName, and the serial number.
fn issuer_and_serial(element: &Element<'_>) -> Result<(Vec<u8>, Vec<u8>), DecodeError> {
    let at = "signingCertificate.issuerSerial";
    let mut fields = element.sequence(at)?;
    let name = fields.next(at)?.inner(at, Tag::Sequence)?.inner(at, constructed(4))?;
    let serial = fields.next(at)?.integer(at)?;
    fields.finish(at)?;
    Ok((name.whole.to_vec(), serial.to_vec()))
}
