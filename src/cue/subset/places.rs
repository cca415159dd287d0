//! Which place in the value a name means.

use super::super::ast::{Binding, Declaration, Expression, Field, Kind, Label, Let, Name, Part, Struct};
use super::super::load::Package;
use super::yields;

/// The step to what a pattern says of names: `string` in `[string]: 1`.
pub(super) const PATTERN: &str = "[]";

/// A step into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A regular field.
    Field(&'a str),
    /// A definition, a hidden field, or a `let`.
    Hidden(&'a str),
    /// Any regular field whose name begins like this.
    Begins(&'a str),
    /// An element.
    Index(usize),
    /// Any element from this one on.
    Rest(usize),
    /// Any regular field, any element.
    Any,
}

impl<'a> Step<'a> {
    /// The step to a field of this name.
    pub(super) fn to(name: &'a Name) -> Self {
        match name {
            Name::Regular(text) => Step::Field(text),
            Name::Definition(text) | Name::Hidden(text) => Step::Hidden(text),
        }
    }

    /// The step to a field with this label.
    pub(super) fn labelled(label: &'a Label) -> Self {
        match label {
            Label::Fixed(name) => Step::to(name),
            Label::Dynamic(label) => match &label.kind {
                Kind::String(label) => Step::Field(label),
                Kind::Interpolation { parts, .. } => beginning(parts).map_or(Step::Any, Step::Begins),
                _ => Step::Any,
            },
        }
    }

    /// Whether both may be the same.
    pub(super) fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Step::Any, step) | (step, Step::Any) => !matches!(step, Step::Hidden(_)),
            (Step::Begins(begin), Step::Field(name)) | (Step::Field(name), Step::Begins(begin)) => {
                name.starts_with(begin)
            }
            (Step::Begins(one), Step::Begins(other)) => one.starts_with(other) || other.starts_with(one),
            (Step::Rest(from), Step::Index(index)) | (Step::Index(index), Step::Rest(from)) => index >= from,
            (Step::Rest(_), Step::Rest(_)) => true,
            _ => self == other,
        }
    }
}

/// What stands before the first value in `"..\(a).."`.
fn beginning(parts: &[Part]) -> Option<&str> {
    match parts.first()? {
        Part::Literal(text) => std::str::from_utf8(text).ok().filter(|text| !text.is_empty()),
        Part::Expression(_) => None,
    }
}

/// What the files say of a name at their top.
pub(super) fn declared<'p>(package: &'p Package, name: &Name) -> impl Iterator<Item = &'p Expression> {
    package.files.iter().flat_map(move |file| named_in(&file.body, name))
}

/// What a struct says of a name.
fn named_in<'p>(body: &'p Struct, name: &Name) -> impl Iterator<Item = &'p Expression> {
    body.declarations.iter().filter_map(move |declaration| match declaration {
        Declaration::Field(Field { label: Label::Fixed(label), value, .. }) if label == name => Some(value),
        _ => None,
    })
}

/// Where something is in the value.
pub(super) type Path<'a> = Vec<Step<'a>>;

/// Whether one path leads into what the other leads to.
pub(super) fn within(inner: &[Step<'_>], outer: &[Step<'_>]) -> bool {
    inner.len() >= outer.len() && inner.iter().zip(outer).all(|(one, other)| one.meets(*other))
}

/// One scope around what is looked at.
#[derive(Debug)]
enum Scope<'a> {
    /// A struct literal at a path.
    Struct { body: &'a Struct, depth: usize },
    /// A `for` over what is there.
    For(Path<'a>),
    /// A list, a `let`, the value of a pattern, a `for` over what is computed.
    Other,
}

/// The scopes around what is looked at, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a>(Vec<Scope<'a>>);

/// What a name means.
pub(super) enum Meaning<'a> {
    /// A field of the struct that lies this many steps below the top.
    Field(usize, &'a Name),
    /// A `let` of the struct that lies this many steps below the top.
    Let(usize, &'a Let),
    /// A struct itself, this many steps below the top.
    Itself(usize),
    /// A variable, or a label; of a `for`: over what it runs.
    Variable(Option<Path<'a>>),
    /// What the language has.
    Predeclared(&'a str),
    /// Nothing that is judged.
    Odd,
}

impl<'a> Scopes<'a> {
    /// Enters a struct that lies this many steps below the top.
    pub(super) fn structure(&mut self, body: &'a Struct, depth: usize) {
        self.0.push(Scope::Struct { body, depth });
    }

    /// Enters a `for`.
    pub(super) fn each(&mut self, source: Option<Path<'a>>) {
        self.0.push(source.map_or(Scope::Other, Scope::For));
    }

    /// Enters a list, a `let`, the value of a pattern.
    pub(super) fn other(&mut self) {
        self.0.push(Scope::Other);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    fn up(&self, up: usize) -> Option<&Scope<'a>> {
        self.0.len().checked_sub(up + 1).and_then(|index| self.0.get(index))
    }

    /// Whether a name is that of a definition: what it says is noted where it stands.
    pub(super) fn is_definition(&self, binding: &Binding) -> bool {
        matches!(binding, Binding::Field { name: Name::Definition(_) | Name::Hidden(_), .. })
    }

    /// Whether a name is that of a field which is declared with it, as a scalar.
    pub(super) fn is_scalar(&self, package: &Package, binding: &Binding) -> bool {
        let Binding::Field { up, name } = binding else { return false };
        let values: Vec<&Expression> = match self.up(*up) {
            Some(Scope::Struct { depth: 0, .. }) => declared(package, name).collect(),
            Some(Scope::Struct { body, .. }) => named_in(body, name).collect(),
            _ => return false,
        };
        !values.is_empty() && values.iter().all(|value| yields::is_scalar(value))
    }

    pub(super) fn meaning(&self, binding: &'a Binding) -> Meaning<'a> {
        match binding {
            Binding::Field { up, name } => match self.up(*up) {
                Some(Scope::Struct { depth, .. }) => Meaning::Field(*depth, name),
                _ => Meaning::Odd,
            },
            Binding::Let { up, index } => match self.up(*up) {
                Some(Scope::Struct { body, depth }) => {
                    body.lets.get(*index).map_or(Meaning::Odd, |clause| Meaning::Let(*depth, clause))
                }
                _ => Meaning::Odd,
            },
            Binding::Scope { up } => match self.up(*up) {
                Some(Scope::Struct { depth, .. }) => Meaning::Itself(*depth),
                _ => Meaning::Odd,
            },
            Binding::Variable { up, key: false } => match self.up(*up) {
                Some(Scope::For(source)) => Meaning::Variable(Some(source.clone())),
                _ => Meaning::Variable(None),
            },
            Binding::Variable { .. } | Binding::Label { .. } => Meaning::Variable(None),
            Binding::Predeclared(name) => Meaning::Predeclared(name),
            Binding::DynamicField { .. } | Binding::Matched { .. } | Binding::Package(_) => Meaning::Odd,
        }
    }
}
