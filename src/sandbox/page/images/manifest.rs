//! A manifest as it can be shown, whatever a client put there.

use serde_json::{Map, Value};

use super::super::super::html::{Html, code, html};
use super::super::super::registry::Contents;
use super::super::signer::Signer;
use crate::bundle::{VerificationMaterial, sigstore};
use crate::crypto::{Digest, json};
use crate::x509::Certificate;

/// A longer manifest is not parsed.
const LONGEST: usize = 512 * 1024;
/// A longer bundle is not looked into.
const LONGEST_BUNDLE: u64 = 512 * 1024;
/// The most parts, annotations and signers that are shown.
const MOST: usize = 64;
/// The media types of bundles begin so.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// A manifest.
pub(super) struct Manifest {
    pub media_type: String,
    pub bytes: Vec<u8>,
    /// The digest of what it is attached to.
    pub subject: Option<String>,
    value: Value,
}

/// Something that it names.
pub(super) struct Part<'a> {
    pub role: &'static str,
    pub media_type: &'a str,
    pub digest: &'a str,
    pub size: Option<u64>,
    pub is_manifest: bool,
}

impl Manifest {
    pub fn of(contents: &Contents, repository: &str, digest: &str) -> Option<Self> {
        // By digest alone: a tag could be called like anything.
        Digest::parse(digest).ok()?;
        let (media_type, bytes) = contents.manifest(repository, digest)?;
        let small = bytes.get(..LONGEST.min(bytes.len())).filter(|small| small.len() == bytes.len());
        let value = small.and_then(|bytes| json::parse("manifest", bytes).ok()).unwrap_or_default();
        let subject = value.get("subject").and_then(|it| it.get("digest")).and_then(Value::as_str);
        let subject = subject.filter(|digest| Digest::parse(digest).is_ok()).map(str::to_owned);
        Some(Self { media_type, bytes, subject, value })
    }

    /// What it is, in words.
    pub fn what(&self) -> Html {
        let annotation = |name: &str| self.value.get("annotations")?.get(name)?.as_str();
        let kind = self.value.get("artifactType").and_then(Value::as_str);
        let kind = kind.or_else(|| self.value.get("config")?.get("mediaType")?.as_str()).unwrap_or_default();
        let has_layer = |end: &str| self.layers().any(|layer| text(layer, "mediaType").contains(end));
        if let Some(predicate) = annotation("dev.sigstore.bundle.predicateType") {
            let word = if predicate.contains("/cosign/sign/") { "signature" } else { "attestation" };
            return html("{} <span class=\"dim\">{}</span>", &[&word, &code(predicate)]);
        }
        if kind.starts_with(BUNDLE) {
            return html("Sigstore bundle", &[]);
        }
        if has_layer("vnd.dev.cosign.simplesigning") {
            return html("signature", &[]);
        }
        if has_layer("vnd.dsse.envelope") {
            return html("attestation", &[]);
        }
        if self.value.get("manifests").is_some_and(Value::is_array) {
            return html("index", &[]);
        }
        if kind.ends_with("image.config.v1+json") || kind.ends_with("container.image.v1+json") {
            return html("image", &[]);
        }
        if kind.is_empty() { html("manifest", &[]) } else { html("artifact {}", &[&code(kind)]) }
    }

    /// Who signed, if it is a signature: as its certificates say, which nobody has verified here.
    pub fn signers(&self, contents: &Contents, repository: &str) -> Vec<Signer> {
        self.layers().take(MOST).filter_map(|layer| self.signer(layer, contents, repository)).collect()
    }

    fn signer(&self, layer: &Value, contents: &Contents, repository: &str) -> Option<Signer> {
        let annotations = layer.get("annotations");
        let annotation = |name: &str| annotations?.get(name)?.as_str();
        let from = |certificates: Vec<Certificate>| {
            let first = certificates.into_iter().next();
            first.map_or(Signer::Unreadable, |it| Signer::Certificate(Box::new(it)))
        };
        if let Some(pem) = annotation("dev.sigstore.cosign/certificate") {
            return Some(Certificate::chain_from_pem(pem.as_bytes()).map_or(Signer::Unreadable, from));
        }
        if annotation("dev.cosignproject.cosign/signature").is_some() {
            return Some(Signer::Unknown);
        }
        let digest = text(layer, "digest");
        if !text(layer, "mediaType").starts_with(BUNDLE)
            || contents.blob_length(repository, digest)? > LONGEST_BUNDLE
        {
            return None;
        }
        let document = json::parse("bundle", &contents.blob(repository, digest)?).ok()?;
        match sigstore::decode(&document).ok()?.material {
            VerificationMaterial::Certificate(chain) => Some(from(chain)),
            VerificationMaterial::PublicKey { .. } => Some(Signer::Unknown),
        }
    }

    /// Its annotations that are text.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.value.get("annotations").and_then(Value::as_object).into_iter().flat_map(Map::iter);
        all.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).take(MOST)
    }

    /// What it names: config, layers, manifests.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let part = |role, is_manifest| {
            move |value| Part {
                role,
                media_type: text(value, "mediaType"),
                digest: text(value, "digest"),
                size: value.get("size").and_then(Value::as_u64),
                is_manifest,
            }
        };
        let config = self.value.get("config").into_iter().map(part("config", false));
        let layers = self.layers().map(part("layer", false));
        let manifests = self.list("manifests").map(part("manifest", true));
        config.chain(layers).chain(manifests).take(MOST).collect()
    }

    fn layers(&self) -> impl Iterator<Item = &Value> {
        self.list("layers")
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.value.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The tags by which cosign attaches to a digest (`sha256-HEX.sig`, `.att`, `.sbom`), with what they name.
pub(super) fn attached_by_tag(contents: &Contents, repository: &str, digest: &str) -> Vec<(String, String)> {
    let base = digest.replacen(':', "-", 1);
    let named =
        |tag: &str| tag.strip_prefix(&base).is_some_and(|rest| matches!(rest, ".sig" | ".att" | ".sbom"));
    contents.tags(repository).into_iter().filter(|(tag, _)| named(tag)).collect()
}

/// The digests of what is attached to a digest, by either way.
pub(super) fn attached(contents: &Contents, repository: &str, digest: &str) -> Vec<String> {
    let mut found = contents.referrers(repository, digest);
    for (_, target) in attached_by_tag(contents, repository, digest) {
        if !found.contains(&target) {
            found.push(target);
        }
    }
    found
}
