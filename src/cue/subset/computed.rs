//! What is computed: operands, conditions, arguments.

use std::rc::Rc;

use super::super::ast::{
    Binary, Binding, Element, Expression, Kind, Let, List, Name, Part, Position, Relation,
};
use super::super::error::Error;
use super::graph::Reading;
use super::places::{Meaning, Path, Step};
use super::{Mode, Walk, constant, is_package, outside};

impl<'a> Walk<'a> {
    /// Notes that what is here depends on what is there.
    fn reads(&mut self, position: Position, to: Path<'a>) {
        match &self.decides {
            Some(places) => {
                let reading = |from: &Path<'a>| Reading { position, from: from.clone(), to: to.clone() };
                self.readings.extend(places.iter().map(reading));
            }
            None => self.readings.push(Reading { position, from: self.path.clone(), to }),
        }
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
                let to = self.outer(depth).chain([Step::to(field)]).collect();
                self.reads(position, to);
                match (mode, field) {
                    (Mode::Plain | Mode::Matched, Name::Definition(_) | Name::Hidden(_)) if depth == 0 => {
                        self.compared.push((field, mode, position));
                        Ok(())
                    }
                    (Mode::Plain | Mode::Matched, _) => {
                        Err(outside(position, format!("a reference (`{name}`) in an alternative")))
                    }
                    (Mode::Any, _) => Ok(()),
                }
            }
            Meaning::Let(depth, clause) => {
                self.reads_let(position, depth, clause);
                if mode == Mode::Any { Ok(()) } else { constant(&clause.value) }
            }
            Meaning::Variable if mode == Mode::Any => Ok(()),
            Meaning::Variable => Err(outside(position, format!("a reference (`{name}`) in an alternative"))),
            Meaning::Itself(_) | Meaning::Odd => Err(outside(position, format!("a reference to `{name}`"))),
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
            Kind::Slice { .. } => Err(outside(position, "a slice")),
            Kind::Call { function, arguments } => {
                self.function(position, function)?;
                arguments.iter().try_for_each(|argument| self.computed(argument))
            }
            Kind::Unary { operand, .. } => self.computed(operand),
            Kind::Binary { operator: Binary::Unify, .. } => {
                Err(outside(position, "`&` within what is computed"))
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
                Err(outside(position, "a constraint within what is computed"))
            }
        }
    }

    fn computed_list(&mut self, list: &'a List) -> Result<(), Error> {
        if let Some(rest) = &list.rest {
            return Err(outside(rest.position, "an open list within what is computed"));
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
            Kind::Selector { name, .. } | Kind::Reference { binding: Binding::Field { name, .. }, .. } => {
                self.asked.push((of.position, Step::to(name)));
                self.chain(of, Vec::new())
            }
            _ => Err(outside(of.position, "a comparison of this with `_|_`")),
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
                Meaning::Variable => Ok(()),
                Meaning::Predeclared(_) => {
                    Err(outside(position, format!("`{name}` within what is computed")))
                }
                Meaning::Itself(_) | Meaning::Odd => {
                    Err(outside(position, format!("a reference to `{name}`")))
                }
            },
            Kind::Call { .. } | Kind::List(_) => self.computed(expression),
            _ => Err(outside(position, "a field or element of this")),
        }
    }

    fn reads_let(&mut self, position: Position, depth: usize, clause: &'a Let) {
        let to = self.outer(depth).chain([Step::Hidden(&clause.name)]).collect();
        self.reads(position, to);
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
        if matches!(field, Some(Name::Definition(_))) && !steps.is_empty() {
            return Err(outside(position, "a field of a definition"));
        }
        let to = self.outer(depth).chain(field.map(Step::to)).chain(steps.iter().rev().copied()).collect();
        self.reads(position, to);
        Ok(())
    }
}

fn is_bottom(expression: &Rc<Expression>) -> bool {
    matches!(expression.kind, Kind::Bottom)
}
