//! Extensions of certificates, as their issuer writes them.

use std::net::IpAddr;

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::super::SubjectAlternativeName;
use super::super::asn1::{constructed, encode, primitive};
use super::super::encode::{encode_oid, encode_unsigned};
use super::super::oid;
use super::IssueError;

/// One extension. The value is the content of extnValue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Dotted.
    pub oid: String,
    /// Whether those who do not know it have to refuse the certificate.
    pub critical: bool,
    /// The content of extnValue: DER, but for Fulcio's first six.
    pub value: Vec<u8>,
}

/// Uses of a key (RFC 5280 section 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUsage {
    /// digitalSignature.
    DigitalSignature,
    /// keyEncipherment.
    KeyEncipherment,
    /// keyCertSign.
    CertSign,
}

/// Extended uses of a key (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// anyExtendedKeyUsage.
    Any,
    /// id-kp-codeSigning.
    CodeSigning,
    /// id-kp-serverAuth.
    ServerAuth,
    /// id-kp-timeStamping.
    TimeStamping,
}

/// The base of a name constraint (RFC 5280 section 4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subtree {
    /// A mailbox, a host, or with a leading dot a domain.
    Email(String),
    /// A host, or with a leading dot a domain.
    Uri(String),
    /// A domain.
    Dns(String),
    /// Address and mask.
    Ip(Vec<u8>),
    /// A distinguished name of one organization.
    Organization(String),
    /// Fulcio's otherName.
    Other(String),
}

impl Extension {
    /// Any extension.
    pub fn custom(oid: &str, critical: bool, value: Vec<u8>) -> Self {
        Self { oid: oid.to_owned(), critical, value }
    }

