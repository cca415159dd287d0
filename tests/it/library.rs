//! The library as its users meet it: the examples run, and name nothing but what is public.

use std::path::PathBuf;

use crate::support::{Output, Sandbox, repository};

const EXAMPLES: [&str; 4] = ["policy", "sign_blob", "verify_blob", "verify_bundle"];

/// `cargo test` builds the examples into the folder beside the tests' own.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    tests.parent().unwrap().with_file_name("examples").join(name)
}

/// Runs an example; `None` where only this test was built.
fn run(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Option<Output> {
    let program = example(name);
    if !program.exists() {
        crate::support::say_skipped(&format!("example {name}: not built"));
        return None;
    }
    Some(sandbox.program(&program, arguments).run())
}

#[test]
fn examples_run_without_arguments() {
    let sandbox = Sandbox::new();
    for (name, words) in EXAMPLES.into_iter().zip([
        "the identity, logged: verified",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "is verified",
        "signed by dev@example.com",
    ]) {
        if let Some(output) = run(&sandbox, name, &[]) {
            assert!(output.ok().stdout.contains(words), "{name}");
        }
    }
}

#[test]
fn examples_refuse_with_exit_code_1() {
    let sandbox = Sandbox::new();
    let data = |name: &str| repository().join("testdata").join(name).to_str().unwrap().to_owned();
    let (bundle, key) = (data("cosign-3.x/p256.bundle.json"), data("cosign-3.x/p256.pub"));
    let (mock, root) =
        (data("mock-sigstore/v3.att.keyless.rekor1.bundle.json"), data("mock-sigstore/trusted_root.json"));
    let (other, artifact) = (data("cosign-3.x/other.txt"), data("mock-sigstore/artifact.txt"));
    let issuer = "http://127.0.0.1:8404";
    let kind = "https://cosign.sigstore.dev/attestation/v1";
    let cases: [(&str, &[&str], &str); 5] = [
        ("verify_blob", &[&bundle, &key, &other], "the artifact is not what was signed"),
        ("verify_bundle", &[&mock, &root, "eve@example.com", issuer, kind, &artifact], "[identity]"),
        ("verify_bundle", &[&mock, &root, "dev@example.com", issuer, kind, &other], "[statement-subject]"),
        ("policy", &[&mock, &root, "eve@example.com", issuer, &artifact], "eve@example.com"),
        ("sign_blob", &[&key, &artifact], "private key"),
    ];
    for (name, arguments, words) in cases {
        if let Some(output) = run(&sandbox, name, arguments) {
            output.code(1).says(words);
        }
    }
}

/// Cargo shows the tests' view of the rooms to examples as well; a user has no such view.
#[test]
fn examples_name_nothing_private() {
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(EXAMPLES.contains(&name.as_str()), "{name} is not run by these tests");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("internals") && !text.contains("rcosign::main"), "{name}");
    }
}
