//! Closedness: whether every field of a node is admitted by all definitions that it is unified with.
//!
//! Every reference, embedding and struct with embeddings gets an id; what stems from it carries that id, and ids know the ids
//! that they stand in. A field is admitted by a definition when one of the field's own conjuncts stems from it.

use super::node::{Arc, Conj, Conjunct, Node, NodeId, Place};
use super::value::Kinds;
use super::{Evaluator, Stop};
use crate::cue::ast::{Expression, Name, Position, Presence};
use crate::cue::error::{Error, ErrorKind};

/// An id; zero is none.
pub(crate) type Def = u32;

/// What a conjunct stems from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Close {
    pub(crate) id: Def,
    /// The literal around an embedding.
    pub(crate) outer: Def,
    /// The embedding.
    pub(crate) embed: Def,
    /// Whether it stems from a definition.
    pub(crate) definition: bool,
    /// Whether it is embedded in the node itself.
    pub(crate) embedded: bool,
}

/// What one of a node's conjuncts says of closedness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Info {
    pub(crate) id: Def,
    pub(crate) embed: Def,
    pub(crate) flags: Flags,
}

/// Bits.
pub(crate) type Flags = u8;
pub(crate) const ELLIPSIS: Flags = 1;
pub(crate) const TOP: Flags = 2;
pub(crate) const STRUCT: Flags = 4;
pub(crate) const OPEN: Flags = 8;
/// `struct.MinFields(n)`: opens as `matchN` does, and counts as if it did not.
pub(crate) const COUNTED: Flags = 16;
/// A function, or `!=`, that a list may be held against: which elements it may have is left to that.
pub(crate) const LIST: Flags = 32;

/// What sort of id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Reference,
    Embedding,
    Literal,
}

/// Fields of a node (and, where recursive, of what is in it) must stem from this id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requirement {
    pub(crate) id: Def,
    pub(crate) parent: Def,
    pub(crate) embed: Def,
    /// It is only there for others to be found in.
    pub(crate) ignored: bool,
    pub(crate) recursive: bool,
    pub(crate) sort: Sort,
    /// An ellipsis opened it for good.
    pub(crate) removed: bool,
    /// Elements need not stem from it.
    pub(crate) spares_elements: bool,
}

impl<'a> Evaluator<'a> {
    /// A new id that stands in `inside`.
    fn new_def(&mut self, inside: Def) -> Def {
        self.defs.push(inside);
        (self.defs.len() - 1) as Def
    }

    /// Whether `child` is `id` or stands in it.
    fn stems(&self, child: Def, id: Def) -> bool {
        let mut at = child;
        loop {
            self.cost(1);
            if at == id {
                return true;
            }
            // Beyond the limit the answer does not matter: the evaluation ends.
            if at == 0 || self.exhausted() {
                return false;
            }
            at = self.defs[at as usize];
        }
    }

    /// Notes what a conjunct of the node says.
    pub(crate) fn note(&mut self, node: NodeId, close: Close, flags: Flags) {
        self.cost(self.node(node).infos.len());
        let infos = &mut self.node_mut(node).infos;
        match infos.iter_mut().find(|info| info.id == close.id) {
            Some(info) => info.flags |= flags,
            None => infos.push(Info { id: close.id, embed: close.embed, flags }),
        }
    }

    /// A struct literal that has embeddings: closed when one of them is.
    pub(crate) fn split(&mut self, node: NodeId, close: Close) -> Close {
        if close.outer != 0 || close.embedded {
            return close;
        }
        let id = self.require(node, close, Sort::Literal);
        Close { id, outer: id, ..close }
    }

    /// An embedding.
    pub(crate) fn embed(&mut self, node: NodeId, close: Close) -> Close {
        let id = self.require(node, close, Sort::Embedding);
        Close { id, embed: id, embedded: true, ..close }
    }

    /// The package as a whole is closed where a definition is embedded in it: the statement is not part of it.
    pub(super) fn close_root(&mut self, root: NodeId) {
        let id = self.require(root, Close::default(), Sort::Literal);
        for file in &mut self.node_mut(root).conjuncts {
            file.close = Close { id, outer: id, ..Close::default() };
        }
    }

    fn require(&mut self, node: NodeId, close: Close, sort: Sort) -> Def {
        let id = self.new_def(close.id);
        let embed = if sort == Sort::Embedding { id } else { close.embed };
        let recursive = close.definition;
        let parent = close.id;
        let requirement = Requirement {
            id,
            parent,
            embed,
            ignored: true,
            recursive,
            sort,
            removed: false,
            spares_elements: false,
        };
        self.node_mut(node).requirements.push(requirement);
        id
    }

