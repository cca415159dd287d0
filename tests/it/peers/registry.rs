//! The registry of the sandbox, judged by strangers: crane, oras and the real cosigns work with it, and Docker's registry
//! answers the same requests in the same way.

mod reference;

use rcosign::internals::sandbox::registry::{Access, Fault, Host, Options, Registry, Transport};

use super::{Peer, peers};
use crate::support::{Output, Sandbox, peer};

fn start(options: Options) -> Registry {
    Registry::start(options).unwrap()
}

/// With and without the referrers API.
fn both() -> [(bool, Registry); 2] {
    [true, false].map(|referrers| (referrers, start(Options { referrers, ..Options::default() })))
}

/// In memory, and in a folder of the sandbox.
fn stores(sandbox: &Sandbox, options: Options) -> [Registry; 2] {
    let folder = Some(sandbox.at("registry"));
    [start(options.clone()), start(Options { folder, ..options })]
}

/// A peer program in a sandbox.
struct Program<'a>(&'a Sandbox, std::path::PathBuf);

impl Program<'_> {
    #[track_caller]
    fn run(&self, args: &[&str]) -> Output {
        self.0.program(&self.1, args).run()
    }

    /// What it prints, without the line end.
    #[track_caller]
    fn prints(&self, args: &[&str]) -> String {
        self.run(args).ok().stdout.trim_end().to_owned()
    }
}

#[test]
fn crane_pushes_pulls_copies_and_deletes() {
    let Some(crane) = peer("crane") else { return };
    for paged in [None, Some(2)] {
        let sandbox = Sandbox::new();
        for registry in stores(&sandbox, Options { page: paged, ..Options::default() }) {
            push_pull_copy_delete(&Program(&sandbox, crane.clone()), &registry);
            let _ = std::fs::remove_dir_all(sandbox.at("layout"));
        }
    }
}

fn push_pull_copy_delete(crane: &Program<'_>, registry: &Registry) {
    let at = |rest: &str| format!("{}/{rest}", registry.address());
    let image = registry.contents().plant_image("app", "v1");
    assert_eq!(crane.prints(&["digest", &at("app:v1")]), image);
    let _ = crane.run(&["validate", "--remote", &at("app:v1")]).ok();

    let _ = crane.run(&["mutate", &at("app:v1"), "-t", &at("app:v2"), "--label", "a=b"]).ok();
    assert_ne!(crane.prints(&["digest", &at("app:v2")]), image);
    let _ = crane.run(&["copy", &at("app:v1"), &at("copies/app:v1")]).ok();
    assert_eq!(crane.prints(&["digest", &at("copies/app:v1")]), image);
    assert!(registry.journal().requests().iter().any(|r| r.parameter("mount").is_some()));
    let _ = crane.run(&["pull", "--format", "oci", &at("app:v1"), "layout"]).ok();
    let _ = crane.run(&["push", "layout", &at("other:v3")]).ok();
    assert_eq!(registry.contents().manifest("other", "v3"), registry.contents().manifest("app", "v1"));
    let _ =
        crane.run(&["index", "append", "-m", &at("app:v1"), "-m", &at("app:v2"), "-t", &at("app:both")]).ok();
    let _ = crane.run(&["validate", "--remote", &at("app:both")]).ok();
    assert_eq!(crane.prints(&["ls", &at("app")]).lines().collect::<Vec<_>>(), ["both", "v1", "v2"]);
    assert_eq!(crane.prints(&["catalog", &registry.address()]).lines().count(), 3);

    let _ = crane.run(&["delete", &at("app:v2")]).ok();
    let _ = crane.run(&["digest", &at("app:v2")]).code(1).says("404");
    // A manifest that is not what was asked for is seen as such.
    registry.hook(
        |request| if request.is("GET", "/manifests/") { Fault::none().body("{}") } else { Fault::none() },
    );
    let _ = crane.run(&["manifest", &at(&format!("app@{image}"))]).code(1).says("digest");
}

