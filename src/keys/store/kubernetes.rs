//! Secrets of Kubernetes (Kubernetes, "Secret v1 core" of the API reference).

use std::path::Path;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::{Answered, Backend, Failure, Part, Settings, explained, found, values};
use crate::cloud::Allowed;
use crate::cloud::kubernetes::{Cluster, SERVICE_ACCOUNT};
use crate::crypto::{DecodeError, Node, Secret, base64};
use crate::http::Method;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{self, Ask, Client, Service};
use crate::keys::KeyPair;

const SERVICE: Service = Service::Keys("Kubernetes");
const TOKEN: &str = "the token or certificate of kubeconfig, or of the service account,";
/// Members of one secret.
const MAX_MEMBERS: usize = 10_000;
/// A secret holds a mebibyte, which base64 and what is around it make larger.
const MAX_ANSWER: u64 = 1 << 22;

/// What the members of a secret are called.
pub(super) fn member(part: Part) -> &'static str {
    match part {
        Part::PrivateKey => "cosign.key",
        Part::PublicKey => "cosign.pub",
        Part::Password => "cosign.password",
    }
}

/// `NAMESPACE/SECRET` of `k8s://NAMESPACE/SECRET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName {
    namespace: String,
    name: String,
}

impl SecretName {
    /// A namespace (RFC 1123 label) and the name of a secret (RFC 1123 subdomain).
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "a secret of Kubernetes is named k8s://NAMESPACE/SECRET, in lower case";
        let (namespace, name) = text.split_once('/').ok_or(FORM)?;
        let is_label = |label: &str| {
            label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
                && !label.is_empty()
        };
        let sound = is_label(namespace)
            && namespace.len() <= 63
            && name.split('.').all(is_label)
            && name.len() <= 253;
        match sound {
            true => Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() }),
            false => Err(FORM),
        }
    }
}

impl std::fmt::Display for SecretName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A secret of a cluster.
pub(super) struct Kubernetes {
    client: Client,
    server: String,
    authorization: Option<Secret>,
    name: SecretName,
    /// What was there when it was looked at.
    there: Mutex<Option<Value>>,
}

impl Kubernetes {
    /// Reads which cluster is asked, and who asks; starts a program for that where it is `allowed`.
    ///
    /// # Errors
    /// There is none, or something about it cannot be used.
    pub async fn open(
        name: &SecretName,
        settings: &Settings<'_>,
        allowed: Option<Allowed>,
    ) -> Result<Self, Failure> {
        let mut cluster = Cluster::find(settings.variables, Path::new(SERVICE_ACCOUNT), allowed).await?;
        let client = settings.client(|connection| cluster.configure(connection));
        let Cluster { server, authorization, .. } = cluster;
        Ok(Self { client, server, authorization, name: name.clone(), there: Mutex::default() })
    }

    async fn ask(&self, method: Method, body: Option<Value>) -> Result<Value, Failure> {
        let SecretName { namespace, name } = &self.name;
        let (verb, below) = match method {
            Method::Get => ("get", format!("/{name}")),
            Method::Put => ("update", format!("/{name}")),
            _ => ("create", String::new()),
        };
        let url = format!("{}/api/v1/namespaces/{namespace}/secrets{below}", self.server);
        let address = guarded("the server of the cluster", &url)?;
        let body = Secret::new(body.map(|body| body.to_string().into_bytes()).unwrap_or_default());
        let ask = Ask {
            method,
            authorization: self.authorization.as_ref(),
            body: body.expose(),
            secret: (method != Method::Get).then_some(&body),
            limit: MAX_ANSWER,
            // What is made twice is a conflict with itself.
            repeat: method == Method::Get,
            ..asking::get(SERVICE, &address)
        };
        let needed = || format!("a role that allows `{verb}` of secrets in the namespace {namespace}");
        let reply = match self.client.ask(&ask).await {
            // Whoever asks for what is not there has been let in.
            Err(error @ service::Error::Status { status: 404, .. }) => return Err(error.into()),
            answer => answer.map_err(|error| explained(error, TOKEN, needed))?,
        };
        Ok(asking::document_of(&ask, reply, |_, node| {
            checked(node, &self.name)?;
            Ok(node.value().clone())
        })?)
    }

