//! Functions.

use std::rc::Rc;

use super::super::ast::{Binding, Declaration, Element, Expression, Kind, List, Name, Position};
use super::super::error::Error;
use super::super::pkg;
use super::places::is_definition;
use super::reason::{Inner, Reason};
use super::{Mode, Walk, constant, outside};

/// Those that take constraints.
const JUDGES: [&str; 6] = ["and", "close", "list.MatchN", "matchIf", "matchN", "or"];

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
                    Element::Comprehension(_) => {
                        Err(outside(position, Reason::In(Mode::Matched, Inner::Comprehension)))
                    }
                });
                self.scopes.pop();
                matched
            }
            ("matchIf" | "list.MatchN", _) => arguments.iter().try_for_each(|argument| {
                reads_plainly(argument)?;
                self.constraint(argument, Mode::Matched)
            }),
            _ if judges_text(function) => {
                arguments.iter().try_for_each(|argument| self.constraint(argument, Mode::Matched))
            }
            ("or", [list]) if mode != Mode::Matched && !matches!(list.kind, Kind::List(_)) => {
                self.computed(list)
            }
            ("and" | "or", _) => {
                arguments.iter().try_for_each(|argument| self.constraint(argument, mode.max(Mode::Plain)))
            }
            ("close", [Expression { kind: Kind::Struct(body), .. }]) => {
                let yields = |declaration: &Declaration| matches!(declaration, Declaration::Comprehension(_));
                match body.declarations.iter().any(yields) {
                    true => Err(outside(position, Reason::CloseConditional)),
                    false => self.structure(body, mode),
                }
            }
            ("close", [argument @ Expression { kind: Kind::Reference { binding, .. }, .. }])
                if is_definition(binding) =>
            {
                self.constraint(argument, mode.max(Mode::Plain))
            }
            (name @ ("matchN" | "close"), _) => Err(outside(position, Reason::NotWritten(name.to_owned()))),
            _ if mode == Mode::Matched => arguments.iter().try_for_each(|argument| constant(argument, mode)),
            _ => {
                self.function(position, function)?;
                arguments.iter().try_for_each(|argument| self.computed(argument))
            }
        }
    }

    /// What computes.
    pub(super) fn function(&mut self, position: Position, function: &'a Rc<Expression>) -> Result<(), Error> {
        match &*called(function) {
            name if judges(function) => Err(outside(position, Reason::Computed(format!("`{name}`")))),
            _ => Ok(()),
        }
    }
}

/// Whether a function makes alternatives.
pub(super) fn chooses(function: &Expression) -> bool {
    called(function) == "or"
}

/// Whether a function looks at how many elements or fields there are, and at nothing else.
pub(super) fn counts(function: &Expression) -> bool {
    ["len", "list.MinItems", "list.MaxItems"].contains(&&*called(function))
}

/// Whether a function tells whether a struct fits.
pub(super) fn matches(function: &Expression) -> bool {
    ["matchN", "matchIf"].contains(&&*called(function))
}

/// Whether a function gives nothing but an error.
pub(super) fn fails(function: &Expression) -> bool {
    called(function) == "error"
}

/// Whether a function takes constraints.
pub(super) fn judges(function: &Expression) -> bool {
    let name = called(function);
    name.is_empty() || JUDGES.contains(&&*name) || judges_text(function)
}

/// Whether a function holds what a text says against a constraint.
fn judges_text(function: &Expression) -> bool {
    member(function).is_some_and(|(package, name)| pkg::judges_text(package, name).is_some())
}

/// Whether this is in what a function gives: of its own making, not a value that it was given, as those of `list` are.
pub(super) fn is_given(value: &Expression) -> bool {
    match &value.kind {
        Kind::Selector { operand, .. } | Kind::Index { operand, .. } => is_given(operand),
        Kind::Call { function, .. } => member(function).is_some_and(|(package, _)| package != "list"),
        _ => false,
    }
}

/// That what `matchIf` or `list.MatchN` looks for in a text is a struct as it is written: structs that are put together meet no text there, to
/// cosign's evaluator.
fn reads_plainly(argument: &Expression) -> Result<(), Error> {
    let Kind::Call { function, arguments } = &argument.kind else { return Ok(()) };
    let is_written = |constraint: &Expression| match &constraint.kind {
        Kind::Struct(body) => {
            !body.declarations.iter().any(|declaration| matches!(declaration, Declaration::Embedding(_)))
        }
        _ => false,
    };
    if judges_text(function) && !arguments.iter().all(is_written) {
        return Err(outside(argument.position, Reason::TextInMatch(called(function))));
    }
    Ok(())
}

/// `list.MatchN`, `len`; nothing where no function is named.
fn called(function: &Expression) -> String {
    if let Kind::Reference { binding: Binding::Predeclared(name), .. } = &function.kind {
        return name.to_string();
    }
    let named =
        |(path, name): (&str, &str)| format!("{}.{name}", path.rsplit('/').next().unwrap_or_default());
    member(function).map(named).unwrap_or_default()
}

/// The path of a package and the name of its member.
fn member(function: &Expression) -> Option<(&str, &str)> {
    let Kind::Selector { operand, name } = &function.kind else { return None };
    let Kind::Reference { binding: Binding::Package(path), .. } = &operand.kind else { return None };
    let (Name::Regular(name) | Name::Definition(name) | Name::Hidden(name)) = name;
    Some((path, name))
}
