//! Credentials of Kubernetes and of clouds, from servers in this process; and who is never asked, and never told.

use std::collections::HashMap;

use serde_json::{Value, json as object};

use super::super::keychain::Keychain;
use super::*;
use crate::cloud::azure::Environment;
use crate::crypto::{KeyType, PrivateKey, Secret, base64, pem};
use crate::http::scripted::{Reply, Served, json, reply, run, serve};

const NOW: i64 = 1_800_000_000;
const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// An environment in which nothing of the machine that the tests run on is asked.
fn ambient(variables: &[(&str, &str)], is_wanted: bool) -> Ambient {
    let mut all: HashMap<String, String> = HashMap::from([
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ("AZURE_AUTH_METHOD".to_owned(), "cli".to_owned()),
    ]);
    all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Ambient {
        variables: Arc::new(move |name| all.get(name).map(Into::into)),
        is_wanted,
        retry_for: Duration::ZERO,
        now: UnixTime::new(NOW, 0),
        tell: |_| {},
    }
}

fn lookup(ambient: &Ambient, registry: &str) -> Result<Lookup, KeychainError> {
    let keychain = Keychain { ambient: Some(ambient.clone()), ..Keychain::default() };
    run(keychain.lookup(&Registry::parse(registry).unwrap(), Some("team/app")))
}

/// User and password, or the token.
fn shown(credentials: &Credentials) -> String {
    let text = |secret: &Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
    match credentials {
        Credentials::Basic { username, password } => format!("{username}:{}", text(password)),
        Credentials::IdentityToken(token) => format!("identity {}", text(token)),
        Credentials::RegistryToken(token) => format!("registry {}", text(token)),
    }
}

fn used(found: &Lookup) -> Option<String> {
    found.credentials.as_ref().map(shown)
}

#[cfg(feature = "kms-aws")]
mod of_amazon {
    use super::*;
    use crate::cloud::aws::scripted::Signer;

    /// Amazon ECR, strict about signatures and bodies; `change` may spoil the answer.
    pub fn ecr(public: bool, mut change: impl FnMut(&mut Value) -> Option<Reply> + Send + 'static) -> Served {
        serve(move |seen| {
            assert_eq!(
                (&*seen.line, seen.header("content-type")),
                ("POST /", Some("application/x-amz-json-1.1"))
            );
            let (region, service) = if public { ("us-east-1", "ecr-public") } else { ("eu-west-1", "ecr") };
            let date = "20270115T080000Z";
            let signer = Signer {
                id: "AKID",
                secret: "a-secret-key",
                token: Some("a-session-token"),
                region,
                service,
                date,
            };
            signer.has_signed(seen).unwrap();
            let data = object!({
                "authorizationToken": base64::encode("AWS:the-password"), "expiresAt": 1_800_043_200.5,
                "proxyEndpoint": format!("https://{ECR}"),
            });
            let (target, body, data) = match public {
                true => ("SpencerFrontendService", object!({}), data),
                false => (
                    "AmazonEC2ContainerRegistry_V20150921",
                    object!({ "registryIds": ["123456789012"] }),
                    object!([data]),
                ),
            };
            assert_eq!(seen.header("x-amz-target"), Some(&*format!("{target}.GetAuthorizationToken")));
            assert_eq!(seen.json(), body);
            let mut answer = object!({ "authorizationData": data });
            change(&mut answer).unwrap_or_else(|| json(200, &answer))
        })
    }

