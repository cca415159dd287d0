//! The Sigstore clients of PyPI (`sigstore`) and npm (`@sigstore/cli`) verify what rcosign signs, and rcosign what the first one
//! signs. They are `sigstore-python` and `sigstore-js` among the peers; `.ci/fetch-clients.sh` installs them.

use std::path::PathBuf;

use super::{Lie, What, World};
use crate::support::{Output, peer};

/// What `sigstore verify` does with an envelope, without its look at the statement: that knows in-toto 1.0 alone, with a name for
/// each subject, and what cosign states is 0.1, or about images, which have none.
const VERIFY_ENVELOPE: &str = "
import sys
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier, policy
trust, bundle, identity, issuer = sys.argv[1:]
trust = ClientTrustConfig.from_json(open(trust).read()).trusted_root
bundle = Bundle.from_json(open(bundle).read())
Verifier(trusted_root=trust).verify_dsse(bundle, policy.Identity(identity=identity, issuer=issuer))
";

/// A bundle that rcosign made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Of(What),
    /// A statement of in-toto 1.0, given as it is.
    Statement,
}

const MADE: [Made; 5] = [
    Made::Of(What::Blob),
    Made::Statement,
    Made::Of(What::BlobStatement),
    Made::Of(What::Image),
    Made::Of(What::ImageStatement),
];

struct Clients {
    world: World,
    python: PathBuf,
    js: PathBuf,
}

impl Clients {
    fn start() -> Option<Self> {
        let (python, js) = (peer("sigstore-python")?, peer("sigstore-js")?);
        // @sigstore/core 4 takes a time with another fraction than of three digits, as ASN.1 writes most of them, for none.
        let world = World::start(&["--whole-seconds"])?;
        let digest = rcosign::internals::crypto::HashAlgorithm::Sha256.digest(&world.sandbox.read("a.txt"));
        let statement = serde_json::json!({ "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "a.txt", "digest": { "sha256": digest.to_string().split_once(':').unwrap().1 } }],
            "predicateType": "https://example.com/predicate", "predicate": { "a": 1 } });
        let _ = world.sandbox.file("statement.json", statement.to_string());
        let provenance = serde_json::json!({ "runDetails": { "builder": { "id": "https://example.com" } },
            "buildDefinition": { "buildType": "https://example.com", "externalParameters": {} } });
        let _ = world.sandbox.file("provenance.json", provenance.to_string());
        Some(Self { world, python, js })
    }

    /// Makes the bundle `b.json`.
    fn make(&self, config: &str, made: Made) {
        let services = &self.world.services;
        let image = format!("{}/start@{}", self.world.registry.address, self.world.digest);
        let config = services.file(&format!("signing_config.{config}.json"));
        let (root, token) = (services.file("trusted_root.json"), services.file("identity_token"));
        let what = match made {
            Made::Of(what) => what,
            Made::Statement => What::BlobStatement,
        };
        let mut args = vec![what.commands().0, "--yes", "--trusted-root", &root, "--signing-config", &config];
        args.extend(["--identity-token", &token, "--bundle", "b.json"]);
        match made {
            Made::Of(What::BlobStatement | What::ImageStatement) => {
                args.extend(["--predicate", "p.json", "--type", "custom"]);
            }
            Made::Statement => args.extend(["--statement", "statement.json"]),
            Made::Of(_) => {}
        }
        match (made, what.is_image()) {
            (Made::Statement, _) => {}
            (_, true) => args.push(&image),
            (_, false) => args.push("a.txt"),
        }
        let _ = self.world.sandbox.run(&args).ok();
    }

    fn signer(&self, lie: Lie) -> (String, String) {
        let [_, identity, _, issuer] = self.world.services.identity();
        match lie {
            Lie::Identity => ("eve@example.com".to_owned(), issuer),
            Lie::Issuer => (identity, "https://issuer.example".to_owned()),
            _ => (identity, issuer),
        }
    }

    fn python(&self, made: Made, lie: Lie) -> Output {
        let trust = self.world.services.file("client_trust_config.json");
        let (identity, issuer) = self.signer(lie);
        let blob = if lie == Lie::Artifact { "other.txt" } else { "a.txt" };
        let args = match made {
            Made::Of(What::Blob) | Made::Statement => {
                let verify =
                    ["-m", "sigstore", "--trust-config", &trust, "verify", "identity", "--bundle", "b.json"];
                [&verify[..], &["--cert-identity", &identity, "--cert-oidc-issuer", &issuer, blob]].concat()
            }
            Made::Of(_) => vec!["-c", VERIFY_ENVELOPE, &trust, "b.json", &identity, &issuer],
        };
        self.world.sandbox.program(&self.python, &args).run()
    }

