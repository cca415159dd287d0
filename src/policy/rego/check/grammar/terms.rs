//! Terms, as OPA's parser reads them. What cannot be read as one thing is read again as another, as there.

use std::rc::Rc;

use super::Parser;
use super::scan::Token;

/// What is to be known of a term to judge where it stands.
#[derive(Debug)]
pub(super) struct Term {
    pub kind: Kind,
    /// Whether it has no variable.
    pub ground: bool,
    /// Whether it has neither variables nor references nor calls, those of comprehensions left out.
    pub constant: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// `null`, a boolean, a number, or a set.
    Scalar,
    Text(String),
    /// A variable, by its name.
    Var(String),
    /// What is referred into, and the rest of the path.
    Ref(Vec<Shared>),
    Call(Callee, Vec<Shared>),
    Array,
    Object,
    Set,
    Comprehension,
}

/// What is called.
#[derive(Debug)]
pub(super) enum Callee {
    Operator,
    In,
    Function(Shared),
}

pub(super) type Shared = Rc<Term>;

/// The operators from the one that binds least, `in` left out.
const OPERATORS: [&[&str]; 5] =
    [&["==", "!=", "<", ">", "<=", ">="], &["|"], &["&"], &["+", "-"], &["*", "/", "%"]];

fn made(kind: Kind, ground: bool, constant: bool) -> Option<Shared> {
    Some(Rc::new(Term { kind, ground, constant }))
}

fn constant(kind: Kind) -> Option<Shared> {
    made(kind, true, true)
}

fn call(callee: Callee, given: Vec<Shared>) -> Option<Shared> {
    let ground = given.iter().all(|term| term.ground);
    made(Kind::Call(callee, given), ground, false)
}

fn collection(kind: Kind, items: &[Shared]) -> Option<Shared> {
    made(kind, items.iter().all(|term| term.ground), items.iter().all(|term| term.constant))
}

fn reference(parts: Vec<Shared>) -> Option<Shared> {
    let ground = parts.iter().skip(1).all(|part| part.ground);
    made(Kind::Ref(parts), ground, false)
}

impl Term {
    /// The name of a variable, or of a root alone.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Var(name) => Some(name),
            Kind::Ref(parts) => parts.first().filter(|_| parts.len() == 1).and_then(|first| first.name()),
            _ => None,
        }
    }

    /// The names of a path, all of which are constant.
    pub(super) fn path(&self) -> Option<Vec<&str>> {
        let Kind::Ref(parts) = &self.kind else { return Some(vec![self.name()?]) };
        let (first, rest) = parts.split_first()?;
        let rest = rest.iter().map(|part| match &part.kind {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        });
        std::iter::once(first.name()).chain(rest).collect()
    }
}

