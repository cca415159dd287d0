//! Everything that a key of any source can sign, verified here and by the real cosigns.

use rcosign::internals::sandbox::registry::{Options, Registry};

use super::{Form, KINDS, Kind, Peer, peers};
use crate::support::{Output, Sandbox, repository};

/// A key, wherever it is.
pub struct Held<'a> {
    /// Where commands run.
    pub sandbox: &'a Sandbox,
    /// The flags that name it.
    pub key: &'a [&'a str],
    /// One of [`KINDS`].
    pub kind: &'a str,
    /// A variable that signing needs, and nothing else.
    pub secret: Option<(&'a str, &'a str)>,
}

impl Held<'_> {
    /// Signs and attests a file and an image, in every form; each is verified here by the reference and by the public key, and by
    /// the real cosigns with the public key. Another file, and another key, are refused.
    pub fn signs_everything(&self) {
        let s = self.sandbox;
        let _ = s.file("predicate.json", "{\"a\":1}");
        let _ = s.file("artifact.txt", "the artifact\n");
        let _ = s.file("other.txt", "another artifact\n");
        let _ = s.run(&[&["public-key", "--outfile", "held.pub"], self.key].concat()).ok();
        let other = if self.kind == "p256" { "rsa2048" } else { "p256" };
        let other = repository().join(format!("testdata/keys/{other}.pub.pem"));
        let _ = s.file("stranger.pub", std::fs::read(other).unwrap());
        self.files();
        self.images();
    }

    fn sign(&self, args: &[&str]) {
        let mut run = self.sandbox.rcosign(&[args, &["--offline"], self.key].concat());
        if let Some((name, value)) = self.secret {
            run = run.env(name, value);
        }
        let _ = run.run().ok();
    }

    fn kind(&self) -> &'static Kind {
        KINDS.iter().find(|kind| kind.name == self.kind).unwrap()
    }

    /// The real cosigns that can verify what this kind of key signs, with the flags for that.
    fn judges(&self) -> Vec<(Peer, Vec<&'static str>)> {
        let judge = |peer: Peer| self.kind().verifiable_by(&peer).map(|more| (peer, more));
        peers().into_iter().filter_map(judge).collect()
    }

    /// What the real cosign says with this public key.
    fn asked(&self, (peer, more): &(Peer, Vec<&'static str>), key: &str, args: &[&str]) -> Output {
        let args = [&args[..1], more, &["--key", key], &args[1..]].concat();
        peer.run(self.sandbox, &args)
    }

    fn files(&self) {
        let s = self.sandbox;
        let attest = ["attest-blob", "--predicate", "predicate.json", "--type", "custom"];
        for (form, file) in [(Form::Detached, "signature"), (Form::Bundle, "bundle.json")] {
            let (made, read) = form.flags();
            let of_attestation = format!("attestation.{file}");
            self.sign(&["sign-blob", made, file, "artifact.txt"]);
            self.sign(&[&attest[..], &[made, &of_attestation, "artifact.txt"]].concat());
            let signature: &[&str] = &["verify-blob", read, file];
            let attestation: &[&str] =
                &["verify-blob-attestation", "--type", "custom", read, &of_attestation];
            for words in [signature, attestation] {
                for key in [self.key, &["--key", "held.pub"]] {
                    let _ = s.run(&[words, key, &["--no-log", "artifact.txt"]].concat()).ok();
                    let _ = s.run(&[words, key, &["--no-log", "other.txt"]].concat()).code(12);
                }
                let _ =
                    s.run(&[words, &["--key", "stranger.pub", "--no-log", "artifact.txt"]].concat()).code(12);
                for judge in &self.judges() {
                    let flags = judge.0.verifying(form);
                    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
                    let ask = |key, file| self.asked(judge, key, &[words, &flags, &[file]].concat());
                    let _ = ask("held.pub", "artifact.txt").ok();
                    assert_ne!(ask("held.pub", "other.txt").code, 0, "{words:?} {judge:?}");
                    assert_ne!(ask("stranger.pub", "artifact.txt").code, 0, "{words:?} {judge:?}");
                }
            }
        }
    }

    fn images(&self) {
        let registry = Registry::start(Options::default()).unwrap();
        let image = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app@{image}", registry.address());
        let attest = ["attest", "--predicate", "predicate.json", "--type", "custom"];
        for words in [&["sign"][..], &attest] {
            self.sign(&[words, &["--write", "bundle,tag", &image]].concat());
        }
        for words in [&["verify"][..], &["verify-attestation", "--type", "custom"]] {
            for key in [self.key, &["--key", "held.pub"]] {
                let _ = self.sandbox.run(&[words, key, &["--no-log", &image]].concat()).ok();
            }
            let args = [words, &["--key", "stranger.pub", "--no-log", &image]].concat();
            let _ = self.sandbox.run(&args).code(12);
            for judge in &self.judges() {
                let tag: &[&str] = &["--insecure-ignore-tlog", "--new-bundle-format=false"];
                let forms = if judge.0.version == 3 { &[&tag[..1], tag][..] } else { &[&tag[..1]] };
                for flags in forms {
                    let ask = |key| self.asked(judge, key, &[words, flags, &[&image]].concat());
                    let _ = ask("held.pub").ok();
                    assert_ne!(ask("stranger.pub").code, 0, "{words:?} {flags:?} {judge:?}");
                }
            }
        }
    }
}
