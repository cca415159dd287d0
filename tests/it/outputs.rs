//! What signing writes, where, with which mode; and that a failure leaves nothing behind.

use crate::support::{Output, Sandbox, repository, say_skipped};

/// A folder with a key pair `k`, a certificate for it, two blobs and a predicate.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let plain = repository().join("testdata/keys/p256.pkcs8.pem");
    let import = ["import-key-pair", "--key", plain.to_str().unwrap(), "--output-key-prefix", "k"];
    let _ = sandbox.run(&import).ok();
    let _ = sandbox.file("a.txt", "a");
    let _ = sandbox.file("b.txt", "b");
    let _ = sandbox.file("p.json", "{\"x\": 1}");
    sandbox
}

const INPUTS: [&str; 5] = ["a.txt", "b.txt", "k.key", "k.pub", "p.json"];

/// The names in the folder beyond the inputs.
fn written(sandbox: &Sandbox) -> Vec<String> {
    sandbox.names().into_iter().filter(|name| !INPUTS.contains(&name.as_str())).collect()
}

fn sign(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.run(&[&["sign-blob", "--offline", "--key", "k.key"], more].concat())
}

fn attest(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.run(&[&["attest-blob", "--offline", "--key", "k.key", "--predicate", "p.json"], more].concat())
}

fn verify(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.run(&[&["verify-blob", "--no-log", "--key", "k.pub"], more].concat())
}

#[test]
fn everything_that_is_asked_for_is_written() {
    let sandbox = sandbox();
    let output = sign(&sandbox, &["a.txt"]).ok();
    assert!(output.stdout.ends_with("=\n") || output.stdout.ends_with('\n'), "{}", output.stdout);
    assert_eq!(output.stdout.lines().count(), 1);
    assert!(written(&sandbox).is_empty(), "{:?}", written(&sandbox));

    let output = sign(&sandbox, &["--output-signature", "s", "--bundle", "b.json", "a.txt"]).ok();
    assert!(output.stdout.is_empty(), "{}", output.stdout);
    assert_eq!(written(&sandbox), ["b.json", "s"]);
    assert!(!sandbox.text("s").ends_with('\n') && !sandbox.text("b.json").ends_with('\n'));
    let bundle: serde_json::Value = serde_json::from_slice(&sandbox.read("b.json")).unwrap();
    assert_eq!(bundle["messageSignature"]["signature"], sandbox.text("s"));
    let _ = verify(&sandbox, &["--signature", "s", "--bundle", "b.json", "a.txt"]).ok();

    let _ = sign(&sandbox, &["--b64=false", "--output-signature", "s", "--bundle", "b.json", "a.txt"]).ok();
    assert_eq!(sandbox.read("s")[0], 0x30, "DER, an ECDSA-Sig-Value");
    let _ = verify(&sandbox, &["--signature", "s", "a.txt"]).ok();
    let raw = sign(&sandbox, &["--b64=false", "a.txt"]).ok();
    let _ = sandbox.file("s", &raw.bytes);
    let _ = verify(&sandbox, &["--signature", "s", "a.txt"]).ok();
    let _ = verify(&sandbox, &["--signature", "s", "b.txt"]).code(12);

    // The older name of the flag, and the legacy bundle.
    let _ =
        sign(&sandbox, &["--output", "old", "--new-bundle-format=false", "--bundle", "l.json", "a.txt"]).ok();
    assert!(sandbox.text("l.json").starts_with("{\"base64Signature\":\""), "{}", sandbox.text("l.json"));
    assert_eq!(sandbox.text("l.json").split('"').nth(3).unwrap(), sandbox.text("old"));
}

#[test]
fn everything_of_an_attestation_is_written() {
    let sandbox = sandbox();
    let printed = attest(&sandbox, &["a.txt"]).ok().stdout;
    let envelope: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    assert!(printed.ends_with("}\n") && written(&sandbox).is_empty());

    let files = ["--output-signature", "e", "--output-attestation", "st", "--bundle", "b.json"];
    let output = attest(&sandbox, &[&files[..], &["a.txt"]].concat()).ok();
    assert!(output.stdout.is_empty(), "{}", output.stdout);
    assert_eq!(written(&sandbox), ["b.json", "e", "st"]);
    let statement: serde_json::Value = serde_json::from_slice(&sandbox.read("st")).unwrap();
    assert_eq!(statement["subject"][0]["name"], "a.txt");
    assert_eq!(statement["predicateType"], "https://cosign.sigstore.dev/attestation/v1");
    let envelope: serde_json::Value = serde_json::from_slice(&sandbox.read("e")).unwrap();
    let bundle: serde_json::Value = serde_json::from_slice(&sandbox.read("b.json")).unwrap();
    assert_eq!(bundle["dsseEnvelope"]["payload"], envelope["payload"]);
    for signature in [&["--signature", "e"], &["--bundle", "b.json"]] {
        let question = ["verify-blob-attestation", "--no-log", "--key", "k.pub"];
        let _ = sandbox.run(&[&question, &signature[..], &["a.txt"]].concat()).ok();
        let _ = sandbox.run(&[&question, &signature[..], &["b.txt"]].concat()).code(12);
    }
}

