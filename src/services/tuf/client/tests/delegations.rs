//! Who is asked for a target, and in which order.

use super::*;

/// From, to, whether nobody is asked after it, and which names.
type Edge = (&'static str, &'static str, bool, &'static str);

const GRAPHS: &[(&str, &[Edge], &[&str])] = &[
    ("basic-delegation", &[("targets", "A", false, "*")], &["A"]),
    ("single-level-delegations", &[("targets", "A", false, "*"), ("targets", "B", false, "*")], &["A", "B"]),
    (
        "two-level-delegations",
        &[("targets", "A", false, "*"), ("targets", "B", false, "*"), ("B", "C", false, "*")],
        &["A", "B", "C"],
    ),
    (
        "two-level-test-DFS-order-of-traversal",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("A", "C", false, "*"),
            ("A", "D", false, "*"),
        ],
        &["A", "C", "D", "B"],
    ),
    (
        "three-level-delegation-test-DFS-order-of-traversal",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("A", "C", false, "*"),
            ("C", "D", false, "*"),
        ],
        &["A", "C", "D", "B"],
    ),
    (
        "two-level-terminating-ignores-all-but-roles-descendants",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("A", "C", true, "*"),
            ("A", "D", false, "*"),
        ],
        &["A", "C"],
    ),
    (
        "three-level-terminating-ignores-all-but-roles-descendants",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("A", "C", true, "*"),
            ("C", "D", false, "*"),
        ],
        &["A", "C", "D"],
    ),
    (
        "two-level-ignores-all-branches-not-matching-paths",
        &[("targets", "A", false, "*.py"), ("targets", "B", false, "*"), ("A", "C", false, "*")],
        &["B"],
    ),
    (
        "three-level-ignores-all-branches-not-matching-paths",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("A", "C", false, "*.py"),
            ("C", "D", false, "*"),
        ],
        &["A", "B"],
    ),
    (
        "cyclic-graph",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("B", "C", false, "*"),
            ("C", "D", false, "*"),
            ("D", "B", false, "*"),
        ],
        &["A", "B", "C", "D"],
    ),
    (
        "two-roles-delegating-to-a-third",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("B", "C", false, "*"),
            ("A", "C", false, "*"),
        ],
        &["A", "C", "B"],
    ),
    (
        "two-roles-delegating-to-a-third-different-paths",
        &[
            ("targets", "A", false, "*"),
            ("targets", "B", false, "*"),
            ("B", "C", false, "*"),
            ("A", "C", false, "*.py"),
        ],
        &["A", "B", "C"],
    ),
    // CVE-2024-47534: a terminating delegation that does not cover the target ends nothing.
    (
        "terminating-for-others",
        &[("targets", "A", true, "*.py"), ("targets", "B", false, "*"), ("targets", "C", true, "*")],
        &["B", "C"],
    ),
];

fn publish(world: &mut World, edges: &[Edge]) {
    for (from, to, terminating, paths) in edges {
        let delegation = json!({ "name": to, "terminating": terminating, "paths": [paths] });
        world.repository.delegate(from, delegation).unwrap();
    }
    world.repository.bump("targets");
    world.repository.update().unwrap();
}

/// The delegated roles that were asked for.
fn visited(world: &World) -> Vec<String> {
    let names = |file: &String| Some(file.strip_suffix(".json")?.split_once('.')?.1.to_owned());
    let top = ["root", "snapshot", "targets"];
    world.asked.borrow().iter().filter_map(names).filter(|role| !top.contains(&role.as_str())).collect()
}

#[test]
fn graph_traversal() {
    for (name, edges, expected) in GRAPHS {
        let mut world = World::new();
        publish(&mut world, edges);
        assert!(matches!(world.download("missingpath"), Err(Error::NoTarget { .. })), "{name}");
        assert_eq!(visited(&world), *expected, "{name}");
    }
}

