//! Any bytes as a policy in CUE: read, bound and looked at, or refused with a place in the file; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcosign::internals::cue::{load::load, subset};

fuzz_target!(|text: &[u8]| {
    let package = load(&[("policy.cue".to_owned(), text.to_vec())]);
    if let Err(error) = package.and_then(|package| subset::check(&package)) {
        assert!(error.position.is_some(), "{error}");
    }
});
