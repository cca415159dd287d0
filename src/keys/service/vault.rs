//! HashiCorp Vault and OpenBao: their transit secrets engine (HashiCorp, "Transit secrets engine (API)").

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Answered, Backend, Failure};
use crate::cloud::Settings;
use crate::crypto::{DecodeError, HashAlgorithm, KeyType, Node, PublicKey, Secret, SigningInput, base64};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Client, Service};
use crate::http::{Address, Authorities, ClientCertificate, ServerName};

const SERVICE: Service = Service::Keys("Vault");
const ADDRESS: &str = "VAULT_ADDR";
const TOKEN: &str = "VAULT_TOKEN";
/// Versions of one key that are looked at.
const MAX_VERSIONS: usize = 10_000;

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
    client: Client,
    /// The server, and where the engine is on it.
    engine: String,
    key: String,
    token: Secret,
    namespace: Option<String>,
    /// The version of the public key that was given out.
    version: OnceLock<u64>,
}

impl Vault {
    /// Reads where the server is and who asks: variables and files that Vault's own client reads.
    ///
    /// # Errors
    /// No address, no token, or one that cannot be used.
    pub fn open(name: &KeyName, settings: &Settings<'_>) -> Result<Self, Failure> {
        let unset = |what, looked_at: &str| Failure::Unset { what, looked_at: looked_at.to_owned() };
        let url = settings.variable(ADDRESS)?;
        let url = url.ok_or_else(|| unset("the address of Vault", "VAULT_ADDR is not set"))?;
        let server = guarded(ADDRESS, &url)?;
        let path = settings.variable("TRANSIT_SECRET_ENGINE_PATH")?.unwrap_or_else(|| "transit".to_owned());
        let path = path.trim_matches('/');
        if path.split('/').any(|part| KeyName::parse(part).is_err()) {
            return Err(Failure::Setting {
                name: "TRANSIT_SECRET_ENGINE_PATH".to_owned(),
                reason: format!("`{path}` is not where an engine can be"),
            });
        }
        Ok(Self {
            client: client(&server, settings)?,
            engine: format!("{}/v1/{path}", url.trim_end_matches('/')),
            key: name.0.clone(),
            token: token(settings)?,
            namespace: settings.variable("VAULT_NAMESPACE")?,
            version: OnceLock::new(),
        })
    }

    /// Asks the engine, and reads the JSON that it answers; with a body something is done.
    async fn ask<T>(
        &self,
        path: &str,
        body: Option<Value>,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        let address = guarded(ADDRESS, &format!("{}/{path}", self.engine))?;
        let body = body.map(|body| Secret::new(body.to_string().into_bytes()));
        let token = String::from_utf8_lossy(self.token.expose());
        let mut headers = vec![("x-vault-request", "true"), ("x-vault-token", &*token)];
        headers.extend(self.namespace.as_deref().map(|namespace| ("x-vault-namespace", namespace)));
        let ask = match &body {
            Some(body) => asking::post_json(SERVICE, &address, body),
            None => asking::get(SERVICE, &address),
        };
        let ask = Ask { headers: &headers, secret: Some(&self.token), ..ask };
        let mut reply = self.client.ask(&ask).await?;
        if reply.body.is_empty() {
            reply.body = b"null".to_vec();
        }
        Ok(asking::document_of(&ask, reply, |_, node| read(node))?)
    }

