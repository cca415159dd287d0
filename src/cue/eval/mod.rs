//! The evaluator: a package and a statement become one graph of nodes, or an error.
//!
//! A node collects conjuncts: expressions with the scopes that they stand in. Evaluating it takes in one conjunct after the
//! other; what cannot be computed yet waits and is tried again whenever something changed. A disjunction is decided by trying
//! each side on a node of its own that has all the conjuncts. What was read before it was final is read again at the end: where
//! it is no longer the same, the policy cannot be decided and is refused.

mod absent;
mod arithmetic;
mod bounds;
mod calls;
mod circles;
mod close;
mod comprehension;
mod differing;
mod disjunction;
mod elements;
mod expression;
mod finish;
mod graph;
mod known;
mod lists;
mod matches;
mod merging;
mod node;
mod operands;
mod reference;
mod sorting;
mod structs;
mod unify;
mod unknown;
mod validators;
mod value;

use std::rc::Rc;

use super::ast::{Name, Position};
use super::error::{Error, ErrorKind};
use super::load::Package;
use super::statement::Json;
use close::{Close, Def};
use node::{Conj, Conjunct, Env, Node, NodeId, Phase, Place};
use value::Atom;

/// What a passing policy leaves to say.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Fields that the policy constrains and the statement lacks: `predicate.builder.id`.
    pub absent: Vec<String>,
}

/// Steps of evaluation, at most.
const MAX_STEPS: u64 = 1_200_000;
/// Hops and comparisons, at most.
const MAX_WORK: u64 = 60_000_000;
/// Bytes of one text that is computed, at most.
const MAX_TEXT: usize = 16 << 20;
/// Bytes of all texts that are computed, at most.
const MAX_TEXTS: usize = 256 << 20;
/// Nodes, at most.
const MAX_NODES: usize = 400_000;
/// Sides of disjunctions that are tried, at most.
const MAX_ATTEMPTS: u32 = 8_000;
/// Alternatives of which an error says why they do not fit, at most.
const MAX_REASONS: usize = 4;
/// Characters of each of these reasons, at most.
const MAX_REASON: usize = 240;
/// Nesting of evaluation, at most: what a stack of 64 MiB holds in a build without optimization.
const MAX_NESTING: usize = 350;
/// How often everything that waits is tried again.
const MAX_ROUNDS: usize = 20;

/// Why an expression has no value.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    /// It is an error.
    Fail(Box<Error>),
    /// It may have one when more is known.
    Wait(Box<Error>),
}

impl Stop {
    pub(crate) fn fail(kind: ErrorKind, position: Position, message: impl Into<String>) -> Self {
        Stop::Fail(Box::new(Error::new(kind, position, message)))
    }

    pub(crate) fn wait(position: Position, message: impl Into<String>) -> Self {
        Stop::Wait(Box::new(Error::new(ErrorKind::Incomplete, position, message)))
    }
}

/// What was read of a node before it was final.
pub(crate) enum Observation {
    Atom(Atom),
    Fields(usize),
    Items(usize),
    Absent(Name),
    /// It could not be used.
    Bottom,
    Sound,
    /// It had a scalar, and a constraint that was not known.
    Open,
    /// It has several alternatives, and which one is the default is not sure.
    Unsure,
    /// A field or element was taken from this alternative.
    Side(NodeId),
    /// It had no scalar when an operator needed one at once.
    Hasty(Position),
    /// A condition was not known that puts a value together.
    Condition(Position),
    /// One of its own fields, of this name, or what is in that, is embedded in it.
    Embeds(NodeId, Name),
}

/// One evaluation.
pub(crate) struct Evaluator<'a> {
    /// The names of the policy's files.
    files: Vec<&'a str>,
    nodes: Vec<Node<'a>>,
    defs: Vec<Def>,
    /// Whether anything refers to a definition.
    closes: bool,
    steps: u64,
    /// What steps cost beyond themselves: hops along chains, values compared.
    work: std::cell::Cell<u64>,
    /// Bytes of the texts that were computed.
    texts: usize,
    attempts: u32,
    nesting: usize,
    /// An error that no alternative of a disjunction may hide.
    fatal: Option<Box<Error>>,
    observations: Vec<(NodeId, Observation)>,
    /// Whether there is no statement.
    alone: bool,
    /// Whether nothing more will become known: alternatives that still wait are given up.
    last: bool,
    /// Whether a comprehension is being computed.
    comprehends: bool,
    waiting: Vec<NodeId>,
    /// Who reads whom.
    circles: circles::Circles<'a>,
    progress: bool,
    patterns: std::collections::HashMap<Rc<str>, Rc<crate::re2::Pattern>>,
}

/// Evaluates the package alone.
///
/// # Errors
/// It is an error by itself; it cannot be decided within the limits.
pub fn check(package: &Package) -> Result<(), Error> {
    let mut alone = Evaluator::new();
    alone.alone = true;
    let root = alone.package(package);
    alone.run(root)?;
    alone.no_open_comprehension(root)
}

