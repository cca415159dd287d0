//! Names of members that differ in case alone. Many readers take them for one name, and the last of them for the one that counts (Go's
//! `encoding/json`): what two readers could take for two documents is shown to no policy. One meaning for built-in rules and for the
//! structures that policies in a language are shown.

use std::collections::HashMap;

use super::rules::quoted;
use crate::crypto::json::folded;

/// Two names of one object, or one of them and one of those that are `known` whether or not they are there, that differ in case alone: the
/// second of them is there.
pub(super) fn twins<'a>(
    names: impl IntoIterator<Item = &'a str>,
    known: &[&'a str],
) -> Option<(&'a str, &'a str)> {
    let mut seen: HashMap<String, &str> = known.iter().map(|name| (folded(name), *name)).collect();
    names.into_iter().find_map(|name| {
        let other = seen.insert(folded(name), name).filter(|other| *other != name)?;
        Some((other, name))
    })
}

/// Refuses [`twins`].
///
/// # Errors
/// In words: there are some.
pub(super) fn one_spelling<'a>(
    what: &str,
    names: impl IntoIterator<Item = &'a str>,
    known: &[&'a str],
) -> Result<(), String> {
    match twins(names, known) {
        None => Ok(()),
        Some((other, name)) => {
            let (name, other) = (quoted(name), quoted(other));
            Err(format!("{what} has a member {name}, which readers may take for {other}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_those_of_what_is_there_and_of_what_is_known() {
        assert_eq!(twins(["a", "b", "c"], &["a", "d"]), None);
        assert_eq!(twins(["a", "B", "b"], &[]), Some(("B", "b")));
        assert_eq!(twins(["D"], &["d"]), Some(("d", "D")));
        assert_eq!(twins(["d", "D"], &["d"]), Some(("d", "D")));
        assert_eq!(twins(["D", "d"], &["d"]), Some(("d", "D")));
    }
}
