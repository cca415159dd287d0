//! Servers on loopback that answer well, or do anything else that a server can do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method and target: `GET /x?y=z`.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is this method and path, whatever the query.
    pub fn is(&self, line: &str) -> bool {
        self.line.split('?').next() == Some(line)
    }

    /// Method and path.
    pub fn starts(&self, line: &str) -> bool {
        self.line.starts_with(line)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, body.to_string()).with("Content-Type", "application/json")
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer with its JSON changed.
    pub fn changed(mut self, change: impl FnOnce(&mut serde_json::Value)) -> Self {
        let mut value = serde_json::from_slice(&self.body).unwrap();
        change(&mut value);
        self.body = value.to_string().into_bytes();
        self
    }

    fn head(&self, length: &str) -> String {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {} Said\r\n{length}\r\nConnection: close\r\n{headers}\r\n", self.status)
    }
}

/// What a server does with a request.
#[derive(Debug, Clone)]
pub enum Act {
    /// It answers.
    Say(Answer),
    /// It answers after a while.
    Late(Duration, Answer),
    /// It takes the request and says nothing.
    Nothing,
    /// It sends one byte of the answer in a second.
    Drip(Answer),
    /// It breaks the connection off.
    Reset,
    /// It announces more than it sends.
    CutOff(Answer),
    /// It sends the body again and again.
    Endless(Answer),
    /// It announces this length.
    Claims(u64, Answer),
    /// It sends this, which is no HTTP.
    Raw(Vec<u8>),
}

/// A server.
pub struct Server {
    pub url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// One that knows its own address.
    pub fn start_named(act: impl Fn(&str, &Request) -> Act + Send + Sync + 'static) -> Self {
        let url = Arc::new(Mutex::new(String::new()));
        let known = Arc::clone(&url);
        let server = Self::start(move |request| act(&known.lock().unwrap().clone(), request));
        server.url.clone_into(&mut url.lock().unwrap());
        server
    }

    pub fn start(act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        Self::start_on("127.0.0.1", act)
    }

    /// On another address of this machine, which is another host.
    pub fn start_on(host: &str, act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (all, act) = (Arc::clone(&heard), Arc::new(act));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, act) = (Arc::clone(&all), Arc::clone(&act));
                std::thread::spawn(move || serve(stream, &all, &*act));
            }
        });
        Self { url, heard }
    }

    /// The first line of each request so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, heard: &Mutex<Vec<String>>, act: &dyn Fn(&Request) -> Act) {
    let Some(request) = read(&mut stream) else { return };
    heard.lock().unwrap().push(request.line.clone());
    let act = act(&request);
    if !matches!(act, Act::Reset) {
        // What is left unread makes a reset of the end of the connection.
        let _ = stream.read(&mut [0]);
    }
    let _ = perform(&mut stream, act);
}

fn perform(stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
    let length = |answer: &Answer| format!("Content-Length: {}", answer.body.len());
    match act {
        Act::Say(answer) => {
            stream.write_all(answer.head(&length(&answer)).as_bytes())?;
            stream.write_all(&answer.body)
        }
        Act::Late(time, answer) => {
            std::thread::sleep(time);
            perform(stream, Act::Say(answer))
        }
        Act::Nothing => {
            // Until nobody waits any more.
            let _ = stream.read(&mut [0]);
            Ok(())
        }
        Act::Drip(answer) => {
            stream.write_all(answer.head(&length(&answer)).as_bytes())?;
            for byte in answer.body {
                std::thread::sleep(Duration::from_secs(1));
                stream.write_all(&[byte])?;
            }
            Ok(())
        }
        Act::Reset => Ok(()),
        Act::CutOff(answer) => {
            stream.write_all(answer.head(&length(&answer)).as_bytes())?;
            stream.write_all(&answer.body[..answer.body.len() / 2])
        }
        Act::Endless(answer) => {
            stream.write_all(answer.head("Transfer-Encoding: chunked").as_bytes())?;
            let chunk = [format!("{:x}\r\n", answer.body.len()).as_bytes(), &answer.body, b"\r\n"].concat();
            for _ in 0..(1 << 30) / chunk.len() {
                stream.write_all(&chunk)?;
            }
            Ok(())
        }
        Act::Claims(length, answer) => {
            stream.write_all(answer.head(&format!("Content-Length: {length}")).as_bytes())?;
            stream.write_all(&answer.body)
        }
        Act::Raw(bytes) => stream.write_all(&bytes),
    }
}

/// Reads a request, all but its last byte.
fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    let request = loop {
        if stream.peek(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            break head_of(&head)?;
        }
        stream.read_exact(&mut byte).ok()?;
    };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap_or(0));
    if length == 0 {
        return Some(request);
    }
    stream.read_exact(&mut byte).ok()?;
    let mut body = vec![0; length - 1];
    stream.read_exact(&mut body).ok()?;
    if stream.peek(&mut byte).ok()? == 0 {
        return None;
    }
    body.push(byte[0]);
    Some(Request { body, ..request })
}

fn head_of(head: &[u8]) -> Option<Request> {
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let line = lines.next()?.strip_suffix(" HTTP/1.1")?.to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Request { line, headers, body: Vec::new() })
}

/// Asks another server the same.
pub fn forward(url: &str, request: &Request) -> Answer {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    // Of 1.0, so that the answer is not in chunks.
    let mut head =
        format!("{} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", request.line, request.body.len());
    for (name, value) in &request.headers {
        if !["host", "content-length", "connection"].contains(&name.as_str()) {
            head += &format!("{name}: {value}\r\n");
        }
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(&request.body).unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let end = text.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(text[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| ["content-type", "location"].contains(&name.to_lowercase().as_str()))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Answer { status, headers, body: text[end + 4..].to_vec() }
}
