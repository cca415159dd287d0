//! `bundle create`: a bundle is made of what belongs together, and of nothing else.

use std::path::{Path, PathBuf};

use rcosign::internals::crypto::base64;

use crate::support::{Output, Random, Sandbox, repository};

const ARTIFACT: &str = "the artifact\n";

fn testdata(name: &str) -> PathBuf {
    repository().join("testdata").join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(testdata(name)).unwrap()
}

/// The key pairs that are tried, by the plain keys that they are made of.
const KEYS: &[(&str, &str)] = &[
    ("p256", "p256.pkcs8.pem"),
    ("p384", "p384.sec1.pem"),
    ("p521", "p521.sec1.pem"),
    ("rsa2048", "rsa2048.pkcs1.pem"),
    ("ed25519", "ed25519.pkcs8.pem"),
];

/// A folder with NAME.pub, NAME.sig and NAME.env of `artifact.txt` for each of `keys`, and another file.
fn sandbox(keys: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("artifact.txt", ARTIFACT);
    let _ = sandbox.file("other.txt", "another artifact\n");
    let _ = sandbox.file("predicate.json", "{\"a\": 1}");
    for (name, plain) in keys {
        let key = testdata("keys").join(plain);
        let key = key.to_str().unwrap();
        let signature = format!("{name}.sig");
        let _ = sandbox
            .run(&["sign-blob", "--offline", "--key", key, "--output-signature", &signature, "artifact.txt"])
            .ok();
        let envelope = format!("{name}.env");
        let args = ["attest-blob", "--offline", "--key", key, "--predicate", "predicate.json"];
        let _ = sandbox.run(&[&args[..], &["--output-signature", &envelope, "artifact.txt"]].concat()).ok();
        let _ = sandbox.run(&["public-key", "--key", key, "--outfile", &format!("{name}.pub")]).ok();
    }
    sandbox
}

