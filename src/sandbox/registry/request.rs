//! A request as hooks and the journal see it.

use std::time::Duration;

use super::content::Content;

/// Which of the two servers of a registry was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Host {
    /// The registry itself, `127.0.0.1`.
    Registry,
    /// The second host, `localhost` on another port: it has the token endpoint when the registry names it as the realm, the
    /// same contents, and asks nobody for credentials.
    Other,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its place among all requests to the registry, from 1.
    pub number: usize,
    /// How many requests with this method and path there were on this host, this one included.
    pub count: usize,
    /// The connection it came on, from 1; connections of both hosts are counted together.
    pub connection: usize,
    /// The server it came to.
    pub host: Host,
    /// Such as `GET`.
    pub method: String,
    /// As it was sent: percent-encoded, without the query.
    pub path: String,
    /// As it was sent, without the question mark; empty for none.
    pub query: String,
    /// In order; names in lower case. Values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// Bytes of its body.
    pub length: usize,
    /// When its body had arrived, since the start of the registry.
    pub received: Duration,
    /// The status it was answered with and when the answer began; `None` before that, and where the connection was broken off
    /// instead.
    pub answered: Option<(u16, Duration)>,
    pub(super) body: Content,
}

impl Request {
    /// The first header of this name, which is written in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All headers of this name.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The scheme of the Authorization header (`Basic`, `Bearer`), if there is one.
    pub fn authorization(&self) -> Option<&str> {
        self.header("authorization").map(|value| value.split(' ').next().unwrap_or_default())
    }

    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name)
    }

    /// The body. Empty in the journal, which keeps none, and where it is larger than a manifest may be and the registry has a folder
    /// to put it in.
    pub fn body(&self) -> &[u8] {
        self.body.in_memory()
    }

    /// Whether it has this method and a path with this part, such as `/manifests/`.
    pub fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.path.contains(part)
    }

    /// Method, path and query in one line.
    pub fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

/// A parameter of a query or of a form (`application/x-www-form-urlencoded`), decoded.
pub(super) fn parameter(form: &str, name: &str) -> Option<String> {
    parameters(form, name).next()
}

/// All parameters of this name, decoded.
pub(super) fn parameters<'a>(form: &'a str, name: &'a str) -> impl Iterator<Item = String> {
    let pairs = form.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(move |(n, _)| *n == name).map(|(_, value)| percent_decoded(&value.replace('+', " ")))
}

/// Text without percent-encoding (RFC 3986 section 2.1). What is not encoded well stays as it is; bytes that are not UTF-8
/// become U+FFFD.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.get(..2).filter(|_| *first == b'%');
        let decoded = pair.and_then(|pair| hex::decode(pair).ok()).and_then(|byte| byte.first().copied());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Percent-encodes all but what RFC 3986 section 2.3 leaves alone.
pub(super) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let query = "digest=sha256%3Aab&mount&last=a+b%2fc&n=%zz%4";
        assert_eq!(parameter(query, "digest").unwrap(), "sha256:ab");
        assert_eq!(parameter(query, "mount").unwrap(), "");
        assert_eq!(parameter(query, "last").unwrap(), "a b/c");
        assert_eq!(parameter(query, "n").unwrap(), "%zz%4");
        assert_eq!(parameter(query, "from"), None);
        assert_eq!(percent_decoded(&percent_encoded("a b/ü&=")), "a b/ü&=");
    }
}