/// Evaluates the package alone, then with the statement, as cosign does.
///
/// # Errors
/// What [`check`] refuses; the package does not fit the statement, or cannot be decided within the limits.
///
/// Both need a stack of some 64 MiB for the deepest policies that the limits let through.
pub fn validate(package: &Package, statement: &Json<'_>) -> Result<Report, Error> {
    check(package)?;
    let mut both = Evaluator::new();
    let root = both.package(package);
    both.close_root(root);
    let data = both.conjunct(Conj::Data(statement), None, Position::default());
    both.node_mut(root).conjuncts.push(data);
    both.run(root)?;
    both.no_open_comprehension(root)?;
    both.complete(root)?;
    both.all_known(root)?;
    let absent = both.absent(root, package, statement);
    both.fatal.take().map_or(Ok(Report { absent }), |fatal| Err(*fatal))
}

impl<'a> Evaluator<'a> {
    fn new() -> Self {
        Evaluator {
            files: Vec::new(),
            nodes: Vec::new(),
            defs: vec![0],
            closes: false,
            steps: 0,
            work: std::cell::Cell::new(0),
            texts: 0,
            attempts: 0,
            nesting: 0,
            fatal: None,
            observations: Vec::new(),
            alone: false,
            last: false,
            comprehends: false,
            waiting: Vec::new(),
            circles: circles::Circles::default(),
            progress: false,
            patterns: std::collections::HashMap::new(),
        }
    }

    fn package(&mut self, package: &'a Package) -> NodeId {
        let root = self.new_node(None, Place::Root);
        for file in &package.files {
            self.files.push(&file.name);
            let conjunct = self.conjunct(Conj::File(&file.body), None, file.body.position);
            self.node_mut(root).conjuncts.push(conjunct);
        }
        root
    }

