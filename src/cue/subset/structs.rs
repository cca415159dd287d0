//! Structs: their fields, what is embedded in them, comprehensions.

use super::super::ast::{
    Binary, Clause, Comprehension, Declaration, Expression, Field, Kind, Label, Name, Presence, Struct,
};
use super::super::error::Error;
use super::places::{Meaning, Path, Step};
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
                return Err(outside(clause.position, "`let` in an alternative"));
            }
            self.at(Step::Hidden(&clause.name), |walk| walk.computed(&clause.value))?;
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
                self.constraint(&pattern.pattern, Mode::Plain)?;
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
                Err(outside(comprehension.position, "a comprehension in an alternative"))
            }
            Declaration::Ellipsis(_) => Ok(()),
        }
    }

    fn field(&mut self, field: &'a Field, mode: Mode) -> Result<(), Error> {
        let step = match &field.label {
            Label::Fixed(name) => {
                if field.presence != Presence::Regular && !matches!(name, Name::Regular(_)) {
                    return Err(outside(
                        field.position,
                        "an optional or required definition or hidden field",
                    ));
                }
                Step::to(name)
            }
            Label::Dynamic(label) if let Kind::String(label) = &label.kind => Step::Field(label),
            Label::Dynamic(label) if mode == Mode::Any => {
                self.computed(label)?;
                Step::Any
            }
            Label::Dynamic(_) => return Err(outside(field.position, "a computed label in an alternative")),
        };
        if !is_struct(&field.value) {
            self.others.push(step);
        }
        self.value(step, &field.value, mode)
    }

    /// A definition, a struct, or several.
    fn embedding(&mut self, expression: &'a Expression, mode: Mode) -> Result<(), Error> {
        match &expression.kind {
            Kind::Struct(_) => self.constraint(expression, mode),
            Kind::Reference { binding, .. } => match self.scopes.meaning(binding) {
                Meaning::Field(0, _) | Meaning::Predeclared("_") => self.constraint(expression, mode),
                _ => Err(outside(expression.position, "embedding what is not declared at the top of a file")),
            },
            Kind::Binary { operator: Binary::Unify, left, right } => {
                self.embedding(left, mode)?;
                self.embedding(right, mode)
            }
            _ => Err(outside(expression.position, "embedding anything but structs and definitions")),
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
                    self.computed(source)?;
                    self.scopes.other();
                }
                Clause::If { condition, .. } => self.computed(condition)?,
                Clause::Let { value, .. } => {
                    self.computed(value)?;
                    self.scopes.other();
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
        let Some(fields) = yields::fields(self.package, &comprehension.body) else {
            return Err(outside(
                position,
                "a comprehension that yields what is not written in it or in definitions",
            ));
        };
        let whole =
            |other: &Declaration| matches!(other, Declaration::Comprehension(_) | Declaration::Ellipsis(_));
        let alone = around.declarations.iter().all(whole);
        let place = self.path.last().copied();
        if alone && !matches!(place, Some(Step::Hidden(_))) && !self.is_computing {
            return Err(outside(
                position,
                "a comprehension that makes up a struct other than a hidden field (`_a: {for ..}`)",
            ));
        }
        for Yield { step, presence, value } in &fields {
            self.added.push(*step);
            if alone {
                continue;
            }
            self.decided.push(*step);
            if matches!(value.kind, Kind::Struct(_)) {
                self.structs.push((position, *step));
            }
            if !yields::adds_nothing(*presence, value, declares(around, *step)) {
                let what =
                    "a comprehension that adds a field which is not there without it (`a!:` demands it)";
                return Err(outside(value.position, what));
            }
        }
        self.mixes |= !alone;
        if alone {
            self.structs.extend(place.map(|step| (position, step)));
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

/// Whether a struct has a field of this name of its own.
fn declares(body: &Struct, step: Step<'_>) -> bool {
    body.declarations.iter().any(|declaration| match declaration {
        Declaration::Field(field) => {
            field.presence == Presence::Regular && Step::labelled(&field.label) == step && step != Step::Any
        }
        _ => false,
    })
}

/// Whether a value says nothing, or that it is a struct.
fn is_struct(value: &Expression) -> bool {
    match &value.kind {
        Kind::Struct(_) => true,
        Kind::Reference { name, .. } => &**name == "_",
        Kind::Binary { operator: Binary::Unify, left, right } => is_struct(left) && is_struct(right),
        _ => false,
    }
}
