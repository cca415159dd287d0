//! The part of the language in which policies are judged. The evaluator knows nearly all of CUE, but in some of it cosign's answers depend
//! on the order in which its evaluator comes to things, and an answer that is not sure is no verdict: a policy that stands there is refused
//! by name. In this part nothing was accepted that cosign refuses, over thousands of policies that nobody had seen before
//! (docs/guides/policies.md has the numbers).
//!
//! A policy is made of three sorts of expressions. A *constraint* says what a value must be; it is what a field has. A *plain* constraint
//! refers to nothing but definitions, constants and scalars that are declared beside it; where several are compared with each other (in a disjunction, in `matchN`), each
//! must be plain. What is *computed* (an operand, a condition, an argument, what a `for` runs over) has operators and references.

mod alternatives;
mod calls;
mod computed;
mod decided;
mod graph;
mod places;
mod reason;
mod structs;
mod yields;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::rc::Rc;

use self::alternatives::Choice;
use self::decided::{Decisions, Extent, Judged};
use self::graph::Reading;
use self::places::{Path, Scopes, Step, is_definition};
use self::reason::{Inner, Reason, written};
use super::ast::{Binary, Disjunct, Element, Expression, Kind, List, Name, Part, Position, Unary};
use super::error::{Error, ErrorKind};
use super::load::Package;

/// Refuses a policy that is not wholly in the part that is judged.
///
/// # Errors
///
/// The first construct that is not, in the order of the files, with file, line and column.
pub fn check(package: &Package) -> Result<(), Error> {
    let mut walk = Walk {
        package,
        scopes: Scopes::default(),
        path: Vec::new(),
        notes: Notes::default(),
        compared: Vec::new(),
        is_computing: false,
        counted: None,
        extent: Extent::Whole,
        decides: None,
    };
    let judged = walk.package();
    judged.map_err(|error| {
        let at = if error.path.is_empty() { reason::named(&walk.path) } else { error.path.clone() };
        package.name_file(error.at(at))
    })
}

/// What an expression may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Mode {
    /// A constraint that may refer to anything.
    Any,
    /// One that refers to definitions, constants and scalars beside it alone: an alternative.
    Plain,
    /// A plain one that refers to definitions alone, and in which no list has elements: what `matchN` counts. A list whose elements are not there yet may or may not match.
    Matched,
}

/// What is noted on the way, and judged at its end.
#[derive(Default)]
struct Notes<'a> {
    /// Fields with alternatives.
    choices: Vec<Choice<'a>>,
    /// Who refers to what.
    readings: Vec<Reading<'a>>,
    /// What comprehensions decide about.
    decisions: Decisions<'a>,
}

struct Walk<'a> {
    package: &'a Package,
    scopes: Scopes<'a>,
    /// Where in the value we are.
    path: Path<'a>,
    notes: Notes<'a>,
    /// Definitions of the top level that alternatives refer to.
    compared: Vec<(&'a Name, Mode, Position)>,
    /// Whether we are in what is computed.
    is_computing: bool,
    /// How deep the value lies of which the disjunctions were counted.
    counted: Option<usize>,
    /// How much of what is read is looked at.
    extent: Extent,
    /// In a comprehension's clauses: the places that they decide about.
    decides: Option<Vec<Path<'a>>>,
}

impl<'a> Walk<'a> {
    fn package(&mut self) -> Result<(), Error> {
        for file in &self.package.files {
            self.structure(&file.body, Mode::Any)?;
        }
        self.compared_definitions()?;
        let Notes { choices, readings, decisions } = &self.notes;
        alternatives::are_single(choices, readings)?;
        graph::no_circles(readings)?;
        decisions.are_unseen(readings)
    }

    /// What alternatives refer to must be as plain as they are.
    fn compared_definitions(&mut self) -> Result<(), Error> {
        let mut done = HashSet::new();
        // What is in them was noted where they stand.
        let notes = std::mem::take(&mut self.notes);
        while let Some((name, mode, position)) = self.compared.pop() {
            if done.insert((name, mode)) && !self.definition(name, mode)? {
                return Err(outside(position, Reason::In(mode, Inner::Definition)));
            }
        }
        self.notes = notes;
        Ok(())
    }

    fn constraint(&mut self, expression: &'a Expression, mode: Mode) -> Result<(), Error> {
        let position = expression.position;
        self.judges(expression);
        match &expression.kind {
            Kind::Bottom
            | Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::String(_)
            | Kind::Bytes(_) => Ok(()),
            Kind::Reference { name, binding } => self.reference(position, name, binding, mode),
            Kind::Struct(body) => self.structure(body, mode),
            Kind::List(list) => self.list(position, list, mode),
            Kind::Disjunction(sides) => self.disjunction(sides, mode.max(Mode::Plain)),
            Kind::Bound { operand, .. } if mode == Mode::Matched => constant(operand, mode),
            Kind::Bound { operand, .. } => self.computed(operand),
            Kind::Binary { operator: Binary::Unify, left, right } => {
                self.constraint(left, mode)?;
                self.constraint(right, mode)
            }
            Kind::Call { function, arguments } => self.call(position, function, arguments, mode),
            Kind::Unary { operator: Unary::Minus | Unary::Plus, operand } if mode == Mode::Matched => {
                constant(operand, mode)
            }
            Kind::Selector { operand, name: _ } if is_package(operand) => Ok(()),
            _ if mode == Mode::Matched => constant(expression, mode),
            Kind::Selector { .. } | Kind::Index { .. } if mode == Mode::Plain => {
                Err(outside(position, Reason::In(mode, Inner::Reference(written(expression)))))
            }
            Kind::Selector { .. } | Kind::Index { .. } => self.taken(expression),
            _ => self.computed(expression),
        }
    }

