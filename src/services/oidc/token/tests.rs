use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::services::oidc::scripted::{NOW, compact, token};

fn read(text: &str) -> Result<IdentityToken, DecodeError> {
    IdentityToken::parse(Secret::new(text.as_bytes().to_vec()))
}

fn refused(text: &str, reason: &str) {
    let error = read(text).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
    assert!(error.len() < 300, "{error}");
}

#[test]
fn what_a_request_needs_is_read_whatever_the_algorithm() {
    for algorithm in ["ES256", "RS256", "PS512", "EdDSA", "made-up"] {
        let claims = json!({ "iss": "i", "sub": "s", "aud": ["a", "b"], "exp": NOW });
        let found = read(&compact(&json!({ "alg": algorithm }), &claims)).unwrap();
        assert_eq!((found.issuer(), found.subject.as_str(), found.email.as_deref()), ("i", "s", None));
        assert_eq!(found.audience(), ["a", "b"]);
        assert_eq!(found.expires(), UnixTime::from_seconds(NOW));
    }
    let claims =
        json!({ "exp": 1.5e9, "federated_claims": { "connector_id": "https://github.com/login/oauth" } });
    let found = read(&token(claims)).unwrap();
    assert_eq!(found.expires().seconds(), 1_500_000_000);
    let connector = ["federated_claims", "connector_id"];
    assert_eq!(found.text_claim(&connector), Some("https://github.com/login/oauth"));
    assert_eq!(found.text_claim(&["exp"]), None);
}

#[test]
fn the_proof_is_of_the_address_of_e_mail_or_else_of_the_subject() {
    let claims = |email: Value, verified: Value| token(json!({ "email": email, "email_verified": verified }));
    assert_eq!(read(&claims(json!("a@b"), json!(true))).unwrap().proof_subject(), "a@b");
    assert_eq!(read(&claims(json!(""), json!(true))).unwrap().proof_subject(), "subject");
    assert_eq!(read(&claims(Value::Null, Value::Null)).unwrap().proof_subject(), "subject");
    for verified in [json!(false), json!("true"), json!(1), Value::Null] {
        refused(&claims(json!("a@b"), verified), "has not verified the address of e-mail");
    }
}

#[test]
fn one_final_line_end_is_dropped() {
    let text = token(json!({}));
    for end in ["\n", "\r\n"] {
        let found = read(&format!("{text}{end}")).unwrap();
        assert_eq!(found.secret().expose(), text.as_bytes());
    }
    for around in [format!(" {text}"), format!("{text}\n\n"), format!("{text} "), format!("\u{feff}{text}")] {
        assert!(read(&around).is_err());
    }
}

