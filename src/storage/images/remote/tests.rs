use std::time::Duration;

use super::super::Layout;
use super::*;
use crate::crypto::HashAlgorithm;
use crate::registry::{Connection, Keychain, MediaTypes};
use crate::sandbox::registry::{Fault, Options, Registry};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn client() -> Arc<Client> {
    let connection = Connection {
        authorities: None,
        certificate: None,
        server_name: None,
        accept_any_certificate: false,
        plain_http: false,
        token_servers: Vec::new(),
        retry_for: Duration::ZERO,
        total: Duration::from_secs(60),
        stall: Duration::from_secs(2),
    };
    Arc::new(Client::new(connection, Keychain::default()))
}

fn place(client: &Arc<Client>, registry: &Registry, path: &str) -> Place {
    let repository = Repository::parse(&format!("{}/{path}", registry.address())).unwrap();
    Place::Registry(Remote::new(Arc::clone(client), repository))
}

fn described(content: &[u8]) -> Descriptor {
    Descriptor::new("a/b", HashAlgorithm::Sha256.digest(content), content.len() as u64)
}

#[test]
fn blobs_come_from_layouts() {
    let (folder, registry) = (tempfile::tempdir().unwrap(), Registry::start(Options::default()).unwrap());
    let layout = Layout::create(&folder.path().join("l")).unwrap();
    let (here, to) = (Place::Layout(layout), place(&client(), &registry, "app"));
    let content = vec![3; 700_000];
    let blob = described(&content);
    run(async {
        here.put_blob(&blob, &content).await.unwrap();
        to.copy_blob(&here, &blob).await.unwrap();
        assert_eq!(to.blob(&blob, 1 << 20).await.unwrap().unwrap(), content);
        let missing = to.copy_blob(&here, &described(b"x")).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { .. }), "{missing:?}");
        // A file that is something else by now is not written anywhere.
        let other = vec![4; 700_000];
        here.put_blob(&described(&other), &other).await.unwrap();
        let file = folder.path().join("l/blobs/sha256").join(described(&other).digest.hex());
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, &content).unwrap();
        let error = to.copy_blob(&here, &described(&other)).await.unwrap_err();
        assert!(matches!(error, Error::Digest { .. }), "{error:?}");
        assert_eq!(to.blob(&described(&other), 1 << 20).await.unwrap(), None);
    });
}

/// An error of where a blob comes from names that place, not where it was to go.
#[test]
fn errors_name_the_place_that_they_are_of() {
    let [one, two] = [0, 1].map(|_| Registry::start(Options::default()).unwrap());
    let client = client();
    let (from, to) = (place(&client, &one, "app"), place(&client, &two, "app"));
    let blob = described(b"content");
    run(async {
        from.put_blob(&blob, b"content").await.unwrap();
        one.hook(|request| match request.is("GET", "/blobs/") {
            true => Fault::none().body("contents"),
            false => Fault::none(),
        });
        let error = to.copy_blob(&from, &blob).await.unwrap_err();
        assert!(error.to_string().contains(&one.address()), "{error}");
        one.unhook();
        two.hook(|request| match request.method.as_str() {
            "PUT" => Fault::status(507),
            _ => Fault::none(),
        });
        let error = to.copy_blob(&from, &blob).await.unwrap_err();
        assert!(error.to_string().contains(&two.address()), "{error}");
        two.unhook();
        to.copy_blob(&from, &blob).await.unwrap();
        assert_eq!(to.blob(&blob, 10).await.unwrap().unwrap(), b"content");
    });
}

/// Where the answer to HEAD says enough, nothing is fetched.
#[test]
fn what_a_tag_names_costs_one_request() {
    let registry = Registry::start(Options { checks_references: false, ..Options::default() }).unwrap();
    let here = place(&client(), &registry, "app");
    let empty = described(b"{}");
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{0}","config":{{"mediaType":"{0}","digest":"{1}","size":2}},"layers":[]}}"#,
        MediaTypes::Oci.manifest(),
        empty.digest
    );
    let tag = Target::Tag("v1".to_owned());
    run(async {
        here.put_manifest(&tag, MediaTypes::Oci.manifest(), text.as_bytes()).await.unwrap();
        let expected =
            Descriptor { media_type: MediaTypes::Oci.manifest().to_owned(), ..described(text.as_bytes()) };
        for (header, requests) in
            [("x-nothing", 1), ("docker-content-digest", 2), ("content-length", 2), ("content-type", 2)]
        {
            registry.hook(move |request| match request.method.as_str() {
                "HEAD" => Fault::none().without(header),
                _ => Fault::none(),
            });
            registry.journal().clear();
            assert_eq!(here.resolve(&tag).await.unwrap(), Some(expected.clone()), "{header}");
            assert_eq!(registry.journal().requests().len(), requests, "{header}");
        }
    });
}
