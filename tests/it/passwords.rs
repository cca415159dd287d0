//! Where the password of a key comes from.

use crate::support::{Output, PASSWORD, Sandbox};

const OTHER: &str = "another password";

/// A key sealed with [`PASSWORD`], and a blob; COSIGN_PASSWORD is not set for the runs of [`sign`].
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    let _ = sandbox.file("a.txt", "a");
    sandbox
}

fn sign(sandbox: &Sandbox, stdin: Option<&str>, blob: &str) -> Output {
    let run =
        sandbox.rcosign(&["sign-blob", "--offline", "--key", "cosign.key", blob]).without("COSIGN_PASSWORD");
    match stdin {
        Some(text) => run.stdin(text).run(),
        None => run.run(),
    }
}

#[test]
fn the_variable_decides_alone() {
    let sandbox = sandbox();
    let args = ["sign-blob", "--offline", "--key", "cosign.key", "a.txt"];
    let _ = sandbox.rcosign(&args).stdin(OTHER).run().ok();
    let _ =
        sandbox.rcosign(&args).env("COSIGN_PASSWORD", OTHER).stdin(PASSWORD).run().code(6).says("password");
    // Set and empty is the empty password, which is another one.
    let _ = sandbox.rcosign(&args).env("COSIGN_PASSWORD", "").stdin(PASSWORD).run().code(6);
    // Its final newline is part of it, as in cosign.
    let _ = sandbox.rcosign(&args).env("COSIGN_PASSWORD", &format!("{PASSWORD}\n")).run().code(6);
}

#[test]
fn standard_input_brings_it_with_or_without_a_newline() {
    let sandbox = sandbox();
    for text in [PASSWORD.to_owned(), format!("{PASSWORD}\n"), format!("{PASSWORD}\r\n")] {
        let _ = sign(&sandbox, Some(&text), "a.txt").ok();
    }
    for text in [format!("{PASSWORD}\n\n"), format!(" {PASSWORD}"), OTHER.to_owned(), "\n".to_owned()] {
        let _ = sign(&sandbox, Some(&text), "a.txt").code(6);
    }
    // Nothing is no password: cosign takes it for the empty one.
    let _ = sign(&sandbox, Some(""), "a.txt").code(6).says("COSIGN_PASSWORD");
    let _ = sign(&sandbox, None, "a.txt").code(6).says("COSIGN_PASSWORD");
}

#[test]
fn standard_input_cannot_bring_two_things() {
    let sandbox = sandbox();
    let _ = sign(&sandbox, Some(PASSWORD), "-").code(6).says("COSIGN_PASSWORD");
    let args = ["sign-blob", "--offline", "--key", "cosign.key", "-"];
    let signature = sandbox.rcosign(&args).stdin("a").run().ok().stdout;
    let verify = ["verify-blob", "--no-log", "--key", "cosign.pub", "--signature", signature.trim_end()];
    let _ = sandbox.run(&[&verify[..], &["a.txt"]].concat()).ok();
    let args = ["attest-blob", "--offline", "--key", "cosign.key", "--predicate", "-", "a.txt"];
    let _ = sandbox.rcosign(&args).without("COSIGN_PASSWORD").stdin(PASSWORD).run().code(6);
    let _ = sandbox.rcosign(&args).stdin("{}").run().ok();
    let args = ["attest-blob", "--offline", "--key", "cosign.key", "--predicate", "-", "-"];
    let _ = sandbox.rcosign(&args).stdin("{}").run().code(2);
}

#[test]
fn new_keys_take_it_from_standard_input_too() {
    let sandbox = Sandbox::new();
    let new = |prefix: &str, text: &str| {
        let run = sandbox.rcosign(&["generate-key-pair", "--output-key-prefix", prefix]);
        run.without("COSIGN_PASSWORD").stdin(text).run()
    };
    let _ = new("plain", PASSWORD).ok();
    let _ = new("newline", &format!("{PASSWORD}\n")).ok().says("newline");
    for name in ["plain", "newline"] {
        let shown = sandbox.run(&["public-key", "--key", &format!("{name}.key")]).ok();
        assert_eq!(shown.bytes, sandbox.read(&format!("{name}.pub")));
    }
    for nothing in ["", "\n", "\r\n"] {
        let _ = new("nothing", nothing).code(6);
    }
    let run = sandbox.rcosign(&["generate-key-pair", "--output-key-prefix", "nothing"]);
    let _ = run.without("COSIGN_PASSWORD").run().code(6);
    assert_eq!(sandbox.names(), ["newline.key", "newline.pub", "plain.key", "plain.pub"]);
}

/// A question about replacing a file and a password cannot share standard input either; the key that is there stays.
#[test]
fn an_existing_key_is_replaced_by_consent_alone() {
    let sandbox = sandbox();
    let before = (sandbox.read("cosign.key"), sandbox.read("cosign.pub"));
    let kept = |sandbox: &Sandbox| (sandbox.read("cosign.key"), sandbox.read("cosign.pub")) == before;
    for answer in ["", "n\n", "no\n", "\n", "yes\n", "Y e s\n"] {
        let output = sandbox.rcosign(&["generate-key-pair"]).stdin(answer).run();
        assert!(output.code != 0 && kept(&sandbox), "{answer:?}: {} {}", output.code, output.stderr);
    }
    let silent = sandbox.rcosign(&["generate-key-pair"]).stdin("").run().says("caused by: nobody answered");
    assert!(silent.stderr.contains("[y/N] \nerror: "), "{}", silent.stderr);
    let declined =
        sandbox.rcosign(&["generate-key-pair"]).stdin("n\n").run().says("user declined the prompt");
    assert!(declined.stderr.contains("[y/N] \nerror: "), "{}", declined.stderr);
    let _ = sandbox.rcosign(&["generate-key-pair"]).stdin("y\n").run().ok();
    assert!(!kept(&sandbox));
    let other = crate::support::repository().join("testdata/keys/p256.pkcs8.pem");
    let import = ["import-key-pair", "-y", "--output-key-prefix=cosign", "--key", other.to_str().unwrap()];
    let shown = sandbox.run(&import).ok().says("File cosign.key already exists and is replaced");
    assert!(!shown.stderr.contains("Overwrite?") && !shown.stderr.contains("[y/N]"), "{}", shown.stderr);
    let shown = sandbox.run(&["public-key", "--key", "cosign.key"]).ok();
    assert_eq!(shown.bytes, sandbox.read("cosign.pub"));
}

#[test]
fn a_plain_key_needs_none() {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "a");
    let key = crate::support::repository().join("testdata/keys/p384.sec1.pem");
    let args = ["sign-blob", "--offline", "--key", key.to_str().unwrap(), "a.txt"];
    let _ = sandbox.rcosign(&args).without("COSIGN_PASSWORD").run().ok();
}
