//! Signs a file with a key, and writes the bundle to standard output.
//!
//! ```sh
//! cargo run --example sign_blob --no-default-features
//! PASSPHRASE=... cargo run --example sign_blob --no-default-features -- cosign.key FILE > FILE.sigstore.json
//! ```
//!
//! Without arguments it makes a key of its own and signs a file of this repository.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::error::Error;
use std::fs::{self, File};
use std::process::ExitCode;

use rcosign::{Artifact, Bundle, KeyType, LocalKey, Policy, Time, TrustedRoot, Verifier};

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
    let (key, file) = match &arguments[..] {
        [] => {
            let key = LocalKey::generate(KeyType::EcdsaP256)?;
            (key, format!("{}/testdata/cosign-3.x/artifact.txt", env!("CARGO_MANIFEST_DIR")))
        }
        [key, file] => {
            let passphrase = std::env::var("PASSPHRASE").unwrap_or_default();
            (LocalKey::from_encrypted_pem(&fs::read(key)?, passphrase.as_bytes())?, file.clone())
        }
        _ => return Err("usage: [PASSPHRASE=...] sign_blob [KEY FILE]".into()),
    };

    // A key in memory signs at once. One that is elsewhere implements `SigningKey`; then it is
    // `rcosign::sign_blob(&key, artifact).await`, in whichever runtime there is.
    let bundle = key.sign_blob(Artifact::from_reader(File::open(&file)?))?;
    println!("{bundle}");

    // Whoever has the public key can verify it.
    let policy = Policy::key(key.public_key().clone()).dangerously_without_log();
    let verifier = Verifier::new(TrustedRoot::empty(), policy);
    verifier.verify(
        &Bundle::from_json(bundle.as_bytes())?,
        Artifact::from_reader(File::open(&file)?),
        Time::now(),
    )?;
    eprintln!("verifies with:\n{}", key.public_key().to_pem());
    Ok(())
}
