//! What the authority states (RFC 3161 section 2.4.2, TSTInfo).

use der::Tag;

use super::token::WHAT;
use crate::crypto::{DecodeError, Digest, UnixTime};
use crate::x509::algorithm;
use crate::x509::asn1::{Element, constructed};

/// The longest serial number and nonce, in bytes. RFC 3161 asks for serial numbers of up to 20.
const MAX_INTEGER: usize = 64;

/// TSTInfo.
#[derive(Debug, Clone)]
pub(super) struct TstInfo {
    /// Dotted.
    pub(super) policy: String,
    pub(super) imprint: Digest,
    pub(super) serial: Vec<u8>,
    pub(super) time: UnixTime,
    pub(super) nonce: Option<Vec<u8>>,
}

impl TstInfo {
    pub(super) fn parse(element: &Element<'_>) -> Result<Self, DecodeError> {
        let mut fields = element.sequence("tstInfo")?;
        let version = fields.next("tstInfo.version")?;
        if version.small("tstInfo.version")? != 1 {
            return Err(version.error("tstInfo.version", "not 1"));
        }
        let policy = fields.next("policy")?.oid("policy")?.to_string();

        let mut imprint = fields.next("messageImprint")?.sequence("messageImprint")?;
        let hash = algorithm::hash(&imprint.next("messageImprint")?, "messageImprint")?;
        let digest = imprint.next("messageImprint")?.octets("messageImprint")?;
        let digest =
            Digest::new(hash, digest).map_err(|e| DecodeError::new(WHAT, "messageImprint", e.reason))?;
        imprint.finish("messageImprint")?;

        let serial = number(&fields.next("serialNumber")?, "serialNumber")?;
        let time = generalized_time(&fields.next("genTime")?)?;
        if let Some(accuracy) = fields.optional("accuracy", Tag::Sequence)? {
            accuracy.sequence("accuracy")?;
        }
        if let Some(ordering) = fields.optional("ordering", Tag::Boolean)? {
            ordering.boolean("ordering")?;
        }
        let nonce = fields.optional("nonce", Tag::Integer)?.map(|n| number(&n, "nonce")).transpose()?;
        fields.optional("tsa", constructed(0))?;
        if let Some(list) = fields.optional("extensions", constructed(1))? {
            refuse_critical(&list)?;
        }
        fields.finish("tstInfo")?;
        Ok(Self { policy, imprint: digest, serial, time, nonce })
    }
}

/// A number as its bytes, without the zero that only says that it is positive. Nothing is computed with it, and there are
/// authorities that fill all eight bits of the first byte with noise, so that a negative one is no error.
fn number(element: &Element<'_>, at: &str) -> Result<Vec<u8>, DecodeError> {
    match element.integer(at)? {
        bytes if bytes.len() > MAX_INTEGER => {
            Err(element.error(at, format!("longer than {MAX_INTEGER} bytes")))
        }
        [0, rest @ ..] if !rest.is_empty() => Ok(rest.to_vec()),
        bytes => Ok(bytes.to_vec()),
    }
}

/// No extension of TSTInfo is known here, so none may be critical.
fn refuse_critical(list: &Element<'_>) -> Result<(), DecodeError> {
    let at = "extensions";
    let mut extensions = list.elements(at, constructed(1))?;
    while !extensions.is_empty() {
        let mut fields = extensions.next(at)?.sequence(at)?;
        let identifier = fields.next(at)?.oid(at)?;
        if let Some(critical) = fields.optional(at, Tag::Boolean)?
            && critical.boolean(at)?
        {
            return Err(critical.error(at, format!("unknown critical extension {identifier}")));
        }
    }
    Ok(())
}

/// GeneralizedTime with a fraction, which certificates do not have: `YYYYMMDDhhmmss[.f...]Z`.
fn generalized_time(element: &Element<'_>) -> Result<UnixTime, DecodeError> {
    let at = "genTime";
    element.expect(at, Tag::GeneralizedTime)?;
    parse_time(element.content)
        .ok_or_else(|| element.error(at, "not a time of the form YYYYMMDDhhmmss[.f]Z since 1970"))
}

fn parse_time(text: &[u8]) -> Option<UnixTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) {
        return None;
    }
    let part = |from: usize| whole.get(from..from + 2)?.parse::<u8>().ok();
    let year = whole.get(..4)?.parse().ok()?;
    let time = der::DateTime::new(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?).ok()?;
    let nanos = match fraction {
        None => 0,
        Some(f) if (1..=9).contains(&f.len()) && digits(f) => format!("{f:0<9}").parse().ok()?,
        Some(_) => return None,
    };
    Some(UnixTime::new(i64::try_from(time.unix_duration().as_secs()).ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let text = |t: &str| parse_time(t.as_bytes()).map(|t| t.to_string());
        assert_eq!(text("20230201000000Z").unwrap(), "2023-02-01T00:00:00Z");
        assert_eq!(text("20230201000000.5Z").unwrap(), "2023-02-01T00:00:00.5Z");
        assert_eq!(text("20230201000000.123456789Z").unwrap(), "2023-02-01T00:00:00.123456789Z");
        assert_eq!(text("20240229235959Z").unwrap(), "2024-02-29T23:59:59Z");
        for bad in [
            "",
            "20230201000000",
            "202302010000Z",
            "20230229000000Z",
            "20230201240000Z",
            "20230201000060Z",
            "20230201000000.Z",
            "20230201000000.1234567890Z",
            "20230201000000,5Z",
            "20230201000000+0100",
            "20230201000000.-5Z",
            "+0230201000000Z",
            "19691231235959Z",
            "2023020100000\u{661}Z",
        ] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }
}
