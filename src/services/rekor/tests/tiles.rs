//! Entries that a Rekor v2 has already, and that are read out of its tiles.

use std::sync::Arc;

use super::v2::kept;
use super::*;
use crate::services::rekor::v2::upload;
use crate::tlog::issue::LogSigner;
use crate::tlog::issue::tree::Tree;
use crate::tlog::{Checkpoint, verify_inclusion};

/// A log that has everything already.
struct Full {
    signer: LogSigner,
    tree: Tree,
    bodies: Vec<Vec<u8>>,
}

impl Full {
    /// With `size` entries, of which the one at `index` is what is proposed.
    fn new(size: u64, index: u64, body: &[u8]) -> Self {
        let signer = LogSigner::rekor_v2("log.example", PrivateKey::generate(KeyType::Ed25519).unwrap());
        let (mut tree, mut bodies) = (Tree::new(), Vec::new());
        for at in 0..size {
            let leaf = if at == index { body.to_vec() } else { at.to_be_bytes().to_vec() };
            tree.append(&leaf);
            bodies.push(leaf);
        }
        Self { signer, tree, bodies }
    }

    fn checkpoint(&self, size: u64) -> Reply {
        reply(200).body(self.signer.checkpoint(size, &self.tree.root_at(size).unwrap(), now()).unwrap())
    }

    /// What is at `<level>/<path>` or `entries/<path>`; partial tiles as long as nothing is behind them.
    fn tile(&self, path: &str) -> Option<Vec<u8>> {
        let (level, path) = path.split_once('/').unwrap();
        let (number, width) = path.split_once(".p/").unwrap_or((path, "256"));
        let index: u64 = number.replace(['x', '/'], "").parse().unwrap();
        let (first, width) = (index * 256, width.parse::<u64>().unwrap());
        if level == "entries" {
            let range = usize::try_from(first).unwrap()..usize::try_from(first + width).unwrap();
            let mut bundle = Vec::new();
            for body in self.bodies.get(range)? {
                bundle.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
                bundle.extend(body);
            }
            return Some(bundle);
        }
        let level = level.parse::<u32>().unwrap() * 8;
        let there = (self.tree.size() >> level) - first;
        let gone = width < 256 && there >= 256;
        let found = self.tree.full_subtrees(level, first, width)?;
        (!gone).then(|| found.as_flattened().to_vec())
    }

    fn answer(&self, index: u64, seen: &Seen) -> Reply {
        match seen.line.as_str() {
            "POST /api/v2/log/entries" => conflict(index).with("x-log-index", index.to_string()),
            "GET /api/v2/checkpoint" => self.checkpoint(self.tree.size()),
            other => {
                let tile = self.tile(other.strip_prefix("GET /api/v2/tile/").unwrap());
                tile.map_or(reply(404), |bytes| reply(200).body(bytes))
            }
        }
    }
}

fn conflict(index: u64) -> Reply {
    let message = format!("an equivalent entry already exists in the transparency log with index {index}");
    scripted::json(409, &json!({ "code": 6, "message": message, "details": [] }))
}

/// What is proposed, and the body that a log keeps of it.
fn proposed() -> (Proposed, Vec<u8>) {
    let proposed = hashed(p256("signer"), public(p256("signer")), b"one");
    let request = Arc::new(Mutex::new(Value::Null));
    let seen_request = Arc::clone(&request);
    let server = serve(move |seen| {
        *seen_request.lock().unwrap() = seen.json();
        reply(400)
    });
    run(upload(&client(), &server.url, &proposed)).unwrap_err();
    let body = kept(&request.lock().unwrap());
    (proposed, body)
}

#[test]
fn what_a_log_has_already_is_read_out_of_its_tree_whatever_its_size() {
    let (proposed, body) = proposed();
    for (size, index) in [
        (1, 0),
        (2, 1),
        (3, 2),
        (255, 100),
        (256, 255),
        (257, 256),
        (257, 3),
        (700, 511),
        (1000, 700),
        (65_536, 40_000),
        (65_537, 65_536),
        (66_000, 65_700),
        (131_073, 70_000),
    ] {
        let log = Full::new(size, index, &body);
        let id = log.signer.log_id();
        let served = serve(move |seen| log.answer(index, seen));
        let entry = run(upload(&client(), &served.url, &proposed)).unwrap();
        assert_eq!((entry.log_index, &entry.canonicalized_body), (index, &body), "{size}");
        assert_eq!(entry.log_id, id[..4]);
        assert_eq!(entry.kind.as_ref().map(|kind| kind.version.as_str()), Some("0.0.2"));
        let proof = entry.inclusion_proof.unwrap();
        verify_inclusion(&entry.canonicalized_body, &proof).unwrap();
        assert!(Checkpoint::parse(proof.checkpoint.as_ref().unwrap()).unwrap().commits_to(&proof));
        assert!(served.lines().len() < 12, "{:?}", served.lines());
    }
}

