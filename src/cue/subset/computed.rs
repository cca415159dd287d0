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
use super::reason::Reason;
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
            Some(places) => self.readings.extend(places.iter().map(reading)),
            None => self.readings.push(reading(&self.path)),
        }
    }

    /// `a.b` as a constraint: what is there is taken over.
    pub(super) fn taken(&mut self, expression: &'a Expression) -> Result<(), Error> {
        if let Some(from) = self.place(expression) {
            self.decisions.taken.push((self.path.clone(), from));
        }
        self.computed(expression)
    }

    /// Where `a.b[0]` leads.
    fn place(&self, expression: &'a Expression) -> Option<Path<'a>> {
        match &expression.kind {
            Kind::Selector { operand, name } => Some([&self.place(operand)?[..], &[Step::to(name)]].concat()),
            Kind::Index { operand, .. } => Some([&self.place(operand)?[..], &[Step::Any]].concat()),
            Kind::Reference { binding, .. } => match self.scopes.meaning(binding) {
                Meaning::Field(depth, field) => Some(self.outer(depth).chain([Step::to(field)]).collect()),
                Meaning::Itself(depth) => Some(self.outer(depth).collect()),
                Meaning::Variable(source) => source.map(|source| [&source[..], &[Step::Any]].concat()),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a `for` runs over, or what is counted.
    pub(super) fn counted(&mut self, source: &'a Expression) -> Result<Option<Path<'a>>, Error> {
        let place = self.place(source);
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
                self.decisions.taken.push((self.path.clone(), to.clone()));
                let takes = !matches!(field, Name::Regular(_));
                self.reads(position, to, Look { extent: Extent::Whole, takes });
                match (mode, field) {
                    (Mode::Plain | Mode::Matched, Name::Definition(_) | Name::Hidden(_)) if depth == 0 => {
                        self.compared.push((field, mode, position));
                        Ok(())
                    }
                    (Mode::Matched, _) => Err(outside(position, Reason::ReferenceInMatch(name.to_owned()))),
                    (Mode::Plain, _) if !self.scopes.is_scalar(self.package, binding) => {
                        Err(outside(position, Reason::ReferenceInAlternative(name.to_owned())))
                    }
                    (Mode::Any | Mode::Plain, _) => Ok(()),
                }
            }
            Meaning::Let(depth, clause) => {
                self.reads_let(position, depth, clause);
                if mode == Mode::Any { Ok(()) } else { constant(&clause.value) }
            }
            Meaning::Variable(source) if mode == Mode::Any => {
                self.reads_variable(position, source, &[]);
                Ok(())
            }
            Meaning::Variable(_) => Err(outside(position, Reason::ReferenceInMatch(name.to_owned()))),
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
                if let Some(path) = self.place(of) {
                    self.decisions.asked.push((of.position, vec![path, self.path.clone()]));
                }
                self.chain(of, Vec::new())
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
                Meaning::Field(depth, field) => self.reads_chain(position, depth, Some(field), &steps),
                Meaning::Itself(depth) if !steps.is_empty() => {
                    self.reads_chain(position, depth, None, &steps)
                }
                Meaning::Let(depth, clause) => {
                    self.reads_let(position, depth, clause);
                    Ok(())
                }
                Meaning::Variable(source) => {
                    self.reads_variable(position, source, &steps);
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
        let to = self.outer(depth).chain([Step::Hidden(&clause.name)]).collect();
        self.reads(position, to, Look { extent: Extent::Whole, takes: false });
    }

    /// What a `for` runs over is read below its elements.
    fn reads_variable(&mut self, position: Position, source: Option<Path<'a>>, steps: &[Step<'a>]) {
        if let Some(source) = source {
            let to = source.into_iter().chain([Step::Any]).chain(steps.iter().rev().copied()).collect();
            self.reads(position, to, Look { extent: self.extent, takes: false });
        }
    }

    /// The path of what lies this many steps below the top, around here.
    fn outer(&self, depth: usize) -> impl Iterator<Item = Step<'a>> + use<'_, 'a> {
        self.path.get(..depth).unwrap_or_default().iter().copied()
    }

    fn reads_chain(
        &mut self,
        position: Position,
        depth: usize,
        field: Option<&'a Name>,
        steps: &[Step<'a>],
    ) -> Result<(), Error> {
        let to = self.outer(depth).chain(field.map(Step::to)).chain(steps.iter().rev().copied()).collect();
        self.reads(position, to, Look { extent: self.extent, takes: false });
        Ok(())
    }
}

fn is_bottom(expression: &Rc<Expression>) -> bool {
    matches!(expression.kind, Kind::Bottom)
}
