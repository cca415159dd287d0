//! Nodes: values under evaluation, in an arena.

use std::collections::HashMap;
use std::rc::Rc;

use super::circles::Cause;
use super::close::{Close, Info, Requirement};
use super::value::{Atom, Bound, Kinds};
use crate::cue::ast::{
    Comprehension, Disjunct, Expression, Field, Kind, Name, Pattern, Position, Presence, Struct,
};
use crate::cue::error::Error;
use crate::cue::pkg::{Language, judges_text};
use crate::cue::statement::Json;

/// A node's place in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

/// The scopes around an expression, the innermost first.
pub(crate) type Env<'a> = Option<Rc<Scope<'a>>>;

/// One scope.
pub(crate) struct Scope<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) up: Env<'a>,
}

/// What a scope declares.
pub(crate) enum Frame<'a> {
    /// A struct literal, as part of a node.
    Struct { node: NodeId, literal: &'a Struct },
    /// A list literal.
    List,
    /// The label that a pattern matched, and the field that has it.
    Label { label: Rc<str>, field: NodeId },
    /// The variables of a `for` clause.
    For { key: Atom, value: NodeId },
    /// The variable of a `let` clause.
    Let { value: NodeId },
}

/// Where a node stands in the value.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// The package, or a value of an expression.
    Root,
    /// A field.
    Field(Name),
    /// An element.
    Item(usize),
    /// The value of an expression inside of its parent.
    Inner,
}

/// What is unified in a node.
#[derive(Clone)]
pub(crate) struct Conjunct<'a> {
    pub(crate) kind: Conj<'a>,
    pub(crate) env: Env<'a>,
    pub(crate) close: Close,
    /// The references that led here.
    pub(crate) trail: Option<Rc<Trail>>,
    /// Whether it came back to a value that contains the node.
    pub(crate) cyclic: bool,
    /// The comprehension, the computed label or the pattern for which it is there.
    pub(crate) cause: Cause,
    /// Whether it is one side of a disjunction.
    pub(crate) sided: bool,
    pub(crate) position: Position,
}

/// The kinds of conjuncts.
#[derive(Clone, Copy)]
pub(crate) enum Conj<'a> {
    Expression(&'a Expression),
    /// The top level of a file.
    File(&'a Struct),
    /// What a comprehension yields.
    Body(&'a Struct),
    Comprehension(&'a Comprehension),
    /// A field with a computed label.
    Dynamic(&'a Field),
    Pattern(&'a Pattern),
    /// Of the statement.
    Data(&'a Json<'a>),
    /// All conjuncts of a node.
    Node(NodeId),
    /// The value of a node, without its constraints.
    Copy(NodeId),
    /// Anything: `...`
    Top,
}

/// A chain of references that were followed, and at which nodes.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) target: NodeId,
    pub(crate) at: NodeId,
    pub(crate) up: Option<Rc<Trail>>,
}

/// A field of a node.
#[derive(Debug, Clone)]
pub(crate) struct Arc {
    pub(crate) name: Name,
    pub(crate) node: NodeId,
    pub(crate) presence: Presence,
}

/// `[pattern]: value`, its pattern evaluated.
#[derive(Clone)]
pub(crate) struct Rule<'a> {
    /// The value of the pattern.
    pub(crate) pattern: NodeId,
    pub(crate) value: &'a Expression,
    pub(crate) conjunct: Conjunct<'a>,
}

/// What the elements of an open list from `start` on are.
#[derive(Clone)]
pub(crate) struct Tail<'a> {
    pub(crate) start: usize,
    pub(crate) conjunct: Conjunct<'a>,
}

/// The list that a node is.
#[derive(Default)]
pub(crate) struct Items<'a> {
    pub(crate) nodes: Vec<NodeId>,
    /// The statement's elements, as long as nothing needs nodes for them.
    pub(crate) lazy: Option<Lazy<'a>>,
    /// The length, where one of the unified lists is closed.
    pub(crate) length: Option<usize>,
    pub(crate) tails: Vec<Tail<'a>>,
    /// What elements of a list must be, where that is all that is known of the list.
    pub(crate) schema: Option<NodeId>,
}

impl Items<'_> {
    /// Whether anything says what the list is, beside that it is one.
    pub(crate) fn is_there(&self) -> bool {
        self.length.is_some() || !self.tails.is_empty() || self.count() > 0
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lazy.as_ref().map_or(self.nodes.len(), |lazy| lazy.values.len())
    }
}

/// Elements of a list of the statement.
#[derive(Clone)]
pub(crate) struct Lazy<'a> {
    pub(crate) values: &'a [Json<'a>],
    pub(crate) conjunct: Conjunct<'a>,
    /// Those that needed a node.
    pub(crate) made: std::collections::BTreeMap<usize, NodeId>,
    /// What the others lack although it is constrained: `[3].b`.
    pub(crate) lacking: Vec<String>,
}

