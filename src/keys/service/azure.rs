//! Azure Key Vault and Managed HSM ("Azure Key Vault REST API reference", keys, version 7.4: Get Key, Sign, Create Key).

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::azure_name::{KeyName, Kind, suffix};
use super::{Answered, Backend, Failure};
use crate::cloud::Settings;
use crate::cloud::azure::{Azure, Place};
use crate::crypto::{
    DecodeError, KeyType, Node, PublicKey, Secret, SigningInput, UnixTime, base64, json as text, jwk,
};
use crate::http::Method;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Client, Error, Sent, Service, said};

const SERVICE: Service = Service::Keys("Azure Key Vault");
const API: &str = "7.4";
/// What stands in for the address of the vault.
const URL: &str = "RCOSIGN_AZURE_VAULT_URL";
const MAX_OPERATIONS: usize = 50;

/// A key of a vault.
pub(super) struct KeyVault {
    azure: Azure,
    client: Client,
    name: KeyName,
    /// The host of the vault, which its keys are called by.
    host: String,
    /// Where it is asked, without a slash at its end.
    base: String,
    now: UnixTime,
    /// The version whose public half was given out, and why it does not sign, if so.
    found: OnceLock<(String, Option<String>)>,
}

/// Why the vault did not do something.
enum Denied {
    /// There is no such key.
    Absent(Failure),
    Other(Failure),
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Absent(failure) | Denied::Other(failure) => failure,
        }
    }
}

impl KeyVault {
    /// Reads who asks and where.
    ///
    /// # Errors
    /// Something that cannot be used.
    pub fn open(name: &KeyName, settings: &Settings<'_>) -> Result<Self, Failure> {
        let place = Place::read(settings, name.environment())?;
        let host = name.host(place.environment);
        let base = match settings.variable(URL)? {
            Some(url) => {
                guarded(URL, &url)?;
                url.trim_end_matches('/').to_owned()
            }
            None => format!("https://{host}"),
        };
        let resource = format!("https://{}", suffix(place.environment, name.kind()));
        let azure = Azure::read(settings, &place, &resource)?;
        let client = azure.client();
        Ok(Self { azure, client, name: name.clone(), host, base, now: settings.now, found: OnceLock::new() })
    }

