//! Comprehensions: what their clauses yield.

use std::rc::Rc;

use super::expression::Value;
use super::node::{Conj, Conjunct, Env, Frame, NodeId, Scope};
use super::value::{Atom, Kinds};
use super::{Evaluator, Observation, Stop, shown};
use crate::cue::ast::{
    Binary, Binding, Clause, Comprehension, Declaration, Element, Expression, Kind, Name, Part, Position,
};
use crate::cue::error::ErrorKind;

impl<'a> Evaluator<'a> {
    /// Takes in what a comprehension of a struct yields.
    pub(crate) fn comprehension(
        &mut self,
        id: NodeId,
        comprehension: &'a Comprehension,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        for env in self.yields(id, comprehension, &task.env)? {
            let kind = Conj::Body(&comprehension.body);
            self.node_mut(id).derived.push(Conjunct { kind, env, ..task.clone() });
        }
        Ok(())
    }

    /// The scopes with which the body is yielded.
    pub(crate) fn yields(
        &mut self,
        id: NodeId,
        comprehension: &'a Comprehension,
        env: &Env<'a>,
    ) -> Result<Vec<Env<'a>>, Stop> {
        let mut scopes = vec![env.clone()];
        for clause in &comprehension.clauses {
            let mut next = Vec::new();
            for env in scopes {
                self.clause(id, clause, env, &mut next)?;
                if !self.step() {
                    return Err(self.too_deep());
                }
            }
            scopes = next;
        }
        Ok(scopes)
    }

    fn clause(
        &mut self,
        id: NodeId,
        clause: &'a Clause,
        env: Env<'a>,
        next: &mut Vec<Env<'a>>,
    ) -> Result<(), Stop> {
        match clause {
            Clause::If { condition, .. } => {
                let holds = self.bool_of(condition, &env, id);
                if let (Err(Stop::Wait(_)), Some(position), false) =
                    (&holds, composed(condition), self.comprehends)
                {
                    self.observations.push((id, Observation::Condition(position)));
                }
                if holds? {
                    next.push(env);
                }
            }
            Clause::Let { value, .. } => {
                let node = self.new_node(Some(id), super::node::Place::Inner);
                let conjunct = self.conjunct(Conj::Expression(value), env.clone(), value.position);
                self.node_mut(node).conjuncts.push(conjunct);
                next.push(Some(Rc::new(Scope { frame: Frame::Let { value: node }, up: env })));
            }
            Clause::For { source, .. } => {
                for (key, value) in self.source(id, source, &env)? {
                    if !self.step() {
                        return Err(self.too_deep());
                    }
                    next.push(Some(Rc::new(Scope { frame: Frame::For { key, value }, up: env.clone() })));
                }
            }
        }
        Ok(())
    }

    /// The elements or fields of what a `for` clause goes through.
    fn source(
        &mut self,
        id: NodeId,
        source: &'a Expression,
        env: &Env<'a>,
    ) -> Result<Vec<(Atom, NodeId)>, Stop> {
        let position = source.position;
        let value = self.value_of(source, env, id);
        let node = match self.of_kinds(value, Kinds::LIST.or(Kinds::STRUCT), source, env, id)? {
            Value::Node(node) => node,
            Value::Atom(other) => {
                let message = format!("cannot go through {other}: a list or a struct is needed");
                return Err(Stop::fail(ErrorKind::Operation, position, message));
            }
        };
        self.read_whole(node);
        let this = self.node(node);
        if let Some((_, Some(why))) =
            this.tasks.iter().find(|(task, _)| !matches!(task.kind, Conj::Pattern(_)))
        {
            return Err(Stop::Wait(why.clone()));
        }
        let this = self.node(node);
        if this.kinds == Kinds::LIST {
            let items = self.items(node);
            self.observe(node, Observation::Items(items.len()));
            return Ok(items
                .into_iter()
                .enumerate()
                .map(|(index, node)| (Atom::Number(index.into()), node))
                .collect());
        }
        let fields: Vec<_> = this
            .regular()
            .map(|arc| {
                let label = match &arc.name {
                    Name::Regular(text) => text.clone(),
                    other => shown(other).into(),
                };
                (Atom::String(label), arc.node)
            })
            .collect();
        self.observe(node, Observation::Fields(fields.len()));
        Ok(fields)
    }
}

/// Where a condition unifies what is not known: cosign's evaluator takes such a condition for false in a list.
fn composed(condition: &Expression) -> Option<Position> {
    let embeds = |declaration: &Declaration| !matches!(declaration, Declaration::Field(_));
    match &condition.kind {
        Kind::Binary { operator: Binary::Unify, .. } | Kind::Disjunction(_) => Some(condition.position),
        Kind::Struct(body) if body.declarations.iter().any(embeds) => Some(condition.position),
        Kind::Call { function, arguments } => match &function.kind {
            Kind::Reference { name, binding: Binding::Predeclared(_) } if matches!(&**name, "and" | "or") => {
                Some(condition.position)
            }
            _ => arguments.iter().find_map(composed),
        },
        Kind::List(list) => list.elements.iter().find_map(|element| match element {
            Element::Value(value) => composed(value),
            Element::Comprehension(_) => None,
        }),
        Kind::Interpolation { parts, .. } => parts.iter().find_map(|part| match part {
            Part::Expression(expression) => composed(expression),
            Part::Literal(_) => None,
        }),
        Kind::Binary { left, right, .. } => composed(left).or_else(|| composed(right)),
        Kind::Unary { operand, .. } | Kind::Selector { operand, .. } => composed(operand),
        Kind::Index { operand, index } => composed(operand).or_else(|| composed(index)),
        _ => None,
    }
}
