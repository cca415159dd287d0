//! What services do wrong, and what the program is to make of it.

use std::sync::Arc;
use std::time::Duration;

use rcosign::internals::crypto::{KeyType, PrivateKey, SigningInput, SigningKey, base64, decode_base64};
use rcosign::internals::timestamp::issue as stamps;
use rcosign::internals::x509::issue::{ExtendedKeyUsage, Extension};
use serde_json::{Value, json};

use super::server::{Act, Answer, Request};
use super::sigstore::{Certify, EMAIL, PLACES, Place, Sct, conflict, span};
use super::world::{Case, Fault};

/// What is to become of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It signs all the same.
    Signs,
    /// It ends with one of these codes.
    Fails(&'static [i32]),
}

use Outcome::{Fails, Signs};

/// A service that does something.
pub struct Row {
    pub place: Place,
    pub name: &'static str,
    pub outcome: Outcome,
    /// What the error says.
    pub says: &'static str,
    /// Whether the program waits for what does not come.
    pub waits: bool,
    /// Whether it is forged with the keys of the services.
    pub needs_keys: bool,
    pub fault: Fault,
}

const NETWORK: Outcome = Fails(&[5]);

fn row(
    place: Place,
    name: &'static str,
    outcome: Outcome,
    says: &'static str,
    fault: impl Fn(&Case<'_>) -> Option<Act> + Send + Sync + 'static,
) -> Row {
    Row { place, name, outcome, says, waits: false, needs_keys: false, fault: Arc::new(fault) }
}

fn forged(row: Row) -> Row {
    Row { needs_keys: true, ..row }
}

fn say(answer: Answer) -> Option<Act> {
    Some(Act::Say(answer))
}

/// What any server can do, at each place.
pub fn of_servers() -> Vec<Row> {
    let mut rows = Vec::new();
    for place in PLACES {
        let mut add = |name, outcome, says, waits, fault: fn(&Case<'_>) -> Option<Act>| {
            // What a repository says is trust material; without `timestamp.json`, there is none.
            let outcome = if outcome == NETWORK && place == Place::Tuf { Fails(&[4, 5]) } else { outcome };
            rows.push(Row { waits, ..row(place, name, outcome, says, fault) });
        };
        add("says nothing", NETWORK, "", true, |_| Some(Act::Nothing));
        add("a byte in a second", NETWORK, "", true, |case| Some(Act::Drip(case.sound())));
        add("slow", Signs, "", false, |case| {
            (case.number == 0).then(|| Act::Late(Duration::from_millis(700), case.sound()))
        });
        add("500, then good", Signs, "", false, |case| {
            (case.number == 0).then(|| Act::Say(Answer::new(500, "oops")))
        });
        add("503 twice, then good", Signs, "", false, |case| {
            (case.number < 2).then(|| Act::Say(Answer::new(503, "<html>busy</html>")))
        });
        add("429 with Retry-After, then good", Signs, "", false, |case| {
            (case.number == 0).then(|| Act::Say(Answer::new(429, "slow down").with("Retry-After", "1")))
        });
        add("reset, then good", Signs, "", false, |case| (case.number == 0).then_some(Act::Reset));
        add("500 for ever", NETWORK, "500", true, |_| say(Answer::new(500, "oops")));
        add("429 for a day", NETWORK, "429", true, |_| {
            say(Answer::new(429, "tomorrow").with("Retry-After", "86400"))
        });
        add("reset", NETWORK, "", true, |_| Some(Act::Reset));
        add("cut off", NETWORK, "", true, |case| Some(Act::CutOff(case.sound())));
        add("without an end", Fails(&[5, 8]), "", false, |_| {
            Some(Act::Endless(Answer::new(200, vec![b' '; 1 << 16])))
        });
        add("50 GB", Fails(&[5, 8]), "", false, |case| Some(Act::Claims(50_000_000_000, case.sound())));
        add("no HTTP", NETWORK, "", true, |_| Some(Act::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())));
        add("a page for people", NETWORK, "", false, |_| {
            say(Answer::new(200, "<h1>Welcome</h1>").with("Content-Type", "text/html"))
        });
        add("nothing", NETWORK, "", false, |_| say(Answer::new(200, "")));
        add("no content", NETWORK, "", false, |_| say(Answer::new(204, "")));
        add("null", NETWORK, "", false, |_| say(Answer::new(200, "null")));
        add("a list", NETWORK, "", false, |_| say(Answer::new(200, "[]")));
        add("an empty object", NETWORK, "", false, |_| say(Answer::new(200, "{}")));
        add("half of the document", NETWORK, "", false, |case| {
            let mut answer = case.sound();
            answer.body.truncate(answer.body.len() / 2);
            say(answer)
        });
        add("deep", Fails(&[4, 5, 8]), "", false, |_| say(Answer::new(200, "[".repeat(100_000))));
        add("escapes", Fails(&[5, 6]), "", false, |_| {
            say(Answer::json(
                400,
                &json!({ "message": "\u{1b}[2J\u{9b}1A\u{202e}verified\r\nverified\u{7}", "error": "e" }),
            ))
        });
        add("403", Fails(&[4, 6]), "", false, |_| {
            say(Answer::json(403, &json!({ "message": "not you", "error": "no" })))
        });
        add("points elsewhere", NETWORK, "", false, |case| {
            say(Answer::new(307, "").with("Location", format!("{}/x", case.other)))
        });
        add("points elsewhere as done", NETWORK, "", false, |case| {
            say(Answer::new(302, "").with("Location", format!("{}/x", case.other)))
        });
        add("points to itself", NETWORK, "", false, |case| {
            say(Answer::new(302, "").with("Location", format!("{}/x", case.url)))
        });
        // The repository says the same to everybody.
        if place != Place::Tuf {
            add("the answer of another request", NETWORK, "", false, |case| say(case.earlier().unwrap()));
        }
    }
    rows
}

