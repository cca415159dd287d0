//! Looking entries of Rekor v1 up.

use super::*;
use crate::services::rekor::v1::{MAX_FOUND, Uuid, by_index, by_uuid, find, retrieve, search, upload};

fn filled() -> (Served, Arc<Mutex<Shard>>, Vec<Proposed>) {
    let (served, shard) = rekor();
    let (signer, stranger) = (p256("signer"), p256("stranger"));
    let proposals = vec![
        hashed(signer, public(signer), b"one"),
        hashed(signer, public(signer), b"two"),
        hashed(stranger, public(stranger), b"one"),
    ];
    for proposed in &proposals {
        run(upload(&client(), &served.url, proposed)).unwrap();
    }
    served.lines();
    (served, shard, proposals)
}

fn sha256(data: &[u8]) -> Digest {
    HashAlgorithm::Sha256.digest(data)
}

#[test]
fn by_identifier_and_index() {
    let (served, shard, proposals) = filled();
    let client = client();
    for (at, proposed) in proposals.iter().enumerate() {
        let (uuid, entry) = shard.lock().unwrap().entries[at + 1].clone();
        for name in [uuid.clone(), uuid[16..].to_owned(), uuid.to_uppercase()] {
            let found = run(by_uuid(&client, &served.url, &Uuid::parse(&name).unwrap())).unwrap();
            assert_eq!(found, entry);
            assert!(proposed.compare(&found).is_ok());
        }
        assert_eq!(run(by_index(&client, &served.url, FIRST + 1 + at as u64)).unwrap(), entry);
    }
    let missing = run(by_index(&client, &served.url, 7)).unwrap_err();
    assert!(matches!(missing, Error::Status { status: 404, .. }));
    // The index of the proof is not one of the log.
    assert!(run(by_index(&client, &served.url, 1)).is_err());
    assert!(served.lines().iter().all(|line| line.starts_with("GET /api/v1/log/entries")));
    for bad in ["", "../../x", &"0".repeat(63), &"g".repeat(64), &"0".repeat(81), "https://evil/"] {
        assert!(Uuid::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn another_entry_than_was_asked_for_is_refused() {
    let (_, shard, _) = filled();
    let other = shard.lock().unwrap().shown(2);
    let uuid = Uuid::parse(&shard.lock().unwrap().entries[1].0).unwrap();
    // Even under the name that was asked for.
    let renamed = json!({ uuid.to_string(): other.as_object().unwrap().values().next().unwrap() });
    for (object, list) in [(other.clone(), json!([other])), (renamed.clone(), json!([renamed]))] {
        let served = serve(move |seen| {
            scripted::json(200, if seen.line.ends_with("retrieve") { &list } else { &object })
        });
        let client = client();
        assert!(matches!(run(by_uuid(&client, &served.url, &uuid)), Err(Error::Mismatch { .. })));
        assert!(matches!(run(by_index(&client, &served.url, FIRST + 1)), Err(Error::Mismatch { .. })));
        assert!(matches!(
            run(retrieve(&client, &served.url, std::slice::from_ref(&uuid))),
            Err(Error::Mismatch { .. })
        ));
    }
}

/// A search returned whatever matched the key or the payload, and the first hit was believed.
#[test]
fn cve_2024_51746_only_the_entry_that_matches_all_of_it_is_found() {
    let (served, shard, proposals) = filled();
    // A log that answers every question with all that it has.
    let behind = Arc::clone(&shard);
    let loose = serve(move |_| {
        let shard = behind.lock().unwrap();
        scripted::json(200, &(0..shard.entries.len()).map(|at| shard.shown(at)).collect())
    });
    for url in [&served.url, &loose.url] {
        for (at, proposed) in proposals.iter().enumerate() {
            let found = run(find(&client(), url, proposed)).unwrap();
            assert_eq!(found, [shard.lock().unwrap().entries[at + 1].1.clone()]);
        }
        // Its digest is there, and so is its signer: not together.
        let neither = hashed(p256("stranger"), public(p256("stranger")), b"two");
        assert!(run(find(&client(), url, &neither)).unwrap().is_empty());
        for other in others(p256("signer")) {
            assert!(run(find(&client(), url, &other)).unwrap().is_empty());
        }
    }
}

#[test]
fn searches() {
    let (served, shard, _) = filled();
    let uuids = |at: &[usize]| {
        at.iter().map(|at| Uuid::parse(&shard.lock().unwrap().entries[*at].0).unwrap()).collect::<Vec<_>>()
    };
    let signer = public(p256("signer"));
    let client = client();
    let found = |data: &[u8], who: &Verifier| run(search(&client, &served.url, &sha256(data), who)).unwrap();
    assert_eq!(found(b"one", &signer), uuids(&[1]));
    assert_eq!(found(b"one", &public(p256("stranger"))), uuids(&[3]));
    assert!(found(b"three", &signer).is_empty());
    assert!(found(b"two", &public(p256("stranger"))).is_empty());
    let sent = served.requests()[0].json();
    assert_eq!((&sent["hash"], &sent["operator"]), (&json!(sha256(b"one").to_string()), &json!("and")));

    let entries = run(retrieve(&client, &served.url, &uuids(&[2, 1]))).unwrap();
    assert_eq!(entries.len(), 2);
    // What a log does not have is not there; and no question holds more than it takes.
    let unknown: Vec<Uuid> = (0..35).map(|n| Uuid::parse(&format!("{n:064x}")).unwrap()).collect();
    served.lines();
    assert!(run(retrieve(&client, &served.url, &unknown)).unwrap().is_empty());
    assert_eq!(served.lines().len(), 4);

    for bad in [json!({}), json!([1]), json!(["x"]), json!(null), json!(vec!["0".repeat(64); MAX_FOUND + 1])]
    {
        let served = serve(move |_| scripted::json(200, &bad));
        assert!(matches!(
            run(search(&client, &served.url, &sha256(b"one"), &signer)),
            Err(Error::Answer { .. })
        ));
    }
}

/// A log was asked for the key by which it was then believed.
#[test]
fn cve_2023_47122_a_log_is_never_asked_for_its_key() {
    let (served, shard, proposals) = filled();
    let client = client();
    let uuid = Uuid::parse(&shard.lock().unwrap().entries[1].0).unwrap();
    run(async {
        upload(&client, &served.url, &proposals[0]).await.unwrap();
        by_uuid(&client, &served.url, &uuid).await.unwrap();
        by_index(&client, &served.url, FIRST).await.unwrap();
        search(&client, &served.url, &sha256(b"one"), &public(p256("signer"))).await.unwrap();
        retrieve(&client, &served.url, std::slice::from_ref(&uuid)).await.unwrap();
        find(&client, &served.url, &proposals[0]).await.unwrap();
    });
    let lines = served.lines();
    assert_eq!(lines.len(), 7);
    assert!(
        lines.iter().all(|line| line.contains("/api/v1/log/entries") || line.contains("/api/v1/index/")),
        "{lines:?}"
    );
}
