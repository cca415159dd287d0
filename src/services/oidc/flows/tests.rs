use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::super::{Error, Flow, TokenRequest};
use crate::crypto::{Secret, base64, sha256};
use crate::http::Address;
use crate::services::oidc::scripted::{
    LATE, NOW, Reply, Scene, Seen, Served, ok, redirect, serve, status, token,
};

/// What an issuer does wrong.
#[derive(Clone, Default)]
struct Faults {
    /// In place of members of its document.
    document: HashMap<&'static str, Value>,
    /// In place of claims of its tokens.
    claims: HashMap<&'static str, Value>,
    /// In place of the answer of its token endpoint.
    token: Option<Reply>,
}

/// An issuer, and what somebody who has logged in there was sent with.
struct Issuer {
    server: Served,
    visits: Arc<Mutex<Vec<HashMap<String, String>>>>,
}

fn issuer(faults: Faults) -> Issuer {
    let visits = Arc::new(Mutex::new(Vec::<HashMap<String, String>>::new()));
    let seen_visits = Arc::clone(&visits);
    let polls = Mutex::new(0);
    let server = serve(move |url, seen| {
        if seen.is("GET /.well-known/openid-configuration") {
            let mut document = json!({
                "issuer": url, "authorization_endpoint": format!("{url}/auth"),
                "token_endpoint": format!("{url}/token"),
                "device_authorization_endpoint": format!("{url}/device"),
                "code_challenge_methods_supported": ["plain", "S256"],
            });
            for (name, value) in &faults.document {
                document[*name] = value.clone();
            }
            return ok(document);
        }
        if seen.is("POST /device") {
            return ok(json!({
                "device_code": "secret-device", "user_code": "ABCD-EFGH", "expires_in": 60, "interval": 1,
                "verification_uri": format!("{url}/enter"),
            }));
        }
        assert!(seen.is("POST /token"), "{}", seen.line);
        if let Some(answer) = &faults.token {
            return answer.clone();
        }
        let form = seen.form();
        let mut claims = json!({ "iss": url, "aud": "sigstore", "email": "a@b", "email_verified": true });
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let visits = seen_visits.lock().unwrap();
                let visit = visits.last().unwrap();
                assert_eq!(form["code"], "the-code");
                assert_eq!(form["redirect_uri"], visit["redirect_uri"]);
                let challenge = base64::encode_url(sha256(form["code_verifier"].as_bytes()));
                assert_eq!(challenge, visit["code_challenge"]);
                claims["nonce"] = json!(visit["nonce"]);
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                assert_eq!(form["device_code"], "secret-device");
                let mut polls = polls.lock().unwrap();
                *polls += 1;
                if *polls == 1 {
                    return status(400, json!({ "error": "authorization_pending" }));
                }
            }
            other => assert_eq!(other, "client_credentials"),
        }
        for (name, value) in &faults.claims {
            claims[*name] = value.clone();
        }
        ok(json!({ "access_token": "x", "id_token": token(claims) }))
    });
    Issuer { server, visits }
}

fn request<'a>(issuer: &'a Issuer, flow: Flow) -> TokenRequest<'a> {
    TokenRequest { flow: Some(flow), issuer: &issuer.server.url, ..TokenRequest::default() }
}

/// Asks an address as a browser does; the status of the answer.
fn get(url: &str) -> u16 {
    let address = Address::parse(url).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", address.port())).unwrap();
    let target = url.splitn(4, '/').nth(3).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Cache-Control: no-store\r\n"));
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A browser in which somebody logs in; what comes back is what `visit` makes of the way back and the state.
fn scene(issuer: &Issuer, visit: impl Fn(&str, &str) + Send + Clone + 'static) -> Scene {
    let (page, visits) = (format!("{}/auth?", issuer.server.url), Arc::clone(&issuer.visits));
    let mut scene = Scene::new();
    scene.browser = Some(Box::new(move |url: &str| {
        assert!(url.starts_with(&page), "{url}");
        let query: HashMap<_, _> = Address::parse(url).unwrap().query().into_iter().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["scope"], "openid email");
        let (back, state) = (query["redirect_uri"].clone(), query["state"].clone());
        visits.lock().unwrap().push(query);
        let visit = visit.clone();
        thread::spawn(move || visit(&back, &state));
    }));
    scene
}

fn good(back: &str, state: &str) {
    assert_eq!(get(&format!("{back}?code=the-code&state={state}")), 200);
}