    fn known(oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Self {
        Self { oid: oid.to_string(), critical, value }
    }

    /// basicConstraints, critical.
    pub fn basic_constraints(ca: bool, path_length: Option<u32>) -> Self {
        let ca = if ca { encode(Tag::Boolean, &[&[0xff]]) } else { Vec::new() };
        let length = path_length.map(|n| encode_unsigned(&n.to_be_bytes())).unwrap_or_default();
        Self::known(oid::BASIC_CONSTRAINTS, true, encode(Tag::Sequence, &[&ca, &length]))
    }

    /// keyUsage, critical.
    pub fn key_usage(uses: &[KeyUsage]) -> Self {
        let bit = |u: &KeyUsage| match u {
            KeyUsage::DigitalSignature => 0x80,
            KeyUsage::KeyEncipherment => 0x20,
            KeyUsage::CertSign => 0x04,
        };
        let byte: u8 = uses.iter().map(bit).fold(0, |all, b| all | b);
        // A BIT STRING of named bits ends with its last one that is set (X.690 section 11.2.2).
        let value = match u8::try_from(byte.trailing_zeros()) {
            Ok(unused) if byte != 0 => encode(Tag::BitString, &[&[unused, byte]]),
            _ => encode(Tag::BitString, &[&[0]]),
        };
        Self::known(oid::KEY_USAGE, true, value)
    }

    /// extKeyUsage.
    pub fn extended_key_usage(critical: bool, uses: &[ExtendedKeyUsage]) -> Self {
        let identifier = |u: &ExtendedKeyUsage| match u {
            ExtendedKeyUsage::Any => oid::ANY_EXTENDED_KEY_USAGE,
            ExtendedKeyUsage::CodeSigning => oid::CODE_SIGNING,
            ExtendedKeyUsage::ServerAuth => ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
            ExtendedKeyUsage::TimeStamping => oid::TIME_STAMPING,
        };
        let list: Vec<u8> = uses.iter().flat_map(|u| encode_oid(&identifier(u))).collect();
        Self::known(oid::EXTENDED_KEY_USAGE, critical, encode(Tag::Sequence, &[&list]))
    }

    /// subjectAltName, critical, as Fulcio has it. An address that is none makes a malformed name.
    pub fn subject_alternative_names(names: &[SubjectAlternativeName]) -> Self {
        let list: Vec<u8> = names.iter().flat_map(general_name).collect();
        Self::known(oid::SUBJECT_ALT_NAME, true, encode(Tag::Sequence, &[&list]))
    }

    /// nameConstraints, critical.
    pub fn name_constraints(permitted: &[Subtree], excluded: &[Subtree]) -> Self {
        let list = |number, subtrees: &[Subtree]| {
            let all: Vec<u8> = subtrees.iter().flat_map(|s| encode(Tag::Sequence, &[&s.encode()])).collect();
            if all.is_empty() { all } else { encode(constructed(number), &[&all]) }
        };
        let value = encode(Tag::Sequence, &[&list(0, permitted), &list(1, excluded)]);
        Self::known(oid::NAME_CONSTRAINTS, true, value)
    }

    /// One of Fulcio's extensions `.1` to `.6`: the bytes are the text.
    pub fn fulcio_raw(number: u32, text: &str) -> Self {
        Self::custom(&format!("{}.{number}", oid::FULCIO), false, text.as_bytes().to_vec())
    }

    /// One of Fulcio's extensions `.8` and on: a UTF8String.
    pub fn fulcio_text(number: u32, text: &str) -> Self {
        let value = encode(Tag::Utf8String, &[text.as_bytes()]);
        Self::custom(&format!("{}.{number}", oid::FULCIO), false, value)
    }

    pub(super) fn subject_key_identifier(key: &[u8]) -> Self {
        Self::known(oid::SUBJECT_KEY_IDENTIFIER, false, encode(Tag::OctetString, &[key]))
    }

    pub(super) fn authority_key_identifier(key: &[u8]) -> Self {
        let value = encode(Tag::Sequence, &[&encode(primitive(0), &[key])]);
        Self::known(oid::AUTHORITY_KEY_IDENTIFIER, false, value)
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, IssueError> {
        let oid =
            ObjectIdentifier::new(&self.oid).map_err(|_| IssueError::ObjectIdentifier(self.oid.clone()))?;
        let critical = if self.critical { encode(Tag::Boolean, &[&[0xff]]) } else { Vec::new() };
        let value = encode(Tag::OctetString, &[&self.value]);
        Ok(encode(Tag::Sequence, &[&encode_oid(&oid), &critical, &value]))
    }
}

impl Subtree {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Email(v) => encode(primitive(1), &[v.as_bytes()]),
            Self::Uri(v) => encode(primitive(6), &[v.as_bytes()]),
            Self::Dns(v) => encode(primitive(2), &[v.as_bytes()]),
            Self::Ip(v) => encode(primitive(7), &[v]),
            Self::Organization(v) => {
                encode(constructed(4), &[&name(&[("2.5.4.10", Tag::PrintableString, v)])])
            }
            Self::Other(v) => general_name(&SubjectAlternativeName::Other(v.clone())),
        }
    }
}

fn general_name(name: &SubjectAlternativeName) -> Vec<u8> {
    match name {
        SubjectAlternativeName::Email(v) => encode(primitive(1), &[v.as_bytes()]),
        SubjectAlternativeName::Dns(v) => encode(primitive(2), &[v.as_bytes()]),
        SubjectAlternativeName::Uri(v) => encode(primitive(6), &[v.as_bytes()]),
        SubjectAlternativeName::Ip(v) => match v.parse() {
            Ok(IpAddr::V4(a)) => encode(primitive(7), &[&a.octets()]),
            Ok(IpAddr::V6(a)) => encode(primitive(7), &[&a.octets()]),
            Err(_) => encode(primitive(7), &[v.as_bytes()]),
        },
        SubjectAlternativeName::Other(v) => {
            let value = encode(constructed(0), &[&encode(Tag::Utf8String, &[v.as_bytes()])]);
            encode(constructed(0), &[&encode_oid(&oid::FULCIO_USERNAME), &value])
        }
    }
}

/// A name of these attributes; empty ones are left out.
pub(super) fn name(attributes: &[(&'static str, Tag, &str)]) -> Vec<u8> {
    let present = attributes.iter().filter(|(_, _, text)| !text.is_empty());
    let relative = |(oid, tag, text): &(&'static str, Tag, &str)| {
        let oid = encode_oid(&ObjectIdentifier::new_unwrap(oid));
        encode(Tag::Set, &[&encode(Tag::Sequence, &[&oid, &encode(*tag, &[text.as_bytes()])])])
    };
    encode(Tag::Sequence, &[&present.flat_map(relative).collect::<Vec<u8>>()])
}
