//! Alternatives that are structs or lists: which one holds is decided once for each field, and nothing reads what is in it. cosign's
//! evaluator closes alternatives, and counts those that fail, in an order.

use super::super::ast::{Binding, Declaration, Expression, Kind, Name, Position};
use super::super::error::Error;
use super::super::load::Package;
use super::graph::Reading;
use super::places::{Path, Step, declared};
use super::reason::{Reason, named};
use super::{calls, outside, yields};

/// Expressions that are looked at for one value, at most.
const MAX_VISITS: u32 = 1_000;

/// A field whose value has alternatives.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) position: Position,
    pub(super) path: Path<'a>,
}

/// How many disjunctions of other things than scalars a value has at its top; definitions of the top level are followed. None where it is
/// too large to be looked at.
pub(super) fn choices(package: &Package, value: &Expression) -> Option<usize> {
    Count { package, visits: 0 }.of(value)
}

struct Count<'a> {
    package: &'a Package,
    visits: u32,
}

impl Count<'_> {
    fn of(&mut self, value: &Expression) -> Option<usize> {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            return None;
        }
        match &value.kind {
            Kind::Disjunction(sides) => {
                Some(usize::from(!sides.iter().all(|side| yields::is_scalar(&side.value))))
            }
            Kind::Binary { left, right, .. } => Some(self.of(left)? + self.of(right)?),
            Kind::Call { function, arguments } if calls::judges(function) => {
                let among: usize = arguments.iter().map(|argument| self.of(argument)).sum::<Option<_>>()?;
                Some(among + usize::from(calls::chooses(function)))
            }
            Kind::Struct(body) => {
                let embedded = body.declarations.iter().map(|declaration| match declaration {
                    Declaration::Embedding(value) => self.of(value),
                    _ => Some(0),
                });
                embedded.sum()
            }
            Kind::Reference {
                binding: Binding::Field { name: name @ (Name::Definition(_) | Name::Hidden(_)), .. },
                ..
            } => {
                let package = self.package;
                declared(package, name).map(|value| self.of(value)).sum()
            }
            _ => Some(0),
        }
    }
}

/// That no field has two of them, and that nothing is read below one.
pub(super) fn are_single(all: &[Choice<'_>], readings: &[Reading<'_>]) -> Result<(), Error> {
    for (index, one) in all.iter().enumerate() {
        if all.iter().skip(index + 1).any(|other| may_be_one(&one.path, &other.path)) {
            return Err(outside(one.position, Reason::TwoDisjunctions).at(named(&one.path)));
        }
    }
    let below = |reading: &&Reading<'_>| {
        let through = reading.to.split_last().map_or(&[][..], |(_, through)| through);
        through.iter().any(|step| all.iter().filter_map(|one| one.path.last()).any(|last| last.meets(*step)))
    };
    match readings.iter().find(below) {
        Some(reading) => Err(outside(reading.position, Reason::ReadsAlternatives).at(named(&reading.from))),
        None => Ok(()),
    }
}

/// Whether two paths may mean one field: they are the same, or end alike and one of them is in another definition.
fn may_be_one(one: &[Step<'_>], other: &[Step<'_>]) -> bool {
    let alike = |one: &[Step<'_>], other: &[Step<'_>]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.meets(*other))
    };
    let in_definition = |path: &[Step<'_>]| matches!(path.first(), Some(Step::Hidden(_) | Step::Let(_)));
    let aliased = one.first() != other.first() && (in_definition(one) || in_definition(other));
    alike(one, other) || aliased && alike(named_end(one), named_end(other))
}

/// The last name of a path, and the elements behind it.
fn named_end<'p, 'a>(path: &'p [Step<'a>]) -> &'p [Step<'a>] {
    let is_name = |step: &Step<'_>| matches!(step, Step::Field(_) | Step::Hidden(_) | Step::Let(_));
    path.get(path.iter().rposition(is_name).unwrap_or_default()..).unwrap_or_default()
}
