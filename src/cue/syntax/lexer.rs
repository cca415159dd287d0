//! Text to tokens, one at a time.

use std::sync::LazyLock;

use crate::re2::Pattern;

use super::{
    super::{
        ast::Position,
        error::{Error, ErrorKind},
    },
    token::{Piece, Quote, Symbol, Token, TokenKind},
};

/// Longest source file, in bytes.
pub const MAX_FILE: usize = 4 << 20;

/// Reads tokens from one file.
pub struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    file: u32,
    line: u32,
    line_start: usize,
    /// Whether a line that ends here ends with a comma.
    comma_at_line_end: bool,
    /// Strings in whose interpolations we are, each with the parentheses that are open inside of it.
    open: Vec<(Quote, usize)>,
}

impl<'a> Lexer<'a> {
    /// Over a file's bytes; `file` is its place among the policy's files.
    ///
    /// # Errors
    ///
    /// Too long, not UTF-8, a NUL, a byte order mark that is not the first character.
    pub fn new(bytes: &'a [u8], file: u32) -> Result<Self, Error> {
        let lexer = Lexer {
            text: "",
            at: 0,
            file,
            line: 1,
            line_start: 0,
            comma_at_line_end: false,
            open: Vec::new(),
        };
        if bytes.len() > MAX_FILE {
            let message =
                format!("the file has {} bytes, more than the {MAX_FILE} that are allowed", bytes.len());
            return Err(Error::new(ErrorKind::Limit, lexer.here(), message));
        }
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(illegal(bytes, error.valid_up_to(), file, "illegal UTF-8 encoding")),
        };
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let start = text.len() - body.len();
        if let Some(at) = body.find('\0') {
            return Err(illegal(bytes, start + at, file, "illegal character NUL"));
        }
        if let Some(at) = body.find('\u{feff}') {
            return Err(illegal(bytes, start + at, file, "illegal byte order mark"));
        }
        Ok(Lexer { text, at: start, ..lexer })
    }

    /// The text of a token.
    pub fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The next token; after the end, the end again.
    ///
    /// # Errors
    ///
    /// No token begins here.
    pub fn next(&mut self) -> Result<Token, Error> {
        if let Some(token) = self.skip_space() {
            return Ok(token);
        }
        let (start, position) = (self.at, self.here());
        let kind = self.kind(position)?;
        self.comma_at_line_end = kind.ends_line();
        if let TokenKind::Text(piece) = kind {
            return Ok(self.between_quotes(piece, start, position));
        }
        Ok(Token { kind, position, start, end: self.at })
    }

    /// White space and comments; a comma where a line ends that wants one.
    fn skip_space(&mut self) -> Option<Token> {
        loop {
            match self.byte() {
                Some(b'\n') if self.comma_at_line_end => {
                    let token = self.newline();
                    while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                        self.bump();
                    }
                    // As in JSON, a comma or a colon may stand on the next line.
                    if !matches!(self.byte(), Some(b',' | b':')) {
                        return Some(token);
                    }
                }
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.bump(),
                Some(b'/') if self.rest().starts_with("//") => {
                    if self.comma_at_line_end {
                        return Some(self.newline());
                    }
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                None if self.comma_at_line_end => return Some(self.newline()),
                _ => return None,
            }
        }
    }

    fn newline(&mut self) -> Token {
        self.comma_at_line_end = false;
        Token { kind: TokenKind::Newline, position: self.here(), start: self.at, end: self.at }
    }

    fn kind(&mut self, position: Position) -> Result<TokenKind, Error> {
        let Some(c) = self.rest().chars().next() else { return Ok(TokenKind::End) };
        match c {
            '0'..='9' => return self.number(position),
            '.' if self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit) => {
                return self.number(position);
            }
            '"' | '\'' => return self.string(0, position),
            '@' => return self.attribute(position),
            '_' if self.rest().starts_with("_|_") => {
                self.at += 3;
                return Ok(TokenKind::Bottom);
            }
            // As Go's scanner for CUE has it, also where `_ |` would be meant.
            '_' if self.rest().starts_with("_|") => {
                return Err(self.error(position, "illegal token `_|`: write `_|_`, or `_ |` with a blank"));
            }
            '#' => {
                let hashes = self.rest().len() - self.rest().trim_start_matches('#').len();
                if matches!(self.rest().as_bytes().get(hashes), Some(b'"' | b'\'')) {
                    return self.string(hashes, position);
                }
                return self.identifier(position);
            }
            _ if is_letter(c) || c == '_' || c == '$' => return self.identifier(position),
            ',' => {
                self.at += 1;
                return Ok(TokenKind::Comma);
            }
            _ => {}
        }
        self.symbol(c, position)
    }

    fn identifier(&mut self, position: Position) -> Result<TokenKind, Error> {
        let start = self.at;
        self.eat("_");
        if self.eat("#") && self.rest().starts_with(is_digit) {
            return Ok(TokenKind::Identifier);
        }
        let rest = self.rest();
        self.at +=
            rest.find(|c| !(is_letter(c) || is_digit(c) || c == '_' || c == '$')).unwrap_or(rest.len());
        let name = &self.text[start..self.at];
        if name == "__" && self.rest().starts_with('#') {
            return Err(self.error(position, "illegal token `__#`"));
        }
        Ok(match name {
            "for" => TokenKind::For,
            "in" => TokenKind::In,
            "if" => TokenKind::If,
            "let" => TokenKind::Let,
            "true" => TokenKind::True,
            "false" => TokenKind::False,
            "null" => TokenKind::Null,
            _ => TokenKind::Identifier,
        })
    }

    fn symbol(&mut self, c: char, position: Position) -> Result<TokenKind, Error> {
        for (text, symbol) in SYMBOLS {
            if self.eat(text) {
                return self.parenthesis(*symbol, position);
            }
        }
        if self.rest().starts_with("..") {
            return Err(self.error(position, "illegal token `..`, expected `.`"));
        }
        if self.eat(".") {
            return Ok(TokenKind::Symbol(Symbol::Dot));
        }
        Err(self.error(position, format!("illegal character `{}`", c.escape_default())))
    }

    /// Counts the parentheses inside of an interpolation: the one that closes it resumes the string.
    fn parenthesis(&mut self, symbol: Symbol, position: Position) -> Result<TokenKind, Error> {
        match (symbol, self.open.last_mut()) {
            (Symbol::LeftParenthesis, Some((_, depth))) => *depth += 1,
            (Symbol::RightParenthesis, Some((quote, 0))) => {
                let quote = *quote;
                self.open.pop();
                return self.piece(quote, false, position);
            }
            (Symbol::RightParenthesis, Some((_, depth))) => *depth -= 1,
            _ => {}
        }
        Ok(TokenKind::Symbol(symbol))
    }

    /// `@name(...)`: its brackets are balanced, and what stands in it are tokens.
    fn attribute(&mut self, position: Position) -> Result<TokenKind, Error> {
        self.at += 1;
        let rest = self.rest();
        self.at +=
            rest.find(|c| !(is_letter(c) || is_digit(c) || c == '_' || c == '$')).unwrap_or(rest.len());
        let outer = std::mem::take(&mut self.open);
        self.comma_at_line_end = false;
        if self.next()?.kind != TokenKind::Symbol(Symbol::LeftParenthesis) {
            return Err(self.error(position, "expected `(` after the attribute's name"));
        }
        let mut close = vec![Symbol::RightParenthesis];
        while let Some(expected) = close.last().copied() {
            let token = self.next()?;
            match token.kind {
                TokenKind::End => {
                    return Err(self.error(position, "attribute without its closing parenthesis"));
                }
                TokenKind::Text(piece) if !piece.last => {
                    return Err(self.error(token.position, "interpolation is not allowed in an attribute"));
                }
                TokenKind::Symbol(symbol) if symbol == expected => drop(close.pop()),
                TokenKind::Symbol(Symbol::LeftParenthesis) => close.push(Symbol::RightParenthesis),
                TokenKind::Symbol(Symbol::LeftBracket) => close.push(Symbol::RightBracket),
                TokenKind::Symbol(Symbol::LeftBrace) => close.push(Symbol::RightBrace),
                TokenKind::Symbol(Symbol::RightParenthesis | Symbol::RightBracket | Symbol::RightBrace) => {
                    return Err(self.error(token.position, "unexpected closing bracket in an attribute"));
                }
                _ => {}
            }
        }
        self.open = outer;
        Ok(TokenKind::Attribute)
    }

    /// A string from its first `#` or quote; what follows `\(` is read by the caller of [`Lexer::next`].
    fn string(&mut self, hashes: usize, position: Position) -> Result<TokenKind, Error> {
        self.at += hashes;
        let mark = self.byte().unwrap_or(b'"');
        let tripled = if mark == b'"' { "\"\"\"" } else { "'''" };
        let triple = self.rest().starts_with(tripled);
        let quote = Quote { mark, triple, hashes };
        self.at += quote.marks();
        if triple && !(self.rest().starts_with('\n') || self.rest().starts_with("\r\n")) {
            return Err(self.error(position, format!("expected a new line after {tripled}")));
        }
        self.piece(quote, true, position)
    }

    /// Up to the closing quote or the next `\(`, both consumed.
    fn piece(&mut self, quote: Quote, first: bool, position: Position) -> Result<TokenKind, Error> {
        loop {
            match self.byte() {
                None => break,
                Some(b'\n') if !quote.triple => break,
                Some(byte) if byte == quote.mark && self.closes(quote) => {
                    self.at += quote.marks() + quote.hashes;
                    return Ok(TokenKind::Text(Piece { quote, first, last: true }));
                }
                Some(b'\\') if self.escapes(quote) => {
                    self.at += 1 + quote.hashes;
                    match self.byte() {
                        Some(b'(') => {
                            self.at += 1;
                            self.open.push((quote, 0));
                            return Ok(TokenKind::Text(Piece { quote, first, last: false }));
                        }
                        // Which escapes there are is for the literal's decoder; a line's end is none.
                        Some(b'\n') | None => return Err(self.error(position, "unknown escape sequence")),
                        Some(_) => self.bump(),
                    }
                }
                Some(_) => self.bump(),
            }
        }
        Err(self.error(position, "string literal not terminated"))
    }

    fn closes(&self, quote: Quote) -> bool {
        let (marks, rest) = (quote.marks(), self.rest().as_bytes());
        rest.len() >= marks + quote.hashes
            && rest[..marks].iter().all(|byte| *byte == quote.mark)
            && rest[marks..marks + quote.hashes].iter().all(|byte| *byte == b'#')
    }

    fn escapes(&self, quote: Quote) -> bool {
        let rest = self.rest().as_bytes();
        rest.len() > quote.hashes && rest[1..=quote.hashes].iter().all(|byte| *byte == b'#')
    }

    /// The token of a piece of a string, whose text is what stands between its quotes.
    fn between_quotes(&self, piece: Piece, start: usize, position: Position) -> Token {
        let before = if piece.first { piece.quote.marks() + piece.quote.hashes } else { 1 };
        let after = if piece.last { piece.quote.marks() } else { 2 } + piece.quote.hashes;
        Token { kind: TokenKind::Text(piece), position, start: start + before, end: self.at - after }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// One character on.
    fn bump(&mut self) {
        let Some(c) = self.rest().chars().next() else { return };
        self.at += c.len_utf8();
        if c == '\n' {
            self.line += 1;
            self.line_start = self.at;
        }
    }

    /// Consumes `text`, which holds no line's end, if it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    fn here(&self) -> Position {
        let column = u32::try_from(self.at - self.line_start).unwrap_or(u32::MAX - 1) + 1;
        Position { file: self.file, line: self.line, column }
    }

    #[expect(clippy::unused_self, reason = "reads as a method where it is called")]
    pub(super) fn error(&self, position: Position, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Syntax, position, message)
    }
}

