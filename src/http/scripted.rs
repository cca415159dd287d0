//! A server on loopback whose every answer a test decides.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::Address;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Method and path: `GET /v2/`.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    /// Whether this is its method and path, whatever it asks there.
    pub fn is(&self, line: &str) -> bool {
        self.line.split('?').next() == Some(line)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn authorization(&self) -> Option<&str> {
        assert!(self.headers.iter().filter(|(name, _)| name == "authorization").count() <= 1, "{self:?}");
        self.header("authorization")
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The pairs of the form in the body.
    pub fn form(&self) -> HashMap<String, String> {
        let address = format!("http://form/?{}", self.text());
        Address::parse(&address).unwrap().query().into_iter().collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The length that is announced in place of the body's own.
    pub announced: Option<u64>,
    /// The body is sent again and again, in chunks, until nobody listens any more.
    pub endless: bool,
    /// Silence before the answer.
    pub silence: Duration,
    /// Silence after the body.
    pub lingering: Duration,
}

pub fn reply(status: u16) -> Reply {
    Reply { status, ..Reply::default() }
}

/// A JSON answer.
pub fn json(status: u16, body: &Value) -> Reply {
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

    pub fn challenge(self, value: impl Into<String>) -> Self {
        self.with("WWW-Authenticate", value)
    }
}

/// A server.
#[derive(Debug, Clone)]
pub struct Served {
    pub address: SocketAddr,
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
pub fn serve(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Served {
    serve_on("127.0.0.1", answer)
}

/// Serves on another address of this machine, which is another host.
pub fn serve_on(host: &str, mut answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Served {
    serve_knowing(host, move |_, seen| answer(seen))
}

/// As [`serve_on`]; what answers is told the address of the server.
pub fn serve_knowing(host: &str, mut answer: impl FnMut(&str, &Seen) -> Reply + Send + 'static) -> Served {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let served =
        Served { address, url: format!("http://{address}"), requests: Arc::default(), sent: Arc::default() };
    let shared = served.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if let Some(seen) = read(&mut stream) {
                shared.requests.lock().unwrap().push(seen.clone());
                let bytes = write(&mut stream, &answer(&shared.url, &seen));
                *shared.sent.lock().unwrap() += bytes;
            }
        }
    });
    served
}

/// One request; `None` for whoever speaks TLS, or goes away.
fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if head == [22] || stream.read(&mut byte).ok()? == 0 {
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
        let _ = stream.flush();
        std::thread::sleep(reply.lingering);
        return reply.body.len() as u64;
    }
    let chunk = [format!("{:x}\r\n", reply.body.len()).as_bytes(), &reply.body, b"\r\n"].concat();
    while sent < 1 << 30 && stream.write_all(&chunk).is_ok() {
        sent += reply.body.len() as u64;
    }
    sent
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
