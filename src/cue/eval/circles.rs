//! Circular policies: values that are computed from themselves. cosign's evaluator takes such fields in an order of its own, and gives
//! answers that depend on it; here they are refused, whatever they would come to.
//!
//! While values are computed, who reads whom is noted. An edge is *strict* where more is taken than constraints: a value, whether
//! something is there, which alternative holds. Afterwards no strict edge may lie on a circle. A circle of mere references, and values
//! that contain references to what contains them, are none.

use std::collections::{HashMap, HashSet};

use super::Evaluator;
use super::graph::Graph;
use super::node::{Conj, Conjunct, NodeId, Place};
use crate::cue::ast::{
    Binary, Binding, Clause, Comprehension, Declaration, Expression, Field, Kind, Label, Name, Pattern,
    Position,
};
use crate::cue::error::{Error, ErrorKind};

/// What something can depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Vertex {
    /// A value: its scalar, its kinds, which fields or elements it has, which alternative it is.
    Value(NodeId),
    /// A value and all that is in it.
    Whole(NodeId),
    /// What decides whether, and under which label, fields are there; by its place in [`Circles::clauses`].
    Clause(u32),
    /// That a field is not there; by its place in [`Circles::absent`].
    Absent(u32),
}

/// A comprehension, a computed label or a pattern at a node.
pub(super) struct ClauseOf<'a> {
    pub(super) node: NodeId,
    /// The one that yields fields of known names.
    pub(super) comprehension: Option<&'a Comprehension>,
    /// Whether it yields fields at all.
    pub(super) yields: bool,
}

/// Who reads whom.
#[derive(Default)]
pub(crate) struct Circles<'a> {
    pub(super) edges: HashSet<(Vertex, Vertex, bool)>,
    reader: Option<Vertex>,
    pub(super) clauses: Vec<ClauseOf<'a>>,
    known_clauses: HashMap<(NodeId, *const ()), u32>,
    merged: HashMap<(u32, u32), u32>,
    pub(super) absent: Vec<(NodeId, Name)>,
    known_absent: HashMap<(NodeId, Name), u32>,
}

/// Why a conjunct is there: one more than the place of a clause; 0 for none.
pub(crate) type Cause = u32;

impl<'a> Evaluator<'a> {
    /// Who reads from now on; to be given back to [`Evaluator::reads_again`].
    pub(crate) fn reads(&mut self, id: NodeId) -> Option<Vertex> {
        let origin = self.node(id).origin;
        self.circles.reader.replace(Vertex::Value(origin))
    }

    /// The same for what decides which fields a node has; and the cause of the conjuncts that come of it.
    pub(crate) fn clause_reads(
        &mut self,
        id: NodeId,
        clause: *const (),
        comprehension: Option<&'a Comprehension>,
        yields: bool,
        because: Cause,
    ) -> (Option<Vertex>, Cause) {
        let origin = self.node(id).origin;
        let circles = &mut self.circles;
        let next = circles.clauses.len() as u32;
        let known = *circles.known_clauses.entry((id, clause)).or_insert(next);
        if known == next {
            circles.clauses.push(ClauseOf { node: id, comprehension, yields });
        }
        let vertex = Vertex::Clause(known);
        if yields {
            circles.edges.insert((Vertex::Value(origin), vertex, false));
        }
        if because > 0 {
            circles.edges.insert((vertex, Vertex::Clause(because - 1), false));
        }
        (circles.reader.replace(vertex), known + 1)
    }

    /// Who reads while a task is attempted, and the cause of what comes of it.
    pub(crate) fn task_reads(&mut self, id: NodeId, task: &Conjunct<'a>) -> (Option<Vertex>, Cause) {
        match task.kind {
            Conj::Comprehension(comprehension) => {
                let key: *const Comprehension = comprehension;
                self.clause_reads(id, key.cast(), Some(comprehension), true, task.cause)
            }
            Conj::Dynamic(field) => {
                let key: *const Field = field;
                self.clause_reads(id, key.cast(), None, true, task.cause)
            }
            Conj::Pattern(pattern) => {
                let key: *const Pattern = pattern;
                self.clause_reads(id, key.cast(), None, false, task.cause)
            }
            _ => (self.reads(id), task.cause),
        }
    }

    /// Whether any comprehension was met.
    pub(super) fn comprehends_anything(&self) -> bool {
        self.circles.clauses.iter().any(|clause| clause.comprehension.is_some())
    }

    /// Ends [`Evaluator::reads`].
    pub(crate) fn reads_again(&mut self, before: Option<Vertex>) {
        self.circles.reader = before;
    }

    /// Notes that a value is read.
    pub(crate) fn read_value(&mut self, node: NodeId) {
        let origin = self.node(node).origin;
        self.depend(Vertex::Value(origin), true);
    }

    /// The same, unless it is the reader's own: a constraint may judge its value.
    pub(crate) fn read_other(&mut self, node: NodeId) {
        let value = Vertex::Value(self.node(node).origin);
        if self.circles.reader != Some(value) {
            self.depend(value, true);
        }
    }

    /// Notes that something is taken from a value; where it has alternatives, that depends on which one holds.
    pub(crate) fn read_choice(&mut self, node: NodeId) {
        if self.node(node).choices.len() > self.node(node).decided.len() {
            self.read_value(node);
        }
    }

    /// Notes that a value is read with all that is in it.
    pub(crate) fn read_whole(&mut self, node: NodeId) {
        self.depend(Vertex::Whole(node), true);
    }

