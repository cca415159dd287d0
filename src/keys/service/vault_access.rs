//! Where a server of Vault or OpenBao is, and who asks it: the variables and files that their own clients read.

use super::Failure;
use crate::cloud::{Error, Settings};
use crate::crypto::Secret;
use crate::http::service::Client;
use crate::http::service::asking::guarded;
use crate::http::{Address, Authorities, ClientCertificate, ServerName};

/// Everything that is the same for every question.
pub(super) struct Access {
    /// The variable with the address.
    pub variable: String,
    /// The address, without a slash at its end.
    pub url: String,
    pub client: Client,
    pub token: Secret,
    pub namespace: Option<String>,
}

impl Access {
    /// Reads what the environment says.
    ///
    /// # Errors
    /// No address, no token, or one that cannot be used.
    pub fn read(settings: &Settings<'_>) -> Result<Self, Failure> {
        let names = Names::choose(settings)?;
        let Some((variable, url)) = names.value("ADDR")? else {
            return Err(Failure::Cloud(Error::Nowhere {
                what: "the address of Vault is",
                looked_at: "neither VAULT_ADDR nor BAO_ADDR is set".to_owned(),
            }));
        };
        let server = guarded(&variable, &url)?;
        Ok(Self {
            client: client(&server, &names)?,
            token: token(&names)?,
            namespace: names.value("NAMESPACE")?.map(|(_, namespace)| namespace),
            url: url.trim_end_matches('/').to_owned(),
            variable,
        })
    }
}

/// The variable by which the certificate of the server goes unchecked, where one is set so.
///
/// # Errors
/// It says neither yes nor no.
pub(super) fn unchecked(settings: &Settings<'_>) -> Result<Option<String>, Failure> {
    let names = Names::choose(settings)?;
    match names.value("SKIP_VERIFY")? {
        Some((name, _)) if settings.switch(&name)? => Ok(Some(name)),
        _ => Ok(None),
    }
}

/// Under which names variables are looked up.
struct Names<'a, 'b> {
    settings: &'a Settings<'b>,
    /// As OpenBao's client: `BAO_X`, and `VAULT_X` where that is not set.
    is_bao: bool,
}

impl<'a, 'b> Names<'a, 'b> {
    /// Where VAULT_ADDR is set, which alone cosign knows, nothing of OpenBao's is looked at: no token goes to the server of the other.
    fn choose(settings: &'a Settings<'b>) -> Result<Self, Failure> {
        let is_bao = settings.variable("VAULT_ADDR")?.is_none() && settings.variable("BAO_ADDR")?.is_some();
        Ok(Self { settings, is_bao })
    }

    /// The name of the variable that counts, and its value.
    fn value(&self, name: &str) -> Result<Option<(String, String)>, Failure> {
        let prefixes: &[&str] = if self.is_bao { &["BAO", "VAULT"] } else { &["VAULT"] };
        for prefix in prefixes {
            let name = format!("{prefix}_{name}");
            if let Some(value) = self.settings.variable(&name)? {
                return Ok(Some((name, value)));
            }
        }
        Ok(None)
    }

    fn shown(&self, name: &str) -> String {
        if self.is_bao { format!("BAO_{name}") } else { format!("VAULT_{name}") }
    }
}

fn token(names: &Names<'_, '_>) -> Result<Secret, Failure> {
    let what = "the token for Vault is";
    if let Some((name, _)) = names.value("TOKEN")?
        && let Some(token) = names.settings.token(&name)?
    {
        return Ok(token);
    }
    let variable = names.shown("TOKEN");
    let Some(path) = names.settings.home(".vault-token")? else {
        let looked_at = format!("{variable} is not set, and there is no home folder with .vault-token");
        return Err(Error::Unset { what, looked_at }.into());
    };
    let found = names.settings.file(&path)?;
    let reason = match &found {
        Some(token) if !token.expose().trim_ascii().is_empty() => {
            return Ok(Secret::new(token.expose().trim_ascii().to_vec()));
        }
        Some(_) => "is empty",
        None => "does not exist",
    };
    let looked_at = format!("{variable} is not set, and `{}` {reason}", path.display());
    Err(Error::Unset { what, looked_at }.into())
}

/// A client by the variables for TLS.
fn client(server: &Address, names: &Names<'_, '_>) -> Result<Client, Failure> {
    let settings = names.settings;
    let authorities = authorities(names)?;
    let certificate = match (names.value("CLIENT_CERT")?, names.value("CLIENT_KEY")?) {
        (Some((of_certificate, certificate)), Some((of_key, key))) => Some(ClientCertificate {
            name: format!("the client certificate `{certificate}`"),
            certificate: settings.named_file(&of_certificate, &certificate)?.expose().to_vec(),
            key: settings.named_file(&of_key, &key)?,
        }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let both = format!("{} with {}", names.shown("CLIENT_CERT"), names.shown("CLIENT_KEY"));
            return Err(Error::half(both, "one of them is not set").into());
        }
    };
    let server_name =
        names.value("TLS_SERVER_NAME")?.map(|(_, name)| ServerName { host: server.host().to_owned(), name });
    let accept_any_certificate = unchecked(settings)?.is_some();
    Ok(settings.client(|connection| {
        connection.authorities = authorities;
        connection.certificate = certificate;
        connection.server_name = server_name;
        connection.accept_any_certificate = accept_any_certificate;
    }))
}

/// The certificate authorities, where those of the platform are not meant.
fn authorities(names: &Names<'_, '_>) -> Result<Option<Authorities>, Failure> {
    if let Some((variable, path)) = names.value("CACERT")? {
        let pem = names.settings.named_file(&variable, &path)?.expose().to_vec();
        return Ok(Some(Authorities { name: format!("`{path}`"), pem }));
    }
    if let Some((variable, pem)) = names.value("CACERT_BYTES")? {
        return Ok(Some(Authorities { name: variable, pem: pem.into_bytes() }));
    }
    if let Some((variable, folder)) = names.value("CAPATH")? {
        let pem = names.settings.named_folder(&variable, &folder)?;
        return Ok(Some(Authorities { name: format!("the folder `{folder}`"), pem }));
    }
    Ok(None)
}
