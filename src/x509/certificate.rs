//! One certificate.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::asn1::{Element, Elements, constructed, primitive};
use super::{SubjectAlternativeName, algorithm, distinguished_name, general_name, oid};
use crate::crypto::{DecodeError, PublicKey, SignatureScheme, Signed, UnixTime, pem};

/// The largest certificate that is read, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// The longest PEM text, and the most certificates in one.
const MAX_PEM_LENGTH: usize = 1024 * 1024;
const MAX_PEM_BLOCKS: usize = 32;
/// The most extensions of one certificate. Fulcio's have about 30.
const MAX_EXTENSIONS: usize = 128;
/// What errors call it.
pub(super) const WHAT: &str = "certificate";

/// An X.509 certificate (RFC 5280), its encoding kept. Equal when the encodings are equal; cheap to clone.
///
/// Parsing checks the form of everything that a path depends on. It proves nothing: the names, keys and extensions of a
/// certificate are what somebody wrote, until [`super::path::verify`] has found a path.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    /// 1, 2 or 3.
    version: u32,
    tbs: Range<usize>,
    serial: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    spki: Range<usize>,
    signature: Range<usize>,
    not_before: UnixTime,
    not_after: UnixTime,
    scheme: Result<SignatureScheme, DecodeError>,
    extensions: Vec<Extension>,
    constraints: Constraints,
    key: OnceLock<Result<PublicKey, DecodeError>>,
}

struct Extension {
    /// The content of extnID.
    oid: Range<usize>,
    /// The same, if it may be one of the known ones.
    known: Option<ObjectIdentifier>,
    critical: bool,
    /// The content of extnValue.
    value: Range<usize>,
}

/// What the extensions that govern paths say, parsed.
#[derive(Default)]
pub(super) struct Constraints {
    /// basicConstraints says CA.
    pub(super) ca: bool,
    /// basicConstraints' pathLenConstraint.
    pub(super) path_length: Option<u32>,
    /// keyUsage; bit n of the extension is bit n here.
    pub(super) key_usage: Option<u16>,
    /// extKeyUsage; `None` in it for what cannot be one of the known ones.
    pub(super) extended_key_usage: Option<Vec<Option<ObjectIdentifier>>>,
    subject_key_identifier: Option<Range<usize>>,
    authority_key_identifier: Option<Range<usize>>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}
impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate(subject `{}`, serial {})", self.subject(), self.serial())
    }
}

impl Certificate {
    /// Parses one certificate in DER.
    ///
    /// # Errors
    /// More than 64 KiB, not DER, trailing bytes, different signature algorithms inside and outside the signed part, an
    /// extension that appears twice, or one of the extensions that govern paths is malformed. Unknown signature algorithms
    /// and keys are not errors here: they are where the certificate is to be verified or used.
    pub fn from_der(der: &[u8]) -> Result<Self, DecodeError> {
        if der.len() > MAX_LENGTH {
            let reason = format!("{} bytes, more than {MAX_LENGTH}", der.len());
            return Err(DecodeError::whole(WHAT, reason).over_limit());
        }
        Ok(Self(Arc::new(parse(der)?)))
    }

    /// All `CERTIFICATE` blocks of a PEM text, at least one, at most 32. Other blocks are an error.
    ///
    /// # Errors
    /// More than 1 MiB, PEM that is not well-formed, a block of another kind, no block at all, or a block that
    /// [`Self::from_der`] refuses.
    pub fn chain_from_pem(text: &[u8]) -> Result<Vec<Self>, DecodeError> {
        if text.len() > MAX_PEM_LENGTH {
            let reason = format!("{} bytes of PEM, more than {MAX_PEM_LENGTH}", text.len());
            return Err(DecodeError::whole(WHAT, reason).over_limit());
        }
        let blocks = pem::decode(WHAT, text, MAX_PEM_BLOCKS)?;
        if blocks.is_empty() {
            return Err(DecodeError::whole(WHAT, "no PEM block `CERTIFICATE`"));
        }
        let certificate = |(i, block): (usize, &pem::Block)| match block.label.as_str() {
            "CERTIFICATE" => Self::from_der(&block.contents).map_err(|e| match e.at.as_str() {
                "" => DecodeError::new(WHAT, format!("block {}", i + 1), e.reason),
                at => DecodeError::new(WHAT, format!("block {}: {at}", i + 1), e.reason),
            }),
            label => Err(DecodeError::new(
                WHAT,
                format!("block {}", i + 1),
                format!("PEM `{label}`, not `CERTIFICATE`"),
            )),
        };
        blocks.iter().enumerate().map(certificate).collect()
    }

