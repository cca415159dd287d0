//! One call of gRPC over a Unix socket: `SpiffeWorkloadAPI.FetchJWTSVID` (SPIFFE Workload API section 6.2.1).

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use h2::{RecvStream, client};
use http_types::{HeaderMap, Request};
use tokio::net::UnixStream;

use crate::crypto::Secret;

/// It is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_MESSAGE: usize = 1 << 18;
const MAX_SAID: usize = 300;
const METHOD: &str = "http://localhost/SpiffeWorkloadAPI/FetchJWTSVID";

/// The first token that the workload is given for this audience.
///
/// # Errors
/// In words that follow the name of the socket.
pub async fn fetch(socket: &Path, audience: &str) -> Result<Secret, String> {
    match tokio::time::timeout(PATIENCE, call(socket, audience)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("did not answer within {} seconds", PATIENCE.as_secs())),
    }
}

async fn call(socket: &Path, audience: &str) -> Result<Secret, String> {
    let broken = |error: h2::Error| format!("cannot be talked to: {error}");
    let stream = UnixStream::connect(socket).await.map_err(|error| format!("cannot be reached: {error}"))?;
    let (requests, connection) = client::handshake(stream).await.map_err(broken)?;
    // The connection has to be driven while the answer is awaited; it ends with its handle.
    let _driver = Driver(tokio::spawn(async move { drop(connection.await) }));
    let mut requests = requests.ready().await.map_err(broken)?;
    let request = Request::post(METHOD)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        // So that nobody is talked into asking by a page of a browser (SPIFFE Workload Endpoint section 4.1).
        .header("workload.spiffe.io", "true")
        .body(())
        .map_err(|error| format!("cannot be asked: {error}"))?;
    let (answer, mut sending) = requests.send_request(request, false).map_err(broken)?;
    sending.send_data(Bytes::from(message(audience)), true).map_err(broken)?;
    let (head, mut body) = answer.await.map_err(broken)?.into_parts();
    if !head.status.is_success() {
        return Err(format!("answered with status {}", head.status.as_u16()));
    }
    // A refusal has no body, and its trailers are the headers.
    refusal(&head.headers)?;
    let received = Secret::new(receive(&mut body).await?);
    if let Some(trailers) = body.trailers().await.map_err(broken)? {
        refusal(&trailers)?;
    }
    token(received.expose()).ok_or_else(|| "answered with no token".to_owned())
}

/// Ends the task of a connection.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// `JWTSVIDRequest { audience: 1 }`, as one message of gRPC that is not compressed.
fn message(audience: &str) -> Vec<u8> {
    let mut field = vec![0x0a];
    let mut length = audience.len();
    while length >= 0x80 {
        field.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    field.push((length & 0x7f) as u8);
    field.extend_from_slice(audience.as_bytes());
    let mut message = vec![0];
    message.extend_from_slice(&(field.len() as u32).to_be_bytes());
    message.append(&mut field);
    message
}

async fn receive(body: &mut RecvStream) -> Result<Vec<u8>, String> {
    let mut received = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.map_err(|error| format!("broke off: {error}"))?;
        if received.len() + part.len() > MAX_MESSAGE {
            return Err(format!("answered with more than {MAX_MESSAGE} bytes"));
        }
        received.extend_from_slice(&part);
        body.flow_control().release_capacity(part.len()).map_err(|error| format!("broke off: {error}"))?;
    }
    Ok(received)
}

/// What stands in trailers: `grpc-status`, and a message in which bytes may be escaped.
fn refusal(headers: &HeaderMap) -> Result<(), String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("grpc-status") {
        None | Some("0") => Ok(()),
        Some(status) => {
            let said = unescaped(text("grpc-message").unwrap_or_default());
            let said: String = said.chars().take(MAX_SAID).collect();
            let status: String = status.chars().take(4).collect();
            Err(format!("refused with status {status}: {said}").trim_end_matches([' ', ':']).to_owned())
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => {
                std::str::from_utf8(&[*high, *low]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `JWTSVIDResponse { svids: 1 }`, `JWTSVID { svid: 2 }`: the first one.
fn token(received: &[u8]) -> Option<Secret> {
    let [0, a, b, c, d, message @ ..] = received else { return None };
    if message.len() != u32::from_be_bytes([*a, *b, *c, *d]) as usize {
        return None;
    }
    let svid = field(message, 1)?;
    field(svid, 2).filter(|token| !token.is_empty()).map(|token| Secret::new(token.to_vec()))
}

/// The first field of this number that holds bytes, of a message of protocol buffers.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        let (value, rest) = match tag & 7 {
            0 => (None, varint(rest)?.1),
            1 => (None, rest.get(8..)?),
            2 => {
                let (length, rest) = varint(rest)?;
                let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Some(value), rest)
            }
            5 => (None, rest.get(4..)?),
            _ => return None,
        };
        if tag >> 3 == wanted
            && let Some(value) = value
        {
            return Some(value);
        }
        message = rest;
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests;
