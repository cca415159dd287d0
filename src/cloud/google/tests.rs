//! Application default credentials of every kind, against Google's side of each.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::crypto::{KeyType, PrivateKey, SignatureScheme, Signed, SigningKey as _, base64, pem};
use crate::http::scripted::{Reply, Seen, Served, json as answer, reply, run, serve};

const NOW: i64 = 1_800_000_000;
const IMPERSONATION: &str = "https://evil.example/v1/projects/-/serviceAccounts/target@p:generateAccessToken";

/// An environment, with a folder for files.
struct Scene {
    variables: HashMap<&'static str, String>,
    places: Places,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new(server: &Served) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            product_name: folder.path().join("product_name"),
            metadata: server.url.clone(),
            iam_credentials: server.url.clone(),
            token: format!("{}/token", server.url),
        };
        Self { variables: HashMap::new(), places, folder }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.insert(name, value.to_string());
        self
    }

    /// With credentials in a file.
    fn holding(self, document: &Value) -> Self {
        let file = self.folder.path().join("credentials.json");
        std::fs::write(&file, document.to_string()).unwrap();
        self.with(FILE, file.display())
    }

    fn ask<T>(&self, ask: impl FnOnce(Result<Google, CloudError>) -> T) -> T {
        let variables = |name: &str| self.variables.get(name).map(OsString::from);
        let settings = Settings {
            variables: &variables,
            retry_for: Duration::ZERO,
            total: Duration::from_secs(10),
            now: UnixTime::from_seconds(NOW),
        };
        ask(Google::read_at(&Around { settings, places: &self.places }))
    }

    fn token(&self) -> String {
        self.ask(|google| String::from_utf8(run(google.unwrap().token()).unwrap().expose().to_vec()).unwrap())
    }

    /// Why there is no token, all of it.
    fn refusal(&self) -> String {
        let error = self.ask(|google| match google {
            Ok(google) => run(google.token()).map(drop).unwrap_err(),
            Err(error) => error,
        });
        let error: &dyn std::error::Error = &error;
        let all = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
        all.collect::<Vec<_>>().join(": ")
    }
}

fn account(url: &str) -> (Value, PrivateKey) {
    let key = PrivateKey::generate(KeyType::Rsa { bits: 2048 }).unwrap();
    let text = pem::encode("PRIVATE KEY", key.to_pkcs8().unwrap().expose());
    let document = json!({
        "type": "service_account", "client_email": "sa@p", "private_key_id": "k1",
        "private_key": text, "token_uri": format!("{url}/token"), "quota_project_id": "paying-1",
    });
    (document, key)
}

fn person() -> Value {
    json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "hidden-secret", "refresh_token": "hidden-refresh",
    })
}

/// Google: its token server, its credentials service, its exchange of tokens, and the metadata server of a machine.
fn google(seen: &Seen) -> Reply {
    let given = |token: &str| {
        answer(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3599 }))
    };
    let bearer = |token: &str| assert_eq!(seen.authorization(), Some(&*format!("Bearer {token}")));
    match &*seen.line {
        "POST /token" => {
            let form = seen.form();
            match form["grant_type"].as_str() {
                "refresh_token" => {
                    assert_eq!((&*form["client_id"], &*form["refresh_token"]), ("c", "hidden-refresh"));
                    given("of-person")
                }
                "urn:ietf:params:oauth:grant-type:jwt-bearer" => given("of-account"),
                other => panic!("{other}"),
            }
        }
        "POST /sts" => {
            assert_eq!(seen.form()["scope"], SCOPE);
            given("federated")
        }
        "POST /v1/projects/-/serviceAccounts/target@p:generateAccessToken" => {
            let body = seen.json();
            assert_eq!(body["scope"], json!([SCOPE]));
            match body.get("delegates") {
                Some(delegates) => {
                    assert_eq!(delegates, &json!(["d@p"]));
                    bearer("of-person");
                }
                None => bearer("federated"),
            }
            answer(200, &json!({ "accessToken": "of-target", "expireTime": "2027-01-15T09:00:00Z" }))
        }
        "GET /computeMetadata/v1/instance/service-accounts/default/token" => {
            assert_eq!(seen.header("metadata-flavor"), Some("Google"));
            given("of-machine")
        }
        _ => reply(404),
    }
}

