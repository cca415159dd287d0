//! Functions.

use std::rc::Rc;

use super::super::ast::{Binding, Declaration, Element, Expression, Kind, List, Name, Position};
use super::super::error::Error;
use super::reason::Reason;
use super::{Mode, Walk, constant, outside};

/// Those that take constraints.
const JUDGES: [&str; 6] = ["and", "close", "list.MatchN", "matchIf", "matchN", "or"];

/// Those that hold what a text says against a constraint.
const TEXTS: [&str; 3] = ["json.Validate", "yaml.Validate", "yaml.ValidatePartial"];

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
                    Element::Comprehension(_) => Err(outside(position, Reason::ConditionInMatch)),
                });
                self.scopes.pop();
                matched
            }
            ("matchIf" | "list.MatchN", _) => arguments.iter().try_for_each(|argument| {
                reads_plainly(argument)?;
                self.constraint(argument, Mode::Matched)
            }),
            (name, _) if TEXTS.contains(&name) => {
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
                if self.scopes.is_definition(binding) =>
            {
                self.constraint(argument, mode.max(Mode::Plain))
            }
            (name @ ("matchN" | "close"), _) => Err(outside(position, Reason::NotWritten(name.to_owned()))),
            _ if mode == Mode::Matched => arguments.iter().try_for_each(constant),
            _ => {
                self.function(position, function)?;
                arguments.iter().try_for_each(|argument| self.computed(argument))
            }
        }
    }

    /// What computes.
    pub(super) fn function(&mut self, position: Position, function: &'a Rc<Expression>) -> Result<(), Error> {
        match &*called(function) {
            name if is_judge(name) => Err(outside(position, Reason::Computed(format!("`{name}`")))),
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
    is_judge(&called(function))
}

fn is_judge(name: &str) -> bool {
    name.is_empty() || JUDGES.contains(&name) || TEXTS.contains(&name)
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
    match &*called(function) {
        name if TEXTS.contains(&name) && !arguments.iter().all(is_written) => {
            Err(outside(argument.position, Reason::TextInMatch(name.to_owned())))
        }
        _ => Ok(()),
    }
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
