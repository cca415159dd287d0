//! The same situation in every source of keys, against servers that behave so.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json as object;

use super::*;
use crate::crypto::UnixTime;
use crate::http::scripted::{Served, json, run, serve};
use crate::keys::{KeyRef, Patience, Sources, Store, load_public_key};

/// The situations of `docs/reference/exit-codes.md` with their codes, in its order.
const SITUATIONS: [(&str, ErrorKind); 7] = [
    ("malformed or nowhere", ErrorKind::Usage),
    ("no such key", ErrorKind::Format),
    ("disabled key", ErrorKind::Format),
    ("missing file", ErrorKind::Format),
    ("unreachable", ErrorKind::Network),
    ("failing", ErrorKind::Network),
    ("not let in", ErrorKind::Authentication),
];

#[test]
fn the_reference_lists_these_situations_with_these_codes() {
    let text = include_str!("../../../docs/reference/exit-codes.md");
    let section = text.split("\n## Sources of keys\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<_> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| code"))
        .map(|line| line.split('|').map(str::trim).nth(1).unwrap().parse::<u8>().unwrap())
        .collect();
    let codes: Vec<_> = SITUATIONS.iter().map(|(_, kind)| crate::cli::exit::code(*kind)).collect();
    assert_eq!(rows, codes);
}

type Variables<'a> = &'a [(&'a str, &'a str)];

/// Why the public key of a reference is not told.
fn error(reference: &str, variables: Variables<'_>) -> Error {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    let variables = |name: &str| variables.get(name).map(Into::into);
    let http = http::Client::direct();
    let patience = Patience { retry_for: Duration::ZERO, total: Duration::from_secs(10) };
    let now = UnixTime::new(1_800_000_000, 0);
    let tell: Option<fn(&str)> = Some(|_| {});
    let plugins = tell.filter(|_| !reference.starts_with("unknown"));
    let sources = Sources { variables: &variables, http: &http, patience, now, plugins, kube_exec: tell };
    let asked = run(async {
        match KeyRef::parse(reference)? {
            // Of these nothing can be read.
            key if reference.starts_with("github:") => Store::open(&key, sources).await.map(drop),
            key => load_public_key(&key, sources).await.map(drop),
        }
    });
    asked.unwrap_err().into()
}

#[track_caller]
fn expect(situation: &str, reference: &str, variables: Variables<'_>) -> Error {
    let error = error(reference, variables);
    let kind = SITUATIONS.iter().find(|(name, _)| *name == situation).unwrap().1;
    assert_eq!(error.kind, kind, "{situation}: {reference}: {error:?}");
    error
}

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const GCP: &str = "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k";

/// A kubeconfig of this server, and where it is.
fn kubeconfig(folder: &tempfile::TempDir, server: &str, user: &str) -> String {
    let path = folder.path().join("config");
    let text = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nclusters: [{{name: k, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A token for whoever asks for one.
fn entra() -> Served {
    serve(|_| json(200, &object!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3600 })))
}

/// What each service that is asked over HTTP answers with `status`, and as Amazon by this code.
#[track_caller]
fn each(situation: &str, status: u16, code: &str) {
    let (code, body) = (code.to_owned(), object!({ "message": "no", "errors": ["no"] }));
    let amazon = serve({
        let status = if status >= 500 { status } else { 400 };
        move |_| json(status, &object!({ "__type": code, "message": "no" }))
    });
    let service = serve(move |_| json(status, &body));
    each_at(situation, &service.url, &amazon.url);
}

/// As [`each`], at these addresses.
#[track_caller]
fn each_at(situation: &str, url: &str, amazon: &str) {
    let _ = expect(situation, "hashivault://k", &[("VAULT_ADDR", url), ("VAULT_TOKEN", "the-token")]);
    #[cfg(feature = "kms-aws")]
    {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_REGION", "r-1"),
            ("AWS_ENDPOINT_URL_KMS", amazon),
        ];
        let _ = expect(situation, &format!("awskms:///{ID}"), &variables);
    }
    #[cfg(not(feature = "kms-aws"))]
    let _ = (amazon, ID);
    let metadata =
        serve(|_| json(200, &object!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3600 })));
    let google = [
        ("GCE_METADATA_HOST", &*metadata.address.to_string()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", url),
    ];
    let _ = expect(situation, GCP, &google);
    let entra = entra();
    let azure = [
        ("AZURE_TENANT_ID", "the-tenant"),
        ("AZURE_CLIENT_ID", "the-client"),
        ("AZURE_CLIENT_SECRET", "s"),
        ("AZURE_AUTHORITY_HOST", &*entra.url),
        ("RCOSIGN_AZURE_VAULT_URL", url),
    ];
    let _ = expect(situation, "azurekms://mine.vault.azure.net/k", &azure);
    let folder = tempfile::tempdir().unwrap();
    let config = kubeconfig(&folder, url, "token: t");
    let _ = expect(situation, "k8s://ns/s", &[("KUBECONFIG", &config)]);
    let _ = expect(situation, "gitlab://group/project", &[("GITLAB_TOKEN", "t"), ("GITLAB_HOST", url)]);
    let _ = expect(situation, "github://me/project", &[("GITHUB_TOKEN", "t"), ("GITHUB_HOST", url)]);
    let _ = expect(situation, &format!("{url}/key.pub"), &[]);
}

