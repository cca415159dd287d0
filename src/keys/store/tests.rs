//! Stores in this process, as the public documentation of their interfaces describes them, with real keys.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json as object};

use super::*;
use crate::crypto::{HashAlgorithm, SignatureScheme, Signed, SigningInput, base64};
use crate::keys::service::tests::{Reply, Seen, Served, World, failed, json, reply, serve};

const TOKEN: &str = "glpat-a-token-that-is-secret";
const PASSWORD: &str = "pa$$wörd";

type Values = Arc<Mutex<BTreeMap<String, Value>>>;

fn pair() -> (KeyPair, Secret) {
    let password = Secret::new(PASSWORD.as_bytes().to_vec());
    (KeyPair::generate(&password).unwrap(), password)
}

impl World {
    /// Has a store take a key pair: whether there was one, and what is said.
    fn store(
        &self,
        reference: &str,
        pair: &KeyPair,
        password: &Secret,
    ) -> Result<(bool, Vec<String>), Error> {
        self.asks(async |sources| {
            let store = Store::open(&KeyRef::parse(reference)?, sources).await?;
            Ok((store.has_key(), store.write(pair, password).await?))
        })
    }
}

/// What is signed by the key of a store is accepted by its public key.
fn signs(world: &World, reference: &str, pair: &KeyPair) {
    let (public_key, signature) = world.sign(reference, &SigningInput::message(b"text".to_vec())).unwrap();
    assert_eq!(public_key.to_pem(), pair.public);
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
    public_key.verify(scheme, Signed::Message(b"text"), &signature).unwrap();
    assert_eq!(world.public_key(reference).unwrap(), public_key);
}

// Kubernetes.

fn status(code: u16, reason: &str, message: &str) -> Reply {
    json(
        code,
        &object!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code }),
    )
}

/// An API server with the namespace `ns`: optimistic concurrency, immutable secrets, strict types.
fn cluster(values: &Values) -> Served {
    let values = Arc::clone(values);
    serve(move |seen| {
        if seen.authorization() != Some(&*format!("Bearer {TOKEN}")) {
            return status(401, "Unauthorized", "Unauthorized");
        }
        let mut values = values.lock().unwrap();
        let (method, path) = seen.line.split_once(' ').unwrap();
        let Some(below) = path.strip_prefix("/api/v1/namespaces/ns/secrets") else {
            let said = "secrets is forbidden: User \"me\" cannot get resource \"secrets\" in API group \"\"";
            return status(403, "Forbidden", said);
        };
        let name = below.trim_start_matches('/').to_owned();
        match method {
            "GET" => match values.get(&name) {
                Some(secret) => json(200, secret),
                None => status(404, "NotFound", &format!("secrets \"{name}\" not found")),
            },
            "POST" | "PUT" => {
                assert_eq!(seen.header("content-type"), Some("application/json"));
                let mut sent = seen.json();
                assert_eq!((&sent["apiVersion"], &sent["kind"]), (&"v1".into(), &"Secret".into()));
                assert_eq!(sent["metadata"]["namespace"], "ns");
                let name = sent["metadata"]["name"].as_str().unwrap().to_owned();
                for value in sent["data"].as_object().unwrap().values() {
                    base64::decode(value.as_str().unwrap()).unwrap();
                }
                match (method, values.get(&name)) {
                    ("POST", Some(_)) => return status(409, "AlreadyExists", "already exists"),
                    ("PUT", Some(there)) => {
                        assert_eq!(below, format!("/{name}"));
                        let version = &sent["metadata"]["resourceVersion"];
                        if version.as_str() == Some("0") || *version != there["metadata"]["resourceVersion"] {
                            return status(409, "Conflict", "the object has been modified");
                        }
                        assert_eq!(sent["type"], there["type"], "the type of a secret does not change");
                    }
                    ("PUT", None) => return status(404, "NotFound", "not found"),
                    _ => assert!(below.is_empty()),
                }
                sent["metadata"]["resourceVersion"] = "8".into();
                values.insert(name, sent.clone());
                json(if method == "POST" { 201 } else { 200 }, &sent)
            }
            _ => status(405, "MethodNotAllowed", "no"),
        }
    })
}

