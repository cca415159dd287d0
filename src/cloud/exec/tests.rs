//! Kubeconfigs with programs of the shell.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use super::*;
use crate::cloud::kubernetes::Cluster;
use crate::http::scripted::run;

const V1: &str = "client.authentication.k8s.io/v1";

/// A folder with a kubeconfig, and with a program in a folder of it.
struct World {
    folder: tempfile::TempDir,
    limit: Duration,
}

impl World {
    /// `exec` is what the user has there beside the version; the program has these lines.
    fn new(version: &str, exec: &str, script: &str) -> Self {
        Self::of("", &format!("apiVersion: {version}, {exec}"), script)
    }

    fn of(cluster: &str, exec: &str, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nclusters: [{{name: k, cluster: {{server: 'https://k.example/', {cluster}}}}}]\nusers: [{{name: u, user: {{exec: {{{exec}}}}}}}]\n"
        );
        fs::write(folder.path().join("config"), text).unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let program = folder.path().join("bin/give");
        fs::write(&program, format!("#!/bin/sh\ncd {}\n{script}\n", folder.path().display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, limit: Duration::from_secs(10) }
    }

    fn find(&self, tell: Option<fn(&str)>) -> Result<Cluster, String> {
        let path = |name: &str| self.folder.path().join(name).into_os_string();
        let variables = HashMap::from([("KUBECONFIG", path("config")), ("PATH", path("bin"))]);
        let variables = |name: &str| variables.get(name).cloned();
        let allowed = tell.map(|tell| Allowed { tell, limit: self.limit });
        run(Cluster::find(&variables, self.folder.path(), allowed)).map_err(|error| {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text
        })
    }

    #[track_caller]
    fn fails(&self, words: &str) {
        let Err(error) = self.find(Some(|_| {})) else { panic!("{words}") };
        assert!(error.contains(words) && !error.contains("hidden"), "{words}: {error}");
    }

    fn question(&self) -> Value {
        serde_json::from_slice(&fs::read(self.folder.path().join("question")).unwrap()).unwrap()
    }
}

/// Lines that print this status.
fn gives(version: &str, status: &str) -> String {
    format!(
        "printf '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{version}\",\"spec\":{{}},\"status\":{status}}}'"
    )
}

#[test]
fn a_program_is_told_what_the_kubeconfig_says_and_gives_a_token() {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    for version in VERSIONS {
        let script = format!(
            "printf %s \"$KUBERNETES_EXEC_INFO\" > question\nprintf '%s|' \"$@\" \"$ONE\" \"$TWO\" > given\ncat > input\necho open the page >&2\n{}",
            gives(version, "{\"token\":\"the-token\\\\n\",\"expirationTimestamp\":\"2030-01-01T00:00:00Z\"}")
        );
        let exec = "command: give, args: [a b, '$(touch x)', ''], env: [{name: ONE, value: '1 \"'}, {name: TWO}], interactiveMode: IfAvailable, installHint: x";
        let world = World::new(version, exec, &script);
        let cluster = world.find(Some(|line| SAID.lock().unwrap().push(line.to_owned()))).unwrap();
        assert_eq!(cluster.authorization.unwrap().expose(), b"Bearer the-token");
        assert_eq!(cluster.server, "https://k.example");
        let file = |name: &str| fs::read_to_string(world.folder.path().join(name)).unwrap();
        assert_eq!(file("given"), "a b|$(touch x)||1 \"||");
        assert_eq!(file("input"), "");
        let question = json!({ "kind": KIND, "apiVersion": version, "spec": { "interactive": false } });
        assert_eq!(world.question(), question);
        assert_eq!(std::mem::take(&mut *SAID.lock().unwrap()), ["give: open the page"]);
        assert!(!world.folder.path().join("x").exists());
    }
}

#[test]
fn nothing_is_started_that_is_not_allowed() {
    let script = format!("touch started\n{}", gives(V1, "{\"token\":\"hidden\"}"));
    let world = World::new(V1, "command: give", &script);
    let Err(error) = world.find(None) else { panic!("it was started") };
    assert!(error.contains("the user `u` of") && error.contains("from the program `give`"), "{error}");
    assert!(!world.folder.path().join("started").exists());
    let _ = world.find(Some(|_| {})).unwrap();
    assert!(world.folder.path().join("started").exists());
}

