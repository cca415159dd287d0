//! Uploads to Rekor v1.

use super::*;
use crate::http::service::scripted::{patient, serve_on, spoilt};
use crate::tlog::{checkpoint::Checkpoint, promise, verify_inclusion};

fn upload(url: &str, proposed: &Proposed) -> Result<Entry, Error> {
    run(client_v1::upload(&client(), url, proposed))
}

fn one() -> Proposed {
    hashed(p256("signer"), public(p256("signer")), b"one")
}

/// The answer to [`one`], as a log gives it.
fn good() -> Value {
    let mut shard = Shard::new();
    let seen =
        Seen { line: "POST /api/v1/log/entries".into(), body: one_json().into_bytes(), ..Seen::default() };
    serde_json::from_slice(&shard.answer(&seen).body).unwrap()
}

fn one_json() -> String {
    let served = serve(|_| reply(500));
    let _ = upload(&served.url, &one_of_all());
    String::from_utf8(served.requests().remove(0).body).unwrap()
}

/// The same proposal each time: signatures are random.
fn one_of_all() -> Proposed {
    static MADE: std::sync::OnceLock<Proposed> = std::sync::OnceLock::new();
    MADE.get_or_init(one).clone()
}

#[test]
fn every_kind_of_entry() {
    let (served, shard) = rekor();
    let mut proposals = Vec::new();
    for kind in KINDS {
        let key = key(kind, "signer");
        for verifier in [public(key), Verifier::Certificate(certificate(key))] {
            proposals.push(("hashedrekord", "0.0.1", hashed(key, verifier.clone(), b"data")));
            let envelope = enveloped(&[key], b"{}");
            let verifiers = vec![verifier];
            proposals.push((
                "dsse",
                "0.0.1",
                Proposed::Dsse { envelope: envelope.clone(), verifiers: verifiers.clone() },
            ));
            proposals.push(("intoto", "0.0.2", Proposed::Intoto { envelope, verifiers }));
        }
    }
    let (one, other) = (p256("signer"), p256("other signer"));
    let envelope = enveloped(&[one, other], b"{}");
    let verifiers = vec![public(one), Verifier::Certificate(certificate(other))];
    proposals.push((
        "dsse",
        "0.0.1",
        Proposed::Dsse { envelope: envelope.clone(), verifiers: verifiers.clone() },
    ));
    proposals.push(("intoto", "0.0.2", Proposed::Intoto { envelope, verifiers }));

    for (place, (kind, version, proposed)) in proposals.iter().enumerate() {
        let entry = upload(&served.url, proposed).unwrap();
        let named = entry.kind.clone().unwrap();
        assert_eq!((named.kind.as_str(), named.version.as_str()), (*kind, *version));
        let proof = entry.inclusion_proof.as_ref().unwrap();
        // Beside the first leaf. The index in the log as a whole is another one than in the shard.
        assert_eq!((entry.log_index, proof.log_index), (FIRST + 1 + place as u64, 1 + place as u64));
        assert_eq!(entry.integrated_time, Some(now()));
        verify_inclusion(&entry.canonicalized_body, proof).unwrap();
        let key = shard.lock().unwrap().log.public_key().clone();
        assert!(promise::verify(&entry, &key));
        Checkpoint::parse(proof.checkpoint.as_ref().unwrap()).unwrap().verify("rekor.example", &key).unwrap();
    }
    assert!(served.lines().iter().all(|line| line == "POST /api/v1/log/entries"));
}

/// What the encoder of proposals and that of the bodies in tests make is one thing.
#[test]
fn a_log_keeps_what_is_issued() {
    use crate::tlog::issue::body;
    let Proposed::HashedRekord { digest, signature, verifier } = one_of_all() else { unreachable!() };
    let logged = verifier.logged();
    assert_eq!(
        taken(&serde_json::from_str(&one_json()).unwrap()),
        body::hashedrekord_001(&digest, &signature, &logged)
    );
}

