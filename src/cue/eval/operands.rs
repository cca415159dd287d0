//! Operands and arguments: what is known of them before they have a value.

use super::calls::accepted;
use super::expression::Value;
use super::node::{Conj, Env, NodeId};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::{Binary, Binding, Expression, Kind, Position};
use crate::cue::data::Data;
use crate::cue::error::{Error, ErrorKind};
use crate::cue::pkg;

impl<'a> Evaluator<'a> {
    /// The value of an operand of an operator, of a condition, of a bound. cosign's evaluator wants it at once: where a reference
    /// has only led to another value that was not looked at yet, and has no scalar in the end, that is a cycle.
    pub(crate) fn operand(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Value, Stop> {
        if !matches!(expression.kind, Kind::Reference { .. } | Kind::Selector { .. } | Kind::Index { .. }) {
            return self.value_of(expression, env, at);
        }
        if let Ok(node) = self.node_of(expression, env, at) {
            self.eval(node);
            let name = matches!(expression.kind, Kind::Reference { .. });
            let (this, position) = (self.node(node), expression.position);
            if this.atom.is_none()
                && !this.visited
                && self.leads_on(node, name)
                && !(self.comprehends && self.precedes(node, at, position))
            {
                self.observations.push((node, super::Observation::Hasty(position)));
            } else {
                self.hasty(node, position);
            }
        }
        self.value_of(expression, env, at)
    }

    /// The same, a scalar.
    pub(crate) fn atom_operand(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Atom, Stop> {
        let value = self.operand(expression, env, at)?;
        self.scalar(value, expression)
    }

    /// Notes that a value is needed which waits, and is, or leads to, part of a value with alternatives that was not looked at yet.
    pub(crate) fn hasty(&mut self, node: NodeId, position: Position) {
        let this = self.node(node);
        if this.atom.is_some() {
            return;
        }
        let mut targets = vec![node];
        for conjunct in &this.derived {
            let mut link = conjunct.trail.as_ref();
            while let Some(step) = link {
                targets.push(step.target);
                link = step.up.as_ref();
            }
        }
        self.cost(targets.len());
        if targets
            .iter()
            .any(|target| !self.node(*target).tasks.is_empty() && self.in_new_alternative(*target))
        {
            self.observations.push((node, super::Observation::Hasty(position)));
        }
    }

    /// Whether a node is part of a value with alternatives that was not looked at yet.
    pub(crate) fn in_new_alternative(&self, node: NodeId) -> bool {
        let mut above = self.node(node).parent;
        while let Some(id) = above {
            self.cost(1);
            let this = self.node(id);
            if (this.origin != id || this.outcome.is_some()) && !self.node(this.origin).visited {
                return true;
            }
            above = this.parent;
        }
        false
    }

    /// Whether a value was declared in `at` before this position.
    fn precedes(&self, node: NodeId, at: NodeId, position: Position) -> bool {
        let this = self.node(node);
        if let (super::node::Place::Inner, Some(parent)) = (&this.place, this.parent)
            && !self.node(parent).lets.iter().any(|(_, _, known)| *known == node)
        {
            return false;
        }
        let mut above = Some(node);
        while let Some(id) = above {
            self.cost(1);
            if id == at {
                let this = self.node(node);
                return this.conjuncts.first().is_some_and(|conjunct| conjunct.position < position);
            }
            above = self.node(id).parent;
        }
        false
    }

    /// Whether a node is nothing but a reference to another one of which only types are known, and which was not looked at.
    fn leads_on(&self, node: NodeId, name: bool) -> bool {
        let this = self.node(node);
        let bare = this.bounds.iter().all(|bound| bound.sized);
        if !bare
            || !this.validators.is_empty()
            || !this.choices.is_empty()
            || name && self.in_definition(node)
        {
            return false;
        }
        if this.conjuncts.is_empty() || !this.conjuncts.iter().all(|conjunct| refers(&conjunct.kind)) {
            return false;
        }
        let mut targets = Vec::new();
        for conjunct in &this.derived {
            let mut link = conjunct.trail.as_ref();
            while let Some(step) = link {
                match &step.up {
                    Some(up) => link = Some(up),
                    None => {
                        targets.push(step.target);
                        break;
                    }
                }
            }
        }
        targets.sort();
        targets.dedup();
        targets.len() == 1 && targets.iter().all(|target| !self.node(*target).visited)
    }

    /// Concrete arguments; one that is an error counts before one that is not known yet.
    pub(crate) fn arguments(
        &mut self,
        id: NodeId,
        arguments: &'a [Expression],
        parameters: &[pkg::Parameter],
        env: &Env<'a>,
    ) -> Result<Vec<Data>, Stop> {
        let mut values = Vec::new();
        let mut waits = None;
        for (index, argument) in arguments.iter().enumerate() {
            let value =
                self.value_of(argument, env, id).and_then(|value| self.data_of(&value, argument.position));
            let kinds = parameters.get(index).map_or(Kinds::TOP, |parameter| accepted(*parameter));
            match self.of_kinds(value, kinds, argument, env, id) {
                Ok(value) => values.push(value),
                Err(Stop::Fail(error)) => return Err(Stop::Fail(error)),
                Err(wait) => waits = waits.or(Some(wait)),
            }
        }
        waits.map_or(Ok(values), Err)
    }

    /// Whether an argument itself is not known yet, and not only what is in it.
    pub(crate) fn lacks_an_argument(
        &mut self,
        arguments: &'a [Expression],
        env: &Env<'a>,
        at: NodeId,
    ) -> bool {
        arguments.iter().any(|argument| match self.value_of(argument, env, at) {
            Ok(Value::Node(node)) => !self.node(node).tasks.is_empty(),
            Ok(Value::Atom(_)) | Err(Stop::Fail(_)) => false,
            Err(Stop::Wait(_)) => true,
        })
    }

    /// An argument that is not known yet is an error where it can never be of the kinds that are needed.
    pub(crate) fn of_kinds<T>(
        &mut self,
        value: Result<T, Stop>,
        kinds: Kinds,
        argument: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<T, Stop> {
        if !matches!(value, Err(Stop::Wait(_))) {
            return value;
        }
        if let Ok(node) = self.node_of(argument, env, at) {
            let node = self.settled(node);
            if !self.node(node).kinds.meets(kinds) {
                let message = format!("an argument must be {kinds}, not {}", self.describe(node));
                return Err(Stop::fail(ErrorKind::Operation, argument.position, message));
            }
        }
        value
    }

    /// A function that finds an element compares also those that have no value yet; when they have one, the result may be
    /// another.
    pub(crate) fn undecided_list(&mut self, argument: &'a Expression, env: &Env<'a>, at: NodeId) -> bool {
        let Ok(Value::Node(node)) = self.value_of(argument, env, at) else { return false };
        let list = self.node(node);
        list.kinds == Kinds::LIST
            && list.tasks.is_empty()
            && matches!(self.concrete(node, argument.position), Err(Stop::Wait(_)))
    }

    /// Elements that have no value yet, and can never be of the kind that a function needs.
    pub(crate) fn check_elements(
        &mut self,
        function: (&str, &str),
        arguments: &'a [Expression],
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<(), Stop> {
        let kinds = match function {
            ("list", "Sum" | "Product" | "Avg" | "Max" | "Min") => Kinds::NUMBER,
            ("strings", "Join") | ("list", "SortStrings" | "IsSortedStrings") => Kinds::STRING,
            _ => return Ok(()),
        };
        let Some(argument) = arguments.first() else { return Ok(()) };
        let Ok(Value::Node(node)) = self.value_of(argument, env, at) else { return Ok(()) };
        if self.node(node).kinds != Kinds::LIST {
            return Ok(());
        }
        for item in self.items(node) {
            self.eval(item);
            let settled = self.settled(item);
            let this = self.node(settled);
            if this.atom.is_none() && this.literal && !this.tasks.is_empty() {
                let message = "cannot be decided: an element may be a struct";
                return Err(Stop::Wait(Box::new(Error::new(
                    ErrorKind::Undecided,
                    argument.position,
                    message,
                ))));
            }
            if !self.kinds_of(item).meets(kinds) {
                let message = format!("an element must be {kinds}, not {}", self.describe(settled));
                return Err(Stop::fail(ErrorKind::Operation, argument.position, message));
            }
        }
        Ok(())
    }

    /// `len(argument)`
    pub(crate) fn length(
        &mut self,
        argument: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<usize, Stop> {
        let value = self.value_of(argument, env, at);
        let kinds = Kinds::STRING.or(Kinds::BYTES).or(Kinds::LIST).or(Kinds::STRUCT);
        match self.of_kinds(value, kinds, argument, env, at)? {
            Value::Atom(Atom::String(text)) => Ok(text.len()),
            Value::Atom(Atom::Bytes(bytes)) => Ok(bytes.len()),
            Value::Atom(other) => {
                Err(Stop::fail(ErrorKind::Operation, argument.position, format!("`len` of {other}")))
            }
            Value::Node(node) if !self.node(node).tasks.is_empty() => match self.undecidable(node) {
                Some(why) => Err(Stop::Wait(why)),
                None => Err(Stop::wait(argument.position, "the elements or fields are not known yet")),
            },
            Value::Node(node) if self.node(node).kinds == Kinds::LIST => {
                let count = self.node(node).items.count();
                self.observe(node, super::Observation::Items(count));
                Ok(count)
            }
            Value::Node(node) => {
                let count = self.node(node).regular().count();
                self.observe(node, super::Observation::Fields(count));
                Ok(count)
            }
        }
    }
}

/// Whether a conjunct is a reference, or says nothing.
fn refers(kind: &Conj<'_>) -> bool {
    let Conj::Expression(expression) = kind else { return matches!(kind, Conj::Top | Conj::Node(_)) };
    is_reference(expression)
}

fn is_reference(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Reference { name, binding: Binding::Predeclared(_) } => **name == *"_",
        Kind::Reference { .. } | Kind::Selector { .. } | Kind::Index { .. } => true,
        Kind::Binary { operator: Binary::Unify, left, right } => is_reference(left) && is_reference(right),
        _ => false,
    }
}

/// Whether an expression can never have a concrete value: `int`, `<5`.
pub(super) fn needs_value(expression: &Expression) -> bool {
    matches!(&expression.kind, Kind::Reference { binding: Binding::Predeclared(_), .. } | Kind::Bound { .. })
}
