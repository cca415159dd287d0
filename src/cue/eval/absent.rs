//! What a statement lacks although the policy constrains it: CUE lets such a field pass, as it may still come, and a policy that gives
//! a value (`reviewed: true`) supplies it itself.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Evaluator;
use super::node::NodeId;
use super::reference::is_definition;
use super::value::Kinds;
use crate::cue::ast::{Name, Presence};
use crate::cue::error::ErrorKind;
use crate::cue::load::Package;
use crate::cue::statement::Json;

/// The members of a statement, <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>.
const MEMBERS: [&str; 4] = ["_type", "subject", "predicateType", "predicate"];

/// The members of a JSON object, by their names.
struct Members<'j> {
    all: &'j [(Cow<'j, str>, Json<'j>)],
    /// Where there are many.
    index: Option<HashMap<&'j str, &'j Json<'j>>>,
}

impl<'j> Members<'j> {
    fn new(all: &'j [(Cow<'j, str>, Json<'j>)]) -> Self {
        let index = (all.len() > 16).then(|| all.iter().map(|(name, value)| (&**name, value)).collect());
        Members { all, index }
    }

    fn get(&self, name: &str) -> Option<&'j Json<'j>> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.all.iter().find(|(member, _)| member == name).map(|(_, value)| value),
        }
    }
}

impl<'a> Evaluator<'a> {
    /// The paths of the fields that the policy constrains and the statement lacks; of a struct that is missing, its own alone.
    pub(super) fn absent(&mut self, root: NodeId, package: &Package, statement: &Json<'_>) -> Vec<String> {
        let mut absent = Vec::new();
        self.lacks(root, statement, &|name| is_helper(package, name), &mut absent);
        self.hidden_checks(root, false, &mut absent);
        absent.sort();
        absent.dedup();
        absent
    }

    /// The same of one value; `passed_over` names fields that do not count.
    pub(super) fn lacks(
        &mut self,
        id: NodeId,
        there: &Json<'_>,
        passed_over: &dyn Fn(&str) -> bool,
        absent: &mut Vec<String>,
    ) {
        if let Some(outcome) = self.node(id).outcome.clone() {
            // The statement has to have what one alternative is about: the one that it comes closest to.
            let mut least: Option<Vec<String>> = None;
            for (alternative, _) in outcome {
                let mut lacking = Vec::new();
                if self.complete(alternative).is_ok() {
                    self.lacks(alternative, there, passed_over, &mut lacking);
                    if least.as_ref().is_none_or(|least| lacking.len() < least.len()) {
                        least = Some(lacking);
                    }
                }
            }
            return absent.extend(least.into_iter().flatten());
        }
        match there {
            Json::Object(members) => self.lacks_members(id, &Members::new(members), passed_over, absent),
            Json::List(values) => self.lacks_elements(id, values, absent),
            _ => {}
        }
        for index in 0..self.node(id).validators.len() {
            let validator = self.node(id).validators[index].clone();
            self.lacks_for_match(id, &validator, there, absent);
        }
        self.unchecked(id, absent);
    }

    fn lacks_members(
        &mut self,
        id: NodeId,
        members: &Members<'_>,
        passed_over: &dyn Fn(&str) -> bool,
        absent: &mut Vec<String>,
    ) {
        for index in 0..self.node(id).arcs.len() {
            let arc = &self.node(id).arcs[index];
            let (node, Name::Regular(name), Presence::Regular) = (arc.node, &arc.name, arc.presence) else {
                continue;
            };
            match members.get(name) {
                Some(value) => self.lacks(node, value, &|_| false, absent),
                None if passed_over(name) || !self.constrains(node) => {}
                None => absent.push(self.path(node)),
            }
        }
    }

    fn lacks_elements(&mut self, id: NodeId, values: &[Json<'_>], absent: &mut Vec<String>) {
        let items = &self.node(id).items;
        let made = items.lazy.iter().flat_map(|lazy| &lazy.made).map(|(index, node)| (*index, *node));
        let nodes: Vec<_> = items.nodes.iter().copied().enumerate().chain(made).collect();
        for (index, node) in nodes {
            if let Some(value) = values.get(index) {
                self.lacks(node, value, &|_| false, absent);
            }
        }
        if let Some(lazy) = &self.node(id).items.lazy {
            absent.extend(lazy.lacking.iter().map(|rest| format!("{}{rest}", self.path(id))));
        }
    }

    /// The same for hidden fields: they lack nothing themselves, but check what is there.
    fn hidden_checks(&self, id: NodeId, is_hidden: bool, absent: &mut Vec<String>) {
        if is_hidden {
            self.unchecked(id, absent);
        }
        let this = self.node(id);
        for arc in
            this.arcs.iter().filter(|arc| arc.presence != Presence::Optional && !is_definition(&arc.name))
        {
            self.hidden_checks(arc.node, is_hidden || matches!(arc.name, Name::Hidden(_)), absent);
        }
        let made = this.items.lazy.iter().flat_map(|lazy| lazy.made.values());
        this.items.nodes.iter().chain(made).for_each(|item| self.hidden_checks(*item, is_hidden, absent));
    }

    /// What could not be held against the statement, as a field that it refers to is not there.
    fn unchecked(&self, id: NodeId, absent: &mut Vec<String>) {
        let waiting = self.node(id).tasks.iter().filter_map(|(_, why)| why.as_ref());
        absent.extend(waiting.filter(|why| why.kind == ErrorKind::Absent).map(|why| why.path.clone()));
    }

    /// Whether a node is more than `_`.
    pub(super) fn constrains(&self, id: NodeId) -> bool {
        let this = self.node(id);
        this.kinds != Kinds::TOP
            || !this.bounds.is_empty()
            || !this.validators.is_empty()
            || !this.tasks.is_empty()
            || this.outcome.is_some()
    }
}

/// Whether a field of the top level is no statement's, but a value that the policy uses elsewhere: `allowed: ["a", "b"]`.
fn is_helper(package: &Package, name: &str) -> bool {
    !MEMBERS.contains(&name) && package.referenced.contains(name)
}

#[cfg(test)]
mod tests;
