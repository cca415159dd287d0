//! `pack` and `unpack`: the same files give the same bytes, what was packed comes out and verifies, and nothing is left of a
//! kit that is not what it should be.

use crate::support::{Output, Sandbox, conformance, repository};

const IDENTITY: &[&str] =
    &["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:8404"];

/// A folder with a key pair, two signed files and their bundles.
fn signed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(&["generate-key-pair"]).ok();
    sandbox.file("app.bin", "an artifact\n");
    sandbox.file("notes.txt", "other words\n");
    for name in ["app.bin", "notes.txt"] {
        let bundle = format!("{name}.json");
        let _ =
            sandbox.run(&["sign-blob", "--key", "cosign.key", "--offline", "--bundle", &bundle, name]).ok();
    }
    sandbox
}

const TWO: &[&str] = &[
    "pack",
    "--out",
    "kit.tar",
    "--bundle",
    "app.bin.json",
    "--bundle",
    "notes.txt.json",
    "app.bin",
    "notes.txt",
];
const BY_KEY: &[&str] = &["unpack", "--verify", "--key", "cosign.pub", "--no-log"];

fn run(sandbox: &Sandbox, parts: &[&[&str]]) -> Output {
    sandbox.run(&parts.concat())
}

/// A file of `testdata`.
fn data(path: &str) -> String {
    repository().join("testdata").join(path).to_str().unwrap().to_owned()
}

#[test]
fn a_kit_is_verified_with_a_key_and_unpacked() {
    let sandbox = signed();
    run(&sandbox, &[TWO]).ok().says("Packed 2 artifacts with 2 bundles into kit.tar");
    let output = run(&sandbox, &[BY_KEY, &["--dir", "out", "kit.tar"]]).ok();
    assert!(output.stdout.is_empty());
    let output = output.says("artifacts/app.bin: Verified OK").says("artifacts/notes.txt: Verified OK");
    output.says("No transparency log entry was asked for (--no-log)");
    for (path, from) in [
        ("out/artifacts/app.bin", "app.bin"),
        ("out/artifacts/notes.txt", "notes.txt"),
        ("out/bundles/app.bin.json", "app.bin.json"),
    ] {
        assert_eq!(sandbox.read(path), sandbox.read(from));
    }
    // Without a folder nothing stays, neither here nor where temporary files are.
    let names = sandbox.names();
    let kit = sandbox.read("kit.tar");
    sandbox.rcosign(&[BY_KEY, &["-"]].concat()).stdin(&kit).run().ok().says("artifacts/app.bin: Verified OK");
    assert_eq!(sandbox.names(), names);
    assert_eq!(std::fs::read_dir(sandbox.at("tmp")).unwrap().count(), 0);
    // Another key: nothing is made.
    sandbox.run(&["generate-key-pair", "--output-key-prefix", "other"]).ok();
    let other = ["unpack", "--verify", "--key", "other.pub", "--no-log", "--dir", "new", "kit.tar"];
    let output =
        sandbox.run(&other).code(12).says("2 of 2 artifacts could not be verified; nothing was unpacked");
    assert!(!sandbox.has("new") && !output.stderr.contains("Verified OK"), "{}", output.stderr);
    assert_eq!(std::fs::read_dir(sandbox.path()).unwrap().count(), sandbox.names().len() + 1);
}

/// A report that says verified, and no folder: the report was written first, and took the folder's name.
#[test]
fn report_and_folder_are_two_places() {
    let sandbox = signed();
    run(&sandbox, &[TWO]).ok();
    for report in ["json=out", "json=./out"] {
        run(&sandbox, &[BY_KEY, &["--dir", "out", "--report", report, "kit.tar"]])
            .code(2)
            .says("is named for two results: the folder and the report");
    }
    run(&sandbox, &[BY_KEY, &["--dir", "kit.tar", "kit.tar"]]).code(2).says("is read as the kit");
    assert!(!sandbox.has("out"));
}

