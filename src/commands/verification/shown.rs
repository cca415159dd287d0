//! What cosign shows of a verified signature, from the evidence: the same members in the same order, and beside them, for
//! bundles too, what scripts look for: `Issuer`, `Subject`, and the log entry as `Bundle`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bundle::{Content, VerificationMaterial};
use crate::crypto::{Digest, UnixTime, base64};
use crate::payload::{Artifact, Statement, Subject};
use crate::policy::Decision;
use crate::verify::{SignerProof, TimeSource, Verified, VerifiedTime};
use crate::x509::{Certificate, fulcio};

/// What the names of Fulcio's extensions begin with.
const FULCIO: &str = "1.3.6.1.4.1.57264.1.";

/// An image of which something verified.
#[derive(Debug, Clone)]
pub struct ShownImage {
    /// As it was typed.
    pub name: String,
    /// What was done to each of the signatures.
    pub performed: Performed,
    /// JSON, one document for each signature or attestation that verified.
    pub documents: Vec<String>,
    /// The scope of the policy file that accepts it, where one was asked.
    pub scope: Option<String>,
    /// Until when that accepts it, where it asks for an age (`max-age`).
    pub until: Option<UnixTime>,
}

/// The checks that each of the verified signatures of an image passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Performed {
    /// The annotations that were asked for are signed.
    pub annotations: bool,
    /// The image is the one that is signed.
    pub claims: bool,
    /// A transparency log has the signature.
    pub log: bool,
    /// That was asked for one of them.
    pub online: bool,
    /// It is by the key that was named; else by a certificate.
    pub key: bool,
}

impl Performed {
    /// What holds for each of `verified`; `online`: the log was asked for one of them.
    pub(super) fn of(verified: &[Verified], online: bool) -> Self {
        Self {
            online,
            annotations: verified.iter().all(|v| !v.annotations().found().is_empty()),
            claims: verified.iter().all(|v| v.claim().proven().is_some()),
            log: verified.iter().all(|v| v.log().proven().is_some()),
            key: verified.iter().all(|v| matches!(v.signer(), SignerProof::Key(_))),
        }
    }
}

/// A verified signature of the image, whose name is that of `image`.
pub(super) fn signature(verified: &Verified, image: &Artifact, digest: &Digest) -> String {
    let entity = verified.entity();
    let (reference, digest, kind, mut optional) = match &entity.content {
        Content::SimpleSigning { payload, .. } => {
            let payload = &payload.parsed;
            let digest = payload.digest.to_string();
            let optional = payload.optional.clone().map(sorted_members);
            (payload.reference.clone(), digest, payload.kind.clone(), optional)
        }
        Content::Envelope(envelope) => {
            let (stated, kind, annotations) = said_by(&envelope.parsed.payload, image);
            (image.name.clone(), stated, kind, Some(sorted_members(annotations)))
        }
        // The policy lets none through.
        Content::Message { .. } => (image.name.clone(), digest.to_string(), String::new(), None),
    };
    let facts = facts(verified);
    if !facts.is_empty() {
        optional.get_or_insert_default().extend(facts);
    }
    let shown = json!({
        "critical": {
            "identity": { "docker-reference": reference },
            "image": { "docker-manifest-digest": digest },
            "type": kind,
        },
        "optional": optional,
    });
    as_go(&shown.to_string())
}

/// A verified attestation that the policies accept: its envelope, as it was written where it was written as one, in one line. Who reads line by line
/// must not be given a line that somebody else has put around or into it.
pub(super) fn attestation(accepted: &Decision<'_>) -> String {
    envelope(accepted.verified())
}

/// The same of one that counts for a scope of a policy file.
pub(super) fn envelope(verified: &Verified) -> String {
    match &verified.entity().content {
        Content::Envelope(envelope) => match String::from_utf8_lossy(&envelope.bytes).trim() {
            text if text.is_empty() || text.contains(['\n', '\r']) => envelope.parsed.to_json(),
            text => text.to_owned(),
        },
        Content::Message { .. } | Content::SimpleSigning { .. } => String::new(),
    }
}

