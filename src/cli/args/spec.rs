//! Services named by pairs, as in `--rekor url=URL,public-key=FILE,start-time=TIME`.

use crate::commands::Error;
use crate::crypto::UnixTime;

/// How a flag's value is made up.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The flag, with its dashes.
    pub flag: &'static str,
    /// Keys that have to be there.
    pub required: &'static [&'static str],
    /// Keys that may be there.
    pub optional: &'static [&'static str],
}

/// A value in this form: pairs of key and value between commas, blanks around both set aside, as in cosign. A value cannot
/// hold a comma.
#[derive(Debug)]
pub struct Spec<'a> {
    form: Form,
    text: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Spec<'a> {
    /// Takes the value apart.
    ///
    /// # Errors
    /// A part that is no pair, a key that is unknown or repeated, a value that is empty, a required key that is not there.
    pub fn parse(form: Form, text: &'a str) -> Result<Self, Error> {
        let mut spec = Self { form, text, pairs: Vec::new() };
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(spec.refused(&format!("`{part}` is no pair of key and value")));
            };
            let (key, value) = (key.trim(), value.trim());
            if !form.required.contains(&key) && !form.optional.contains(&key) {
                return Err(spec.refused(&format!("there is no key `{key}`")));
            }
            if spec.get(key).is_some() {
                return Err(spec.refused(&format!("`{key}` is given twice")));
            }
            if value.is_empty() {
                return Err(spec.refused(&format!("`{key}` is empty")));
            }
            spec.pairs.push((key, value));
        }
        match form.required.iter().find(|key| spec.get(key).is_none()) {
            Some(missing) => Err(spec.refused(&format!("`{missing}` is missing"))),
            None => Ok(spec),
        }
    }

    /// What the flag and its value are called in messages.
    pub fn named(&self) -> String {
        format!("{} `{}`", self.form.flag, self.text)
    }

    /// The value of a key; of a required one there always is one, and the empty text for one that is not in the form.
    pub fn text(&self, key: &str) -> &'a str {
        self.get(key).unwrap_or_default()
    }

    /// The value of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The value of a key as a time, if it is there.
    ///
    /// # Errors
    /// It is none.
    pub fn time(&self, key: &str) -> Result<Option<UnixTime>, Error> {
        let time = |text| time(text).map_err(|reason| self.refused(&format!("`{key}`: {reason}")));
        self.get(key).map(time).transpose()
    }

    /// The error for this value.
    pub fn refused(&self, reason: &str) -> Error {
        let pair = |key: &&str| format!("{key}={}", placeholder(key));
        let pairs = |keys: &[&str]| keys.iter().map(pair).collect::<Vec<_>>().join(",");
        let optional = match pairs(self.form.optional) {
            pairs if pairs.is_empty() => pairs,
            pairs => format!("[,{pairs}]"),
        };
        Error::usage(format!("{}: {reason}", self.named())).hint(format!(
            "write {} {}{optional}",
            self.form.flag,
            pairs(self.form.required)
        ))
    }
}

fn placeholder(key: &str) -> &'static str {
    match key {
        "url" => "URL",
        "certificate-chain" | "public-key" => "FILE",
        "start-time" | "end-time" => "TIME",
        "api-version" => "NUMBER",
        _ => "NAME",
    }
}

/// The first moment of a protobuf timestamp: 0001-01-01T00:00:00Z. The last one, in the year 9999, is also that of the parser.
const FIRST: i64 = -62_135_596_800;

/// A moment as RFC 3339 section 5.6 writes it, in upper case and with at most nine digits of fraction.
///
/// # Errors
/// Any other text, and what a protobuf timestamp cannot hold.
pub fn time(text: &str) -> Result<UnixTime, String> {
    let fail = || format!("`{text}` is no time such as 2026-01-31T09:00:00Z (RFC 3339)");
    // The parser below takes more forms than the RFC has.
    let time = if is_rfc3339(text) { UnixTime::parse_rfc3339(text).ok() } else { None };
    time.filter(|time| time.seconds() >= FIRST).ok_or_else(fail)
}

fn is_rfc3339(text: &str) -> bool {
    let fits = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                b'+' => byte == b'+' || byte == b'-',
                like => byte == like,
            })
    };
    let Some((moment, rest)) = text.split_at_checked("2026-01-31T09:00:00".len()) else { return false };
    let digits = match rest.strip_prefix('.') {
        Some(fraction) => fraction.bytes().take_while(u8::is_ascii_digit).count() + 1,
        None => 0,
    };
    let zone = rest.get(digits..).unwrap_or_default();
    // A leap second is no moment of Unix time; Go refuses it as well.
    fits(moment, "0000-00-00T00:00:00")
        && !moment.ends_with(":60")
        && (digits == 0 || (2..=10).contains(&digits))
        && (zone == "Z" || fits(zone, "+00:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form =
        Form { flag: "--log", required: &["url", "start-time"], optional: &["end-time", "origin"] };

    #[test]
    fn pairs_are_read_as_cosign_reads_them() {
        let spec = Spec::parse(FORM, "url = a=b , start-time=2026-01-01T00:00:00Z,origin=x y").unwrap();
        assert_eq!((spec.text("url"), spec.get("origin"), spec.get("end-time")), ("a=b", Some("x y"), None));
        assert_eq!(spec.time("start-time").unwrap().unwrap().seconds(), 1_767_225_600);
        assert_eq!(spec.time("end-time").unwrap(), None);
    }

    #[test]
    fn what_is_no_list_of_pairs_is_refused_by_name() {
        for (text, reason) in [
            ("", "`` is no pair of key and value"),
            ("url", "`url` is no pair of key and value"),
            ("url=a,", "`` is no pair of key and value"),
            ("url=a,b.pem", "`b.pem` is no pair of key and value"),
            ("url=a,uri=b", "there is no key `uri`"),
            ("URL=a", "there is no key `URL`"),
            ("=a", "there is no key ``"),
            ("url=a,url=a", "`url` is given twice"),
            ("url= ,start-time=x", "`url` is empty"),
            ("url=a,start-time=2026-01-01T00:00:00Z,end-time=", "`end-time` is empty"),
            ("start-time=x", "`url` is missing"),
            ("url=a,origin=b", "`start-time` is missing"),
        ] {
            let error = Spec::parse(FORM, text).unwrap_err();
            assert_eq!(error.message, format!("--log `{text}`: {reason}"));
            assert_eq!(error.hints, ["write --log url=URL,start-time=TIME[,end-time=TIME,origin=NAME]"]);
        }
    }

    #[test]
    fn times_are_those_of_rfc_3339() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T02:00:00+02:00", 0),
            ("1969-12-31T22:30:00-01:30", 0),
            ("2026-01-01T00:00:00.123456789Z", 1_767_225_600),
            ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("9999-12-30T22:00:00Z", 253_402_207_200),
        ] {
            assert_eq!(time(text).unwrap().seconds(), seconds, "{text}");
        }
        for text in [
            "",
            "now",
            "1767225600",
            "2026-01-01",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00+02",
            "2026-01-01T00:00:00+02:00[Europe/Berlin]",
            "2026-01-01T00:00:00ZZ",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-06-30T23:59:60Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "12026-01-01T00:00:00Z",
            "2026-01-01T00:00:0\u{660}Z",
            "2026-01-01T00:00:00\u{2003}Z",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