    pub fn keys<'a>(server: &'a Served, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "a-secret-key"),
            ("AWS_SESSION_TOKEN", "a-session-token"),
            ("AWS_ENDPOINT_URL", &*server.url),
        ];
        all.extend_from_slice(more);
        all
    }

    #[test]
    fn amazon_gives_a_password() {
        for wanted in [false, true] {
            let server = ecr(false, |_| None);
            let found = lookup(&ambient(&keys(&server, &[]), wanted), ECR).unwrap();
            assert_eq!(used(&found).as_deref(), Some("AWS:the-password"));
            assert!(found.is_ambient);
            assert_eq!(found.looked.last().map(String::as_str), Some("AWS: used"));
            let server = ecr(true, |_| None);
            let found = lookup(&ambient(&keys(&server, &[]), wanted), "public.ecr.aws").unwrap();
            assert_eq!(used(&found).as_deref(), Some("AWS:the-password"));
        }
    }

    #[test]
    fn a_refusal_is_an_error_only_where_credentials_are_wanted() {
        let refusal = |_: &mut Value| {
            Some(json(
                400,
                &object!({ "__type": "AccessDeniedException", "message": "not allowed, a-session-token" }),
            ))
        };
        let server = ecr(false, refusal);
        let variables = keys(&server, &[]);
        let found = lookup(&ambient(&variables, false), ECR).unwrap();
        let said = found.looked.last().unwrap();
        assert!(found.credentials.is_none() && !found.is_ambient);
        assert!(
            said.contains("ecr:GetAuthorizationToken is needed") && !said.contains("a-session-token"),
            "{said}"
        );
        let error = lookup(&ambient(&variables, true), ECR).unwrap_err();
        let text = super::super::said(&error);
        assert!(
            text.contains("(--k8s-keychain)") && text.contains("ecr:GetAuthorizationToken is needed"),
            "{text}"
        );
        // Who has none gets what everybody may have.
        for wanted in [false, true] {
            let found = lookup(&ambient(&[], wanted), ECR).unwrap();
            assert!(found.credentials.is_none());
            assert!(
                found.looked.last().unwrap().contains("AWS_ACCESS_KEY_ID is not set"),
                "{:?}",
                found.looked
            );
        }
    }

    #[test]
    fn garbage_is_no_password() {
        for token in ["", "%", "QVdT", "ZXZpbDp4", "QVdTOg=="] {
            let server = ecr(false, move |answer| {
                answer["authorizationData"][0]["authorizationToken"] = token.into();
                None
            });
            let found = lookup(&ambient(&keys(&server, &[]), false), ECR).unwrap();
            assert!(found.credentials.is_none(), "{token}");
        }
        for body in ["", "null", "{}", "{\"authorizationData\":[]}", "{\"authorizationData\":[{},{}]}"] {
            let server = ecr(false, move |_| Some(reply(200).body(body)));
            assert!(lookup(&ambient(&keys(&server, &[]), true), ECR).is_err(), "{body}");
        }
    }
}

#[test]
fn azure_gives_a_refresh_token() {
    let registry = serve(|seen| {
        assert_eq!(seen.line, "POST /oauth2/exchange");
        let form = seen.form();
        assert_eq!((&*form["grant_type"], &*form["service"]), ("access_token", "mine.azurecr.io"));
        assert_eq!(form["access_token"], "eyJ.token-of-entra.c2ln");
        json(200, &object!({ "refresh_token": "eyJ.of-the-registry.c2ln" }))
    });
    let entra = serve(|seen| {
        let form = seen.form();
        assert_eq!(form["scope"], "https://management.azure.com/.default");
        json(200, &object!({ "token_type": "Bearer", "access_token": "eyJ.token-of-entra.c2ln" }))
    });
    let variables = [
        ("AZURE_AUTH_METHOD", "environment"),
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "a-client-secret"),
        ("AZURE_AUTHORITY_HOST", &*entra.url),
    ];
    let ambient = ambient(&variables, false);
    let asked =
        |base: &str| run(acr::exchange(&ambient.settings(), Environment::Public, "mine.azurecr.io", base));
    assert_eq!(shown(&asked(&registry.url).unwrap()), "identity eyJ.of-the-registry.c2ln");
    let refusing = serve(|_| {
        json(
            401,
            &object!({ "errors": [{ "code": "UNAUTHORIZED", "message": "eyJ.token-of-entra.c2ln is not allowed" }] }),
        )
    });
    let error = said(&asked(&refusing.url).unwrap_err());
    assert!(error.contains("status 401") && !error.contains("token-of-entra"), "{error}");
    for body in ["", "{}", "{\"refresh_token\":\"\"}", "{\"refresh_token\":\"a b\"}"] {
        let server = serve(move |_| reply(200).body(body));
        assert!(asked(&server.url).is_err(), "{body}");
    }
    assert!(said(&asked("http://mine.azurecr.io").unwrap_err()).contains("without https"));
    let elsewhere = run(acr::exchange(
        &super::tests::ambient(&[("AZURE_ENVIRONMENT", "AzureCloud")], false).settings(),
        Environment::China,
        "mine.azurecr.cn",
        &registry.url,
    ));
    assert!(said(&elsewhere.unwrap_err()).contains("AZURE_ENVIRONMENT"));
}

