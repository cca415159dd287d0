//! Bodies of requests that are sent part by part, however long they are.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http_body::{Body, Frame, SizeHint};

use crate::progress::{self, Work};

/// What is shorter is sent and received before anybody would ask how far it is.
const LARGE: u64 = 1 << 20;

/// Counts what is sent or received, where it is large.
pub(super) fn counted(what: &str, length: Option<u64>) -> Option<Work> {
    length.filter(|length| *length >= LARGE).map(|length| progress::bytes(what, Some(length)))
}

/// What went wrong where a body comes from.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// The parts of a body, in order.
pub struct Parts(Pin<Box<dyn Stream<Item = Result<Bytes, SourceError>> + Send>>);

impl Parts {
    /// The parts that `next` makes, one after the other, out of what it left the last time; `None` is the end.
    pub fn of<S, F, E>(start: S, next: impl Fn(S) -> F + Send + 'static) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Result<Option<(Vec<u8>, S)>, E>> + Send + 'static,
        E: Into<SourceError>,
    {
        Self(Box::pin(stream::try_unfold(start, move |state| {
            let part = next(state);
            async move {
                let found = part.await.map_err(Into::into)?;
                Ok(found.map(|(part, state)| (Bytes::from(part), state)))
            }
        })))
    }

    /// The parts of what is in memory.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        const PART: usize = 1 << 16;
        let mut rest = Bytes::copy_from_slice(bytes);
        Self(Box::pin(stream::iter(std::iter::from_fn(move || {
            let part = rest.split_to(rest.len().min(PART));
            (!part.is_empty()).then_some(Ok(part))
        }))))
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts")
    }
}

/// What is known of a body while the transport has it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    sent: AtomicU64,
    /// Until the answer comes.
    work: Option<Work>,
    failure: Mutex<Option<SourceError>>,
}

impl Progress {
    /// Of a body of so many bytes.
    pub fn of(length: u64) -> Self {
        Self { work: counted("sending", Some(length)), ..Self::default() }
    }

    /// How many bytes were handed to the transport.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Why the body ended before its time, where it was not the transport's fault.
    pub fn failure(&self) -> Option<SourceError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, error: SourceError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// A body for the transport. The last part is held back until its source has said that all of it is good.
pub(super) struct Outgoing {
    // Only ever used through `&mut`: the lock makes the type `Sync`, which the transport asks for.
    parts: Mutex<Parts>,
    ahead: Option<Bytes>,
    ended: bool,
    left: u64,
    progress: Arc<Progress>,
}

impl Outgoing {
    pub fn new(parts: Parts, length: u64, progress: Arc<Progress>) -> Self {
        Self { parts: Mutex::new(parts), ahead: None, ended: false, left: length, progress }
    }

    fn fail(&mut self, error: SourceError) -> Poll<Option<Result<Frame<Bytes>, SourceError>>> {
        self.ended = true;
        self.ahead = None;
        self.progress.fail(error);
        // The transport only has to know that there is no more.
        Poll::Ready(Some(Err("the body ended before its time".into())))
    }

    fn hand_over(&mut self, part: Bytes) -> Poll<Option<Result<Frame<Bytes>, SourceError>>> {
        let length = part.len() as u64;
        let Some(left) = self.left.checked_sub(length) else {
            return self.fail("it is longer than was announced".into());
        };
        self.left = left;
        self.progress.sent.fetch_add(length, Ordering::Relaxed);
        self.progress.work.iter().for_each(|work| work.add(length));
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = SourceError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SourceError>>> {
        let this = self.get_mut();
        while !this.ended {
            let parts = this.parts.get_mut().unwrap_or_else(PoisonError::into_inner);
            match parts.0.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(part))) if part.is_empty() => {}
                Poll::Ready(Some(Ok(part))) => {
                    if let Some(before) = this.ahead.replace(part) {
                        return this.hand_over(before);
                    }
                }
                Poll::Ready(Some(Err(error))) => return this.fail(error),
                Poll::Ready(None) => this.ended = true,
            }
        }
        match this.ahead.take() {
            Some(last) if last.len() as u64 >= this.left => this.hand_over(last),
            Some(_) => this.fail("it is shorter than was announced".into()),
            None if this.left > 0 => this.fail("it is shorter than was announced".into()),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended && self.ahead.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
