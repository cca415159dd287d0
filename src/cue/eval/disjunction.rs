//! Disjunctions: each side is tried on a node of its own.

use super::node::{Choice, ChoiceKey, Disjuncts, Mode, Node, NodeId, Phase};
use super::{Evaluator, MAX_ATTEMPTS, MAX_NESTING, MAX_REASON, MAX_REASONS, value::Kinds};
use crate::cue::ast::{Disjunct, Presence};
use crate::cue::error::{Error, ErrorKind};

/// How a side stands to the default.
pub(crate) fn mode(disjuncts: &[Disjunct], side: usize) -> Mode {
    if !disjuncts.iter().any(|disjunct| disjunct.default) {
        Mode::Unmarked
    } else if disjuncts[side].default {
        Mode::Default
    } else {
        Mode::Other
    }
}

impl<'a> Evaluator<'a> {
    /// Tries every side of the first disjunction that is not decided.
    pub(crate) fn decide(&mut self, id: NodeId) {
        let this = self.node(id);
        let undecided =
            this.choices.iter().find(|choice| !this.decided.iter().any(|(key, _)| *key == choice.key));
        let Some(choice) = undecided.cloned() else { return };
        let mut left: Vec<(NodeId, Mode)> = Vec::new();
        self.node_mut(id).undecided = None;
        let mut errors = Vec::new();
        let mut attempts = Vec::new();
        for side in 0..choice.disjuncts.len() {
            let seen = self.observations.len();
            let attempt = self.attempt_node(id);
            self.node_mut(attempt).decided.push((choice.key, side));
            self.eval(attempt);
            let results = match &self.node(attempt).outcome {
                Some(outcome) => outcome.clone(),
                None => vec![(attempt, self.node(attempt).mode)],
            };
            if self.fatal.is_some() {
                return;
            }
            attempts.push(attempt);
            let found = left.len();
            if let (true, Some(error)) = (results.is_empty(), self.node(attempt).error.clone()) {
                self.undecided(id, &error);
                errors.push(*error);
            }
            for (result, mode) in results {
                if !self.step() {
                    return;
                }
                match self.attempt_error(attempt, result) {
                    Some(error) => {
                        self.undecided(id, &error);
                        errors.push(*error);
                    }
                    None => self.keep(&mut left, result, mode),
                }
            }
            let this = self.node(attempt);
            if left.len() == found
                && (!this.validators.is_empty()
                    || errors.last().is_some_and(|error| error.kind != ErrorKind::Conflict))
            {
                self.node_mut(id).lossy = true;
            }
            if left.len() == found {
                self.observations.truncate(seen);
            }
        }
        if self.last {
            self.node_mut(id).late = true;
            if left.iter().any(|(alternative, _)| !self.waits(*alternative)) {
                left.retain(|(alternative, _)| !self.waits(*alternative));
            }
        }
        self.merged_too_early(id, &attempts, choice.conjunct.position);
        if !errors.is_empty() && !left.is_empty() {
            let nodes: Vec<NodeId> = left.iter().map(|(alternative, _)| *alternative).collect();
            self.nothing_sure_left(id, &nodes, choice.conjunct.position);
        }
        if left.is_empty() {
            self.none_left(id, &choice, errors);
        }
        self.node_mut(id).unsure = self.unsure(&left);
        self.node_mut(id).outcome = Some(left);
    }

    /// Notes an error that is taken for a failure: a limit ends the evaluation, and what is not known for sure must not be left at
    /// the end.
    pub(crate) fn undecided(&mut self, id: NodeId, error: &Error) {
        match error.kind {
            ErrorKind::Limit | ErrorKind::Unsupported => {
                self.stop(error.clone());
            }
            ErrorKind::Undecided => {
                self.node_mut(id).undecided.get_or_insert_with(|| Box::new(error.clone()));
            }
            _ => {}
        }
    }

