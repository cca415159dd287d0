//! A service on loopback whose every answer a test decides.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::client::{Client, Connection};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Method and path: `GET /v2/`.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The length that is announced in place of the body's own; the connection stays open then.
    pub announced: Option<u64>,
    /// The body is sent again and again, in chunks, until nobody listens any more.
    pub endless: bool,
    /// Silence before the answer.
    pub silence: Duration,
}

pub(super) fn reply(status: u16) -> Reply {
    Reply { status, ..Reply::default() }
}

/// A JSON answer.
pub(super) fn json(status: u16, body: &Value) -> Reply {
    reply(status).body(body.to_string())
}

impl Reply {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// A service.
pub(super) struct Served {
    pub url: String,
    requests: Arc<Mutex<Vec<Seen>>>,
    /// How many bytes of bodies were handed to the transport.
    sent: Arc<Mutex<u64>>,
}

impl Served {
    /// The requests so far, which are forgotten.
    pub fn requests(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// Method and path of the requests so far, which are forgotten.
    pub fn lines(&self) -> Vec<String> {
        self.requests().into_iter().map(|seen| seen.line).collect()
    }

    pub fn sent(&self) -> u64 {
        *self.sent.lock().unwrap()
    }
}

/// Serves on `127.0.0.1`, one request on each connection.
pub(super) fn serve(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Served {
    serve_on("127.0.0.1", answer)
}

/// Serves on another address of this machine, which is another host.
pub(super) fn serve_on(host: &str, mut answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Served {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, sent) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    let (log, counter) = (Arc::clone(&requests), Arc::clone(&sent));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if let Some(seen) = read(&mut stream) {
                log.lock().unwrap().push(seen.clone());
                let bytes = write(&mut stream, &answer(&seen));
                *counter.lock().unwrap() += bytes;
            }
        }
    });
    Served { url, requests, sent }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen { line, headers, body: Vec::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    seen.body = vec![0; length];
    stream.read_exact(&mut seen.body).ok()?;
    Some(seen)
}

fn write(stream: &mut TcpStream, reply: &Reply) -> u64 {
    std::thread::sleep(reply.silence);
    let length = reply.announced.unwrap_or(reply.body.len() as u64);
    let body = if reply.endless {
        "Transfer-Encoding: chunked".to_owned()
    } else {
        format!("Content-Length: {length}")
    };
    let headers: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {} Scripted\r\n{body}\r\nConnection: close\r\n{headers}\r\n", reply.status);
    let mut sent = 0;
    if stream.write_all(head.as_bytes()).is_err() {
        return sent;
    }
    if !reply.endless {
        let _ = stream.write_all(&reply.body);
        return reply.body.len() as u64;
    }
    let chunk = [format!("{:x}\r\n", reply.body.len()).as_bytes(), &reply.body, b"\r\n"].concat();
    while sent < 1 << 30 && stream.write_all(&chunk).is_ok() {
        sent += reply.body.len() as u64;
    }
    sent
}

/// A client that tries nothing twice.
pub(super) fn client() -> Client {
    patient(Duration::ZERO)
}

/// A client that tries again for this long.
pub(super) fn patient(retry_for: Duration) -> Client {
    let (total, stall) = (Duration::from_secs(60), Duration::from_secs(2));
    Client::new(Connection { proxy: false, retry_for, total, stall, ..Connection::default() })
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Documents that are wrong in one way each: the good one cut off anywhere, each member left out, and each value in turn of
/// another type.
pub(super) fn spoilt(good: &Value) -> Vec<Vec<u8>> {
    let text = good.to_string();
    let mut all: Vec<Vec<u8>> =
        (0..text.len()).step_by(1 + text.len() / 97).map(|end| text.as_bytes()[..end].to_vec()).collect();
    let mut paths = Vec::new();
    walk(good, &mut String::new(), &mut paths);
    for path in &paths {
        let others = [
            Value::Null,
            serde_json::json!(true),
            serde_json::json!(-1),
            serde_json::json!(1.5),
            serde_json::json!(u64::MAX),
            serde_json::json!("%"),
            serde_json::json!([[]]),
            serde_json::json!({ "a": 1 }),
        ];
        for other in others {
            let mut changed = good.clone();
            let place = changed.pointer_mut(path).unwrap();
            let same = std::mem::discriminant(&*place) == std::mem::discriminant(&other);
            if !same || other == serde_json::json!("%") {
                *place = other;
                all.push(changed.to_string().into_bytes());
            }
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or_default();
        let mut without = good.clone();
        let object = without.pointer_mut(parent).and_then(Value::as_object_mut);
        if object.is_some_and(|o| o.remove(&name.replace("~1", "/").replace("~0", "~")).is_some()) {
            all.push(without.to_string().into_bytes());
        }
    }
    let deep = |n: usize| [b"{\"a\":".repeat(n), b"1".to_vec(), b"}".repeat(n)].concat();
    all.extend([deep(127), deep(100_000), b"[".repeat(1_000_000), b".".repeat(1_000_000)]);
    all.extend(
        [&b""[..], b"null", b"[]", b"{}", b"\"\"", b"0", b"<html></html>", b"\xff\xfe"].map(<[u8]>::to_vec),
    );
    all.push([text.as_bytes(), b" {}"].concat());
    all
}

fn walk(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    paths.push(path.clone());
    let mut inner = |name: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        walk(value, path, paths);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| inner(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| inner(&i.to_string(), value)),
        _ => {}
    }
}
