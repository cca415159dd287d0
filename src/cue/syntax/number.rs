//! Where numbers end; what they mean, `number` says.

use super::{
    super::{ast::Position, error::Error},
    lexer::Lexer,
    token::TokenKind,
};

impl Lexer<'_> {
    /// Scans a number.
    pub(super) fn number(&mut self, position: Position) -> Result<TokenKind, Error> {
        let start = self.at;
        for (prefixes, radix) in [(["0x", "0X"], 16), (["0b", "0b"], 2), (["0o", "0o"], 8)] {
            if self.eat(prefixes[0]) || self.eat(prefixes[1]) {
                if self.digits(radix, position)? == 0 {
                    return Err(self.error(position, format!("a number of base {radix} without digits")));
                }
                return Ok(TokenKind::Number);
            }
        }
        let integral = self.digits(10, position)?;
        let leading_zero = self.text.as_bytes().get(start) == Some(&b'0');
        let mut fraction = false;
        if self.byte() == Some(b'.') && !self.rest().starts_with("..") {
            fraction = true;
            self.at += 1;
            self.digits(10, position)?;
        }
        // A zero alone takes no multiplier.
        let multiplier = !leading_zero || fraction;
        if multiplier && matches!(self.byte(), Some(b'K' | b'M' | b'G' | b'T' | b'P')) {
            self.at += 1;
            self.eat("i");
            return Ok(TokenKind::Number);
        }
        if self.eat("e") || self.eat("E") {
            fraction = true;
            if !self.eat("-") {
                self.eat("+");
            }
            if self.digits(10, position)? == 0 {
                return Err(self.error(position, "illegal exponent in a number"));
            }
        }
        if leading_zero && integral > 1 && !fraction {
            return Err(self.error(position, "an integer that begins with 0"));
        }
        Ok(TokenKind::Number)
    }

    /// Consumes digits and underscores between them; how many bytes these are.
    fn digits(&mut self, radix: u32, position: Position) -> Result<usize, Error> {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_digit(radix) || c == '_')).unwrap_or(rest.len());
        let digits = &rest[..length];
        self.at += length;
        if digits.contains("__") || digits.ends_with('_') {
            return Err(self.error(position, "illegal `_` in a number"));
        }
        Ok(length)
    }
}