/// An environment with a kubeconfig in a folder, which has to live as long.
fn kube(server: &str, user: &str) -> (tempfile::TempDir, World) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {{cluster: k, user: u}}\nclusters:\n- name: k\n  cluster: {{server: '{server}'}}\nusers:\n- name: u\n  user: {{{user}}}\n"
    );
    std::fs::write(&path, text).unwrap();
    let world = World::new(&[("KUBECONFIG", path.to_str().unwrap())]);
    (folder, world)
}

#[test]
fn a_secret_of_kubernetes_is_created_and_used() {
    let values = Values::default();
    let server = cluster(&values);
    let (_folder, world) = kube(&server.url, &format!("token: {TOKEN}"));
    let (pair, password) = pair();
    let (had, said) = world.store("k8s://ns/cosign", &pair, &password).unwrap();
    assert!(!had);
    assert_eq!(said, ["Successfully created secret cosign in namespace ns"]);
    assert_eq!(
        server.lines(),
        ["GET /api/v1/namespaces/ns/secrets/cosign", "POST /api/v1/namespaces/ns/secrets"]
    );
    let there = values.lock().unwrap()["cosign"].clone();
    assert_eq!(there["immutable"], true);
    assert_eq!(there["data"]["cosign.password"], base64::encode(PASSWORD));
    signs(&world, "k8s://ns/cosign", &pair);
    // What is immutable is not written to, and nobody has to be asked for a password to learn it.
    let _ = server.lines();
    let error = failed(world.store("k8s://ns/cosign", &pair, &password));
    assert!(error.contains("immutable"), "{error}");
    assert_eq!(server.lines(), ["GET /api/v1/namespaces/ns/secrets/cosign"]);
}

#[test]
fn a_secret_that_is_there_is_updated_and_keeps_what_else_is_in_it() {
    let values = Values::default();
    let other = object!({ "apiVersion": "v1", "kind": "Secret", "type": "example.com/keys",
        "metadata": { "name": "cosign", "namespace": "ns", "resourceVersion": "7", "labels": { "a": "b" } },
        "data": { "other": "AAAA" } });
    values.lock().unwrap().insert("cosign".into(), other);
    let server = cluster(&values);
    let (_folder, world) = kube(&server.url, &format!("token: {TOKEN}"));
    let (pair, password) = pair();
    let (had, said) = world.store("k8s://ns/cosign", &pair, &password).unwrap();
    assert!(!had);
    assert_eq!(said, ["Successfully updated secret cosign in namespace ns"]);
    let there = values.lock().unwrap()["cosign"].clone();
    assert_eq!((&there["data"]["other"], &there["metadata"]["labels"]["a"]), (&"AAAA".into(), &"b".into()));
    signs(&world, "k8s://ns/cosign", &pair);
    // Somebody else was faster.
    let mut changed = there;
    changed["immutable"] = false.into();
    changed["metadata"]["resourceVersion"] = "0".into();
    values.lock().unwrap().insert("cosign".into(), changed);
    let error = failed(world.store("k8s://ns/cosign", &pair, &password));
    assert!(error.contains("status 409") && error.contains("has been modified"), "{error}");
}