/// A key of its own with a certificate by openssl, to be put into the bundle.
#[test]
fn a_certificate_goes_into_the_bundle_and_into_its_file() {
    let sandbox = sandbox();
    let openssl = std::path::Path::new("/usr/bin/openssl");
    if !openssl.exists() {
        return say_skipped("no openssl");
    }
    let key = repository().join("testdata/keys/p256.pkcs8.pem");
    let request = ["req", "-x509", "-new", "-key", key.to_str().unwrap(), "-subj", "/CN=x", "-days", "9"];
    let _ = sandbox.program(openssl, &[&request[..], &["-out", "c.pem"]].concat()).run().ok();
    let pem = sandbox.text("c.pem");
    let files = ["--certificate", "c.pem", "--output-certificate", "c.out", "--bundle", "b.json"];
    let _ = sign(&sandbox, &[&files[..], &["a.txt"]].concat()).ok();
    // Of a blob base64 of the PEM, of an attestation the PEM, as cosign.
    let decoded = sandbox.program(openssl, &["base64", "-d", "-A", "-in", "c.out"]).run().ok();
    assert_eq!(decoded.stdout, pem);
    assert!(sandbox.text("b.json").contains("\"certificate\":{\"rawBytes\":\""));
    let _ = attest(&sandbox, &[&files[..], &["a.txt"]].concat()).ok();
    assert_eq!(sandbox.text("c.out"), pem);

    // Another key's certificate is refused before anything is written.
    let other =
        sandbox.program(openssl, &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "o.pem"]);
    let _ = other.run().ok();
    let request = ["req", "-x509", "-new", "-key", "o.pem", "-subj", "/CN=x", "-days", "9", "-out", "o.crt"];
    let _ = sandbox.program(openssl, &request).run().ok();
    let wrong = sign(&sandbox, &["--certificate", "o.crt", "--bundle", "n.json", "a.txt"]);
    assert!(wrong.code != 0 && !sandbox.has("n.json"), "{}", wrong.stderr);

    // Without a certificate there is none to write.
    let _ = sign(&sandbox, &["--output-certificate", "none.crt", "a.txt"]).ok().says("none.crt");
    assert!(!sandbox.has("none.crt"));
}

#[test]
fn several_files_are_printed_in_turn_and_refused_for_one_output() {
    let sandbox = sandbox();
    let printed = sign(&sandbox, &["a.txt", "b.txt"]).ok().stdout;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2);
    for (signature, own, other) in [(lines[0], "a.txt", "b.txt"), (lines[1], "b.txt", "a.txt")] {
        let _ = verify(&sandbox, &["--signature", signature, own]).ok();
        let _ = verify(&sandbox, &["--signature", signature, other]).code(12);
    }
    for flag in ["--bundle", "--output-signature", "--output-certificate", "--output"] {
        let _ = sign(&sandbox, &[flag, "x", "a.txt", "b.txt"]).code(2).says("has room for one");
    }
    // One that is missing: none is printed, the first neither.
    let output = sign(&sandbox, &["a.txt", "missing"]).code(11).says("missing");
    assert!(output.stdout.is_empty(), "{}", output.stdout);
    assert!(written(&sandbox).is_empty());
}

