//! Elements of the statement that can meet a constraint in no case: told without a node for them.

use super::Evaluator;
use super::node::{Conj, NodeId, Place};
use super::value::{Atom, Kinds};
use crate::cue::ast::{Expression, Name, Presence};
use crate::cue::number::Number;
use crate::cue::statement::Json;

impl<'a> Evaluator<'a> {
    /// A node that only has the constraint of `list.MatchN`, where some elements have no node yet.
    pub(crate) fn constraint_of_elements(
        &mut self,
        list: NodeId,
        constraint: &'a Expression,
        env: &super::node::Env<'a>,
    ) -> Option<NodeId> {
        self.node(list).items.lazy.as_ref()?;
        let node = self.new_node(Some(list), Place::Inner);
        let conjunct = self.conjunct(Conj::Expression(constraint), env.clone(), constraint.position);
        self.node_mut(node).conjuncts.push(conjunct);
        self.finish(node);
        Some(node)
    }

    /// Whether an element is the statement's alone, and in conflict with a constraint.
    pub(crate) fn element_differs(&mut self, list: NodeId, index: usize, constraint: NodeId) -> bool {
        let items = &self.node(list).items;
        let Some(lazy) = &items.lazy else { return false };
        if lazy.made.contains_key(&index) {
            return false;
        }
        let Some(value) = lazy.values.get(index) else { return false };
        let bare = items.tails.iter().all(|tail| matches!(tail.conjunct.kind, Conj::Top));
        self.differs(constraint, value, bare)
    }

    /// Whether a value is in conflict with a node; `bare` where nothing else could supply fields that it lacks.
    fn differs(&mut self, id: NodeId, value: &Json<'_>, bare: bool) -> bool {
        if !self.step() {
            return false;
        }
        let this = self.node(id);
        if this.error.is_some() || this.lossy || this.scoped {
            return false;
        }
        if let Some(outcome) = self.node(id).outcome.clone() {
            return !outcome.is_empty()
                && outcome.iter().all(|(alternative, _)| self.differs(*alternative, value, bare));
        }
        let atom = match value {
            Json::Null => Atom::Null,
            Json::Bool(value) => Atom::Bool(*value),
            Json::String(text) => Atom::String((&**text).into()),
            Json::Number(text) => match Number::json(text) {
                Ok(number) => Atom::Number(number),
                Err(_) => return false,
            },
            Json::List(_) => return !self.node(id).kinds.meets(Kinds::LIST),
            Json::Object(members) => return self.object_differs(id, members, bare),
        };
        let this = self.node(id);
        if !this.kinds.meets(atom.kinds()) {
            return true;
        }
        if let Some((known, _)) = &this.atom {
            return !known.same(&atom);
        }
        let bounds = this.bounds.clone();
        bounds.iter().any(|bound| matches!(self.within(&atom, bound), Ok(false)))
    }

    fn object_differs(
        &mut self,
        id: NodeId,
        members: &[(std::borrow::Cow<'_, str>, Json<'_>)],
        bare: bool,
    ) -> bool {
        if !self.node(id).kinds.meets(Kinds::STRUCT) {
            return true;
        }
        for arc in self.node(id).arcs.clone() {
            let Name::Regular(name) = &arc.name else { continue };
            let differs = match members.iter().find(|(member, _)| **member == **name) {
                Some((_, value)) => self.differs(arc.node, value, bare),
                None => bare && arc.presence == Presence::Required,
            };
            if differs {
                return true;
            }
        }
        false
    }
}