    /// Notes what is said of a field, and where something counts or compares.
    fn judges(&mut self, expression: &Expression) {
        let extent = match &expression.kind {
            Kind::Call { function, .. } if calls::counts(function) => Extent::Names,
            Kind::Call { .. } | Kind::Bound { .. } => Extent::Whole,
            Kind::Disjunction(sides) if !sides.iter().all(|side| yields::is_scalar(&side.value)) => {
                Extent::Whole
            }
            Kind::Struct(_) | Kind::Binary { operator: Binary::Unify, .. } => return,
            Kind::Reference { name, binding } if &**name == "_" || is_definition(binding) => {
                return;
            }
            _ => {
                self.notes.decisions.others.push(self.path.clone());
                return;
            }
        };
        let path = self.path.clone();
        self.notes.decisions.others.push(path.clone());
        self.notes.decisions.judged.push(Judged { position: expression.position, path, extent });
    }

    fn disjunction(&mut self, sides: &'a [Disjunct], mode: Mode) -> Result<(), Error> {
        for side in sides {
            if let Kind::Disjunction(inner) = &side.value.kind
                && inner.iter().any(|inner| inner.default)
            {
                return Err(outside(side.value.position, Reason::InnerDefaults));
            }
            self.constraint(&side.value, mode)?;
        }
        Ok(())
    }

    fn list(&mut self, position: Position, list: &'a List, mode: Mode) -> Result<(), Error> {
        if mode == Mode::Matched && (list.rest.is_none() || !list.elements.is_empty()) {
            return Err(outside(position, Reason::In(mode, Inner::List)));
        }
        self.scopes.other();
        for (index, element) in list.elements.iter().enumerate() {
            match element {
                Element::Value(value) => self.value(Step::Index(index), value, mode)?,
                Element::Comprehension(comprehension) if mode == Mode::Any => {
                    self.comprehension(comprehension, None)?;
                }
                Element::Comprehension(comprehension) => {
                    return Err(outside(comprehension.position, Reason::In(mode, Inner::Comprehension)));
                }
            }
        }
        if let Some(value) = list.rest.as_ref().and_then(|rest| rest.value.as_ref()) {
            self.value(Step::Rest(list.elements.len()), value, mode)?;
        }
        self.scopes.pop();
        Ok(())
    }

    /// Walks a value one step deeper, and notes its alternatives.
    fn value(&mut self, step: Step<'a>, value: &'a Expression, mode: Mode) -> Result<(), Error> {
        let choices = alternatives::choices(self.package, value);
        self.at(step, |walk| {
            match choices {
                None => return Err(outside(value.position, Reason::TooLarge)),
                Some(0) => {}
                Some(1) => {
                    walk.notes.choices.push(Choice { position: value.position, path: walk.path.clone() });
                }
                Some(_) => return Err(outside(value.position, Reason::TwoDisjunctions)),
            }
            let outer = walk.counted.replace(walk.path.len());
            walk.constraint(value, mode)?;
            walk.counted = outer;
            Ok(())
        })
    }

    /// Walks on one step deeper in the value.
    fn at<T>(
        &mut self,
        step: Step<'a>,
        walk: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.path.push(step);
        let result = walk(self)?;
        // After an error the path says where.
        self.path.pop();
        Ok(result)
    }
}

/// What needs nothing else to have a value.
fn constant(expression: &Expression, mode: Mode) -> Result<(), Error> {
    match &expression.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Bytes(_) => Ok(()),
        Kind::Unary { operand, .. } => constant(operand, mode),
        Kind::Binary {
            operator: Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Quotient,
            left,
            right,
        } => {
            constant(left, mode)?;
            constant(right, mode)
        }
        Kind::List(List { elements, rest: None }) => elements.iter().try_for_each(|element| match element {
            Element::Value(value) => constant(value, mode),
            Element::Comprehension(comprehension) => {
                Err(outside(comprehension.position, Reason::In(mode, Inner::Comprehension)))
            }
        }),
        Kind::Interpolation { parts, .. } => parts.iter().try_for_each(|part| match part {
            Part::Literal(_) => Ok(()),
            Part::Expression(value) => constant(value, mode),
        }),
        Kind::Call { function, arguments } if !calls::judges(function) => {
            arguments.iter().try_for_each(|argument| constant(argument, mode))
        }
        _ => Err(outside(expression.position, Reason::In(mode, Inner::Computed))),
    }
}

fn is_package(operand: &Rc<Expression>) -> bool {
    matches!(&operand.kind, Kind::Reference { binding: super::ast::Binding::Package(_), .. })
}

fn outside(position: Position, reason: Reason) -> Error {
    Error::new(ErrorKind::Unsupported, position, reason.to_string())
}
