//! A sandbox that runs: everything opened, listening on loopback, served in a thread of its own.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::authority::AuthorityError;
use super::control::Control;
use super::documents::{Addresses, Authorities, Documents, IDENTITY_TOKEN, LogKey};
use super::faults::{Fault, Faults, Suspended, WrongClock};
use super::folder::{Folder, FolderError};
use super::fulcio::Fulcio;
use super::limits::Limits;
use super::log::LogError;
use super::oidc::{Claims, Identity, Issuer};
use super::page::Page;
use super::ports::{self, PortError, SERVICES};
use super::registry::{self, Registry};
use super::rekor::{RekorError, RekorV1, RekorV2};
use super::serve::{GRACE, Server};
use super::service::{Clock, Service};
use super::status::Witnesses;
use super::tsa::TimestampAuthority;
use super::tuf_repository::{Repository, RepositoryError};
use crate::crypto::{DecodeError, KeyType, PrivateKey, SignError, SigningKey as _, UnixTime};
use crate::tlog::issue::verifier_key;

/// Who signs where nobody else is named.
pub const SOMEBODY: &str = "dev@example.com";
/// The host of all addresses, which signs the checkpoints.
const HOST: &str = "127.0.0.1";
/// The name of the witness (C2SP signed-note).
const WITNESS: &str = "sandbox.localhost/witness";
/// Its key for verifiers.
const WITNESS_FILE: &str = "witness.vkey";
/// The file that says since when the keys are good.
const SINCE: &str = "since";
/// How often is looked whether the folder is still there.
const LOOK: Duration = Duration::from_millis(500);
/// The token that is written beside the documents lives so long, in seconds: a working day and a night.
const TOKEN_LIFETIME: u32 = 24 * 60 * 60;

/// What has an address.
const SERVED: [Service; 9] = [
    Service::Page,
    Service::Oidc,
    Service::Fulcio,
    Service::Ct,
    Service::RekorV1,
    Service::RekorV2,
    Service::Tsa,
    Service::Tuf,
    Service::Registry,
];

