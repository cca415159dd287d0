//! Any bytes as a policy in CUE: read and bound, or refused with a place in the file; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcosign::internals::cue::load::load;

fuzz_target!(|text: &[u8]| {
    if let Err(error) = load(&[("policy.cue".to_owned(), text.to_vec())]) {
        assert!(error.position.is_some(), "{error}");
    }
});
