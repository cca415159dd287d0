//! The real cosigns at our sandbox: initialized from its TUF repository they sign and verify there, and so they verify what rcosign
//! signed there, and rcosign what they signed.

mod attesting;
mod discovering;

use rcosign::internals::sandbox::Service;

use super::{Peer, peers};
use crate::sandbox::World;
use crate::support::{Output, peer};

/// A peer with a folder of its own for what it fetches.
struct Initialized<'a> {
    peer: &'a Peer,
    world: &'a World,
    cache: String,
}

impl<'a> Initialized<'a> {
    fn new(peer: &'a Peer, world: &'a World) -> Self {
        let cache = format!("cache-{}", peer.version);
        let (mirror, root) = (world.url(Service::Tuf), world.document("root.json"));
        let args = ["initialize", "--mirror", mirror, "--root", &root];
        let _ = world.programs.program(&peer.program, &args).env("TUF_ROOT", &cache).run().ok();
        Self { peer, world, cache }
    }

    fn run(&self, args: &[&str]) -> Output {
        let run = self.world.programs.program(&self.peer.program, args).env("TUF_ROOT", &self.cache);
        run.env("SIGSTORE_ID_TOKEN", &self.world.token()).run()
    }

    /// The flags with which it signs: cosign 2 has to be told addresses.
    fn signing(&self) -> Vec<String> {
        let url = |service| self.world.url(service).to_owned();
        match self.peer.version {
            2 => vec![
                "--yes".to_owned(),
                format!("--fulcio-url={}", url(Service::Fulcio)),
                format!("--rekor-url={}", url(Service::RekorV1)),
            ],
            _ => vec!["--yes".to_owned()],
        }
    }

    fn sign(&self, words: &[&str], what: &str) -> Output {
        let flags = self.signing();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        self.run(&[words, &flags, &[what]].concat())
    }

    fn verify(&self, words: &[&str], what: &str) -> Output {
        let signer = self.world.signer();
        let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
        self.run(&[words, &signer, &[what]].concat())
    }
}

fn rcosign_verifies(world: &World, words: &[&str], what: &str) -> Output {
    let signer = world.signer();
    let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
    world.rcosign(&[words, &signer, &[what]].concat())
}

#[test]
fn files_are_signed_and_verified_from_both_sides() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    // A second signature under its checkpoints is in nobody's way.
    let world = World::start_witnessed();
    let config = world.document("signing_config.rekor2.json");
    let root = world.document("trusted_root.json");
    world.rcosign(&["sign-blob", "--yes", "--bundle", "ours.json", "a.txt"]).ok();
    world
        .rcosign(&["sign-blob", "--yes", "--signing-config", &config, "--bundle", "ours-2.json", "a.txt"])
        .ok();
    assert!(world.programs.text("ours-2.json").contains("sandbox.localhost/witness"));
    for peer in &peers {
        let cosign = Initialized::new(peer, &world);
        // Version 2 of the log is newer than cosign 2, and the newer form is not its usual one: it asks for a trusted root.
        let (ours, newer): (&[&str], &[&str]) = match peer.version {
            2 => (&["ours.json"], &["--new-bundle-format", "--trusted-root", &root]),
            _ => (&["ours.json", "ours-2.json"], &[]),
        };
        for bundle in ours {
            let words = [&["verify-blob", "--bundle", bundle], newer].concat();
            cosign.verify(&words, "a.txt").ok();
            assert_ne!(cosign.verify(&words, "other.txt").code, 0, "{bundle}");
        }
        cosign.sign(&["sign-blob", "--bundle", "theirs.json"], "a.txt").ok();
        cosign.verify(&["verify-blob", "--bundle", "theirs.json"], "a.txt").ok();
        rcosign_verifies(&world, &["verify-blob", "--bundle", "theirs.json"], "a.txt").ok();
        rcosign_verifies(&world, &["verify-blob", "--bundle", "theirs.json"], "other.txt").code(12);
        if peer.version == 3 {
            let words = ["sign-blob", "--signing-config", &config, "--bundle", "theirs-2.json"];
            cosign.sign(&words, "a.txt").ok();
            cosign.verify(&["verify-blob", "--bundle", "theirs-2.json"], "a.txt").ok();
            rcosign_verifies(&world, &["verify-blob", "--bundle", "theirs-2.json"], "a.txt").ok();
        }
    }
}

