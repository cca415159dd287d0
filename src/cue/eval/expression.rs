//! Expressions: what waits in a node, and values of operands.

use std::rc::Rc;

use super::node::{Conj, Conjunct, Env, NodeId, Phase};
use super::reference::{Target, is_package, names_definition};
use super::value::{Atom, Bound, Kinds};
use super::{Evaluator, MAX_NESTING, Observation, Stop, close};
use crate::cue::ast::{Binary, Binding, Expression, Kind, Part, Position, Relation, Unary};
use crate::cue::error::{Error, ErrorKind};

/// The value of an operand.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Atom(Atom),
    /// A struct or a list.
    Node(NodeId),
}

impl<'a> Evaluator<'a> {
    /// Takes in what waited; nothing has changed where it must wait on.
    pub(crate) fn attempt(&mut self, id: NodeId, task: &Conjunct<'a>) -> Result<(), Stop> {
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let comprehends =
            std::mem::replace(&mut self.comprehends, matches!(task.kind, Conj::Comprehension(_)));
        let (before, cause) = self.task_reads(id, task);
        let task = &Conjunct { cause, ..task.clone() };
        let result = match task.kind {
            Conj::Expression(expression) => self.attempt_expression(id, expression, task),
            Conj::Comprehension(comprehension) => self.comprehension(id, comprehension, task),
            Conj::Dynamic(field) => self.dynamic(id, field, task),
            Conj::Pattern(pattern) => self.pattern_rule(id, pattern, task),
            Conj::Node(node) => {
                self.follow(id, node, task, false);
                Ok(())
            }
            _ => Ok(()),
        };
        self.reads_again(before);
        self.comprehends = comprehends;
        self.nesting -= 1;
        self.heeding_limits(result)
    }

    fn attempt_expression(
        &mut self,
        id: NodeId,
        expression: &'a Expression,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = expression.position;
        match &expression.kind {
            Kind::Reference { name, binding } if !matches!(binding, Binding::Package(_)) => {
                match self.resolve(name, binding, &task.env, position)? {
                    Target::Node(node) => self.follow(id, node, task, names_definition(expression)),
                    Target::Atom(atom) => self.set(id, atom, position),
                    Target::Expression(value, env) => {
                        let kind = Conj::Expression(value);
                        let close = self.refer(id, task.close, false, false);
                        self.node_mut(id).derived.push(Conjunct {
                            kind,
                            env,
                            close,
                            position: value.position,
                            ..task.clone()
                        });
                    }
                }
                Ok(())
            }
            Kind::Selector { operand, name } if is_package(operand) => {
                self.member(id, expression, operand, name, task)
            }
            Kind::Selector { .. } | Kind::Index { .. } => {
                let node = self.node_named(expression, &task.env, id)?;
                self.follow(id, node, task, names_definition(expression));
                Ok(())
            }
            Kind::List(list) => self.list(id, list, task),
            Kind::Slice { operand, low, high } => {
                self.slice(id, operand, low.as_deref(), high.as_deref(), task)
            }
            Kind::Bound { operator, operand } => {
                let limit = self.operand(operand, &task.env, id);
                let kinds = match operator {
                    Relation::NotEqual => Kinds(Kinds::TOP.0 & !Kinds::BOOL.0),
                    Relation::Matches | Relation::MatchesNot => Kinds::TOP,
                    _ => Kinds::NUMBER.or(Kinds::STRING).or(Kinds::BYTES),
                };
                let limit = self.of_kinds(limit, kinds, operand, &task.env, id)?;
                self.limit(id, *operator, &limit, task)
            }
            Kind::Call { function, arguments } => self.call(id, expression, function, arguments, task),
            _ => {
                let value = self.compute(expression, &task.env, id)?;
                self.note(id, task.close, 0);
                match value {
                    Value::Atom(atom) => self.set(id, atom, position),
                    Value::Node(node) => self.follow(id, node, task, false),
                }
                Ok(())
            }
        }
    }

