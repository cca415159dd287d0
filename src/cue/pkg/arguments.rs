//! The arguments of a call, read as what the parameters say that they are.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::CallError;
use crate::cue::data::Data;
use crate::cue::number::{Number, NumberError};

/// The largest text that a function makes, in bytes.
const MAX_TEXT: usize = 16 << 20;

/// The longest list that a function makes.
const MAX_ELEMENTS: usize = 1_000_000;

/// The arguments of a call, by their places.
pub(super) trait Arguments {
    /// An argument, by its place.
    fn any(&self, place: usize) -> &Data;

    /// A `bool`.
    fn truth(&self, place: usize) -> Result<bool, CallError>;

    /// A `string`.
    fn text(&self, place: usize) -> Result<&str, CallError>;

    /// `bytes`, or those of a `string`.
    fn bytes(&self, place: usize) -> Result<&[u8], CallError>;

    /// The text of a `string` or of `bytes`; what is no UTF-8 is replaced as Go does.
    fn lossy(&self, place: usize) -> Result<Cow<'_, str>, CallError>;

    /// A number.
    fn number(&self, place: usize) -> Result<&Number, CallError>;

    /// A number of 64 bits, the nearest; zero has no sign.
    ///
    /// # Errors
    /// It is beyond the range, or too small to be told from zero.
    fn float(&self, place: usize) -> Result<f64, CallError>;

    /// An `int` of any size.
    fn integer(&self, place: usize) -> Result<BigInt, CallError>;

    /// An `int` of 64 bits.
    fn int(&self, place: usize) -> Result<i64, CallError>;

    /// An `int` that is at least zero, as a size or an index; none where it is less.
    fn size(&self, place: usize) -> Result<Option<usize>, CallError>;

    /// The elements of a list.
    fn list(&self, place: usize) -> Result<&[Data], CallError>;

    /// A list of `string`s.
    fn texts(&self, place: usize) -> Result<Vec<&str>, CallError>;

    /// A list of numbers.
    fn numbers(&self, place: usize) -> Result<Vec<&Number>, CallError>;
}

impl Arguments for [Data] {
    fn any(&self, place: usize) -> &Data {
        self.get(place).unwrap_or(&Data::Null)
    }

    fn truth(&self, place: usize) -> Result<bool, CallError> {
        match self.any(place) {
            Data::Bool(value) => Ok(*value),
            other => Err(mistaken(other, "bool")),
        }
    }

    fn text(&self, place: usize) -> Result<&str, CallError> {
        text(self.any(place))
    }

    fn bytes(&self, place: usize) -> Result<&[u8], CallError> {
        match self.any(place) {
            Data::Bytes(bytes) => Ok(bytes),
            Data::String(text) => Ok(text.as_bytes()),
            other => Err(mistaken(other, "bytes")),
        }
    }

    fn lossy(&self, place: usize) -> Result<Cow<'_, str>, CallError> {
        Ok(String::from_utf8_lossy(self.bytes(place)?))
    }

    fn number(&self, place: usize) -> Result<&Number, CallError> {
        number(self.any(place))
    }

    fn float(&self, place: usize) -> Result<f64, CallError> {
        let number = self.number(place)?;
        match number.to_f64() {
            _ if number.is_zero() => Ok(0.0),
            value if value.is_finite() && value != 0.0 => Ok(value),
            _ => failed(format!("{number} is out of the range of 64 bits")),
        }
    }

    fn integer(&self, place: usize) -> Result<BigInt, CallError> {
        Ok(self.number(place)?.to_integer()?)
    }

    fn int(&self, place: usize) -> Result<i64, CallError> {
        let number = self.number(place)?;
        number.to_i64().filter(|_| number.is_integer()).ok_or_else(|| {
            CallError::Failed(format!("int {number} overflows int64 in argument {}", place + 1))
        })
    }

    fn size(&self, place: usize) -> Result<Option<usize>, CallError> {
        Ok(usize::try_from(self.int(place)?).ok())
    }

    fn list(&self, place: usize) -> Result<&[Data], CallError> {
        list(self.any(place))
    }

    fn texts(&self, place: usize) -> Result<Vec<&str>, CallError> {
        self.list(place)?.iter().map(text).collect()
    }

    fn numbers(&self, place: usize) -> Result<Vec<&Number>, CallError> {
        self.list(place)?.iter().map(number).collect()
    }
}

/// The text of a `string`.
pub(super) fn text(value: &Data) -> Result<&str, CallError> {
    match value {
        Data::String(text) => Ok(text),
        other => Err(mistaken(other, "string")),
    }
}

fn number(value: &Data) -> Result<&Number, CallError> {
    match value {
        Data::Number(number) => Ok(number),
        other => Err(mistaken(other, "number")),
    }
}

/// The elements of a list.
pub(super) fn list(value: &Data) -> Result<&[Data], CallError> {
    match value {
        Data::List(elements) => Ok(elements),
        other => Err(mistaken(other, "list")),
    }
}

fn mistaken(value: &Data, wanted: &str) -> CallError {
    CallError::Failed(format!("cannot use {} as {wanted}", value.type_name()))
}

/// A refusal in these words.
pub(super) fn failed<T>(words: impl Into<String>) -> Result<T, CallError> {
    Err(CallError::Failed(words.into()))
}

/// Refuses a text of so many bytes, before it is made.
pub(super) fn check_text(bytes: Option<usize>) -> Result<usize, CallError> {
    bytes
        .filter(|bytes| *bytes <= MAX_TEXT)
        .ok_or_else(|| CallError::Budget(format!("{} MiB", MAX_TEXT >> 20)))
}

/// Refuses a list of so many elements, before it is made.
pub(super) fn check_elements(elements: Option<usize>) -> Result<usize, CallError> {
    elements
        .filter(|elements| *elements <= MAX_ELEMENTS)
        .ok_or_else(|| CallError::Budget(format!("{MAX_ELEMENTS} elements")))
}

impl From<NumberError> for CallError {
    fn from(error: NumberError) -> Self {
        if error.is_limit() { Self::Limit(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

/// The text of bytes; each byte that is not part of a character is replaced, as Go does when it goes through a text.
pub(super) fn go_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}
