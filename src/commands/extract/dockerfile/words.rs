//! Words of instructions: where they end, and the variables in them. As Docker's builder reads them (Dockerfile reference,
//! "Environment replacement"), but that a variable which is not set is an error.

use std::iter::Peekable;
use std::str::Chars;

/// No name of an image is longer, by far. It also ends values that double themselves from line to line.
const MAX_VALUE: usize = 4096;
/// Words within words.
const MAX_DEPTH: usize = 32;

/// What stands between words. A line has no end of a line in it.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\u{b}' | '\u{c}')
}

/// The first word, and what follows it.
pub(super) fn first(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(is_space).unwrap_or((text, ""));
    (word, rest.trim())
}

/// Splits at white space outside of quotes, as builders split what ARG declares; quotes and escapes stay where they are.
pub(super) fn split(text: &str, escape: char) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (c, quote) {
            (c, None) if c.is_whitespace() => {
                words.extend(start.take().and_then(|start: usize| text.get(start..at)));
                continue;
            }
            (c, Some('"') | None) if c == escape => escaped = true,
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            _ => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.and_then(|start| text.get(start..)));
    words
}

/// Splits at white space, whatever is in quotes: FROM knows none here.
pub(super) fn plain(text: &str) -> Vec<&str> {
    text.split(is_space).filter(|word| !word.is_empty()).collect()
}

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    /// Every builder has this value.
    Known(String),
    /// Only the environment here has a value: a builder has it too where somebody hands it over.
    Outside(String),
    /// No builder has a value.
    Unset,
    /// Builders have one, and which one is not known here.
    Unknown,
}

/// Why a word has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unusable {
    /// This variable is not set.
    Unset(String),
    /// What the word says depends on whether this variable is set, and only the environment here sets it.
    Outside(String),
    /// Something else, in words.
    Other(String),
    /// It is too long, or too deep.
    Limit(&'static str),
}

/// A word without its quotes, and with the values of its variables.
///
/// # Errors
/// A variable has none; a quote or a brace that is not closed; a modifier that is not known.
pub(super) fn expand(
    word: &str,
    escape: char,
    variable: &dyn Fn(&str) -> Variable,
) -> Result<String, Unusable> {
    let mut reader = Reader { rest: word.chars().peekable(), escape, variable };
    reader.until(None, true, 0)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    escape: char,
    variable: &'a dyn Fn(&str) -> Variable,
}

