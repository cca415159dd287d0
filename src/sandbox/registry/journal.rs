//! What was asked, in order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::request::{Host, Request};

/// The most requests that are kept; when there are twice as many, the older half is forgotten.
const KEPT: usize = 50_000;

/// All requests that came to a registry, on both of its hosts. A clone is another view of the same journal.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Mutex<Entries>>);

#[derive(Debug)]
struct Entries {
    keeps: bool,
    requests: Vec<Request>,
    counts: HashMap<(Host, String), usize>,
    connections: usize,
    numbers: usize,
    start: Instant,
}

impl Journal {
    /// An empty journal; one that keeps nothing numbers requests all the same.
    pub(super) fn new(keeps: bool) -> Self {
        Self(Arc::new(Mutex::new(Entries {
            keeps,
            requests: Vec::new(),
            counts: HashMap::new(),
            connections: 0,
            numbers: 0,
            start: Instant::now(),
        })))
    }

    /// All requests so far, in the order in which they had arrived whole. Their bodies are not kept.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// How many requests there were with this method and a path with this part; an empty one is every method or path.
    pub fn count(&self, method: &str, part: &str) -> usize {
        let matches = |r: &&Request| (method.is_empty() || r.method == method) && r.path.contains(part);
        self.lock().requests.iter().filter(matches).count()
    }

    /// One line for each request: method, path and query, and the status if there was an answer. For messages of tests.
    pub fn lines(&self) -> Vec<String> {
        let line = |r: &Request| match r.answered {
            Some((status, _)) => format!("{} {status}", r.line()),
            None => format!("{} -", r.line()),
        };
        self.lock().requests.iter().map(line).collect()
    }

    /// How many connections were opened, those without a request included.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// The length of the longest chain of requests in which each one came after the answer to the one before it: the
    /// round trips that nobody can avoid who asks in this order. Meaningful where answers take longer (a hook that waits) than the client thinks.
    pub fn round_trips(&self) -> usize {
        let mut spans: Vec<(Duration, Duration)> =
            self.lock().requests.iter().filter_map(|r| Some((r.received, r.answered?.1))).collect();
        // The longest chain takes, each time, what ends first among all that begin after the last end.
        spans.sort_by_key(|(_, end)| *end);
        let mut last = None;
        spans
            .iter()
            .filter(|(begin, end)| last.is_none_or(|l| *begin >= l) && last.replace(*end) != Some(*end))
            .count()
    }

    /// Requests to a host that carried an Authorization header.
    pub fn authorized(&self, host: Host) -> Vec<Request> {
        let carries = |r: &&Request| r.host == host && r.authorization().is_some();
        self.lock().requests.iter().filter(carries).cloned().collect()
    }

    /// Forgets everything: requests, connections, counts.
    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.requests.clear();
        entries.counts.clear();
        entries.connections = 0;
        entries.numbers = 0;
    }

    /// The number of a new connection.
    pub(super) fn connect(&self) -> usize {
        let mut entries = self.lock();
        entries.connections += 1;
        entries.connections
    }

    /// Numbers the request and writes it down.
    pub(super) fn receive(&self, request: &mut Request) {
        let mut entries = self.lock();
        entries.numbers += 1;
        request.number = entries.numbers;
        request.received = entries.start.elapsed();
        if !entries.keeps {
            request.count = request.number;
            return;
        }
        if entries.requests.len() >= 2 * KEPT {
            entries.requests.drain(..KEPT);
        }
        // One for each path, and each upload has another.
        if entries.counts.len() >= 2 * KEPT {
            entries.counts.clear();
        }
        let key = (request.host, format!("{} {}", request.method, request.path));
        let count = entries.counts.entry(key).or_default();
        *count += 1;
        request.count = *count;
        entries.requests.push(Request { body: Default::default(), ..request.clone() });
    }

    /// Writes down that the request is answered from now on.
    pub(super) fn answer(&self, request: &Request, status: u16) {
        let mut entries = self.lock();
        let now = entries.start.elapsed();
        // Nothing is found where it was cleared in between.
        let same = |r: &&mut Request| r.number == request.number && r.received == request.received;
        if let Some(found) = entries.requests.iter_mut().rev().find(same) {
            found.answered = Some((status, now));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // A list of requests is sound after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_keeps_nothing_numbers_requests() {
        for (keeps, kept) in [(true, 3), (false, 0)] {
            let journal = Journal::new(keeps);
            for number in 1..=3 {
                let mut request = Request { headers: vec![("x".to_owned(), "y".repeat(1000))], ..get() };
                journal.receive(&mut request);
                journal.answer(&request, 200);
                assert_eq!((request.number, request.count), (number, number));
            }
            assert_eq!((journal.requests().len(), journal.lock().counts.len()), (kept, kept.min(1)));
        }
    }

    fn get() -> Request {
        Request {
            number: 0,
            count: 0,
            connection: 1,
            host: Host::Registry,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            length: 0,
            received: Duration::ZERO,
            answered: None,
            body: Default::default(),
        }
    }

    #[test]
    fn round_trips_are_the_longest_chain() {
        let journal = Journal::new(true);
        let at = |begin: u64, end: u64| {
            let answered = Some((200, Duration::from_millis(end)));
            Request { received: Duration::from_millis(begin), answered, ..get() }
        };
        assert_eq!(journal.round_trips(), 0);
        for (spans, expected) in [
            (&[(0, 30), (1, 31), (2, 32)][..], 1),
            (&[(0, 30), (1, 31), (31, 61)], 2),
            (&[(0, 100), (1, 31), (32, 62), (63, 93)], 3),
            (&[(0, 30), (30, 60), (60, 90)], 3),
        ] {
            journal.lock().requests = spans.iter().map(|(begin, end)| at(*begin, *end)).collect();
            assert_eq!(journal.round_trips(), expected, "{spans:?}");
        }
    }
}