/// AIP-4111: the token is what the account has signed itself, for a scope and to nobody.
#[test]
fn the_key_of_a_service_account_signs_its_tokens() {
    let server = serve(google);
    let (document, key) = account(&server.url);
    let scene = Scene::new(&server).holding(&document);
    let token = scene.token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let scheme = SignatureScheme::RsaPkcs1(crate::crypto::HashAlgorithm::Sha256);
    let signature = base64::decode(signature).unwrap();
    key.public_key().verify(scheme, Signed::Message(signed.as_bytes()), &signature).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&base64::decode(part).unwrap()).unwrap();
    assert_eq!(read(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    let wanted = json!({ "iss": "sa@p", "sub": "sa@p", "scope": SCOPE, "iat": NOW, "exp": NOW + 3600 });
    assert_eq!(read(claims), wanted);
    assert!(server.requests().is_empty());
    scene.ask(|google| {
        let google = google.unwrap();
        assert_eq!((google.quota_project(), google.universe()), (Some("paying-1"), "googleapis.com"));
    });
    let other = scene.with(QUOTA_VARIABLE, "other-1");
    other.ask(|google| assert_eq!(google.unwrap().quota_project(), Some("other-1")));
}

#[test]
fn a_person_and_a_machine_have_tokens() {
    let server = serve(google);
    assert_eq!(Scene::new(&server).holding(&person()).token(), "of-person");
    // Where `gcloud auth application-default login` leaves it.
    let scene = Scene::new(&server);
    let home = scene.folder.path().to_owned();
    let folder = home.join(".config/gcloud");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("application_default_credentials.json"), person().to_string()).unwrap();
    let scene = scene.with("HOME", home.display());
    assert_eq!(scene.token(), "of-person");
    assert_eq!(scene.with("CLOUDSDK_CONFIG", folder.display()).with("HOME", "/nowhere").token(), "of-person");
    assert_eq!(Scene::new(&server).token(), "of-machine");
    let host = server.address;
    let mut scene = Scene::new(&server).with(metadata::HOST, host);
    scene.places.metadata = "http://127.0.0.1:1".to_owned();
    assert_eq!(scene.token(), "of-machine");
}

#[test]
fn accounts_are_acted_for() {
    let server = serve(google);
    let impersonated = json!({
        "type": "impersonated_service_account", "source_credentials": person(), "delegates": ["d@p"],
        "service_account_impersonation_url": IMPERSONATION,
    });
    assert_eq!(Scene::new(&server).holding(&impersonated).token(), "of-target");
}

fn external(server: &Served, source: &Value) -> Value {
    json!({
        "type": "external_account", "audience": "//iam.googleapis.com/pool", "credential_source": source,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{}/sts", server.url),
    })
}

#[test]
fn a_workload_that_somebody_else_knows_has_tokens_itself_or_of_an_account() {
    let server = serve(google);
    let scene = Scene::new(&server);
    let file = scene.folder.path().join("subject");
    std::fs::write(&file, "hidden-subject").unwrap();
    let mut document = external(&server, &json!({ "file": file }));
    let scene = scene.holding(&document);
    assert_eq!(scene.token(), "federated");
    assert_eq!(server.requests()[0].form()["subject_token"], "hidden-subject");
    document["service_account_impersonation_url"] = json!(IMPERSONATION);
    assert_eq!(scene.holding(&document).token(), "of-target");
}

