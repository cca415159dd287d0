//! `copy`, `save` and `load`, against registries of this process.

mod folders;
mod planted;

use rcosign::internals::crypto::HashAlgorithm;
use rcosign::internals::sandbox::registry::{Access, Fault, Host, Options, Registry};
use serde_json::{Value, json};

use self::planted::*;
use crate::support::Sandbox;

#[test]
fn everything_arrives_and_the_tag_comes_last() {
    for (from_lists, to_lists) in [(true, true), (true, false), (false, true), (false, false)] {
        let (sandbox, from, to) = (Sandbox::new(), start(from_lists), start(to_lists));
        let planted = Planted { contents: from.contents(), repository: "app/src", lists: from_lists };
        let all = everything(planted);
        let (source, destination) =
            (format!("{}/app/src:v1", from.address()), format!("{}/mirror/dst:v9", to.address()));
        let dry = sandbox.run(&["copy", "--dry-run", &source, &destination]).ok();
        assert_eq!(writes(&to), Vec::<String>::new());
        assert_eq!(dry.stdout.lines().count(), 4 + 4 + 1, "{}", dry.stdout);

        let output = sandbox.run(&["copy", &source, &destination]).ok();
        assert_eq!(output.stdout, "");
        let last = format!("Copying {}/app/src@{} to {destination}...", from.address(), all.index);
        assert_eq!(output.stderr.lines().last(), Some(last.as_str()));
        let sig = &all.tags[0].0;
        let line =
            format!("Copying {}/app/src:{sig} to {}/mirror/dst:{sig}...\n", from.address(), to.address());
        assert!(output.stderr.contains(&line), "{}", output.stderr);
        all.is_in(&to, "mirror/dst", "v9", to_lists);
        let written = writes(&to);
        assert!(written.last().unwrap().contains("/v2/mirror/dst/manifests/v9"), "{written:?}");
        // Neither credentials nor writes go to the source.
        assert_eq!(writes(&from), Vec::<String>::new());

        // Once more: nothing is said, nothing is written, no blob is read.
        from.journal().clear();
        to.journal().clear();
        let output = sandbox.run(&["copy", &source, &destination]).ok();
        assert_eq!((output.stdout, output.stderr), (String::new(), String::new()));
        assert_eq!(writes(&to), Vec::<String>::new());
        for registry in [&from, &to] {
            assert_eq!(registry.journal().count("GET", "/blobs/"), 0);
            assert_eq!(registry.journal().count("HEAD", "/blobs/"), 0);
        }
    }
}

#[test]
fn an_interrupted_copy_leaves_no_tag_on_something_incomplete_and_is_completed() {
    for to_lists in [true, false] {
        let (sandbox, from) = (Sandbox::new(), start(true));
        let planted = Planted { contents: from.contents(), repository: "app/src", lists: true };
        let all = everything(planted);
        let source = format!("{}/app/src:v1", from.address());
        let mut stop = 1;
        loop {
            let to = start(to_lists);
            // Whatever is the write of this number fails, and all that come after it.
            let seen = std::sync::atomic::AtomicUsize::new(0);
            to.hook(move |request| {
                let is_read = ["GET", "HEAD"].contains(&request.method.as_str());
                let number =
                    if is_read { 0 } else { seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 };
                if number >= stop { Fault::error(403, "DENIED", "no") } else { Fault::none() }
            });
            let destination = format!("{}/dst:v9", to.address());
            let output = sandbox.run(&["copy", "--retry-for", "5s", &source, &destination]);
            for (_, digest) in to.contents().tags("dst") {
                complete(to.contents(), "dst", &digest);
            }
            if output.code == 0 {
                assert!(stop > 20, "{stop}");
                break;
            }
            assert_eq!(output.code, 6, "{output:?}");
            assert!(!to.contents().tags("dst").iter().any(|(tag, _)| tag == "v9"));
            to.unhook();
            let _ = sandbox.run(&["copy", &source, &destination]).ok();
            all.is_in(&to, "dst", "v9", to_lists);
            stop += 9;
        }
    }
}

