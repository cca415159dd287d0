//! Distinguished names.

use regorus::Value;

use super::reader::{
    BIT_STRING, BOOLEAN, Der, Fault, GENERALIZED_TIME, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, Read,
    SEQUENCE, SET, UTC_TIME,
};
use super::values::{bit_string, bytes, identifier, list, object, time};

const UTF8_STRING: u8 = 12;
const NUMERIC_STRING: u8 = 18;
const PRINTABLE_STRING: u8 = 19;
const T61_STRING: u8 = 20;
const IA5_STRING: u8 = 22;
const BMP_STRING: u8 = 30;
/// What Go has as a text in the end; bytes and times are written as texts as well, and are none.
const TEXTS: [u8; 6] = [UTF8_STRING, NUMERIC_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING, BMP_STRING];

/// The attributes with members of their own, by the last arc behind 2.5.4, and whether there are several.
const MEMBERS: [(&str, u64, bool); 9] = [
    ("CommonName", 3, false),
    ("Country", 6, true),
    ("Locality", 7, true),
    ("Organization", 10, true),
    ("OrganizationalUnit", 11, true),
    ("PostalCode", 17, true),
    ("Province", 8, true),
    ("SerialNumber", 5, false),
    ("StreetAddress", 9, true),
];

/// A name with all of its attributes (RFC 5280 section 4.1.2.4).
pub(super) fn name(der: &[u8]) -> Read<Value> {
    let mut relatives = Der(der).within(SEQUENCE)?;
    let mut attributes = Vec::new();
    while !relatives.is_empty() {
        let mut set = relatives.within(SET)?;
        while !set.is_empty() {
            let mut fields = set.within(SEQUENCE)?;
            let kind = fields.identifier()?;
            let text = TEXTS.contains(&fields.0.first().copied().unwrap_or_default());
            attributes.push((kind, value(&mut fields)?, text));
        }
    }
    let of = |arc: u64| {
        let known = attributes.iter().filter(move |(kind, _, text)| *text && *kind == [2, 5, 4, arc]);
        known.map(|(_, value, _)| value.clone())
    };
    let all = attributes
        .iter()
        .map(|(kind, value, _)| object([("Type", identifier(kind)), ("Value", value.clone())]));
    let mut made = object([("ExtraNames", Value::Null), ("Names", list(all))]);
    let members = made.as_object_mut().map_err(|_| Fault::Wrong)?;
    for (member, arc, several) in MEMBERS {
        let value = match several {
            true => list(of(arc)),
            false => of(arc).next_back().unwrap_or_else(|| "".into()),
        };
        members.insert(member.into(), value);
    }
    Ok(made)
}

fn value(fields: &mut Der<'_>) -> Read<Value> {
    let element = fields.any()?;
    let (content, mut own) = (element.content, Der(element.whole));
    match element.tag {
        UTF8_STRING => std::str::from_utf8(content).map(Value::from).map_err(|_| Fault::Wrong),
        NUMERIC_STRING => ascii(content, |byte| byte.is_ascii_digit() || byte == b' '),
        PRINTABLE_STRING => ascii(content, is_printable),
        IA5_STRING => ascii(content, |byte| byte.is_ascii()),
        T61_STRING => Ok(content.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        BMP_STRING => basic(content),
        INTEGER => own.small().map(Value::from),
        BIT_STRING => own.bits().map(|bits| bit_string(&bits)),
        OCTET_STRING => Ok(bytes(content)),
        OBJECT_IDENTIFIER => own.identifier().map(|arcs| identifier(&arcs)),
        UTC_TIME | GENERALIZED_TIME => own.time().map(time),
        BOOLEAN => own.boolean().map(Value::from),
        NULL => Ok(Value::Null),
        tag => Ok(object([
            ("Bytes", bytes(content)),
            ("Class", u64::from(tag >> 6).into()),
            ("FullBytes", bytes(element.whole)),
            ("IsCompound", (tag & 0x20 != 0).into()),
            ("Tag", u64::from(tag & 0x1f).into()),
        ])),
    }
}

fn ascii(content: &[u8], is_one: impl Fn(u8) -> bool) -> Read<Value> {
    match content.iter().all(|byte| is_one(*byte)) {
        true => Ok(content.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        false => Err(Fault::Wrong),
    }
}

/// The letters of a PrintableString (X.680 section 41.4), with `*` and `&`, which certificates have all the same.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

/// UCS-2, of which a zero at the end is left out.
fn basic(content: &[u8]) -> Read<Value> {
    let content =
        content.strip_suffix(&[0, 0]).filter(|_| content.len().is_multiple_of(2)).unwrap_or(content);
    let units = content.chunks(2).map(|unit| match unit {
        [high, low] => match u16::from_be_bytes([*high, *low]) {
            0xfdd0..=0xfdef | 0xfffe | 0xffff => None,
            unit => char::from_u32(u32::from(unit)),
        },
        _ => None,
    });
    units.collect::<Option<String>>().map(Value::from).ok_or(Fault::Wrong)
}