/// A disjunction that is to be decided.
#[derive(Clone)]
pub(crate) struct Choice<'a> {
    pub(crate) key: ChoiceKey,
    pub(crate) disjuncts: Disjuncts<'a>,
    pub(crate) conjunct: Conjunct<'a>,
}

/// A disjunction, whatever attempt it is met in: its expression, and how often that was met before.
pub(crate) type ChoiceKey = (*const Expression, usize);

/// Its sides.
#[derive(Clone)]
pub(crate) enum Disjuncts<'a> {
    Written(&'a [Disjunct]),
    /// `or([...])`
    Nodes(Rc<[NodeId]>),
    /// The values of alternatives, without their constraints.
    Values(Rc<[NodeId]>),
}

impl Disjuncts<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Disjuncts::Written(sides) => sides.len(),
            Disjuncts::Nodes(nodes) | Disjuncts::Values(nodes) => nodes.len(),
        }
    }

    /// Whether a default is marked.
    pub(crate) fn marked(&self) -> bool {
        matches!(self, Disjuncts::Written(sides) if sides.iter().any(|side| side.default))
    }
}

impl Choice<'_> {
    /// The sides that are disjunctions themselves.
    fn inner(&self) -> impl Iterator<Item = (*const Expression, &[Disjunct])> {
        let sides = if let Disjuncts::Written(sides) = self.disjuncts { sides } else { &[] };
        sides.iter().filter_map(|side| match &side.value.kind {
            Kind::Disjunction(inner) => Some((std::ptr::from_ref(&side.value), &inner[..])),
            _ => None,
        })
    }

    /// Whether a default is marked in a side that is a disjunction itself.
    pub(crate) fn marked_within(&self) -> bool {
        self.inner().any(|(_, sides)| sides.iter().any(|side| side.default))
    }

    /// Whether another disjunction is this one, or a side of it.
    pub(crate) fn contains(&self, other: &Choice<'_>) -> bool {
        self.key == other.key || self.inner().any(|(side, _)| std::ptr::eq(side, other.key.0))
    }
}

/// How an alternative stands to the default; unified ones are the greater of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// No default is marked.
    Unmarked,
    Default,
    /// Another one is marked.
    Other,
}

/// A builtin as a constraint.
#[derive(Clone)]
pub(crate) struct Validator<'a> {
    pub(crate) check: Check<'a>,
    pub(crate) env: Env<'a>,
    pub(crate) position: Position,
}

/// Which one.
#[derive(Clone)]
pub(crate) enum Check<'a> {
    /// Of a package, and the arguments after the value.
    Function { package: Rc<str>, name: Rc<str>, arguments: Rc<[crate::cue::data::Data]> },
    /// How many fields or elements there may be.
    Count { name: Rc<str>, limit: crate::cue::number::Number },
    /// `!=` of a struct or a list.
    Differs(Rc<crate::cue::data::Data>),
    /// `matchN(1, [...])`, `yaml.Validate({...})`
    Match { what: Match, arguments: &'a [Expression] },
}

/// What a constraint does that looks at a value from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// `matchN` counts the constraints that the value meets.
    N,
    /// `matchIf`
    If,
    /// `list.MatchN` counts the elements that meet a constraint.
    Elements,
    /// `json.Validate`, `yaml.Validate`, `yaml.ValidatePartial`: what a text says must meet a constraint.
    Text {
        language: Language,
        /// Whether all that the constraint speaks of must be there.
        whole: bool,
    },
}

impl Match {
    /// Of a function of a package.
    pub(crate) fn of(package: &str, member: &str) -> Option<Self> {
        if (package, member) == ("list", "MatchN") {
            return Some(Self::Elements);
        }
        judges_text(package, member).map(|(language, whole)| Self::Text { language, whole })
    }

    /// The function, as errors name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::N => "matchN",
            Self::If => "matchIf",
            Self::Elements => "list.MatchN",
            Self::Text { language: Language::Json, .. } => "encoding/json.Validate",
            Self::Text { language: Language::Yaml, whole: true } => "encoding/yaml.Validate",
            Self::Text { language: Language::Yaml, whole: false } => "encoding/yaml.ValidatePartial",
        }
    }
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has conjuncts that were not looked at.
    Fresh,
    Busy,
    Done,
}

/// How many fields are looked through one by one.
const INDEXED: usize = 16;

