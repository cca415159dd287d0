//! Name constraints (RFC 5280 section 4.2.1.10).

use std::net::IpAddr;

use regorus::Value;

use super::alternative::{ascii, is_domain};
use super::reader::{Der, Fault, Read, SEQUENCE, constructed, primitive};
use super::values::{bytes, list, object, texts};

/// Names below which a certificate's names have to be, or must not be.
#[derive(Default)]
pub(super) struct Constraints {
    permitted: Subtrees,
    excluded: Subtrees,
    critical: bool,
    /// Whether there are names of kinds that Go does not know.
    pub(super) has_others: bool,
}

/// Subtrees by their kind; addresses with their masks.
#[derive(Default)]
struct Subtrees {
    dns: Vec<String>,
    emails: Vec<String>,
    addresses: Vec<(IpAddr, Vec<u8>)>,
    uris: Vec<String>,
    has_others: bool,
}

impl Constraints {
    pub(super) fn read(mut value: Der<'_>, critical: bool) -> Read<Self> {
        let mut fields = value.within(SEQUENCE)?;
        let (permitted, excluded) = (fields.optional(constructed(0))?, fields.optional(constructed(1))?);
        let none = permitted.is_none() && excluded.is_none();
        let hollow = [permitted, excluded].into_iter().flatten().any(|list| list.is_empty());
        if none || hollow || !value.is_empty() || !fields.is_empty() {
            return Err(Fault::Wrong);
        }
        let read =
            |list: Option<Der<'_>>| list.map(Subtrees::read).transpose().map(Option::unwrap_or_default);
        let (permitted, excluded) = (read(permitted)?, read(excluded)?);
        let has_others = permitted.has_others || excluded.has_others;
        Ok(Self { permitted, excluded, critical, has_others })
    }

    pub(super) fn shown(&self) -> Vec<(Value, Value)> {
        let mut members = vec![("PermittedDNSDomainsCritical".into(), self.critical.into())];
        for (which, subtrees) in [("Permitted", &self.permitted), ("Excluded", &self.excluded)] {
            let ranges = subtrees
                .addresses
                .iter()
                .map(|(address, mask)| object([("IP", address.to_string().into()), ("Mask", bytes(mask))]));
            let mut add = |what: &str, value: Value| members.push((format!("{which}{what}").into(), value));
            add("DNSDomains", texts(&subtrees.dns));
            add("EmailAddresses", texts(&subtrees.emails));
            add("IPRanges", list(ranges));
            add("URIDomains", texts(&subtrees.uris));
        }
        members
    }
}

impl Subtrees {
    fn read(mut list: Der<'_>) -> Read<Self> {
        let mut made = Self::default();
        while !list.is_empty() {
            let base = list.within(SEQUENCE)?.any()?;
            match base.tag {
                tag if tag == primitive(1) => made.emails.push(email(ascii(base.content)?)?),
                tag if tag == primitive(2) => made.dns.push(domain(ascii(base.content)?)?),
                tag if tag == primitive(6) => {
                    let name = domain(ascii(base.content)?)?;
                    if name.parse::<IpAddr>().is_ok() {
                        return Err(Fault::Wrong);
                    }
                    made.uris.push(name);
                }
                tag if tag == primitive(7) => made.addresses.push(range(base.content)?),
                _ => made.has_others = true,
            }
        }
        Ok(made)
    }
}

fn domain(text: String) -> Read<String> {
    if is_domain(&text, true) { Ok(text) } else { Err(Fault::Wrong) }
}

/// A mailbox, or the domain of several.
fn email(text: String) -> Read<String> {
    let Some((local, domain)) = text.split_once('@') else { return self::domain(text) };
    let is_plain = |part: &str| {
        let labels =
            |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        part.split('.').all(labels)
    };
    if is_plain(local) && is_plain(domain) {
        return Ok(text);
    }
    Err(Fault::Undecided(
        "a mail address in the name constraints of a certificate that is unusual".to_owned(),
    ))
}

/// An address and a mask of ones followed by zeros.
fn range(content: &[u8]) -> Read<(IpAddr, Vec<u8>)> {
    if ![8, 32].contains(&content.len()) {
        return Err(Fault::Wrong);
    }
    let (address, mask) = content.split_at(content.len() / 2);
    let total: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let whole = mask.iter().take_while(|byte| **byte == 0xff).count();
    let first = mask.iter().take(whole + 1).map(|byte| byte.leading_ones()).sum::<u32>();
    if first != total {
        return Err(Fault::Wrong);
    }
    Ok((super::alternative::address(address)?, mask.to_vec()))
}