#[test]
fn the_message_tells_where_an_entry_is_if_no_header_does() {
    let (proposed, body) = proposed();
    let log = Full::new(20, 7, &body);
    let served =
        serve(move |seen| if seen.line.starts_with("POST") { conflict(7) } else { log.answer(7, seen) });
    assert_eq!(run(upload(&client(), &served.url, &proposed)).unwrap().log_index, 7);
    let served = serve(|_| reply(409).body("there is one already"));
    let error = text(&run(upload(&client(), &served.url, &proposed)).unwrap_err());
    assert!(error.ends_with("it says that there is such an entry already, and not where"), "{error}");
}

#[test]
fn an_older_checkpoint_is_not_the_end() {
    let (proposed, body) = proposed();
    let log = Full::new(20, 19, &body);
    let mut asked = 0;
    let served = serve(move |seen| {
        asked += usize::from(seen.is("GET /api/v2/checkpoint"));
        if asked == 1 && seen.is("GET /api/v2/checkpoint") {
            log.checkpoint(19)
        } else {
            log.answer(19, seen)
        }
    });
    assert_eq!(run(upload(&client(), &served.url, &proposed)).unwrap().log_index, 19);
}

/// A tile that is full by now, and was not when the checkpoint was made.
#[test]
fn a_part_of_a_tile_that_is_gone_is_taken_from_the_whole() {
    let (proposed, body) = proposed();
    let log = Full::new(600, 258, &body);
    let served =
        serve(
            move |seen| {
                if seen.is("GET /api/v2/checkpoint") { log.checkpoint(300) } else { log.answer(258, seen) }
            },
        );
    assert_eq!(run(upload(&client(), &served.url, &proposed)).unwrap().log_index, 258);
    assert!(served.lines().iter().any(|line| line.ends_with("/tile/0/001")), "{:?}", served.lines());
}

#[test]
fn a_tree_that_has_something_else_is_refused() {
    let (proposed, body) = proposed();
    let refusal = |change: fn(&Full, &Seen, Reply) -> Reply, index: u64| {
        let log = Full::new(300, 7, &body);
        let served = serve(move |seen| {
            let good = log.answer(index, seen);
            change(&log, seen, good)
        });
        text(&run(upload(&client(), &served.url, &proposed)).unwrap_err())
    };
    for (change, index, reason) in [
        ((|_, _, good| good) as fn(&Full, &Seen, Reply) -> Reply, 8, "not JSON"),
        (|_, _, good| good, 300, "its tree of 300 entries has none at 300"),
        (
            |_, seen, good| {
                if seen.line.contains("tile/0/001") { reply(200).body([0; 44 * 32]) } else { good }
            },
            7,
            "its tiles do not lead to its checkpoint",
        ),
        (
            |_, seen, good| if seen.line.contains("tile/0/") { reply(200).body([0; 33]) } else { good },
            7,
            "has 33 bytes, which are not",
        ),
        (
            |_, seen, good| if seen.line.contains("entries/000") { reply(200).body([0, 9, 1]) } else { good },
            7,
            "ends before the entry",
        ),
        (|_, seen, good| if seen.line.contains("/tile/") { reply(404) } else { good }, 7, "status 404"),
        (
            |log, seen, good| {
                let other = || Full::new(300, 7, b"{}").tree.root();
                let text = || log.signer.checkpoint(300, &other(), now()).unwrap();
                if seen.line.ends_with("checkpoint") { reply(200).body(text()) } else { good }
            },
            7,
            "its tiles do not lead to its checkpoint",
        ),
        (
            |_, seen, good| if seen.line.ends_with("checkpoint") { reply(200).body("garbage") } else { good },
            7,
            "no blank line",
        ),
    ] {
        let refusal = refusal(change, index);
        assert!(refusal.contains(reason), "{reason}: {refusal}");
    }
    // Somebody else's entry.
    let foreign = Full::new(300, 7, &body);
    let served = serve(move |seen| foreign.answer(7, seen));
    let other = hashed(p256("signer"), public(p256("signer")), b"two");
    let error = text(&run(upload(&client(), &served.url, &other)).unwrap_err());
    assert!(error.contains("the entry is about another digest"), "{error}");
}