/// Who is not Google is told once who the workload is, however often it fails, and the user is told who it is.
#[test]
fn a_token_of_a_workload_for_somebody_else_than_google() {
    let server = serve(|_| reply(503));
    let scene = Scene::new(&server);
    let file = scene.folder.path().join("subject");
    std::fs::write(&file, "hidden-subject").unwrap();
    let mut document = external(&server, &json!({ "file": file }));
    let scene = scene.holding(&document);
    let variables = |name: &str| scene.variables.get(name).map(OsString::from);
    let settings = Settings {
        variables: &variables,
        retry_for: Duration::from_secs(4),
        total: Duration::from_secs(10),
        now: UnixTime::from_seconds(NOW),
    };
    let google = Google::read_at(&Around { settings, places: &scene.places }).unwrap();
    assert!(run(google.token()).is_err());
    assert_eq!(server.requests().len(), 1);
    let caution = Google::caution(&settings).unwrap();
    assert!(caution.contains("sent to 127.0.0.1, which is not Google's"), "{caution}");
    for (host, is_fine) in [
        ("sts.googleapis.com", true),
        ("sts.us-east1.rep.googleapis.com", true),
        ("googleapis.com.evil.example", false),
        ("evilgoogleapis.com", false),
    ] {
        document["token_url"] = json!(format!("https://{host}/v1/token"));
        std::fs::write(&scene.variables[FILE], document.to_string()).unwrap();
        let caution = Google::caution(&settings);
        assert_eq!(caution.is_none(), is_fine, "{caution:?}");
    }
}

const AWS_URL: &str = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";

/// AIP-4117: what AWS would be asked shows who the workload is, signed for Google alone.
#[cfg(feature = "kms-aws")]
#[test]
fn a_workload_of_aws_shows_a_signed_question_that_is_for_google_alone() {
    use crate::cloud::aws::scripted::Signer;
    let server = serve(|seen| match &*seen.line {
        "PUT /latest/api/token" => reply(200).body("of-instance"),
        "GET /latest/meta-data/placement/region" => {
            assert_eq!(seen.header("x-aws-ec2-metadata-token"), Some("of-instance"));
            reply(200).body("us-east-2")
        }
        _ => google(seen),
    });
    let source = json!({
        "environment_id": "aws1", "regional_cred_verification_url": AWS_URL,
        "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
        "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
    });
    let mut document = external(&server, &source);
    document["subject_token_type"] = json!("urn:ietf:params:aws:token-type:aws4_request");
    let scene = Scene::new(&server)
        .holding(&document)
        .with("AWS_ACCESS_KEY_ID", "AKID")
        .with("AWS_SECRET_ACCESS_KEY", "hidden-key")
        .with("AWS_SESSION_TOKEN", "hidden-session")
        .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
    let check = |scene: &Scene, region: &'static str| {
        assert_eq!(scene.token(), "federated");
        let form = server.requests().pop().unwrap().form();
        assert_eq!(form["subject_token_type"], "urn:ietf:params:aws:token-type:aws4_request");
        let once = crate::http::Address::parse(&format!("http://x/?a={}", form["subject_token"])).unwrap();
        let shown: Value = serde_json::from_str(&once.query()[0].1).unwrap();
        let host = format!("sts.{region}.amazonaws.com");
        let query = "Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(shown["url"], format!("https://{host}/?{query}"));
        assert_eq!((&shown["method"], shown.as_object().unwrap().len()), (&json!("POST"), 3));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers: Vec<_> = shown["headers"].as_array().unwrap().iter().collect();
        let headers =
            headers.iter().map(|header| (text(&header["key"]).to_lowercase(), text(&header["value"])));
        let seen = Seen { line: format!("POST /?{query}"), headers: headers.collect(), body: Vec::new() };
        assert_eq!(seen.header("host"), Some(&*host));
        assert_eq!(seen.header("x-goog-cloud-target-resource"), Some("//iam.googleapis.com/pool"));
        let token = Some("hidden-session");
        let (date, service) = ("20270115T080000Z", "sts");
        Signer { id: "AKID", secret: "hidden-key", token, region, service, date }.has_signed(&seen).unwrap();
    };
    check(&scene, "us-east-2");
    let scene = scene.with("AWS_REGION", "eu-west-1");
    check(&scene, "eu-west-1");
}