/// The digest that a statement states, its predicate type, and the annotations of its subject: the one that is the image, and
/// the first one where nobody asked for that.
fn said_by(statement: &[u8], image: &Artifact) -> (String, String, BTreeMap<String, Value>) {
    let Ok(statement) = Statement::from_json(statement) else { return Default::default() };
    let subject = statement.matches(&image.digests).or_else(|| statement.subjects.first());
    let digest = subject.and_then(Subject::known_digest).map(|digest| digest.to_string()).unwrap_or_default();
    let annotations = subject.map(|subject| subject.annotations.clone()).unwrap_or_default();
    (digest, statement.predicate_type, annotations.into_iter().collect())
}

/// What the certificate, the log entry and the timestamp say, as far as they were verified: beside a key that was named anybody
/// can put a certificate for that key which names whom they like, and an entry of a log that nobody trusts.
fn facts(verified: &Verified) -> BTreeMap<String, Value> {
    let (entity, mut facts) = (verified.entity(), BTreeMap::new());
    if let SignerProof::Identity(_) = verified.signer()
        && let VerificationMaterial::Certificate(chain) = &entity.material
        && let Some(leaf) = chain.first()
    {
        certificate(leaf, &mut facts);
    }
    let logged = verified.log().proven().and_then(|proof| proof.positions().next());
    if let Some(entry) = logged.and_then(|position| entity.log_entries.get(position)) {
        let promise = entry.inclusion_promise.as_deref().map(base64::encode);
        let payload = json!({
            "body": base64::encode(&entry.canonicalized_body),
            // Only the promise is over the time.
            "integratedTime": entry.integrated_time.filter(|_| promise.is_some()).map_or(0, UnixTime::seconds),
            "logIndex": entry.log_index,
            "logID": hex::encode(&entry.log_id),
        });
        let bundle = json!({ "SignedEntryTimestamp": promise, "Payload": payload });
        facts.insert("Bundle".to_owned(), bundle);
    }
    let by_authority = |time: &&VerifiedTime| matches!(time.source, TimeSource::TimestampAuthority(_));
    let stamped = verified.time().proven().map_or(0, |proof| proof.iter().filter(by_authority).count());
    if let Some(timestamp) = entity.timestamps.first().filter(|_| stamped == entity.timestamps.len()) {
        let timestamp = json!({ "SignedRFC3161Timestamp": base64::encode(timestamp) });
        facts.insert("RFC3161Timestamp".to_owned(), timestamp);
    }
    facts
}

fn certificate(leaf: &Certificate, facts: &mut BTreeMap<String, Value>) {
    let names = leaf.subject_alternative_names().unwrap_or_default();
    let subject = names.first().map(|name| name.value().to_owned()).unwrap_or_default();
    let mut put = |name: &str, value: &str| facts.insert(name.to_owned(), value.into());
    put("Subject", &subject);
    // The check of the chain has read them: what cannot be read does not get here.
    let Ok(extensions) = fulcio::extensions(leaf) else { return };
    if let Some(issuer) = &extensions.issuer {
        put("Issuer", issuer);
    }
    let workflow = [
        ("2", "githubWorkflowTrigger", &extensions.github_workflow_trigger),
        ("3", "githubWorkflowSha", &extensions.github_workflow_sha),
        ("4", "githubWorkflowName", &extensions.github_workflow_name),
        ("5", "githubWorkflowRepository", &extensions.github_workflow_repository),
        ("6", "githubWorkflowRef", &extensions.github_workflow_ref),
    ];
    for (number, name, value) in workflow {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            put(&format!("{FULCIO}{number}"), value);
            put(name, value);
        }
    }
    // Newer certificates have the issuer in another extension, and cosign then leaves this one out.
    let first = leaf.all_extensions().into_iter().find(|extension| extension.oid == format!("{FULCIO}1"));
    if let Some(text) = first.and_then(|extension| String::from_utf8(extension.value).ok()) {
        put(&format!("{FULCIO}1"), &text);
    }
}

fn sorted_members(members: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
}

/// The members of every object by name, as Go writes its maps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// JSON as Go's `encoding/json` writes it: what HTML would obey is escaped. Such characters stand inside strings only.
fn as_go(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
