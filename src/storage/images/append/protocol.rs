//! Reading, writing and reading again: docs/design/appending.md says why this loses nothing.

use std::time::{Duration, Instant};

use super::document::{self, Document, holds};
use super::lock::Lock;
use super::{Appended, Change, Shape, Writer, pause, somewhat};
use crate::crypto::Digest;
#[cfg(feature = "http")]
use crate::registry::{self, Transient};
use crate::registry::{Descriptor, Manifest, Target};
use crate::storage::images::{Error, Place, Unlisted};

/// T: how long it may take from the question what is under a tag to the answer of the write that follows from it. Everybody
/// who holds to it writes within T of what they saw, or knows that they may not have.
const WINDOW: Duration = Duration::from_millis(100);
/// With longer ways T is so many round trips: question and answer, write and answer, and one to spare.
const ROUND_TRIPS: u32 = 3;
/// How long others are left alone at first who have just written.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a neighbour's lock is respected: it is a courtesy, and whoever holds it may hang.
const PATIENCE: Duration = Duration::from_secs(10);
/// A lock that takes longer to get was somebody else's.
const UNCONTENDED: Duration = Duration::from_millis(2);
/// What registries take at most (OCI distribution specification 1.1, "Pushing Manifests": at least 4 MiB).
const MAX_MANIFEST: usize = 4 << 20;

/// A tag, while it is being changed.
pub struct Shared<'a> {
    writer: &'a Writer,
    place: &'a Place,
    tag: &'a str,
    target: Target,
    shape: Shape,
    started: Instant,
    /// The fastest round trip so far.
    round_trip: Option<Duration>,
    /// How often the change was undone by others.
    undone: u32,
    /// The configuration that was written last.
    config: Option<Digest>,
    /// What was written last.
    document: Option<Digest>,
    /// What went wrong last.
    trouble: Option<Error>,
    /// Whether there was anything under the tag before.
    seen: bool,
}

/// What was under the tag.
#[derive(Debug, Clone)]
pub struct State {
    /// The document.
    pub manifest: Option<Manifest>,
    /// When it was asked for.
    asked: Instant,
}

/// What came of an attempt to write.
enum Step {
    /// It was written in time.
    Written(Box<State>),
    /// It was not, or nobody knows.
    Again,
}

impl State {
    fn digest(&self) -> Option<&Digest> {
        self.manifest.as_ref().map(|manifest| &manifest.digest)
    }
}

impl<'a> Shared<'a> {
    /// A tag, of which nothing is known yet.
    pub fn new(writer: &'a Writer, place: &'a Place, tag: &'a str, shape: Shape) -> Self {
        Self {
            writer,
            place,
            tag,
            target: Target::Tag(tag.to_owned()),
            shape,
            started: Instant::now(),
            round_trip: None,
            undone: 0,
            config: None,
            document: None,
            trouble: None,
            seen: false,
        }
    }

    /// Waits for this process's turn on this machine.
    ///
    /// # Errors
    /// Somebody holds the lock of a layout for too long: nothing else protects that.
    pub async fn lock(&mut self) -> Result<Option<Lock>, Error> {
        let Some(folder) = &self.writer.locks else { return Ok(None) };
        let left = self.writer.budget.saturating_sub(self.started.elapsed());
        let (key, patience, needed) = match self.place {
            Place::Layout(layout) => {
                let path = std::fs::canonicalize(layout.path());
                let path = path.unwrap_or_else(|_| layout.path().to_owned());
                (path.display().to_string(), left, true)
            }
            place => (place.to_string(), left.min(PATIENCE), false),
        };
        let lock = Lock::take(folder, &format!("{key}:{}", self.tag), patience).await;
        match lock {
            None if needed && self.is_over() => Err(self.unlisted(&Change::default())),
            lock => Ok(lock),
        }
    }

