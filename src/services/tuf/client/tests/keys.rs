//! Who signs, and how many have to.

use serde_json::Value;

use super::*;
use crate::crypto::KeyType;

/// Keys by number, the threshold and who signed, of one version of a role; and whether it is accepted.
struct Version(&'static [usize], u64, &'static [usize]);

const ROOTS: &[(&str, bool, &[Version])] = &[
    (
        "1-of-1-key-rotation",
        true,
        &[Version(&[1], 1, &[1]), Version(&[2], 1, &[2, 1]), Version(&[2], 1, &[2])],
    ),
    (
        "1-of-1-key-rotation-unused-signatures",
        true,
        &[Version(&[1], 1, &[3, 1, 4]), Version(&[2], 1, &[3, 2, 1, 4]), Version(&[2], 1, &[3, 2, 4])],
    ),
    (
        "3-of-5-sign-with-different-keycombos",
        true,
        &[
            Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4]),
            Version(&[0, 1, 2, 3, 4], 3, &[0, 4, 1]),
            Version(&[0, 1, 2, 3, 4], 3, &[0, 1, 3]),
        ],
    ),
    (
        "3-of-5-one-key-rotated",
        true,
        &[Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4]), Version(&[0, 1, 3, 4, 5], 3, &[0, 4, 1])],
    ),
    (
        "3-of-5-one-key-rotated-with-intermediate-step",
        true,
        &[
            Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4]),
            Version(&[0, 1, 3, 4, 5], 3, &[0, 2, 4, 5]),
            Version(&[0, 1, 3, 4, 5], 3, &[0, 4, 5]),
        ],
    ),
    ("1-of-2-threshold-increase-to-2-of-2", true, &[Version(&[1], 1, &[1]), Version(&[1, 2], 2, &[1, 2])]),
    (
        "3-of-5-all-keys-rotated-with-intermediate-step",
        true,
        &[
            Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4]),
            Version(&[5, 6, 7, 8, 9], 3, &[0, 2, 4, 5, 6, 7]),
            Version(&[5, 6, 7, 8, 9], 3, &[5, 6, 7]),
        ],
    ),
    (
        "1-of-3-threshold-increase-to-2-of-3",
        true,
        &[Version(&[1, 2, 3], 1, &[1]), Version(&[1, 2, 3], 2, &[1, 2])],
    ),
    (
        "2-of-3-threshold-decrease-to-1-of-3",
        true,
        &[Version(&[1, 2, 3], 2, &[1, 2]), Version(&[1, 2, 3], 1, &[1, 2]), Version(&[1, 2, 3], 1, &[1])],
    ),
    (
        "1-of-1-key-rotation-fail-not-signed-with-old-key",
        false,
        &[Version(&[1], 1, &[1]), Version(&[2], 1, &[2, 3, 4])],
    ),
    (
        "1-of-1-key-rotation-fail-not-signed-with-new-key",
        false,
        &[Version(&[1], 1, &[1]), Version(&[2], 1, &[1, 3, 4])],
    ),
    (
        "3-of-5-one-key-rotate-fails-not-signed-with-3-new-keys",
        false,
        &[Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4]), Version(&[0, 1, 3, 4, 5], 3, &[0, 2, 4])],
    ),
    (
        "3-of-5-one-key-rotate-fails-not-signed-with-3-old-keys",
        false,
        &[Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4]), Version(&[0, 1, 3, 4, 5], 3, &[0, 4, 5])],
    ),
    (
        "1-of-3-threshold-bump-to-2-of-3-fails-new-threshold-not-reached",
        false,
        &[Version(&[1, 2, 3], 1, &[1]), Version(&[1, 2, 3], 2, &[2])],
    ),
    (
        "2-of-3-threshold-decr-to-1-of-3-fails-old-threshold-not-reached",
        false,
        &[Version(&[1, 2, 3], 2, &[1, 2]), Version(&[1, 2, 3], 1, &[1])],
    ),
];

fn ten_keys(repository: &mut TufRepository) -> Vec<(String, Value)> {
    (0..10).map(|_| repository.new_key(KeyType::Ed25519).unwrap()).collect()
}