/// What is there stays, to the byte, when the command fails.
#[test]
fn a_failure_leaves_nothing_and_changes_nothing() {
    let sandbox = sandbox();
    for name in ["s", "b.json"] {
        let _ = sandbox.file(name, "as it was");
    }
    let before = sandbox.names();
    let outputs = ["--output-signature", "s", "--bundle", "b.json"];
    let new = ["--output-signature", "s.new", "--bundle", "b.new"];
    for outputs in [&outputs[..], &new] {
        let failures: [(&[&str], i32); 5] = [
            (&["sign-blob", "--offline", "--key", "k.key", "missing"], 11),
            (&["sign-blob", "--offline", "--key", "missing.key", "a.txt"], 3),
            (&["sign-blob", "--offline", "--key", "k.pub", "a.txt"], 3),
            (
                &[
                    "sign-blob",
                    "--offline",
                    "--key",
                    "k.key",
                    "--output-certificate",
                    "no/such/folder",
                    "a.txt",
                ],
                3,
            ),
            (
                &[
                    "attest-blob",
                    "--offline",
                    "--key",
                    "k.key",
                    "--type",
                    "link",
                    "--predicate",
                    "p.json",
                    "a.txt",
                ],
                3,
            ),
        ];
        for (args, code) in failures {
            let output = sandbox.run(&[&args[..1], outputs, &args[1..]].concat());
            assert_eq!(output.code, code, "{args:?}: {}", output.stderr);
            assert!(output.stdout.is_empty(), "{args:?}: {}", output.stdout);
            assert_eq!(sandbox.names(), before, "{args:?}");
        }
        let args = [&["sign-blob", "--offline", "--key", "k.key"], outputs, &["a.txt"]].concat();
        let output = sandbox.rcosign(&args).env("COSIGN_PASSWORD", "wrong").run().code(6);
        assert!(output.stdout.is_empty() && sandbox.names() == before, "{}", output.stderr);
    }
    assert_eq!(sandbox.text("s") + &sandbox.text("b.json"), "as it wasas it was");
    let args = ["public-key", "--key", "k.key", "--outfile", "p.pub"];
    let _ = sandbox.rcosign(&args).env("COSIGN_PASSWORD", "wrong").run().code(6);
    assert_eq!(sandbox.names(), before);
}

/// A result that would take the place of something that is read, or of another result, is refused before anything is read:
/// a private key or a signature would be lost.
#[test]
fn no_result_takes_the_place_of_anything_else() {
    let sandbox = sandbox();
    let _ = sign(&sandbox, &["--bundle", "b.json", "a.txt"]).ok();
    let before: Vec<_> = sandbox.names().into_iter().map(|name| (sandbox.read(&name), name)).collect();
    let sign = ["sign-blob", "--offline", "--key", "k.key"];
    let attest = ["attest-blob", "--offline", "--key", "k.key", "--predicate", "p.json"];
    let verify = ["verify-blob", "--no-log", "--key", "k.pub", "--bundle", "b.json"];
    let absolute = sandbox.at("k.key");
    let refused: [(&[&str], &[&str], &str); 14] = [
        (&sign, &["--bundle", "k.key", "a.txt"], "read as the key"),
        (&sign, &["--bundle", "./tmp/../k.key", "a.txt"], "read as the key"),
        (&sign, &["--bundle", absolute.to_str().unwrap(), "a.txt"], "read as the key"),
        (&sign, &["--output-signature", "a.txt", "a.txt"], "read as the file to sign"),
        (&sign, &["--output-file", "a.txt", "a.txt"], "read as the file to sign"),
        (&sign, &["--output-signature", "x", "--bundle", "x", "a.txt"], "named for two results"),
        (&sign, &["--output-signature", "x", "--bundle", "./x", "a.txt"], "named for two results"),
        (&attest, &["--output-signature", "p.json", "a.txt"], "read as the predicate"),
        (&attest, &["--output-attestation", "a.txt", "a.txt"], "read as the file to attest"),
        (&attest, &["--output-attestation", "x", "--bundle", "x", "a.txt"], "named for two results"),
        (&verify, &["--report", "json=b.json", "a.txt"], "read as the bundle"),
        (&verify, &["--report", "json=a.txt", "a.txt"], "read as the file to verify"),
        (&verify, &["--report", "json=x", "--output-file", "x", "a.txt"], "named for two results"),
        (&["public-key", "--key", "k.key"], &["--outfile", "k.key"], "read as the key"),
    ];
    for (command, more, words) in refused {
        let output = sandbox.run(&[command, more].concat());
        assert_eq!(output.code, 2, "{more:?}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{more:?}: {}", output.stderr);
        let after: Vec<_> = sandbox.names().into_iter().map(|name| (sandbox.read(&name), name)).collect();
        assert_eq!(after, before, "{more:?}");
    }
}