#[test]
fn images_are_signed_and_verified_from_both_sides() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let world = World::start();
    let unsigned = world.image("unsigned");
    for peer in &peers {
        let cosign = Initialized::new(peer, &world);
        let form = if peer.version == 2 { "tag" } else { "bundle" };
        let [ours, theirs] = ["ours", "theirs"].map(|who| world.image(&format!("{who} {}", peer.version)));
        world.rcosign(&["sign", "--yes", "--write", form, &ours]).ok();
        cosign.verify(&["verify"], &ours).ok();
        cosign.sign(&["sign"], &theirs).ok();
        cosign.verify(&["verify"], &theirs).ok();
        rcosign_verifies(&world, &["verify"], &theirs).ok();
        assert_ne!(cosign.verify(&["verify"], &unsigned).code, 0);
    }
}

/// Without `initialize`: the variables of the files for shells are enough.
#[test]
fn variables_are_enough_for_cosign() {
    for peer in peers() {
        let world = World::start();
        let run = |args: &[&str]| {
            let run = world.programs.program(&peer.program, args);
            world.with_variables(run, peer.version == 2).run()
        };
        let signer = world.signer();
        let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
        run(&["sign-blob", "--yes", "--bundle", "b.json", "a.txt"]).ok();
        run(&[&["verify-blob", "--bundle", "b.json"], &signer[..], &["a.txt"]].concat()).ok();
        let image = world.image("one");
        run(&["sign", "--yes", &image]).ok();
        run(&[&["verify"], &signer[..], &[&image]].concat()).ok();
    }
}

/// PyPI's client, told one document alone.
#[test]
fn sigstore_python_signs_and_verifies_there() {
    let Some(python) = peer("sigstore-python") else { return };
    let world = World::start();
    let config = world.document("client_trust_config.json");
    let ask = |args: &[&str]| {
        let args = [&["-m", "sigstore", "--trust-config", &config], args].concat();
        world.programs.program(&python, &args).run()
    };
    let verify = |bundle: &str, file: &str| {
        let issuer = world.url(Service::Oidc);
        let signer = ["--cert-identity", "dev@example.com", "--cert-oidc-issuer", issuer];
        ask(&[&["verify", "identity", "--bundle", bundle], &signer[..], &[file]].concat())
    };
    ask(&["sign", "--identity-token", &world.token(), "--bundle", "theirs.json", "a.txt"]).ok();
    verify("theirs.json", "a.txt").ok();
    rcosign_verifies(&world, &["verify-blob", "--bundle", "theirs.json"], "a.txt").ok();
    let rekor2 = world.document("signing_config.rekor2.json");
    for (bundle, more) in [("1.json", &[][..]), ("2.json", &["--signing-config", &rekor2])] {
        let args = [&["sign-blob", "--yes", "--bundle", bundle], more, &["a.txt"]].concat();
        world.rcosign(&args).ok();
        verify(bundle, "a.txt").ok();
        assert_ne!(verify(bundle, "other.txt").code, 0, "{bundle}");
    }
}

/// npm's client, told the TUF repository.
#[test]
fn sigstore_js_verifies_what_was_signed_there() {
    let Some(js) = peer("sigstore-js") else { return };
    let world = World::start();
    world.rcosign(&["sign-blob", "--yes", "--bundle", "ours.json", "a.txt"]).ok();
    let (issuer, mirror) = (world.url(Service::Oidc), world.url(Service::Tuf));
    let root = world.document("root.json");
    let verify = |file: &str| {
        let signer = ["--certificate-identity-email", "dev@example.com", "--certificate-issuer", issuer];
        let tuf = ["--tuf-mirror-url", mirror, "--tuf-root-path", &root, "--tuf-cache-path", "cache"];
        let args = [&["verify", "ours.json", "--blob-file", file], &signer[..], &tuf].concat();
        world.programs.program(&js, &args).env("PATH", "/usr/local/bin:/usr/bin:/bin").run()
    };
    verify("a.txt").ok();
    assert_ne!(verify("other.txt").code, 0);
}
