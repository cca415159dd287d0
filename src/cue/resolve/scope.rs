//! Scopes and the names that are declared in them.

use std::{collections::HashMap, rc::Rc};

use super::super::{
    ast::{Binding, Name, Position},
    error::{Error, ErrorKind},
};

/// The scopes around a place, innermost last.
#[derive(Default)]
pub struct Scopes {
    scopes: Vec<Scope>,
}

/// The two kinds of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What has an environment of its own: structs, lists, the values of patterns, `for` and `let` clauses.
    Environment,
    /// `label: alias=value`.
    Alias,
}

struct Scope {
    /// Whether what stands in it is evaluated with an environment of its own.
    environment: bool,
    /// Whether we are in the value of one of its fields: names of labels cannot mean what is around that.
    in_value: bool,
    names: HashMap<Rc<str>, Entry>,
}

/// What is known of a name.
struct Entry {
    position: Position,
    meaning: Meaning,
    used: bool,
    state: State,
}

/// Whether a name can be referred to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Yes.
    Known,
    /// It means what is declared further out: in the value of a `let` clause, its own name.
    Hidden,
    /// It may not be referred to yet: the alias of a dynamic label in that label and in those before it.
    Pending,
}

/// What a name means in its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A field.
    Field(Name),
    /// An imported package.
    Package(Rc<str>),
    /// A `let` clause of a struct: its place among the struct's and among the file's.
    Let(usize, usize),
    /// `X=label:` of a label that is known.
    FieldAlias(Name),
    /// `X=label:` of a dynamic label, by its declaration's place.
    DynamicAlias(usize),
    /// `X=[pattern]:`
    Matched,
    /// `[X=pattern]:`
    Label,
    /// `label: X=value`
    Value,
    /// A variable of a clause; whether it is the key.
    Variable(bool),
}

/// What a name was found to mean.
pub struct Found {
    pub binding: Binding,
    /// The place of a `let` clause among the file's.
    pub clause: Option<usize>,
}

impl Meaning {
    /// Whether it is declared by an alias or a `let` clause: then no field around may have its name.
    fn is_alias(&self) -> bool {
        use Meaning::{DynamicAlias, Field, FieldAlias, Label, Let, Matched, Package, Value, Variable};
        match self {
            Let(..) | FieldAlias(_) | DynamicAlias(_) | Matched | Label | Value => true,
            Field(_) | Package(_) | Variable(_) => false,
        }
    }

    /// Whether it must be referred to.
    fn must_be_used(&self) -> bool {
        self.is_alias() && *self != Meaning::Label || matches!(self, Meaning::Package(_))
    }
}

impl Scopes {
    pub fn push(&mut self, kind: Kind) {
        let environment = kind == Kind::Environment;
        self.scopes.push(Scope { environment, in_value: false, names: HashMap::new() });
    }

    /// Leaves the innermost scope.
    ///
    /// # Errors
    ///
    /// The first of its names that nothing refers to and something has to.
    pub fn pop(&mut self) -> Result<(), Error> {
        let Some(scope) = self.scopes.pop() else { return Ok(()) };
        let unused = scope.names.into_iter().filter(|(_, entry)| !entry.used && entry.meaning.must_be_used());
        match unused.min_by_key(|(_, entry)| entry.position) {
            Some((name, entry)) => {
                let message = match entry.meaning {
                    Meaning::Package(path) => format!("package `{path}` is imported and not used"),
                    _ => format!("`{name}` is declared by an alias or a `let` and not used"),
                };
                Err(Error::new(ErrorKind::Name, entry.position, message))
            }
            None => Ok(()),
        }
    }

    pub fn len(&self) -> usize {
        self.scopes.len()
    }

