//! The servers: connections, requests in, answers and faults out.

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, timeout_at};
#[cfg(feature = "internals")]
use tokio_rustls::TlsAcceptor;

use super::super::limits::{HEAD, Memory, Pace, connections, http};
use super::super::own_names::is_own;
use super::super::places::{Activity, Places};
use super::super::serve::{GRACE, accept};
use super::super::socket::{Breaker, Socket};
use super::Rules;
use super::access::Guard;
use super::blobs;
use super::content::{Arriving, Content};
use super::contents::Contents;
use super::fault::{End, Fault, Hook};
use super::journal::Journal;
use super::lists;
use super::manifests::{self, MAX_MANIFEST};
use super::names::Route;
use super::reply::{Code, Reply};
use super::request::{Host, Request};
use super::stream::{Cut, Stream};

/// A part of a blob that is no larger stays in memory, as all of a manifest does.
const SMALL: usize = 256 << 10;

/// What all connections share.
pub(super) struct Shared {
    pub contents: Contents,
    /// Where bodies go that are large, where the contents are on a disk.
    pub folder: Option<PathBuf>,
    pub rules: Rules,
    pub guard: Guard,
    pub journal: Journal,
    pub hook: Mutex<Option<Hook>>,
    #[cfg(feature = "internals")]
    pub tls: Option<TlsAcceptor>,
    /// For bodies of requests.
    pub memory: Memory,
}

/// Serves both hosts until the other end of `stop` is gone.
pub(super) fn run(
    shared: &Arc<Shared>,
    listeners: Vec<(Host, TcpListener)>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        for (host, listener) in listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(take(Arc::clone(shared), host, listener));
        }
        let _ = stop.await;
        Ok(())
    });
    // Connections that are still open end with the runtime; what is written to the disk has a while to be.
    runtime.shutdown_timeout(GRACE);
    result
}

async fn take(shared: Arc<Shared>, host: Host, listener: tokio::net::TcpListener) {
    // One that keeps its state is somebody's; in memory, it may be spoken to in any way that a test likes.
    let places = match shared.folder {
        Some(_) => connections(),
        None => usize::MAX,
    };
    let places = Places::new(places);
    loop {
        let (stream, shared) = (accept(&listener).await, Arc::clone(&shared));
        let place = places.take().await;
        tokio::spawn(async move {
            let activity = &place.activity;
            tokio::select! {
                () = connection(shared, host, stream, activity) => {}
                () = activity.has_to_end() => {}
            }
        });
    }
}

async fn connection(shared: Arc<Shared>, host: Host, stream: TcpStream, activity: &Activity) {
    let number = shared.journal.connect();
    let of = Connection { host, number, breaker: Breaker::default(), activity: activity.clone() };
    let socket = Socket::new(stream, of.breaker.clone(), activity.clone());
    #[cfg(feature = "internals")]
    if let Some(tls) = shared.tls.clone() {
        if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, tls.accept(socket)).await {
            serve(shared, &of, stream).await;
        }
        return;
    }
    serve(shared, &of, socket).await;
}

/// What requests of one connection have in common.
struct Connection {
    host: Host,
    number: usize,
    breaker: Breaker,
    activity: Activity,
}

async fn serve(shared: Arc<Shared>, of: &Connection, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(|request| exchange(&shared, of, request));
    // Its errors are the client's, or were asked for.
    let _ = http(HEAD).serve_connection(TokioIo::new(stream), service).await;
}

/// One request and its answer. An error closes the connection.
async fn exchange(
    shared: &Arc<Shared>,
    of: &Connection,
    incoming: hyper::Request<Incoming>,
) -> Result<hyper::Response<Stream>, Cut> {
    let (head, body) = incoming.into_parts();
    let own = shared.folder.is_none() || is_own(&head.headers);
    let mut share = None;
    let (body, fits) = collect(&head.uri, body, shared, &mut share).await?;
    let _answering = of.activity.answer();
    let text = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let mut request = Request {
        number: 0,
        count: 0,
        connection: of.number,
        host: of.host,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().filter_map(text).collect(),
        length: usize::try_from(body.len()).unwrap_or(usize::MAX),
        received: Duration::ZERO,
        answered: None,
        body,
    };
    shared.journal.receive(&mut request);
    let hook = shared.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let fault = hook.map_or_else(Fault::none, |hook| hook(&request));
    pause(fault.wait).await;
    let reply = match &fault.instead {
        Some(reply) => reply.clone(),
        None if !own => Reply::new(421),
        None if fits == Fits::Never => {
            Reply::error(Code::SizeInvalid, json!({ "limit": shared.rules.max_blob }))
        }
        None if fits == Fits::NotNow => {
            Reply::error(Code::TooManyRequests, Value::Null).with("Retry-After", "1")
        }
        None if let Fits::Nowhere(reason) = &fits => unwritten(reason),
        None if shared.folder.is_none() => shared.answer(&request),
        None => {
            // The disk may take its time; others are served meanwhile.
            let (shared, request) = (Arc::clone(shared), request.clone());
            tokio::task::spawn_blocking(move || shared.answer(&request)).await.map_err(|_| Cut)?
        }
    };
    let reply = fault.change(reply);
    pause(fault.hold).await;
    if matches!(fault.end, End::Close | End::Reset) {
        if fault.end == End::Reset {
            of.breaker.reset();
        }
        return Err(Cut);
    }
    shared.journal.answer(&request, reply.status);
    Ok(respond(reply, &fault))
}