#[test]
fn what_is_there_already_is_fetched_and_compared() {
    let (served, shard) = rekor();
    let first = upload(&served.url, &one_of_all()).unwrap();
    assert_eq!(upload(&served.url, &one_of_all()).unwrap(), first);
    assert_eq!(served.lines().len(), 3);

    // Where the entry is: by the header, by the words, or not at all; never another server than the one that was named.
    let evil = serve_on("127.0.0.2", |_| reply(200));
    let uuid = shard.lock().unwrap().entries[1].0.clone();
    let words = |text: &str| json!({ "code": 409, "message": text }).to_string();
    let conflict = || reply(409);
    for (answer, asked) in [
        (
            conflict().with("Location", format!("{}/api/v1/log/entries/{uuid}", evil.url)),
            format!("GET /api/v1/log/entries/{uuid}"),
        ),
        (
            conflict().with("Location", format!("/rekor/api/v1/log/entries/{}", &uuid[16..])),
            format!("GET /api/v1/log/entries/{}", &uuid[16..]),
        ),
        (
            conflict().body(words(&format!("there is one with UUID {uuid}"))),
            format!("GET /api/v1/log/entries/{uuid}"),
        ),
        (conflict().body(words("there is one")), "POST /api/v1/log/entries/retrieve".to_owned()),
        (conflict().with("Location", "../../etc/passwd"), "POST /api/v1/log/entries/retrieve".to_owned()),
        (conflict().body("<html>"), "POST /api/v1/log/entries/retrieve".to_owned()),
    ] {
        let behind = Arc::clone(&shard);
        let served = serve(move |seen| {
            if seen.line == "POST /api/v1/log/entries" {
                answer.clone()
            } else {
                behind.lock().unwrap().answer(seen)
            }
        });
        assert_eq!(upload(&served.url, &one_of_all()).unwrap(), first);
        assert_eq!(served.lines(), ["POST /api/v1/log/entries".to_owned(), asked]);
    }
    assert!(evil.lines().is_empty());
}

