//! SIGINT and SIGTERM while something is published that services know of: it is kept before the program ends, because nobody makes it again.

#[cfg(not(feature = "http"))]
pub(super) use unwatched::Interruption;
#[cfg(feature = "http")]
pub(super) use watched::Interruption;

#[cfg(feature = "http")]
mod watched {
    use std::cell::Cell;
    use std::pin::pin;

    use futures_util::FutureExt;
    use futures_util::future::{Either, LocalBoxFuture, Shared, select};

    use super::super::super::{Error, ErrorKind};

    /// Whether somebody wants the program to end.
    pub(in super::super) struct Interruption {
        /// Ready once a signal came, with its name.
        came: Shared<LocalBoxFuture<'static, &'static str>>,
        known: Cell<Option<&'static str>>,
    }

    impl Interruption {
        /// Takes the signals from now on, until the program ends; without `watch` they end it at once, as ever.
        pub fn watch(watch: bool) -> Self {
            let came = if watch { signal() } else { std::future::pending().boxed_local() };
            Self { came: came.shared(), known: Cell::new(None) }
        }

        /// What comes of this work.
        ///
        /// # Errors
        /// A signal came first; the work is left where it is.
        pub async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
            if self.known.get().is_none() {
                match select(pin!(self.came.clone()), pin!(work)).await {
                    Either::Left((name, _)) => self.known.set(Some(name)),
                    Either::Right((done, _)) => return Ok(done),
                }
            }
            let name = self.known.get().unwrap_or("a signal");
            Err(Error::new(ErrorKind::Other, format!("interrupted by {name}")))
        }
    }

    /// Without a way to take them, signals do what they always do.
    #[cfg(unix)]
    fn signal() -> LocalBoxFuture<'static, &'static str> {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().boxed_local();
        };
        async move {
            tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            }
        }
        .boxed_local()
    }

    /// Ctrl-C in a console.
    #[cfg(windows)]
    fn signal() -> LocalBoxFuture<'static, &'static str> {
        let Ok(mut interrupt) = tokio::signal::windows::ctrl_c() else {
            return std::future::pending().boxed_local();
        };
        async move {
            let _ = interrupt.recv().await;
            "Ctrl-C"
        }
        .boxed_local()
    }
}

#[cfg(not(feature = "http"))]
mod unwatched {
    use super::super::super::Error;

    /// In a build without the HTTP client no service knows of anything.
    pub(in super::super) struct Interruption;

    impl Interruption {
        pub fn watch(_: bool) -> Self {
            Self
        }

        pub async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
            Ok(work.await)
        }
    }
}
