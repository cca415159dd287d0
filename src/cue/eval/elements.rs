//! Elements of the statement's lists: a list of thousands is held against what its elements must be without making nodes for
//! them, as long as that can be decided from the data alone.

use std::collections::HashMap;

use super::Evaluator;
use super::close::Info;
use super::node::{Check, Conj, Conjunct, Mode, NodeId, Place, Tail};
use super::value::{Atom, Kinds};
use crate::cue::ast::{Name, Presence};
use crate::cue::number::Number;
use crate::cue::statement::Json;

/// Where in an element of a list we are, and what was found to be missing.
struct Walk<'w> {
    path: Vec<String>,
    lacking: &'w mut Vec<String>,
    seen: &'w mut Seen,
}

/// What was found of the nodes that elements are held against: it is the same for every element.
#[derive(Default)]
struct Seen {
    /// Whether there is no error in it.
    sound: HashMap<NodeId, bool>,
    /// Whether a value may lack it.
    spared: HashMap<NodeId, bool>,
}

/// What is asked of a value of the statement that has no node.
const DATA: Info = Info { id: 0, embed: 0, flags: 0 };

impl<'a> Evaluator<'a> {
    /// The elements of a list, as nodes.
    pub(crate) fn items(&mut self, id: NodeId) -> Vec<NodeId> {
        if let Some(count) = self.node(id).items.lazy.as_ref().map(|lazy| lazy.values.len()) {
            let nodes: Vec<NodeId> = (0..count).map(|index| self.item(id, index)).collect();
            let items = &mut self.node_mut(id).items;
            items.lazy = None;
            items.nodes = nodes;
        }
        self.node(id).items.nodes.clone()
    }

    /// One element, as a node; there must be one.
    pub(crate) fn item(&mut self, id: NodeId, index: usize) -> NodeId {
        let items = &self.node(id).items;
        let Some(lazy) = &items.lazy else { return items.nodes[index] };
        if let Some(made) = lazy.made.get(&index) {
            return *made;
        }
        let first = Conjunct { kind: Conj::Data(&lazy.values[index]), ..lazy.conjunct.clone() };
        let node = self.new_node(Some(id), Place::Item(index));
        let tails = self.node(id).items.tails.clone();
        self.add(node, first);
        for tail in tails.into_iter().filter(|tail| tail.start <= index) {
            self.add(node, tail.conjunct);
        }
        if let Some(lazy) = &mut self.node_mut(id).items.lazy {
            lazy.made.insert(index, node);
        }
        node
    }

    /// What further elements are, for a list of the statement.
    pub(crate) fn tail_of_lazy(&mut self, id: NodeId, conjunct: Conjunct<'a>) {
        let items = &mut self.node_mut(id).items;
        items.tails.push(Tail { start: 0, conjunct: conjunct.clone() });
        let made: Vec<NodeId> = items.lazy.iter().flat_map(|lazy| lazy.made.values().copied()).collect();
        for node in made {
            self.add(node, conjunct.clone());
        }
    }

    /// Holds the elements against what they must be; those for which that needs a node get one.
    pub(crate) fn finish_lazy(&mut self, id: NodeId) {
        let items = &self.node(id).items;
        let Some(lazy) = &items.lazy else { return };
        let values = lazy.values;
        let tails = items.tails.clone();
        if tails.is_empty() && !self.demands(id) {
            return;
        }
        let schema = self.new_node(Some(id), Place::Item(0));
        for tail in tails {
            self.add(schema, tail.conjunct);
        }
        self.finish(schema);
        if !values.is_empty() && !self.admits_elements(id, schema) {
            // As an element that has a node it is held against what the list may have.
            self.item(id, 0);
        }
        let (mut lacking, mut seen) = (Vec::new(), Seen::default());
        for (index, value) in values.iter().enumerate() {
            let before = lacking.len();
            let made = self.node(id).items.lazy.as_ref().is_some_and(|lazy| lazy.made.contains_key(&index));
            let path = vec![format!("[{index}]")];
            let mut at = Walk { path, lacking: &mut lacking, seen: &mut seen };
            if made || !self.certainly_fits(schema, value, &mut at) {
                lacking.truncate(before);
                let item = self.item(id, index);
                self.finish(item);
                if self.first_error(item).is_some() {
                    return;
                }
            }
            if self.fatal.is_some() || self.node(id).items.lazy.is_none() {
                return;
            }
        }
        if let Some(lazy) = &mut self.node_mut(id).items.lazy {
            lazy.lacking = lacking;
        }
    }

