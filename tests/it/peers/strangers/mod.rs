//! Signed and published at services that are not ours, judged by programs that are not ours: the real cosigns, and the Sigstore
//! clients of PyPI and npm.

mod clients;
mod converted;
mod first;
mod kept;
mod many;
mod matrix;
mod silence;

use super::registries::{Registry, distribution, push};
use super::services::Services;
use super::{Form, Peer};
use crate::support::{Output, Run, Sandbox, peer};

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Blob,
    BlobStatement,
    Image,
    ImageStatement,
}

impl What {
    fn is_image(self) -> bool {
        matches!(self, Self::Image | Self::ImageStatement)
    }

    fn is_statement(self) -> bool {
        matches!(self, Self::BlobStatement | Self::ImageStatement)
    }

    /// The commands that sign and verify it.
    fn commands(self) -> (&'static str, &'static str) {
        match self {
            Self::Blob => ("sign-blob", "verify-blob"),
            Self::BlobStatement => ("attest-blob", "verify-blob-attestation"),
            Self::Image => ("sign", "verify"),
            Self::ImageStatement => ("attest", "verify-attestation"),
        }
    }
}

/// How the signer learns of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By `signing_config.NAME.json` and the trusted root.
    Config(&'static str),
    /// By an address each, and trust material in variables.
    Flags { stamped: bool },
    /// From the TUF repository that `initialize` chose, and nothing else. The version of the log there.
    Repository(u8),
}

/// One way from a signer to a verifier.
#[derive(Debug, Clone, Copy)]
struct Case {
    what: What,
    keyless: bool,
    form: Form,
    way: Way,
}

impl Case {
    /// Whether only timestamps witness.
    fn is_unlogged(self) -> bool {
        self.way == Way::Config("tsa-only")
    }

    fn logs_by_version_2(self) -> bool {
        matches!(self.way, Way::Config("rekor2") | Way::Repository(2))
    }

    /// What `signer` (`None`: rcosign) can do. What 2.5 and 3.1 have no flags for, and what has no place in the older formats.
    fn can_be_signed_by(self, signer: Option<&Peer>) -> bool {
        let by_flags = matches!(self.way, Way::Flags { .. });
        match (signer.map(|peer| peer.version), self.form) {
            (Some(2), Form::Bundle) => by_flags && self.what != What::Image,
            // It takes trust material from the repository, and services by flags.
            (Some(2), _) => by_flags || self.way == Way::Repository(1),
            (Some(_), Form::Legacy) => by_flags,
            // Of the older ones, only images have room for a timestamp without a file of its own.
            (None, Form::Legacy) => {
                !self.logs_by_version_2() && (self.what.is_image() || !self.is_unlogged())
            }
            _ => true,
        }
    }

    fn can_be_verified_by(self, verifier: Option<&Peer>) -> bool {
        // 2.5 knows no logs of version 2, and finds no signatures in bundles beside images.
        let by_second = !self.logs_by_version_2() && (self.what != What::Image || self.form != Form::Bundle);
        verifier.is_none_or(|peer| peer.version == 3 || by_second)
    }
}

/// Who verifies is told something that is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    Identity,
    Issuer,
    Key,
    Artifact,
}

/// Services, a registry with an image, and a folder with what is signed.
struct World {
    services: Services,
    registry: Registry,
    sandbox: Sandbox,
    crane: std::path::PathBuf,
    /// `@sha256:...` of the image.
    digest: String,
}

impl World {
    fn start(flags: &[&str]) -> Option<Self> {
        let (services, sandbox) = (Services::start_with(flags)?, Sandbox::new());
        let (crane, registry) = (peer("crane")?, distribution(&sandbox, "", "")?);
        for name in ["a.txt", "other.txt"] {
            let _ = sandbox.file(name, format!("the artifact {name}\n"));
        }
        let _ = sandbox.file("p.json", "{\"a\": 1}");
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", "other"]).ok();
        let digest = push(&sandbox, &crane, &format!("{}/start:v1", registry.address), &[]);
        let world = Self { services, registry, sandbox, crane, digest };
        // What the repository is, is chosen once.
        std::fs::create_dir(world.sandbox.at("chosen")).unwrap();
        std::fs::create_dir(world.sandbox.at("empty")).unwrap();
        let (mirror, root) = (world.services.url(5), world.services.file("root.json"));
        let initialize = ["initialize", "--mirror", &mirror, "--root", &root];
        let _ = world.at_home(world.sandbox.rcosign(&initialize), true).run().ok();
        // The cache of 2.5 is of another kind.
        if let Some(second) = peer("cosign-2") {
            let _ = world.sandbox.program(&second, &initialize).env("TUF_ROOT", "second").run().ok();
        }
        Some(world)
    }

    /// With a home of its own, where a repository is chosen or not.
    fn at_home(&self, run: Run, chosen: bool) -> Run {
        let home = self.sandbox.at(if chosen { "chosen" } else { "empty" });
        run.env("HOME", home.to_str().unwrap()).without("COSIGN_OFFLINE")
    }

    /// A copy of the image, or the file.
    fn subject(&self, case: Case, name: &str) -> String {
        if !case.what.is_image() {
            return "a.txt".to_owned();
        }
        let to = format!("{}/{name}", self.registry.address);
        let from = format!("{}/start:v1", self.registry.address);
        let _ = self.sandbox.program(&self.crane, &["copy", &from, &format!("{to}:v1")]).run().ok();
        format!("{to}@{}", self.digest)
    }