    fn conjunct(&self, kind: Conj<'a>, env: Env<'a>, position: Position) -> Conjunct<'a> {
        Conjunct {
            kind,
            env,
            close: Close::default(),
            trail: None,
            cyclic: false,
            cause: 0,
            sided: false,
            position,
        }
    }

    /// Evaluates everything until nothing changes any more; the first error that is left.
    fn run(&mut self, root: NodeId) -> Result<(), Error> {
        for _ in 0..MAX_ROUNDS {
            self.progress = false;
            self.finish(root);
            let waiting = std::mem::take(&mut self.waiting);
            for node in waiting {
                self.retry(node);
            }
            self.step();
            if let Some(fatal) = self.fatal.take() {
                return Err(*fatal);
            }
            if !self.progress && !self.last && self.some_wait() {
                self.last = true;
            } else if !self.progress {
                self.observed()?;
                self.first_error(root).map_or(Ok(()), |error| Err(*error))?;
                if let Some(undecided) = self.nodes.iter().find_map(|node| node.undecided.as_ref()) {
                    return Err((**undecided).clone());
                }
                return self.no_circles();
            }
            for node in &mut self.nodes {
                node.finished = false;
            }
        }
        Err(Error::nowhere(
            ErrorKind::Limit,
            "the policy cannot be decided: its fields depend on each other too deeply",
        ))
    }

    /// Whether what was read is what is there.
    fn observed(&mut self) -> Result<(), Error> {
        for (node, seen) in std::mem::take(&mut self.observations) {
            let settled = self.settled(node);
            let this = self.node(settled);
            let same = match &seen {
                Observation::Atom(atom) => this.atom.as_ref().is_some_and(|(now, _)| now.same(atom)),
                Observation::Fields(count) => this.regular().count() == *count,
                Observation::Items(count) => this.items.count() == *count,
                Observation::Absent(name) => {
                    this.arc(name).is_none_or(|arc| arc.presence != super::ast::Presence::Regular)
                }
                Observation::Bottom => this.error.is_some() || this.atom.is_none(),
                Observation::Sound => this.error.is_none(),
                Observation::Open => this.tasks.is_empty(),
                Observation::Unsure => !self.node(node).unsure,
                Observation::Side(side) => {
                    settled == *side || this.decided == self.node(*side).decided || !self.waits(*side)
                }
                Observation::Hasty(_) => this.atom.is_some() || self.alone,
                Observation::Condition(_) => this.tasks.is_empty(),
                Observation::Embeds(part, name) => !self.may_have(*part, name),
            };
            if let (Observation::Condition(position), false) = (&seen, same) {
                let message = "cannot be decided: a condition that puts together what is not known";
                return Err(Error::new(ErrorKind::Undecided, *position, message).at(self.path(node)));
            }
            if let (Observation::Hasty(position), false) = (&seen, same) {
                let message = "the value is needed before it is known: a cycle with the field";
                return Err(Error::new(ErrorKind::Cycle, *position, message).at(self.path(node)));
            }
            if !same && this.error.is_none() {
                let message = "cannot be decided: the value changes after it was used to compute another one";
                return Err(Error::nowhere(ErrorKind::Cycle, message).at(self.path(node)));
            }
        }
        Ok(())
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node<'a> {
        &mut self.nodes[id.0 as usize]
    }

    pub(crate) fn new_node(&mut self, parent: Option<NodeId>, place: Place) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        if self.nodes.len() >= MAX_NODES {
            self.over(format!("the policy makes more than {MAX_NODES} values"));
        }
        self.nodes.push(Node::new(id, parent, place));
        id
    }

    /// Refuses for good.
    pub(crate) fn stop(&mut self, error: Error) -> Box<Error> {
        let error = Box::new(error);
        self.fatal.get_or_insert_with(|| error.clone()).clone()
    }

    /// Counts a step; false when there is no more to be done.
    pub(crate) fn step(&mut self) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            self.over(format!("the policy takes more than {MAX_STEPS} steps"));
        } else if self.exhausted() {
            self.over(format!("the policy follows or compares more than {MAX_WORK} times"));
        }
        self.fatal.is_none()
    }

    /// Counts the bytes of a text that was computed.
    pub(crate) fn count_text(&mut self, bytes: usize) -> Result<(), Stop> {
        self.texts = self.texts.saturating_add(bytes);
        if self.texts <= MAX_TEXTS {
            return Ok(());
        }
        Err(Stop::Fail(self.over(format!("the policy computes more than {} MiB of text", MAX_TEXTS >> 20))))
    }

    /// Ends the evaluation at a limit.
    fn over(&mut self, message: String) -> Box<Error> {
        self.stop(Error::nowhere(ErrorKind::Limit, message))
    }

    /// The same, but that a limit ends the evaluation: no alternative of a disjunction may take it for an error of the policy's.
    pub(crate) fn heeding_limits<T>(&mut self, result: Result<T, Stop>) -> Result<T, Stop> {
        match result {
            Err(Stop::Fail(error)) if matches!(error.kind, ErrorKind::Limit | ErrorKind::Unsupported) => {
                Err(Stop::Fail(self.stop(*error)))
            }
            other => other,
        }
    }

    /// Whether the limit of hops and comparisons is passed.
    pub(crate) fn exhausted(&self) -> bool {
        self.work.get() > MAX_WORK
    }

    /// Counts what a step costs beyond itself.
    pub(crate) fn cost(&self, hops: usize) {
        self.work.set(self.work.get().saturating_add(hops as u64));
    }

    /// Adds a conjunct to a node, and to those that took over its conjuncts.
    pub(crate) fn add(&mut self, node: NodeId, conjunct: Conjunct<'a>) {
        if !self.step() {
            return;
        }
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            self.too_deep();
            self.nesting -= 1;
            return;
        }
        let this = self.node_mut(node);
        this.finished = false;
        if this.phase == Phase::Done {
            this.phase = Phase::Fresh;
            this.outcome = None;
            self.progress = true;
        }
        for (follower, reference) in self.node(node).followers.clone() {
            let cause = self.both_causes(reference.cause, conjunct.cause);
            let passed = Conjunct {
                close: reference.close,
                cause,
                trail: reference.trail.clone(),
                cyclic: reference.cyclic,
                ..conjunct.clone()
            };
            self.add(follower, passed);
        }
        self.node_mut(node).conjuncts.push(conjunct);
        self.nesting -= 1;
    }

    pub(crate) fn too_deep(&mut self) -> Stop {
        Stop::Fail(self.over(format!("the policy nests more than {MAX_NESTING} evaluations")))
    }

    /// Where a node stands: `predicate.a[3].b`.
    pub(crate) fn path(&self, node: NodeId) -> String {
        let mut parts = Vec::new();
        let mut at = Some(node);
        while let Some(id) = at {
            let this = self.node(id);
            match &this.place {
                Place::Field(name) => parts.push(format!(".{}", shown(name))),
                Place::Item(index) => parts.push(format!("[{index}]")),
                Place::Root | Place::Inner => {}
            }
            at = this.parent;
        }
        parts.reverse();
        parts.concat().trim_start_matches('.').to_owned()
    }

    /// The compiled form of a regular expression.
    pub(crate) fn pattern(
        &mut self,
        text: &Rc<str>,
        position: Position,
    ) -> Result<Rc<crate::re2::Pattern>, Stop> {
        if let Some(pattern) = self.patterns.get(text) {
            return Ok(pattern.clone());
        }
        let pattern = crate::re2::Pattern::compile(text)
            .map_err(|error| Stop::fail(ErrorKind::Operation, position, error.to_string()))?;
        let pattern = Rc::new(pattern);
        self.patterns.insert(text.clone(), pattern.clone());
        Ok(pattern)
    }
}

/// A label as it would be written.
pub(crate) fn shown(name: &Name) -> String {
    let (Name::Regular(text) | Name::Definition(text) | Name::Hidden(text)) = name;
    let plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '#' || c == '$')
        && text.chars().all(|c| c.is_alphanumeric() || "_#$".contains(c));
    if plain { text.to_string() } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests;