/// CVE-2024-47534 of go-tuf and CVE-2025-2886 of tough: the wrong delegation was chosen, and one that ends the search did not.
#[test]
fn cve_2024_47534_cve_2025_2886_delegations_count_in_their_order() {
    for (terminating, paths, found, expected) in [
        // What does not cover the target ends nothing.
        (true, "*.py", true, &["B"][..]),
        (false, "*.py", true, &["B"]),
        (false, "*", true, &["A", "B"]),
        // What covers it, ends it.
        (true, "*", false, &["A"]),
    ] {
        let mut world = World::new();
        let first = json!({ "name": "A", "terminating": terminating, "paths": [paths] });
        world.repository.delegate("targets", first).unwrap();
        world.repository.delegate("targets", json!({ "name": "B", "paths": ["*"] })).unwrap();
        world.repository.add_target("B", "file", b"of B");
        world.repository.bump("targets");
        world.repository.update().unwrap();
        match world.download("file") {
            Ok(bytes) => assert!(found && bytes == b"of B", "{terminating} {paths}"),
            Err(error) => assert!(!found && matches!(error, Error::NoTarget { .. }), "{error}"),
        }
        assert_eq!(visited(&world), *expected, "{terminating} {paths}");
    }
}

/// CVE-2025-2887 of tough: an older version of a delegated role was accepted.
#[test]
fn cve_2025_2887_delegated_roles_do_not_go_back() {
    for hashes in [false, true] {
        let mut world = World::new();
        world.repository.announce_hashes = hashes;
        world.repository.delegate("targets", json!({ "name": "d", "paths": ["*"] })).unwrap();
        world.repository.add_target("d", "file", b"old");
        world.repository.role("d")["version"] = 2.into();
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert_eq!(world.download("file").unwrap(), b"old");
        // The snapshot lists an older one than it did.
        world.repository.role("d")["version"] = 1.into();
        world.repository.update().unwrap();
        assert!(
            matches!(world.download("file"), Err(Error::Rollback { name, .. }) if name == "d.json"),
            "{hashes}"
        );
        // It lists the newer one, and an older one is served.
        world.repository.role("d")["version"] = 3.into();
        world.repository.update().unwrap();
        let old = world.repository.files["1.d.json"].clone();
        world.repository.files.insert("3.d.json".to_owned(), old);
        assert!(world.download("file").is_err(), "{hashes}");
        assert_eq!(world.stored("d"), 2, "{hashes}");
    }
}

#[test]
fn targetfile_search() {
    for (target, role, expected) in [
        ("targetfile", "targets", Some(vec![])),
        ("README.md", "A", Some(vec!["A"])),
        ("releases/x/x_v1", "C", Some(vec!["B", "C"])),
        ("releases/y/y_v1.zip", "D", Some(vec!["B", "D"])),
        // Not delegated by all roles in the chain.
        ("releases/z/z_v1.zip", "D", None),
        // Wildcards do not match slashes (sigstore-rust #174).
        ("sub/README.md", "A", None),
    ] {
        let mut world = World::new();
        let edges: &[Edge] = &[
            ("targets", "A", false, "*.md"),
            ("targets", "B", false, "releases/*/*"),
            ("B", "C", false, "releases/x/*"),
            ("B", "D", false, "releases/y/*.zip"),
        ];
        for (from, to, terminating, paths) in edges {
            let delegation = json!({ "name": to, "terminating": terminating, "paths": [paths] });
            world.repository.delegate(from, delegation).unwrap();
        }
        world.repository.add_target(role, target, b"content");
        world.repository.bump("targets");
        world.repository.update().unwrap();
        match expected {
            Some(roles) => {
                assert_eq!(world.download(target).unwrap(), b"content", "{target}");
                assert_eq!(visited(&world), roles, "{target}");
            }
            None => assert!(matches!(world.download(target), Err(Error::NoTarget { .. })), "{target}"),
        }
    }
}