#[test]
fn signatures_at_the_destination_stay() {
    let (sandbox, from, to) = (Sandbox::new(), start(true), start(false));
    let plant = |registry, repository, lists| Planted { contents: registry, repository, lists };
    let source = plant(from.contents(), "src", true);
    let image = from.contents().plant_image("src", "v1");
    let (media_type, bytes) = from.contents().manifest("src", &image).unwrap();
    source.attachment(&image, "sig", SIMPLE_SIGNING, &["a", "b"]);
    source.bundle(&image, MANIFEST, SIGN, "bundle 1");
    // The destination has the image, a signature of its own, one in common, and a bundle of its own.
    let destination = plant(to.contents(), "dst", false);
    to.contents().plant_image("src", "v1");
    for blob in entries(from.contents(), "src", "v1") {
        let digest = blob["digest"].as_str().unwrap();
        to.contents().plant_blob("dst", from.contents().blob("src", digest).unwrap());
    }
    to.contents().plant_manifest("dst", Some("v1"), &media_type, bytes);
    destination.attachment(&image, "sig", SIMPLE_SIGNING, &["b", "own"]);
    let own = destination.bundle(&image, MANIFEST, SIGN, "bundle of its own");

    let names = [format!("{}/src:v1", from.address()), format!("{}/dst:v1", to.address())];
    let args = ["copy", &names[0], &names[1]];
    let _ = sandbox.run(&args).ok();
    let texts = |registry: &Registry, repository: &str| {
        let layers = entries(registry.contents(), repository, &attachment_tag(&image, "sig"));
        let text = |layer: &Value| {
            layer["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap().to_owned()
        };
        let mut texts: Vec<_> = layers.iter().map(text).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(&to, "dst"), ["of a", "of b", "of own"]);
    let listed = entries(to.contents(), "dst", &image.replace(':', "-"));
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().any(|entry| entry["digest"] == *own));
    complete(to.contents(), "dst", &attachment_tag(&image, "sig"));
    to.journal().clear();
    let output = sandbox.run(&args).ok();
    assert_eq!((output.stderr.as_str(), writes(&to)), ("", vec![]));
    // And back: both have all.
    let _ = sandbox.run(&["copy", &names[1], &names[0]]).ok();
    assert_eq!(texts(&from, "src"), ["of a", "of b", "of own"]);
    assert!(from.contents().referrers("src", &image).contains(&own));
}

#[test]
fn a_name_that_is_taken_is_kept_unless_forced() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    let contents = registry.contents();
    let (one, two) = (contents.plant_image("src", "v1"), contents.plant_image("dst", "v1"));
    let planted = |repository| Planted { contents, repository, lists: true };
    let names = ["src", "dst"].map(|name| format!("{}/{name}:v1", registry.address()));
    let tag_of = |tag: &str| contents.tags("dst").into_iter().find(|(known, _)| known == tag).map(|(_, d)| d);
    registry.journal().clear();
    let output = sandbox.run(&["copy", &names[0], &names[1]]).code(1);
    assert!(
        output.stderr.contains(&format!("`{}` exists already, and is {two}", names[1])),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("--force"), "{}", output.stderr);
    assert_eq!(writes(&registry), Vec::<String>::new());
    let _ = sandbox.run(&["copy", "--force", &names[0], &names[1]]).ok();
    assert_eq!(tag_of("v1"), Some(one.clone()));
    // So is an SBOM, of which there is one.
    planted("src").attachment(&one, "sbom", "text/spdx", &["new"]);
    let old = planted("dst").attachment(&one, "sbom", "text/spdx", &["old"]);
    let sbom = attachment_tag(&one, "sbom");
    let _ = sandbox.run(&["copy", &names[0], &names[1]]).code(1).says("exists already");
    assert_eq!(tag_of(&sbom), Some(old));
    let _ = sandbox.run(&["copy", "-f", &names[0], &names[1]]).ok();
    assert_eq!(contents.manifest("dst", &sbom), contents.manifest("src", &sbom));
    // A digest is no name for something else.
    let by_digest = format!("{}/dst@{two}", registry.address());
    let _ = sandbox.run(&["copy", &names[0], &by_digest]).code(3).says(&two);
    let by_digest = format!("{}/other@{one}", registry.address());
    let _ = sandbox.run(&["copy", &names[0], &by_digest]).ok();
    assert_eq!(contents.manifest("other", &one), contents.manifest("src", &one));
    let _ = sandbox.run(&["copy", &format!("{}/src:none", registry.address()), &names[1]]).code(11);
}