#[test]
fn a_browser_logs_in() {
    let issuer = issuer(Faults::default());
    let mut scene = scene(&issuer, good);
    let found = scene.token(&request(&issuer, Flow::Normal)).unwrap();
    assert_eq!(found.proof_subject(), "a@b");
    assert_eq!(scene.said[0], "Your browser will now be opened to:");
    let visits = issuer.visits.lock().unwrap();
    assert!(visits[0]["redirect_uri"].starts_with("http://localhost:"));
    assert!(visits[0]["redirect_uri"].ends_with("/auth/callback"));
    let requests = issuer.server.requests();
    let form = requests.last().unwrap().form();
    assert_eq!(form["client_id"], "sigstore");
    assert!(requests.last().unwrap().header("authorization").is_none());
}

/// sigstore-python GHSA-hm8f-75xx-w2vr: what comes without the state of this login is not its end.
#[test]
fn cve_2026_24408_a_missing_wrong_or_replayed_state_is_refused_and_the_login_goes_on() {
    let issuer = issuer(Faults::default());
    let first = Arc::new(Mutex::new(None::<String>));
    for round in 0..2 {
        let first = Arc::clone(&first);
        let mut scene = scene(&issuer, move |back, state| {
            // A browser that opens connections ahead of time, and says nothing on them.
            let port = Address::parse(back).unwrap().port();
            let _silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let replayed = first.lock().unwrap().replace(state.to_owned()).unwrap_or_default();
            for query in [
                "code=evil".to_owned(),
                "code=evil&state=".to_owned(),
                "code=evil&state=guess".to_owned(),
                format!("code=evil&state={replayed}"),
                format!("code=evil&state=x&state={state}"),
                format!("code=evil&code=evil&state={state}"),
                format!("error=access_denied&state={replayed}"),
                "error=access_denied".to_owned(),
                format!("state={state}"),
                format!("code=evil&state={state}&iss=https://other.example"),
            ] {
                assert_eq!(get(&format!("{back}?{query}")), 400, "{query}");
            }
            assert_eq!(get(&back.replace("/auth/", "/other/")), 404);
            good(back, state);
        });
        let found = scene.token(&request(&issuer, Flow::Normal)).unwrap();
        assert_eq!(found.proof_subject(), "a@b", "{round}");
    }
}

#[test]
fn the_redirect_url_that_was_given_is_the_one_that_is_used() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (given, start) in [
        (format!("http://localhost:{free}/my/page"), format!("http://localhost:{free}/my/page")),
        (format!("http://127.0.0.1:{free}"), format!("http://127.0.0.1:{free}")),
        ("http://localhost:0/auth/callback".to_owned(), "http://localhost:".to_owned()),
    ] {
        let issuer = issuer(Faults::default());
        let mut scene = scene(&issuer, |back, state| {
            let back = if back.matches('/').count() == 2 { format!("{back}/") } else { back.to_owned() };
            good(&back, state);
        });
        let request = TokenRequest { redirect_url: Some(&given), ..request(&issuer, Flow::Normal) };
        scene.token(&request).unwrap();
        assert!(issuer.visits.lock().unwrap()[0]["redirect_uri"].starts_with(&start));
    }
    let issuer = issuer(Faults::default());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for given in [
        "https://localhost:1/",
        "http://0.0.0.0:1/",
        "http://host.example:1/",
        "http://localhost:1/?x",
        "nonsense",
        &format!("http://127.0.0.1:{}/", taken.local_addr().unwrap().port()),
    ] {
        let request = TokenRequest { redirect_url: Some(given), ..request(&issuer, Flow::Normal) };
        let refusal = scene(&issuer, good).refusal(&request);
        assert!(refusal.starts_with("the redirect URL cannot be used"), "{refusal}");
    }
}

#[test]
fn without_a_browser_the_code_is_typed_in() {
    for given in [None, Some("urn:ietf:wg:oauth:2.0:oob")] {
        let issuer = issuer(Faults {
            token: Some(status(400, json!({ "error": "invalid_grant" }))),
            ..Faults::default()
        });
        let mut scene = Scene::new();
        scene.typed = vec![" my-code "];
        let request = TokenRequest { redirect_url: given, ..request(&issuer, Flow::Normal) };
        assert!(scene.refusal(&request).contains("refused the login: invalid_grant"));
        let form = issuer.server.requests().last().unwrap().form();
        assert_eq!(
            (form["code"].as_str(), form["redirect_uri"].as_str()),
            ("my-code", "urn:ietf:wg:oauth:2.0:oob")
        );
        let link = scene.said.iter().find(|line| line.starts_with("http")).unwrap();
        let query: HashMap<_, _> = Address::parse(link).unwrap().query().into_iter().collect();
        assert_eq!(query["redirect_uri"], "urn:ietf:wg:oauth:2.0:oob");
        assert_eq!(base64::encode_url(sha256(form["code_verifier"].as_bytes())), query["code_challenge"]);
    }
    let issuer = issuer(Faults::default());
    assert!(Scene::new().refusal(&request(&issuer, Flow::Normal)).starts_with("the login failed"));
    // As long as a browser is waited for, and no longer than all may take.
    for (total, seconds) in [(3600, 120), (7, 7)] {
        let mut scene = Scene::new();
        scene.typed = vec![LATE];
        scene.total = std::time::Duration::from_secs(total);
        let refusal = scene.refusal(&request(&issuer, Flow::Normal));
        assert_eq!(refusal, format!("nobody logged in within {seconds} seconds"));
        assert_eq!(scene.said.last().unwrap(), &format!("waited for {seconds} seconds"));
    }
}