    fn run(&self, case: Case, who: Option<&Peer>, args: &[String], variables: bool) -> Output {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = match who {
            Some(peer) => self.sandbox.program(&peer.program, &args),
            None => self.sandbox.rcosign(&args),
        };
        let is_second = who.is_some_and(|peer| peer.version == 2);
        let is_chosen = matches!(case.way, Way::Repository(_));
        let run = self.at_home(run, is_chosen && !is_second);
        match (is_second, is_chosen) {
            (true, true) => run.env("TUF_ROOT", "second").run(),
            (true, false) => self.services.variables(run).run(),
            _ if variables => self.services.variables(run).run(),
            _ => run.run(),
        }
    }

    /// Signs; returns what a log of version 1, and everybody else, says.
    fn sign(&self, case: Case, who: Option<&Peer>, subject: &str) -> Output {
        let is = |version| who.is_some_and(|peer| peer.version == version);
        let mut args = vec![case.what.commands().0.to_owned(), "--yes".to_owned()];
        let mut add = |more: &[&str]| args.extend(more.iter().map(|arg| (*arg).to_owned()));
        if case.keyless {
            add(&["--identity-token", &self.services.file("identity_token")]);
        } else {
            add(&["--key", "cosign.key"]);
        }
        let is_older = case.form == Form::Legacy;
        match case.way {
            Way::Config(name) => {
                add(&["--signing-config", &self.services.file(&format!("signing_config.{name}.json"))]);
                add(&["--trusted-root", &self.services.file("trusted_root.json")]);
            }
            Way::Flags { stamped } => {
                let [fulcio, rekor, tsa, issuer] = [0, 1, 3, 4].map(|place| self.services.url(place));
                add(&["--fulcio-url", &fulcio, "--rekor-url", &rekor, "--oidc-issuer", &issuer]);
                if is(3) {
                    add(&["--use-signing-config=false"]);
                }
                if is(3) && !is_older {
                    add(&["--trusted-root", &self.services.file("trusted_root.json")]);
                }
                if stamped {
                    add(&["--timestamp-server-url", &format!("{tsa}/api/v1/timestamp")]);
                }
                match case.what {
                    What::Blob if stamped && is_older => add(&["--rfc3161-timestamp", "t.json"]),
                    What::BlobStatement if stamped && is_older => {
                        add(&["--rfc3161-timestamp-bundle", "t.json"]);
                    }
                    _ => {}
                }
            }
            Way::Repository(_) if is(2) => {
                add(&["--fulcio-url", &self.services.url(0), "--rekor-url", &self.services.url(1)]);
            }
            Way::Repository(_) => {}
        }
        match (case.form, is(2)) {
            (Form::Bundle, true) => add(&["--new-bundle-format"]),
            (Form::Legacy, false) => add(&["--new-bundle-format=false"]),
            _ => {}
        }
        if case.what.is_statement() {
            add(&["--predicate", "p.json", "--type", "custom"]);
        }
        if !case.what.is_image() {
            add(&["--bundle", "b.json"]);
        }
        add(&[subject]);
        self.run(case, who, &args, matches!(case.way, Way::Flags { .. }))
    }

    fn verify(&self, case: Case, who: Option<&Peer>, subject: &str, lie: Lie) -> Output {
        let is = |version| who.is_some_and(|peer| peer.version == version);
        let mut args = vec![case.what.commands().1.to_owned()];
        let mut add = |more: &[&str]| args.extend(more.iter().map(|arg| (*arg).to_owned()));
        if case.keyless {
            let [name, identity, flag, issuer] = self.services.identity();
            let identity = if lie == Lie::Identity { "eve@example.com" } else { &identity };
            let issuer = if lie == Lie::Issuer { "https://issuer.example" } else { &issuer };
            add(&[&name, identity, &flag, issuer]);
        } else {
            add(&["--key", if lie == Lie::Key { "other.pub" } else { "cosign.pub" }]);
        }
        let is_older = case.form == Form::Legacy;
        // Of the older formats, the peers take no trusted root.
        let variables = match (case.way, who) {
            (Way::Config(_), None) => false,
            (Way::Repository(_), _) if !is(2) => false,
            (Way::Flags { .. }, None) => true,
            _ => is_older,
        };
        let root = self.services.file("trusted_root.json");
        match (case.way, variables) {
            (Way::Repository(_), _) if !is(2) => {}
            (_, false) => add(&["--trusted-root", &root]),
            (_, true) => add(&["--rekor-url", &self.services.url(1)]),
        }
        match (case.form, who.map(|peer| peer.version)) {
            (Form::Bundle, Some(2)) => add(&["--new-bundle-format"]),
            (Form::Legacy, Some(3)) => add(&["--new-bundle-format=false"]),
            _ => {}
        }
        match who {
            Some(_) if case.is_unlogged() => add(&["--insecure-ignore-tlog", "--use-signed-timestamps"]),
            None if case.is_unlogged() => add(&["--no-log", "--use-signed-timestamps"]),
            Some(_) if case.logs_by_version_2() => add(&["--use-signed-timestamps"]),
            _ => {}
        }
        if case.what.is_statement() {
            add(&["--type", "custom"]);
        }
        if !case.what.is_image() {
            add(&["--bundle", "b.json"]);
        }
        if !case.what.is_image() && is_older && case.way == (Way::Flags { stamped: true }) {
            add(&["--rfc3161-timestamp", "t.json", "--use-signed-timestamps"]);
        }
        add(&[if lie == Lie::Artifact { "other.txt" } else { subject }]);
        self.run(case, who, &args, variables)
    }
}
