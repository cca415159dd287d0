//! `verify` and `verify-attestation` beside both real cosigns: what they sign verifies here, and standard output is the same, byte
//! for byte.

use std::path::Path;

use serde_json::Value;

use super::registries::{distribution, push};
use super::services::Services;
use crate::support::{Output, Sandbox, peer};

const KEY_ALONE: [&str; 2] = ["--tlog-upload=false", "--use-signing-config=false"];

struct World {
    sandbox: Sandbox,
    registry: super::registries::Registry,
    crane: std::path::PathBuf,
    two: std::path::PathBuf,
    three: std::path::PathBuf,
}

impl World {
    fn new() -> Option<Self> {
        let (crane, two, three) = (peer("crane")?, peer("cosign-2")?, peer("cosign-3")?);
        let sandbox = Sandbox::new();
        let registry = distribution(&sandbox, "", "")?;
        for name in ["a", "b"] {
            let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", name]).ok();
        }
        sandbox.file("predicate.json", "{\"a\":1}");
        Some(Self { sandbox, registry, crane, two, three })
    }

    fn image(&self, name: &str) -> String {
        let name = format!("{}/app/{name}", self.registry.address);
        let digest = push(&self.sandbox, &self.crane, &format!("{name}:v1"), &[]);
        format!("{name}@{digest}")
    }

    fn run(&self, program: &Path, words: &[&str]) -> Output {
        self.sandbox.program(program, words).run()
    }

    /// cosign 3 and rcosign say the same on standard output.
    fn same(&self, words: &[&str]) -> Output {
        let theirs = self.run(&self.three, words).ok();
        let ours = self.sandbox.run(words).ok();
        assert_eq!(ours.stdout, theirs.stdout, "{words:?}");
        ours
    }
}

#[test]
fn keys_in_both_forms() {
    let Some(world) = World::new() else { return };
    let signed = |name: &str, program: &Path, flags: &[&str]| {
        let image = world.image(name);
        let words =
            [&["sign", "-y", "--key", "a.key", "-a", "x=1", "-a", "y=<b>"][..], flags, &[&image]].concat();
        let _ = world.run(program, &words).ok();
        image
    };
    let old = ["--new-bundle-format=false", "--tlog-upload=false", "--use-signing-config=false"];
    let images = [
        signed("two", &world.two, &KEY_ALONE[..1]),
        signed("three-old", &world.three, &old),
        signed("three", &world.three, &KEY_ALONE),
    ];
    let ours = ["verify", "--key", "a.pub", "--insecure-ignore-tlog"];
    for image in &images {
        let by_tag = format!("{}:v1", image.split_once('@').unwrap().0);
        for name in [image, &by_tag] {
            let _ = world.same(&[&ours[..], &[name]].concat());
            let _ = world.same(&[&ours[..], &["-o", "text", "-a", "x=1", name]].concat());
        }
        let _ = world.sandbox.run(&[&ours[..], &["-a", "x=2", image]].concat()).code(12);
        let _ = world.sandbox.run(&["verify", "--key", "b.pub", "--no-log", image]).code(12);
        let _ = world.sandbox.run(&["verify-attestation", "--key", "a.pub", "--no-log", image]).code(10);
    }
    let [two, three_old, three] = &images;
    let _ = world.same(&[&ours[..], &[two, three_old]].concat());
    // cosign takes the form of the first image for all of them.
    let _ = world.sandbox.run(&[&ours[..], &[two, three_old, three]].concat()).ok();

    let attested = |name: &str, program: &Path, flags: &[&str]| {
        let image = world.image(name);
        let fixed = [
            "attest",
            "-y",
            "--key",
            "a.key",
            "--predicate",
            "predicate.json",
            "--type",
            "https://x.example/t",
        ];
        let _ = world.run(program, &[&fixed[..], flags, &[&image]].concat()).ok();
        image
    };
    for image in [
        attested("att-two", &world.two, &KEY_ALONE[..1]),
        attested("att-three-old", &world.three, &old),
        attested("att-three", &world.three, &KEY_ALONE),
    ] {
        let words = [
            "verify-attestation",
            "--key",
            "a.pub",
            "--insecure-ignore-tlog",
            "--type",
            "https://x.example/t",
            &image,
        ];
        let _ = world.same(&words);
        let _ = world.sandbox.run(&["verify", "--key", "a.pub", "--no-log", &image]).code(10);
        let _ = world.sandbox.run(&["verify-attestation", "--key", "a.pub", "--no-log", &image]).code(12);
    }
}

#[test]
fn identities_in_both_forms() {
    let (Some(world), Some(services)) = (World::new(), Services::start()) else { return };
    let (token, root) = (services.file("identity_token"), services.file("trusted_root.json"));
    let identity = services.identity();
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let verify = |image: &str| {
        [&["verify", "--trusted-root", &root][..], &identity, &[image]]
            .concat()
            .iter()
            .map(|w| (*w).to_owned())
            .collect::<Vec<_>>()
    };
    let config = services.file("signing_config.rekor1.json");
    let bundled = world.image("bundled");
    let flags = ["--trusted-root", &root, "--signing-config", &config, "-a", "x=1", &bundled];
    let _ = world.run(&world.three, &[&["sign", "-y", "--identity-token", &token][..], &flags].concat()).ok();
    let words = verify(&bundled);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let _ = world.run(&world.three, &words).ok();
    let ours = world.sandbox.run(&words).ok();
    // What scripts read of tags is there for bundles too.
    let shown: Value = serde_json::from_str(&ours.stdout).unwrap();
    let optional = &shown[0]["optional"];
    assert_eq!(
        (&optional["Issuer"], &optional["Subject"]),
        (&services.url(4).into(), &"dev@example.com".into())
    );
    assert!(optional["Bundle"]["Payload"]["logIndex"].is_number() && optional["x"] == "1", "{optional}");

    let tagged = world.image("tagged");
    let (fulcio, rekor) = (services.url(0), services.url(1));
    let flags =
        ["--fulcio-url", &fulcio, "--rekor-url", &rekor, "--identity-token", &token, "-a", "x=1", &tagged];
    let signing = world.sandbox.program(&world.two, &[&["sign", "-y"][..], &flags].concat());
    let _ = services.variables(signing).run().ok();
    let words = verify(&tagged);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ours = world.same(&words);
    assert!(ours.stderr.contains("Existence of the claims in the transparency log was verified offline"));

    for image in [&bundled, &tagged] {
        let _ = world.sandbox.run(&["verify", "--key", "a.pub", "--trusted-root", &root, image]).code(12);
        let other = ["--certificate-identity", "other@example.com", "--certificate-oidc-issuer-regexp", "."];
        let words = [&["verify", "--trusted-root", &root][..], &other, &[image]].concat();
        let _ = world.sandbox.run(&words).code(12).says("dev@example.com");
    }
}