    /// The encoding, as it was read.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM, `CERTIFICATE`.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", self.der())
    }

    /// The key; an error when it is of a kind that does not sign here.
    ///
    /// # Errors
    /// As [`PublicKey::from_spki_der`].
    pub fn public_key(&self) -> Result<PublicKey, DecodeError> {
        self.key().cloned().map_err(Clone::clone)
    }

    /// The SubjectPublicKeyInfo as it stands in the certificate.
    pub fn spki_der(&self) -> Vec<u8> {
        self.slice(&self.0.spki).to_vec()
    }

    /// The first second of the validity period.
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// The last second of the validity period.
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// RFC 4514 text of the subject; empty for an empty name, as Fulcio's certificates have.
    pub fn subject(&self) -> String {
        name_text(self.subject_der())
    }

    /// RFC 4514 text of the issuer.
    pub fn issuer(&self) -> String {
        name_text(self.issuer_der())
    }

    /// Whether subject and issuer are the same name (encoded).
    pub fn is_self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    /// How the issuer signed the certificate.
    ///
    /// # Errors
    /// An algorithm that is not accepted.
    pub fn signature_scheme(&self) -> Result<SignatureScheme, DecodeError> {
        self.0.scheme.clone()
    }

    /// Whether basicConstraints says CA.
    pub fn is_ca(&self) -> bool {
        self.0.constraints.ca
    }

    /// Serial number in lower-case hexadecimal, two digits for each byte, no sign byte.
    pub fn serial(&self) -> String {
        match self.serial_der() {
            [0, rest @ ..] if !rest.is_empty() => hex::encode(rest),
            bytes => hex::encode(bytes),
        }
    }

    /// The subject alternative names of the kinds that carry identities, in the order of the certificate; empty when it has
    /// none. Names of other kinds are left out.
    ///
    /// # Errors
    /// A malformed extension, or a malformed name in it.
    pub fn subject_alternative_names(&self) -> Result<Vec<SubjectAlternativeName>, DecodeError> {
        let names = self.general_names()?;
        names.into_iter().filter_map(|n| n.identity().transpose()).collect()
    }
}

/// For this room and `timestamp`: the fields as bytes.
impl Certificate {
    pub(crate) fn subject_der(&self) -> &[u8] {
        self.slice(&self.0.subject)
    }

    pub(crate) fn issuer_der(&self) -> &[u8] {
        self.slice(&self.0.issuer)
    }

    /// The content of the serial number's INTEGER.
    pub(crate) fn serial_der(&self) -> &[u8] {
        self.slice(&self.0.serial)
    }

