//! The canonical form of JSON in which TUF metadata is signed (OLPC canonical JSON, <http://wiki.laptop.org/go/Canonical_JSON>,
//! as securesystemslib writes it; TUF specification section 4.1).

use serde_json::Value;

/// The canonical bytes: members in the order of their code points, no space, `\\` and `"` alone escaped, integers alone.
/// `None` where a number is none.
pub fn olpc(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(true) => out.extend(b"true"),
        Value::Bool(false) => out.extend(b"false"),
        Value::Number(number) => {
            let text = number.as_i64().map(|n| n.to_string()).or(number.as_u64().map(|n| n.to_string()))?;
            out.extend(text.as_bytes());
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // The order of UTF-8 is that of code points.
            members.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (number, (name, value)) in members.into_iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write_text(name, out);
                out.push(b':');
                write(value, out)?;
            }
            out.push(b'}');
        }
    }
    Some(())
}

/// Everything but the two stands as it is, line feeds in PEM as well.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_form_is_that_of_tuf() {
        let value = json!({ "b": [1, -5, true, null], "a": "x\ny\"\\\u{e4}", "B": {}, "\u{1f600}": 1, "\u{ffff}": 2 });
        let expected =
            "{\"B\":{},\"a\":\"x\ny\\\"\\\\\u{e4}\",\"b\":[1,-5,true,null],\"\u{ffff}\":2,\"\u{1f600}\":1}";
        assert_eq!(String::from_utf8(olpc(&value).unwrap()).unwrap(), expected);
        assert_eq!(olpc(&json!(u64::MAX)).unwrap(), b"18446744073709551615");
    }

    #[test]
    fn a_number_that_is_no_integer_has_none() {
        for value in [json!(1.5), json!([1.0]), json!({ "a": 1e3 })] {
            assert!(olpc(&value).is_none(), "{value}");
        }
    }
}