/// The same kind of mistake has the same exit code, whatever the flag and the command.
#[test]
fn unusable_files_have_the_code_of_their_kind() {
    let sandbox = sandbox();
    let _ = sign(&sandbox, &["--output-signature", "s", "a.txt"]).ok();
    let config = |name: &str| {
        let args = ["sign-blob", "--key", "k.key", "--signing-config", name, "a.txt"];
        sandbox.run(&args).code(4)
    };
    let root = |name: &str| verify(&sandbox, &["--trusted-root", name, "--signature", "s", "a.txt"]).code(4);
    for use_it in [&config as &dyn Fn(&str) -> Output, &root] {
        let _ = use_it("missing.json").says("`missing.json` does not exist");
        let _ = use_it("p.json").says("`p.json` cannot be used");
    }
    for certificate in ["k.pub", "missing.pem"] {
        let _ = sign(&sandbox, &["--certificate", certificate, "a.txt"]).code(3);
        let of = ["--certificate", certificate, "--signature", "s", "a.txt"];
        let whose = ["verify-blob", "--certificate-identity=a", "--certificate-oidc-issuer=b"];
        let _ = sandbox.run(&[&whose[..], &of].concat()).code(3);
    }
}

/// Too large, too deep, too many: one code, whatever the document is for.
#[test]
fn what_exceeds_a_limit_has_the_code_of_limits() {
    let sandbox = sandbox();
    let large = std::fs::File::create(sandbox.at("large")).unwrap();
    large.set_len(1 << 30).unwrap();
    let deep = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    let _ = sandbox.file("deep", deep);
    let signature = |sig| format!("{{\"sig\":\"{sig}\"}}");
    let list = vec![signature("AA=="); 2000].join(",");
    let envelope = format!(
        "{{\"payload\":\"e30=\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{list}]}}"
    );
    let _ = sandbox.file("many", envelope);
    let _ = sign(&sandbox, &["--output-signature", "s", "a.txt"]).ok();
    for name in ["large", "deep", "many"] {
        let _ = verify(&sandbox, &["--bundle", name, "a.txt"]).code(8);
    }
    for name in ["large", "deep"] {
        let _ = verify(&sandbox, &["--trusted-root", name, "--signature", "s", "a.txt"]).code(8);
        let config = ["sign-blob", "--key", "k.key", "--signing-config", name, "a.txt"];
        let _ = sandbox.run(&config).code(8);
        let predicate =
            ["attest-blob", "--key", "k.key", "--offline", "--type=https://x", "--predicate", name, "a.txt"];
        let _ = sandbox.run(&predicate).code(8);
        let _ = sandbox.run(&["attest-blob", "--key", "k.key", "--offline", "--statement", name]).code(8);
    }
    let whose =
        ["verify-blob", "--certificate-identity=a", "--certificate-oidc-issuer=b", "--signature", "s"];
    for flag in ["--ca-roots", "--certificate", "--sct", "--rfc3161-timestamp"] {
        let _ = sandbox.run(&[&whose[..], &[flag, "large", "a.txt"]].concat()).code(8);
    }
}