    pub(crate) fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.constraints.subject_key_identifier.as_ref().map(|r| self.slice(r))
    }

    pub(super) fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.constraints.authority_key_identifier.as_ref().map(|r| self.slice(r))
    }

    pub(super) fn version(&self) -> u32 {
        self.0.version
    }

    pub(super) fn tbs(&self) -> &[u8] {
        self.slice(&self.0.tbs)
    }

    pub(super) fn spki(&self) -> &[u8] {
        self.slice(&self.0.spki)
    }

    pub(super) fn constraints(&self) -> &Constraints {
        &self.0.constraints
    }

    pub(crate) fn key(&self) -> Result<&PublicKey, &DecodeError> {
        self.0.key.get_or_init(|| PublicKey::from_spki_der(self.spki())).as_ref()
    }

    /// Whether the extension is there and critical; `None` when it is not there.
    pub(super) fn criticality(&self, oid: ObjectIdentifier) -> Option<bool> {
        self.0.extensions.iter().find(|e| e.known == Some(oid)).map(|e| e.critical)
    }

    /// The content of an extension's value.
    pub(super) fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        self.0.extensions.iter().find(|e| e.known == Some(oid)).map(|e| self.slice(&e.value))
    }

    /// All extensions: identifier, criticality, value.
    pub(super) fn extensions(&self) -> impl Iterator<Item = (oid::Oid<'_>, bool, &[u8])> {
        let fields =
            |e: &Extension| Some((oid::Oid::new(self.slice(&e.oid))?, e.critical, self.slice(&e.value)));
        // Every identifier was one when the certificate was parsed.
        self.0.extensions.iter().filter_map(fields)
    }

    /// All subject alternative names.
    pub(super) fn general_names(&self) -> Result<Vec<general_name::GeneralName<'_>>, DecodeError> {
        match self.extension(oid::SUBJECT_ALT_NAME) {
            Some(value) => general_name::parse_all(&Element::only(WHAT, value)?, "subjectAltName"),
            None => Ok(Vec::new()),
        }
    }

    /// Whether this certificate's signature is by the key of `issuer`. Names and validity are not looked at.
    ///
    /// # Errors
    /// The signature algorithm is not accepted, or the issuer's key is of a kind that does not sign here.
    pub(super) fn is_signed_by(&self, issuer: &Certificate) -> Result<bool, DecodeError> {
        let scheme = self.0.scheme.clone()?;
        let key = issuer.key().map_err(Clone::clone)?;
        Ok(key.verify(scheme, Signed::Message(self.tbs()), self.slice(&self.0.signature)).is_ok())
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        // The ranges were made from this encoding.
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

fn name_text(der: &[u8]) -> String {
    let name = Element::only(WHAT, der)
        .and_then(|n| distinguished_name::parse(&n, "").map(|r| distinguished_name::text(&r)));
    // Names were parsed with the certificate.
    name.unwrap_or_default()
}

/// RFC 5280 section 4.1.
fn parse(der: &[u8]) -> Result<Inner, DecodeError> {
    let mut outer = Element::only(WHAT, der)?.sequence("")?;
    let tbs = outer.next("tbsCertificate")?;
    let outer_algorithm = outer.next("signatureAlgorithm")?;
    let signature = outer.next("signatureValue")?;
    outer.finish("")?;
    let signature_bytes = signature.bit_octets("signatureValue")?;

    let mut fields = tbs.sequence("tbsCertificate")?;
    let version = version(&mut fields)?;
    let serial = fields.next("serialNumber")?;
    let inner_algorithm = fields.next("signature")?;
    let issuer = fields.next("issuer")?;
    let mut validity = fields.next("validity")?.sequence("validity")?;
    let not_before = validity.next("validity.notBefore")?.time("validity.notBefore")?;
    let not_after = validity.next("validity.notAfter")?.time("validity.notAfter")?;
    validity.finish("validity")?;
    let subject = fields.next("subject")?;
    let spki = fields.next("subjectPublicKeyInfo")?;
    spki.expect("subjectPublicKeyInfo", Tag::Sequence)?;
    fields.optional("issuerUniqueID", primitive(1))?;
    fields.optional("subjectUniqueID", primitive(2))?;
    let extensions = match fields.optional("extensions", constructed(3))? {
        Some(e) => extensions(&e)?,
        None => Vec::new(),
    };
    fields.finish("tbsCertificate")?;

    if serial.integer("serialNumber")?.len() > 21 {
        return Err(serial.error("serialNumber", "longer than 20 bytes"));
    }
    if inner_algorithm.whole != outer_algorithm.whole {
        return Err(
            outer_algorithm.error("signatureAlgorithm", "differs from the one inside the signed part")
        );
    }
    if version < 3 && !extensions.is_empty() {
        return Err(tbs.error("extensions", format!("in a certificate of version {version}")));
    }
    distinguished_name::parse(&issuer, "issuer")?;
    distinguished_name::parse(&subject, "subject")?;
    let constraints = constraints(der, &extensions)?;
    Ok(Inner {
        der: der.to_vec(),
        version,
        tbs: tbs.range(),
        serial: serial.content_range(),
        issuer: issuer.range(),
        subject: subject.range(),
        spki: spki.range(),
        // The signature is the end of the whole document.
        signature: der.len() - signature_bytes.len()..der.len(),
        not_before,
        not_after,
        scheme: algorithm::signature(&outer_algorithm, "signatureAlgorithm", None),
        extensions,
        constraints,
        key: OnceLock::new(),
    })
}

fn version(fields: &mut Elements<'_>) -> Result<u32, DecodeError> {
    let Some(version) = fields.optional("version", constructed(0))? else { return Ok(1) };
    match version.inner("version", constructed(0))?.small("version")? {
        n @ 0..=2 => Ok(n + 1),
        n => Err(version.error("version", format!("unknown version number {n}"))),
    }
}

/// RFC 5280 section 4.2: no extension appears twice.
fn extensions(wrapper: &Element<'_>) -> Result<Vec<Extension>, DecodeError> {
    let mut list = wrapper.inner("extensions", constructed(3))?.sequence("extensions")?;
    let (mut out, mut seen) = (Vec::new(), Vec::new());
    while !list.is_empty() {
        let element = list.next("extensions")?;
        let mut fields = element.sequence("extensions")?;
        let identifier = fields.next("extensions")?;
        let oid = identifier.oid("extensions")?;
        let critical = match fields.optional("extensions", Tag::Boolean)? {
            Some(b) => b.boolean("extensions")?,
            None => false,
        };
        let value = fields.next("extensions")?;
        value.octets("extensions")?;
        fields.finish("extensions")?;
        if seen.contains(&oid) {
            return Err(element.error("extensions", format!("extension {oid} appears twice")));
        }
        seen.push(oid);
        if out.len() == MAX_EXTENSIONS {
            return Err(element.error("extensions", format!("more than {MAX_EXTENSIONS}")));
        }
        let (known, oid) = (oid.known(), identifier.content_range());
        out.push(Extension { oid, known, critical, value: value.content_range() });
    }
    Ok(out)
}

fn constraints(der: &[u8], extensions: &[Extension]) -> Result<Constraints, DecodeError> {
    let mut out = Constraints::default();
    for extension in extensions {
        let value = || Element::only(WHAT, der.get(extension.value.clone()).unwrap_or_default());
        // Where the value's own element begins to count from the start of the certificate.
        let shift = |r: Range<usize>| extension.value.start + r.start..extension.value.start + r.end;
        let Some(known) = extension.known else { continue };
        match known {
            oid::BASIC_CONSTRAINTS => (out.ca, out.path_length) = basic_constraints(&value()?)?,
            oid::KEY_USAGE => out.key_usage = Some(key_usage(&value()?)?),
            oid::EXTENDED_KEY_USAGE => out.extended_key_usage = Some(extended_key_usage(&value()?)?),
            oid::SUBJECT_KEY_IDENTIFIER => {
                let value = value()?;
                value.octets("subjectKeyIdentifier")?;
                out.subject_key_identifier = Some(shift(value.content_range()));
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let mut fields = value()?.sequence("authorityKeyIdentifier")?;
                let identifier = fields.optional("authorityKeyIdentifier", primitive(0))?;
                out.authority_key_identifier = identifier.map(|k| shift(k.content_range()));
            }
            _ => {}
        }
    }
    Ok(out)
}

/// RFC 5280 section 4.2.1.9.
fn basic_constraints(value: &Element<'_>) -> Result<(bool, Option<u32>), DecodeError> {
    let at = "basicConstraints";
    let mut fields = value.sequence(at)?;
    let ca = match fields.optional(at, Tag::Boolean)? {
        Some(b) => b.boolean(at)?,
        None => false,
    };
    let path_length = fields.optional(at, Tag::Integer)?.map(|n| n.small(at)).transpose()?;
    fields.finish(at)?;
    Ok((ca, path_length))
}

/// RFC 5280 section 4.2.1.3.
fn key_usage(value: &Element<'_>) -> Result<u16, DecodeError> {
    let bits = value.bits("keyUsage")?;
    let set = bits.bits().take(16).enumerate().filter(|(_, set)| *set);
    Ok(set.fold(0, |all, (n, _)| all | 1 << n))
}

/// RFC 5280 section 4.2.1.12: at least one.
fn extended_key_usage(value: &Element<'_>) -> Result<Vec<Option<ObjectIdentifier>>, DecodeError> {
    let at = "extKeyUsage";
    let mut list = value.sequence(at)?;
    let mut out = Vec::new();
    while !list.is_empty() {
        out.push(list.next(at)?.oid(at)?.known());
    }
    if out.is_empty() { Err(value.error(at, "empty")) } else { Ok(out) }
}

/// What to call a certificate in messages: its subject; where that is empty, as in Fulcio's, its first subject alternative
/// name; else its serial number.
pub(super) fn label(certificate: &Certificate) -> String {
    let subject = certificate.subject();
    if !subject.is_empty() {
        return subject;
    }
    let names = certificate.subject_alternative_names().unwrap_or_default();
    names.first().map_or_else(|| format!("serial {}", certificate.serial()), |n| n.value().to_owned())
}

#[cfg(test)]
mod tests;
