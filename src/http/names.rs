//! Names of servers in the static program: `/etc/hosts`, then the servers of `/etc/resolv.conf`.
//!
//! glibc's resolver loads the modules that `/etc/nsswitch.conf` names. Inside a static program these belong to another glibc
//! than the one that is linked in; on a system newer than the one it was built on, `myhostname` and `resolve` ended it with a
//! segmentation fault. Resolvers that exist as crates take random numbers from `/dev`, which an empty root does not have, or
//! ask servers of somebody else where no server is configured.
//!
//! A stub resolver (RFC 1034 section 5.3.1) as small as it can be. What it finds is not trusted: TLS says who a server is.

mod files;
mod message;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use files::Servers;
use message::{Kind, Outcome};

const HOSTS: &str = "/etc/hosts";
const SERVERS: &str = "/etc/resolv.conf";
/// Far above any file of hosts that people write.
const MAX_FILE: u64 = 1 << 22;
/// The longest answer over UDP without an extension (RFC 1035 section 4.2.1), with room for servers that send more.
const MAX_DATAGRAM: usize = 4096;

/// Why there is no address.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameError {
    #[error("there is no `{SERVERS}`, which says what servers know the name `{0}`")]
    NoServers(String),
    #[error("cannot read `{path}`")]
    File { path: &'static str, source: io::Error },
    #[error("there is no server of the name `{0}`")]
    NoSuchName(String),
    #[error("`{0}` cannot be the name of a server")]
    NotAName(String),
    #[error("no name server answered for `{name}`; the last said: {last}")]
    NoAnswer { name: String, last: String },
}

/// Resolves names, reading the files for each.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let name = name.as_str().to_owned();
        // A thread of its own, which the end of the program does not wait for.
        std::thread::spawn(move || drop(sender.send(system_lookup(&name))));
        Box::pin(async move {
            let addresses = receiver.await??;
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

pub(super) fn system_lookup(name: &str) -> Result<Vec<IpAddr>, NameError> {
    let hosts = read(HOSTS)?.unwrap_or_default();
    let servers = read(SERVERS)?.map(|text| Servers::parse(&text));
    lookup(name, &hosts, servers.as_ref())
}

fn lookup(name: &str, hosts: &str, servers: Option<&Servers>) -> Result<Vec<IpAddr>, NameError> {
    let known = files::hosts(hosts, name);
    if !known.is_empty() {
        return Ok(known);
    }
    // RFC 6761 section 6.3.
    if name.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let Some(servers) = servers else { return Err(NameError::NoServers(name.to_owned())) };
    for candidate in servers.candidates(name) {
        let mut found = Vec::new();
        for kind in [Kind::V6, Kind::V4] {
            match ask(&candidate, kind, servers)? {
                Outcome::Addresses(addresses) => found.extend(addresses),
                Outcome::NoSuchName => break,
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(NameError::NoSuchName(name.to_owned()))
}

/// Asks one server after the other, round after round, until one answers.
fn ask(name: &str, kind: Kind, servers: &Servers) -> Result<Outcome, NameError> {
    let query =
        || message::query(random_number(), name, kind).ok_or_else(|| NameError::NotAName(name.to_owned()));
    let mut last = "there is none in the file".to_owned();
    for _ in 0..servers.attempts {
        for server in &servers.addresses {
            match exchange(&query()?, name, kind, *server, servers.timeout) {
                Ok(outcome) => return Ok(outcome),
                Err(error) => last = format!("{error} ({server})"),
            }
        }
    }
    Err(NameError::NoAnswer { name: name.to_owned(), last })
}

fn exchange(
    query: &[u8],
    name: &str,
    kind: Kind,
    server: SocketAddr,
    limit: Duration,
) -> io::Result<Outcome> {
    let here: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // The system chooses a random port; being connected, the socket takes nothing from anybody else.
    let socket = UdpSocket::bind((here, 0))?;
    socket.connect(server)?;
    socket.send(query)?;
    let (end, mut buffer) = (Instant::now() + limit, [0; MAX_DATAGRAM]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let length = socket.recv(&mut buffer)?;
        let Some(answer) = buffer.get(..length).filter(|answer| message::is_answer_to(answer, query)) else {
            continue;
        };
        if message::is_truncated(answer) {
            return message::outcome(&over_tcp(query, server, limit)?, name, kind).map_err(io::Error::other);
        }
        return message::outcome(answer, name, kind).map_err(io::Error::other);
    }
}

/// RFC 1035 section 4.2.2: each message behind its length.
fn over_tcp(query: &[u8], server: SocketAddr, limit: Duration) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), query].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    if !message::is_answer_to(&answer, query) {
        return Err(io::Error::other("an answer to something else"));
    }
    Ok(answer)
}

/// The number that an answer has to repeat. The keys of the standard library's hashes are random.
fn random_number() -> u16 {
    let [low, high, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The text of a file of the system; `None` where there is none.
fn read(path: &'static str) -> Result<Option<String>, NameError> {
    let read = |path: &Path| -> io::Result<String> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read(Path::new(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(NameError::File { path, source }),
    }
}

#[cfg(test)]
mod tests;