#[test]
fn a_payload_is_said_to_be_used_when_it_was_read() {
    let sandbox = sandbox();
    for output in [sign(&sandbox, &["missing.txt"]), attest(&sandbox, &["missing.txt"])] {
        assert!(!output.stderr.contains("Using payload from: missing.txt"), "{}", output.stderr);
        let _ = output.code(11).says("`missing.txt` does not exist");
    }
    let _ = sign(&sandbox, &["a.txt"]).ok().says("Using payload from: a.txt");
    let _ = attest(&sandbox, &["a.txt"]).ok().says("Using payload from: a.txt").says("from: p.json");
    // The type that is asked for by a short name is shown in full, with the name beside it.
    let _ = attest(&sandbox, &["--type", "spdx", "--bundle", "b.json", "a.txt"]).ok();
    let check = ["verify-blob-attestation", "--no-log", "--key", "k.pub", "--bundle", "b.json", "a.txt"];
    let words = "expected `https://cosign.sigstore.dev/attestation/v1` (`--type custom`)";
    let _ = sandbox.run(&check).code(12).says(words);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};

    fn mode(sandbox: &Sandbox, name: &str) -> u32 {
        std::fs::metadata(sandbox.at(name)).unwrap().mode() & 0o7777
    }

    #[test]
    fn modes_are_those_of_secrets_except_for_public_keys() {
        let sandbox = sandbox();
        let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", "g"]).ok();
        let _ = sign(&sandbox, &["--output-signature", "s", "--bundle", "b.json", "a.txt"]).ok();
        let files = ["--output-signature", "e", "--output-attestation", "st", "--bundle", "ab.json"];
        let _ = attest(&sandbox, &[&files[..], &["a.txt"]].concat()).ok();
        let _ = verify(&sandbox, &["--bundle", "b.json", "--report", "json=r.json", "a.txt"]).ok();
        for name in ["k.key", "g.key", "s", "b.json", "e", "st", "ab.json", "r.json"] {
            assert_eq!(mode(&sandbox, name), 0o600, "{name}");
        }
        let _ = sandbox.run(&["public-key", "--key", "k.key", "--outfile", "o.pub"]).ok();
        for name in ["k.pub", "g.pub", "o.pub"] {
            assert_eq!(mode(&sandbox, name), 0o644, "{name}");
        }
    }

    #[test]
    fn a_link_stays_a_link_and_its_target_is_replaced() {
        let sandbox = sandbox();
        let _ = sandbox.file("target.json", "old");
        symlink("target.json", sandbox.at("b.json")).unwrap();
        let _ = sign(&sandbox, &["--bundle", "b.json", "a.txt"]).ok();
        assert!(std::fs::symlink_metadata(sandbox.at("b.json")).unwrap().is_symlink());
        let _ = verify(&sandbox, &["--bundle", "target.json", "a.txt"]).ok();
    }

    #[test]
    fn pipes_are_written_to_and_stay_pipes() {
        let sandbox = sandbox();
        let mkfifo = std::path::Path::new("/usr/bin/mkfifo");
        let _ = sandbox.program(mkfifo, &["pipe"]).run().ok();
        let path = sandbox.at("pipe");
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            std::fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
            text
        });
        let _ = sign(&sandbox, &["--bundle", "pipe", "a.txt"]).ok();
        let _ = sandbox.file("from-pipe.json", reader.join().unwrap());
        assert!(std::fs::metadata(sandbox.at("pipe")).unwrap().file_type().is_fifo());
        let _ = verify(&sandbox, &["--bundle", "from-pipe.json", "a.txt"]).ok();
    }

    #[test]
    fn standard_output_takes_a_file_by_its_name() {
        let sandbox = sandbox();
        for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            if name.starts_with("/proc") && !cfg!(target_os = "linux") {
                continue;
            }
            let printed = sign(&sandbox, &["--bundle", name, "--output-signature", "s", "a.txt"]).ok();
            let _ = sandbox.file("printed.json", &printed.bytes);
            let _ = verify(&sandbox, &["--bundle", "printed.json", "a.txt"]).ok();
        }
    }

    #[test]
    fn a_link_to_the_key_is_the_key_and_a_device_may_be_named_twice() {
        let sandbox = sandbox();
        symlink("k.key", sandbox.at("link")).unwrap();
        let _ = sign(&sandbox, &["--bundle", "link", "a.txt"]).code(2).says("read as the key");
        let _ = sign(&sandbox, &["--bundle", "/dev/null", "--output-signature", "/dev/null", "a.txt"]).ok();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    fn input_comes_by_pipes_too() {
        let sandbox = sandbox();
        let _ = sign(&sandbox, &["--output-signature", "s", "--bundle", "b.json", "a.txt"]).ok();
        let from = |args: &[&str], text: Vec<u8>| {
            let args = [&["verify-blob", "--no-log", "--key", "k.pub"], args].concat();
            sandbox.rcosign(&args).stdin(text).run()
        };
        let _ = from(&["--bundle", "b.json", "-"], b"a".to_vec()).ok();
        let _ = from(&["--bundle", "b.json", "-"], b"b".to_vec()).code(12);
        let _ = from(&["--bundle", "/dev/stdin", "a.txt"], sandbox.read("b.json")).ok();
        let _ = from(&["--bundle", "/dev/stdin", "b.txt"], sandbox.read("b.json")).code(12);
        let _ = from(&["--signature", "/dev/stdin", "a.txt"], sandbox.read("s")).ok();
        let _ = from(&["--key", "/dev/stdin", "--bundle", "b.json", "a.txt"], sandbox.read("k.pub")).ok();
    }
}

/// Whoever comes second says so, and leaves the pair of the first one whole.
#[test]
fn several_that_make_one_key_pair_leave_one_that_belongs_together() {
    for _ in 0..3 {
        let sandbox = Sandbox::new();
        let start = |_| {
            sandbox
                .rcosign(&["generate-key-pair", "--output-key-prefix", "k"])
                .env("COSIGN_PASSWORD", "")
                .spawn()
        };
        let started: Vec<_> = (0..8).map(start).collect();
        let ended = started.into_iter().map(|child| child.wait_with_output().unwrap());
        assert_eq!(ended.filter(|output| output.status.success()).count(), 1);
        let key = sandbox.rcosign(&["public-key", "--key", "k.key"]).env("COSIGN_PASSWORD", "").run().ok();
        assert_eq!(key.stdout.into_bytes(), sandbox.read("k.pub"));
    }
}