#[test]
fn only_some_of_what_belongs_to_an_image() {
    let (sandbox, from) = (Sandbox::new(), start(true));
    let planted = Planted { contents: from.contents(), repository: "src", lists: true };
    let all = everything(planted);
    let source = format!("{}/src:v1", from.address());
    let sign: Vec<_> = all
        .referrers
        .iter()
        .filter(|(s, r)| {
            let (_, bytes) = from.contents().manifest("src", r).unwrap();
            let _ = s;
            String::from_utf8(bytes).unwrap().contains(SIGN)
        })
        .collect();
    for (flags, suffixes, bundles) in [
        (&["--only", "sig"][..], &["sig"][..], sign.len()),
        (&["--sig-only"], &["sig"], sign.len()),
        (&["--only", "sig,att"], &["sig", "att"], 4),
        (&["--only", "sbom", "--only", "att"], &["sbom", "att"], 1),
    ] {
        let to = start(true);
        let destination = format!("{}/dst:v9", to.address());
        let _ = sandbox.run(&[&["copy"], flags, &[&source, &destination]].concat()).ok();
        let tags: Vec<_> = to.contents().tags("dst").into_iter().map(|(tag, _)| tag).collect();
        let mut expected: Vec<_> = all.tags.iter().map(|(tag, _)| tag.clone()).collect();
        expected.retain(|tag| suffixes.iter().any(|suffix| tag.ends_with(&format!(".{suffix}"))));
        expected.sort();
        assert_eq!(tags, expected, "{flags:?}");
        let there = to.contents().manifests("dst");
        assert!(!there.contains(&all.index) && !there.contains(&all.child));
        assert_eq!(all.referrers.iter().filter(|(_, r)| there.contains(r)).count(), bundles, "{flags:?}");
    }
    for value in ["sign", "sig,x", "sig;att"] {
        let _ = sandbox
            .run(&["copy", "--only", value, &source, "127.0.0.1:1/dst/x"])
            .code(2)
            .says("sig, att, sbom");
    }
    let _ = sandbox.run(&["copy", "--only", "att", "--sig-only", &source, "127.0.0.1:1/dst/x"]).code(2);
    for args in [&["copy"][..], &["copy", &source], &["copy", &source, "a/b", "c/d"]] {
        let _ = sandbox.run(args).code(2);
    }
}

#[test]
fn one_platform_of_an_index() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    let planted = Planted { contents: registry.contents(), repository: "src", lists: true };
    let all = everything(planted);
    let at = |name: &str| format!("{}/{name}", registry.address());
    let _ = sandbox.run(&["copy", "--platform", "linux/amd64", &at("src:v1"), &at("dst:v1")]).ok();
    let contents = registry.contents();
    assert_eq!(contents.manifest("dst", "v1"), contents.manifest("src", &all.child));
    assert_eq!(contents.referrers("dst", &all.child).len(), 1);
    assert!(contents.manifest("dst", &all.index).is_none());
    let output = sandbox.run(&["copy", "--platform", "linux/s390x", &at("src:v1"), &at("dst:v2")]).code(11);
    assert!(output.stderr.contains("linux/amd64"), "{}", output.stderr);
    let child = at(&format!("src@{}", all.child));
    let _ = sandbox.run(&["copy", "--platform", "linux/amd64", &child, &at("dst:v2")]).code(11);
    let _ = sandbox.run(&["copy", "--platform", "linux//x", &at("src:v1"), &at("dst:v2")]).code(2);
}

#[test]
fn what_is_listed_and_of_no_use_is_left_out_aloud_and_what_is_missing_is_an_error() {
    let (sandbox, registry) = (Sandbox::new(), start(false));
    let contents = registry.contents();
    let planted = Planted { contents, repository: "src", lists: false };
    let image = contents.plant_image("src", "v1");
    let other = contents.plant_image("src", "other");
    let good = planted.bundle(&image, MANIFEST, SIGN, "good");
    let gone = planted.bundle(&image, MANIFEST, SIGN, "gone");
    planted.list(&image, &other);
    contents.uproot("src", &gone);
    let at = |name: &str| format!("{}/{name}", registry.address());
    let output = sandbox.run(&["copy", &at("src:v1"), &at("dst:v1")]).ok();
    for (digest, why) in [(&gone, "is not there"), (&other, "refers to something else")] {
        let line = output.stderr.lines().find(|line| line.contains(&**digest)).unwrap();
        assert!(line.starts_with("WARNING: ") && line.contains(why), "{line}");
    }
    let listed = entries(contents, "dst", &image.replace(':', "-"));
    assert_eq!(listed.iter().map(|entry| entry["digest"].as_str().unwrap()).collect::<Vec<_>>(), [good]);

    // A child that is not there: the index would be worthless.
    let index =
        planted.index(Some("both"), &[(MANIFEST, &image, "linux/amd64"), (MANIFEST, &other, "linux/arm64")]);
    contents.uproot("src", &other);
    let _ = sandbox.run(&["copy", &at("src:both"), &at("index:v1")]).code(3).says(&other);
    assert!(contents.tags("index").is_empty());
    let _ = index;
    // A layer that is not there.
    let layer = entries(contents, "src", "v1")[0]["digest"].as_str().unwrap().to_owned();
    contents.uproot("src", &layer);
    let _ = sandbox.run(&["copy", &at("src:v1"), &at("new:v1")]).code(3).says(&layer);
    assert!(contents.tags("new").is_empty());
}

