//! `math/bits`: bits of integers of any size, in two's complement where they are negative.

use num_bigint::BigInt;

use super::Parameter::Int;
use super::arguments::{Arguments, failed};
use super::{CallError, Members, function};
use crate::cue::data::Data;
use crate::cue::number::Number;

/// How far a number may be shifted to the left: beyond the digits that a number may have here.
const MAX_SHIFT: usize = 32_000;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Lsh", function(&[Int, Int], |a| Ok(number(a.integer(0)? << shift(a)?)))),
    ("Rsh", function(&[Int, Int], |a| Ok(number(a.integer(0)? >> place(a)?)))),
    ("At", function(&[Int, Int], |a| Ok(i64::from(a.integer(0)?.bit(place(a)? as u64)).into()))),
    ("Set", function(&[Int, Int, Int], set)),
    ("And", function(&[Int, Int], |a| Ok(number(a.integer(0)? & a.integer(1)?)))),
    ("Or", function(&[Int, Int], |a| Ok(number(a.integer(0)? | a.integer(1)?)))),
    ("Xor", function(&[Int, Int], |a| Ok(number(a.integer(0)? ^ a.integer(1)?)))),
    ("Clear", function(&[Int, Int], |a| Ok(number(a.integer(0)? & !a.integer(1)?)))),
    ("OnesCount", function(&[Int], |a| Ok(number(a.integer(0)?.magnitude().count_ones().into())))),
    ("Len", function(&[Int], |a| Ok(number(a.integer(0)?.bits().into())))),
];

fn number(value: BigInt) -> Data {
    Number::from(value).into()
}

/// The place of a bit, or how far to shift to the right.
fn place(a: &[Data]) -> Result<usize, CallError> {
    match a.size(1)? {
        Some(place) => Ok(place),
        None => failed("a negative place"),
    }
}

fn shift(a: &[Data]) -> Result<usize, CallError> {
    match place(a)? {
        by @ 0..=MAX_SHIFT => Ok(by),
        _ => Err(CallError::Budget(format!("{MAX_SHIFT} bits"))),
    }
}

fn set(a: &[Data]) -> Result<Data, CallError> {
    let (mut value, bit) = (a.integer(0)?, a.int(2)?);
    if bit != 0 && bit != 1 {
        return failed("a bit is 0 or 1");
    }
    value.set_bit(shift(a)? as u64, bit == 1);
    Ok(number(value))
}
