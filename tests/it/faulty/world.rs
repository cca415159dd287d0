//! A run of the program against services of which one misbehaves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::server::{Act, Answer, Request, Server, forward};
use super::sigstore::{PLACES, Place, Sigstore, claims, token};
use crate::support::{Output, Sandbox};

/// Who gives the sound answers.
pub enum Backend {
    /// Services in memory, that can forge as well.
    Memory(Box<Sigstore>),
    /// Services that are not ours, at these addresses.
    Others { urls: [String; 6], trusted_root: Vec<u8>, tuf_root: Vec<u8> },
}

/// An answer that was given.
type Recorded = Mutex<Vec<(Place, String, Answer)>>;

/// Sound services, and what they answered before.
pub struct World {
    backend: Backend,
    recorded: Recorded,
    /// The same services of somebody else.
    pub foreign: Sigstore,
}

/// What a test decides: `None` is a sound answer.
pub type Fault = Arc<dyn Fn(&Case<'_>) -> Option<Act> + Send + Sync>;

/// A request to a service that misbehaves.
pub struct Case<'a> {
    pub world: &'a World,
    pub place: Place,
    /// The service's own address.
    pub url: &'a str,
    pub request: &'a Request,
    /// How many requests it had before.
    pub number: usize,
    /// The address of another host.
    pub other: &'a str,
}

impl Case<'_> {
    /// What a sound service answers.
    pub fn sound(&self) -> Answer {
        self.world.answer(self.place, self.url, self.request)
    }

    /// What a sound service answers to another request.
    pub fn ask(&self, request: &Request) -> Answer {
        self.world.answer(self.place, self.url, request)
    }

    /// What was answered to an earlier request of this kind.
    pub fn earlier(&self) -> Option<Answer> {
        let line = self.request.line.split('?').next();
        let recorded = self.world.recorded.lock().unwrap();
        let same = |(place, known, _): &&(Place, String, Answer)| {
            *place == self.place && known.split('?').next() == line
        };
        recorded.iter().find(same).map(|(.., answer)| answer.clone())
    }

    /// The services in memory, to forge with.
    pub fn sigstore(&self) -> &Sigstore {
        match &self.world.backend {
            Backend::Memory(sigstore) => sigstore,
            Backend::Others { .. } => panic!("the keys of others are not at hand"),
        }
    }
}

impl World {
    pub fn new(backend: Backend) -> Arc<Self> {
        let world = Arc::new(Self { backend, recorded: Mutex::default(), foreign: Sigstore::new() });
        for place in PLACES {
            let cell = Cell::new(&world, place, None);
            let _ = cell.run(place, &[]).ok();
        }
        world
    }

    fn answer(&self, place: Place, url: &str, request: &Request) -> Answer {
        match &self.backend {
            Backend::Memory(sigstore) => sigstore.answer(place, url, request),
            Backend::Others { urls, .. } => {
                let at = PLACES.iter().position(|known| *known == place).unwrap();
                if place != Place::Oidc {
                    return forward(&urls[at], request);
                }
                // The issuer has to have the address at which it is asked.
                if request.is("POST /token") {
                    let line = format!("GET /mint?iss={url}&aud=sigstore");
                    let mint = Request { line, headers: Vec::new(), body: Vec::new() };
                    let token = String::from_utf8(forward(&urls[at], &mint).body).unwrap();
                    return Answer::json(
                        200,
                        &json!({ "access_token": "x", "id_token": token, "token_type": "Bearer" }),
                    );
                }
                let mut answer = forward(&urls[at], request);
                answer.body = String::from_utf8(answer.body).unwrap().replace(&urls[at], url).into_bytes();
                answer
            }
        }
    }

    /// A token, in the program's hands.
    pub fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut all = claims("http://issuer.example");
        change(&mut all);
        match &self.backend {
            Backend::Memory(_) => token(&all),
            Backend::Others { urls, .. } => {
                let claims = all.to_string();
                let encoded: String = claims.bytes().map(|b| format!("%{b:02x}")).collect();
                let line = format!("GET /mint?claims={encoded}");
                let mint = Request { line, headers: Vec::new(), body: Vec::new() };
                String::from_utf8(forward(&urls[4], &mint).body).unwrap()
            }
        }
    }

    fn roots(&self) -> (Vec<u8>, Vec<u8>) {
        match &self.backend {
            Backend::Memory(sigstore) => {
                (sigstore.trusted_root().to_string().into_bytes(), sigstore.tuf_root())
            }
            Backend::Others { trusted_root, tuf_root, .. } => (trusted_root.clone(), tuf_root.clone()),
        }
    }
}

