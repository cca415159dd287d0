//! Values that are wholly known: what the functions of packages take and give.

use std::fmt;
use std::rc::Rc;

use super::number::Number;

/// A concrete value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `int` or `float`
    Number(Number),
    /// `string`
    String(Rc<str>),
    /// `bytes`
    Bytes(Rc<[u8]>),
    /// In order.
    List(Vec<Data>),
    /// Regular fields, in order.
    Struct(Vec<(Rc<str>, Data)>),
}

impl Data {
    /// The name of its type, as CUE's messages have it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(number) if number.is_integer() => "int",
            Self::Number(_) => "float",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Struct(_) => "struct",
        }
    }

    /// How many bytes of text and of bytes there are in it.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => 0,
            Self::String(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(items) => items.iter().map(Self::text_bytes).sum(),
            Self::Struct(fields) => fields.iter().map(|(name, value)| name.len() + value.text_bytes()).sum(),
        }
    }
}

/// As it is written in CUE, in short.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => write!(f, "null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "'{}'", bytes.escape_ascii()),
            Self::List(_) => write!(f, "[...]"),
            Self::Struct(_) => write!(f, "{{...}}"),
        }
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Data {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<i64> for Data {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<usize> for Data {
    fn from(value: usize) -> Self {
        Self::Number(value.into())
    }
}

impl From<&str> for Data {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Data {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<Vec<u8>> for Data {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value.into())
    }
}

impl From<Vec<Data>> for Data {
    fn from(value: Vec<Data>) -> Self {
        Self::List(value)
    }
}
