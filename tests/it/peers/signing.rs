//! What rcosign signs at services that are not ours, the real cosigns verify, and rcosign itself: bundles with Rekor v1 and v2,
//! with and without timestamps, and the older formats; blobs and images.

use rcosign::internals::sandbox::registry::{Options, Registry};

use super::services::Services;
use super::{Peer, peers};
use crate::support::{Output, Sandbox};

const CONFIGS: [&str; 4] = ["rekor1", "rekor1-no-tsa", "rekor2", "tsa-only"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["a.txt", "b.txt", "other.txt"] {
        let _ = sandbox.file(name, format!("the artifact {name}\n"));
    }
    let _ = sandbox.file("p.json", "{\"a\": 1}");
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    sandbox
}

/// The services, a folder, and what signs in it.
struct Bench {
    services: Services,
    sandbox: Sandbox,
    root: String,
    token: String,
}

impl Bench {
    fn start() -> Option<Self> {
        let services = Services::start()?;
        let (root, token) = (services.file("trusted_root.json"), services.file("identity_token"));
        Some(Self { services, sandbox: sandbox(), root, token })
    }

    /// Signs by a signing config, with an identity or the key.
    fn sign(&self, config: &str, keyless: bool, args: &[&str]) -> Output {
        let config = self.services.file(&format!("signing_config.{config}.json"));
        let mut all = vec![args[0], "--yes", "--trusted-root", &self.root, "--signing-config", &config];
        all.extend(if keyless { ["--identity-token", &self.token] } else { ["--key", "cosign.key"] });
        all.extend(&args[1..]);
        self.sandbox.run(&all)
    }

    /// Signs by the flags of cosign 2, with an identity.
    fn sign_by_flags(&self, args: &[&str]) -> Output {
        let (fulcio, rekor) = (self.services.url(0), self.services.url(1));
        let mut all = vec![args[0], "--yes", "--fulcio-url", &fulcio, "--rekor-url", &rekor];
        all.extend(["--identity-token", &self.token]);
        all.extend(&args[1..]);
        self.services.variables(self.sandbox.rcosign(&all)).run()
    }

    fn signer(&self, keyless: bool) -> Vec<String> {
        if keyless {
            self.services.identity().to_vec()
        } else {
            ["--key", "cosign.pub"].map(str::to_owned).to_vec()
        }
    }

    /// Verifies with a peer, or `None` for rcosign.
    fn verify(&self, peer: Option<&Peer>, keyless: bool, args: &[&str]) -> Output {
        let signer = self.signer(keyless);
        let mut all = vec![args[0]];
        all.extend(signer.iter().map(String::as_str));
        all.extend(&args[1..]);
        match peer {
            Some(peer) => peer.run(&self.sandbox, &all),
            None => self.sandbox.run(&all),
        }
    }

    /// As [`Bench::verify`], with the trust material of the older variables.
    fn verify_older(&self, peer: Option<&Peer>, args: &[&str]) -> Output {
        let (signer, rekor) = (self.services.identity().to_vec(), self.services.url(1));
        let mut all = vec![args[0], "--rekor-url", &rekor];
        if peer.is_some_and(|peer| peer.version == 3) {
            all.push("--new-bundle-format=false");
        }
        all.extend(signer.iter().map(String::as_str));
        all.extend(&args[1..]);
        let run = match peer {
            Some(peer) => self.sandbox.program(&peer.program, &all),
            None => self.sandbox.rcosign(&all),
        };
        self.services.variables(run).run()
    }
}

/// The flags that this kind of witness needs when verifying.
fn needs(config: &str, peer: Option<&Peer>) -> &'static [&'static str] {
    match (config, peer) {
        ("tsa-only", Some(_)) => &["--insecure-ignore-tlog", "--use-signed-timestamps"],
        ("tsa-only", None) => &["--no-log", "--use-signed-timestamps"],
        ("rekor2", _) => &["--use-signed-timestamps"],
        _ => &[],
    }
}

fn third() -> Option<Peer> {
    peers().into_iter().find(|peer| peer.version == 3)
}

#[test]
fn bundles_of_blobs_verify_with_the_real_cosign() {
    let (Some(peer), Some(bench)) = (third(), Bench::start()) else { return };
    for config in CONFIGS {
        for keyless in [true, false] {
            for (command, verb) in [("sign-blob", "verify-blob"), ("attest-blob", "verify-blob-attestation")]
            {
                let what = format!("{config} {command} {keyless}");
                let mut args = vec![command, "--bundle", "b.json"];
                if command == "attest-blob" {
                    args.extend(["--predicate", "p.json", "--type", "custom"]);
                }
                args.push("a.txt");
                let _ = bench.sign(config, keyless, &args).ok();
                for peer in [Some(&peer), None] {
                    let check = |blob| {
                        let trust = ["--trusted-root", &bench.root, "--bundle", "b.json"];
                        let args = [&[verb][..], &trust, needs(config, peer), &[blob]].concat();
                        bench.verify(peer, keyless, &args)
                    };
                    let good = check("a.txt");
                    assert_eq!(good.code, 0, "{what}: {}", good.stderr);
                    assert_ne!(check("other.txt").code, 0, "{what}");
                }
            }
        }
    }
}

