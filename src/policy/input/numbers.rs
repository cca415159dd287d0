//! Numbers as Go writes them after it has read them as 64-bit floats.

/// Appends valid JSON to `out`, without white space between its parts and with every number rewritten.
///
/// # Errors
/// A number that no 64-bit float comes near to (`1e400`).
pub(super) fn rewrite(json: &str, out: &mut String) -> Result<(), String> {
    let over = |from: usize, to: usize| json.get(from..to).ok_or("it is not JSON");
    // What is to be written as it is starts at `from`.
    let (mut from, mut at) = (0, 0);
    while let Some(first) = json.as_bytes().get(at) {
        match first {
            b'"' => at += string(json.as_bytes().get(at..).unwrap_or_default()),
            b'-' | b'0'..=b'9' => {
                let rest = json.as_bytes().get(at..).unwrap_or_default();
                let is_part = |c: &u8| matches!(c, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let end = at + rest.iter().position(|c| !is_part(c)).unwrap_or(rest.len());
                let text = over(at, end)?;
                if !is_plain(text) {
                    out.push_str(over(from, at)?);
                    number(text, out)?;
                    from = end;
                }
                at = end;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                out.push_str(over(from, at)?);
                at += 1;
                from = at;
            }
            // Punctuation and words.
            _ => at += 1,
        }
    }
    out.push_str(over(from, json.len())?);
    Ok(())
}

/// The length of the string at the start of `text`, quotes included.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        match rest.iter().position(|c| matches!(c, b'"' | b'\\')) {
            None => return text.len(),
            Some(length) if rest.get(length) == Some(&b'"') => return at + length + 1,
            Some(length) => at += length + 2,
        }
    }
}

/// The largest integers that every float has, as they are written: in most cases all there is.
fn is_plain(text: &str) -> bool {
    text.len() <= 15 && !text.contains(['.', 'e', 'E', '-'])
}

fn number(text: &str, out: &mut String) -> Result<(), String> {
    use std::fmt::Write;
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
