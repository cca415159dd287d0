//! Secrets of a Kubernetes cluster behind TLS, with the kubeconfig that leads there: whole commands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rcosign::internals::sandbox::registry::{Fault, Options, Registry, Transport};
use serde_json::{Value, json};

use crate::support::{Output, Sandbox};

const KEY: &str = "k8s://ns/release";
const SECRETS: &str = "/api/v1/namespaces/ns/secrets";

struct World {
    sandbox: Sandbox,
    cluster: Registry,
}

impl World {
    /// A cluster that keeps secrets, for whoever has this token or, with `MutualTls`, a certificate.
    fn new(transport: Transport) -> Self {
        let cluster = Registry::start(Options { transport, ..Options::default() }).unwrap();
        let kept = Arc::new(Mutex::new(BTreeMap::<String, Value>::new()));
        cluster.hook(move |request| {
            if transport != Transport::MutualTls
                && request.header("authorization") != Some("Bearer the-token")
            {
                return Fault::status(401);
            }
            let mut kept = kept.lock().unwrap();
            let shown = |secret: &Value| Fault::answer("application/json", secret.to_string());
            match (request.method.as_str(), request.path.strip_prefix(SECRETS)) {
                ("GET", Some(name)) => kept.get(name).map_or_else(|| Fault::status(404), shown),
                ("POST", Some("")) => {
                    let secret: Value = serde_json::from_slice(request.body()).unwrap();
                    assert_eq!(secret["immutable"], true);
                    let name = format!("/{}", secret["metadata"]["name"].as_str().unwrap());
                    let shown = shown(&secret);
                    assert!(kept.insert(name, secret).is_none());
                    shown
                }
                _ => Fault::status(405),
            }
        });
        let sandbox = Sandbox::new().env("KUBECONFIG", "config");
        let _ = sandbox.file("ca.pem", cluster.authority_pem().unwrap());
        if let Some((certificate, key)) = cluster.client_pem() {
            let _ = sandbox.file("client.pem", certificate);
            let _ = sandbox.file("client.key", key);
        }
        Self { sandbox, cluster }
    }

    /// Writes a kubeconfig with this cluster, beside its address, and this user.
    fn config(&self, mut cluster: Value, user: &Value) {
        if cluster.get("server").is_none() {
            cluster["server"] = self.cluster.url().into();
        }
        let config = json!({
            "current-context": "c", "contexts": [{ "name": "c", "context": { "cluster": "k", "user": "u" } }],
            "clusters": [{ "name": "k", "cluster": cluster }], "users": [{ "name": "u", "user": user }],
        });
        let _ = self.sandbox.file("config", config.to_string());
    }

    fn generate(&self) -> Output {
        self.sandbox.run(&["generate-key-pair", KEY])
    }

    fn shows(&self) -> Output {
        self.sandbox.run(&["public-key", "--key", KEY])
    }
}

fn token() -> Value {
    json!({ "token": "the-token" })
}

#[test]
fn a_pair_is_made_and_used_in_an_immutable_secret_behind_tls() {
    let world = World::new(Transport::Https);
    world.config(json!({ "certificate-authority": "ca.pem" }), &token());
    let _ = world.generate().ok().says("Successfully created secret release in namespace ns");
    let sandbox = &world.sandbox;
    assert!(!sandbox.names().iter().any(|name| name == "cosign.key"));
    assert_eq!(world.shows().ok().bytes, sandbox.read("cosign.pub"));
    let _ = sandbox.file("a.txt", "the artifact");
    let sign = ["sign-blob", "--offline", "--key", KEY, "--bundle", "b.json", "a.txt"];
    let _ = sandbox.rcosign(&sign).without("COSIGN_PASSWORD").run().ok();
    let verify = |key| ["verify-blob", "--no-log", "--key", key, "--bundle", "b.json", "a.txt"];
    let _ = sandbox.run(&verify("cosign.pub")).ok();
    let _ = sandbox.run(&verify(KEY)).ok();
    // Nothing is written to it any more, and nobody is asked for a password before that is said.
    let before = sandbox.read("cosign.pub");
    let _ = world.generate().code(3).says("immutable");
    assert_eq!(sandbox.read("cosign.pub"), before);
    assert_eq!(world.cluster.journal().lines().iter().filter(|line| line.starts_with("POST")).count(), 1);
}

#[test]
fn no_other_authority_is_believed() {
    let (world, other) = (World::new(Transport::Https), World::new(Transport::Https));
    world.config(json!({ "certificate-authority": "ca.pem" }), &token());
    let _ = world.generate().ok();
    let asked = world.cluster.journal().lines().len();
    let _ = world.sandbox.file("ca.pem", other.cluster.authority_pem().unwrap());
    let _ = world.shows().code(5).says("the certificate of the server");
    // Nor are those of the system, for a cluster of its own authority.
    world.config(json!({}), &token());
    let _ = world.shows().code(5).says("the certificate of the server");
    let data = json!({ "certificate-authority-data": "Z2FyYmFnZQ==" });
    world.config(data, &token());
    let _ = world.shows().code(4).says("`certificate-authority-data` of the cluster `k`");
    world.config(json!({ "certificate-authority": "absent.pem" }), &token());
    let _ = world.shows().code(3).says("absent.pem");
    assert_eq!(world.cluster.journal().lines().len(), asked, "the token went to a server that was not known");
    // Unless the kubeconfig wants it so.
    world.config(json!({ "insecure-skip-tls-verify": true }), &token());
    let _ = world.shows().ok();
}

