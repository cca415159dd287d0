//! `dockerfile verify` and `manifest verify`, against a registry that this test serves.

use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::json;

use crate::support::{Output, Run, Sandbox};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A registry with the images `one` and `two`, signed, and `bare`, which is not.
struct Served {
    sandbox: Sandbox,
    registry: Registry,
}

impl Served {
    fn start() -> Self {
        let (sandbox, registry) = (Sandbox::new(), Registry::start(Options::default()).unwrap());
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        for name in ["one", "two", "bare"] {
            let image = registry.contents().plant_image(name, "v1");
            if name != "bare" {
                sign(&sandbox, &registry, name, &image);
            }
        }
        Self { sandbox, registry }
    }

    fn at(&self, image: &str) -> String {
        format!("{}/{image}", self.registry.address())
    }

    /// Runs it; `@` in the text is the registry.
    fn run(&self, command: &str, name: &str, text: &str, args: &[&str]) -> Output {
        self.start_run(command, name, text, args).run()
    }

    fn start_run(&self, command: &str, name: &str, text: &str, args: &[&str]) -> Run {
        let _ = self.sandbox.file(name, text.replace('@', &self.registry.address()));
        let own = [command, "verify", "--key", "cosign.pub", "--no-log", name];
        self.sandbox.rcosign(&[&own[..], args].concat())
    }
}

/// Signs an image in the way of cosign 3: a statement of its digest, in a bundle that refers to it.
fn sign(sandbox: &Sandbox, registry: &Registry, repository: &str, image: &str) {
    let contents = registry.contents();
    let (_, own) = contents.manifest(repository, image).unwrap();
    let _ = sandbox.file("own", &own);
    let _ = sandbox.file("p.json", "{}");
    let sign =
        ["attest-blob", "--key", "cosign.key", "--offline", "--type", "https://sigstore.dev/cosign/sign/v1"];
    let _ = sandbox.run(&[&sign[..], &["--predicate", "p.json", "--bundle", "bundle", "own"]].concat()).ok();
    let bundle = sandbox.read("bundle");
    let (size, layer, config) =
        (bundle.len(), contents.plant_blob(repository, bundle), contents.plant_blob(repository, "{}"));
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": BUNDLE,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2 },
        "layers": [{ "mediaType": BUNDLE, "digest": layer, "size": size }],
        "subject": { "mediaType": MANIFEST, "digest": image, "size": own.len() },
    });
    let _ = contents.plant_manifest(repository, None, MANIFEST, manifest.to_string());
}

/// cosign 3.1 finds no bundles here, and takes `build` for an image (its quirks 22 and 23).
#[test]
fn images_of_a_dockerfile() {
    let served = Served::start();
    let run = |text: &str, args: &[&str]| served.run("dockerfile", "Dockerfile", text, args);
    let text = "ARG FROM=@/one\nFROM ${FROM}:v1 AS build\nFROM scratch\nCOPY --from=@/two:v1 /x /y\nCOPY --from=build /a /b\n";
    let output = run(text, &[]).ok();
    let (one, two) = (served.at("one:v1"), served.at("two:v1"));
    assert!(
        output.stderr.contains(&format!("- scratch image ignored\nExtracted image(s): {one}, {two}\n")),
        "{}",
        output.stderr
    );
    assert_eq!(output.stdout.lines().filter(|line| line.starts_with("[{")).count(), 2);

    let text = "FROM @/one:v1 AS build\nFROM build\nCOPY --from=@/bare:v1 /x /y\n";
    let _ = run(text, &[]).code(10).says("bare");
    let output = run(text, &["--base-image-only"]).ok();
    assert!(output.stderr.contains(&format!("Extracted image(s): {one}\n")), "{}", output.stderr);
    let _ = run("FROM @/one:v1 AS a\nFROM scratch\nCOPY --from=a x y", &["--base-image-only"])
        .code(1)
        .says("scratch");
    let _ = run("FROM scratch\n", &[]).code(1).says("no images found in Dockerfile");
    let _ = run("FROM @/one:v2\n", &[]).code(11).says("one:v2");
    let _ = run("# syntax=docker/dockerfile:1\nFROM @/one:v1\n", &[]).ok().says("docker/dockerfile:1");

    // cosign ends in a panic (its quirk 21).
    let _ = run("FROM ${BASE}\n", &[]).code(3).says("line 1: the variable `BASE` in `${BASE}` is not set");
    let _ =
        served.start_run("dockerfile", "Dockerfile", "FROM @/$BASE\n", &[]).env("BASE", "one:v1").run().ok();
    let text = "ARG BASE=bare:v1\nFROM @/$BASE\n";
    let _ = run(text, &["--build-arg", "BASE=one:v1"]).ok();
    let _ = run(text, &["--build-arg", "BASE"]).code(2);
    let _ =
        run("FROM @/one:v1\n", &["--build-arg", "X=1"]).ok().says("no ARG in the Dockerfile declares `X`");
    let _ = run("FROM @/one:v1\n", &["--local-image"]).code(2).says("--local-image");

    let own = ["dockerfile", "verify", "--key", "cosign.pub", "--no-log"];
    let text = format!("FROM {one}");
    let _ = served.sandbox.rcosign(&[&own[..], &["-"]].concat()).stdin(&text).run().ok();
    let _ = served.sandbox.run(&own).code(2).says("no Dockerfile");
    let _ = served.sandbox.run(&[&own[..], &["none"]].concat()).code(3).says("`none` does not exist");
}

