//! Tokens, as OPA's scanner cuts them.

use regorus::Value;

/// What a token is. Symbols are named by how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Illegal,
    End,
    Blank,
    Comment,
    Name,
    Number,
    /// A string, in quotation marks or raw.
    Text,
    Word(&'static str),
    Symbol(&'static str),
}

/// The keywords that every module has.
const WORDS: [&str; 11] =
    ["package", "import", "as", "default", "else", "not", "some", "with", "null", "true", "false"];
/// The keywords that are imported.
const IMPORTED: [&str; 4] = ["in", "every", "contains", "if"];
/// Symbols, the longer ones first.
const SYMBOLS: [&str; 26] = [
    ":=", "==", ">=", "<=", "!=", "[", "]", "{", "}", "(", ")", ",", ":", "+", "-", "*", "/", "%", "&", "|",
    "=", ">", "<", ";", ".", "",
];

/// The keywords that a module has imported so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Imported([bool; IMPORTED.len()]);

impl Imported {
    /// Whether there is a keyword of this name to import.
    pub(super) fn knows(word: &str) -> bool {
        IMPORTED.contains(&word)
    }

    /// Imports one; `every` brings `in`.
    pub(super) fn add(&mut self, word: &str) {
        for (known, here) in IMPORTED.iter().zip(&mut self.0) {
            *here |= *known == word || (word == "every" && *known == "in");
        }
    }

    /// Imports all of them.
    pub(super) fn add_all(&mut self) {
        self.0 = [true; IMPORTED.len()];
    }

    fn token(self, name: &str) -> Token {
        let word = WORDS.into_iter().find(|word| *word == name);
        let imported = IMPORTED.into_iter().zip(self.0).find(|(word, here)| *here && *word == name);
        word.or(imported.map(|(word, _)| word)).map_or(Token::Name, Token::Word)
    }
}

/// Whether this is a keyword, imported or not.
pub(super) fn is_keyword(name: &str) -> bool {
    WORDS.contains(&name) || IMPORTED.contains(&name)
}

/// The token at the start of a text that is not empty, its length in bytes, and what is wrong with it.
pub(super) fn first(text: &str, imported: Imported) -> (Token, usize, Option<&'static str>) {
    let Some(start) = text.chars().next() else { return (Token::End, 0, None) };
    match start {
        ' ' | '\t' | '\n' | '\r' => (Token::Blank, 1, None),
        '#' => (Token::Comment, text.find('\n').unwrap_or(text.len()), None),
        '"' => string(text),
        '`' => match text.get(1..).and_then(|rest| rest.find('`')) {
            Some(at) => (Token::Text, at + 2, None),
            None => (Token::Text, text.len(), Some("non-terminated string")),
        },
        c if is_letter(c) => {
            let end = text.find(|c: char| !is_letter(c) && !c.is_ascii_digit()).unwrap_or(text.len());
            (imported.token(text.get(..end).unwrap_or_default()), end, None)
        }
        c if c.is_ascii_digit() => number(text),
        c => match SYMBOLS.into_iter().find(|symbol| !symbol.is_empty() && text.starts_with(symbol)) {
            Some(symbol) => (Token::Symbol(symbol), symbol.len(), None),
            None => (Token::Illegal, c.len_utf8(), None),
        },
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn number(text: &str) -> (Token, usize, Option<&'static str>) {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes
            .iter()
            .skip(from)
            .position(|byte| !byte.is_ascii_digit())
            .map_or(bytes.len(), |more| from + more)
    };
    let (mut end, mut fault) = (digits(0), None);
    if bytes.get(end) == Some(&b'.') {
        let next = digits(end + 1);
        fault = fault.or((next == end + 1).then_some("expected fraction"));
        end = next;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let next = digits(end + 1 + sign);
        fault = fault.or((next == end + 1 + sign).then_some("expected exponent"));
        end = next;
    }
    if bytes.get(end).is_some_and(|byte| is_letter(char::from(*byte))) {
        fault = fault.or(Some("illegal number format"));
    }
    (Token::Number, end, fault)
}

/// A string in quotation marks. What has escapes is read as JSON.
fn string(text: &str) -> (Token, usize, Option<&'static str>) {
    let (mut rest, mut escapes) = (text.char_indices().skip(1), false);
    while let Some((at, c)) = rest.next() {
        match c {
            '\n' => return (Token::Text, at, Some("non-terminated string")),
            '"' => {
                let whole = text.get(..=at).unwrap_or_default();
                let fault =
                    (escapes && Value::from_json_str(whole).is_err()).then_some("illegal string literal");
                return (Token::Text, at + 1, fault);
            }
            '\\' => {
                escapes = true;
                match rest.next() {
                    Some((_, '\\' | '"' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {}
                    _ => return (Token::Text, text.len(), Some("illegal escape sequence")),
                }
            }
            _ => {}
        }
    }
    (Token::Text, text.len(), Some("non-terminated string"))
}
