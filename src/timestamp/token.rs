//! A parsed token (RFC 3161 section 2.4.2: a SignedData of RFC 5652 around a TSTInfo).

use der::Tag;

use super::attributes::{self, SignedAttributes};
use super::tst_info::TstInfo;
use crate::crypto::{DecodeError, Digest, HashAlgorithm, SignatureScheme, UnixTime};
use crate::x509::Certificate;
use crate::x509::asn1::{Element, Elements, constructed, encode, primitive};
use crate::x509::{algorithm, oid};

/// What errors call it.
pub(super) const WHAT: &str = "timestamp token";
/// The longest token, in bytes. Most have between half and six KiB.
const MAX_LENGTH: usize = 64 * 1024;
/// The most embedded certificates.
const MAX_CERTIFICATES: usize = 32;

/// An RFC 3161 token, parsed from a `TimeStampResp` (status granted) or a bare `ContentInfo`. Nothing is verified: what it
/// says of its time holds only once [`super::verify`] has accepted it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The content of eContent: the encoded TSTInfo.
    pub(super) content: Vec<u8>,
    pub(super) info: TstInfo,
    pub(super) certificates: Vec<Certificate>,
    pub(super) signer: SignerInfo,
}

/// The one SignerInfo (RFC 5652 section 5.3).
#[derive(Debug, Clone)]
pub(super) struct SignerInfo {
    pub(super) id: SignerId,
    pub(super) digest: HashAlgorithm,
    pub(super) attributes: Option<SignedAttributes>,
    pub(super) scheme: SignatureScheme,
    pub(super) signature: Vec<u8>,
}

/// SignerIdentifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignerId {
    /// The issuer's encoded name, and the content of the serial number.
    IssuerAndSerial(Vec<u8>, Vec<u8>),
    SubjectKeyIdentifier(Vec<u8>),
}

impl SignerId {
    pub(super) fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial(issuer, serial) => {
                certificate.issuer_der() == issuer && certificate.serial_der() == serial
            }
            Self::SubjectKeyIdentifier(id) => certificate.subject_key_identifier() == Some(id),
        }
    }
}

/// A token as the `TimeStampResp` that protobuf bundles hold (sigstore_common.proto, `RFC3161SignedTimestamp`): a bare
/// `ContentInfo` is wrapped with the status granted (RFC 3161 section 2.4.2), a response stays as it is.
///
/// # Errors
/// As [`Token::from_der`].
pub fn as_response(der: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Token::from_der(der)?;
    let bare = Element::only(WHAT, der)?.sequence("")?.next("")?.tag == Tag::ObjectIdentifier;
    if !bare {
        return Ok(der.to_vec());
    }
    let status = encode(Tag::Sequence, &[&encode(Tag::Integer, &[&[0]])]);
    Ok(encode(Tag::Sequence, &[&status, der]))
}

impl Token {
    /// Parses; at most 64 KiB.
    ///
    /// # Errors
    /// Not DER, trailing bytes, a response that was not granted, content that is not a TSTInfo, not exactly one signer, more
    /// than 32 certificates, one that is malformed, a hash or signature algorithm that is not accepted.
    pub fn from_der(der: &[u8]) -> Result<Self, DecodeError> {
        if der.len() > MAX_LENGTH {
            let reason = format!("{} bytes, more than {MAX_LENGTH}", der.len());
            return Err(DecodeError::whole(WHAT, reason).over_limit());
        }
        let outer = Element::only(WHAT, der)?;
        let mut fields = outer.sequence("")?;
        let first = fields.next("")?;
        if first.tag == Tag::ObjectIdentifier {
            return content_info(&outer);
        }
        granted(&first)?;
        if fields.is_empty() {
            return Err(first.error("timeStampToken", "missing"));
        }
        let token = fields.next("timeStampToken")?;
        fields.finish("")?;
        content_info(&token)
    }

    /// The time it states (genTime).
    pub fn gen_time(&self) -> UnixTime {
        self.info.time
    }

    /// The digest of what was timestamped (messageImprint).
    pub fn imprint(&self) -> &Digest {
        &self.info.imprint
    }

    /// The token's serial number in lower-case hexadecimal, two digits for each byte.
    pub fn serial(&self) -> String {
        hex::encode(&self.info.serial)
    }

    /// The policy's object identifier, dotted.
    pub fn policy(&self) -> &str {
        &self.info.policy
    }

    /// The nonce of the request, where there was one: big-endian, no leading zeros.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.info.nonce.as_deref()
    }

    /// The embedded certificates, in the order of the token; not trusted.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