    /// Asks for what needs a `permission`, and reads the JSON that comes back.
    async fn ask<T>(
        &self,
        (path, permission): (&str, &str),
        body: Option<Value>,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, Denied> {
        let other = |failure: Failure| Denied::Other(failure);
        let address = guarded("the address of Azure Key Vault", &format!("{}/keys/{path}", self.base))
            .map_err(|error| other(error.into()))?
            .with_query(&[("api-version", API)]);
        let token = self.azure.token().await.map_err(|error| other(error.into()))?;
        let authorization = Secret::new([b"Bearer ", token.expose()].concat());
        let body = body.map(|body| Secret::new(body.to_string().into_bytes()));
        let ask = match &body {
            Some(body) => asking::post_json(SERVICE, &address, body),
            None => asking::get(SERVICE, &address),
        };
        let repeat = !(ask.method == Method::Post && permission == "create");
        let ask = Ask { authorization: Some(&authorization), accepted: &[401, 403, 404], repeat, ..ask };
        let reply = self.client.ask(&ask).await.map_err(|error| other(error.into()))?;
        if reply.status >= 300 {
            return Err(self.denied(&ask, reply.status, &reply.body, permission));
        }
        asking::document_of(&ask, reply, |_, node| read(node)).map_err(|error| other(error.into()))
    }

    /// What a refusal means.
    fn denied(&self, ask: &Ask<'_>, status: u16, body: &[u8], permission: &str) -> Denied {
        let said = said(body).map(|said| Sent::of(ask).shown(&said));
        let source = Error::Status {
            service: ask.service,
            url: ask.address.to_string(),
            status,
            said,
            retry_after: None,
        };
        let role = match (self.name.kind(), permission) {
            (Kind::Hsm, _) => "the local role `Managed HSM Crypto User`",
            (Kind::Vault, "create") => "the role `Key Vault Crypto Officer`",
            (Kind::Vault, _) => "the role `Key Vault Crypto User`",
        };
        let reason = match (status, inner(body).as_deref()) {
            (404, _) => {
                let reason = format!("the vault has no key `{}`, or no such version of it", self.name.key());
                return Denied::Absent(Failure::Absent { reason, source: Some(source.into()) });
            }
            (401, _) => {
                "the vault does not take the token: of another tenant, or for something else".to_owned()
            }
            (_, Some("ForbiddenByFirewall")) => {
                "the firewall of the vault does not let this machine in".to_owned()
            }
            (_, Some("ForbiddenByConnection")) => {
                "the vault is to be asked through its private endpoint alone".to_owned()
            }
            (_, Some("KeyDisabled")) => {
                let reason = "the key is disabled".to_owned();
                return Denied::Other(Failure::Unusable { reason, source: source.into() });
            }
            (_, Some("KeyExpired" | "KeyNotYetValid" | "KeyOperationForbidden")) => {
                let reason = format!("the key is not to {permission}, or not now");
                return Denied::Other(Failure::Unusable { reason, source: source.into() });
            }
            _ => format!(
                "the permission keys/{permission} is needed: {role}, or the access policy `{permission}` of keys"
            ),
        };
        Denied::Other(Failure::Denied { reason, source: source.into() })
    }

    async fn get(&self) -> Result<PublicKey, Denied> {
        let path = match self.name.version() {
            Some(version) => format!("{}/{version}", self.name.key()),
            None => self.name.key().to_owned(),
        };
        let held = self.ask((&path, "get"), None, |answer| self.held(answer)).await?;
        self.taken(held).map_err(Denied::Other)
    }

    /// The key, where it is one that is of use here.
    fn taken(&self, held: Held) -> Result<PublicKey, Failure> {
        let Held { version, key, flaw } = held;
        let key = key.map_err(|reason| Failure::Key { reason })?;
        self.found.get_or_init(|| (version, flaw));
        Ok(key)
    }

    async fn make(&self) -> Result<PublicKey, Failure> {
        match self.get().await {
            Ok(key) => return Ok(key),
            Err(Denied::Absent(failure)) if self.name.version().is_some() => return Err(failure),
            Err(Denied::Absent(_)) => {}
            Err(denied) => return Err(denied.into()),
        }
        let kind = match self.name.kind() {
            Kind::Vault => "EC",
            Kind::Hsm => "EC-HSM",
        };
        let body = json!({
            "kty": kind,
            "crv": "P-256",
            "key_ops": ["sign", "verify"],
            "attributes": { "enabled": true },
            "tags": { "use": "sigstore" },
        });
        let path = format!("{}/create", self.name.key());
        let held = self.ask((&path, "create"), Some(body), |answer| self.held(answer)).await?;
        self.taken(held)
    }

    /// The version in the name that an answer gives to the key, which must be the one that was asked for.
    fn version(&self, kid: &Node<'_>) -> Result<String, DecodeError> {
        let wrong =
            || kid.error(format!("must be a version of https://{}/keys/{}", self.host, self.name.key()));
        let (scheme, rest) = kid.text()?.split_once("://").ok_or_else(wrong)?;
        let mut parts = rest.split('/');
        let (Some(host), Some("keys"), Some(key), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        // What stands in for the vault may call its keys by its own address.
        let is_vault = scheme == "https"
            && [&*self.host, &*format!("{}:443", self.host)].iter().any(|h| host.eq_ignore_ascii_case(h));
        let is_named = format!("{scheme}://{host}") == self.base;
        let is_asked = self.name.version().is_none_or(|asked| asked == version);
        match (is_vault || is_named)
            && key.eq_ignore_ascii_case(self.name.key())
            && !version.is_empty()
            && is_asked
        {
            true if version.bytes().all(|b| b.is_ascii_alphanumeric()) => Ok(version.to_owned()),
            _ => Err(wrong()),
        }
    }

    fn held(&self, answer: &Node<'_>) -> Result<Held, DecodeError> {
        let key = answer.member("key")?;
        let version = self.version(&key.member("kid")?)?;
        let attributes = answer.member("attributes")?;
        if attributes.optional("enabled")?.is_some_and(|enabled| enabled.value() != &Value::Bool(true)) {
            return Ok(Held { version, key: Err("it is disabled".to_owned()), flaw: None });
        }
        let flaw = self.flaw(&attributes, &key)?;
        Ok(Held { version, key: public_key(&key)?, flaw })
    }

    /// Why a key does not sign now.
    fn flaw(&self, attributes: &Node<'_>, key: &Node<'_>) -> Result<Option<String>, DecodeError> {
        let time = |name: &str| match attributes.optional(name)? {
            Some(node) => {
                let seconds = node.value().as_i64().ok_or_else(|| node.error("must be a time"))?;
                Ok::<_, DecodeError>(Some(UnixTime::from_seconds(seconds)))
            }
            None => Ok(None),
        };
        if let Some(end) = time("exp")?.filter(|end| *end <= self.now) {
            return Ok(Some(format!("it expired at {end}, and signs no more")));
        }
        if let Some(begin) = time("nbf")?.filter(|begin| *begin > self.now) {
            return Ok(Some(format!("it does not sign before {begin}")));
        }
        let Some(list) = key.optional("key_ops")? else { return Ok(None) };
        let mut all = Vec::new();
        for operation in list.items(MAX_OPERATIONS)? {
            all.push(operation.text()?);
        }
        let may_sign = all.contains(&"sign");
        Ok((!may_sign)
            .then(|| format!("it is not for signing: its operations are {}", shown(&all.join(", ")))))
    }
}

/// What a vault says of a key.
struct Held {
    version: String,
    /// The key, or why it is of no use.
    key: Result<PublicKey, String>,
    /// Why it does not sign.
    flaw: Option<String>,
}

/// The public half, or why there is none that is of use here.
fn public_key(jwk: &Node<'_>) -> Result<Result<PublicKey, String>, DecodeError> {
    let kind = jwk.member("kty")?.non_empty_text()?;
    let no = |what: &str| {
        Ok(Err(format!("it is {what}; keys that sign here are EC (P-256, P-384, P-521) and RSA")))
    };
    match kind {
        "EC" | "EC-HSM" => match jwk.member("crv")?.text()? {
            "P-256" | "P-384" | "P-521" => jwk::ec_public_key(jwk).map(Ok),
            "P-256K" | "SECP256K1" | "secp256k1" => no("on the curve secp256k1"),
            other => no(&format!("on the curve {}", shown(other))),
        },
        "RSA" | "RSA-HSM" => jwk::rsa_public_key(jwk).map(Ok),
        "oct" | "oct-HSM" => no("symmetric (oct)"),
        other => no(&format!("of the kind {}", shown(other))),
    }
}

/// As much of a word of the vault as is shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// With what a key of a kind signs here (RFC 7518 section 3.1).
fn algorithm(key: KeyType) -> Result<&'static str, Failure> {
    Ok(match key {
        KeyType::P256 => "ES256",
        KeyType::P384 => "ES384",
        KeyType::P521 => "ES512",
        KeyType::Rsa { .. } => "RS256",
        KeyType::Ed25519 => return Err(Failure::Key { reason: format!("it is an {key} key") }),
    })
}

/// The closer name of an error.
fn inner(body: &[u8]) -> Option<String> {
    let value = text::parse("error", body).ok()?;
    let inner = Node::root("error", &value).member("error").ok()?.optional("innererror").ok()??;
    Some(inner.member("code").ok()?.text().ok()?.to_owned())
}

impl Backend for KeyVault {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(async move { Ok(self.get().await?) })
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        Box::pin(async move {
            let fail = |reason: &str| Failure::Key { reason: reason.to_owned() };
            let SigningInput::Digest(digest) = input else {
                return Err(fail("Azure Key Vault is given digests"));
            };
            let Some((version, flaw)) = self.found.get() else {
                return Err(fail("its public half was not asked for"));
            };
            if let Some(reason) = flaw {
                return Err(fail(reason));
            }
            let body =
                json!({ "alg": algorithm(key.key_type())?, "value": base64::encode_url(digest.bytes()) });
            let path = format!("{}/{version}/sign", self.name.key());
            let read = |answer: &Node<'_>| {
                let signer = answer.member("kid")?;
                if self.version(&signer)? != *version {
                    return Err(signer.error("must be the version whose public half was given"));
                }
                let value = answer.member("value")?;
                let raw = value.non_empty_base64()?;
                match key.key_type() {
                    KeyType::Rsa { .. } => Ok(raw),
                    kind => jwk::ecdsa_signature(kind, &raw).ok_or_else(|| {
                        value.error(format!("has another length than signatures of {kind} keys"))
                    }),
                }
            };
            Ok(self.ask((&path, "sign"), Some(body), read).await?)
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.make())
    }
}
