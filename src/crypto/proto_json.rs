//! Reading proto3 messages from their JSON form (the ProtoJSON format of protobuf.dev), for the documents that Sigstore
//! defines as protobuf messages: bundles, trusted roots, signing configs.
//!
//! The freedoms that ProtoJSON gives to writers are all accepted: members under their JSON name or their original name,
//! `null` and absence for the default, 64-bit integers as numbers or strings, base64 in either alphabet, padded or not,
//! enumerators by name or number. What it forbids is refused, as Go's protojson does for cosign: unknown members, a
//! member under both of its names, more than one member of a `oneof`, `null` inside a list.

use serde_json::{Map, Value};

use super::{DecodeError, UnixTime, decode_base64};

/// A JSON object that is read as a proto3 message; it knows where in the document it is.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    what: &'static str,
    at: String,
    members: &'a Map<String, Value>,
}

/// An enumerator of an open proto3 enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enumerator {
    /// Its number, which is an index of the table of names that was asked for. Zero where the member is absent.
    Known(usize),
    /// A name or a number that the table does not have, as it was written.
    Unknown(String),
}

impl<'a> Message<'a> {
    /// A whole document; `what` names it in errors. `fields` are the JSON names of the message's fields.
    ///
    /// # Errors
    /// Not an object, a member that is no field of the message, a field under both of its names.
    pub fn document(
        what: &'static str,
        value: &'a Value,
        fields: &[&'static str],
    ) -> Result<Self, DecodeError> {
        Self::new(what, String::new(), value, fields)
    }

    fn new(what: &'static str, at: String, value: &'a Value, fields: &[&str]) -> Result<Self, DecodeError> {
        let Value::Object(members) = value else {
            return Err(DecodeError::new(what, at, format!("{} where an object belongs", kind(value))));
        };
        let message = Self { what, at, members };
        for (name, _) in members {
            match fields.iter().find(|f| is_name_of(name, f)) {
                None => return Err(message.error(name, "unknown member")),
                Some(field) if field != name && members.contains_key(*field) => {
                    return Err(message.error(field, format!("given twice, also as `{name}`")));
                }
                Some(_) => {}
            }
        }
        Ok(message)
    }

    /// An error about one field of this message, or about the message itself when `field` is empty.
    pub fn error(&self, field: &str, reason: impl Into<String>) -> DecodeError {
        DecodeError::new(self.what, self.path(field), reason)
    }

    fn path(&self, field: &str) -> String {
        match (self.at.as_str(), field) {
            ("", field) => field.to_owned(),
            (at, "") => at.to_owned(),
            (at, field) => format!("{at}.{field}"),
        }
    }

    fn value(&self, field: &str) -> Option<&'a Value> {
        let found = self.members.get(field).or_else(|| {
            self.members.iter().find(|(name, _)| is_name_of(name, field)).map(|(_, value)| value)
        });
        found.filter(|v| !v.is_null())
    }

    /// Whether the field is there and not `null`.
    pub fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    /// The one field of a `oneof` that is there, if any.
    ///
    /// # Errors
    /// When two of them are there.
    pub fn one_of(&self, fields: &[&'static str]) -> Result<Option<&'static str>, DecodeError> {
        let mut there = fields.iter().copied().filter(|f| self.has(f));
        match (there.next(), there.next()) {
            (Some(one), Some(other)) => {
                Err(self.error("", format!("both `{one}` and `{other}`; only one of them may be there")))
            }
            (one, _) => Ok(one),
        }
    }

    /// A string field; empty where absent.
    ///
    /// # Errors
    /// Not a string.
    pub fn text(&self, field: &str) -> Result<&'a str, DecodeError> {
        match self.value(field) {
            None => Ok(""),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.wrong(field, other, "a string")),
        }
    }

    /// A bytes field; empty where absent.
    ///
    /// # Errors
    /// Not a string, not base64.
    pub fn bytes(&self, field: &str) -> Result<Vec<u8>, DecodeError> {
        let text = self.text(field)?;
        decode_base64(text).ok_or_else(|| self.error(field, "not base64"))
    }

    /// A bytes field that has to hold something.
    ///
    /// # Errors
    /// Absent or empty, and as [`Self::bytes`].
    pub fn required_bytes(&self, field: &str) -> Result<Vec<u8>, DecodeError> {
        let bytes = self.bytes(field)?;
        if bytes.is_empty() { Err(self.error(field, "missing")) } else { Ok(bytes) }
    }

