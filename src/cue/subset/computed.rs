//! What is computed: operands, conditions, arguments.

use std::rc::Rc;

use super::super::ast::{
    Binary, Binding, Element, Expression, Kind, Let, List, Name, Part, Position, Relation,
};
use super::super::error::Error;
use super::calls;
use super::decided::Extent;
use super::graph::Reading;
use super::places::{Meaning, Path, Step};
use super::reason::{Inner, Reason};
use super::{Mode, Walk, constant, is_package, outside};

/// How a reference looks at what it means.
#[derive(Debug, Clone, Copy)]
struct Look {
    extent: Extent,
    /// Whether it takes it over, as a constraint.
    takes: bool,
}

impl<'a> Walk<'a> {
    /// Notes that what is here depends on what is there.
    fn reads(&mut self, position: Position, to: Path<'a>, look: Look) {
        let Look { extent, takes } = look;
        let reading =
            |from: &Path<'a>| Reading { position, from: from.clone(), to: to.clone(), extent, takes };
        match &self.decides {
            Some(places) => self.notes.readings.extend(places.iter().map(reading)),
            None => self.notes.readings.push(reading(&self.path)),
        }
    }

    /// `a.b` as a constraint: what is there is taken over.
    pub(super) fn taken(&mut self, expression: &'a Expression) -> Result<(), Error> {
        if let Some(from) = self.scopes.place(&self.path, expression) {
            self.notes.decisions.taken.push((self.path.clone(), from));
        }
        self.computed(expression)
    }

    /// What a `for` runs over, or what is counted.
    pub(super) fn counted(&mut self, source: &'a Expression) -> Result<Option<Path<'a>>, Error> {
        let place = self.scopes.place(&self.path, source);
        let outer =
            std::mem::replace(&mut self.extent, if place.is_some() { Extent::Names } else { Extent::Whole });
        let done = self.computed(source);
        self.extent = outer;
        done.map(|()| place)
    }

    /// A name as a constraint: a definition, or a value.
    pub(super) fn reference(
        &mut self,
        position: Position,
        name: &str,
        binding: &'a Binding,
        mode: Mode,
    ) -> Result<(), Error> {
        match self.scopes.meaning(binding) {
            Meaning::Predeclared(_) => Ok(()),
            Meaning::Field(depth, field) => {
                let to: Path<'a> = self.outer(depth).chain([Step::to(field)]).collect();
                self.notes.decisions.taken.push((self.path.clone(), to.clone()));
                let takes = !matches!(field, Name::Regular(_));
                self.reads(position, to, Look { extent: Extent::Whole, takes });
                match (mode, field) {
                    (Mode::Plain | Mode::Matched, Name::Definition(_) | Name::Hidden(_)) if depth == 0 => {
                        self.compared.push((field, mode, position));
                        Ok(())
                    }
                    (Mode::Matched, _) => {
                        Err(outside(position, Reason::In(mode, Inner::Reference(name.to_owned()))))
                    }
                    (Mode::Plain, _) if !self.scopes.is_scalar(self.package, binding) => {
                        Err(outside(position, Reason::In(mode, Inner::NoScalar(name.to_owned()))))
                    }
                    (Mode::Any | Mode::Plain, _) => Ok(()),
                }
            }
            Meaning::Let(depth, clause) => {
                self.reads_let(position, depth, clause);
                if mode == Mode::Any { Ok(()) } else { constant(&clause.value, mode) }
            }
            Meaning::Variable(place) if mode == Mode::Any => {
                self.reads_below(position, place, &[]);
                Ok(())
            }
            Meaning::Variable(_) => {
                Err(outside(position, Reason::In(mode, Inner::Variable(name.to_owned()))))
            }
            Meaning::Itself(_) | Meaning::Odd => Err(outside(position, Reason::Name(name.to_string()))),
        }
    }

    pub(super) fn computed(&mut self, expression: &'a Expression) -> Result<(), Error> {
        let position = expression.position;
        match &expression.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Bytes(_) => Ok(()),
            Kind::Interpolation { parts, .. } => parts.iter().try_for_each(|part| match part {
                Part::Literal(_) => Ok(()),
                Part::Expression(value) => self.computed(value),
            }),
            Kind::Reference { .. } => self.chain(expression, Vec::new()),
            Kind::Selector { operand, .. } if is_package(operand) => Ok(()),
            Kind::Selector { .. } => self.chain(expression, Vec::new()),
            Kind::Index { operand, index } if matches!(operand.kind, Kind::List(_)) => {
                self.computed(index)?;
                self.computed(operand)
            }
            Kind::Index { .. } => self.chain(expression, Vec::new()),
            Kind::Slice { .. } => Err(outside(position, Reason::Slice)),
            Kind::Call { function, arguments } => {
                self.function(position, function)?;
                if let ([argument], true) = (&arguments[..], calls::counts(function)) {
                    return self.counted(argument).map(|_| ());
                }
                arguments.iter().try_for_each(|argument| self.computed(argument))
            }
            Kind::Unary { operand, .. } => self.computed(operand),
            Kind::Binary { operator: Binary::Unify, .. } => {
                Err(outside(position, Reason::Computed("`&`".to_owned())))
            }
            Kind::Binary {
                operator: Binary::Relation(Relation::Equal | Relation::NotEqual),
                left,
                right,
            } if is_bottom(left) || is_bottom(right) => {
                self.existence(if is_bottom(left) { right } else { left })
            }
            Kind::Binary { left, right, .. } => {
                self.computed(left)?;
                self.computed(right)
            }
            Kind::List(list) => self.computed_list(list),
            Kind::Struct(body) => {
                let outer = std::mem::replace(&mut self.is_computing, true);
                self.structure(body, Mode::Any)?;
                self.is_computing = outer;
                Ok(())
            }
            Kind::Bottom | Kind::Bound { .. } | Kind::Disjunction(_) => {
                Err(outside(position, Reason::Computed("a constraint".to_owned())))
            }
        }
    }

