//! What is attacked: an image with everything that can belong to one, and every command that asks for it.

use std::path::Path;
use std::sync::OnceLock;

use rcosign::internals::crypto::{KeyType, PrivateKey, pem};
use rcosign::internals::sandbox::registry::{Access, Options, Registry, Request};
use serde_json::{Value, json};

use super::watched::{Watched, watch};
use crate::support::Sandbox;
use crate::verify_images::signed::{BUNDLE, INDEX, MANIFEST, REPOSITORY, World};

const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";
pub const USER: &str = "robot";
pub const SECRET: &str = "hunter2-of-the-registry";

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    /// The manifest of the image, by tag or by digest.
    Image,
    /// The referrers API.
    Referrers,
    /// The fallback index.
    Fallback,
    /// The tag of signatures.
    Signatures,
    /// The tag of attestations.
    Attestations,
    /// The tag of SBOMs.
    Sboms,
    /// The manifest of something that refers to the image.
    Referrer,
    /// The content of a blob.
    Blob,
    /// Whether a blob is there.
    HasBlob,
    /// An upload, from its beginning to its end.
    Upload,
    /// Writing a manifest.
    Write,
    /// Removing a manifest.
    Removal,
    /// The list of tags.
    Tags,
    /// Anything else.
    Other,
}

impl About {
    pub fn of(request: &Request, prepared: &Prepared) -> Self {
        let path = request.path.as_str();
        let reads = request.method == "GET" || request.method == "HEAD";
        match path.rsplit_once("/manifests/").map(|(_, reference)| reference) {
            Some(_) if request.method == "DELETE" => Self::Removal,
            Some(_) if !reads => Self::Write,
            Some(reference) if reference.ends_with(".sig") => Self::Signatures,
            Some(reference) if reference.ends_with(".att") => Self::Attestations,
            Some(reference) if reference.ends_with(".sbom") => Self::Sboms,
            Some(reference) if reference.starts_with("sha256-") => Self::Fallback,
            Some(reference)
                if reference.starts_with("sha256:") && !prepared.images.contains(&reference.to_owned()) =>
            {
                Self::Referrer
            }
            Some(_) => Self::Image,
            None if path.contains("/referrers/") => Self::Referrers,
            None if path.contains("/blobs/uploads") => Self::Upload,
            None if path.contains("/blobs/") && request.method == "GET" => Self::Blob,
            None if path.contains("/blobs/") => Self::HasBlob,
            None if path.ends_with("/tags/list") => Self::Tags,
            None => Self::Other,
        }
    }
}

/// A manifest: its tags, media type and bytes.
type Planted = (Vec<String>, String, Vec<u8>);

/// All that is made once: keys, files, and what is planted in every registry.
pub struct Prepared {
    world: World,
    blobs: Vec<Vec<u8>>,
    manifests: Vec<Planted>,
    /// The digests of the image and of the index that holds it.
    pub images: Vec<String>,
}

