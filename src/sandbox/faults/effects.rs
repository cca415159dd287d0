//! The effects on the services: a layer over their routers, and the hook of the registry.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::watch;

use super::{Effect, Faults, Service};
use crate::sandbox::registry;
use crate::sandbox::socket::Breaker;

/// What no client takes for an answer: not JSON, DER, PEM or text.
const GARBAGE: &[u8] = b"\x00\xff{garbage\xfe on purpose";
/// The most bytes of an answer that is cut off.
const MAX_ANSWER: usize = 16 << 20;
/// What is sent before a cut has this long to leave.
const BEFORE_CUT: Duration = Duration::from_millis(20);
/// The registry waits this long with a request that is never answered.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[derive(Clone)]
struct Watched {
    service: Service,
    faults: Faults,
    stop: watch::Receiver<bool>,
}

impl Faults {
    /// The router of a service with its faults. What waits does so no longer than until `stop` is true.
    pub fn layer(&self, service: Service, stop: watch::Receiver<bool>, router: Router) -> Router {
        let watched = Watched { service, faults: self.clone(), stop };
        router.layer(from_fn_with_state(watched, meet))
    }

    /// The router of the certificate authority, which meets the faults of the log of certificates where it asks that log: nobody else does
    /// in the course of a signature.
    pub fn layer_of_log(&self, stop: watch::Receiver<bool>, router: Router) -> Router {
        let watched = Watched { service: Service::Ct, faults: self.clone(), stop };
        router.layer(from_fn_with_state(watched, meet_log))
    }

    /// What the next request to the registry meets.
    pub fn of_registry(&self) -> registry::Fault {
        use registry::Fault;
        match self.next(Service::Registry) {
            None => Fault::none(),
            Some(Effect::Status(status)) => Fault::error(status, "UNAVAILABLE", "a fault, on purpose"),
            Some(Effect::Slow(length)) => Fault::none().delayed(length),
            Some(Effect::Hang) => Fault::status(503).delayed(NEVER),
            Some(Effect::Reset) => Fault::reset(),
            Some(Effect::Garbage) => Fault::none().body(GARBAGE),
            Some(Effect::Truncate) => Fault::none().truncated(1),
        }
    }
}

async fn meet(State(watched): State<Watched>, request: Request, next: Next) -> Response {
    let Watched { service, faults, mut stop } = watched;
    match faults.next(service) {
        None => next.run(request).await,
        Some(Effect::Status(status)) => refusal(status),
        Some(Effect::Slow(length)) => {
            let _ = tokio::time::timeout(length, stop.wait_for(|stop| *stop)).await;
            next.run(request).await
        }
        Some(Effect::Hang) => {
            let _ = stop.wait_for(|stop| *stop).await;
            refusal(503)
        }
        Some(Effect::Reset) => {
            if let Some(ConnectInfo(breaker)) = request.extensions().get::<ConnectInfo<Breaker>>() {
                breaker.reset();
            }
            refusal(503)
        }
        Some(Effect::Garbage) => {
            let (mut head, _) = next.run(request).await.into_parts();
            head.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(head, Body::from(GARBAGE))
        }
        Some(Effect::Truncate) => truncated(next.run(request).await).await,
    }
}

/// Where the log fails the authority says so, as Fulcio does.
async fn meet_log(State(watched): State<Watched>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.uri().path().ends_with("/signingCert") {
        return next.run(request).await;
    }
    let Watched { service, faults, mut stop } = watched;
    match faults.next(service) {
        None => return next.run(request).await,
        Some(Effect::Slow(length)) => {
            let _ = tokio::time::timeout(length, stop.wait_for(|stop| *stop)).await;
            return next.run(request).await;
        }
        Some(Effect::Hang) => drop(stop.wait_for(|stop| *stop).await),
        Some(Effect::Status(_) | Effect::Reset | Effect::Garbage | Effect::Truncate) => {}
    }
    let body = serde_json::json!({
        "code": 13, "message": "error entering certificate in CTL: a fault of the log, on purpose", "details": [],
    });
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body.to_string()).into_response()
}

/// As the services write errors.
fn refusal(status: u16) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let body = serde_json::json!({ "code": status, "message": "a fault, on purpose" });
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn truncated(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    let Ok(mut body) = to_bytes(body, MAX_ANSWER).await else { return refusal(500) };
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    body.truncate(body.len() / 2);
    Response::from_parts(head, Body::new(Cut { rest: Some(body), pause: None }))
}

/// A body after which the connection breaks off.
struct Cut {
    rest: Option<Bytes>,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(rest) = self.rest.take().filter(|rest| !rest.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(BEFORE_CUT)));
        std::task::ready!(pause.as_mut().poll(context));
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}