#[test]
fn every_algorithm_gets_a_certificate_that_the_real_cosign_takes() {
    let (Some(peer), Some(bench)) = (third(), Bench::start()) else { return };
    for algorithm in
        ["ecdsa-sha2-384-nistp384", "ecdsa-sha2-512-nistp521", "ed25519", "rsa-sign-pkcs1-2048-sha256"]
    {
        for config in ["rekor1", "rekor2"] {
            let args = ["sign-blob", "--signing-algorithm", algorithm, "--bundle", "b.json", "a.txt"];
            let _ = bench.sign(config, true, &args).ok();
            for peer in [Some(&peer), None] {
                let trust = ["verify-blob", "--trusted-root", &bench.root, "--bundle", "b.json"];
                let args = [&trust[..], needs(config, peer), &["a.txt"]].concat();
                let output = bench.verify(peer, true, &args);
                assert_eq!(output.code, 0, "{algorithm} {config}: {}", output.stderr);
            }
        }
    }
}

/// The flags of cosign 2, without another one: into a bundle, and into all of the older files.
#[test]
fn older_files_verify_with_both_cosigns() {
    let Some(bench) = Bench::start() else { return };
    let tsa = format!("{}/api/v1/timestamp", bench.services.url(3));
    let _ = bench.sign_by_flags(&["sign-blob", "--bundle", "new.json", "a.txt"]).ok();
    let files = ["--new-bundle-format=false", "--bundle", "old.json", "--output-signature", "s"];
    let more = ["--output-certificate", "c", "--timestamp-server-url", &tsa, "--rfc3161-timestamp", "t.json"];
    let _ = bench.sign_by_flags(&[&["sign-blob"][..], &files, &more, &["a.txt"]].concat()).ok();
    assert!(!bench.sandbox.text("t.json").ends_with('\n'));
    let chain = bench.services.file("tsa_chain.pem");
    let stamped = ["--rfc3161-timestamp", "t.json", "--timestamp-certificate-chain", &chain];
    for peer in peers().iter().map(Some).chain([None]) {
        let check = |args: &[&str]| bench.verify_older(peer, args);
        let bundle = check(&["verify-blob", "--bundle", "old.json", "a.txt"]);
        assert_eq!(bundle.code, 0, "{peer:?}: {}", bundle.stderr);
        assert_ne!(check(&["verify-blob", "--bundle", "old.json", "other.txt"]).code, 0);
        let detached = ["verify-blob", "--signature", "s", "--certificate", "c", "--use-signed-timestamps"];
        let args = [&detached[..], &stamped, &["--insecure-ignore-tlog", "a.txt"]].concat();
        let output = check(&args);
        assert_eq!(output.code, 0, "{peer:?}: {}", output.stderr);
    }
    for kind in ["dsse", "intoto"] {
        let files = ["--new-bundle-format=false", "--bundle", "old.json", "--output-signature", "s"];
        let more = ["--output-certificate", "c", "--timestamp-server-url", &tsa];
        let more =
            [&more[..], &["--rfc3161-timestamp-bundle", "t.json", "--rekor-entry-type", kind]].concat();
        let about = ["--predicate", "p.json", "--type", "custom", "a.txt"];
        let _ = bench.sign_by_flags(&[&["attest-blob"][..], &files, &more, &about].concat()).ok();
        for peer in peers().iter().map(Some).chain([None]) {
            let check = |args: &[&str]| bench.verify_older(peer, args);
            let verb = ["verify-blob-attestation", "--type", "custom"];
            let bundle = check(&[&verb[..], &["--bundle", "old.json", "a.txt"]].concat());
            assert_eq!(bundle.code, 0, "{kind} {peer:?}: {}", bundle.stderr);
            let detached = ["--signature", "s", "--certificate", "c", "--use-signed-timestamps"];
            let args = [&verb[..], &detached, &stamped, &["--insecure-ignore-tlog", "a.txt"]].concat();
            let output = check(&args);
            assert_eq!(output.code, 0, "{kind} {peer:?}: {}", output.stderr);
        }
    }
}

