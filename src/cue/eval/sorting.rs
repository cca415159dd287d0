//! `list.Sort`, `list.SortStable`, `list.IsSorted`: elements in the order of a comparer, a struct whose `less` follows from its `x` and `y`.

use super::calls::text;
use super::expression::Value;
use super::node::{Conj, Conjunct, NodeId, Place};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::{Binding, Expression, Kind, Name, Presence};
use crate::cue::error::{Error, ErrorKind};

/// Up to so many elements Go's `sort.Sort` keeps the order of equal ones.
const STABLE: usize = 12;

impl<'a> Evaluator<'a> {
    /// One of the three, with both arguments.
    pub(crate) fn sort(
        &mut self,
        id: NodeId,
        name: &str,
        arguments: &'a [Expression],
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        let [list, comparer] = arguments else {
            let message = format!("`list.{name}` takes 2 arguments, not {}", arguments.len());
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        };
        let value = self.value_of(list, &task.env, id);
        let items = match self.of_kinds(value, Kinds::LIST, list, &task.env, id)? {
            Value::Node(node) if self.node(node).kinds == Kinds::LIST => {
                match self.concrete(node, list.position) {
                    Err(Stop::Wait(_)) if self.node(node).tasks.is_empty() => {
                        let message = "cannot be decided: the list has elements that are not known";
                        let error = Error::new(ErrorKind::Undecided, position, message);
                        return Err(Stop::Wait(Box::new(error)));
                    }
                    known => known?,
                };
                self.items(node)
            }
            _ => {
                let message = format!("`list.{name}` needs a list");
                return Err(Stop::fail(ErrorKind::Operation, list.position, message));
            }
        };
        if name == "IsSorted" {
            let mut sorted = true;
            for pair in items.windows(2) {
                sorted &= !self.less(pair[1], pair[0], comparer, task)?;
            }
            self.note(id, task.close, 0);
            self.set(id, Atom::Bool(sorted), position);
            return Ok(());
        }
        let sorted = self.sorted(&items, comparer, task)?;
        self.check_order(&sorted, name == "Sort" && items.len() > STABLE, comparer, task)?;
        let items = sorted.iter().map(|node| Conjunct { kind: Conj::Node(*node), ..task.clone() }).collect();
        self.note(id, task.close, 0);
        self.narrow(id, Kinds::LIST, position);
        self.shape(id, items, None, position);
        Ok(())
    }

    /// The elements in order; equal ones as they were.
    fn sorted(
        &mut self,
        items: &[NodeId],
        comparer: &'a Expression,
        task: &Conjunct<'a>,
    ) -> Result<Vec<NodeId>, Stop> {
        let mut sorted: Vec<NodeId> = Vec::with_capacity(items.len());
        for item in items {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = (low + high) / 2;
                if self.less(*item, sorted[middle], comparer, task)? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            sorted.insert(low, *item);
        }
        Ok(sorted)
    }

    /// What a comparer makes of lists for which the algorithm would matter is not known.
    fn check_order(
        &mut self,
        sorted: &[NodeId],
        unstable: bool,
        comparer: &'a Expression,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        for pair in sorted.windows(2) {
            if self.less(pair[1], pair[0], comparer, task)? {
                let message = "sorting by a comparer that gives no order is not supported";
                return Err(self.unsupported(position, message.to_owned()));
            }
            if unstable && !self.less(pair[0], pair[1], comparer, task)? {
                let (one, other) = (self.concrete(pair[0], position)?, self.concrete(pair[1], position)?);
                if one != other {
                    let message =
                        "`list.Sort` of elements of equal rank is not supported: use `list.SortStable`";
                    return Err(self.unsupported(position, message.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Whether one element comes before another.
    fn less(
        &mut self,
        one: NodeId,
        other: NodeId,
        comparer: &'a Expression,
        task: &Conjunct<'a>,
    ) -> Result<bool, Stop> {
        let position = comparer.position;
        if let Kind::Selector { operand, name } = &comparer.kind
            && matches!(&operand.kind, Kind::Reference { binding: Binding::Package(path), .. } if **path == *"list")
            && matches!(text(name), "Ascending" | "Descending")
        {
            let (one, other) = if text(name) == "Ascending" { (one, other) } else { (other, one) };
            let atom = |node: NodeId| self.node(self.settled(node)).atom.as_ref().map(|(atom, _)| atom);
            return match (atom(one), atom(other)) {
                (Some(Atom::Number(a)), Some(Atom::Number(b))) => Ok(a < b),
                (Some(Atom::String(a)), Some(Atom::String(b))) => Ok(a < b),
                _ => {
                    let message = format!("`list.{}` compares numbers or strings", text(name));
                    Err(Stop::fail(ErrorKind::Operation, position, message))
                }
            };
        }
        let node = self.new_node(None, Place::Inner);
        let conjunct = self.conjunct(Conj::Expression(comparer), task.env.clone(), position);
        self.node_mut(node).conjuncts.push(conjunct);
        for (label, value) in [("x", one), ("y", other)] {
            let copy = self.conjunct(Conj::Copy(value), None, position);
            self.insert(node, Name::Regular(label.into()), Presence::Regular, Some(copy));
        }
        self.finish(node);
        let settled = self.settled(node);
        if let Some(error) = self.first_error(settled) {
            return Err(Stop::Fail(error));
        }
        let less = self.node(settled).arc(&Name::Regular("less".into())).map(|arc| self.settled(arc.node));
        match less.and_then(|less| self.node(less).atom.clone()) {
            Some((Atom::Bool(less), _)) => Ok(less),
            _ => Err(Stop::fail(ErrorKind::Operation, position, "the comparer's `less` is no bool")),
        }
    }
}
