//! How much and how long a client may take: connections, bytes of bodies in memory, time for heads and bodies of requests.
//!
//! Everything on this machine can connect, and other users of it are nobody's friends: what one client leaves unfinished must
//! neither fill the memory nor keep others from being served.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Body as _;
use hyper_util::rt::TokioTimer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::places::Activity;

/// The head of a request arrives within this, and a connection may be idle so long.
pub(super) const HEAD: Duration = Duration::from_secs(15);
/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// The largest body of all services but the registry, in bytes: that of Rekor v1.
pub(super) const MAX_BODY: usize = 16 << 20;
/// All bodies of requests together, but for the beginning of each, have so many bytes in memory.
const MEMORY: usize = 64 << 20;
/// What each request may have for nothing: a few kilobytes are what requests are made of.
const FREE: usize = 64 << 10;
/// The memory is counted in these.
const UNIT: usize = 1 << 10;
/// Where there is none left, so long is waited for some.
const WAIT: Duration = Duration::from_secs(5);
/// What is refused is read on for so long, so that its sender sees why.
const DRAIN: Duration = Duration::from_secs(2);

/// What clients of one sandbox may take.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// For bodies of all services.
    pub memory: Memory,
    /// How long a head may take.
    pub head: Duration,
    /// How fast bodies have to arrive.
    pub pace: Pace,
    /// How many connections each listener has.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: Memory::default(), head: HEAD, pace: Pace::IN_MEMORY, connections: connections() }
    }
}

/// How HTTP is spoken on every connection.
pub(super) fn http(head: Duration) -> hyper::server::conn::http1::Builder {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD);
    http
}

/// How many connections each listener has. All together leave files for everything else that a process has open.
pub(super) fn connections() -> usize {
    #[cfg(unix)]
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    #[cfg(not(unix))]
    let files = u64::MAX;
    let places = files.saturating_sub(64) / 10;
    usize::try_from(places).unwrap_or(usize::MAX).clamp(8, 128)
}

/// How fast a body has to arrive: so many bytes a second on the whole, once `grace` is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// For the first byte, and for whatever else stops it now and then.
    pub grace: Duration,
    /// Bytes in a second.
    pub rate: u64,
}

impl Pace {
    /// Of what is kept in memory meanwhile.
    pub const IN_MEMORY: Self = Self { grace: Duration::from_secs(20), rate: 1 << 20 };
    /// Of what goes to the disk, and may come from far away through the client.
    pub const TO_DISK: Self = Self { grace: Duration::from_secs(60), rate: 16 << 10 };

    /// When the next part has to be there.
    pub fn deadline(self, begun: Instant, received: u64) -> Instant {
        begun + self.grace + Duration::from_secs(received / self.rate)
    }
}

/// Memory for bodies, which all services have in common. A clone is a view of the same.
#[derive(Debug, Clone)]
pub(super) struct Memory(Arc<Semaphore>);

impl Default for Memory {
    fn default() -> Self {
        Self::new(MEMORY)
    }
}

impl Memory {
    /// So many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    /// Makes sure that so many bytes, of which there is `share` already, are taken. False where none became free in time.
    pub async fn take(&self, share: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> bool {
        let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.saturating_sub(FREE).div_ceil(UNIT).saturating_sub(held);
        let Ok(more) = u32::try_from(more) else { return false };
        if more == 0 {
            return true;
        }
        match tokio::time::timeout(WAIT, Arc::clone(&self.0).acquire_many_owned(more)).await {
            Ok(Ok(taken)) => {
                match share {
                    Some(share) => share.merge(taken),
                    None => *share = Some(taken),
                }
                true
            }
            _ => false,
        }
    }
}

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Large,
    Slow,
    Broken,
    NoMemory,
}

/// Reads the body of each request whole before it goes on, within the limits; its share of the memory is given back when the request
/// is answered.
pub(super) async fn bodies(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let (head, mut body) = request.into_parts();
    let mut share = None;
    match collect(&mut body, &limits, &mut share).await {
        Ok(bytes) => {
            let _answering = head.extensions.get::<Activity>().map(Activity::answer);
            next.run(Request::from_parts(head, Body::from(bytes))).await
        }
        Err(refused) => {
            drop(share);
            if refused != Refused::Broken {
                let _ =
                    tokio::time::timeout(DRAIN, async { while let Some(Ok(_)) = part(&mut body).await {} })
                        .await;
            }
            refused.response()
        }
    }
}

async fn collect(
    body: &mut Body,
    limits: &Limits,
    share: &mut Option<OwnedSemaphorePermit>,
) -> Result<Bytes, Refused> {
    let begun = Instant::now();
    // What is announced is taken at once: requests that each had half of what they need would wait for each other.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_BODY {
        return Err(Refused::Large);
    }
    let mut all: Vec<u8> = Vec::new();
    loop {
        let deadline = limits.pace.deadline(begun, all.len() as u64);
        let data = match timeout_at(deadline, part(body)).await {
            Err(_) => return Err(Refused::Slow),
            Ok(None) => return Ok(Bytes::from(all)),
            Ok(Some(Err(()))) => return Err(Refused::Broken),
            Ok(Some(Ok(data))) => data,
        };
        let length = all.len() + data.len();
        if length > MAX_BODY {
            return Err(Refused::Large);
        }
        let announced = if length > FREE { announced } else { 0 };
        if !limits.memory.take(share, length.max(announced)).await {
            return Err(Refused::NoMemory);
        }
        all.reserve_exact(announced.saturating_sub(all.len()));
        all.extend_from_slice(&data);
    }
}

/// The next bytes of a body; `None` at its end.
async fn part(body: &mut Body) -> Option<Result<Bytes, ()>> {
    loop {
        let frame =
            std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context)).await?;
        match frame {
            Err(_) => return Some(Err(())),
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
        }
    }
}

impl Refused {
    /// As the services write errors.
    fn response(self) -> Response {
        let (status, message) = match self {
            Self::Large => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("the request has more than {MAX_BODY} bytes"))
            }
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time".to_owned()),
            Self::Broken => (StatusCode::BAD_REQUEST, "the request broke off".to_owned()),
            Self::NoMemory => (
                StatusCode::SERVICE_UNAVAILABLE,
                "there is no memory left for this request, as others are unfinished".to_owned(),
            ),
        };
        let body = serde_json::json!({ "code": status.as_u16(), "message": message });
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response();
        if self == Self::NoMemory {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests;
