//! `matchN` and `matchIf`: constraints that look at a value from outside.

use super::node::{Conj, Conjunct, Env, NodeId, Place};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::{Expression, Position, Presence};
use crate::cue::error::{Error, ErrorKind};

impl<'a> Evaluator<'a> {
    /// `matchN(count, [...])`: how many of the constraints the value meets.
    pub(crate) fn match_n(
        &mut self,
        id: NodeId,
        arguments: &'a [Expression],
        env: &Env<'a>,
        position: Position,
    ) -> Result<(), Stop> {
        let [count, constraints] = arguments else { return Ok(()) };
        let list = self.anonymous(constraints, env, id);
        let list = self.settled(list);
        if let Some(error) = &self.node(list).error {
            return Err(Stop::Fail(error.clone()));
        }
        if self.node(list).kinds != Kinds::LIST {
            let message = "the constraints of `matchN` are not known";
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        let mut met = 0_usize;
        for item in self.items(list) {
            let conjunct = self.conjunct(Conj::Node(item), None, position);
            met += usize::from(self.fits(id, conjunct));
        }
        let wanted = self.anonymous(count, env, id);
        if let Some(error) = &self.node(wanted).error {
            return Err(Stop::Fail(error.clone()));
        }
        if self.admits(wanted, &Atom::Number(met.into()))? {
            return Ok(());
        }
        let error =
            Error::new(ErrorKind::Conflict, position, "the constraints of `matchN` that the value meets");
        Err(Stop::Fail(Box::new(error.expected(self.describe(wanted), met.to_string()))))
    }

    /// `list.MatchN(count, constraint)`: how many elements meet the constraint.
    pub(crate) fn list_match_n(
        &mut self,
        id: NodeId,
        arguments: &'a [Expression],
        env: &Env<'a>,
        position: Position,
    ) -> Result<(), Stop> {
        let [count, constraint] = arguments else { return Ok(()) };
        let mut met = 0_usize;
        for item in self.items(id) {
            self.finish(item);
            let conjunct = self.conjunct(Conj::Expression(constraint), env.clone(), constraint.position);
            let fitted = self.fitted(item, conjunct);
            met += usize::from(
                fitted.is_some_and(|probe| self.look(probe, &mut super::Report::default()).is_ok()),
            );
        }
        let wanted = self.anonymous(count, env, id);
        if let Some(error) = &self.node(wanted).error {
            return Err(Stop::Fail(error.clone()));
        }
        if self.admits(wanted, &Atom::Number(met.into()))? {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Conflict, position, "the elements that `list.MatchN` counts");
        Err(Stop::Fail(Box::new(error.expected(self.describe(wanted), met.to_string()))))
    }

    /// `matchIf(if, then, else)`
    pub(crate) fn match_if(
        &mut self,
        id: NodeId,
        arguments: &'a [Expression],
        env: &Env<'a>,
    ) -> Result<(), Stop> {
        let [condition, then, otherwise] = arguments else { return Ok(()) };
        let conjunct = |expression: &'a Expression| {
            self.conjunct(Conj::Expression(expression), env.clone(), expression.position)
        };
        let (condition, then, otherwise) = (conjunct(condition), conjunct(then), conjunct(otherwise));
        let (branch, name) = if self.fits(id, condition) { (then, "then") } else { (otherwise, "else") };
        let position = branch.position;
        if self.fits(id, branch) {
            return Ok(());
        }
        let message = format!("the value does not meet the {name} of `matchIf`");
        Err(Stop::fail(ErrorKind::Conflict, position, message))
    }

    /// Whether a value meets a constraint; its own constraints aside.
    fn fits(&mut self, id: NodeId, conjunct: Conjunct<'a>) -> bool {
        self.fitted(id, conjunct).is_some()
    }

    /// The value unified with a constraint that it meets.
    fn fitted(&mut self, id: NodeId, conjunct: Conjunct<'a>) -> Option<NodeId> {
        let seen = self.observations.len();
        let probe = self.new_node(Some(id), Place::Inner);
        let copy = Conjunct { kind: Conj::Copy(id), ..self.conjunct(Conj::Top, None, conjunct.position) };
        self.node_mut(probe).conjuncts.push(copy);
        self.node_mut(probe).conjuncts.push(conjunct);
        self.finish(probe);
        self.observations.truncate(seen);
        self.first_error(probe).is_none().then_some(probe)
    }

    /// Unifies a node with what is known of another one's value: scalars, fields, elements.
    pub(crate) fn copy(&mut self, id: NodeId, from: NodeId, conjunct: &Conjunct<'a>) {
        self.finish(from);
        let from = self.settled(from);
        self.note(id, conjunct.close, 0);
        let this = self.node(from);
        let (kinds, by, literal) = (this.kinds, this.kinds_by, this.literal);
        match this.atom.clone() {
            Some((atom, position)) => self.set(id, atom, position),
            None => self.narrow(id, kinds, by),
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
            self.shape(id, items, None, conjunct.position);
        }
    }
}