    fn js(&self, made: Made, lie: Lie) -> Output {
        let services = &self.world.services;
        let ((identity, issuer), mirror, root) =
            (self.signer(lie), services.url(5), services.file("root.json"));
        let cache = self.world.sandbox.at("tuf");
        let mut args = vec!["verify", "b.json", "--certificate-identity-email", &identity];
        args.extend(["--certificate-issuer", &issuer, "--tuf-mirror-url", &mirror, "--tuf-root-path", &root]);
        args.extend(["--tuf-cache-path", cache.to_str().unwrap()]);
        match (made, lie) {
            (Made::Of(What::Blob), Lie::Artifact) => args.extend(["--blob-file", "other.txt"]),
            (Made::Of(What::Blob), _) => args.extend(["--blob-file", "a.txt"]),
            _ => {}
        }
        self.world.sandbox.program(&self.js, &args).run()
    }
}

#[test]
fn bundles_verify_with_the_clients_of_pypi_and_npm() {
    let Some(clients) = Clients::start() else { return };
    for config in ["rekor1", "rekor1-no-tsa", "rekor2"] {
        for made in MADE {
            clients.make(config, made);
            for (name, verify) in
                [("sigstore-python", Clients::python as fn(&_, _, _) -> _), ("sigstore-js", Clients::js)]
            {
                let good: Output = verify(&clients, made, Lie::None);
                assert_eq!(good.code, 0, "{name} {config} {made:?}: {}{}", good.stdout, good.stderr);
                // Whose statement it is, is what npm's says of statements; what they are about it leaves to its user.
                let about = match (made, name) {
                    (Made::Of(What::Blob), _) | (Made::Statement, "sigstore-python") => Some(Lie::Artifact),
                    _ => None,
                };
                // Each start takes a second: lies are told of one witness alone.
                let lies = [Lie::Identity, Lie::Issuer].into_iter().chain(about);
                for lie in lies.filter(|_| config == "rekor2") {
                    let bad: Output = verify(&clients, made, lie);
                    assert_ne!(bad.code, 0, "{name} {config} {made:?} {lie:?}");
                }
            }
        }
    }
}

#[test]
fn what_the_client_of_pypi_signs_verifies() {
    let Some(clients) = Clients::start() else { return };
    let (world, sandbox) = (&clients.world, &clients.world.sandbox);
    let services = &world.services;
    let read = |name: &str| std::fs::read_to_string(services.file(name)).unwrap();
    let token = read("identity_token");
    for config in ["rekor1", "rekor2"] {
        let mut trust: serde_json::Value = serde_json::from_str(&read("client_trust_config.json")).unwrap();
        trust["signingConfig"] =
            serde_json::from_str(&read(&format!("signing_config.{config}.json"))).unwrap();
        let _ = sandbox.file("trust.json", trust.to_string());
        let predicate =
            ["--predicate", "provenance.json", "--predicate-type", "https://slsa.dev/provenance/v1"];
        for (command, more, verb) in [
            ("sign", &[][..], &["verify-blob"][..]),
            ("attest", &predicate, &["verify-blob-attestation", "--type", "slsaprovenance1"]),
        ] {
            let args =
                ["-m", "sigstore", "--trust-config", "trust.json", command, "--identity-token", token.trim()];
            let args = [&args[..], more, &["--overwrite", "--bundle", "b.json", "a.txt"]].concat();
            let _ = sandbox.program(&clients.python, &args).run().ok();
            let root = services.file("trusted_root.json");
            for (lie, blob, code) in [
                (Lie::None, "a.txt", 0),
                (Lie::Identity, "a.txt", 12),
                (Lie::Issuer, "a.txt", 12),
                (Lie::None, "other.txt", 12),
            ] {
                let (identity, issuer) = clients.signer(lie);
                let signer = ["--certificate-identity", &identity, "--certificate-oidc-issuer", &issuer];
                let args =
                    [verb, &["--trusted-root", &root, "--bundle", "b.json"], &signer, &[blob]].concat();
                let output = sandbox.run(&args);
                assert_eq!(output.code, code, "{config} {command} {lie:?} {blob}: {}", output.stderr);
            }
        }
    }
}