    /// Notes that a field was found missing.
    pub(crate) fn read_absence(&mut self, node: NodeId, name: &Name) {
        let circles = &mut self.circles;
        let next = circles.absent.len() as u32;
        let known = *circles.known_absent.entry((node, name.clone())).or_insert(next);
        if known == next {
            circles.absent.push((node, name.clone()));
        }
        self.depend(Vertex::Absent(known), true);
    }

    /// Notes that the constraints of `target` are taken over by `id`; of an alternative, that is more.
    pub(crate) fn takes_over(&mut self, id: NodeId, target: NodeId, sided: bool) {
        let (from, to) = (self.node(id).origin, self.node(target).origin);
        let chosen = !self.node(id).decided.is_empty();
        if from != to || sided {
            self.circles.edges.insert((Vertex::Value(from), Vertex::Value(to), chosen));
        }
    }

    fn depend(&mut self, on: Vertex, strict: bool) {
        if let Some(reader) = self.circles.reader {
            self.circles.edges.insert((reader, on, strict));
        }
    }

    /// The cause of a conjunct that has two.
    pub(crate) fn both_causes(&mut self, one: Cause, other: Cause) -> Cause {
        if one == other || other == 0 {
            return one;
        }
        if one == 0 {
            return other;
        }
        let key = (one.min(other), one.max(other));
        if let Some(known) = self.circles.merged.get(&key) {
            return *known;
        }
        let made = self.circles.clauses.len() as u32;
        self.circles.clauses.push(ClauseOf { node: NodeId(0), comprehension: None, yields: false });
        for cause in [one, other] {
            self.circles.edges.insert((Vertex::Clause(made), Vertex::Clause(cause - 1), false));
        }
        self.circles.merged.insert(key, made + 1);
        made + 1
    }

    /// Refuses a policy in which something is computed from itself.
    pub(crate) fn no_circles(&self) -> Result<(), Error> {
        let graph = Graph::new(self);
        let components = graph.components();
        let circular = graph
            .edges
            .iter()
            .enumerate()
            .flat_map(|(from, edges)| edges.iter().map(move |(to, strict)| (from, *to as usize, *strict)))
            .filter(|(from, to, strict)| *strict && components[*from] == components[*to]);
        let Some((from, to, _)) =
            circular.min_by_key(|(from, to, _)| (graph.vertices[*from], graph.vertices[*to]))
        else {
            return Ok(());
        };
        Err(self.circular(graph.vertices[from], graph.vertices[to]))
    }

    fn circular(&self, from: Vertex, to: Vertex) -> Error {
        let node = |vertex| match vertex {
            Vertex::Value(node) | Vertex::Whole(node) => node,
            Vertex::Clause(clause) => self.circles.clauses[clause as usize].node,
            Vertex::Absent(absent) => self.circles.absent[absent as usize].0,
        };
        let named = |id: &NodeId| matches!(self.node(*id).place, Place::Field(_));
        let shown = [node(from), node(to)].into_iter().find(named).unwrap_or_else(|| node(from));
        let position = match from {
            Vertex::Clause(clause) => self.circles.clauses[clause as usize]
                .comprehension
                .map(|comprehension| comprehension.position),
            _ => None,
        };
        let none = Position::default();
        let written =
            self.node(shown).conjuncts.iter().map(|conjunct| conjunct.position).find(|at| *at != none);
        let message = "circular policies are not supported: the value depends on itself";
        let error = match position.or(written) {
            Some(position) => Error::new(ErrorKind::Cycle, position, message),
            None => Error::nowhere(ErrorKind::Cycle, message),
        };
        error.at(self.path(shown))
    }

    /// Whether a comprehension compares this field of its struct with a scalar, and adds a scalar or a type to it: cosign's evaluator
    /// gives no other answer then.
    pub(super) fn tame(&self, clause: &ClauseOf<'a>, field: NodeId) -> bool {
        let Some(comprehension) = clause.comprehension else { return false };
        let this = self.node(field);
        let [Clause::If { condition, .. }] = &comprehension.clauses[..] else { return false };
        let Kind::Binary { operator: Binary::Relation(_), left, right } = &condition.kind else {
            return false;
        };
        let Place::Field(name) = &this.place else { return false };
        let itself = |side: &Expression| matches!(&side.kind, Kind::Reference { binding: Binding::Field { up: 0, name: named }, .. } if named == name);
        let scalar = |side: &Expression| super::unify::atom(side).is_some();
        let simple = |added: &Expression| {
            scalar(added) || matches!(&added.kind, Kind::Reference { binding: Binding::Predeclared(_), .. })
        };
        let harmless = |declaration: &Declaration| match declaration {
            Declaration::Field(Field { label: Label::Fixed(label), value, .. }) => {
                label != name || simple(value)
            }
            _ => false,
        };
        this.parent == Some(clause.node)
            && (itself(left) && scalar(right) || scalar(left) && itself(right))
            && comprehension.body.declarations.iter().all(harmless)
            && this.choices.is_empty()
    }

    /// Whether a clause may yield a field of this name.
    pub(super) fn may_yield(&self, clause: &ClauseOf<'a>, name: &Name) -> bool {
        clause.yields && clause.comprehension.is_none_or(|comprehension| body_may_yield(comprehension, name))
    }
}

fn body_may_yield(comprehension: &Comprehension, name: &Name) -> bool {
    comprehension.body.declarations.iter().any(|declaration| match declaration {
        Declaration::Field(field) => match &field.label {
            Label::Fixed(fixed) => fixed == name,
            Label::Dynamic(_) => matches!(name, Name::Regular(_)),
        },
        Declaration::Embedding(_) => true,
        Declaration::Comprehension(inner) => body_may_yield(inner, name),
        Declaration::Pattern(_) | Declaration::Ellipsis(_) => false,
    })
}
