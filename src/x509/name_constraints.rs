//! Name constraints (RFC 5280 section 4.2.1.10).
//!
//! A name that cannot be compared for sure (of a kind that is not understood, or not well-formed) counts as neither
//! permitted nor free of exclusion, so that doubt refuses.

use super::asn1::{Element, constructed, primitive};
use super::certificate::WHAT;
use super::distinguished_name::{self, Relative};
use super::general_name::GeneralName;
use super::{Certificate, host, oid};
use crate::crypto::DecodeError;

const AT: &str = "nameConstraints";

/// A parsed extension.
pub(super) struct NameConstraints<'a> {
    permitted: Vec<GeneralName<'a>>,
    excluded: Vec<GeneralName<'a>>,
}

/// Why a certificate's names are not within the constraints.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// A name of the certificate, in words.
    Name(String),
    /// The certificate's own names are malformed.
    Malformed(DecodeError),
    /// The comparisons are more than the budget.
    Budget,
}

/// The constraints that a certification authority's certificate states, if any.
pub(super) fn of(certificate: &Certificate) -> Result<Option<NameConstraints<'_>>, DecodeError> {
    let Some(value) = certificate.extension(oid::NAME_CONSTRAINTS) else { return Ok(None) };
    let element = Element::only(WHAT, value)?;
    let mut fields = element.sequence(AT)?;
    let permitted =
        fields.optional(AT, constructed(0))?.map(|e| subtrees(&e, 0)).transpose()?.unwrap_or_default();
    let excluded =
        fields.optional(AT, constructed(1))?.map(|e| subtrees(&e, 1)).transpose()?.unwrap_or_default();
    fields.finish(AT)?;
    if permitted.is_empty() && excluded.is_empty() {
        return Err(element.error(AT, "empty"));
    }
    Ok(Some(NameConstraints { permitted, excluded }))
}

fn subtrees<'a>(list: &Element<'a>, number: u8) -> Result<Vec<GeneralName<'a>>, DecodeError> {
    let mut subtrees = list.elements(AT, constructed(number))?;
    let mut out = Vec::new();
    while !subtrees.is_empty() {
        let mut fields = subtrees.next(AT)?.sequence(AT)?;
        let base = fields.next(AT)?;
        // Within this profile, minimum is 0 and maximum is absent; minimum 0 is the default and not encoded in DER.
        if let Some(minimum) = fields.optional(AT, primitive(0))?
            && minimum.content != [0]
        {
            return Err(minimum.error(AT, "a minimum other than 0"));
        }
        fields.finish(AT)?;
        let name = GeneralName::parse(&base, AT)?;
        if let GeneralName::Ip(range) = name
            && !host::is_ip_range(range)
        {
            return Err(base.error(AT, "an IP range that is not an address and a mask of leading ones"));
        }
        out.push(name);
    }
    Ok(out)
}

impl NameConstraints<'_> {
    /// Whether all names of a certificate are within the constraints: its subject, its subject alternative names, and in
    /// the absence of these the e-mail addresses of its subject. Each comparison takes one from `budget`.
    pub(super) fn check(&self, certificate: &Certificate, budget: &mut usize) -> Result<(), Violation> {
        let subject = Element::only(WHAT, certificate.subject_der())
            .and_then(|name| distinguished_name::parse(&name, "subject"))
            .map_err(Violation::Malformed)?;
        let mut names = certificate.general_names().map_err(Violation::Malformed)?;
        let addresses = subject_addresses(&subject, names.is_empty())?;
        names.extend(addresses.iter().map(|a| GeneralName::Email(a)));
        if !subject.is_empty() {
            names.push(GeneralName::Directory(subject));
        }
        names.iter().try_for_each(|name| self.check_name(name, budget))
    }

    fn check_name(&self, name: &GeneralName<'_>, budget: &mut usize) -> Result<(), Violation> {
        let mut constrained = false;
        let mut permitted = false;
        for base in &self.permitted {
            *budget = budget.checked_sub(1).ok_or(Violation::Budget)?;
            if same_kind(name, base) {
                constrained = true;
                permitted |= matches(name, base) == Some(true);
            }
        }
        if constrained && !permitted {
            return Err(Violation::Name(format!("{} is outside the permitted names", describe(name))));
        }
        for base in &self.excluded {
            *budget = budget.checked_sub(1).ok_or(Violation::Budget)?;
            if same_kind(name, base) && matches_excluded(name, base) != Some(false) {
                return Err(Violation::Name(format!("{} is among the excluded names", describe(name))));
            }
        }
        Ok(())
    }
}

/// The e-mail addresses of the subject, to which rfc822Name constraints apply when there is no subject alternative name.
fn subject_addresses(subject: &[Relative<'_>], no_alternative: bool) -> Result<Vec<String>, Violation> {
    if !no_alternative {
        return Ok(Vec::new());
    }
    let addresses = subject.iter().flatten().filter(|a| a.oid == oid::EMAIL_ADDRESS);
    let undecodable = || Violation::Name("the subject's e-mail address is not text".to_owned());
    addresses.map(|a| a.text().ok_or_else(undecodable)).collect()
}

fn same_kind(name: &GeneralName<'_>, base: &GeneralName<'_>) -> bool {
    match (name, base) {
        // Constraints on one type of otherName do not concern the others.
        (GeneralName::Other { kind: a, .. }, GeneralName::Other { kind: b, .. }) => a == b,
        _ => std::mem::discriminant(name) == std::mem::discriminant(base),
    }
}

/// Whether a name lies in the subtree of `base`; `None` when that cannot be decided.
fn matches(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    match (name, base) {
        (GeneralName::Email(a), GeneralName::Email(b)) => host::email_matches(a, b),
        (GeneralName::Dns(a), GeneralName::Dns(b)) => host::dns_matches(a, b),
        (GeneralName::Uri(a), GeneralName::Uri(b)) => host::uri_matches(a, b),
        (GeneralName::Ip(a), GeneralName::Ip(b)) => Some(host::ip_matches(a, b)),
        (GeneralName::Directory(a), GeneralName::Directory(b)) => distinguished_name::is_within(a, b),
        _ => None,
    }
}

/// As [`matches`]; a wildcard stands for names of which some may be excluded though it lies outside itself.
fn matches_excluded(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    match (name, base) {
        (GeneralName::Dns(a), GeneralName::Dns(b)) if host::wildcard_overlaps(a, b) => Some(true),
        _ => matches(name, base),
    }
}

fn describe(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::Email(v) | GeneralName::Dns(v) | GeneralName::Uri(v) => format!("{} `{v}`", name.kind()),
        GeneralName::Directory(v) => format!("{} `{}`", name.kind(), distinguished_name::text(v)),
        _ => name.kind().to_owned(),
    }
}
