//! Managed identities: what a machine of Azure gives ("How to use managed identities on a virtual machine", "... for App Service",
//! Cloud Shell). Asked on their own addresses, without a proxy, and not for long.

use std::time::Duration;

use super::super::{Error, Settings, link};
use super::{Asked, refused, token};
use crate::crypto::Secret;
use crate::http::service::{self, Ask, Client, Service, asking};
use crate::http::{Address, form};

const MACHINE: Service = Service::Cloud("the instance metadata of Azure");
const ENDPOINT: Service = Service::Cloud("the identity endpoint of Azure");
/// Link-local, where no router forwards to.
const METADATA: &str = "169.254.169.254";
/// How long either is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the machine gives.
pub struct Managed {
    kind: Kind,
    /// The identity that is meant where there are several.
    client: Option<String>,
}

enum Kind {
    /// A virtual machine, and much else.
    Machine { base: String },
    /// App Service, Functions, Container Apps.
    Service { url: String, header: Secret },
    /// Cloud Shell.
    Shell { address: Address },
}

impl Managed {
    /// Which it is, by the variables.
    ///
    /// # Errors
    /// They speak of one that is not known, or of an address that is no place for secrets.
    pub fn find(settings: &Settings<'_>) -> Result<Self, Error> {
        const URL: &str = "IDENTITY_ENDPOINT";
        const HEADER: &str = "IDENTITY_HEADER";
        let client = settings.variable("AZURE_CLIENT_ID")?;
        let kind = match (
            settings.variable(URL)?,
            settings.variable(HEADER)?,
            settings.variable("MSI_ENDPOINT")?,
        ) {
            (Some(_), Some(_), _) if settings.variable("IDENTITY_SERVER_THUMBPRINT")?.is_some() => {
                return Err(Error::setting(URL, "identities of Service Fabric are not supported"));
            }
            (Some(url), Some(header), _) => {
                let _ = local(URL, &url)?;
                Kind::Service { url, header: Secret::new(header.into_bytes()) }
            }
            (Some(_), None, _) if settings.variable("IMDS_ENDPOINT")?.is_some() => {
                return Err(Error::setting(
                    URL,
                    "identities of Azure Arc are not supported: use AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH",
                ));
            }
            (Some(_), None, _) => return Err(Error::half(URL, format!("{HEADER} is not set with it"))),
            (None, _, Some(_)) if settings.variable("MSI_SECRET")?.is_some() => {
                return Err(Error::setting(
                    "MSI_ENDPOINT",
                    "identities of Azure Machine Learning are not supported",
                ));
            }
            (None, _, Some(url)) => Kind::Shell { address: local("MSI_ENDPOINT", &url)? },
            (None, _, None) => Kind::Machine { base: machine(settings)? },
        };
        Ok(Self { kind, client })
    }

    /// A token.
    ///
    /// # Errors
    /// An endpoint that is set up does not give one.
    pub async fn token(&self, resource: &str) -> Result<Asked, Error> {
        let mut pairs = vec![("resource", resource)];
        pairs.extend(self.client.as_deref().map(|client| ("client_id", client)));
        match &self.kind {
            Kind::Machine { base } => Ok(match of_machine(base, &pairs).await {
                Ok(token) => Asked::Token(token),
                Err(error) => Asked::Absent(said(base, &error)),
            }),
            Kind::Service { url, header } => {
                let address = local("IDENTITY_ENDPOINT", url)?;
                pairs.push(("api-version", "2019-08-01"));
                let address = address.with_query(&pairs);
                let header = String::from_utf8_lossy(header.expose());
                // Not as what is secret: the endpoint listens on http, on this machine or beside it.
                let headers = [("x-identity-header", &*header)];
                let ask = Ask { headers: &headers, ..asking::get(ENDPOINT, &address) };
                let given = asking::document(&client(), &ask, token).await;
                given.map(Asked::Token).map_err(refused("IDENTITY_ENDPOINT"))
            }
            Kind::Shell { address } => {
                let body = Secret::new(form(&pairs).into_bytes());
                let ask = Ask { headers: &[("metadata", "true")], ..asking::post(ENDPOINT, address, &body) };
                let given = asking::document(&client(), &ask, token).await;
                given.map(Asked::Token).map_err(refused("MSI_ENDPOINT"))
            }
        }
    }
}

/// Where the metadata of a machine is.
fn machine(settings: &Settings<'_>) -> Result<String, Error> {
    const BASE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    match settings.variable(BASE)? {
        Some(url) => {
            let _ = local(BASE, &url)?;
            Ok(url.trim_end_matches('/').to_owned())
        }
        None => Ok(format!("http://{METADATA}")),
    }
}

async fn of_machine(base: &str, pairs: &[(&str, &str)]) -> Result<Secret, service::Error> {
    let address = service::below(MACHINE, base, "/metadata/identity/oauth2/token")?;
    let mut pairs = pairs.to_vec();
    pairs.push(("api-version", "2018-02-01"));
    let address = address.with_query(&pairs);
    let ask = Ask { headers: &[("metadata", "true")], ..asking::get(MACHINE, &address) };
    asking::document(&client(), &ask, token).await
}

/// What became of asking the machine.
fn said(base: &str, error: &service::Error) -> String {
    match error {
        service::Error::Http { .. } => format!("no instance metadata answers at {base}"),
        service::Error::Status { status, said, .. } => {
            let said = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            format!("the instance metadata at {base} gives no token (status {status}{said})")
        }
        service::Error::Answer { source, .. } => {
            format!("what the instance metadata at {base} answers is no token: {source}")
        }
        error => error.to_string(),
    }
}

/// An address that may be asked: link-local and this machine by http too, as the documentation of these endpoints says.
fn local(name: &str, url: &str) -> Result<Address, Error> {
    link::address(name, url, |host| {
        host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_link_local())
    })
}

fn client() -> Client {
    link::client(Duration::ZERO, PATIENCE, PATIENCE)
}
