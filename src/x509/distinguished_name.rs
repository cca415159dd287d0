//! Distinguished names: their RFC 4514 text and their comparison.

use std::fmt::Write;

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::asn1::Element;
use crate::crypto::DecodeError;

/// One attribute of a relative distinguished name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) value: Element<'a>,
}

/// A relative distinguished name: usually one attribute.
pub(super) type Relative<'a> = Vec<Attribute<'a>>;

/// The relative distinguished names of an encoded Name (RFC 5280 section 4.1.2.4), in the order of the encoding.
pub(super) fn parse<'a>(name: &Element<'a>, at: &str) -> Result<Vec<Relative<'a>>, DecodeError> {
    let mut relatives = name.sequence(at)?;
    let mut out = Vec::new();
    while !relatives.is_empty() {
        let mut attributes = relatives.next(at)?.elements(at, Tag::Set)?;
        let mut relative = Vec::with_capacity(1);
        while !attributes.is_empty() {
            let mut fields = attributes.next(at)?.sequence(at)?;
            relative.push(Attribute { oid: fields.next(at)?.oid(at)?, value: fields.next(at)? });
            fields.finish(at)?;
        }
        if relative.is_empty() {
            return Err(name.error(at, "a relative distinguished name without an attribute"));
        }
        out.push(relative);
    }
    Ok(out)
}

/// The text of a name as RFC 4514 writes it: last relative distinguished name first, `+` between several attributes of one.
pub(super) fn text(name: &[Relative<'_>]) -> String {
    let relative = |r: &Relative<'_>| r.iter().map(attribute_text).collect::<Vec<_>>().join("+");
    name.iter().rev().map(relative).collect::<Vec<_>>().join(",")
}

fn attribute_text(attribute: &Attribute<'_>) -> String {
    match (short_name(&attribute.oid), attribute.text()) {
        (Some(name), Some(text)) => format!("{name}={}", escape(&text)),
        (name, _) => {
            let oid = attribute.oid.to_string();
            format!("{}=#{}", name.unwrap_or(&oid), hex::encode(attribute.value.whole))
        }
    }
}

/// The table of RFC 4514 section 3, and serialNumber.
fn short_name(oid: &ObjectIdentifier) -> Option<&'static str> {
    const TABLE: [(ObjectIdentifier, &str); 10] = [
        (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
        (ObjectIdentifier::new_unwrap("2.5.4.5"), "serialNumber"),
        (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
        (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
        (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
        (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
        (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
        (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
        (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
        (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    ];
    TABLE.iter().find(|(o, _)| o == oid).map(|(_, name)| *name)
}

/// Escapes as RFC 4514 section 2.4 requires, and control characters as it allows.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '#' if i == 0 => out.push_str("\\#"),
            ' ' if i == 0 || i == last => out.push_str("\\ "),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for b in c.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String does not fail.
                    let _ = write!(out, "\\{b:02X}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

impl Attribute<'_> {
    /// The text of a value that is of a string type; `None` for others, and for Teletex and Videotex strings, whose
    /// character sets nobody agrees on, unless they are ASCII.
    pub(super) fn text(&self) -> Option<String> {
        let bytes = self.value.content;
        match self.value.tag {
            Tag::Utf8String => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Tag::PrintableString
            | Tag::NumericString
            | Tag::Ia5String
            | Tag::VisibleString
            | Tag::TeletexString => bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned()),
            Tag::BmpString => {
                let units = bytes.chunks(2).map(|c| match c {
                    [high, low] => Some(u16::from_be_bytes([*high, *low])),
                    _ => None,
                });
                String::from_utf16(&units.collect::<Option<Vec<u16>>>()?).ok()
            }
            _ => None,
        }
    }

    /// Whether two attributes are the same (RFC 5280 section 7.1): same type, same value, letter case and the amount of
    /// white space set aside. `None` when that cannot be decided: values of other types, or whose equality would need
    /// Unicode normalisation.
    fn same(&self, other: &Attribute<'_>) -> Option<bool> {
        if self.oid != other.oid {
            return Some(false);
        }
        if self.value.whole == other.value.whole {
            return Some(true);
        }
        let (a, b) = (fold(&self.text()?), fold(&other.text()?));
        if a == b {
            return Some(true);
        }
        (a.is_ascii() && b.is_ascii()).then_some(false)
    }
}

fn fold(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Whether `name` lies in the subtree of `base`: it begins with the relative distinguished names of `base` (RFC 5280
/// section 4.2.1.10). `None` when that cannot be decided.
pub(super) fn is_within(name: &[Relative<'_>], base: &[Relative<'_>]) -> Option<bool> {
    if name.len() < base.len() {
        return Some(false);
    }
    let mut all = Some(true);
    for (a, b) in name.iter().zip(base) {
        match same_relative(a, b) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

/// The attributes of a relative distinguished name are a set; several in one are compared in the order of DER, which is
/// fixed but for names that differ in letter case: then the answer is undecided rather than wrong.
fn same_relative(a: &Relative<'_>, b: &Relative<'_>) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    let outcomes: Vec<Option<bool>> = a.iter().zip(b).map(|(x, y)| x.same(y)).collect();
    match (outcomes.iter().all(|o| *o == Some(true)), outcomes.len()) {
        (true, _) => Some(true),
        (false, 1) => outcomes.into_iter().next().flatten(),
        (false, _) => None,
    }
}