    /// As [`Self::lock`], after `state` was read without it: where others may have written in between, it is read again.
    ///
    /// # Errors
    /// As [`Self::lock`] and [`Self::read`].
    pub async fn lock_having_read(&mut self, state: State) -> Result<(Option<Lock>, State), Error> {
        let waiting = Instant::now();
        let lock = self.lock().await?;
        let state = if waiting.elapsed() > UNCONTENDED { self.read().await? } else { state };
        Ok((lock, state))
    }

    /// What is under the tag.
    ///
    /// # Errors
    /// The place does not answer; what is there is of another shape.
    pub async fn read(&mut self) -> Result<State, Error> {
        let asked = Instant::now();
        let mut manifest = self.place.manifest(&self.target).await?;
        let took = asked.elapsed();
        if manifest.is_none() && self.seen {
            // Hardly anybody removes the tag in the midst of this: better ask twice than begin a new document.
            pause(FIRST_PAUSE).await;
            manifest = self.place.manifest(&self.target).await?;
        }
        self.seen |= manifest.is_some();
        self.round_trip = Some(self.round_trip.map_or(took, |fastest| fastest.min(took)));
        let state = State { manifest, asked };
        self.entries(&state)?;
        Ok(state)
    }

    /// Writes the configuration of what would come of `change` now.
    ///
    /// # Errors
    /// As [`Self::read`]; the place refuses.
    pub async fn prepare(mut self, change: Change) -> Result<(), Error> {
        // There is a configuration in any case: an upload for it is begun while the tag is read.
        let place = self.place;
        let (_, state) = tokio::join!(place.begin_upload(), self.read());
        let state = state?;
        match self.changed(&state, &change)?.config {
            Some((descriptor, bytes)) => self.place.put_blob(&descriptor, &bytes).await,
            None => Ok(()),
        }
    }

