//! Any bytes as a policy in CUE and a statement, with a zero byte between them: a verdict or an error that says something; never a
//! panic, and an end within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcosign::internals::cue::{eval::validate, load::load, statement::Json};

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (policy, statement) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"{}"));
    let Ok(package) = load(&[("policy.cue".to_owned(), policy.to_vec())]) else { return };
    let Ok(text) = std::str::from_utf8(statement) else { return };
    let Ok(statement) = Json::parse(text) else { return };
    if let Err(error) = validate(&package, &statement) {
        assert!(!error.message.is_empty());
    }
});
