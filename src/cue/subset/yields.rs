//! Which fields a comprehension may add to its struct.

use super::super::ast::{
    Binary, Binding, Declaration, Element, Expression, Field, Kind, List, Name, Pattern, Presence, Struct,
};
use super::super::load::Package;
use super::places::{Step, declared};

/// Structs and definitions that are followed, at most.
const MAX_VISITS: u32 = 1_000;

/// A field that a comprehension may add, or constrain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yield<'a> {
    /// Its name.
    pub(super) step: Step<'a>,
    /// Whether it is added where it is not there; what a pattern is about is not.
    pub(super) presence: Presence,
    /// What is added to it.
    pub(super) value: &'a Expression,
}

/// What a body adds to the struct in which it is; none where that is not known.
pub(super) fn fields<'a>(package: &'a Package, body: &'a Struct) -> Option<Vec<Yield<'a>>> {
    Search { package, visits: 0 }.of_struct(body)
}

/// Whether a comprehension with this field leaves its struct with the fields that it has: cosign's evaluator may have counted and read them
/// before. `is_there` says that the struct has the field without the comprehension.
pub(super) fn adds_nothing(presence: Presence, value: &Expression, is_there: bool) -> bool {
    match presence {
        Presence::Regular => is_there && is_scalar(value) || demands(value),
        Presence::Optional | Presence::Required => constrains(value) || demands(value),
    }
}

/// Whether a value is a struct that demands something and gives nothing: `a: b!: int`.
fn demands(value: &Expression) -> bool {
    let Kind::Struct(body) = &value.kind else { return false };
    let mut demanded = false;
    let given = body.declarations.iter().all(|declaration| match declaration {
        Declaration::Field(field) => {
            demanded |= field.presence != Presence::Optional;
            adds_nothing(field.presence, &field.value, false)
        }
        Declaration::Ellipsis(_) => true,
        _ => false,
    });
    given && demanded
}

/// Whether a value gives no fields: a scalar, or a list of what does not.
fn constrains(value: &Expression) -> bool {
    match &value.kind {
        Kind::List(List { elements, rest }) => {
            let rest = rest.as_ref().and_then(|rest| rest.value.as_ref());
            elements.iter().all(|element| match element {
                Element::Value(value) => constrains(value) || demands(value),
                Element::Comprehension(_) => false,
            }) && rest.is_none_or(|rest| constrains(rest) || demands(rest))
        }
        Kind::Reference { binding: Binding::Predeclared(_), .. } => true,
        _ => is_scalar(value),
    }
}

/// Whether a value has no fields and no elements.
pub(super) fn is_scalar(value: &Expression) -> bool {
    match &value.kind {
        Kind::Null
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::String(_)
        | Kind::Bytes(_)
        | Kind::Bound { .. } => true,
        Kind::Reference { binding: Binding::Predeclared(name), .. } => &**name != "_",
        Kind::Disjunction(sides) => sides.iter().all(|side| is_scalar(&side.value)),
        Kind::Binary { operator: Binary::Unify, left, right } => is_scalar(left) && is_scalar(right),
        Kind::Unary { operand, .. } => is_scalar(operand),
        _ => false,
    }
}

struct Search<'a> {
    package: &'a Package,
    visits: u32,
}

impl<'a> Search<'a> {
    fn of_struct(&mut self, body: &'a Struct) -> Option<Vec<Yield<'a>>> {
        let mut yields = Vec::new();
        for declaration in &body.declarations {
            match declaration {
                Declaration::Field(Field { label, presence, value, .. }) => {
                    yields.push(Yield { step: Step::labelled(label), presence: *presence, value });
                }
                Declaration::Pattern(Pattern { value, .. }) => {
                    yields.push(Yield { step: Step::Any, presence: Presence::Optional, value });
                }
                Declaration::Ellipsis(_) => {}
                Declaration::Comprehension(inner) => yields.extend(self.of_struct(&inner.body)?),
                Declaration::Embedding(expression) => yields.extend(self.of(expression)?),
            }
        }
        Some(yields)
    }

    fn of(&mut self, expression: &'a Expression) -> Option<Vec<Yield<'a>>> {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            return None;
        }
        match &expression.kind {
            Kind::Struct(body) => self.of_struct(body),
            Kind::Binary { operator: Binary::Unify, left, right } => {
                let mut yields = self.of(left)?;
                yields.extend(self.of(right)?);
                Some(yields)
            }
            Kind::Reference { binding: Binding::Field { name: name @ Name::Definition(_), .. }, .. } => {
                self.of_definition(name)
            }
            _ => None,
        }
    }

    /// Of a definition that is declared at the top of a file, and nowhere within a struct.
    fn of_definition(&mut self, name: &Name) -> Option<Vec<Yield<'a>>> {
        let mut yields = Vec::new();
        let mut found = false;
        for value in declared(self.package, name) {
            found = true;
            yields.extend(self.of(value)?);
        }
        found.then_some(yields)
    }
}