    /// The entries under the tag.
    ///
    /// # Errors
    /// What is there is of another shape.
    pub fn entries<'s>(&self, state: &'s State) -> Result<&'s [Descriptor], Error> {
        let entries = document::entries(state.manifest.as_ref(), self.shape, self.tag);
        entries.map_err(|source| Error::Document {
            what: format!("what is under the tag `{}`", self.tag),
            path: self.place.to_string().into(),
            source,
        })
    }

    /// Makes what is under the tag as `change` has it, and sees to it that it stays so.
    ///
    /// # Errors
    /// As [`super::append`].
    pub async fn bring_about(
        &mut self,
        mut lock: Option<Lock>,
        mut state: State,
        mut change: Change,
    ) -> Result<Appended, Error> {
        let (mut written, mut last) = (false, false);
        loop {
            if self.is_done(&state, &change)? {
                drop(lock.take());
                let settled = change.add.is_empty() && change.remove.is_empty();
                let before = state.digest().cloned();
                if !settled {
                    state = self.later().await?;
                }
                if settled || state.digest() == before.as_ref() {
                    return Ok(Appended { document: before, written });
                }
                // Somebody else wrote. Where nothing of this is lost, only time can tell whether it stays so.
                if !self.is_done(&state, &change)? {
                    self.undone += 1;
                    pause(self.backoff()).await;
                    lock = self.lock().await?;
                    state = self.read().await?;
                }
            } else {
                match self.write(state, &mut change).await? {
                    Step::Written(now) => (state, written) = (*now, true),
                    Step::Again => state = self.read().await?,
                }
            }
            // What is as it should be when the time is over is looked at once more: that alone can tell whether it stays.
            if self.is_over() {
                if last || !self.is_done(&state, &change)? {
                    return Err(self.unlisted(&change));
                }
                last = true;
            }
        }
    }

    /// Whether the change is in what was seen.
    fn is_done(&self, state: &State, change: &Change) -> Result<bool, Error> {
        let entries = self.entries(state)?;
        Ok(change.add.iter().all(|entry| holds(self.shape, entries, entry))
            && !change.remove.iter().any(|entry| holds(self.shape, entries, entry)))
    }

    /// What is under the tag T later: all who saw it before this change have written by then.
    async fn later(&mut self) -> Result<State, Error> {
        if self.is_remote() {
            pause(self.window()).await;
        }
        self.read().await
    }

    /// Writes what follows from `state`, which was just read.
    async fn write(&mut self, mut state: State, change: &mut Change) -> Result<Step, Error> {
        let wanted = self.changed(&state, change)?;
        if let Some((descriptor, bytes)) = &wanted.config
            && self.config.as_ref() != Some(&descriptor.digest)
        {
            self.place.put_blob(descriptor, bytes).await?;
            self.config = Some(descriptor.digest.clone());
        }
        // Whoever was held up has to look again.
        if self.is_remote() && state.asked.elapsed() > self.window() / 2 {
            let again = self.read().await?;
            if again.digest() != state.digest() {
                state = again;
                let other = self.changed(&state, change)?;
                let same_config = match (&other.config, &wanted.config) {
                    (Some((other, _)), Some((wanted, _))) => other.digest == wanted.digest,
                    (other, _) => other.is_none(),
                };
                if !same_config {
                    return Ok(Step::Again);
                }
                return self.put(&state, &other, change).await;
            }
            state = again;
        }
        self.put(&state, &wanted, change).await
    }

    fn changed(&self, state: &State, change: &Change) -> Result<Document, Error> {
        let document = document::changed(state.manifest.as_ref(), self.shape, self.tag, change, self.writer)
            .map_err(|source| Error::Document {
                what: format!("what is under the tag `{}`", self.tag),
                path: self.place.to_string().into(),
                source,
            })?;
        if document.bytes.len() > MAX_MANIFEST {
            return Err(Error::TooLarge {
                place: self.place.to_string(),
                what: format!("what would be under the tag `{}`", self.tag),
                limit: MAX_MANIFEST as u64,
            });
        }
        Ok(document)
    }

    /// Writes the document.
    async fn put(&mut self, state: &State, document: &Document, change: &mut Change) -> Result<Step, Error> {
        self.document = Some(document.digest.clone());
        let place = self.place;
        let target = self.target.clone();
        let put = place.put_manifest_once(&target, &document.media_type, &document.bytes);
        #[cfg(feature = "http")]
        if self.is_remote() {
            return self.in_time(state, document, change, put).await;
        }
        let _ = (state, change);
        put.await?;
        Ok(Step::Written(Box::new(self.now(document)?)))
    }

    /// What is under the tag right after it was written.
    fn now(&self, document: &Document) -> Result<State, Error> {
        let manifest =
            Manifest::parse(document.bytes.clone(), document.digest.clone(), Some(&document.media_type))
                .map_err(|source| Error::Document {
                    what: format!("what was written under the tag `{}`", self.tag),
                    path: self.place.to_string().into(),
                    source,
                })?;
        Ok(State { manifest: Some(manifest), asked: Instant::now() })
    }

    fn window(&self) -> Duration {
        WINDOW.max(self.round_trip.unwrap_or_default() * ROUND_TRIPS)
    }

    fn backoff(&self) -> Duration {
        somewhat(FIRST_PAUSE.saturating_mul(1 << self.undone.min(10)).min(LONGEST_PAUSE))
    }

    /// Whether there is a network, and others on it, between this and the tag.
    fn is_remote(&self) -> bool {
        !matches!(self.place, Place::Layout(_) | Place::Archive(_))
    }

    fn is_over(&self) -> bool {
        self.started.elapsed() >= self.writer.budget
    }

    fn unlisted(&mut self, change: &Change) -> Error {
        Error::Unlisted(Box::new(Unlisted {
            place: self.place.to_string(),
            tag: self.tag.to_owned(),
            document: self.document.take(),
            entry: change.add.first().map(|entry| entry.digest.clone()),
            budget: self.writer.budget,
            source: self.trouble.take().map(Box::new),
        }))
    }
}

