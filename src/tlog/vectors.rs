//! Real entries and the keys of the logs that made them, for tests. See `testdata/vectors/README.md`.

use serde_json::Value;

use super::{Entry, InclusionProof, KindVersion};
use crate::crypto::{PublicKey, UnixTime, base64};

pub(super) const REKOR1: &str = "rekor.sigstore.dev";
pub(super) const REKOR1_PRIVATE: &str = "localhost:8000";
pub(super) const REKOR2: &str = "log2025-alpha3.rekor.sigstage.dev";

/// Each vector with the name and the key of its log.
pub(super) fn all() -> [(Entry, &'static str, PublicKey); 5] {
    [
        (entry(include_str!("../../testdata/vectors/tlog/rekor1-2023.json")), REKOR1, key(REKOR1)),
        (entry(include_str!("../../testdata/vectors/tlog/rekor1-hashedrekord.json")), REKOR1, key(REKOR1)),
        (entry(include_str!("../../testdata/vectors/tlog/rekor1-dsse.json")), REKOR1, key(REKOR1)),
        (
            entry(include_str!("../../testdata/vectors/tlog/rekor1-intoto.json")),
            REKOR1_PRIVATE,
            key(REKOR1_PRIVATE),
        ),
        (entry(include_str!("../../testdata/vectors/tlog/rekor2-hashedrekord.json")), REKOR2, key(REKOR2)),
    ]
}

/// The log keys, from the trusted roots of the same suite.
pub(super) fn key(log: &str) -> PublicKey {
    let spki = match log {
        REKOR1 => {
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw=="
        }
        REKOR1_PRIVATE => {
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYI4heOTrNrZO27elFE8ynfrdPMikttRkbe+vJKQ50G6bfwQ3WyhLpRwwwohelDAm8xRzJ56nYsIa3VHivVvpmA=="
        }
        _ => "MCowBQYDK2VwAyEAlD3dVc8yaP25mPtT/sJ59D3LLxGBgW/qYrM6x6KmOqk=",
    };
    PublicKey::from_spki_der(&base64::decode(spki).unwrap()).unwrap()
}

fn entry(text: &str) -> Entry {
    let entry: Value = serde_json::from_str(text).unwrap();
    let bytes = |v: &Value| base64::decode(v.as_str().unwrap()).unwrap();
    let number = |v: &Value| v.as_str().map_or(0, |n| n.parse().unwrap());
    let proof = &entry["inclusionProof"];
    Entry {
        log_index: number(&entry["logIndex"]),
        log_id: bytes(&entry["logId"]["keyId"]),
        kind: Some(KindVersion {
            kind: entry["kindVersion"]["kind"].as_str().unwrap().into(),
            version: entry["kindVersion"]["version"].as_str().unwrap().into(),
        }),
        integrated_time: entry["integratedTime"].as_str().map(|t| UnixTime::from_seconds(t.parse().unwrap())),
        canonicalized_body: bytes(&entry["canonicalizedBody"]),
        inclusion_promise: entry.get("inclusionPromise").map(|p| bytes(&p["signedEntryTimestamp"])),
        inclusion_proof: Some(InclusionProof {
            log_index: number(&proof["logIndex"]),
            tree_size: number(&proof["treeSize"]),
            root_hash: bytes(&proof["rootHash"]),
            hashes: proof["hashes"].as_array().into_iter().flatten().map(bytes).collect(),
            checkpoint: Some(proof["checkpoint"]["envelope"].as_str().unwrap().into()),
        }),
    }
}
