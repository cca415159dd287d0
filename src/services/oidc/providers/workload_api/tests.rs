use std::path::PathBuf;

use serde_json::json;
use tokio::net::UnixListener;

use super::super::super::{Error, TokenRequest};
use super::*;
use crate::services::oidc::scripted::{Scene, token as scripted};

/// What a Workload API answers.
#[derive(Clone)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    trailers: Vec<(&'static str, &'static str)>,
}

impl Answer {
    fn of(body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), body, trailers: vec![("grpc-status", "0")] }
    }

    fn refusal(trailers: Vec<(&'static str, &'static str)>) -> Self {
        Self { status: 200, headers: trailers, body: Vec::new(), trailers: Vec::new() }
    }
}

/// A message of gRPC with these tokens in it.
fn message_of(tokens: &[&str]) -> Vec<u8> {
    let put = |number: u8, bytes: &[u8]| {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            field.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        field.push(length as u8);
        field.extend_from_slice(bytes);
        field
    };
    let body: Vec<u8> = tokens
        .iter()
        .flat_map(|token| {
            put(1, &[put(1, b"spiffe://example/x"), vec![0x20, 0x05], put(2, token.as_bytes())].concat())
        })
        .collect();
    [vec![0], (body.len() as u32).to_be_bytes().to_vec(), body].concat()
}

/// Serves one call on a socket, in a thread of its own; gives the body of the request.
fn serve(socket: PathBuf, answer: Answer) -> std::thread::JoinHandle<Vec<u8>> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        crate::services::oidc::scripted::run(async move {
            let listener = UnixListener::bind(&socket).unwrap();
            ready.send(()).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (request, mut respond) = connection.accept().await.unwrap().unwrap();
            let serving = tokio::spawn(async move {
                assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchJWTSVID");
                assert_eq!(request.headers()["workload.spiffe.io"], "true");
                assert_eq!(request.headers()["content-type"], "application/grpc");
                let mut body = request.into_body();
                let asked = receive(&mut body).await.unwrap();
                let mut response = http_types::Response::builder().status(answer.status);
                for (name, value) in &answer.headers {
                    response = response.header(*name, *value);
                }
                let ends = answer.body.is_empty() && answer.trailers.is_empty();
                let mut stream = respond.send_response(response.body(()).unwrap(), ends).unwrap();
                if !ends {
                    let _ = stream.send_data(Bytes::from(answer.body), answer.trailers.is_empty());
                    let mut trailers = HeaderMap::new();
                    for (name, value) in answer.trailers {
                        trailers.insert(name, value.parse().unwrap());
                    }
                    if !trailers.is_empty() {
                        let _ = stream.send_trailers(trailers);
                    }
                }
                asked
            });
            // Until the other side goes.
            while connection.accept().await.is_some() {}
            serving.await.unwrap()
        })
    });
    is_ready.recv().unwrap();
    server
}

fn request() -> TokenRequest<'static> {
    TokenRequest { provider: Some("spiffe"), ..TokenRequest::default() }
}

#[test]
fn the_first_token_is_taken() {
    let subject = "spiffe://example.org/app";
    let (first, second) = (scripted(json!({ "sub": subject })), scripted(json!({})));
    for form in ["", "unix://", "unix:", "bare"] {
        let mut scene = Scene::new();
        let socket = scene.places.spiffe_socket.clone();
        if !form.is_empty() {
            let form = form.trim_start_matches("bare");
            scene = scene.with("SPIFFE_ENDPOINT_SOCKET", format!("{form}{}", socket.display()));
        }
        let server = serve(socket, Answer::of(message_of(&[&first, &second])));
        assert_eq!(scene.token(&request()).unwrap().proof_subject(), subject);
        assert_eq!(server.join().unwrap(), b"\0\0\0\0\x0a\x0a\x08sigstore");
    }
}

#[test]
fn refusals_and_faults_are_errors() {
    let good = message_of(&[&scripted(json!({}))]);
    let denied = vec![("grpc-status", "7"), ("grpc-message", "no identity%20issued")];
    for (answer, reason) in [
        (Answer::refusal(denied.clone()), "refused with status 7: no identity issued"),
        (Answer { trailers: denied, ..Answer::of(Vec::new()) }, "refused with status 7: no identity issued"),
        (
            Answer { trailers: vec![("grpc-status", "13")], ..Answer::of(good.clone()) },
            "refused with status 13",
        ),
        (Answer { status: 500, ..Answer::of(good.clone()) }, "answered with status 500"),
        (Answer::of(message_of(&[])), "answered with no token"),
        (Answer::of(message_of(&[""])), "answered with no token"),
        (Answer::of(b"garbage".to_vec()), "answered with no token"),
        (Answer::of(good[..good.len() - 1].to_vec()), "answered with no token"),
        (Answer::of(message_of(&["a.b"])), "three parts"),
        (Answer::of(message_of(&[&scripted(json!({ "aud": "x" }))])), "made out to `x`"),
        (Answer::of(vec![0; MAX_MESSAGE + 1]), "more than 262144 bytes"),
    ] {
        let mut scene = Scene::new();
        let server = serve(scene.places.spiffe_socket.clone(), answer);
        let refusal = scene.refusal(&request());
        assert!(
            refusal.starts_with("the OIDC provider spiffe fails: ") && refusal.contains(reason),
            "{refusal}"
        );
        drop(server);
    }
}

#[test]
fn sockets_have_names() {
    for name in ["tcp://127.0.0.1:8000", "unix:relative", "unix://host"] {
        let mut scene = Scene::new().with("SPIFFE_ENDPOINT_SOCKET", name);
        let refusal = scene.refusal(&request());
        assert!(refusal.contains("only sockets of the scheme `unix`"), "{refusal}");
    }
    // A file that nobody listens on.
    let mut scene = Scene::new();
    std::fs::write(&scene.places.spiffe_socket, "").unwrap();
    let error = scene.token(&request()).unwrap_err();
    assert!(matches!(error, Error::Provider { name: "spiffe", .. }));
}

#[test]
fn messages_are_taken_apart_within_their_bounds() {
    assert_eq!(varint(&[0x96, 0x01, 9]), Some((150, &[9][..])));
    assert_eq!(varint(&[0xff; 12]), None);
    assert_eq!(varint(&[0x80]), None);
    assert_eq!(varint(&[]), None);
    assert_eq!(field(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0], 1), None);
    assert_eq!(field(&[0x0a, 5, 1], 1), None);
    assert_eq!(field(&[0x0b, 1], 1), None);
    assert_eq!(field(&[0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x12, 1, 7], 2), Some(&[7][..]));
    assert_eq!(unescaped("a%20b%zz%4"), "a b%zz%4");
    let long = message(&"x".repeat(300));
    assert_eq!(&long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
}
