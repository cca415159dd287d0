//! The members that the types with a schema of their own ask for.
//!
//! Checked, never rewritten: cosign decodes these predicates into fixed structures and signs what is left of them. The
//! rules are what cosign 3 refuses, at the first level; `null` passes for anything, as there.

use super::{AttestError, PredicateType};
use crate::payload::{JsonKind as Kind, Predicate};

use Kind::{Array, Object, String as Text};

struct Rules {
    members: &'static [(&'static str, Kind)],
    all_required: bool,
}

fn rules(of: &PredicateType) -> Rules {
    let (members, all_required): (&'static [_], _) = match of {
        PredicateType::Link => (
            &[
                ("_type", Text),
                ("name", Text),
                ("materials", Object),
                ("products", Object),
                ("byproducts", Object),
                ("command", Array),
                ("environment", Object),
            ],
            true,
        ),
        PredicateType::SlsaProvenance02 => (
            &[
                ("builder", Object),
                ("buildType", Text),
                ("invocation", Object),
                ("metadata", Object),
                ("materials", Array),
            ],
            false,
        ),
        PredicateType::SlsaProvenance1 => (&[("buildDefinition", Object), ("runDetails", Object)], false),
        PredicateType::Vuln => (&[("invocation", Object), ("scanner", Object), ("metadata", Object)], false),
        _ => (&[], false),
    };
    Rules { members, all_required }
}

/// Checks that a predicate is a JSON object and has the members that its type asks for.
pub(super) fn check(of: &PredicateType, predicate: &Predicate) -> Result<(), AttestError> {
    let error = |reason: String| AttestError::Shape { uri: of.uri().to_owned(), reason };
    let kind = Kind::of(predicate.text());
    if kind != Object {
        return Err(error(format!("it is {}, not an object", kind.words())));
    }
    let rules = rules(of);
    if rules.members.is_empty() {
        return Ok(());
    }
    let Some(members) = predicate.members() else {
        return Err(error("its members cannot be read".to_owned()));
    };
    for (name, want) in rules.members {
        match members.iter().find(|(n, _)| n == name) {
            None if rules.all_required => return Err(error(format!("its member `{name}` is missing"))),
            None => (),
            Some((_, text)) => {
                let have = Kind::of(text);
                if have != *want && have != Kind::Null {
                    return Err(error(format!(
                        "its member `{name}` is {}, not {}",
                        have.words(),
                        want.words()
                    )));
                }
            }
        }
    }
    Ok(())
}
