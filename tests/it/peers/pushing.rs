//! Writing to real registries, over plain HTTP, TLS of a private authority, with passwords and with client certificates.

use std::sync::Arc;
use std::time::Duration;

use rcosign::internals::crypto::{Digest, HashAlgorithm, Secret};
use rcosign::internals::http::{Authorities, ClientCertificate};
use rcosign::internals::registry::{
    Client, Connection, Credentials, Descriptor, GivenCredentials, Keychain, MediaTypes, Places, Reference,
    Repository, Target,
};
use rcosign::internals::storage::images::{Error, Place, Remote};

use super::registries::{crane_registry, distribution, distribution_with, push};
use crate::support::{Sandbox, peer, repository};

fn connection() -> Connection {
    Connection {
        authorities: None,
        certificate: None,
        server_name: None,
        accept_any_certificate: false,
        plain_http: false,
        token_servers: Vec::new(),
        retry_for: Duration::from_secs(5),
        total: Duration::from_secs(120),
        stall: Duration::from_secs(20),
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn place(client: &Arc<Client>, name: &str) -> Place {
    Place::Registry(Remote::new(Arc::clone(client), Repository::parse(name).unwrap()))
}

fn described(media_type: &str, content: &[u8]) -> Descriptor {
    Descriptor::new(media_type, HashAlgorithm::Sha256.digest(content), content.len() as u64)
}

/// An image of one layer, and the manifest.
struct Image {
    config: Vec<u8>,
    layer: Vec<u8>,
    manifest: Vec<u8>,
}

impl Image {
    fn new(types: MediaTypes) -> Self {
        let layer: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 253) as u8).collect();
        let config =
            br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.to_vec();
        let entry = |d: &Descriptor| {
            format!(r#"{{"mediaType":"{}","size":{},"digest":"{}"}}"#, d.media_type, d.size, d.digest)
        };
        let (of_config, of_layer) =
            (described(types.config(), &config), described("application/octet-stream", &layer));
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}}"#,
            types.manifest(),
            entry(&of_config),
            entry(&of_layer)
        );
        Self { config, layer, manifest: manifest.into_bytes() }
    }

    fn digest(&self) -> Digest {
        HashAlgorithm::Sha256.digest(&self.manifest)
    }
}

fn tag(name: &str) -> Target {
    Target::Tag(name.to_owned())
}

/// Writes an image, reads it, copies it within the registry, and removes it where that is possible.
async fn exercise(client: &Arc<Client>, server: &str, deletes: bool) {
    for (types, name) in [(MediaTypes::Oci, "oci"), (MediaTypes::Docker, "docker")] {
        let (here, copy) =
            (place(client, &format!("{server}/{name}/one")), place(client, &format!("{server}/{name}/two")));
        let image = Image::new(types);
        let (config, layer) = (described("x/y", &image.config), described("x/y", &image.layer));
        assert_eq!(here.resolve(&tag("v1")).await.unwrap(), None);
        for _ in 0..2 {
            here.put_blob(&config, &image.config).await.unwrap();
            here.put_blob(&layer, &image.layer).await.unwrap();
            let written = here.put_manifest(&tag("v1"), types.manifest(), &image.manifest).await.unwrap();
            assert_eq!((written.digest, written.lists_referrers), (image.digest(), false));
        }
        let found = here.resolve(&tag("v1")).await.unwrap().unwrap();
        assert_eq!(found, described(types.manifest(), &image.manifest));
        for (content, descriptor) in [(&image.config, &config), (&image.layer, &layer)] {
            for _ in 0..2 {
                copy.copy_blob(&here, descriptor).await.unwrap();
            }
            assert_eq!(copy.blob(descriptor, 1 << 24).await.unwrap().as_ref(), Some(content));
        }
        let by_digest = Target::Digest(image.digest());
        copy.put_manifest(&by_digest, types.manifest(), &image.manifest).await.unwrap();
        assert_eq!(copy.manifest(&by_digest).await.unwrap().unwrap().bytes, image.manifest);
        if deletes {
            assert!(here.delete(&tag("v1")).await.unwrap());
            assert!(!here.delete(&tag("v1")).await.unwrap());
            assert_eq!(here.resolve(&tag("v1")).await.unwrap(), None);
            assert!(copy.delete(&by_digest).await.unwrap());
            assert!(!copy.delete(&by_digest).await.unwrap());
            assert_eq!(copy.resolve(&by_digest).await.unwrap(), None);
            here.put_manifest(&tag("v2"), types.manifest(), &image.manifest).await.unwrap();
        } else {
            for target in [&tag("v1"), &by_digest] {
                let error = here.delete(target).await.unwrap_err();
                assert!(matches!(error, Error::Registry(_)), "{error:?}");
                assert!(error.to_string().contains("does not delete"), "{error}");
            }
            assert!(here.resolve(&tag("v1")).await.unwrap().is_some());
        }
    }
}

