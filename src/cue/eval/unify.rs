//! One node: taking in its conjuncts.

use std::rc::Rc;

use super::node::{Choice, Conj, Conjunct, Disjuncts, Node, NodeId, Phase};
use super::value::{Atom, Kinds};
use super::{Evaluator, MAX_NESTING, Stop, close};
use crate::cue::ast::{Binary, Binding, Expression, Kind, Position, Presence};
use crate::cue::error::{Error, ErrorKind};
use crate::cue::number::Number;
use crate::cue::statement::Json;

impl<'a> Node<'a> {
    /// The fields that are there.
    pub(crate) fn regular(&self) -> impl Iterator<Item = &super::node::Arc> {
        use crate::cue::ast::Name;
        self.arcs
            .iter()
            .filter(|arc| arc.presence == Presence::Regular && matches!(arc.name, Name::Regular(_)))
    }
}

impl<'a> Evaluator<'a> {
    /// Takes in what a node has not yet taken in, as far as possible; its fields are not evaluated.
    pub(crate) fn eval(&mut self, id: NodeId) {
        if self.last && self.node(id).phase == Phase::Done && !self.node(id).late {
            self.look_again(id);
        }
        if self.node(id).phase != Phase::Fresh || self.fatal.is_some() {
            return;
        }
        if self.nesting > MAX_NESTING {
            self.too_deep();
            return;
        }
        self.nesting += 1;
        self.node_mut(id).phase = Phase::Busy;
        self.take_in(id);
        self.conclude(id);
        if self.node(id).choices.len() > self.node(id).decided.len() && self.node(id).error.is_none() {
            self.decide(id);
        }
        let this = self.node_mut(id);
        this.phase = Phase::Done;
        if !this.tasks.is_empty() {
            self.waiting.push(id);
        }
        self.nesting -= 1;
    }

    fn take_in(&mut self, id: NodeId) {
        loop {
            while let Some(conjunct) = self.node(id).conjuncts.get(self.node(id).next).cloned() {
                self.node_mut(id).next += 1;
                self.process(id, conjunct);
                if self.fatal.is_some() {
                    return;
                }
            }
            if let Some(conjunct) = self.node(id).derived.get(self.node(id).next_derived).cloned() {
                self.node_mut(id).next_derived += 1;
                self.process(id, conjunct);
                continue;
            }
            if !self.work(id) && self.settled_conjuncts(id) {
                return;
            }
        }
    }

    /// Whether all conjuncts were looked at.
    fn settled_conjuncts(&self, id: NodeId) -> bool {
        let this = self.node(id);
        this.next == this.conjuncts.len() && this.next_derived == this.derived.len()
    }

    /// Tries what waits, the simplest first; whether something could be done.
    fn work(&mut self, id: NodeId) -> bool {
        let mut tasks = std::mem::take(&mut self.node_mut(id).tasks);
        tasks.sort_by_key(|(task, _)| urgency(task));
        let (mut done, mut labels) = (false, false);
        let mut left = Vec::new();
        let mut queue = tasks.into_iter();
        for (task, why) in queue.by_ref() {
            let label = matches!(task.kind, Conj::Dynamic(_));
            if done && urgency(&task) > 1 && !(labels && label) {
                // What was learned may matter to what comes before it; of one computed label it does not to the next.
                left.push((task, why));
                continue;
            }
            match self.attempt(id, &task) {
                Ok(()) => (done, labels) = (true, label && (labels || !done)),
                Err(Stop::Wait(error)) => left.push((task, Some(error))),
                Err(Stop::Fail(error)) => {
                    self.fail(id, error);
                    done = true;
                }
            }
            if self.fatal.is_some() {
                return false;
            }
        }
        let this = self.node_mut(id);
        left.append(&mut this.tasks);
        this.tasks = left;
        done
    }

    /// Tries again what waits in a node that was done.
    pub(crate) fn retry(&mut self, id: NodeId) {
        if self.node(id).phase != Phase::Done || self.node(id).tasks.is_empty() {
            return;
        }
        self.node_mut(id).phase = Phase::Busy;
        let before = self.node(id).tasks.len();
        let done = self.work(id);
        let this = self.node_mut(id);
        this.phase = if done { Phase::Fresh } else { Phase::Done };
        if done || this.tasks.len() != before {
            this.outcome = None;
            self.progress = true;
            // An attempt is part of another node, which must choose again.
            let mut at = Some(id);
            while let Some(part) = at {
                let (origin, parent) = (self.node(part).origin, self.node(part).parent);
                if origin != part {
                    let owner = self.node_mut(origin);
                    owner.outcome = None;
                    owner.finished = false;
                    if owner.phase == Phase::Done {
                        owner.phase = Phase::Fresh;
                    }
                }
                at = parent;
            }
        } else {
            self.waiting.push(id);
        }
    }

