//! Key pairs that other systems hold: made and used here, and what is signed is verified by the real cosign.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::all_forms::Held;
use crate::faulty::server::{Act, Answer, Server};
use crate::support::Sandbox;

/// A server that keeps documents: what is sent to a folder is kept by its name there.
fn keeping(name: fn(&Value) -> String, shown: fn(&mut Value)) -> Server {
    let kept = Arc::new(Mutex::new(BTreeMap::<String, Value>::new()));
    Server::start(move |request| {
        assert_eq!(request.header("authorization"), Some("Bearer the-token"));
        let mut kept = kept.lock().unwrap();
        let (method, path) = request.line.split_once(' ').unwrap();
        let path = path.trim_end_matches('/').to_owned();
        Act::Say(match method {
            "GET" => match kept.get(&path) {
                Some(document) => Answer::json(200, document),
                None => Answer::json(404, &json!({ "message": "not found" })),
            },
            _ => {
                let mut document = request.json();
                shown(&mut document);
                let at = format!("{path}/{}", name(&document));
                let _ = kept.insert(at, document.clone());
                Answer::json(201, &document)
            }
        })
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Makes a pair in the store, signs with it here, and has the real cosign verify with the public key.
fn round(sandbox: &Sandbox, store: &str, said: &str) {
    let _ = sandbox.run(&["generate-key-pair", store]).ok().says(said).says("cosign.pub");
    assert_eq!(sandbox.names().iter().filter(|name| name.ends_with(".key")).count(), 0);
    let shown = sandbox.rcosign(&["public-key", "--key", store]).without("COSIGN_PASSWORD").run().ok();
    assert_eq!(shown.bytes, sandbox.read("cosign.pub"));
    let _ = sandbox.file("a.txt", "the artifact");
    let sign = ["sign-blob", "--offline", "--key", store, "--output-signature", "sig", "a.txt"];
    let _ = sandbox.rcosign(&sign).without("COSIGN_PASSWORD").run().ok();
    Held { sandbox, key: &["--key", store], kind: "p256", secret: None }.signs_everything();
}

#[test]
fn a_pair_in_a_secret_of_kubernetes() {
    let server = keeping(|document| text(&document["metadata"]["name"]), |_| ());
    let sandbox = Sandbox::new().env("KUBECONFIG", "config");
    let config = json!({
        "current-context": "c", "contexts": [{ "name": "c", "context": { "cluster": "k", "user": "u" } }],
        "clusters": [{ "name": "k", "cluster": { "server": server.url } }],
        "users": [{ "name": "u", "user": { "token": "the-token" } }],
    });
    let _ = sandbox.file("config", config.to_string());
    round(&sandbox, "k8s://ns/release", "Successfully created secret release in namespace ns");
    // The secret is immutable now.
    let before = sandbox.read("cosign.pub");
    let _ = sandbox.run(&["generate-key-pair", "k8s://ns/release"]).code(3).says("immutable");
    assert_eq!(sandbox.read("cosign.pub"), before);
}

#[test]
fn a_pair_in_variables_of_gitlab() {
    let server = keeping(|document| text(&document["key"]), |_| ());
    let sandbox = Sandbox::new().env("GITLAB_HOST", &server.url).env("GITLAB_TOKEN", "the-token");
    round(&sandbox, "gitlab://group/project", "Private key written to \"COSIGN_PRIVATE_KEY\" variable");
    // Nobody says that the key may be replaced.
    let again = ["generate-key-pair", "--output-key-prefix", "other", "gitlab://group/project"];
    let _ = sandbox.run(&again).code(1).says("already holds a private key").says("is not replaced");
    assert!(!sandbox.has("other.pub"));
}
