//! Types, as OPA's compiler infers them: what a value can be, as far as the policy says so.

mod notation;

use std::collections::BTreeMap;

pub(super) use notation::parse;

/// A type. `Unknown` is that of a variable about which nothing was said yet; no value has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Unknown,
    Null,
    Boolean,
    Number,
    String,
    /// The types of the first items, and of those behind them, if there can be any.
    Array(Vec<Type>, Option<Box<Type>>),
    /// The types of known members, and of keys and values of others, if there can be any.
    Object(BTreeMap<Key, Type>, Option<Box<(Type, Type)>>),
    Set(Box<Type>),
    /// One of several; of none in particular where the list is empty.
    Any(Vec<Type>),
    Function(Vec<Type>, Box<Type>),
}

/// A constant that is a key: how it is written, and its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub text: String,
    pub kind: Type,
}

impl Key {
    /// A member of this name.
    pub(super) fn name(name: &str) -> Self {
        Self { text: format!("{name:?}"), kind: Type::String }
    }

    fn index(&self) -> Option<usize> {
        if self.kind == Type::Number { self.text.parse().ok() } else { None }
    }
}

impl Type {
    /// Whatever there is.
    pub(super) const ANY: Self = Self::Any(Vec::new());

    fn is_any(&self) -> bool {
        matches!(self, Self::Any(of) if of.is_empty())
    }

    /// Whether nothing is known of a part of it.
    pub(super) fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Array(items, rest) => {
                items.iter().any(Self::is_unknown) || rest.as_ref().is_some_and(|rest| rest.is_unknown())
            }
            Self::Object(members, rest) => {
                members.values().any(Self::is_unknown)
                    || rest.as_ref().is_some_and(|rest| rest.0.is_unknown() || rest.1.is_unknown())
            }
            Self::Set(of) => of.is_unknown(),
            Self::Any(of) => of.iter().any(Self::is_unknown),
            _ => false,
        }
    }

    /// The type of what is of one or of the other.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, one) | (one, Self::Unknown) => one,
            (Self::Function(one, result), Self::Function(other, other_result))
                if one.len() == other.len() =>
            {
                let parameters = one.into_iter().zip(other).map(|(one, other)| one.or(other)).collect();
                Self::Function(parameters, Box::new(result.or(*other_result)))
            }
            (Self::Any(of), other) | (other, Self::Any(of)) => Self::one_of(of, other),
            (one, other) if one == other => one,
            (one, other) => {
                let mut of = vec![one, other];
                of.sort();
                Self::Any(of)
            }
        }
    }

    fn one_of(mut of: Vec<Self>, other: Self) -> Self {
        let more = match other {
            Self::Any(more) if more.is_empty() => return Self::ANY,
            Self::Any(more) => more,
            one => vec![one],
        };
        if of.is_empty() {
            return Self::ANY;
        }
        of.extend(more);
        of.sort();
        of.dedup();
        Self::Any(of)
    }

    /// What it can be looked into with; `Unknown` where it cannot.
    pub(super) fn keys(&self) -> Self {
        match self {
            Self::Array(..) => Self::Number,
            Self::Object(members, rest) => {
                let known = members.keys().fold(Self::Unknown, |all, key| all.or(key.kind.clone()));
                rest.iter().fold(known, |all, rest| all.or(rest.0.clone()))
            }
            Self::Set(of) => (**of).clone(),
            Self::Any(of) if of.is_empty() => Self::ANY,
            Self::Any(of) => of.iter().fold(Self::Unknown, |all, one| all.or(one.keys())),
            _ => Self::Unknown,
        }
    }

    /// What is found in it.
    pub(super) fn values(&self) -> Self {
        match self {
            Self::Array(items, rest) => {
                let known = items.iter().fold(Self::Unknown, |all, item| all.or(item.clone()));
                rest.iter().fold(known, |all, rest| all.or((**rest).clone()))
            }
            Self::Object(members, rest) => {
                let known = members.values().fold(Self::Unknown, |all, value| all.or(value.clone()));
                rest.iter().fold(known, |all, rest| all.or(rest.1.clone()))
            }
            Self::Set(of) => (**of).clone(),
            Self::Any(of) if of.is_empty() => Self::ANY,
            Self::Any(of) => of.iter().fold(Self::Unknown, |all, one| all.or(one.values())),
            _ => Self::Unknown,
        }
    }

    /// What is found at a constant key; `Unknown` where nothing can be.
    pub(super) fn at(&self, key: &Key) -> Self {
        match self {
            Self::Array(..) => key.index().map_or(Self::Unknown, |index| self.item(index)),
            Self::Object(members, rest) => match (members.get(key), rest) {
                (Some(value), _) => value.clone(),
                (None, Some(rest)) if rest.0.covers(&key.kind) => rest.1.clone(),
                _ => Self::Unknown,
            },
            Self::Set(of) if of.covers(&key.kind) => key.kind.clone(),
            Self::Any(of) if of.is_empty() => Self::ANY,
            Self::Any(of) => of.iter().fold(Self::Unknown, |all, one| all.or(one.at(key))),
            _ => Self::Unknown,
        }
    }

    fn item(&self, index: usize) -> Self {
        let Self::Array(items, rest) = self else { return Self::Unknown };
        items.get(index).or(rest.as_deref()).cloned().unwrap_or(Self::Unknown)
    }

    fn covers(&self, kind: &Self) -> bool {
        match self {
            Self::Any(of) => of.is_empty() || of.contains(kind),
            one => one == kind,
        }
    }

    /// Whether a value can be of both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => false,
            (Self::Any(_), Self::Function(..)) | (Self::Function(..), Self::Any(_)) => false,
            (Self::Any(of), one) | (one, Self::Any(of)) => {
                of.is_empty() || one.is_any() || of.iter().any(|of| of.meets(one))
            }
            (Self::Array(one, more), Self::Array(known, others)) => {
                (0..one.len().max(known.len())).all(|index| self.item(index).meets(&other.item(index)))
                    && more.as_ref().zip(others.as_ref()).is_none_or(|(one, other)| one.meets(other))
            }
            (Self::Object(one, more), Self::Object(known, others)) => {
                one.keys().chain(known.keys()).all(|key| self.at(key).meets(&other.at(key)))
                    && more.as_ref().zip(others.as_ref()).is_none_or(|(one, other)| one.1.meets(&other.1))
            }
            (Self::Set(one), Self::Set(other)) => one.meets(other),
            (Self::Function(one, _), Self::Function(other, _)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.meets(other))
            }
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }

    /// What a rule has that two of its definitions have: sets and objects of any members become one.
    pub(super) fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Set(one), Self::Set(other)) => Self::Set(Box::new(one.or(*other))),
            (Self::Object(none, Some(one)), Self::Object(no_other, Some(other)))
                if none.is_empty() && no_other.is_empty() =>
            {
                let (one, other) = (*one, *other);
                Self::Object(none, Some(Box::new((one.0.or(other.0), one.1.merge(other.1)))))
            }
            (one, other) => one.or(other),
        }
    }
}
