//! HashiCorp Vault and OpenBao: their transit secrets engine (HashiCorp, "Transit secrets engine (API)").

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::vault_access::{self, Access};
use super::{Answered, Backend, Failure};
use crate::cloud::{self, Settings};
use crate::crypto::{DecodeError, HashAlgorithm, KeyType, Node, PublicKey, Secret, SigningInput, base64};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{self, Ask, Sent, Service};

const SERVICE: Service = Service::Keys("Vault");
const MOUNT: &str = "TRANSIT_SECRET_ENGINE_PATH";
const PREFIX: &str = "VAULT_KEY_PREFIX";
/// Versions of one key that are looked at.
const MAX_VERSIONS: usize = 10_000;
/// All versions of a key come in one answer, of RSA keys with a kilobyte each.
const MAX_KEY_ANSWER: u64 = 4 << 20;

/// `KEY` of `hashivault://KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// A name of letters, digits, `_`, `-` and `.` that begins and ends with one of the first three.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let sound = text.chars().all(|c| is_word(c) || matches!(c, '-' | '.'))
            && text.starts_with(is_word)
            && text.ends_with(is_word);
        match sound {
            true => Ok(Self(text.to_owned())),
            false => Err(
                "a key of Vault is named hashivault://KEY: letters, digits, `_`, and `-` or `.` between them",
            ),
        }
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of the transit engine.
pub(super) struct Vault {
    access: Access,
    /// Where the engine is on the server.
    mount: String,
    key: String,
    /// The version with which signatures are verified, where it is not the newest.
    verifies: Option<u64>,
    /// The version of the public key that was given out.
    version: OnceLock<u64>,
}

impl Vault {
    /// Reads where the server is and who asks.
    ///
    /// # Errors
    /// No address, no token, or one that cannot be used.
    pub fn open(name: &KeyName, settings: &Settings<'_>) -> Result<Self, Failure> {
        let mount = settings.variable(MOUNT)?.unwrap_or_else(|| "transit".to_owned());
        let mount = mount.trim_matches('/');
        if mount.split('/').any(|part| KeyName::parse(part).is_err()) {
            return Err(
                cloud::Error::setting(MOUNT, format!("`{mount}` is not where an engine can be")).into()
            );
        }
        let prefix = settings.variable(PREFIX)?;
        let verifies = prefix.map(|prefix| {
            version_of(&prefix)
                .filter(|(_, rest)| rest.is_empty())
                .map(|(version, _)| version)
                .ok_or_else(|| cloud::Error::setting(PREFIX, format!("`{prefix}` is not `vault:vVERSION:`")))
        });
        Ok(Self {
            access: Access::read(settings)?,
            mount: mount.to_owned(),
            key: name.0.clone(),
            verifies: verifies.transpose()?,
            version: OnceLock::new(),
        })
    }

    /// What the user should know before the server is asked.
    pub fn caution(settings: &Settings<'_>) -> Option<String> {
        let variable = vault_access::unchecked(settings).ok()??;
        Some(format!(
            "{variable} is set: the certificate of the server is not looked at, and anybody on the way can read the token and replace the key"
        ))
    }

    /// Asks the engine, and reads the JSON that it answers; with a body something is done, which policies call `update`.
    async fn ask<T>(
        &self,
        path: &str,
        body: Option<Value>,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        let Access { variable, url, client, token, namespace } = &self.access;
        let address = guarded(variable, &format!("{url}/v1/{}/{path}", self.mount))?;
        let body = body.map(|body| Secret::new(body.to_string().into_bytes()));
        let exposed = String::from_utf8_lossy(token.expose());
        let mut headers = vec![("x-vault-request", "true"), ("x-vault-token", &*exposed)];
        headers.extend(namespace.as_deref().map(|namespace| ("x-vault-namespace", namespace)));
        let ask = match &body {
            Some(body) => asking::post_json(SERVICE, &address, body),
            None => asking::get(SERVICE, &address),
        };
        let limit = if path.starts_with("keys/") { MAX_KEY_ANSWER } else { ask.limit };
        let ask = Ask { headers: &headers, secret: Some(token), limit, ..ask };
        let capability = if body.is_some() { "update" } else { "read" };
        let mut reply = client.ask(&ask).await.map_err(|error| self.refusal(error, path, capability))?;
        if reply.body.is_empty() {
            reply.body = b"null".to_vec();
        }
        Ok(asking::document_of(&ask, reply, |_, node| read(node))?)
    }

    /// What is missing, where the status says so.
    fn refusal(&self, source: service::Error, path: &str, capability: &str) -> Failure {
        let service::Error::Status { status, said, .. } = &source else { return source.into() };
        let no_engine = said.as_deref().is_some_and(|said| said.starts_with("no handler for route"));
        let (mount, key) = (&self.mount, &self.key);
        let reason = match status {
            403 => format!(
                "the token is none of this server, or of another namespace, or its policies do not grant `{capability}` on `{mount}/{path}`"
            ),
            404 if no_engine => {
                let reason = format!("no secrets engine is at `{mount}` ({MOUNT} says where)");
                return Failure::Unusable { reason, source: source.into() };
            }
            404 => {
                let reason = format!("the transit engine at `{mount}` has no key `{key}`");
                return Failure::Absent { reason, source: Some(source.into()) };
            }
            _ => return source.into(),
        };
        Failure::Denied { reason, source: source.into() }
    }

