//! Why a policy is not judged, in words, and how to write it instead.

use std::fmt;

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
    TooManyPlaces,
    TooManyReferences(usize),
    Itself,
    Circle,
    InnerDefinition,
    InnerDefaults,
    ConditionalAlternative,
    LetInAlternative,
    LabelInAlternative,
    ConditionInMatch,
    ListInMatch,
    ComputedInMatch,
    ReferenceInMatch(String),
    ReferenceInAlternative(String),
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

impl Reason {
    /// The construct.
    fn construct(&self) -> String {
        let text = match self {
            Self::TwoDisjunctions => "two disjunctions of structs or lists for one field",
            Self::ReadsAlternatives => "a reference into a field with alternatives",
            Self::ReadsAdded => "a reference to a field that a comprehension adds to",
            Self::JudgesAdded => "a constraint that counts or compares what a comprehension adds to",
            Self::StructAndOther => {
                "a comprehension that makes a struct of a field of which other things are said"
            }
            Self::AsksAdded => "a comparison with `_|_` of a field that a comprehension may add",
            Self::AsksReference => "a comparison with `_|_` of a field that refers to another one",
            Self::AsksOther => "a comparison of this with `_|_`",
            Self::TooManyPlaces => "a definition that is used in too many places",
            Self::TooManyReferences(most) => return format!("a policy of more than {most} references"),
            Self::Itself => "a field that refers to itself, or to what contains it",
            Self::Circle => "a field that is computed from itself",
            Self::InnerDefinition => "a definition within a struct, in an alternative",
            Self::InnerDefaults => "defaults within an alternative",
            Self::ConditionalAlternative => "a comprehension in an alternative",
            Self::LetInAlternative => "`let` in an alternative",
            Self::LabelInAlternative => "a computed label in an alternative",
            Self::ConditionInMatch => "a comprehension in what is matched",
            Self::ListInMatch => "a list with elements, or a closed one, in what is matched",
            Self::ComputedInMatch => "a value that is computed, in what is matched",
            Self::ReferenceInMatch(name) => return format!("a reference (`{name}`) in what is matched"),
            Self::ReferenceInAlternative(name) => {
                return format!("a reference (`{name}`) to what is no scalar, in an alternative");
            }
            Self::TextInMatch(name) => {
                return format!(
                    "`{name}` of anything but a struct that is written there, in `matchIf` or `list.MatchN`"
                );
            }
            Self::CloseConditional => "`close` of a struct with a comprehension",
            Self::NotWritten(name) => return format!("`{name}` of something that is not written here"),
            Self::OptionalDefinition => "an optional or required definition or hidden field",
            Self::EmbedsInner => "embedding what is not declared at the top of a file",
            Self::EmbedsOther => "embedding anything but structs, definitions and alternatives",
            Self::YieldsUnknown => "a comprehension that yields what is not written in it or in definitions",
            Self::Name(name) => return format!("a reference to `{name}`"),
            Self::Slice => "a slice",
            Self::Computed(what) => return format!("{what} within what is computed"),
            Self::OpenList => "an open list within what is computed",
            Self::FieldOfThis => "a field or element of this",
        };
        text.to_owned()
    }

    /// How to write it instead.
    fn instead(&self) -> &'static str {
        match self {
            Self::TwoDisjunctions => "write them as one, with every combination that is allowed",
            Self::ReadsAlternatives => "say in each alternative what must hold there",
            Self::ReadsAdded => {
                "give what is added another name, or repeat the condition where it is looked at"
            }
            Self::JudgesAdded => "put the constraint into the comprehension",
            Self::StructAndOther => "say `{...}` of it, or nothing, outside of the comprehension",
            Self::AsksAdded => "repeat the condition of the comprehension instead",
            Self::AsksReference => "ask for the field that it refers to",
            Self::AsksOther => "compare a field (`a.b != _|_`)",
            Self::TooManyPlaces | Self::TooManyReferences(_) => {
                "make several policies of it, and verify each"
            }
            Self::Itself => {
                "refer to single fields beside it (`predicate.a.b`), and write what a field's own value decides as alternatives"
            }
            Self::Circle => "compute it from other fields",
            Self::InnerDefinition => "declare the definition at the top of the file",
            Self::InnerDefaults => "write all alternatives in one disjunction (`*1 | 2 | 3`)",
            Self::ConditionalAlternative => {
                "write an alternative for each case, or the comprehension beside the disjunction"
            }
            Self::LetInAlternative => "put the `let` before the field",
            Self::LabelInAlternative => "write the label, or a pattern (`[string]: ..`)",
            Self::ConditionInMatch => "write what must hold without conditions",
            Self::ListInMatch => "say what each element must be (`[...{k: 1}]`)",
            Self::ComputedInMatch => "write the value",
            Self::ReferenceInMatch(_) | Self::ReferenceInAlternative(_) => {
                "declare what is meant as a definition at the top of the file"
            }
            Self::CloseConditional => "make a definition of it (`#A: {..}`), which is closed",
            Self::NotWritten(_) | Self::TextInMatch(_) => "write the struct or the list in the call",
            Self::OptionalDefinition => "leave its `?` or `!` out",
            Self::EmbedsInner => "declare it as a definition at the top of the file",
            Self::EmbedsOther => "make it the value of a field",
            Self::YieldsUnknown => "write the fields in it, or a definition (`#A`)",
            Self::Name(_) => "name the field itself (`predicate.a`)",
            Self::Slice => "take elements by their index (`a[0]`)",
            Self::Computed(_) => "make it the constraint of a hidden field (`_a: ..`), and refer to that",
            Self::OpenList => "close the list",
            Self::FieldOfThis => "make a hidden field of it (`_a: ..`), and refer to that",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not in the part of CUE that is judged here: {}; {}", self.construct(), self.instead())
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
            Step::Hidden(name) => text.extend([dot, name]),
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