#[test]
fn google_gives_an_access_token() {
    let server = serve(|seen| {
        assert_eq!(seen.line, "GET /computeMetadata/v1/instance/service-accounts/default/token");
        assert_eq!(seen.header("metadata-flavor"), Some("Google"));
        json(200, &object!({ "access_token": "ya29.the-token", "expires_in": 3599, "token_type": "Bearer" }))
    });
    let host = server.url.strip_prefix("http://").unwrap();
    for registry in ["gcr.io", "eu.gcr.io", "europe-west1-docker.pkg.dev"] {
        let found = lookup(&ambient(&[("GCE_METADATA_HOST", host)], false), registry).unwrap();
        assert_eq!(used(&found).as_deref(), Some("oauth2accesstoken:ya29.the-token"));
        assert!(found.is_ambient);
    }
    let absent = [("GOOGLE_APPLICATION_CREDENTIALS", "/absent.json")];
    let found = lookup(&ambient(&absent, false), "gcr.io").unwrap();
    assert!(found.looked.last().unwrap().contains("/absent.json"), "{:?}", found.looked);
    assert!(lookup(&ambient(&absent, true), "gcr.io").is_err());
}

/// The token of an account is exchanged: registries do not take what the account itself has signed.
#[test]
fn the_key_of_a_service_account_is_exchanged() {
    let key = PrivateKey::generate(KeyType::Rsa { bits: 2048 }).unwrap().to_pkcs8().unwrap();
    let server = serve(|seen| {
        assert_eq!(seen.line, "POST /token");
        assert_eq!(seen.form()["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        json(200, &object!({ "access_token": "ya29.exchanged", "expires_in": 3599, "token_type": "Bearer" }))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let account = object!({
        "type": "service_account", "client_email": "me@project.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": pem::encode("PRIVATE KEY", key.expose()), "token_uri": format!("{}/token", server.url),
    });
    std::fs::write(&path, account.to_string()).unwrap();
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap())];
    let found = lookup(&ambient(&variables, false), "us-docker.pkg.dev").unwrap();
    assert_eq!(used(&found).as_deref(), Some("oauth2accesstoken:ya29.exchanged"), "{:?}", found.looked);
}

/// CVE-2026-48978 and the like: whoever names a registry alike gets nothing, and no cloud is asked for it.
#[test]
fn registries_of_others_cause_no_request() {
    let asked = serve(|seen| panic!("{}", seen.line));
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_ENDPOINT_URL", &*asked.url),
        ("AZURE_AUTH_METHOD", "environment"),
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
        ("AZURE_AUTHORITY_HOST", &*asked.url),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*asked.url),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*asked.url),
        ("GCE_METADATA_HOST", asked.url.strip_prefix("http://").unwrap()),
    ];
    for registry in [
        "evil.dkr.ecr.us-east-1.amazonaws.com.evil.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.com",
        "public.ecr.aws.evil.com",
        "mine.azurecr.io.evil.com",
        "evilazurecr.io",
        "mine.azurecr.io:8443",
        "gcr.io.evil.com",
        "us-docker.pkg.dev.evil.com",
        "index.docker.io",
        "ghcr.io.evil.com",
        "127.0.0.1:5000",
        "registry.example",
    ] {
        for wanted in [false, true] {
            let found = lookup(&ambient(&variables, wanted), registry).unwrap();
            assert!(found.credentials.is_none() && !found.is_ambient, "{registry}");
            assert_eq!(found.looked.len(), usize::from(wanted), "{:?}", found.looked);
        }
    }
    assert_eq!(asked.lines(), [""; 0]);
}

