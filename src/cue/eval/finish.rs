//! The whole value: every field evaluated, checked, and looked at for errors.

use super::node::{Conj, NodeId};
use super::value::Kinds;
use super::{Evaluator, MAX_NESTING};
use crate::cue::ast::{Binary, Kind, Name, Position, Presence};
use crate::cue::error::{Error, ErrorKind};

impl<'a> Evaluator<'a> {
    /// Evaluates a node and all that is in it.
    pub(crate) fn finish(&mut self, id: NodeId) {
        self.eval(id);
        if self.fatal.is_some() || self.node(id).finished {
            return;
        }
        if self.nesting > MAX_NESTING {
            self.too_deep();
            return;
        }
        self.node_mut(id).finished = true;
        self.visit(id);
        if let Some(outcome) = self.node(id).outcome.clone() {
            for (alternative, _) in outcome {
                self.finish(alternative);
            }
            return;
        }
        if self.node(id).error.is_some() {
            return;
        }
        self.nesting += 1;
        for index in self.order(id) {
            self.finish_field(id, index);
        }
        let mut index = 0;
        // Fields may come in while others are evaluated.
        while index < self.node(id).arcs.len() {
            self.finish_field(id, index);
            index += 1;
        }
        self.finish_lazy(id);
        for item in self.node(id).items.nodes.clone() {
            self.finish(item);
        }
        self.check_awaited(id);
        if let Err(error) = self.check_closed(id) {
            self.fail(id, error);
        }
        if self.node(id).kinds == Kinds::STRUCT || self.node(id).kinds == Kinds::LIST {
            self.check_validators(id);
        }
        self.nesting -= 1;
    }

    fn finish_field(&mut self, id: NodeId, index: usize) {
        let arc = &self.node(id).arcs[index];
        let (node, presence) = (arc.node, arc.presence);
        if presence == Presence::Optional {
            self.note_only(node);
            self.refers_to_what_is_yielded(id, node);
        } else {
            self.finish(node);
        }
    }

    /// The order in which fields are evaluated where comprehensions yield some of them: that of the source.
    fn order(&self, id: NodeId) -> Vec<usize> {
        let this = self.node(id);
        if !this.derived.iter().any(|conjunct| matches!(conjunct.kind, Conj::Body(_))) {
            return Vec::new();
        }
        self.cost(this.arcs.len() * 8);
        let mut order: Vec<usize> = (0..this.arcs.len()).collect();
        let none = Position::default();
        order.sort_by_key(|index| {
            let conjuncts = &self.node(this.arcs[*index].node).conjuncts;
            let first = conjuncts.iter().map(|conjunct| conjunct.position).find(|position| *position != none);
            (first.is_none(), first)
        });
        order
    }

    /// A reference to a required field that is not there: cosign's evaluator takes its constraints, but two equal scalars
    /// are in conflict then.
    fn check_awaited(&mut self, id: NodeId) {
        if self.node(id).repeated && self.node(id).awaited.clone().into_iter().any(|node| self.awaits(node)) {
            let message = "conflicting values: the required field that it refers to is not there";
            self.fail(id, Box::new(Error::nowhere(ErrorKind::Conflict, message)));
        }
    }

    /// Notes that a node was looked at, and what it refers to.
    pub(crate) fn visit(&mut self, id: NodeId) {
        let mut targets = vec![id];
        for conjunct in &self.node(id).derived {
            let mut link = conjunct.trail.as_ref();
            while let Some(step) = link {
                targets.push(step.target);
                link = step.up.as_ref();
            }
        }
        self.cost(targets.len());
        for target in targets {
            self.node_mut(target).visited = true;
        }
    }

