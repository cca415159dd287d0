//! The packages that policies may import: `strings`, `list`, `encoding/json`, ...
//!
//! A member is a constant, a function over values that are wholly known, or something that only the evaluator can do, as it
//! looks at values that are not. What CUE has and this table has not is named in it too, as unsupported.

use std::rc::Rc;

use super::data::Data;

/// What a selector on an imported package may name.
#[derive(Debug)]
pub enum Member {
    /// A value, given as CUE source: an expression without references but to what is predeclared.
    Source(&'static str),
    /// A function.
    Function(Function),
    /// CUE has it; it is not supported here.
    Unsupported,
}

/// A function of a package.
#[derive(Debug)]
pub struct Function {
    /// What its arguments must be.
    pub parameters: &'static [Parameter],
    /// Whether it gives a bool: then it is a validator where it is called with one argument less, the first (or, without
    /// parameters but that one, not called at all).
    pub validates: bool,
    /// How it is computed.
    pub body: Body,
}

/// How a function is computed.
#[derive(Debug)]
pub enum Body {
    /// From concrete arguments, of the kinds that the parameters say.
    Concrete(fn(&[Data]) -> Result<Data, CallError>),
    /// By the evaluator, which knows the function by its package and name.
    Evaluator,
}

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// Anything.
    Any,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int` or `float`
    Number,
    /// `string`
    String,
    /// `bytes`, or a `string`, whose UTF-8 is meant.
    Bytes,
    /// A list.
    List,
    /// A struct.
    Struct,
}

impl Parameter {
    /// Whether a value is of this kind.
    pub fn accepts(self, value: &Data) -> bool {
        match self {
            Self::Any => true,
            Self::Bool => matches!(value, Data::Bool(_)),
            Self::Int => matches!(value, Data::Number(number) if number.is_integer()),
            Self::Number => matches!(value, Data::Number(_)),
            Self::String => matches!(value, Data::String(_)),
            Self::Bytes => matches!(value, Data::Bytes(_) | Data::String(_)),
            Self::List => matches!(value, Data::List(_)),
            Self::Struct => matches!(value, Data::Struct(_)),
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "_",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Number => "number",
            Self::String => "string",
            Self::Bytes => "bytes or string",
            Self::List => "list",
            Self::Struct => "struct",
        }
    }
}

/// Why a call gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The function refuses its arguments.
    #[error("{0}")]
    Failed(String),
    /// Something is asked of it that is not supported here; names it.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// The result would be too large, or too much work.
    #[error("{0}")]
    Budget(String),
}

/// Whether CUE has a package of this import path.
pub fn exists(package: &str) -> bool {
    PACKAGES.iter().any(|(path, _)| *path == package)
}

/// A member of a package, by the package's import path; none where CUE has none.
pub fn lookup(package: &str, member: &str) -> Option<&'static Member> {
    let (_, members) = PACKAGES.iter().find(|(path, _)| *path == package)?;
    members.iter().find(|(name, _)| *name == member).map(|(_, member)| member)
}

/// The members of one package, by name.
type Members = &'static [(&'static str, Member)];

/// All packages by import path.
const PACKAGES: &[(&str, Members)] = &[("strings", strings::MEMBERS)];

mod strings;