    /// A bound; of a struct or a list there is `!=` alone.
    fn limit(
        &mut self,
        id: NodeId,
        relation: Relation,
        limit: &Value,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        let flags = if relation == Relation::NotEqual { close::LIST } else { 0 };
        match limit {
            Value::Atom(limit) => {
                self.note(id, task.close, flags);
                self.bound(id, Bound { relation, limit: limit.clone(), position, sized: false })
            }
            Value::Node(node) if relation == Relation::NotEqual => {
                let limit = self.concrete(*node, position)?;
                self.note(id, task.close, flags);
                let check = super::node::Check::Differs(Rc::new(limit));
                let kinds = self.node(*node).kinds;
                self.node_mut(id).validators.push(super::node::Validator { check, env: None, position });
                self.narrow(id, kinds, position);
                Ok(())
            }
            Value::Node(_) => {
                Err(Stop::fail(ErrorKind::Operation, position, "a struct or a list has no order"))
            }
        }
    }

    /// A scalar; the node that asks is not known.
    pub(crate) fn atom_of(&mut self, expression: &'a Expression, env: &Env<'a>) -> Result<Atom, Stop> {
        self.atom_of_at(expression, env, NodeId(0))
    }

    /// A scalar.
    pub(crate) fn atom_of_at(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Atom, Stop> {
        let value = self.value_of(expression, env, at)?;
        self.scalar(value, expression)
    }

    /// A value that must be a scalar.
    pub(crate) fn scalar(&self, value: Value, expression: &Expression) -> Result<Atom, Stop> {
        match value {
            Value::Atom(atom) => Ok(atom),
            Value::Node(node) => {
                let message = format!("{} cannot be used here", self.describe(node));
                Err(Stop::fail(ErrorKind::Operation, expression.position, message))
            }
        }
    }

    /// A concrete operand.
    pub(crate) fn value_of(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Value, Stop> {
        if let Some(atom) = super::unify::atom(expression) {
            return Ok(Value::Atom(atom));
        }
        if !self.step() {
            return Err(self.too_deep());
        }
        match &expression.kind {
            Kind::Interpolation { .. } | Kind::Unary { .. } => return self.compute(expression, env, at),
            Kind::Binary { operator, .. } if *operator != Binary::Unify => {
                return self.compute(expression, env, at);
            }
            Kind::Reference { name, binding }
                if !matches!(binding, Binding::Predeclared(_) | Binding::Package(_)) =>
            {
                if let Target::Atom(atom) = self.resolve(name, binding, env, expression.position)? {
                    return Ok(Value::Atom(atom));
                }
            }
            _ => {}
        }
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let node = self.node_of(expression, env, at);
        let value = node.and_then(|node| self.read(node, expression));
        self.nesting -= 1;
        value
    }

    /// The concrete value of a node.
    pub(crate) fn read(&mut self, node: NodeId, by: &Expression) -> Result<Value, Stop> {
        self.read_value(node);
        self.eval(node);
        let settled = self.settled(node);
        let this = self.node(settled);
        if let Some(error) = &this.error {
            return Err(Stop::Fail(error.clone()));
        }
        if let Some((atom, _)) = &this.atom {
            // With a constraint that is not known yet cosign's evaluator takes it for a value in some places alone.
            let open = |why: &Option<Box<Error>>| {
                why.as_ref().is_some_and(|why| matches!(why.kind, ErrorKind::Incomplete | ErrorKind::Absent))
            };
            if this.phase == Phase::Done
                && let Some((_, Some(why))) = this.tasks.iter().find(|(_, why)| open(why))
            {
                let why = why.clone();
                self.observations.push((node, Observation::Open));
                return Err(Stop::Wait(why));
            }
            let atom = atom.clone();
            if self.node(node).unsure {
                self.observations.push((node, Observation::Unsure));
            }
            self.observe(node, Observation::Atom(atom.clone()));
            return Ok(Value::Atom(atom));
        }
        if self.ambiguous(node) {
            if self.node(node).unsure {
                self.observations.push((node, Observation::Unsure));
            }
            self.merged(node, by.position);
            let mut error = Error::new(ErrorKind::Incomplete, by.position, "an undecided disjunction");
            error.path = self.path(node);
            return Err(Stop::Wait(Box::new(error)));
        }
        if this.has_parts() {
            return Ok(Value::Node(settled));
        }
        self.maybe_struct(settled, by.position);
        let this = self.node(settled);
        if super::operands::needs_value(by) {
            let message = format!("a concrete value is needed, not {}", this.kinds);
            return Err(Stop::fail(ErrorKind::Operation, by.position, message));
        }
        self.visit(node);
        let this = self.node(settled);
        let (kind, message) = if this.phase == Phase::Busy {
            (ErrorKind::Cycle, "the value depends on itself".to_owned())
        } else if let Some(why) =
            this.tasks.iter().find_map(|(_, why)| why.as_ref()).filter(|why| why.kind == ErrorKind::Cycle)
        {
            (ErrorKind::Cycle, why.message.clone())
        } else {
            (ErrorKind::Incomplete, format!("a value that is not known yet ({})", this.kinds))
        };
        let mut error = Error::new(kind, by.position, message);
        error.path = self.path(node);
        Err(Stop::Wait(Box::new(error)))
    }

    /// Operators and interpolations.
    fn compute(&mut self, expression: &'a Expression, env: &Env<'a>, at: NodeId) -> Result<Value, Stop> {
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let value = self.compute_nested(expression, env, at);
        let value = self.heeding_limits(value);
        self.nesting -= 1;
        match &value {
            Ok(Value::Atom(Atom::String(text))) => self.count_text(text.len())?,
            Ok(Value::Atom(Atom::Bytes(bytes))) => self.count_text(bytes.len())?,
            _ => {}
        }
        value
    }

    fn compute_nested(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Value, Stop> {
        let position = expression.position;
        match &expression.kind {
            Kind::Interpolation { bytes, parts } => self.interpolation((*bytes, position), parts, env, at),
            Kind::Unary { operator, operand } => {
                let kinds = if *operator == Unary::Not { Kinds::BOOL } else { Kinds::NUMBER };
                let value = self.atom_operand(operand, env, at);
                let operand = self.of_kinds(value, kinds, operand, env, at)?;
                super::arithmetic::unary(*operator, &operand, position).map(Value::Atom)
            }
            Kind::Binary { operator: Binary::Relation(relation), left, right } => {
                if let Some(bottom) = self.against_bottom(*relation, left, right, env, at)? {
                    return Ok(Value::Atom(Atom::Bool(bottom)));
                }
                let (left, right) = both(self.operand(left, env, at), self.operand(right, env, at))?;
                self.compare(*relation, &left, &right, position).map(|result| Value::Atom(Atom::Bool(result)))
            }
            Kind::Binary { operator: operator @ (Binary::And | Binary::Or), left, right } => {
                let stops = Atom::Bool(*operator == Binary::Or);
                let (first, second) = (self.operand(left, env, at), self.operand(right, env, at));
                if let (Ok(Value::Atom(known)), Ok(_)) = (&first, &second)
                    && *known == stops
                {
                    // The other one may be of any kind, but no error.
                    return Ok(Value::Atom(stops));
                }
                let (first, second) = both(first, second)?;
                self.condition(first, left)?;
                self.condition(second, right).map(|value| Value::Atom(Atom::Bool(value)))
            }
            Kind::Binary { operator, left, right } => {
                let (left, right) =
                    both(self.atom_operand(left, env, at), self.atom_operand(right, env, at))?;
                super::arithmetic::binary(*operator, &left, &right, position).map(Value::Atom)
            }
            _ => {
                let message = "this expression is not supported here";
                Err(Stop::fail(ErrorKind::Unsupported, position, message))
            }
        }
    }

    /// A condition.
    pub(crate) fn bool_of(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<bool, Stop> {
        let value = self.operand(expression, env, at);
        let value = self.of_kinds(value, Kinds::BOOL, expression, env, at)?;
        self.condition(value, expression)
    }

    fn condition(&self, value: Value, expression: &Expression) -> Result<bool, Stop> {
        match value {
            Value::Atom(Atom::Bool(value)) => Ok(value),
            Value::Atom(other) => {
                let message = format!("a condition must be a bool, not {other}");
                Err(Stop::fail(ErrorKind::Operation, expression.position, message))
            }
            Value::Node(_) => {
                Err(Stop::fail(ErrorKind::Operation, expression.position, "a condition must be a bool"))
            }
        }
    }

    fn interpolation(
        &mut self,
        (bytes, position): (bool, Position),
        parts: &'a [Part],
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Value, Stop> {
        let mut text: Vec<u8> = Vec::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.extend_from_slice(literal),
                Part::Expression(expression) => match self.atom_operand(expression, env, at)? {
                    Atom::String(inner) => text.extend_from_slice(inner.as_bytes()),
                    Atom::Bytes(inner) if bytes => text.extend_from_slice(&inner),
                    Atom::Bytes(inner) => text.extend_from_slice(String::from_utf8_lossy(&inner).as_bytes()),
                    Atom::Null => {
                        return Err(Stop::fail(
                            ErrorKind::Operation,
                            expression.position,
                            "null in an interpolation",
                        ));
                    }
                    other => text.extend_from_slice(other.to_string().as_bytes()),
                },
            }
            super::arithmetic::size(text.len(), position)?;
        }
        let atom = if bytes {
            Atom::Bytes(text.into())
        } else {
            Atom::String(String::from_utf8_lossy(&text).into())
        };
        Ok(Value::Atom(atom))
    }

    /// `x == _|_`, `x != _|_`: whether `x` is an error or not there.
    fn against_bottom(
        &mut self,
        relation: Relation,
        left: &'a Expression,
        right: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<Option<bool>, Stop> {
        let is = |expression: &Expression| matches!(expression.kind, Kind::Bottom);
        let operand = match (is(left), is(right)) {
            (false, true) => left,
            (true, false) => right,
            (true, true) => return Ok(Some(relation == Relation::Equal)),
            (false, false) => return Ok(None),
        };
        if let Kind::Call { function, .. } = &operand.kind
            && let Kind::Reference { name, .. } = &function.kind
            && name.starts_with("match")
        {
            return Err(Stop::fail(ErrorKind::Cycle, operand.position, format!("`{name}` is no value")));
        }
        let bottom = self.is_bottom(operand, env, at)?;
        match relation {
            Relation::Equal => Ok(Some(bottom)),
            Relation::NotEqual => Ok(Some(!bottom)),
            _ => Err(Stop::fail(
                ErrorKind::Operation,
                operand.position,
                "an error can only be compared with == and !=",
            )),
        }
    }

    /// Whether cosign's evaluator takes an operand for an error: also where only the type of a scalar is known.
    fn is_bottom(&mut self, operand: &'a Expression, env: &Env<'a>, at: NodeId) -> Result<bool, Stop> {
        match self.node_of(operand, env, at) {
            Ok(node) => {
                self.read_whole(node);
                self.eval(node);
                self.hasty(node, operand.position);
                if self.node(node).unsure {
                    self.observations.push((node, Observation::Unsure));
                }
                if self.ambiguous(node) {
                    self.merged(node, operand.position);
                }
                let settled = self.settled(node);
                if self.node(settled).error.is_none() {
                    self.finish(settled);
                }
                let this = self.node(settled);
                // A scalar without a value counts as an error; a disjunction, a struct or a list does not.
                let open = this.atom.is_none()
                    && !self.ambiguous(node)
                    && (!this.kinds.meets(Kinds::PARTED) || self.too_few(settled));
                let bottom = open || !this.tasks.is_empty() || self.first_error(settled).is_some();
                self.observe(node, if bottom { Observation::Bottom } else { Observation::Sound });
                Ok(bottom)
            }
            Err(Stop::Wait(_)) => {
                self.absence(operand, env, at);
                Ok(true)
            }
            Err(Stop::Fail(error)) => self.heeding_limits(Err(Stop::Fail(error))).or(Ok(true)),
        }
    }

    /// Notes which field was found missing.
    fn absence(&mut self, operand: &'a Expression, env: &Env<'a>, at: NodeId) {
        let mut operand = operand;
        loop {
            match &operand.kind {
                Kind::Selector { operand: inner, name } => {
                    if let Ok(node) = self.node_of(inner, env, at) {
                        return self.observe(node, Observation::Absent(name.clone()));
                    }
                    operand = inner;
                }
                Kind::Index { operand: inner, .. } => operand = inner,
                Kind::Reference { binding: Binding::Field { up, name }, .. } => {
                    if let Some(node) = super::reference::struct_of(env, *up) {
                        self.observations.push((node, Observation::Absent(name.clone())));
                    }
                    return;
                }
                _ => return,
            }
        }
    }
}

/// Two operands; an error counts before what is not known yet.
pub(crate) fn both<T>(left: Result<T, Stop>, right: Result<T, Stop>) -> Result<(T, T), Stop> {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok((left, right)),
        (Err(Stop::Wait(_)), Err(Stop::Fail(error))) => Err(Stop::Fail(error)),
        (Err(stop), _) | (_, Err(stop)) => Err(stop),
    }
}

/// For messages.
pub(crate) fn unary_sign(operator: Unary) -> &'static str {
    match operator {
        Unary::Minus => "-",
        Unary::Plus => "+",
        Unary::Not => "!",
    }
}