    /// A string field that has to hold something.
    ///
    /// # Errors
    /// Absent or empty, and as [`Self::text`].
    pub fn required_text(&self, field: &str) -> Result<&'a str, DecodeError> {
        let text = self.text(field)?;
        if text.is_empty() { Err(self.error(field, "missing")) } else { Ok(text) }
    }

    /// An int64 field; zero where absent.
    ///
    /// # Errors
    /// Neither a number nor a string of one, not integral, out of range.
    pub fn int64(&self, field: &str) -> Result<i64, DecodeError> {
        let integer = match self.value(field) {
            None => Some(0),
            Some(Value::Number(number)) => integer_of_number(number),
            Some(Value::String(text)) => integer_of_text(text),
            Some(other) => return Err(self.wrong(field, other, "an integer")),
        };
        integer.ok_or_else(|| self.error(field, "not an integer of 64 bits"))
    }

    /// An int64 field that counts something; zero where absent.
    ///
    /// # Errors
    /// Negative, and as [`Self::int64`].
    pub fn count(&self, field: &str) -> Result<u64, DecodeError> {
        u64::try_from(self.int64(field)?).map_err(|_| self.error(field, "negative"))
    }

    /// A uint32 field; zero where absent.
    ///
    /// # Errors
    /// Out of range, and as [`Self::int64`].
    pub fn uint32(&self, field: &str) -> Result<u32, DecodeError> {
        u32::try_from(self.int64(field)?).map_err(|_| self.error(field, "not an integer of 32 bits"))
    }

    /// An enumeration field. `names` are the names of the enumeration by number.
    ///
    /// # Errors
    /// Neither a string nor an integral number.
    pub fn enumerator(&self, field: &str, names: &[&str]) -> Result<Enumerator, DecodeError> {
        let number = match self.value(field) {
            None => return Ok(Enumerator::Known(0)),
            Some(Value::String(name)) => {
                let known = names.iter().position(|n| n == name).map(Enumerator::Known);
                return Ok(known.unwrap_or_else(|| Enumerator::Unknown(name.clone())));
            }
            Some(Value::Number(number)) => integer_of_number(number),
            Some(other) => return Err(self.wrong(field, other, "an enumerator")),
        };
        let number = number.ok_or_else(|| self.error(field, "not the number of an enumerator"))?;
        let known = usize::try_from(number).ok().filter(|n| *n < names.len()).map(Enumerator::Known);
        Ok(known.unwrap_or_else(|| Enumerator::Unknown(number.to_string())))
    }

    /// A `google.protobuf.Timestamp` field.
    ///
    /// # Errors
    /// Not a string, not RFC 3339.
    pub fn time(&self, field: &str) -> Result<Option<UnixTime>, DecodeError> {
        if !self.has(field) {
            return Ok(None);
        }
        let time = UnixTime::parse_rfc3339(self.text(field)?);
        time.map(Some).map_err(|e| self.error(field, e.reason))
    }

    /// A message field.
    ///
    /// # Errors
    /// As [`Self::document`].
    pub fn message(&self, field: &str, fields: &[&str]) -> Result<Option<Self>, DecodeError> {
        self.value(field).map(|v| Self::new(self.what, self.path(field), v, fields)).transpose()
    }

    /// A message field that has to be there.
    ///
    /// # Errors
    /// Absent, and as [`Self::document`].
    pub fn required_message(&self, field: &str, fields: &[&str]) -> Result<Self, DecodeError> {
        self.message(field, fields)?.ok_or_else(|| self.error(field, "missing"))
    }

    /// A list of messages; empty where absent.
    ///
    /// # Errors
    /// Not a list, more than `limit` elements, and as [`Self::document`] for each.
    pub fn messages(&self, field: &str, limit: usize, fields: &[&str]) -> Result<Vec<Self>, DecodeError> {
        self.list(field, limit, |at, value| Self::new(self.what, at, value, fields))
    }

    /// A list of bytes; empty where absent.
    ///
    /// # Errors
    /// Not a list, more than `limit` elements, an element that is not base64.
    pub fn bytes_list(&self, field: &str, limit: usize) -> Result<Vec<Vec<u8>>, DecodeError> {
        self.list(field, limit, |at, value| {
            let bytes = value.as_str().and_then(decode_base64);
            bytes.ok_or_else(|| DecodeError::new(self.what, at, "not base64"))
        })
    }

    fn list<T>(
        &self,
        field: &str,
        limit: usize,
        element: impl Fn(String, &'a Value) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let values = match self.value(field) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(other) => return Err(self.wrong(field, other, "a list")),
        };
        if values.len() > limit {
            let reason = format!("{} elements; at most {limit} are read", values.len());
            return Err(self.error(field, reason).over_limit());
        }
        let at = |index| format!("{}[{index}]", self.path(field));
        values.iter().enumerate().map(|(index, value)| element(at(index), value)).collect()
    }

    fn wrong(&self, field: &str, have: &Value, want: &str) -> DecodeError {
        self.error(field, format!("{} where {want} belongs", kind(have)))
    }
}