impl Prepared {
    pub fn get() -> &'static Self {
        static PREPARED: OnceLock<Prepared> = OnceLock::new();
        PREPARED.get_or_init(Self::make)
    }

    fn make() -> Self {
        // Its own referrers API off: the fallback index is then a source of its own.
        let world = World::without_referrers();
        for name in ["a", "b"] {
            plain_key(&world.sandbox, name);
        }
        let image = world.image("v1");
        let layer = world.layer(REPOSITORY, &image, "a", &[]);
        world.tag(REPOSITORY, &image, "sig", &[layer]);
        let envelope = world.envelope(&image, "a", CUSTOM);
        world.tag(REPOSITORY, &image, "att", &[envelope]);
        let sbom = world.registry.contents().plant_blob(REPOSITORY, "SPDXVersion: SPDX-2.3");
        let sbom = json!({ "mediaType": "text/spdx", "digest": sbom, "size": 21 });
        world.tag(REPOSITORY, &image, "sbom", &[sbom]);
        let signed = world.sign_bundle(&image, "a");
        let bundle = world.bundle(&image, "a", CUSTOM, &json!({}));
        let attested = world.refer(REPOSITORY, &image, BUNDLE, &bundle);
        let foreign = world.refer(REPOSITORY, &image, "application/vnd.example.note", b"a note");
        world.fallback(&image, &[signed, attested, foreign]);
        let (_, bytes) = world.registry.contents().manifest(REPOSITORY, &image.digest).unwrap();
        let child = json!({
            "mediaType": MANIFEST, "digest": image.digest, "size": bytes.len(),
            "platform": { "os": "linux", "architecture": "amd64" },
        });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [child] }).to_string();
        let index = world.registry.contents().plant_manifest(REPOSITORY, Some("index"), INDEX, index);
        world.sign_tag(&world.named(&index, "index"), "a");
        let _ = world.payload(&image, "a", &[]);
        let (payload, signature) = world.payload(&image, "a", &[]);
        world.sandbox.file("payload.json", payload);
        world.sandbox.file("payload.sig", signature);
        world.sandbox.file("bundle.json", bundle);
        world.sandbox.file("predicate.json", "{}");
        world.sandbox.file("module.wasm", b"\0asm\x01\0\0\0");
        let saved = world.sandbox.run(&["save", "--dir", "saved", &image.by_tag()]);
        let _ = saved.ok();
        let contents = world.registry.contents();
        let tags = contents.tags(REPOSITORY);
        let (mut blobs, mut manifests) = (Vec::new(), Vec::new());
        for digest in contents.manifests(REPOSITORY) {
            let (media_type, bytes) = contents.manifest(REPOSITORY, &digest).unwrap();
            let document: Value = serde_json::from_slice(&bytes).unwrap();
            let layers = document["layers"].as_array().cloned().unwrap_or_default();
            for descriptor in layers.iter().chain([&document["config"]]) {
                blobs.extend(
                    descriptor["digest"].as_str().and_then(|digest| contents.blob(REPOSITORY, digest)),
                );
            }
            let own = tags.iter().filter(|(_, d)| *d == digest).map(|(tag, _)| tag.clone()).collect();
            manifests.push((own, media_type, bytes));
        }
        let images = vec![image.digest, index];
        Self { world, blobs, manifests, images }
    }

    /// A registry with all of it.
    pub fn registry(&self, options: Options) -> Registry {
        let registry = Registry::start(options).unwrap();
        let contents = registry.contents();
        for blob in &self.blobs {
            contents.plant_blob(REPOSITORY, blob.clone());
        }
        for (tags, media_type, bytes) in &self.manifests {
            let digest = contents.plant_manifest(REPOSITORY, None, media_type, bytes.clone());
            for tag in tags {
                contents.plant_tag(REPOSITORY, tag, &digest);
            }
        }
        registry
    }

    /// A folder with the keys and the files.
    pub fn folder(&self, registry: &Registry) -> Sandbox {
        let folder = Sandbox::new();
        copy(self.world.sandbox.path(), folder.path());
        let _ = std::fs::remove_dir_all(folder.at("tmp"));
        std::fs::create_dir(folder.at("tmp")).unwrap();
        let image = format!("{}/{REPOSITORY}:v1", registry.address());
        folder.file("Dockerfile", format!("FROM {image}\n"));
        folder.file(
            "pod.yaml",
            format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      image: {image}\n"),
        );
        folder.file("note.txt", "a note");
        folder
    }
}

/// A key that is not encrypted: no scrypt, whose time and memory are larger than all that is measured here.
fn plain_key(sandbox: &Sandbox, name: &str) {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let (private, public) = (format!("{name}.key"), format!("{name}.pub"));
    sandbox.file(&private, pem::encode("PRIVATE KEY", key.to_pkcs8().unwrap().expose()));
    let _ = std::fs::remove_file(sandbox.at(&public));
    let _ = sandbox.run(&["public-key", "--key", &private, "--outfile", &public]).ok();
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            let _ = std::fs::create_dir(&to);
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// What a command is for, as far as the rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Says `verified` where the key `a` signed.
    Verifies,
    /// The same with a key that signed nothing: never succeeds.
    Refuses,
    /// Shows something.
    Reads,
    /// Writes to the registry.
    Writes,
}