#[test]
fn crane_logs_in() {
    let Some(crane) = peer("crane") else { return };
    for (access, anonymous_pull) in [
        (Access::basic("user", "right"), false),
        (Access::bearer("user", "right", Host::Registry), false),
        (Access::bearer("user", "right", Host::Registry), true),
        (Access::bearer("user", "right", Host::Other), false),
    ] {
        let (sandbox, registry) =
            (Sandbox::new(), start(Options { access, anonymous_pull, ..Options::default() }));
        let crane = Program(&sandbox, crane.clone());
        let address = registry.address();
        let at = |rest: &str| format!("{address}/{rest}");
        let image = registry.contents().plant_image("app", "v1");
        let output = crane.run(&["digest", &at("app:v1")]);
        assert_eq!(output.code == 0, anonymous_pull, "{output:?}");
        let _ = crane.run(&["auth", "login", &address, "-u", "user", "-p", "right"]).ok();
        assert_eq!(crane.prints(&["digest", &at("app:v1")]), image);
        let _ = crane.run(&["copy", &at("app:v1"), &at("copy:v1")]).ok();
        let _ = crane.run(&["delete", &at("copy:v1")]).ok();
        assert_eq!(crane.prints(&["ls", &at("app")]), "v1");
        let _ = crane.run(&["auth", "login", &address, "-u", "user", "-p", "wrong"]).ok();
        let _ = crane.run(&["copy", &at("app:v1"), &at("copy:v1")]).code(1).says("UNAUTHORIZED");
    }
}

#[test]
fn crane_trusts_the_authority_it_is_given() {
    let Some(crane) = peer("crane") else { return };
    let (sandbox, registry) =
        (Sandbox::new(), start(Options { transport: Transport::Https, ..Options::default() }));
    let _ = sandbox.file("ca.pem", registry.authority_pem().unwrap());
    let image = registry.contents().plant_image("app", "v1");
    for host in [registry.address(), registry.other_url().replace("https://", "")] {
        let reference = format!("{host}/app:v1");
        let output =
            sandbox.program(&crane, &["digest", &reference]).env("SSL_CERT_FILE", "ca.pem").run().ok();
        assert_eq!(output.stdout.trim_end(), image);
        let _ = sandbox.program(&crane, &["digest", &reference]).run().code(1);
    }
}

#[test]
fn oras_attaches_and_discovers_by_api_and_by_tag() {
    let Some(oras) = peer("oras") else { return };
    for (referrers, registry) in both() {
        let sandbox = Sandbox::new();
        let oras = Program(&sandbox, oras.clone());
        let _ = sandbox.file("note.txt", "a note");
        let image = registry.contents().plant_image("app", "v1");
        let at = format!("{}/app:v1", registry.address());
        for artifact_type in ["application/x.one", "application/x.two"] {
            let _ =
                oras.run(&["attach", "--plain-http", "--artifact-type", artifact_type, &at, "note.txt"]).ok();
        }
        assert_eq!(registry.contents().referrers("app", &image).len(), 2);
        let discover = |args: &[&str]| {
            let args = [&["discover", "--plain-http", "--format", "json"], args, &[&at]].concat();
            let answer: serde_json::Value = serde_json::from_str(&oras.prints(&args)).unwrap();
            answer["referrers"].as_array().unwrap().len()
        };
        assert_eq!(discover(&[]), 2);
        assert_eq!(discover(&["--artifact-type", "application/x.two"]), 1);
        // Without the API there is the index under the fallback tag, and only then.
        let fallback = image.replace(':', "-");
        assert_eq!(registry.contents().manifest("app", &fallback).is_none(), referrers);
        assert_eq!(discover(&["--distribution-spec", "v1.1-referrers-tag"]), if referrers { 0 } else { 2 });
    }
}

