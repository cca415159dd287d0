//! What the real cosigns upload, and which images they find in files, beside ours.

use rcosign::internals::sandbox::registry::{Options, Registry};

use super::peers;
use crate::support::Sandbox;

/// Everything that is uploaded has the digest of what a real cosign uploads.
#[test]
fn uploads_are_the_same_bytes() {
    for peer in peers() {
        let (sandbox, registry) = (Sandbox::new(), Registry::start(Options::default()).unwrap());
        let host = registry.address();
        for (name, content) in [
            ("text", &b"hello\n"[..]),
            ("json", b"{\"a\":1}"),
            ("page", b" <html>"),
            ("xml", b"<?xml version=\"1.0\"?>"),
            ("elf", b"\x7fELF\x02\x01\x01\0\0\0"),
            ("zip", b"PK\x03\x04rest"),
            ("gzip", b"\x1f\x8b\x08\0\0"),
            ("mark", b"\xef\xbb\xbfx\0"),
            ("mp4", b"\0\0\0\x14ftypisom\0\0\0\0mp41"),
            ("wasm", b"\0asm\x01\0\0\0"),
            ("empty", b""),
            ("octets", &[0xff, 0, 1, 2]),
        ] {
            let _ = sandbox.file(name, content);
            let args = |tool: &str| {
                ["upload", "blob", "-f", name, &format!("{host}/{tool}/{name}:1")].map(str::to_owned)
            };
            let (theirs, ours) = (args("theirs"), args("ours"));
            let theirs = peer.run(&sandbox, &theirs.each_ref().map(String::as_str)).ok();
            let ours = sandbox.run(&ours.each_ref().map(String::as_str)).ok();
            assert_eq!(ours.stdout.replace("/ours/", "/theirs/"), theirs.stdout, "{name}");
            assert_eq!(ours.stderr.replace("/ours/", "/theirs/"), theirs.stderr, "{name}");
        }
        let same = |args: &[&str]| {
            let [theirs, ours] = ["theirs", "ours"].map(|tool| format!("{host}/{tool}:1"));
            let _ = peer.run(&sandbox, &[args, &[&theirs]].concat()).ok();
            let _ = sandbox.run(&[args, &[&ours]].concat()).ok();
            let manifest = |tool| registry.contents().manifest(tool, "1").unwrap();
            assert_eq!(manifest("ours"), manifest("theirs"), "{args:?}");
        };
        same(&["upload", "blob", "-a", "z=1", "-a", "a=<b>&\u{e4}", "-f", "text"]);
        same(&["upload", "blob", "--ct", "application/x.y", "-f", "text"]);
        same(&["upload", "blob", "-f", "text:linux"]);
        same(&["upload", "blob", "-a", "k=v", "-f", "text:linux/amd64", "-f", "json:darwin"]);
        same(&["upload", "wasm", "-f", "wasm"]);
        same(&["upload", "wasm", "-f", "text"]);
    }
}

fn extracted(stderr: &str) -> Option<&str> {
    stderr.lines().find_map(|line| line.strip_prefix("Extracted image(s): "))
}

/// The same images come out of what both can read.
#[test]
fn the_same_images_are_extracted() {
    let registry = Registry::start(Options::default()).unwrap();
    let host = registry.address();
    for peer in peers() {
        let sandbox = Sandbox::new();
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        for (command, name, text) in [
            ("dockerfile", "Dockerfile", "FROM @/a\n"),
            ("dockerfile", "Dockerfile", "from --platform=linux/amd64 @/a:3 AS build\nFROM @/b AS x\n"),
            ("dockerfile", "Dockerfile", "FROM @/a:${ENVV}\nFROM @/b:$ENVV\n"),
            ("dockerfile", "Dockerfile", "# FROM @/no\nFROM scratch\nFROM @/a\nFROM @/a\n"),
            (
                "manifest",
                "a.yaml",
                "kind: Pod\nspec: {initContainers: [{image: @/i}], containers: [{image: @/c}, {image: @/d}]}",
            ),
            (
                "manifest",
                "a.yml",
                "kind: Job\nspec: {template: {spec: {containers: [{image: @/c}]}}}\n---\nkind: Other\nspec: {containers: [{image: @/o}]}",
            ),
            (
                "manifest",
                "a.yaml",
                "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: @/j}]}}}}}",
            ),
        ] {
            // In the flow style of YAML a text may not begin with a reserved character, but a host may.
            let _ = sandbox.file(name, text.replace('@', &host));
            let args = [command, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", name];
            let theirs = sandbox.program(&peer.program, &args).env("ENVV", "e").run();
            let ours = sandbox.rcosign(&args).env("ENVV", "e").run();
            assert_eq!(extracted(&ours.stderr), extracted(&theirs.stderr), "{text}");
            assert!(extracted(&ours.stderr).is_some(), "{text}: {}", ours.stderr);
        }
    }
}
