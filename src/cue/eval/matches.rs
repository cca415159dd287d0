//! `matchN` and `matchIf`: constraints that look at a value from outside.

use super::node::{Conj, Conjunct, Env, NodeId, Place};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::{Expression, Position};
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
        for item in self.node(list).items.nodes.clone() {
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
        let seen = self.observations.len();
        let probe = self.new_node(Some(id), Place::Inner);
        let fitted = self.data_conjuncts(probe, id);
        self.node_mut(probe).conjuncts.push(conjunct);
        self.finish(probe);
        self.observations.truncate(seen);
        fitted && self.first_error(probe).is_none()
    }

    /// Unifies a node with what is known of another one's value: scalars, fields, elements.
    fn data_conjuncts(&mut self, probe: NodeId, id: NodeId) -> bool {
        let id = self.settled(id);
        if !self.step() || self.nesting > super::MAX_NESTING {
            self.too_deep();
            return false;
        }
        self.nesting += 1;
        let this = self.node(id);
        let (kinds, by, literal) = (this.kinds, this.kinds_by, this.literal);
        if let Some((atom, position)) = this.atom.clone() {
            self.set(probe, atom, position);
        } else {
            self.narrow(probe, kinds, by);
        }
        self.node_mut(probe).literal |= literal;
        self.node_mut(probe).acyclic = true;
        for arc in self.node(id).arcs.clone() {
            if arc.presence == crate::cue::ast::Presence::Regular {
                self.insert(probe, arc.name.clone(), arc.presence, None);
                let copy = self.node(probe).arc(&arc.name).map(|arc| arc.node);
                if let Some(copy) = copy {
                    self.data_conjuncts(copy, arc.node);
                }
            }
        }
        if kinds == Kinds::LIST {
            for (index, item) in self.node(id).items.nodes.clone().into_iter().enumerate() {
                let copy = self.new_node(Some(probe), Place::Item(index));
                self.node_mut(probe).items.nodes.push(copy);
                self.data_conjuncts(copy, item);
            }
            let count = self.node(probe).items.nodes.len();
            self.node_mut(probe).items.length = Some(count);
        }
        self.nesting -= 1;
        true
    }
}
