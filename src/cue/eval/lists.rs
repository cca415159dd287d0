//! Lists.

use std::rc::Rc;

use super::expression::Value;
use super::node::{Conj, Conjunct, Frame, Lazy, NodeId, Place, Scope, Tail};
use super::value::Kinds;
use super::{Evaluator, Stop};
use crate::cue::ast::{Element, Expression, List, Position};
use crate::cue::error::{Error, ErrorKind};
use crate::cue::statement::Json;

impl<'a> Evaluator<'a> {
    /// Takes in a list literal, once its comprehensions are known.
    pub(crate) fn list(&mut self, id: NodeId, list: &'a List, conjunct: &Conjunct<'a>) -> Result<(), Stop> {
        self.narrow(id, Kinds::LIST, conjunct.position);
        let env = Some(Rc::new(Scope { frame: Frame::List, up: conjunct.env.clone() }));
        let close = super::close::Close { embedded: false, ..conjunct.close };
        let make = |kind, position| Conjunct { kind, env: env.clone(), close, position, ..conjunct.clone() };
        let mut items = Vec::new();
        for element in &list.elements {
            match element {
                Element::Value(value) => items.push(make(Conj::Expression(value), value.position)),
                Element::Comprehension(comprehension) => {
                    for env in self.yields(id, comprehension, &env)? {
                        let body = make(Conj::Body(&comprehension.body), comprehension.body.position);
                        items.push(Conjunct { env, ..body });
                    }
                }
            }
        }
        let this = self.node_mut(id);
        this.cyclic |= conjunct.cyclic;
        this.acyclic |= !conjunct.cyclic;
        self.note(id, conjunct.close, 0);
        let tail = list.rest.as_ref().map(|rest| match &rest.value {
            Some(value) => make(Conj::Expression(value), value.position),
            None => make(Conj::Top, rest.position),
        });
        self.shape(id, items, tail, conjunct.position);
        Ok(())
    }

    /// The elements of a JSON array.
    pub(crate) fn data_items(&mut self, id: NodeId, items: &'a [Json<'a>], conjunct: &Conjunct<'a>) {
        let this = self.node(id);
        let free = this.items.nodes.is_empty() && this.items.lazy.is_none();
        if free && this.items.length.is_none_or(|length| length == items.len()) {
            let conjunct = Conjunct { position: Position::default(), ..conjunct.clone() };
            let this = self.node_mut(id);
            this.items.length = Some(items.len());
            let made = std::collections::BTreeMap::new();
            this.items.lazy = Some(Lazy { values: items, conjunct, made, lacking: Vec::new() });
            return;
        }
        let make =
            |item| Conjunct { kind: Conj::Data(item), position: Position::default(), ..conjunct.clone() };
        self.shape(id, items.iter().map(make).collect(), None, Position::default());
    }

    /// Unifies a node with a list: its elements, and what follows them where it is open.
    pub(crate) fn shape(
        &mut self,
        id: NodeId,
        items: Vec<Conjunct<'a>>,
        tail: Option<Conjunct<'a>>,
        position: Position,
    ) {
        if !items.is_empty() {
            self.items(id);
        }
        let this = self.node(id);
        let (there, fixed, count) = (this.items.count(), this.items.length, items.len());
        let wrong = match (fixed, &tail) {
            (Some(length), None) => length != count,
            (Some(length), Some(_)) => length < count,
            (None, None) => there > count,
            (None, Some(_)) => false,
        };
        if wrong {
            let other = fixed.unwrap_or(there);
            let error = Error::new(ErrorKind::Conflict, position, "lists of different lengths")
                .expected(format!("{count} element{}", if count == 1 { "" } else { "s" }), other.to_string());
            return self.fail(id, Box::new(error));
        }
        if tail.is_none() {
            self.node_mut(id).items.length = Some(count);
        }
        if self.node(id).items.lazy.is_some() {
            if let Some(conjunct) = tail {
                self.tail_of_lazy(id, conjunct);
            }
            return;
        }
        for index in there..count {
            let node = self.new_node(Some(id), Place::Item(index));
            self.node_mut(id).items.nodes.push(node);
            for tail in self.node(id).items.tails.clone() {
                if tail.start <= index {
                    self.add(node, tail.conjunct);
                }
            }
        }
        for (index, item) in items.into_iter().enumerate() {
            let node = self.node(id).items.nodes[index];
            self.add(node, item);
        }
        if let Some(conjunct) = tail {
            for node in self.node(id).items.nodes.get(count..).unwrap_or_default().to_vec() {
                self.add(node, conjunct.clone());
            }
            self.node_mut(id).items.tails.push(Tail { start: count, conjunct });
        }
    }

    /// `operand[low:high]`
    pub(crate) fn slice(
        &mut self,
        id: NodeId,
        operand: &'a Expression,
        low: Option<&'a Expression>,
        high: Option<&'a Expression>,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        let mut end = |end: &'a Expression| {
            let value = self.atom_operand(end, &task.env, id);
            self.of_kinds(value, Kinds::INT, end, &task.env, id)
        };
        let low = low.map(&mut end).transpose()?;
        let high = high.map(&mut end).transpose()?;
        let wrong = |what: &str| Stop::fail(ErrorKind::Operation, position, format!("slice: {what}"));
        let place = |atom: Option<super::value::Atom>, default: usize| match atom {
            None => Ok(default),
            Some(super::value::Atom::Number(number)) if number.is_integer() => number
                .to_i64()
                .and_then(|number| usize::try_from(number).ok())
                .ok_or_else(|| wrong("index out of range")),
            Some(_) => Err(wrong("an index must be an int")),
        };
        let value = self.value_of(operand, &task.env, id);
        match self.of_kinds(value, Kinds::LIST.or(Kinds::BYTES), operand, &task.env, id)? {
            Value::Node(node) if self.node(node).kinds == Kinds::LIST => {
                let items = self.items(node);
                let (low, high) = (place(low, 0)?, place(high, items.len())?);
                let part = items.get(low..high).ok_or_else(|| wrong("index out of range"))?;
                self.observe(node, super::Observation::Items(items.len()));
                let make = |node: &NodeId| Conjunct { kind: Conj::Node(*node), ..task.clone() };
                let part = part.iter().map(make).collect();
                self.note(id, task.close, 0);
                self.narrow(id, Kinds::LIST, position);
                self.shape(id, part, None, position);
                Ok(())
            }
            Value::Atom(super::value::Atom::Bytes(bytes)) => {
                let (low, high) = (place(low, 0)?, place(high, bytes.len())?);
                let part = bytes.get(low..high).ok_or_else(|| wrong("index out of range"))?;
                self.note(id, task.close, 0);
                self.set(id, super::value::Atom::Bytes(part.into()), position);
                Ok(())
            }
            _ => Err(wrong("only lists and bytes have slices")),
        }
    }
}