#[test]
fn images_of_a_manifest() {
    let served = Served::start();
    let run = |name: &str, text: &str, args: &[&str]| served.run("manifest", name, text, args);
    let text = "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {initContainers: [{image: '@/one:v1'}], \
                containers: [{image: '@/two:v1'}]}}}}}\n---\nkind: ConfigMap\ndata: {}\n";
    let output = run("a.yaml", text, &[]).ok();
    let (one, two) = (served.at("one:v1"), served.at("two:v1"));
    assert!(output.stderr.contains(&format!("Extracted image(s): {one}, {two}\n")), "{}", output.stderr);
    assert!(!output.stderr.contains("WARNING"), "{}", output.stderr);
    let _ = run("a.yml", "kind: Pod\nspec: {containers: [{image: '@/bare:v1'}, {image: '@/one:v1'}]}", &[])
        .code(10);
    let _ = run("a.json", r#"{"kind": "Pod", "spec": {"containers": [{"image": "@/one:v1"}]}}"#, &[]).ok();

    let text = "kind: Pod\nspec: {containers: [{image: '@/one:v1'}]}\n---\nkind: Thing\nspec: {parts: [{image: '@/bare:v1'}]}\n";
    // cosign verifies the pod, and says that all is well.
    let _ = run("a.yaml", text, &[])
        .code(2)
        .says("in `Thing`: spec.parts[*].image")
        .says("--path \"spec.parts[*].image\"");
    let _ = run("a.yaml", text, &["--ignore-path", "spec.parts[*].image"]).ok();
    let no_image = text.replace("image: '@/bare:v1'", "name: x");
    let _ = run("a.yaml", &no_image, &[]).ok().says("WARNING: images in documents of these kinds (");
    let output = run("a.yaml", text, &["--path", "spec.parts[*].image"]).code(10);
    assert!(!output.stderr.contains("WARNING"), "{}", output.stderr);
    let _ = run("a.yaml", text, &["--path", "spec.part[*].image"])
        .code(2)
        .says("no image at `spec.part[*].image`");
    let _ = run("a.yaml", text, &["--path", "a..b"]).code(2).says("--path");

    let _ = run("a.yaml", "kind: ConfigMap", &[]).code(1).says("no images found in manifest");
    let _ = run("a.yaml", "a: 1", &[]).code(1).says("no document of `a.yaml` has a `kind`");
    let _ = run("a.yaml", "", &[]).code(1).says("`a.yaml` is empty");
    let _ = run("a.yaml", "hello", &[])
        .code(3)
        .says("is not a mapping, as those of Kubernetes are: it is a text");
    let _ = run("a.txt", "kind: Pod", &[]).code(2).says("ends neither in .yaml");
    let _ = run("a.yaml", "a: [", &[]).code(3).says("not YAML");
    let _ = run("a.yaml", "kind: Pod\nspec: {}\nspec: {}", &[]).code(3).says("`spec` appears twice");
    let laughs: String =
        (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))).collect();
    let _ = run("a.yaml", &format!("a0: &a0 [x]\n{laughs}"), &[]).code(8);
    let _ = run("a.yaml", "kind: Pod\nspec: {containers: [{image: '@/one:v1'}]}", &["--local-image"]).code(2);
    let own = ["manifest", "verify", "--key", "cosign.pub", "--no-log"];
    let json = format!("{{\n\t\"kind\": \"Pod\", \"spec\": {{\"containers\": [{{\"image\": \"{one}\"}}]}}}}");
    let _ = served.sandbox.rcosign(&[&own[..], &["-"]].concat()).stdin(&json).run().ok();
    let _ = served.sandbox.run(&own).code(2).says("no manifest");
}

/// On a command line `oci:folder` is a folder. In these files it is an image of Docker Hub, whatever folder is there.
#[test]
fn a_file_names_no_folder() {
    let served = Served::start();
    let _ = served.sandbox.file("a.txt", "a");
    let _ = served.sandbox.run(&["upload", "blob", "-f", "a.txt", "oci:latest:v1"]).ok();
    for (command, name, text) in [
        ("dockerfile", "Dockerfile", "FROM oci:latest\n"),
        ("manifest", "a.yaml", "kind: Pod\nspec: {containers: [{image: 'oci:latest'}]}"),
    ] {
        let run = served.start_run(command, name, text, &["--retry-for", "0s", "--timeout", "5s"]);
        // Nobody answers there.
        let output = run.env("HTTPS_PROXY", "http://127.0.0.1:9").run().code(5).says("index.docker.io");
        assert!(!output.stderr.contains("OCI image layout"), "{}", output.stderr);
    }
}