fn anonymous(connection: Connection) -> Arc<Client> {
    Arc::new(Client::new(connection, Keychain::default()))
}

#[test]
fn docker_registry_takes_what_is_written() {
    let sandbox = Sandbox::new();
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    run(exercise(&anonymous(connection()), &registry.address.to_string(), false));
    let other = Sandbox::new();
    let registry = distribution_with(&other, "", "", &[("REGISTRY_STORAGE_DELETE_ENABLED", "true")]).unwrap();
    run(exercise(&anonymous(connection()), &registry.address.to_string(), true));
    // What is there is sound in the eyes of others.
    let (Some(crane), image) = (peer("crane"), format!("{}/oci/one:v2", registry.address)) else { return };
    let digest = other.program(&crane, &["digest", &image]).run().ok().stdout;
    assert_eq!(digest.trim(), Image::new(MediaTypes::Oci).digest().to_string());
}

#[test]
fn cranes_registry_takes_what_is_written() {
    let Some(registry) = crane_registry() else { return };
    run(exercise(&anonymous(connection()), &registry.address.to_string(), true));
}

/// From one registry to another, whatever each of them is.
#[test]
fn blobs_pass_from_registry_to_registry() {
    let sandbox = Sandbox::new();
    let (Some(one), Some(two)) = (distribution(&sandbox, "", ""), crane_registry()) else { return };
    let client = anonymous(connection());
    let [one, two] = [one.address, two.address].map(|a| place(&client, &format!("{a}/app/one")));
    let image = Image::new(MediaTypes::Oci);
    let layer = described("x/y", &image.layer);
    run(async {
        one.put_blob(&layer, &image.layer).await.unwrap();
        two.copy_blob(&one, &layer).await.unwrap();
        assert_eq!(two.blob(&layer, 1 << 24).await.unwrap().unwrap(), image.layer);
        let missing = two.copy_blob(&one, &described("x/y", b"missing")).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { .. }), "{missing:?}");
    });
}

#[test]
fn a_private_authority_and_client_certificates_serve_for_writing() {
    let sandbox = Sandbox::new();
    let tls = repository().join("testdata/tls");
    let at = |name: &str| tls.join(name).display().to_string();
    let read = |name: &str| std::fs::read(tls.join(name)).unwrap();
    let trusting = || Connection {
        authorities: Some(Authorities { name: "the test's".to_owned(), pem: read("authority.pem") }),
        ..connection()
    };
    let plain = format!("  tls: {{certificate: {}, key: {}}}\n", at("server.pem"), at("server.key"));
    let Some(registry) = distribution(&sandbox, &plain, "") else { return };
    run(exercise(&anonymous(trusting()), &registry.address.to_string(), false));
    let refused = place(&anonymous(connection()), &format!("{}/app/one", registry.address));
    assert!(run(refused.put_blob(&described("x/y", b"x"), b"x")).is_err());
    drop(registry);
    let mutual = format!(
        "  tls:\n    certificate: {}\n    key: {}\n    clientcas: [{}]\n",
        at("server.pem"),
        at("server.key"),
        at("client-authority.pem")
    );
    let other = Sandbox::new();
    let registry = distribution(&other, &mutual, "").unwrap();
    let known = Connection {
        certificate: Some(ClientCertificate {
            name: "the test's".to_owned(),
            certificate: read("client.pem"),
            key: Secret::new(read("client.key")),
        }),
        ..trusting()
    };
    run(exercise(&anonymous(known), &registry.address.to_string(), false));
    let unknown = Connection { retry_for: Duration::ZERO, ..trusting() };
    let refused = place(&anonymous(unknown), &format!("{}/app/one", registry.address));
    assert!(run(refused.put_blob(&described("x/y", b"x"), b"x")).is_err());
}

