//! The statement: JSON as a compact tree that borrows its text.

use std::borrow::Cow;

use super::error::{Error, ErrorKind};

/// A JSON value. Numbers keep their text: how they are written decides whether they are `int` or `float`.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    /// Without its escapes.
    String(Cow<'a, str>),
    /// In order.
    List(Vec<Json<'a>>),
    /// In order; a name may be there twice.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// A byte order mark.
const MARK: char = '\u{feff}';
/// Nesting of a statement, at most.
const MAX_DEPTH: usize = 128;

impl<'a> Json<'a> {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// It is not JSON, nested deeper than 128 levels, or has a byte order mark, which CUE takes nowhere; with the byte where.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        Self::read("statement", text)
    }

    /// The same, of a text that errors call `what`.
    ///
    /// # Errors
    /// As [`Json::parse`].
    pub fn read(what: &'static str, text: &'a str) -> Result<Self, Error> {
        let mut reader = Reader { what, text, at: 0 };
        if let Some(at) = text.find(MARK) {
            return Err(Reader { what, text, at }.marked());
        }
        let value = reader.value(0)?;
        reader.space();
        if reader.at < text.len() { Err(reader.fail("nothing more was expected")) } else { Ok(value) }
    }
}

struct Reader<'a> {
    what: &'static str,
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn fail(&self, why: &str) -> Error {
        Error::nowhere(ErrorKind::Syntax, format!("{}: not JSON at byte {}: {why}", self.what, self.at))
    }

    fn marked(&self) -> Error {
        Error::nowhere(
            ErrorKind::Undecided,
            format!("{}: a byte order mark (U+FEFF) at byte {}", self.what, self.at),
        )
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, Error> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fail("a value was expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, Error> {
        if depth > MAX_DEPTH {
            let message = format!("{}: nested deeper than {MAX_DEPTH} levels", self.what);
            return Err(Error::nowhere(ErrorKind::Limit, message));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word("null", Json::Null),
        }
    }

    fn number(&mut self) -> Result<Json<'a>, Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, Error> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                items.shrink_to_fit();
                return Ok(Json::List(items));
            }
            if !self.take(b',') {
                return Err(self.fail("`,` or `]` was expected"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, Error> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(self.fail("`:` was expected"));
            }
            members.push((name, self.value(depth + 1)?));
            self.space();
            if self.take(b'}') {
                members.shrink_to_fit();
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(self.fail("`,` or `}` was expected"));
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        if !self.take(b'"') {
            return Err(self.fail("a string was expected"));
        }
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
                None => return Err(self.fail("a string does not end")),
            }
        }
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        let quoted = self.text.get(start - 1..self.at).ok_or_else(|| self.fail("a string does not end"))?;
        let text: String =
            serde_json::from_str(quoted).map_err(|_| self.fail("a string with a wrong escape"))?;
        if text.contains(MARK) { Err(self.marked()) } else { Ok(Cow::Owned(text)) }
    }
}
