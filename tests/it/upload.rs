//! `upload blob` and `upload wasm`, against a registry that this test serves, and into layouts.

use rcosign::internals::sandbox::registry::{Options, Registry};

use crate::support::Sandbox;

fn start() -> (Sandbox, Registry) {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "hello\n");
    let _ = sandbox.file("b.json", "{\"a\":1}");
    let _ = sandbox.file("m.wasm", b"\0asm\x01\0\0\0");
    (sandbox, Registry::start(Options::default()).unwrap())
}

/// The digests are those of what cosign 3.1 uploads.
#[test]
fn one_file() {
    let (sandbox, registry) = start();
    let host = registry.address();
    let digest = "sha256:58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede";
    let output = sandbox.run(&["upload", "blob", "-f", "a.txt", &format!("{host}/files/a")]).ok();
    assert_eq!(output.stdout, format!("{host}/files/a@{digest}\n"));
    let layer = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    assert_eq!(
        output.stderr,
        format!(
            "Uploading file from [a.txt] to [{host}/files/a:latest] with media type [text/plain]\n\
             File [a.txt] is available directly at [{host}/v2/files/a/blobs/{layer}]\nUploaded image to:\n"
        )
    );
    assert_eq!(registry.contents().tags("files/a"), [("latest".to_owned(), digest.to_owned())]);
    assert_eq!(registry.contents().blob("files/a", layer).unwrap(), b"hello\n");
    for (args, digest) in [
        (&["-a", "z=1,a=<b>&"][..], "6a5f2f0e8385947cf2a2e5f3fe3135f5bd27c4ca834ad71564c4217ab81607b5"),
        (&["--ct", "application/x.y"], "78d84f83c93f13fd61892b5fa65b8446ab89fd141b5f738e6861730e3038db19"),
    ] {
        let image = format!("{host}/files/b:1");
        let output = sandbox.run(&[&["upload", "blob", "-f", "a.txt", &image], args].concat()).ok();
        assert_eq!(output.stdout, format!("{host}/files/b@sha256:{digest}\n"));
    }
    // A platform of a single file is written down nowhere, as with cosign.
    let image = format!("{host}/files/c@{digest}");
    let _ = sandbox.run(&["upload", "blob", "-f", "a.txt:linux/arm64", &image]).ok();
    registry.journal().clear();
    let _ = sandbox.run(&["upload", "blob", "-f", "b.json", &image]).code(2).says("has another digest");
    let _ =
        sandbox.run(&["upload", "blob", "-f", "none", &format!("{host}/files/c")]).code(11).says("`none`");
    let _ = sandbox.run(&["upload", "blob", &format!("{host}/files/c")]).code(2).says("no file to upload");
    let _ = sandbox.run(&["upload", "blob", "-f", "a.txt"]).code(2).says("no place");
    assert_eq!(registry.journal().requests().len(), 0);
}

#[test]
fn several_files_become_an_index() {
    let (sandbox, registry) = start();
    let image = format!("{}/files:1", registry.address());
    let files = ["-f", "a.txt:linux/amd64", "-f", "b.json:darwin/arm64"];
    let output = sandbox.run(&[&["upload", "blob", "-a", "k=v", &image], &files[..]].concat()).ok();
    let digest = "sha256:efe0bc2713b4e5f3514839fece0376773202fbe1d39a5422ad38f489c7e66bf4";
    let name = format!("{}/files@{digest}", registry.address());
    assert_eq!(output.stdout, format!("{name}\n"));
    assert!(
        output.stderr.ends_with(&format!("Uploading multi-platform index to {name}\n")),
        "{}",
        output.stderr
    );
    assert_eq!(registry.contents().tags("files"), [("1".to_owned(), digest.to_owned())]);
    assert_eq!(registry.contents().manifests("files").len(), 3);
    let files = ["-f", "a.txt:linux/arm/v7", "-f", "b.json:linux/arm/v6"];
    let _ = sandbox.run(&[&["upload", "blob", &image], &files[..]].concat()).ok();
    let (_, index) = registry.contents().manifest("files", "1").unwrap();
    let index = String::from_utf8(index).unwrap();
    assert!(index.contains(r#""platform":{"architecture":"arm","os":"linux","variant":"v7"}"#), "{index}");
    registry.journal().clear();
    for files in [["-f", "a.txt", "-f", "b.json:linux"], ["-f", "a.txt:linux", "-f", "b.json:linux"]] {
        let _ = sandbox.run(&[&["upload", "blob", &image], &files[..]].concat()).code(2).says("platform");
    }
    assert_eq!(registry.journal().requests().len(), 0);
}

#[test]
fn a_module() {
    let (sandbox, registry) = start();
    let image = format!("{}/module:1", registry.address());
    let output = sandbox.run(&["upload", "wasm", "--file", "m.wasm", &image]).ok();
    assert_eq!(
        (output.stdout, output.stderr),
        (String::new(), format!("Uploading wasm file from [m.wasm] to [{image}].\n"))
    );
    let (_, manifest) = registry.contents().manifest("module", "1").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v1+json");
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.wasm.content.layer.v1+wasm");
    let _ =
        sandbox.run(&["upload", "wasm", "-f", "a.txt", &image]).ok().says("does not begin as WebAssembly");
    let _ = sandbox.run(&["upload", "wasm", &image]).code(2).says("no module");
}

/// A registry that asks for a password takes the upload with it.
#[test]
fn a_large_file_with_a_password() {
    use rcosign::internals::sandbox::registry::Access;
    let sandbox = Sandbox::new();
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 4]).collect();
    let _ = sandbox.file("large", &content);
    let registry =
        Registry::start(Options { access: Access::basic("user", "right"), ..Options::default() }).unwrap();
    let image = format!("{}/large:1", registry.address());
    let _ = sandbox.run(&["upload", "blob", "-f", "large", &image]).code(6);
    let user = ["--registry-username", "user", "--registry-password", "right"];
    let _ = sandbox.run(&[&["upload", "blob", "-f", "large", &image], &user[..]].concat()).ok();
    let (_, manifest) = registry.contents().manifest("large", "1").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    assert_eq!(registry.contents().blob("large", layer).unwrap(), content);
}

#[test]
fn into_a_layout() {
    let (sandbox, _) = start();
    let output = sandbox.run(&["upload", "blob", "-f", "a.txt", "oci:layout:v1"]).ok();
    let digest = "58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede";
    assert_eq!(output.stdout, format!("oci:layout@sha256:{digest}\n"));
    assert!(sandbox.has(&format!("layout/blobs/sha256/{digest}")));
    let _ = sandbox.run(&["upload", "blob", "-f", "a.txt", "oci:layout"]).code(2).says("add a tag");
    let _ = sandbox.run(&["upload", "blob", "-f", "none", "oci:other:v1"]).code(11);
    assert!(!sandbox.has("other"));
}