/// One way of signing and verifying: flags of each.
type Form = (&'static str, &'static [&'static str], &'static [&'static str]);

const NEW: &[&str] = &["--new-bundle-format"];
const OLD: &[&str] = &["--new-bundle-format=false"];
const OWN: &[&str] = &["--use-signing-config=false"];
const OWN_OLD: &[&str] = &["--use-signing-config=false", "--new-bundle-format=false"];

fn forms(peer: &Peer) -> &'static [Form] {
    if peer.version == 2 {
        &[("sign", &[], &[]), ("attest", &[], &[]), ("attest", NEW, NEW)]
    } else {
        &[("sign", OWN, &[]), ("sign", OWN_OLD, OLD), ("attest", OWN, &[]), ("attest", OWN_OLD, OLD)]
    }
}

#[test]
fn the_cosigns_sign_and_verify_in_both_schemes() {
    for peer in peers() {
        let sandbox = Sandbox::new();
        let _ = peer.run(&sandbox, &["generate-key-pair"]).ok();
        let _ = sandbox.file("predicate.json", "{}");
        let root = crate::support::repository().join("testdata/mock-sigstore/trusted_root.json");
        for (referrers, registry) in both() {
            for (number, (verb, signing, verifying)) in forms(&peer).iter().enumerate() {
                let tag = format!("v{number}");
                let image = registry.contents().plant_image("app", &tag);
                let unsigned = registry.contents().plant_image("app", "unsigned");
                let at = |digest: &str| format!("{}/app@{digest}", registry.address());
                let predicate: &[&str] = &["--predicate", "predicate.json"];
                let predicate = if *verb == "sign" { &[] } else { predicate };
                let common = [verb, "--key", "cosign.key", "--yes", "--tlog-upload=false"];
                let _ = peer.run(&sandbox, &[&common, *signing, predicate, &[&at(&image)]].concat()).ok();

                let verify = if *verb == "sign" { "verify" } else { "verify-attestation" };
                let mut common = vec![verify, "--key", "cosign.pub", "--insecure-ignore-tlog"];
                if verifying.contains(&"--new-bundle-format") {
                    common.extend(["--trusted-root", root.to_str().unwrap()]);
                }
                let ask =
                    |digest: &str| peer.run(&sandbox, &[&common[..], verifying, &[&at(digest)]].concat());
                let _ = ask(&image).ok();
                assert_ne!(ask(&unsigned).code, 0);
                // The old forms are under tags of their own, the new one refers to the image.
                let legacy = registry.contents().tags("app").iter().any(|(tag, _)| {
                    *tag == format!(
                        "{}.{}",
                        image.replace(':', "-"),
                        if *verb == "sign" { "sig" } else { "att" }
                    )
                });
                assert_ne!(
                    legacy,
                    !registry.contents().referrers("app", &image).is_empty(),
                    "{peer:?} {tag}"
                );
                let fallback = registry.contents().manifest("app", &image.replace(':', "-"));
                assert_eq!(fallback.is_some(), !legacy && !referrers, "{peer:?} {tag}");
            }
        }
    }
}

/// The processes that push have nothing in common.
#[test]
fn thirty_two_cranes_push_at_once() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = Sandbox::new();
    let options = Options { folder: Some(sandbox.at("registry")), ..Options::default() };
    let registry = start(options.clone());
    let _ = registry.contents().plant_image("app", "v");
    let address = registry.address();
    std::thread::scope(|scope| {
        for number in 0..32 {
            let (crane, address) = (Program(&sandbox, crane.clone()), &address);
            scope.spawn(move || {
                let to = format!("{address}/app:v{number}");
                let label = format!("number={number}");
                let _ =
                    crane.run(&["mutate", &format!("{address}/app:v"), "-t", &to, "--label", &label]).ok();
                let _ = crane.run(&["copy", &to, &format!("{address}/copies/c{number}:v")]).ok();
            });
        }
    });
    drop(registry);
    let registry = start(options);
    let crane = Program(&sandbox, crane);
    let address = registry.address();
    let tags = registry.contents().tags("app");
    assert_eq!(tags.len(), 33);
    for (tag, digest) in tags.iter().filter(|(tag, _)| tag != "v") {
        let number = tag.strip_prefix('v').unwrap();
        assert_eq!(crane.prints(&["digest", &format!("{address}/copies/c{number}:v")]), *digest);
        assert!(
            crane
                .prints(&["config", &format!("{address}/app:{tag}")])
                .contains(&format!("\"number\":\"{number}\""))
        );
    }
    assert_eq!(crane.prints(&["catalog", &address]).lines().count(), 33);
}

#[test]
fn oras_pushes_pulls_copies_and_deletes() {
    let Some(oras) = peer("oras") else { return };
    let sandbox = Sandbox::new();
    let large: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 249) as u8).collect();
    let _ = sandbox.file("small.txt", "a note");
    let _ = sandbox.file("large.bin", &large);
    for registry in stores(&sandbox, Options::default()) {
        let oras = Program(&sandbox, oras.clone());
        let at = |rest: &str| format!("{}/{rest}", registry.address());
        let push = [
            "push",
            "--plain-http",
            "--artifact-type",
            "application/x",
            &at("app:v1"),
            "small.txt",
            "large.bin",
        ];
        let _ = oras.run(&push).ok();
        let _ = oras.run(&["pull", "--plain-http", "-o", "pulled", &at("app:v1")]).ok();
        assert_eq!(
            (sandbox.text("pulled/small.txt").as_str(), sandbox.read("pulled/large.bin")),
            ("a note", large.clone())
        );
        let _ = oras.run(&["tag", "--plain-http", &at("app:v1"), "v2", "v3"]).ok();
        assert_eq!(oras.prints(&["repo", "tags", "--plain-http", &at("app")]), "v1\nv2\nv3");
        let _ = oras
            .run(&["attach", "--plain-http", "--artifact-type", "application/y", &at("app:v1"), "small.txt"])
            .ok();
        let _ = oras
            .run(&["copy", "-r", "--from-plain-http", "--to-plain-http", &at("app:v1"), &at("copies/app:v1")])
            .ok();
        let digest = registry.contents().tags("app")[0].1.clone();
        assert_eq!(registry.contents().referrers("copies/app", &digest).len(), 1);
        assert_eq!(oras.prints(&["repo", "ls", "--plain-http", &registry.address()]), "app\ncopies/app");
        let blob = registry.contents().plant_blob("app", "to be deleted");
        let by_digest = at(&format!("app@{blob}"));
        assert_eq!(
            oras.prints(&["blob", "fetch", "--plain-http", "--output", "-", &by_digest]),
            "to be deleted"
        );
        let _ = oras.run(&["blob", "delete", "--plain-http", "--force", &by_digest]).ok();
        let _ = oras.run(&["blob", "fetch", "--plain-http", "--output", "-", &by_digest]).code(1);
        let _ = oras.run(&["manifest", "delete", "--plain-http", "--force", &at("app:v1")]).ok();
        let _ = oras.run(&["manifest", "fetch", "--plain-http", &at("app:v1")]).code(1);
        let _ = std::fs::remove_dir_all(sandbox.at("pulled"));
    }
}

/// Docker's registry as a cache before ours: the client in it fetches tags, manifests and blobs.
#[test]
fn docker_registry_pulls_through() {
    let (Some(crane), Some(_)) = (peer("crane"), peer("docker-registry")) else { return };
    let sandbox = Sandbox::new();
    for registry in stores(&sandbox, Options::default()) {
        let image = registry.contents().plant_image("app", "v1");
        let top = format!("proxy: {{remoteurl: \"{}\"}}\n", registry.url());
        let Some(cache) = super::registries::distribution(&sandbox, "", &top) else { return };
        let crane = Program(&sandbox, crane.clone());
        let at = format!("{}/app:v1", cache.address);
        assert_eq!(crane.prints(&["digest", &at]), image);
        let _ = crane.run(&["validate", "--remote", &at]).ok();
        assert_eq!(crane.prints(&["ls", &format!("{}/app", cache.address)]), "v1");
        assert!(registry.journal().count("GET", "/blobs/") >= 2);
        drop(cache);
        let _ = std::fs::remove_dir_all(sandbox.at("data"));
    }
}
