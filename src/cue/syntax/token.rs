//! What the lexer makes of text.

use super::super::ast::Position;

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it begins.
    pub position: Position,
    /// The first byte of its text; of a string: of what stands between the quotes.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// The end of the text.
    End,
    /// `,`
    Comma,
    /// The end of a line where a comma belongs.
    Newline,
    /// A name; also `package`, `import`, `div`, `mod`, `quo`, `rem`.
    Identifier,
    /// An integer or a floating-point literal.
    Number,
    /// A string or bytes, or a piece of one between interpolations.
    Text(Piece),
    /// `@name(...)`
    Attribute,
    /// `_|_`
    Bottom,
    /// `for`
    For,
    /// `in`
    In,
    /// `if`
    If,
    /// `let`
    Let,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// Everything else.
    Symbol(Symbol),
}

/// A piece of a string: all of it, or what stands before, between or after its interpolations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// How the string is quoted.
    pub quote: Quote,
    /// Whether the string begins here.
    pub first: bool,
    /// Whether the string ends here; else `\(` follows.
    pub last: bool,
}

/// How a string is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// `"` or `'`.
    pub mark: u8,
    /// Whether there are three of them.
    pub triple: bool,
    /// How many `#` stand around them.
    pub hashes: usize,
}

impl Quote {
    /// How many marks.
    pub fn marks(self) -> usize {
        if self.triple { 3 } else { 1 }
    }

    /// Whether it makes bytes.
    pub fn is_bytes(self) -> bool {
        self.mark == b'\''
    }
}

/// Operators and punctuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// `&`
    And,
    /// `&&`
    AndAnd,
    /// `<-`
    Arrow,
    /// `=`
    Bind,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `...`
    Ellipsis,
    /// `==`
    Equal,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `{`
    LeftBrace,
    /// `[`
    LeftBracket,
    /// `(`
    LeftParenthesis,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
    /// `-`
    Minus,
    /// `!`
    Not,
    /// `!=`
    NotEqual,
    /// `|`
    Or,
    /// `||`
    OrOr,
    /// `+`
    Plus,
    /// `?`
    Question,
    /// `}`
    RightBrace,
    /// `]`
    RightBracket,
    /// `)`
    RightParenthesis,
    /// `;`
    Semicolon,
    /// `/`
    Slash,
    /// `*`
    Star,
    /// `~`
    Tilde,
}

impl TokenKind {
    /// Whether the end of a line after it counts as a comma.
    pub fn ends_line(self) -> bool {
        use Symbol::{Ellipsis, Question, RightBrace, RightBracket, RightParenthesis, Semicolon};
        match self {
            TokenKind::End | TokenKind::Comma | TokenKind::Newline => false,
            TokenKind::Text(piece) => piece.last,
            TokenKind::Symbol(symbol) => {
                matches!(
                    symbol,
                    Ellipsis | Question | RightBrace | RightBracket | RightParenthesis | Semicolon
                )
            }
            _ => true,
        }
    }
}
