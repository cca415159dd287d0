//! Numbers as Go writes them after it has read them as 64-bit floats.

/// Appends valid JSON to `out`, without white space between its parts and with every number rewritten.
///
/// # Errors
/// A number that no 64-bit float comes near to (`1e400`).
pub(super) fn rewrite(json: &str, out: &mut String) -> Result<(), String> {
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string(rest),
            b'-' | b'0'..=b'9' => {
                let end = |c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
                let length = rest.find(end).unwrap_or(rest.len());
                number(&rest[..length], out)?;
                rest = &rest[length..];
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                rest = &rest[1..];
                continue;
            }
            // Punctuation and words are ASCII.
            _ => 1,
        };
        let (part, after) = rest.split_at_checked(length).ok_or("it is not JSON")?;
        out.push_str(part);
        rest = after;
    }
    Ok(())
}

/// The length of the string at the start of `text`, quotes included.
fn string(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn number(text: &str, out: &mut String) -> Result<(), String> {
    use std::fmt::Write;
    // The largest integers that every float has, in most cases all there is.
    if text.len() <= 15 && !text.contains(['.', 'e', 'E', '-']) {
        out.push_str(text);
        return Ok(());
    }
    let value: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if !value.is_finite() {
        return Err(format!("the number `{text}` is too large"));
    }
    let size = value.abs();
    let written = match size != 0.0 && !(1e-6..1e21).contains(&size) {
        true => {
            let text = format!("{value:e}");
            write!(out, "{}", if size < 1.0 { text } else { text.replace('e', "e+") })
        }
        false => write!(out, "{value}"),
    };
    written.map_err(|e| e.to_string())
}