/// A value under evaluation.
pub(crate) struct Node<'a> {
    pub(crate) parent: Option<NodeId>,
    pub(crate) place: Place,
    /// The node that this is an attempt for; itself otherwise.
    pub(crate) origin: NodeId,
    pub(crate) phase: Phase,
    pub(crate) conjuncts: Vec<Conjunct<'a>>,
    /// How many conjuncts were looked at.
    pub(crate) next: usize,
    /// What conjuncts turned out to consist of; derived from them, and so not passed on with them.
    pub(crate) derived: Vec<Conjunct<'a>>,
    pub(crate) next_derived: usize,
    /// What could not be computed yet, and why.
    pub(crate) tasks: Vec<(Conjunct<'a>, Option<Box<Error>>)>,
    pub(crate) kinds: Kinds,
    pub(crate) kinds_by: Position,
    pub(crate) atom: Option<(Atom, Position)>,
    /// Whether several conjuncts are this scalar.
    pub(crate) repeated: bool,
    /// The required fields that references here name.
    pub(crate) awaited: Vec<NodeId>,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) validators: Vec<Validator<'a>>,
    /// Whether some conjunct is a struct literal.
    pub(crate) literal: bool,
    pub(crate) arcs: Vec<Arc>,
    /// The places of the fields by their names, where there are many.
    index: Option<HashMap<Name, usize>>,
    pub(crate) rules: Vec<Rule<'a>>,
    pub(crate) items: Items<'a>,
    pub(crate) infos: Vec<Info>,
    pub(crate) requirements: Vec<Requirement>,
    /// Decided for this attempt: which side of which disjunction.
    pub(crate) decided: Vec<(ChoiceKey, usize)>,
    pub(crate) mode: Mode,
    pub(crate) choices: Vec<Choice<'a>>,
    /// The attempts that hold, where there is a disjunction.
    pub(crate) outcome: Option<Vec<(NodeId, Mode)>>,
    /// Nodes that took over this one's conjuncts.
    pub(crate) followers: Vec<(NodeId, Conjunct<'a>)>,
    pub(crate) cyclic: bool,
    pub(crate) acyclic: bool,
    pub(crate) lets: Vec<(*const Expression, *const (), NodeId)>,
    pub(crate) finished: bool,
    /// Whether the alternatives' default depends on how marks of alternatives that failed are counted.
    pub(crate) unsure: bool,
    /// Whether it was looked at again after nothing more became known.
    pub(crate) late: bool,
    /// Whether it was finished once, or read.
    pub(crate) visited: bool,
    /// Whether an expression refers to a field of it.
    pub(crate) scoped: bool,
    /// Whether an alternative was given up that data might have saved.
    pub(crate) lossy: bool,
    /// What is not known for sure, and was taken for a failure: of an alternative, of what a constraint counts.
    pub(crate) undecided: Option<Box<Error>>,
    pub(crate) error: Option<Box<Error>>,
}

impl<'a> Node<'a> {
    pub(crate) fn new(id: NodeId, parent: Option<NodeId>, place: Place) -> Self {
        Node {
            parent,
            place,
            origin: id,
            phase: Phase::Fresh,
            conjuncts: Vec::new(),
            next: 0,
            derived: Vec::new(),
            next_derived: 0,
            tasks: Vec::new(),
            kinds: Kinds::TOP,
            kinds_by: Position::default(),
            atom: None,
            repeated: false,
            awaited: Vec::new(),
            bounds: Vec::new(),
            validators: Vec::new(),
            literal: false,
            arcs: Vec::new(),
            index: None,
            rules: Vec::new(),
            items: Items::default(),
            infos: Vec::new(),
            requirements: Vec::new(),
            decided: Vec::new(),
            mode: Mode::Unmarked,
            choices: Vec::new(),
            outcome: None,
            followers: Vec::new(),
            cyclic: false,
            acyclic: false,
            lets: Vec::new(),
            finished: false,
            unsure: false,
            late: false,
            visited: false,
            scoped: false,
            lossy: false,
            undecided: None,
            error: None,
        }
    }

    /// Whether it is a list or a struct, and not only what must be one.
    pub(crate) fn has_parts(&self) -> bool {
        match self.kinds {
            Kinds::STRUCT => self.literal || !self.arcs.is_empty() || self.validators.is_empty(),
            Kinds::LIST => {
                self.items.length.is_some() || !self.items.tails.is_empty() || self.validators.is_empty()
            }
            _ => false,
        }
    }

    pub(crate) fn arc(&self, name: &Name) -> Option<&Arc> {
        self.place_of(name).map(|place| &self.arcs[place])
    }

    /// The place of a field.
    pub(crate) fn place_of(&self, name: &Name) -> Option<usize> {
        if self.arcs.len() > INDEXED {
            return self.index.as_ref()?.get(name).copied();
        }
        self.arcs.iter().position(|arc| arc.name == *name)
    }

    /// Adds a field that is not there.
    pub(crate) fn push_arc(&mut self, arc: Arc) {
        self.arcs.push(arc);
        if self.arcs.len() > INDEXED {
            let index = self.index.get_or_insert_default();
            for (place, arc) in self.arcs.iter().enumerate().skip(index.len()) {
                index.insert(arc.name.clone(), place);
            }
        }
    }
}
