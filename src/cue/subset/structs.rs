//! Structs: their fields, what is embedded in them, comprehensions.

use super::super::ast::{
    Binary, Clause, Comprehension, Declaration, Expression, Field, Kind, Label, Name, Presence, Struct,
};
use super::super::error::Error;
use super::calls;
use super::decided::Added;
use super::places::{Meaning, PATTERN, Path, Step};
use super::reason::{Inner, Reason};
use super::yields::Yield;
use super::{Mode, Walk, outside, yields};

impl<'a> Walk<'a> {
    /// Whether there is a definition of this name at the top; all of its declarations must be of this mode.
    pub(super) fn definition(&mut self, name: &'a Name, mode: Mode) -> Result<bool, Error> {
        let mut found = false;
        for file in &self.package.files {
            self.scopes.structure(&file.body, 0);
            for declaration in &file.body.declarations {
                if let Declaration::Field(Field { label: Label::Fixed(label), value, .. }) = declaration
                    && label == name
                {
                    found = true;
                    self.at(Step::to(label), |walk| walk.constraint(value, mode))?;
                }
            }
            self.scopes.pop();
        }
        Ok(found)
    }

    pub(super) fn structure(&mut self, body: &'a Struct, mode: Mode) -> Result<(), Error> {
        self.scopes.structure(body, self.path.len());
        for clause in &body.lets {
            if mode >= Mode::Plain {
                return Err(outside(clause.position, Reason::In(mode, Inner::Let)));
            }
            self.at(Step::Let(&clause.name), |walk| walk.computed(&clause.value))?;
        }
        for declaration in &body.declarations {
            self.declaration(declaration, body, mode)?;
        }
        self.scopes.pop();
        Ok(())
    }

    fn declaration(
        &mut self,
        declaration: &'a Declaration,
        body: &'a Struct,
        mode: Mode,
    ) -> Result<(), Error> {
        match declaration {
            Declaration::Field(field) => self.field(field, mode),
            Declaration::Pattern(pattern) => {
                // What the names must be is not said of the struct.
                self.at(Step::Hidden(PATTERN), |walk| walk.constraint(&pattern.pattern, Mode::Plain))?;
                self.scopes.other();
                self.value(Step::Any, &pattern.value, mode)?;
                self.scopes.pop();
                Ok(())
            }
            Declaration::Embedding(expression) => self.embedding(expression, mode),
            Declaration::Comprehension(comprehension) if mode == Mode::Any => {
                self.comprehension(comprehension, Some(body))
            }
            Declaration::Comprehension(comprehension) => {
                Err(outside(comprehension.position, Reason::In(mode, Inner::Comprehension)))
            }
            Declaration::Ellipsis(_) => Ok(()),
        }
    }

    fn field(&mut self, field: &'a Field, mode: Mode) -> Result<(), Error> {
        let step = match &field.label {
            Label::Fixed(name) => {
                if field.presence != Presence::Regular && !matches!(name, Name::Regular(_)) {
                    return Err(outside(field.position, Reason::OptionalDefinition));
                }
                Step::to(name)
            }
            Label::Dynamic(label) if let Kind::String(label) = &label.kind => Step::Field(label),
            Label::Dynamic(label) if mode == Mode::Any => {
                self.computed(label)?;
                Step::labelled(&field.label)
            }
            Label::Dynamic(_) => return Err(outside(field.position, Reason::In(mode, Inner::Label))),
        };
        self.value(step, &field.value, mode)
    }

    /// Whether the disjunctions here were counted with the value in which they are.
    fn is_counted(&self) -> bool {
        !self.is_computing && self.counted == Some(self.path.len())
    }