/// Longest first where one is the beginning of another.
const SYMBOLS: &[(&str, Symbol)] = &[
    ("...", Symbol::Ellipsis),
    ("&&", Symbol::AndAnd),
    ("&", Symbol::And),
    ("||", Symbol::OrOr),
    ("|", Symbol::Or),
    ("==", Symbol::Equal),
    ("=~", Symbol::Matches),
    ("=", Symbol::Bind),
    ("!=", Symbol::NotEqual),
    ("!~", Symbol::MatchesNot),
    ("!", Symbol::Not),
    ("<-", Symbol::Arrow),
    ("<=", Symbol::LessEqual),
    ("<", Symbol::Less),
    (">=", Symbol::GreaterEqual),
    (">", Symbol::Greater),
    ("(", Symbol::LeftParenthesis),
    (")", Symbol::RightParenthesis),
    ("[", Symbol::LeftBracket),
    ("]", Symbol::RightBracket),
    ("{", Symbol::LeftBrace),
    ("}", Symbol::RightBrace),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Star),
    ("/", Symbol::Slash),
    (":", Symbol::Colon),
    (";", Symbol::Semicolon),
    ("?", Symbol::Question),
    ("~", Symbol::Tilde),
];

/// An error at a byte of the file, of which the line and the column are not known yet.
fn illegal(bytes: &[u8], at: usize, file: u32, message: &str) -> Error {
    let before = &bytes[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = at - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1) + 1;
    let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
    Error::new(ErrorKind::Syntax, Position { file, line: number(line), column: number(column) }, message)
}

/// A letter in a name: of ASCII, or of Unicode's category L.
fn is_letter(c: char) -> bool {
    static LETTERS: LazyLock<Option<Pattern>> = LazyLock::new(|| Pattern::compile(r"^\p{L}$").ok());
    c.is_ascii_alphabetic() || (c.is_alphabetic() && is_in(&LETTERS, c))
}

/// A digit in a name: of ASCII, or of Unicode's category Nd.
fn is_digit(c: char) -> bool {
    static DIGITS: LazyLock<Option<Pattern>> = LazyLock::new(|| Pattern::compile(r"^\p{Nd}$").ok());
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric() && is_in(&DIGITS, c))
}

fn is_in(category: &Option<Pattern>, c: char) -> bool {
    category.as_ref().is_some_and(|pattern| pattern.matches(c.encode_utf8(&mut [0; 4])))
}
