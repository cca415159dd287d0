//! Patterns of file names: `*`, `?`, `[a-z]`, as Go's `path.Match` reads them.

/// One part of a pattern.
enum Part {
    /// `*`: any characters but slashes.
    Any,
    /// `?`: one character that is no slash.
    One,
    /// A character as it is.
    Character(char),
    /// `[a-z]`, `[^a-z]`: one character in ranges, or in none of them, that is no slash.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// Whether a whole name matches; none where the pattern is malformed.
pub(super) fn matches(pattern: &str, name: &str) -> Option<bool> {
    let parts = parse(pattern)?;
    let name: Vec<char> = name.chars().collect();
    let (mut part, mut at) = (0, 0);
    // Where the last star stands, and where in the name what follows it was tried: only the last one is ever widened.
    let mut star = None;
    while at < name.len() || part < parts.len() {
        let matched = match (parts.get(part), name.get(at)) {
            (Some(Part::Any), _) => {
                star = Some((part, at));
                part += 1;
                continue;
            }
            (Some(Part::Character(c)), Some(found)) => c == found,
            (Some(Part::One), Some(found)) => *found != '/',
            (Some(Part::Class { negated, ranges }), Some(found)) => {
                let inside = ranges.iter().any(|(low, high)| (low..=high).contains(&found));
                inside != *negated && *found != '/'
            }
            _ => false,
        };
        if matched {
            (part, at) = (part + 1, at + 1);
            continue;
        }
        match star {
            Some((place, tried)) if name.get(tried).is_some_and(|c| *c != '/') => {
                star = Some((place, tried + 1));
                (part, at) = (place + 1, tried + 1);
            }
            _ => return Some(false),
        }
    }
    Some(true)
}

fn parse(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            '\\' => Part::Character(rest.next()?),
            '[' => {
                let negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || rest.next_if_eq(&']').is_none() {
                    let low = class_character(&mut rest)?;
                    let high =
                        if rest.next_if_eq(&'-').is_some() { class_character(&mut rest)? } else { low };
                    ranges.push((low, high));
                }
                Part::Class { negated, ranges }
            }
            other => Part::Character(other),
        });
    }
    Some(parts)
}

/// A character of a class; hyphens and brackets are escaped.
fn class_character(rest: &mut impl Iterator<Item = char>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        c => Some(c),
    }
}