/// It verifies where it is, so it has to arrive.
#[test]
fn attack_a_listed_signature_without_a_subject_is_not_lost() {
    for referrers in [false, true] {
        let (sandbox, registry, to) = (Sandbox::new(), start(false), start(referrers));
        let contents = registry.contents();
        let planted = Planted { contents, repository: "src", lists: false };
        let image = contents.plant_image("src", "v1");
        let bundle = planted.bundle(&image, MANIFEST, SIGN, "good");
        let (media_type, bytes) = contents.manifest("src", &bundle).unwrap();
        let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
        manifest.as_object_mut().unwrap().remove("subject");
        let own = contents.plant_manifest("src", None, &media_type, manifest.to_string());
        planted.list(&image, &own);
        let (from, to_name) = (format!("{}/src:v1", registry.address()), format!("{}/dst:v1", to.address()));
        let _ = sandbox.run(&["copy", &from, &to_name]).ok();
        let listed = entries(to.contents(), "dst", &image.replace(':', "-"));
        assert!(listed.iter().any(|entry| entry["digest"] == own), "{listed:?}");
    }
}

#[test]
fn layers_that_may_not_be_distributed_stay_where_they_are() {
    let (sandbox, from, to) = (Sandbox::new(), start(true), start(true));
    let planted = Planted { contents: from.contents(), repository: "src", lists: true };
    let foreign = json!({
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": HashAlgorithm::Sha256.digest(b"far away").to_string(),
        "size": 8,
        "urls": ["https://far.example/layer"],
    });
    let config = planted.blob("application/vnd.oci.image.config.v1+json", "{}");
    let document =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [foreign] });
    let digest = planted.manifest(Some("v1"), &document);
    let names = [format!("{}/src:v1", from.address()), format!("{}/dst:v1", to.address())];
    let _ = sandbox.run(&["copy", &names[0], &names[1]]).ok();
    assert_eq!(to.contents().manifest("dst", "v1"), from.contents().manifest("src", &digest));
    let _ = sandbox.run(&["save", "--dir", "saved", &names[0]]).ok();
    let _ = sandbox.run(&["load", "--dir", "saved", &format!("{}/loaded:v1", to.address())]).ok();
    assert_eq!(to.contents().manifest("loaded", "v1"), from.contents().manifest("src", &digest));
}

/// `COSIGN_REPOSITORY` and the prefix say where signatures are; at the destination everything is together.
#[test]
fn signatures_in_another_repository_come_along() {
    let (sandbox, from, to) = (Sandbox::new(), start(true), start(false));
    let contents = from.contents();
    let image = contents.plant_image("src", "v1");
    let beside = Planted { contents, repository: "src", lists: true };
    let near = beside.bundle(&image, MANIFEST, SIGN, "beside the image");
    // The subject is described as it is in the other repository.
    let (media_type, bytes) = contents.manifest("src", &image).unwrap();
    contents.plant_manifest("sigs", None, &media_type, bytes);
    let elsewhere = Planted { contents, repository: "sigs", lists: true };
    let far = elsewhere.bundle(&image, MANIFEST, SIGN, "elsewhere");
    let signature = elsewhere.attachment(&image, "sig", SIMPLE_SIGNING, &["a"]);
    let tag = format!("p-{}", attachment_tag(&image, "sig"));
    contents.plant_tag("sigs", &tag, &signature);
    contents.uproot("sigs", &image);
    let names = [format!("{}/src:v1", from.address()), format!("{}/dst:v1", to.address())];
    let args = ["copy", "--attachment-tag-prefix", "p-", &names[0], &names[1]];
    let run =
        || sandbox.rcosign(&args).env("COSIGN_REPOSITORY", &format!("{}/sigs", from.address())).run().ok();
    let _ = run();
    assert!(to.contents().tags("dst").contains(&(tag, signature)));
    let mut referrers = to.contents().referrers("dst", &image);
    let mut expected = [near, far];
    referrers.sort();
    expected.sort();
    assert_eq!(referrers, expected);
    assert_eq!(entries(to.contents(), "dst", &image.replace(':', "-")).len(), 2);
    to.journal().clear();
    let _ = run();
    assert_eq!(writes(&to), Vec::<String>::new());
}