/// Roles by the beginning of the target's digest.
#[test]
fn path_hash_prefixes() {
    let digest = hex::encode(crate::crypto::sha256(b"a/b"));
    for (prefixes, found) in [
        (json!([&digest[..2]]), true),
        (json!(["zz", &digest[..1]]), true),
        (json!(["zz"]), false),
        (json!([""]), false),
        (json!([]), false),
    ] {
        let mut world = World::new();
        let delegation = json!({ "name": "bin", "path_hash_prefixes": prefixes });
        world.repository.delegate("targets", delegation).unwrap();
        world.repository.add_target("bin", "a/b", b"content");
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert_eq!(world.download("a/b").is_ok(), found, "{prefixes}");
    }
}

#[test]
fn succinct_roles() {
    for (bits, digits) in [(1, 1), (5, 2), (8, 2), (32, 8)] {
        let number = crate::crypto::sha256(b"a/b");
        let number = u32::from_be_bytes(number[..4].try_into().unwrap()) >> (32 - bits);
        let name = format!("bin-{number:0digits$x}");
        let mut world = World::new();
        world.repository.delegate("targets", json!({ "name": name, "paths": [] })).unwrap();
        let delegations = &mut world.repository.role("targets")["delegations"];
        let ids = delegations["roles"][0]["keyids"].clone();
        let succinct = json!({ "keyids": ids, "threshold": 1, "bit_length": bits, "name_prefix": "bin" });
        *delegations = json!({ "keys": delegations["keys"], "succinct_roles": succinct });
        world.repository.add_target(&name, "a/b", b"content");
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert_eq!(world.download("a/b").unwrap(), b"content", "{bits}");
        assert_eq!(visited(&world), [name]);
    }
}

#[test]
fn cve_2021_41131_unusual_role_name() {
    for (role, file) in [
        ("?", "%3F"),
        ("#", "%23"),
        ("/delegatedrole", "%2Fdelegatedrole"),
        ("../delegatedrole", "..%2Fdelegatedrole"),
        ("../../x", "..%2F..%2Fx"),
    ] {
        let mut world = World::new();
        world.repository.delegate("targets", json!({ "name": role, "paths": ["*"] })).unwrap();
        world.repository.bump("targets");
        world.repository.update().unwrap();
        assert!(matches!(world.download("nonexistent target"), Err(Error::NoTarget { .. })), "{role}");
        assert!(world.asked.borrow().contains(&format!("1.{file}.json")), "{role}: {:?}", world.asked);
        assert!(world.store.0.borrow().contains_key(&format!("{file}.json")), "{role}");
        // Names of files have no slash but that of the folder of targets.
        assert!(world.store.0.borrow().keys().all(|name| !name.contains("/..") && !name.starts_with('/')));
    }
}

#[test]
fn names_of_top_level_roles_are_not_delegated() {
    for name in ["root", "timestamp", "snapshot", "targets", "Root", "TIMESTAMP", ""] {
        let mut world = World::new();
        world.repository.delegate("targets", json!({ "name": "d", "paths": ["*"] })).unwrap();
        world.repository.role("targets")["delegations"]["roles"][0]["name"] = name.into();
        world.repository.bump("targets");
        world.repository.publish("targets").unwrap();
        world.repository.update().unwrap();
        assert!(matches!(world.refresh(), Err(Error::Malformed { .. })), "{name}");
    }
}

