//! Strict JSON: duplicate member names are refused at every depth, so that no two readers can see two documents in one.

#[cfg(any(test, feature = "sandbox"))]
mod canonical;
mod olpc;
mod syntax;

use std::cell::{Cell, RefCell};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

#[cfg(any(test, feature = "sandbox"))]
pub use canonical::canonical;
pub use olpc::olpc;
use syntax::is_too_deep;
pub use syntax::{check_syntax, what_is_wrong, why_not};

use super::DecodeError;

/// A document with more values is refused, as each takes dozens of times the memory of its text. The documents that are
/// read here have thousands at most; statements and predicates, which may have any number, are not read as trees.
const VALUE_LIMIT: usize = 100_000;

/// A name as readers see it who do not look at case. To lower case and back again: that finds every letter that some reader folds into another,
/// the long `s`, the sign of the kelvin and the capital sharp `s` among them.
pub fn folded(name: &str) -> String {
    let lower = name.chars().flat_map(char::to_lowercase);
    lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// A member that is one of these names in another case, in words.
pub fn misspelled<'a>(members: impl IntoIterator<Item = &'a str>, names: &[&str]) -> Option<String> {
    members.into_iter().filter(|member| !names.contains(member)).find_map(|member| {
        let member_folded = folded(member);
        let name = names.iter().find(|name| folded(name) == member_folded)?;
        Some(format!("member `{member}` is spelled `{name}`"))
    })
}

/// Parses a document. `what` names it in errors. Member order is kept; numbers keep their written form where an i64, u64
/// or f64 holds it.
///
/// # Errors
/// Not JSON (RFC 8259, UTF-8), a duplicate member name (at: its path), nesting deeper than 127, more than 100,000 values,
/// trailing text.
pub fn parse(what: &'static str, text: &[u8]) -> Result<Value, DecodeError> {
    let duplicate = RefCell::new(None);
    let count = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(text);
    // serde_json itself stops at a depth of 127.
    Node { place: &Place::Root, duplicate: &duplicate, count: &count }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| match duplicate.take() {
            Some(at) => DecodeError::new(what, at, "the member appears twice"),
            None => {
                let limit = count.get() > VALUE_LIMIT || is_too_deep(&error);
                let error = DecodeError::whole(what, format!("not JSON: {}", why_not(text, &error)));
                if limit { error.over_limit() } else { error }
            }
        })
}

/// Where in the document the reader is; linked through the stack, so that a sound document costs nothing.
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(Self::Root, name) => (*name).to_string(),
            Self::Member(parent, name) => format!("{}.{name}", parent.path()),
            Self::Element(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }
}

#[derive(Clone, Copy)]
struct Node<'a> {
    place: &'a Place<'a>,
    duplicate: &'a RefCell<Option<String>>,
    count: &'a Cell<usize>,
}

impl<'a> Node<'a> {
    fn below<'b>(self, place: &'b Place<'b>) -> Node<'b>
    where
        'a: 'b,
    {
        Node { place, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count.set(self.count.get() + 1);
        if self.count.get() > VALUE_LIMIT {
            return Err(D::Error::custom(format!("more than {VALUE_LIMIT} values")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let place = Place::Element(self.place, items.len());
            match seq.next_element_seed(self.below(&place))? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let place = Place::Member(self.place, &name);
            if members.contains_key(&name) {
                self.duplicate.replace(Some(place.path()));
                return Err(A::Error::custom("duplicate member"));
            }
            let value = map.next_value_seed(self.below(&place))?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_has_two_cases() {
        for c in ('\0'..=char::MAX).filter(|c| c.is_alphabetic()) {
            let (name, lower, upper) =
                (c.to_string(), c.to_lowercase().to_string(), c.to_uppercase().to_string());
            assert_eq!(folded(&name), folded(&lower), "{c:?}");
            assert_eq!(folded(&name), folded(&upper), "{c:?}");
        }
        for (one, other) in [
            ("subject", "\u{17f}ubject"),
            ("k", "\u{212a}"),
            ("stra\u{df}e", "STRA\u{1e9e}E"),
            ("\u{3b8}", "\u{3f4}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("a_b"), folded("ab"));
    }

    #[test]
    fn order_and_numbers_are_kept() {
        let text = r#"{"b":1,"a":[18446744073709551615,-9223372036854775808,1.5,true,null,"\u00e9"],"c":{}}"#;
        let value = parse("doc", text.as_bytes()).unwrap();
        assert_eq!(value.to_string(), text.replace("\\u00e9", "é"));
    }

    /// gitsign's CVE-2026-44309 and its kin: two readers that disagree about a document.
    #[test]
    fn cve_2026_44309_duplicate_members_are_refused_with_their_path() {
        for (text, path) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":{"b":[0,{"c":1,"d":2,"c":3}]}}"#, "a.b[1].c"),
            (r#"[[{"x":1,"\u0078":2}]]"#, "[0][0].x"),
        ] {
            let error = parse("doc", text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("doc: {path}: the member appears twice"));
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(100_000);
        let deep_objects = "{\"a\":".repeat(100_000);
        for bad in [
            "",
            " ",
            "{",
            "{}x",
            "{} {}",
            "[1,]",
            "{'a':1}",
            "NaN",
            "1e999",
            "01",
            "\"\\ud800\"",
            "\"\n\"",
            "\u{feff}{}",
            &deep,
            &deep_objects,
        ] {
            let error = parse("doc", bad.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("doc: not JSON: "), "{error}");
        }
        assert!(parse("doc", b"\"\xff\"").is_err());
        assert!(
            parse("doc", "[".repeat(127).as_bytes()).unwrap_err().to_string().contains("ends within a list")
        );
        assert!(parse("doc", ["[".repeat(127), "]".repeat(127)].concat().as_bytes()).is_ok());
    }

    /// A file of the size that bundles may have would take some fifty times its own size in memory.
    #[test]
    fn many_values_are_refused() {
        let list = |n: usize| format!("[{}0]", "0,".repeat(n - 1));
        assert!(parse("doc", list(VALUE_LIMIT - 1).as_bytes()).is_ok());
        let error = parse("doc", list(VALUE_LIMIT).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("more than 100000 values"), "{error}");
        let nested = format!("[{}0]", "{\"\":{}},".repeat(VALUE_LIMIT / 2));
        assert!(parse("doc", nested.as_bytes()).is_err());
    }

    /// The examples of RFC 8785 section 3.2 and appendix B.
    #[test]
    fn canonical_form_of_rfc_8785() {
        let text = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let want = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                    \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(String::from_utf8(canonical(&parse("d", text.as_bytes()).unwrap())).unwrap(), want);
        let text = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let want = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
        assert_eq!(String::from_utf8(canonical(&parse("d", text.as_bytes()).unwrap())).unwrap(), want);
        for (bits, want) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ] {
            let value = Value::Number(Number::from_f64(f64::from_bits(bits)).unwrap());
            assert_eq!(String::from_utf8(canonical(&value)).unwrap(), want);
        }
        assert_eq!(canonical(&serde_json::json!(-42)), b"-42");
        assert_eq!(canonical(&serde_json::json!(u64::MAX)), b"18446744073709552000");
    }
}