impl Reader<'_> {
    /// Up to `stop`, which is taken, or to the end. What is not `live` is only skipped, and its variables need no value.
    fn until(&mut self, stop: Option<char>, live: bool, depth: usize) -> Result<String, Unusable> {
        if depth > MAX_DEPTH {
            return Err(Unusable::Limit("its variables are nested too deeply"));
        }
        let mut value = String::new();
        loop {
            if value.len() > MAX_VALUE {
                return Err(Unusable::Limit("its value is longer than 4096 bytes"));
            }
            match (self.rest.next(), stop) {
                (None, None) => return Ok(value),
                (None, Some(c)) => return Err(Unusable::Other(format!("`{c}` is missing"))),
                (Some(c), Some(stop)) if c == stop => return Ok(value),
                (Some('$'), _) => value.push_str(&self.dollar(live, depth)?),
                (Some('\''), _) => value.push_str(&self.single()?),
                (Some('"'), _) => value.push_str(&self.double(live, depth)?),
                (Some(c), _) if c == self.escape => value.extend(self.rest.next()),
                (Some(c), _) => value.push(c),
            }
        }
    }

    fn single(&mut self) -> Result<String, Unusable> {
        let mut value = String::new();
        loop {
            match self.rest.next() {
                None => return Err(Unusable::Other("`'` is missing".to_owned())),
                Some('\'') => return Ok(value),
                Some(c) => value.push(c),
            }
        }
    }

    fn double(&mut self, live: bool, depth: usize) -> Result<String, Unusable> {
        let mut value = String::new();
        loop {
            match self.rest.next() {
                None => return Err(Unusable::Other("`\"` is missing".to_owned())),
                Some('"') => return Ok(value),
                Some('$') => value.push_str(&self.dollar(live, depth)?),
                Some(c) if c == self.escape => match self.rest.peek() {
                    Some('"' | '$') => value.extend(self.rest.next()),
                    Some(next) if *next == self.escape => value.extend(self.rest.next()),
                    _ => value.push(c),
                },
                Some(c) => value.push(c),
            }
            if value.len() > MAX_VALUE {
                return Err(Unusable::Limit("its value is longer than 4096 bytes"));
            }
        }
    }

    /// What follows a `$`.
    fn dollar(&mut self, live: bool, depth: usize) -> Result<String, Unusable> {
        if self.rest.next_if_eq(&'{').is_none() {
            let name = self.name()?;
            return if name.is_empty() { Ok("$".to_owned()) } else { self.value(name, live) };
        }
        let name = self.name()?;
        if name.is_empty() {
            return Err(Unusable::Other("`${` is followed by no name".to_owned()));
        }
        let colon = self.rest.next_if_eq(&':').is_some();
        let next = self.rest.next();
        let found = match (self.variable)(&name) {
            Variable::Known(value) => Some(value),
            Variable::Outside(_) if live && next != Some('}') => return Err(Unusable::Outside(name)),
            Variable::Unknown if live && next != Some('}') => return Err(Unusable::Unset(name)),
            Variable::Outside(_) | Variable::Unknown | Variable::Unset => None,
        };
        let found = found.filter(|value| !(colon && value.is_empty()));
        match next {
            None => Err(Unusable::Other("`}` is missing".to_owned())),
            Some('}') if !colon => self.value(name, live),
            Some('-') => {
                let other = self.until(Some('}'), live && found.is_none(), depth + 1)?;
                Ok(found.unwrap_or(other))
            }
            Some('+') => {
                let other = self.until(Some('}'), live && found.is_some(), depth + 1)?;
                Ok(if found.is_some() { other } else { String::new() })
            }
            Some('?') => {
                let _ = self.until(Some('}'), false, depth + 1)?;
                match found {
                    None if live => Err(Unusable::Unset(name)),
                    found => Ok(found.unwrap_or_default()),
                }
            }
            Some(c) => Err(Unusable::Other(format!("`{c}` after `${{{name}` is not supported"))),
        }
    }

    /// The name of a variable; the signs that shells have variables for are names too, and no builder sets them.
    fn name(&mut self) -> Result<String, Unusable> {
        if let Some(sign) = self.rest.next_if(|c| matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!')) {
            return Ok(sign.to_string());
        }
        let digits = self.rest.peek().is_some_and(char::is_ascii_digit);
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|c| match digits {
            true => c.is_numeric(),
            false => c.is_alphanumeric() || *c == '_',
        }) {
            name.push(c);
        }
        if name.is_ascii() {
            return Ok(name);
        }
        Err(Unusable::Other(format!("`${name}` is no name of a variable")))
    }

    fn value(&self, name: String, live: bool) -> Result<String, Unusable> {
        match (self.variable)(&name) {
            Variable::Known(value) | Variable::Outside(value) => Ok(value),
            _ if live => Err(Unusable::Unset(name)),
            _ => Ok(String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Variable {
        match name {
            "A" => Variable::Known("a".to_owned()),
            "EMPTY" => Variable::Known(String::new()),
            "LONG" => Variable::Known("x".repeat(1000)),
            "HERE" => Variable::Outside("h".to_owned()),
            "THERE" => Variable::Unknown,
            _ => Variable::Unset,
        }
    }

    fn value(word: &str) -> Result<String, Unusable> {
        expand(word, '\\', &variable)
    }

    #[test]
    fn values() {
        for (word, expected) in [
            ("plain", "plain"),
            ("x$A.y", "xa.y"),
            ("${A}b", "ab"),
            ("${A:-z}${A-z}", "aa"),
            ("${U:-z}${U-y}", "zy"),
            ("${EMPTY:-z}${EMPTY-y}", "z"),
            ("${A:+z}${EMPTY:+y}${EMPTY+x}${U+w}", "zx"),
            ("${A:?no}${EMPTY?no}", "a"),
            ("${U:-${V:-$A}}", "a"),
            ("${U:-\"a}b\"}", "a}b"),
            ("${A:-$U}", "a"),
            ("\"x $A\"'$A'\\$A", "x a$A$A"),
            ("\"\\$A \\x \\\"\"", "$A \\x \""),
            ("$HERE${HERE}", "hh"),
            ("${A:-${HERE:+x}${THERE-y}}", "a"),
            ("a$", "a$"),
            ("$.", "$."),
            ("a\\", "a"),
        ] {
            assert_eq!(value(word).as_deref(), Ok(expected), "{word}");
        }
        assert_eq!(expand("`$A\\", '`', &variable).as_deref(), Ok("$A\\"));
    }

    #[test]
    fn what_has_no_value() {
        for (word, name) in
            [("$U", "U"), ("${U}", "U"), ("${U:?x}", "U"), ("${EMPTY:?x}", "EMPTY"), ("$1", "1")]
        {
            assert_eq!(value(word), Err(Unusable::Unset(name.to_owned())), "{word}");
        }
        for (word, name) in [("$@", "@"), ("a$-", "-"), ("${THERE:-x}", "THERE"), ("$THERE", "THERE")] {
            assert_eq!(value(word), Err(Unusable::Unset(name.to_owned())), "{word}");
        }
        for word in ["${HERE:-x}", "${HERE+x}", "${U:-${HERE?}}"] {
            assert_eq!(value(word), Err(Unusable::Outside("HERE".to_owned())), "{word}");
        }
        assert_eq!(value("${U:-$V}"), Err(Unusable::Unset("V".to_owned())));
        for word in [
            "${", "${}", "${A", "${A:", "${A:}", "${A:-x", "${A#x}", "${A/x/y}", "'x", "\"x", "${A:-\"}",
            "$A\u{e9}",
        ] {
            assert!(matches!(value(word), Err(Unusable::Other(_))), "{word}");
        }
        let deep = format!("{}x{}", "${U:-".repeat(100), "}".repeat(100));
        for word in ["$LONG$LONG$LONG$LONG$LONG", "\"$LONG$LONG$LONG$LONG$LONG\"", &deep] {
            assert!(matches!(value(word), Err(Unusable::Limit(_))), "{word}");
        }
    }

    #[test]
    fn words_end_outside_of_quotes() {
        assert_eq!(split(" a  \"b c\"d 'e \\' f\\ g ", '\\'), ["a", "\"b c\"d", "'e \\'", "f\\ g"]);
        assert_eq!(split("a\\ b", '`'), ["a\\", "b"]);
        assert_eq!(split("a\u{a0}b", '\\'), ["a", "b"]);
        assert!(split(" \t", '\\').is_empty());
        assert_eq!(plain("a \"b  c\""), ["a", "\"b", "c\""]);
    }
}