    /// Whether another alternative would be the default, if the marks of disjunctions all of whose defaults failed did not
    /// count: cosign's evaluator counts them in some places.
    fn unsure(&self, outcome: &[(NodeId, Mode)]) -> bool {
        if outcome.len() < 2 {
            return false;
        }
        let first = self.node(outcome[0].0);
        let apart = |inner: &Choice<'a>| {
            first.choices.iter().any(|other| other.disjuncts.marked() && !inner.contains(other))
        };
        if first.choices.iter().any(|choice| choice.marked_within() && apart(choice)) {
            // A mark within an alternative counts otherwise where another disjunction has marks as well.
            return true;
        }
        let mut marks: Vec<Vec<(ChoiceKey, Mode)>> = Vec::new();
        let mut alive = Vec::new();
        for (alternative, _) in outcome {
            let this = self.node(*alternative);
            let mut its = Vec::new();
            for (key, side) in &this.decided {
                let choice = this.choices.iter().find(|choice| choice.key == *key);
                let Some(Disjuncts::Written(sides)) = choice.map(|choice| &choice.disjuncts) else {
                    continue;
                };
                let mode = mode(sides, *side);
                if mode == Mode::Default {
                    alive.push(*key);
                }
                its.push((*key, mode));
            }
            marks.push(its);
        }
        let counted = |its: &Vec<(ChoiceKey, Mode)>| {
            let counts = its.iter().filter(|(key, _)| alive.contains(key));
            counts.map(|(_, mode)| *mode).max().unwrap_or(Mode::Unmarked)
        };
        let other: Vec<Mode> = marks.iter().map(counted).collect();
        let only = |modes: &mut dyn Iterator<Item = (usize, Mode)>| {
            let mut defaults = modes.filter(|(_, mode)| *mode == Mode::Default);
            match (defaults.next(), defaults.next()) {
                (Some((index, _)), None) => Some(index),
                _ => None,
            }
        };
        let counted = only(&mut outcome.iter().map(|(_, mode)| *mode).enumerate());
        counted != only(&mut other.into_iter().enumerate())
    }

    /// Whether an alternative of some disjunction waits.
    pub(crate) fn some_wait(&self) -> bool {
        self.cost(self.nodes.len());
        (0..self.nodes.len()).any(|index| self.alternative_waits(NodeId(index as u32)))
    }

    pub(crate) fn alternative_waits(&self, id: NodeId) -> bool {
        let Some(outcome) = &self.node(id).outcome else { return false };
        outcome.len() > 1 && outcome.iter().any(|(alternative, _)| self.waits(*alternative))
    }

    /// Whether an alternative of a disjunction that is not decided has a required field that is not there.
    pub(crate) fn alternative_lacks(&self, id: NodeId) -> bool {
        let Some(outcome) = &self.node(id).outcome else { return false };
        outcome.len() > 1 && outcome.iter().any(|(alternative, _)| self.complete(*alternative).is_err())
    }

    /// Tries again what waits when nothing more becomes known: cosign's evaluator takes an alternative that is incomplete
    /// for one that fails, where another one is there.
    pub(crate) fn look_again(&mut self, id: NodeId) {
        if self.nesting > MAX_NESTING {
            self.too_deep();
            return;
        }
        self.nesting += 1;
        self.node_mut(id).late = true;
        if self.alternative_waits(id) {
            let this = self.node_mut(id);
            this.phase = Phase::Busy;
            this.outcome = None;
            this.finished = false;
            self.decide(id);
            self.node_mut(id).phase = Phase::Done;
            self.progress = true;
        } else if !self.node(id).tasks.is_empty() {
            self.retry(id);
        }
        self.nesting -= 1;
    }

    /// A node with the conjuncts of another one, in its place.
    fn attempt_node(&mut self, id: NodeId) -> NodeId {
        self.attempts += 1;
        if self.attempts > MAX_ATTEMPTS {
            let message = format!("the policy's disjunctions have more than {MAX_ATTEMPTS} combinations");
            self.stop(Error::nowhere(ErrorKind::Limit, message));
        }
        self.cost(self.node(id).conjuncts.len() * 8);
        let attempt = self.new_node(self.node(id).parent, self.node(id).place.clone());
        let this = self.node(id);
        let (origin, conjuncts, decided) = (this.origin, this.conjuncts.clone(), this.decided.clone());
        let packages = this.requirement_of_package();
        let node = self.node_mut(attempt);
        node.requirements.extend(packages);
        node.origin = origin;
        node.conjuncts = conjuncts;
        node.decided = decided;
        attempt
    }

    fn attempt_error(&mut self, attempt: NodeId, result: NodeId) -> Option<Box<Error>> {
        if let Some(error) = &self.node(attempt).error {
            return Some(error.clone());
        }
        self.finish(result);
        self.first_error(result)
    }

    /// Adds an alternative, unless it is there.
    fn keep(&mut self, left: &mut Vec<(NodeId, Mode)>, result: NodeId, mode: Mode) {
        for (there, its) in left.iter_mut() {
            if self.equal(*there, result) {
                if mode == Mode::Default || *its == Mode::Default {
                    *its = Mode::Default;
                } else {
                    *its = mode.min(*its);
                }
                return;
            }
        }
        left.push((result, mode));
    }

    fn none_left(&mut self, id: NodeId, choice: &Choice<'a>, errors: Vec<Error>) {
        let (count, position) = (errors.len(), choice.conjunct.position);
        let scalars = self.scalars(&choice.disjuncts);
        let message = match (count, &scalars) {
            (0, _) | (_, Some(_)) => "no alternative of the disjunction fits".to_owned(),
            (_, None) => self.each_reason(errors),
        };
        let mut error = Error::new(ErrorKind::Conflict, position, message);
        if count > 0 {
            error.path = self.path(id);
            let expected = scalars.unwrap_or_else(|| format!("one of {count} alternatives"));
            error = error.expected(expected, self.describe(id));
        }
        self.fail(id, Box::new(error));
    }

    /// Why each of the alternatives does not fit; of many the first ones.
    fn each_reason(&self, errors: Vec<Error>) -> String {
        let count = errors.len();
        let named = errors.into_iter().take(MAX_REASONS).zip(1..);
        let reasons = named.map(|(error, which)| {
            let mut reason = error.in_files(self.files.iter().copied()).to_string();
            if let Some((end, _)) = reason.char_indices().nth(MAX_REASON) {
                reason.replace_range(end.., "...");
            }
            format!("{which}: {reason}")
        });
        let mut reasons: Vec<String> = reasons.collect();
        if count > MAX_REASONS {
            reasons.push(format!("and {} more", count - MAX_REASONS));
        }
        format!("none of the {count} alternatives fits ({})", reasons.join("; "))
    }

    /// The sides of a disjunction of a few scalars.
    fn scalars(&self, disjuncts: &Disjuncts<'a>) -> Option<String> {
        let all: Option<Vec<String>> = match disjuncts {
            _ if disjuncts.len() > 8 => None,
            Disjuncts::Written(sides) => {
                let scalar = |side: &Disjunct| super::unify::atom(&side.value).map(|atom| atom.to_string());
                sides.iter().map(scalar).collect()
            }
            Disjuncts::Nodes(nodes) | Disjuncts::Values(nodes) => {
                let scalar = |node: &NodeId| self.node(*node).atom.as_ref().map(|(atom, _)| atom.to_string());
                nodes.iter().map(scalar).collect()
            }
        };
        all.map(|all| all.join(" | "))
    }

    /// A value for messages.
    pub(crate) fn describe(&self, id: NodeId) -> String {
        let this = self.node(id);
        match &this.atom {
            Some((atom, _)) => atom.to_string(),
            None if this.kinds == Kinds::STRUCT => "a struct".into(),
            None if this.kinds == Kinds::LIST => "a list".into(),
            None => this.kinds.to_string(),
        }
    }

    /// The alternative that a node stands for: the only one, or the only default.
    pub(crate) fn settled(&self, id: NodeId) -> NodeId {
        let Some(outcome) = &self.node(id).outcome else { return id };
        if let [(only, _)] = outcome[..] {
            return only;
        }
        let mut defaults = outcome.iter().filter(|(_, mode)| *mode == Mode::Default);
        match (defaults.next(), defaults.next()) {
            (Some((one, _)), None) => *one,
            _ => id,
        }
    }

    /// The kinds that a value can have, whichever alternative it comes to be.
    pub(crate) fn kinds_of(&self, id: NodeId) -> Kinds {
        let settled = self.settled(id);
        self.cost(2);
        match &self.node(settled).outcome {
            Some(outcome) if !outcome.is_empty() && settled == id => {
                let kinds = |all: Kinds, (alternative, _): &(NodeId, Mode)| {
                    all.or(self.node(self.settled(*alternative)).kinds)
                };
                outcome.iter().fold(Kinds::NONE, kinds)
            }
            _ => self.node(settled).kinds,
        }
    }

    /// Whether several alternatives are left, none of which is the default.
    pub(crate) fn ambiguous(&self, id: NodeId) -> bool {
        self.settled(id) == id && self.node(id).outcome.is_some()
    }

    /// Whether two nodes are the same value for sure.
    pub(crate) fn equal(&self, one: NodeId, other: NodeId) -> bool {
        self.cost(8);
        let (one, other) = (self.settled(one), self.settled(other));
        if one == other {
            return true;
        }
        let (a, b) = (self.node(one), self.node(other));
        if !simple(a) || !simple(b) {
            return false;
        }
        match (&a.atom, &b.atom) {
            (Some((a, _)), Some((b, _))) => return a.same(b),
            (None, None) => {}
            _ => return false,
        }
        if a.items.lazy.is_some() || b.items.lazy.is_some() {
            return false;
        }
        if a.kinds != b.kinds || a.arcs.len() != b.arcs.len() || a.items.nodes.len() != b.items.nodes.len() {
            return false;
        }
        let bounds = |node: &Node<'_>| node.bounds.iter().map(ToString::to_string).collect::<Vec<_>>();
        if bounds(a) != bounds(b) {
            return false;
        }
        if !a.kinds_alone() && (a.kinds == Kinds::TOP || a.kinds != Kinds::STRUCT && a.kinds != Kinds::LIST) {
            return false;
        }
        let fields = a.arcs.iter().all(|arc| {
            b.arc(&arc.name)
                .is_some_and(|with| with.presence == arc.presence && self.equal(arc.node, with.node))
        });
        fields && a.items.nodes.iter().zip(&b.items.nodes).all(|(a, b)| self.equal(*a, *b))
    }
}

impl Node<'_> {
    /// Whether it is nothing but kinds: `int`, `string | bytes`.
    fn kinds_alone(&self) -> bool {
        self.atom.is_none() && self.arcs.is_empty() && self.items.count() == 0
    }
}

/// Whether a node is what its scalar, kinds, fields and elements say.
fn simple(node: &Node<'_>) -> bool {
    node.tasks.is_empty()
        && node.outcome.is_none()
        && node.error.is_none()
        && (node.atom.is_some() || node.validators.is_empty())
        && node.rules.is_empty()
        && node.items.tails.is_empty()
        && node.arcs.iter().all(|arc| arc.presence != Presence::Optional)
}
