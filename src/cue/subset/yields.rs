//! Which fields a comprehension may add to its struct.

use super::super::ast::{Binary, Binding, Declaration, Expression, Field, Kind, Name, Pattern, Struct};
use super::super::load::Package;
use super::calls;
use super::places::{Step, declared};
use super::reason::Reason;

/// Structs and definitions that are followed, at most.
const MAX_VISITS: u32 = 1_000;

/// A field that a comprehension may add, or constrain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yield<'a> {
    /// Its name.
    pub(super) step: Step<'a>,
    /// What is added to it.
    pub(super) value: &'a Expression,
}

/// What a body adds to the struct in which it is, or why that is not known.
pub(super) fn fields<'a>(package: &'a Package, body: &'a Struct) -> Result<Vec<Yield<'a>>, Reason> {
    Search { package, visits: 0 }.of_struct(body)
}

/// Whether a value makes a struct of a field, as far as that can be seen.
pub(super) fn may_be_struct(value: &Expression) -> bool {
    match &value.kind {
        Kind::List(_)
        | Kind::Call { .. }
        | Kind::Interpolation { .. }
        | Kind::Reference { binding: Binding::Predeclared(_), .. } => false,
        Kind::Binary { operator: Binary::Unify, left, right } => may_be_struct(left) && may_be_struct(right),
        Kind::Binary { .. } => false,
        _ => !is_scalar(value),
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
    fn of_struct(&mut self, body: &'a Struct) -> Result<Vec<Yield<'a>>, Reason> {
        let mut yields = Vec::new();
        for declaration in &body.declarations {
            match declaration {
                Declaration::Field(Field { label, value, .. }) => {
                    yields.push(Yield { step: Step::labelled(label), value });
                }
                Declaration::Pattern(Pattern { value, .. }) => {
                    yields.push(Yield { step: Step::Any, value });
                }
                Declaration::Ellipsis(_) => {}
                Declaration::Comprehension(inner) => yields.extend(self.of_struct(&inner.body)?),
                Declaration::Embedding(expression) => yields.extend(self.of(expression)?),
            }
        }
        Ok(yields)
    }

    fn of(&mut self, expression: &'a Expression) -> Result<Vec<Yield<'a>>, Reason> {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            return Err(Reason::TooLarge);
        }
        match &expression.kind {
            Kind::Struct(body) => self.of_struct(body),
            Kind::Binary { operator: Binary::Unify, left, right } => {
                let mut yields = self.of(left)?;
                yields.extend(self.of(right)?);
                Ok(yields)
            }
            Kind::Reference { binding: Binding::Field { name: name @ Name::Definition(_), .. }, .. } => {
                self.of_definition(name)
            }
            Kind::Bottom => Ok(Vec::new()),
            Kind::Call { function, .. } if calls::fails(function) => Ok(Vec::new()),
            _ => Err(Reason::YieldsUnknown),
        }
    }

    /// Of a definition that is declared at the top of a file, and nowhere within a struct.
    fn of_definition(&mut self, name: &Name) -> Result<Vec<Yield<'a>>, Reason> {
        let mut yields = Vec::new();
        let mut found = false;
        for value in declared(self.package, name) {
            found = true;
            yields.extend(self.of(value)?);
        }
        if found { Ok(yields) } else { Err(Reason::YieldsUnknown) }
    }
}
