//! Builds policies, and shows what each says of the same bundle.
//!
//! ```sh
//! cargo run --example policy --no-default-features
//! cargo run --example policy --no-default-features -- BUNDLE TRUSTED_ROOT SUBJECT ISSUER FILE
//! ```
//!
//! Without arguments it judges a file of this repository. Ends with exit code 1 where the first policy, which asks for the
//! identity and the usual proofs, refuses the bundle.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use rcosign::{Artifact, Bundle, Identity, Matcher, Policy, Time, TrustedRoot, Verifier, VerifyError};

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
    let here = |name: &str| format!("{}/testdata/mock-sigstore/{name}", env!("CARGO_MANIFEST_DIR"));
    let [bundle, root, subject, issuer, file] = match &arguments[..] {
        [] => [
            here("v3.blob.keyless.rekor1.bundle.json"),
            here("trusted_root.json"),
            "dev@example.com".to_owned(),
            "http://127.0.0.1:8404".to_owned(),
            here("artifact.txt"),
        ],
        [bundle, root, subject, issuer, file] => [bundle, root, subject, issuer, file].map(String::clone),
        _ => return Err("usage: policy [BUNDLE TRUSTED_ROOT SUBJECT ISSUER FILE]".into()),
    };
    let bundle = Bundle::from_json(&fs::read(bundle)?)?;
    let root = TrustedRoot::from_json(&fs::read(root)?)?;
    let artifact = fs::read(file)?;

    let identity = Identity::new(Matcher::exact(subject), Matcher::exact(&issuer));
    let release_workflow = Identity::new(
        // Expressions have to match the whole text.
        Matcher::regex(r"https://github\.com/org/repo/\.github/workflows/release\.yml@refs/tags/v.*")?,
        Matcher::exact("https://token.actions.githubusercontent.com"),
    )
    .github_trigger("push");

    let policies = [
        ("the identity, logged", Policy::identity(identity.clone())),
        ("one of two identities", Policy::any_identity(release_workflow.clone(), [identity.clone()])),
        ("with two distinct logs", Policy::identity(identity.clone()).require_log_entries(2)),
        ("with a timestamp", Policy::identity(identity.clone()).require_timestamps(1)),
        ("an attestation", Policy::identity(identity).predicate_type("https://slsa.dev/provenance/v1")),
        ("somebody else", Policy::identity(release_workflow)),
    ];
    let mut verdicts = Vec::new();
    for (name, policy) in policies {
        let verifier = Verifier::new(root.clone(), policy);
        let verdict = verifier.verify(&bundle, Artifact::from_bytes(&artifact), Time::now());
        println!("{name}: {}", words(&verdict));
        verdicts.push(verdict);
    }
    verdicts.swap_remove(0)?;
    Ok(())
}

fn words<T>(verdict: &Result<T, VerifyError>) -> String {
    match verdict {
        Ok(_) => "verified".to_owned(),
        Err(error) => format!("refused, {} [{}]", error, error.code().unwrap_or("no verdict")),
    }
}