/// Certificates that are not what was asked for.
pub fn of_fulcio() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut certify = |name, codes, says, with: fn() -> Certify| {
        let fault = move |case: &Case<'_>| say(case.sigstore().certificate(case.request, &with()));
        rows.push(forged(row(Place::Fulcio, name, codes, says, fault)));
    };
    let untrusted = Fails(&[4]);
    certify("an SCT beside it", Signs, "--insecure-ignore-sct", || Certify {
        sct: Sct::Beside,
        ..Certify::default()
    });
    certify("that expired", untrusted, "expired", || Certify {
        validity: Some(span(-900, -300)),
        ..Certify::default()
    });
    certify("that is not valid yet", untrusted, "", || Certify {
        validity: Some(span(900, 1500)),
        ..Certify::default()
    });
    certify("for other uses", untrusted, "", || Certify {
        template: Some(|template| {
            template.with(Extension::extended_key_usage(false, &[ExtendedKeyUsage::TimeStamping]))
        }),
        ..Certify::default()
    });
    certify("without an SCT", untrusted, "certificate timestamp", || Certify {
        sct: Sct::Missing,
        ..Certify::default()
    });
    certify("with a foreign SCT", untrusted, "", || Certify { sct: Sct::Foreign, ..Certify::default() });
    certify("with the SCT of another", untrusted, "", || Certify { sct: Sct::Another, ..Certify::default() });
    certify("with a broken SCT", untrusted, "", || Certify { sct: Sct::Broken, ..Certify::default() });
    certify("with the SCT of another beside it", untrusted, "", || Certify {
        sct: Sct::BesideAnother,
        ..Certify::default()
    });
    let mut asked = |name, outcome, says, change: fn(&Case<'_>, &mut Value)| {
        let fault = move |case: &Case<'_>| {
            let mut request = case.request.clone();
            let mut body = request.json();
            change(case, &mut body);
            request.body = body.to_string().into_bytes();
            say(case.ask(&request))
        };
        rows.push(row(Place::Fulcio, name, outcome, says, fault));
    };
    asked("for another key", NETWORK, "another key", |_, body| {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let proof = key.sign_now(&SigningInput::message(EMAIL.as_bytes().to_vec())).unwrap();
        body["publicKeyRequest"] = json!({
            "publicKey": { "algorithm": "ECDSA", "content": key.public_key().to_pem() },
            "proofOfPossession": base64::encode(proof),
        });
    });
    asked("for another identity", NETWORK, "eve@example.com", |case, body| {
        body["credentials"]["oidcIdentityToken"] = case
            .world
            .token(|claims| {
                claims["email"] = "eve@example.com".into();
                claims["sub"] = EMAIL.into();
            })
            .into();
    });
    asked("of another issuer", Fails(&[6]), "https://evil.example", |case, body| {
        let token = case.world.token(|claims| claims["iss"] = "https://evil.example".into());
        body["credentials"]["oidcIdentityToken"] = token.into();
    });
    rows.push(row(Place::Fulcio, "of a foreign chain", untrusted, "", |case| {
        say(case.world.foreign.certificate(case.request, &Certify::default()))
    }));
    rows.push(row(Place::Fulcio, "no certificate in the chain", NETWORK, "", |_| {
        say(Answer::json(
            200,
            &json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": [] } } }),
        ))
    }));
    rows
}

