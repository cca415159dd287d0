//! References: names, selectors, and taking over what they name.

use std::rc::Rc;

use super::node::{Conj, Conjunct, Env, Frame, NodeId, Place, Scope, Trail};
use super::value::{Atom, Kinds};
use super::{Evaluator, Observation, Stop, shown};
use crate::cue::ast::{Binding, Declaration, Expression, Kind, Name, Position, Presence};
use crate::cue::error::{Error, ErrorKind};

/// What a name stands for.
pub(crate) enum Target<'a> {
    Node(NodeId),
    Atom(Atom),
    /// An expression in its own scope.
    Expression(&'a Expression, Env<'a>),
}

/// The scope `up` steps out.
fn scope<'e, 'a>(env: &'e Env<'a>, up: usize) -> Option<&'e Rc<Scope<'a>>> {
    let mut at = env.as_ref()?;
    for _ in 0..up {
        at = at.up.as_ref()?;
    }
    Some(at)
}

/// The struct that the scope `up` steps out is.
pub(crate) fn struct_of(env: &Env<'_>, up: usize) -> Option<NodeId> {
    match scope(env, up)?.frame {
        Frame::Struct { node, .. } => Some(node),
        _ => None,
    }
}

impl<'a> Evaluator<'a> {
    /// What a bound name stands for; `at` is the node that asks.
    pub(crate) fn resolve(
        &mut self,
        name: &str,
        binding: &'a Binding,
        env: &Env<'a>,
        position: Position,
    ) -> Result<Target<'a>, Stop> {
        let lost = || Stop::fail(ErrorKind::Name, position, format!("reference `{name}` is not found"));
        let up = match binding {
            Binding::Field { up, .. } | Binding::Let { up, .. } | Binding::DynamicField { up, .. } => *up,
            Binding::Scope { up }
            | Binding::Matched { up }
            | Binding::Label { up }
            | Binding::Variable { up, .. } => *up,
            Binding::Package(_) | Binding::Predeclared(_) => return Err(lost()),
        };
        let at = scope(env, up).ok_or_else(lost)?.clone();
        if let Frame::Struct { node, .. } = &at.frame {
            self.node_mut(*node).scoped = true;
        }
        match (binding, &at.frame) {
            (Binding::Field { name, .. }, Frame::Struct { node, .. }) => {
                self.field(*node, name, position).map(Target::Node)
            }
            (Binding::Let { index, .. }, Frame::Struct { literal, .. }) => {
                let value = &literal.lets.get(*index).ok_or_else(lost)?.value;
                Ok(Target::Expression(value, Some(at)))
            }
            (Binding::DynamicField { index, .. }, Frame::Struct { node, literal }) => {
                let Some(Declaration::Field(field)) = literal.declarations.get(*index) else {
                    return Err(lost());
                };
                let conjunct = self.conjunct(Conj::Dynamic(field), Some(at.clone()), position);
                let name = self.label(&field.label, &conjunct)?;
                self.field(*node, &name, position).map(Target::Node)
            }
            (Binding::Scope { .. }, Frame::Struct { node, .. }) => Ok(Target::Node(*node)),
            (Binding::Matched { .. }, Frame::Label { field, .. }) => Ok(Target::Node(*field)),
            (Binding::Label { .. }, Frame::Label { label, .. }) => {
                Ok(Target::Atom(Atom::String(label.clone())))
            }
            (Binding::Variable { key: true, .. }, Frame::For { key, .. }) => Ok(Target::Atom(key.clone())),
            (Binding::Variable { .. }, Frame::For { value, .. } | Frame::Let { value }) => {
                Ok(Target::Node(*value))
            }
            _ => Err(lost()),
        }
    }

    /// A field that is in scope.
    fn field(&mut self, node: NodeId, name: &Name, position: Position) -> Result<NodeId, Stop> {
        let settled = self.settled(node);
        match self.node(settled).arc(name) {
            Some(arc) if arc.presence != Presence::Optional => Ok(arc.node),
            Some(_) if !matches!(name, Name::Regular(_)) => Err(self.optional_definition(name, position)),
            Some(_) => {
                self.read_absence(settled, name);
                Err(Stop::wait(position, format!("`{}` is optional and not there", shown(name))))
            }
            None => {
                self.read_absence(settled, name);
                Err(Stop::wait(position, format!("`{}` is not there", shown(name))))
            }
        }
    }

    /// `#a?: ...` is not there for those who refer to it.
    fn optional_definition(&mut self, name: &Name, position: Position) -> Stop {
        let message = format!("a reference to `{}`, which is optional, is not supported", shown(name));
        self.unsupported(position, message)
    }

    /// The node that an operand stands for: that of a reference itself, else one of its own.
    pub(crate) fn node_of(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<NodeId, Stop> {
        let node = self.node_named(expression, env, at)?;
        if self.awaits(node) {
            let mut error =
                Error::new(ErrorKind::Incomplete, expression.position, "a required field that is not there");
            error.path = self.path(node);
            return Err(Stop::Wait(Box::new(error)));
        }
        Ok(node)
    }

    /// Whether a node is that of a required field which is not there.
    pub(crate) fn awaits(&self, node: NodeId) -> bool {
        let this = self.node(node);
        let (Place::Field(name @ Name::Regular(_)), Some(parent)) = (&this.place, this.parent) else {
            return false;
        };
        self.node(parent).arc(name).is_some_and(|arc| arc.presence == Presence::Required && arc.node == node)
    }

    /// The same; of a required field also where it is not there.
    pub(crate) fn node_named(
        &mut self,
        expression: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<NodeId, Stop> {
        let position = expression.position;
        match &expression.kind {
            Kind::Reference { binding: Binding::Package(path), .. } => {
                Err(Stop::fail(ErrorKind::Operation, position, format!("package `{path}` is not a value")))
            }
            Kind::Reference { binding: Binding::Predeclared(_), .. } => {
                Ok(self.anonymous(expression, env, at))
            }
            Kind::Reference { name, binding } => match self.resolve(name, binding, env, position)? {
                Target::Node(node) => Ok(node),
                Target::Atom(atom) => Ok(self.atom_node(atom, at, position)),
                Target::Expression(value, env) => self.let_node(value, &env, at),
            },
            Kind::Selector { operand, name } if !is_package(operand) => {
                let operand = self.node_of(operand, env, at)?;
                self.lookup(operand, name, position)
            }
            Kind::Index { operand, index } => {
                let operand = self.node_of(operand, env, at)?;
                let value = self.atom_operand(index, env, at);
                if matches!(value, Err(Stop::Wait(_))) {
                    self.index_of_anything(index, env, at)?;
                }
                let index = self.of_kinds(value, Kinds::STRING.or(Kinds::INT), index, env, at)?;
                self.index(operand, &index, position)
            }
            _ => Ok(self.anonymous(expression, env, at)),
        }
    }

    /// An index of which nothing is known, and for which nothing waits, is an error.
    fn index_of_anything(&mut self, index: &'a Expression, env: &Env<'a>, at: NodeId) -> Result<(), Stop> {
        let Ok(node) = self.node_of(index, env, at) else { return Ok(()) };
        let this = self.node(self.settled(node));
        if this.kinds == Kinds::TOP
            && this.tasks.is_empty()
            && this.outcome.is_none()
            && this.bounds.is_empty()
        {
            let message = "cannot be decided: an index of which nothing is known";
            return Err(Stop::fail(ErrorKind::Undecided, index.position, message));
        }
        Ok(())
    }

    /// The value of a `let`, which is evaluated once for its scope.
    fn let_node(&mut self, value: &'a Expression, env: &Env<'a>, at: NodeId) -> Result<NodeId, Stop> {
        let Some(scope) = env else { return Ok(self.anonymous(value, env, at)) };
        let Frame::Struct { node, .. } = scope.frame else { return Ok(self.anonymous(value, env, at)) };
        let key: *const () = Rc::as_ptr(scope).cast();
        let found = self
            .node(node)
            .lets
            .iter()
            .find(|(expression, scope, _)| std::ptr::eq(*expression, value) && *scope == key);
        if let Some((_, _, known)) = found {
            return Ok(*known);
        }
        let made = self.new_node(Some(node), Place::Inner);
        let conjunct = self.conjunct(Conj::Expression(value), env.clone(), value.position);
        self.node_mut(made).conjuncts.push(conjunct);
        self.node_mut(node).lets.push((value, key, made));
        Ok(made)
    }

    /// A node for the value of an expression that stands in the node `at`.
    pub(crate) fn anonymous(&mut self, expression: &'a Expression, env: &Env<'a>, at: NodeId) -> NodeId {
        let node = self.new_node(Some(at), Place::Inner);
        let conjunct = self.conjunct(Conj::Expression(expression), env.clone(), expression.position);
        self.node_mut(node).conjuncts.push(conjunct);
        self.read_value(node);
        self.eval(node);
        node
    }

    /// A node for a scalar.
    pub(crate) fn atom_node(&mut self, atom: Atom, at: NodeId, position: Position) -> NodeId {
        let node = self.new_node(Some(at), Place::Inner);
        self.set(node, atom, position);
        node
    }

    /// `operand.name`
    pub(crate) fn lookup(
        &mut self,
        operand: NodeId,
        name: &Name,
        position: Position,
    ) -> Result<NodeId, Stop> {
        self.eval(operand);
        let settled = self.side(operand, position);
        self.read_choice(operand);
        let mut excluded = self.excludes(settled, name);
        if let (true, Name::Regular(label)) = (excluded, name) {
            for rule in self.node(settled).rules.clone() {
                excluded &= !self.admits(rule.pattern, &Atom::String(label.clone()))?;
            }
        }
        let this = self.node(settled);
        if let Some(arc) = this.arc(name)
            && (arc.presence != Presence::Optional || !matches!(name, Name::Regular(_)))
        {
            let (node, optional) = (arc.node, arc.presence == Presence::Optional);
            return if optional { Err(self.optional_definition(name, position)) } else { Ok(node) };
        }
        if let Some(error) = &this.error {
            return Err(Stop::Fail(error.clone()));
        }
        let text = shown(name);
        if !this.kinds.meets(Kinds::STRUCT) {
            let message = format!("`.{text}` of a value that is {}, not a struct", self.describe(settled));
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        if this.phase == super::node::Phase::Done
            && this.tasks.is_empty()
            && !self.ambiguous(operand)
            && excluded
            && this.arc(name).is_none()
        {
            return Err(Stop::fail(ErrorKind::Name, position, format!("undefined field: {text}")));
        }
        if let Some(cycle) = self.cycle_in(settled) {
            return Err(Stop::Wait(cycle));
        }
        if excluded && (self.alternative_waits(operand) || self.alternative_lacks(operand)) {
            let message = "cannot be decided: a field of alternatives that are not known, and do not have it";
            return Err(Stop::Wait(Box::new(Error::new(ErrorKind::Undecided, position, message))));
        }
        self.read_absence(settled, name);
        let mut error = Error::new(ErrorKind::Absent, position, format!("undefined field: {text}"));
        error.path = format!("{}.{text}", self.path(operand)).trim_start_matches('.').to_owned();
        Err(Stop::Wait(Box::new(error)))
    }

    /// The alternative from which something is taken.
    fn side(&mut self, operand: NodeId, position: Position) -> NodeId {
        let settled = self.settled(operand);
        if self.ambiguous(operand) {
            self.merged(operand, position);
        }
        if self.node(operand).unsure {
            self.observations.push((operand, Observation::Unsure));
        }
        if self.node(operand).outcome.as_ref().is_some_and(|outcome| outcome.len() > 1) && settled != operand
        {
            self.observations.push((operand, Observation::Side(settled)));
        }
        settled
    }

    /// `operand[index]`
    fn index(&mut self, operand: NodeId, index: &Atom, position: Position) -> Result<NodeId, Stop> {
        let number = match index {
            Atom::String(text) => return self.lookup(operand, &Name::Regular(text.clone()), position),
            Atom::Number(number) if number.is_integer() => number,
            other => {
                return Err(Stop::fail(ErrorKind::Operation, position, format!("{other} is not an index")));
            }
        };
        self.eval(operand);
        let settled = self.side(operand, position);
        self.read_value(operand);
        let this = self.node(settled);
        if let Some(error) = &this.error {
            return Err(Stop::Fail(error.clone()));
        }
        let place = number.to_i64().and_then(|number| usize::try_from(number).ok());
        if number.is_negative() {
            return Err(Stop::fail(
                ErrorKind::Operation,
                position,
                format!("the index {number} is negative"),
            ));
        }
        let (count, kinds, length) = (this.items.count(), this.kinds, this.items.length);
        if kinds == Kinds::LIST && !this.has_parts() {
            let message = "index of a value that only a constraint describes";
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        if let Some(place) = place.filter(|place| *place < count) {
            return Ok(self.item(settled, place));
        }
        if !kinds.meets(Kinds::LIST) {
            let message = format!("index of a value that is {}, not a list", self.describe(settled));
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        let message = format!("index out of range: {number} of {} elements", count);
        if length.is_some() {
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        match self.cycle_in(settled) {
            Some(cycle) => Err(Stop::Wait(cycle)),
            None => Err(Stop::wait(position, message)),
        }
    }

    /// Why something in a node cannot be decided.
    pub(crate) fn undecidable(&self, node: NodeId) -> Option<Box<Error>> {
        let mut whys = self.node(node).tasks.iter().filter_map(|(_, why)| why.as_ref());
        whys.find(|why| why.kind == ErrorKind::Undecided).cloned()
    }

    /// The cycle for which something in a node waits.
    fn cycle_in(&self, node: NodeId) -> Option<Box<Error>> {
        let whys = self.node(node).tasks.iter().filter_map(|(_, why)| why.as_ref());
        whys.into_iter().find(|why| why.kind == ErrorKind::Cycle).cloned()
    }

    /// Unifies a node with all that another one is unified with.
    pub(crate) fn follow(&mut self, id: NodeId, target: NodeId, conjunct: &Conjunct<'a>, definition: bool) {
        self.takes_over(id, target, conjunct.sided);
        let (here, there) = (self.node(id).origin, self.node(target).origin);
        if here == there {
            return;
        }
        if self.awaits(target) {
            self.node_mut(id).awaited.push(target);
        }
        let mut cyclic = conjunct.cyclic;
        let mut link = conjunct.trail.clone();
        while let Some(step) = link {
            self.cost(1);
            if step.target == there {
                if step.at == here {
                    return;
                }
                cyclic = true;
            }
            link = step.up.clone();
        }
        let mut above = self.node(id).parent;
        while let Some(parent) = above {
            self.cost(1);
            cyclic |= self.node(parent).origin == there;
            above = self.node(parent).parent;
        }
        if conjunct.close.embedded
            && let Some(name) = self.own_part(id, target)
        {
            self.observations.push((id, Observation::Embeds(target, name)));
        }
        let definition =
            definition || matches!(&self.node(target).place, Place::Field(name) if is_definition(name));
        let close = self.refer(id, conjunct.close, definition, false);
        let trail = Some(Rc::new(Trail { target: there, at: here, up: conjunct.trail.clone() }));
        let reference = Conjunct { close, trail, cyclic, ..conjunct.clone() };
        for passed in self.node(target).conjuncts.clone() {
            let cause = self.both_causes(reference.cause, passed.cause);
            let derived = Conjunct { cause, ..reference.passing(&passed) };
            self.node_mut(id).derived.push(derived);
        }
        if let Some((atom, position)) = self.node(target).atom.clone()
            && self.node(target).conjuncts.is_empty()
        {
            self.set(id, atom, position);
        }
        self.node_mut(target).followers.push((id, reference));
    }

    /// The field of a node in which another one is.
    fn own_part(&self, id: NodeId, part: NodeId) -> Option<Name> {
        let here = self.node(id).origin;
        let mut at = part;
        while let Some(parent) = self.node(at).parent {
            self.cost(1);
            if self.node(parent).origin == here {
                let Place::Field(name) = &self.node(at).place else { return None };
                return Some(name.clone());
            }
            at = parent;
        }
        None
    }

    /// Whether a value, or one of its alternatives, has a field of this name.
    pub(super) fn may_have(&self, id: NodeId, name: &Name) -> bool {
        let this = self.node(id);
        let alternatives = this.outcome.iter().flatten();
        this.arc(name).is_some()
            || alternatives.into_iter().any(|(other, _)| self.node(*other).arc(name).is_some())
    }

    /// Notes what was read of a node.
    pub(crate) fn observe(&mut self, node: NodeId, seen: Observation) {
        if !matches!(self.node(node).place, Place::Inner) {
            self.observations.push((node, seen));
        }
    }
}

impl<'a> Conjunct<'a> {
    /// What `other`, a conjunct of the node that this reference names, is at the node where the reference stands.
    pub(crate) fn passing(&self, other: &Conjunct<'a>) -> Conjunct<'a> {
        let data = matches!(other.kind, Conj::Data(_));
        let cyclic = self.cyclic && !data;
        Conjunct { close: self.close, trail: self.trail.clone(), cyclic, ..other.clone() }
    }
}

/// Whether a name is that of a definition, `#a` or `_#a`.
pub(crate) fn is_definition(name: &Name) -> bool {
    match name {
        Name::Regular(_) => false,
        Name::Definition(_) => true,
        Name::Hidden(text) => text.starts_with("_#"),
    }
}

/// Whether a reference passes a definition on its way.
pub(crate) fn names_definition(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Reference { binding: Binding::Field { name, .. }, .. } => is_definition(name),
        Kind::Selector { operand, name } => is_definition(name) || names_definition(operand),
        Kind::Index { operand, .. } => names_definition(operand),
        _ => false,
    }
}

/// Whether an expression is an imported package.
pub(crate) fn is_package(expression: &Expression) -> bool {
    matches!(&expression.kind, Kind::Reference { binding: Binding::Package(_), .. })
}
