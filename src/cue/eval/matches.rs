//! `matchN` and `matchIf`: constraints that look at a value from outside.

use super::node::{Check, Conj, Conjunct, Disjuncts, Env, Match, NodeId, Place, Validator};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::{Binding, Expression, Kind, Position, Presence};
use crate::cue::data::Data;
use crate::cue::error::{Error, ErrorKind};
use crate::cue::pkg::{self, Language};
use crate::cue::statement::Json;

/// A call that looks at a value from outside, as a constraint.
#[derive(Clone, Copy)]
pub(crate) struct MatchCall<'a, 'e> {
    pub(crate) what: Match,
    pub(crate) arguments: &'a [Expression],
    pub(crate) env: &'e Env<'a>,
    pub(crate) position: Position,
}

/// What `matchN` or `list.MatchN` counted.
struct Matches {
    /// What the count must be.
    wanted: NodeId,
    /// The value, unified with each constraint that it meets; of a list's elements, which one, unified with the constraint.
    met: Vec<(Option<usize>, NodeId)>,
}

impl<'a> Evaluator<'a> {
    /// `matchN(count, [...])`: how many of the constraints the value meets. `list.MatchN(count, constraint)`: how many elements
    /// meet the constraint.
    pub(crate) fn match_n(&mut self, id: NodeId, call: MatchCall<'a, '_>) -> Result<(), Stop> {
        let Some(Matches { wanted, met }) = self.matches(id, call)? else { return Ok(()) };
        if !self.node(id).decided.is_empty() && met.iter().any(|(_, probe)| self.waits(*probe)) {
            let message = "cannot be decided: an alternative is matched against what is not known";
            let error = Error::new(ErrorKind::Undecided, call.position, message).at(self.path(id));
            self.undecided(id, &error);
        }
        // Constraints for which something lacks may come to hold, or not.
        let open = |probe: &NodeId| call.what != Match::Elements && self.incomplete(*probe);
        let open = met.iter().filter(|(_, probe)| open(probe)).count();
        let most = if self.is_final(id) { met.len() - open } else { met.len() };
        for count in met.len() - open..=most {
            if self.admits(wanted, &Atom::Number(count.into()))? {
                return Ok(());
            }
        }
        let counted = if call.what == Match::Elements { "the elements" } else { "the constraints" };
        let message = format!("{counted} that `{}` counts", call.what.name());
        let error = Error::new(ErrorKind::Conflict, call.position, message);
        Err(Stop::Fail(Box::new(error.expected(self.describe(wanted), met.len().to_string()))))
    }

    fn matches(&mut self, id: NodeId, call: MatchCall<'a, '_>) -> Result<Option<Matches>, Stop> {
        let [count, constraints] = call.arguments else { return Ok(None) };
        self.waits_to_match(id, call.position);
        let mut met = Vec::new();
        if call.what == Match::Elements {
            if closes(constraints) {
                let message =
                    "`close` as the argument of `list.MatchN` is not supported: it closes nothing in cosign";
                return Err(self.unsupported(constraints.position, message.to_owned()));
            }
            let constraint = self.constraint_of_elements(id, constraints, call.env);
            for index in 0..self.node(id).items.count() {
                if constraint.is_some_and(|constraint| self.element_differs(id, index, constraint)) {
                    continue;
                }
                let item = self.item(id, index);
                self.finish(item);
                let conjunct =
                    self.conjunct(Conj::Expression(constraints), call.env.clone(), constraints.position);
                let fitted = self.fitted(item, conjunct).filter(|probe| self.complete(*probe).is_ok());
                met.extend(fitted.map(|probe| (Some(index), probe)));
            }
        } else {
            let list = self.anonymous(constraints, call.env, id);
            let list = self.settled(list);
            if let Some(error) = &self.node(list).error {
                return Err(Stop::Fail(error.clone()));
            }
            if self.node(list).kinds != Kinds::LIST {
                let message = "the constraints of `matchN` are not known";
                return Err(Stop::fail(ErrorKind::Operation, call.position, message));
            }
            for item in self.items(list) {
                let conjunct = self.conjunct(Conj::Node(item), None, call.position);
                met.extend(self.fitted(id, conjunct).map(|probe| (None, probe)));
            }
        }
        let wanted = self.anonymous(count, call.env, id);
        match &self.node(wanted).error {
            Some(error) => Err(Stop::Fail(error.clone())),
            None => Ok(Some(Matches { wanted, met })),
        }
    }

