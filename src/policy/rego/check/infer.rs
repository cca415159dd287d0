//! Types of bodies: what OPA's compiler refuses since no value could make it hold.

mod names;
mod unify;

use std::collections::BTreeMap;

use regorus::unstable::Span;

use super::signatures::signature;
use super::term::{Body, Expr, Kind, Term};
use super::types::{Type, parse};

pub(super) use names::Tree;

/// Something that never holds, and where.
pub(super) struct Fault {
    pub span: Span,
    pub reason: String,
}

/// The types of variables and rules.
pub(super) struct Env<'t> {
    tree: &'t Tree,
    scopes: Vec<BTreeMap<String, Type>>,
    /// The types of comprehensions that were looked at, by where their bodies are.
    known: BTreeMap<usize, Type>,
    /// Why a comprehension within what is typed does not fit.
    fault: Option<Fault>,
}

impl<'t> Env<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, scopes: vec![BTreeMap::new()], known: BTreeMap::new(), fault: None }
    }

    /// Checks a body; the types of its variables stay.
    ///
    /// # Errors
    /// The first expression that never holds.
    pub(super) fn body(&mut self, body: &Body) -> Result<(), Fault> {
        body.iter().try_for_each(|expr| self.expression(expr))
    }

    fn expression(&mut self, expr: &Expr) -> Result<(), Fault> {
        self.enclosed(expr)?;
        if let Kind::Every(_, domain, body) = &expr.kind {
            self.references(domain, &expr.span)?;
            return self.references_of(body);
        }
        let with = expr.with.len();
        let terms = expr.terms();
        for term in terms.iter().take(terms.len().saturating_sub(with)) {
            self.references(term, &expr.span)?;
        }
        let holds = match &expr.kind {
            Kind::Equal(one, other) => {
                let types = (self.of(one), self.of(other));
                match self.equal(one, types.0, other, types.1) {
                    true => Ok(()),
                    false => Err("match error".to_owned()),
                }
            }
            Kind::Call(name, given) => self.call(name, given),
            Kind::Term(_) | Kind::Every(..) => Ok(()),
        };
        self.fault.take().map_or(Ok(()), Err)?;
        holds.map_err(|reason| Fault { span: expr.span.clone(), reason })
    }

    /// Checks the comprehensions of an expression, those in the body of `every` too.
    fn enclosed(&mut self, expr: &Expr) -> Result<(), Fault> {
        expr.terms().into_iter().try_for_each(|term| self.comprehensions(term))?;
        match &expr.kind {
            Kind::Every(_, _, body) => body.iter().try_for_each(|expr| self.enclosed(expr)),
            _ => Ok(()),
        }
    }

    /// Checks the references in the body of `every`; of what stands there OPA looks at those and at comprehensions alone.
    fn references_of(&mut self, body: &Body) -> Result<(), Fault> {
        for expr in body {
            for term in expr.terms() {
                self.references(term, &expr.span)?;
            }
            if let Kind::Every(_, _, body) = &expr.kind {
                self.references_of(body)?;
            }
        }
        Ok(())
    }

    /// Checks the comprehensions within a term.
    fn comprehensions(&mut self, term: &Term) -> Result<(), Fault> {
        if term.body().is_some() {
            self.of(term);
            return self.fault.take().map_or(Ok(()), Err);
        }
        term.children().into_iter().try_for_each(|child| self.comprehensions(child))
    }

    fn call(&mut self, name: &[String], given: &[Term]) -> Result<(), String> {
        let shown = name.join(".");
        let (parameters, result) = match self.function(name) {
            Some(Type::Function(parameters, result)) => (parameters, result),
            // One that says nothing of itself, or contradicts itself.
            Some(Type::Any(_)) => return Ok(()),
            _ => return Err(format!("undefined function {shown}")),
        };
        let results = usize::from(*result != Type::Unknown);
        if given.len() > parameters.len() + results {
            return Err(format!("{shown}: too many arguments"));
        }
        if given.len() < parameters.len() {
            return Err(format!("{shown}: too few arguments"));
        }
        let takes: Vec<Type> = parameters.iter().chain([&*result]).cloned().collect();
        for (term, takes) in given.iter().zip(&takes) {
            if !self.fits(term, takes, false) {
                return Err(format!("{shown}: invalid argument(s)"));
            }
        }
        Ok(())
    }

    fn function(&self, name: &[String]) -> Option<Type> {
        if name.first().is_some_and(|first| first == "data") {
            return self.tree.exact(name);
        }
        let known = signature(&name.join("."))?;
        let parameters = known.parameters.iter().map(|text| parse(text)).collect();
        Some(Type::Function(parameters, Box::new(parse(known.result))))
    }

    /// The type of a term; `Unknown` where nothing was said of it.
    pub(super) fn of(&mut self, term: &Term) -> Type {
        match term {
            Term::Scalar(key) => key.kind.clone(),
            Term::Var(name) => self.variable(name),
            Term::Ref(parts) => self.reference(parts),
            Term::Array(items) => {
                let rest = items.is_empty().then(|| Box::new(Type::ANY));
                Type::Array(items.iter().map(|item| self.of(item)).collect(), rest)
            }
            Term::Set(items) => {
                let of = items.iter().fold(Type::Unknown, |all, item| all.or(self.of(item)));
                Type::Set(Box::new(if of == Type::Unknown { Type::ANY } else { of }))
            }
            Term::Object(members) => {
                let (mut known, mut rest) = (BTreeMap::new(), None);
                for (key, value) in members {
                    let value = self.of(value);
                    match key.key() {
                        Some(key) => {
                            known.insert(key, value);
                        }
                        None => rest = Some(Box::new((self.of(key), value))),
                    }
                }
                if members.is_empty() {
                    rest = Some(Box::new((Type::ANY, Type::ANY)));
                }
                Type::Object(known, rest)
            }
            Term::ArrayOf(_, body) | Term::SetOf(_, body) | Term::ObjectOf(_, body) => {
                let place = std::ptr::from_ref(body).addr();
                if let Some(known) = self.known.get(&place) {
                    return known.clone();
                }
                let made = self.comprehension(term, body);
                self.known.insert(place, made.clone());
                made
            }
        }
    }

    fn comprehension(&mut self, term: &Term, body: &Body) -> Type {
        self.scopes.push(BTreeMap::new());
        let made = match self.body(body) {
            Err(fault) => {
                self.fault.get_or_insert(fault);
                Type::Unknown
            }
            Ok(()) => match term {
                Term::ArrayOf(head, _) => Type::Array(Vec::new(), Some(Box::new(self.of(head)))),
                Term::SetOf(head, _) => Type::Set(Box::new(self.of(head))),
                Term::ObjectOf(head, _) => {
                    let rest = (self.of(&head.0), self.of(&head.1));
                    Type::Object(BTreeMap::new(), Some(Box::new(rest)))
                }
                _ => Type::Unknown,
            },
        };
        self.scopes.pop();
        made
    }

    /// The type of a parameter: of a variable that nothing is said of, any.
    pub(super) fn parameter(&mut self, term: &Term) -> Type {
        let mut named = std::collections::BTreeSet::new();
        term.vars(&mut named);
        for name in named {
            if self.variable(name) == Type::Unknown {
                self.put(name, Type::ANY);
            }
        }
        self.of(term)
    }

    fn variable(&self, name: &str) -> Type {
        let found = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        found.cloned().unwrap_or(if name == "data" || name == "input" { Type::ANY } else { Type::Unknown })
    }

    fn reference(&mut self, parts: &[Term]) -> Type {
        let [Term::Var(head), rest @ ..] = parts else { return Type::Unknown };
        match head.as_str() {
            "data" => self.tree.at(rest),
            "input" => Type::ANY,
            name => rest.iter().fold(self.variable(name), |found, part| names::select(&found, part)),
        }
    }

    /// Gives a variable a type.
    pub(super) fn put(&mut self, name: &str, kind: Type) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), kind);
        }
    }
}
