//! Whoever may write to a repository may put anything beside an image. It spoils itself, and nothing else.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::signed::{BUNDLE, MANIFEST, REPOSITORY, World};

const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// A layer that says `size` of the blob `content`.
fn layer(world: &World, content: &[u8], size: u64) -> Value {
    let digest = world.registry.contents().plant_blob(REPOSITORY, content);
    let annotations = json!({ "dev.cosignproject.cosign/signature": "AAAA" });
    json!({ "mediaType": SIMPLE_SIGNING, "digest": digest, "size": size, "annotations": annotations })
}

/// Each of these beside a good signature changes nothing; alone, it is told of, and nothing verifies. The second is the exit code
/// then: what is beyond a limit is not refused, since nobody has looked at it.
fn spoilers(world: &World, good: &Value) -> Vec<(&'static str, i32, Value)> {
    let with = |name: &str, value: Value| {
        let mut layer = good.clone();
        layer[name] = value;
        layer
    };
    let deep = [&b"{\"a\":".repeat(200)[..], b"1"].concat();
    let many =
        json!((0..2_000).map(|n| (n.to_string(), n.to_string().into())).collect::<serde_json::Map<_, _>>());
    let mut crowded = good.clone();
    crowded["annotations"] = many;
    vec![
        ("longer than it says", 12, layer(world, &[b'x'; 5_000], 10)),
        ("shorter than it says", 12, layer(world, b"x", 10)),
        ("the good one, said to be shorter", 12, with("size", 1.into())),
        ("the good one, said to be longer", 12, with("size", 1_000_000.into())),
        ("larger than anything", 8, with("size", (1_u64 << 50).into())),
        ("not there", 12, with("digest", format!("sha256:{:064x}", 7).into())),
        ("no JSON", 12, layer(world, b"{", 1)),
        ("deep", 8, layer(world, &deep, deep.len() as u64)),
        ("no signature", 12, with("annotations", json!({}))),
        (
            "two megabytes of a signature",
            8,
            with("annotations", json!({ "dev.cosignproject.cosign/signature": "A".repeat(2 << 20) })),
        ),
    ]
}

#[test]
fn a_layer_that_is_not_what_it_says_spoils_itself_alone() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let good = world.layer(REPOSITORY, &image, "a", &[]);
    let retried = |args: &[&str]| {
        let name = image.by_digest();
        let started = Instant::now();
        let output =
            world.sandbox.run(&[&["verify", "--key", "a.pub", "--no-log"][..], args, &[&name]].concat());
        // None of it is tried again, whatever `--retry-for` allows.
        assert!(started.elapsed() < Duration::from_secs(10), "{}", output.stderr);
        output
    };
    for (what, code, bad) in spoilers(&world, &good) {
        for layers in [[good.clone(), bad.clone()], [bad.clone(), good.clone()]] {
            world.tag(REPOSITORY, &image, "sig", &layers);
            let output = retried(&["--report", "json=r"]);
            assert_eq!(output.code, 0, "{what}: {}", output.stderr);
            let report: Value = serde_json::from_slice(&world.sandbox.read("r")).unwrap();
            let candidates = report["images"][0]["candidates"].as_array().unwrap();
            let verified = candidates.iter().filter(|candidate| candidate["verified"] == true).count();
            assert_eq!((candidates.len(), verified), (2, 1), "{what}: {report:#}");
        }
        world.tag(REPOSITORY, &image, "sig", &[bad]);
        let output = retried(&[]);
        assert!(output.code == code && output.stdout.is_empty(), "{what}: {} {}", output.code, output.stderr);
    }
}