#[test]
fn tokens_of_another_login_issuer_client_or_time_are_refused() {
    for (name, value, reason) in [
        ("nonce", json!("replayed"), "nonce is not the one"),
        ("nonce", Value::Null, "nonce is not the one"),
        ("iss", json!("https://other.example"), "by the issuer `https://other.example`"),
        ("aud", json!("other"), "made out to `other`, not to `sigstore`"),
        ("aud", json!([]), "made out to nobody"),
        ("exp", json!(NOW), "expired at"),
        ("email_verified", json!(false), "has not verified"),
        ("x", json!("y".repeat(1 << 17)), "the limit is 65536"),
    ] {
        let issuer = issuer(Faults { claims: HashMap::from([(name, value)]), ..Faults::default() });
        let refusal = scene(&issuer, good).refusal(&request(&issuer, Flow::Normal));
        assert!(refusal.contains(reason), "{reason}: {refusal}");
    }
    let claims = HashMap::from([("aud", json!(["sigstore", "other"])), ("azp", json!("other"))]);
    let issuer = issuer(Faults { claims, ..Faults::default() });
    assert!(scene(&issuer, good).refusal(&request(&issuer, Flow::Normal)).contains("made out to"));
}

#[test]
fn what_the_issuer_says_no_to_is_told() {
    let refused = issuer(Faults::default());
    let mut person = scene(&refused, |back, state| {
        assert_eq!(get(&format!("{back}?error=access_denied&error_description=not+you&state={state}")), 200);
    });
    let refusal = person.refusal(&request(&refused, Flow::Normal));
    assert!(refusal.ends_with("refused the login: not you (access_denied)"), "{refusal}");
    for (answer, reason) in [
        (
            status(400, json!({ "error": "invalid_grant", "error_description": "used" })),
            "used (invalid_grant)",
        ),
        (status(500, "x"), "status 500"),
        (ok("garbage"), "not JSON"),
        (ok(json!({ "access_token": "x" })), "has no id_token"),
        (ok(json!({ "id_token": "a.b" })), "three parts"),
        (status(400, "<html>"), "not JSON"),
        (ok("x".repeat(1 << 19)), "larger than the limit"),
        (redirect("http://127.0.0.1:1/"), "302"),
    ] {
        let issuer = issuer(Faults { token: Some(answer), ..Faults::default() });
        for flow in [Flow::Normal, Flow::Device, Flow::ClientCredentials] {
            let secret = Secret::new(b"s".to_vec());
            let request = TokenRequest { client_secret: Some(&secret), ..request(&issuer, flow) };
            let refusal = scene(&issuer, good).refusal(&request);
            assert!(refusal.contains(reason), "{flow:?} {reason}: {refusal}");
        }
    }
}

/// Fulcio followed the issuer elsewhere, and took another one for it.
#[test]
fn cve_2026_49478_cve_2026_22772_the_issuer_is_asked_itself_and_is_the_one_that_was_asked() {
    let other = serve(|url, _| {
        ok(json!({ "issuer": url, "token_endpoint": format!("{url}/token"), "authorization_endpoint": url }))
    });
    let evil = other.url.clone();
    let server = serve(move |_, _| redirect(&format!("{evil}/.well-known/openid-configuration")));
    fn request(issuer: &str) -> TokenRequest<'_> {
        TokenRequest { flow: Some(Flow::Device), issuer, ..TokenRequest::default() }
    }
    let refusal = Scene::new().refusal(&request(&server.url));
    assert!(refusal.contains("points to") && refusal.contains("where nobody follows"), "{refusal}");
    assert!(other.requests().is_empty());
    for name in ["https://evil.example", "", "x"] {
        let issuer = issuer(Faults {
            document: HashMap::from([("issuer", json!(format!("{name}/")))]),
            ..Faults::default()
        });
        let refusal = Scene::new().refusal(&request(&issuer.server.url));
        assert!(refusal.contains(&format!("what is there calls itself `{name}/`")), "{refusal}");
    }
    // The slash at the end is part of the name.
    let slash = format!("{}/", other.url);
    assert!(Scene::new().refusal(&request(&slash)).contains("calls itself"));
    for (issuer, reason) in [
        ("http://issuer.example", "without https"),
        ("https://evil.example/?x=https://good.example", "a query or a fragment"),
        ("https://evil.example/#https://good.example", "a query or a fragment"),
        ("https://me:secret@evil.example", "password"),
        ("nonsense", "not an http"),
    ] {
        let refusal = Scene::new().refusal(&request(issuer));
        assert!(refusal.contains(reason) && !refusal.contains("secret"), "{refusal}");
    }
}

