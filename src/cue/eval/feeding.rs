//! Comprehensions that add to what they look at: whether they hold may depend on what they add. cosign's evaluator takes such fields
//! in an order of its own. Where its answer is known it is followed; everything else is refused.

use super::node::NodeId;
use super::{Evaluator, shown};
use crate::cue::ast::{
    Binary, Binding, Clause, Comprehension, Declaration, Expression, Field, Kind, Label, Name,
};
use crate::cue::error::{Error, ErrorKind};

/// What a comprehension looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    node: NodeId,
    /// Whether it was compared with `_|_`, for which everything in it counts.
    whole: bool,
}

impl<'a> Evaluator<'a> {
    /// Notes that a comprehension looks at a node.
    pub(crate) fn looked_at(&mut self, node: NodeId, whole: bool) {
        if self.watching > 0 {
            self.looks.push(Look { node, whole });
        }
    }

    /// Ends the evaluation where a comprehension adds to a field that it looked at since `from`, and that may matter.
    pub(crate) fn check_feeding(&mut self, id: NodeId, comprehension: &'a Comprehension, from: usize) {
        let looks = self.looks[from.min(self.looks.len())..].to_vec();
        for declaration in &comprehension.body.declarations {
            let Declaration::Field(Field { label: Label::Fixed(name), value, .. }) = declaration else {
                continue;
            };
            let Some(node) = self.node(id).arc(name).map(|arc| arc.node) else { continue };
            if looks.iter().any(|look| self.matters(node, look))
                && !self.tame(node, comprehension, name, value)
            {
                let message = format!(
                    "cannot be decided: the comprehension adds to the field that it depends on, `{}`",
                    shown(name)
                );
                let error = Error::new(ErrorKind::Cycle, comprehension.position, message);
                let path = self.path(id);
                self.stop(error.at(path));
                return;
            }
        }
    }

    /// Whether what was looked at is the field, and not known for good.
    fn matters(&self, field: NodeId, look: &Look) -> bool {
        // A default is not known for good: another alternative may be taken.
        let several = self.node(look.node).outcome.as_ref().is_some_and(|outcome| outcome.len() > 1);
        let known = !several && self.node(self.settled(look.node)).atom.is_some();
        self.node(look.node).origin == self.node(field).origin && (look.whole || !known)
    }

    /// Whether it compares the field with a scalar, and adds a scalar or a type: that changes the answer to none that cosign gives
    /// otherwise.
    fn tame(&self, field: NodeId, comprehension: &Comprehension, name: &Name, added: &Expression) -> bool {
        let [Clause::If { condition, .. }] = &comprehension.clauses[..] else { return false };
        let Kind::Binary { operator: Binary::Relation(_), left, right } = &condition.kind else {
            return false;
        };
        let itself = |side: &Expression| matches!(&side.kind, Kind::Reference { binding: Binding::Field { up: 0, name: named }, .. } if named == name);
        let scalar = |side: &Expression| super::unify::atom(side).is_some();
        let predeclared = matches!(&added.kind, Kind::Reference { binding: Binding::Predeclared(_), .. });
        (itself(left) && scalar(right) || scalar(left) && itself(right))
            && (scalar(added) || predeclared)
            && self.node(field).choices.is_empty()
    }
}
