//! Repositories that are not honest, and documents that are none.

use serde_json::Value;

use super::*;

#[test]
fn cve_2022_29173_what_is_older_is_refused_and_the_state_is_kept() {
    let mut world = World::new();
    let old: Vec<_> = ["timestamp.json", "snapshot.json", "targets.json"]
        .into_iter()
        .map(|file| (file, world.repository.files[file].clone()))
        .collect();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    world.refresh().unwrap();
    for (file, bytes) in old {
        let kept = world.repository.files.insert(file.to_owned(), bytes).unwrap();
        if file == "timestamp.json" {
            assert!(matches!(world.refresh(), Err(Error::Rollback { trusted: 2, found: 1, .. })));
        }
        assert_eq!((world.stored("timestamp"), world.stored("snapshot"), world.stored("targets")), (2, 2, 2));
        world.repository.files.insert(file.to_owned(), kept);
    }
    // A snapshot that goes back behind a timestamp that goes on.
    for role in ["snapshot", "targets"] {
        world.repository.role(role)["version"] = 1.into();
        match role {
            "snapshot" => world.repository.update_timestamp().unwrap(),
            _ => world.repository.update().unwrap(),
        }
        assert!(matches!(world.refresh(), Err(Error::Rollback { .. })), "{role}");
        world.repository.role("snapshot")["version"] = 5.into();
    }
    assert_eq!((world.stored("snapshot"), world.stored("targets")), (2, 2));
}

/// CVE-2025-2888: a refused timestamp that was kept all the same froze the client.
#[test]
fn cve_2025_2888_after_a_refused_rollback_the_next_honest_update_succeeds() {
    let mut world = World::new();
    world.repository.update().unwrap();
    world.refresh().unwrap();
    world.repository.role("snapshot")["version"] = 1.into();
    world.repository.role("timestamp")["version"] = 1000.into();
    world.repository.update_timestamp().unwrap();
    assert!(matches!(world.refresh(), Err(Error::Rollback { .. })));
    assert_eq!(world.stored("timestamp"), 2);
    world.repository.role("snapshot")["version"] = 2.into();
    world.repository.role("timestamp")["version"] = 2.into();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    world.refresh().unwrap();
    assert_eq!((world.stored("timestamp"), world.stored("targets")), (3, 2));
}

#[test]
fn cve_2025_2885_roots_follow_one_another() {
    for version in [1, 3, 4, 100] {
        let mut world = World::new();
        world.refresh().unwrap();
        world.repository.role("root")["version"] = version.into();
        world.repository.publish("root").unwrap();
        let bytes = world.repository.files[&format!("{version}.root.json")].clone();
        world.repository.files.insert("2.root.json".to_owned(), bytes);
        world.repository.files.retain(|name, _| !name.starts_with("3.") && !name.starts_with("4."));
        assert!(matches!(world.refresh(), Err(Error::Mismatch { .. })), "{version}");
        assert_eq!(world.stored("root"), 1, "{version}");
    }
}

/// CVE-2020-15163 of python-tuf: a root that was refused was believed later.
#[test]
fn cve_2020_15163_a_root_that_was_refused_is_not_kept() {
    let mut world = World::new();
    world.refresh().unwrap();
    let first = world.store.load("root.json", u64::MAX);
    // Signed by the new key alone, and by nobody.
    let honest = world.repository.signers["root"].clone();
    world.repository.rotate("root").unwrap();
    for signers in [world.repository.signers["root"].clone(), Vec::new()] {
        world.repository.role("root")["version"] = 2.into();
        world.repository.signers.insert("root".to_owned(), signers);
        world.repository.publish("root").unwrap();
        for _ in 0..2 {
            assert!(matches!(world.refresh(), Err(Error::Threshold { .. })));
            assert_eq!(world.store.load("root.json", u64::MAX), first);
        }
    }
    // What it said is forgotten: the next honest one is taken.
    world.repository.role("root")["roles"]["root"]["keyids"] = json!(honest);
    world.repository.signers.insert("root".to_owned(), honest);
    world.repository.publish("root").unwrap();
    world.refresh().unwrap();
    assert_eq!(world.stored("root"), 2);
}

#[test]
fn roots_without_end_are_not_read() {
    let mut world = World::new();
    for _ in 0..MAX_ROOTS {
        world.repository.next_root().unwrap();
    }
    assert!(matches!(world.refresh(), Err(Error::TooMany { .. })));
}

/// CVE-2026-23991: a crash by a document that is none.
#[test]
fn cve_2026_23991_documents_that_are_none_are_errors() {
    let texts = [
        "null",
        "[]",
        "{}",
        "",
        "1",
        "\"\"",
        "{\"signed\":{},\"signatures\":[]}",
        "{\"signed\":null,\"signatures\":null}",
    ];
    for file in ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"] {
        for text in texts {
            let mut world = World::new();
            world.repository.files.insert(file.to_owned(), text.as_bytes().to_vec());
            assert!(matches!(world.refresh(), Err(Error::Malformed { .. })), "{file} {text}");
        }
        // Every member taken away, or of another type.
        let world = World::new();
        let bytes = world.repository.files.get(file).or(world.repository.files.get("1.root.json")).unwrap();
        let document: Value = serde_json::from_slice(bytes).unwrap();
        let mut paths = Vec::new();
        members(&document, &mut Vec::new(), &mut paths);
        for path in paths {
            for replacement in
                [None, Some(json!(null)), Some(json!(-1)), Some(json!([[]])), Some(json!("\u{0}"))]
            {
                let mut changed = document.clone();
                let (last, above) = path.split_last().unwrap();
                let above = above.iter().fold(&mut changed, |value, name| &mut value[name.as_str()]);
                match replacement {
                    None => drop(above.as_object_mut().unwrap().remove(last)),
                    Some(value) => above[last.as_str()] = value,
                }
                let mut world = World::new();
                world.repository.files.insert(file.to_owned(), changed.to_string().into_bytes());
                assert!(world.refresh().is_err(), "{file} {path:?}");
            }
        }
    }
}