/// What cosign 3's own `copy` left at the destination: the image in the place of the index of referrers.
#[test]
fn an_image_under_the_fallback_tag_hides_nothing() {
    let (sandbox, registry) = (Sandbox::new(), start(false));
    let contents = registry.contents();
    let planted = Planted { contents, repository: "src", lists: false };
    let image = contents.plant_image("src", "v1");
    let bundle = planted.bundle(&image, MANIFEST, SIGN, "bundle");
    let at = |name: &str| format!("{}/{name}", registry.address());
    let _ = sandbox.run(&["copy", "--only", "sbom", &at("src:v1"), &at("dst:v1")]).ok();
    let _ = sandbox.run(&["copy", &at("src:v1"), &at("dst:v1")]).ok();
    contents.plant_tag("dst", &image.replace(':', "-"), &image);
    let _ = sandbox.run(&["copy", &at("src:v1"), &at("dst:v1")]).ok();
    let listed = entries(contents, "dst", &image.replace(':', "-"));
    assert_eq!(listed.iter().map(|entry| entry["digest"].as_str().unwrap()).collect::<Vec<_>>(), [bundle]);
    // And back from where it was so.
    contents.plant_tag("dst", &image.replace(':', "-"), &image);
    let _ = sandbox.run(&["copy", &at("dst:v1"), &at("third:v1")]).ok();
    assert_eq!(contents.manifest("third", "v1"), contents.manifest("src", "v1"));
}

/// CVE-2023-46737 of cosign: no end of what belongs to an image.
#[test]
fn numbers_and_sizes_have_limits() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    let contents = registry.contents();
    let planted = Planted { contents, repository: "src", lists: true };
    contents.plant_image("src", "v1");
    let config = planted.blob("application/vnd.oci.image.config.v1+json", "{}");
    let children: Vec<_> = (0..9)
        .map(|number| {
            let text = format!("{number}{}", "x".repeat(2 << 20));
            let document = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], "x": text });
            planted.manifest(None, &document)
        })
        .collect();
    let children: Vec<_> = children.iter().map(|digest| (MANIFEST, digest.as_str(), "")).collect();
    planted.index(Some("large"), &children);
    let at = |name: &str| format!("{}/{name}", registry.address());
    let _ = sandbox.run(&["copy", &at("src:large"), &at("dst:v1")]).code(8).says("16777216 bytes");
    registry.hook(|request| {
        if request.path.contains("/referrers/") { Fault::endless_pages(request) } else { Fault::none() }
    });
    let _ = sandbox.run(&["copy", &at("src:v1"), &at("dst:v1")]).code(8);
    assert!(contents.tags("dst").is_empty());
}

/// An index in an index in an index and so on is an error that says so, and not a stack that overflows.
#[test]
fn depth_has_a_limit() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    let contents = registry.contents();
    let planted = Planted { contents, repository: "src", lists: true };
    let mut digest = contents.plant_image("src", "leaf");
    let mut media_type = MANIFEST;
    for depth in 1..=9 {
        digest = planted.index(Some(&format!("depth-{depth}")), &[(media_type, &digest, "")]);
        media_type = INDEX;
    }
    let at = |name: &str| format!("{}/{name}", registry.address());
    let _ = sandbox.run(&["copy", &at("src:depth-8"), &at("dst:v1")]).ok();
    let _ = sandbox.run(&["copy", &at("src:depth-9"), &at("dst:v2")]).code(8).says("8 steps");
}

#[test]
fn each_registry_gets_its_own_credentials() {
    let secured = |user: &str| {
        let access = Access::basic(user, "right");
        Registry::start(Options { access, ..Options::default() }).unwrap()
    };
    let (sandbox, from, to) = (Sandbox::new(), secured("reader"), secured("writer"));
    from.contents().plant_image("src", "v1");
    for (registry, user) in [(&from, "reader"), (&to, "writer")] {
        let _ = sandbox.run(&["login", &registry.address(), "-u", user, "-p", "right"]).ok();
    }
    let names = [format!("{}/src:v1", from.address()), format!("{}/dst:v1", to.address())];
    let _ = sandbox.run(&["copy", &names[0], &names[1]]).ok();
    assert_eq!(to.contents().manifest("dst", "v1"), from.contents().manifest("src", "v1"));
    for registry in [&from, &to] {
        let seen: std::collections::BTreeSet<_> = registry
            .journal()
            .authorized(Host::Registry)
            .iter()
            .map(|r| r.authorization().unwrap().to_owned())
            .collect();
        assert_eq!(seen.len(), 1);
    }
}
