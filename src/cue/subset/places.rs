//! Which place in the value a name means.

use super::super::ast::{Binding, Declaration, Expression, Field, Kind, Label, Let, Name, Part, Struct};
use super::super::load::Package;
use super::{calls, yields};

/// So many `let`s are followed, one to the next.
const MAX_LETS: usize = 100;

/// The step to what a pattern says of names: `string` in `[string]: 1`.
pub(super) const PATTERN: &str = "[]";

/// A step into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step<'a> {
    /// A regular field.
    Field(&'a str),
    /// A definition, or a hidden field.
    Hidden(&'a str),
    /// What a `let` means.
    Let(&'a str),
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
            (Step::Any, step) | (step, Step::Any) => !matches!(step, Step::Hidden(_) | Step::Let(_)),
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

/// Whether a name is that of a definition: what it says is noted where it stands.
pub(super) fn is_definition(binding: &Binding) -> bool {
    matches!(binding, Binding::Field { name: Name::Definition(_) | Name::Hidden(_), .. })
}

/// One scope around what is looked at.
#[derive(Debug)]
enum Scope<'a> {
    /// A struct literal at a path.
    Struct { body: &'a Struct, depth: usize },
    /// A `for` or a `let` clause, with the place of what its variable means where that is known.
    Variable(Option<Path<'a>>),
    /// A list, the value of a pattern.
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
    /// A variable, or a label: where what it means is, if that is known.
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

    /// Enters a `for` or a `let` clause, whose variable means what is at this place.
    pub(super) fn variable(&mut self, place: Option<Path<'a>>) {
        self.0.push(Scope::Variable(place));
    }

    /// Enters a list, the value of a pattern.
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

    /// The place in the value of `a.b[0]`, where `path` leads to what stands there; `let` is followed.
    pub(super) fn place(&self, path: &[Step<'a>], expression: &'a Expression) -> Option<Path<'a>> {
        place(&self.0, path, expression, 0)
    }

    /// Whether a name is that of a field which is declared with it, as a scalar.
    pub(super) fn is_scalar(&self, package: &Package, binding: &Binding) -> bool {
        let Binding::Field { up, name } = binding else { return false };
        let values: Vec<&Expression> = match out(&self.0, *up) {
            Some(Scope::Struct { depth: 0, .. }) => declared(package, name).collect(),
            Some(Scope::Struct { body, .. }) => named_in(body, name).collect(),
            _ => return false,
        };
        !values.is_empty() && values.iter().all(|value| yields::is_scalar(value))
    }

    pub(super) fn meaning(&self, binding: &'a Binding) -> Meaning<'a> {
        meaning(&self.0, binding)
    }
}

/// The scope this many scopes out.
fn out<'s, 'a>(scopes: &'s [Scope<'a>], up: usize) -> Option<&'s Scope<'a>> {
    scopes.len().checked_sub(up + 1).and_then(|index| scopes.get(index))
}

fn meaning<'a>(scopes: &[Scope<'a>], binding: &'a Binding) -> Meaning<'a> {
    match binding {
        Binding::Field { up, name } => match out(scopes, *up) {
            Some(Scope::Struct { depth, .. }) => Meaning::Field(*depth, name),
            _ => Meaning::Odd,
        },
        Binding::Let { up, index } => match out(scopes, *up) {
            Some(Scope::Struct { body, depth }) => {
                body.lets.get(*index).map_or(Meaning::Odd, |clause| Meaning::Let(*depth, clause))
            }
            _ => Meaning::Odd,
        },
        Binding::Scope { up } => match out(scopes, *up) {
            Some(Scope::Struct { depth, .. }) => Meaning::Itself(*depth),
            _ => Meaning::Odd,
        },
        Binding::Variable { up, key: false } => match out(scopes, *up) {
            Some(Scope::Variable(place)) => Meaning::Variable(place.clone()),
            _ => Meaning::Variable(None),
        },
        Binding::Variable { .. } | Binding::Label { .. } => Meaning::Variable(None),
        Binding::Predeclared(name) => Meaning::Predeclared(name),
        Binding::DynamicField { .. } | Binding::Matched { .. } | Binding::Package(_) => Meaning::Odd,
    }
}

/// The place of what stands in these scopes, and was come to through so many `let`s.
fn place<'a>(
    scopes: &[Scope<'a>],
    path: &[Step<'a>],
    expression: &'a Expression,
    lets: usize,
) -> Option<Path<'a>> {
    let beneath = |operand, step| {
        let mut place = place(scopes, path, operand, lets)?;
        place.push(step);
        Some(place)
    };
    let outer = |depth: usize| path.get(..depth).unwrap_or_default().iter().copied();
    match &expression.kind {
        Kind::Selector { operand, name } => beneath(operand, Step::to(name)),
        Kind::Index { operand, .. } => beneath(operand, Step::Any),
        Kind::Reference { binding, .. } => match meaning(scopes, binding) {
            Meaning::Field(depth, field) => Some(outer(depth).chain([Step::to(field)]).collect()),
            Meaning::Itself(depth) => Some(outer(depth).collect()),
            Meaning::Variable(place) => place,
            Meaning::Let(depth, clause) if lets < MAX_LETS => {
                let Binding::Let { up, .. } = binding else { return None };
                let around = scopes.get(..scopes.len().checked_sub(*up)?)?;
                let followed = place(around, path, &clause.value, lets + 1);
                // What a function gives is nowhere else. What is put together there may be elsewhere, too.
                let own = || outer(depth).chain([Step::Let(&clause.name)]).collect();
                followed.or_else(|| calls::is_given(&clause.value).then(own))
            }
            Meaning::Let(..) | Meaning::Predeclared(_) | Meaning::Odd => None,
        },
        _ => None,
    }
}