    /// Whether elements of a list must stem from something.
    fn demands(&self, id: NodeId) -> bool {
        !self.admits_element(id, &[DATA])
    }

    /// Whether a list may have elements of the statement, which are held against this node.
    fn admits_elements(&self, list: NodeId, schema: NodeId) -> bool {
        let mut infos = self.node(schema).infos.clone();
        infos.push(DATA);
        self.admits_element(list, &infos)
    }

    /// Whether nothing in a node is an error, whatever is unified with it: also in fields that a value lacks.
    fn sound(&self, id: NodeId, seen: &mut Seen) -> bool {
        *seen.sound.entry(id).or_insert_with(|| self.first_error(id).is_none())
    }

    /// Whether a value may lack a field: none is demanded in it, and all in it is known.
    fn spared(&self, field: NodeId, seen: &mut Seen) -> bool {
        let all_there = || self.complete(field).is_ok() && self.all_known(field).is_ok();
        *seen.spared.entry(field).or_insert_with(all_there)
    }

    /// Whether a value meets all that a node, which knows nothing of it, demands; false where that cannot be told from the two.
    fn certainly_fits(&mut self, id: NodeId, value: &Json<'_>, at: &mut Walk<'_>) -> bool {
        if at.path.len() > 64 || !self.step() {
            return false;
        }
        let this = self.node(id);
        if !this.tasks.is_empty() || this.scoped || this.lossy || !this.finished || !self.sound(id, at.seen) {
            return false;
        }
        let this = self.node(id);
        if let Some(outcome) = this.outcome.clone() {
            return self.alternative_fits(&outcome, value, at);
        }
        match value {
            Json::Object(members) => self.object_fits(id, members, at),
            Json::List(values) => self.list_fits(id, values, at),
            scalar => self.scalar_fits(id, scalar),
        }
    }

    /// Whether a value meets one alternative; of several, it is held to the one that it lacks the least of.
    fn alternative_fits(&mut self, outcome: &[(NodeId, Mode)], value: &Json<'_>, at: &mut Walk<'_>) -> bool {
        let mut least: Option<Vec<String>> = None;
        for (alternative, _) in outcome {
            let mut lacking = Vec::new();
            let mut inner = Walk { path: at.path.clone(), lacking: &mut lacking, seen: at.seen };
            let fits = self.certainly_fits(*alternative, value, &mut inner);
            if fits && least.as_ref().is_none_or(|least| lacking.len() < least.len()) {
                let nothing = lacking.is_empty();
                least = Some(lacking);
                if nothing {
                    break;
                }
            }
        }
        at.lacking.extend(least.iter().flatten().cloned());
        least.is_some()
    }

    fn scalar_fits(&mut self, id: NodeId, value: &Json<'_>) -> bool {
        let this = self.node(id);
        if let (Some((Atom::String(known), _)), Json::String(text)) = (&this.atom, value) {
            return **known == **text;
        }
        if this.atom.is_none() && this.bounds.is_empty() && this.validators.is_empty() {
            let kinds = match value {
                Json::Null => Kinds::NULL,
                Json::Bool(_) => Kinds::BOOL,
                Json::String(_) => Kinds::STRING,
                _ => Kinds::NONE,
            };
            if kinds != Kinds::NONE {
                return this.kinds.meets(kinds);
            }
        }
        let atom = match value {
            Json::Null => Atom::Null,
            Json::Bool(value) => Atom::Bool(*value),
            Json::String(text) => Atom::String((&**text).into()),
            Json::Number(text) => match Number::json(text) {
                Ok(number) => Atom::Number(number),
                Err(_) => return false,
            },
            Json::List(_) | Json::Object(_) => return false,
        };
        let plain = self
            .node(id)
            .validators
            .iter()
            .all(|validator| matches!(validator.check, Check::Function { .. }));
        plain && matches!(self.admits(id, &atom), Ok(true))
    }