fn set(repository: &mut TufRepository, role: &str, keys: &[(String, Value)], version: &Version) {
    let Version(members, threshold, signers) = version;
    let root = repository.role("root");
    for number in *members {
        root["keys"][&keys[*number].0] = keys[*number].1.clone();
    }
    let ids: Vec<_> = members.iter().map(|number| keys[*number].0.clone()).collect();
    root["roles"][role] = json!({ "keyids": ids, "threshold": threshold });
    let signers = signers.iter().map(|number| keys[*number].0.clone()).collect();
    repository.signers.insert(role.to_owned(), signers);
}

#[test]
fn root_rotation() {
    for (name, accepted, versions) in ROOTS {
        let mut world = World::new();
        let keys = ten_keys(&mut world.repository);
        world.repository.role("root")["version"] = 0.into();
        for version in *versions {
            set(&mut world.repository, "root", &keys, version);
            world.repository.next_root().unwrap();
        }
        world.root = world.repository.first_root();
        let result = world.refresh();
        assert_eq!(result.is_ok(), *accepted, "{name}: {result:?}");
        if !accepted {
            assert!(matches!(result, Err(Error::Threshold { .. })), "{name}: {result:?}");
        }
        // A root that was refused is not kept (CVE-2020-15163).
        let last = if *accepted { versions.len() as u64 } else { versions.len() as u64 - 1 };
        assert_eq!(world.stored("root").max(1), last, "{name}");
    }
}

#[test]
fn non_root_rotations() {
    let cases: [(&str, bool, Version); 7] = [
        ("1-of-1-key-rotation", true, Version(&[2], 1, &[2])),
        ("1-of-1-key-rotation-unused-signatures", true, Version(&[1], 1, &[3, 1, 4])),
        ("1-of-1-key-rotation-fail-not-signed-with-new-key", false, Version(&[2], 1, &[1, 3, 4])),
        ("3-of-5-one-key-signature-wrong", false, Version(&[0, 1, 3, 4, 5], 3, &[0, 2, 4])),
        ("2-of-5-one-key-signature-missing", false, Version(&[0, 1, 3, 4, 5], 3, &[0, 4])),
        ("3-of-5-sign-first-combo", true, Version(&[0, 1, 2, 3, 4], 3, &[0, 2, 4])),
        ("3-of-5-sign-fifth-combo", true, Version(&[0, 1, 2, 3, 4], 3, &[2, 3, 4])),
    ];
    for (name, accepted, version) in cases {
        for role in ["timestamp", "snapshot", "targets"] {
            let mut world = World::new();
            let keys = ten_keys(&mut world.repository);
            set(&mut world.repository, role, &keys, &version);
            world.repository.next_root().unwrap();
            world.repository.update().unwrap();
            assert_eq!(world.refresh().is_ok(), accepted, "{name} {role}");
            assert_eq!(world.stored(role) > 0, accepted, "{name} {role}");
        }
    }
}

#[test]
fn every_kind_of_key_signs() {
    let mut world = World::new();
    let kinds = [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa { bits: 2048 }];
    for kind in kinds {
        world.repository.add_key("snapshot", kind).unwrap();
    }
    world.repository.role("root")["roles"]["snapshot"]["threshold"] = 5.into();
    world.repository.next_root().unwrap();
    world.repository.update().unwrap();
    world.refresh().unwrap();
    world.repository.role("root")["roles"]["snapshot"]["threshold"] = 6.into();
    world.repository.next_root().unwrap();
    world.repository.update().unwrap();
    assert!(matches!(world.refresh(), Err(Error::Threshold { found: 5, threshold: 6, .. })));
}

/// A key of a kind that nobody knows is there, and signs nothing.
#[test]
fn keys_of_unknown_kinds_count_for_nothing() {
    let mut world = World::new();
    let (id, mut key) = world.repository.new_key(KeyType::Ed25519).unwrap();
    key["scheme"] = "ml-dsa-999".into();
    let root = world.repository.role("root");
    root["keys"][&id] = key;
    root["roles"]["snapshot"]["keyids"] = json!([id, root["roles"]["snapshot"]["keyids"][0]]);
    world.repository.signers.get_mut("snapshot").unwrap().push(id);
    world.repository.next_root().unwrap();
    world.repository.update().unwrap();
    world.refresh().unwrap();
    world.repository.role("root")["roles"]["snapshot"]["threshold"] = 2.into();
    world.repository.next_root().unwrap();
    world.repository.update().unwrap();
    assert!(matches!(world.refresh(), Err(Error::Threshold { found: 1, .. })));
}

