//! The image pull secrets of the service account that a pod runs as (Kubernetes, "Add ImagePullSecrets to a service account").

use std::path::Path;

use serde_json::{Value, json};

use super::super::config::{AuthFile, Entry};
use super::super::keychain::Credentials;
use super::AmbientError;
use crate::cloud::kubernetes::Cluster;
use crate::cloud::{self, Settings};
use crate::crypto::{DecodeError, Node, Secret, base64, json as text};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Client, Service};
use crate::registry::Registry;

const SERVICE: Service = Service::Cloud("Kubernetes");
/// Pull secrets of one service account.
const MAX_SECRETS: usize = 50;
/// A secret holds a mebibyte, which base64 and what is around it make larger.
const MAX_ANSWER: u64 = 1 << 22;

/// The credentials in the first secret that has any for the registry; `Ok(Err(why))` where there are none.
///
/// # Errors
/// The cluster refuses; a secret cannot be used.
pub async fn find(
    settings: &Settings<'_>,
    account: &Path,
    registry: &Registry,
    path: Option<&str>,
) -> Result<Result<Credentials, String>, AmbientError> {
    let Some(mut cluster) = Cluster::of_this_pod(settings.variables, account)? else {
        return Ok(Err("this is no pod (KUBERNETES_SERVICE_HOST is not set)".to_owned()));
    };
    let (namespace, name) = service_account(settings, account)?;
    let api = Api {
        client: settings.client(|connection| cluster.configure(connection)),
        server: cluster.server,
        authorization: cluster.authorization,
        namespace,
        name,
    };
    search(&api, registry, path).await
}

/// As [`find`], of a cluster and a service account.
///
/// # Errors
/// As [`find`].
pub(super) async fn search(
    api: &Api,
    registry: &Registry,
    path: Option<&str>,
) -> Result<Result<Credentials, String>, AmbientError> {
    let Api { namespace, name, .. } = api;
    let secrets = api.get(&format!("serviceaccounts/{name}"), pull_secrets).await?;
    for secret in &secrets {
        let found = api.get(&format!("secrets/{secret}"), |answer| entry(answer, registry, path)).await?;
        if let Some(credentials) = found {
            return Ok(Ok(credentials));
        }
    }
    Ok(Err(match secrets.len() {
        0 => format!("the service account {name} in {namespace} has none"),
        _ => format!(
            "{} of the service account {name} in {namespace} have none for {registry}",
            secrets.join(", ")
        ),
    }))
}

/// The cluster, as this pod may ask it.
pub(super) struct Api {
    pub client: Client,
    /// Its address, without a slash at its end.
    pub server: String,
    pub authorization: Option<Secret>,
    /// The namespace of the service account.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Api {
    async fn get<T>(
        &self,
        path: &str,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, AmbientError> {
        let url = format!("{}/api/v1/namespaces/{}/{path}", self.server, self.namespace);
        let address = guarded("the server of the cluster", &url).map_err(cloud::Error::from)?;
        let ask = Ask {
            authorization: self.authorization.as_ref(),
            limit: MAX_ANSWER,
            ..asking::get(SERVICE, &address)
        };
        let kind = path.split('/').next().unwrap_or_default();
        asking::document(&self.client, &ask, read).await.map_err(|error| {
            let source_of = match error.is_refusal() {
                true => format!("the cluster (a role that allows `get` of {kind} is needed)"),
                false => "the cluster".to_owned(),
            };
            cloud::Error::Refused { source_of, source: Box::new(error) }.into()
        })
    }
}

/// Namespace and name of the service account, as its token says them: `system:serviceaccount:NAMESPACE:NAME`.
pub(super) fn service_account(
    settings: &Settings<'_>,
    account: &Path,
) -> Result<(String, String), AmbientError> {
    let path = account.join("token");
    let fail =
        || cloud::Error::setting(format!("`{}`", path.display()), "it is not the token of a service account");
    let token = settings.file(&path)?.ok_or_else(fail)?;
    let name = || {
        let token = std::str::from_utf8(token.expose()).ok()?;
        let claims = Secret::new(base64::decode(token.trim().split('.').nth(1)?)?);
        let claims = text::parse("token", claims.expose()).ok()?;
        let subject = Node::root("token", &claims).member("sub").ok()?.text().ok()?.to_owned();
        let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        (is_name(namespace) && is_name(name)).then(|| (namespace.to_owned(), name.to_owned()))
    };
    Ok(name().ok_or_else(fail)?)
}

/// A name that becomes part of a path (RFC 1123).
fn is_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    (1..=253).contains(&text.len()) && text.bytes().all(is_part) && !text.starts_with(['.', '-'])
}

fn pull_secrets(account: &Node<'_>) -> Result<Vec<String>, DecodeError> {
    let Some(list) = account.optional("imagePullSecrets")? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for item in list.items(MAX_SECRETS)? {
        let name = item.member("name")?;
        match is_name(name.text()?) {
            true => names.push(name.text()?.to_owned()),
            false => return Err(name.error("is not the name of a secret")),
        }
    }
    Ok(names)
}

/// What a secret says of a registry. A credential helper in it is not started: who may write secrets may not start programs here.
fn entry(
    secret: &Node<'_>,
    registry: &Registry,
    path: Option<&str>,
) -> Result<Option<Credentials>, DecodeError> {
    let kind = secret.member("type")?.text()?;
    let Some(data) = secret.optional("data")? else { return Ok(None) };
    let held = |name: &str| data.optional(name)?.map(|node| node.base64().map(Secret::new)).transpose();
    let content = match kind {
        "kubernetes.io/dockerconfigjson" => held(".dockerconfigjson")?,
        // Docker's older file is the list of logins alone.
        "kubernetes.io/dockercfg" => match held(".dockercfg")? {
            Some(older) => {
                let logins = text::parse("file of registry logins", older.expose())
                    .map_err(|error| DecodeError { reason: "is not JSON".to_owned(), ..error })?;
                Some(Secret::new(json!({ "auths": logins }).to_string().into_bytes()))
            }
            None => None,
        },
        _ => None,
    };
    let Some(content) = content else { return Ok(None) };
    let auths = text::parse("file of registry logins", content.expose())
        .map_err(|error| DecodeError { reason: "is not JSON".to_owned(), ..error })?;
    let auths =
        Node::root("file of registry logins", &auths).optional("auths")?.map(|node| node.value().clone());
    let auths = auths.unwrap_or(Value::Null);
    let alone = Secret::new(json!({ "auths": auths }).to_string().into_bytes());
    let entries = AuthFile::parse(alone.expose())?.entries(registry, path)?;
    Ok(entries.into_iter().find_map(|entry| match entry {
        Entry::Known(credentials) => Some(credentials),
        Entry::Helper(_) => None,
    }))
}
