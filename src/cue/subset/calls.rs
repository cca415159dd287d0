//! Functions.

use std::rc::Rc;

use super::super::ast::{Binding, Declaration, Element, Expression, Kind, List, Name, Position};
use super::super::error::Error;
use super::{Mode, Walk, constant, outside};

/// Those that take constraints.
const JUDGES: [&str; 9] = [
    "and",
    "close",
    "json.Validate",
    "list.MatchN",
    "matchIf",
    "matchN",
    "or",
    "yaml.Validate",
    "yaml.ValidatePartial",
];

impl<'a> Walk<'a> {
    /// A call as a constraint: a function that judges, or one that computes.
    pub(super) fn call(
        &mut self,
        position: Position,
        function: &'a Rc<Expression>,
        arguments: &'a [Expression],
        mode: Mode,
    ) -> Result<(), Error> {
        match (&*called(function), arguments) {
            ("matchN", [count, Expression { kind: Kind::List(List { elements, rest: None }), .. }]) => {
                self.constraint(count, Mode::Plain)?;
                self.scopes.other();
                let matched = elements.iter().try_for_each(|element| match element {
                    Element::Value(value) => self.constraint(value, Mode::Matched),
                    Element::Comprehension(_) => Err(outside(position, "a comprehension in `matchN`")),
                });
                self.scopes.pop();
                matched
            }
            ("matchIf" | "list.MatchN" | "json.Validate" | "yaml.Validate" | "yaml.ValidatePartial", _) => {
                arguments.iter().try_for_each(|argument| self.constraint(argument, Mode::Matched))
            }
            ("and" | "or", _) => {
                arguments.iter().try_for_each(|argument| self.constraint(argument, mode.max(Mode::Plain)))
            }
            ("close", [Expression { kind: Kind::Struct(body), .. }]) => {
                let yields = |declaration: &Declaration| matches!(declaration, Declaration::Comprehension(_));
                match body.declarations.iter().any(yields) {
                    true => Err(outside(position, "`close` of a struct with a comprehension")),
                    false => self.structure(body, mode),
                }
            }
            (name @ ("matchN" | "close"), _) => {
                Err(outside(position, format!("`{name}` of something that is not written here")))
            }
            _ if mode >= Mode::Plain => arguments.iter().try_for_each(constant),
            _ => {
                self.function(position, function)?;
                arguments.iter().try_for_each(|argument| self.computed(argument))
            }
        }
    }

    /// What computes.
    pub(super) fn function(&mut self, position: Position, function: &'a Rc<Expression>) -> Result<(), Error> {
        match &*called(function) {
            name if JUDGES.contains(&name) || name.is_empty() => {
                Err(outside(position, format!("`{name}` within what is computed")))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a function makes alternatives.
pub(super) fn chooses(function: &Expression) -> bool {
    called(function) == "or"
}

/// Whether a function takes constraints.
pub(super) fn judges(function: &Expression) -> bool {
    let name = called(function);
    name.is_empty() || JUDGES.contains(&&*name)
}

/// `list.MatchN`, `len`; nothing where no function is named.
fn called(function: &Expression) -> String {
    match &function.kind {
        Kind::Reference { binding: Binding::Predeclared(name), .. } => name.to_string(),
        Kind::Selector { operand, name } => match &operand.kind {
            Kind::Reference { binding: Binding::Package(path), .. } => {
                let (Name::Regular(text) | Name::Definition(text) | Name::Hidden(text)) = name;
                let package = path.rsplit('/').next().unwrap_or_default();
                format!("{package}.{}", text)
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}
