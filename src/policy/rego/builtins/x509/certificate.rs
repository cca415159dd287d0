//! Certificates (RFC 5280) as Go reads them, and as OPA shows them.

use regorus::Value;

use super::algorithms::{self, Signature};
use super::extensions::{Extension, Extensions};
use super::names;
use super::reader::{Der, Element, Fault, Read, SEQUENCE, constructed, primitive};
use super::uris::Uri;
use super::values::{bytes, integer, list, object, texts, time};

/// A certificate, with all that a path depends on.
pub(super) struct Certificate<'a> {
    pub(super) raw: &'a [u8],
    pub(super) tbs: &'a [u8],
    pub(super) version: i64,
    pub(super) signed_by: Signature,
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    /// Seconds since 1970.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) spki: &'a [u8],
    /// Go's number of the kind of key; 0 for one that it does not know.
    pub(super) key_kind: u64,
    pub(super) key: Value,
    pub(super) signature: Vec<u8>,
    pub(super) extensions: Extensions,
    serial: Value,
    algorithm: &'a [u8],
    issuer_name: Value,
    subject_name: Value,
}

/// One certificate after another.
pub(super) fn certificates(der: &[u8]) -> Read<Vec<Certificate<'_>>> {
    let mut rest = Der(der);
    let mut all = Vec::new();
    while !rest.is_empty() {
        all.push(certificate(rest.element(SEQUENCE)?)?);
    }
    Ok(all)
}

fn certificate(whole: Element<'_>) -> Read<Certificate<'_>> {
    let mut outer = Der(whole.content);
    let tbs = outer.element(SEQUENCE)?;
    let mut fields = Der(tbs.content);
    let version = match fields.optional(constructed(0))? {
        Some(mut inner) => inner
            .small()
            .and_then(|version| if inner.is_empty() { Ok(version) } else { Err(Fault::Wrong) })?,
        None => 0,
    };
    if !(0..=2).contains(&version) {
        return Err(Fault::Wrong);
    }
    // One below zero is none by RFC 5280, and cosign takes it.
    let serial = fields.integer()?;
    let algorithm = fields.element(SEQUENCE)?;
    if outer.within(SEQUENCE)?.0 != algorithm.content {
        return Err(Fault::Wrong);
    }
    let (signature_algorithm, parameters) = algorithms::identifier(Der(algorithm.content))?;
    let signed_by = algorithms::signature(&signature_algorithm, parameters)?;
    let issuer = fields.element(SEQUENCE)?.whole;
    let issuer_name = names::name(issuer)?;
    let mut validity = fields.within(SEQUENCE)?;
    let (not_before, not_after) = (validity.time()?, validity.time()?);
    let subject = fields.element(SEQUENCE)?.whole;
    let subject_name = names::name(subject)?;
    let spki = fields.element(SEQUENCE)?;
    let (key_kind, key) = public_key(Der(spki.content))?;
    let extensions = further(fields, version)?;
    Ok(Certificate {
        raw: whole.whole,
        tbs: tbs.whole,
        version: version + 1,
        signed_by,
        issuer,
        subject,
        not_before,
        not_after,
        spki: spki.whole,
        key_kind,
        key,
        signature: outer.bits()?.aligned(),
        extensions,
        serial: integer(serial)?,
        algorithm: algorithm.whole,
        issuer_name,
        subject_name,
    })
}

/// A SubjectPublicKeyInfo.
pub(super) fn public_key(mut fields: Der<'_>) -> Read<(u64, Value)> {
    let (algorithm, parameters) = algorithms::identifier(fields.within(SEQUENCE)?)?;
    algorithms::key(&algorithm, parameters, &fields.bits()?.aligned())
}

/// What stands behind the key: only later versions have it.
fn further(mut fields: Der<'_>, version: i64) -> Read<Extensions> {
    let mut all: Vec<Extension> = Vec::new();
    if version > 0 {
        fields.optional(primitive(1))?;
        fields.optional(primitive(2))?;
    }
    let Some(mut wrapped) = (if version == 2 { fields.optional(constructed(3))? } else { None }) else {
        return Ok(Extensions::default());
    };
    let mut list = wrapped.within(SEQUENCE)?;
    while !list.is_empty() {
        let extension = Extension::read(list.within(SEQUENCE)?)?;
        if all.iter().any(|other| other.id == extension.id) {
            return Err(Fault::Wrong);
        }
        all.push(extension);
    }
    Extensions::of(all)
}

impl Certificate<'_> {
    /// As JSON has it; `with_uris` adds the URIs as texts, which OPA does in most places.
    pub(super) fn shown(&self, with_uris: bool) -> Value {
        let extensions = &self.extensions;
        let names = &extensions.names;
        let mut made = object([
            ("Version", self.version.into()),
            ("SerialNumber", self.serial.clone()),
            ("Issuer", self.issuer_name.clone()),
            ("Subject", self.subject_name.clone()),
            ("NotBefore", time(self.not_before)),
            ("NotAfter", time(self.not_after)),
            ("PublicKey", self.key.clone()),
            ("PublicKeyAlgorithm", self.key_kind.into()),
            ("Raw", bytes(self.raw)),
            ("RawIssuer", bytes(self.issuer)),
            ("RawSignatureAlgorithm", bytes(self.algorithm)),
            ("RawSubject", bytes(self.subject)),
            ("RawSubjectPublicKeyInfo", bytes(self.spki)),
            ("RawTBSCertificate", bytes(self.tbs)),
            ("Signature", bytes(&self.signature)),
            ("SignatureAlgorithm", self.signed_by.0.into()),
            ("DNSNames", texts(&names.dns)),
            ("EmailAddresses", texts(&names.emails)),
            ("IPAddresses", list(names.addresses.iter().map(|ip| ip.to_string().into()))),
            ("URIs", list(names.uris.iter().map(Uri::shown))),
        ]);
        if let Ok(members) = made.as_object_mut() {
            if with_uris {
                members
                    .insert("URIStrings".into(), list(names.uris.iter().map(|uri| uri.text.as_str().into())));
            }
            members.extend(extensions.shown());
        }
        made
    }
}