#[test]
fn without_verification_only_the_manifest_is_compared() {
    let sandbox = signed();
    run(&sandbox, &[TWO]).ok();
    let output = sandbox.run(&["unpack", "--dir", "out", "kit.tar"]).ok();
    assert!(!output.stderr.contains("Verified"), "{}", output.stderr);
    output.says("nothing was verified");
    sandbox.run(&["unpack", "kit.tar"]).code(2).says("there is nothing to do with the kit");
    // A flag that asks for a verification must not be taken for one.
    for flag in [
        &["--key", "cosign.pub"][..],
        &["--no-log"],
        &["--certificate-identity", "x"],
        &["--trusted-root", "x"],
        &["--packed-trusted-root"],
        &["--report", "json"],
        &["--type", "custom"],
    ] {
        run(&sandbox, &[&["unpack", "--dir", "new", "kit.tar"], flag]).code(2).says("nothing is verified");
    }
    sandbox.run(&["unpack", "--verify", "kit.tar"]).code(2).says("nobody is named");
    for taken in ["out", "app.bin", "."] {
        sandbox.run(&["unpack", "--dir", taken, "kit.tar"]).code(3);
    }
    std::fs::create_dir(sandbox.at("empty")).unwrap();
    sandbox.run(&["unpack", "--dir", "empty", "kit.tar"]).ok();
    assert!(sandbox.has("empty/artifacts/app.bin"));
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let sandbox = signed();
    run(&sandbox, &[TWO]).ok();
    let first = sandbox.read("kit.tar");
    let other = [
        "pack",
        "notes.txt",
        "./app.bin",
        "--bundle",
        "notes.txt.json",
        "--bundle",
        "app.bin.json",
        "app.bin",
        "--out",
        "again.tar",
    ];
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(sandbox.at("app.bin")).unwrap().set_modified(old).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(sandbox.at("app.bin"), PermissionsExt::from_mode(0o700)).unwrap();
        let script = format!("umask 077; exec {} {}", env!("CARGO_BIN_EXE_rcosign"), other.join(" "));
        let _ = sandbox.program(std::path::Path::new("/bin/sh"), &["-c", &script]).run().ok();
    }
    #[cfg(not(unix))]
    let _ = sandbox.run(&other).ok();
    assert_eq!(sandbox.read("again.tar"), first);
    // And a pair that is spelled out is the same pair.
    sandbox
        .run(&[
            "pack",
            "--out",
            "pairs.tar",
            "--artifact",
            "app.bin=app.bin.json",
            "--artifact",
            "notes.txt=notes.txt.json",
        ])
        .ok();
    assert_eq!(sandbox.read("pairs.tar"), first);
    #[cfg(unix)]
    {
        let output = run(&sandbox, &[&["pack", "--out", "/dev/stdout"], &TWO[3..]]).ok();
        assert_eq!(output.bytes, first);
    }
}

/// What was packed once is packed in the same way for good, and read for good.
#[test]
fn the_format_does_not_change() {
    let sandbox = Sandbox::new();
    let file = |name: &str| data(&format!("mock-sigstore/{name}"));
    let (blob, att) = (file("v3.blob.keyless.rekor1.bundle.json"), file("v3.att.keyless.rekor2.bundle.json"));
    let (key, root, artifact) = (file("p256.pub"), file("trusted_root.json"), file("artifact.txt"));
    let pack = ["pack", "--out", "kit.tar", "--key", &key, "--trusted-root", &root];
    run(&sandbox, &[&pack, &["--bundle", &blob, "--bundle", &att, &artifact]]).ok();
    let golden = data("kits/mock.tar");
    assert_eq!(sandbox.read("kit.tar"), std::fs::read(&golden).unwrap());
    run(&sandbox, &[&["unpack", "--verify", "--trusted-root", &root, &golden], IDENTITY]).ok();
}

