//! Arithmetic on scalars.

use super::expression::unary_sign;
use super::value::Atom;
use super::{MAX_TEXT, Stop};
use crate::cue::ast::{Binary, Position, Unary};
use crate::cue::error::ErrorKind;
use crate::cue::number::{Division, Number, NumberError};

/// `-x`, `+x`, `!x`
pub(crate) fn unary(operator: Unary, operand: &Atom, position: Position) -> Result<Atom, Stop> {
    match (operator, operand) {
        (Unary::Not, Atom::Bool(value)) => Ok(Atom::Bool(!value)),
        (Unary::Plus, Atom::Number(_)) => Ok(operand.clone()),
        (Unary::Minus, Atom::Number(number)) => Ok(Atom::Number(number.negate())),
        _ => {
            let message = format!("invalid operation {}{operand}", unary_sign(operator));
            Err(Stop::fail(ErrorKind::Operation, position, message))
        }
    }
}

/// `x + y`, `x - y`, `x * y`, `x / y`
pub(crate) fn binary(operator: Binary, left: &Atom, right: &Atom, position: Position) -> Result<Atom, Stop> {
    let fail = |message: String| Stop::fail(ErrorKind::Operation, position, message);
    let sign = match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Quotient => "/",
        _ => "?",
    };
    if let (Atom::Number(a), Atom::Number(b)) = (left, right) {
        let result = match operator {
            Binary::Add => a.add(b),
            Binary::Subtract => a.subtract(b),
            Binary::Multiply => a.multiply(b),
            _ => a.quotient(b),
        };
        return result.map(Atom::Number).map_err(|error| number_error(&error, position));
    }
    match (operator, left, right) {
        (Binary::Add, Atom::String(a), Atom::String(b)) => {
            size(a.len() + b.len(), position)?;
            Ok(Atom::String(format!("{a}{b}").into()))
        }
        (Binary::Add, Atom::Bytes(a), Atom::Bytes(b)) => {
            size(a.len() + b.len(), position)?;
            Ok(Atom::Bytes([&**a, &**b].concat().into()))
        }
        (Binary::Multiply, Atom::String(text), Atom::Number(count))
        | (Binary::Multiply, Atom::Number(count), Atom::String(text)) => {
            Ok(Atom::String(text.repeat(times(count, text.len(), position)?).into()))
        }
        (Binary::Multiply, Atom::Bytes(bytes), Atom::Number(count))
        | (Binary::Multiply, Atom::Number(count), Atom::Bytes(bytes)) => {
            Ok(Atom::Bytes(bytes.repeat(times(count, bytes.len(), position)?).into()))
        }
        _ => Err(fail(format!("invalid operands {left} and {right} to `{sign}`"))),
    }
}

/// What is wrong with a number; one that is too long or too large is a limit of ours.
fn number_error(error: &NumberError, position: Position) -> Stop {
    let kind = if error.is_limit() { ErrorKind::Limit } else { ErrorKind::Operation };
    Stop::fail(kind, position, error.to_string())
}

/// Refuses a text of so many bytes.
pub(crate) fn size(bytes: usize, position: Position) -> Result<(), Stop> {
    if bytes <= MAX_TEXT {
        return Ok(());
    }
    Err(Stop::fail(ErrorKind::Limit, position, format!("a text of more than {} MiB", MAX_TEXT >> 20)))
}

fn times(count: &Number, length: usize, position: Position) -> Result<usize, Stop> {
    let wrong = || Stop::fail(ErrorKind::Operation, position, format!("cannot repeat {count} times"));
    if !count.is_integer() || count.is_negative() {
        return Err(wrong());
    }
    let count = count.to_i64().and_then(|count| usize::try_from(count).ok()).ok_or_else(wrong)?;
    size(count.saturating_mul(length), position)?;
    Ok(count)
}

/// `div(x, y)`, `mod`, `quo`, `rem`
pub(crate) fn divide(name: &str, left: &Atom, right: &Atom, position: Position) -> Result<Atom, Stop> {
    let (Atom::Number(left), Atom::Number(right)) = (left, right) else {
        return Err(Stop::fail(ErrorKind::Operation, position, format!("`{name}` needs ints")));
    };
    let division = match name {
        "div" => Division::Div,
        "mod" => Division::Mod,
        "quo" => Division::Quo,
        _ => Division::Rem,
    };
    left.divide(right, division).map(Atom::Number).map_err(|error| number_error(&error, position))
}