    async fn latest(&self) -> Result<PublicKey, Failure> {
        let (version, key) = self.ask(&format!("keys/{}", self.key), None, latest).await?;
        let key = match key {
            Held::Public(key) => key,
            Held::Other(reason) => return Err(Failure::Key { reason }),
        };
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

/// The newest version of a key, from the answer to `GET keys/KEY`.
fn latest(answer: &Node<'_>) -> Result<(u64, Held), DecodeError> {
    let data = answer.member("data")?;
    let kind = data.member("type")?.non_empty_text()?;
    let newest = data.member("latest_version")?;
    let version = newest.value().as_u64().ok_or_else(|| newest.error("must be a number"))?;
    let versions = data.member("keys")?;
    let at = version.to_string();
    let found = versions.members(MAX_VERSIONS)?.into_iter().find(|(name, _)| *name == at);
    let Some((_, key)) = found else {
        return Err(versions.error(format!("must hold version {version}, which is the newest")));
    };
    let key = match kind {
        "ed25519" => PublicKey::from_ed25519(&key.member("public_key")?.non_empty_base64()?)?,
        _ if kind.starts_with("ecdsa-") || kind.starts_with("rsa-") => {
            PublicKey::from_pem(key.member("public_key")?.non_empty_text()?.as_bytes())?
        }
        _ => return Ok((version, Held::Other(format!("it is of the type {kind}, which does not sign")))),
    };
    Ok((version, Held::Public(key)))
}

/// The signature in `vault:vVERSION:BASE64`.
fn signature(answer: &Node<'_>) -> Result<Vec<u8>, DecodeError> {
    let text = answer.member("data")?.member("signature")?;
    let mut parts = text.non_empty_text()?.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next().and_then(base64::decode)) {
        (Some("vault"), Some(_), Some(bytes)) if !bytes.is_empty() => Ok(bytes),
        _ => Err(text.error("must be vault:vVERSION: and base64")),
    }
}

impl Backend for Vault {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.latest())
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        Box::pin(async move {
            let (mut path, mut body) = (format!("sign/{}", self.key), json!({}));
            match input {
                SigningInput::Message(message) => body["input"] = base64::encode(message).into(),
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
            if let KeyType::Rsa { .. } = key.key_type() {
                body["signature_algorithm"] = "pkcs1v15".into();
            }
            if let Some(version) = self.version.get() {
                body["key_version"] = (*version).into();
            }
            self.ask(&path, Some(body), signature).await
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

fn token(settings: &Settings<'_>) -> Result<Secret, Failure> {
    if let Some(token) = settings.variable(TOKEN)? {
        return Ok(Secret::new(token.into_bytes()));
    }
    let Some(path) = settings.home(".vault-token")? else {
        return Err(Failure::Unset {
            what: "the token for Vault",
            looked_at: "VAULT_TOKEN is not set, and there is no home folder with .vault-token".to_owned(),
        });
    };
    match settings.file(&path)? {
        Some(token) if !token.expose().trim_ascii().is_empty() => {
            Ok(Secret::new(token.expose().trim_ascii().to_vec()))
        }
        found => Err(Failure::Unset {
            what: "the token for Vault",
            looked_at: format!(
                "VAULT_TOKEN is not set, and `{}` {}",
                path.display(),
                if found.is_some() { "is empty" } else { "does not exist" }
            ),
        }),
    }
}

/// A client by the variables for TLS and time.
fn client(server: &Address, settings: &Settings<'_>) -> Result<Client, Failure> {
    let authorities = match (settings.variable("VAULT_CACERT")?, settings.variable("VAULT_CAPATH")?) {
        (Some(path), _) => {
            let pem = settings.named_file("VAULT_CACERT", &path)?.expose().to_vec();
            Some(Authorities { name: format!("`{path}`"), pem })
        }
        (None, Some(folder)) => {
            let pem = settings.named_folder("VAULT_CAPATH", &folder)?;
            Some(Authorities { name: format!("the folder `{folder}`"), pem })
        }
        (None, None) => None,
    };
    let certificate = match (settings.variable("VAULT_CLIENT_CERT")?, settings.variable("VAULT_CLIENT_KEY")?)
    {
        (Some(certificate), Some(key)) => Some(ClientCertificate {
            name: format!("the client certificate `{certificate}`"),
            certificate: settings.named_file("VAULT_CLIENT_CERT", &certificate)?.expose().to_vec(),
            key: settings.named_file("VAULT_CLIENT_KEY", &key)?,
        }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Failure::Setting {
                name: "VAULT_CLIENT_CERT with VAULT_CLIENT_KEY".to_owned(),
                reason: "one of them is not set".to_owned(),
            });
        }
    };
    let server_name = settings
        .variable("VAULT_TLS_SERVER_NAME")?
        .map(|name| ServerName { host: server.host().to_owned(), name });
    let accept_any_certificate = settings.switch("VAULT_SKIP_VERIFY")?;
    Ok(settings.client(|connection| {
        connection.authorities = authorities;
        connection.certificate = certificate;
        connection.server_name = server_name;
        connection.accept_any_certificate = accept_any_certificate;
    }))
}
