//! Upper, lower and title case of single characters, as Go's `unicode` package maps them: one character to one character
//! (the simple mappings of the Unicode character database), where the standard library knows the full mappings.

/// The upper case of a character.
pub(super) fn upper(c: char) -> char {
    single(c.to_uppercase()).unwrap_or_else(|| moved(c, with_iota_subscript(c)))
}

/// The lower case of a character.
pub(super) fn lower(c: char) -> char {
    // U+0130, capital I with a dot, is the one whose full mapping has two characters.
    single(c.to_lowercase()).unwrap_or(if c == '\u{130}' { 'i' } else { c })
}

/// The title case of a character.
pub(super) fn title(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian letters have upper case, and are their own title case.
        '\u{10d0}'..='\u{10fa}' | '\u{10fd}'..='\u{10ff}' => c,
        _ => upper(c),
    }
}

/// Maps the first character of every word.
pub(super) fn words(text: &str, map: fn(char) -> char) -> String {
    let mut previous = ' ';
    let mapped = text.chars().map(|c| {
        let first = previous.is_whitespace();
        previous = c;
        if first { map(c) } else { c }
    });
    mapped.collect()
}

fn single(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next()?;
    mapped.next().is_none().then_some(first)
}

/// How far away the capital of a Greek letter with an iota below is: its full mapping writes the iota out.
fn with_iota_subscript(c: char) -> u32 {
    match c {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => 8,
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => 9,
        _ => 0,
    }
}

fn moved(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}