    /// The secret; `None` where there is none.
    async fn secret(&self) -> Result<Option<Value>, Failure> {
        match self.ask(Method::Get, None).await {
            Ok(secret) => Ok(Some(secret)),
            Err(Failure::Service(error)) => Ok(found(Err(error))?),
            Err(failure) => Err(failure),
        }
    }

    async fn wanted(&self, part: Part) -> Result<Option<Secret>, Failure> {
        let Some(secret) = self.secret().await? else {
            let SecretName { namespace, name } = &self.name;
            let reason = format!("there is no secret {name} in the namespace {namespace}");
            return Err(Failure::Absent { reason, source: None });
        };
        value(&Node::root("secret", &secret), member(part)).map_err(Failure::Value)
    }

    async fn put(&self, pair: &KeyPair, password: &Secret) -> Result<Vec<String>, Failure> {
        let SecretName { namespace, name } = &self.name;
        let there = self.there.lock().map(|mut there| there.take()).unwrap_or_default();
        let is_new = there.is_none();
        let mut secret = there.unwrap_or_else(|| {
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": { "name": name, "namespace": namespace },
            })
        });
        // As cosign does it. What else is in the secret stays, its resourceVersion among it: who changed it meanwhile wins.
        secret["immutable"] = true.into();
        let mut data = secret.get("data").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        for (part, _, value) in values(pair, password) {
            data.insert(member(part).to_owned(), base64::encode(value).into());
        }
        secret["data"] = data.into();
        let method = if is_new { Method::Post } else { Method::Put };
        let answer = self.ask(method, Some(secret)).await?;
        let answer = Node::root("secret", &answer);
        for (part, _, written) in values(pair, password) {
            let there = value(&answer, member(part)).map_err(Failure::Value)?;
            if there.is_none_or(|there| there.expose() != written) {
                return Err(Failure::Key {
                    reason: format!("what the cluster keeps as {} is not what it was given", member(part)),
                });
            }
        }
        let done = if is_new { "created" } else { "updated" };
        Ok(vec![format!("Successfully {done} secret {name} in namespace {namespace}")])
    }
}

/// That an answer is the secret that was asked for.
fn checked(node: &Node<'_>, name: &SecretName) -> Result<(), DecodeError> {
    let metadata = node.member("metadata")?;
    for (member, expected) in [("name", &name.name), ("namespace", &name.namespace)] {
        let found = metadata.member(member)?;
        if found.text()? != expected {
            return Err(found.error(format!("is not `{expected}`, which was asked for")));
        }
    }
    Ok(())
}

/// A member of the secret.
fn value(secret: &Node<'_>, name: &str) -> Result<Option<Secret>, DecodeError> {
    let Some(data) = secret.optional("data")? else { return Ok(None) };
    let found = data.members(MAX_MEMBERS)?.into_iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| Ok(Secret::new(value.base64()?))).transpose()
}

impl Backend for Kubernetes {
    fn read(&self, part: Part) -> Answered<'_, Option<Secret>> {
        Box::pin(self.wanted(part))
    }

    fn has_key(&self) -> Answered<'_, bool> {
        Box::pin(async move {
            let secret = self.secret().await?;
            let Some(found) = &secret else { return Ok(false) };
            let node = Node::root("secret", found);
            if found.get("immutable") == Some(&Value::Bool(true)) {
                return Err(Failure::Key {
                    reason: "the secret exists and is immutable: nothing can be written to it, it can be deleted alone".to_owned(),
                });
            }
            let has_key = value(&node, member(Part::PrivateKey)).map_err(Failure::Value)?.is_some();
            if let Ok(mut there) = self.there.lock() {
                *there = secret;
            }
            Ok(has_key)
        })
    }

    fn write<'a>(&'a self, pair: &'a KeyPair, password: &'a Secret) -> Answered<'a, Vec<String>> {
        Box::pin(self.put(pair, password))
    }
}
