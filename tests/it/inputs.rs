//! What may stand in place of a file, and what may not.

use crate::support::Sandbox;

/// A key pair, a blob with its signature, and the arguments that verify it but for signature and blob.
fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    let _ = sandbox.file("a.txt", "a");
    let signature = sandbox.run(&["sign-blob", "--offline", "--key", "cosign.key", "a.txt"]).ok().stdout;
    (sandbox, signature.trim_end().to_owned())
}

const VERIFY: [&str; 5] = ["verify-blob", "--no-log", "--key", "cosign.pub", "--signature"];

#[test]
fn variables_stand_for_signature_and_artifact_as_in_cosign() {
    let (sandbox, signature) = sandbox();
    let run = |args: &[&str]| sandbox.rcosign(&[&VERIFY[..], args].concat()).env("SIG", &signature);
    let _ = run(&["env://SIG", "a.txt"]).run().ok();
    let _ = run(&["env://SIG", "env://BLOB"]).env("BLOB", "a").run().ok();
    let _ = run(&["env://SIG", "env://BLOB"]).env("BLOB", "b").run().code(12);
    let _ = run(&["env://NONE", "a.txt"]).run().code(3).says("not set");
    let _ = run(&["env://SIG", "env://NONE"]).run().code(3).says("not set");
}

#[test]
fn addresses_are_refused_by_name_and_not_as_missing_files() {
    let (sandbox, signature) = sandbox();
    for args in [
        ["https://user:secret@127.0.0.1:9/a.sig", "a.txt"],
        [&signature, "https://user:secret@127.0.0.1:9/a"],
    ] {
        let output = sandbox.run(&[&VERIFY[..], &args].concat()).code(2).says("is an address");
        assert!(!output.stderr.contains("secret"), "{}", output.stderr);
    }
}

/// A secret that a pipeline exports as COSIGN_KEY fills the flag `--key`.
#[test]
fn a_key_in_place_of_its_name_is_never_shown() {
    let (sandbox, signature) = sandbox();
    let secret = sandbox.text("cosign.key");
    let sign = sandbox.rcosign(&["sign-blob", "--offline", "a.txt"]).env("COSIGN_KEY", &secret).run();
    let verify = ["verify-blob", "--no-log", "--signature", &signature, "a.txt"];
    let verify = sandbox.rcosign(&verify).env("COSIGN_KEY", &secret).run();
    for output in [sign, verify] {
        let output = output.code(2).says("env://NAME");
        assert!(!output.stderr.contains("BEGIN"), "{}", output.stderr);
    }
    let args = ["sign-blob", "--offline", "--key", "env://COSIGN_KEY", "a.txt"];
    let _ = sandbox.rcosign(&args).env("COSIGN_KEY", &secret).run().ok();
}

/// Editors and tools of Windows end lines with CR LF, and may begin a text with a byte order mark.
#[test]
fn the_line_ends_of_windows_and_byte_order_marks_do_no_harm() {
    let (sandbox, signature) = sandbox();
    let key = ["sign-blob", "--offline", "--key", "k.key", "--bundle", "b.json", "a.txt"];
    let crlf = |name: &str| sandbox.text(name).replace('\n', "\r\n");
    sandbox.file("k.key", crlf("cosign.key"));
    let _ = sandbox.run(&key).ok();
    sandbox.file("s", format!("{signature}\r\n"));
    let pretty: serde_json::Value = serde_json::from_str(&sandbox.text("b.json")).unwrap();
    sandbox.file("b.json", format!("{pretty:#}\n"));
    for mark in ["", "\u{feff}"] {
        sandbox.file("k.pub", format!("{mark}{}", crlf("cosign.pub")));
        sandbox.file("c.json", format!("{mark}{}", crlf("b.json")));
        let verify = ["verify-blob", "--no-log", "--key", "k.pub"];
        let _ = sandbox.run(&[&verify[..], &["--signature", "s", "a.txt"]].concat()).ok();
        let _ = sandbox.run(&[&verify[..], &["--bundle", "c.json", "a.txt"]].concat()).ok();
    }
    // What Windows PowerShell writes with `>`.
    let text = format!("\u{feff}{}", sandbox.text("b.json"));
    sandbox.file("b16.json", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let verify = ["verify-blob", "--no-log", "--key", "k.pub", "--bundle", "b16.json", "a.txt"];
    let _ = sandbox.run(&verify).code(3).says("UTF-16");
}
