//! Why a policy is not judged, in words, and how to write it instead.

use std::fmt;

use super::super::ast::{Expression, Kind};
use super::Mode;
use super::places::{PATTERN, Step};

/// A construct that is not in the part that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    TwoDisjunctions,
    ReadsAlternatives,
    ReadsAdded,
    JudgesAdded,
    StructAndOther,
    AsksAdded,
    AsksReference,
    AsksOther,
    TooLarge,
    TooManyPlaces,
    TooManyReferences(usize),
    Itself,
    Circle,
    EachOther,
    InnerDefaults,
    /// What stands in an alternative, or in what is matched.
    In(Mode, Inner),
    TextInMatch(String),
    CloseConditional,
    NotWritten(String),
    OptionalDefinition,
    EmbedsInner,
    EmbedsOther,
    YieldsUnknown,
    Name(String),
    Slice,
    Computed(String),
    OpenList,
    FieldOfThis,
}

/// What is compared with other constraints has none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inner {
    Comprehension,
    Computed,
    Definition,
    Label,
    Let,
    List,
    /// To what is no definition of the top level.
    Reference(String),
    /// To a field that is declared beside it, but not as a scalar.
    NoScalar(String),
    Variable(String),
}

const DECLARE: &str = "declare what is meant as a definition at the top of the file";

impl Inner {
    /// The construct, and how to write it instead.
    fn words(&self, mode: Mode) -> (String, &'static str) {
        let place = if mode == Mode::Matched { "in what is matched" } else { "in an alternative" };
        let (what, instead) = match self {
            Self::Comprehension if mode == Mode::Matched => {
                ("a comprehension", "write what must hold without conditions")
            }
            Self::Comprehension => (
                "a comprehension",
                "write an alternative for each case, or the comprehension beside the disjunction",
            ),
            Self::Computed => ("a value that is computed,", "write the value"),
            Self::Definition => DEFINITION,
            Self::Label => ("a computed label", "write the label, or a pattern (`[string]: ..`)"),
            Self::Let => ("`let`", "put the `let` before the field"),
            Self::List => LIST,
            Self::Reference(name) => return (format!("a reference (`{name}`) {place}"), DECLARE),
            Self::NoScalar(name) => {
                return (format!("a reference (`{name}`) to what is no scalar, {place}"), DECLARE);
            }
            Self::Variable(name) => {
                return (format!("a variable (`{name}`) {place}"), "write the comprehension without it");
            }
        };
        (format!("{what} {place}"), instead)
    }
}

