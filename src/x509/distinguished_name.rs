//! Distinguished names: their RFC 4514 text and their comparison.

use std::fmt::Write;

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::asn1::Element;
use super::oid::Oid;
use crate::crypto::DecodeError;

/// One attribute of a relative distinguished name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) oid: Oid<'a>,
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
    match (short_name(attribute.oid), attribute.text()) {
        (Some(name), Some(text)) => format!("{name}={}", escape(&text)),
        (name, _) => {
            let oid = attribute.oid.to_string();
            format!("{}=#{}", name.unwrap_or(&oid), hex::encode(attribute.value.whole))
        }
    }
}

/// The table of RFC 4514 section 3, and serialNumber.
fn short_name(oid: Oid<'_>) -> Option<&'static str> {
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
    TABLE.iter().find(|(known, _)| oid == *known).map(|(_, name)| *name)
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

#[cfg(test)]
mod tests {
    use super::super::asn1::encode;
    use super::super::encode::encode_oid;
    use super::*;

    /// A name of (type, tag, value), those with `+` in one relative name with their predecessor.
    fn name(attributes: &[(&str, Tag, &[u8], bool)]) -> Vec<u8> {
        let mut relatives: Vec<Vec<u8>> = Vec::new();
        for (oid, tag, value, joined) in attributes {
            let oid = encode_oid(&ObjectIdentifier::new_unwrap(oid));
            let attribute = encode(Tag::Sequence, &[&oid, &encode(*tag, &[value])]);
            match relatives.last_mut() {
                Some(last) if *joined => last.extend(attribute),
                _ => relatives.push(attribute),
            }
        }
        let sets: Vec<u8> = relatives.iter().flat_map(|r| encode(Tag::Set, &[r])).collect();
        encode(Tag::Sequence, &[&sets])
    }

    fn shown(attributes: &[(&str, Tag, &[u8], bool)]) -> String {
        let der = name(attributes);
        text(&parse(&Element::only("name", &der).unwrap(), "").unwrap())
    }

    const DC: &str = "0.9.2342.19200300.100.1.25";
    const CN: &str = "2.5.4.3";

    #[test]
    fn examples_of_rfc_4514_section_4() {
        let net: [(&str, Tag, &[u8], bool); 2] =
            [(DC, Tag::Ia5String, b"net", false), (DC, Tag::Ia5String, b"example", false)];
        let with = |more: &[(&str, Tag, &[u8], bool)]| shown(&[&net, more].concat());
        let uid = ("0.9.2342.19200300.100.1.1", Tag::Utf8String, b"jsmith".as_slice(), false);
        assert_eq!(with(&[uid]), "UID=jsmith,DC=example,DC=net");
        let ou = ("2.5.4.11", Tag::Utf8String, b"Sales".as_slice(), false);
        let cn = (CN, Tag::Utf8String, b"J.  Smith".as_slice(), true);
        assert_eq!(with(&[ou, cn]), "OU=Sales+CN=J.  Smith,DC=example,DC=net");
        let jim = (CN, Tag::Utf8String, b"James \"Jim\" Smith, III".as_slice(), false);
        assert_eq!(with(&[jim]), "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net");
        let line = (CN, Tag::PrintableString, b"Before\rAfter".as_slice(), false);
        assert_eq!(with(&[line]), "CN=Before\\0DAfter,DC=example,DC=net");
        let unknown = ("1.3.6.1.4.1.1466.0", Tag::OctetString, b"Hi".as_slice(), false);
        assert_eq!(shown(&[unknown]), "1.3.6.1.4.1.1466.0=#04024869");
        assert_eq!(shown(&[(CN, Tag::Utf8String, "Lučić".as_bytes(), false)]), "CN=Lučić");
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn what_could_mislead_is_escaped() {
        let cn = |value: &[u8]| shown(&[(CN, Tag::Utf8String, value, false)]);
        assert_eq!(cn(b" #x "), "CN=\\ #x\\ ");
        assert_eq!(cn(b"#x"), "CN=\\#x");
        assert_eq!(cn(b"a+b=c;<d>\\"), "CN=a\\+b=c\\;\\<d\\>\\\\");
        assert_eq!(cn(b"\x1b[2J\0"), "CN=\\1B[2J\\00");
        assert_eq!(cn("\u{9b}x".as_bytes()), "CN=\\C2\\9Bx");
        assert_eq!(cn(b"\xff"), "CN=#0c01ff");
        assert_eq!(shown(&[(CN, Tag::BmpString, b"\0a\x01\x0d", false)]), "CN=a\u{10d}");
        assert_eq!(shown(&[(CN, Tag::BmpString, b"\0a\0", false)]), "CN=#1e03006100");
        assert_eq!(shown(&[(CN, Tag::TeletexString, b"\xe9", false)]), "CN=#1401e9");
    }

    #[test]
    fn subtrees() {
        let within = |name: &[(&str, Tag, &[u8], bool)], base: &[(&str, Tag, &[u8], bool)]| {
            let (name, base) = (self::name(name), self::name(base));
            let parsed = |der| parse(&Element::only("name", der).unwrap(), "").unwrap();
            is_within(&parsed(&name), &parsed(&base))
        };
        let o = |value: &'static [u8], tag| ("2.5.4.10", tag, value, false);
        let cn = (CN, Tag::Utf8String, b"x".as_slice(), false);
        let example = o(b"Example Org", Tag::PrintableString);
        assert_eq!(within(&[example, cn], &[example]), Some(true));
        assert_eq!(within(&[example, cn], &[]), Some(true));
        assert_eq!(within(&[example], &[example, cn]), Some(false));
        assert_eq!(within(&[cn, example], &[example]), Some(false));
        assert_eq!(within(&[o(b" example  ORG ", Tag::Utf8String), cn], &[example]), Some(true));
        assert_eq!(within(&[o(b"Example", Tag::Utf8String)], &[example]), Some(false));
        assert_eq!(within(&[o("Éxample".as_bytes(), Tag::Utf8String)], &[example]), None);
        assert_eq!(within(&[o(b"\xe9", Tag::TeletexString)], &[example]), None);
        assert_eq!(
            within(&[o("É".as_bytes(), Tag::Utf8String)], &[o("é".as_bytes(), Tag::Utf8String)]),
            Some(true)
        );
        let joined = (CN, Tag::Utf8String, b"x".as_slice(), true);
        assert_eq!(within(&[example, joined], &[example]), Some(false), "another set of attributes");
        assert_eq!(within(&[example, joined], &[example, joined]), Some(true));
    }

    #[test]
    fn names_that_are_none() {
        for bad in [&b"\x31\x00"[..], b"\x30\x02\x31\x00", b"\x30\x04\x31\x02\x30\x00", b"\x30\x02\x30\x00"] {
            assert!(parse(&Element::only("name", bad).unwrap(), "").is_err(), "{bad:x?}");
        }
    }
}