/// A role that two others delegate to by different keys is judged for each of them (sigstore-rust #173).
#[test]
fn delegated_roles_at_hand_are_verified_again() {
    let mut world = World::new();
    world.repository.delegate("targets", json!({ "name": "A", "paths": ["*"] })).unwrap();
    world.repository.delegate("A", json!({ "name": "C", "paths": ["a"] })).unwrap();
    world.repository.delegate("targets", json!({ "name": "B", "paths": ["*"] })).unwrap();
    world.repository.delegate("B", json!({ "name": "C", "paths": ["b"] })).unwrap();
    // The key that B names does not sign.
    world.repository.signers.get_mut("C").unwrap().pop();
    world.repository.add_target("C", "a", b"a");
    world.repository.add_target("C", "b", b"b");
    world.repository.bump("targets");
    world.repository.update().unwrap();
    let mut client = world.client().unwrap();
    block(async {
        client.refresh().await.unwrap();
        assert_eq!(client.target("a").await.unwrap(), b"a");
        assert!(matches!(client.target("b").await, Err(Error::Threshold { .. })));
    });
    assert!(matches!(world.download("b"), Err(Error::Threshold { .. })));
}

/// CVE-2026-6967: versions, digests and expiry of delegated roles.
#[test]
fn cve_2026_6967_delegated_roles_are_judged_as_all_others() {
    let repository = |world: &mut World| {
        world.repository.announce_hashes = true;
        world.repository.delegate("targets", json!({ "name": "d", "paths": ["*"] })).unwrap();
        world.repository.add_target("d", "first", b"first");
        world.repository.bump("targets");
        world.repository.update().unwrap();
    };
    let mut world = World::new();
    repository(&mut world);
    world.repository.role("d")["expires"] = PAST.into();
    world.repository.update().unwrap();
    assert!(matches!(world.download("first"), Err(Error::Expired { name, .. }) if name == "d.json"));
    assert_eq!(world.stored("d"), 0);

    let mut world = World::new();
    repository(&mut world);
    world.repository.files.get_mut("1.d.json").unwrap()[0] = b' ';
    assert!(matches!(world.download("first"), Err(Error::Mismatch { .. })));

    let mut world = World::new();
    repository(&mut world);
    world.repository.role("d")["version"] = 2.into();
    world.repository.announce_hashes = false;
    world.repository.update().unwrap();
    let old = world.repository.files["1.d.json"].clone();
    world.repository.files.insert("2.d.json".to_owned(), old);
    assert!(matches!(world.download("first"), Err(Error::Mismatch { .. })));

    // It expires while it is stored, and a newer one takes its place.
    let mut world = World::new();
    repository(&mut world);
    world.repository.role("d")["expires"] = "2026-11-27T00:00:00Z".into();
    world.repository.add_target("d", "second", b"second");
    world.repository.update().unwrap();
    assert_eq!(world.download("first").unwrap(), b"first");
    world.now = UnixTime::parse_rfc3339("2026-12-08T00:00:00Z").unwrap();
    assert!(matches!(world.download("second"), Err(Error::Expired { .. })));
    world.repository.role("d")["expires"] = FAR.into();
    world.repository.bump("d");
    world.repository.update().unwrap();
    assert_eq!(world.download("second").unwrap(), b"second");
}

#[test]
fn a_role_that_the_snapshot_does_not_list_ends_the_search() {
    let mut world = World::new();
    world.repository.delegate("targets", json!({ "name": "d", "paths": ["*"] })).unwrap();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    world.repository.role("snapshot")["meta"].as_object_mut().unwrap().remove("d.json");
    world.repository.bump("snapshot");
    world.repository.publish("snapshot").unwrap();
    world.repository.update_timestamp().unwrap();
    assert!(matches!(world.download("x"), Err(Error::Mismatch { .. })));
    assert!(visited(&world).is_empty());
}

#[test]
fn roles_without_end_are_not_asked() {
    let mut world = World::new();
    let mut from = "targets".to_owned();
    for number in 0..40 {
        let name = format!("r{number}");
        world.repository.delegate(&from, json!({ "name": name, "paths": ["*"] })).unwrap();
        from = name;
    }
    world.repository.bump("targets");
    world.repository.update().unwrap();
    assert!(matches!(world.download("x"), Err(Error::TooMany { .. })));
    assert_eq!(visited(&world).len(), MAX_ROLES - 1);
}