/// A command that talks to a registry: its name here, its words, and what it is for. `IMAGE` is the image by its tag, `DIGEST` by its
/// digest, `INDEX` the index, `PLACE` the repository, `HOST` the registry.
pub const COMMANDS: &[(&str, &str, Purpose)] = &[
    ("verify", "verify --key a.pub --no-log DIGEST", Purpose::Verifies),
    ("verify by tag", "verify --key a.pub --no-log IMAGE", Purpose::Verifies),
    ("verify --recursive", "verify --key a.pub --no-log --recursive INDEX", Purpose::Verifies),
    ("verify with another key", "verify --key b.pub --no-log DIGEST", Purpose::Refuses),
    ("verify-attestation", "verify-attestation --key a.pub --no-log DIGEST", Purpose::Verifies),
    (
        "verify-attestation with another key",
        "verify-attestation --key b.pub --no-log DIGEST",
        Purpose::Refuses,
    ),
    ("dockerfile verify", "dockerfile verify --key b.pub --no-log Dockerfile", Purpose::Refuses),
    ("manifest verify", "manifest verify --key b.pub --no-log pod.yaml", Purpose::Refuses),
    ("download signature", "download signature IMAGE", Purpose::Reads),
    ("download attestation", "download attestation IMAGE", Purpose::Reads),
    ("download sbom", "download sbom IMAGE", Purpose::Reads),
    ("tree", "tree IMAGE", Purpose::Reads),
    ("tree --experimental-oci11", "tree --experimental-oci11 IMAGE", Purpose::Reads),
    ("triangulate", "triangulate IMAGE", Purpose::Reads),
    ("generate", "generate IMAGE", Purpose::Reads),
    ("save", "save --dir out IMAGE", Purpose::Reads),
    ("login", "login --username robot --password hunter2-of-the-registry HOST", Purpose::Reads),
    ("sign", "sign --key a.key --offline -y DIGEST", Purpose::Writes),
    ("sign under the tag", "sign --key b.key --offline -y --write tag DIGEST", Purpose::Writes),
    (
        "sign --skip-existing",
        "sign --key a.key --offline -y --write bundle,tag --skip-existing IMAGE",
        Purpose::Writes,
    ),
    (
        "attest",
        "attest --key a.key --offline -y --type custom --predicate predicate.json DIGEST",
        Purpose::Writes,
    ),
    (
        "attest --replace",
        "attest --key a.key --offline -y --write bundle,tag --replace --type custom --predicate predicate.json IMAGE",
        Purpose::Writes,
    ),
    (
        "attach signature",
        "attach signature --signature payload.sig --payload payload.json IMAGE",
        Purpose::Writes,
    ),
    ("attach attestation", "attach attestation --attestation bundle.json IMAGE", Purpose::Writes),
    ("attach sbom", "attach sbom --sbom note.txt IMAGE", Purpose::Writes),
    ("clean", "clean --force IMAGE", Purpose::Writes),
    ("copy", "copy INDEX PLACE/copied:v1", Purpose::Writes),
    ("copy --sig-only", "copy --sig-only IMAGE PLACE/copied:v1", Purpose::Writes),
    ("load", "load --dir saved PLACE/loaded:v1", Purpose::Writes),
    ("upload blob", "upload blob --files note.txt PLACE/files:v1", Purpose::Writes),
    ("upload wasm", "upload wasm --file module.wasm PLACE/files:v1", Purpose::Writes),
];

/// A command in its own folder, with its own registry.
pub struct Cell {
    pub name: &'static str,
    pub purpose: Purpose,
    pub registry: Registry,
    pub folder: Sandbox,
    words: Vec<String>,
}

impl Cell {
    pub fn new(command: &'static (&'static str, &'static str, Purpose), options: Options) -> Self {
        let (name, words, purpose) = command;
        let prepared = Prepared::get();
        let registry = prepared.registry(options);
        let folder = prepared.folder(&registry);
        let place = format!("{}/{REPOSITORY}", registry.address());
        let words = words.split(' ').map(|word| match word {
            "IMAGE" => format!("{place}:v1"),
            "DIGEST" => format!("{place}@{}", prepared.images[0]),
            "INDEX" => format!("{place}:index"),
            "HOST" => registry.address(),
            other => other.replace("PLACE", &registry.address()),
        });
        let words = words.collect();
        Self { name, purpose: *purpose, registry, folder, words }
    }

    pub fn run(&self, more: &[&str]) -> Watched {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        words.extend(more);
        watch(self.folder.rcosign(&words))
    }
}

/// A registry that knows one user, who is logged in where the commands run.
pub fn guarded() -> Options {
    Options { access: Access::basic(USER, SECRET), ..Options::default() }
}
