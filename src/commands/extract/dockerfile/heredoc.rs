//! Here-documents: which words of a line begin one, and where it ends. What a builder takes for instructions must not be
//! passed over as the text of one, so what builders read differently is an error.

use super::WHAT;
use crate::crypto::DecodeError;

/// A here-document: the line that ends it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heredoc {
    end: String,
    /// Whether tabs before that line do not count.
    tabs: bool,
    /// Whether white space stands before its name, so that only newer builders take it for one.
    spaced: bool,
}

impl Heredoc {
    /// How many of the lines that follow belong to it, the last one included; `None` where it is none after all.
    ///
    /// # Errors
    /// It has no end; builders do not agree on whether it is one.
    pub fn length<'l>(&self, lines: impl Iterator<Item = &'l str>) -> Result<Option<usize>, DecodeError> {
        let mut doubtful = false;
        for (before, line) in lines.enumerate() {
            let text = if self.tabs { line.trim_start_matches('\t') } else { line };
            if text == self.end && doubtful {
                let end = &self.end;
                let reason =
                    format!("not every builder takes `<< {end}` for a here-document; write `<<{end}`");
                return Err(error(reason));
            }
            if text == self.end {
                return Ok(Some(before + 1));
            }
            doubtful |= self.spaced && is_instruction(line);
        }
        if self.spaced {
            return Ok(None);
        }
        Err(error(format!("the here-document `{}` has no end", self.end)))
    }
}

/// Whether a builder that takes a line for an instruction might find an image in it.
fn is_instruction(line: &str) -> bool {
    let (name, _) = super::words::first(line.trim());
    ["add", "arg", "copy", "from", "onbuild", "run"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Those that the words of an instruction begin.
///
/// # Errors
/// One has a name that builders read differently.
pub(super) fn of(rest: &str) -> Result<Vec<Heredoc>, DecodeError> {
    let mut lexer = Lexer { rest: rest.chars().peekable() };
    // A line that cannot be split has none for builders.
    let Ok((_, words)) = lexer.until(None) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Some(begun) = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<") else {
            continue;
        };
        let (tabs, mut name) = match begun.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, begun),
        };
        let spaced = name.is_empty();
        if spaced {
            let Some(next) = words.peek() else { continue };
            name = next.as_str();
        }
        match plain(name) {
            _ if name.contains('<') => {}
            Some(end) => found.push(Heredoc { end: end.to_owned(), tabs, spaced }),
            None if spaced => {}
            None => {
                return Err(error(format!(
                    "the name of the here-document `{word}` is not made of plain letters"
                )));
            }
        }
    }
    Ok(found)
}

/// A name that every builder reads alike, without its quotes.
fn plain(name: &str) -> Option<&str> {
    let quoted = ['"', '\''].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
    let name = quoted.unwrap_or(name);
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(known)).then_some(name)
}

fn error(reason: String) -> DecodeError {
    DecodeError::whole(WHAT, reason)
}

/// A line that no builder can split.
struct Unsplit;

/// Splits a line as `BuildKit` does to find here-documents: the backslash escapes, whatever the directive says, quotes and
/// escapes stay, and variables too, which count as text.
struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

/// The words so far.
#[derive(Default)]
struct Words {
    all: Vec<String>,
    word: String,
}

impl Words {
    fn bare(&mut self, c: char) {
        if !c.is_whitespace() {
            self.word.push(c);
        } else if !self.word.is_empty() {
            self.all.push(std::mem::take(&mut self.word));
        }
    }
}

impl Lexer<'_> {
    fn until(&mut self, stop: Option<char>) -> Result<(String, Vec<String>), Unsplit> {
        let (mut text, mut words) = (String::new(), Words::default());
        loop {
            match self.rest.next() {
                None if stop.is_some() => return Err(Unsplit),
                None => break,
                c if c == stop => break,
                Some('$') => {
                    let variable = self.dollar()?;
                    variable.chars().for_each(|c| words.bare(c));
                    text.push_str(&variable);
                }
                Some(quote @ ('"' | '\'')) => {
                    let quoted = self.quoted(quote)?;
                    words.word.push_str(&quoted);
                    text.push_str(&quoted);
                }
                Some('\\') => {
                    let escaped = std::iter::once('\\').chain(self.rest.next());
                    for c in escaped {
                        words.word.push(c);
                        text.push(c);
                    }
                }
                Some(c) => {
                    words.bare(c);
                    text.push(c);
                }
            }
        }
        let Words { mut all, word } = words;
        if !word.is_empty() {
            all.push(word);
        }
        Ok((text, all))
    }

    fn quoted(&mut self, quote: char) -> Result<String, Unsplit> {
        let mut text = String::from(quote);
        loop {
            let c = self.rest.next().ok_or(Unsplit)?;
            match c {
                '$' if quote == '"' => text.push_str(&self.dollar()?),
                '\\' if quote == '"' => {
                    text.push(c);
                    text.extend(self.rest.next_if(|c| matches!(c, '"' | '$' | '\\')));
                }
                c => text.push(c),
            }
            if c == quote {
                return Ok(text);
            }
        }
    }

    fn dollar(&mut self) -> Result<String, Unsplit> {
        if self.rest.next_if_eq(&'{').is_none() {
            return Ok(format!("${}", self.name()));
        }
        if matches!(self.rest.peek(), None | Some('{' | '}' | ':')) {
            return Err(Unsplit);
        }
        let name = self.name();
        let rest = match self.rest.next() {
            Some('}') => String::new(),
            Some(':') => {
                let sign = self.rest.next().ok_or(Unsplit)?;
                format!(":{sign}{}", self.until(Some('}'))?.0)
            }
            Some(sign @ ('+' | '-' | '?' | '#' | '%')) => format!("{sign}{}", self.until(Some('}'))?.0),
            Some('/') => {
                let _ = self.rest.next_if_eq(&'/');
                let (pattern, _) = self.until(Some('/'))?;
                format!("/{pattern}/{}", self.until(Some('}'))?.0)
            }
            _ => return Err(Unsplit),
        };
        Ok(format!("${{{name}{rest}}}"))
    }

    fn name(&mut self) -> String {
        if let Some(sign) = self.rest.next_if(|c| "@*#?-$!".contains(*c)) {
            return sign.to_string();
        }
        let digits = self.rest.peek().is_some_and(|c| c.is_numeric());
        let mut name = String::new();
        while let Some(c) =
            self.rest.next_if(|c| if digits { c.is_numeric() } else { c.is_alphanumeric() || *c == '_' })
        {
            name.push(c);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(rest: &str) -> Vec<String> {
        of(rest).unwrap().into_iter().map(|document| document.end).collect()
    }

    #[test]
    fn only_what_every_builder_takes_for_one() {
        assert_eq!(ends("cat <<A 3<<-'B' <<\"C\" > $HOME/x"), ["A", "B", "C"]);
        assert_eq!(ends("echo ${x:- <<A"), Vec::<String>::new());
        for none in
            ["\\ \\<<A", "echo \\ a<<A", "'<<A'", "\"$x <<A\"", "a<<A", "<<<A", "it's <<A", "$((1<<2))"]
        {
            assert_eq!(ends(none), Vec::<String>::new(), "{none}");
        }
        // A backslash before a space joins words, whatever the directive says.
        assert_eq!(ends("echo \\ <<A"), Vec::<String>::new());
        for odd in ["<<LABEL\" \"a=\\b", "<<\"USER x\"", "<<\\EOF", "<<$X", "<<a\\ b", "${a- <<E}"] {
            assert!(of(odd).is_err(), "{odd}");
        }
    }
}