/// Whether `name` is the JSON name `field` (lowerCamelCase) or the original name it was made from (snake_case).
fn is_name_of(name: &str, field: &str) -> bool {
    let mut rest = name.chars();
    let original = field.chars().all(|c| {
        let separated = !c.is_ascii_uppercase() || rest.next() == Some('_');
        separated && rest.next() == Some(c.to_ascii_lowercase())
    });
    name == field || (original && rest.next().is_none())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A JSON number as an integer. Numbers with a fraction or an exponent were read as binary floating point, so that
/// beyond 2^53 the written value is no longer known and they are refused.
fn integer_of_number(number: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(integer) = number.as_i64() {
        return Some(integer);
    }
    let float = number.as_f64().filter(|f| number.is_f64() && f.fract() == 0.0 && f.abs() <= EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "integral and at most 2^53")]
    Some(float as i64)
}

/// A string that holds a JSON number (RFC 8259 section 6) whose value is an integer of 64 bits.
fn integer_of_text(text: &str) -> Option<i64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => (mantissa, small_exponent(exponent)?),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        None => (mantissa, ""),
        Some((_, "")) => return None,
        Some(parts) => parts,
    };
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (whole.len() > 1 && whole.starts_with('0'))
    {
        return None;
    }
    // The value is all.digits as an integer times ten to the power of `shift`.
    let mut all = format!("{whole}{fraction}");
    let mut shift = exponent - i64::try_from(fraction.len()).ok()?;
    while shift < 0 && all.ends_with('0') {
        all.pop();
        shift += 1;
    }
    let all = all.trim_start_matches('0');
    if all.is_empty() {
        return Some(0);
    }
    let shift = u32::try_from(shift).ok()?;
    let magnitude = all.parse::<i128>().ok()?.checked_mul(10i128.checked_pow(shift)?)?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

