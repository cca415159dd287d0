//! Several images, and indexes.

use serde_json::{Value, json};

use super::signed::{INDEX, MANIFEST, REPOSITORY, World};
use crate::support::schema::Schema;

#[test]
fn every_image_is_judged_and_the_worst_decides() {
    let world = World::new(Default::default());
    let (good, other, unsigned) = (world.image("good"), world.image("other"), world.image("unsigned"));
    world.sign_bundle(&good, "a");
    world.sign_tag(&other, "b");
    let missing = good.by_tag().replace("good", "missing");
    let list = format!(
        "# images\n\n  {}\r\n{}\n{missing}\n127.0.0.1:1/a/b:c\n",
        unsigned.by_digest(),
        other.by_digest()
    );
    world.sandbox.file("list", &list);
    let args = ["--from-file", "list", "--report", "json=report.json", "--max-workers", "2"];
    let output = world.verify(&good.by_tag(), &args).code(12).says("error: 4 of 5 images did not verify");
    assert_eq!(output.stdout.lines().count(), 2);
    assert!(output.stderr.contains(&format!("    1. {}: there is no signature", unsigned.by_digest())));
    let report: Value = serde_json::from_slice(&world.sandbox.read("report.json")).unwrap();
    let names: Vec<_> = report["images"].as_array().unwrap().iter().map(|image| &image["name"]).collect();
    let expected =
        [good.by_tag(), unsigned.by_digest(), other.by_digest(), missing.clone(), "127.0.0.1:1/a/b:c".into()];
    assert_eq!(
        names,
        expected.iter().map(|name| Value::from(name.as_str())).collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    assert_eq!((&report["verified"], &report["images"][0]["verified"]), (&json!(false), &json!(true)));
    assert_eq!(report["images"][0]["digest"], good.digest);
    let schema = Schema::read("report");
    schema.check(&schema.root, &report, "", &mut Default::default());

    let from_stdin = |text: &str| {
        let args = ["verify", "--key", "a.pub", "--no-log", "--from-file", "-"];
        world.sandbox.rcosign(&args).stdin(text).run()
    };
    let _ = from_stdin(&format!("{}\n{}\n", good.by_tag(), good.by_digest())).ok();
    let _ = from_stdin(&format!("{}\n{missing}\n", good.by_tag())).code(11);
    let _ = from_stdin(&format!("{missing}\n{}\n", unsigned.by_tag())).code(10);
    let _ = from_stdin(&format!("127.0.0.1:1/a/b:c\n{missing}\n")).code(11);
    let _ = from_stdin("# nothing\n").code(2);
    let _ = world.sandbox.run(&["verify", "--key", "a.pub"]).code(2).says("--from-file");
}

#[test]
fn an_index_and_what_is_in_it() {
    let world = World::new(Default::default());
    let (first, second) = (world.image("amd64"), world.image("arm64"));
    let entry = |digest: &str, architecture: &str| {
        let (_, bytes) = world.registry.contents().manifest(REPOSITORY, digest).unwrap();
        let platform = json!({ "os": "linux", "architecture": architecture });
        json!({ "mediaType": MANIFEST, "digest": digest, "size": bytes.len(), "platform": platform })
    };
    let entries = [entry(&first.digest, "amd64"), entry(&second.digest, "arm64")];
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
    // Its digest is known once it is planted under the tag that `image` uses.
    let all = world.image("all");
    let digest = world.registry.contents().plant_manifest(REPOSITORY, Some("all"), INDEX, index);
    let all = super::signed::Image { digest, ..all };
    world.sign_bundle(&all, "a");
    world.sign_bundle(&first, "a");
    let _ = world.verify(&all.by_tag(), &[]).ok();
    let output = world.verify(&all.by_tag(), &["--recursive", "--report", "json=report.json"]).code(10);
    assert_eq!(output.stdout.lines().count(), 4);
    let report: Value = serde_json::from_slice(&world.sandbox.read("report.json")).unwrap();
    assert!(report["images"][0]["rule"].as_str().unwrap().contains("each of the 2 manifests"));
    assert_eq!(report["images"][2]["platform"], "linux/arm64");
    assert_eq!(report["images"][2]["index"], all.by_tag());
    let schema = Schema::read("report");
    schema.check(&schema.root, &report, "", &mut Default::default());
    world.sign_tag(&second, "a");
    assert_eq!(world.verify(&all.by_tag(), &["-r"]).ok().stdout.lines().count(), 6);
    let output = world.verify(&all.by_tag(), &["--platform", "linux/arm64"]).ok();
    assert!(output.stderr.contains(&second.by_digest()));
    let _ =
        world.verify(&all.by_tag(), &["--platform", "linux/s390x"]).code(11).says("linux/amd64, linux/arm64");
    let _ = world.verify(&first.by_tag(), &["--platform", "linux/amd64"]).code(11).says("is not an index");
    let _ = world.verify(&all.by_tag(), &["-r", "--platform", "linux/amd64"]).code(2);
    let _ = world.verify(&first.by_tag(), &["-r"]).ok();
}
