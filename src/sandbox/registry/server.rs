//! The servers: connections, requests in, answers and faults out.

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::super::own_names::is_own;
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

/// What all connections share.
pub(super) struct Shared {
    pub contents: Contents,
    /// Where bodies go that are large, where the contents are on a disk.
    pub folder: Option<PathBuf>,
    pub rules: Rules,
    pub guard: Guard,
    pub journal: Journal,
    pub hook: Mutex<Option<Hook>>,
    pub tls: Option<TlsAcceptor>,
}

/// Serves both hosts until the other end of `stop` is gone.
pub(super) fn run(
    shared: &Arc<Shared>,
    listeners: Vec<(Host, TcpListener)>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for (host, listener) in listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(accept(Arc::clone(shared), host, listener));
        }
        let _ = stop.await;
        Ok(())
    })
    // Connections that are still open end with the runtime.
}

async fn accept(shared: Arc<Shared>, host: Host, listener: tokio::net::TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(Arc::clone(&shared), host, stream));
            }
            // Too many open files, or the client has gone: neither ends the server.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(shared: Arc<Shared>, host: Host, stream: TcpStream) {
    let number = shared.journal.connect();
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket { stream, reset: Arc::clone(&reset) };
    match shared.tls.clone() {
        None => serve(shared, host, number, &reset, socket).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(socket).await {
                serve(shared, host, number, &reset, stream).await;
            }
        }
    }
}

async fn serve(
    shared: Arc<Shared>,
    host: Host,
    number: usize,
    reset: &AtomicBool,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) {
    let service = service_fn(|request| exchange(&shared, host, number, reset, request));
    // Its errors are the client's, or were asked for.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// One request and its answer. An error closes the connection.
async fn exchange(
    shared: &Arc<Shared>,
    host: Host,
    connection: usize,
    reset: &AtomicBool,
    incoming: hyper::Request<Incoming>,
) -> Result<hyper::Response<Stream>, Cut> {
    let (head, body) = incoming.into_parts();
    // One that keeps its state is somebody's; in memory, it may be spoken to in any way that a test likes.
    let own = shared.folder.is_none() || is_own(&head.headers);
    let (body, fits) = collect(body, shared).await?;
    let text = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let mut request = Request {
        number: 0,
        count: 0,
        connection,
        host,
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
        None if !fits => Reply::error(Code::SizeInvalid, json!({ "limit": shared.rules.max_blob })),
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
        reset.store(fault.end == End::Reset, Ordering::Relaxed);
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

/// The body of a request, and whether it is no larger than any may be; one that is is read to its end all the same, and not kept, so
/// that the client sees the answer.
async fn collect(body: Incoming, shared: &Shared) -> Result<(Content, bool), Cut> {
    let mut body = pin!(body);
    let (mut all, mut fits) = (Arriving::new(shared.folder.clone(), MAX_MANIFEST), true);
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| Cut)?.into_data() else { continue };
        fits &= all.len() + data.len() as u64 <= shared.rules.max_blob;
        if fits {
            // A disk that is full ends the connection.
            all.push(&data).map_err(|_| Cut)?;
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

/// A connection that ends with a reset if it is told to.
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // An orderly end would come before the reset.
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
