//! `graph.*`: where edges lead to.

use std::collections::BTreeSet;

use regorus::Value;

use super::order::items;
use super::{Outcome, Said};

pub(super) const FUNCTIONS: &[Said] =
    &[("graph.reachable", 2, reachable), ("graph.reachable_paths", 2, reachable_paths)];

/// The longest path.
const LENGTH: usize = 100;

fn reachable(given: &[Value]) -> Outcome<Value> {
    let (Some(Value::Object(graph)), Some(start)) = (given.first(), given.get(1).and_then(items)) else {
        return Ok(None);
    };
    let mut waiting = start;
    let mut found = BTreeSet::new();
    while let Some(node) = waiting.pop() {
        if let Some(next) = graph.get(node)
            && found.insert(node.clone())
        {
            waiting.extend(items(next).unwrap_or_default());
        }
    }
    Ok(Some(found.into()))
}

fn reachable_paths(given: &[Value]) -> Outcome<Value> {
    let (Some(Value::Object(graph)), Some(start)) = (given.first(), given.get(1).and_then(items)) else {
        return Ok(None);
    };
    let mut waiting: Vec<Vec<Value>> = start.into_iter().map(|node| vec![node.clone()]).collect();
    let mut found = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let Some((last, before)) = path.split_last() else { continue };
        let Some(next) = graph.get(last) else {
            // An end that the graph does not have is left out.
            if !before.is_empty() {
                found.insert(Value::from(before.to_vec()));
            }
            continue;
        };
        let Some(next) = items(next) else {
            return Err("graph.reachable_paths of a graph with edges that are no list".to_owned());
        };
        if path.len() > LENGTH || found.len() > 10_000 {
            return Err("graph.reachable_paths of a graph that large".to_owned());
        }
        if next.contains(&last) {
            return Err("graph.reachable_paths of a graph with an edge from a node to itself".to_owned());
        }
        let again = next.iter().filter(|node| path.contains(node)).count();
        if again > 0 && again < next.len() {
            return Err("graph.reachable_paths of a graph with a circle and a way out of it".to_owned());
        }
        if again == next.len() {
            found.insert(Value::from(path));
            continue;
        }
        waiting.extend(next.into_iter().map(|node| [path.as_slice(), std::slice::from_ref(node)].concat()));
    }
    Ok(Some(found.into()))
}
