//! Variables in the values of a Compose file (compose-spec, "Interpolation"). One that has no value is an error, where Compose goes on with nothing.

use super::Values;

/// Values within values.
const MAX_DEPTH: usize = 16;
/// No name of an image is longer, by far.
const MAX_VALUE: usize = 4096;

/// The text with its variables replaced.
///
/// # Errors
/// A variable has no value, or is not formed as one; in words.
pub(super) fn interpolated(text: &str, values: Values<'_>) -> Result<String, String> {
    at_depth(text, values, MAX_DEPTH)
}

fn at_depth(text: &str, values: Values<'_>, depth: usize) -> Result<String, String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("variables within variables, too deep".to_owned());
    };
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = after.strip_prefix('{') {
            let end = closing(after).ok_or_else(|| format!("`{text}` has a `${{` without its `}}`"))?;
            out.push_str(&braced(&after[..end], values, depth)?);
            rest = &after[end + 1..];
        } else {
            let name = name(after);
            if name.is_empty() {
                return Err(format!(
                    "`{text}` has a `$` that begins no variable: write `$$` for the sign itself"
                ));
            }
            out.push_str(&value(name, values)?);
            rest = &after[name.len()..];
        }
        if out.len() > MAX_VALUE {
            return Err(format!("a value of more than {MAX_VALUE} bytes"));
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the brace is that closes; braces of variables inside have their own.
fn closing(text: &str) -> Option<usize> {
    let (mut open, mut before) = (0usize, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

fn value(name: &str, values: Values<'_>) -> Result<String, String> {
    values(name)?.ok_or_else(|| format!("the variable `{name}` has no value"))
}

/// What stands between braces: a name, perhaps with what to do without a value.
fn braced(text: &str, values: Values<'_>, depth: usize) -> Result<String, String> {
    let name = name(text);
    let (rest, odd) = (&text[name.len()..], || format!("`${{{text}}}` is not formed as a variable"));
    if name.is_empty() {
        return Err(odd());
    }
    let found = values(name)?;
    let (empty_counts, rest) = match rest.strip_prefix(':') {
        Some(rest) => (false, rest),
        None => (true, rest),
    };
    let set = found.filter(|value| empty_counts || !value.is_empty());
    let mut letters = rest.chars();
    match (letters.next(), set) {
        (None, Some(value)) if empty_counts => Ok(value),
        (None, None) if empty_counts => value(name, values),
        (Some('-'), Some(value)) | (Some('?'), Some(value)) => Ok(value),
        (Some('-'), None) => at_depth(letters.as_str(), values, depth),
        (Some('?'), None) => Err(format!("the variable `{name}` has no value: {}", letters.as_str())),
        (Some('+'), Some(_)) => at_depth(letters.as_str(), values, depth),
        (Some('+'), None) => Ok(String::new()),
        _ => Err(odd()),
    }
}
