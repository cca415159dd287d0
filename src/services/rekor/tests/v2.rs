//! Uploads to Rekor v2.

use super::*;
use crate::bundle::sigstore::decode_log_entry;
use crate::crypto::json as strict;
use crate::http::service::scripted::spoilt;
use crate::services::rekor::v2::upload as upload_v2;
use crate::tlog::{checkpoint::Checkpoint, verify_inclusion};

fn tree() -> IssuingLog {
    IssuingLog::rekor_v2("log.example", PrivateKey::generate(KeyType::Ed25519).unwrap())
}

fn upload(url: &str, proposed: &Proposed) -> Result<Entry, Error> {
    run(upload_v2(&client(), url, proposed))
}

/// The body that Rekor v2 keeps of a request.
pub fn kept(request: &Value) -> Vec<u8> {
    if let Some(request) = request.get("hashedRekordRequestV002") {
        let digest = decode_base64(request["digest"].as_str().unwrap()).unwrap();
        let algorithm = match digest.len() {
            32 => "SHA2_256",
            48 => "SHA2_384",
            _ => "SHA2_512",
        };
        let spec = json!({ "data": { "algorithm": algorithm, "digest": request["digest"] }, "signature": request["signature"] });
        return canonical(
            &json!({ "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": { "hashedRekordV002": spec } }),
        );
    }
    let request = &request["dsseRequestV002"];
    let envelope = Envelope::from_json(request["envelope"].to_string().as_bytes()).unwrap();
    let signature =
        |(s, v): (&EnvelopeSignature, &Value)| json!({ "content": base64::encode(&s.sig), "verifier": v });
    // In any order.
    let signatures: Vec<Value> = envelope
        .signatures
        .iter()
        .zip(request["verifiers"].as_array().unwrap())
        .rev()
        .map(signature)
        .collect();
    let hash = json!({ "algorithm": "SHA2_256", "digest": base64::encode(HashAlgorithm::Sha256.digest(&envelope.payload).bytes()) });
    canonical(
        &json!({ "apiVersion": "0.0.2", "kind": "dsse", "spec": { "dsseV002": { "payloadHash": hash, "signatures": signatures } } }),
    )
}

/// An entry in proto3 JSON, which leaves out whatever is zero or empty.
fn shown(entry: &Entry) -> Value {
    let proof = entry.inclusion_proof.as_ref().unwrap();
    let kind = entry.kind.as_ref().unwrap();
    let mut shown = json!({
        "logIndex": entry.log_index.to_string(),
        "logId": { "keyId": base64::encode(&entry.log_id) },
        "kindVersion": { "kind": kind.kind, "version": kind.version },
        "inclusionProof": {
            "logIndex": proof.log_index.to_string(),
            "rootHash": base64::encode(&proof.root_hash),
            "treeSize": proof.tree_size.to_string(),
            "hashes": proof.hashes.iter().map(base64::encode).collect::<Vec<_>>(),
            "checkpoint": { "envelope": proof.checkpoint },
        },
        "canonicalizedBody": base64::encode(&entry.canonicalized_body),
    });
    if entry.log_index == 0 {
        shown.as_object_mut().unwrap().remove("logIndex");
        shown["inclusionProof"].as_object_mut().unwrap().remove("logIndex");
    }
    if proof.hashes.is_empty() {
        shown["inclusionProof"].as_object_mut().unwrap().remove("hashes");
    }
    shown
}

fn rekor() -> Served {
    let mut log = tree();
    serve(move |seen| {
        assert_eq!(seen.line, "POST /api/v2/log/entries");
        let entry = log.append(kept(&seen.json()), now()).unwrap();
        scripted::json(201, &shown(&entry))
    })
}

fn signer() -> &'static PrivateKey {
    p256("signer")
}

