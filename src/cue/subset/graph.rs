//! Nothing that is judged depends on itself.

use super::super::ast::Position;
use super::super::error::Error;
use super::outside;
use super::places::{Path, Step, within};

/// A reference: where it stands, and what it means.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) position: Position,
    pub(super) from: Path<'a>,
    pub(super) to: Path<'a>,
}

/// References, at most.
const MAX_READINGS: usize = 1_500;

/// Refuses readings that lead back to where they began.
pub(super) fn no_circles(readings: &[Reading<'_>]) -> Result<(), Error> {
    let Some(last) = readings.last() else { return Ok(()) };
    if readings.len() > MAX_READINGS {
        return Err(outside(last.position, format!("a policy of more than {MAX_READINGS} references")));
    }
    for reading in readings {
        if touch(&reading.from, &reading.to) {
            return Err(outside(reading.position, "a field that refers to itself, or to what contains it"));
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
    match readers.iter().position(|count| *count > 0) {
        Some(index) => Err(outside(readings[index].position, "a field that is computed from itself")),
        None => Ok(()),
    }
}

/// Whether what stands at one path is part of what is at the other.
fn touch(one: &[Step<'_>], other: &[Step<'_>]) -> bool {
    within(one, other) || within(other, one)
}
