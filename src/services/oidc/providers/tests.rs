use serde_json::{Value, json};

use super::super::{TokenRequest, names};
use super::*;
use crate::crypto::{KeyType, PrivateKey, SignatureScheme, base64, pem};
use crate::services::oidc::scripted::{Reply, Scene, Seen, Served, ok, redirect, serve, status, token};

const SCHEME: SignatureScheme = SignatureScheme::RsaPkcs1(crate::crypto::HashAlgorithm::Sha256);

fn by(name: &str) -> TokenRequest<'_> {
    TokenRequest { provider: Some(name), ..TokenRequest::default() }
}

fn github(server: &Served) -> Scene {
    Scene::new()
        .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret-of-github")
        .with("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/_apis/token?api-version=2.0", server.url))
}

fn buildkite(server: &Served) -> Scene {
    Scene::new()
        .with("BUILDKITE_AGENT_ACCESS_TOKEN", "secret-of-buildkite")
        .with("BUILDKITE_AGENT_ENDPOINT", format!("{}/v3/", server.url))
        .with("BUILDKITE_JOB_ID", "0185-ab")
}

#[test]
fn github_gives_a_token_for_the_audience_that_is_asked_for() {
    let server = serve(|_, _| ok(json!({ "count": 1, "value": token(json!({ "aud": "a&b" })) })));
    let request = TokenRequest { audience: "a&b", ..by("github-actions") };
    assert_eq!(github(&server).token(&request).unwrap().audience(), ["a&b"]);
    let [seen] = &server.requests()[..] else { panic!() };
    assert_eq!(seen.line, "GET /_apis/token?api-version=2.0&audience=a%26b");
    assert_eq!(seen.header("authorization"), Some("Bearer secret-of-github"));
}

