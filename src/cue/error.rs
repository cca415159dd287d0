//! Why a policy refuses: what, where in the source, where in the value.

use std::fmt;

use super::ast::Position;

/// Why a policy, or a statement under it, is refused. Its text is one line:
/// `policy.cue:3:5: predicate.a[3].b: conflicting values: expected int, found "x"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What sort of error.
    pub kind: ErrorKind,
    /// Where in the source; none where no line of the policy is to blame.
    pub position: Option<Position>,
    /// The file of `position`, as the user named it; [`Error::in_files`] sets it.
    pub file: Option<String>,
    /// Where in the value: `predicate.a[3].b`; empty for the whole value, or where only source text is concerned.
    pub path: String,
    /// What is wrong, without place and values.
    pub message: String,
    /// What the value had to be, in CUE's notation.
    pub expected: Option<String>,
    /// What it is.
    pub found: Option<String>,
}

/// What sort of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not CUE.
    Syntax,
    /// A name that nothing declares, that is declared twice, or that nothing uses; also of packages.
    Name,
    /// The files do not make one package.
    Package,
    /// CUE, but a construct that is not supported here.
    Unsupported,
    /// Values that have no common instance.
    Conflict,
    /// A field that a closed struct does not have.
    NotAllowed,
    /// A required field (`a!`) that is missing.
    Missing,
    /// A field that is referred to and not there: it may still come.
    Absent,
    /// A value that cannot be computed from what is known.
    Incomplete,
    /// What cosign's evaluator would say is not known for sure; no alternative may hide it.
    Undecided,
    /// An operation on values that it does not have, an index out of range, a division by zero.
    Operation,
    /// A value that contains itself.
    Cycle,
    /// More work, memory or nesting than is allowed.
    Limit,
    /// The policy's own `error("...")` or `_|_`.
    Explicit,
}

impl Error {
    /// An error of this sort about a place in the source, or about none where the place is that of the statement's values.
    pub fn new(kind: ErrorKind, position: Position, message: impl Into<String>) -> Self {
        // What the statement says stands in no file of the policy.
        let position = (position != Position::default()).then_some(position);
        Error { position, ..Error::nowhere(kind, message) }
    }

    /// An error that no place in the source is to blame for.
    pub fn nowhere(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            position: None,
            file: None,
            path: String::new(),
            message: message.into(),
            expected: None,
            found: None,
        }
    }

    /// The same error, about the value at `path` (`predicate.a[3].b`).
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The same error, with what was expected and what was found, both in CUE's notation.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.found = Some(found.into());
        self
    }

    /// The same error, with the name of its file, which is one of `names` by its place.
    #[must_use]
    pub fn in_files<'a>(mut self, mut names: impl Iterator<Item = &'a str>) -> Self {
        if let Some(position) = self.position {
            self.file = names.nth(position.file as usize).map(str::to_owned);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.position {
            let file = self.file.as_deref().unwrap_or("policy");
            write!(f, "{file}:{}:{}: ", at.line, at.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", OneLine(&self.path))?;
        }
        write!(f, "{}", OneLine(&self.message))?;
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                write!(f, ": expected {}, found {}", OneLine(expected), OneLine(found))
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// A text whose control characters are escaped: it can neither break the line nor drive a terminal.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_names_place_path_and_values() {
        let error =
            Error::new(ErrorKind::Conflict, Position { file: 1, line: 3, column: 5 }, "conflicting\nvalues")
                .at("predicate.a[3].b")
                .expected("int", "\"x\"")
                .in_files(["a.cue", "b.cue"].into_iter());
        assert_eq!(
            error.to_string(),
            "b.cue:3:5: predicate.a[3].b: conflicting\\nvalues: expected int, found \"x\""
        );
    }

    #[test]
    fn an_error_without_a_place_is_its_message() {
        let of_statement = Error::new(ErrorKind::Conflict, Position::default(), "conflicting values");
        assert_eq!(of_statement.in_files(["a.cue"].into_iter()).to_string(), "conflicting values");
        assert_eq!(Error::nowhere(ErrorKind::Limit, "too much work").to_string(), "too much work");
    }
}