#[test]
fn real_bundles_verify_with_the_root_that_is_built_in() {
    let sandbox = Sandbox::new();
    let folder = data("conformance/happy-path-v0.3/bundle.sigstore.json");
    let artifact = data("conformance/a.txt");
    let identity = [
        "--certificate-identity",
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
        "--certificate-oidc-issuer",
        "https://token.actions.githubusercontent.com",
    ];
    sandbox
        .run(&["pack", "--out", "kit.tar", "--with-default-trusted-root", "--bundle", &folder, &artifact])
        .ok();
    // Without --offline as with it: a kit is for places without a network.
    let sandbox = sandbox.env("COSIGN_OFFLINE", "").env("HTTPS_PROXY", "http://127.0.0.1:9");
    let unpack = ["unpack", "--verify", "kit.tar"];
    run(&sandbox, &[&unpack, &identity, &["--offline=false"]]).code(2).says("asks none");
    let output = run(&sandbox, &[&unpack, &identity]).ok().says("artifacts/a.txt: Verified OK");
    output.says("Trusted root: the embedded public root of");
    let packed = run(&sandbox, &[&unpack, &identity, &["--packed-trusted-root"]]).ok();
    packed
        .says("WARNING: the trusted root of the kit decides")
        .says("trust/trusted_root.json of the kit (sha256:");
    let other = [identity[0], "https://github.com/somebody/else", identity[2], identity[3]];
    run(&sandbox, &[&unpack, &other]).code(12);
}

