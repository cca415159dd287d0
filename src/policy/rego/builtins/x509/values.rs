//! Values as Go's JSON has them.

use std::collections::BTreeMap;

use regorus::Value;

use super::reader::{Bits, Fault, Read};
use crate::crypto::base64;
use crate::gotime::Moment;

pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::from(
        members.into_iter().map(|(name, value)| (Value::from(name), value)).collect::<BTreeMap<_, _>>(),
    )
}

/// An array; Go has `null` for a list that nothing was added to.
pub(super) fn list(items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    if items.is_empty() { Value::Null } else { items.into() }
}

pub(super) fn texts(items: &[String]) -> Value {
    list(items.iter().map(|text| Value::from(text.as_str())))
}

/// Bytes, which Go writes in base64.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    base64::encode(bytes).into()
}

/// An object identifier as an array of its arcs.
pub(super) fn identifier(arcs: &[u64]) -> Value {
    arcs.iter().map(|arc| Value::from(*arc)).collect::<Vec<_>>().into()
}

/// An object identifier as a text.
pub(super) fn dotted(arcs: &[u64]) -> Value {
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".").into()
}

pub(super) fn bit_string(bits: &Bits<'_>) -> Value {
    let length = (bits.bytes.len() * 8) as u64 - u64::from(bits.unused);
    object([("BitLength", length.into()), ("Bytes", bytes(bits.bytes))])
}

/// A time of a second since 1970, by RFC 3339.
pub(super) fn time(seconds: i64) -> Value {
    let Moment { year, month, day, hour, minute, second, .. } =
        Moment::at(i128::from(seconds) * 1_000_000_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z").into()
}

/// Bytes that are taken for text: Go writes what is no UTF-8 in its own way.
pub(super) fn text(bytes: &[u8]) -> Read<String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Fault::Undecided("text of a certificate that is not UTF-8".to_owned()))?;
    Ok(text.to_owned())
}

/// Bytes of a number: no key has as many, and each one takes longer than the one before.
const LONGEST: usize = 8192;

/// A whole number in two's complement.
pub(super) fn integer(content: &[u8]) -> Read<Value> {
    if content.first().is_none_or(|first| first & 0x80 == 0) {
        return number(content);
    }
    let mut size: Vec<u8> = content.iter().map(|byte| !byte).collect();
    for byte in size.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    // The one that has no opposite of its length.
    if size.iter().all(|byte| *byte == 0) {
        size.insert(0, 1);
    }
    written(&format!("-{}", digits(&size)?))
}

/// A whole number from bytes of which the first weighs most.
pub(super) fn number(bytes: &[u8]) -> Read<Value> {
    written(&digits(bytes)?)
}

fn written(number: &str) -> Read<Value> {
    Value::from_numeric_string(number).map_err(|_| Fault::Undecided("a number of a certificate".to_owned()))
}

fn digits(bytes: &[u8]) -> Read<String> {
    if bytes.len() > LONGEST {
        return Err(Fault::Undecided(format!("a certificate with a number of more than {LONGEST} bytes")));
    }
    // Digits in base 10^9, the least first.
    let mut digits = vec![0_u64];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for digit in &mut digits {
            let sum = *digit << 8 | carry;
            (*digit, carry) = (sum % 1_000_000_000, sum / 1_000_000_000);
        }
        if carry > 0 {
            digits.push(carry);
        }
    }
    let rest = digits.iter().rev().skip(1).map(|digit| format!("{digit:09}"));
    Ok(digits.last().map(u64::to_string).into_iter().chain(rest).collect())
}
