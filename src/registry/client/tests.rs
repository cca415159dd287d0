use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::auth::{Credentials, Withheld};
use super::super::reference::{Repository, Target};
use super::super::scripted::*;
use super::*;
use crate::crypto::{Digest, HashAlgorithm};

fn digest() -> Digest {
    HashAlgorithm::Sha256.digest(b"x")
}

fn tag() -> Target {
    Target::Tag("v1".to_owned())
}

fn found() -> Reply {
    reply(200).with("Docker-Content-Digest", digest().to_string())
}

fn resolve(client: &Client, repository: &Repository) -> Result<Option<Digest>, Error> {
    run(client.resolve(repository, &tag()))
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

/// The whole chain of an error, and its debug form.
fn shown(error: &Error) -> String {
    let chain: Vec<_> = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source())
        .map(ToString::to_string)
        .collect();
    format!("{chain:?} {error:?}")
}

#[test]
fn one_request_and_no_ping() {
    let served = serve(|_| found());
    assert_eq!(resolve(&anonymous(), &served.repository()).unwrap(), Some(digest()));
    let requests = served.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].line, "HEAD /v2/app/one/manifests/v1");
    assert!(requests[0].header("accept").unwrap().contains("application/vnd.oci.image.index.v1+json"));
    assert!(requests[0].header("user-agent").unwrap().starts_with("rcosign/"));
}

/// 404 and 501 say that there is nothing; nothing else does.
#[test]
fn only_a_status_that_says_so_means_not_there() {
    for status in [404, 501] {
        let served = serve(move |_| reply(status));
        assert_eq!(resolve(&anonymous(), &served.repository()).unwrap(), None, "{status}");
    }
    for status in [400, 401, 402, 403, 408, 410, 418, 429, 500, 502, 503, 504, 204, 206] {
        let served = serve(move |_| reply(status));
        let error = resolve(&anonymous(), &served.repository()).unwrap_err();
        let refused = matches!(error, Error::Refused(_));
        assert_eq!(refused, status == 401 || status == 403, "{status} {error:?}");
        let error = run(anonymous().manifest(&served.repository(), &tag())).unwrap_err();
        assert_eq!(matches!(error, Error::Refused(_)), refused, "{status}");
    }
}

#[test]
fn a_server_without_head_is_asked_for_the_manifest() {
    let text = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    let expected = HashAlgorithm::Sha256.digest(text.as_bytes());
    for no_head in [reply(405), reply(200)] {
        let served = serve(move |seen| match seen.line.starts_with("HEAD") {
            true => no_head.clone(),
            false => reply(200).body(text),
        });
        assert_eq!(resolve(&anonymous(), &served.repository()).unwrap(), Some(expected.clone()));
    }
}

#[test]
fn a_user_and_a_password_are_sent_when_asked_for_and_then_at_once() {
    let served = serve(|seen| match seen.authorization() {
        Some(BASIC) => found(),
        _ => reply(401).challenge("Basic realm=\"x\""),
    });
    let client = known_as(user());
    for _ in 0..2 {
        assert_eq!(resolve(&client, &served.repository()).unwrap(), Some(digest()));
    }
    let sent: Vec<_> = served.requests().iter().map(|seen| seen.authorization().is_some()).collect();
    assert_eq!(sent, [false, true, true]);
}