/// What kind of sandbox it is.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where its state is; made if it is not there.
    pub folder: PathBuf,
    /// Ports; a service that is not named has that of the last time, else any that is free.
    pub ports: BTreeMap<Service, u16>,
    /// What it does wrong.
    pub faults: Vec<Fault>,
    /// Whose clocks are wrong.
    pub clocks: Vec<WrongClock>,
    /// The rules of the registry. Its folder is in that of the sandbox, whatever they say.
    pub registry: registry::Options,
    /// Whether a witness cosigns the checkpoints of Rekor v2.
    pub witness: bool,
    /// Addresses of e-mail that its login page offers; the first one is whom tokens are for. `dev@example.com` if there is none.
    pub people: Vec<String>,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A port cannot be had.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A certificate authority does not start.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A log does not start.
    #[error(transparent)]
    Rekor(#[from] RekorError),
    /// The TUF repository cannot be made.
    #[error(transparent)]
    Tuf(#[from] RepositoryError),
    /// The registry does not start.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A token cannot be made.
    #[error("no identity token can be made")]
    Token(#[from] SignError),
    /// The time since when its keys are good cannot be read.
    #[error("{} is damaged", path.display())]
    Since {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DecodeError,
    },
    /// The system gives no thread or no socket.
    #[error("the servers do not start")]
    Servers(#[from] io::Error),
    /// The thread of the servers ended before it served.
    #[error("the servers ended before they began")]
    Ended,
}

impl SandboxError {
    /// What is wrong with its folder, or with something in it, wherever that was found.
    pub fn of_folder(&self) -> Option<&FolderError> {
        match self {
            Self::Folder(error)
            | Self::Port(PortError::Folder(error))
            | Self::Authority(AuthorityError::Folder(error) | AuthorityError::Log(LogError::Folder(error)))
            | Self::Rekor(RekorError::Folder(error) | RekorError::Log(LogError::Folder(error)))
            | Self::Tuf(RepositoryError::Folder(error))
            | Self::Registry(registry::Error::Folder(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether not everything is there that was acknowledged.
    pub fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::Authority(AuthorityError::Log(LogError::Lost { .. }))
                | Self::Rekor(RekorError::Log(LogError::Lost { .. }))
                | Self::Registry(registry::Error::Damaged { .. })
        ) || matches!(self.of_folder(), Some(FolderError::Missing { .. }))
    }
}

/// A sandbox that runs, until it is dropped: what it had begun to answer is answered before.
#[derive(Debug)]
pub struct Sandbox {
    // It answers until everything else has ended.
    _control: Control,
    down: watch::Receiver<bool>,
    ready: Arc<AtomicBool>,
    services: Services,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    // Last, so that nobody else has the folder before everything has ended.
    folder: Arc<Folder>,
}

/// What was opened.
#[derive(Debug)]
struct Services {
    addresses: Addresses,
    documents: Documents,
    issuer: Arc<Issuer>,
    registry: Registry,
    faults: Faults,
}

impl Sandbox {
    /// Starts it. When this returns all services can be reached, and the documents are in the folder.
    ///
    /// # Errors
    /// [`SandboxError`]; then nothing runs.
    pub fn start(options: Options) -> Result<Self, SandboxError> {
        // The documents name files, for whoever works in another folder.
        let folder = Arc::new(Folder::open(&std::path::absolute(&options.folder)?)?);
        Control::clear(&folder)?;
        let (listeners, addresses) = ports::take(&folder, &SERVED, &options.ports)?;
        // From now on the ports are known, whatever happens.
        folder.write(SERVICES, format!("{:#}\n", addresses.to_json()).as_bytes())?;
        let (stop, stopped) = watch::channel(false);
        let (tell, told) = mpsc::channel();
        let shared = Arc::clone(&folder);
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(error.into()))),
            };
            let start = Start { folder: &shared, options: &options, stopped: &stopped };
            let servers = match start.open(&runtime, addresses, listeners) {
                Ok((services, witnesses, servers)) => tell.send(Ok((services, witnesses))).map(|()| servers),
                Err(error) => return drop(tell.send(Err(error))),
            };
            if let Ok(servers) = servers {
                runtime.block_on(serve(servers, stopped.clone()));
            }
            runtime.shutdown_background();
        })?;
        match told.recv() {
            Ok(Ok((services, witnesses))) => {
                let (told, down) = watch::channel(false);
                let ready = Arc::clone(&witnesses.ready);
                let control = Control::start(Arc::clone(&folder), move || witnesses.status(), told)?;
                Ok(Self { _control: control, down, ready, services, stop, thread: Some(thread), folder })
            }
            failed => {
                // It may have panicked, which is told on standard error.
                let _ = thread.join();
                failed.unwrap_or(Err(SandboxError::Ended)).and(Err(SandboxError::Ended))
            }
        }
    }

    /// Where its services are.
    pub fn addresses(&self) -> &Addresses {
        &self.services.addresses
    }

    /// What clients have to be told.
    pub fn documents(&self) -> &Documents {
        &self.services.documents
    }

    /// The folder of its state, where the documents are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Makes an identity token.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn mint(&self, claims: &Claims) -> Result<String, SignError> {
        self.services.issuer.mint(claims)
    }

    /// Nothing is done wrong on purpose until what is returned is dropped: for what the sandbox itself asks of its services.
    pub fn suspend_faults(&self) -> Suspended {
        self.services.faults.suspend()
    }

    /// Says from now on, to whoever asks for its status, that everything is prepared for its use.
    pub fn tell_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Waits until somebody asks for its end ([`super::end`]).
    pub async fn asked_to_end(&self) {
        let mut down = self.down.clone();
        // Its sender lives as long as this.
        let _ = down.wait_for(|down| *down).await;
    }

    /// What was found in its folder that somebody has to be told.
    pub fn notes(&self) -> Vec<String> {
        self.folder.notes()
    }

    /// Waits until somebody has removed its folder. Nothing is acknowledged any more then.
    pub async fn folder_removed(&self) {
        while !self.folder.is_removed() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Its registry.
    pub fn registry(&self) -> &Registry {
        &self.services.registry
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is known at the start.
struct Start<'a> {
    folder: &'a Folder,
    options: &'a Options,
    stopped: &'a watch::Receiver<bool>,
}

impl Start<'_> {
    fn open(
        &self,
        runtime: &tokio::runtime::Runtime,
        addresses: Addresses,
        mut listeners: BTreeMap<Service, TcpListener>,
    ) -> Result<(Services, Witnesses, Vec<Server>), SandboxError> {
        let folder = self.folder;
        let since = since(folder)?;
        let people = self.options.people.clone();
        let somebody = people.first().cloned().unwrap_or_else(|| SOMEBODY.to_owned());
        let oidc = addresses.url(Service::Oidc);
        let issuer = Arc::new(Issuer::open(folder, oidc, people, self.clock(Service::Oidc))?);
        let fulcio = Arc::new(Fulcio::open(
            folder,
            Arc::clone(&issuer),
            self.clock(Service::Fulcio),
            self.clock(Service::Ct),
        )?);
        let ct = Arc::clone(fulcio.certificate_log());
        let rekor = Arc::new(RekorV1::open(folder, self.clock(Service::RekorV1), HOST)?);
        let mut rekor2 = RekorV2::open(folder, self.clock(Service::RekorV2), HOST)?;
        let mut witness = None;
        if self.options.witness {
            let key = witness_key(folder)?;
            let verifier = verifier_key(WITNESS, key.public_key());
            folder.write(WITNESS_FILE, format!("{verifier}\n").as_bytes())?;
            rekor2 = rekor2.with_witness(WITNESS, key);
            witness = Some(verifier);
        }
        let rekor2 = Arc::new(rekor2);
        let tsa = Arc::new(TimestampAuthority::open(folder, self.clock(Service::Tsa))?);
        let authorities = Authorities {
            since,
            fulcio: fulcio.chain().map(Clone::clone).to_vec(),
            ct: LogKey { key: ct.public_key().clone(), id: ct.log_id().to_vec() },
            rekor: LogKey { key: rekor.public_key().clone(), id: rekor.log_id().to_vec() },
            rekor2: LogKey { key: rekor2.public_key().clone(), id: rekor2.log_id().to_vec() },
            tsa: tsa.chain().map(Clone::clone).to_vec(),
        };
        let documents = Documents::new(&addresses, &authorities);
        let targets = documents.targets();
        let clock = self.clock(Service::Tuf);
        let tuf = Repository::open(folder, &clock, &targets);
        let tuf = Arc::new(runtime.block_on(tuf)?);
        documents.write(folder, tuf.root())?;
        let token = Claims { lifetime: TOKEN_LIFETIME, ..Claims::new(Identity::Email(somebody.clone())) };
        folder.write(IDENTITY_TOKEN, issuer.mint(&token)?.as_bytes())?;

        let faults = Faults::new(self.options.faults.iter().copied());
        let registry = self.registry(listeners.remove(&Service::Registry), &faults)?;
        folder.complete()?;
        let witnesses = Witnesses {
            folder: folder.path().to_owned(),
            addresses: addresses.clone(),
            rekor: Arc::clone(&rekor),
            rekor2: Arc::clone(&rekor2),
            ct: Arc::clone(&ct),
            contents: registry.contents().clone(),
            notes: folder.notes(),
            ready: Arc::default(),
            faults: faults.clone(),
            clocks: self.options.clocks.clone(),
            witness,
        };
        let page = Arc::new(Page {
            addresses: addresses.clone(),
            folder: folder.path().to_owned(),
            somebody,
            rekor: Arc::clone(&rekor),
            rekor2: Arc::clone(&rekor2),
            certificates: Arc::clone(&ct),
            images: registry.contents().clone(),
        });
        let routers: [(Service, Router); 8] = [
            (Service::Page, page.router()),
            (Service::Oidc, Arc::clone(&issuer).router()),
            (Service::Fulcio, faults.layer_of_log(self.stopped.clone(), fulcio.router())),
            (Service::Ct, ct.router()),
            (Service::RekorV1, rekor.router()),
            (Service::RekorV2, rekor2.router()),
            (Service::Tsa, tsa.router()),
            (Service::Tuf, tuf.router()),
        ];
        let servers = self.servers(routers, listeners, &faults)?;
        Ok((Services { addresses, documents, issuer, registry, faults }, witnesses, servers))
    }

    fn servers(
        &self,
        routers: [(Service, Router); 8],
        mut listeners: BTreeMap<Service, TcpListener>,
        faults: &Faults,
    ) -> io::Result<Vec<Server>> {
        let (limits, mut servers) = (Limits::default(), Vec::new());
        for (service, router) in routers {
            if let Some(listener) = listeners.remove(&service) {
                let router = faults.layer(service, self.stopped.clone(), router);
                servers.push(Server::within(&limits, listener, router)?);
            }
        }
        Ok(servers)
    }

    fn registry(&self, listener: Option<TcpListener>, faults: &Faults) -> Result<Registry, SandboxError> {
        let kept = self.folder.part("registry")?;
        let rules =
            registry::Options { folder: Some(kept), keeps_journal: false, ..self.options.registry.clone() };
        let registry = match listener {
            Some(listener) => Registry::start_at(listener, rules)?,
            None => Registry::start(rules)?,
        };
        registry.notes().into_iter().for_each(|note| self.folder.note(note));
        let met = faults.clone();
        registry.hook(move |_| met.of_registry());
        Ok(registry)
    }

    fn clock(&self, service: Service) -> Arc<Clock> {
        let clocks = self.options.clocks.iter().filter(|clock| clock.service == service);
        Arc::new(Clock::ahead_by(clocks.fold(0, |all, clock| clock.ahead.saturating_add(all))))
    }
}

/// Since when the keys are good: since they were made, by a clock that is right.
fn since(folder: &Folder) -> Result<UnixTime, SandboxError> {
    if let Some(text) = folder.read(SINCE)? {
        let text = String::from_utf8_lossy(&text);
        return UnixTime::parse_rfc3339(text.trim())
            .map_err(|source| SandboxError::Since { path: folder.path().join(SINCE), source });
    }
    let now = Clock::default().now();
    folder.write(SINCE, format!("{now}\n").as_bytes())?;
    Ok(now)
}

/// The key of the witness, which is made when there is one for the first time.
fn witness_key(folder: &Folder) -> Result<PrivateKey, SandboxError> {
    let is_first = folder.read(WITNESS_FILE)?.is_none();
    Ok(folder.key_of_later("witness", KeyType::Ed25519, is_first)?)
}

/// Serves until it is stopped; then what was begun has a while to end.
async fn serve(servers: Vec<Server>, mut stopped: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    for server in servers {
        running.spawn(server.run(stopped.clone()));
    }
    let _ = stopped.wait_for(|stopped| *stopped).await;
    let all_ended = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(2 * GRACE, all_ended).await;
}
