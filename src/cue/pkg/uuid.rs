//! `uuid`: UUIDs of RFC 9562.

use super::Parameter::{Bytes, Int, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, constraint, function};
use crate::crypto::legacy_digest::{self, Algorithm};
use crate::cue::data::Data;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    // Called with a text, cosign panics.
    ("Valid", constraint(&[Text], |a| valid(a.text(0)?))),
    ("Parse", function(&[Text], |a| Ok(shown(parse(a.text(0)?)?).into()))),
    ("URN", function(&[Text], |a| Ok(format!("urn:uuid:{}", shown(parse(a.text(0)?)?)).into()))),
    ("FromInt", function(&[Int], from_int)),
    ("ToInt", Member::Unsupported),
    ("Variant", function(&[Text], |a| Ok(variant(parse(a.text(0)?)?).into()))),
    ("Version", function(&[Text], |a| Ok(i64::from(parse(a.text(0)?)?[6] >> 4).into()))),
    ("SHA1", function(&[Text, Bytes], |a| named(a, Algorithm::Sha1, 5))),
    ("MD5", function(&[Text, Bytes], |a| named(a, Algorithm::Md5, 3))),
    (
        "ns",
        Member::Source(
            "{DNS: \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\", URL: \"6ba7b811-9dad-11d1-80b4-00c04fd430c8\", \
             OID: \"6ba7b812-9dad-11d1-80b4-00c04fd430c8\", X500: \"6ba7b814-9dad-11d1-80b4-00c04fd430c8\", \
             Nil: \"00000000-0000-0000-0000-000000000000\"}",
        ),
    ),
];

/// Small digits and hyphens alone.
fn valid(text: &str) -> Result<Data, CallError> {
    let uuid = parse(text)?;
    if shown(uuid) == text { Ok(true.into()) } else { failed(format!("invalid UUID {text:?}")) }
}

/// With hyphens, without, in braces, or after `urn:uuid:`.
fn parse(text: &str) -> Result<[u8; 16], CallError> {
    let refused = || CallError::Failed(format!("invalid UUID {text:?}"));
    let with_hyphens = match text.len() {
        45 if text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("urn:uuid:")) => text.get(9..),
        38 => text.get(1..37),
        36 => Some(text),
        32 => None,
        _ => return Err(refused()),
    };
    let digits = match with_hyphens {
        Some(text) => {
            let groups: Vec<&str> = text.split('-').collect();
            if groups.iter().map(|group| group.len()).ne([8, 4, 4, 4, 12]) {
                return Err(refused());
            }
            groups.concat()
        }
        None => text.to_owned(),
    };
    let bytes = hex::decode(&digits).map_err(|_| refused())?;
    <[u8; 16]>::try_from(bytes).map_err(|_| refused())
}

fn shown(uuid: [u8; 16]) -> String {
    let digits = hex::encode(uuid);
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32))
}

fn from_int(a: &[Data]) -> Result<Data, CallError> {
    let bytes = a.integer(0)?.magnitude().to_bytes_be();
    let mut uuid = [0; 16];
    match 16_usize.checked_sub(bytes.len()) {
        Some(start) => uuid[start..].copy_from_slice(&bytes),
        None => return failed("an int of more than 128 bits"),
    }
    Ok(shown(uuid).into())
}

/// As Go's package numbers them: reserved, RFC 4122, Microsoft, future.
fn variant(uuid: [u8; 16]) -> i64 {
    match uuid[8] >> 5 {
        0..=3 => 2,
        4 | 5 => 1,
        6 => 3,
        _ => 4,
    }
}

/// Made from a name space and a name (RFC 9562 sections 5.3 and 5.5).
fn named(a: &[Data], algorithm: Algorithm, version: u8) -> Result<Data, CallError> {
    let name = [&parse(a.text(0)?)?, a.bytes(1)?].concat();
    let mut uuid = [0; 16];
    for (byte, of_digest) in uuid.iter_mut().zip(legacy_digest::digest(algorithm, &name)) {
        *byte = of_digest;
    }
    uuid[6] = uuid[6] & 0x0f | version << 4;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    Ok(shown(uuid).into())
}