#[test]
fn passwords_serve_for_writing() {
    let sandbox = Sandbox::new();
    // bcrypt of `secret`.
    sandbox.file("htpasswd", "user:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n");
    let top = format!("auth: {{htpasswd: {{realm: x, path: {}}}}}\n", sandbox.at("htpasswd").display());
    let Some(registry) = distribution(&sandbox, "", &top) else { return };
    let with = |password: &str| {
        let credentials = Credentials::of("user", Secret::new(password.as_bytes().to_vec())).unwrap();
        let given = Some(GivenCredentials { credentials, source: "the test" });
        Arc::new(Client::new(connection(), Keychain { given, places: Places::default(), ambient: None }))
    };
    run(exercise(&with("secret"), &registry.address.to_string(), false));
    for client in [with("wrong"), anonymous(connection())] {
        let refused = place(&client, &format!("{}/app/one", registry.address));
        let error = run(refused.put_blob(&described("x/y", b"x"), b"x")).unwrap_err();
        assert!(error.to_string().contains("refuses access (status 401)"), "{error}");
    }
}

/// What crane takes for a name, and the server that it means by it.
#[test]
fn names_are_those_of_crane() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = Sandbox::new();
    let digest = format!("sha256:{}", "a".repeat(64));
    let (longest, too_long) = (format!("h.x/{}", "a".repeat(255)), format!("h.x/{}", "a".repeat(256)));
    let (full, too_full) = (format!("h.x/aa:{}", "t".repeat(128)), format!("h.x/aa:{}", "t".repeat(129)));
    for name in [
        "ubuntu",
        "ab",
        "a",
        "A/b",
        "Ub",
        "",
        "ubuntu:v1",
        "ubuntu:-x",
        "ubuntu:.x",
        "ubuntu:",
        "localhost",
        "localhost/x",
        "localhost/xx",
        "localhost:5000/xx",
        "a.b/cc",
        "a.b:80/cc",
        "a.b:x/cc",
        "a_b.c/dd",
        "[::1]:5000/xx",
        "[::1]/xx",
        "h.x",
        "h.x/",
        "h.x/--",
        "h.x/a__b",
        "h.x/aa:b:c",
        "h.x/aa b",
        " h.x/aa",
        "h.x?/aa",
        "h.x#/aa",
        "h%41.x/aa",
        "docker.io/ubuntu",
        "docker.io/library/ubuntu",
        "index.docker.io/ubuntu",
        "registry-1.docker.io/ubuntu",
        "H.X/aa",
        "10.0.0.1/aa",
        "foo/bar",
        "foo/bar/baz",
        "user@host.x/aa",
        "h.x/aa@sha256:1",
        "h.x/\u{e4}",
        longest.as_str(),
        &too_long,
        &full,
        &too_full,
    ] {
        for name in [name.to_owned(), format!("{name}@{digest}")] {
            let theirs = sandbox
                .program(&crane, &["digest", &name])
                .env("HTTPS_PROXY", "http://127.0.0.1:1")
                .env("HTTP_PROXY", "http://127.0.0.1:1")
                .run();
            let ours = Reference::parse(&name);
            let refused = theirs.stderr.contains("parsing reference");
            assert_eq!(ours.is_err(), refused, "`{name}`: {ours:?} {}", theirs.stderr);
            if let Ok(ours) = ours {
                let server = format!("\"https://{}/v2/", ours.repository().registry());
                assert!(theirs.stderr.contains(&server), "`{name}`: {server} {}", theirs.stderr);
            }
        }
    }
}

/// Tag, digest, and both: the digest that crane finds is the one that is found here.
#[test]
fn digests_are_those_of_crane() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = Sandbox::new();
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    let name = format!("{}/app/one", registry.address);
    let digest = push(&sandbox, &crane, &format!("{name}:v1"), &[]);
    let other = format!("sha256:{}", "b".repeat(64));
    for image in [
        name.clone(),
        format!("{name}:latest"),
        format!("{name}:v1"),
        format!("{name}@{digest}"),
        format!("{name}:v1@{digest}"),
        format!("{name}:none@{digest}"),
        format!("{name}:none"),
        format!("{name}@{other}"),
        format!("{name}:v1@{other}"),
    ] {
        let theirs = sandbox.program(&crane, &["digest", &image]).run();
        let reference = Reference::parse(&image).unwrap();
        let ours =
            run(place(&anonymous(connection()), &reference.repository().to_string())
                .resolve(reference.target()))
            .unwrap();
        let theirs = (theirs.code == 0).then(|| theirs.stdout.trim().to_owned());
        assert_eq!(ours.map(|found| found.digest.to_string()), theirs, "{image}");
    }
}
