//! Services that hold keys, behind TLS: whole commands.

use rcosign::internals::sandbox::registry::{Fault, Options, Registry, Transport};
use serde_json::{Value, json};

use crate::support::{Run, Sandbox, repository};

/// The key that every service here holds.
fn pem() -> String {
    std::fs::read_to_string(repository().join("testdata/keys/p256.pub.pem")).unwrap()
}

/// A service that answers everything so, and a folder with the certificates of its authority.
fn service(transport: Transport, answer: &Value) -> (Registry, Sandbox) {
    let service = Registry::start(Options { transport, ..Options::default() }).unwrap();
    let answer = answer.to_string();
    service.hook(move |_| Fault::answer("application/json", answer.clone()));
    let sandbox = Sandbox::new();
    let _ = sandbox.file("ca.pem", service.authority_pem().unwrap());
    if let Some((certificate, key)) = service.client_pem() {
        let _ = sandbox.file("client.pem", certificate);
        let _ = sandbox.file("client.key", key);
    }
    (service, sandbox)
}

fn transit() -> Value {
    json!({ "data": { "type": "ecdsa-p256", "latest_version": 1, "keys": { "1": { "public_key": pem() } } } })
}

fn vault(sandbox: &Sandbox, service: &Registry, variables: &[(&str, &str)]) -> Run {
    let run = sandbox.rcosign(&["public-key", "--key", "hashivault://k"]).env("VAULT_TOKEN", "the-token");
    let run = run.env("VAULT_ADDR", &service.url()).env("VAULT_CACERT", "ca.pem");
    variables.iter().fold(run, |run, (name, value)| run.env(name, value))
}

#[test]
fn a_vault_that_wants_a_certificate_is_shown_the_one_of_the_variables() {
    let (service, sandbox) = service(Transport::MutualTls, &transit());
    let mine = [("VAULT_CLIENT_CERT", "client.pem"), ("VAULT_CLIENT_KEY", "client.key")];
    assert_eq!(vault(&sandbox, &service, &mine).run().ok().stdout, pem());
    let asked = service.journal().lines().len();
    assert_eq!(asked, 1);
    // Without one, and with one of somebody else, nobody is talked to.
    let _ = vault(&sandbox, &service, &[]).run().code(5);
    let folder = repository().join("testdata/tls");
    let [certificate, key] = ["client.pem", "client.key"].map(|name| folder.join(name).display().to_string());
    let other = [("VAULT_CLIENT_CERT", certificate.as_str()), ("VAULT_CLIENT_KEY", key.as_str())];
    let _ = vault(&sandbox, &service, &other).run().code(5);
    assert_eq!(service.journal().lines().len(), asked);
}

#[test]
fn an_unchecked_certificate_is_told_of_for_every_source() {
    let (service_of_vault, sandbox) = service(Transport::Https, &transit());
    let unchecked = [("VAULT_CACERT", ""), ("VAULT_SKIP_VERIFY", "1")];
    let told = vault(&sandbox, &service_of_vault, &unchecked).run().ok();
    assert_eq!(told.says("WARNING: VAULT_SKIP_VERIFY is set: the certificate of the server").stdout, pem());
    let checked = vault(&sandbox, &service_of_vault, &[]).run().ok();
    assert!(!checked.stderr.contains("WARNING"), "{}", checked.stderr);

    let secret =
        json!({ "metadata": { "name": "s", "namespace": "ns" }, "data": { "cosign.pub": encoded(&pem()) } });
    let (cluster, sandbox) = service(Transport::Https, &secret);
    let show = |settings: Value| {
        let mut settings = settings;
        settings["server"] = cluster.url().into();
        let config = json!({
            "current-context": "c", "contexts": [{ "name": "c", "context": { "cluster": "k", "user": "u" } }],
            "clusters": [{ "name": "k", "cluster": settings }], "users": [{ "name": "u", "user": { "token": "t" } }],
        });
        let _ = sandbox.file("config", config.to_string());
        sandbox.rcosign(&["public-key", "--key", "k8s://ns/s"]).env("KUBECONFIG", "config").run().ok()
    };
    let told = show(json!({ "insecure-skip-tls-verify": true }));
    assert_eq!(told.says("WARNING: `insecure-skip-tls-verify` is set in kubeconfig").stdout, pem());
    let checked = show(json!({ "certificate-authority": "ca.pem" }));
    assert!(!checked.stderr.contains("WARNING"), "{}", checked.stderr);
}

