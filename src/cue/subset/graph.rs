//! Nothing that is judged depends on itself.

use super::super::ast::Position;
use super::super::error::Error;
use super::decided::Extent;
use super::outside;
use super::places::{Path, Step, within};
use super::reason::{Reason, named};

/// A reference: where it stands, and what it means.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) position: Position,
    pub(super) from: Path<'a>,
    pub(super) to: Path<'a>,
    /// How much of it is looked at.
    pub(super) extent: Extent,
    /// Whether it is taken over as it is: a definition as a constraint.
    pub(super) takes: bool,
}

/// References, at most.
const MAX_READINGS: usize = 1_500;

/// Refuses readings that lead back to where they began.
pub(super) fn no_circles(readings: &[Reading<'_>]) -> Result<(), Error> {
    // A definition in the elements of a list of its own ends with the list.
    let readings: &[_] = &readings.iter().filter(|reading| !nests(reading)).collect::<Vec<_>>();
    let Some(last) = readings.last() else { return Ok(()) };
    if readings.len() > MAX_READINGS {
        return Err(outside(last.position, Reason::TooManyReferences(MAX_READINGS)));
    }
    for reading in readings {
        if touch(&reading.from, &reading.to) {
            return Err(outside(reading.position, Reason::Itself).at(named(&reading.from)));
        }
    }
    // What nobody reads any more is taken away, until nothing is left.
    let followers = |index: usize| {
        (0..readings.len()).filter(move |other| touch(&readings[*other].from, &readings[index].to))
    };
    let mut readers = vec![0_usize; readings.len()];
    (0..readings.len()).flat_map(followers).for_each(|other| readers[other] += 1);
    let mut done: Vec<usize> = (0..readings.len()).filter(|index| readers[*index] == 0).collect();
    while let Some(index) = done.pop() {
        for other in followers(index) {
            readers[other] -= 1;
            if readers[other] == 0 {
                done.push(other);
            }
        }
    }
    let Some(first) = readers.iter().position(|count| *count > 0) else { return Ok(()) };
    let circle = circle(first, |index| followers(index).find(|next| readers[*next] > 0));
    let taken = circle.iter().all(|index| readings[*index].takes);
    let reason = if taken { Reason::EachOther } else { Reason::Circle };
    Err(outside(readings[first].position, reason).at(named(&readings[first].from)))
}

/// The circle that one comes to from a place, always to the next.
fn circle(first: usize, next: impl Fn(usize) -> Option<usize>) -> Vec<usize> {
    let mut path = vec![first];
    while let Some(index) = path.last().and_then(|last| next(*last)) {
        if let Some(start) = path.iter().position(|seen| *seen == index) {
            return path.split_off(start);
        }
        path.push(index);
    }
    path
}

/// Whether a definition is taken over in the elements, or any fields, of its own value.
pub(super) fn nests(reading: &Reading<'_>) -> bool {
    let inside = reading.from.get(reading.to.len()..).unwrap_or_default();
    reading.takes
        && reading.from.starts_with(&reading.to)
        && inside.iter().any(|step| matches!(step, Step::Any | Step::Rest(_)))
}

/// Whether what stands at one path is part of what is at the other.
fn touch(one: &[Step<'_>], other: &[Step<'_>]) -> bool {
    within(one, other) || within(other, one)
}
