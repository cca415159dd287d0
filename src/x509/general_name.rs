//! GeneralName (RFC 5280 section 4.2.1.6), of subject alternative names and of name constraints.

use std::net::IpAddr;

use super::SubjectAlternativeName;
use super::asn1::{Element, constructed, primitive};
use super::{distinguished_name, oid};
use crate::crypto::DecodeError;

const OTHER: der::Tag = constructed(0);
const EMAIL: der::Tag = primitive(1);
const DNS: der::Tag = primitive(2);
const X400: der::Tag = constructed(3);
const DIRECTORY: der::Tag = constructed(4);
const EDI_PARTY: der::Tag = constructed(5);
const URI: der::Tag = primitive(6);
const IP: der::Tag = primitive(7);
const REGISTERED_ID: der::Tag = primitive(8);

/// A general name.
#[derive(Debug, Clone)]
pub(super) enum GeneralName<'a> {
    Other {
        kind: oid::Oid<'a>,
        value: Element<'a>,
    },
    Email(&'a str),
    Dns(&'a str),
    X400,
    Directory(Vec<distinguished_name::Relative<'a>>),
    EdiParty,
    Uri(&'a str),
    /// An address, or in a constraint an address and a mask.
    Ip(&'a [u8]),
    RegisteredId,
}

/// The names of a GeneralNames sequence, at least one.
pub(super) fn parse_all<'a>(names: &Element<'a>, at: &str) -> Result<Vec<GeneralName<'a>>, DecodeError> {
    let mut list = names.sequence(at)?;
    let mut out = Vec::new();
    while !list.is_empty() {
        let element = list.next(at)?;
        let name = GeneralName::parse(&element, at)?;
        match &name {
            GeneralName::Ip(address) if ip(address).is_none() => {
                return Err(element.error(at, format!("an IP address of {} bytes", address.len())));
            }
            GeneralName::Email("") | GeneralName::Dns("") | GeneralName::Uri("") => {
                return Err(element.error(at, "an empty name"));
            }
            _ => out.push(name),
        }
    }
    if out.is_empty() { Err(names.error(at, "empty")) } else { Ok(out) }
}

impl<'a> GeneralName<'a> {
    /// One name. The length of an address is not checked: it is another in constraints than in names.
    pub(super) fn parse(element: &Element<'a>, at: &str) -> Result<Self, DecodeError> {
        Ok(match element.tag {
            OTHER => {
                let mut fields = element.elements(at, OTHER)?;
                let kind = fields.next(at)?.oid(at)?;
                let value = fields.next(at)?.inner(at, constructed(0))?;
                fields.finish(at)?;
                Self::Other { kind, value }
            }
            EMAIL => Self::Email(ia5(element, at)?),
            DNS => Self::Dns(ia5(element, at)?),
            X400 => Self::X400,
            DIRECTORY => Self::Directory(distinguished_name::parse(&element.inner(at, DIRECTORY)?, at)?),
            EDI_PARTY => Self::EdiParty,
            URI => Self::Uri(ia5(element, at)?),
            IP => Self::Ip(element.content),
            REGISTERED_ID => Self::RegisteredId,
            tag => return Err(element.error(at, format!("{tag} is not a general name"))),
        })
    }

    /// The identity that this name states, if it is of a kind that states one.
    pub(super) fn identity(&self) -> Result<Option<SubjectAlternativeName>, DecodeError> {
        Ok(match self {
            Self::Email(v) => Some(SubjectAlternativeName::Email((*v).to_owned())),
            Self::Dns(v) => Some(SubjectAlternativeName::Dns((*v).to_owned())),
            Self::Uri(v) => Some(SubjectAlternativeName::Uri((*v).to_owned())),
            Self::Ip(v) => ip(v).map(|a| SubjectAlternativeName::Ip(a.to_string())),
            Self::Other { kind, value } if *kind == oid::FULCIO_USERNAME => {
                let at = "subjectAltName";
                let text = value.utf8(at)?;
                if text.is_empty() || text.contains(char::is_control) {
                    return Err(value.error(at, "a user name that is empty or holds control characters"));
                }
                Some(SubjectAlternativeName::Other(text.to_owned()))
            }
            _ => None,
        })
    }

    /// What the kind is called in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Other { .. } => "otherName",
            Self::Email(_) => "e-mail address",
            Self::Dns(_) => "DNS name",
            Self::X400 => "X.400 address",
            Self::Directory(_) => "directory name",
            Self::EdiParty => "EDI party name",
            Self::Uri(_) => "URI",
            Self::Ip(_) => "IP address",
            Self::RegisteredId => "registered identifier",
        }
    }
}

/// An address of 4 or 16 bytes.
pub(super) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// An IA5String: ASCII, and here without control characters, which no name of these kinds has.
fn ia5<'a>(element: &Element<'a>, at: &str) -> Result<&'a str, DecodeError> {
    match std::str::from_utf8(element.content) {
        Ok(text) if text.bytes().all(|b| (0x20..0x7f).contains(&b)) => Ok(text),
        _ => Err(element.error(at, "a name that is not printable ASCII")),
    }
}