/// PKIStatusInfo (RFC 3161 section 2.4.2): 0 granted and 1 grantedWithMods come with a token.
fn granted(status: &Element<'_>) -> Result<(), DecodeError> {
    let number = status.sequence("status")?.next("status")?.small("status")?;
    let meaning = match number {
        0 | 1 => return Ok(()),
        2 => "rejection",
        3 => "waiting",
        4 => "revocation warning",
        5 => "revocation notification",
        _ => "unknown status",
    };
    Err(status.error("status", format!("the authority granted no timestamp: {meaning} ({number})")))
}

fn content_info(element: &Element<'_>) -> Result<Token, DecodeError> {
    let at = "contentType";
    let mut fields = element.sequence("timeStampToken")?;
    let kind = fields.next(at)?;
    if kind.oid(at)? != oid::SIGNED_DATA {
        return Err(kind.error(at, "not signed data"));
    }
    let content = fields.next("content")?.inner("content", constructed(0))?;
    fields.finish("timeStampToken")?;
    signed_data(&content)
}

/// RFC 5652 section 5.1.
fn signed_data(element: &Element<'_>) -> Result<Token, DecodeError> {
    let mut fields = element.sequence("signedData")?;
    fields.next("version")?.small("version")?;
    fields.next("digestAlgorithms")?.expect("digestAlgorithms", Tag::Set)?;

    let mut encapsulated = fields.next("encapContentInfo")?.sequence("encapContentInfo")?;
    let kind = encapsulated.next("eContentType")?;
    if kind.oid("eContentType")? != oid::TST_INFO {
        return Err(kind.error("eContentType", "not a timestamp (id-ct-TSTInfo)"));
    }
    let content = encapsulated.next("eContent")?.inner("eContent", constructed(0))?.octets("eContent")?;
    encapsulated.finish("encapContentInfo")?;

    let certificates = match fields.optional("certificates", constructed(0))? {
        Some(set) => certificates(&mut set.elements("certificates", constructed(0))?)?,
        None => Vec::new(),
    };
    // Revocation lists are not looked at.
    fields.optional("crls", constructed(1))?;
    let mut signers = fields.next("signerInfos")?.elements("signerInfos", Tag::Set)?;
    fields.finish("signedData")?;
    if signers.is_empty() {
        return Err(element.error("signerInfos", "no signer"));
    }
    let signer = signer_info(&signers.next("signerInfos")?)?;
    // RFC 3161 section 2.4.2: no signature but the authority's.
    signers
        .finish("signerInfos")
        .map_err(|e| DecodeError { reason: "more than one signer".to_owned(), ..e })?;

    let info = TstInfo::parse(&Element::only(WHAT, content)?)?;
    Ok(Token { content: content.to_vec(), info, certificates, signer })
}

/// CertificateSet: certificates, and older forms under tags of their own, which are left out.
fn certificates(set: &mut Elements<'_>) -> Result<Vec<Certificate>, DecodeError> {
    let mut out = Vec::new();
    for position in 0.. {
        if set.is_empty() {
            break;
        }
        let at = || format!("certificates[{position}]");
        let element = set.next("certificates")?;
        if position == MAX_CERTIFICATES {
            return Err(element.error("certificates", format!("more than {MAX_CERTIFICATES}")));
        }
        if element.tag == Tag::Sequence {
            out.push(Certificate::from_der(element.whole).map_err(|e| element.error(&at(), e.to_string()))?);
        }
    }
    Ok(out)
}

fn signer_info(element: &Element<'_>) -> Result<SignerInfo, DecodeError> {
    let mut fields = element.sequence("signerInfo")?;
    fields.next("signerInfo.version")?.small("signerInfo.version")?;
    let id = signer_id(&fields.next("sid")?)?;
    let digest = algorithm::hash(&fields.next("digestAlgorithm")?, "digestAlgorithm")?;
    let signed = fields.optional("signedAttrs", constructed(0))?;
    let attributes = signed.map(|a| attributes::parse(&a)).transpose()?;
    let scheme =
        algorithm::signature(&fields.next("signatureAlgorithm")?, "signatureAlgorithm", Some(digest))?;
    let signature = fields.next("signature")?.octets("signature")?.to_vec();
    fields.optional("unsignedAttrs", constructed(1))?;
    fields.finish("signerInfo")?;
    Ok(SignerInfo { id, digest, attributes, scheme, signature })
}

fn signer_id(element: &Element<'_>) -> Result<SignerId, DecodeError> {
    if element.tag == primitive(0) {
        return Ok(SignerId::SubjectKeyIdentifier(element.content.to_vec()));
    }
    let mut fields = element.sequence("sid")?;
    let issuer = fields.next("sid")?;
    issuer.expect("sid", Tag::Sequence)?;
    let serial = fields.next("sid")?.integer("sid")?;
    fields.finish("sid")?;
    Ok(SignerId::IssuerAndSerial(issuer.whole.to_vec(), serial.to_vec()))
}
