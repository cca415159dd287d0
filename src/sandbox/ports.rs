//! The ports of the services: the same after a restart, so that what was written down stays true.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::documents::Addresses;
use super::folder::{Folder, FolderError};
use super::serve::listen;
use super::service::Service;

/// The document that says where the services are.
pub(super) const SERVICES: &str = "services.json";

/// What every address begins with.
const SCHEME_AND_HOST: &str = "http://127.0.0.1:";
/// A process that was killed has its ports for a moment: so often is tried again, so long after.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);
/// Loopback answers at once, if at all.
const REACH: Duration = Duration::from_secs(5);

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
    /// What listens on loopback cannot be reached there.
    #[error("127.0.0.1 cannot be reached on this machine")]
    Unreachable {
        /// What the system says.
        source: io::Error,
    },
    /// The document with the addresses of the last time is there, and not what was written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
    let mut wanted = kept(folder, services)?;
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
        let listener = listen_soon(port).map_err(taken)?;
        urls.push((service, format!("http://{}", listener.local_addr().map_err(taken)?)));
        listeners.insert(service, listener);
    }
    if let Some(address) = listeners.values().next().and_then(|listener| listener.local_addr().ok()) {
        reach(address).map_err(|source| PortError::Unreachable { source })?;
    }
    Ok((listeners, Addresses::new(urls)))
}

/// Where the loopback interface is down one can listen there, and nobody ever connects.
fn reach(address: SocketAddr) -> io::Result<()> {
    TcpStream::connect_timeout(&address, REACH).map(drop)
}

fn listen_soon(port: u16) -> io::Result<TcpListener> {
    for _ in 0..TRIES {
        match listen(port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => std::thread::sleep(PAUSE),
            result => return result,
        }
    }
    listen(port)
}

/// The ports of the last time. Where they cannot be known any more, a note says so: documents that clients have name them.
fn kept(folder: &Folder, services: &[Service]) -> Result<BTreeMap<Service, u16>, PortError> {
    let path = folder.path().join(SERVICES);
    let Some(text) = folder.read(SERVICES)? else {
        if folder.is_complete()? {
            folder.note(format!("{} is missing: services have other addresses than before", path.display()));
        }
        return Ok(BTreeMap::new());
    };
    let damaged = |reason: String| PortError::Damaged { path: path.clone(), reason };
    let document: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|_| damaged("it is no object of JSON".to_owned()))?;
    let mut kept = BTreeMap::new();
    for service in services {
        let Some(url) = document.get(service.word()) else { continue };
        let port = url.as_str().and_then(|url| url.strip_prefix(SCHEME_AND_HOST)?.parse().ok());
        let port = port.filter(|port| *port != 0);
        let reason = || format!("the address of {} is not {SCHEME_AND_HOST}PORT", service.word());
        kept.insert(*service, port.ok_or_else(|| damaged(reason()))?);
    }
    if kept.is_empty() {
        return Err(damaged("it names no service".to_owned()));
    }
    Ok(kept)
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
    fn what_cannot_be_reached_is_found_out() {
        let listener = listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        reach(address).unwrap();
        drop(listener);
        assert!(reach(address).is_err());
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
    }

    #[test]
    fn addresses_that_cannot_be_read_are_no_reason_for_others() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let first = take_and_keep(&folder, &[]).unwrap();
        let text = folder.read(SERVICES).unwrap().unwrap();
        for (document, reason) in [
            ("", "it is no object of JSON"),
            ("[rubbish", "it is no object of JSON"),
            ("[]", "it is no object of JSON"),
            ("{}", "it names no service"),
            (r#"{"tuf":"http://192.0.2.1:80"}"#, "the address of tuf is not http://127.0.0.1:PORT"),
            (r#"{"tuf":"http://127.0.0.1:0"}"#, "the address of tuf is not http://127.0.0.1:PORT"),
            (r#"{"tuf":1}"#, "the address of tuf is not http://127.0.0.1:PORT"),
        ] {
            folder.write(SERVICES, document.as_bytes()).unwrap();
            let error = take_and_keep(&folder, &[]).unwrap_err().to_string();
            assert_eq!(error, format!("{} is damaged: {reason}", folder.path().join(SERVICES).display()));
            assert_eq!(folder.read(SERVICES).unwrap().unwrap(), document.as_bytes());
        }
        folder.write(SERVICES, &text).unwrap();
        assert_eq!(take_and_keep(&folder, &[]).unwrap(), first);
        // The way out: without the document there are new addresses, and it is said.
        folder.complete().unwrap();
        folder.remove(SERVICES).unwrap();
        take_and_keep(&folder, &[]).unwrap();
        let notes = folder.notes();
        assert!(
            notes.len() == 1 && notes[0].ends_with("services have other addresses than before"),
            "{notes:?}"
        );
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
