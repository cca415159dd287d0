//! What is attached to images: the real tools see it and verify it, and none of it is lost among many.

use super::peers;
use super::registries::{distribution, push};
use crate::support::{Output, Sandbox, peer};

/// The flags with which a peer signs without a log.
const NO_LOG: [&str; 3] = ["--yes", "--tlog-upload=false", "--key=cosign.key"];

#[test]
fn what_is_attached_verifies_with_the_real_cosigns() {
    let (Some(crane), Some(oras), Some(cosign)) = (peer("crane"), peer("oras"), peer("cosign-3")) else {
        return;
    };
    let sandbox = Sandbox::new();
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    let name = format!("{}/app/attached", registry.address);
    let digest = push(&sandbox, &crane, &format!("{name}:v1"), &[]);
    let image = format!("{name}@{digest}");
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    sandbox.file("payload", sandbox.run(&["generate", &image]).ok().bytes);
    let _ = sandbox
        .run(&["sign-blob", "--key=cosign.key", "--offline", "--output-signature=sig", "payload"])
        .ok();
    for _ in 0..2 {
        let _ = sandbox.run(&["attach", "signature", "--signature=sig", "--payload=payload", &image]).ok();
    }
    for peer in peers() {
        let args = ["verify", "--key=cosign.pub", "--insecure-ignore-tlog", &image];
        let seen = peer.run(&sandbox, &args).ok();
        assert_eq!(seen.stdout.matches("docker-manifest-digest").count(), 1, "{}", seen.stdout);
        let _ =
            peer.run(&sandbox, &["download", "signature", &image]).ok().stdout.contains("Base64Signature");
    }
    let manifest =
        sandbox.program(&crane, &["manifest", &format!("{name}:{}.sig", digest.replacen(':', "-", 1))]);
    assert_eq!(manifest.run().ok().stdout.matches("simplesigning").count(), 1);

    // An attestation in both forms, made by the peer and not uploaded.
    sandbox.file("predicate", r#"{"a":1}"#);
    let attest = ["attest", "--predicate=predicate", "--type=custom", "--use-signing-config=false", &image];
    let bundle = [&attest[..], &NO_LOG, &["--no-upload=true", "--bundle=bundle"]].concat();
    let _ = sandbox.program(&cosign, &bundle).run().ok();
    let _ = sandbox.run(&["attach", "attestation", "--attestation=bundle", &image]).ok();
    let verify =
        ["verify-attestation", "--key=cosign.pub", "--insecure-ignore-tlog", "--type=custom", &image];
    let _ = sandbox.program(&cosign, &verify).run().ok();
    let discovered = sandbox.program(&oras, &["discover", "--plain-http", &image]).run().ok();
    assert!(
        discovered.stdout.contains("application/vnd.dev.sigstore.bundle.v0.3+json"),
        "{}",
        discovered.stdout
    );
    assert!(discovered.stdout.contains("dev.sigstore.bundle.predicateType"), "{}", discovered.stdout);

    sandbox.file("sbom.json", "{}");
    let _ = sandbox.run(&["attach", "sbom", "--sbom=sbom.json", &image]).ok();
    let sbom = sandbox.program(&cosign, &["download", "sbom", &image]).run().ok();
    assert_eq!(sbom.stdout, "{}");
}

#[test]
fn of_32_processes_none_loses_a_signature_in_a_real_registry() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = Sandbox::new();
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    let name = format!("{}/app/many", registry.address);
    let digest = push(&sandbox, &crane, &format!("{name}:v1"), &[]);
    let image = format!("{name}@{digest}");
    let folders = ["one", "two"].map(|machine| {
        std::fs::create_dir(sandbox.at(machine)).unwrap();
        sandbox.at(machine)
    });
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..32)
            .map(|number| {
                let (sandbox, image, folder) = (&sandbox, &image, &folders[number % 2]);
                scope.spawn(move || {
                    let file = sandbox.file(&format!("s{number}"), format!("{number:0>8}"));
                    sandbox
                        .rcosign(&["attach", "signature", "--signature", file.to_str().unwrap(), image])
                        .env("XDG_RUNTIME_DIR", folder.to_str().unwrap())
                        .run()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let tag = format!("{name}:{}.sig", digest.replacen(':', "-", 1));
    let manifest = sandbox.program(&crane, &["manifest", &tag]).run().ok().stdout;
    for (number, output) in outputs.into_iter().enumerate() {
        let _ = output.ok();
        assert_eq!(manifest.matches(&format!("\"{number:0>8}\"")).count(), 1, "{number}");
    }
}
