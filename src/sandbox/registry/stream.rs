//! Bodies of answers as they go out: whole, slow, cut off or without an end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::time::{Sleep, sleep};

use super::content::Content;

/// Parts of bodies that are sent at full speed.
const CHUNK: usize = 256 * 1024;

/// What is sent before a cut has this long to leave.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// The connection ends here, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut off")]
pub(super) struct Cut;

/// A body.
pub(super) struct Stream {
    rest: Content,
    repeated: Option<Bytes>,
    pace: Option<(usize, Duration)>,
    /// Bytes that are left until the cut.
    cut: Option<usize>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    pub fn new(body: Content) -> Self {
        Self { rest: body, repeated: None, pace: None, cut: None, pause: None }
    }

    pub fn repeating(self, repeated: Option<Bytes>) -> Self {
        Self { repeated: repeated.filter(|bytes| !bytes.is_empty()), ..self }
    }

    pub fn paced(self, pace: Option<(usize, Duration)>) -> Self {
        Self { pace, ..self }
    }

    pub fn cut_after(self, bytes: Option<usize>) -> Self {
        Self { cut: bytes, ..self }
    }

    /// Waits before the next part. Ready when that is over; the next call begins the next pause.
    fn poll_pause(&mut self, length: Duration, context: &mut Context<'_>) -> Poll<()> {
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(length)));
        ready!(pause.as_mut().poll(context));
        self.pause = None;
        Poll::Ready(())
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = &mut *self;
        if this.cut == Some(0) {
            ready!(this.poll_pause(BEFORE_CUT, context));
            return Poll::Ready(Some(Err(Cut)));
        }
        if this.rest.is_empty() {
            match &this.repeated {
                Some(repeated) => this.rest = Content::Memory(repeated.clone()),
                // A cut beyond the end is a cut at the end.
                None if this.cut.is_some() => {
                    this.cut = Some(0);
                    return Pin::new(this).poll_frame(context);
                }
                None => return Poll::Ready(None),
            }
        }
        if let Some((_, pause)) = this.pace {
            ready!(this.poll_pause(pause, context));
        }
        let most = this.pace.map_or(CHUNK, |(bytes, _)| bytes);
        let most = this.cut.map_or(most, |cut| most.min(cut));
        // A file that cannot be read any more ends the connection: the client sees that there was to be more.
        let part = this.rest.take(most).map_err(|_| Cut)?;
        this.cut = this.cut.map(|cut| cut - part.len());
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}