    /// The public key of this version, or of the newest.
    async fn fetch(&self, version: Option<u64>) -> Result<(u64, PublicKey), Failure> {
        let (version, held) =
            self.ask(&format!("keys/{}", self.key), None, |answer| held(answer, version)).await?;
        match held {
            Held::Public(key) => Ok((version, key)),
            // The token of a server for trials is a word such as `root`, and whoever answers could say that.
            Held::Other(reason) => {
                Err(Failure::Key { reason: Sent::with(&self.access.token).shown(&reason) })
            }
        }
    }

    async fn latest(&self) -> Result<PublicKey, Failure> {
        let (version, key) = self.fetch(None).await?;
        // Whoever makes a new version meanwhile does not change what is signed with.
        self.version.get_or_init(|| version);
        Ok(key)
    }
}

/// What the engine holds.
enum Held {
    Public(PublicKey),
    Other(String),
}

/// A version of a key, or the newest, from the answer to `GET keys/KEY`.
fn held(answer: &Node<'_>, wanted: Option<u64>) -> Result<(u64, Held), DecodeError> {
    let data = answer.member("data")?;
    let kind = data.member("type")?;
    let kind = asking::word(&kind)?;
    let Some(expected) = key_type(kind) else {
        return Ok((0, Held::Other(format!("it is of the type {kind}, which does not sign here"))));
    };
    let newest = data.member("latest_version")?;
    let newest = newest.value().as_u64().ok_or_else(|| newest.error("must be a number"))?;
    let version = wanted.unwrap_or(newest);
    let versions = data.member("keys")?;
    let at = version.to_string();
    let found = versions.members(MAX_VERSIONS)?.into_iter().find(|(name, _)| *name == at);
    let Some((_, key)) = found else {
        return match wanted {
            None => Err(versions.error(format!("must hold version {version}, which is the newest"))),
            Some(_) => Ok((0, Held::Other(format!("it has no version {version}, which {PREFIX} names")))),
        };
    };
    let node = key.member("public_key")?;
    let key = match expected {
        KeyType::Ed25519 => PublicKey::from_ed25519(&node.non_empty_base64()?)?,
        _ => PublicKey::from_pem(node.non_empty_text()?.as_bytes())?,
    };
    if key.key_type() != expected {
        return Err(node.error(format!("must be a key of the type {kind}")));
    }
    Ok((version, Held::Public(key)))
}

/// The kinds of key that sign here.
fn key_type(name: &str) -> Option<KeyType> {
    Some(match name {
        "ecdsa-p256" => KeyType::P256,
        "ecdsa-p384" => KeyType::P384,
        "ecdsa-p521" => KeyType::P521,
        "ed25519" => KeyType::Ed25519,
        "rsa-2048" => KeyType::Rsa { bits: 2048 },
        "rsa-3072" => KeyType::Rsa { bits: 3072 },
        "rsa-4096" => KeyType::Rsa { bits: 4096 },
        _ => return None,
    })
}

/// The version in `vault:vVERSION:`, and what follows.
fn version_of(text: &str) -> Option<(u64, &str)> {
    let (version, rest) = text.strip_prefix("vault:v")?.split_once(':')?;
    let is_number = version.bytes().all(|b| b.is_ascii_digit());
    version.parse().ok().filter(|version| is_number && *version > 0).map(|version| (version, rest))
}

/// The signature in `vault:vVERSION:BASE64`, by this version.
fn signature(answer: &Node<'_>, expected: Option<u64>) -> Result<Vec<u8>, DecodeError> {
    let text = answer.member("data")?.member("signature")?;
    let Some((version, rest)) = version_of(text.non_empty_text()?) else {
        return Err(text.error("must be vault:vVERSION: and base64"));
    };
    if expected.is_some_and(|expected| expected != version) {
        return Err(text.error("must be by the version whose public key was given"));
    }
    match base64::decode(rest) {
        Some(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(text.error("must be vault:vVERSION: and base64")),
    }
}

impl Backend for Vault {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.latest())
    }

    fn verifying_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(async move { Ok(self.fetch(self.verifies).await?.1) })
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        Box::pin(async move {
            let (mut path, mut body) = (format!("sign/{}", self.key), json!({}));
            match input {
                SigningInput::Message(message) => body["input"] = base64::encode(message.as_slice()).into(),
                SigningInput::Digest(digest) => {
                    path += match digest.algorithm() {
                        HashAlgorithm::Sha224 => "/sha2-224",
                        HashAlgorithm::Sha256 => "/sha2-256",
                        HashAlgorithm::Sha384 => "/sha2-384",
                        HashAlgorithm::Sha512 => "/sha2-512",
                    };
                    body = json!({ "input": base64::encode(digest.bytes()), "prehashed": true });
                }
            }
            // Of RSA keys, the engine makes PSS unless it is told.
            if let KeyType::Rsa { .. } = key.key_type() {
                body["signature_algorithm"] = "pkcs1v15".into();
            }
            let version = self.version.get().copied();
            if let Some(version) = version {
                body["key_version"] = version.into();
            }
            self.ask(&path, Some(body), |answer| signature(answer, version)).await
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(async move {
            let path = format!("keys/{}", self.key);
            // A key that is there stays as it is. Older servers answer nothing, newer ones the key.
            self.ask(&path, Some(json!({ "type": "ecdsa-p256" })), |_| Ok(())).await?;
            self.latest().await
        })
    }
}
