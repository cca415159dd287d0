//! The registry of a sandbox that runs as a program of its own: what was signed and attested there `oras discover` lists, and
//! `crane` moves images in and out.
#![cfg(unix)]

use std::path::Path;

use serde_json::Value;

use super::super::peers;
use crate::support::{Output, Sandbox, peer, repository};

/// `sandbox up --detach`, which ends with the test.
struct Up {
    programs: Sandbox,
}

impl Up {
    fn new(flags: &[&str]) -> Self {
        let programs = Sandbox::new().env("COSIGN_OFFLINE", "");
        programs.file("a.txt", "the artifact\n");
        programs.file("p.json", r#"{"tested":true}"#);
        let this = Self { programs };
        this.programs.run(&[&["sandbox", "up", "--detach", "--dir", "state"], flags].concat()).ok();
        this
    }

    /// A line in a shell with the variables of this file, where `rcosign` is ours, and `cosign` this one.
    fn shell(&self, file: &str, cosign: &Path, line: &str) -> Output {
        let script = format!(
            ". state/{file}; rcosign() {{ {} \"$@\"; }}; cosign() {{ {} \"$@\"; }}; {line}",
            env!("CARGO_BIN_EXE_rcosign"),
            cosign.display()
        );
        self.programs.program("/bin/sh".as_ref(), &["-euc", &script]).run()
    }

    fn registry(&self) -> String {
        let output = self.programs.run(&["sandbox", "status", "--dir", "state", "--output", "json"]).ok();
        let status: Value = serde_json::from_str(&output.stdout).unwrap();
        status["addresses"]["registry"].as_str().unwrap().trim_start_matches("http://").to_owned()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.programs.run(&["sandbox", "down", "--dir", "state"]);
    }
}

/// The digests of what `oras` finds, and their types.
fn discovered(up: &Up, oras: &Path, image: &str, more: &[&str]) -> Vec<(String, String)> {
    let args = [&["discover", "--plain-http", "--format", "json"], more, &[image]].concat();
    let output = up.programs.program(oras, &args).run().ok();
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = answer["referrers"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| (text(&one["digest"]), text(&one["artifactType"]))).collect()
}

#[test]
fn oras_discovers_what_was_signed_and_attested() {
    let Some(oras) = peer("oras") else { return };
    let Some(cosign) = peers().into_iter().find(|peer| peer.version == 3) else { return };
    for flags in [&[][..], &["--no-referrers"]] {
        let up = Up::new(flags);
        let image = format!("{}/app:v1", up.registry());
        let shell = |line: &str| up.shell("env", &cosign.program, &line.replace("IMAGE", &image)).ok();
        shell("rcosign upload blob -f a.txt IMAGE");
        assert_eq!(discovered(&up, &oras, &image, &[]), []);
        shell("rcosign sign --yes IMAGE");
        shell("cosign sign --yes IMAGE");
        shell("rcosign attest --yes --predicate p.json --type custom IMAGE");
        shell("cosign attest --yes --predicate p.json --type custom IMAGE");
        let found = discovered(&up, &oras, &image, &[]);
        assert_eq!(found.len(), 4, "{flags:?} {found:?}");
        let bundles =
            found.iter().filter(|(_, kind)| kind.starts_with("application/vnd.dev.sigstore.bundle"));
        // Into the index under the fallback tag cosign 3 writes the type of the config.
        assert_eq!(bundles.count(), if flags.is_empty() { 4 } else { 2 }, "{flags:?} {found:?}");
        for (digest, _) in &found {
            let one = format!("{}/app@{digest}", up.registry());
            let args = ["manifest", "fetch", "--plain-http", &one];
            let manifest = up.programs.program(&oras, &args).run().ok().stdout;
            assert!(manifest.contains("\"subject\""), "{manifest}");
        }
        let by_tag = discovered(&up, &oras, &image, &["--distribution-spec", "v1.1-referrers-tag"]);
        assert_eq!(by_tag.len(), if flags.is_empty() { 0 } else { 4 });
        let signer = "--certificate-identity dev@example.com --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC";
        for program in ["rcosign", "cosign"] {
            shell(&format!("{program} verify {signer} IMAGE"));
            shell(&format!("{program} verify-attestation --type custom {signer} IMAGE"));
        }
    }
}

#[test]
fn crane_moves_images_in_and_out() {
    let Some(crane) = peer("crane") else { return };
    let up = Up::new(&[]);
    let registry = up.registry();
    let run = |args: &[&str]| up.programs.program(&crane, args).run();
    let prints = |args: &[&str]| run(args).ok().stdout.trim_end().to_owned();
    let at = |rest: &str| format!("{registry}/{rest}");
    let digest = super::super::registries::push(&up.programs, &crane, &at("app:v1"), &[]);
    run(&["copy", &at("app:v1"), &at("copies/app:v2")]).ok();
    run(&["pull", "--format", "oci", &at("copies/app:v2"), "layout"]).ok();
    run(&["push", "layout", &at("pushed:v3")]).ok();
    assert_eq!(prints(&["digest", &at("pushed:v3")]), digest);
    run(&["validate", "--remote", &at("pushed:v3")]).ok();
    assert_eq!(prints(&["ls", &at("copies/app")]), "v2");
    assert_eq!(prints(&["catalog", &registry]), "app\ncopies/app\npushed");
    run(&["delete", &format!("{}@{digest}", at("app"))]).ok();
    assert_ne!(run(&["digest", &at("app:v1")]).code, 0);
    assert_eq!(prints(&["digest", &at("copies/app:v2")]), digest);
}

/// The files for shells, read one after the other in one shell: the latter counts, for the real programs too.
#[test]
fn in_one_shell_the_last_file_counts() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let up = Up::new(&[]);
    for peer in &peers {
        let (first, last) = match peer.version {
            2 => ("env", "env.cosign-2"),
            _ => ("env.cosign-2", "env"),
        };
        let line = format!(
            ". state/{last}; cosign sign-blob --yes --bundle b.json a.txt && cosign verify-blob --bundle b.json \
             --certificate-identity dev@example.com --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC a.txt"
        );
        up.shell(first, &peer.program, &line).ok().says("Verified OK");
    }
}

