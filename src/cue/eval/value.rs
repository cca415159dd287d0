//! What a node is known to be: scalars, kinds, bounds.

use std::fmt;
use std::rc::Rc;

use crate::cue::ast::{Position, Relation};
use crate::cue::number::Number;

/// A value without parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Atom {
    Null,
    Bool(bool),
    Number(Number),
    String(Rc<str>),
    Bytes(Rc<[u8]>),
}

impl Atom {
    pub(crate) fn kinds(&self) -> Kinds {
        match self {
            Atom::Null => Kinds::NULL,
            Atom::Bool(_) => Kinds::BOOL,
            Atom::Number(number) if number.is_integer() => Kinds::INT,
            Atom::Number(_) => Kinds::FLOAT,
            Atom::String(_) => Kinds::STRING,
            Atom::Bytes(_) => Kinds::BYTES,
        }
    }

    /// Whether unification of the two is one of them: `1` and `1.0` are not.
    pub(crate) fn same(&self, other: &Atom) -> bool {
        self.kinds() == other.kinds() && self == other
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Null => write!(f, "null"),
            Atom::Bool(value) => write!(f, "{value}"),
            Atom::Number(number) => write!(f, "{number}"),
            Atom::String(text) => write!(f, "{text:?}"),
            Atom::Bytes(bytes) => write!(f, "'{}'", bytes.escape_ascii()),
        }
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(pub(crate) u16);

impl Kinds {
    pub(crate) const NONE: Kinds = Kinds(0);
    pub(crate) const NULL: Kinds = Kinds(1);
    pub(crate) const BOOL: Kinds = Kinds(2);
    pub(crate) const INT: Kinds = Kinds(4);
    pub(crate) const FLOAT: Kinds = Kinds(8);
    pub(crate) const NUMBER: Kinds = Kinds(12);
    pub(crate) const STRING: Kinds = Kinds(16);
    pub(crate) const BYTES: Kinds = Kinds(32);
    pub(crate) const STRUCT: Kinds = Kinds(64);
    pub(crate) const LIST: Kinds = Kinds(128);
    pub(crate) const PARTED: Kinds = Kinds(192);
    pub(crate) const TOP: Kinds = Kinds(255);

    pub(crate) const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(crate) const fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Kinds, &str); 8] = [
            (Kinds::NULL, "null"),
            (Kinds::BOOL, "bool"),
            (Kinds::INT, "int"),
            (Kinds::FLOAT, "float"),
            (Kinds::STRING, "string"),
            (Kinds::BYTES, "bytes"),
            (Kinds::STRUCT, "struct"),
            (Kinds::LIST, "list"),
        ];
        if *self == Kinds::TOP {
            return write!(f, "_");
        }
        let mut first = true;
        let mut rest = *self;
        if self.and(Kinds::NUMBER) == Kinds::NUMBER {
            write!(f, "number")?;
            rest = Kinds(rest.0 & !Kinds::NUMBER.0);
            first = false;
        }
        for (kind, name) in NAMES {
            if rest.meets(kind) {
                write!(f, "{}{name}", if first { "" } else { " | " })?;
                first = false;
            }
        }
        if first { write!(f, "_|_") } else { Ok(()) }
    }
}

/// `<10`, `=~"^a"`, `!=null`
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) relation: Relation,
    pub(crate) limit: Atom,
    pub(crate) position: Position,
    /// Whether it is part of a type: `uint8`.
    pub(crate) sized: bool,
}

impl Bound {
    /// The kinds that it admits.
    pub(crate) fn kinds(&self) -> Kinds {
        match (self.relation, self.limit.kinds()) {
            (Relation::NotEqual, Kinds::NULL) => Kinds(Kinds::TOP.0 & !Kinds::NULL.0),
            (_, kind) if kind.meets(Kinds::NUMBER) => Kinds::NUMBER,
            (_, kind) => kind,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", sign(self.relation), self.limit)
    }
}

/// How it is written.
pub(crate) fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "==",
        Relation::NotEqual => "!=",
        Relation::Less => "<",
        Relation::LessEqual => "<=",
        Relation::Greater => ">",
        Relation::GreaterEqual => ">=",
        Relation::Matches => "=~",
        Relation::MatchesNot => "!~",
    }
}
