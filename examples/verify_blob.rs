//! Verifies a file by a public key.
//!
//! ```sh
//! cargo run --example verify_blob --no-default-features
//! cargo run --example verify_blob --no-default-features -- BUNDLE KEY.pub FILE
//! ```
//!
//! Without arguments it verifies a file of this repository. Ends with exit code 1 where the file is not verified.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::error::Error;
use std::fs::{self, File};
use std::process::ExitCode;

use rcosign::{Artifact, Bundle, Policy, PublicKey, Time, TrustedRoot, Verifier};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, key, file] = match &arguments[..] {
        [] => ["p256.bundle.json", "p256.pub", "artifact.txt"]
            .map(|name| format!("{}/testdata/cosign-3.x/{name}", env!("CARGO_MANIFEST_DIR"))),
        [bundle, key, file] => [bundle, key, file].map(String::clone),
        _ => return Err("usage: verify_blob [BUNDLE KEY.pub FILE]".into()),
    };

    // The signer that is wanted. This key signs without a log, so the policy waives it, which the name makes plain.
    // What is wanted is a signature of the file itself; a statement about it would do otherwise.
    let policy =
        Policy::key(PublicKey::from_pem(&fs::read(key)?)?).plain_signature().dangerously_without_log();
    // Neither authority nor log is needed to verify by a key alone.
    let verifier = Verifier::new(TrustedRoot::empty(), policy);

    let bundle = Bundle::from_json(&fs::read(bundle)?)?;
    let artifact = Artifact::from_reader(File::open(&file)?);
    let verification = verifier.verify(&bundle, artifact, Time::now())?;

    println!("{file} is verified");
    for finding in verification.signature().findings() {
        let mark = if finding.is_waived() { "-" } else { "+" };
        println!("  {mark} {}: {}", finding.check(), finding.words());
    }
    Ok(())
}