#[test]
fn what_is_malformed_or_not_said_is_the_command_lines() {
    for reference in [
        "hashivault://a/b",
        "gcpkms://x",
        "azurekms://x",
        "k8s://x",
        "gitlab:///",
        "github:///",
        "unknown://x",
    ] {
        let _ = expect("malformed or nowhere", reference, &[]);
    }
    let _ = expect("malformed or nowhere", "pkcs11:tokn=x", &[]);
    let _ = expect("malformed or nowhere", "pkcs11:token=x;object=y", &[]);
    let vault = expect("malformed or nowhere", "hashivault://k", &[("VAULT_TOKEN", "the-token")]);
    assert_eq!(vault.hints, ["set VAULT_ADDR, such as `https://vault.example:8200`"]);
    let cluster = expect("malformed or nowhere", "k8s://ns/s", &[]);
    assert!(cluster.hints[0].starts_with("KUBECONFIG names the file"), "{cluster:?}");
    #[cfg(feature = "kms-aws")]
    {
        let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let _ = expect("malformed or nowhere", "awskms://x", &keys);
        let region = expect("malformed or nowhere", &format!("awskms:///{ID}"), &keys);
        assert!(region.hints[0].starts_with("AWS_REGION names the region"), "{region:?}");
    }
}

#[test]
fn a_key_that_is_not_there_has_the_code_of_a_missing_file() {
    let _ = expect("no such key", "/nonexistent/cosign.pub", &[]);
    let _ = expect("no such key", "env://NOT_SET", &[]);
    each("no such key", 404, "NotFoundException");
    let service = serve(|_| json(404, &object!({ "errors": [] })));
    let vault = [("VAULT_ADDR", &*service.url), ("VAULT_TOKEN", "the-token")];
    let absent = expect("no such key", "hashivault://k", &vault);
    assert_eq!(absent.hints, ["`generate-key-pair --kms hashivault://k` makes one"]);
    let gitlab = [("GITLAB_TOKEN", "t"), ("GITLAB_HOST", &*service.url)];
    let absent = expect("no such key", "gitlab://group/project", &gitlab);
    assert_eq!(absent.hints, ["`generate-key-pair gitlab://group/project` makes one"]);
    let failure = keys::TokenFailure::NoObject {
        token: "t".to_owned(),
        class: "key",
        wanted: "k".to_owned(),
        without_login: false,
        present: "none".into(),
    };
    assert_eq!(token(&failure), ErrorKind::Format);
    assert_eq!(piv(&keys::PivFailure::NoKey { slot: keys::Slot::Signature }), ErrorKind::Format);
}

#[cfg(feature = "kms-aws")]
#[test]
fn a_disabled_key_is_told_from_one_that_may_not_be_used() {
    let answering =
        |code: &'static str| serve(move |_| json(400, &object!({ "__type": code, "message": "no" })));
    for code in ["DisabledException", "KMSInvalidStateException"] {
        let amazon = answering(code);
        let variables = [
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_REGION", "r-1"),
            ("AWS_ENDPOINT_URL_KMS", &*amazon.url),
        ];
        let _ = expect("disabled key", &format!("awskms:///{ID}"), &variables);
    }
    let entra = entra();
    let vault = serve(|_| {
        json(
            403,
            &object!({ "error": { "code": "Forbidden", "message": "no", "innererror": { "code": "KeyDisabled" } } }),
        )
    });
    let azure = [
        ("AZURE_TENANT_ID", "the-tenant"),
        ("AZURE_CLIENT_ID", "the-client"),
        ("AZURE_CLIENT_SECRET", "s"),
        ("AZURE_AUTHORITY_HOST", &*entra.url),
        ("RCOSIGN_AZURE_VAULT_URL", &*vault.url),
    ];
    let _ = expect("disabled key", "azurekms://mine.vault.azure.net/k", &azure);
}