/// The entry in an answer of Rekor v1.
fn entry(answer: &mut Value) -> &mut Value {
    answer.as_object_mut().unwrap().values_mut().next().unwrap()
}

/// The text in base64, with one bit changed.
fn flipped(value: &mut Value) {
    let mut bytes = decode_base64(value.as_str().unwrap()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    *value = base64::encode(bytes).into();
}

/// The checkpoint with another signature.
fn spoil_note(value: &mut Value) {
    let text = value.as_str().unwrap().to_owned();
    let (head, signature) = text.trim_end().rsplit_once(' ').unwrap();
    let mut signature = Value::from(signature);
    flipped(&mut signature);
    *value = format!("{head} {}\n", signature.as_str().unwrap()).into();
}

/// The hash in hexadecimal, with one digit changed.
fn other_hash(value: &mut Value) {
    let text = value.as_str().unwrap();
    let digit = if text.starts_with('0') { "1" } else { "0" };
    *value = format!("{digit}{}", &text[1..]).into();
}

/// Entries that prove nothing.
pub fn of_rekor1() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut spoilt = |name, says, spoil: fn(&mut Value)| {
        let fault = move |case: &Case<'_>| say(case.sound().changed(|value| spoil(entry(value))));
        rows.push(row(Place::Rekor1, name, Fails(&[4, 5]), says, fault));
    };
    spoilt("a broken promise", "", |entry| flipped(&mut entry["verification"]["signedEntryTimestamp"]));
    spoilt("a promise of another time", "", |entry| {
        entry["integratedTime"] = (entry["integratedTime"].as_i64().unwrap() + 1).into();
    });
    spoilt("a promise of another index", "", |entry| {
        entry["logIndex"] = (entry["logIndex"].as_i64().unwrap() + 1).into();
    });
    spoilt("a broken proof", "", |entry| {
        other_hash(&mut entry["verification"]["inclusionProof"]["hashes"][0])
    });
    spoilt("a proof for another place", "", |entry| {
        let index = &mut entry["verification"]["inclusionProof"]["logIndex"];
        *index = (index.as_i64().unwrap() - 1).into();
    });
    spoilt("a proof of another tree", "", |entry| {
        other_hash(&mut entry["verification"]["inclusionProof"]["rootHash"])
    });
    spoilt("a broken checkpoint", "", |entry| {
        spoil_note(&mut entry["verification"]["inclusionProof"]["checkpoint"])
    });
    spoilt("a checkpoint without signature", "", |entry| {
        let note = &mut entry["verification"]["inclusionProof"]["checkpoint"];
        *note = format!("{}\n\n", note.as_str().unwrap().split("\n\n").next().unwrap()).into();
    });
    spoilt("another log", "", |entry| other_hash(&mut entry["logID"]));
    spoilt("a body without its end", "", |entry| {
        let body = decode_base64(entry["body"].as_str().unwrap()).unwrap();
        entry["body"] = base64::encode(&body[..body.len() - 1]).into();
    });
    spoilt("no body", "body", |entry| drop(entry.as_object_mut().unwrap().remove("body")));
    spoilt("no time", "integrated time", |entry| entry["integratedTime"] = 0.into());
    spoilt("no promise", "signed entry timestamp", |entry| {
        drop(entry["verification"].as_object_mut().unwrap().remove("signedEntryTimestamp"));
    });
    spoilt("no proof", "inclusion proof", |entry| {
        drop(entry["verification"].as_object_mut().unwrap().remove("inclusionProof"));
    });
    spoilt("no checkpoint", "checkpoint", |entry| {
        drop(entry["verification"]["inclusionProof"].as_object_mut().unwrap().remove("checkpoint"));
    });
    spoilt("no verification", "", |entry| drop(entry.as_object_mut().unwrap().remove("verification")));
    rows.extend(of_conflicts());
    rows
}

