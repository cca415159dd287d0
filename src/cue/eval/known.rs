//! Values that are wholly known, as functions give them, in nodes.

use super::node::{Conj, Conjunct, NodeId, Place};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::{Name, Presence};
use crate::cue::data::Data;

impl<'a> Evaluator<'a> {
    /// Unifies a node with a wholly known value.
    pub(super) fn put(&mut self, id: NodeId, value: &Data, task: &Conjunct<'a>) -> Result<(), Stop> {
        let position = task.position;
        let atom = match value {
            Data::Null => Atom::Null,
            Data::Bool(value) => Atom::Bool(*value),
            Data::Number(number) => Atom::Number(number.clone()),
            Data::String(text) => Atom::String(text.clone()),
            Data::Bytes(bytes) => Atom::Bytes(bytes.clone()),
            Data::List(items) => {
                self.node_mut(id).acyclic = true;
                self.narrow(id, Kinds::LIST, position);
                let conjuncts =
                    items.iter().map(|item| self.made(id, item, task)).collect::<Result<Vec<_>, _>>()?;
                self.shape(id, conjuncts, None, position);
                return Ok(());
            }
            Data::Struct(fields) => {
                self.node_mut(id).acyclic = true;
                self.node_mut(id).literal = true;
                self.narrow(id, Kinds::STRUCT, position);
                for (name, value) in fields {
                    let conjunct = self.made(id, value, task)?;
                    self.insert(id, Name::Regular(name.clone()), Presence::Regular, Some(conjunct));
                }
                return Ok(());
            }
        };
        self.set(id, atom, position);
        Ok(())
    }

    /// A conjunct for a wholly known value.
    fn made(&mut self, id: NodeId, value: &Data, task: &Conjunct<'a>) -> Result<Conjunct<'a>, Stop> {
        let node = self.new_node(Some(id), Place::Inner);
        if let Some(fatal) = &self.fatal {
            return Err(Stop::Fail(fatal.clone()));
        }
        self.put(node, value, task)?;
        Ok(Conjunct { kind: Conj::Copy(node), env: None, ..task.clone() })
    }
}
