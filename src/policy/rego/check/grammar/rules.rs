//! Packages, imports and rules.

use super::scan::{Imported, Token, is_keyword};
use super::statements::{Literal, Said};
use super::terms::{Callee, Kind as Of, Shared};
use super::{Fault, Kind, Parser, Statement};
use crate::policy::rego::check::signatures::signature;

/// What is to be known of a rule, and of each of its `else`.
#[derive(Debug, Clone, Default)]
struct Rule {
    start: usize,
    /// The path that it has.
    path: Vec<Shared>,
    args: Option<Vec<Shared>>,
    /// Whether it is, or may be, a rule with many values.
    key: bool,
    contains: bool,
    /// Whether there is a value, and whether it is `true` because nothing was said.
    value: bool,
    generated: bool,
    /// Whether there is no body.
    bare: bool,
    given_if: bool,
    default: bool,
    /// Whether the value is a constant.
    constant: bool,
    /// Whether this is an `else`, which is no statement.
    other: bool,
}

impl Rule {
    fn name(&self) -> &str {
        self.path.first().and_then(|first| first.name()).unwrap_or_default()
    }

    fn is_named(&self) -> bool {
        self.path.first().is_some_and(|first| matches!(first.kind, Of::Var(_)))
    }

    fn has_args(&self) -> bool {
        self.args.as_ref().is_some_and(|args| !args.is_empty())
    }

    /// What a module of version 1 asks of it.
    fn check_strict(&self) -> Result<(), Fault> {
        let refuse = |reason: String| Err((self.start, reason));
        if self.path.len() < 2 && is_keyword(self.name()) {
            return refuse(format!("{} keyword cannot be used for rule name", self.name()));
        }
        if self.bare && self.generated {
            return refuse("a rule must have a value or a body".to_owned());
        }
        if !self.bare && !self.given_if && !self.default {
            return refuse("`if` keyword is required before a body".to_owned());
        }
        if !self.value && !self.contains {
            return refuse("`contains` keyword is required for partial set rules".to_owned());
        }
        Ok(())
    }
}

