//! `list`: functions over lists, and CUE's comparers.

use std::collections::HashSet;

use super::Parameter::{Any, Int, List, Number as Numeric};
use super::arguments::{Arguments, check_elements, failed, list};
use super::json::marshal_key;
use super::math::decimal;
use super::{CallError, Member, Members, evaluated, function, validator};
use crate::cue::data::Data;
use crate::cue::number::{Number, NumberError};

/// The members of the package. Those which count elements that need not be known, or call a comparer, are the evaluator's.
pub(super) const MEMBERS: Members = &[
    ("Drop", function(&[List, Int], |a| cut(a, |n, length| n.min(length)..length))),
    ("FlattenN", function(&[Any, Int], |a| flatten(list(a.any(0))?, a.int(1)?))),
    ("Repeat", function(&[List, Int], repeat)),
    ("Concat", function(&[List], concat)),
    ("Take", function(&[List, Int], |a| cut(a, |n, length| 0..n.min(length)))),
    ("Slice", function(&[List, Int, Int], slice)),
    ("Reverse", function(&[List], |a| Ok(a.list(0)?.iter().rev().cloned().collect::<Vec<_>>().into()))),
    ("MinItems", evaluated(&[List, Int], true)),
    ("MaxItems", evaluated(&[List, Int], true)),
    ("UniqueItems", validator(&[List], |a| Ok(unique(a.list(0)?).into()))),
    ("Contains", validator(&[List, Any], contains)),
    ("MatchN", evaluated(&[List, Any, Any], true)),
    ("Avg", function(&[List], average)),
    ("Max", function(&[List], |a| extreme(a, |best, next| next > best))),
    ("Min", function(&[List], |a| extreme(a, |best, next| next < best))),
    ("Product", function(&[List], |a| decimal(fold(a, 1, Number::multiply)?))),
    ("Range", function(&[Numeric, Numeric, Numeric], range)),
    ("Sum", function(&[List], |a| decimal(fold(a, 0, Number::add)?))),
    ("Sort", evaluated(&[List, Any], false)),
    ("SortStable", evaluated(&[List, Any], false)),
    ("SortStrings", function(&[List], sort_strings)),
    ("IsSorted", evaluated(&[List, Any], true)),
    ("IsSortedStrings", validator(&[List], |a| Ok(a.texts(0)?.is_sorted().into()))),
    ("Comparer", Member::Source("{T: _, x: T, y: T, less: bool}")),
    ("Ascending", Member::Source("{T: number | string, x: T, y: T, less: x < y}")),
    ("Descending", Member::Source("{T: number | string, x: T, y: T, less: x > y}")),
];

/// A part of the list, from its length and the second argument.
fn cut(a: &[Data], part: fn(usize, usize) -> std::ops::Range<usize>) -> Result<Data, CallError> {
    let Some(n) = a.size(1)? else { return failed("negative index") };
    let elements = a.list(0)?;
    Ok(elements.get(part(n, elements.len())).unwrap_or_default().to_vec().into())
}

fn slice(a: &[Data]) -> Result<Data, CallError> {
    let Some(from) = a.size(1)? else { return failed("negative index") };
    let to = a.int(2)?;
    match usize::try_from(to) {
        Ok(to) if from <= to => match a.list(0)?.get(from..to) {
            Some(part) => Ok(part.to_vec().into()),
            None => failed("slice bounds out of range"),
        },
        _ => failed(format!("invalid index: {from} > {to}")),
    }
}

/// Lists in the list are replaced by their elements, `depth` levels deep, all where it is negative.
fn flatten(elements: &[Data], depth: i64) -> Result<Data, CallError> {
    let mut flat = Vec::new();
    // What is still to be looked at, the next one last, with its depth.
    let mut rest: Vec<(&Data, i64)> = elements.iter().rev().map(|element| (element, depth)).collect();
    while let Some((element, depth)) = rest.pop() {
        match element {
            Data::List(inner) if depth != 0 => {
                rest.extend(inner.iter().rev().map(|element| (element, depth.saturating_sub(1))));
            }
            other => flat.push(other.clone()),
        }
    }
    Ok(flat.into())
}

fn repeat(a: &[Data]) -> Result<Data, CallError> {
    let Some(times) = a.size(1)? else { return failed("negative count") };
    let elements = a.list(0)?;
    check_elements(elements.len().checked_mul(times))?;
    if elements.is_empty() {
        return Ok(Data::List(Vec::new()));
    }
    Ok((0..times).flat_map(|_| elements.iter().cloned()).collect::<Vec<_>>().into())
}

fn concat(a: &[Data]) -> Result<Data, CallError> {
    let lists = a.list(0)?.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    check_elements(Some(lists.iter().map(|elements| elements.len()).sum()))?;
    Ok(lists.concat().into())
}

/// Whether two elements are never the same: of the same types, whatever the order of their fields.
pub fn unique(elements: &[Data]) -> bool {
    let mut seen = HashSet::with_capacity(elements.len());
    elements.iter().all(|element| seen.insert(marshal_key(element)))
}

fn contains(a: &[Data]) -> Result<Data, CallError> {
    let wanted = marshal_key(a.any(1));
    Ok(a.list(0)?.iter().any(|element| marshal_key(element) == wanted).into())
}

fn average(a: &[Data]) -> Result<Data, CallError> {
    let count = a.list(0)?.len();
    if count == 0 {
        return failed("empty list");
    }
    decimal(fold(a, 0, Number::add)?.quotient(&Number::from(count))?)
}

fn extreme(a: &[Data], better: fn(&Number, &Number) -> bool) -> Result<Data, CallError> {
    match a.numbers(0)?.into_iter().reduce(|best, next| if better(best, next) { next } else { best }) {
        Some(best) => decimal(best.clone()),
        None => failed("empty list"),
    }
}

type Operation = fn(&Number, &Number) -> Result<Number, NumberError>;

fn fold(a: &[Data], start: i64, operation: Operation) -> Result<Number, CallError> {
    let numbers = a.numbers(0)?;
    Ok(numbers.into_iter().try_fold(Number::from(start), |sum, next| operation(next, &sum))?)
}

fn range(a: &[Data]) -> Result<Data, CallError> {
    let (start, limit, step) = (a.number(0)?, a.number(1)?, a.number(2)?);
    if step.is_zero() {
        return failed("step must be non zero");
    }
    let down = step.is_negative();
    if !down && start > limit {
        return failed("end must be greater than start when step is positive");
    }
    if down && start < limit {
        return failed("end must be less than start when step is negative");
    }
    let mut elements = Vec::new();
    let mut next = start.clone();
    while if down { next > *limit } else { next < *limit } {
        elements.push(decimal(next.clone())?);
        check_elements(Some(elements.len()))?;
        next = step.add(&next)?;
    }
    Ok(elements.into())
}

fn sort_strings(a: &[Data]) -> Result<Data, CallError> {
    let mut texts = a.texts(0)?;
    texts.sort_unstable();
    Ok(texts.into_iter().map(Data::from).collect::<Vec<_>>().into())
}