/// One run: a folder, and the services in front of the world's.
pub struct Cell {
    pub sandbox: Sandbox,
    pub servers: Vec<(Place, Server)>,
    pub other: Arc<Server>,
    /// Whether the service misbehaved.
    pub hit: Arc<AtomicBool>,
}

impl Cell {
    pub fn new(world: &Arc<World>, place: Place, fault: Option<Fault>) -> Self {
        let other = Arc::new(Server::start_on("127.0.0.2", |_| Act::Say(Answer::new(200, "{}"))));
        let hit = Arc::new(AtomicBool::new(false));
        let servers = PLACES.map(|at| {
            let noted = Arc::clone(&hit);
            let fault = fault.clone().filter(|_| at == place);
            let (world, elsewhere) = (Arc::clone(world), other.url.clone());
            let count = Mutex::new(0);
            (
                at,
                Server::start_named(move |url, request| {
                    let number = {
                        let mut count = count.lock().unwrap();
                        *count += 1;
                        *count - 1
                    };
                    let case = Case { world: &world, place: at, url, request, number, other: &elsewhere };
                    match &fault {
                        Some(fault) => {
                            let act = fault(&case);
                            noted.fetch_or(act.is_some(), Ordering::Relaxed);
                            act.unwrap_or_else(|| Act::Say(case.sound()))
                        }
                        None => {
                            let answer = case.sound();
                            let line = request.line.clone();
                            world.recorded.lock().unwrap().push((at, line, answer.clone()));
                            Act::Say(answer)
                        }
                    }
                }),
            )
        });
        let sandbox = Sandbox::new()
            .env("COSIGN_OFFLINE", "")
            .env("TUF_ROOT", "/nonexistent")
            .env("SIGSTORE_NO_CACHE", "true");
        let cell = Self { sandbox, servers: servers.into(), other, hit };
        let (trusted_root, tuf_root) = world.roots();
        let _ = cell.sandbox.file("trusted_root.json", trusted_root);
        let _ = cell.sandbox.file("root.json", tuf_root);
        let _ = cell.sandbox.file("token", world.token(|_| {}));
        let _ = cell.sandbox.file("secret", "the client's secret\n");
        let _ = cell
            .sandbox
            .file("a.txt", format!("{:p} of {place:?} {}\n", &raw const cell, cell.sandbox.path().display()));
        cell
    }

    pub fn server(&self, place: Place) -> &Server {
        &self.servers.iter().find(|(at, _)| *at == place).unwrap().1
    }

    /// The flags that name the services: such that this one is asked.
    pub fn flags(&self, place: Place) -> Vec<String> {
        let url = |place| self.server(place).url.clone();
        let service = |url: String, version: u32| json!({ "url": url, "majorApiVersion": version, "validFor": { "start": "2020-01-01T00:00:00Z" }, "operator": "us" });
        let (log, version) = if place == Place::Rekor1 { (Place::Rekor1, 1) } else { (Place::Rekor2, 2) };
        let config = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(url(Place::Fulcio), 1)], "oidcUrls": [service(url(Place::Oidc), 1)],
            "rekorTlogUrls": [service(url(log), version)],
            "tsaUrls": [service(format!("{}/api/v1/timestamp", url(Place::Tsa)), 1)],
            "rekorTlogConfig": { "selector": "ANY" }, "tsaConfig": { "selector": "ANY" },
        });
        let _ = self.sandbox.file("signing_config.json", config.to_string());
        let mut flags: Vec<String> = Vec::new();
        let mut add = |more: &[&str]| flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        match place {
            Place::Tuf => add(&["--fulcio-url", &url(Place::Fulcio), "--rekor-url", &url(Place::Rekor1)]),
            _ => add(&["--signing-config", "signing_config.json", "--trusted-root", "trusted_root.json"]),
        }
        match place {
            Place::Oidc => {
                add(&["--fulcio-auth-flow", "client_credentials", "--oidc-client-secret-file", "secret"])
            }
            _ => add(&["--identity-token", "token"]),
        }
        flags
    }

    /// Signs the file.
    pub fn run(&self, place: Place, more: &[&str]) -> Output {
        let flags = self.flags(place);
        let mut args = vec!["sign-blob", "--yes", "--bundle", "b.json"];
        args.extend(flags.iter().map(String::as_str));
        args.extend(more);
        args.push("a.txt");
        let mirror = &self.server(Place::Tuf).url;
        self.sandbox.rcosign(&args).env("TUF_MIRROR", mirror).env("TUF_ROOT_JSON", "root.json").run()
    }
}
