//! Parts of a document that have no file of their own: the signer, the members of what cannot be decoded.

use serde::Serialize;
use serde_json::Value;

use super::recognise::Recognised;
use crate::bundle::{Format, VerificationMaterial};
use crate::commands::facts::{NameFacts, fingerprint};
use crate::crypto::{decode_base64, json};
use crate::x509::{Certificate, fulcio};

/// The most members that are shown of a document that cannot be decoded.
const MAX_MEMBERS: usize = 200;
/// How deep its members are shown.
const MAX_DEPTH: usize = 4;

/// Whose signature the document says it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignerFacts {
    /// `certificate`, `key`, or `unknown` where the document does not say.
    kind: &'static str,
    identities: Vec<NameFacts>,
    /// The issuer of the identity token.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// SHA-256 of the key's SubjectPublicKeyInfo: of the certificate's or the document's own key, else what the hint says.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_fingerprint: Option<String>,
}

impl SignerFacts {
    /// Of this material.
    pub fn of(material: &VerificationMaterial) -> Self {
        match material {
            VerificationMaterial::Certificate(chain) => {
                chain.first().map_or_else(|| Self::named("unknown"), Self::certificate)
            }
            VerificationMaterial::PublicKey { hint, embedded } => {
                let hinted = || decode_base64(hint).filter(|id| id.len() == 32).map(hex::encode);
                let kind = if hint.is_empty() && embedded.is_none() { "unknown" } else { "key" };
                Self {
                    hint: Some(hint.clone()).filter(|hint| !hint.is_empty()),
                    key_fingerprint: embedded.as_ref().map(|key| fingerprint(key.spki_der())).or_else(hinted),
                    ..Self::named(kind)
                }
            }
        }
    }

    /// Of this certificate.
    pub fn certificate(leaf: &Certificate) -> Self {
        Self {
            identities: NameFacts::all_of(leaf),
            issuer: fulcio::extensions(leaf).ok().and_then(|e| e.issuer),
            key_fingerprint: Some(fingerprint(&leaf.spki_der())),
            ..Self::named("certificate")
        }
    }

    fn named(kind: &'static str) -> Self {
        Self { kind, identities: Vec::new(), issuer: None, hint: None, key_fingerprint: None }
    }
}

/// The media type of a Sigstore bundle.
pub fn media_type(recognised: &Recognised, bytes: &[u8]) -> Option<String> {
    match recognised {
        Recognised::Signed(Some(Format::Sigstore), _) => members(bytes)?.media_type,
        _ => None,
    }
}

/// What a document holds that is JSON and nothing that is understood.
pub struct Members {
    /// The members' names with what they are.
    pub members: Vec<MemberFacts>,
    /// The media type.
    pub media_type: Option<String>,
    /// Certificates, where a bundle would have them.
    pub certificates: Vec<Certificate>,
}

/// One member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberFacts {
    name: String,
    /// `object`, `array`, `string`, `number`, `boolean` or `null`.
    kind: &'static str,
    /// Members, items or bytes of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

/// Reads a JSON document without understanding it; `None` when it is not a JSON object.
pub fn members(bytes: &[u8]) -> Option<Members> {
    let value = json::parse("document", bytes.trim_ascii()).ok()?;
    let object = value.as_object()?;
    let mut members = Vec::new();
    list("", &value, 1, &mut members);
    let media_type = ["mediaType", "media_type"].iter().find_map(|name| object.get(*name)?.as_str());
    let single = value.pointer("/verificationMaterial/certificate/rawBytes").into_iter();
    let chain = value.pointer("/verificationMaterial/x509CertificateChain/certificates");
    let chain =
        chain.and_then(Value::as_array).into_iter().flatten().take(32).filter_map(|c| c.get("rawBytes"));
    let der = |text: &Value| Certificate::from_der(&decode_base64(text.as_str()?)?).ok();
    Some(Members {
        members,
        media_type: media_type.map(str::to_owned),
        certificates: single.chain(chain).filter_map(der).collect(),
    })
}

fn list(at: &str, value: &Value, depth: usize, out: &mut Vec<MemberFacts>) {
    match value {
        Value::Object(members) => {
            // No more of them can be shown.
            for (name, value) in members.iter().take(MAX_MEMBERS) {
                let name = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                add(name, value, depth, out);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().take(MAX_MEMBERS).enumerate() {
                add(format!("{at}[{i}]"), value, depth, out);
            }
        }
        _ => {}
    }
}

fn add(name: String, value: &Value, depth: usize, out: &mut Vec<MemberFacts>) {
    if out.len() == MAX_MEMBERS {
        return;
    }
    let (kind, count) = match value {
        Value::Null => ("null", None),
        Value::Bool(_) => ("boolean", None),
        Value::Number(_) => ("number", None),
        Value::String(text) => ("string", Some(text.len())),
        Value::Array(items) => ("array", Some(items.len())),
        Value::Object(members) => ("object", Some(members.len())),
    };
    out.push(MemberFacts { name: name.clone(), kind, count });
    if depth < MAX_DEPTH {
        list(&name, value, depth + 1, out);
    }
}