/// One key under several ids, and one id several times.
#[test]
fn ghsa_3633_5h82_39pq_one_key_under_two_ids_is_one_key() {
    let mut world = World::new();
    let root = world.repository.role("root");
    let id = root["roles"]["snapshot"]["keyids"][0].as_str().unwrap().to_owned();
    root["keys"]["alias"] = root["keys"][&id].clone();
    // Other members do not make another key of it.
    root["keys"]["other"] = root["keys"][&id].clone();
    root["keys"]["other"]["x-owner"] = "somebody".into();
    root["roles"]["snapshot"] = json!({ "keyids": [id, "alias", "other", id], "threshold": 2 });
    world.repository.next_root().unwrap();
    world.repository.update().unwrap();
    let file = format!("{}.snapshot.json", world.repository.version("snapshot"));
    let mut document: Value = serde_json::from_slice(&world.repository.files[&file]).unwrap();
    let signature = document["signatures"][0]["sig"].clone();
    document["signatures"] = json!([{ "keyid": id, "sig": signature }, { "keyid": "alias", "sig": signature }, { "keyid": "other", "sig": signature }]);
    world.repository.files.insert(file, document.to_string().into_bytes());
    assert!(matches!(world.refresh(), Err(Error::Threshold { found: 1, threshold: 2, .. })));
}

/// The same signature, or another one by the same key, twice.
#[test]
fn cve_2020_15093_duplicate_signatures_count_once() {
    let mut world = World::new();
    world.repository.add_key("snapshot", KeyType::P256).unwrap();
    world.repository.role("root")["roles"]["snapshot"]["threshold"] = 2.into();
    let first = world.repository.signers["snapshot"][0].clone();
    world.repository.signers.insert("snapshot".to_owned(), vec![first.clone(), first.clone(), first]);
    world.repository.next_root().unwrap();
    world.repository.update().unwrap();
    assert!(matches!(world.refresh(), Err(Error::Threshold { found: 1, threshold: 2, .. })));
}

/// The same for a delegated role.
#[test]
fn cve_2026_6966_duplicate_signatures_of_delegated_roles_count_once() {
    let mut world = World::new();
    world.repository.delegate("targets", json!({ "name": "d", "paths": ["*"], "threshold": 2 })).unwrap();
    let only = world.repository.signers["d"][0].clone();
    world.repository.signers.insert("d".to_owned(), vec![only.clone(), only.clone()]);
    let keys = &mut world.repository.role("targets")["delegations"];
    keys["keys"]["alias"] = keys["keys"][&only].clone();
    keys["roles"][0]["keyids"] = json!([only, "alias"]);
    world.repository.add_target("d", "a", b"a");
    world.repository.bump("targets");
    world.repository.update().unwrap();
    assert!(matches!(world.download("a"), Err(Error::Threshold { found: 1, threshold: 2, .. })));
    assert_eq!(world.stored("d"), 0);
}

#[test]
fn cve_2026_23992_thresholds_that_are_none_are_refused() {
    for threshold in [json!(0), json!(-1), json!(null), json!("1"), json!(1.5)] {
        let mut world = World::new();
        world.repository.role("root")["roles"]["timestamp"]["threshold"] = threshold.clone();
        world.repository.bump("root");
        if world.repository.publish("root").is_ok() {
            assert!(matches!(world.refresh(), Err(Error::Malformed { .. })), "{threshold}");
        }
        let mut world = World::new();
        let delegation = json!({ "name": "d", "paths": ["*"] });
        world.repository.delegate("targets", delegation).unwrap();
        world.repository.role("targets")["delegations"]["roles"][0]["threshold"] = threshold.clone();
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert!(matches!(world.refresh(), Err(Error::Malformed { .. })), "CVE-2026-23992: {threshold}");
    }
}

#[test]
fn invalid_and_unsigned_initial_root() {
    let world = World::new();
    let mut root: Value = serde_json::from_slice(&world.root).unwrap();
    root["signed"].as_object_mut().unwrap().remove("version");
    let unversioned = root.to_string();
    let mut root: Value = serde_json::from_slice(&world.root).unwrap();
    root["signatures"] = json!([]);
    for text in [unversioned, root.to_string(), String::new()] {
        assert!(Client::new(text.as_bytes(), world.now, &world, &world.store).is_err(), "{text}");
    }
    assert!(world.asked.borrow().is_empty());
}