    /// A reference: `definition` where what it names is one, `once` where `close()` made it.
    pub(crate) fn refer(&mut self, node: NodeId, mut close: Close, definition: bool, once: bool) -> Close {
        self.cost(self.node(node).requirements.len());
        if definition {
            close.definition = true;
            self.closes = true;
        }
        let closes = definition || once;
        if closes && ((close.definition && close.embedded) || once) {
            let mut outer = close.outer;
            for requirement in self.node_mut(node).requirements.iter_mut().rev() {
                if outer != 0 && requirement.id == outer {
                    requirement.ignored = false;
                    requirement.recursive |= definition;
                    outer = requirement.parent;
                }
            }
        }
        let ignored = if !closes {
            true
        } else if close.embed != 0 || close.outer == 0 {
            !(close.definition || once)
        } else {
            close.embedded
        };
        let id = self.new_def(close.id);
        let requirement = Requirement {
            id,
            parent: close.outer,
            embed: close.embed,
            ignored,
            recursive: definition,
            sort: Sort::Reference,
            removed: false,
            spares_elements: false,
        };
        self.node_mut(node).requirements.push(requirement);
        Close { id, ..close }
    }

    /// What the fields of a node must stem from.
    fn required(&self, node: NodeId) -> Vec<Requirement> {
        self.required_unless(node, OPEN | COUNTED)
    }

    /// The same; conjuncts with these flags lift what they stem from.
    fn required_unless(&self, node: NodeId, opening: Flags) -> Vec<Requirement> {
        let this = self.node(node);
        self.cost(this.infos.len() + this.requirements.len());
        let mut all = match this.parent {
            Some(parent) if !matches!(this.place, Place::Inner) => self.required_unless(parent, opening),
            _ => Vec::new(),
        };
        for requirement in &mut all {
            requirement.ignored |= !requirement.recursive;
        }
        for own in &this.requirements {
            if own.ignored && own.sort == Sort::Reference {
                continue;
            }
            all.push(*own);
            if own.parent != 0 && !own.ignored {
                self.wake(&mut all, own.parent, own.recursive);
            }
        }
        if let Place::Field(name) = &this.place
            && always_admitted(name)
        {
            all.retain(|r| this.infos.iter().any(|info| self.stems(info.id, r.id)));
        }
        let above = this.parent.map(|parent| self.node(parent).infos.clone()).unwrap_or_default();
        all.retain_mut(|r| {
            let mut flags = 0;
            let mut any = false;
            for info in &this.infos {
                if self.stems(info.id, r.id) {
                    any = true;
                    flags |= info.flags;
                }
            }
            if (flags & TOP != 0 && flags & STRUCT == 0) || flags & opening != 0 {
                return false;
            }
            if !any && self.ellipsis(&above, r.id) {
                r.removed = true;
            }
            r.spares_elements |= flags & LIST != 0 && flags & STRUCT == 0;
            true
        });
        all
    }

    fn wake(&self, all: &mut [Requirement], parent: Def, recursive: bool) {
        let mut outer = parent;
        for requirement in all.iter_mut().rev() {
            if outer != 0 && requirement.id == outer {
                requirement.recursive =
                    if requirement.ignored { recursive } else { requirement.recursive || recursive };
                requirement.ignored = false;
                outer = requirement.parent;
            }
        }
    }

    fn ellipsis(&self, infos: &[Info], id: Def) -> bool {
        infos.iter().any(|info| info.flags & ELLIPSIS != 0 && self.stems(info.id, id))
    }

    /// Whether all fields of a node are admitted, and all elements: to cosign's evaluator they are fields too.
    pub(crate) fn check_closed(&self, node: NodeId) -> Result<(), Box<Error>> {
        let this = self.node(node);
        let made = this.items.lazy.iter().flat_map(|lazy| lazy.made.values());
        let elements = this.items.nodes.iter().chain(made).copied();
        let fields = this
            .arcs
            .iter()
            .filter(|arc| arc.presence != Presence::Optional && !always_admitted(&arc.name))
            .map(|arc| arc.node);
        let mut parts = fields.chain(elements).peekable();
        if parts.peek().is_none() {
            return Ok(());
        }
        let mut required = self.required(node);
        for requirement in &mut required {
            requirement.removed |= self.ellipsis(&this.infos, requirement.id);
        }
        if required.iter().all(|r| r.ignored || r.removed) {
            return Ok(());
        }
        for part in parts {
            let is_element = matches!(self.node(part).place, Place::Item(_));
            if !self.admitted(&required, &self.node(part).infos, is_element) {
                let message = match is_element {
                    true => "element not allowed: the definition is no list",
                    false => "field not allowed: the definition does not have it",
                };
                let closed = this.conjuncts.iter().find(|conjunct| conjunct.position != Position::default());
                let mut error = Error::nowhere(ErrorKind::NotAllowed, message).at(self.path(part));
                error.position = closed.map(|conjunct| conjunct.position);
                return Err(Box::new(error));
            }
        }
        Ok(())
    }

    /// Whether a field with these conjuncts would be admitted.
    pub(crate) fn admits_label(&self, node: NodeId, infos: &[Info]) -> bool {
        self.admits_part(node, infos, false)
    }

    /// Whether an element with these conjuncts would be admitted.
    pub(crate) fn admits_element(&self, node: NodeId, infos: &[Info]) -> bool {
        self.admits_part(node, infos, true)
    }

