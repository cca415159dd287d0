//! Looks at signatures of requests as AWS does ("Signature Version 4 signing process", IAM User Guide), without Amazon's crate.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use crate::crypto::sha256;
use crate::http::scripted::Seen;

/// What a request is signed with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub id: &'a str,
    pub secret: &'a str,
    pub token: Option<&'a str>,
    pub region: &'a str,
    pub service: &'a str,
    /// `20270115T080000Z`.
    pub date: &'a str,
}

impl Signer<'_> {
    /// Whether a request is signed so, whole: every header that says what is asked for, and the body.
    pub fn has_signed(&self, seen: &Seen) -> Result<(), String> {
        let date = seen.header("x-amz-date").ok_or("no date")?;
        if date != self.date || seen.header("x-amz-security-token") != self.token {
            return Err(format!("date {date}, token {:?}", seen.header("x-amz-security-token")));
        }
        let mut needed = Vec::from_iter(seen.header("content-type").map(|_| "content-type"));
        needed.extend(["host", "x-amz-date"]);
        needed.extend(self.token.map(|_| "x-amz-security-token"));
        let others = ["x-amz-target", "x-goog-cloud-target-resource"];
        needed.extend(others.into_iter().filter(|name| seen.header(name).is_some()));
        let headers: String =
            needed.iter().map(|name| format!("{name}:{}\n", seen.header(name).unwrap())).collect();
        let (method, path) = seen.line.split_once(' ').unwrap();
        let signed = needed.join(";");
        let body = hex::encode(sha256(&seen.body));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{body}");
        let Self { id, region, service, .. } = self;
        let scope = format!("{}/{region}/{service}/aws4_request", date.split('T').next().unwrap());
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(sha256(request.as_bytes())));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in scope.split('/') {
            key = hmac(&key, part.as_bytes());
        }
        let signature = hex::encode(hmac(&key, text.as_bytes()));
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        );
        match seen.authorization() {
            Some(given) if given == expected => Ok(()),
            given => Err(format!("{given:?} where {expected} is right")),
        }
    }
}

/// RFC 2104, with SHA-256.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    match key.len() > 64 {
        true => block[..32].copy_from_slice(&sha256(key)),
        false => block[..key.len()].copy_from_slice(key),
    }
    let pad = |byte: u8| block.map(|k| k ^ byte);
    let inner = sha256(&[&pad(0x36)[..], text].concat());
    sha256(&[&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}