fn small_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sound = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if sound { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[&str] = &["logIndex", "rfc3161Timestamps", "x509CertificateChain", "kind", "sub"];

    fn index(value: Value) -> Result<i64, DecodeError> {
        let value = json!({ "logIndex": value });
        Message::document("test", &value, FIELDS).unwrap().int64("logIndex")
    }

    /// Every line was tried on cosign 3.1, which reads bundles with Go's protojson.
    #[test]
    fn integers_are_read_as_protojson_reads_them() {
        for (good, want) in [
            (json!(5), 5),
            (json!(-5), -5),
            (json!(5.0), 5),
            (json!("5"), 5),
            (json!("5.0"), 5),
            (json!("5e0"), 5),
            (json!("5E+0"), 5),
            (json!("50e-1"), 5),
            (json!("-0"), 0),
            (json!("0"), 0),
            (json!(null), 0),
            (json!("1e18"), 1_000_000_000_000_000_000),
            (json!(i64::MAX), i64::MAX),
            (json!(i64::MAX.to_string()), i64::MAX),
            (json!(i64::MIN.to_string()), i64::MIN),
            (json!("0e400"), 0),
        ] {
            assert_eq!(index(good.clone()), Ok(want), "{good}");
        }
        for bad in [
            json!(5.5),
            json!("05"),
            json!("00"),
            json!(" 5"),
            json!("5 "),
            json!("+5"),
            json!("9223372036854775808"),
            json!(9_223_372_036_854_775_808_u64),
            json!(1e19),
            json!("0x5"),
            json!(""),
            json!("-"),
            json!("."),
            json!("5."),
            json!(".5"),
            json!("5e"),
            json!("5e1.0"),
            json!("5e-1"),
            json!("1e400"),
            json!("1e99999"),
            json!("1e-99999"),
            json!("5\u{663}"),
            json!(true),
            json!([]),
            json!({}),
        ] {
            assert!(index(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn both_names_of_a_field_are_read_but_not_together() {
        for name in ["logIndex", "log_index"] {
            let value = json!({ name: 7 });
            assert_eq!(Message::document("test", &value, FIELDS).unwrap().int64("logIndex"), Ok(7));
        }
        for name in
            ["x509CertificateChain", "x509_certificate_chain", "rfc3161Timestamps", "rfc3161_timestamps"]
        {
            let value = json!({ name: null });
            assert!(Message::document("test", &value, FIELDS).is_ok(), "{name}");
        }
        for (value, text) in [
            (json!({ "log_index": 7, "logIndex": 7 }), "test: logIndex: given twice, also as `log_index`"),
            (json!({ "logIndex": null, "log_index": 7 }), "test: logIndex: given twice, also as `log_index`"),
            (json!({ "LogIndex": 7 }), "test: LogIndex: unknown member"),
            (json!({ "logindex": 7 }), "test: logindex: unknown member"),
            (json!({ "log_Index": 7 }), "test: log_Index: unknown member"),
            (json!({ "log__index": 7 }), "test: log__index: unknown member"),
            (json!({ "log_index_": null }), "test: log_index_: unknown member"),
            (json!([]), "test: a list where an object belongs"),
        ] {
            assert_eq!(Message::document("test", &value, FIELDS).unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn oneofs_lists_and_nested_messages_are_checked() {
        let value = json!({ "logIndex": 1, "kind": 2, "sub": null });
        let message = Message::document("test", &value, FIELDS).unwrap();
        assert!(message.one_of(&["logIndex", "kind"]).is_err());
        assert_eq!(message.one_of(&["sub", "kind"]), Ok(Some("kind")));
        assert_eq!(message.one_of(&["sub"]), Ok(None));

        let value = json!({ "sub": [{ "kind": ["aGk=", "aGk", "_-8"] }, {}, null] });
        let message = Message::document("test", &value, FIELDS).unwrap();
        assert_eq!(
            message.messages("sub", 2, &["kind"]).unwrap_err().to_string(),
            "test: sub: 3 elements; at most 2 are read"
        );
        assert_eq!(
            message.messages("sub", 3, &["kind"]).unwrap_err().to_string(),
            "test: sub[2]: null where an object belongs"
        );
        let value = json!({ "sub": [{ "kind": ["aGk=", "aGk", "_-8"] }] });
        let message = Message::document("test", &value, FIELDS).unwrap();
        let sub = &message.messages("sub", 3, &["kind"]).unwrap()[0];
        assert_eq!(sub.bytes_list("kind", 3).unwrap(), [b"hi".to_vec(), b"hi".to_vec(), vec![0xff, 0xef]]);
        let value = json!({ "sub": ["aGk=", null] });
        let message = Message::document("test", &value, FIELDS).unwrap();
        assert_eq!(message.bytes_list("sub", 3).unwrap_err().to_string(), "test: sub[1]: not base64");
    }

    #[test]
    fn enumerators_come_by_name_or_number() {
        let names = ["UNSPECIFIED", "ONE", "TWO"];
        for (value, want) in [
            (json!("TWO"), Enumerator::Known(2)),
            (json!(2), Enumerator::Known(2)),
            (json!(2.0), Enumerator::Known(2)),
            (json!(null), Enumerator::Known(0)),
            (json!(3), Enumerator::Unknown("3".into())),
            (json!(-1), Enumerator::Unknown("-1".into())),
            (json!("2"), Enumerator::Unknown("2".into())),
            (json!("two"), Enumerator::Unknown("two".into())),
        ] {
            let value = json!({ "kind": value });
            let message = Message::document("test", &value, FIELDS).unwrap();
            assert_eq!(message.enumerator("kind", &names), Ok(want));
        }
        for bad in [json!({ "kind": 1.5 }), json!({ "kind": [] }), json!({ "kind": true })] {
            let message = Message::document("test", &bad, FIELDS).unwrap();
            assert!(message.enumerator("kind", &names).is_err(), "{bad}");
        }
    }
}