#[cfg(feature = "http")]
impl Shared<'_> {
    /// Waits for the answer to a write. After T nobody knows when it takes effect: until then the tag is watched, so that what
    /// this undoes in the end can be put back.
    async fn in_time(
        &mut self,
        state: &State,
        document: &Document,
        change: &mut Change,
        put: impl Future<Output = Result<crate::storage::images::Written, Error>>,
    ) -> Result<Step, Error> {
        let mut put = std::pin::pin!(put);
        let window = self.window();
        let rest = window.saturating_sub(state.asked.elapsed());
        let answer = match tokio::time::timeout(rest, &mut put).await {
            Ok(Ok(_)) if state.asked.elapsed() <= window => {
                return Ok(Step::Written(Box::new(self.now(document)?)));
            }
            Ok(answer) => answer,
            Err(_) => {
                let mut seen = Vec::new();
                let answer = loop {
                    tokio::select! {
                        biased;
                        answer = &mut put => break Some(answer),
                        () = self.watch(&mut seen) => {}
                    }
                    if self.is_over() {
                        break None;
                    }
                };
                let Some(answer) = answer else { return Ok(Step::Again) };
                if answer.as_ref().is_err_and(|error| !may_have_landed(error)) {
                    return self.refused(answer.err()).await;
                }
                self.put_back(&seen, change).await?;
                answer
            }
        };
        match answer {
            Ok(_) => Ok(Step::Again),
            Err(error) => self.refused(Some(error)).await,
        }
    }

    /// Looks at the tag twice in T, so that nothing stands there for so long unseen: who wrote it looks again after T.
    async fn watch(&mut self, seen: &mut Vec<Descriptor>) {
        let window = self.window();
        if let Ok(state) = self.read().await {
            for entry in self.entries(&state).unwrap_or_default() {
                if !holds(self.shape, seen, entry) {
                    seen.push(entry.clone());
                }
            }
        }
        pause(window / 2).await;
    }

    /// After a write that came late: whatever was seen while it was on its way and is no longer there is to be there. What
    /// others removed on purpose in that time comes back too; that nothing is lost weighs more.
    async fn put_back(&mut self, seen: &[Descriptor], change: &mut Change) -> Result<(), Error> {
        let now = self.read().await?;
        let after = self.entries(&now)?;
        for entry in seen {
            let known = holds(self.shape, &change.remove, entry) || holds(self.shape, &change.add, entry);
            if !known && !holds(self.shape, after, entry) {
                change.add.push(entry.clone());
            }
        }
        Ok(())
    }

    /// A write that failed: whether it is worth another attempt, after a while.
    async fn refused(&mut self, error: Option<Error>) -> Result<Step, Error> {
        let Some(error) = error else { return Ok(Step::Again) };
        let Some(asked) = worth_another(&error) else { return Err(error) };
        self.trouble = Some(error);
        self.undone += 1;
        let time = self.window().max(self.backoff()).max(asked.unwrap_or_default());
        pause(time.min(self.writer.budget.saturating_sub(self.started.elapsed()))).await;
        Ok(Step::Again)
    }
}

/// Whether another attempt may succeed, and how long the registry asked to be left alone.
#[cfg(feature = "http")]
fn worth_another(error: &Error) -> Option<Option<Duration>> {
    match error {
        // 409, 412: it saw by itself that two wrote at the same time.
        Error::Registry(registry::Error::Status { status: 408 | 409 | 412, retry_after, .. }) => {
            Some(*retry_after)
        }
        Error::Registry(error) if error.is_race() => Some(None),
        Error::Registry(error) => error.is_transient(),
        _ => None,
    }
}

/// Whether a write may take effect although it failed.
#[cfg(feature = "http")]
fn may_have_landed(error: &Error) -> bool {
    match error {
        Error::Registry(registry::Error::Status { status, .. }) => *status >= 500 || *status == 408,
        Error::Registry(registry::Error::Http(error)) => !error.is_connect(),
        _ => false,
    }
}