#[test]
fn what_is_no_token_is_refused() {
    for (text, reason) in [
        ("", "is empty"),
        ("\n", "is empty"),
        ("abc", "three parts"),
        ("a.b", "three parts"),
        ("..", "not JSON"),
        ("e30.e30.", "header.alg: is missing"),
        ("e30.e30.!", "header.alg: is missing"),
        ("=.e30.AA", "header: is not base64url"),
    ] {
        refused(text, reason);
    }
    let good = json!({ "alg": "ES256" });
    let signed = compact(&good, &json!({}));
    let (unsigned, _) = signed.rsplit_once('.').unwrap();
    refused(&format!("{unsigned}."), "signature: is missing");
    refused(&format!("{unsigned}.A+/="), "signature: is not base64url");
    refused(&format!("{unsigned}.\u{e9}"), "signature: is not base64url");
    for (name, value, reason) in [
        ("iss", Value::Null, "iss: is missing"),
        ("iss", json!(""), "iss: is empty"),
        ("iss", json!(["a"]), "iss: is an array"),
        ("sub", Value::Null, "sub: is missing"),
        ("sub", json!(7), "sub: is a number"),
        ("aud", Value::Null, "aud: is missing"),
        ("aud", json!([1]), "aud[0]: is a number"),
        ("aud", json!(vec!["x"; 65]), "aud: has 65 items"),
        ("exp", Value::Null, "exp: is missing"),
        ("exp", json!("1"), "exp: is not a time"),
        ("exp", json!(-1), "exp: is not a time"),
        ("exp", json!(1e300), "exp: is not a time"),
        ("exp", json!(i64::MAX), "exp: is not a time"),
        ("email", json!({}), "email: is an object"),
    ] {
        refused(&token(json!({ name: value })), reason);
    }
    let part = |text: &str| base64::encode_url(text);
    let header = part(r#"{"alg":"ES256"}"#);
    refused(&format!("{header}.{}.AA", part(r#"{"sub":"a","sub":"b"}"#)), "sub: the member appears twice");
    refused(&format!("{header}.{}.AA", part("[]")), "is an array, not an object");
    refused(&format!("{header}.{}.AA", part("{}x")), "not JSON");
}

#[test]
fn nobody_elses_tokens_pass_for_signed_ones() {
    let claims = json!({});
    for (header, reason) in [
        (json!({ "alg": "none" }), "nobody signed"),
        (json!({ "alg": "NoNe" }), "nobody signed"),
        (json!({ "alg": "" }), "header.alg: is empty"),
        (json!({ "alg": 1 }), "header.alg: is a number"),
        (json!({ "typ": "JWT" }), "header.alg: is missing"),
        (json!({ "alg": "ES256", "crit": ["b64"], "b64": false }), "demands extensions"),
        (json!([]), "is an array"),
    ] {
        refused(&compact(&header, &claims), reason);
    }
}

/// go-jose: tokens that take much to take apart, encrypted ones, and compressed ones.
#[test]
fn cve_2024_28180_cve_2025_27144_cve_2026_34986_bombs_are_refused() {
    let header = base64::encode_url(r#"{"alg":"RSA-OAEP","enc":"A128GCM","zip":"DEF"}"#);
    refused(&format!("{header}.AA.AA.AA.AA"), "is encrypted");
    refused(
        &compact(&json!({ "alg": "dir", "enc": "A128GCM" }), &json!({})),
        "says that the token is encrypted",
    );
    refused(
        &compact(&json!({ "alg": "ES256", "zip": "DEF" }), &json!({})),
        "says that the token is compressed",
    );
    let huge = compact(&json!({ "alg": "ES256", "x5c": "A".repeat(MAX_HEADER) }), &json!({}));
    refused(&huge, "header: has");
    let deep = format!("{{\"alg\":{}1{}}}", "[".repeat(2000), "]".repeat(2000));
    refused(&format!("{}.e30.AA", base64::encode_url(deep)), "header: not JSON");
    refused(&token(json!({ "x": "A".repeat(MAX_TOKEN) })), "the limit is 65536");
}

#[test]
fn cve_2025_66506_a_million_dots_are_refused_cheaply() {
    let started = Instant::now();
    for text in [".".repeat(1_000_000), format!("{}{}", token(json!({})), ".".repeat(1_000_000))] {
        refused(&text, "the limit is 65536");
    }
    for text in [".".repeat(60_000), format!("{}{}", token(json!({})), ".".repeat(50_000))] {
        refused(&text, "is not three parts");
    }
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn tokens_are_told_from_names_of_files() {
    for text in [
        token(json!({})),
        token(json!({ "x": "y".repeat(5000) })),
        format!("{}.e30.AA", base64::encode_url("{\"alg\":\"EdDSA\"}")),
        format!("{}.", base64::encode_url("{\"alg\":\"EdDSA\"}")),
        format!("{}.e30.AA", base64::encode_url(" { } \n")),
        format!("{}.x", "A".repeat(MAX_TOKEN + 1)),
    ] {
        assert!(looks_like_token(&text), "{text:.80}");
    }
    for text in
        ["token.jwt", "/var/run/token", "./eyJhbGciOiJFUzI1NiJ9.txt", "e30", "", "a.b.c", "..", "eyI.x.y"]
    {
        assert!(!looks_like_token(text), "{text}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let found = read(&token(json!({}))).unwrap();
    let shown = format!("{found:?}");
    let text = std::str::from_utf8(found.secret().expose()).unwrap();
    assert!(text.split('.').all(|part| !shown.contains(part)), "{shown}");
}
