//! What string and bytes literals mean: escapes, indentation of several lines.
//!
//! The language specification, "String and byte sequence literals"; the same errors as CUE 0.15.

use super::token::Quote;

/// Decodes the pieces of one literal, which stand between its quotes and interpolations.
///
/// # Errors
///
/// What is wrong with one of them, and which.
pub fn decode(quote: Quote, pieces: &[&str]) -> Result<Vec<Vec<u8>>, (usize, &'static str)> {
    let last = pieces.len().saturating_sub(1);
    let indentation = match pieces.last() {
        Some(text) if quote.triple => trailing_space(text),
        _ => "",
    };
    let mut decoded = Vec::with_capacity(pieces.len());
    for (index, &text) in pieces.iter().enumerate() {
        let mut decoder = Decoder { quote, indentation, rest: text, out: Vec::with_capacity(text.len()) };
        let result = if index == 0 && quote.triple { decoder.begin() } else { Ok(()) };
        result.and_then(|()| decoder.run(index == last)).map_err(|message| (index, message))?;
        decoded.push(decoder.out);
    }
    Ok(decoded)
}

/// The white space before the closing quotes, without a line's end: what every line begins with.
fn trailing_space(text: &str) -> &str {
    let kept = text.trim_end_matches(|c: char| c != '\n' && c.is_whitespace());
    &text[kept.len()..]
}

struct Decoder<'a> {
    quote: Quote,
    indentation: &'a str,
    rest: &'a str,
    out: Vec<u8>,
}

impl Decoder<'_> {
    /// Skips the line's end behind the opening quotes, and the indentation of the first line.
    fn begin(&mut self) -> Result<(), &'static str> {
        let text = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        self.rest = text.strip_prefix('\n').unwrap_or(text);
        self.line()
    }

    /// Skips the indentation at the beginning of a line.
    fn line(&mut self) -> Result<(), &'static str> {
        if let Some(rest) = self.rest.strip_prefix(self.indentation) {
            self.rest = rest;
        } else if !(self.rest.starts_with('\n') || self.rest.starts_with("\r\n")) {
            return Err("a line is not indented as the closing quotes are");
        }
        Ok(())
    }

    fn run(&mut self, last: bool) -> Result<(), &'static str> {
        // The line's end before the closing quotes is not part of the string.
        let mut at_line_start = false;
        while let Some(c) = self.rest.chars().next() {
            match c {
                '\r' if self.quote.triple => self.rest = &self.rest[1..],
                '\r' => return Err("a carriage return in a string of one line"),
                '\n' => {
                    self.rest = &self.rest[1..];
                    self.out.push(b'\n');
                    self.line()?;
                    at_line_start = true;
                }
                '\\' if self.escapes() => {
                    self.rest = &self.rest[1 + self.quote.hashes..];
                    self.escape()?;
                    at_line_start = false;
                }
                _ => {
                    self.push(c);
                    self.rest = &self.rest[c.len_utf8()..];
                    at_line_start = false;
                }
            }
        }
        if last && at_line_start {
            self.out.pop();
        }
        Ok(())
    }

    fn escapes(&self) -> bool {
        self.rest[1..].bytes().take_while(|byte| *byte == b'#').count() >= self.quote.hashes
    }

    /// What follows the backslash and its `#`.
    fn escape(&mut self) -> Result<(), &'static str> {
        let c = self.take().ok_or("a backslash at the end")?;
        let byte = match c {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '\\' | '/' => c as u8,
            '\'' | '"' if c as u32 == u32::from(self.quote.mark) => c as u8,
            'u' => return self.code_point(4),
            'U' => return self.code_point(8),
            'x' if self.quote.is_bytes() => u8::try_from(self.digits(2, 16)?).map_err(|_| UNKNOWN)?,
            '0'..='7' if self.quote.is_bytes() => {
                let value = c.to_digit(8).unwrap_or(0) * 64 + self.digits(2, 8)?;
                u8::try_from(value).map_err(|_| "an octal escape above 255")?
            }
            _ => return Err(UNKNOWN),
        };
        self.out.push(byte);
        Ok(())
    }

    /// `\u1234` and `\U12345678`; two surrogates make one character.
    fn code_point(&mut self, digits: usize) -> Result<(), &'static str> {
        let mut value = self.digits(digits, 16)?;
        if (0xdc00..0xe000).contains(&value) {
            return Err(SURROGATE);
        }
        if (0xd800..0xdc00).contains(&value) {
            if !(self.rest.starts_with('\\') && self.escapes()) {
                return Err(SURROGATE);
            }
            self.rest = &self.rest[1 + self.quote.hashes..];
            let digits = match self.take() {
                Some('u') => 4,
                Some('U') => 8,
                _ => return Err(SURROGATE),
            };
            let low = self.digits(digits, 16)?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(SURROGATE);
            }
            value = 0x10000 + (value - 0xd800) * 0x400 + (low - 0xdc00);
        }
        let c = char::from_u32(value).ok_or("an escape that is no Unicode code point")?;
        self.push(c);
        Ok(())
    }

    fn digits(&mut self, count: usize, radix: u32) -> Result<u32, &'static str> {
        let mut value = 0_u32;
        for _ in 0..count {
            let digit = self.take().and_then(|c| c.to_digit(radix)).ok_or("an escape without its digits")?;
            value = value.wrapping_mul(radix) | digit;
        }
        Ok(value)
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn push(&mut self, c: char) {
        self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

const UNKNOWN: &str = "unknown escape sequence";
const SURROGATE: &str = "unmatched surrogate pair";