    /// An optional field that is not there: cosign's evaluator computes it, and refuses where that meets a cycle.
    fn note_only(&mut self, id: NodeId) {
        let computes = |conjunct: &super::node::Conjunct<'_>| match conjunct.kind {
            Conj::Expression(expression) => {
                matches!(&expression.kind, Kind::Binary { operator, .. } if *operator != Binary::Unify)
                    || matches!(
                        expression.kind,
                        Kind::Unary { .. } | Kind::Interpolation { .. } | Kind::Bound { .. }
                    )
            }
            _ => false,
        };
        if self.node(id).conjuncts.iter().any(computes) {
            self.eval(id);
        }
    }

    /// An optional field that is not there, and refers to a field that a comprehension yields: cosign's evaluator refuses where it can
    /// have no value.
    fn refers_to_what_is_yielded(&mut self, id: NodeId, optional: NodeId) {
        if !self.comprehends_anything() {
            return;
        }
        self.eval(optional);
        let yielded = self.node(optional).derived.iter().any(|part| part.cause > 0 && part.trail.is_some());
        if !yielded {
            return;
        }
        self.finish(optional);
        if let Some(error) = self.first_error(optional) {
            let message =
                format!("cannot be decided: an optional field that can have no value: {}", error.message);
            let position = error.position.unwrap_or_default();
            self.fail(id, Box::new(Error::new(ErrorKind::Undecided, position, message)));
        }
    }

    /// The first error in a node or in what is in it.
    pub(crate) fn first_error(&self, id: NodeId) -> Option<Box<Error>> {
        self.cost(4);
        let this = self.node(id);
        if let Some(error) = &this.error {
            return Some(error.clone());
        }
        if let Some(outcome) = &this.outcome {
            // Alternatives with errors are none any more.
            return match outcome[..] {
                [(only, _)] => self.first_error(only),
                _ => None,
            };
        }
        if let Some(cycle) = this
            .tasks
            .iter()
            .filter_map(|(_, why)| why.as_ref())
            .find(|why| matches!(why.kind, ErrorKind::Cycle | ErrorKind::Undecided))
        {
            return Some(cycle.clone());
        }
        if let Some(error) = self.looked_up_in_itself(id) {
            return Some(error);
        }
        let fields = this.arcs.iter().filter(|arc| arc.presence != Presence::Optional).map(|arc| arc.node);
        let made = this.items.lazy.iter().flat_map(|lazy| lazy.made.values());
        fields.chain(this.items.nodes.iter().chain(made).copied()).find_map(|node| self.first_error(node))
    }

    /// `x: x.a`: what depends on such a value is a cycle to cosign's evaluator, or not.
    fn looked_up_in_itself(&self, id: NodeId) -> Option<Box<Error>> {
        if self.alone {
            return None;
        }
        let selects = |task: &super::node::Conjunct<'_>| match task.kind {
            Conj::Expression(expression) => matches!(expression.kind, Kind::Selector { .. }),
            _ => false,
        };
        let path = self.path(id);
        let within = |why: &Error| {
            why.kind == ErrorKind::Absent
                && why.path.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.'))
        };
        let mut whys = self.node(id).tasks.iter().filter(|(task, _)| selects(task)).map(|(_, why)| why);
        let why = whys.find_map(|why| why.as_deref().filter(|why| !path.is_empty() && within(why)))?;
        let message = "cannot be decided: the value is looked up in itself";
        Some(Box::new(Error::new(ErrorKind::Undecided, why.position.unwrap_or_default(), message).at(path)))
    }

    /// Comprehensions of the package's top level that cannot be computed without a statement.
    pub(super) fn no_open_comprehension(&self, root: NodeId) -> Result<(), Error> {
        let waits = self.node(self.settled(root)).tasks.iter().find(|(task, _)| {
            matches!(task.kind, Conj::Comprehension(_) | Conj::Expression(_) | Conj::Dynamic(_))
        });
        let Some((task, why)) = waits else { return Ok(()) };
        let why = why.as_ref().map(|why| format!(" ({})", why.message)).unwrap_or_default();
        let what = match task.kind {
            Conj::Comprehension(_) => "a comprehension",
            Conj::Dynamic(_) => "a label",
            _ => "an expression",
        };
        let message = format!(
            "{what} of the top level depends on what only the statement has{why}; put it into the field that it is about"
        );
        Err(Error::new(ErrorKind::Incomplete, task.position, message))
    }

    /// The alternative that a node stands for at the very end: those that still wait are none then.
    pub(super) fn certain(&self, id: NodeId) -> NodeId {
        let settled = self.settled(id);
        let Some(outcome) = self.node(settled).outcome.as_ref() else { return settled };
        let mut sure = outcome.iter().filter(|(alternative, _)| !self.waits(*alternative));
        match (sure.next(), sure.next()) {
            (Some((one, _)), None) => *one,
            _ => settled,
        }
    }

    /// Whether something in a node is not known yet.
    pub(crate) fn waits(&self, id: NodeId) -> bool {
        let this = self.node(id);
        let fields = this.arcs.iter().filter(|arc| arc.presence == Presence::Regular).map(|arc| arc.node);
        !this.tasks.is_empty() || fields.chain(this.items.nodes.iter().copied()).any(|node| self.waits(node))
    }

    /// Whether every required field of a node, and of what is in it, is there.
    pub(crate) fn complete(&self, id: NodeId) -> Result<(), Error> {
        let settled = self.certain(id);
        let this = self.node(settled);
        if let Some(outcome) = &this.outcome {
            let mut lacks = outcome.iter().map(|(alternative, _)| self.complete(*alternative));
            if let Some(Err(error)) = lacks.next()
                && lacks.all(|looked| looked.is_err())
            {
                return Err(error);
            }
        }
        for arc in &this.arcs {
            if arc.presence == Presence::Required {
                let first = self.node(arc.node).conjuncts.first();
                let position = first.map(|conjunct| conjunct.position).unwrap_or_default();
                let error = Error::new(ErrorKind::Missing, position, "a required field is missing");
                return Err(error.at(self.path(arc.node)));
            }
            if arc.presence == Presence::Regular && matches!(arc.name, Name::Regular(_)) {
                self.complete(arc.node)?;
            }
        }
        let made = this.items.lazy.iter().flat_map(|lazy| lazy.made.values());
        this.items.nodes.iter().chain(made).try_for_each(|item| self.complete(*item))
    }
}
