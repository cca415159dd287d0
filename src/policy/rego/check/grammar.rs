//! The grammar as OPA's parser has it. regorus reads more: names that are keywords, blanks before brackets, statements that are no
//! rules. What OPA does not read is refused here, before anything is made of it. The parser makes no tree: it says whether there is
//! one, and which statements stand where.

mod hints;
mod metadata;
mod rules;
mod scan;
mod statements;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::policy::Error;
use scan::{Imported, Token};
use terms::Shared;

/// Refuses modules that OPA does not read.
///
/// # Errors
/// The first fault, with its place.
pub(in crate::policy::rego) fn check(texts: &[(String, String)]) -> Result<(), Error> {
    let mut described = metadata::Described::new();
    texts.iter().try_for_each(|(file, text)| {
        module(text, &mut described).map_err(|(at, reason)| Error::Policy {
            at: place(file, text, at),
            reason: match hints::hint(text, at) {
                Some(hint) => format!("{reason} ({hint})"),
                None => reason,
            },
        })
    })
}

fn module(text: &str, described: &mut metadata::Described) -> Result<(), Fault> {
    if let Some(at) = text.find('\0') {
        return Err((at, "illegal null character".to_owned()));
    }
    if let Some((at, _)) = text.char_indices().skip(1).find(|(_, c)| *c == '\u{feff}') {
        return Err((at, "illegal byte-order mark".to_owned()));
    }
    let statements = Parser::new(text).module()?;
    metadata::check(text, &statements, described)
}

/// File, line and column of a byte.
fn place(file: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{file}:{line}:{column}")
}

/// What is wrong, and at which byte.
type Fault = (usize, String);

/// A statement of a module, and the byte at which it begins.
#[derive(Debug)]
struct Statement {
    start: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Package(Vec<String>),
    Import,
    /// A rule, by its name as it is written.
    Rule(String),
}

/// Where the parser is. It is copied to come back to, with the fault that was known then.
#[derive(Debug, Clone, Copy)]
struct State {
    token: Token,
    /// The bytes of the token.
    start: usize,
    end: usize,
    /// Whether a line ended in front of it.
    line: bool,
    imported: Imported,
    fault: Option<(usize, &'static str)>,
}

struct Parser<'a> {
    text: &'a str,
    state: State,
    /// The terms that were read, by where they begin, and the state behind them.
    known: BTreeMap<usize, (Option<Shared>, State)>,
    /// Whether `rego.v1` is imported.
    strict: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let state = State {
            token: Token::End,
            start,
            end: start,
            line: false,
            imported: Imported::default(),
            fault: None,
        };
        Self { text, state, known: BTreeMap::new(), strict: false }
    }

    /// Steps to the next token that is no blank.
    fn scan(&mut self) {
        self.step(true);
    }

    /// Steps to the next token; a blank is one.
    fn scan_blank(&mut self) {
        self.step(false);
    }

    fn step(&mut self, skip: bool) {
        if self.state.token != Token::Blank {
            self.state.line = false;
        }
        loop {
            let rest = self.text.get(self.state.end..).unwrap_or_default();
            let (token, length, fault) = scan::first(rest, self.state.imported);
            self.state.start = self.state.end;
            self.state.end += length;
            self.state.token = token;
            if let Some(reason) = fault {
                let _ = self.fault::<()>(reason);
                self.state.token = Token::Illegal;
            }
            match self.state.token {
                Token::Blank => {
                    self.state.line |= rest.starts_with('\n');
                    if !skip {
                        return;
                    }
                }
                Token::Comment => {}
                _ => return,
            }
        }
    }

    /// The token as it is written.
    fn literal(&self) -> &'a str {
        self.text.get(self.state.start..self.state.end).unwrap_or_default()
    }

    fn is(&self, symbol: &'static str) -> bool {
        self.state.token == Token::Symbol(symbol)
    }

    fn is_word(&self, word: &'static str) -> bool {
        self.state.token == Token::Word(word)
    }

    /// Steps over a symbol.
    fn expect(&mut self, symbol: &'static str, reason: &'static str) -> Option<()> {
        if !self.is(symbol) {
            return self.fault(reason);
        }
        self.scan();
        Some(())
    }

    /// Notes what is wrong here, unless something was wrong before.
    fn fault<T>(&mut self, reason: &'static str) -> Option<T> {
        self.state.fault.get_or_insert((self.state.start, reason));
        None
    }

    fn unexpected<T>(&mut self) -> Option<T> {
        self.fault(match self.state.token {
            Token::End => "unexpected end of the file",
            Token::Word(_) => "unexpected keyword",
            Token::Illegal => "illegal token",
            _ => "unexpected token",
        })
    }
}