    /// That no argument of a call that looks at values from outside is an error by itself, such as `1 & 2`: cosign's evaluator takes it for
    /// the call's, and not for a constraint that nothing meets.
    pub(crate) fn arguments_are_sound(
        &mut self,
        arguments: &'a [Expression],
        task: &Conjunct<'a>,
        id: NodeId,
    ) -> Result<(), Stop> {
        for argument in arguments {
            let before = self.reads(id);
            let node = self.anonymous(argument, &task.env, id);
            self.reads_again(before);
            let this = self.node(node);
            let Some(error) = this.error.clone() else { continue };
            if this.atom.is_some() {
                let message =
                    format!("cannot be decided: an argument by itself is an error: {}", error.message);
                let error = Error { kind: ErrorKind::Undecided, message, ..*error };
                return Err(Stop::Fail(self.stop(error)));
            }
            return Err(Stop::Fail(error));
        }
        Ok(())
    }

    /// `matchIf(if, then, else)`
    pub(crate) fn match_if(&mut self, id: NodeId, call: MatchCall<'a, '_>) -> Result<(), Stop> {
        let Some((_, branch, said)) = self.branch(id, call) else { return Ok(()) };
        let position = branch.position;
        if self.fitted(id, branch).is_some_and(|probe| !self.is_final(id) || !self.incomplete(probe)) {
            return Ok(());
        }
        Err(Stop::fail(ErrorKind::Conflict, position, format!("the value {said}")))
    }

