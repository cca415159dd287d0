//! SPIFFE's Workload API (SPIFFE Workload Endpoint and SPIFFE Workload API): a JWT-SVID for whoever may use its socket.

use std::path::PathBuf;

use super::super::Error;
use super::{Offer, Surroundings};
use crate::crypto::Secret;

/// The variable with the socket.
const SOCKET: &str = "SPIFFE_ENDPOINT_SOCKET";

/// Whether there is a socket.
pub fn offer(around: &Surroundings<'_>) -> Offer {
    if !cfg!(unix) {
        return Offer::Missing("this platform has no Unix sockets".to_owned());
    }
    match socket(around) {
        Ok(path) if path.exists() => Offer::Offered,
        Ok(path) => Offer::Missing(format!("there is no socket {}", path.display())),
        // It was named, and cannot be used: that is an error for whoever asks.
        Err(_) => Offer::Offered,
    }
}

/// A token for this audience.
///
/// # Errors
/// There is nobody behind the socket, or it refuses.
pub async fn token(around: &Surroundings<'_>, audience: &str) -> Result<Secret, Error> {
    let path = socket(around)?;
    #[cfg(unix)]
    {
        super::workload_api::fetch(&path, audience)
            .await
            .map_err(|reason| Error::WorkloadApi { socket: path, reason })
    }
    #[cfg(not(unix))]
    {
        let _ = (path, audience);
        Err(Error::Unsupported { what: "this platform has no Unix sockets".to_owned() })
    }
}

/// The socket: a path, as cosign takes it, or an address with the scheme `unix`, as the specification has it (SPIFFE Workload
/// Endpoint section 4).
fn socket(around: &Surroundings<'_>) -> Result<PathBuf, Error> {
    let Some(text) = around.variable(SOCKET) else { return Ok(around.places.spiffe_socket.clone()) };
    if let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| !scheme.contains('/')) {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if scheme != "unix" || !path.starts_with('/') {
            return Err(Error::Address {
                what: format!("{SOCKET} (`{text}`)"),
                reason: "only sockets of the scheme `unix` with a whole path are supported".to_owned(),
            });
        }
        return Ok(PathBuf::from(path));
    }
    Ok(PathBuf::from(text))
}