impl Parser<'_> {
    /// The statements of a module.
    pub(super) fn module(&mut self) -> Result<Vec<Statement>, Fault> {
        self.scan();
        let mut found = Vec::new();
        let mut rules = Vec::new();
        while self.state.token != Token::End {
            let start = self.state.start;
            let kind = match self.state.token {
                Token::Word("package") => self.package().map(Kind::Package),
                Token::Word("import") => self.import().map(|()| Kind::Import),
                _ => {
                    let before = self.state;
                    let mut made = self.rules();
                    if made.is_none() && self.state.fault.is_none() {
                        self.state = before;
                        made = self
                            .query()
                            .map(|body| of_body(&body, start))
                            .transpose()?
                            .map(|rule| vec![rule]);
                    }
                    let Some(made) = made else { break };
                    let own = |rule: &Rule| Statement {
                        start: rule.start,
                        kind: Kind::Rule(rule.name().to_owned()),
                    };
                    found.extend(made.iter().filter(|rule| !rule.other).map(own));
                    rules.extend(made);
                    continue;
                }
            };
            let Some(kind) = kind else { break };
            found.push(Statement { start, kind });
        }
        if let Some((at, reason)) = self.state.fault {
            return Err((at, reason.to_owned()));
        }
        if self.state.token != Token::End {
            return Err((self.state.start, "this is no statement".to_owned()));
        }
        for (index, statement) in found.iter().enumerate() {
            if matches!(statement.kind, Kind::Package(_)) != (index == 0) {
                return Err((
                    statement.start,
                    "a package stands at the beginning, and there alone".to_owned(),
                ));
            }
        }
        if self.strict {
            rules.iter().try_for_each(Rule::check_strict)?;
        }
        Ok(found)
    }

    fn package(&mut self) -> Option<Vec<String>> {
        self.scan();
        if self.state.token != Token::Name {
            return self.unexpected();
        }
        let term = self.term()?;
        match term.path() {
            Some(path) => Some(path.into_iter().map(str::to_owned).collect()),
            None => self.fault("expected the path of a package"),
        }
    }

    fn import(&mut self) -> Option<()> {
        self.scan();
        if self.state.token != Token::Name {
            return self.unexpected();
        }
        // No keyword that was imported stands in a path; it is one again behind it.
        let imported = std::mem::take(&mut self.state.imported);
        let term = self.term();
        self.state.imported = imported;
        let term = term?;
        let Some(path) = term.path() else { return self.fault("expected a path") };
        let (first, last) = (path.first().copied()?, path.last().copied()?);
        if !["data", "input", "future", "rego"].contains(&first) {
            return self.fault("a path that is imported begins with data, input, future or rego");
        }
        let alias = self.is_word("as");
        if alias {
            self.scan();
            if self.state.token != Token::Name {
                return self.fault("expected a variable behind `as`");
            }
            let alias = self.term()?;
            if !matches!(alias.kind, Of::Var(_)) {
                return self.fault("expected a variable behind `as`");
            }
        } else if first != "future" && !matches!(self.keyword(last), Token::Name) {
            return self.fault("a path that is imported must not end with a keyword");
        }
        match (first, path.get(1..).unwrap_or_default()) {
            ("data" | "input", _) => {}
            ("rego", ["v1"]) if !alias => {
                self.strict = true;
                self.state.imported.add_all();
            }
            ("future", ["keywords"]) if !alias => self.state.imported.add_all(),
            ("future", ["keywords", word]) if !alias && Imported::knows(word) => {
                self.state.imported.add(word);
            }
            _ => return self.fault("invalid import"),
        }
        Some(())
    }

    /// What a word is where nothing is imported.
    fn keyword(&self, word: &str) -> Token {
        super::scan::first(word, Imported::default()).0
    }

    /// A rule with its bodies, or none, in which case a fault is noted or it is no rule with a body.
    fn rules(&mut self) -> Option<Vec<Rule>> {
        let start = self.state.start;
        let default = self.is_word("default");
        if default {
            self.scan();
        }
        if self.state.token != Token::Name {
            return None;
        }
        let mut rule = self.head()?;
        (rule.start, rule.default) = (start, default);
        if default {
            return self.default(rule);
        }
        rule.given_if = self.is_word("if");
        if !rule.contains && !rule.has_args() && rule.path.len() == 2 {
            let ground = rule.path.last().is_some_and(|last| last.ground && !matches!(last.kind, Of::Ref(_)));
            rule.key = !rule.given_if || !ground;
        }
        if !rule.contains && rule.path.len() == 2 {
            if rule.given_if && !rule.value {
                (rule.value, rule.generated) = (true, true);
            } else if !rule.is_named() {
                return None;
            } else if !rule.has_args() && !rule.value {
                rule.path.pop();
            }
        }
        if !self.rule_body(&mut rule)? {
            return Some(vec![rule]);
        }
        let mut made = vec![rule.clone()];
        let has_else = self.is_word("else");
        if has_else {
            if rule.path.len() > 1 && !rule.path.iter().skip(1).all(|part| part.ground) {
                return self.fault("else keyword cannot be used on rules with variables in head");
            }
            if rule.key || rule.contains {
                return self.fault("else keyword cannot be used on multi-value rules");
            }
            self.otherwise(&rule, &mut made)?;
        }
        while self.is("{") {
            if has_else {
                return self.fault("expected `else`");
            }
            made.push(Rule { start: self.state.start, ..rule.clone() });
            self.braces()?;
        }
        Some(made)
    }

    fn default(&mut self, rule: Rule) -> Option<Vec<Rule>> {
        if !rule.value {
            return self.fault("illegal default rule (it must have a value)");
        }
        if !rule.constant {
            return self.fault("illegal default rule (value has to be constant)");
        }
        let mut names: Vec<&str> = Vec::new();
        for arg in rule.args.iter().flatten() {
            match &arg.kind {
                Of::Var(name) if name == "_" || !names.contains(&name.as_str()) => names.push(name),
                Of::Var(_) => return self.fault("illegal default rule (arguments cannot be repeated)"),
                _ => return self.fault("illegal default rule (arguments have to be variables)"),
            }
        }
        Some(vec![Rule { bare: true, ..rule }])
    }

    /// The body of a rule, and whether there is one: `contains` needs none.
    fn rule_body(&mut self, rule: &mut Rule) -> Option<bool> {
        if rule.given_if {
            self.scan();
            let before = self.state;
            let literal = self.literal_statement();
            let is_set = |literal: &Literal| match &literal.said {
                Said::Term(term) => matches!(term.kind, Of::Set),
                _ => false,
            };
            if literal.is_some_and(|literal| !is_set(&literal)) {
                return Some(true);
            }
            let fault = self.state.fault;
            self.state = before;
            if !self.is("{") {
                self.state.fault = fault;
                return None;
            }
            return self.braces().map(|()| true);
        }
        if self.is("{") {
            return self.braces().map(|()| true);
        }
        rule.bare = rule.contains;
        rule.contains.then_some(false)
    }

    /// A body in braces.
    fn braces(&mut self) -> Option<()> {
        self.expect("{", "expected a body")?;
        self.body("}")?;
        self.scan();
        Some(())
    }

    /// The chain of `else` behind a rule.
    fn otherwise(&mut self, rule: &Rule, made: &mut Vec<Rule>) -> Option<()> {
        while self.is_word("else") {
            let mut next = Rule { generated: false, bare: false, other: true, ..rule.clone() };
            self.scan();
            match self.state.token {
                Token::Symbol("{") | Token::Word("if") => next.generated = true,
                Token::Symbol(":=" | "=") => {
                    self.scan();
                    self.infix()?;
                }
                _ => return self.fault("expected a value or a body behind `else`"),
            }
            next.given_if = self.is_word("if");
            if !next.given_if && !self.is("{") {
                made.push(Rule { bare: true, ..next });
                return Some(());
            }
            if next.given_if {
                self.scan();
            }
            match self.is("{") {
                true => self.braces()?,
                false => drop(self.literal_statement()?),
            }
            made.push(next);
        }
        Some(())
    }

    fn head(&mut self) -> Option<Rule> {
        let name = self.var()?;
        let head = self.head_finish(name)?;
        let mut rule = Rule::default();
        match &head.kind {
            Of::Var(_) => rule.path = vec![head],
            Of::Ref(parts) => rule.path = parts.clone(),
            Of::Call(Callee::Function(function), args) => {
                let Of::Ref(parts) = &function.kind else { return None };
                (rule.path, rule.args) = (parts.clone(), Some(args.clone()));
            }
            _ => return None,
        }
        if self.is_word("contains") {
            if rule.args.is_some() {
                return self.fault("the contains keyword can only be used with multi-value rule definitions");
            }
            self.scan();
            self.infix()?;
            return Some(Rule { contains: true, ..rule });
        }
        if self.is("=") || self.is(":=") {
            self.scan();
            (rule.value, rule.constant) = (true, self.infix()?.constant);
        } else if rule.path.len() != 2 || rule.has_args() {
            (rule.value, rule.generated, rule.constant) = (true, true, true);
        }
        Some(rule)
    }

    /// What follows the name of a rule, where blanks may stand.
    fn head_finish(&mut self, head: Shared) -> Option<Shared> {
        self.scan_blank();
        const OPERATORS: [&str; 13] = ["+", "-", "*", "/", "%", "&", "|", "==", "!=", ">", ">=", "<", "<="];
        if let Token::Symbol(symbol) = self.state.token
            && OPERATORS.contains(&symbol)
        {
            return self.unexpected();
        }
        if self.state.token == Token::Blank {
            self.scan();
        }
        match self.state.token {
            Token::Symbol("(" | "." | "[") => self.reference(head),
            _ => Some(head),
        }
    }
}

