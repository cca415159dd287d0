//! What is not known even with the statement: a sum of numbers that it lacks, a condition on them. cosign's evaluator lets most of that
//! pass, by rules of its own; here it is refused.

use super::node::{Conj, Conjunct, NodeId};
use super::reference::is_definition;
use super::{Error, ErrorKind, Evaluator};
use crate::cue::ast::{Kind, Presence};

impl<'a> Evaluator<'a> {
    /// Whether all that the policy computes has a value; definitions, which are held against nothing by themselves, and fields that
    /// are nothing but a reference to what the statement lacks aside, where nothing is closed: in what a definition says to be `_`, cosign
    /// takes some of these for errors.
    pub(super) fn all_known(&self, id: NodeId) -> Result<(), Error> {
        self.cost(4);
        let this = self.node(id);
        if let Some(outcome) = &this.outcome {
            if let Some((few, _)) = outcome.iter().find(|(alternative, _)| self.has_too_few(*alternative)) {
                let first = self.node(*few).conjuncts.first();
                let position = first.map(|conjunct| conjunct.position).unwrap_or_default();
                let message =
                    "cannot be decided: an alternative has fewer fields or elements than it must have";
                return Err(Error::new(ErrorKind::Undecided, position, message).at(self.path(id)));
            }
            return outcome.iter().try_for_each(|(alternative, _)| self.all_known(*alternative));
        }
        let may_wait = |task: &Conjunct<'_>, why| !self.closes && refers(task, why);
        if let Some((task, why)) = this.tasks.iter().find(|(task, why)| !may_wait(task, why.as_deref())) {
            let why = why.as_ref().map(|why| format!(": {}", why.message)).unwrap_or_default();
            let message =
                format!("cannot be decided: what is computed here is not known even with the statement{why}");
            return Err(Error::new(ErrorKind::Undecided, task.position, message).at(self.path(id)));
        }
        let fields =
            this.arcs.iter().filter(|arc| arc.presence != Presence::Optional && !is_definition(&arc.name));
        let made = this.items.lazy.iter().flat_map(|lazy| lazy.made.values());
        let items = this.items.nodes.iter().chain(made).copied();
        fields.map(|arc| arc.node).chain(items).try_for_each(|part| self.all_known(part))
    }

    /// Whether a value, or one in it, has fewer fields or elements than it must have.
    fn has_too_few(&self, id: NodeId) -> bool {
        let this = self.node(id);
        let fields = this.arcs.iter().filter(|arc| arc.presence == Presence::Regular).map(|arc| arc.node);
        self.too_few(id)
            || fields.chain(this.items.nodes.iter().copied()).any(|part| self.has_too_few(self.settled(part)))
    }
}

/// Whether what waits is a reference, to something that is not there.
fn refers(task: &Conjunct<'_>, why: Option<&Error>) -> bool {
    let Conj::Expression(expression) = task.kind else { return false };
    match expression.kind {
        Kind::Reference { .. } | Kind::Selector { .. } => true,
        Kind::Index { .. } => why.is_some_and(|why| why.kind == ErrorKind::Absent),
        _ => false,
    }
}
