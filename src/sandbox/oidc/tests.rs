use axum::body::{Body, to_bytes};
use axum::http::{self, HeaderMap, Method};
use tower::ServiceExt as _;

use super::*;
use crate::crypto::{base64, sha256};

const URL: &str = "http://127.0.0.1:8400";
const REDIRECT: &str = "http://localhost:1234/auth/callback";
const VERIFIER: &str = "a verifier that nobody else knows, of 43 letters or more";

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

struct World {
    _place: tempfile::TempDir,
    issuer: Arc<Issuer>,
}

impl World {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let people = vec!["ann@example.com".to_owned(), "bob@example.com".to_owned()];
        let issuer = Arc::new(Issuer::open(&folder, URL, people, Arc::default()).unwrap());
        Self { _place: place, issuer }
    }

    fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let router = Arc::clone(&self.issuer).router();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
        })
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("host", "127.0.0.1:8400")], String::new())
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], pairs: &[(&str, &str)]) -> Answer {
        let form = redirect::with("", pairs);
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.ask(Method::POST, path, &all, form.trim_start_matches('?').to_owned())
    }

    /// The page of a login, and the key of its form.
    fn shown(&self) -> String {
        let page = self.get(&auth(&[]));
        assert_eq!(page.status, 200, "{}", page.body);
        form_key(&page.body)
    }

    fn code(&self) -> String {
        let answer = self.post("/auth", &[], &[("form", &self.shown()), ("chosen", "bob@example.com")]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        parameter(answer.headers["location"].to_str().unwrap(), "code").unwrap()
    }

    fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        self.post("/token", &[], &[&[("client_id", "sigstore")], pairs].concat())
    }

    fn by_code(&self, code: &str, verifier: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ])
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_error(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{}", self.body);
        assert_eq!(self.headers["cache-control"], "no-store");
    }
}

fn challenge() -> String {
    base64::encode_url(sha256(VERIFIER.as_bytes()))
}

/// The address of the page, with these parameters changed; an empty one is left out.
fn auth(changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "sigstore"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email"),
        ("state", "a state & more"),
        ("nonce", "a nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    pairs.retain(|(_, value)| !value.is_empty());
    redirect::with("/auth", &pairs)
}

fn form_key(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"form\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.map(str::to_owned)
}

#[test]
fn the_code_flow_ends_with_a_token() {
    let world = World::new();
    let page = world.get(&auth(&[]));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://localhost:1234;"), "{policy}");
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.starts_with("default-src 'none'"),
        "{policy}"
    );
    assert!(!page.body.contains("http:") || page.body.contains("A program at http://localhost:1234"));
    let rest = page.body.replace("href=\"/favicon.svg\"", "");
    assert!(!rest.contains("src=") && !rest.contains("href="), "nothing from elsewhere");

    let answer = world.post(
        "/auth",
        &[("origin", URL), ("sec-fetch-site", "same-origin")],
        &[("form", &form_key(&page.body)), ("email", "eve@example.com"), ("decision", "typed")],
    );
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{REDIRECT}?code=")), "{location}");
    assert_eq!(parameter(&location, "state").unwrap(), "a%20state%20%26%20more");
    assert_eq!(parameter(&location, "iss").unwrap(), "http%3A%2F%2F127.0.0.1%3A8400");
    let reply = world.by_code(&parameter(&location, "code").unwrap(), VERIFIER);
    assert_eq!((reply.status, &reply.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    let reply = reply.json();
    assert_eq!(reply["token_type"], "Bearer");
    let now = world.issuer.clock.now();
    let claims = world.issuer.verify(reply["id_token"].as_str().unwrap(), now).unwrap();
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("eve@example.com"), &json!(true)));
    assert_eq!((&claims["nonce"], &claims["aud"]), (&json!("a nonce"), &json!("sigstore")));
}

#[test]
fn codes_are_of_use_once_and_to_whom_asked() {
    let world = World::new();
    let code = world.code();
    assert_eq!(world.by_code(&code, VERIFIER).status, 200);
    world.by_code(&code, VERIFIER).is_error(400, "invalid_grant");
    // Whoever guesses wrong has no second try.
    let code = world.code();
    world.by_code(&code, "another verifier").is_error(400, "invalid_grant");
    world.by_code(&code, VERIFIER).is_error(400, "invalid_grant");
    let code = world.code();
    let without = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
    world.token(&without).is_error(400, "invalid_grant");
    let code = world.code();
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "http://localhost:9/"),
        ("code_verifier", VERIFIER),
    ];
    world.token(&elsewhere).is_error(400, "invalid_grant");
    world.by_code("", VERIFIER).is_error(400, "invalid_request");
    world.by_code("guessed", VERIFIER).is_error(400, "invalid_grant");
    // A code that is too old.
    let code = world.code();
    world.issuer.memory().codes.age();
    world.by_code(&code, VERIFIER).is_error(400, "invalid_grant");
}