fn create(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.run(&[&["bundle", "create", "--ignore-tlog", "--artifact", "artifact.txt"], more].concat())
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Verifies `b.json` of the sandbox with this key.
fn verify(sandbox: &Sandbox, command: &[&str], key: &str) -> Output {
    let args = ["--no-log", "--bundle", "b.json", "--key", key, "artifact.txt"];
    sandbox.run(&[command, &args].concat())
}

#[test]
fn signatures_of_every_key_in_every_spelling() {
    let sandbox = sandbox(KEYS);
    for (name, _) in KEYS {
        let key = format!("{name}.pub");
        let text = sandbox.text(&format!("{name}.sig"));
        let raw = base64::decode(&text).unwrap();
        let folded = text.as_bytes().chunks(64).flat_map(|line| [line, b"\r\n"].concat()).collect();
        let spellings = [text.clone().into_bytes(), format!("{text}\n").into_bytes(), folded, raw];
        let mut made = Vec::new();
        for spelling in spellings {
            let _ = sandbox.file("s", spelling);
            let output = create(&sandbox, &["--signature", "s", "--key", &key, "--out", "b.json"]).ok();
            assert!(output.bytes.is_empty() && output.stderr.is_empty(), "{}", output.stderr);
            let _ = verify(&sandbox, &["verify-blob"], &key).ok();
            made.push(sandbox.read("b.json"));
        }
        assert!(made.iter().all(|bundle| *bundle == made[0]));
        // It is the bundle that signing writes.
        let plain = testdata("keys").join(KEYS.iter().find(|k| k.0 == *name).unwrap().1);
        let _ = sandbox
            .run(&[
                "sign-blob",
                "--offline",
                "--key",
                plain.to_str().unwrap(),
                "--bundle",
                "s.json",
                "artifact.txt",
            ])
            .ok();
        let (mut signed, created) = (json(&sandbox.read("s.json")), json(&made[0]));
        signed["messageSignature"]["signature"] = created["messageSignature"]["signature"].clone();
        assert_eq!(signed, created, "{name}");
        // Standard output ends with a newline, a file does not, as in cosign.
        let printed = create(&sandbox, &["--signature", "s", "--key", &key]).ok();
        assert_eq!(printed.bytes, [&made[0][..], b"\n"].concat());
        let _ = sandbox
            .run(&[
                "bundle",
                "create",
                "--ignore-tlog",
                "--artifact",
                "other.txt",
                "--signature",
                "s",
                "--key",
                &key,
            ])
            .code(12);
    }
    assert_eq!(json(&sandbox.read("b.json"))["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
}

#[test]
fn attestations_of_every_key_in_every_spelling() {
    let sandbox = sandbox(KEYS);
    for (name, _) in KEYS {
        let (key, envelope) = (format!("{name}.pub"), format!("{name}.env"));
        let text = sandbox.read(&envelope);
        let _ = sandbox.file("env.b64", base64::encode(&text));
        let _ = sandbox.file("env.sig", json(&text)["signatures"][0]["sig"].as_str().unwrap());
        let mut made = Vec::new();
        let ways: [&[&str]; 5] = [
            &["--attestation", &envelope],
            &["--signature", &envelope],
            &["--signature", "env.b64"],
            &["--attestation", &envelope, "--signature", "env.b64"],
            &["--attestation", &envelope, "--signature", "env.sig"],
        ];
        for way in ways {
            let _ = create(&sandbox, &[way, &["--key", &key, "--out", "b.json"]].concat()).ok();
            let _ = verify(&sandbox, &["verify-blob-attestation", "--type", "custom"], &key).ok();
            made.push(sandbox.read("b.json"));
        }
        assert!(made.iter().all(|bundle| *bundle == made[0]));
        let _ = sandbox
            .run(&[
                "bundle",
                "create",
                "--ignore-tlog",
                "--artifact",
                "other.txt",
                "--attestation",
                &envelope,
                "--key",
                &key,
            ])
            .code(12)
            .says("the statement is about another artifact");
    }
    // What is given twice is the same.
    for other in ["p384.env", "p384.sig", "p256.sig"] {
        let output =
            create(&sandbox, &["--attestation", "p256.env", "--signature", other, "--key", "p256.pub"]);
        let _ = output.code(12).says("do not hold the same signature");
    }
}

/// A `keyid` says nothing of the signature, and cosign's verifier refuses a bundle that has one.
#[test]
fn the_keyid_of_an_envelope_is_left_out() {
    let sandbox = sandbox(&KEYS[..1]);
    let mut envelope = json(&sandbox.read("p256.env"));
    envelope["signatures"][0]["keyid"] = "a key".into();
    let _ = sandbox.file("keyid.env", envelope.to_string());
    let _ = create(
        &sandbox,
        &["--attestation", "keyid.env", "--signature", "p256.env", "--key", "p256.pub", "--out", "b.json"],
    )
    .ok();
    assert!(json(&sandbox.read("b.json"))["dsseEnvelope"]["signatures"][0].get("keyid").is_none());
    let one = envelope["signatures"][0].clone();
    envelope["signatures"].as_array_mut().unwrap().push(one);
    let _ = sandbox.file("two.env", envelope.to_string());
    let _ = create(&sandbox, &["--attestation", "two.env", "--key", "p256.pub"]).code(3).says("2 signatures");
}

/// Certificates as PEM, base64 of PEM and DER, with a timestamp; the bundle verifies by the identity.
#[test]
fn certificates_and_timestamps() {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("artifact.txt", read("mock-sigstore/artifact.txt"));
    let name = |end: &str| format!("mock-sigstore/v2.blob.keyless-tsa-nolog.{end}");
    let path = |end: &str| testdata(&name(end)).to_str().unwrap().to_owned();
    let encoded = String::from_utf8(read(&name("crt"))).unwrap();
    let pem = base64::decode(encoded.trim()).unwrap();
    let body: String =
        String::from_utf8(pem.clone()).unwrap().lines().filter(|line| !line.starts_with("-----")).collect();
    let chain = [&pem[..], &read("mock-sigstore/fulcio_root.pem")].concat();
    let stamped = json(&read(&name("tsr.json")));
    let stamp = base64::decode(stamped["SignedRFC3161Timestamp"].as_str().unwrap()).unwrap();
    let (sig, legacy, tsr) = (path("sig"), path("legacy.json"), path("tsr.json"));
    let _ = sandbox.file("t.der", stamp);
    let mut made = Vec::new();
    for (certificate, timestamp) in [
        (pem.clone(), "t.der"),
        (encoded.into_bytes(), tsr.as_str()),
        (base64::decode(&body).unwrap(), "t.der"),
        (chain, "t.der"),
    ] {
        let _ = sandbox.file("cert", certificate);
        let args =
            ["--signature", &sig, "--cert", "cert", "--rfc3161-timestamp", timestamp, "--out", "b.json"];
        let _ = create(&sandbox, &args).ok();
        made.push(sandbox.read("b.json"));
    }
    let args = ["--bundle", &legacy, "--rfc3161-timestamp", &tsr, "--out", "b.json"];
    let _ = create(&sandbox, &args).ok();
    made.push(sandbox.read("b.json"));
    assert!(made.iter().all(|bundle| *bundle == made[0]));

    let root = testdata("mock-sigstore/trusted_root.json");
    let by_identity = |identity| {
        let trust =
            ["verify-blob", "--no-log", "--use-signed-timestamps", "--trusted-root", root.to_str().unwrap()];
        let who = ["--certificate-identity", identity, "--certificate-oidc-issuer", "http://127.0.0.1:8404"];
        sandbox.run(&[&trust[..], &who, &["--bundle", "b.json", "artifact.txt"]].concat())
    };
    let _ = by_identity("dev@example.com").ok();
    let _ = by_identity("eve@example.com").code(12);

    // Certificates, keys and timestamps of other signatures.
    let other = testdata("mock-sigstore/v2.blob.keyless.crt");
    let _ = create(&sandbox, &["--signature", &sig, "--certificate", other.to_str().unwrap()])
        .code(12)
        .says("another certificate");
    let key = testdata("mock-sigstore/p256.pub");
    let key = key.to_str().unwrap();
    let _ = create(&sandbox, &["--signature", &sig, "--certificate", "cert", "--key", key])
        .code(12)
        .says("not the key of the certificate");
    let other = testdata("mock-sigstore/v2.blob.key-tsa-nolog.tsr.json");
    let args = ["--signature", &sig, "--certificate", "cert", "--rfc3161-timestamp", other.to_str().unwrap()];
    let _ = create(&sandbox, &args).code(12).says("is not one of this signature");
    // The certificate's own key beside it is no contradiction.
    let _ = sandbox.file("cert.pem", &pem);
    let leaf = rcosign::internals::x509::Certificate::chain_from_pem(&pem).unwrap().remove(0);
    let _ = sandbox.file("leaf.pub", leaf.public_key().unwrap().to_pem());
    let _ = create(&sandbox, &["--signature", &sig, "--certificate", "cert.pem", "--key", "leaf.pub"]).ok();
}

/// cosign 2 has whole envelopes timestamped, v0.3 bundles hold timestamps of the signature.
#[test]
fn a_timestamp_of_a_whole_envelope_has_no_place() {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("artifact.txt", read("mock-sigstore/artifact.txt"));
    let path = |name: &str| testdata("mock-sigstore").join(name).to_str().unwrap().to_owned();
    for (version, code, words) in [("v2", 12, "one of the whole envelope"), ("v3", 0, "")] {
        let file = |end: &str| path(&format!("{version}.att-dsse.keyless-tsa.{end}"));
        let (envelope, certificate, stamp) = (file("dsse.json"), file("crt"), file("tsr.json"));
        let args = ["--attestation", &envelope, "--certificate", &certificate, "--rfc3161-timestamp", &stamp];
        let _ = create(&sandbox, &args).code(code).says(words);
    }
}

/// Bundles in cosign's older format, with and without a key in them.
#[test]
fn older_bundles() {
    for (folder, embeds) in [("cosign-2.x", false), ("cosign-3.x", true)] {
        let sandbox = Sandbox::new();
        let _ = sandbox.file("artifact.txt", read(&format!("{folder}/artifact.txt")));
        for kind in ["p256", "p384", "ed25519", "rsa2048"] {
            let path = |end: &str| testdata(&format!("{folder}/{kind}.{end}")).to_str().unwrap().to_owned();
            let (old, key) = (path("legacy.json"), path("pub"));
            let _ = create(&sandbox, &["--bundle", &old, "--key", &key, "--out", "b.json"]).ok();
            let _ = verify(&sandbox, &["verify-blob"], &key).ok();
            let alone = create(&sandbox, &["--bundle", &old]);
            if embeds {
                assert_eq!(alone.ok().bytes, [&sandbox.read("b.json")[..], b"\n"].concat());
            } else {
                let _ = alone.code(2).says("nothing says whose signature it is");
            }
            let other = testdata(&format!("{folder}/{}.pub", if kind == "p256" { "p384" } else { "p256" }));
            let output = create(&sandbox, &["--bundle", &old, "--key", other.to_str().unwrap()]).code(12);
            assert_eq!(output.stderr.contains("the old bundle holds the key"), embeds, "{}", output.stderr);

            let old = path("att.legacy.json");
            let _ = create(&sandbox, &["--bundle", &old, "--out", "b.json"]).ok();
            let _ = verify(&sandbox, &["verify-blob-attestation", "--type", "custom"], &key).ok();
            let envelope = path("att.dsse.json");
            let both = create(&sandbox, &["--bundle", &old, "--attestation", &envelope]).ok();
            assert_eq!(both.bytes, [&sandbox.read("b.json")[..], b"\n"].concat());
        }
    }
}

/// What the log has to give is not made up for, and a log entry is not lost without a word.
#[test]
fn logs_that_are_not_there() {
    let sandbox = sandbox(&KEYS[..1]);
    let root = testdata("mock-sigstore/trusted_root.json");
    let root = root.to_str().unwrap();
    let with_log = |more: &[&str]| {
        let args =
            ["bundle", "create", "--artifact", "artifact.txt", "--trusted-root", root, "--timeout", "1s"];
        sandbox.run(&[&args[..], &["--rekor-url", "http://127.0.0.1:1"], more].concat())
    };
    // Files are read before anybody is asked.
    for more in [&["--signature", "missing/file"][..], &["--attestation", "missing", "--key", "missing"]] {
        assert_ne!(with_log(&[more, &["--out", "b.json"]].concat()).code, 5);
    }
    let signature = ["--signature", "p256.sig", "--key", "p256.pub"];
    for more in [&[][..], &["--ignore-tlog=false"]] {
        let output = with_log(&[&signature, more, &["--out", "b.json"]].concat()).code(5).says("Rekor");
        assert!(
            output.stdout.is_empty() && output.stderr.contains("http://127.0.0.1:1"),
            "{}",
            output.stderr
        );
    }
    let _ = create(&sandbox, &["--signature", "p256.sig", "--key", "p256.pub", "--sk"]).code(2);
    let logged = testdata("mock-sigstore/v2.blob.keyless.legacy.json");
    let logged = logged.to_str().unwrap();
    let _ = create(&sandbox, &["--bundle", logged]).code(2).says("would lose the log entry");
    let _ = create(
        &sandbox,
        &["--signature", "p256.sig", "--key", "p256.pub", "--rekor-url", "http://127.0.0.1:1"],
    )
    .ok();
    assert!(!sandbox.has("b.json"));
}

#[test]
fn lines_that_make_no_sense() {
    let sandbox = sandbox(&KEYS[..1]);
    let _ = sandbox
        .run(&["bundle", "create", "--ignore-tlog", "--signature", "p256.sig"])
        .code(2)
        .says("--artifact");
    let _ = create(&sandbox, &["--artifact", "", "--signature", "p256.sig"]).code(2).says("--artifact");
    let _ = create(&sandbox, &["--key", "p256.pub"]).code(2).says("there is no signature");
    let _ = create(&sandbox, &["--signature", "", "--bundle=", "--attestation=", "--key", "p256.pub"])
        .code(2)
        .says("there is no signature");
    let _ = create(&sandbox, &["--signature", "p256.sig"]).code(2).says("whose signature");
    let _ = create(&sandbox, &["--signature", "p256.sig", "--key", "", "--certificate", ""])
        .code(2)
        .says("whose signature");
    let _ = create(&sandbox, &["--bundle", "b", "--signature", "p256.sig"])
        .code(2)
        .says("cannot be used together");
    let _ =
        create(&sandbox, &["--bundle", "b", "--certificate", "c"]).code(2).says("cannot be used together");
    let _ = create(&sandbox, &["--signature", "p256.sig", "--key", "p256.pub", "more"])
        .code(2)
        .says("one argument too many");
    let _ = create(&sandbox, &["--signature", "-", "--artifact", "-", "--key", "p256.pub"])
        .code(2)
        .says("two things at once");
    let _ = create(&sandbox, &["--signature", "-", "--rfc3161-timestamp", "-", "--key", "p256.pub"]).code(2);
    let _ = create(&sandbox, &["--slot", "third"]).code(2);
    assert_eq!(
        sandbox.names(),
        ["artifact.txt", "other.txt", "p256.env", "p256.pub", "p256.sig", "predicate.json"]
    );
}

#[test]
fn keys_and_artifacts_from_elsewhere() {
    let sandbox = sandbox(&KEYS[..1]);
    let plain = create(&sandbox, &["--signature", "p256.sig", "--key", "p256.pub"]).ok();
    let args = [
        "bundle",
        "create",
        "--ignore-tlog",
        "--artifact",
        "-",
        "--signature",
        "p256.sig",
        "--key",
        "env://KEY",
    ];
    let run = sandbox.rcosign(&args).env("KEY", &sandbox.text("p256.pub")).stdin(ARTIFACT).run();
    assert_eq!(run.ok().bytes, plain.bytes);
    let by_digest = rcosign::internals::crypto::HashAlgorithm::Sha256.digest(ARTIFACT.as_bytes()).to_string();
    let args = [
        "bundle",
        "create",
        "--ignore-tlog",
        "--artifact",
        &by_digest,
        "--signature",
        "p256.sig",
        "--key",
        "p256.pub",
    ];
    assert_eq!(sandbox.run(&args).ok().bytes, plain.bytes);
    let encrypted = testdata("keys/cosign-3.key");
    for private in [encrypted, testdata("keys/p256.pkcs8.pem")] {
        let args = ["--signature", "p256.sig", "--key", private.to_str().unwrap()];
        let _ = create(&sandbox, &args).code(3).says("`rcosign public-key --key");
    }
    let _ = create(&sandbox, &["--signature", "p256.sig", "--key", "missing"]).code(3);
    let certificate = testdata("keys/refused/certificate.pem");
    let _ = create(&sandbox, &["--signature", "p256.sig", "--key", certificate.to_str().unwrap()]).code(3);
    let _ = sandbox
        .run(&[
            "bundle",
            "create",
            "--ignore-tlog",
            "--artifact",
            "missing",
            "--signature",
            "p256.sig",
            "--key",
            "p256.pub",
        ])
        .code(11);
}

#[test]
fn files_that_are_none_and_places_that_cannot_be_written() {
    let sandbox = sandbox(&KEYS[..1]);
    std::fs::create_dir(sandbox.at("folder")).unwrap();
    let _ = sandbox.file("kept", "kept");
    let before = sandbox.names();
    let make = |more: &[&str]| create(&sandbox, &[&["--key", "p256.pub"], more].concat());
    for (more, code, words) in [
        (&["--signature", "missing"][..], 3, "does not exist"),
        (&["--signature", "folder"], 3, "is a folder"),
        (&["--attestation", "missing"], 3, "does not exist"),
        (&["--attestation", "p256.sig"], 3, "neither JSON nor base64"),
        (&["--attestation", "artifact.txt"], 3, "cannot be used"),
        (&["--bundle", "p256.env"], 3, "name it with --attestation p256.env"),
        (&["--bundle", "p256.sig"], 3, "cannot be used"),
        (&["--signature", "artifact.txt"], 3, "cannot be used"),
        (&["--signature", "p256.sig", "--certificate", "artifact.txt"], 3, "cannot be used"),
        (&["--signature", "p256.sig", "--rfc3161-timestamp", "p256.sig"], 3, "cannot be used"),
        (&["--signature", "p256.sig", "--rfc3161-timestamp", "p256.env"], 3, "SignedRFC3161Timestamp"),
        (&["--signature", "p256.sig", "--out", "p256.sig"], 2, "would take its place"),
        (&["--signature", "p256.sig", "--out", "artifact.txt"], 2, "would take its place"),
        (&["--signature", "p256.sig", "--out", "p256.pub"], 2, "would take its place"),
        (&["--attestation", "p256.env", "--out", "./p256.env"], 2, "would take its place"),
        (&["--signature", "p256.sig", "--out", "folder"], 3, "it is a folder"),
        (&["--signature", "p256.sig", "--out", "no/such"], 3, "does not exist"),
        (&["--signature", "missing", "--out", "kept"], 3, "does not exist"),
        (&["--attestation", "https://example.com/e", "--out", "kept"], 2, "fetches nothing but keys"),
    ] {
        let output = make(more);
        assert_eq!(output.code, code, "{more:?}: {}", output.stderr);
        assert!(output.stderr.contains(words) && output.bytes.is_empty(), "{more:?}: {}", output.stderr);
    }
    assert_eq!((sandbox.text("kept").as_str(), sandbox.names()), ("kept", before));
    let _ = make(&["--signature", "p256.sig", "--out", "b.json"]).ok();
    let _ = make(&["--bundle", "b.json"]).code(3).says("bundle upgrade b.json");
    let _ = make(&["--signature", "p256.sig", "--out", "kept"]).ok();
    assert_eq!(sandbox.read("kept"), sandbox.read("b.json"));
    owner_only(&sandbox.at("kept"));
    // Sparse files far above the limits.
    let sparse = std::fs::File::create(sandbox.at("huge")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    for flag in ["--signature", "--attestation", "--bundle"] {
        let _ = make(&[flag, "huge"]).code(8);
    }
    for flag in ["--certificate", "--rfc3161-timestamp"] {
        let _ = make(&["--signature", "p256.sig", flag, "huge"]).code(8);
    }
}

/// Whatever is done to the pieces: a bundle comes out only where it verifies, and nothing is left behind where it does not.
#[test]
fn changed_pieces_make_no_bundle() {
    let sandbox = sandbox(&KEYS[..1]);
    let mut random = Random(0x0dd_b411);
    for round in 0..120 {
        let (flag, name) = *random.pick(&[("--signature", "p256.sig"), ("--attestation", "p256.env")]);
        let mut changed = sandbox.read(name);
        match random.below(4) {
            0 => changed.truncate(random.below(changed.len())),
            1 => changed.extend_from_slice(b"AAAA"),
            _ => {
                let at = random.below(changed.len());
                changed[at] = *random.pick(b"0Az=\"{}\x00\xff,: ");
            }
        }
        let _ = sandbox.file("changed", &changed);
        let _ = std::fs::remove_file(sandbox.at("b.json"));
        let output = create(&sandbox, &[flag, "changed", "--key", "p256.pub", "--out", "b.json"]);
        match output.code {
            0 => {
                let _ = verify(&sandbox, &["verify-blob"], "p256.pub").ok();
            }
            3 | 8 | 10 | 12 => assert!(!sandbox.has("b.json"), "{round}"),
            code => panic!("{round}: {code} {}", output.stderr),
        }
    }
}

#[cfg(unix)]
fn owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &Path) {}
