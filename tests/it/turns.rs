//! How many requests are open at a time, whatever is asked for at once.

use std::time::Duration;

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};

use crate::support::{Sandbox, repository};

const IMAGES: usize = 12;
const DELAY: Duration = Duration::from_millis(20);

struct Served {
    sandbox: Sandbox,
    registry: Registry,
    images: Vec<String>,
}

impl Served {
    /// Images with signatures in both forms, in a registry whose answers take a while.
    fn start() -> Self {
        let (sandbox, registry) = (Sandbox::new(), Registry::start(Options::default()).unwrap());
        let key = std::fs::read(repository().join("testdata/keys/p256.pkcs8.pem")).unwrap();
        sandbox.file("k.key", key);
        sandbox.file("p.json", "{}");
        let _ = sandbox.run(&["public-key", "--key", "k.key", "--outfile", "k.pub"]).ok();
        let images: Vec<String> = (0..IMAGES)
            .map(|number| {
                let digest = registry.contents().plant_image("app", &format!("v{number}"));
                format!("{}/app@{digest}", registry.address())
            })
            .collect();
        let _ = sandbox.file("list", images.join("\n"));
        let served = Self { sandbox, registry, images };
        let _ = served.run(&["sign", "--key", "k.key", "--offline", "--write", "bundle,tag"]);
        served.registry.hook(|_| Fault::none().delayed(DELAY));
        served
    }

    fn run(&self, args: &[&str]) -> usize {
        self.registry.journal().clear();
        let _ = self.sandbox.run(&[args, &["--from-file", "list"]].concat()).ok();
        self.open_at_once()
    }

    /// The most requests that were open at the same time.
    fn open_at_once(&self) -> usize {
        let spans: Vec<_> = self
            .registry
            .journal()
            .requests()
            .into_iter()
            // No answer comes earlier, and the one who asked waits for it: when the journal gets to it says nothing of that.
            .map(|request| (request.received, request.received + DELAY))
            .collect();
        assert!(spans.len() >= IMAGES);
        let open = |at: Duration| spans.iter().filter(|(from, to)| *from <= at && at < *to).count();
        spans.iter().map(|(from, _)| open(*from)).max().unwrap()
    }
}

/// One bound for the whole run, and not one for the images, and one for the candidates of each, and one for their layers.
#[test]
fn verify_has_one_bound_for_all_images() {
    let served = Served::start();
    for command in ["verify", "verify-attestation"] {
        if command == "verify-attestation" {
            served.registry.hook(|_| Fault::none());
            let _ = served.run(&[
                "attest",
                "--key",
                "k.key",
                "--offline",
                "--predicate",
                "p.json",
                "--type",
                "https://a.example",
            ]);
            served.registry.hook(|_| Fault::none().delayed(DELAY));
        }
        let own: &[&str] = match command {
            "verify" => &["verify", "--key", "k.pub", "--no-log"],
            _ => &["verify-attestation", "--key", "k.pub", "--no-log", "--type", "https://a.example"],
        };
        for workers in ["1", "2", "5"] {
            let most = served.run(&[own, &["--max-workers", workers]].concat());
            let bound: usize = workers.parse().unwrap();
            assert!(most <= bound && (bound == 1 || most > 1), "{command}: {most} with {workers}");
        }
        let most = served.run(own);
        assert!(most <= 24 && most > 2, "{command}: {most}");
    }
}

/// Eight images at a time, each with two blobs and a question for each form: it does not grow with the list.
#[test]
fn signing_many_images_has_a_bound() {
    let served = Served::start();
    for form in ["bundle", "tag", "bundle,tag"] {
        let bound = if form == "bundle,tag" { 48 } else { 24 };
        let most = served.run(&["sign", "--key", "k.key", "--offline", "--write", form]);
        assert!(most <= bound && most > 2, "sign --write {form}: {most}");
        let args =
            ["attest", "--key", "k.key", "--offline", "--predicate", "p.json", "--replace", "--write", form];
        let most = served.run(&args);
        assert!(most <= bound && most > 2, "attest --write {form}: {most}");
    }
}

/// An index with many children, each with signatures.
#[test]
fn copying_much_has_a_bound() {
    let served = Served::start();
    let contents = served.registry.contents();
    let entries: Vec<_> = served
        .images
        .iter()
        .map(|image| {
            let digest = image.rsplit_once('@').unwrap().1;
            let (media_type, bytes) = contents.manifest("app", digest).unwrap();
            serde_json::json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
        })
        .collect();
    let index = "application/vnd.oci.image.index.v1+json";
    let text =
        serde_json::json!({ "schemaVersion": 2, "mediaType": index, "manifests": entries }).to_string();
    let _ = contents.plant_manifest("app", Some("all"), index, text);
    let (from, to) =
        (format!("{}/app:all", served.registry.address()), format!("{}/copy:all", served.registry.address()));
    for args in [
        &["copy", from.as_str(), to.as_str()][..],
        &["save", "--dir", "saved", from.as_str()],
        &["load", "--dir", "saved", to.as_str()],
        &["tree", from.as_str()],
    ] {
        served.registry.journal().clear();
        let _ = served.sandbox.run(args).ok();
        if args[0] != "tree" && args[0] != "load" {
            let most = served.open_at_once();
            assert!(most <= 32, "{args:?}: {most}");
        }
    }
}