#[test]
fn the_name_in_the_certificate_may_be_another() {
    let world = World::new(Transport::Https);
    let named = |name: &str| json!({ "certificate-authority": "ca.pem", "tls-server-name": name });
    world.config(named("localhost"), &token());
    let _ = world.generate().ok();
    world.config(named("other.example"), &token());
    let _ = world.shows().code(5).says("not for other.example");
    if cfg!(target_os = "linux") {
        // This address leads there, and is not in the certificate.
        let port = world.cluster.address().rsplit_once(':').unwrap().1.to_owned();
        let mut cluster =
            json!({ "certificate-authority": "ca.pem", "server": format!("https://0.0.0.0:{port}") });
        world.config(cluster.clone(), &token());
        let _ = world.shows().code(5).says("the certificate of the server");
        cluster["tls-server-name"] = "localhost".into();
        world.config(cluster, &token());
        let _ = world.shows().ok();
    }
}

#[test]
fn a_client_certificate_is_shown() {
    let world = World::new(Transport::MutualTls);
    let cluster = || json!({ "certificate-authority": "ca.pem" });
    let files = json!({ "client-certificate": "client.pem", "client-key": "client.key" });
    world.config(cluster(), &files);
    let _ = world.generate().ok();
    assert_eq!(world.shows().ok().bytes, world.sandbox.read("cosign.pub"));
    world.config(cluster(), &token());
    let _ = world.shows().code(5);
    // One of somebody else.
    let other = World::new(Transport::MutualTls);
    let (certificate, key) = other.cluster.client_pem().unwrap();
    let _ = world.sandbox.file("client.pem", certificate);
    let _ = world.sandbox.file("client.key", key);
    world.config(cluster(), &files);
    let _ = world.shows().code(5);
}

#[cfg(unix)]
mod programs {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FLAG: &str = "--allow-kube-exec";

    /// A program that prints this status, and the user that names it.
    fn user(world: &World, status: &Value) -> Value {
        let version = "client.authentication.k8s.io/v1";
        let answer = json!({ "kind": "ExecCredential", "apiVersion": version, "status": status });
        let _ = world.sandbox.file("answer", answer.to_string());
        let answer = world.sandbox.at("answer");
        let script = format!(
            "#!/bin/sh\necho touch the token >&2\necho >> started\nexec /bin/cat '{}'\n",
            answer.display()
        );
        let program = world.sandbox.file("give", script);
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        json!({ "exec": { "apiVersion": version, "command": "./give", "interactiveMode": "Never" } })
    }

    #[test]
    fn nothing_is_started_that_is_not_allowed() {
        let world = World::new(Transport::Https);
        let user = user(&world, &token());
        world.config(json!({ "certificate-authority": "ca.pem" }), &user);
        let sign = ["sign-blob", "--offline", "--key", KEY, "--bundle", "b.json", "config"];
        for words in [&["generate-key-pair", KEY][..], &["public-key", "--key", KEY], &sign] {
            let run = world.sandbox.rcosign(words).env("COSIGN_ALLOW_KUBE_EXEC", "true").run();
            let _ = run
                .code(2)
                .says("the user `u` of `config` has its credentials from the program `./give`")
                .says("--allow-kube-exec allows the program");
        }
        assert!(!world.sandbox.has("started") && !world.sandbox.has("b.json"));
        assert!(world.cluster.journal().lines().is_empty());
        let _ = world.sandbox.run(&["generate-key-pair", KEY, FLAG]).ok().says("./give: touch the token");
        let shown = world.sandbox.run(&["public-key", "--key", KEY, FLAG]).ok();
        assert_eq!(shown.bytes, world.sandbox.read("cosign.pub"));
        let starts = || world.sandbox.text("started").lines().count();
        let before = starts();
        let _ = world.sandbox.run(&[&sign[..], &[FLAG]].concat()).ok();
        assert_eq!(starts(), before + 1, "it is asked once, for the key and its password");
        let verify = ["verify-blob", "--no-log", "--key", "cosign.pub", "--bundle", "b.json", "config"];
        let _ = world.sandbox.run(&verify).ok();
    }

    #[test]
    fn a_program_gives_the_certificate_to_show() {
        let world = World::new(Transport::MutualTls);
        let status = json!({
            "clientCertificateData": world.sandbox.text("client.pem"),
            "clientKeyData": world.sandbox.text("client.key"),
        });
        let user = user(&world, &status);
        world.config(json!({ "certificate-authority": "ca.pem" }), &user);
        let _ = world.sandbox.run(&["generate-key-pair", KEY, FLAG]).ok();
        let _ = world.sandbox.file("answer", "{}");
        let _ = world
            .sandbox
            .run(&["public-key", "--key", KEY, FLAG])
            .code(5)
            .says("is not an answer of the protocol");
        let _ = world.sandbox.file("give", "#!/bin/sh\nexit 7\n");
        let failed = world.sandbox.run(&["public-key", "--key", KEY, FLAG]);
        assert_ne!(failed.says("failed (exit status: 7)").code, 0);
    }
}
