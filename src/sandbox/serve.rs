//! Listening on loopback, and serving a router there.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use tokio::sync::watch;

use super::socket::{Breaker, Listener};

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
}

impl Server {
    /// A service that will be served at this listener of [`listen`].
    ///
    /// # Errors
    /// The listener has no address.
    pub fn new(listener: TcpListener, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self { listener, address, router })
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `stop` becomes true or its sender is gone; then what is being answered is answered.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let listener = Listener(tokio::net::TcpListener::from_std(self.listener)?);
        axum::serve(listener, self.router.into_make_service_with_connect_info::<Breaker>())
            .with_graceful_shutdown(async move {
                let _ = stop.wait_for(|stop| *stop).await;
            })
            .await
    }
}