    fn admits_part(&self, node: NodeId, infos: &[Info], is_element: bool) -> bool {
        let this = self.node(node);
        let mut required = self.required(node);
        for requirement in &mut required {
            requirement.removed |= self.ellipsis(&this.infos, requirement.id);
        }
        self.admitted(&required, infos, is_element)
    }

    fn admitted(&self, required: &[Requirement], infos: &[Info], is_element: bool) -> bool {
        required.iter().all(|r| {
            r.ignored || r.removed || is_element && r.spares_elements || self.evidence(required, r, infos)
        })
    }

    /// Whether a node can have no fields but those that it names.
    pub(crate) fn is_closed(&self, node: NodeId) -> bool {
        self.node(node).rules.is_empty() && self.closed_to_all(node)
    }

    /// The same, patterns aside.
    pub(crate) fn closed_to_all(&self, node: NodeId) -> bool {
        self.excludes(node, &Name::Regular("".into()))
    }

    /// Whether a closed node can never have this field.
    pub(crate) fn excludes(&self, node: NodeId, name: &Name) -> bool {
        if always_admitted(name) {
            return false;
        }
        let this = self.node(node);
        let flags = this.infos.iter().fold(0, |all, info| all | info.flags);
        let bare = flags & STRUCT == 0;
        if flags & ELLIPSIS != 0 || flags & (TOP | OPEN) != 0 && bare {
            return false;
        }
        self.in_definition(node) || self.required_unless(node, OPEN).iter().any(|r| !r.ignored && !r.removed)
    }

    /// Whether a node is a definition, or stands in one.
    pub(crate) fn in_definition(&self, node: NodeId) -> bool {
        let this = self.node(node);
        match (&this.place, this.parent) {
            (Place::Field(name), _) if super::reference::is_definition(name) => true,
            (Place::Inner, _) | (_, None) => false,
            (_, Some(parent)) => self.in_definition(parent),
        }
    }

    /// `close({..})`
    pub(crate) fn close(
        &mut self,
        id: NodeId,
        value: &'a Expression,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        let node = self.anonymous(value, &task.env, id);
        if let Some(error) = &self.node(node).error {
            return Err(Stop::Fail(error.clone()));
        }
        let this = self.node(node);
        if this.kinds.meets(Kinds::STRUCT) && this.kinds != Kinds::STRUCT && !this.tasks.is_empty() {
            return Err(Stop::wait(position, "the struct of `close` is not known yet"));
        }
        if !this.validators.is_empty() && this.arcs.is_empty() {
            let message = "cannot be decided: `close` of a value that only a constraint describes";
            return Err(Stop::Fail(self.stop(Error::new(ErrorKind::Undecided, position, message))));
        }
        if this.kinds != Kinds::STRUCT && !self.ambiguous(node) {
            let message = format!("`close` needs a struct, not {}", self.describe(node));
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        if self.may_be_no_struct(node) {
            let message = "`close` needs a struct: with `_` or a constraint in it, it must have a field";
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        let close = self.refer(id, task.close, false, true);
        let kind = Conj::Expression(value);
        let closed = Conjunct { kind, close, position: value.position, ..task.clone() };
        self.node_mut(id).derived.push(closed);
        Ok(())
    }

    /// Whether a literal is a struct only as long as nothing else is said of it: `{a?: 1, _}`.
    fn may_be_no_struct(&self, id: NodeId) -> bool {
        let this = self.node(id);
        if let Some(outcome) = &this.outcome {
            return outcome.iter().any(|(alternative, _)| self.may_be_no_struct(*alternative));
        }
        let fields = |arc: &Arc| arc.presence != Presence::Optional && matches!(arc.name, Name::Regular(_));
        this.infos.iter().any(|info| info.flags & (TOP | OPEN) != 0) && !this.arcs.iter().any(fields)
    }

    fn evidence(&self, all: &[Requirement], requirement: &Requirement, infos: &[Info]) -> bool {
        if infos.iter().any(|info| self.stems(info.id, requirement.id)) {
            return true;
        }
        let find = |id: Def| all.iter().find(|r| id != 0 && r.id == id);
        let Some(scope) = find(requirement.embed) else { return false };
        let outer = find(requirement.parent);
        if outer.is_some_and(|outer| outer.removed) {
            return true;
        }
        infos.iter().any(|info| {
            !self.stems(info.embed, scope.id)
                && match outer {
                    Some(outer) => self.stems(info.id, outer.id),
                    None => true,
                }
        })
    }
}

impl Node<'_> {
    /// What [`Evaluator::close_root`] gave to the package: no conjunct makes it anew for an alternative of its disjunctions.
    pub(crate) fn requirement_of_package(&self) -> Option<Requirement> {
        let file = self.conjuncts.iter().find(|conjunct| matches!(conjunct.kind, Conj::File(_)))?;
        let given = self.requirements.iter().find(|r| r.id == file.close.outer)?;
        Some(Requirement { ignored: true, recursive: false, ..*given })
    }
}

/// Definitions and hidden fields are admitted everywhere.
fn always_admitted(name: &Name) -> bool {
    !matches!(name, Name::Regular(_))
}