#[cfg(feature = "kms-aws")]
#[test]
fn an_unchecked_certificate_and_a_host_of_nobody_are_told_of_for_amazon() {
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let answer = json!({
        "KeyId": arn, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": ["ECDSA_SHA_256"], "PublicKey": der(&pem()),
    });
    let (kms, sandbox) = service(Transport::Https, &answer);
    let (_, host) =
        kms.url().split_once("://").map(|(scheme, host)| (scheme.to_owned(), host.to_owned())).unwrap();
    let show = |host: &str, variable: (&str, &str)| {
        sandbox
            .rcosign(&["public-key", "--timeout", "5s", "--key", &format!("awskms://{host}/alias/x")])
            .env("AWS_ACCESS_KEY_ID", "AKID")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "eu-west-1")
            .env(variable.0, variable.1)
            .run()
    };
    let host = host.trim_end_matches('/');
    let told = show(host, ("AWS_TLS_INSECURE_SKIP_VERIFY", "true")).ok();
    let told = told.says("WARNING: AWS_TLS_INSECURE_SKIP_VERIFY is set: the certificate");
    assert_eq!(told.stdout, pem());
    assert!(!told.stderr.contains("neither Amazon's"), "this machine is nobody else's: {}", told.stderr);
    let checked = show(host, ("AWS_CA_BUNDLE", "ca.pem")).ok();
    assert!(!checked.stderr.contains("WARNING"), "{}", checked.stderr);
    let foreign = "WARNING: `kms.invalid` in the name of the key is neither Amazon's nor";
    let _ = show("kms.invalid", ("AWS_CA_BUNDLE", "ca.pem")).code(5).says(foreign);
    let named = show("kms.invalid", ("AWS_ENDPOINT_URL_KMS", "https://kms.invalid")).code(5);
    assert!(!named.stderr.contains("WARNING"), "{}", named.stderr);
}

fn encoded(text: &str) -> String {
    rcosign::internals::crypto::base64::encode(text)
}

/// The inside of a PEM document.
#[cfg(feature = "kms-aws")]
fn der(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// Nobody is asked for trust material, a signing config or a key before what is wrong on this machine is said.
#[test]
fn what_this_machine_lacks_is_said_before_anybody_is_asked() {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "the artifact");
    // A repository of trust material that answers nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mirror = format!("http://{}", silent.local_addr().unwrap());
    let sign = |key: &str| {
        let args = ["sign-blob", "--key", key, "--bundle", "b.json", "--yes", "a.txt"];
        sandbox.rcosign(&args).env("TUF_MIRROR", &mirror).run()
    };
    let _ = sign("absent.key").code(3).says("key file `absent.key` does not exist");
    let _ = sign("env://NOT_SET").code(3).says("names an environment variable that is not set");
    let _ = sign("unknown://x").code(2).says("unknown kind of key reference");
    let _ = sandbox.file("cosign.pub", "what is there already");
    // Nor is anybody asked whether a file is to be replaced by what cannot be made.
    for kms in ["nonsense", "hashivault://a/b", "env://X"] {
        let said = sandbox.run(&["generate-key-pair", "--kms", kms]).code(2);
        assert!(!said.stderr.contains("Overwrite"), "{}", said.stderr);
    }
    let slot = ["verify-blob", "--key", "cosign.pub", "--slot", "signature", "--bundle", "b.json", "a.txt"];
    let _ =
        sandbox.run(&slot).code(2).says("--slot signature is of a PIV token, and --key names another key");
    for words in
        [&["public-key", "--key", ""][..], &["verify-blob", "--key", "", "--bundle", "b.json", "a.txt"]]
    {
        let _ = sandbox.run(words).code(2).says("--key is given and empty");
    }
    let pin = ["piv-tool", "set-pin", "--old-pin", "123456", "--new-pin", "1", "--no-input"];
    let _ = sandbox.rcosign(&pin).env("PCSCLITE_CSOCK_NAME", "/nonexistent").run().code(2).says("PIN");
    let github = ["sign-blob", "--offline", "--key", "github://me/project", "--bundle", "b.json", "a.txt"];
    let _ = sandbox.run(&github).code(3).says("nobody can read the secrets of GitHub but a workflow");
    let token = sandbox.rcosign(&["public-key", "--key", "hashivault://k"]).env("VAULT_TOKEN", "a\nb");
    let token = token.env("VAULT_ADDR", "https://127.0.0.1:1").run().code(2);
    let _ = token.says("VAULT_TOKEN cannot be used: it has line breaks");
}
