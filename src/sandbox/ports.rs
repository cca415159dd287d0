//! The ports of the services: the same after a restart, so that what was written down stays true.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;

use serde_json::Value;

use super::documents::Addresses;
use super::folder::{Folder, FolderError};
use super::serve::listen;
use super::service::Service;

/// The document that says where the services are.
pub(super) const SERVICES: &str = "services.json";

/// Why a port cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Two services were given one port.
    #[error("{first} and {second} cannot both have port {port}")]
    Twice {
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The port.
        port: u16,
    },
    /// Somebody else has it, or may have it alone.
    #[error("{} cannot have port {port}", service.word())]
    Taken {
        /// The service.
        service: Service,
        /// The port, 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

/// Takes a port for each of these services: the one that is asked for, or that of the last time, or any.
///
/// # Errors
/// [`PortError`].
pub(super) fn take(
    folder: &Folder,
    services: &[Service],
    asked: &BTreeMap<Service, u16>,
) -> Result<(BTreeMap<Service, TcpListener>, Addresses), PortError> {
    let mut wanted = kept(folder)?;
    for (service, port) in asked.iter().filter(|(_, port)| **port != 0) {
        // Where the port was another service's before, that one moves.
        wanted.retain(|_, kept| kept != port);
        wanted.insert(*service, *port);
    }
    for (first, port) in asked.iter().filter(|(_, port)| **port != 0) {
        if let Some((second, _)) = asked.iter().find(|(other, same)| *other != first && *same == port) {
            return Err(PortError::Twice { first: first.word(), second: second.word(), port: *port });
        }
    }
    let mut listeners = BTreeMap::new();
    let mut urls = Vec::new();
    // Ports that are named come first, so that none of them is given away as any free one.
    let (named, any): (Vec<_>, Vec<_>) = services
        .iter()
        .map(|service| (*service, wanted.get(service).copied().unwrap_or(0)))
        .partition(|(_, port)| *port != 0);
    for (service, port) in named.into_iter().chain(any) {
        let taken = |source| PortError::Taken { service, port, source };
        let listener = listen(port).map_err(taken)?;
        urls.push((service, format!("http://{}", listener.local_addr().map_err(taken)?)));
        listeners.insert(service, listener);
    }
    Ok((listeners, Addresses::new(urls)))
}

/// The ports of the last time. A document that somebody else wrote counts as none.
fn kept(folder: &Folder) -> Result<BTreeMap<Service, u16>, FolderError> {
    let text = folder.read(SERVICES)?.unwrap_or_default();
    let document: Value = serde_json::from_slice(&text).unwrap_or_default();
    let port = |service: Service| {
        let url = document.get(service.word())?.as_str()?;
        Some((service, url.rsplit_once(':')?.1.parse().ok()?))
    };
    Ok(Service::ALL.into_iter().filter_map(port).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: [Service; 2] = [Service::Tuf, Service::Tsa];

    fn take_and_keep(folder: &Folder, asked: &[(Service, u16)]) -> Result<Addresses, PortError> {
        let (_, addresses) = take(folder, &TWO, &asked.iter().copied().collect())?;
        folder.write(SERVICES, addresses.to_json().to_string().as_bytes())?;
        Ok(addresses)
    }

    fn port(addresses: &Addresses, service: Service) -> u16 {
        addresses.url(service).rsplit_once(':').unwrap().1.parse().unwrap()
    }

    #[test]
    fn ports_stay_and_those_asked_for_win() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let first = take_and_keep(&folder, &[]).unwrap();
        assert_eq!(take_and_keep(&folder, &[]).unwrap(), first);
        let free = listen(0).unwrap().local_addr().unwrap().port();
        let moved = take_and_keep(&folder, &[(Service::Tsa, free)]).unwrap();
        assert_eq!(port(&moved, Service::Tsa), free);
        assert_eq!(moved.url(Service::Tuf), first.url(Service::Tuf));
        let swapped = take_and_keep(&folder, &[(Service::Tuf, free)]).unwrap();
        assert_eq!(port(&swapped, Service::Tuf), free);
        assert_ne!(port(&swapped, Service::Tsa), free);
        folder.write(SERVICES, b"[rubbish").unwrap();
        take_and_keep(&folder, &[]).unwrap();
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let first = take_and_keep(&folder, &[]).unwrap();
        let tsa = port(&first, Service::Tsa);
        let taken = listen(tsa).unwrap();
        let error = take_and_keep(&folder, &[]).unwrap_err();
        assert_eq!(error.to_string(), format!("tsa cannot have port {tsa}"));
        drop(taken);
        let error = take_and_keep(&folder, &[(Service::Tuf, tsa), (Service::Tsa, tsa)]).unwrap_err();
        assert_eq!(error.to_string(), format!("tsa and tuf cannot both have port {tsa}"));
    }
}