#[test]
fn credentials_that_are_no_good_say_where_and_show_nothing() {
    let server = serve(google);
    let (account, _) = account(&server.url);
    let with = |document: &Value, name: &str, value: Value| {
        let mut changed = document.clone();
        changed[name] = value;
        changed
    };
    let aws = |url: &str| {
        external(&server, &json!({ "environment_id": "aws1", "regional_cred_verification_url": url }))
    };
    let mut cases = vec![
        (with(&account, "universe_domain", json!("a/b")), "universe_domain: is no domain"),
        (with(&account, "quota_project_id", json!("a\r\nb")), "quota_project_id: is no project"),
        (with(&account, "private_key", json!("hidden")), "the private key in"),
        (
            with(&person(), "universe_domain", json!("cloud.example")),
            "the key of a service account is needed",
        ),
        (with(&person(), "refresh_token", json!("")), "refresh_token: is empty"),
        (external(&server, &json!({ "environment_id": "aws2" })), "is not aws1"),
        (external(&server, &json!({ "executable": { "command": "x" } })), "tokens that a program gives"),
    ];
    if cfg!(feature = "kms-aws") {
        cases.extend([
            (
                aws(&AWS_URL.replace("GetCallerIdentity", "GetSessionToken")),
                "does not ask AWS for GetCallerIdentity",
            ),
            (aws(&format!("{AWS_URL}&Action=AssumeRole")), "does not ask AWS for GetCallerIdentity"),
            (aws(&AWS_URL.replace("https", "http")), "without https"),
            (aws(&AWS_URL.replace(".com", ".com:1")), "does not ask AWS for GetCallerIdentity"),
            (aws("x"), "is not an http or https address"),
            (aws(AWS_URL), "the region of AWS is not known"),
        ]);
    }
    for (document, words) in cases {
        let refusal = Scene::new(&server).holding(&document).refusal();
        assert!(refusal.contains(words) && !refusal.contains("hidden"), "{words}: {refusal}");
    }
    assert!(server.requests().is_empty());
    let refusing = serve(|seen| {
        reply(400).body(format!("{{\"error\":\"invalid_grant\",\"error_description\":\"{}\"}}", seen.text()))
    });
    let refusal = Scene::new(&refusing).holding(&person()).refusal();
    assert!(refusal.contains("Google Cloud at ") && refusal.contains("status 400"), "{refusal}");
    assert!(!refusal.contains("hidden"), "{refusal}");
    assert!(Scene::new(&server).with(FILE, "/nowhere/x.json").refusal().contains("/nowhere/x.json"));
}

#[test]
fn the_cloud_is_the_one_that_the_key_is_for() {
    let server = serve(google);
    let (mut document, _) = account(&server.url);
    document["universe_domain"] = json!("cloud.example");
    let scene = Scene::new(&server).holding(&document);
    scene.ask(|google| assert_eq!(google.unwrap().universe(), "cloud.example"));
    assert_eq!(scene.token().split('.').count(), 3);
    let scene = scene.with(UNIVERSE_VARIABLE, "cloud.example");
    scene.ask(|google| assert_eq!(google.unwrap().universe(), "cloud.example"));
    let refusal = scene.with(UNIVERSE_VARIABLE, "other.example").refusal();
    assert!(refusal.contains("are for `cloud.example`"), "{refusal}");
    let refusal = Scene::new(&server).with(UNIVERSE_VARIABLE, "a/b").refusal();
    assert!(refusal.contains("`a/b` is no domain"), "{refusal}");
    let scene = Scene::new(&server).with(UNIVERSE_VARIABLE, "cloud.example");
    scene.ask(|google| assert_eq!(google.unwrap().universe(), "cloud.example"));
    assert_eq!(scene.token(), "of-machine");
}

#[test]
fn nobody_who_has_tokens_is_said_with_all_that_was_looked_at() {
    let bare = serve(|_| reply(404));
    let refusal = Scene::new(&bare).refusal();
    for words in [
        "GOOGLE_APPLICATION_CREDENTIALS is not set",
        "gcloud auth application-default login",
        "knows no service account",
    ] {
        assert!(refusal.contains(words), "{refusal}");
    }
    bare.requests();
    let refusal = Scene::new(&bare).with(NO_CHECK, "true").refusal();
    assert!(refusal.contains("NO_GCE_CHECK forbids"), "{refusal}");
    assert!(bare.requests().is_empty());
    let broken = serve(|_| answer(200, &json!({ "token": "x" })));
    let refusal = Scene::new(&broken).refusal();
    assert!(refusal.contains("what the metadata server said cannot be used"), "{refusal}");
}
