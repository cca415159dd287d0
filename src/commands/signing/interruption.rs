//! SIGINT, SIGTERM and SIGHUP while something is published that services know of: it is kept before the program ends, because nobody makes it again.

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
                // What is done is not lost to a signal that came at the same time.
                match select(pin!(work), pin!(self.came.clone())).await {
                    Either::Left((done, _)) => return Ok(done),
                    Either::Right((name, _)) => self.known.set(Some(name)),
                }
            }
            let name = self.known.get().unwrap_or("a signal");
            Err(Error::new(ErrorKind::Other, format!("interrupted by {name}")))
        }

        /// The same for work that has something put into a log, if `is_logged`: whether it came to that is not known then.
        ///
        /// # Errors
        /// As [`or`](Self::or).
        pub async fn or_logged<T>(&self, is_logged: bool, work: impl Future<Output = T>) -> Result<T, Error> {
            let is_begun = self.known.get().is_none();
            self.or(work).await.map_err(|error| match is_begun && is_logged {
                true => error.cause("the log may have an entry of it all the same: it had not answered yet"),
                false => error,
            })
        }
    }

    /// Without a way to take them, signals do what they always do. The second one ends the program whatever it does.
    #[cfg(unix)]
    fn signal() -> LocalBoxFuture<'static, &'static str> {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicBool, Ordering};
        use std::time::Duration;

        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::flag;

        use super::super::super::ending::{ignored, take_signals};

        /// Nobody notices so short a time.
        const PAUSE: Duration = Duration::from_millis(50);

        take_signals();
        let all = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")].into_iter();
        let came = all.filter(|(signal, _)| !ignored(*signal)).map(|(signal, name)| {
            let came = Arc::new(AtomicBool::new(false));
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came));
            let _ = flag::register(signal, Arc::clone(&came));
            (came, name)
        });
        let came: Vec<_> = came.collect();
        async move {
            loop {
                if let Some((_, name)) = came.iter().find(|(came, _)| came.load(Ordering::Relaxed)) {
                    return *name;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        .boxed_local()
    }

    /// Elsewhere they do what they always do.
    #[cfg(not(unix))]
    fn signal() -> LocalBoxFuture<'static, &'static str> {
        std::future::pending().boxed_local()
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

        pub async fn or_logged<T>(&self, _: bool, work: impl Future<Output = T>) -> Result<T, Error> {
            self.or(work).await
        }
    }
}
