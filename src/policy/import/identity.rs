//! Expressions of others, which match a part of a text, as ours, which match all of it.

use super::draft::Text;
use crate::policy::scoped::Fault;
use crate::policy::scoped::value::{Members, Place};
use crate::verify::Pattern;

/// What is between the two ends of a text.
const REST: &str = "(?s:.*)";

/// What one of two members says: a text as it is, or an expression for a part of it.
pub(super) fn text(members: &Members<'_>, exact: &str, pattern: &str) -> Result<Text, Fault> {
    let filled = |name: &str| super::given(members, name).filter(|place| place.value.as_str() != Some(""));
    match (filled(exact), filled(pattern)) {
        (Some(_), Some(place)) => Err(place.fault(format!("`{exact}` and `{pattern}` are both there"))),
        (Some(place), None) => Ok(Text::Exact(place.text()?.to_owned())),
        (None, Some(place)) => Ok(Text::Pattern(whole(&place)?)),
        (None, None) => Err(members.fault(format!(
            "neither `{exact}` nor `{pattern}` is there: that is anybody, and nobody is accepted so here"
        ))),
    }
}

/// An expression for all of a text that matches where this one matches a part. What has an end keeps it as it is.
fn whole(place: &Place<'_>) -> Result<String, Fault> {
    let text = place.text()?;
    Pattern::new(text).map_err(|error| place.fault(error.to_string()))?;
    if text.contains("\\Q") {
        // What is quoted may end without an end, and take what follows with it.
        return Err(place.fault("`\\Q` cannot be carried over"));
    }
    let bare = text.trim_start_matches('^').trim_end_matches('$');
    if matches!(bare, ".*" | ".+") {
        return Ok(format!("^{bare}$"));
    }
    let (begins, ends) = (text.starts_with('^'), text.ends_with('$') && !text.ends_with("\\$"));
    // With alternatives, or flags, what an end belongs to is not seen from the ends.
    let whole = match (is_plain(text), begins, ends) {
        (true, true, true) => text.to_owned(),
        (true, true, false) => format!("{text}{REST}$"),
        (true, false, true) => format!("^{REST}{text}"),
        _ => format!("^{REST}(?:{text}){REST}$"),
    };
    Pattern::new(&whole).map_err(|error| place.fault(error.to_string()))?;
    Ok(whole)
}

/// Whether an expression has neither flags nor alternatives but in groups; `false` also where that is not seen.
fn is_plain(text: &str) -> bool {
    if text.replace("(?:", "(").contains("(?") || text.contains('[') && text.contains('|') {
        return false;
    }
    let (mut depth, mut is_escaped) = (0_usize, false);
    for c in text.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return false,
            _ => {}
        }
    }
    true
}

/// The expression as it was, of one that leaves an end open.
pub(super) fn loose(text: &Text) -> Option<&str> {
    let Text::Pattern(text) = text else { return None };
    let before = text.strip_prefix('^').and_then(|text| text.strip_prefix(REST));
    let after = text.strip_suffix('$').and_then(|text| text.strip_suffix(REST));
    match (before, after) {
        (None, None) => None,
        (Some(text), None) | (None, Some(text)) => Some(text),
        (Some(inner), Some(_)) => {
            let inner = inner.strip_suffix('$').and_then(|text| text.strip_suffix(REST)).unwrap_or(inner);
            Some(inner.strip_prefix("(?:").and_then(|text| text.strip_suffix(')')).unwrap_or(inner))
        }
    }
}
