//! Verifies an attestation by the identity that signed it, and reads the verified statement.
//!
//! ```sh
//! cargo run --example verify_bundle --no-default-features
//! cargo run --example verify_bundle --no-default-features -- BUNDLE TRUSTED_ROOT SUBJECT ISSUER PREDICATE_TYPE FILE
//! ```
//!
//! Without arguments it verifies files of this repository. Ends with exit code 1 where the attestation is refused, and says
//! the reason's code, which `docs/reference/reasons.md` explains.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::error::Error;
use std::fs::{self, File};
use std::process::ExitCode;

use rcosign::{
    Artifact, Bundle, Identity, Matcher, Policy, Signer, Time, TrustedRoot, Verifier, VerifyError,
};

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
    let [bundle, root, subject, issuer, predicate_type, file] = match &arguments[..] {
        [] => [
            here("v3.att.keyless.rekor1.bundle.json"),
            here("trusted_root.json"),
            "dev@example.com".to_owned(),
            "http://127.0.0.1:8404".to_owned(),
            "https://cosign.sigstore.dev/attestation/v1".to_owned(),
            here("artifact.txt"),
        ],
        [bundle, root, subject, issuer, kind, file] => {
            [bundle, root, subject, issuer, kind, file].map(String::clone)
        }
        _ => {
            return Err(
                "usage: verify_bundle [BUNDLE TRUSTED_ROOT SUBJECT ISSUER PREDICATE_TYPE FILE]".into()
            );
        }
    };

    let root = TrustedRoot::from_json(&fs::read(root)?)?;
    let policy = Policy::identity(Identity::new(Matcher::exact(subject), Matcher::exact(issuer)))
        .predicate_type(predicate_type);
    let bundle = Bundle::from_json(&fs::read(bundle)?)?;
    let artifact = Artifact::from_reader(File::open(file)?);

    let verification = match Verifier::new(root, policy).verify(&bundle, artifact, Time::now()) {
        Ok(verification) => verification,
        // The codes are stable; the words are for people.
        Err(VerifyError::Rejected { best, .. }) => return Err(format!("{best} [{}]", best.code()).into()),
        Err(error) => return Err(error.into()),
    };

    let signature = verification.signature();
    if let Signer::Identity { subject, issuer, .. } = signature.signer() {
        println!("signed by {subject}, says {issuer}");
    }
    for entry in signature.log_entries() {
        println!("logged in {} at index {}", entry.log(), entry.index());
    }
    for time in signature.times() {
        println!("existed at {} ({:?})", time.time(), time.source());
    }
    let statement = signature.statement().ok_or("a policy with a predicate type accepts statements only")?;
    println!("{} states: {}", statement.predicate_type(), statement.predicate_json().unwrap_or("nothing"));
    Ok(())
}
