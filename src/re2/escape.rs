//! Escapes and bracketed classes, inside and outside of each other.

use regex_syntax::hir::Look;

use super::class::{self, CharSet};
use super::parse::Parser;

impl Parser<'_> {
    /// What starts with a backslash outside of a class.
    pub(super) fn escape(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let look = match rest.get(1..2) {
            Some("A") => Look::Start,
            Some("z") => Look::End,
            Some("b") => Look::WordAscii,
            Some("B") => Look::WordAsciiNegate,
            Some("Q") => {
                let quoted = rest.get(2..).unwrap_or_default();
                let literal = quoted.split_once(r"\E").map_or(quoted, |(literal, _)| literal);
                self.at += 2 + literal.len() + if literal.len() < quoted.len() { 2 } else { 0 };
                literal.chars().for_each(|c| self.push_literal(c));
                return Ok(());
            }
            _ => {
                return match self.class_escape()? {
                    Some(set) => self.push_set(set),
                    None => {
                        let c = self.character_escape()?;
                        match char::from_u32(c) {
                            Some(c) => self.push_literal(c),
                            // A surrogate is no character and matches none.
                            None => self.push_set(CharSet::new())?,
                        }
                        Ok(())
                    }
                };
            }
        };
        self.at += 2;
        self.push_look(look);
        Ok(())
    }

    /// `\d` and its like, `\pL`, `\p{Lu}`; `None` when something else stands here.
    fn class_escape(&mut self) -> Result<Option<CharSet>, String> {
        let start = self.at;
        let mut chars = self.rest().chars();
        let (Some('\\'), Some(letter)) = (chars.next(), chars.next()) else { return Ok(None) };
        if let Some((set, negated)) = class::perl(letter) {
            self.at += 2;
            return Ok(Some(set.folded(self.flags.fold).negated(negated)));
        }
        if !matches!(letter, 'p' | 'P') {
            return Ok(None);
        }
        self.at += 2;
        let name = match self.next() {
            Some('{') => {
                let Some((name, _)) = self.rest().split_once('}') else {
                    return Err(format!(
                        "invalid character class range: `{}`",
                        self.pattern.get(start..).unwrap_or_default()
                    ));
                };
                self.at += name.len() + 1;
                name
            }
            Some(_) => self.pattern.get(start + 2..self.at).unwrap_or_default(),
            None => "",
        };
        let (negated, name) = match name.strip_prefix('^') {
            Some(name) => (letter == 'p', name),
            None => (letter == 'P', name),
        };
        let set = class::unicode(name)
            .ok_or_else(|| format!("invalid character class range: `{}`", self.since(start)))?;
        Ok(Some(set.folded(self.flags.fold).negated(negated)))
    }

    /// An escaped character, by its code point.
    fn character_escape(&mut self) -> Result<u32, String> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.next() else { return Err("trailing backslash at end of expression: ``".into()) };
        let code = match c {
            '0'..='7' => self.octal(c),
            'x' => self.hexadecimal(),
            'a' => Some(0x07),
            'f' => Some(0x0c),
            'n' => Some(0x0a),
            'r' => Some(0x0d),
            't' => Some(0x09),
            'v' => Some(0x0b),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c.into()),
            _ => None,
        };
        code.ok_or_else(|| format!("invalid escape sequence: `{}`", self.since(start)))
    }

    /// Up to three octal digits, of which the first was read. One alone that is not zero would be a back-reference.
    fn octal(&mut self, first: char) -> Option<u32> {
        let digit = |parser: &Self| parser.peek().and_then(|c| c.to_digit(8));
        let mut code = first.to_digit(8)?;
        if code != 0 && digit(self).is_none() {
            return None;
        }
        for _ in 0..2 {
            let Some(value) = digit(self) else { break };
            self.at += 1;
            code = code * 8 + value;
        }
        Some(code)
    }

    /// Two hexadecimal digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next()?;
        if first != '{' {
            let second = self.next();
            return Some(first.to_digit(16)? * 16 + second?.to_digit(16)?);
        }
        let mut code = None;
        loop {
            let c = self.next()?;
            if c == '}' {
                return code;
            }
            let value = code.unwrap_or(0) * 16 + c.to_digit(16)?;
            code = Some(value).filter(|v| *v <= 0x10_ffff);
            code?;
        }
    }

    /// A class in brackets.
    pub(super) fn class(&mut self) -> Result<CharSet, String> {
        let whole = self.rest();
        self.at += 1;
        let negated = self.rest().starts_with('^');
        self.at += usize::from(negated);
        let mut set = CharSet::new();
        let mut first = true;
        loop {
            let rest = self.rest();
            if rest.starts_with(']') && !first {
                self.at += 1;
                return Ok(set.negated(negated));
            }
            first = false;
            let start = self.at;
            if let Some((name, _)) = rest.strip_prefix("[:").and_then(|r| r.split_once(":]")) {
                self.at += name.len() + 4;
                let (negated, name) = name.strip_prefix('^').map_or((false, name), |n| (true, n));
                let class = class::posix(name)
                    .ok_or_else(|| format!("invalid character class range: `{}`", self.since(start)))?;
                set.union(&class.folded(self.flags.fold).negated(negated));
                continue;
            }
            if let Some(class) = self.class_escape()? {
                set.union(&class);
                continue;
            }
            let low = self.class_character(whole)?;
            let mut high = low;
            let rest = self.rest();
            if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
                self.at += 1;
                high = self.class_character(whole)?;
                if high < low {
                    return Err(format!("invalid character class range: `{}`", self.since(start)));
                }
            }
            let mut range = CharSet::new();
            range.push(low, high);
            set.union(&range.folded(self.flags.fold));
        }
    }

    fn class_character(&mut self, whole: &str) -> Result<u32, String> {
        match self.peek() {
            Some('\\') => self.character_escape(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(c.into())
            }
            None => Err(format!("missing closing ]: `{whole}`")),
        }
    }
}
