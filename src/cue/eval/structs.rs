//! Struct literals: fields, patterns, computed labels.

use std::borrow::Cow;
use std::rc::Rc;

use super::node::{Arc, Conj, Conjunct, Frame, NodeId, Place, Rule, Scope};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop, close};
use crate::cue::ast::{Declaration, Field, Label, Name, Pattern, Position, Presence, Struct};
use crate::cue::error::ErrorKind;
use crate::cue::statement::Json;

impl<'a> Evaluator<'a> {
    /// Takes in a struct literal, the top level of a file, or the body of a comprehension.
    pub(crate) fn literal(&mut self, id: NodeId, body: &'a Struct, conjunct: &Conjunct<'a>, yielded: bool) {
        let this = self.node_mut(id);
        this.literal = true;
        this.cyclic |= conjunct.cyclic;
        this.acyclic |= !conjunct.cyclic;
        self.note(id, conjunct.close, close::STRUCT);
        let frame = Frame::Struct { node: id, literal: body };
        let env = Some(Rc::new(Scope { frame, up: conjunct.env.clone() }));
        let embeds = body
            .declarations
            .iter()
            .any(|d| matches!(d, Declaration::Embedding(_) | Declaration::Comprehension(_)));
        let file = matches!(conjunct.kind, Conj::File(_));
        let mut close = conjunct.close;
        if embeds && !yielded && !file {
            close = self.split(id, close);
        }
        let inner = close::Close { embedded: false, ..close };
        if !embeds || body.declarations.iter().any(makes_struct) {
            self.narrow(id, Kinds::STRUCT, body.position);
        }
        for declaration in &body.declarations {
            let make = |kind, position, close| Conjunct {
                kind,
                env: env.clone(),
                close,
                position,
                ..conjunct.clone()
            };
            match declaration {
                Declaration::Field(field) => match &field.label {
                    Label::Fixed(name) => {
                        let value = make(Conj::Expression(&field.value), field.value.position, inner);
                        self.insert(id, name.clone(), field.presence, Some(value));
                    }
                    Label::Dynamic(_) => {
                        let task = make(Conj::Dynamic(field), field.position, inner);
                        self.node_mut(id).tasks.push((task, None));
                    }
                },
                Declaration::Pattern(pattern) => {
                    let task = make(Conj::Pattern(pattern), pattern.position, inner);
                    self.node_mut(id).tasks.push((task, None));
                }
                Declaration::Embedding(expression) => {
                    let close = self.embed(id, close);
                    let embedded = make(Conj::Expression(expression), expression.position, close);
                    self.node_mut(id).derived.push(embedded);
                }
                Declaration::Comprehension(comprehension) => {
                    let close = self.embed(id, close);
                    let task = make(Conj::Comprehension(comprehension), comprehension.position, close);
                    self.node_mut(id).tasks.push((task, None));
                }
                Declaration::Ellipsis(_) => self.note(id, close, close::ELLIPSIS),
            }
        }
    }

    /// Adds a field, or a conjunct to it.
    pub(crate) fn insert(&mut self, id: NodeId, name: Name, presence: Presence, value: Option<Conjunct<'a>>) {
        let found = self.node(id).place_of(&name);
        let node = match found {
            Some(index) => {
                let arc = &mut self.node_mut(id).arcs[index];
                let was = arc.presence;
                arc.presence = stronger(was, presence);
                let (node, changed) = (arc.node, arc.presence != was);
                if changed {
                    self.node_mut(id).finished = false;
                }
                node
            }
            None => {
                let node = self.new_node(Some(id), Place::Field(name.clone()));
                self.node_mut(id).push_arc(Arc { name: name.clone(), node, presence });
                self.apply_rules(id, &name, node);
                node
            }
        };
        if let Some(value) = value {
            self.add(node, value);
        }
    }

    fn apply_rules(&mut self, id: NodeId, name: &Name, node: NodeId) {
        for index in 0..self.node(id).rules.len() {
            let rule = self.node(id).rules[index].clone();
            self.apply(&rule, name, node);
        }
    }