impl Shared {
    /// What a registry answers.
    fn answer(&self, request: &Request) -> Reply {
        match request.path.as_str() {
            "/token" => return self.guard.token(request),
            "/" => return Reply::new(200).with("Cache-Control", "no-cache"),
            _ => {}
        }
        let route = Route::parse(&request.path);
        let reply = match self.guard.admit(request, route.as_ref()) {
            _ if request.path == "/v2" => Reply::new(301).with("Location", "/v2/"),
            Ok(()) => self.carry_out(request, route),
            Err(refusal) => *refusal,
        };
        reply.with("Docker-Distribution-Api-Version", "registry/2.0")
    }

    fn carry_out(&self, request: &Request, route: Option<Route>) -> Reply {
        self.try_to(request, route)
            .unwrap_or_else(|error| Reply::error(Code::Unknown, json!({ "reason": error.to_string() })))
    }

    fn try_to(&self, request: &Request, route: Option<Route>) -> io::Result<Reply> {
        let store = &mut *self.contents.store();
        let rules = &self.rules;
        let reply = match route {
            None => Reply::no_route(),
            Some(Route::Base) => Reply::new(200).body("application/json; charset=utf-8", "{}"),
            Some(Route::Catalog) => lists::catalog(store, rules, request),
            Some(Route::Tags(name)) => lists::tags(store, rules, request, &name),
            Some(Route::Manifest(name, reference)) => {
                manifests::manifest(store, rules, request, (&name, &reference))?
            }
            Some(Route::Referrers(name, digest)) => {
                manifests::referrers(store, rules, request, (&name, &digest))
            }
            Some(Route::Blob(name, digest)) => blobs::blob(store, rules, request, (&name, &digest))?,
            Some(Route::Uploads(name)) => {
                blobs::start(store, rules, request, &name, |from| self.guard.may_pull(request, from))?
            }
            Some(Route::Upload(name, id)) => blobs::upload(store, rules, request, (&name, &id))?,
        };
        Ok(reply)
    }
}

/// Whether there is room for the body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fits {
    Yes,
    /// It is larger than any may be.
    Never,
    /// Others have the memory.
    NotNow,
    /// The disk does not take it, for this reason.
    Nowhere(String),
}

/// What is said where the disk does not take a body: that it is full (RFC 4918 section 11.5), or what else it says.
fn unwritten(reason: &str) -> Reply {
    let reply = Reply::error(Code::Unknown, json!({ "reason": reason }));
    Reply { status: 507, ..reply }
}

/// The body of a request; one that does not fit is read to its end all the same, and not kept, so that the client sees the answer.
/// What is in memory as the request is answered is so with a share of that which all have in common.
async fn collect(
    uri: &hyper::Uri,
    body: Incoming,
    shared: &Shared,
    share: &mut Option<OwnedSemaphorePermit>,
) -> Result<(Content, Fits), Cut> {
    let mut body = pin!(body);
    let on_disk = shared.folder.is_some();
    let in_memory = if uri.path().contains("/blobs/") { SMALL } else { MAX_MANIFEST };
    let (mut all, mut fits) = (Arriving::new(shared.folder.clone(), in_memory), Fits::Yes);
    let (begun, mut received) = (Instant::now(), 0);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    loop {
        let next = std::future::poll_fn(|context| body.as_mut().poll_frame(context));
        let deadline = Pace::TO_DISK.deadline(begun, received);
        let Some(frame) = timeout_at(deadline, next).await.map_err(|_| Cut)? else { break };
        let Ok(data) = frame.map_err(|_| Cut)?.into_data() else { continue };
        received += data.len() as u64;
        if received > shared.rules.max_blob {
            fits = Fits::Never;
        } else if fits == Fits::Yes && on_disk {
            let most = usize::try_from(received).unwrap_or(usize::MAX).max(announced).min(in_memory);
            if !shared.memory.take(share, most).await {
                fits = Fits::NotNow;
            }
        }
        if fits == Fits::Yes
            && let Err(error) = all.push(&data)
        {
            // What there is of it goes away at once.
            all = Arriving::new(None, 0);
            fits = Fits::Nowhere(error.to_string());
        }
    }
    Ok((all.finish(), fits))
}

async fn pause(length: Duration) {
    if !length.is_zero() {
        tokio::time::sleep(length).await;
    }
}

/// The answer as hyper sends it.
fn respond(reply: Reply, fault: &Fault) -> hyper::Response<Stream> {
    let length = reply.body.len();
    let mut builder = hyper::Response::builder().status(reply.status);
    let mut claim: Option<u64> = None;
    for (name, value) in &reply.headers {
        claim = claim.or_else(|| name.eq_ignore_ascii_case("content-length").then(|| value.parse().ok())?);
        builder = builder.header(name, value);
    }
    // RFC 9110 section 8.6.
    if !fault.sets_length() && ![204, 304].contains(&reply.status) {
        builder = builder.header("Content-Length", length);
    }
    let cut = match fault.end {
        End::Cut(after) => Some(after),
        _ if fault.repeated.is_none() && claim.is_some_and(|claim| claim > length) => {
            usize::try_from(length).ok()
        }
        _ => None,
    };
    let body = Stream::new(reply.body).repeating(fault.repeated.clone()).paced(fault.pace).cut_after(cut);
    builder.body(body).unwrap_or_else(|error| {
        // A hook has asked for a status or a header that cannot be sent.
        let mut response = hyper::Response::new(Stream::new(Content::Memory(format!("{error}\n").into())));
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