#[test]
fn issuers_have_what_is_needed_at_addresses_that_may_be_used() {
    for (flow, name, value, reason) in [
        (Flow::Normal, "authorization_endpoint", Value::Null, "no authorization endpoint"),
        (Flow::Normal, "code_challenge_methods_supported", Value::Null, "PKCE with S256"),
        (Flow::Normal, "code_challenge_methods_supported", json!(["plain"]), "PKCE with S256"),
        (Flow::Normal, "code_challenge_methods_supported", json!("S256"), "is a string, not an array"),
        (Flow::Device, "device_authorization_endpoint", Value::Null, "no device authorization endpoint"),
        (Flow::Device, "token_endpoint", Value::Null, "token_endpoint: is missing"),
        (Flow::Device, "token_endpoint", json!("http://evil.example/"), "without https"),
        (Flow::Normal, "authorization_endpoint", json!("http://evil.example/"), "without https"),
        (Flow::Normal, "authorization_endpoint", json!("file:///etc/passwd"), "not an http"),
        (Flow::Device, "issuer", json!(1), "is a number"),
    ] {
        let issuer = issuer(Faults { document: HashMap::from([(name, value)]), ..Faults::default() });
        let refusal = scene(&issuer, good).refusal(&request(&issuer, flow));
        assert!(refusal.contains(reason), "{reason}: {refusal}");
    }
    for (answer, reason) in [(status(404, ""), "status 404"), (ok("garbage"), "not JSON")] {
        let server = serve(move |_, _| answer.clone());
        let request =
            TokenRequest { flow: Some(Flow::Device), issuer: &server.url, ..TokenRequest::default() };
        let refusal = Scene::new().refusal(&request);
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn a_code_is_typed_in_elsewhere() {
    let issuer = issuer(Faults::default());
    let mut scene = Scene::new();
    scene.token(&request(&issuer, Flow::Device)).unwrap();
    let page = format!("{}/enter", issuer.server.url);
    assert_eq!(
        scene.said,
        [
            format!("Enter the verification code ABCD-EFGH in your browser at: {page}"),
            // Not the 60 that the issuer says: nobody waits for so long here.
            "Code will be valid for 30 seconds".to_owned()
        ]
    );
    let requests: Vec<Seen> = issuer.server.requests();
    let lines: Vec<_> = requests.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(
        lines,
        ["GET /.well-known/openid-configuration", "POST /device", "POST /token", "POST /token"]
    );
    let (code, poll) = (requests[1].form(), requests[2].form());
    assert_eq!(code["code_challenge"], base64::encode_url(sha256(poll["code_verifier"].as_bytes())));
    assert_eq!((code["client_id"].as_str(), poll["client_id"].as_str()), ("sigstore", "sigstore"));
}

#[test]
fn a_code_that_nobody_types_in_ends() {
    for (error, reason) in [
        ("expired_token", "nobody logged in within 60 seconds"),
        ("access_denied", "refused the login: access_denied"),
        ("made_up", "refused the login: made_up"),
    ] {
        let answer = status(400, json!({ "error": error }));
        let issuer = issuer(Faults { token: Some(answer), ..Faults::default() });
        let refusal = Scene::new().refusal(&request(&issuer, Flow::Device));
        assert!(refusal.contains(reason), "{refusal}");
    }
    // Its own end is kept, too.
    let server = serve(|url, seen| match seen.line.as_str() {
        "POST /device" => ok(json!({
            "device_code": "d", "user_code": "u", "verification_url": "https://a.example", "expires_in": 1,
        })),
        "POST /token" => status(400, json!({ "error": "slow_down" })),
        _ => ok(json!({
            "issuer": url, "token_endpoint": format!("{url}/token"),
            "device_authorization_endpoint": format!("{url}/device"),
        })),
    });
    let request = TokenRequest { flow: Some(Flow::Device), issuer: &server.url, ..TokenRequest::default() };
    assert!(matches!(
        Scene::new().token(&request).unwrap_err(),
        Error::TimedOut { seconds: 1, by_code: true }
    ));
}

#[test]
fn a_client_proves_itself_by_its_secret() {
    for (methods, in_form) in [
        (Value::Null, false),
        (json!(["client_secret_basic"]), false),
        (json!(["client_secret_basic", "client_secret_post"]), true),
    ] {
        let issuer = issuer(Faults {
            document: HashMap::from([("token_endpoint_auth_methods_supported", methods)]),
            claims: HashMap::from([("aud", json!("a b"))]),
            ..Faults::default()
        });
        let secret = Secret::new(b"s:&\n".to_vec());
        let request = TokenRequest {
            client_secret: Some(&secret),
            client_id: "a b",
            ..request(&issuer, Flow::ClientCredentials)
        };
        Scene::new().token(&request).unwrap();
        let requests = issuer.server.requests();
        let seen = requests.last().unwrap();
        if in_form {
            assert_eq!(
                (seen.form()["client_secret"].as_str(), seen.form()["client_id"].as_str()),
                ("s:&", "a b")
            );
            assert!(seen.header("authorization").is_none());
        } else {
            let basic = format!("Basic {}", base64::encode("a+b:s%3A%26"));
            assert_eq!(seen.header("authorization"), Some(basic.as_str()));
            assert!(!seen.form().contains_key("client_secret"));
        }
    }
    let none = issuer(Faults::default());
    let empty = Secret::new(b"\n".to_vec());
    for secret in [None, Some(&empty)] {
        let request = TokenRequest { client_secret: secret, ..request(&none, Flow::ClientCredentials) };
        assert!(Scene::new().refusal(&request).contains("needs the secret"));
    }
    assert!(none.server.requests().is_empty());
}

/// `--timeout` is for people, too: nobody waits longer for one who does not come.
#[test]
fn nobody_is_waited_for_longer_than_all_may_take() {
    let server = serve(|url, seen| match seen.line.as_str() {
        "POST /device" => ok(json!({
            "device_code": "d", "user_code": "u", "verification_url": "https://a.example", "expires_in": 900, "interval": 1,
        })),
        "POST /token" => status(400, json!({ "error": "authorization_pending" })),
        _ => ok(json!({
            "issuer": url, "token_endpoint": format!("{url}/token"), "authorization_endpoint": format!("{url}/auth"),
            "device_authorization_endpoint": format!("{url}/device"), "code_challenge_methods_supported": ["S256"],
        })),
    });
    for flow in [Flow::Device, Flow::Normal] {
        let mut scene = Scene::new();
        scene.total = std::time::Duration::from_secs(2);
        scene.terminal = true;
        scene.browser = Some(Box::new(|_| ()));
        let request = TokenRequest { flow: Some(flow), issuer: &server.url, ..TokenRequest::default() };
        let error = scene.token(&request).unwrap_err();
        assert!(matches!(error, Error::TimedOut { seconds: 2, .. }), "{error:?}");
    }
}

/// Who logs in as a client gets a token for itself more often than for Sigstore.
#[test]
fn a_token_that_a_client_gets_for_itself_is_warned_of() {
    let secret = Secret::new(b"s".to_vec());
    for (audience, is_warned) in [("api://default", true), ("sigstore", false)] {
        let issuer =
            issuer(Faults { claims: HashMap::from([("aud", json!(audience))]), ..Faults::default() });
        let mut scene = Scene::new();
        let request = TokenRequest {
            client_secret: Some(&secret),
            client_id: "api://default",
            ..request(&issuer, Flow::ClientCredentials)
        };
        let _ = scene.token(&request);
        let line = format!(
            "WARNING: the identity token from the issuer {} is made out to `api://default`, not to `sigstore`: Fulcio may refuse it",
            issuer.server.url
        );
        assert_eq!(scene.said.contains(&line), is_warned, "{audience}: {:?}", scene.said);
    }
}

/// A code that the issuer does not know, because another one was typed, or none.
#[test]
fn a_code_that_the_issuer_does_not_know_ends_the_login() {
    let answer = status(400, json!({ "error": "invalid_grant", "error_description": "unknown code" }));
    let issuer = issuer(Faults { token: Some(answer), ..Faults::default() });
    let refusal = Scene::new().refusal(&request(&issuer, Flow::Device));
    assert!(refusal.contains("refused the login: unknown code (invalid_grant)"), "{refusal}");
    assert!(!refusal.contains("secret-device"), "{refusal}");
}
