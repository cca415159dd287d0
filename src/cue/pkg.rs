//! The packages that policies may import: `strings`, `list`, `encoding/json`, ...
//!
//! A member is a constant, a function over values that are wholly known, or something that only the evaluator can do, as it
//! looks at values that are not. What CUE has and is not supported here is named in the tables too. The members and their
//! results are those of CUE 0.15, <https://pkg.go.dev/cuelang.org/go@v0.15.1/pkg>, most of which are Go's.

mod arguments;
mod bits;
mod digests;
mod encodings;
mod json;
mod list;
mod math;
mod net;
mod path;
mod regexp;
mod strconv;
mod strings;
mod structs;
mod time;
mod uuid;
mod yaml;

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
    /// How many of the last arguments may be left out.
    pub optional: usize,
    /// Whether it gives a bool: called with one argument less, the first, it is a validator; with no parameters but that one,
    /// also where it is not called at all.
    pub validates: bool,
    /// How it is computed.
    pub body: Body,
}

/// How a function is computed.
#[derive(Debug)]
pub enum Body {
    /// From concrete arguments; see [`Function::call`].
    Concrete(Run),
    /// The same, as a constraint alone: called with all arguments it has no value.
    Constraint(Run),
    /// By the evaluator, which knows the function by its package and name.
    Evaluator,
}

/// What computes a function's value. Its arguments are of the kinds that the parameters say.
type Run = fn(&[Data]) -> Result<Data, CallError>;

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

/// Why a call gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The function refuses its arguments.
    #[error("{0}")]
    Failed(String),
    /// Something is asked of it that is not supported here; names it.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A number, or a text, beyond those that are supported here.
    #[error("{0}")]
    Limit(String),
    /// The result would be too large.
    #[error("the result would be larger than {0}")]
    Budget(String),
}

/// A language in which a text says values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `encoding/json`
    Json,
    /// `encoding/yaml`
    Yaml,
}

/// Of a function that holds what a text says against a constraint: the text's language, and whether all that the constraint speaks of
/// must be there.
pub fn judges_text(package: &str, member: &str) -> Option<(Language, bool)> {
    match (package, member) {
        ("encoding/json", "Validate") => Some((Language::Json, false)),
        ("encoding/yaml", "Validate") => Some((Language::Yaml, true)),
        ("encoding/yaml", "ValidatePartial") => Some((Language::Yaml, false)),
        _ => None,
    }
}

/// The values that a text says: of JSON one, of YAML those of all documents.
///
/// # Errors
/// It is not in that language, or beyond the limits.
pub fn values(language: Language, text: &[u8]) -> Result<Vec<Data>, CallError> {
    match language {
        Language::Yaml => yaml::documents(text),
        Language::Json => Ok(vec![json::unmarshal(&String::from_utf8_lossy(text))?]),
    }
}

impl Function {
    /// Calls it with concrete arguments.
    ///
    /// # Errors
    /// Another number of arguments, or other kinds, than the parameters say; whatever the function refuses; a function that
    /// only the evaluator can call.
    #[cfg(test)]
    pub fn call(&self, arguments: &[Data]) -> Result<Data, CallError> {
        let (given, wanted) = (arguments.len(), self.parameters.len());
        if given > wanted || given + self.optional < wanted {
            return Err(CallError::Failed(format!("{given} arguments where there are {wanted} parameters")));
        }
        for (place, (parameter, value)) in self.parameters.iter().zip(arguments).enumerate() {
            if !parameter.accepts(value) {
                let (found, wanted) = (value.type_name(), parameter.name());
                return Err(CallError::Failed(format!(
                    "cannot use {found} as {wanted} in argument {}",
                    place + 1
                )));
            }
        }
        match self.body {
            Body::Concrete(run) | Body::Constraint(run) => run(arguments),
            Body::Evaluator => Err(CallError::Unsupported("this function on concrete values".into())),
        }
    }
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

/// A function that is computed here.
const fn function(parameters: &'static [Parameter], run: Run) -> Member {
    Member::Function(Function { parameters, optional: 0, validates: false, body: Body::Concrete(run) })
}

/// A function that is computed here, whose last argument may be left out.
const fn with_optional(parameters: &'static [Parameter], run: Run) -> Member {
    Member::Function(Function { parameters, optional: 1, validates: false, body: Body::Concrete(run) })
}

/// A function that is computed here and gives a bool.
const fn validator(parameters: &'static [Parameter], run: Run) -> Member {
    Member::Function(Function { parameters, optional: 0, validates: true, body: Body::Concrete(run) })
}

/// A function that is computed here and gives a bool, as a constraint alone.
const fn constraint(parameters: &'static [Parameter], run: Run) -> Member {
    Member::Function(Function { parameters, optional: 0, validates: true, body: Body::Constraint(run) })
}

/// A function that the evaluator computes.
const fn evaluated(parameters: &'static [Parameter], validates: bool) -> Member {
    Member::Function(Function { parameters, optional: 0, validates, body: Body::Evaluator })
}

/// The members of one package, by name.
type Members = &'static [(&'static str, Member)];

/// All packages by import path.
const PACKAGES: &[(&str, Members)] = &[
    ("crypto/ed25519", digests::ED25519),
    ("crypto/hmac", digests::HMAC),
    ("crypto/md5", digests::MD5),
    ("crypto/sha1", digests::SHA1),
    ("crypto/sha256", digests::SHA256),
    ("crypto/sha512", digests::SHA512),
    ("encoding/base64", encodings::BASE64),
    ("encoding/csv", &[("Encode", Member::Unsupported), ("Decode", Member::Unsupported)]),
    ("encoding/hex", encodings::HEX),
    ("encoding/json", json::MEMBERS),
    ("encoding/toml", &[("Marshal", Member::Unsupported), ("Unmarshal", Member::Unsupported)]),
    ("encoding/yaml", yaml::MEMBERS),
    ("html", encodings::HTML),
    ("list", list::MEMBERS),
    ("math", math::MEMBERS),
    ("math/bits", bits::MEMBERS),
    ("net", net::MEMBERS),
    ("path", path::MEMBERS),
    ("regexp", regexp::MEMBERS),
    ("strconv", strconv::MEMBERS),
    ("strings", strings::MEMBERS),
    ("struct", structs::MEMBERS),
    ("text/tabwriter", &[("Write", Member::Unsupported)]),
    (
        "text/template",
        &[
            ("Execute", Member::Unsupported),
            ("HTMLEscape", Member::Unsupported),
            ("JSEscape", Member::Unsupported),
        ],
    ),
    ("time", time::MEMBERS),
    ("uuid", uuid::MEMBERS),
];

/// Whether CUE has a package of this import path.
pub fn exists(package: &str) -> bool {
    PACKAGES.iter().any(|(path, _)| *path == package)
}

/// A member of a package, by the package's import path; none where CUE has none.
pub fn lookup(package: &str, member: &str) -> Option<&'static Member> {
    let (_, members) = PACKAGES.iter().find(|(path, _)| *path == package)?;
    members.iter().find(|(name, _)| *name == member).map(|(_, member)| member)
}

#[cfg(test)]
mod tests;
