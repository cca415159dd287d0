//! Attestations of images and files, made with a certificate at our sandbox by the real cosigns and by rcosign, and verified by the
//! other one: initialized from its TUF repository, and by the variables of the files for shells alone.

use rcosign::internals::sandbox::Service;

use super::super::{Peer, peers};
use super::{Initialized, World};
use crate::support::Output;

/// A peer that was led to the sandbox in one of two ways.
enum Led<'a> {
    Initialized(Initialized<'a>),
    ByVariables(&'a Peer, &'a World),
}

impl Led<'_> {
    fn run(&self, args: &[&str]) -> Output {
        match self {
            Self::Initialized(cosign) => cosign.run(args),
            Self::ByVariables(peer, world) => {
                world.with_variables(world.programs.program(&peer.program, args), peer.version == 2).run()
            }
        }
    }

    fn attest(&self, words: &[&str], what: &str) -> Output {
        let flags = match self {
            Self::Initialized(cosign) => cosign.signing(),
            Self::ByVariables(..) => vec!["--yes".to_owned()],
        };
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        self.run(&[words, &["--predicate", "p.json", "--type", "custom"], &flags, &[what]].concat())
    }
}

/// What is verified, by whom, is so by the signer alone: another person, another issuer and, but for the real programs and files
/// in the newer form, where 2.5 does not look at it, another type are refused.
fn verified_and_refused(world: &World, run: impl Fn(&[&str]) -> Output, words: &[&str], what: &str) {
    let issuer = world.url(Service::Oidc);
    for (type_, identity, issuer, holds) in [
        ("custom", "dev@example.com", issuer, true),
        ("custom", "eve@example.com", issuer, false),
        ("custom", "dev@example.com", "https://accounts.example.com", false),
        ("slsaprovenance1", "dev@example.com", issuer, false),
    ] {
        let signer =
            ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer, "--type", type_];
        let output = run(&[words, &signer[..], &[what]].concat());
        if type_ != "custom" && words.contains(&"--new-bundle-format") {
            continue;
        }
        let asked = format!("{words:?} {type_} {identity} {issuer}: {}", output.stderr);
        assert_eq!(output.code == 0, holds, "{asked}");
    }
}

fn images(world: &World, peer: &Peer, led: &Led<'_>, seed: &str) {
    let form = if peer.version == 2 { "tag" } else { "bundle" };
    let [ours, theirs] = ["ours", "theirs"].map(|who| world.image(&format!("{who}-{seed}-{}", peer.version)));
    let attest = ["attest", "--yes", "--write", form, "--predicate", "p.json", "--type", "custom", &ours];
    world.rcosign(&attest).ok();
    verified_and_refused(world, |args| led.run(args), &["verify-attestation"], &ours);
    led.attest(&["attest"], &theirs).ok();
    verified_and_refused(world, |args| world.rcosign(args), &["verify-attestation"], &theirs);
    // An image that somebody else attested is not this one.
    let other = world.image(&format!("other-{seed}-{}", peer.version));
    let issuer = world.url(Service::Oidc);
    let signer = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", issuer];
    let words = [&["verify-attestation", "--type", "custom"], &signer[..], &[&other]].concat();
    assert_ne!(led.run(&words).code, 0);
    world.rcosign(&words).code(10);
}

fn files(world: &World, peer: &Peer, led: &Led<'_>) {
    let root = world.document("trusted_root.json");
    let attest =
        ["attest-blob", "--yes", "--bundle", "ours.att", "--predicate", "p.json", "--type", "custom"];
    world.rcosign(&[&attest[..], &["a.txt"]].concat()).ok();
    // cosign 2 has to be told of the newer form, and then of a trusted root.
    let newer: &[&str] =
        if peer.version == 2 { &["--new-bundle-format", "--trusted-root", &root] } else { &[] };
    let words = [&["verify-blob-attestation", "--bundle", "ours.att"], newer].concat();
    verified_and_refused(world, |args| led.run(args), &words, "a.txt");
    let form: &[&str] = if peer.version == 2 { &["--new-bundle-format"] } else { &[] };
    led.attest(&[&["attest-blob", "--bundle", "theirs.att"], form].concat(), "a.txt").ok();
    let words = ["verify-blob-attestation", "--bundle", "theirs.att"];
    verified_and_refused(world, |args| world.rcosign(args), &words, "a.txt");
    let issuer = world.url(Service::Oidc);
    let signer = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", issuer];
    let other = [&words[..], &["--type", "custom"], &signer, &["other.txt"]].concat();
    world.rcosign(&other).code(12);
}

fn world() -> World {
    let world = World::start();
    world.programs.file("p.json", r#"{"tested":true}"#);
    world
}

#[test]
fn initialized_they_attest_and_verify_from_both_sides() {
    for peer in &peers() {
        let world = world();
        let led = Led::Initialized(Initialized::new(peer, &world));
        images(&world, peer, &led, "initialized");
        files(&world, peer, &led);
    }
}

#[test]
fn by_variables_alone_they_attest_and_verify_from_both_sides() {
    for peer in &peers() {
        let world = world();
        let led = Led::ByVariables(peer, &world);
        images(&world, peer, &led, "variables");
        files(&world, peer, &led);
    }
}

/// What is refused of signatures: another person and another issuer, by each of them and by rcosign.
#[test]
fn signatures_of_others_are_refused_from_both_sides() {
    for peer in &peers() {
        let world = world();
        let led = Led::ByVariables(peer, &world);
        let image = world.image("one");
        led.run(&["sign", "--yes", &image]).ok();
        led.run(&["sign-blob", "--yes", "--bundle", "b.json", "a.txt"]).ok();
        let issuer = world.url(Service::Oidc);
        for (identity, issuer, holds) in [
            ("dev@example.com", issuer, true),
            ("eve@example.com", issuer, false),
            ("dev@example.com", "https://accounts.example.com", false),
        ] {
            let signer = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
            for (words, what) in
                [(&["verify"][..], image.as_str()), (&["verify-blob", "--bundle", "b.json"], "a.txt")]
            {
                let args = [words, &signer[..], &[what]].concat();
                assert_eq!(led.run(&args).code == 0, holds, "{peer:?} {args:?}");
                assert_eq!(world.rcosign(&args).code == 0, holds, "{args:?}");
            }
        }
    }
}

/// What [`by_variables_alone_they_attest_and_verify_from_both_sides`] shows of cosign 2 it shows of the older interface.
#[test]
fn cosign_2_asks_fulcio_by_its_older_interface() {
    use std::io::{BufRead as _, BufReader};
    for peer in peers() {
        let world = world();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(listener.accept().unwrap().0).read_line(&mut line);
            line
        });
        let flags: &[&str] = if peer.version == 2 { &[] } else { &["--use-signing-config=false"] };
        let args =
            [&["sign-blob", "--yes", "--fulcio-url", &address, "--bundle", "b.json"], flags, &["a.txt"]]
                .concat();
        let run = world.with_variables(world.programs.program(&peer.program, &args), peer.version == 2);
        assert_ne!(run.run().code, 0);
        let asked = asked.join().unwrap();
        let place = if peer.version == 2 { "POST /api/v1/signingCert " } else { "POST /api/v2/signingCert " };
        assert!(asked.starts_with(place), "{peer:?}: {asked}");
    }
}