impl Reason {
    /// The construct, and how to write it instead.
    fn words(&self) -> (String, &'static str) {
        let (construct, instead) = match self {
            Self::TwoDisjunctions => TWO_DISJUNCTIONS,
            Self::ReadsAlternatives => READS_ALTERNATIVES,
            Self::ReadsAdded => READS_ADDED,
            Self::JudgesAdded => JUDGES_ADDED,
            Self::StructAndOther => (
                "a comprehension that makes a struct of a field of which other things are said",
                "say `{...}` of it, or nothing, outside of the comprehension",
            ),
            Self::AsksAdded => (
                "a comparison with `_|_` of a field that a comprehension may add",
                "repeat the condition of the comprehension instead",
            ),
            Self::AsksReference => (
                "a comparison with `_|_` of a field that refers to another one",
                "ask for the field that it refers to",
            ),
            Self::AsksOther => ("a comparison of this with `_|_`", "compare a field (`a.b != _|_`)"),
            Self::TooLarge => ("a value that is too large to be looked at", SEVERAL),
            Self::TooManyPlaces => ("a definition that is used in too many places", SEVERAL),
            Self::TooManyReferences(most) => {
                return (format!("a policy of more than {most} references"), SEVERAL);
            }
            Self::Itself => (
                "a field that refers to itself, or to what contains it",
                "refer to single fields beside it (`predicate.a.b`), and write what a field's own value decides as alternatives",
            ),
            Self::EachOther => ("definitions that contain each other", ONE),
            Self::Circle => ("a field that is computed from itself", "compute it from other fields"),
            Self::InnerDefaults => {
                ("defaults within an alternative", "write all alternatives in one disjunction (`*1 | 2 | 3`)")
            }
            Self::In(mode, inner) => return inner.words(*mode),
            Self::TextInMatch(name) => {
                return (
                    format!(
                        "`{name}` of anything but a struct that is written there, in `matchIf` or `list.MatchN`"
                    ),
                    WRITE,
                );
            }
            Self::CloseConditional => (
                "`close` of a struct with a comprehension",
                "make a definition of it (`#A: {..}`), which is closed",
            ),
            Self::NotWritten(name) => {
                return (format!("`{name}` of something that is not written here"), WRITE);
            }
            Self::OptionalDefinition => {
                ("an optional or required definition or hidden field", "leave its `?` or `!` out")
            }
            Self::EmbedsInner => (
                "embedding what is not declared at the top of a file",
                "declare it as a definition at the top of the file",
            ),
            Self::EmbedsOther => (
                "embedding anything but structs, definitions and alternatives",
                "make it the value of a field",
            ),
            Self::YieldsUnknown => (
                "a comprehension that yields what is not written in it or in definitions",
                "write the fields in it, or a definition (`#A`)",
            ),
            Self::Name(name) => {
                return (format!("a reference to `{name}`"), "name the field itself (`predicate.a`)");
            }
            Self::Slice => ("a slice", "take elements by their index (`a[0]`)"),
            Self::Computed(what) => {
                return (
                    format!("{what} within what is computed"),
                    "make it the constraint of a hidden field (`_a: ..`), and refer to that",
                );
            }
            Self::OpenList => ("an open list within what is computed", "close the list"),
            Self::FieldOfThis => {
                ("a field or element of this", "make a hidden field of it (`_a: ..`), and refer to that")
            }
        };
        (construct.to_owned(), instead)
    }
}

const DEFINITION: (&str, &str) =
    ("a definition within a struct,", "declare the definition at the top of the file");
const LIST: (&str, &str) =
    ("a list with elements, or a closed one,", "say what each element must be (`[...{k: 1}]`)");
const TWO_DISJUNCTIONS: (&str, &str) = (
    "two disjunctions of structs or lists for one field",
    "write them as one, with every combination that is allowed",
);
const READS_ALTERNATIVES: (&str, &str) =
    ("a reference into a field with alternatives", "say in each alternative what must hold there");
const READS_ADDED: (&str, &str) = (
    "a reference to a field that a comprehension adds to",
    "give what is added another name, or repeat the condition where it is looked at",
);
const JUDGES_ADDED: (&str, &str) = (
    "a constraint that counts or compares what a comprehension adds to",
    "put the constraint into the comprehension",
);
const SEVERAL: &str = "make several policies of it, and verify each";
const ONE: &str = "let one contain itself, in the elements of a list (`#A: {b?: [...#A]}`)";
const WRITE: &str = "write the struct or the list in the call";

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (construct, instead) = self.words();
        write!(f, "not in the part of CUE that is judged here: {construct}; {instead}")
    }
}

/// A reference as it is written: `a.b[..]`.
pub(super) fn written(expression: &Expression) -> String {
    match &expression.kind {
        Kind::Reference { name, .. } => name.to_string(),
        Kind::Selector { operand, name } => format!("{}.{}", written(operand), named(&[Step::to(name)])),
        Kind::Index { operand, .. } => format!("{}[..]", written(operand)),
        _ => "..".to_owned(),
    }
}

/// A place as users write it: `predicate.a[..].b`.
pub(super) fn named(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        let dot = if text.is_empty() { "" } else { "." };
        match step {
            Step::Field(name) if is_identifier(name) => text.extend([dot, name]),
            Step::Field(name) => text.push_str(&format!("{dot}{name:?}")),
            Step::Hidden(PATTERN) => text.push_str("[..]"),
            Step::Hidden(name) | Step::Let(name) => text.extend([dot, name]),
            Step::Begins(name) => text.push_str(&format!("{dot}\"{name}..\"")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Any | Step::Rest(_) => text.push_str("[..]"),
        }
    }
    text
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c == '_' || c.is_alphanumeric()) && !name.starts_with(|c: char| c.is_ascii_digit())
}