#[test]
fn signatures_and_attestations_of_images_verify_with_the_real_cosigns() {
    let Some(bench) = Bench::start() else { return };
    let registry = Registry::start(Options::default()).unwrap();
    let peers = peers();
    for config in CONFIGS {
        let image = registry.contents().plant_image(&format!("app/{config}"), "v1");
        let image = format!("{}/app/{config}@{image}", registry.address());
        let _ = bench.sign(config, true, &["sign", &image]).ok();
        let _ =
            bench.sign(config, true, &["attest", "--predicate", "p.json", "--type", "custom", &image]).ok();
        for peer in peers.iter().filter(|peer| peer.version == 3).map(Some).chain([None]) {
            for verb in [&["verify"][..], &["verify-attestation", "--type", "custom"]] {
                let trust = ["--trusted-root", &bench.root];
                let args = [verb, &trust, needs(config, peer), &[&image]].concat();
                let output = bench.verify(peer, true, &args);
                assert_eq!(output.code, 0, "{config} {verb:?}: {}", output.stderr);
            }
        }
    }
    for config in ["rekor1", "rekor1-no-tsa"] {
        let image = registry.contents().plant_image(&format!("old/{config}"), "v1");
        let image = format!("{}/old/{config}@{image}", registry.address());
        let _ = bench.sign(config, true, &["sign", "--new-bundle-format=false", &image]).ok();
        let attest = ["attest", "--write", "tag", "--predicate", "p.json", "--type", "custom", &image];
        let _ = bench.sign(config, true, &attest).ok();
        for peer in peers.iter().map(Some).chain([None]) {
            for verb in [&["verify"][..], &["verify-attestation", "--type", "custom"]] {
                let output = bench.verify_older(peer, &[verb, &[&image]].concat());
                assert_eq!(output.code, 0, "{config} {peer:?} {verb:?}: {}", output.stderr);
            }
        }
    }
    // An entry of Rekor v2 has no place under a tag.
    let image = registry.contents().plant_image("app/two", "v1");
    let image = format!("{}/app/two@{image}", registry.address());
    let output = bench.sign("rekor2", true, &["sign", "--write", "tag", &image]);
    let _ = output.code(4).says("version 2").says("older formats hold entries of logs of version 1 alone");
}

/// One token and one certificate for all.
#[test]
fn many_are_signed_with_one_certificate() {
    let Some(bench) = Bench::start() else { return };
    std::fs::create_dir(bench.sandbox.at("d")).unwrap();
    let output = bench.sign("rekor2", true, &["sign-blob", "--bundle-dir", "d", "a.txt", "b.txt"]).ok();
    let _ = output.says("Signed 2 files in");
    let certificate = |name: &str| {
        let bundle: serde_json::Value = serde_json::from_slice(&bench.sandbox.read(name)).unwrap();
        bundle["verificationMaterial"]["certificate"]["rawBytes"].as_str().unwrap().to_owned()
    };
    assert_eq!(certificate("d/a.txt.sigstore.json"), certificate("d/b.txt.sigstore.json"));
    for (file, code) in [("a.txt", 0), ("b.txt", 12)] {
        let trust = ["--trusted-root", bench.root.as_str(), "--use-signed-timestamps"];
        let args = [&["verify-blob"][..], &trust, &["--bundle", "d/a.txt.sigstore.json", file]].concat();
        assert_eq!(bench.verify(None, true, &args).code, code);
    }
    // Nobody is signed again who is signed.
    let registry = Registry::start(Options::default()).unwrap();
    let image = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{image}", registry.address());
    let _ = bench.sign("rekor1", true, &["sign", &image]).ok();
    let again = bench.sign("rekor1", true, &["sign", "--skip-existing", &image]).ok();
    let _ = again.says("is signed by this identity already");
}

/// The trusted root decides: of another day's services nothing is taken, and nothing is written.
#[test]
fn nothing_is_written_that_the_trusted_root_does_not_vouch_for() {
    let Some(bench) = Bench::start() else { return };
    let foreign = crate::support::repository().join("testdata/mock-sigstore/trusted_root.json");
    let foreign = foreign.to_str().unwrap();
    let config = bench.services.file("signing_config.rekor1.json");
    let run = |signer: [&str; 2]| {
        let args = ["sign-blob", "--yes", "--trusted-root", foreign, "--signing-config", &config];
        bench.sandbox.run(&[&args[..], &signer, &["--bundle", "x.json", "a.txt"]].concat())
    };
    let keyless = run(["--identity-token", &bench.token]);
    let _ = keyless.code(4).says("the certificate that").says("--trusted-root FILE");
    let _ = run(["--key", "cosign.key"]).code(4).says("nothing was written").says("--trusted-root FILE");
    assert!(!bench.sandbox.has("x.json"));
}