#[test]
fn what_stands_in_the_way_and_is_not_ours_is_refused() {
    let (served, shard) = rekor();
    let signer = p256("signer");
    for other in others(signer) {
        upload(&served.url, &other).unwrap();
        let uuid = shard.lock().unwrap().entries.last().unwrap().0.clone();
        let behind = Arc::clone(&shard);
        let conflict = serve(move |seen| match seen.line.as_str() {
            "POST /api/v1/log/entries" => reply(409).with("Location", uuid.clone()),
            _ => behind.lock().unwrap().answer(seen),
        });
        let error = upload(&conflict.url, &hashed(signer, public(signer), b"one")).unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
    // Nobody has it.
    let nowhere =
        serve(
            |seen| if seen.line.ends_with("retrieve") { scripted::json(200, &json!([])) } else { reply(409) },
        );
    assert!(text(&upload(&nowhere.url, &one_of_all()).unwrap_err()).contains("not where"));
    let unknown = "0".repeat(64);
    let gone = serve(move |seen| {
        if seen.line.starts_with("GET") { reply(404) } else { reply(409).with("Location", unknown.clone()) }
    });
    assert!(matches!(upload(&gone.url, &one_of_all()), Err(Error::Status { status: 404, .. })));
    // The entry that is fetched is not the one that was named.
    let behind = Arc::new(Mutex::new(Shard::new()));
    let swapped = serve(move |seen| {
        let mut shard = behind.lock().unwrap();
        match seen.line.starts_with("GET") {
            true => scripted::json(200, &shard.shown(0)),
            false => {
                let at = shard.append(taken(&seen.json()));
                reply(409).with("Location", shard.entries[at].0.clone())
            }
        }
    });
    assert!(text(&upload(&swapped.url, &one_of_all()).unwrap_err()).contains("another entry"));
}

#[test]
fn entries_about_something_else_are_refused() {
    let signer = p256("signer");
    let mut proposals = others(signer).to_vec();
    let envelope = enveloped(&[signer], b"{}");
    let dsse = |envelope: &[u8], verifier: Verifier| Proposed::Dsse {
        envelope: envelope.to_vec(),
        verifiers: vec![verifier],
    };
    let intoto = |envelope: &[u8], verifier: Verifier| Proposed::Intoto {
        envelope: envelope.to_vec(),
        verifiers: vec![verifier],
    };
    let spaced = String::from_utf8(envelope.clone()).unwrap().replace(',', ", ").into_bytes();
    for make in [dsse, intoto] {
        proposals.extend([
            make(&envelope, public(signer)),
            make(&envelope, public(p256("stranger"))),
            make(&envelope, Verifier::Certificate(certificate(signer))),
            make(&enveloped(&[signer], b"{ }"), public(signer)),
            make(&enveloped(&[signer], b"{}"), public(signer)),
        ]);
    }
    // Another text of the same envelope is another entry where the log hashes the text.
    proposals.push(dsse(&spaced, public(signer)));
    for (i, asked) in proposals.iter().enumerate() {
        for (j, answered) in proposals.iter().enumerate().filter(|(j, _)| *j != i) {
            let (honest, _) = rekor();
            let entry = upload(&honest.url, answered).unwrap();
            assert!(asked.compare(&entry).is_err(), "{i} {j}");
            assert!(answered.compare(&entry).is_ok());
        }
    }
    let mut other = Shard::new();
    let served = serve(move |seen| {
        let mut asked = seen.json();
        asked["spec"]["data"]["hash"]["value"] = json!("0".repeat(64));
        let at = other.append(taken(&asked));
        scripted::json(201, &other.shown(at))
    });
    assert!(text(&upload(&served.url, &one_of_all()).unwrap_err()).contains("about another digest"));
}

#[test]
fn entries_without_all_their_parts_are_errors() {
    let good = good();
    let answered = |value: Value| upload(&serve(move |_| scripted::json(201, &value)).url, &one_of_all());
    answered(good.clone()).unwrap();
    let uuid = good.as_object().unwrap().keys().next().unwrap().clone();
    let without = |path: &str| {
        let mut changed = good.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        changed[&uuid].pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        text(&answered(changed).unwrap_err())
    };
    for (path, missing) in [
        ("/body", "body: is missing"),
        ("/integratedTime", "integratedTime: is missing"),
        ("/logID", "logID: is missing"),
        ("/logIndex", "logIndex: is missing"),
        ("/verification", "no signed entry timestamp"),
        ("/verification/signedEntryTimestamp", "no signed entry timestamp"),
        ("/verification/inclusionProof", "no inclusion proof"),
        ("/verification/inclusionProof/checkpoint", "no checkpoint"),
        ("/verification/inclusionProof/hashes", "hashes: is missing"),
        ("/verification/inclusionProof/logIndex", "logIndex: is missing"),
        ("/verification/inclusionProof/rootHash", "rootHash: is missing"),
        ("/verification/inclusionProof/treeSize", "treeSize: is missing"),
    ] {
        assert!(without(path).contains(missing), "{}", without(path));
    }
    let mut zero = good.clone();
    zero[&uuid]["integratedTime"] = json!(0);
    assert!(text(&answered(zero).unwrap_err()).contains("no integrated time"));
    let mut two = good.clone();
    two["0".repeat(64)] = good[&uuid].clone();
    assert!(answered(two).is_err());
    assert!(text(&answered(json!({})).unwrap_err()).contains("not one entry"));
    let mut hashes = good.clone();
    hashes[&uuid]["verification"]["inclusionProof"]["hashes"] = json!(vec!["00".repeat(32); 65]);
    assert!(text(&answered(hashes).unwrap_err()).contains("the limit is 64"));
    assert!(answered(json!({ "nobody": good[&uuid] })).is_err());
}

/// Also CVE-2023-33199 and CVE-2026-23831: entries that lack what is needed crashed others.
#[test]
fn cve_2023_33199_cve_2026_23831_no_answer_is_a_crash() {
    let good = good();
    let proposed = one_of_all();
    let body = |value: &Value| {
        let entry = value.as_object().unwrap().values().next().unwrap();
        decode_base64(entry["body"].as_str().unwrap()).unwrap()
    };
    let inner: Value = serde_json::from_slice(&body(&good)).unwrap();
    let uuid = good.as_object().unwrap().keys().next().unwrap().clone();
    let bodies = spoilt(&inner).into_iter().map(|text| {
        let mut changed = good.clone();
        changed[&uuid]["body"] = json!(base64::encode(text));
        changed.to_string().into_bytes()
    });
    for answer in spoilt(&good).into_iter().chain(bodies) {
        let Ok(found) = client_v1::decoded(&answer) else { continue };
        // What nobody looks at may be missing, and what a log may leave out is demanded elsewhere; the body is ours or is refused.
        for entry in found.iter().filter(|entry| proposed.compare(entry).is_ok()) {
            assert_eq!(entry.canonicalized_body, body(&good));
        }
    }
}

#[test]
fn refusals_and_large_entries() {
    let said = "error processing entry: invalid signature";
    let served = serve(move |_| scripted::json(400, &json!({ "code": 400, "message": said })));
    assert!(text(&upload(&served.url, &one_of_all()).unwrap_err()).ends_with(&format!("status 400: {said}")));

    let large = Proposed::Dsse {
        envelope: enveloped(&[p256("signer")], &[b' '; 200_000]),
        verifiers: vec![public(p256("signer"))],
    };
    let answered = |status: u16, page: &'static str, proposed: &Proposed| {
        text(&upload(&serve(move |_| reply(status).body(page)).url, proposed).unwrap_err())
    };
    let page = "<html><head><title>413 Request Entity Too Large</title></head></html>";
    let error = answered(413, page, &large);
    assert!(
        error.contains("status 413: the entry of 26") && error.ends_with("bytes is larger than it takes"),
        "{error}"
    );
    assert!(answered(413, "", &large).ends_with("is larger than it takes"));
    assert!(answered(502, "\n <HTML>", &large).ends_with("is probably larger than it takes"));
    // A small one is something else, and so is a page that is not one of a proxy.
    assert!(answered(502, page, &one_of_all()).ends_with("answered with status 502"));
    assert!(answered(400, r#"{"message":"no"}"#, &large).ends_with("status 400: no"));
    assert!(matches!(upload("nowhere", &large), Err(Error::Http { .. })));
}

#[test]
fn what_cannot_be_proposed_is_not_sent() {
    let served = serve(|_| reply(500));
    let envelope = enveloped(&[p256("signer")], b"{}");
    for (envelope, verifiers) in [
        (b"{}".to_vec(), vec![public(p256("signer"))]),
        (b"\xff".to_vec(), vec![public(p256("signer"))]),
        (envelope.clone(), Vec::new()),
        (envelope, vec![public(p256("signer")), public(p256("stranger"))]),
    ] {
        for proposed in [
            Proposed::Dsse { envelope: envelope.clone(), verifiers: verifiers.clone() },
            Proposed::Intoto { envelope: envelope.clone(), verifiers: verifiers.clone() },
        ] {
            assert!(matches!(upload(&served.url, &proposed), Err(Error::Unfit { .. })));
        }
    }
    assert!(served.lines().is_empty());
}

/// The log has the entry in its queue: it knows it, and does not find it yet.
#[test]
fn an_entry_that_is_not_there_yet_is_waited_for() {
    let (honest, shard) = rekor();
    let entry = upload(&honest.url, &one_of_all()).unwrap();
    let mut asked = 0;
    let served = serve(move |seen| {
        let answer = shard.lock().unwrap().answer(seen);
        asked += usize::from(seen.line.starts_with("GET"));
        if asked == 1 { reply(404) } else { answer }
    });
    assert_eq!(upload(&served.url, &one_of_all()).unwrap(), entry);
    assert_eq!(served.lines().len(), 3);
}

/// The log took the entry, and its answer was lost.
#[test]
fn an_answer_that_was_lost_is_asked_for_again() {
    let shard = Arc::new(Mutex::new(Shard::new()));
    let mut count = 0;
    let served = serve(move |seen| {
        count += 1;
        let answer = shard.lock().unwrap().answer(seen);
        if count == 1 { Reply { announced: Some(9999), ..answer } } else { answer }
    });
    let client = patient(std::time::Duration::from_secs(20));
    run(client_v1::upload(&client, &served.url, &one_of_all())).unwrap();
    let lines = served.lines();
    assert_eq!(lines[..2], ["POST /api/v1/log/entries"; 2]);
    assert!(lines[2].starts_with("GET /api/v1/log/entries/"), "{lines:?}");
}

#[test]
fn answers_are_bounded_and_not_unpacked() {
    for answer in [
        Reply { announced: Some(100_000_000), ..reply(201).body("{") },
        Reply { endless: true, ..reply(201).body(vec![b' '; 1 << 16]) },
    ] {
        let served = serve(move |_| answer.clone());
        assert!(text(&upload(&served.url, &one_of_all()).unwrap_err()).contains("larger than the limit"));
        assert!(served.sent() < 60_000_000);
    }
    let packed = serve(|_| reply(201).with("Content-Encoding", "gzip").body(b"\x1f\x8b\x08".repeat(100)));
    assert!(matches!(upload(&packed.url, &one_of_all()), Err(Error::Answer { .. })));
    assert_eq!(packed.requests()[0].header("accept-encoding"), None);
}