/// sigstore/cosign 3015, 3182: a refused login never said which source of credentials was looked at.
#[test]
fn issue_3015_a_refusal_names_the_sources_and_no_secret() {
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    let served = serve(move |_| reply(401).challenge("Basic realm=\"x\"").body(body));
    let registry = served.address.to_string();
    let client = known_as(user());
    let error = run(client.manifest(&served.repository(), &tag())).unwrap_err();
    assert!(!shown(&error).contains("secret"), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("{registry} refuses access (status 401): UNAUTHORIZED, authentication required")
    );
    assert_eq!(refusal(error).looked, ["the test: used"]);
    assert_eq!(served.requests().len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let places = super::super::auth::Places { docker: Some(file.clone()), ..Default::default() };
    let client = Client::new(connection(), Keychain { places, ..Keychain::default() });
    let error = resolve(&client, &served.repository()).unwrap_err();
    assert_eq!(refusal(error).looked, [format!("`{}`: does not exist", file.display())]);
}

/// A registry and its token server on one host; the token is `t`.
fn with_tokens(check: impl Fn(&Seen) -> bool + Send + 'static) -> Served {
    serve(move |seen| {
        if seen.line.contains(" /token") {
            return if check(seen) { reply(200).body(r#"{"token":"t"}"#) } else { reply(401) };
        }
        match seen.authorization() {
            Some("Bearer t") => found(),
            _ => reply(401).challenge(format!(
                "Bearer realm=\"http://{}/token\",service=\"s\"",
                seen.header("host").unwrap()
            )),
        }
    })
}

#[test]
fn a_token_is_fetched_once_with_user_and_password() {
    let served = with_tokens(|seen| seen.authorization() == Some(BASIC));
    let client = known_as(user());
    for _ in 0..2 {
        assert_eq!(resolve(&client, &served.repository()).unwrap(), Some(digest()));
    }
    let head = "HEAD /v2/app/one/manifests/v1";
    let token = "GET /token?service=s&scope=repository%3Aapp%2Fone%3Apull";
    assert_eq!(served.lines(), [head, token, head, head]);
    let error = resolve(
        &known_as(Credentials::of("u", Secret::new(b"other".to_vec())).unwrap()),
        &served.repository(),
    );
    let error = error.unwrap_err();
    assert!(error.to_string().starts_with(&format!("the token server http://{}/token of ", served.address)));
    assert_eq!(refusal(error).looked, ["the test: used"]);
}

#[test]
fn everybody_gets_a_token_where_that_is_the_custom() {
    let served = with_tokens(|seen| seen.authorization().is_none());
    assert_eq!(resolve(&anonymous(), &served.repository()).unwrap(), Some(digest()));
}

#[test]
fn an_identity_token_is_sent_as_a_form() {
    let served = with_tokens(|seen| {
        seen.line == "POST /token"
            && seen.text()
                == "grant_type=refresh_token&client_id=rcosign&refresh_token=se%26cret&service=s&\
                    scope=repository%3Aapp%2Fone%3Apull"
    });
    let client = known_as(Credentials::IdentityToken(Secret::new(b"se&cret".to_vec())));
    assert_eq!(resolve(&client, &served.repository()).unwrap(), Some(digest()));
}

#[test]
fn a_token_for_the_registry_goes_to_it_alone() {
    let served = with_tokens(|_| false);
    let client = known_as(Credentials::RegistryToken(Secret::new(b"t".to_vec())));
    assert_eq!(resolve(&client, &served.repository()).unwrap(), Some(digest()));
    assert_eq!(served.requests().len(), 2);
}

/// A token that has expired meanwhile is replaced, once.
#[test]
fn an_old_token_is_replaced_once() {
    let number = AtomicUsize::new(0);
    let served = serve(move |seen| {
        if seen.line.contains(" /token") {
            return reply(200).body(format!(r#"{{"token":"t{}"}}"#, number.fetch_add(1, Ordering::SeqCst)));
        }
        let realm = format!("Bearer realm=\"http://{}/token\"", seen.header("host").unwrap());
        match (seen.authorization(), seen.line.contains("/first/")) {
            (Some("Bearer t0"), true) | (Some("Bearer t1"), false) => found(),
            _ => reply(401).challenge(realm),
        }
    });
    let client = anonymous();
    let of = |name: &str| Repository::parse(&format!("{}/{name}/app", served.address)).unwrap();
    assert_eq!(resolve(&client, &of("first")).unwrap(), Some(digest()));
    assert_eq!(resolve(&client, &of("second")).unwrap(), Some(digest()));
    assert_eq!(refusal(resolve(&client, &of("third")).unwrap_err()).status, 401);
}

/// CVE-2026-48978 of oras-go, CVE-2026-33540 of distribution: the realm got the password.
#[test]
fn cve_2026_48978_a_realm_elsewhere_gets_no_credentials() {
    let evil = serve_on("127.0.0.2", |_| reply(200).body(r#"{"token":"t"}"#));
    for (scheme, connections) in [("http", 0), ("https", 0)] {
        let realm = format!("Bearer realm=\"{scheme}://{}/token\"", evil.address);
        let served = serve(move |_| reply(401).challenge(realm.clone()));
        let client = known_as(user());
        let error = resolve(&client, &served.repository()).unwrap_err();
        assert!(!shown(&error).contains("secret"));
        if scheme == "http" {
            let refusal = refusal(error);
            assert_eq!(
                refusal.withheld.unwrap(),
                (format!("http://{}/token", evil.address), Withheld::OtherSite)
            );
        }
        // Over http nobody elsewhere is asked at all; over https this one has no TLS.
        assert_eq!(evil.requests().len(), connections);
    }
    let asked = evil.address;
    let served = serve(move |seen| match seen.authorization() {
        Some("Bearer t") => found(),
        _ => reply(401).challenge(format!("Bearer realm=\"http://{asked}/token\"")),
    });
    let allowed = Connection { token_servers: vec!["127.0.0.2".to_owned()], ..connection() };
    let client = Client::new(allowed, keychain(user()));
    assert_eq!(resolve(&client, &served.repository()).unwrap(), Some(digest()));
    assert_eq!(evil.requests()[0].authorization(), Some(BASIC));
}

#[test]
fn a_realm_with_a_user_or_a_redirection_is_none() {
    let evil = serve_on("127.0.0.2", |_| reply(200).body(r#"{"token":"t"}"#));
    let (to, own) = (evil.address, "http://u:p@HOST/token");
    let served = serve(move |seen| match seen.line.contains(" /token") {
        true => reply(307).with("Location", format!("http://{to}/token")),
        false => {
            reply(401).challenge(format!("Bearer realm=\"http://{}/token\"", seen.header("host").unwrap()))
        }
    });
    let error = resolve(&known_as(user()), &served.repository()).unwrap_err();
    assert!(matches!(error, Error::Status { status: 307, .. }), "{error:?}");
    assert!(evil.requests().is_empty());
    let served = serve(move |seen| {
        reply(401)
            .challenge(format!("Bearer realm=\"{}\"", own.replace("HOST", seen.header("host").unwrap())))
    });
    assert_eq!(refusal(resolve(&known_as(user()), &served.repository()).unwrap_err()).status, 401);
    assert_eq!(served.requests().len(), 1);
}

/// oras-go CVE-2026-50151, regclient CVE-2026-49349, containers/image CVE-2019-10214: credentials followed a redirection.
#[test]
fn cve_2026_50151_credentials_stay_behind_when_the_registry_points_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let evil = serve_on("127.0.0.2", |_| found());
        let to = evil.address;
        let served = serve(move |seen| match seen.authorization() {
            Some(BASIC) => reply(status).with("Location", format!("http://{to}/stolen?sig=x")),
            _ => reply(401).challenge("Basic realm=\"x\""),
        });
        let client = known_as(user());
        for _ in 0..2 {
            assert_eq!(resolve(&client, &served.repository()).unwrap(), Some(digest()));
        }
        let requests = evil.requests();
        assert_eq!(requests.len(), 2);
        for seen in requests {
            assert_eq!((seen.line.as_str(), seen.authorization()), ("HEAD /stolen?sig=x", None));
        }
    }
}

/// A server elsewhere cannot ask for them either.
#[test]
fn a_challenge_from_elsewhere_is_not_answered() {
    let evil = serve_on("127.0.0.2", |_| reply(401).challenge("Basic realm=\"x\""));
    let to = evil.address;
    let served = serve(move |_| reply(307).with("Location", format!("http://{to}/x")));
    let error = resolve(&known_as(user()), &served.repository()).unwrap_err();
    assert!(matches!(error, Error::Status { status: 401, .. }), "{error:?}");
    assert_eq!(evil.requests().len(), 1);
    // Another port is another server.
    let other = serve(|_| reply(401).challenge("Basic realm=\"x\""));
    let to = other.address;
    let served = serve(move |_| reply(307).with("Location", format!("http://{to}/x")));
    assert!(resolve(&known_as(user()), &served.repository()).is_err());
    assert!(other.requests().iter().all(|seen| seen.authorization().is_none()));
}

#[test]
fn redirections_have_an_end_and_stay_on_the_web() {
    let served =
        serve(|seen| reply(302).with("Location", format!("{}x", seen.line.split(' ').nth(1).unwrap())));
    assert!(matches!(resolve(&anonymous(), &served.repository()), Err(Error::Elsewhere { .. })));
    assert_eq!(served.requests().len(), 6);
    for location in ["file:///etc/passwd", "ftp://h/", "http://u:p@127.0.0.1/"] {
        let served = serve(move |_| reply(302).with("Location", location));
        assert!(resolve(&anonymous(), &served.repository()).is_err(), "{location}");
        assert_eq!(served.requests().len(), 1);
    }
    let served = serve(|_| reply(302));
    assert!(matches!(resolve(&anonymous(), &served.repository()), Err(Error::Status { status: 302, .. })));
}

#[test]
fn what_may_pass_is_tried_again_until_the_time_is_over() {
    for failure in [
        reply(429),
        reply(500),
        reply(503).with("Retry-After", "1"),
        Reply { announced: Some(9), ..reply(200) },
    ] {
        let waits = failure.headers.iter().any(|(name, _)| *name == "Retry-After");
        let number = AtomicUsize::new(0);
        let text =
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
        let served = serve(move |_| match number.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => failure.clone(),
            _ => reply(200).body(text),
        });
        let patient = Connection { retry_for: Duration::from_secs(20), ..connection() };
        let client = Client::new(patient, Keychain::default());
        let started = Instant::now();
        assert!(run(client.manifest(&served.repository(), &tag())).unwrap().is_some());
        assert_eq!(served.requests().len(), 3);
        assert!(!waits || started.elapsed() >= Duration::from_secs(2));
    }
    let served = serve(|_| reply(503).with("Retry-After", "3600"));
    let patient = Connection { retry_for: Duration::from_secs(20), ..connection() };
    let started = Instant::now();
    let error = resolve(&Client::new(patient, Keychain::default()), &served.repository()).unwrap_err();
    assert!(matches!(error, Error::Status { status: 503, retry_after: Some(_), .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(served.requests().len(), 1);
}

#[test]
fn what_stays_so_is_not_tried_again() {
    let patient = || Connection { retry_for: Duration::from_secs(20), ..connection() };
    let started = Instant::now();
    for status in [400, 401, 403, 404, 410, 501] {
        let served = serve(move |_| reply(status));
        let _ = resolve(&Client::new(patient(), Keychain::default()), &served.repository());
        assert_eq!(served.requests().len(), 1, "{status}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let repository = Repository::parse(&format!("{closed}/app")).unwrap();
    let error = resolve(&Client::new(patient(), Keychain::default()), &repository).unwrap_err();
    assert!(matches!(&error, Error::Http(http::Error::Connect { .. })), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn silence_is_given_up() {
    let served = serve(|_| Reply { announced: Some(100), lingering: Duration::from_secs(8), ..reply(200) });
    let started = Instant::now();
    let error = run(anonymous().manifest(&served.repository(), &tag())).unwrap_err();
    assert!(matches!(&error, Error::Http(http::Error::Timeout { .. })), "{error:?}");
    assert!(error.to_string().contains("within 2 seconds"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(6));
}

#[test]
fn the_time_for_all_of_it_bounds_each_request() {
    let served = serve(|_| Reply { announced: Some(100), lingering: Duration::from_secs(8), ..reply(200) });
    let short = Connection {
        total: Duration::from_millis(500),
        stall: Duration::from_secs(30),
        retry_for: Duration::from_secs(30),
        ..connection()
    };
    let started = Instant::now();
    let client = Client::new(short, Keychain::default());
    let error = run(client.manifest(&served.repository(), &tag())).unwrap_err();
    // All of the time, as it was asked for, and not what was left of it.
    assert!(error.to_string().contains("within 500ms"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn other_machines_are_never_spoken_to_without_tls() {
    let registry = Registry::parse("registry.invalid").unwrap();
    let error = run(anonymous().check_login(&registry)).unwrap_err();
    assert!(error.to_string().contains("https://registry.invalid"), "{error}");
}

#[test]
fn a_login_is_checked() {
    let served = serve(|seen| match seen.authorization() {
        Some(BASIC) => reply(200),
        _ => reply(401).challenge("Basic realm=\"x\""),
    });
    assert!(run(known_as(user()).check_login(&served.registry())).unwrap());
    assert_eq!(served.lines(), ["GET /v2/", "GET /v2/"]);
    let other = Credentials::of("u", Secret::new(b"wrong".to_vec())).unwrap();
    refusal(run(known_as(other).check_login(&served.registry())).unwrap_err());
    let open = serve(|_| reply(200));
    assert!(!run(known_as(user()).check_login(&open.registry())).unwrap());
    let gone = serve(|_| reply(404));
    assert!(run(known_as(user()).check_login(&gone.registry())).is_err());
    let tokens =
        with_tokens(|seen| seen.authorization() == Some(BASIC) && seen.line == "GET /token?service=s");
    assert!(run(known_as(user()).check_login(&tokens.registry())).unwrap());
}