    fn computed_list(&mut self, list: &'a List) -> Result<(), Error> {
        if let Some(rest) = &list.rest {
            return Err(outside(rest.position, Reason::OpenList));
        }
        self.scopes.other();
        for element in &list.elements {
            match element {
                Element::Value(value) => self.computed(value)?,
                Element::Comprehension(comprehension) => self.comprehension(comprehension, None)?,
            }
        }
        self.scopes.pop();
        Ok(())
    }

    /// Whether a field is there: `a.b.c != _|_`.
    fn existence(&mut self, of: &'a Expression) -> Result<(), Error> {
        match &of.kind {
            Kind::Selector { .. }
            | Kind::Index { .. }
            | Kind::Reference { binding: Binding::Field { .. }, .. } => {
                self.chain(of, Vec::new())?;
                match self.scopes.place(&self.path, of) {
                    Some(path) => {
                        self.notes.decisions.asked.push((of.position, vec![path, self.path.clone()]));
                        Ok(())
                    }
                    None if calls::is_given(of) => Ok(()),
                    None => Err(outside(of.position, Reason::AsksOther)),
                }
            }
            _ => Err(outside(of.position, Reason::AsksOther)),
        }
    }

    /// `a.b["c"][0]`; `steps` are those that follow, the last first.
    fn chain(&mut self, expression: &'a Expression, mut steps: Vec<Step<'a>>) -> Result<(), Error> {
        let position = expression.position;
        match &expression.kind {
            Kind::Selector { operand, name } => {
                steps.push(Step::to(name));
                self.chain(operand, steps)
            }
            Kind::Index { operand, index } => {
                self.computed(index)?;
                steps.push(Step::Any);
                self.chain(operand, steps)
            }
            Kind::Reference { name, binding } => match self.scopes.meaning(binding) {
                Meaning::Field(depth, field) => {
                    self.reads_chain(position, depth, Some(field), &steps);
                    Ok(())
                }
                Meaning::Itself(depth) if !steps.is_empty() => {
                    self.reads_chain(position, depth, None, &steps);
                    Ok(())
                }
                Meaning::Let(depth, clause) => {
                    self.reads_let(position, depth, clause);
                    if !steps.is_empty() {
                        let place = self.scopes.place(&self.path, expression);
                        self.reads_below(position, place, &steps);
                    }
                    Ok(())
                }
                Meaning::Variable(place) => {
                    self.reads_below(position, place, &steps);
                    Ok(())
                }
                Meaning::Predeclared(_) => Err(outside(position, Reason::Computed(format!("`{name}`")))),
                Meaning::Itself(_) | Meaning::Odd => Err(outside(position, Reason::Name(name.to_string()))),
            },
            Kind::Call { .. } | Kind::List(_) => self.computed(expression),
            _ => Err(outside(position, Reason::FieldOfThis)),
        }
    }

    fn reads_let(&mut self, position: Position, depth: usize, clause: &'a Let) {
        let to = self.outer(depth).chain([Step::Let(&clause.name)]).collect();
        self.reads(position, to, Look { extent: Extent::Whole, takes: false });
    }

    /// What a variable or a `let` means is read where that is.
    fn reads_below(&mut self, position: Position, place: Option<Path<'a>>, steps: &[Step<'a>]) {
        // What a `let` makes is read with it.
        let is_made = |place: &Path<'_>| place.iter().any(|step| matches!(step, Step::Let(_)));
        if let Some(place) = place.filter(|place| !is_made(place)) {
            let to = place.into_iter().chain(steps.iter().rev().copied()).collect();
            self.reads(position, to, Look { extent: self.extent, takes: false });
        }
    }

    /// The path of what lies this many steps below the top, around here.
    fn outer(&self, depth: usize) -> impl Iterator<Item = Step<'a>> + use<'_, 'a> {
        self.path.get(..depth).unwrap_or_default().iter().copied()
    }

    fn reads_chain(&mut self, position: Position, depth: usize, field: Option<&'a Name>, steps: &[Step<'a>]) {
        let to = self.outer(depth).chain(field.map(Step::to)).chain(steps.iter().rev().copied()).collect();
        self.reads(position, to, Look { extent: self.extent, takes: false });
    }
}

fn is_bottom(expression: &Rc<Expression>) -> bool {
    matches!(expression.kind, Kind::Bottom)
}
