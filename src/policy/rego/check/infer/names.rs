//! The types of rules by their paths, and whether a reference can lead anywhere.

use std::collections::BTreeMap;

use regorus::unstable::Span;

use super::{Env, Fault};
use crate::policy::rego::check::term::Term;
use crate::policy::rego::check::types::{Key, Type};

/// What is beneath `data`: types of rules, and what is beneath them.
#[derive(Debug, Default)]
pub(in crate::policy::rego::check) struct Tree {
    kind: Option<Type>,
    children: BTreeMap<Key, Tree>,
}

impl Tree {
    /// Adds a definition of a rule.
    pub(in crate::policy::rego::check) fn insert(&mut self, path: &[Key], kind: Type) {
        let Some((first, rest)) = path.split_first() else {
            self.kind = Some(match self.kind.take() {
                Some(before) => before.merge(kind),
                None => kind,
            });
            return;
        };
        let child = self.children.entry(first.clone()).or_default();
        if let (Some(Type::Object(known, more)), false) = (&child.kind, rest.is_empty()) {
            let value = rest.iter().skip(1).rev().fold(kind.clone(), |value, key| {
                Type::Object(BTreeMap::new(), Some(Box::new((key.kind.clone(), value))))
            });
            let key = rest.first().map_or(Type::Unknown, |key| key.kind.clone());
            let more = match more {
                Some(more) => (more.0.clone().or(key), more.1.clone().or(value)),
                None => (key, value),
            };
            child.kind = Some(Type::Object(known.clone(), Some(Box::new(more))));
        }
        child.insert(rest, kind);
    }

    /// The type of a function, `data` in front.
    pub(super) fn exact(&self, path: &[String]) -> Option<Type> {
        let mut found = self;
        for name in path.iter().skip(1) {
            found = found.children.get(&Key::name(name))?;
        }
        found.kind.clone()
    }

    /// The type of what a reference beneath `data` leads to.
    pub(super) fn at(&self, rest: &[Term]) -> Type {
        let Some((first, tail)) = rest.split_first() else { return self.extent() };
        let child = first.key().and_then(|key| self.children.get(&key));
        match (&self.kind, child, first.is_constant()) {
            (_, Some(child), _) => child.at(tail),
            (Some(kind), None, _) => rest.iter().fold(kind.clone(), |kind, part| select(&kind, part)),
            (None, None, false) => rest.iter().fold(self.extent(), |kind, part| select(&kind, part)),
            (None, None, true) => Type::ANY,
        }
    }

    /// All that is beneath, as an object that may have more: what is no rule is not known.
    fn extent(&self) -> Type {
        if let Some(kind) = &self.kind {
            return kind.clone();
        }
        let known = self.children.iter().map(|(key, child)| (key.clone(), child.extent())).collect();
        Type::Object(known, Some(Box::new((Type::String, Type::ANY))))
    }
}

/// The type of what is found in a value at a term.
pub(super) fn select(kind: &Type, part: &Term) -> Type {
    match part {
        Term::Scalar(key) => kind.at(key),
        _ => kind.values(),
    }
}

impl Env<'_> {
    /// Checks every reference of a term, those within one another too; comprehensions are left out.
    pub(super) fn references(&mut self, term: &Term, span: &Span) -> Result<(), Fault> {
        if term.body().is_some() {
            return Ok(());
        }
        if let Term::Ref(parts) = term {
            self.lookup(parts).map_err(|reason| Fault { span: span.clone(), reason })?;
        }
        term.children().into_iter().try_for_each(|child| self.references(child, span))
    }

    fn lookup(&mut self, parts: &[Term]) -> Result<(), String> {
        let [Term::Var(head), rest @ ..] = parts else { return Ok(()) };
        if matches!(self.reference(parts), Type::Function(..)) {
            return Err("undefined ref: a function is no value".to_owned());
        }
        let kind = match head.as_str() {
            "input" => Type::ANY,
            "data" => return self.within(self.tree, rest, 1),
            name => match self.variable(name) {
                Type::Unknown => {
                    self.put(name, Type::ANY);
                    Type::ANY
                }
                kind => kind,
            },
        };
        self.beneath(kind, rest)
    }

    /// Looks into rules.
    fn within(&mut self, tree: &Tree, rest: &[Term], depth: usize) -> Result<(), String> {
        let Some((first, tail)) = rest.split_first() else { return Ok(()) };
        if tree.kind.is_none() && tree.children.is_empty() {
            return self.beneath(Type::ANY, rest);
        }
        let named = first.key().is_some_and(|key| key.kind == Type::String);
        if depth <= 2 && !named && !matches!(first, Term::Var(_)) {
            return Err("undefined ref: what is beneath `data` has names".to_owned());
        }
        if let Term::Var(name) = first {
            let keys = tree.extent().keys();
            match self.variable(name) {
                Type::Unknown => self.put(name, keys),
                known if known.meets(&keys) => {}
                _ => return Err(undefined(first)),
            }
        }
        match first.key().and_then(|key| tree.children.get(&key)) {
            Some(child) => match &child.kind {
                Some(kind) => self.beneath(kind.clone(), tail),
                None => self.within(child, tail, depth + 1),
            },
            None => {
                for child in tree.children.values() {
                    // What does not fit one of several may fit another.
                    let _ = match &child.kind {
                        Some(_) => Ok(()),
                        None => self.within(child, tail, depth + 1),
                    };
                }
                Ok(())
            }
        }
    }

    /// Looks into a value of a type.
    fn beneath(&mut self, kind: Type, rest: &[Term]) -> Result<(), String> {
        let Some((first, tail)) = rest.split_first() else { return Ok(()) };
        let keys = kind.keys();
        if keys == Type::Unknown {
            return Err(undefined(first));
        }
        match first {
            Term::Scalar(key) => {
                return match kind.at(key) {
                    Type::Unknown => Err(undefined(first)),
                    found => self.beneath(found, tail),
                };
            }
            Term::Var(name) => match self.variable(name) {
                Type::Unknown => self.put(name, keys),
                known if known.meets(&keys) => {}
                _ => return Err(undefined(first)),
            },
            Term::Ref(parts) => {
                let known = self.reference(parts);
                if known != Type::Unknown && !known.meets(&keys) {
                    return Err(undefined(first));
                }
            }
            _ => {
                if !self.fits(first, &keys, false) {
                    return Err(undefined(first));
                }
            }
        }
        self.beneath(kind.values(), tail)
    }
}

fn undefined(part: &Term) -> String {
    match part {
        Term::Scalar(key) => format!("undefined ref: there is never anything at {}", key.text),
        _ => "undefined ref: nothing can be found there".to_owned(),
    }
}