fn members(value: &Value, at: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        at.push(name.clone());
        all.push(at.clone());
        members(value, at, all);
        at.pop();
    }
}

/// No two readers see two documents in one.
#[test]
fn members_that_appear_twice_are_refused() {
    let mut world = World::new();
    let text = String::from_utf8(world.repository.files["timestamp.json"].clone()).unwrap();
    let text = text.replacen("\"version\":1", "\"version\":1,\"version\":1", 1);
    world.repository.files.insert("timestamp.json".to_owned(), text.into_bytes());
    assert!(matches!(world.refresh(), Err(Error::Malformed { .. })));
}

#[test]
fn another_role_or_another_specification_is_refused() {
    for (member, value) in [("_type", "snapshot"), ("spec_version", "2.0.0"), ("spec_version", "")] {
        let mut world = World::new();
        world.repository.role("timestamp")[member] = value.into();
        world.repository.update_timestamp().unwrap();
        assert!(matches!(world.refresh(), Err(Error::Malformed { .. })), "{member}");
    }
    // What one role signs is nothing that another one says, whoever has the same key.
    let mut world = World::new();
    let root = world.repository.role("root");
    root["roles"]["timestamp"] = root["roles"]["snapshot"].clone();
    world.repository.next_root().unwrap();
    let snapshot = world.repository.files["snapshot.json"].clone();
    world.repository.files.insert("timestamp.json".to_owned(), snapshot);
    assert!(matches!(world.refresh(), Err(Error::Malformed { .. })));
}

/// CVE-2020-6174 and others: documents without end.
#[test]
fn cve_2020_6173_cve_2020_6174_what_is_too_large_is_not_read() {
    for (file, limit) in [
        ("2.root.json", MAX_ROOT),
        ("timestamp.json", MAX_TIMESTAMP),
        ("1.snapshot.json", MAX_SNAPSHOT),
        ("1.targets.json", MAX_TARGETS),
    ] {
        let mut world = World::new();
        let mut bytes =
            world.repository.files.get(file).cloned().unwrap_or_else(|| world.repository.first_root());
        bytes.resize(limit as usize + 1, b' ');
        world.repository.files.insert(file.to_owned(), bytes);
        assert!(matches!(world.refresh(), Err(Error::Fetch { .. })), "{file}");
    }
    // Not more is asked for than was announced.
    let mut world = World::new();
    world.repository.announce_hashes = true;
    world.repository.update().unwrap();
    world.repository.files.get_mut("2.snapshot.json").unwrap().push(b' ');
    assert!(matches!(world.refresh(), Err(Error::Fetch { name, .. }) if name == "2.snapshot.json"));
    let mut world = World::new();
    world.repository.add_target("targets", "a", b"a");
    world.repository.role("targets")["targets"]["a"]["length"] = (MAX_TARGET + 1).into();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    assert!(matches!(world.download("a"), Err(Error::Mismatch { .. })));
}

/// CVE-2026-24137: names of targets that lead out of the cache.
#[test]
fn cve_2026_24137_names_of_targets_that_lead_elsewhere_are_refused() {
    for name in
        ["../x", "a/../x", "/x", "C:\\x", "C:x", "a\\..\\x", "a\0", "..", ".", "", "a//b", "a/", "a\u{1b}b"]
    {
        let mut world = World::new();
        world.repository.add_target("targets", name, b"content");
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert!(matches!(world.download(name), Err(Error::Name { .. })), "{name:?}");
        assert!(
            world.store.0.borrow().keys().all(|file| !file.contains('x') && !file.starts_with("targets/"))
        );
    }
}

#[test]
fn targets_need_a_digest_that_is_known() {
    for hashes in
        [json!({}), json!({ "md5": "00" }), json!({ "sha256": "00" }), json!({ "sha256": 1 }), json!(null)]
    {
        let mut world = World::new();
        world.repository.add_target("targets", "a", b"a");
        world.repository.role("targets")["targets"]["a"]["hashes"] = hashes.clone();
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert!(matches!(world.download("a"), Err(Error::Malformed { .. })), "{hashes}");
    }
    // All that are known have to fit.
    let mut world = World::new();
    world.repository.add_target("targets", "a", b"a");
    world.repository.role("targets")["targets"]["a"]["hashes"]["sha512"] = "00".repeat(64).into();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    assert!(matches!(world.download("a"), Err(Error::Mismatch { .. })));
}

/// What somebody else wrote into the store is judged as if it came from the repository.
#[test]
fn the_store_is_not_believed() {
    let world = World::new();
    world.refresh().unwrap();
    for file in ["timestamp.json", "snapshot.json", "targets.json"] {
        let good = world.store.load(file, u64::MAX).unwrap();
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 4;
            world.store.store(file, &bad);
            if world.load().is_ok() {
                // Outside what is signed: ids that nobody asked for.
                let (bad, good): (Value, Value) =
                    (serde_json::from_slice(&bad).unwrap(), serde_json::from_slice(&good).unwrap());
                assert_eq!(bad["signed"], good["signed"]);
            }
        }
        world.store.store(file, &good);
        world.store.0.borrow_mut().remove(file);
        assert!(matches!(world.load(), Err(Error::Missing { .. })), "{file}");
        world.store.store(file, &good);
    }
    world.load().unwrap();
}
