//! Which certificate authorities TLS trusts.
//!
//! Windows, macOS and Android answer that themselves. Elsewhere it is the store that `SSL_CERT_FILE` and `SSL_CERT_DIR`
//! name, else the one where the distributions put it. A program that stands alone in an empty root file system finds
//! none; only then does it take the roots of Mozilla's program that are built in. A store that is there and cannot be used is
//! an error: who points the program at a private authority must not get the public ones instead, and "unknown issuer" would
//! send the reader after the wrong thing.

use reqwest::ClientBuilder;

use super::Error;

#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
mod files;
mod given;
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
mod on_demand;
mod own;

pub(super) use given::{check, given};

#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
pub(super) use on_demand::{OnDemand, on_demand};

/// The platform's own verifier reads nothing before it has to.
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
#[derive(Debug, Default)]
pub(super) struct OnDemand;

#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
impl OnDemand {
    /// Why the roots could not be read.
    pub fn failure(&self) -> Option<Error> {
        None
    }
}

/// The builder with roots that are read when a server shows a certificate.
///
/// # Errors
/// [`Error::Setup`].
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
pub(super) fn on_demand(builder: ClientBuilder) -> Result<(ClientBuilder, OnDemand), Error> {
    Ok((builder, OnDemand))
}

/// The builder with the roots decided, and the name of the store for errors.
///
/// # Errors
/// [`Error::Roots`] when the store is there and cannot be used.
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
pub(super) fn trust(builder: ClientBuilder) -> Result<(ClientBuilder, Option<String>), Error> {
    Ok((builder, None))
}

/// The builder with the roots decided, and the name of the store for errors.
///
/// # Errors
/// [`Error::Roots`] when the store is there and cannot be used.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
pub(super) fn trust(builder: ClientBuilder) -> Result<(ClientBuilder, Option<String>), Error> {
    match files::find(|name| std::env::var_os(name), files::Places::of_the_system)? {
        files::Store::System(system) => Ok((builder, Some(system.name))),
        files::Store::BuiltIn => {
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .map(|certificate| reqwest::Certificate::from_der(certificate))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| Error::Setup(Box::new(e)))?;
            Ok((builder.tls_certs_only(roots), None))
        }
    }
}