/// Entries that are there already, and answers with another one.
fn of_conflicts() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name, outcome, says, fault: fn(&Case<'_>) -> Option<Act>| {
        rows.push(row(Place::Rekor1, name, outcome, says, fault));
    };
    add("the entry of a foreign log", Fails(&[4]), "", |case| {
        say(case.world.foreign.answer(Place::Rekor1, case.url, case.request))
    });
    add("two entries", NETWORK, "2 members", |case| {
        let mut other = case.earlier().unwrap();
        let more: Value = serde_json::from_slice(&case.sound().body).unwrap();
        other =
            other.changed(|value| value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone()));
        say(other)
    });
    add("409 with its own entry", Signs, "", |case| {
        let first = case.sound();
        // The log has it now: the same again is a conflict.
        say(if case.number == 0 { case.sound() } else { first })
    });
    add("409 with its own entry and no place", Signs, "", |case| {
        let first = case.sound();
        if case.number > 0 {
            return say(first);
        }
        let mut again = case.sound();
        again.headers.clear();
        again.body = b"{\"code\":409,\"message\":\"an equivalent entry already exists\"}".to_vec();
        say(again)
    });
    add("409 with the entry of another signature", NETWORK, "another", |case| {
        let earlier: Value =
            serde_json::from_slice(&case.earlier().map(|a| a.body).unwrap_or_default()).unwrap_or_default();
        let uuid = earlier.as_object()?.keys().next()?.clone();
        (case.number == 0).then(|| Act::Say(conflict(&uuid)))
    });
    rows.push(forged(row(Place::Rekor1, "409 with a foreign entry", NETWORK, "something else", |case| {
        (case.number == 0).then(|| Act::Say(conflict(&case.sigstore().append_foreign())))
    })));
    let mut add = |name, outcome, says, fault: fn(&Case<'_>) -> Option<Act>| {
        rows.push(row(Place::Rekor1, name, outcome, says, fault));
    };
    add("409 with what is not there", NETWORK, "404", |case| {
        (case.number == 0).then(|| Act::Say(conflict(&"0".repeat(80))))
    });
    add("409 with nothing", NETWORK, "not where", |case| {
        (case.number == 0).then(|| Act::Say(Answer::json(409, &json!({ "code": 409, "message": "exists" }))))
    });
    add("409 with another host", Signs, "", |case| {
        let first = case.sound();
        if case.number > 0 {
            return say(first);
        }
        let mut again = case.sound();
        for (name, value) in &mut again.headers {
            if name == "Location" {
                *value = format!("{}{value}", case.other);
            }
        }
        say(again)
    });
    rows
}