/// Every good public bundle about the same file goes into one kit, and verifies from it.
#[test]
fn the_public_bundles_verify_from_a_kit() {
    let Some(folder) = conformance() else { return };
    let sandbox = Sandbox::new();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut args = vec!["pack".to_owned(), "--out".to_owned(), "kit.tar".to_owned()];
    let good = ["happy-path-v0.1", "happy-path-v0.3", "happy-path-intoto-in-dsse-v3"];
    for name in good {
        args.extend(["--bundle".to_owned(), path(&format!("{name}/bundle.sigstore.json"))]);
    }
    args.push(path("a.txt"));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let _ = sandbox.run(&args).ok();
    let unpack = [
        "unpack",
        "--verify",
        "--offline",
        "--certificate-identity-regexp=^https://github.com/sigstore-conformance/",
        "--certificate-oidc-issuer=https://token.actions.githubusercontent.com",
        "--report=json",
        "kit.tar",
    ];
    let report: serde_json::Value = serde_json::from_str(&sandbox.run(&unpack).ok().stdout).unwrap();
    let candidates = report["artifacts"][0]["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), good.len());
    assert!(candidates.iter().all(|candidate| candidate["verified"] == true), "{report:#}");
}

fn mock(sandbox: &Sandbox, out: &str, more: &[&str]) {
    let (root, bundle) =
        (data("mock-sigstore/trusted_root.json"), data("mock-sigstore/v3.blob.keyless.rekor1.bundle.json"));
    let (att, artifact) =
        (data("mock-sigstore/v3.att.keyless.rekor1.bundle.json"), data("mock-sigstore/artifact.txt"));
    let args =
        ["pack", "--out", out, "--trusted-root", &root, "--bundle", &bundle, "--bundle", &att, &artifact];
    let _ = run(sandbox, &[&args, more]).ok();
}

#[test]
fn a_kit_of_another_instance_verifies_with_its_root_alone() {
    let sandbox = Sandbox::new();
    mock(&sandbox, "kit.tar", &[]);
    let unpack = ["unpack", "--verify", "--offline", "kit.tar"];
    let unknown = run(&sandbox, &[&unpack, IDENTITY]).code(12).says("is not in the trusted root");
    unknown.says("--packed-trusted-root takes it; safer is a root of your own, with --trusted-root FILE");
    let root = data("mock-sigstore/trusted_root.json");
    let own = run(&sandbox, &[&unpack, IDENTITY, &["--trusted-root", &root]]).ok();
    assert!(!own.stderr.contains("WARNING"), "{}", own.stderr);
    let packed = run(&sandbox, &[&unpack, IDENTITY, &["--packed-trusted-root"]]).ok();
    packed.says(
        "WARNING: the trusted root of the kit decides (--packed-trusted-root): the kit vouches for itself",
    );
    let both = ["--packed-trusted-root", "--trusted-root", &root];
    run(&sandbox, &[&unpack, IDENTITY, &both]).code(2).says("name two trusted roots");
    // The type of a statement.
    let typed = ["--trusted-root", &root, "--type"];
    run(&sandbox, &[&unpack, IDENTITY, &typed, &["custom"]]).ok();
    let other = run(&sandbox, &[&unpack, IDENTITY, &typed, &["slsaprovenance1"]]).code(12);
    other.says("bundles/v3.att.keyless.rekor1.bundle.json: the predicate type is");
    // A kit without a root has none to trust.
    let (bundle, artifact) =
        (data("mock-sigstore/v3.blob.keyless.rekor1.bundle.json"), data("mock-sigstore/artifact.txt"));
    sandbox.run(&["pack", "--out", "bare.tar", "--bundle", &bundle, &artifact]).ok();
    run(&sandbox, &[&["unpack", "--verify", "bare.tar", "--packed-trusted-root"], IDENTITY])
        .code(4)
        .says("the kit has no trusted root");
}

#[test]
fn digests_stand_for_files_that_are_left_out() {
    let sandbox = Sandbox::new();
    mock(&sandbox, "kit.tar", &["--digests-only"]);
    let root = data("mock-sigstore/trusted_root.json");
    let unpack = [&["unpack", "--verify", "--trusted-root", &root, "kit.tar"], IDENTITY].concat();
    let alone = run(&sandbox, &[&unpack, &["--dir", "out"]])
        .ok()
        .says("artifact.txt: Verified OK by its digest alone, sha256:");
    assert!(!alone.stderr.contains("artifacts/") && !sandbox.has("out/artifacts"));
    std::fs::create_dir(sandbox.at("files")).unwrap();
    run(&sandbox, &[&unpack, &["--artifacts", "files"]]).code(11).says("artifact.txt` does not exist");
    std::fs::write(sandbox.at("files/artifact.txt"), "another file").unwrap();
    run(&sandbox, &[&unpack, &["--artifacts", "files"]])
        .code(12)
        .says("is not the file that the kit was packed for");
    std::fs::copy(data("mock-sigstore/artifact.txt"), sandbox.at("files/artifact.txt")).unwrap();
    let read = run(&sandbox, &[&unpack, &["--artifacts", "files"]]).ok().says("artifact.txt: Verified OK\n");
    let read =
        read.says(&format!("{}: Verified OK", std::path::Path::new("files").join("artifact.txt").display()));
    assert!(!read.stderr.contains("digest alone"), "{}", read.stderr);
    // A digest can be all that there is, also on the packing side.
    let report = run(&sandbox, &[&unpack, &["--report", "json"]]).ok().stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let digest = report["artifacts"][0]["digests"][0].as_str().unwrap();
    let bundle = data("mock-sigstore/v3.blob.keyless.rekor1.bundle.json");
    sandbox.run(&["pack", "--out", "bare.tar", "--bundle", &bundle, digest]).ok();
    run(&sandbox, &[&["unpack", "--verify", "--trusted-root", &root, "bare.tar"], IDENTITY])
        .ok()
        .says(&format!("{digest}: Verified OK by its digest alone"));
    run(
        &sandbox,
        &[&["unpack", "--verify", "--trusted-root", &root, "bare.tar", "--artifacts", "."], IDENTITY],
    )
    .code(11)
    .says("was packed as a digest, without a name that a file could have")
    .says("leave --artifacts out");
    // Files that nobody looks at are not passed over in silence.
    mock(&sandbox, "whole.tar", &[]);
    let whole = ["unpack", "--verify", "--trusted-root", &root, "whole.tar", "--artifacts", "files"];
    run(&sandbox, &[&whole, IDENTITY])
        .code(2)
        .says("the kit brings its files: those of --artifacts would not be looked at");
}

/// Files of one name: the kit tells them apart, their bundles with them, and `pack` says which is which.
#[test]
fn artifacts_of_one_name_keep_their_bundles() {
    let sandbox = Sandbox::new();
    sandbox.run(&["generate-key-pair"]).ok();
    let systems = ["bsd", "linux", "mac"];
    let mut args = vec!["pack".to_owned()];
    for system in systems {
        std::fs::create_dir(sandbox.at(system)).unwrap();
        let name = format!("{system}/app.tar.gz");
        sandbox.file(&name, format!("for {system}\n"));
        let bundle = format!("{name}.json");
        let _ =
            sandbox.run(&["sign-blob", "--key", "cosign.key", "--offline", "--bundle", &bundle, &name]).ok();
        args.extend([name, "--bundle".to_owned(), bundle]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let packed = run(&sandbox, &[&args, &["--out", "kit.tar"]]).ok();
    run(&sandbox, &[BY_KEY, &["--dir", "out", "kit.tar"]]).ok();
    for number in ["", "-2", "-3"] {
        let path = format!("artifacts/app{number}.tar.gz");
        let text = sandbox.text(&format!("out/{path}"));
        let system = text.trim().strip_prefix("for ").unwrap();
        assert!(
            packed.stderr.contains(&format!("{system}/app.tar.gz is {path} in the kit\n")),
            "{}",
            packed.stderr
        );
        let bundle = sandbox.read(&format!("out/bundles/app{number}.tar.gz.json"));
        assert_eq!(bundle, sandbox.read(&format!("{system}/app.tar.gz.json")), "{number}");
    }
    // Without their bytes, they are read from the folder by the names that were told.
    let packed = run(&sandbox, &[&args, &["--digests-only", "--out", "digests.tar"]]).ok();
    std::fs::create_dir(sandbox.at("files")).unwrap();
    for system in systems {
        let told = format!("{system}/app.tar.gz has to be called ");
        let name = packed.stderr.split(&told).nth(1).unwrap().split(' ').next().unwrap();
        std::fs::copy(sandbox.at(&format!("{system}/app.tar.gz")), sandbox.at("files").join(name)).unwrap();
    }
    run(&sandbox, &[BY_KEY, &["--artifacts", "files", "digests.tar"]]).ok();
    std::fs::copy(sandbox.at("files/app-2.tar.gz"), sandbox.at("files/app-3.tar.gz")).unwrap();
    run(&sandbox, &[BY_KEY, &["--artifacts", "files", "digests.tar"]])
        .code(12)
        .says("app-3.tar.gz` is not the file that the kit was packed for");
}

/// What the user named is read before a kit that may be large, and nothing is fetched.
#[test]
fn slips_come_to_light_before_the_kit_is_read() {
    let sandbox = signed();
    sandbox.file("kit.tar", "no kit");
    let by = |more: &[&str]| run(&sandbox, &[&["unpack", "--verify", "--no-log", "kit.tar"], more]);
    by(&["--key", "missing.pub"]).code(3).says("missing.pub");
    by(&["--key", "cosign.pub", "--trusted-root", "missing.json"]).code(4).says("missing.json");
    by(&["--key", "cosign.pub"]).code(3).says("only archives made by `pack` are unpacked");
    for address in ["https://localhost/cosign.pub", "HTTP://localhost/cosign.pub"] {
        by(&["--key", address]).code(2).says("--key is an address, and `unpack` fetches nothing");
    }
    by(&["--key", "a.pub", "--key", "cosign.pub"]).code(2).says("--key is given more than once");
}

/// Pure Ed25519 needs the bytes: a digest must not pass for them.
#[test]
fn an_ed25519_signature_is_not_verified_by_a_digest() {
    let sandbox = Sandbox::new();
    let (private, public) = (data("cosign-3.x/ed25519.key"), data("cosign-3.x/ed25519.pub"));
    sandbox.file("app.bin", "an artifact\n");
    let sign = ["sign-blob", "--key", &private, "--offline", "--bundle", "app.bin.json", "app.bin"];
    let _ = sandbox.rcosign(&sign).env("COSIGN_PASSWORD", "fixture-password").run().ok();
    let unpack = ["unpack", "--verify", "--key", &public, "--no-log", "kit.tar"];
    let pack = ["pack", "--out", "kit.tar", "--bundle", "app.bin.json", "app.bin"];
    run(&sandbox, &[&pack, &["--digests-only"]]).ok();
    run(&sandbox, &[&unpack]).code(12).says("name the folder of the files with --artifacts DIR");
    run(&sandbox, &[&unpack, &["--artifacts", "."]]).ok();
    std::fs::remove_file(sandbox.at("kit.tar")).unwrap();
    run(&sandbox, &[&pack]).ok();
    run(&sandbox, &[&unpack]).ok();
}

#[test]
fn a_packed_key_needs_its_fingerprint() {
    let sandbox = signed();
    let packed = run(&sandbox, &[TWO, &["--key", "cosign.pub"]]).ok();
    let fingerprint =
        packed.stderr.split("Key cosign.pub: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let unpack = ["unpack", "--verify", "--no-log", "kit.tar", "--packed-key"];
    run(&sandbox, &[&unpack, &[&fingerprint]]).ok().says("Key: keys/cosign.pub of the kit");
    let other = format!("sha256:{}", "0".repeat(64));
    run(&sandbox, &[&unpack, &[&other]]).code(4).says("no key of the kit has the fingerprint");
    run(&sandbox, &[&unpack, &["cosign.pub"]]).code(2).says("--packed-key takes the fingerprint of a key");
    run(&sandbox, &[&["unpack", "--verify", "--no-log", "--packed-key", "kit.tar"]])
        .code(2)
        .says("--packed-key takes the fingerprint of a key, and `kit.tar` is none");
    run(&sandbox, &[&unpack, &[&fingerprint, "--key", "cosign.pub"]]).code(2);
    std::fs::remove_file(sandbox.at("kit.tar")).unwrap();
    // A private key never goes along.
    run(&sandbox, &[TWO, &["--key", "cosign.key"]]).code(3);
    run(&sandbox, &[TWO, &["--key", "env://COSIGN_PASSWORD"]]).code(2).says("is not the name of a file");
}

#[test]
fn one_artifact_that_fails_fails_the_kit() {
    let sandbox = signed();
    sandbox.run(&["generate-key-pair", "--output-key-prefix", "other"]).ok();
    let sign = ["sign-blob", "--key", "other.key", "--offline", "--bundle", "notes.txt.json", "notes.txt"];
    let _ = sandbox.run(&sign).ok();
    run(&sandbox, &[TWO]).ok();
    let output =
        run(&sandbox, &[BY_KEY, &["--dir", "out", "--report", "json=report.json", "kit.tar"]]).code(12);
    let output = output.says("1 of 2 artifacts could not be verified; nothing was unpacked");
    assert!(!output.stderr.contains("Verified OK") && !sandbox.has("out"));
    output.says("artifacts/notes.txt: the signature of `artifacts/notes.txt` in `bundles/notes.txt.json`");
    let report: serde_json::Value = serde_json::from_str(&sandbox.text("report.json")).unwrap();
    assert_eq!(report["verified"], false);
    let verified: Vec<_> =
        report["artifacts"].as_array().unwrap().iter().map(|a| a["verified"].clone()).collect();
    assert_eq!(verified, [true, false]);
    assert!(report["artifacts"][1]["error"]["message"].is_string() && report["error"]["message"].is_string());
}

#[test]
fn pairs_are_found_or_asked_for() {
    let sandbox = signed();
    let pack = |args: &[&str]| {
        let _ = std::fs::remove_file(sandbox.at("kit.tar"));
        run(&sandbox, &[&["pack", "--out", "kit.tar"], args])
    };
    pack(&["--bundle", "app.bin.json", "app.bin", "notes.txt"])
        .code(10)
        .says("artifact `notes.txt` has no bundle");
    pack(&["--bundle", "app.bin.json", "--bundle", "notes.txt.json", "app.bin"])
        .code(3)
        .says("bundle `notes.txt.json` is of no artifact that was named");
    pack(&["--artifact", "app.bin=notes.txt.json"]).code(3).says("is not of the artifact `app.bin`");
    pack(&["--artifact", "app.bin"]).code(2).says("write --artifact FILE=BUNDLE");
    pack(&["app.bin"]).code(2).says("there is no bundle to pack");
    pack(&["--bundle", "app.bin.json"]).code(2).says("there is no artifact to pack");
    pack(&["--bundle", "cosign.pub", "app.bin"]).code(3).says("`cosign.pub` cannot be used");
    pack(&["--bundle", "app.bin.json", "missing"]).code(11);
    pack(&["--bundle", "app.bin.json", "-"]).code(2).says("standard input cannot be packed");
    // cosign's older bundles of signatures without a log do not say what they are of.
    for name in ["app.bin", "notes.txt"] {
        let bundle = format!("{name}.old");
        let old = [
            "sign-blob",
            "--key",
            "cosign.key",
            "--offline",
            "--new-bundle-format=false",
            "--bundle",
            &bundle,
            name,
        ];
        let _ = sandbox.run(&old).ok();
    }
    pack(&["--bundle", "app.bin.old", "--bundle", "notes.txt.old", "app.bin", "notes.txt"])
        .code(2)
        .says("bundle `app.bin.old` does not say of which of the 2 artifacts it is")
        .says("--artifact FILE=app.bin.old");
    assert!(!sandbox.has("kit.tar"));
    pack(&["--artifact", "app.bin=app.bin.old", "--artifact", "notes.txt=notes.txt.old"]).ok();
    run(&sandbox, &[BY_KEY, &["kit.tar"]]).ok();
    pack(&["--bundle", "app.bin.old", "app.bin"]).ok();
    run(&sandbox, &[BY_KEY, &["kit.tar"]]).ok();
    // A pair that is wrong packs, and does not verify.
    pack(&["--artifact", "app.bin=notes.txt.old"]).ok();
    run(&sandbox, &[BY_KEY, &["kit.tar"]]).code(12);
}

#[test]
fn nothing_that_is_read_is_replaced() {
    let sandbox = signed();
    for out in ["app.bin", "app.bin.json", "cosign.pub", "root.json"] {
        let args = [
            "pack",
            "--out",
            out,
            "--bundle",
            "app.bin.json",
            "--key",
            "cosign.pub",
            "--trusted-root",
            "root.json",
            "app.bin",
        ];
        std::fs::copy(data("mock-sigstore/trusted_root.json"), sandbox.at("root.json")).unwrap();
        let before = sandbox.read(out);
        sandbox.run(&args).code(2).says("the kit would take its place");
        assert_eq!(sandbox.read(out), before);
    }
    // A kit that was there stays.
    sandbox.file("kit.tar", "an older kit");
    run(&sandbox, &[TWO]).code(3).says("cannot write `kit.tar`: it exists");
    assert_eq!(sandbox.text("kit.tar"), "an older kit");
    sandbox.run(&["unpack", "--dir", "out", "kit.tar"]).code(3);
    std::fs::remove_file(sandbox.at("kit.tar")).unwrap();
    run(&sandbox, &[TWO]).ok();
    run(&sandbox, &[BY_KEY, &["--report", "json=kit.tar", "kit.tar"]]).code(2);
    run(&sandbox, &[BY_KEY, &["--type", "custom", "kit.tar"]]).code(12).says("leave --type out");
}

/// Names that would do harm become harmless, and stay readable in the manifest.
#[cfg(unix)]
#[test]
fn names_do_no_harm() {
    let sandbox = signed();
    let names = ["-rf", "a\u{1b}[2Jb", "two words", "caf\u{e9}", "con.txt", ".hidden", "a\\b", "App.bin"];
    let mut args = vec!["pack", "--out", "kit.tar", "--bundle", "app.bin.json", "app.bin"];
    for name in names {
        sandbox.file(name, "an artifact\n");
    }
    args.push("--");
    args.extend(names);
    sandbox.run(&args).ok();
    run(&sandbox, &[BY_KEY, &["--dir", "out", "kit.tar"]]).ok();
    let mut found: Vec<String> = std::fs::read_dir(sandbox.at("out/artifacts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let expected =
        ["App.bin", "_-rf", "_.hidden", "_con.txt", "a__2Jb", "a_b", "app-2.bin", "caf_", "two_words"];
    assert_eq!(found, expected);
    let manifest = sandbox.text("out/manifest.json");
    assert!(
        manifest.is_ascii() && manifest.contains("\"a\\u001b[2Jb\"") && manifest.contains("\"caf\\u00e9\"")
    );
    // A file that is not in the kit is called by its own name, escaped.
    args.insert(1, "--digests-only");
    std::fs::remove_file(sandbox.at("kit.tar")).unwrap();
    sandbox.run(&args).ok();
    let shown =
        run(&sandbox, &[BY_KEY, &["--report", "json", "kit.tar"]]).ok().says("a\\u{1b}[2Jb: Verified OK");
    assert!(!shown.stderr.contains('\u{1b}') && !shown.stdout.contains('\u{1b}'), "{}", shown.stderr);
}

mod hostile;