    /// Declares a name in the innermost scope.
    ///
    /// # Errors
    ///
    /// It is declared there already, or around it once as an alias and once as a field.
    pub fn declare(&mut self, name: &Rc<str>, position: Position, meaning: Meaning) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Name, position, why));
        if &**name == "_" {
            return if meaning.is_alias() {
                refuse("`_` cannot be an alias or a `let`".to_owned())
            } else {
                Ok(())
            };
        }
        if name.starts_with("__") {
            return refuse(format!("`{name}`: names that begin with `__` are reserved"));
        }
        let around = self.scopes.iter().rev().enumerate();
        if let Some((out, entry)) =
            around.filter_map(|(out, scope)| Some((out, scope.names.get(name)?))).next()
        {
            if entry.meaning.is_alias() != meaning.is_alias() {
                return refuse(format!("`{name}` is both a field and an alias or a `let`"));
            }
            let package =
                matches!(meaning, Meaning::Package(_)) || matches!(entry.meaning, Meaning::Package(_));
            if out == 0 && package {
                return refuse(format!("`{name}` is declared already, as the name of an imported package"));
            }
            if out == 0 && meaning.is_alias() {
                return refuse(format!(
                    "`{name}` is declared already by an alias or a `let` of the same scope"
                ));
            }
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope
                .names
                .insert(Rc::clone(name), Entry { position, meaning, used: false, state: State::Known });
        }
        Ok(())
    }

    /// Sets whether a name of the innermost scope can be referred to.
    pub fn set_state(&mut self, name: &str, state: State) {
        if let Some(entry) = self.scopes.last_mut().and_then(|scope| scope.names.get_mut(name)) {
            entry.state = state;
        }
    }

    /// Sets whether the innermost scope has an environment of its own.
    pub fn set_environment(&mut self, environment: bool) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.environment = environment;
        }
    }

    /// Sets whether we are in the value of a field of the innermost scope.
    pub fn in_value(&mut self, inside: bool) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.in_value = inside;
        }
    }

    /// Whether the fields that a pattern is about have this name among them: one of the innermost `scopes` scopes, up to
    /// the one in whose value we are.
    pub fn matched_by_pattern(&self, name: &str, scopes: usize) -> bool {
        let around = self.scopes[..scopes].iter().rev();
        around.take_while(|scope| !scope.in_value).any(|scope| scope.names.contains_key(name))
    }

    /// How many environments there are from the file's to here, without the file's.
    pub fn depth(&self) -> usize {
        self.scopes.iter().skip(1).filter(|scope| scope.environment).count()
    }

    /// What a name means here; it counts as used then.
    ///
    /// # Errors
    ///
    /// It cannot be referred to here.
    pub fn find(&mut self, name: &str, position: Position) -> Result<Option<Found>, Error> {
        let mut up = 0;
        for scope in self.scopes.iter_mut().rev() {
            if let Some(entry) = scope.names.get_mut(name).filter(|entry| entry.state != State::Hidden) {
                if entry.state == State::Pending {
                    return Err(Error::new(
                        ErrorKind::Name,
                        position,
                        format!("the alias `{name}` of a label in that label or before it"),
                    ));
                }
                entry.used = true;
                let clause = if let Meaning::Let(_, clause) = entry.meaning { Some(clause) } else { None };
                return Ok(Some(Found { binding: bind(&entry.meaning, up, name, position)?, clause }));
            }
            up += usize::from(scope.environment);
        }
        Ok(None)
    }
}

fn bind(meaning: &Meaning, up: usize, name: &str, position: Position) -> Result<Binding, Error> {
    Ok(match meaning {
        Meaning::Field(name) | Meaning::FieldAlias(name) => Binding::Field { up, name: name.clone() },
        Meaning::Package(path) => Binding::Package(Rc::clone(path)),
        Meaning::Let(index, _) => Binding::Let { up, index: *index },
        Meaning::DynamicAlias(index) => Binding::DynamicField { up, index: *index },
        Meaning::Matched => Binding::Matched { up },
        Meaning::Label => Binding::Label { up },
        Meaning::Variable(key) => Binding::Variable { up, key: *key },
        Meaning::Value => match up.checked_sub(1) {
            Some(up) => Binding::Scope { up },
            None => {
                let message =
                    format!("`{name}`, an alias of a value, in a value that is neither a struct nor a list");
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    position,
                    format!("{message}, is not supported"),
                ));
            }
        },
    })
}