#[test]
fn buildkite_gives_a_token_for_its_job() {
    let server = serve(|_, _| ok(json!({ "token": token(json!({})) })));
    buildkite(&server).token(&by("buildkite-agent")).unwrap();
    let [seen] = &server.requests()[..] else { panic!() };
    assert_eq!(seen.line, "POST /v3/jobs/0185-ab/oidc/tokens");
    assert_eq!(seen.header("authorization"), Some("Token secret-of-buildkite"));
    assert_eq!(seen.text(), r#"{"audience":"sigstore"}"#);
    let mut scene = buildkite(&server).with("BUILDKITE_JOB_ID", "../../x");
    assert!(scene.refusal(&by("buildkite-agent")).contains("BUILDKITE_JOB_ID"));
    scene.variables.remove("BUILDKITE_JOB_ID");
    assert!(scene.refusal(&by("buildkite-agent")).contains("BUILDKITE_JOB_ID is not set"));
}

#[test]
fn variables_and_files_hold_tokens() {
    let text = token(json!({}));
    for name in ["envvar", ""] {
        let mut scene = Scene::new().with("SIGSTORE_ID_TOKEN", format!("{text}\n"));
        assert_eq!(scene.token(&by(name)).unwrap().secret().expose(), text.as_bytes());
    }
    let mut scene = Scene::new();
    std::fs::write(&scene.places.token_file, format!("{text}\n")).unwrap();
    assert_eq!(scene.token(&by("filesystem")).unwrap().secret().expose(), text.as_bytes());
    assert_eq!(scene.token(&by("")).unwrap().secret().expose(), text.as_bytes());
    // It is there, and is no token: nobody else is asked.
    std::fs::write(&scene.places.token_file, "").unwrap();
    let refusal = scene.refusal(&by(""));
    assert!(
        refusal.starts_with("the OIDC provider filesystem fails: ") && refusal.ends_with("is empty"),
        "{refusal}"
    );
    let refusal = Scene::new().with("SIGSTORE_ID_TOKEN", "x").refusal(&by(""));
    assert!(refusal.contains("from SIGSTORE_ID_TOKEN"), "{refusal}");
}

#[test]
fn every_fault_of_a_server_is_an_error() {
    let big = "x".repeat(1 << 19);
    let old = token(json!({ "exp": 1 }));
    let other = token(json!({ "aud": "other" }));
    let oversized = token(json!({ "x": "y".repeat(70_000) }));
    let faults: Vec<(u16, String, &str)> = vec![
        (500, "x".into(), "status 500: x"),
        (403, json!({ "message": "no" }).to_string(), "status 403: no"),
        (200, "garbage".into(), "not JSON"),
        (200, String::new(), "not JSON"),
        (200, "{}".into(), "is missing"),
        (200, json!({ "value": 1, "token": 1 }).to_string(), "is a number"),
        (200, json!({ "value": "", "token": "" }).to_string(), "is empty"),
        (200, json!({ "value": "a.b", "token": "a.b" }).to_string(), "three parts"),
        (200, json!({ "value": old, "token": old }).to_string(), "expired at 1970-01-01T00:00:01Z"),
        (
            200,
            json!({ "value": other, "token": other }).to_string(),
            "is made out to `other`, not to `sigstore`",
        ),
        (200, json!({ "value": oversized, "token": oversized }).to_string(), "the limit is 65536"),
        (200, big, "larger than the limit"),
        (200, r#"{"value":"a","value":"b","token":"a","token":"b"}"#.into(), "appears twice"),
    ];
    for (code, body, reason) in faults {
        let server = serve(move |_, _| status(code, &body));
        for refusal in [
            github(&server).refusal(&by("github-actions")),
            buildkite(&server).refusal(&by("buildkite-agent")),
        ] {
            assert!(refusal.contains(reason), "{reason}: {refusal}");
            assert!(!refusal.contains("secret-of"), "{refusal}");
        }
    }
    let nobody = serve(|_, _| ok(""));
    let mut scene = github(&nobody).with("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:1/");
    assert!(scene.refusal(&by("github-actions")).contains("could not connect"));
}

/// gh CVE-2026-48501: what one host is told is told to no other.
#[test]
fn cve_2026_48501_permissions_go_to_their_own_host_alone() {
    let other = serve(|_, _| ok(json!({ "value": token(json!({})), "token": token(json!({})) })));
    let url = other.url.clone();
    let server = serve(move |_, _| redirect(&format!("{url}/x")));
    for refusal in
        [github(&server).refusal(&by("github-actions")), buildkite(&server).refusal(&by("buildkite-agent"))]
    {
        assert!(refusal.contains("points to") || refusal.contains("status 302"), "{refusal}");
    }
    assert!(other.requests().is_empty());
    // And not where anybody can read them.
    for (name, variable) in
        [("github-actions", "ACTIONS_ID_TOKEN_REQUEST_URL"), ("buildkite-agent", "BUILDKITE_AGENT_ENDPOINT")]
    {
        for scene in [github(&server), buildkite(&server)] {
            let mut scene = scene.with(variable, "http://runner.example");
            let refusal = scene.refusal(&by(name));
            assert!(refusal.contains("without https") || refusal.contains("not set"), "{refusal}");
        }
    }
}

#[test]
fn providers_that_are_named_have_to_have_something() {
    let refusal = Scene::new().refusal(&by("gitlab"));
    assert_eq!(refusal, "there is no OIDC provider `gitlab`");
    for (name, missing) in [
        ("envvar", "SIGSTORE_ID_TOKEN is not set"),
        ("github-actions", "ACTIONS_ID_TOKEN_REQUEST_TOKEN and ACTIONS_ID_TOKEN_REQUEST_URL are not set"),
        ("buildkite-agent", "BUILDKITE_AGENT_ACCESS_TOKEN is not set"),
        ("filesystem", "there is no file "),
        ("spiffe", "there is no socket "),
        ("google-impersonate", "GOOGLE_SERVICE_ACCOUNT_NAME is not set"),
        ("google-workload-identity", "GOOGLE_APPLICATION_CREDENTIALS is not set"),
        ("google", "GOOGLE_SERVICE_ACCOUNT_NAME is not set; GOOGLE_APPLICATION_CREDENTIALS is not set"),
    ] {
        let refusal = Scene::new().refusal(&by(name));
        let start = format!("the OIDC provider {name} has no identity token to offer here: {missing}");
        assert!(refusal.starts_with(&start), "{refusal}");
        assert!(names().any(|known| known == name));
    }
    let half = Scene::new().with("ACTIONS_ID_TOKEN_REQUEST_URL", "x").refusal(&by("github-actions"));
    assert!(half.ends_with("ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set"), "{half}");
}

#[test]
fn offers_say_what_is_missing() {
    let scene = Scene::new().with("SIGSTORE_ID_TOKEN", "").with("GOOGLE_SERVICE_ACCOUNT_NAME", "a@b");
    let offers = scene.offers();
    assert_eq!(offers.len(), 7);
    assert_eq!(offers["google-impersonate"], Offer::Offered);
    assert_eq!(offers["envvar"], Offer::Missing("SIGSTORE_ID_TOKEN is not set".to_owned()));
    assert_eq!(
        offers["google-workload-identity"],
        Offer::Missing("this is not a machine of Google".to_owned())
    );
}

/// A machine of Google's, with this metadata server.
fn machine(server: &Served) -> Scene {
    let mut scene = Scene::new();
    std::fs::write(&scene.places.google.product_name, "Google Compute Engine\n").unwrap();
    scene.places.google.metadata = server.url.clone();
    scene.places.google.iam_credentials = server.url.clone();
    scene.places.google.token = format!("{}/oauth/token", server.url);
    scene
}

fn google(url: &str, seen: &Seen) -> Reply {
    const ACCOUNT: &str = "/computeMetadata/v1/instance/service-accounts/default";
    let _ = url;
    if seen.line.contains("/computeMetadata/") && seen.header("metadata-flavor") != Some("Google") {
        return status(403, "no flavor");
    }
    if seen.is(&format!("GET {ACCOUNT}/email")) {
        return ok("me@p.iam.gserviceaccount.com");
    }
    if seen.is(&format!("GET {ACCOUNT}/identity")) {
        assert!(seen.line.ends_with("?audience=sigstore&format=full"), "{}", seen.line);
        return ok(token(json!({ "email": "me@p", "email_verified": true })));
    }
    if seen.is(&format!("GET {ACCOUNT}/token")) {
        return ok(json!({ "access_token": "from-metadata", "token_type": "Bearer" }));
    }
    if seen.is("POST /oauth/token") {
        let form = seen.form();
        return match form["grant_type"].as_str() {
            "refresh_token" => ok(json!({ "access_token": format!("for-{}", form["refresh_token"]) })),
            _ => ok(
                json!({ "access_token": "for-key", "id_token": token(json!({ "email": "sa@p", "email_verified": true })) }),
            ),
        };
    }
    if seen.is("POST /v1/projects/-/serviceAccounts/target@p:generateIdToken") {
        return ok(json!({ "token": token(json!({ "email": "target@p", "email_verified": true })) }));
    }
    status(404, "")
}

#[test]
fn the_metadata_server_gives_tokens_on_machines_of_google() {
    let server = serve(google);
    for name in ["google-workload-identity", "google", ""] {
        assert_eq!(machine(&server).token(&by(name)).unwrap().proof_subject(), "me@p");
    }
    // By its variable, where one names it.
    let host = server.address;
    let mut scene = Scene::new().with("GCE_METADATA_HOST", host);
    assert_eq!(scene.token(&by("google")).unwrap().proof_subject(), "me@p");
    // A machine without a service account offers nothing, and that is no error.
    let bare = serve(|_, _| status(404, ""));
    assert!(
        matches!(&machine(&bare).offers()["google-workload-identity"], Offer::Missing(text) if text.contains("no service account"))
    );
    // One that has an account and gives no token is one.
    let broken = serve(|_, seen| if seen.line.ends_with("/email") { ok("x") } else { status(500, "") });
    let mut scene = machine(&broken);
    scene.terminal = true;
    assert!(scene.refusal(&by("")).starts_with("the OIDC provider google-workload-identity fails"));
}

#[test]
fn a_service_account_acts_in_the_name_of_another_one() {
    let server = serve(google);
    let mut scene = machine(&server).with("GOOGLE_SERVICE_ACCOUNT_NAME", "target@p");
    for name in ["google-impersonate", "google", ""] {
        assert_eq!(scene.token(&by(name)).unwrap().proof_subject(), "target@p");
    }
    let requests = server.requests();
    let seen = requests.last().unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer from-metadata"));
    let body: Value = seen.json();
    assert_eq!(body, json!({ "audience": "sigstore", "includeEmail": true, "delegates": [] }));
    let mut scene = machine(&server).with("GOOGLE_SERVICE_ACCOUNT_NAME", "a/../b?x");
    assert!(scene.refusal(&by("")).contains("not the address of a service account"));
    let mut scene = Scene::new().with("GOOGLE_SERVICE_ACCOUNT_NAME", "target@p");
    assert!(scene.refusal(&by("")).contains("there are no credentials of Google"));
}

/// Credentials in a file that the variable names.
fn credentials(scene: Scene, content: &Value) -> Scene {
    let file = scene.places.token_file.with_file_name("credentials.json");
    std::fs::write(&file, content.to_string()).unwrap();
    scene.with("GOOGLE_APPLICATION_CREDENTIALS", file.display())
}

fn service_account(server: &Served) -> (Value, PrivateKey) {
    let key = PrivateKey::generate(KeyType::Rsa { bits: 2048 }).unwrap();
    let text = pem::encode("PRIVATE KEY", key.to_pkcs8().unwrap().expose());
    let document = json!({
        "type": "service_account", "client_email": "sa@p", "private_key_id": "k1",
        "private_key": text, "token_uri": format!("{}/oauth/token", server.url),
    });
    (document, key)
}

#[test]
fn the_key_of_a_service_account_is_shown_by_a_signature() {
    use crate::crypto::{Signed, SigningKey};
    let server = serve(google);
    let (document, key) = service_account(&server);
    let mut scene = credentials(Scene::new(), &document);
    // Elsewhere than at Google, only who names it wants it.
    assert!(matches!(scene.offers()["google-workload-identity"], Offer::Missing(_)));
    assert_eq!(scene.token(&by("google-workload-identity")).unwrap().proof_subject(), "sa@p");
    let [seen] = &server.requests()[..] else { panic!() };
    let form = seen.form();
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let signature = base64::decode(signature).unwrap();
    let signed_bytes = Signed::Message(signed.as_bytes());
    key.public_key().verify(SCHEME, signed_bytes, &signature).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&base64::decode(part).unwrap()).unwrap();
    assert_eq!(read(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    let claims = read(claims);
    assert_eq!((&claims["target_audience"], &claims["iss"]), (&json!("sigstore"), &json!("sa@p")));
    assert_eq!(claims["aud"], document["token_uri"]);
}

#[test]
fn people_and_service_accounts_act_in_the_name_of_service_accounts() {
    let server = serve(google);
    let person = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r&r",
    });
    let scene = || {
        let mut scene = Scene::new();
        scene.places.google.iam_credentials = server.url.clone();
        scene.places.google.token = format!("{}/oauth/token", server.url);
        scene
    };
    let mut named = credentials(scene(), &person).with("GOOGLE_SERVICE_ACCOUNT_NAME", "target@p");
    assert_eq!(named.token(&by("")).unwrap().proof_subject(), "target@p");
    let requests = server.requests();
    assert_eq!(requests.last().unwrap().header("authorization"), Some("Bearer for-r&r"));
    // A person has no token for Sigstore.
    let refusal = credentials(scene(), &person).refusal(&by("google-workload-identity"));
    assert!(refusal.contains("of a person"), "{refusal}");

    let (account, _) = service_account(&server);
    for source in [&person, &account] {
        let impersonated = json!({
            "type": "impersonated_service_account", "source_credentials": source, "delegates": ["d@p"],
            "service_account_impersonation_url": "https://evil.example/v1/projects/-/serviceAccounts/target@p:generateAccessToken",
        });
        let mut scene = credentials(scene(), &impersonated);
        assert_eq!(scene.token(&by("google-workload-identity")).unwrap().proof_subject(), "target@p");
        let requests = server.requests();
        assert!(requests.last().unwrap().text().contains(r#""delegates":["d@p"]"#));
    }
}

#[test]
fn credentials_that_are_no_good_are_an_error_and_show_nothing() {
    let server = serve(google);
    let (account, _) = service_account(&server);
    let with = |name: &str, value: Value| {
        let mut changed = account.clone();
        changed[name] = value;
        changed
    };
    let ec = PrivateKey::generate(KeyType::P256).unwrap();
    let ec = pem::encode("PRIVATE KEY", ec.to_pkcs8().unwrap().expose());
    for (document, reason) in [
        (json!({}), "type: is missing"),
        (json!({ "type": "gdch_service_account" }), "type `gdch_service_account` are not supported"),
        (with("private_key", json!("nonsense")), "the private key in"),
        (with("private_key", json!(ec)), "is not an RSA key"),
        (with("client_email", Value::Null), "client_email: is missing"),
        (with("token_uri", json!("http://evil.example/")), "without https"),
        (
            json!({ "type": "impersonated_service_account", "service_account_impersonation_url": "https://x/" }),
            "names no service account",
        ),
        (
            json!({ "type": "impersonated_service_account",
                "service_account_impersonation_url": "https://x/serviceAccounts/a@b:x",
                "source_credentials": { "type": "impersonated_service_account" } }),
            "are not supported",
        ),
    ] {
        let refusal = credentials(Scene::new(), &document).refusal(&by("google-workload-identity"));
        assert!(refusal.contains(reason) && !refusal.contains("nonsense"), "{reason}: {refusal}");
    }
    let mut scene = Scene::new().with("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/x.json");
    assert!(scene.refusal(&by("google")).contains("/nowhere/x.json cannot be read"));
    assert!(server.requests().is_empty());
}

/// Google's side of workload identity federation, and somebody at `/token` who knows the workload.
fn federation(url: &str, seen: &Seen) -> Reply {
    if seen.is("GET /token") {
        return ok(json!({ "id": "subject-of-workload" }));
    }
    if seen.is("POST /sts") {
        return ok(json!({ "access_token": "federated", "token_type": "Bearer", "expires_in": 3600 }));
    }
    if seen.is("POST /v1/projects/-/serviceAccounts/target@p:generateAccessToken") {
        return ok(json!({ "accessToken": "of-target" }));
    }
    google(url, seen)
}

const IMPERSONATION: &str = "https://evil.example/v1/projects/-/serviceAccounts/target@p:generateAccessToken";

fn external(server: &Served, source: &Value) -> Value {
    json!({
        "type": "external_account", "audience": "//iam.googleapis.com/pool", "credential_source": source,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{}/sts", server.url),
        "service_account_impersonation_url": IMPERSONATION, "universe_domain": "googleapis.com",
    })
}

/// Elsewhere than at Google.
fn elsewhere(server: &Served) -> Scene {
    let mut scene = Scene::new();
    scene.places.google.iam_credentials = server.url.clone();
    scene
}

#[test]
fn a_workload_that_somebody_else_knows_acts_in_the_name_of_a_service_account() {
    let server = serve(federation);
    let folder = tempfile::tempdir().unwrap();
    let [text, document] = ["text", "json"].map(|name| folder.path().join(name));
    std::fs::write(&text, "subject-of-workload\n").unwrap();
    std::fs::write(&document, r#"{ "id": "subject-of-workload" }"#).unwrap();
    let format = json!({ "type": "json", "subject_token_field_name": "id" });
    let headers = json!({ "Authorization": "Bearer of-the-runner", "Metadata": "True", "accept": "a/b" });
    for source in [
        json!({ "file": text }),
        json!({ "file": text, "format": { "type": "text" } }),
        json!({ "file": document, "format": format }),
        json!({ "url": format!("{}/token?x=y", server.url), "headers": headers, "format": format }),
    ] {
        for name in ["google-workload-identity", "google"] {
            let mut scene = credentials(elsewhere(&server), &external(&server, &source));
            assert_eq!(scene.token(&by(name)).unwrap().proof_subject(), "target@p");
            let told = scene.said.join("\n");
            assert!(
                told.contains("WARNING: the credentials in ") && told.contains("which is not Google's"),
                "{told}"
            );
            let mut requests = server.requests();
            let last = requests.pop().unwrap();
            assert_eq!(last.line, "POST /v1/projects/-/serviceAccounts/target@p:generateIdToken");
            assert_eq!(last.header("authorization"), Some("Bearer federated"));
            assert_eq!(last.json(), json!({ "audience": "sigstore", "includeEmail": true, "delegates": [] }));
            let form = requests.pop().unwrap().form();
            let wanted = [
                ("audience", "//iam.googleapis.com/pool"),
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("scope", "https://www.googleapis.com/auth/cloud-platform"),
                ("subject_token", "subject-of-workload"),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ];
            assert_eq!(form, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
            if let Some(asked) = requests.pop() {
                assert_eq!(asked.line, "GET /token?x=y");
                assert_eq!(asked.header("authorization"), Some("Bearer of-the-runner"));
                assert_eq!((asked.header("metadata"), asked.header("accept")), (Some("True"), Some("a/b")));
            }
        }
    }
    // Whoever refuses has seen the token by then: the warning comes before.
    let mut refused = external(&server, &json!({ "file": text }));
    refused["token_url"] = json!(format!("{}/nothing", server.url));
    let mut scene = credentials(elsewhere(&server), &refused);
    assert!(scene.refusal(&by("google")).contains("status 404"));
    assert!(scene.said.join("\n").contains("which is not Google's"), "{:?}", scene.said);
    server.requests();
    // In nobody's name there is no identity token, and nobody is asked.
    let mut alone = external(&server, &json!({ "file": text }));
    alone.as_object_mut().unwrap().remove("service_account_impersonation_url");
    let refusal = credentials(elsewhere(&server), &alone).refusal(&by("google"));
    assert!(refusal.contains("credentials.json cannot be used"), "{refusal}");
    assert!(refusal.contains("service_account_impersonation_url: is missing"), "{refusal}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_workload_acts_for_the_account_that_is_named_by_itself_or_as_another_account() {
    let server = serve(federation);
    let url = json!({ "url": format!("{}/token", server.url),
        "format": { "type": "json", "subject_token_field_name": "id" } });
    let document = external(&server, &url);
    let mut alone = document.clone();
    alone.as_object_mut().unwrap().remove("service_account_impersonation_url");
    alone["client_id"] = json!("program");
    alone["client_secret"] = json!("of-program");
    for (document, access) in [(&document, "Bearer of-target"), (&alone, "Bearer federated")] {
        let mut scene =
            credentials(elsewhere(&server), document).with("GOOGLE_SERVICE_ACCOUNT_NAME", "target@p");
        assert_eq!(scene.token(&by("")).unwrap().proof_subject(), "target@p");
        let requests = server.requests();
        assert_eq!(requests.last().unwrap().header("authorization"), Some(access));
        let basic = requests[1].header("authorization").map(str::to_owned);
        let wanted = format!("Basic {}", base64::encode("program:of-program"));
        assert_eq!(basic, (access == "Bearer federated").then_some(wanted));
    }
}

#[test]
fn external_credentials_that_are_no_good_name_file_and_member_and_show_nothing() {
    let server = serve(federation);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("subject");
    std::fs::write(&file, r#"{"id":"hidden-subject"}"#).unwrap();
    let big = folder.path().join("big");
    std::fs::write(&big, "x".repeat(70_000)).unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, " \n").unwrap();
    let json_of = |member: &str| json!({ "type": "json", "subject_token_field_name": member });
    let bearer = json!({ "Authorization": "Bearer hidden-permission" });
    let cases = [
        (
            json!({ "environment_id": "aws2", "url": "http://169.254.169.254/" }),
            "credential_source.environment_id: is not aws1, which is the only one that is supported",
        ),
        (
            json!({ "executable": { "command": "/bin/x" } }),
            "credential_source.executable: tokens that a program gives are not supported",
        ),
        (json!({ "certificate": {} }), "credential_source.certificate: certificates in place of tokens"),
        (json!({}), "credential_source: has neither a file nor a url"),
        (json!({ "file": "a", "url": "b" }), "credential_source: has a file and a url"),
        (json!({ "file": folder.path().join("none") }), "none, credential_source.file of"),
        (json!({ "file": big }), "big cannot be used: "),
        (json!({ "file": empty }), "empty cannot be used: subject token: is empty"),
        (json!({ "file": file, "format": { "type": "json" } }), "subject_token_field_name: is missing"),
        (json!({ "file": file, "format": { "type": "xml" } }), "format.type: is neither `text` nor `json`"),
        (json!({ "file": file, "format": json_of("token") }), "subject cannot be used: "),
        (json!({ "url": "http://169.254.169.254/x", "headers": bearer }), "credential_source.url of"),
        (
            json!({ "url": "http://169.254.169.254/x", "headers": { "X-Key": "hidden" } }),
            "credential_source.url of",
        ),
        (json!({ "url": "http://evil.example/x" }), "without https"),
        (json!({ "url": "https://me:hidden-password@a.example/x" }), "a user name or a password"),
        (
            json!({ "url": "https://a.example/x", "headers": { "Host": "b" } }),
            "headers.Host: is no header that can be set",
        ),
        (
            json!({ "url": "https://a.example/x", "headers": { "a": "hidden\r\nb: c" } }),
            "headers.a: holds characters",
        ),
        (json!({ "url": format!("{}/elsewhere", server.url), "headers": bearer }), "status 404"),
        (json!({ "url": format!("{}/token", server.url), "format": json_of("token") }), "token: is missing"),
    ];
    for (source, reason) in cases {
        let mut scene = credentials(elsewhere(&server), &external(&server, &source));
        let refusal = scene.refusal(&by("google-workload-identity"));
        assert!(refusal.contains(reason) && !refusal.contains("hidden"), "{reason}: {refusal}");
    }
    let with = |name: &str, value: &str| {
        let mut document = external(&server, &json!({ "file": file, "format": json_of("id") }));
        document[name] = json!(value);
        credentials(elsewhere(&server), &document).refusal(&by("google-workload-identity"))
    };
    assert!(with("universe_domain", "other.example").contains("universe_domain: is not googleapis.com"));
    assert!(with("audience", "").contains("audience: is empty"));
    assert!(with("service_account_impersonation_url", "https://x/").contains("names no service account"));
    let refusal = with("token_url", "http://sts.example/");
    assert!(refusal.contains("token_url of") && refusal.contains("without https"), "{refusal}");
    assert!(!server.requests().iter().any(|seen| seen.is("POST /sts")));
}

/// What somebody is sent may come back in an error.
#[test]
fn servers_that_repeat_the_subject_token_are_shown_without_it() {
    let server = serve(|_, seen| status(400, seen.text()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("subject");
    std::fs::write(&file, "hidden-subject-of-workload").unwrap();
    let document = external(&server, &json!({ "file": file }));
    let refusal = credentials(elsewhere(&server), &document).refusal(&by("google"));
    assert!(refusal.contains("status 400") && !refusal.contains("hidden-subj"), "{refusal}");
}