    /// Notes an error; the first one counts.
    pub(crate) fn fail(&mut self, id: NodeId, mut error: Box<Error>) {
        if matches!(error.kind, ErrorKind::Limit | ErrorKind::Unsupported) {
            self.stop((*error).clone());
        }
        if error.path.is_empty() {
            error.path = self.path(id);
        }
        self.node_mut(id).error.get_or_insert(error);
    }

    /// Takes in what needs no other node's value; the rest becomes a task.
    fn process(&mut self, id: NodeId, conjunct: Conjunct<'a>) {
        if !self.step() {
            return;
        }
        match conjunct.kind {
            Conj::File(body) => self.literal(id, body, &conjunct, false),
            Conj::Body(body) => self.literal(id, body, &conjunct, conjunct.close.embedded),
            Conj::Data(json) => self.data(id, json, &conjunct),
            Conj::Copy(from) => self.copy(id, from, &conjunct),
            Conj::Top => self.note(id, conjunct.close, close::TOP),
            Conj::Expression(expression) => self.process_expression(id, expression, conjunct),
            _ => self.node_mut(id).tasks.push((conjunct, None)),
        }
    }

    fn process_expression(&mut self, id: NodeId, expression: &'a Expression, conjunct: Conjunct<'a>) {
        let position = expression.position;
        let part = |expression: &'a Expression| Conjunct {
            kind: Conj::Expression(expression),
            position: expression.position,
            ..conjunct.clone()
        };
        match &expression.kind {
            Kind::Struct(body) => self.literal(id, body, &conjunct, false),
            Kind::Binary { operator: Binary::Unify, left, right } => {
                let (left, right) = (part(left), part(right));
                self.process_nested(id, left);
                self.process_nested(id, right);
            }
            Kind::Disjunction(disjuncts) => {
                self.note(id, conjunct.close, 0);
                self.choose(id, expression, Disjuncts::Written(disjuncts), conjunct);
            }
            Kind::Reference { binding: Binding::Predeclared(name), .. } => {
                if let Err(Stop::Fail(error)) = self.predeclared(id, name, &conjunct) {
                    self.fail(id, error);
                }
            }
            Kind::Bottom => self.fail(
                id,
                Box::new(Error::new(ErrorKind::Explicit, position, "explicit error (_|_ literal)")),
            ),
            _ => match atom(expression) {
                Some(atom) => {
                    self.note(id, conjunct.close, 0);
                    self.set(id, atom, position);
                }
                None => self.node_mut(id).tasks.push((conjunct, None)),
            },
        }
    }

    fn process_nested(&mut self, id: NodeId, conjunct: Conjunct<'a>) {
        if self.nesting > MAX_NESTING {
            self.too_deep();
            return;
        }
        self.nesting += 1;
        self.process(id, conjunct);
        self.nesting -= 1;
    }

    /// Records a disjunction, or takes in the side of it that was decided on.
    pub(crate) fn choose(
        &mut self,
        id: NodeId,
        by: *const Expression,
        disjuncts: Disjuncts<'a>,
        conjunct: Conjunct<'a>,
    ) {
        let this = self.node_mut(id);
        let key = (by, this.choices.iter().filter(|choice| choice.key.0 == by).count());
        this.choices.push(Choice { key, disjuncts: disjuncts.clone(), conjunct: conjunct.clone() });
        let Some(&(_, side)) = this.decided.iter().find(|(decided, _)| *decided == key) else { return };
        let (mode, kind, position) = match disjuncts {
            Disjuncts::Written(disjuncts) => {
                let value = &disjuncts[side].value;
                (super::disjunction::mode(disjuncts, side), Conj::Expression(value), value.position)
            }
            Disjuncts::Nodes(nodes) => {
                (super::node::Mode::Unmarked, Conj::Node(nodes[side]), conjunct.position)
            }
            Disjuncts::Values(nodes) => {
                (super::node::Mode::Unmarked, Conj::Copy(nodes[side]), conjunct.position)
            }
        };
        let this = self.node_mut(id);
        this.mode = this.mode.max(mode);
        self.process_nested(id, Conjunct { kind, position, sided: true, ..conjunct });
    }

    /// `int`, `uint8`, `_`, ...
    fn predeclared(&mut self, id: NodeId, name: &str, conjunct: &Conjunct<'a>) -> Result<(), Stop> {
        let position = conjunct.position;
        if name == "_" {
            self.note(id, conjunct.close, close::TOP);
            return Ok(());
        }
        self.note(id, conjunct.close, 0);
        let kinds = match name {
            "bool" => Kinds::BOOL,
            "int" => Kinds::INT,
            "float" => Kinds::FLOAT,
            "number" => Kinds::NUMBER,
            "string" => Kinds::STRING,
            "bytes" => Kinds::BYTES,
            "error" | "len" | "close" | "and" | "or" | "div" | "mod" | "quo" | "rem" | "matchN"
            | "matchIf" => {
                return Err(Stop::fail(ErrorKind::Operation, position, format!("`{name}` must be called")));
            }
            _ => return self.sized(id, name, position),
        };
        self.narrow(id, kinds, position);
        Ok(())
    }

    /// Only these kinds.
    pub(crate) fn narrow(&mut self, id: NodeId, kinds: Kinds, position: Position) {
        let this = self.node_mut(id);
        let before = this.kinds;
        let now = before.and(kinds);
        if now == before {
            return;
        }
        this.kinds = now;
        let by = std::mem::replace(&mut this.kinds_by, position);
        if now == Kinds::NONE && this.error.is_none() {
            // Where one of the two is the statement's, the policy's is to blame.
            let (at, expected, found) =
                if position == Position::default() { (by, before, kinds) } else { (position, kinds, before) };
            let shown = |kinds: Kinds| match &self.node(id).atom {
                Some((atom, _)) if kinds == before => atom.to_string(),
                _ => kinds.to_string(),
            };
            let error = Error::new(ErrorKind::Conflict, at, "conflicting values")
                .expected(shown(expected), shown(found));
            self.fail(id, Box::new(error));
        }
    }

    /// This scalar.
    pub(crate) fn set(&mut self, id: NodeId, atom: Atom, position: Position) {
        let kinds = atom.kinds();
        match &self.node(id).atom {
            Some((before, by)) => {
                if !before.same(&atom) {
                    let (at, expected, found) = if position == Position::default() {
                        (*by, before, &atom)
                    } else {
                        (position, &atom, before)
                    };
                    let error = Error::new(ErrorKind::Conflict, at, "conflicting values")
                        .expected(expected.to_string(), found.to_string());
                    self.fail(id, Box::new(error));
                }
                self.node_mut(id).repeated = true;
                return;
            }
            None if self.node(id).kinds.meets(kinds) => {}
            None => {
                let this = self.node(id);
                let at = if position == Position::default() { this.kinds_by } else { position };
                let (kinds, atom) = (this.kinds.to_string(), atom.to_string());
                let (expected, found) =
                    if position == Position::default() { (kinds, atom) } else { (atom, kinds) };
                let error =
                    Error::new(ErrorKind::Conflict, at, "conflicting values").expected(expected, found);
                self.fail(id, Box::new(error));
                return;
            }
        }
        let this = self.node_mut(id);
        this.kinds = kinds;
        this.kinds_by = position;
        this.atom = Some((atom, position));
    }

    /// A value of the statement.
    fn data(&mut self, id: NodeId, json: &'a Json<'a>, conjunct: &Conjunct<'a>) {
        let position = Position::default();
        self.note(id, conjunct.close, 0);
        let atom = match json {
            Json::Null => Atom::Null,
            Json::Bool(value) => Atom::Bool(*value),
            Json::String(text) => Atom::String(Rc::from(&**text)),
            Json::Number(text) => match Number::json(text) {
                Ok(number) => Atom::Number(number),
                Err(error) => {
                    return self.fail(id, Box::new(Error::nowhere(ErrorKind::Syntax, error.to_string())));
                }
            },
            Json::List(items) => {
                self.node_mut(id).acyclic = true;
                self.narrow(id, Kinds::LIST, position);
                return self.data_items(id, items, conjunct);
            }
            Json::Object(members) => {
                self.node_mut(id).acyclic = true;
                self.node_mut(id).literal = true;
                self.narrow(id, Kinds::STRUCT, position);
                return self.data_fields(id, members, conjunct);
            }
        };
        self.set(id, atom, position);
    }
}

/// The scalar that a literal is.
pub(crate) fn atom(expression: &Expression) -> Option<Atom> {
    Some(match &expression.kind {
        Kind::Null => Atom::Null,
        Kind::Bool(value) => Atom::Bool(*value),
        Kind::Number(number) => Atom::Number(number.clone()),
        Kind::String(text) => Atom::String(text.clone()),
        Kind::Bytes(bytes) => Atom::Bytes(bytes.clone()),
        _ => return None,
    })
}

/// What is tried first: references to fields, patterns and labels, other expressions, comprehensions.
fn urgency(task: &Conjunct<'_>) -> u8 {
    match &task.kind {
        Conj::Expression(expression) => match &expression.kind {
            Kind::Reference { .. } => 0,
            Kind::Selector { .. } | Kind::List(_) => 1,
            _ => 2,
        },
        Conj::Node(_) => 0,
        Conj::Pattern(_) | Conj::Dynamic(_) => 2,
        _ => 3,
    }
}