    /// Unifies a field with a pattern's value where the label matches.
    fn apply(&mut self, rule: &Rule<'a>, name: &Name, node: NodeId) {
        let Name::Regular(text) = name else { return };
        match self.admits(rule.pattern, &Atom::String(text.clone())) {
            Ok(true) => {
                let scope = Scope {
                    frame: Frame::Label { label: text.clone(), field: node },
                    up: rule.conjunct.env.clone(),
                };
                let kind = Conj::Expression(rule.value);
                let conjunct = Conjunct { kind, env: Some(Rc::new(scope)), ..rule.conjunct.clone() };
                self.add(node, conjunct);
            }
            Ok(false) => {}
            Err(Stop::Fail(error) | Stop::Wait(error)) => self.fail(node, error),
        }
    }

    /// `[pattern]: value`, once the pattern is known.
    pub(crate) fn pattern_rule(
        &mut self,
        id: NodeId,
        pattern: &'a Pattern,
        conjunct: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let known = self.anonymous(&pattern.pattern, &conjunct.env, id);
        self.finish(known);
        let this = self.node(known);
        if let Some(error) = &this.error {
            return Err(Stop::Fail(error.clone()));
        }
        if let Some((_, Some(error))) = this.tasks.first() {
            return Err(Stop::Wait(error.clone()));
        }
        let position = pattern.value.position;
        let rule = Rule {
            pattern: known,
            value: &pattern.value,
            conjunct: Conjunct { position, ..conjunct.clone() },
        };
        self.node_mut(id).rules.push(rule.clone());
        for arc in self.node(id).arcs.clone() {
            self.apply(&rule, &arc.name, arc.node);
        }
        Ok(())
    }

    /// A field with a computed label, once that is known.
    pub(crate) fn dynamic(
        &mut self,
        id: NodeId,
        field: &'a Field,
        conjunct: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let name = self.label(&field.label, conjunct)?;
        let kind = Conj::Expression(&field.value);
        let value = Conjunct { kind, position: field.value.position, ..conjunct.clone() };
        self.insert(id, name, field.presence, Some(value));
        Ok(())
    }

    /// Whether a pattern's value admits a scalar.
    pub(crate) fn admits(&mut self, pattern: NodeId, atom: &Atom) -> Result<bool, Stop> {
        if let Some(outcome) = self.node(pattern).outcome.clone() {
            for (alternative, _) in outcome {
                if self.admits(alternative, atom)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let this = self.node(pattern);
        if !this.kinds.meets(atom.kinds()) {
            return Ok(false);
        }
        if let Some((known, _)) = &this.atom {
            return Ok(known.same(atom));
        }
        for bound in this.bounds.clone() {
            if !self.within(atom, &bound)? {
                return Ok(false);
            }
        }
        for validator in self.node(pattern).validators.clone() {
            if !self.holds(atom, &validator)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A label, computed where it must be.
    pub(crate) fn label(&mut self, label: &'a Label, conjunct: &Conjunct<'a>) -> Result<Name, Stop> {
        let expression = match label {
            Label::Fixed(name) => return Ok(name.clone()),
            Label::Dynamic(expression) => expression,
        };
        match self.atom_of(expression, &conjunct.env)? {
            Atom::String(text) => Ok(Name::Regular(text)),
            other => {
                let message = format!("a label must be a string, not {other}");
                Err(Stop::fail(ErrorKind::Operation, expression.position, message))
            }
        }
    }

    /// The members of a JSON object.
    pub(crate) fn data_fields(
        &mut self,
        id: NodeId,
        members: &'a [(Cow<'a, str>, Json<'a>)],
        conjunct: &Conjunct<'a>,
    ) {
        for (name, value) in members {
            let value =
                Conjunct { kind: Conj::Data(value), position: Position::default(), ..conjunct.clone() };
            self.insert(id, Name::Regular(Rc::from(&**name)), Presence::Regular, Some(value));
        }
    }
}

/// Whether a declaration makes its literal a struct, also where something is embedded in it.
fn makes_struct(declaration: &Declaration) -> bool {
    let Declaration::Field(field) = declaration else { return false };
    let regular = match &field.label {
        Label::Fixed(name) => matches!(name, Name::Regular(_)),
        Label::Dynamic(_) => true,
    };
    regular && field.presence != Presence::Optional
}

/// Of two declarations of a field.
fn stronger(one: Presence, other: Presence) -> Presence {
    match (one, other) {
        (Presence::Regular, _) | (_, Presence::Regular) => Presence::Regular,
        (Presence::Required, _) | (_, Presence::Required) => Presence::Required,
        _ => Presence::Optional,
    }
}