impl Parser<'_> {
    /// A term with operators; `key, value in collection` too.
    pub(super) fn infix(&mut self) -> Option<Shared> {
        self.membership(true)
    }

    fn in_list(&mut self) -> Option<Shared> {
        self.membership(false)
    }

    fn membership(&mut self, pairs: bool) -> Option<Shared> {
        let mut lhs = self.operation(0)?;
        loop {
            if pairs && self.is(",") {
                let before = self.state;
                self.scan();
                if let Some(value) = self.operation(0)
                    && self.is_word("in")
                {
                    self.scan();
                    if let Some(collection) = self.operation(0) {
                        lhs = call(Callee::In, vec![lhs, value, collection])?;
                        if self.is_word("in") {
                            continue;
                        }
                        return Some(lhs);
                    }
                }
                self.state = before;
            }
            if !self.is_word("in") {
                return Some(lhs);
            }
            self.scan();
            let Some(collection) = self.operation(0) else { return Some(lhs) };
            lhs = call(Callee::In, vec![lhs, collection])?;
            if !self.is_word("in") {
                return Some(lhs);
            }
        }
    }

    fn operation(&mut self, level: usize) -> Option<Shared> {
        let Some(symbols) = OPERATORS.get(level) else { return self.term() };
        let mut lhs = self.operation(level + 1)?;
        while let Token::Symbol(symbol) = self.state.token
            && symbols.contains(&symbol)
        {
            self.scan();
            let Some(rhs) = self.operation(level + 1) else { return Some(lhs) };
            lhs = call(Callee::Operator, vec![lhs, rhs])?;
        }
        Some(lhs)
    }

    /// A term without operators. What stands at a place is read once, however often it is looked at.
    pub(super) fn term(&mut self) -> Option<Shared> {
        let start = self.state.start;
        if let Some((term, after)) = self.known.get(&start) {
            self.state = *after;
            return term.clone();
        }
        let term = self.bare().and_then(|term| self.finish(term));
        self.known.insert(start, (term.clone(), self.state));
        term
    }

    fn bare(&mut self) -> Option<Shared> {
        match self.state.token {
            Token::Word("null" | "true" | "false") => constant(Kind::Scalar),
            Token::Symbol("-" | ".") | Token::Number => self.number(),
            Token::Text => constant(Kind::Text(self.string())),
            Token::Name | Token::Word("contains") => self.var(),
            Token::Symbol("[") => self.array(),
            Token::Symbol("{") => self.set_or_object(),
            Token::Symbol("(") => {
                self.scan();
                let inner = self.infix()?;
                if !self.is(")") {
                    return self.fault("non-terminated expression");
                }
                Some(inner)
            }
            _ => self.unexpected(),
        }
    }

    /// A name as a variable, which is not stepped over.
    pub(super) fn var(&mut self) -> Option<Shared> {
        made(Kind::Var(self.literal().to_owned()), false, false)
    }

    fn number(&mut self) -> Option<Shared> {
        if self.is("-") {
            self.scan();
        }
        let fraction = self.is(".");
        if fraction {
            self.scan();
        }
        if self.state.token != Token::Number {
            return self.fault("expected number");
        }
        let rest = self.literal().strip_prefix('0').unwrap_or_default();
        if !fraction && !rest.is_empty() && !rest.starts_with(['.', 'e', 'E']) {
            return self.fault("expected number without leading zero");
        }
        constant(Kind::Scalar)
    }

    fn string(&mut self) -> String {
        let written = self.literal();
        let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
        match regorus::Value::from_json_str(written) {
            Ok(regorus::Value::String(text)) => text.to_string(),
            _ => inner.to_owned(),
        }
    }

    /// What follows a term without a blank: a call, or a path.
    fn finish(&mut self, head: Shared) -> Option<Shared> {
        self.scan_blank();
        if self.is("(") || self.is(".") || self.is("[") {
            return self.reference(head);
        }
        if self.state.token == Token::Blank {
            self.scan();
        }
        match &head.kind {
            Kind::Var(name) if name == "data" || name == "input" => reference(vec![head]),
            _ => Some(head),
        }
    }

    /// A path or calls behind a term.
    pub(super) fn reference(&mut self, head: Shared) -> Option<Shared> {
        if matches!(head.kind, Kind::Scalar | Kind::Text(_) | Kind::Ref(_)) {
            return self.fault("illegal reference: it can only go into variables, collections and calls");
        }
        let mut parts = vec![head];
        loop {
            match self.state.token {
                Token::Symbol(".") => {
                    self.scan_blank();
                    if self.state.token != Token::Name {
                        return self
                            .fault("expected a name behind the dot; keywords stand in brackets: [\"..\"]");
                    }
                    parts.extend(constant(Kind::Text(self.literal().to_owned())));
                    self.scan_blank();
                }
                Token::Symbol("(") => {
                    let called = self.call(reference(parts)?)?;
                    match self.state.token {
                        Token::Symbol("." | "[") => parts = vec![called],
                        Token::Blank => {
                            self.scan();
                            return Some(called);
                        }
                        _ => return Some(called),
                    }
                }
                Token::Symbol("[") => {
                    self.scan();
                    let key = self.infix()?;
                    if !self.is("]") {
                        return self.fault("expected ]");
                    }
                    parts.push(key);
                    self.scan_blank();
                }
                Token::Blank => {
                    self.scan();
                    return reference(parts);
                }
                _ => return reference(parts),
            }
        }
    }

    fn call(&mut self, function: Shared) -> Option<Shared> {
        self.scan();
        let given = match self.is(")") {
            true => Vec::new(),
            false => self.list(")", Vec::new())?,
        };
        self.scan_blank();
        match given.is_empty() && function.path().is_some_and(|path| path == ["set"]) {
            true => constant(Kind::Set),
            false => call(Callee::Function(function), given),
        }
    }

    /// Terms up to the last bracket, which is not stepped over.
    fn list(&mut self, end: &'static str, mut items: Vec<Shared>) -> Option<Vec<Shared>> {
        while !self.is(end) {
            items.push(self.in_list()?);
            if self.is(end) {
                break;
            }
            self.expect(",", "expected a comma or the end of the list")?;
        }
        Some(items)
    }

    /// The first comma of a collection, which may stand alone.
    fn leading_comma(&mut self) -> bool {
        let comma = self.is(",");
        if comma {
            self.scan();
        }
        comma
    }

    fn array(&mut self) -> Option<Shared> {
        self.scan();
        if self.is("]") {
            return constant(Kind::Array);
        }
        let alone = !self.leading_comma();
        let before = self.state;
        let head = self.term()?;
        if self.is("]") {
            return collection(Kind::Array, &[head]);
        }
        if self.is(",") {
            self.scan();
            let items = self.list("]", vec![head])?;
            return collection(Kind::Array, &items);
        }
        if self.is("|") && alone {
            self.scan();
            if self.body("]").is_some() {
                return made(Kind::Comprehension, false, true);
            }
            if !self.is(",") {
                return None;
            }
        }
        self.state = before;
        let items = self.list("]", Vec::new())?;
        collection(Kind::Array, &items)
    }

    fn set_or_object(&mut self) -> Option<Shared> {
        self.scan();
        if self.is("}") {
            return constant(Kind::Object);
        }
        let alone = !self.leading_comma();
        let before = self.state;
        let head = self.term()?;
        if self.is("}") || self.is(",") {
            return self.set(head);
        }
        if self.is(":") {
            return self.object(head, alone);
        }
        if self.is("|") && alone {
            self.scan();
            if self.body("}").is_some() {
                return made(Kind::Comprehension, false, true);
            }
            if !self.is(",") {
                return None;
            }
            self.state = before;
            let items = self.list("}", Vec::new())?;
            return collection(Kind::Set, &items);
        }
        self.state = before;
        let head = self.in_list()?;
        match self.state.token {
            Token::Symbol("}" | ",") => self.set(head),
            Token::Symbol(":") => self.object(head, alone),
            _ => self.fault("non-terminated set"),
        }
    }

    fn set(&mut self, head: Shared) -> Option<Shared> {
        let mut items = vec![head];
        if self.is(",") {
            self.scan();
            items = self.list("}", items)?;
        }
        collection(Kind::Set, &items)
    }

    fn object(&mut self, key: Shared, alone: bool) -> Option<Shared> {
        self.scan();
        let before = self.state;
        let value = self.term()?;
        if alone && self.is("|") {
            self.scan();
            if self.body("}").is_some() {
                return made(Kind::Comprehension, false, true);
            }
        } else if alone && (self.is("}") || self.is(",")) {
            return self.members(key, value);
        }
        self.state = before;
        let value = self.in_list()?;
        if self.is("}") || self.is(",") {
            return self.members(key, value);
        }
        self.fault("non-terminated object")
    }

    /// The members behind the first.
    fn members(&mut self, key: Shared, value: Shared) -> Option<Shared> {
        let mut all = vec![key, value];
        while !self.is("}") {
            self.expect(",", "expected a comma or the end of the object")?;
            if self.is("}") {
                break;
            }
            all.push(self.in_list()?);
            self.expect(":", "expected a colon")?;
            all.push(self.in_list()?);
        }
        collection(Kind::Object, &all)
    }
}