    fn list_fits(&mut self, id: NodeId, values: &[Json<'_>], at: &mut Walk<'_>) -> bool {
        let this = self.node(id);
        let items = &this.items;
        let untouched = items.tails.is_empty()
            && items.nodes.is_empty()
            && items.lazy.is_none()
            && items.length.is_none();
        if !this.kinds.meets(Kinds::LIST)
            || this.atom.is_some()
            || !this.bounds.is_empty()
            || !this.validators.is_empty()
        {
            return false;
        }
        if !untouched && (items.length.is_some() || !items.nodes.is_empty() || items.lazy.is_some()) {
            return false;
        }
        if untouched {
            return !self.demands(id);
        }
        let tails = items.tails.clone();
        let schema = match this.items.schema {
            Some(schema) => schema,
            None => {
                let schema = self.new_node(Some(id), Place::Item(0));
                for tail in tails {
                    self.add(schema, tail.conjunct);
                }
                self.finish(schema);
                self.node_mut(id).items.schema = Some(schema);
                schema
            }
        };
        if !values.is_empty() && !self.admits_elements(id, schema) {
            return false;
        }
        for (index, value) in values.iter().enumerate() {
            at.path.push(format!("[{index}]"));
            let fits = self.certainly_fits(schema, value, at);
            at.path.pop();
            if !fits {
                return false;
            }
        }
        true
    }

    fn object_fits(
        &mut self,
        id: NodeId,
        members: &[(std::borrow::Cow<'_, str>, Json<'_>)],
        at: &mut Walk<'_>,
    ) -> bool {
        let this = self.node(id);
        if !this.kinds.meets(Kinds::STRUCT)
            || this.atom.is_some()
            || !this.rules.is_empty()
            || !this.validators.is_empty()
            || !this.bounds.is_empty()
        {
            return false;
        }
        let arcs = this.arcs.clone();
        let others = self.admits_label(id, &[DATA]);
        let mut found = 0;
        for (name, value) in members {
            let Some(arc) =
                arcs.iter().find(|arc| matches!(&arc.name, Name::Regular(text) if **text == **name))
            else {
                if others {
                    continue;
                }
                return false;
            };
            let mut infos = self.node(arc.node).infos.clone();
            infos.push(DATA);
            if arc.presence != Presence::Regular {
                self.finish(arc.node);
                infos.extend(self.node(arc.node).infos.iter().copied());
            }
            if !others && !self.admits_label(id, &infos) {
                return false;
            }
            found += 1;
            at.path.push(format!(".{}", super::shown(&arc.name)));
            let fits = self.certainly_fits(arc.node, value, at);
            at.path.pop();
            if !fits {
                return false;
            }
        }
        if found < arcs.len() {
            for arc in arcs.iter().filter(|arc| {
                !members.iter().any(|(name, _)| matches!(&arc.name, Name::Regular(text) if **text == **name))
            }) {
                match arc.presence {
                    Presence::Required => return false,
                    Presence::Regular if !self.spared(arc.node, at.seen) => return false,
                    Presence::Regular => self.note_lacking(arc.node, &arc.name, at),
                    Presence::Optional => {}
                }
            }
        }
        true
    }

    /// A field that is constrained and not there.
    fn note_lacking(&self, node: NodeId, name: &Name, at: &mut Walk<'_>) {
        if matches!(name, Name::Regular(_)) && self.constrains(node) {
            at.lacking.push(format!("{}.{}", at.path.concat(), super::shown(name)));
        }
    }
}