#[test]
fn every_kind_of_entry_and_of_key() {
    let served = rekor();
    let details = [
        ["PKIX_ECDSA_P256_SHA_256"; 2],
        ["PKIX_ECDSA_P384_SHA_384"; 2],
        ["PKIX_ECDSA_P521_SHA_512"; 2],
        ["PKIX_RSA_PKCS1V15_2048_SHA256"; 2],
        ["PKIX_ED25519_PH", "PKIX_ED25519"],
    ];
    let mut index = 0;
    for (kind, [digested, whole]) in KINDS.into_iter().zip(details) {
        let key = key(kind, "signer");
        for (verifier, member) in
            [(public(key), "publicKey"), (Verifier::Certificate(certificate(key)), "x509Certificate")]
        {
            let dsse =
                Proposed::Dsse { envelope: enveloped(&[key], b"{}"), verifiers: vec![verifier.clone()] };
            for (proposed, name, details) in
                [(hashed(key, verifier.clone(), b"data"), "hashedrekord", digested), (dsse, "dsse", whole)]
            {
                let entry = upload(&served.url, &proposed).unwrap();
                assert_eq!((entry.kind.clone().unwrap().kind.as_str(), entry.log_index), (name, index));
                assert!(entry.integrated_time.is_none() && entry.inclusion_promise.is_none());
                let proof = entry.inclusion_proof.as_ref().unwrap();
                verify_inclusion(&entry.canonicalized_body, proof).unwrap();
                let checkpoint = Checkpoint::parse(proof.checkpoint.as_ref().unwrap()).unwrap();
                assert!(checkpoint.commits_to(proof));
                let sent = served.requests().remove(0).json();
                let sent = match name {
                    "dsse" => sent["dsseRequestV002"]["verifiers"][0].clone(),
                    _ => sent["hashedRekordRequestV002"]["signature"]["verifier"].clone(),
                };
                assert_eq!(sent["keyDetails"], details);
                assert!(sent.get(member).is_some());
                index += 1;
            }
        }
    }
    let (one, other) = (signer(), p256("other signer"));
    let two = Proposed::Dsse {
        envelope: enveloped(&[one, other], b"{}"),
        verifiers: vec![public(one), public(other)],
    };
    upload(&served.url, &two).unwrap();
}

/// proto3 JSON leaves zeros out: the first entry has neither an index nor hashes, and is one all the same.
#[test]
fn the_first_entry_of_a_log_omits_zeros() {
    let served = rekor();
    let entry = upload(&served.url, &hashed(signer(), public(signer()), b"one")).unwrap();
    let proof = entry.inclusion_proof.unwrap();
    assert_eq!((entry.log_index, proof.log_index, proof.tree_size, proof.hashes.len()), (0, 0, 1, 0));
}

#[test]
fn what_the_log_has_no_kind_for_is_not_sent() {
    let served = serve(|_| reply(500));
    let envelope = enveloped(&[signer()], b"{}");
    let intoto = Proposed::Intoto { envelope, verifiers: vec![public(signer())] };
    assert!(text(&upload(&served.url, &intoto).unwrap_err()).contains("no entries of the kind intoto"));
    let of = |key: &PrivateKey, algorithm: HashAlgorithm| Proposed::HashedRekord {
        digest: algorithm.digest(b"x"),
        signature: vec![1],
        verifier: public(key),
    };
    for (kind, algorithm) in [
        (KeyType::P256, HashAlgorithm::Sha512),
        (KeyType::Ed25519, HashAlgorithm::Sha256),
        (KeyType::Rsa { bits: 2048 }, HashAlgorithm::Sha512),
    ] {
        let error = upload(&served.url, &of(key(kind, "signer"), algorithm)).unwrap_err();
        assert!(matches!(&error, Error::Unfit { .. }), "{error}");
    }
    assert!(served.lines().is_empty());
}

#[test]
fn entries_about_something_else_are_refused() {
    let proposed = hashed(signer(), public(signer()), b"one");
    let envelope = enveloped(&[signer()], b"{}");
    let dsse = |envelope: &[u8], key: &PrivateKey| Proposed::Dsse {
        envelope: envelope.to_vec(),
        verifiers: vec![public(key)],
    };
    let mut all = others(signer()).to_vec();
    all.push(proposed);
    all.push(dsse(&envelope, signer()));
    all.push(dsse(&envelope, p256("stranger")));
    all.push(dsse(&enveloped(&[signer()], b"{ }"), signer()));
    all.push(dsse(&enveloped(&[signer()], b"{}"), signer()));
    let honest = rekor();
    let entries: Vec<Entry> = all.iter().map(|proposed| upload(&honest.url, proposed).unwrap()).collect();
    for (i, asked) in all.iter().enumerate() {
        for (j, entry) in entries.iter().enumerate() {
            assert_eq!(asked.compare(entry).is_ok(), i == j, "{i} {j}");
        }
    }
    let answer = shown(&entries[0]);
    let served = serve(move |_| scripted::json(201, &answer));
    assert!(matches!(upload(&served.url, &all[1]), Err(Error::Mismatch { .. })));
}

