//! Advisories of neighbours that a table does not show well.

use std::sync::Arc;

use serde_json::json;

use super::server::{Act, Answer, Server};
use super::sigstore::{Place, Sigstore, conflict};
use super::world::{Backend, Cell, Fault, World};

fn world() -> Arc<World> {
    World::new(Backend::Memory(Box::new(Sigstore::new())))
}

/// CVE-2023-47122 of gitsign: the log was asked for the key that its entries were verified with.
#[test]
fn cve_2023_47122_no_log_is_asked_for_its_key() {
    let world = world();
    for place in [Place::Rekor1, Place::Rekor2] {
        // A log that vouches for itself, with everything right but that nobody trusts it.
        let fault: Fault =
            Arc::new(move |case| Some(Act::Say(case.world.foreign.answer(place, case.url, case.request))));
        let cell = Cell::new(&world, place, Some(fault));
        let _ = cell.run(place, &[]).code(4).says("is not in the trusted root");
        assert!(!cell.sandbox.has("b.json"));
        let heard = cell.server(place).heard();
        assert!(
            heard.iter().all(|line| line.starts_with("POST ") && line.ends_with("/log/entries")),
            "{heard:?}"
        );
    }
}

/// CVE-2023-30551 and CVE-2026-48702 of Rekor: a few bytes became gigabytes in memory. Here nothing is unpacked.
#[test]
fn cve_2023_30551_cve_2026_48702_nothing_is_decompressed() {
    let world = world();
    for place in super::sigstore::PLACES {
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            // Ten bytes of a header of gzip, and what is no document either way.
            let fault: Fault = Arc::new(move |_| {
                let body = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xff; 4000]].concat();
                Some(Act::Say(Answer::new(200, body).with("Content-Encoding", encoding)))
            });
            let cell = Cell::new(&world, place, Some(fault));
            let output = cell.run(place, &["--timeout", "5s"]);
            assert!([4, 5].contains(&output.code), "{place:?} {encoding}: {}", output.stderr);
            assert!(!cell.sandbox.has("b.json") && output.stdout.is_empty(), "{place:?} {encoding}");
        }
        // Nobody says that it may.
        let accepted = Arc::new(std::sync::Mutex::new(Vec::new()));
        let noted = Arc::clone(&accepted);
        let fault: Fault = Arc::new(move |case| {
            noted.lock().unwrap().extend(case.request.header("accept-encoding").map(str::to_owned));
            None
        });
        let _ = Cell::new(&world, place, Some(fault)).run(place, &[]).ok();
        assert_eq!(*accepted.lock().unwrap(), [""; 0], "{place:?}");
    }
}

/// CVE-2026-24117 of Rekor: an address in an entry was asked. Here it is the answers that hold addresses, of another host and of
/// this one.
#[test]
fn cve_2026_24117_addresses_in_answers_are_not_asked() {
    let world = world();
    let elsewhere = Arc::new(Server::start(|_| Act::Say(Answer::new(200, "{}"))));
    for status in [200, 201, 301, 302, 303, 307, 308, 409] {
        let (host, path) = (elsewhere.url.clone(), "/api/v1/log/entries");
        let fault: Fault = Arc::new(move |case| {
            (case.number == 0).then(|| {
                let document = json!({ "code": status, "message": format!("see {host}{path}"), "url": host });
                let answer = Answer::json(status, &document).with("Location", format!("{host}{path}"));
                Act::Say(answer.with("Link", format!("<{host}>; rel=next")))
            })
        });
        let cell = Cell::new(&world, Place::Rekor1, Some(fault));
        let output = cell.run(Place::Rekor1, &[]).code(5);
        assert!(!cell.sandbox.has("b.json"), "{status}: {}", output.stderr);
        assert_eq!(elsewhere.heard(), [""; 0], "{status}");
    }
    // The identifier alone is taken from it.
    let host = elsewhere.url.clone();
    let fault: Fault = Arc::new(move |case| {
        if case.number > 0 {
            return None;
        }
        let made = case.sound();
        let entry: serde_json::Value = serde_json::from_slice(&made.body).unwrap();
        let uuid = entry.as_object().unwrap().keys().next().unwrap().clone();
        let mut answer = conflict(&uuid);
        answer.headers.retain(|(name, _)| name != "Location");
        Some(Act::Say(answer.with("Location", format!("{host}/api/v1/log/entries/{uuid}"))))
    });
    let _ = Cell::new(&world, Place::Rekor1, Some(fault)).run(Place::Rekor1, &[]).ok();
    assert_eq!(elsewhere.heard(), [""; 0]);
}