#[test]
fn refusals_of_kubernetes_say_what_is_missing() {
    let values = Values::default();
    let server = cluster(&values);
    let (_folder, world) = kube(&server.url, &format!("token: {TOKEN}"));
    let error = failed(world.public_key("k8s://ns/absent"));
    assert!(error.contains("there is no secret absent in the namespace ns"), "{error}");
    let error = failed(world.public_key("k8s://other/cosign"));
    assert!(error.contains("allows `get` of secrets in the namespace other"), "{error}");
    assert!(error.contains("status 403") && error.contains("forbidden"), "{error}");
    let (_folder, world) = kube(&server.url, "token: another");
    let error = failed(world.public_key("k8s://ns/cosign"));
    assert!(error.contains("was not accepted") && !error.contains("another"), "{error}");
    let name = object!({ "name": "cosign", "namespace": "ns", "resourceVersion": "1" });
    for (secret, words) in [
        (object!({ "metadata": name }), "there is no cosign.pub"),
        (object!({ "metadata": name, "data": { "cosign.pub": "%" } }), "cannot be used"),
        (object!({ "metadata": { "name": "x", "namespace": "ns" } }), "is not `cosign`"),
    ] {
        values.lock().unwrap().insert("cosign".into(), secret);
        let (_folder, world) = kube(&server.url, &format!("token: {TOKEN}"));
        let error = failed(world.public_key("k8s://ns/cosign"));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_kept_password_that_opens_nothing_is_an_error_of_its_own() {
    let values = Values::default();
    let server = cluster(&values);
    let (_folder, world) = kube(&server.url, &format!("token: {TOKEN}"));
    let (pair, _) = pair();
    world.store("k8s://ns/cosign", &pair, &Secret::new(b"another".to_vec())).unwrap();
    let error = world.sign("k8s://ns/cosign", &SigningInput::message(Vec::new())).unwrap_err();
    assert!(error.contains("the password that is kept with it does not open it"), "{error}");
}

// GitLab.

/// What GitLab shows for `/projects/group%2Fproject` and `/groups/group`, with this answer in place of every other where it is set.
fn gitlab(values: &Values, spoilt: Option<(&'static str, Reply)>) -> Served {
    let values = Arc::clone(values);
    serve(move |seen| {
        if seen.authorization() != Some(&*format!("Bearer {TOKEN}")) {
            return json(401, &object!({ "message": "401 Unauthorized" }));
        }
        let (method, path) = seen.line.split_once(' ').unwrap();
        if let Some((line, reply)) = &spoilt
            && seen.line.contains(line)
        {
            return reply.clone();
        }
        let below = ["/api/v4/projects/group%2Fproject/variables", "/api/v4/groups/group/variables"]
            .into_iter()
            .find_map(|known| path.strip_prefix(known));
        let Some(below) = below else {
            return json(404, &object!({ "message": "404 Project Not Found" }));
        };
        variables_of_gitlab(&mut values.lock().unwrap(), seen, method, below.trim_start_matches('/'))
    })
}

fn variables_of_gitlab(values: &mut BTreeMap<String, Value>, seen: &Seen, method: &str, name: &str) -> Reply {
    if method == "GET" {
        return match values.get(name) {
            Some(variable) => json(200, variable),
            None => json(404, &object!({ "message": "404 Variable Not Found" })),
        };
    }
    if method == "DELETE" {
        return match values.remove(name) {
            Some(_) => reply(204),
            None => json(404, &object!({ "message": "404 Variable Not Found" })),
        };
    }
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let sent = seen.json();
    let key = sent["key"].as_str().unwrap().to_owned();
    assert_eq!(sent["variable_type"], "env_var");
    assert_eq!(
        (&sent["protected"], &sent["masked"], &sent["raw"]),
        (&false.into(), &false.into(), &true.into())
    );
    match method {
        "POST" if values.contains_key(&key) => {
            json(400, &object!({ "message": { "key": [format!("({key}) has already been taken")] } }))
        }
        "PUT" if name != key || !values.contains_key(&key) => json(404, &object!({ "message": "404" })),
        _ => {
            values.insert(key, sent.clone());
            json(if method == "POST" { 201 } else { 200 }, &sent)
        }
    }
}

fn gitlab_world(server: &Served) -> World {
    World::new(&[("GITLAB_HOST", &server.url), ("GITLAB_TOKEN", TOKEN)])
}

#[test]
fn variables_of_gitlab_are_made_used_and_replaced() {
    for reference in ["gitlab://group/project", "gitlab://group"] {
        let values = Values::default();
        let server = gitlab(&values, None);
        let world = gitlab_world(&server);
        for round in [false, true] {
            let (pair, password) = pair();
            let (had, said) = world.store(reference, &pair, &password).unwrap();
            assert_eq!(had, round);
            assert_eq!(
                said,
                [
                    "Password written to \"COSIGN_PASSWORD\" variable",
                    "Private key written to \"COSIGN_PRIVATE_KEY\" variable",
                    "Public key written to \"COSIGN_PUBLIC_KEY\" variable",
                ]
            );
            assert_eq!(values.lock().unwrap()["COSIGN_PASSWORD"]["value"], PASSWORD);
            signs(&world, reference, &pair);
        }
    }
}

#[test]
fn refusals_of_gitlab_say_what_is_missing() {
    let (pair, password) = pair();
    for (line, status, message, words) in [
        ("GET ", 403, object!({ "message": "403 Forbidden" }), "`api`"),
        ("GET ", 401, object!({ "message": "401 Unauthorized" }), "GITLAB_TOKEN was not accepted"),
        (
            "POST ",
            400,
            object!({ "message": { "key": ["(X) has already been taken"] } }),
            "already been taken",
        ),
        ("POST ", 404, object!({ "message": "404 Project Not Found" }), "Maintainer of the project or group"),
        ("POST ", 422, object!({ "message": "unprocessable" }), "status 422: unprocessable"),
    ] {
        let server = gitlab(&Values::default(), Some((line, json(status, &message))));
        let error = failed(gitlab_world(&server).store("gitlab://group/project", &pair, &password));
        assert!(error.contains(words) && !error.contains(TOKEN) && !error.contains(PASSWORD), "{error}");
    }
    let values = Values::default();
    let server = gitlab(&values, None);
    let world = gitlab_world(&server);
    let error = failed(world.public_key("gitlab://group/project"));
    assert!(error.contains("there is no COSIGN_PUBLIC_KEY"), "{error}");
    let hidden = object!({ "key": "COSIGN_PUBLIC_KEY", "value": null, "hidden": true });
    values.lock().unwrap().insert("COSIGN_PUBLIC_KEY".into(), hidden);
    assert!(failed(world.public_key("gitlab://group/project")).contains("is hidden"));
    let error = failed(World::new(&[]).public_key("gitlab://group/project"));
    assert!(error.contains("GITLAB_TOKEN is not set"), "{error}");
    let plain = World::new(&[("GITLAB_TOKEN", TOKEN), ("GITLAB_HOST", "http://gitlab.example")]);
    let error = failed(plain.public_key("gitlab://group/project"));
    assert!(error.contains("GITLAB_HOST") && error.contains("without https"), "{error}");
}

/// Which failures leave a pair behind that has to be kept elsewhere.
fn halfway(result: Result<(bool, Vec<String>), Error>) -> (bool, String) {
    let error = result.unwrap_err();
    (error.leaves_pair(), failed::<()>(Err(error)))
}

#[test]
fn what_is_written_before_a_failure_is_undone() {
    let (old, old_password) = pair();
    let (new, _) = pair();
    for (status, line) in
        [(500, "COSIGN_PRIVATE_KEY"), (403, "COSIGN_PRIVATE_KEY"), (500, "COSIGN_PUBLIC_KEY")]
    {
        let values = Values::default();
        let server = gitlab(&values, None);
        gitlab_world(&server).store("gitlab://group/project", &old, &old_password).unwrap();
        let before = values.lock().unwrap().clone();
        let put = match line {
            "COSIGN_PRIVATE_KEY" => "PUT /api/v4/projects/group%2Fproject/variables/COSIGN_PRIVATE_KEY",
            _ => "PUT /api/v4/projects/group%2Fproject/variables/COSIGN_PUBLIC_KEY",
        };
        let server = gitlab(&values, Some((put, json(status, &object!({ "message": "no" })))));
        let world = gitlab_world(&server);
        let stored = world.store("gitlab://group/project", &new, &Secret::new(b"new".to_vec()));
        let (leaves_pair, error) = halfway(stored);
        assert!(!leaves_pair, "{error}");
        assert!(error.contains("not all of it was written (Password written to"), "{error}");
        assert!(error.contains("what was there before was put back"), "{error}");
        assert_eq!(*values.lock().unwrap(), before);
        signs(&world, "gitlab://group/project", &old);
    }
    // What was not there is removed again.
    let values = Values::default();
    let taken = object!({ "key": "COSIGN_PRIVATE_KEY", "value": null });
    values.lock().unwrap().insert("COSIGN_PRIVATE_KEY".into(), taken);
    let server = gitlab(&values, Some(("PUT ", json(403, &object!({ "message": "403 Forbidden" })))));
    let stored = gitlab_world(&server).store("gitlab://group/project", &new, &old_password);
    let (leaves_pair, error) = halfway(stored);
    assert!(!leaves_pair && !values.lock().unwrap().contains_key("COSIGN_PASSWORD"), "{error}");
}

#[test]
fn what_cannot_be_undone_is_said() {
    let (old, old_password) = pair();
    let (new, _) = pair();
    let values = Values::default();
    let server = gitlab(&values, None);
    gitlab_world(&server).store("gitlab://group/project", &old, &old_password).unwrap();
    // Nobody can read what has to be put back.
    values.lock().unwrap().get_mut("COSIGN_PASSWORD").unwrap()["value"] = Value::Null;
    let put = "PUT /api/v4/projects/group%2Fproject/variables/COSIGN_PRIVATE_KEY";
    let server = gitlab(&values, Some((put, json(403, &object!({ "message": "no" })))));
    let stored = gitlab_world(&server).store("gitlab://group/project", &new, &Secret::new(b"new".to_vec()));
    let (leaves_pair, error) = halfway(stored);
    let said =
        "there is now COSIGN_PASSWORD of the new key pair; COSIGN_PRIVATE_KEY, COSIGN_PUBLIC_KEY as before";
    assert!(leaves_pair && error.contains(said), "{error}");
    // GitHub shows nobody any value.
    let path = "repos/me/project/actions/secrets";
    for (status, said) in [
        (
            409,
            "there is now COSIGN_PASSWORD of the new key pair; COSIGN_PRIVATE_KEY, COSIGN_PUBLIC_KEY as before",
        ),
        (500, "COSIGN_PRIVATE_KEY of the new one or as before"),
    ] {
        let put = "PUT /api/v3/repos/me/project/actions/secrets/COSIGN_PRIVATE_KEY";
        let server =
            github(path, &Values::default(), Some((put, json(status, &object!({ "message": "no" })))));
        let stored = github_world(&server).store("github://me/project", &new, &old_password);
        let (leaves_pair, error) = halfway(stored);
        assert!(leaves_pair && error.contains(said), "{error}");
    }
}

// GitHub.

/// GitHub's interface for the secrets of `path`, which opens what it is sent.
fn github(path: &'static str, values: &Values, spoilt: Option<(&'static str, Reply)>) -> Served {
    let values = Arc::clone(values);
    let key = crypto_box::SecretKey::generate(&mut crypto_box::aead::OsRng);
    serve(move |seen| {
        if seen.authorization() != Some(&*format!("Bearer {TOKEN}")) {
            return json(401, &object!({ "message": "Bad credentials" }));
        }
        assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
        assert_eq!(seen.header("accept"), Some("application/vnd.github+json"));
        if let Some((line, reply)) = &spoilt
            && seen.line.starts_with(line)
        {
            return reply.clone();
        }
        let (method, at) = seen.line.split_once(' ').unwrap();
        let Some(name) = at.strip_prefix("/api/v3/").and_then(|at| at.strip_prefix(path)) else {
            return json(404, &object!({ "message": "Not Found" }));
        };
        let mut values = values.lock().unwrap();
        match (method, name.trim_start_matches('/')) {
            ("GET", "public-key") => {
                let shown = base64::encode(key.public_key().as_bytes());
                json(200, &object!({ "key_id": "568250167242549743", "key": shown }))
            }
            ("GET", name) => match values.contains_key(name) {
                true => json(200, &object!({ "name": name, "created_at": "2026-01-01T00:00:00Z" })),
                false => json(404, &object!({ "message": "Not Found" })),
            },
            ("PUT", name) => {
                let sent = seen.json();
                assert_eq!(sent["key_id"], "568250167242549743");
                let is_organization = path.starts_with("orgs/");
                assert_eq!(sent.get("visibility"), is_organization.then_some(&"private".into()));
                let sealed = base64::decode(sent["encrypted_value"].as_str().unwrap()).unwrap();
                let text = String::from_utf8(key.unseal(&sealed).unwrap()).unwrap();
                reply(if values.insert(name.to_owned(), text.into()).is_some() { 204 } else { 201 })
            }
            _ => json(404, &object!({ "message": "Not Found" })),
        }
    })
}

fn github_world(server: &Served) -> World {
    World::new(&[("GITHUB_HOST", &server.url), ("GITHUB_TOKEN", TOKEN)])
}

#[test]
fn secrets_of_github_are_sealed_for_it() {
    for (reference, path) in [
        ("github://me/project", "repos/me/project/actions/secrets"),
        ("github://org", "orgs/org/actions/secrets"),
        ("github://me/project?environment=a b", "repos/me/project/environments/a%20b/secrets"),
    ] {
        let values = Values::default();
        let server = github(path, &values, None);
        let world = github_world(&server);
        for round in [false, true] {
            let (pair, password) = pair();
            let (had, said) = world.store(reference, &pair, &password).unwrap();
            assert_eq!(had, round);
            assert_eq!(said[1], "Private key written to COSIGN_PRIVATE_KEY github actions secret");
            let there = values.lock().unwrap();
            assert_eq!(there["COSIGN_PASSWORD"], PASSWORD);
            assert_eq!(there["COSIGN_PRIVATE_KEY"], pair.private);
            assert_eq!(there["COSIGN_PUBLIC_KEY"], pair.public);
        }
        let _ = server.lines();
        let error = failed(world.public_key(reference));
        assert!(error.contains("nobody can read") && error.contains("env://COSIGN_PRIVATE_KEY"), "{error}");
        assert!(server.lines().is_empty());
    }
}

#[test]
fn refusals_of_github_say_what_is_missing() {
    let (pair, password) = pair();
    let path = "repos/me/project/actions/secrets";
    for (line, answer, words) in [
        (
            "GET ",
            json(403, &object!({ "message": "Resource not accessible by personal access token" })),
            "\"Secrets\"",
        ),
        ("GET ", json(404, &object!({ "message": "Not Found" })), "secrets of me/project"),
        ("GET ", json(401, &object!({ "message": "Bad credentials" })), "GITHUB_TOKEN was not accepted"),
        ("GET ", json(200, &object!({ "key_id": "1", "key": "AAAA" })), "32 bytes"),
        ("PUT ", json(422, &object!({ "message": "Validation Failed" })), "status 422: Validation Failed"),
        ("PUT ", json(409, &object!({ "message": "Conflict" })), "status 409"),
    ] {
        let server = github(path, &Values::default(), Some((line, answer)));
        let error = failed(github_world(&server).store("github://me/project", &pair, &password));
        assert!(error.contains(words) && !error.contains(TOKEN), "{error}");
    }
    let error = failed(World::new(&[]).store("github://me/project", &pair, &password));
    assert!(error.contains("GITHUB_TOKEN is not set"), "{error}");
}

#[test]
fn names_that_are_none() {
    for reference in [
        "k8s://",
        "k8s://ns",
        "k8s://ns/",
        "k8s:///x",
        "k8s://ns/a/b",
        "k8s://NS/x",
        "k8s://ns/..",
        "k8s://ns/-a",
        "k8s://ns/a?x",
        "gitlab://",
        "gitlab://a//b",
        "gitlab://a/../b",
        "gitlab://a/b?c",
        "gitlab://a b",
        "github://",
        "github://a/b/c",
        "github://a?environment=x",
        "github://a/b?environment=",
        "github://a/b?x=y",
        "github://a/b?environment=..",
        "github://../b",
    ] {
        let error = KeyRef::parse(reference).unwrap_err();
        assert!(matches!(error, Error::Reference { .. }), "{reference}: {error}");
    }
    for reference in
        ["k8s://ns/a.b", "gitlab://a/b/c", "gitlab://42", "github://a", "github://a/b?environment=c d"]
    {
        assert_eq!(KeyRef::parse(reference).unwrap().to_string(), reference);
    }
}

#[test]
fn an_unchecked_certificate_of_a_cluster_is_told() {
    let caution = |more: &str| {
        let (_folder, world) = kube(&format!("https://k.example'{more}, x: '"), "token: t");
        let key = KeyRef::parse("k8s://ns/cosign").unwrap();
        let KeyRef::Store(key) = key else { panic!("{key}") };
        world.asks(async |sources| key.caution(&sources))
    };
    assert!(caution(", insecure-skip-tls-verify: true").unwrap().contains("insecure-skip-tls-verify"));
    assert_eq!(caution(""), None);
}