#[test]
fn logins_in_files_go_before_clouds() {
    let asked = serve(|seen| panic!("{}", seen.line));
    let ambient = ambient(
        &[("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_ENDPOINT_URL", &asked.url)],
        true,
    );
    let file = format!("{{\"auths\":{{\"{ECR}\":{{\"auth\":\"{}\"}}}}}}", base64::encode("me:mine"));
    let places = super::super::Places { inline: Some(Secret::new(file.into_bytes())), ..Default::default() };
    let keychain = Keychain { places, ambient: Some(ambient), given: None };
    let found = run(keychain.lookup(&Registry::parse(ECR).unwrap(), None)).unwrap();
    assert_eq!((used(&found).as_deref(), found.is_ambient), (Some("me:mine"), false));
    assert_eq!(asked.lines(), [""; 0]);
}

/// A cluster with these secrets: type and content.
fn cluster(secrets: Vec<(&'static str, Value)>) -> Served {
    serve(move |seen| {
        assert_eq!(seen.authorization(), Some("Bearer the-token"));
        let path = seen.line.strip_prefix("GET /api/v1/namespaces/team/").expect(&seen.line);
        if path == "serviceaccounts/builder" {
            let names: Vec<_> =
                (0..secrets.len()).map(|at| object!({ "name": format!("pull-{at}") })).collect();
            return json(200, &object!({ "kind": "ServiceAccount", "imagePullSecrets": names }));
        }
        let at = path.strip_prefix("secrets/pull-").unwrap().parse::<usize>().unwrap();
        let (kind, content) = &secrets[at];
        let member = if kind.ends_with("json") { ".dockerconfigjson" } else { ".dockercfg" };
        json(200, &object!({ "type": kind, "data": { member: base64::encode(content.to_string()) } }))
    })
}

fn pulled(server: &Served, registry: &str) -> Result<Result<String, String>, AmbientError> {
    let settings = ambient(&[], true);
    let api = pull_secrets::Api {
        client: settings.settings().client(|_| ()),
        server: server.url.clone(),
        authorization: Some(Secret::new(b"Bearer the-token".to_vec())),
        namespace: "team".to_owned(),
        name: "builder".to_owned(),
    };
    let asked = run(pull_secrets::search(&api, &Registry::parse(registry).unwrap(), Some("team/app")));
    asked.map(|found| found.map(|credentials| shown(&credentials)))
}

#[test]
fn pull_secrets_of_the_service_account_are_used() {
    const JSON: &str = "kubernetes.io/dockerconfigjson";
    let auth = |pair: &str| object!({ "auth": base64::encode(pair) });
    let server = cluster(vec![
        (JSON, object!({ "auths": { "other.example": auth("o:p") } })),
        ("kubernetes.io/dockercfg", object!({ "https://old.example": auth("old:one") })),
        (
            JSON,
            object!({ "auths": { "r.example": auth("me:word") }, "credsStore": "evil", "credHelpers": { "h.example": "evil" } }),
        ),
        ("Opaque", object!({ "auths": { "opaque.example": auth("x:y") } })),
    ]);
    assert_eq!(pulled(&server, "r.example").unwrap().unwrap(), "me:word");
    assert_eq!(pulled(&server, "old.example").unwrap().unwrap(), "old:one");
    // No helper is started, and what is no secret of logins is not read.
    for registry in ["h.example", "opaque.example", "r.example.evil"] {
        let why = pulled(&server, registry).unwrap().unwrap_err();
        assert!(
            why.contains("pull-0, pull-1, pull-2, pull-3 of the service account builder in team"),
            "{why}"
        );
    }
    assert_eq!(
        pulled(&cluster(Vec::new()), "r.example").unwrap().unwrap_err(),
        "the service account builder in team has none"
    );
}

#[test]
fn a_cluster_that_refuses_is_said_with_the_role_that_is_missing() {
    let server = serve(|seen| match seen.line.contains("serviceaccounts") {
        true => json(200, &object!({ "imagePullSecrets": [{ "name": "pull" }] })),
        false => json(403, &object!({ "kind": "Status", "message": "secrets \"pull\" is forbidden" })),
    });
    let error = said(&pulled(&server, "r.example").unwrap_err());
    assert!(
        error.contains("a role that allows `get` of secrets is needed") && error.contains("forbidden"),
        "{error}"
    );
    for answer in [
        object!({ "imagePullSecrets": [{ "name": "../../secrets/x" }] }),
        object!({ "imagePullSecrets": [{ "name": "" }] }),
        object!({ "imagePullSecrets": "x" }),
        object!({ "imagePullSecrets": vec![object!({ "name": "a" }); 51] }),
    ] {
        let server = serve(move |_| json(200, &answer));
        assert!(pulled(&server, "r.example").is_err());
    }
    let server = cluster(vec![("kubernetes.io/dockerconfigjson", object!("secret text"))]);
    assert!(!said(&pulled(&server, "r.example").unwrap_err()).contains("secret text"));
}

#[test]
fn a_service_account_is_called_as_its_token_says() {
    let folder = tempfile::tempdir().unwrap();
    let ambient =
        ambient(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_SERVICE_PORT", "443")], true);
    let named = |subject: &str| {
        let claims = base64::encode_url(object!({ "sub": subject }).to_string());
        std::fs::write(folder.path().join("token"), format!("eyJ.{claims}.c2ln\n")).unwrap();
        pull_secrets::service_account(&ambient.settings(), folder.path())
    };
    let found = named("system:serviceaccount:team:builder").unwrap();
    assert_eq!((&*found.0, &*found.1), ("team", "builder"));
    for subject in
        ["", "me", "system:serviceaccount:team", "system:serviceaccount:../x:y", "system:serviceaccount::y"]
    {
        assert!(named(subject).is_err(), "{subject}");
    }
    std::fs::write(folder.path().join("token"), "opaque").unwrap();
    assert!(pull_secrets::service_account(&ambient.settings(), folder.path()).is_err());
}

/// As the keychain of go-containerregistry that cosign takes with `--k8s-keychain`.
#[test]
fn github_is_given_its_token_where_credentials_are_wanted() {
    let token = ("GITHUB_TOKEN", "ghp_x");
    let found = |variables: &[_], wanted, registry| lookup(&ambient(variables, wanted), registry).unwrap();
    let actor = ("GITHUB_ACTOR", "octocat");
    assert_eq!(used(&found(&[token, actor], true, "ghcr.io")).as_deref(), Some("octocat:ghp_x"));
    let nobody = found(&[token], true, "ghcr.io");
    assert_eq!(used(&nobody).as_deref(), Some("unset:ghp_x"));
    assert!(nobody.is_ambient, "it goes nowhere without a certificate");
    assert_eq!(used(&found(&[token, actor], false, "ghcr.io")), None);
    for registry in ["ghcr.io:5000", "ghcr.io.evil.example", "x.ghcr.io", "gitlab.example"] {
        assert_eq!(used(&found(&[token], true, registry)), None, "{registry}");
    }
    for variables in [&[][..], &[("GITHUB_TOKEN", "")]] {
        let none = found(variables, true, "ghcr.io");
        assert_eq!(used(&none), None);
        let looked = none.looked.last().unwrap();
        assert_eq!(looked, "GitHub: the token of GitHub is not known: GITHUB_TOKEN is not set");
    }
}

/// Whoever writes the file says who gets the token of the workload.
#[test]
fn credentials_of_google_that_lead_elsewhere_are_told_of() {
    static TOLD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let server =
        serve(|_| json(200, &object!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3600 })));
    let folder = tempfile::tempdir().unwrap();
    let [subject, file] = ["subject", "credentials.json"].map(|name| folder.path().join(name));
    std::fs::write(&subject, "of-the-workload").unwrap();
    let document = object!({
        "type": "external_account", "audience": "//iam.googleapis.com/pool", "credential_source": { "file": subject },
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{}/sts", server.url),
    });
    std::fs::write(&file, document.to_string()).unwrap();
    let asked = ambient(&[("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap())], true);
    let asked = Ambient { tell: |line| TOLD.lock().unwrap().push(line.to_owned()), ..asked };
    assert_eq!(used(&lookup(&asked, "gcr.io").unwrap()).as_deref(), Some("oauth2accesstoken:t"));
    let told = TOLD.lock().unwrap().join("\n");
    assert!(
        told.starts_with("WARNING: the credentials in ") && told.contains("which is not Google's"),
        "{told}"
    );
}