#[test]
fn a_program_gives_a_certificate() {
    let status = "{\"clientCertificateData\":\"the certificate\",\"clientKeyData\":\"the key\"}";
    // From the folder of the kubeconfig.
    let world = World::new(V1, "command: bin/give", &gives(V1, status));
    let mut cluster = world.find(Some(|_| {})).unwrap();
    assert!(cluster.authorization.is_none());
    let mut connection = crate::http::service::Connection::default();
    cluster.configure(&mut connection);
    let given = connection.certificate.unwrap();
    assert_eq!(given.certificate, b"the certificate");
    assert_eq!(given.key.expose(), b"the key");
    World::new(V1, "command: ./give", &gives(V1, status)).fails("there is no program");
}

#[test]
fn a_program_is_told_of_the_cluster_where_it_wants_to() {
    let script =
        format!("printf %s \"$KUBERNETES_EXEC_INFO\" > question\n{}", gives(V1, "{\"token\":\"hidden\"}"));
    let exec = "apiVersion: client.authentication.k8s.io/v1, command: give, provideClusterInfo: true";
    let world = World::of("certificate-authority-data: YQ==, tls-server-name: n", exec, &script);
    let _ = world.find(Some(|_| {})).unwrap();
    let cluster = json!({
        "server": "https://k.example/", "tls-server-name": "n", "certificate-authority-data": "YQ==",
    });
    assert_eq!(world.question()["spec"], json!({ "interactive": false, "cluster": cluster }));
    let world = World::of("insecure-skip-tls-verify: true", exec, &script);
    let _ = world.find(Some(|_| {})).unwrap();
    let cluster = json!({ "server": "https://k.example/", "insecure-skip-tls-verify": true });
    assert_eq!(world.question()["spec"]["cluster"], cluster);
    let extension = format!("extensions: [{{name: {EXTENSION}, extension: {{audience: 1}}}}]");
    World::of(&extension, exec, "touch started").fails("is not handed on to them");
}

#[test]
fn answers_that_are_none() {
    for (script, words) in [
        (gives(V1, "{\"token\":\"hidden\"}") + "\nexit 3", "the program `give` failed (exit status: 3)"),
        ("printf hidden".to_owned(), "is not an answer of the protocol"),
        (String::new(), "is not an answer of the protocol"),
        (gives(VERSIONS[1], "{\"token\":\"hidden\"}"), "is not `client.authentication.k8s.io/v1`"),
        (format!("printf '{{\"kind\":\"Status\",\"apiVersion\":\"{V1}\"}}'"), "is not `ExecCredential`"),
        (format!("printf '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{V1}\"}}'"), "status"),
        (gives(V1, "{}"), "neither a token nor a certificate"),
        (gives(V1, "{\"token\":\"\"}"), "neither a token nor a certificate"),
        (gives(V1, "{\"token\":1}"), "status.token"),
        (gives(V1, "{\"token\":\"hidden x\"}"), "characters that no token has"),
        (gives(V1, "{\"token\":\"hidden\",\"clientKeyData\":\"hidden\"}"), "one alone"),
        (gives(V1, "{\"clientCertificateData\":\"hidden\"}"), "one alone"),
        ("yes".to_owned(), "printed more than"),
        ("kill -9 $$".to_owned(), "was ended"),
    ] {
        let world = World::new(V1, "command: give", &format!("PATH=/usr/bin:/bin\n{script}"));
        world.fails(words);
        world.fails("the user `u` of");
    }
    let world = World::new(V1, "command: give", "exec /bin/sleep 20");
    World { limit: Duration::from_millis(200), ..world }.fails("did not answer within");
}

#[test]
fn what_of_a_kubeconfig_cannot_be_used() {
    for (exec, words) in [
        ("command: absent, installHint: \"get it\\n  there\"", "(it says: get it there)"),
        ("command: absent", "no folder of PATH has the program `absent`"),
        ("command: give, interactiveMode: Always", "wants to talk to somebody"),
        ("command: give, interactiveMode: x", "interactiveMode"),
        ("command: give, provideClusterInfo: maybe", "neither true nor false"),
        ("command: ''", "exec.command"),
        ("args: []", "exec.command: is missing"),
        ("command: give, args: a", "exec.args"),
        ("command: give, args: [[a]]", "exec.args"),
        ("command: give, args: [\"a\\0b\"]", "NUL"),
        ("command: give, env: [{name: ''}]", "env"),
        ("command: give, env: [{name: A=B}]", "not the name of a variable"),
        ("command: give, env: [{value: hidden}]", "env[0].name: is missing"),
    ] {
        World::new(V1, exec, "touch started").fails(words);
    }
    for version in ["client.authentication.k8s.io/v1alpha1", "''"] {
        World::new(version, "command: give", "").fails("is neither client.authentication.k8s.io/v1 nor");
    }
}
