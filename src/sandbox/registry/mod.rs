//! An OCI registry on loopback, in this process: the OCI distribution specification 1.1, in memory or in a folder, with faults on
//! demand.
//!
//! ```text
//! let registry = Registry::start(Options { referrers: false, ..Options::default() })?;
//! registry.hook(|request| match request.count {
//!     1 if request.is("GET", "/manifests/") => Fault::status(503).header("Retry-After", "1"),
//!     _ => Fault::none(),
//! });
//! // ... a client works with registry.address() ...
//! assert_eq!(registry.journal().count("GET", "/manifests/"), 2);
//! ```
//!
//! With [`Options::folder`] nothing is lost that was acknowledged, however the process ends; the next registry of the folder goes
//! on where this one ended, at the same address if it is given the same port ([`Registry::start_at`]).
//!
//! | | in memory | in a folder |
//! |---|---|---|
//! | largest manifest | 4 MiB | 4 MiB |
//! | largest blob | 1 GiB | 64 GiB |
//! | bodies of requests are in memory | whole | manifests whole, of blobs 256 KiB |
//!
//! Where the specification is silent, the answers are those of Docker's registry (CNCF distribution), but where tests say
//! otherwise. Each registry has a thread and a runtime of its own, so that blocking programs and tests can use it, and any
//! number of them can run. It ends when it is dropped.

mod access;
mod blobs;
mod change;
mod content;
mod contents;
mod disk;
mod fault;
mod journal;
mod lists;
mod manifests;
mod names;
mod reply;
mod request;
mod server;
mod store;
mod stream;
#[cfg(test)]
mod tests;
// For the tests: nobody has a sandbox speak TLS, and the program is smaller without.
#[cfg(feature = "internals")]
mod tls;

pub use access::Access;
pub use contents::Contents;
pub use fault::Fault;
pub use journal::Journal;
pub use request::{Host, Request};

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use access::Guard;
use server::Shared;
#[cfg(feature = "internals")]
use tls::Authority;

use super::folder::FolderError;
use super::growing::Damage;
use super::limits::Memory;
use super::serve::listen;

/// The largest blob of a registry in memory.
const MAX_BLOB_IN_MEMORY: u64 = 1 << 30;
/// The largest blob of a registry in a folder.
const MAX_BLOB_ON_DISK: u64 = 64 << 30;

/// What kind of registry it is. The default is one with everything that the specification has, for everybody, over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the contents are kept: a folder that this registry alone uses, made if it is not there. Without one they are in memory.
    pub folder: Option<PathBuf>,
    /// Whether there is the referrers API. Without it that path is not found, and pushing a manifest with a subject says nothing of
    /// it (no `OCI-Subject`).
    pub referrers: bool,
    /// Whether a manifest is refused whose blobs or children are not in the repository. Its subject need not be.
    pub checks_references: bool,
    /// Whether manifests, tags and blobs can be deleted.
    pub deletes: bool,
    /// Whether blobs are mounted from other repositories; else an upload begins.
    pub mounts: bool,
    /// The most entries in one page of tags, catalog or referrers.
    pub page: Option<usize>,
    /// Whether `Location` is a path only, as the specification allows.
    pub relative_locations: bool,
    /// How the servers are spoken to.
    pub transport: Transport,
    /// Who is asked for what.
    pub access: Access,
    /// Whether those who show no credentials may pull.
    pub anonymous_pull: bool,
    /// Whether [`Registry::journal`] has requests: for tests, as they take memory.
    pub keeps_journal: bool,
}

/// How the servers are spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP.
    #[default]
    Http,
    /// HTTPS, with a certificate for `localhost`, `127.0.0.1` and `::1` of an authority of its own.
    #[cfg(feature = "internals")]
    Https,
    /// As `Https`, and only with clients that have a certificate of that authority.
    #[cfg(feature = "internals")]
    MutualTls,
}

impl Transport {
    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            #[cfg(feature = "internals")]
            Self::Https | Self::MutualTls => "https",
        }
    }

    #[cfg(feature = "internals")]
    fn authority(self) -> Result<Option<Authority>, Error> {
        let authority = match self {
            Self::Http => return Ok(None),
            secure => Authority::new(secure == Self::MutualTls),
        };
        authority.map(Some).map_err(Error::Certificates)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: None,
            referrers: true,
            checks_references: true,
            deletes: true,
            mounts: true,
            page: None,
            relative_locations: false,
            transport: Transport::Http,
            access: Access::Anyone,
            anonymous_pull: false,
            keeps_journal: true,
        }
    }
}

/// The rules that the answers follow.
#[derive(Debug)]
struct Rules {
    referrers: bool,
    checks_references: bool,
    deletes: bool,
    mounts: bool,
    page: Option<usize>,
    relative_locations: bool,
    max_blob: u64,
    scheme: &'static str,
}

impl Rules {
    /// The address of a path, for Location: on the host that the client has asked for.
    fn location(&self, request: &Request, path: &str) -> String {
        match request.header("host") {
            Some(host) if !self.relative_locations => format!("{}://{host}{path}", self.scheme),
            _ => path.to_owned(),
        }
    }
}

