//! Any bytes as a policy in Rego: it is read, checked and compiled, or refused with an error that says something; never a panic, and an
//! end within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcosign::internals::crypto::UnixTime;
use rcosign::internals::policy::{Policy, PolicyFile};

fuzz_target!(|input: &[u8]| {
    let file = PolicyFile { name: "policy.rego".to_owned(), bytes: input.to_vec() };
    if let Err(error) = Policy::load(vec![file], Vec::new(), UnixTime::from_seconds(0), false) {
        assert!(!error.to_string().is_empty());
    }
});