#[test]
fn what_is_not_of_its_form_gets_no_page_and_no_redirect() {
    let world = World::new();
    for (name, value) in [
        ("client_id", "other"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "http://localhost.evil.example/"),
        ("redirect_uri", "http://localhost/\"><script>"),
    ] {
        let answer = world.get(&auth(&[(name, value)]));
        assert_eq!(answer.status, 400, "{name}={value}");
        assert!(!answer.headers.contains_key("location") && !answer.body.contains("<script>"));
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "email", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("nonce", &"n".repeat(2049), "invalid_request"),
    ] {
        let answer = world.get(&auth(&[(name, value)]));
        let location = answer.headers["location"].to_str().unwrap();
        assert_eq!(parameter(location, "error").unwrap(), error, "{name}");
        assert!(location.starts_with(REDIRECT) && parameter(location, "code").is_none());
    }
    assert_eq!(world.get(&format!("{}&state=twice", auth(&[]))).status, 400);
    assert_eq!(world.get("/auth?%ff=%").status, 400);
}

/// Cross-site request forgery, framing, DNS rebinding: a code is for a form that was shown, once.
#[test]
fn no_page_from_elsewhere_gets_a_code() {
    let world = World::new();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:9999")],
        &[("origin", "https://127.0.0.1:8400")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let shown = world.shown();
        let answer = world.post("/auth", headers, &[("form", &shown), ("chosen", "bob@example.com")]);
        assert_eq!(answer.status, 403, "{headers:?}");
        let answer = world.post("/device", headers, &[("form", &shown), ("chosen", "bob@example.com")]);
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    let chosen = ("chosen", "bob@example.com");
    assert_eq!(world.post("/auth", &[], &[("form", "guessed"), chosen]).status, 400);
    assert_eq!(world.post("/auth", &[], &[chosen]).status, 400);
    // A form of one kind is of no use for the other.
    let device = form_key(&world.get("/device").body);
    assert_eq!(world.post("/auth", &[], &[("form", &device), chosen]).status, 400);
    let shown = world.shown();
    assert_eq!(world.post("/auth", &[], &[("form", &shown), chosen]).status, 303);
    assert_eq!(world.post("/auth", &[], &[("form", &shown), chosen]).status, 400);
}

/// A page that loads `/auth` again and again, as a picture, keeps nobody from logging in.
#[test]
fn a_form_stays_of_use_however_many_others_are_shown() {
    let world = World::new();
    let shown = world.shown();
    let device = form_key(&world.get("/device").body);
    for _ in 0..1500 {
        assert_eq!(world.get(&auth(&[("state", "other")])).status, 200);
    }
    let chosen = ("chosen", "bob@example.com");
    assert_eq!(world.post("/auth", &[], &[("form", &shown), chosen]).status, 303);
    // There is no such device, but the form is known.
    let answer = world.post("/device", &[], &[("form", &device), chosen, ("user_code", "BBBB-BBBB")]);
    assert!(answer.body.contains("No device waits for this code"), "{}", answer.body);
}

#[test]
fn what_somebody_types_is_an_address_and_shown_escaped() {
    let world = World::new();
    for bad in
        ["", "x", "a@", "@b", "a b@c", "a@b c", "<b>@c", "a@b\r\nX: y", &format!("{}@b", "a".repeat(254))]
    {
        let answer = world.post("/auth", &[], &[("form", &world.shown()), ("email", bad)]);
        assert_eq!(answer.status, 400, "{bad}");
    }
    let page = world.get("/device?user_code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E");
    assert!(page.status == 200 && !page.body.contains("<script>"), "{}", page.body);
    assert!(page.body.contains("&lt;script&gt;"));
}

#[test]
fn a_refusal_on_the_page_is_told() {
    let world = World::new();
    let answer = world.post("/auth", &[], &[("form", &world.shown()), ("decision", "refuse")]);
    let location = answer.headers["location"].to_str().unwrap();
    assert_eq!(parameter(location, "error").unwrap(), "access_denied");
    assert!(parameter(location, "state").is_some());
}

#[test]
fn who_cannot_listen_is_shown_the_code() {
    let world = World::new();
    let page = world.get(&auth(&[("redirect_uri", redirect::OUT_OF_BAND)]));
    let pairs = [("form", form_key(&page.body)), ("chosen", "ann@example.com".to_owned())];
    let pairs = pairs.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = world.post("/auth", &[], &pairs);
    assert_eq!(page.status, 200);
    let (_, code) = page.body.split_once("<code>").unwrap();
    let reply = world.token(&[
        ("grant_type", "authorization_code"),
        ("code", code.split('<').next().unwrap()),
        ("redirect_uri", redirect::OUT_OF_BAND),
        ("code_verifier", VERIFIER),
    ]);
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn begin(world: &World) -> (String, String) {
    let challenge = challenge();
    let pairs = [
        ("client_id", "sigstore"),
        ("scope", "openid email"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let begun = world.post("/device/code", &[], &pairs).json();
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    assert_eq!(text("verification_uri_complete"), format!("{URL}/device?user_code={}", text("user_code")));
    (text("device_code"), text("user_code"))
}

fn poll(world: &World, device: &str) -> Answer {
    world.token(&[
        ("grant_type", exchange::DEVICE_GRANT),
        ("device_code", device),
        ("code_verifier", VERIFIER),
    ])
}

/// So that nobody has to wait for the interval.
fn later(world: &World) {
    world
        .issuer
        .memory()
        .devices
        .find(UnixTime::from_seconds(0), |_, device| {
            assert!(device.last_asked.is_some());
            true
        })
        .unwrap()
        .last_asked = None;
}

#[test]
fn the_device_flow_waits_for_somebody_and_ends_with_a_token() {
    let world = World::new();
    let (device, user) = begin(&world);
    poll(&world, &device).is_error(400, "authorization_pending");
    poll(&world, &device).is_error(400, "slow_down");
    later(&world);
    poll(&world, &device).is_error(400, "authorization_pending");
    let page = world.get(&format!("/device?user_code={user}"));
    assert!(page.body.contains(&user));
    let typed = user.to_lowercase().replace('-', " ");
    let approve = |code: &str| {
        let form = form_key(&world.get("/device").body);
        world.post("/device", &[], &[("form", &form), ("user_code", code), ("chosen", "ann@example.com")])
    };
    assert_eq!(approve("WRONG").status, 400);
    assert_eq!(approve(&typed).status, 200);
    assert_eq!(approve(&user).status, 400, "a code is typed once");
    let wrong =
        [("grant_type", exchange::DEVICE_GRANT), ("device_code", &*device), ("code_verifier", "another one")];
    world.token(&wrong).is_error(400, "invalid_grant");
    let reply = poll(&world, &device).json();
    let token = reply["id_token"].as_str().unwrap();
    assert_eq!(world.issuer.verify(token, world.issuer.clock.now()).unwrap()["email"], "ann@example.com");
    poll(&world, &device).is_error(400, "expired_token");
}

#[test]
fn a_device_is_refused() {
    let world = World::new();
    let (device, user) = begin(&world);
    let form = form_key(&world.get("/device").body);
    let pairs = [("form", &*form), ("user_code", &user), ("decision", "refuse")];
    assert_eq!(world.post("/device", &[], &pairs).status, 200);
    poll(&world, &device).is_error(400, "access_denied");
    poll(&world, &device).is_error(400, "expired_token");
    let bad = [("client_id", "sigstore"), ("code_challenge", "x"), ("code_challenge_method", "S256")];
    world.post("/device/code", &[], &bad).is_error(400, "invalid_request");
    world.post("/device/code", &[], &[("client_id", "other")]).is_error(401, "invalid_client");
}

#[test]
fn clients_are_known_in_the_header_and_in_the_form() {
    let world = World::new();
    let header = format!("Basic {}", base64::encode("sigstore:"));
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*world.code()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(world.post("/token", &[("authorization", &header)], &pairs).status, 200);
    for header in ["Basic x", "Bearer x", &format!("Basic {}", base64::encode("other:"))] {
        world.post("/token", &[("authorization", header)], &pairs).is_error(401, "invalid_client");
    }
    world.post("/token", &[], &pairs).is_error(401, "invalid_client");
    world.token(&[("grant_type", "password")]).is_error(400, "unsupported_grant_type");
    world.token(&[]).is_error(400, "invalid_request");
    world.token(&[("grant_type", "password"), ("grant_type", "x")]).is_error(400, "invalid_request");
    let large = "x".repeat(MAX_BODY + 1);
    world.token(&[("code", &large)]).is_error(400, "invalid_request");
    let json = world.ask(Method::POST, "/token", &[("content-type", "application/json")], "{}".into());
    json.is_error(400, "invalid_request");
}

#[test]
fn a_client_with_the_secret_needs_nobody() {
    let world = World::new();
    let secret = world.issuer.client_secret().to_owned();
    let ask = |secret: &str| world.token(&[("grant_type", "client_credentials"), ("client_secret", secret)]);
    ask("").is_error(401, "invalid_client");
    ask("guessed").is_error(401, "invalid_client");
    let token = ask(&secret).json()["id_token"].as_str().unwrap().to_owned();
    let claims = world.issuer.verify(&token, world.issuer.clock.now()).unwrap();
    assert_eq!(claims["email"], "ann@example.com");
}

#[test]
fn discovery_names_what_there_is_and_the_key_stays() {
    let world = World::new();
    let document = world.get("/.well-known/openid-configuration").json();
    assert_eq!(document["issuer"], URL);
    for (name, path) in
        [("jwks_uri", "/keys"), ("authorization_endpoint", "/auth"), ("token_endpoint", "/token")]
    {
        assert_eq!(document[name], format!("{URL}{path}"));
    }
    let kid = world.get("/keys").json()["keys"][0]["kid"].as_str().unwrap().to_owned();
    assert_eq!(kid, jws::key_id(world.issuer.public_key()));
    let (key, secret) = (world.issuer.public_key().clone(), world.issuer.client_secret().to_owned());
    let World { _place: place, issuer } = world;
    drop(issuer);
    let folder = Folder::open(place.path()).unwrap();
    let again = Issuer::open(&folder, URL, Vec::new(), Arc::default()).unwrap();
    assert_eq!((again.public_key(), again.client_secret()), (&key, &*secret));
}
