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

/// An expression for all of a text that matches where this one matches a part.
fn whole(place: &Place<'_>) -> Result<String, Fault> {
    let text = place.text()?;
    Pattern::new(text).map_err(|error| place.fault(error.to_string()))?;
    let bare = text.trim_start_matches('^').trim_end_matches('$');
    if matches!(bare, ".*" | ".+") {
        return Ok(format!("^{bare}$"));
    }
    let is_anchored = text.starts_with('^') && text.ends_with('$') && !text.ends_with("\\$");
    // With alternatives, or flags, what an end belongs to is not seen from the ends.
    if is_anchored && !text.contains('|') && !text.contains("(?") && !text.contains("\\Q") {
        return Ok(text.to_owned());
    }
    let whole = format!("^{REST}(?:{text}){REST}$");
    Pattern::new(&whole).map_err(|error| place.fault(error.to_string()))?;
    match text.contains("\\Q") {
        // What is quoted may end without an end, and take what follows with it.
        true => Err(place.fault("`\\Q` cannot be carried over")),
        false => Ok(whole),
    }
}