/// What the guide says of other programs, in one shell.
#[test]
fn the_guide_to_other_programs_works_as_printed() {
    let text = std::fs::read_to_string(repository().join("docs/guides/sandbox.md")).unwrap();
    let blocks: Vec<&str> =
        text.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 3);
    let mut script = "trap 'rcosign sandbox down --dir sigstore 2>&1 >/dev/null || true' EXIT\n".to_owned();
    for (name, peer_name) in [
        ("cosign", "cosign-3"),
        ("cosign_2", "cosign-2"),
        ("crane", "crane"),
        ("oras", "oras"),
        ("python3", "sigstore-python"),
    ] {
        let Some(program) = peer(peer_name) else { return };
        script.push_str(&format!("{name}() {{ {} \"$@\"; }}\n", program.display()));
    }
    script.push_str(&format!("rcosign() {{ {} \"$@\"; }}\n", env!("CARGO_BIN_EXE_rcosign")));
    // Functions have no dashes in their names.
    script.push_str(&blocks.concat().replace("cosign-2 ", "cosign_2 "));
    let programs = Sandbox::new().env("COSIGN_OFFLINE", "");
    let output = programs.program("/bin/sh".as_ref(), &["-euc", &script]).run().ok();
    assert!(output.stdout.contains("application/vnd.dev.sigstore.bundle.v0.3+json"), "{}", output.stdout);
    for name in ["cosign.json", "cosign-2.json", "python.json", "kept"] {
        assert!(programs.has(name), "{name}");
    }
}

/// `sandbox run` knows cosign 2, which would go to the public services.
#[test]
fn run_gives_each_cosign_its_own_variables() {
    for peer in peers() {
        let programs = Sandbox::new().env("COSIGN_OFFLINE", "");
        programs.file("a.txt", "the artifact\n");
        let program = peer.program.to_str().unwrap();
        let sign = ["sign-blob", "--yes", "--bundle", "b.json", "a.txt"];
        programs.run(&[&["sandbox", "run", "--dir", "state", "--", program], &sign[..]].concat()).ok();
        let issuer: Value = serde_json::from_str(&programs.text("state/services.json")).unwrap();
        let signer = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer"];
        let issuer = issuer["oidc"].as_str().unwrap();
        let verify = [&["verify-blob", "--bundle", "b.json"], &signer[..], &[issuer, "a.txt"]].concat();
        let run = [&["sandbox", "run", "--dir", "state", "--", program], &verify[..]].concat();
        programs.run(&run).ok().says("Verified OK");
    }
}
