//! Tests of the one verifying path as a whole. Entities are made by the `issue` modules; every refusal starts from an entity
//! that verifies and breaks one thing.

mod binding;
mod content;
pub(crate) mod fixture;
mod identities;
mod images;
mod issued;
mod mutation;
pub(crate) mod mutator;
mod reasons;
mod thresholds;
mod times;

use fixture::*;

#[test]
fn sound_entities_verify() {
    for case in [Case::keyless(), Case::keyless_v2(), Case::keyless_statement(), Case::keyed()] {
        case.verdict().unwrap();
    }
}