    /// A definition, a struct, alternatives, or several.
    fn embedding(&mut self, expression: &'a Expression, mode: Mode) -> Result<(), Error> {
        match &expression.kind {
            Kind::Struct(_) => self.constraint(expression, mode),
            Kind::Reference { binding, .. } => match self.scopes.meaning(binding) {
                Meaning::Field(0, _) | Meaning::Predeclared("_") => self.constraint(expression, mode),
                _ => Err(outside(expression.position, Reason::EmbedsInner)),
            },
            Kind::Disjunction(_) if self.is_counted() => self.constraint(expression, mode),
            Kind::Call { function, .. } if self.is_counted() && calls::matches(function) => {
                self.constraint(expression, mode)
            }
            Kind::Binary { operator: Binary::Unify, left, right } => {
                self.embedding(left, mode)?;
                self.embedding(right, mode)
            }
            Kind::Bottom => Ok(()),
            Kind::Call { function, .. } if calls::fails(function) => self.constraint(expression, mode),
            _ => Err(outside(expression.position, Reason::EmbedsOther)),
        }
    }

    /// Clauses and what they yield: fields of the struct around them, or in a list one element.
    pub(super) fn comprehension(
        &mut self,
        comprehension: &'a Comprehension,
        around: Option<&'a Struct>,
    ) -> Result<(), Error> {
        let before = self.scopes.len();
        let decides = match around {
            Some(body) => self.added(comprehension, body)?,
            None => vec![self.path.clone()],
        };
        let outer = self.decides.replace(decides);
        for clause in &comprehension.clauses {
            match clause {
                Clause::For { source, .. } => {
                    let elements = self.counted(source)?.map(|mut place| {
                        place.push(Step::Any);
                        place
                    });
                    self.scopes.variable(elements);
                }
                Clause::If { condition, .. } => self.computed(condition)?,
                Clause::Let { value, .. } => {
                    self.computed(value)?;
                    let place = self.scopes.place(&self.path, value);
                    self.scopes.variable(place);
                }
            }
        }
        self.decides = outer;
        let body = &*comprehension.body;
        match around {
            None => self.at(Step::Any, |walk| walk.element(body))?,
            Some(_) => self.structure(body, Mode::Any)?,
        }
        self.scopes.truncate(before);
        Ok(())
    }

    /// The places that a comprehension decides about. What it adds to a struct with other fields must be there without it, or be demanded:
    /// cosign's evaluator may have counted and read the fields of the struct before.
    fn added(
        &mut self,
        comprehension: &'a Comprehension,
        around: &'a Struct,
    ) -> Result<Vec<Path<'a>>, Error> {
        let position = comprehension.position;
        let fields =
            yields::fields(self.package, &comprehension.body).map_err(|reason| outside(position, reason))?;
        let whole =
            |other: &Declaration| matches!(other, Declaration::Comprehension(_) | Declaration::Ellipsis(_));
        let alone = around.declarations.iter().all(whole);
        let place = self.path.last().copied();
        // What makes up a hidden field, or a value that is computed, is read as a whole.
        let is_helper = alone && (self.is_computing || matches!(place, Some(Step::Hidden(_) | Step::Let(_))));
        for Yield { step, value } in &fields {
            let is_struct = yields::may_be_struct(value);
            let path = [&self.path[..], &[*step]].concat();
            if is_struct && !is_helper {
                self.notes.decisions.structs.push((position, path.clone()));
            }
            self.notes.decisions.added.push(Added { position, path, is_struct, is_helper });
        }
        if alone {
            self.notes.decisions.structs.push((position, self.path.clone()));
        }
        Ok(fields.iter().map(|field| [&self.path[..], &[field.step]].concat()).collect())
    }

    /// What a comprehension in a list yields: a computed value, or a struct of such.
    fn element(&mut self, body: &'a Struct) -> Result<(), Error> {
        if let [Declaration::Embedding(value)] = &body.declarations[..]
            && body.lets.is_empty()
        {
            self.scopes.structure(body, self.path.len());
            self.computed(value)?;
            self.scopes.pop();
            return Ok(());
        }
        self.structure(body, Mode::Any)
    }
}
