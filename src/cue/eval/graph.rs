//! The graph of who reads whom, and its circles.

use std::collections::HashMap;

use super::Evaluator;
use super::circles::Vertex;
use super::node::NodeId;
use crate::cue::ast::{Declaration, Expression, Field, Kind, Label, Presence, Struct};

/// The edges, and those that follow from what contains what.
pub(super) struct Graph {
    pub(super) vertices: Vec<Vertex>,
    places: HashMap<Vertex, u32>,
    pub(super) edges: Vec<Vec<(u32, bool)>>,
}

impl Graph {
    pub(super) fn new(of: &Evaluator<'_>) -> Self {
        let mut graph = Graph { vertices: Vec::new(), places: HashMap::new(), edges: Vec::new() };
        for (from, to, strict) in &of.circles.edges {
            graph.edge(*from, *to, *strict);
        }
        let clauses = graph.vertices.iter().filter(|vertex| matches!(vertex, Vertex::Clause(_))).count();
        for (index, node) in of.nodes.iter().enumerate() {
            let (id, value) = (NodeId(index as u32), Vertex::Value(node.origin));
            if clauses > 0 {
                for conjunct in
                    node.conjuncts.iter().chain(&node.derived).filter(|conjunct| conjunct.cause > 0)
                {
                    let clause = conjunct.cause - 1;
                    if !of.tame(&of.circles.clauses[clause as usize], id) {
                        graph.edge(value, Vertex::Clause(clause), false);
                    }
                }
            }
            if node.origin != id {
                // Which alternative holds depends on all that is in it.
                for part in parts(of, id) {
                    graph.edge(value, Vertex::Whole(part), true);
                }
            }
        }
        for (index, clause) in of.circles.clauses.iter().enumerate() {
            let Some(comprehension) = clause.comprehension else { continue };
            if !comprehension.body.declarations.is_empty() {
                graph.may_add(of, clause.node, &comprehension.body, Vertex::Clause(index as u32));
            }
        }
        let mut next = 0;
        while next < graph.vertices.len() {
            match graph.vertices[next] {
                Vertex::Whole(node) => graph.whole(of, node),
                Vertex::Absent(absent) => graph.absence(of, absent),
                _ => {}
            }
            next += 1;
        }
        graph
    }

    /// The fields that a comprehension adds to, or would: whether it does may depend on them in an order that is not ours.
    fn may_add(&mut self, of: &Evaluator<'_>, node: NodeId, body: &Struct, clause: Vertex) {
        for declaration in &body.declarations {
            match declaration {
                Declaration::Field(Field { label: Label::Fixed(name), value, .. }) => {
                    let Some(arc) = of.node(node).arc(name) else { continue };
                    let Vertex::Clause(place) = clause else { continue };
                    if of.tame(&of.circles.clauses[place as usize], arc.node) {
                        continue;
                    }
                    self.edge(Vertex::Value(of.node(arc.node).origin), clause, false);
                    if let Kind::Struct(inner) = &value.kind {
                        self.may_add(of, arc.node, inner, clause);
                    }
                }
                Declaration::Comprehension(inner) => self.may_add(of, node, &inner.body, clause),
                Declaration::Embedding(Expression { kind: Kind::Struct(inner), .. }) => {
                    self.may_add(of, node, inner, clause);
                }
                _ => {}
            }
        }
    }

    fn whole(&mut self, of: &Evaluator<'_>, node: NodeId) {
        let whole = Vertex::Whole(node);
        self.edge(whole, Vertex::Value(of.node(node).origin), false);
        for part in parts(of, node) {
            self.edge(whole, Vertex::Whole(part), false);
        }
        for (alternative, _) in of.node(node).outcome.iter().flatten() {
            for part in parts(of, *alternative) {
                self.edge(whole, Vertex::Whole(part), false);
            }
        }
    }

    fn absence(&mut self, of: &Evaluator<'_>, absent: u32) {
        let (node, name) = &of.circles.absent[absent as usize];
        let vertex = Vertex::Absent(absent);
        for (index, clause) in of.circles.clauses.iter().enumerate() {
            if clause.node == *node && of.may_yield(clause, name) {
                self.edge(vertex, Vertex::Clause(index as u32), false);
            }
        }
        let value = Vertex::Value(of.node(*node).origin);
        if of.node(*node).choices.len() > of.node(*node).decided.len() {
            self.edge(vertex, value, true);
        }
        let Some(place) = self.places.get(&value) else { return };
        let taken: Vec<u32> = self.edges[*place as usize].iter().map(|(to, _)| *to).collect();
        for to in taken {
            let to = self.vertices[to as usize];
            let own = match to {
                Vertex::Clause(clause) => {
                    let clause = &of.circles.clauses[clause as usize];
                    clause.yields && Vertex::Value(of.node(clause.node).origin) == value
                }
                _ => false,
            };
            if !own {
                self.edge(vertex, to, false);
            }
        }
    }

    fn place(&mut self, vertex: Vertex) -> u32 {
        let next = self.vertices.len() as u32;
        let place = *self.places.entry(vertex).or_insert(next);
        if place == next {
            self.vertices.push(vertex);
            self.edges.push(Vec::new());
        }
        place
    }

    fn edge(&mut self, from: Vertex, to: Vertex, strict: bool) {
        let (from, to) = (self.place(from), self.place(to));
        self.edges[from as usize].push((to, strict));
    }

    /// The strongly connected component of each vertex, by Tarjan's algorithm, without recursion.
    pub(super) fn components(&self) -> Vec<u32> {
        const NEW: u32 = u32::MAX;
        let count = self.vertices.len();
        let (mut order, mut low, mut component) = (vec![NEW; count], vec![0; count], vec![NEW; count]);
        let (mut open, mut path, mut clock, mut found) = (Vec::new(), Vec::new(), 0_u32, 0_u32);
        for start in 0..count {
            if order[start] != NEW {
                continue;
            }
            path.push((start, 0_usize));
            while let Some((at, edge)) = path.pop() {
                if edge == 0 {
                    order[at] = clock;
                    low[at] = clock;
                    clock += 1;
                    open.push(at);
                }
                if let Some((to, _)) = self.edges[at].get(edge) {
                    let to = *to as usize;
                    path.push((at, edge + 1));
                    if order[to] == NEW {
                        path.push((to, 0));
                    } else if component[to] == NEW {
                        low[at] = low[at].min(order[to]);
                    }
                    continue;
                }
                if low[at] == order[at] {
                    while let Some(member) = open.pop() {
                        component[member] = found;
                        if member == at {
                            break;
                        }
                    }
                    found += 1;
                }
                if let Some((above, _)) = path.last() {
                    low[*above] = low[*above].min(low[at]);
                }
            }
        }
        component
    }
}

/// The fields and elements of a node that are there.
fn parts(of: &Evaluator<'_>, node: NodeId) -> Vec<NodeId> {
    let this = of.node(node);
    let fields = this.arcs.iter().filter(|arc| arc.presence != Presence::Optional).map(|arc| arc.node);
    fields.chain(this.items.nodes.iter().copied()).collect()
}