/// Entries that prove nothing.
pub fn of_rekor2() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut spoilt = |name, says, spoil: fn(&mut Value)| {
        let fault = move |case: &Case<'_>| say(case.sound().changed(spoil));
        rows.push(row(Place::Rekor2, name, Fails(&[4, 5]), says, fault));
    };
    spoilt("a broken proof", "", |entry| flipped(&mut entry["inclusionProof"]["hashes"][0]));
    spoilt("a proof of another tree", "", |entry| flipped(&mut entry["inclusionProof"]["rootHash"]));
    spoilt("a proof for another place", "", |entry| entry["inclusionProof"]["logIndex"] = "0".into());
    spoilt("another place than its proof", "", |entry| entry["logIndex"] = "0".into());
    spoilt("a broken checkpoint", "", |entry| {
        spoil_note(&mut entry["inclusionProof"]["checkpoint"]["envelope"])
    });
    spoilt("a checkpoint of another name", "", |entry| {
        let note = &mut entry["inclusionProof"]["checkpoint"]["envelope"];
        *note = note.as_str().unwrap().replace("127.0.0.1", "127.0.0.9").into();
    });
    spoilt("another log", "", |entry| flipped(&mut entry["logId"]["keyId"]));
    spoilt("another kind", "", |entry| entry["kindVersion"]["kind"] = "dsse".into());
    spoilt("no body", "", |entry| drop(entry.as_object_mut().unwrap().remove("canonicalizedBody")));
    spoilt("no proof", "", |entry| drop(entry.as_object_mut().unwrap().remove("inclusionProof")));
    spoilt("no checkpoint", "", |entry| {
        drop(entry["inclusionProof"].as_object_mut().unwrap().remove("checkpoint"));
    });
    spoilt("a time", "", |entry| entry["integratedTime"] = "soon".into());
    rows.push(row(Place::Rekor2, "the entry of a foreign log", Fails(&[4]), "", |case| {
        say(case.world.foreign.answer(Place::Rekor2, case.url, case.request))
    }));
    rows.push(row(Place::Rekor2, "409", NETWORK, "409", |_| {
        say(Answer::json(
            409,
            &json!({ "code": 6, "message": "an equivalent entry already exists with index 7" }),
        ))
    }));
    rows
}

/// Timestamps of something else.
pub fn of_tsa() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut stamped = |name, says, change: fn(&mut stamps::Template)| {
        let fault = move |case: &Case<'_>| say(case.sigstore().timestamp(case.request, change));
        rows.push(forged(row(Place::Tsa, name, Fails(&[4, 5]), says, fault)));
    };
    stamped("no nonce", "nonce", |stamp| stamp.nonce = None);
    stamped("by SHA-1", "", |stamp| stamp.faults.push(stamps::Fault::Sha1));
    stamped("attributes of something else", "", |stamp| {
        stamp.faults.push(stamps::Fault::MessageDigestAttribute);
    });
    stamped("two signers", "", |stamp| stamp.faults.push(stamps::Fault::Signers(2)));
    stamped("an hour ago", "not yet valid", |stamp| stamp.time = stamp.time.plus_seconds(-3600));
    stamped("in six minutes", "future", |stamp| stamp.time = stamp.time.plus_seconds(360));
    stamped("in an hour", "future", |stamp| stamp.time = stamp.time.plus_seconds(3600));
    let mut add = |name, outcome, says, fault: fn(&Case<'_>) -> Option<Act>| {
        rows.push(row(Place::Tsa, name, outcome, says, fault));
    };
    // Behind the beginning of the octet string there are the 32 bytes of the digest, tag and length of the nonce, and the nonce.
    add("another nonce", NETWORK, "nonce", |case| say(case.ask(&flipped_at(case.request, 32 + 2 + 3))));
    add("over other bytes", NETWORK, "other bytes", |case| say(case.ask(&flipped_at(case.request, 3))));
    add("a broken signature", NETWORK, "signature", |case| {
        let mut answer = case.sound();
        *answer.body.last_mut().unwrap() ^= 1;
        say(answer)
    });
    add("of a foreign authority", Fails(&[4]), "", |case| {
        say(case.world.foreign.answer(Place::Tsa, case.url, case.request))
    });
    add("a rejection", Fails(&[6]), "rejection", |_| {
        say(Answer::new(200, [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02]))
    });
    add("a wait", Fails(&[6]), "waiting", |_| {
        say(Answer::new(200, [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x03]))
    });
    rows
}

