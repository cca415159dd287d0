//! Listening on loopback, and serving a router there: to this machine alone, within the limits that all services have.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::middleware::{from_fn, from_fn_with_state};
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::limits::{Limits, bodies, http};
use super::own_names::refuse_foreign_names;
use super::places::{Activity, Places};
use super::socket::{Breaker, Socket};

/// What is being answered when a service ends has so long.
pub(super) const GRACE: Duration = Duration::from_millis(1500);
/// Where nothing is being answered, the last bytes have so long to leave.
const FLUSH: Duration = Duration::from_millis(100);

/// Takes a port on loopback, any free one for 0. Connections wait from now on until somebody serves them.
///
/// # Errors
/// The port is taken.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// One service at its address.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    limits: Limits,
}

impl Server {
    /// A service that will be served at this listener of [`listen`], under the names of this machine alone.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn new(listener: TcpListener, router: Router) -> io::Result<Self> {
        Self::within(&Limits::default(), listener, router)
    }

    /// As [`Self::new`], within limits that it has in common with others.
    pub(super) fn within(limits: &Limits, listener: TcpListener, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let router =
            router.layer(from_fn_with_state(limits.clone(), bodies)).layer(from_fn(refuse_foreign_names));
        Ok(Self { listener, address, router, limits: limits.clone() })
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `stop` becomes true or its sender is gone; then what is being answered is answered, if that takes no longer
    /// than a second or two.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let (places, head) = (Places::new(self.limits.connections), self.limits.head);
        let mut open = JoinSet::new();
        let stopped = stop.clone();
        let accepted = async {
            loop {
                let stream = accept(&listener).await;
                let place = places.take().await;
                let (router, stopped) = (self.router.clone(), stopped.clone());
                open.spawn(async move {
                    let activity = &place.activity;
                    tokio::select! {
                        () = connection(stream, router, head, activity, stopped) => {}
                        () = activity.has_to_end() => {}
                    }
                });
                while open.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = accepted => {}
        }
        drop(listener);
        while open.join_next().await.is_some() {}
        Ok(())
    }
}

/// The next connection.
pub(super) async fn accept(listener: &tokio::net::TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                return stream;
            }
            // Too many open files, or the client has gone: neither ends the server.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    head: Duration,
    activity: &Activity,
    mut stop: watch::Receiver<bool>,
) {
    let breaker = Breaker::default();
    let answering = AtomicUsize::new(0);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(breaker.clone()));
        request.extensions_mut().insert(activity.clone());
        let answer = router.call(request);
        let answering = &answering;
        async move {
            answering.fetch_add(1, Ordering::Relaxed);
            let answer = answer.await;
            answering.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, Infallible>(match answer {
                Ok(answer) => answer,
                Err(never) => match never {},
            })
        }
    });
    let socket = TokioIo::new(Socket::new(stream, breaker.clone(), activity.clone()));
    let mut served = pin!(http(head).serve_connection(socket, service));
    tokio::select! {
        // Its errors are the client's, or were asked for.
        _ = served.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    served.as_mut().graceful_shutdown();
    let patience = if answering.load(Ordering::Relaxed) > 0 { GRACE } else { FLUSH };
    let _ = tokio::time::timeout(patience, served).await;
}