#[test]
fn no_answer_is_a_crash() {
    let proposed = hashed(signer(), public(signer()), b"one");
    let served = rekor();
    upload(&served.url, &hashed(signer(), public(signer()), b"zero")).unwrap();
    let entry = upload(&served.url, &proposed).unwrap();
    let good = shown(&entry);
    let decoded = |text: &[u8]| strict::parse("entry", text).and_then(|value| decode_log_entry(&value));
    assert_eq!(decoded(good.to_string().as_bytes()).unwrap(), entry);
    let inner: Value = serde_json::from_slice(&entry.canonicalized_body).unwrap();
    let bodies = spoilt(&inner).into_iter().map(|text| {
        let mut changed = good.clone();
        changed["canonicalizedBody"] = json!(base64::encode(text));
        changed.to_string().into_bytes()
    });
    for answer in spoilt(&good).into_iter().chain(bodies) {
        let Ok(found) = decoded(&answer) else { continue };
        if proposed.compare(&found).is_ok() {
            // Nothing but what is zero where it is left out.
            let same = |e: &Entry| (e.canonicalized_body.clone(), e.log_id.clone());
            assert_eq!(same(&found), same(&entry), "{}", String::from_utf8_lossy(&answer));
        }
    }
    for without in ["canonicalizedBody", "inclusionProof", "logId", "kindVersion"] {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().remove(without);
        let served = serve(move |_| scripted::json(201, &changed));
        let error = text(&upload(&served.url, &proposed).unwrap_err());
        assert!(error.contains(&format!("log entry: {without}")), "{error}");
    }
    let mut changed = good;
    changed["inclusionProof"].as_object_mut().unwrap().remove("checkpoint");
    let served = serve(move |_| scripted::json(201, &changed));
    assert!(
        text(&upload(&served.url, &proposed).unwrap_err()).contains("inclusionProof.checkpoint: missing")
    );
}

#[test]
fn refusals_and_large_entries() {
    let proposed = hashed(signer(), public(signer()), b"one");
    for (status, said) in [
        (400, "invalid hashedrekord request"),
        (405, "This log has been frozen, please switch to the latest log."),
    ] {
        let served =
            serve(move |_| scripted::json(status, &json!({ "code": 6, "message": said, "details": [] })));
        let error = upload(&served.url, &proposed).unwrap_err();
        assert!(text(&error).ends_with(&format!("status {status}: {said}")), "{error}");
        assert_eq!(served.lines().len(), 1);
    }
    let large = Proposed::Dsse {
        envelope: enveloped(&[signer()], &[b' '; 200_000]),
        verifiers: vec![public(signer())],
    };
    let served = serve(|_| reply(413));
    assert!(text(&upload(&served.url, &large).unwrap_err()).ends_with("bytes is larger than it takes"));
    let endless = serve(|_| Reply { endless: true, ..reply(201).body(vec![b' '; 1 << 16]) });
    assert!(text(&upload(&endless.url, &proposed).unwrap_err()).contains("larger than the limit"));
    assert!(endless.sent() < 60_000_000);
}

/// The log answers when it has the entry in its tree: that takes longer than a server may be silent otherwise.
#[test]
fn a_log_may_take_its_time() {
    let mut log = tree();
    let served = serve(move |seen| {
        let entry = log.append(kept(&seen.json()), now()).unwrap();
        Reply { silence: std::time::Duration::from_secs(3), ..scripted::json(201, &shown(&entry)) }
    });
    upload(&served.url, &hashed(signer(), public(signer()), b"one")).unwrap();
}