#[test]
fn a_missing_file_of_the_environment_has_the_code_of_any_other() {
    let absent = "/nonexistent/file";
    for variables in
        [[("VAULT_CACERT", absent), ("VAULT_TOKEN", "t")], [("VAULT_CAPATH", absent), ("VAULT_TOKEN", "t")]]
    {
        let all = [variables[0], variables[1], ("VAULT_ADDR", "https://127.0.0.1:1")];
        let _ = expect("missing file", "hashivault://k", &all);
    }
    let _ = expect("missing file", GCP, &[("GOOGLE_APPLICATION_CREDENTIALS", absent)]);
    let folder = tempfile::tempdir().unwrap();
    let config = kubeconfig(&folder, "https://127.0.0.1:1", "tokenFile: /nonexistent/token");
    let _ = expect("missing file", "k8s://ns/s", &[("KUBECONFIG", &config)]);
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./absent}";
    let config = kubeconfig(&folder, "https://127.0.0.1:1", exec);
    let _ = expect("missing file", "k8s://ns/s", &[("KUBECONFIG", &config)]);
    let _ = expect("missing file", "absent://x", &[("PATH", "/nonexistent")]);
    #[cfg(feature = "kms-aws")]
    {
        let keys = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_CA_BUNDLE", absent)];
        let _ = expect("missing file", &format!("awskms:///{ID}"), &keys);
    }
    #[cfg(all(feature = "pkcs11", not(target_feature = "crt-static")))]
    {
        let reference = format!("pkcs11:token=x;object=y?module-path={absent}");
        let _ = expect("missing file", &reference, &[]);
    }
}

#[test]
fn whoever_does_not_answer_or_fails_is_a_matter_of_the_network() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("http://127.0.0.1:{port}");
    each_at("unreachable", &nobody, &nobody);
    each("failing", 503, "KMSInternalException");
    each("failing", 429, "ThrottlingException");
    #[cfg(feature = "piv")]
    {
        let failure = keys::PivFailure::Daemon { socket: "s".to_owned(), reason: "none".to_owned() };
        assert_eq!(piv(&failure), ErrorKind::Network);
    }
    let timeout = ProgramError::Timeout { program: "p".to_owned(), limit: Duration::from_secs(1) };
    let said = ProgramError::Said { program: "p".to_owned(), said: "no".to_owned() };
    assert_eq!((program(&timeout), program(&said)), (ErrorKind::Network, ErrorKind::Network));
    let gone = keys::TokenFailure::Gone { doing: "signing" };
    assert_eq!(token(&gone), ErrorKind::Network);
}

#[test]
fn whoever_is_not_let_in_has_the_code_of_a_wrong_password() {
    each("not let in", 403, "AccessDeniedException");
    each("not let in", 401, "ExpiredTokenException");
    let url = ("VAULT_ADDR", "https://127.0.0.1:1");
    let none = expect("not let in", "hashivault://k", &[url]);
    assert!(none.hints[0].starts_with("set VAULT_TOKEN, or"), "{none:?}");
    let half = [url, ("VAULT_TOKEN", "t"), ("VAULT_CLIENT_CERT", "/x.pem")];
    let _ = expect("not let in", "hashivault://k", &half);
    let _ = expect("not let in", "gitlab://group/project", &[]);
    let _ = expect("not let in", "github://me/project", &[]);
    let no_google = [("NO_GCE_CHECK", "true")];
    let _ = expect("not let in", GCP, &no_google);
    let azure = "azurekms://mine.vault.azure.net/k";
    let _ = expect("not let in", azure, &[("AZURE_CLIENT_SECRET", "s"), ("AZURE_TENANT_ID", "t")]);
    let _ = expect("not let in", azure, &[("AZURE_AUTH_METHOD", "cli")]);
    #[cfg(feature = "kms-aws")]
    {
        let key = format!("awskms:///{ID}");
        let region = ("AWS_REGION", "r-1");
        let _ = expect("not let in", &key, &[region, ("AWS_ACCESS_KEY_ID", "A")]);
        let _ = expect("not let in", &key, &[region, ("AWS_SECRET_ACCESS_KEY", "s")]);
        let none = expect("not let in", &key, &[region, ("AWS_EC2_METADATA_DISABLED", "true")]);
        assert!(none.hints[0].starts_with("set AWS_ACCESS_KEY_ID and"), "{none:?}");
    }
    let wrong = keys::TokenFailure::Pin { token: "t".to_owned(), reason: "wrong", hint: "" };
    assert_eq!(token(&wrong), ErrorKind::Authentication);
    assert_eq!(piv(&keys::PivFailure::Wrong { which: "PIN", tries: None }), ErrorKind::Authentication);
}

/// Whether a key fails when it is looked for or when it has to sign makes no difference.
#[test]
fn what_fails_while_signing_has_the_same_code() {
    let while_signing = |failure: keys::Failure| of_signing(&SignError::Backend(Box::new(failure)));
    assert_eq!(while_signing(keys::Failure::Signature), ErrorKind::Network);
    assert_eq!(while_signing(keys::Failure::Key { reason: "it is disabled".to_owned() }), ErrorKind::Format);
    let wrong = keys::PivFailure::Wrong { which: "PIN", tries: None };
    assert_eq!(while_signing(keys::Failure::Piv(wrong)), ErrorKind::Authentication);
    let key = crate::crypto::KeyType::Ed25519;
    assert_eq!(of_signing(&SignError::Input { key, input: "x".to_owned() }), ErrorKind::Other);
}
