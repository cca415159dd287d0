//! Alternatives that look alike before the next disjunction of the same value is looked at: cosign's evaluator keeps the first one alone,
//! although they may come to differ.

use super::Evaluator;
use super::node::{NodeId, Place};
use super::value::Kinds;
use crate::cue::ast::{Position, Presence};
use crate::cue::error::{Error, ErrorKind};

impl<'a> Evaluator<'a> {
    /// Notes where the sides of a disjunction look alike, differ, and another disjunction follows.
    pub(crate) fn merged_too_early(&mut self, id: NodeId, attempts: &[NodeId], position: Position) {
        let this = self.node(id);
        if this.choices.len() < this.decided.len() + 2 {
            return;
        }
        for (index, one) in attempts.iter().enumerate() {
            for other in &attempts[index + 1..] {
                if !self.step() {
                    return;
                }
                // One that failed at the other disjunction is there when this one is looked at.
                let failed = [one, other].into_iter().any(|attempt| {
                    let attempt = self.node(*attempt);
                    attempt.error.is_some() && attempt.outcome.is_none()
                });
                if !failed && self.alike(*one, *other, false) && !self.identical(*one, *other) {
                    let message = "cannot be decided: two disjunctions, and alternatives of the first one that differ in nothing \
                                   but what may be there";
                    self.undecided(
                        id,
                        &Error::new(ErrorKind::Undecided, position, message).at(self.path(id)),
                    );
                    return;
                }
            }
        }
    }

    /// Notes where all that is left of a disjunction is not known, and something failed: where it is the whole package's, or another
    /// disjunction is unified with it, cosign's evaluator takes that for failures as well.
    pub(crate) fn nothing_sure_left(&mut self, id: NodeId, left: &[NodeId], position: Position) {
        let this = self.node(id);
        let counts = this.choices.len() > 1 || matches!(this.place, Place::Root);
        if counts && left.iter().all(|alternative| self.waits(*alternative)) {
            let message = "cannot be decided: alternatives fail, and those that are left are not known";
            self.undecided(id, &Error::new(ErrorKind::Undecided, position, message).at(self.path(id)));
        }
    }

    /// Notes where a value is needed of which a bound alone says that it may be a struct, as a literal does, or what is embedded in it
    /// waits in an alternative: cosign's evaluator takes it for one.
    pub(crate) fn maybe_struct(&mut self, id: NodeId, position: Position) {
        let this = self.node(id);
        let open = this.kinds.meets(Kinds::STRUCT) && this.kinds != Kinds::STRUCT;
        if open
            && this.literal
            && this.atom.is_none()
            && (!(this.bounds.is_empty() && this.validators.is_empty())
                || !this.tasks.is_empty() && self.in_new_alternative(id))
        {
            let message = "cannot be decided: the value may be a struct";
            self.undecided(id, &Error::new(ErrorKind::Undecided, position, message).at(self.path(id)));
        }
    }

    /// Notes where a value is needed of which cosign's evaluator may have merged alternatives.
    pub(crate) fn merged(&mut self, id: NodeId, position: Position) {
        let outcome = self.node(id).outcome.clone().unwrap_or_default();
        for (index, (one, _)) in outcome.iter().enumerate() {
            for (other, _) in &outcome[index + 1..] {
                if !self.step() {
                    return;
                }
                if self.same_labels(*one, *other)
                    && self.alike(*one, *other, true)
                    && !self.identical(*one, *other)
                {
                    let message =
                        "cannot be decided: alternatives that differ in nothing but what may be there";
                    self.undecided(
                        id,
                        &Error::new(ErrorKind::Undecided, position, message).at(self.path(id)),
                    );
                    return;
                }
            }
        }
    }

    /// Whether two nodes are open or closed alike, and have fields of the same names, also where they are not there.
    fn same_labels(&self, one: NodeId, other: NodeId) -> bool {
        let (a, b) = (self.node(one), self.node(other));
        a.items.length.is_some() == b.items.length.is_some()
            && a.arcs.len() == b.arcs.len()
            && self.closed_to_all(one) == self.closed_to_all(other)
            && a.arcs.iter().all(|arc| b.arc(&arc.name).is_some())
    }

    /// Whether what is there in two nodes is the same; also optional fields, where they count.
    fn alike(&mut self, one: NodeId, other: NodeId, optional: bool) -> bool {
        self.cost(8);
        self.eval(one);
        self.eval(other);
        let (a, b) = (self.node(one), self.node(other));
        let scalars = match (&a.atom, &b.atom) {
            (Some((a, _)), Some((b, _))) => a.same(b),
            (None, None) => a.kinds == b.kinds,
            _ => false,
        };
        let bounds = |id: NodeId| self.node(id).bounds.iter().map(ToString::to_string).collect::<Vec<_>>();
        if !scalars || bounds(one) != bounds(other) || a.validators.len() != b.validators.len() {
            return false;
        }
        let there = |id: NodeId| {
            let arcs = self.node(id).arcs.iter().filter(|arc| optional || arc.presence != Presence::Optional);
            arcs.map(|arc| (arc.name.clone(), arc.node)).collect::<Vec<_>>()
        };
        let (ours, theirs) = (there(one), there(other));
        let (items, others) = (self.node(one).items.nodes.clone(), self.node(other).items.nodes.clone());
        if ours.len() != theirs.len() || items.len() != others.len() {
            return false;
        }
        for (name, node) in ours {
            match theirs.iter().find(|(its, _)| *its == name) {
                Some((_, its)) if self.alike(node, *its, optional) => {}
                _ => return false,
            }
        }
        items.into_iter().zip(others).all(|(ours, theirs)| self.alike(ours, theirs, optional))
    }

    /// Whether two nodes that are alike do not differ in what may be there either.
    fn identical(&self, one: NodeId, other: NodeId) -> bool {
        self.cost(8);
        let (a, b) = (self.node(one), self.node(other));
        if a.arcs.len() != b.arcs.len()
            || a.rules.len() + b.rules.len() > 0
            || a.items.length != b.items.length
            || a.items.tails.len() + b.items.tails.len() > 0
            || self.is_closed(one) != self.is_closed(other)
        {
            return a.kinds == b.kinds && a.atom.is_some() && b.atom.is_some();
        }
        let arcs = a.arcs.iter().all(|arc| {
            b.arc(&arc.name).is_some_and(|its| {
                its.presence == arc.presence
                    && arc.presence != Presence::Optional
                    && self.identical(arc.node, its.node)
            })
        });
        arcs && a.items.nodes.iter().zip(&b.items.nodes).all(|(ours, theirs)| self.identical(*ours, *theirs))
    }
}