/// The same of what refers to an image: its manifest, and the entry that lists it.
#[test]
fn a_referrer_that_is_not_what_it_says_spoils_itself_alone() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let good = world.sign_bundle(&image, "a");
    let with = |name: &str, value: Value| {
        let mut entry = good.clone();
        entry[name] = value;
        entry
    };
    let plant = |text: String| {
        let size = text.len();
        let digest = world.registry.contents().plant_manifest(REPOSITORY, None, MANIFEST, text);
        json!({ "mediaType": MANIFEST, "digest": digest, "size": size })
    };
    let config = json!({ "mediaType": "a", "digest": good["digest"], "size": 2 });
    let image_of = |layers: Vec<Value>| {
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers }).to_string()
    };
    let long = format!("{}{}", image_of(Vec::new()), " ".repeat(5 << 20));
    let bad = [
        ("said to be larger than anything", 8, with("size", (1_u64 << 50).into())),
        ("said to be shorter", 12, with("size", 1.into())),
        ("not there", 12, with("digest", format!("sha256:{:064x}", 7).into())),
        ("larger than manifests may be", 8, plant(long)),
        ("no JSON", 12, plant("{".to_owned())),
        ("10,001 layers", 8, plant(image_of(vec![config.clone(); 10_001]))),
        (
            "a bundle that is longer than its layer says",
            12,
            world.refer_layers(
                REPOSITORY,
                &image,
                (BUNDLE, "application/vnd.oci.empty.v1+json"),
                &[json!({ "mediaType": BUNDLE, "digest": layer(&world, &[b'x'; 500], 1)["digest"], "size": 10 })],
            ),
        ),
    ];
    for (what, code, bad) in bad {
        world.fallback(&image, &[bad.clone(), good.clone()]);
        let output = world.verify(&image.by_digest(), &[]);
        assert_eq!(output.code, 0, "{what}: {}", output.stderr);
        world.fallback(&image, &[bad]);
        let output = world.verify(&image.by_digest(), &[]);
        assert!(output.code == code && output.stdout.is_empty(), "{what}: {} {}", output.code, output.stderr);
    }
}

/// However many are refused, a screen is enough to say so; the report has them all.
#[test]
fn many_refusals_are_told_of_in_a_few_lines() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let layers: Vec<_> = (0..1_000)
        .map(|n| {
            let mut bad = layer(&world, b"{}", 2);
            bad["annotations"]["n"] = n.to_string().into();
            bad
        })
        .collect();
    world.tag(REPOSITORY, &image, "sig", &layers);
    for names in [vec![image.by_digest()], vec![image.by_digest(), image.by_tag()]] {
        let args = ["verify", "--key", "a.pub", "--no-log", "--report", "json=r"];
        let names = names.iter().map(String::as_str);
        let output = world.sandbox.run(&args.into_iter().chain(names.clone()).collect::<Vec<_>>()).code(12);
        assert!(output.stderr.lines().count() < 20 * names.len(), "{}", output.stderr);
        assert!(output.stderr.contains("and 990 more: --report json tells them all"), "{}", output.stderr);
        let report: Value = serde_json::from_slice(&world.sandbox.read("r")).unwrap();
        for image in report["images"].as_array().unwrap() {
            assert_eq!(image["candidates"].as_array().unwrap().len(), 1_000);
        }
    }
    let output = world.sandbox.run(&["download", "signature", &image.by_digest()]);
    assert!(output.stderr.lines().count() < 20, "{}", output.stderr);
}

/// What is too large to be looked at may be what was signed before: nothing is signed twice, and nothing that is too large is shown in
/// part.
#[test]
fn what_is_too_large_to_tell_is_an_error_where_it_makes_a_difference() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let good = world.layer(REPOSITORY, &image, "a", &[]);
    let mut huge = good.clone();
    huge["size"] = (1_u64 << 40).into();
    let name = image.by_digest();
    let sign = ["sign", "--key", "a.key", "--offline", "-y", "--write", "tag", "--skip-existing", &name];
    world.tag(REPOSITORY, &image, "sig", &[huge.clone(), good]);
    let before = world.registry.contents().manifest(REPOSITORY, &format!("{}.sig", image.dashed()));
    let _ = world.sandbox.run(&sign).ok();
    assert_eq!(world.registry.contents().manifest(REPOSITORY, &format!("{}.sig", image.dashed())), before);
    let output = world.sandbox.run(&["download", "signature", &name]).code(8);
    assert!(output.stdout.is_empty());
    world.tag(REPOSITORY, &image, "sig", &[huge]);
    let _ = world.sandbox.run(&sign).code(8).says("signed by this signer already");
    // What cannot be read does not keep anybody from removing it.
    let _ = world.sandbox.run(&["clean", "--force", &image.by_tag()]).ok();
    assert!(world.registry.contents().manifest(REPOSITORY, &format!("{}.sig", image.dashed())).is_none());
}
