//! Bodies, and the statements that they consist of.

use super::Parser;
use super::scan::Token;
use super::terms::{Callee, Kind, Shared};

/// A statement of a body.
#[derive(Debug)]
pub(super) struct Literal {
    pub negated: bool,
    pub with: bool,
    pub said: Said,
}

#[derive(Debug)]
pub(super) enum Said {
    Some,
    Every,
    /// `=` or `:=`, with the left side.
    Equal(Shared),
    Term(Shared),
}

impl Parser<'_> {
    /// Statements up to a bracket, which is not stepped over.
    pub(super) fn body(&mut self, end: &'static str) -> Option<()> {
        if self.is(end) {
            return self.fault("found empty body");
        }
        loop {
            self.literal_statement()?;
            if self.is(";") {
                self.scan();
                continue;
            }
            if self.is(end) {
                return Some(());
            }
            if !self.state.line {
                return self.fault("expected the end of the line, a semicolon or the end of the body");
            }
        }
    }

    /// Statements of which a semicolon alone makes several.
    pub(super) fn query(&mut self) -> Option<Vec<Literal>> {
        let mut found = Vec::new();
        loop {
            found.push(self.literal_statement()?);
            if !self.is(";") {
                return Some(found);
            }
            self.scan();
        }
    }

    pub(super) fn literal_statement(&mut self) -> Option<Literal> {
        let mut negated = false;
        if self.is_word("not") {
            self.scan_blank();
            if self.is(".") || self.is("[") {
                return self.unexpected();
            }
            if self.state.token == Token::Blank {
                self.scan();
            }
            negated = true;
        }
        match self.state.token {
            Token::Word("some" | "every") if negated => self.fault("illegal negation of `some` or `every`"),
            Token::Word("some") => self.some(),
            Token::Word("every") => self.every(),
            _ => {
                let lhs = self.infix()?;
                let said = match self.is(":=") || self.is("=") {
                    true => {
                        self.scan();
                        self.infix()?;
                        Said::Equal(lhs)
                    }
                    false => Said::Term(lhs),
                };
                let with = self.with()?;
                Some(Literal { negated, with, said })
            }
        }
    }

    /// Whether there are `with`; each is read.
    fn with(&mut self) -> Option<bool> {
        let mut any = false;
        while self.is_word("with") {
            any = true;
            self.scan();
            if self.state.token != Token::Name {
                return self.fault("expected a name behind `with`");
            }
            let target = self.term()?;
            if !matches!(target.kind, Kind::Var(_) | Kind::Ref(_)) {
                return self.fault("expected a path behind `with`");
            }
            if !self.is_word("as") {
                return self.fault("expected `as`");
            }
            self.scan();
            self.infix()?;
        }
        Some(any)
    }

    fn some(&mut self) -> Option<Literal> {
        let before = self.state;
        self.scan();
        if let Some(term) = self.infix()
            && let Kind::Call(callee, _) = &term.kind
        {
            if !matches!(callee, Callee::In) {
                return self.fault("expected `x in xs` or `x, y in xs` behind `some`");
            }
            let with = self.with()?;
            return Some(Literal { negated: false, with, said: Said::Some });
        }
        self.state = before;
        loop {
            self.scan();
            if self.state.token != Token::Name {
                return self.fault("expected a variable behind `some`");
            }
            self.scan();
            if !self.is(",") {
                return Some(Literal { negated: false, with: false, said: Said::Some });
            }
        }
    }

    fn every(&mut self) -> Option<Literal> {
        self.scan();
        let term = self.infix()?;
        let Kind::Call(Callee::In, given) = &term.kind else {
            return self.fault("expected `x in xs {` or `x, y in xs {` behind `every`");
        };
        let own = given.len().saturating_sub(1);
        if !given.iter().take(own).all(|term| matches!(term.kind, Kind::Var(_))) {
            return self.fault("`every` expects variables");
        }
        self.expect("{", "`every` expects a body")?;
        self.body("}")?;
        self.scan();
        let with = self.with()?;
        Some(Literal { negated: false, with, said: Said::Every })
    }
}
