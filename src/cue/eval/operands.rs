//! Operands and arguments: what is known of them before they have a value.

use super::calls::accepted;
use super::expression::Value;
use super::node::{Env, NodeId};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::Expression;
use crate::cue::data::Data;
use crate::cue::error::ErrorKind;
use crate::cue::pkg;

impl<'a> Evaluator<'a> {
    /// Concrete arguments; one that is an error counts before one that is not known yet.
    pub(crate) fn arguments(
        &mut self,
        id: NodeId,
        arguments: &'a [Expression],
        parameters: &[pkg::Parameter],
        env: &Env<'a>,
    ) -> Result<Vec<Data>, Stop> {
        let mut values = Vec::new();
        let mut waits = None;
        for (index, argument) in arguments.iter().enumerate() {
            let value =
                self.value_of(argument, env, id).and_then(|value| self.data_of(&value, argument.position));
            let kinds = parameters.get(index).map_or(Kinds::TOP, |parameter| accepted(*parameter));
            match self.of_kinds(value, kinds, argument, env, id) {
                Ok(value) => values.push(value),
                Err(Stop::Fail(error)) => return Err(Stop::Fail(error)),
                Err(wait) => waits = waits.or(Some(wait)),
            }
        }
        waits.map_or(Ok(values), Err)
    }

    /// An argument that is not known yet is an error where it can never be of the kinds that are needed.
    pub(crate) fn of_kinds<T>(
        &mut self,
        value: Result<T, Stop>,
        kinds: Kinds,
        argument: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<T, Stop> {
        if !matches!(value, Err(Stop::Wait(_))) {
            return value;
        }
        if let Ok(node) = self.node_of(argument, env, at) {
            let node = self.settled(node);
            if !self.node(node).kinds.meets(kinds) {
                let message = format!("an argument must be {kinds}, not {}", self.describe(node));
                return Err(Stop::fail(ErrorKind::Operation, argument.position, message));
            }
        }
        value
    }

    /// A function that finds an element compares also those that have no value yet; when they have one, the result may be
    /// another.
    pub(crate) fn undecided_list(&mut self, argument: &'a Expression, env: &Env<'a>, at: NodeId) -> bool {
        let Ok(Value::Node(node)) = self.value_of(argument, env, at) else { return false };
        let list = self.node(node);
        list.kinds == Kinds::LIST
            && list.tasks.is_empty()
            && matches!(self.concrete(node, argument.position), Err(Stop::Wait(_)))
    }

    /// `len(argument)`
    pub(crate) fn length(
        &mut self,
        argument: &'a Expression,
        env: &Env<'a>,
        at: NodeId,
    ) -> Result<usize, Stop> {
        let value = self.value_of(argument, env, at);
        let kinds = Kinds::STRING.or(Kinds::BYTES).or(Kinds::LIST).or(Kinds::STRUCT);
        match self.of_kinds(value, kinds, argument, env, at)? {
            Value::Atom(Atom::String(text)) => Ok(text.len()),
            Value::Atom(Atom::Bytes(bytes)) => Ok(bytes.len()),
            Value::Atom(other) => {
                Err(Stop::fail(ErrorKind::Operation, argument.position, format!("`len` of {other}")))
            }
            Value::Node(node) if self.node(node).kinds == Kinds::LIST => {
                let count = self.node(node).items.count();
                self.observe(node, super::Observation::Items(count));
                Ok(count)
            }
            Value::Node(node) => {
                let count = self.node(node).regular().count();
                self.observe(node, super::Observation::Fields(count));
                Ok(count)
            }
        }
    }
}