/// The request for a timestamp with one bit changed, that far from the beginning of the digest.
fn flipped_at(request: &Request, offset: usize) -> Request {
    let mut request = request.clone();
    let at = request.body.windows(2).position(|two| two == [0x04, 0x20]).unwrap() + 2;
    request.body[at + offset] ^= 1;
    request
}

/// Tokens that are not what was asked for, and an issuer that is another.
pub fn of_oidc() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut discovery = |name, outcome, says, spoil: fn(&Case<'_>, &mut Value)| {
        let fault = move |case: &Case<'_>| {
            let is_one = case.request.starts("GET /.well-known/");
            is_one.then(|| Act::Say(case.sound().changed(|value| spoil(case, value))))
        };
        rows.push(row(Place::Oidc, name, outcome, says, fault));
    };
    let any = Fails(&[5, 6]);
    discovery("another issuer", any, "issuer", |case, document| document["issuer"] = case.other.into());
    discovery("no token endpoint", any, "", |_, document| {
        drop(document.as_object_mut().unwrap().remove("token_endpoint"));
    });
    let mut tokens = |name, outcome, says, spoil: fn(&mut Value)| {
        let fault = move |case: &Case<'_>| {
            let token = || {
                let mut claims = super::sigstore::claims(case.url);
                spoil(&mut claims);
                super::sigstore::token(&claims)
            };
            let is_one = case.request.is("POST /token");
            is_one.then(|| Act::Say(case.sound().changed(|value| value["id_token"] = token().into())))
        };
        rows.push(row(Place::Oidc, name, outcome, says, fault));
    };
    let refused = Fails(&[3, 5, 6]);
    tokens("a token of another issuer", refused, "https://evil.example", |c| {
        c["iss"] = "https://evil.example".into()
    });
    tokens("a token for others", refused, "others", |claims| claims["aud"] = "others".into());
    tokens("a token that expired", refused, "expired", |claims| claims["exp"] = 1_000_000_000.into());
    tokens("a token without issuer", refused, "iss", |claims| {
        drop(claims.as_object_mut().unwrap().remove("iss"))
    });
    tokens("a token without subject", refused, "sub", |claims| {
        drop(claims.as_object_mut().unwrap().remove("sub"))
    });
    tokens("a token without end", refused, "exp", |claims| {
        drop(claims.as_object_mut().unwrap().remove("exp"))
    });
    tokens("a token with an address that nobody verified", refused, "email", |c| {
        c["email_verified"] = false.into()
    });
    rows.push(row(Place::Oidc, "no token", Fails(&[3, 5, 6]), "id_token", |case| {
        let is_one = case.request.is("POST /token");
        is_one.then(|| Act::Say(Answer::json(200, &json!({ "access_token": "x", "token_type": "Bearer" }))))
    }));
    rows.push(row(Place::Oidc, "an error", Fails(&[6]), "invalid_client", |case| {
        let error = json!({ "error": "invalid_client", "error_description": "who are you" });
        case.request.is("POST /token").then(|| Act::Say(Answer::json(401, &error)))
    }));
    rows
}