    /// Which branch of `matchIf` counts, the value unified with the condition that it meets, and what is wrong where it does not
    /// meet the branch.
    fn branch(
        &mut self,
        id: NodeId,
        call: MatchCall<'a, '_>,
    ) -> Option<(Option<NodeId>, Conjunct<'a>, &'static str)> {
        let [condition, then, otherwise] = call.arguments else { return None };
        self.waits_to_match(id, call.position);
        let conjunct = |expression: &'a Expression| {
            self.conjunct(Conj::Expression(expression), call.env.clone(), expression.position)
        };
        let (condition, then, otherwise) = (conjunct(condition), conjunct(then), conjunct(otherwise));
        Some(match self.fitted(id, condition).filter(|probe| !self.incomplete(*probe)) {
            Some(met) => (Some(met), then, "meets the condition of `matchIf`, and not what that demands"),
            None => {
                (None, otherwise, "does not meet the condition of `matchIf`, nor what is demanded otherwise")
            }
        })
    }

    /// `json.Validate(constraint)`, `yaml.Validate(constraint)`, `yaml.ValidatePartial(constraint)`: whether a text says values that meet
    /// the constraint. `yaml.Validate` alone wants all that the constraint speaks of to be there.
    pub(crate) fn match_text(
        &mut self,
        id: NodeId,
        (language, whole): (Language, bool),
        call: MatchCall<'a, '_>,
    ) -> Result<(), Stop> {
        let name = call.what.name();
        let [constraint] = call.arguments else { return Ok(()) };
        if closes(constraint) {
            let message =
                format!("`close` as the argument of `{name}` is not supported: it closes nothing in cosign");
            return Err(self.unsupported(constraint.position, message));
        }
        let atom = self.node(id).atom.as_ref().map(|(atom, _)| atom.clone());
        let text = match &atom {
            Some(Atom::String(text)) => text.as_bytes(),
            Some(Atom::Bytes(bytes)) => bytes,
            _ => return Ok(()),
        };
        // Each time it is read its values take room of their own.
        self.count_text(text.len())?;
        let values = pkg::values(language, text).map_err(|why| {
            let error = Error::new(ErrorKind::Conflict, call.position, format!("`{name}`: {why}"));
            let error = error.at(self.path(id));
            self.refused_call(&why, error)
        })?;
        self.count_text(values.iter().map(Data::text_bytes).sum())?;
        for value in values {
            let top = self.conjunct(Conj::Top, None, call.position);
            let node = self.new_node(Some(id), Place::Inner);
            self.put(node, &value, &top)?;
            let conjunct = self.conjunct(Conj::Expression(constraint), call.env.clone(), constraint.position);
            let error = match self.fit(node, conjunct) {
                Ok(probe) if whole => self.is_whole(probe, call.position)?.err(),
                Ok(_) => None,
                Err(error) => Some(*error),
            };
            if let Some(Error { path, message, expected, found, .. }) = error {
                let message = format!("the text does not meet what `{name}` demands: {message}");
                let error = Error::new(ErrorKind::Conflict, call.position, message).at(path);
                return Err(Stop::Fail(Box::new(Error { expected, found, ..error })));
            }
        }
        Ok(())
    }

    /// Whether a value has all its required fields, and every field a value; no verdict where alternatives are left, of which cosign's
    /// evaluator takes some to be the same.
    fn is_whole(&mut self, probe: NodeId, position: Position) -> Result<Result<(), Error>, Stop> {
        if self.leaves_a_choice(probe) {
            let message = "cannot be decided: a value has alternatives that it meets alike";
            let error = Error::new(ErrorKind::Undecided, position, message).at(self.path(probe));
            return Err(Stop::Fail(self.stop(error)));
        }
        let seen = self.observations.len();
        let whole = self.complete(probe).and_then(|()| match self.concrete(probe, position) {
            Ok(_) => Ok(()),
            Err(Stop::Fail(error) | Stop::Wait(error)) => Err(*error),
        });
        self.observations.truncate(seen);
        Ok(whole)
    }

    /// Whether a value, or one in it, may still be one of several.
    fn leaves_a_choice(&self, id: NodeId) -> bool {
        self.cost(4);
        let settled = self.settled(id);
        let this = self.node(settled);
        let fields = this.regular().map(|arc| arc.node);
        let made = this.items.lazy.iter().flat_map(|lazy| lazy.made.values().copied());
        let mut parts = fields.chain(this.items.nodes.iter().copied()).chain(made);
        self.ambiguous(settled) || parts.any(|part| self.leaves_a_choice(part))
    }

    /// What the statement lacks for a constraint that looks at a value from outside to hold by what the statement has alone.
    pub(super) fn lacks_for_match(
        &mut self,
        id: NodeId,
        validator: &Validator<'a>,
        there: &Json<'_>,
        absent: &mut Vec<String>,
    ) {
        let &Check::Match { what, arguments } = &validator.check else { return };
        let call = MatchCall { what, arguments, env: &validator.env, position: validator.position };
        match what {
            Match::Text { .. } => return,
            Match::If => {
                let Some((condition, branch, _)) = self.branch(id, call) else { return };
                let branch = self.fitted(id, branch);
                for probe in condition.into_iter().chain(branch) {
                    self.lacks(probe, there, &|_| false, absent);
                }
                return;
            }
            Match::N | Match::Elements => {}
        }
        let Ok(Some(Matches { wanted, met })) = self.matches(id, call) else { return };
        let (mut surely, mut lacking) = (0_usize, Vec::new());
        for (index, probe) in met {
            let element = match (index, there) {
                (Some(index), Json::List(values)) => values.get(index),
                _ => Some(there),
            };
            let before = lacking.len();
            if let Some(there) = element {
                self.lacks(probe, there, &|_| false, &mut lacking);
            }
            surely += usize::from(lacking.len() == before);
        }
        if !matches!(self.admits(wanted, &Atom::Number(surely.into())), Ok(true)) {
            absent.append(&mut lacking);
        }
    }

    /// Notes that a value is not wholly known: what is held against it may come out otherwise.
    fn waits_to_match(&mut self, id: NodeId, position: Position) {
        if self.waits(id) {
            let message = "cannot be decided: a value that is not known is matched";
            self.undecided(id, &Error::new(ErrorKind::Undecided, position, message).at(self.path(id)));
        }
    }

    /// Whether a value is that of the package, with the statement: cosign's evaluator counts what lacks in it as failed.
    fn is_final(&self, id: NodeId) -> bool {
        !self.alone && matches!(self.node(id).place, Place::Root)
    }

    /// Whether a value lacks something that it needs to meet a constraint.
    fn incomplete(&self, probe: NodeId) -> bool {
        self.complete(probe).is_err() || self.waits(self.certain(probe))
    }

    /// The value unified with a constraint that it meets; the value's own constraints aside.
    fn fitted(&mut self, id: NodeId, conjunct: Conjunct<'a>) -> Option<NodeId> {
        self.fit(id, conjunct).ok()
    }

    /// The same, or why it does not meet it.
    fn fit(&mut self, id: NodeId, conjunct: Conjunct<'a>) -> Result<NodeId, Box<Error>> {
        let seen = self.observations.len();
        let probe = self.new_node(Some(id), Place::Inner);
        let copy = Conjunct { kind: Conj::Copy(id), ..self.conjunct(Conj::Top, None, conjunct.position) };
        self.node_mut(probe).conjuncts.push(copy);
        self.node_mut(probe).conjuncts.push(conjunct);
        self.finish(probe);
        self.observations.truncate(seen);
        match self.first_error(probe) {
            Some(error) => {
                self.undecided(id, &error);
                Err(error)
            }
            None => Ok(probe),
        }
    }

    /// What a scalar that is not known must be.
    fn copy_constraints(&mut self, id: NodeId, from: NodeId, conjunct: &Conjunct<'a>) {
        let this = self.node(from);
        let (bounds, validators) = (this.bounds.clone(), this.validators.clone());
        if let (Some(outcome), Some(choice)) = (&this.outcome, this.choices.first()) {
            let (values, by) = (outcome.iter().map(|(alternative, _)| *alternative).collect(), choice.key.0);
            self.choose(id, by, Disjuncts::Values(values), conjunct.clone());
            return;
        }
        for bound in bounds {
            if let Err(Stop::Fail(error) | Stop::Wait(error)) = self.bound(id, bound) {
                self.fail(id, error);
            }
        }
        let scalar = |validator: &Validator<'a>| matches!(validator.check, Check::Function { .. });
        self.node_mut(id).validators.extend(validators.into_iter().filter(scalar));
    }

    /// Unifies a node with what is known of another one's value: scalars, fields, elements.
    pub(crate) fn copy(&mut self, id: NodeId, from: NodeId, conjunct: &Conjunct<'a>) {
        let before = self.reads(id);
        self.read_value(from);
        self.reads_again(before);
        self.finish(from);
        let from = self.settled(from);
        self.note(id, conjunct.close, 0);
        let this = self.node(from);
        let (kinds, by, literal) = (this.kinds, this.kinds_by, this.literal);
        match this.atom.clone() {
            Some((atom, position)) => self.set(id, atom, position),
            None => {
                self.narrow(id, kinds, by);
                self.copy_constraints(id, from, conjunct);
            }
        }
        let this = self.node_mut(id);
        this.literal |= literal;
        this.acyclic = true;
        let part = |node| Conjunct { kind: Conj::Copy(node), ..conjunct.clone() };
        for arc in self.node(from).arcs.clone() {
            if arc.presence == Presence::Regular {
                self.insert(id, arc.name.clone(), arc.presence, Some(part(arc.node)));
            }
        }
        if kinds == Kinds::LIST {
            let items = self.items(from).into_iter().map(part).collect();
            let this = &self.node(from).items;
            let open = this.length.is_none() && !this.tails.is_empty();
            let tail = open.then(|| Conjunct { kind: Conj::Top, ..conjunct.clone() });
            self.shape(id, items, tail, conjunct.position);
        }
    }
}

/// Whether an argument is a call of `close` itself, which closes nothing in cosign's evaluator.
fn closes(argument: &Expression) -> bool {
    let Kind::Call { function, .. } = &argument.kind else { return false };
    matches!(&function.kind, Kind::Reference { binding: Binding::Predeclared(name), .. } if **name == *"close")
}