/// A statement outside of a rule as a rule.
fn of_body(body: &[Literal], start: usize) -> Result<Rule, Fault> {
    let refuse = |reason: &str| Err((start, reason.to_owned()));
    let [literal] = body else { return refuse("several expressions are no rule") };
    if literal.with || literal.negated {
        return refuse("an expression that is negated or has `with` is no rule");
    }
    let rule = Rule { start, bare: true, ..Rule::default() };
    let named = |rule: Rule| match rule.is_named() {
        true => Ok(rule),
        false => refuse("this is no name of a rule"),
    };
    match &literal.said {
        Said::Some | Said::Every => refuse("`some` and `every` are no rules"),
        Said::Term(term) => match &term.kind {
            Of::Ref(parts) if parts.len() > 2 => {
                named(Rule { path: parts.clone(), value: true, generated: true, ..rule })
            }
            Of::Ref(parts) if parts.len() == 2 => {
                named(Rule { path: parts.iter().take(1).cloned().collect(), key: true, ..rule })
            }
            Of::Call(Callee::Function(function), args) => {
                let Of::Ref(parts) = &function.kind else { return refuse("this is no rule") };
                let name = function.path().unwrap_or_default().join(".");
                if args.is_empty() || signature(&name).is_some() {
                    return refuse("the call of a function is no rule");
                }
                named(Rule { path: parts.clone(), args: Some(args.clone()), value: true, ..rule })
            }
            _ => refuse("this cannot be used for the name of a rule"),
        },
        Said::Equal(left) => {
            let (path, args) = match &left.kind {
                Of::Call(Callee::Function(function), args) => match &function.kind {
                    Of::Ref(parts) => (parts.clone(), Some(args.clone())),
                    _ => return refuse("this is no name of a rule"),
                },
                Of::Ref(parts) => (parts.clone(), None),
                Of::Var(_) => (vec![left.clone()], None),
                _ => return refuse("this cannot be used for the name of a rule"),
            };
            named(Rule { path, args, value: true, ..rule })
        }
    }
}
