//! Images with signatures in every form, planted in a registry of this process: what is signed is made by the commands for
//! files, how it is stored is written down here.

use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::{Value, json};

use crate::support::{Output, Sandbox};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
pub const REPOSITORY: &str = "app/one";

/// A registry, and the keys `a` and `b`.
pub struct World {
    pub sandbox: Sandbox,
    pub registry: Registry,
}

impl World {
    pub fn new(options: Options) -> Self {
        let sandbox = Sandbox::new();
        for name in ["a", "b"] {
            let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", name]).ok();
        }
        Self { sandbox, registry: Registry::start(options).unwrap() }
    }

    /// Without the referrers API.
    pub fn without_referrers() -> Self {
        Self::new(Options { referrers: false, ..Options::default() })
    }

    pub fn image(&self, tag: &str) -> Image {
        let digest = self.registry.contents().plant_image(REPOSITORY, tag);
        self.named(&digest, tag)
    }

    /// The image with this digest.
    pub fn named(&self, digest: &str, tag: &str) -> Image {
        let place = format!("{}/{REPOSITORY}", self.registry.address());
        Image { digest: digest.to_owned(), tag: tag.to_owned(), place }
    }

    /// The payload of `image`, and its signature in base64.
    pub fn payload(&self, image: &Image, key: &str, annotations: &[&str]) -> (String, String) {
        let reference = image.by_digest();
        let mut args = vec!["generate", reference.as_str()];
        args.extend(annotations.iter().flat_map(|annotation| ["-a", annotation]));
        let payload = self.sandbox.run(&args).ok().stdout;
        self.sandbox.file("payload", &payload);
        let key = format!("{key}.key");
        let signature = self.sandbox.run(&["sign-blob", "--key", &key, "--offline", "payload"]).ok().stdout;
        (payload, signature.trim().to_owned())
    }

    /// A layer with a payload.
    pub fn layer(&self, repository: &str, image: &Image, key: &str, annotations: &[&str]) -> Value {
        let (payload, signature) = self.payload(image, key, annotations);
        let digest = self.registry.contents().plant_blob(repository, payload.clone());
        json!({
            "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
            "digest": digest,
            "size": payload.len(),
            "annotations": { "dev.cosignproject.cosign/signature": signature },
        })
    }

    /// A layer with an envelope.
    pub fn envelope(&self, image: &Image, key: &str, predicate_type: &str) -> Value {
        let statement = statement(image, predicate_type, &json!({}));
        self.sandbox.file("statement.json", statement.to_string());
        let key = format!("{key}.key");
        let envelope = self
            .sandbox
            .run(&["attest-blob", "--statement", "statement.json", "--key", &key, "--offline"])
            .ok()
            .stdout;
        let envelope = envelope.trim().to_owned();
        let digest = self.registry.contents().plant_blob(REPOSITORY, envelope.clone());
        json!({
            "mediaType": "application/vnd.dsse.envelope.v1+json",
            "digest": digest,
            "size": envelope.len(),
            "annotations": { "dev.cosignproject.cosign/signature": "", "predicateType": predicate_type },
        })
    }

    /// Puts layers under the tag of attachments with this suffix.
    pub fn tag(&self, repository: &str, image: &Image, suffix: &str, layers: &[Value]) {
        let config = self.registry.contents().plant_blob(repository, "{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config, "size": 2 },
            "layers": layers,
        });
        let tag = format!("{}.{suffix}", image.dashed());
        self.registry.contents().plant_manifest(repository, Some(&tag), MANIFEST, manifest.to_string());
    }

    /// A bundle with a statement about the image; the document.
    pub fn bundle(&self, image: &Image, key: &str, predicate_type: &str, annotations: &Value) -> Vec<u8> {
        let statement = statement(image, predicate_type, annotations);
        self.sandbox.file("statement.json", statement.to_string());
        let key = format!("{key}.key");
        let args = [
            "attest-blob",
            "--statement",
            "statement.json",
            "--key",
            &key,
            "--offline",
            "--bundle",
            "b.json",
        ];
        let _ = self.sandbox.run(&args).ok();
        self.sandbox.read("b.json")
    }

    /// Lets a document refer to the image; the descriptor of its manifest, as cosign's fallback indexes have it.
    pub fn refer(&self, repository: &str, image: &Image, media_type: &str, document: &[u8]) -> Value {
        let blob = self.registry.contents().plant_blob(repository, document);
        let layer = json!({ "mediaType": media_type, "digest": blob, "size": document.len() });
        self.refer_layers(repository, image, (media_type, EMPTY), &[layer])
    }

    pub fn refer_layers(
        &self,
        repository: &str,
        image: &Image,
        (artifact_type, config_type): (&str, &str),
        layers: &[Value],
    ) -> Value {
        let config = self.registry.contents().plant_blob(repository, "{}");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": config_type, "digest": config, "size": 2 },
            "layers": layers,
            "subject": { "mediaType": MANIFEST, "digest": image.digest, "size": 1 },
        });
        if !artifact_type.is_empty() {
            manifest["artifactType"] = artifact_type.into();
        }
        let text = manifest.to_string();
        let size = text.len();
        let digest = self.registry.contents().plant_manifest(repository, None, MANIFEST, text);
        json!({ "mediaType": MANIFEST, "digest": digest, "size": size, "artifactType": EMPTY })
    }

    /// Writes the fallback index.
    pub fn fallback(&self, image: &Image, entries: &[Value]) {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        self.registry.contents().plant_manifest(REPOSITORY, Some(&image.dashed()), INDEX, index);
    }

    /// A signature as cosign 3 makes it; the descriptor of its manifest.
    pub fn sign_bundle(&self, image: &Image, key: &str) -> Value {
        let bundle = self.bundle(image, key, SIGN, &json!({}));
        self.refer(REPOSITORY, image, BUNDLE, &bundle)
    }

    /// A signature as cosign 2 makes it.
    pub fn sign_tag(&self, image: &Image, key: &str) {
        let layer = self.layer(REPOSITORY, image, key, &[]);
        self.tag(REPOSITORY, image, "sig", &[layer]);
    }

    /// `verify` with the public key `a`.
    pub fn verify(&self, image: &str, args: &[&str]) -> Output {
        self.with_key("verify", "a", image, args)
    }

    pub fn with_key(&self, command: &str, key: &str, image: &str, args: &[&str]) -> Output {
        let key = format!("{key}.pub");
        let fixed = [command, "--key", &key, "--no-log", "--retry-for", "0s"];
        self.sandbox.run(&[&fixed[..], args, &[image]].concat())
    }
}

fn statement(image: &Image, predicate_type: &str, annotations: &Value) -> Value {
    let hex = image.digest.trim_start_matches("sha256:");
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": hex }, "annotations": annotations }],
        "predicateType": predicate_type,
        "predicate": {},
    })
}

/// An image in the registry.
pub struct Image {
    pub digest: String,
    pub tag: String,
    pub place: String,
}

impl Image {
    pub fn by_digest(&self) -> String {
        format!("{}@{}", self.place, self.digest)
    }

    pub fn by_tag(&self) -> String {
        format!("{}:{}", self.place, self.tag)
    }

    pub fn dashed(&self) -> String {
        self.digest.replacen(':', "-", 1)
    }
}