/// Why a registry does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port on loopback, or no thread.
    #[error("the registry could not start")]
    Start(#[from] io::Error),
    /// Its certificates could not be made.
    #[cfg(feature = "internals")]
    #[error("the certificates of the registry could not be made")]
    Certificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Not everything is in a file of its folder that was acknowledged. The file is left as it is.
    #[error("the registry's {} is {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
}

/// A registry that runs. It ends when this is dropped, and all connections with it.
pub struct Registry {
    shared: Arc<Shared>,
    addresses: [SocketAddr; 2],
    #[cfg(feature = "internals")]
    authority: Option<Authority>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Registry {
    /// Starts a registry on free ports. When this returns it can be reached.
    ///
    /// # Errors
    /// [`Error`].
    pub fn start(options: Options) -> Result<Self, Error> {
        Self::new(options, listen(0)?, Some(listen(0)?))
    }

    /// Starts a registry at this listener of [`listen`], without a second host: [`Self::other_url`] is `localhost` on the same
    /// port. When this returns it can be reached.
    ///
    /// # Errors
    /// [`Error`].
    pub fn start_at(listener: TcpListener, options: Options) -> Result<Self, Error> {
        Self::new(options, listener, None)
    }

    fn new(options: Options, own: TcpListener, other: Option<TcpListener>) -> Result<Self, Error> {
        #[cfg(feature = "internals")]
        let authority = options.transport.authority()?;
        let address = own.local_addr()?;
        let addresses = [address, other.as_ref().map_or(Ok(address), TcpListener::local_addr)?];
        let scheme = options.transport.scheme();
        let realm = match &options.access {
            Access::Bearer { realm: Host::Other, .. } => {
                format!("{scheme}://localhost:{}/token", addresses[1].port())
            }
            _ => format!("{scheme}://{}/token", addresses[0]),
        };
        let contents = options.folder.as_deref().map_or_else(|| Ok(Contents::default()), Contents::open)?;
        let folder = contents.store().folder();
        let shared = Arc::new(Shared {
            contents,
            rules: Rules {
                referrers: options.referrers,
                checks_references: options.checks_references,
                deletes: options.deletes,
                mounts: options.mounts,
                page: options.page,
                relative_locations: options.relative_locations,
                max_blob: if folder.is_some() { MAX_BLOB_ON_DISK } else { MAX_BLOB_IN_MEMORY },
                scheme,
            },
            folder,
            guard: Guard::new(options.access, options.anonymous_pull, realm),
            journal: Journal::new(options.keeps_journal),
            hook: Mutex::default(),
            #[cfg(feature = "internals")]
            tls: authority.as_ref().map(|authority| Arc::clone(&authority.config).into()),
            memory: Memory::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let other = other.map(|listener| (Host::Other, listener));
        let listeners = [(Host::Registry, own)].into_iter().chain(other).collect();
        let thread = std::thread::Builder::new()
            .name("registry".to_owned())
            .spawn(move || server::run(&served, listeners, stopped))?;
        Ok(Self {
            shared,
            addresses,
            #[cfg(feature = "internals")]
            authority,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `127.0.0.1:PORT`, as references begin.
    pub fn address(&self) -> String {
        self.addresses[0].to_string()
    }

    /// The address with its scheme, such as `http://127.0.0.1:PORT`; no slash at its end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.shared.rules.scheme, self.address())
    }

    /// The address of the second host, with its scheme: `http://localhost:OTHER`. It has the same contents and asks for no credentials: a place
    /// to send clients to, to see what they bring along.
    pub fn other_url(&self) -> String {
        format!("{}://localhost:{}", self.shared.rules.scheme, self.addresses[1].port())
    }

    /// What was asked so far; nothing where none is kept.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// What it holds.
    pub fn contents(&self) -> &Contents {
        &self.shared.contents
    }

    /// What whoever started it has to be told: what was found in its folder.
    pub fn notes(&self) -> Vec<String> {
        self.shared.contents.store().notes()
    }

    /// Sets the hook, in the place of the last one: it sees each request, of both hosts, before anything is done about it and says what
    /// is to be wrong. It must not wait; [`Fault::delayed`] and [`Fault::held`] do. It may
    /// hold clones of the journal and of the contents, and use them.
    pub fn hook(&self, hook: impl Fn(&Request) -> Fault + Send + Sync + 'static) {
        *self.shared.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    }

    /// Takes the hook away.
    pub fn unhook(&self) {
        *self.shared.hook.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Makes all bearer tokens of before worthless, as when they expire.
    pub fn revoke_tokens(&self) {
        self.shared.guard.revoke();
    }

    /// The certificate of the authority that the servers' certificate is from, in PEM; `None` over HTTP.
    #[cfg(feature = "internals")]
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(|authority| authority.certificate.as_str())
    }

    /// A certificate of that authority for a client, and its private key (PKCS #8), both in PEM; `None` over HTTP.
    #[cfg(feature = "internals")]
    pub fn client_pem(&self) -> Option<(&str, &str)> {
        self.authority.as_ref().map(|authority| (authority.client.0.as_str(), authority.client.1.as_str()))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("url", &self.url()).finish_non_exhaustive()
    }
}
