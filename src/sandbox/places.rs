//! The places for connections at a listener: where all are taken, the connection that has been silent or unread longest has to go.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Where nobody can go, so long is waited before it is looked again.
const LOOK: Duration = Duration::from_millis(50);

/// What a connection does, for whoever has to choose one that ends. A clone is a view of the same.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// When bytes last came or went.
    progressed: Mutex<Instant>,
    /// Requests that are here whole, and not answered yet: it is not the client that is waited for.
    answering: AtomicUsize,
    told: AtomicBool,
    end: Notify,
}

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(Inner {
            progressed: Mutex::new(Instant::now()),
            answering: AtomicUsize::new(0),
            told: AtomicBool::new(false),
            end: Notify::new(),
        }))
    }
}

impl Activity {
    /// Bytes came or went.
    pub fn progress(&self) {
        *self.0.progressed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// A request is here whole, and is being answered until what is returned is dropped.
    pub fn answer(&self) -> Answering {
        self.0.answering.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// Waits until it has to end.
    pub async fn has_to_end(&self) {
        self.0.end.notified().await;
    }

    /// Since when its client was waited for; `None` where it is the client that waits, or where it has to end already.
    fn silent_since(&self) -> Option<Instant> {
        let idle = self.0.answering.load(Ordering::Relaxed) == 0 && !self.0.told.load(Ordering::Relaxed);
        idle.then(|| *self.0.progressed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn end(&self) {
        self.0.told.store(true, Ordering::Relaxed);
        self.0.end.notify_one();
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Answering(Activity);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.progress();
        self.0.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    open: Mutex<Vec<Activity>>,
    freed: Notify,
}

impl Places {
    /// So many.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default(), freed: Notify::new() })
    }

    /// A place for a new connection. Another one has to go for it where all are taken.
    pub async fn take(self: &Arc<Self>) -> Place {
        loop {
            let freed = pin!(self.freed.notified());
            if let Some(place) = self.try_take() {
                return place;
            }
            let _ = tokio::time::timeout(LOOK, freed).await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() < self.most {
            let activity = Activity::default();
            open.push(activity.clone());
            return Some(Place { places: Arc::clone(self), activity });
        }
        let longest = open.iter().filter_map(|one| Some((one.silent_since()?, one))).min_by_key(|it| it.0);
        if let Some((_, longest)) = longest {
            longest.end();
        }
        None
    }
}

/// A place that is taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    /// Of who has it.
    pub activity: Activity,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| !Arc::ptr_eq(&other.0, &self.activity.0));
        drop(open);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_told(activity: &Activity) -> bool {
        tokio::time::timeout(Duration::from_millis(20), activity.has_to_end()).await.is_ok()
    }

    #[tokio::test]
    async fn the_longest_silent_goes_and_never_one_that_waits_for_us() {
        let places = Places::new(3);
        let (first, second, third) = (places.take().await, places.take().await, places.take().await);
        first.activity.progress();
        let answering = second.activity.answer();
        assert!(places.try_take().is_none());
        assert!(is_told(&third.activity).await);
        assert!(places.try_take().is_none());
        assert!(is_told(&first.activity).await && !is_told(&second.activity).await);
        assert!(places.try_take().is_none());
        assert!(!is_told(&second.activity).await);
        drop(answering);
        assert!(places.try_take().is_none());
        assert!(is_told(&second.activity).await);
        let next = Arc::clone(&places);
        let next = tokio::spawn(async move { next.take().await });
        drop(first);
        tokio::time::timeout(Duration::from_secs(5), next).await.unwrap().unwrap();
    }
}
