//! URIs as Go takes them apart; those that are plain.

use regorus::Value;

use super::reader::{Fault, Read};
use super::values::object;

/// A URI in its parts.
pub(super) struct Uri {
    /// As Go writes it.
    pub(super) text: String,
    /// The authority.
    pub(super) host: String,
    scheme: String,
    opaque: String,
    path: String,
    query: String,
}

impl Uri {
    /// Reads a URI of which each part stands for itself: no escapes, fragment, or user.
    pub(super) fn read(text: &str) -> Read<Self> {
        let plain = |part: &str, more: &[u8]| {
            part.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || b"-._~$&+,:;=@".contains(&byte) || more.contains(&byte)
            })
        };
        let parts = || {
            let (scheme, rest) = text.split_once(':')?;
            let rest = match rest.split_once('?') {
                Some((_, "")) => return None,
                Some((rest, _)) => rest,
                None => rest,
            };
            let query = text.split_once('?').map_or("", |(_, query)| query);
            let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
            let (host, path, opaque) = match rest.strip_prefix("//") {
                Some(rest) => {
                    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                    (host, path, "")
                }
                None => ("", "", rest),
            };
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            let is_host = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
                && port.bytes().all(|byte| byte.is_ascii_digit());
            let whole = if opaque.is_empty() { !name.is_empty() } else { !opaque.starts_with('/') };
            let good = is_scheme
                && is_host
                && whole
                && plain(path, b"/")
                && plain(opaque, b"/")
                && plain(query, b"/?%");
            good.then(|| Self {
                text: text.to_owned(),
                host: host.to_owned(),
                scheme: scheme.to_owned(),
                opaque: opaque.to_owned(),
                path: path.to_owned(),
                query: query.to_owned(),
            })
        };
        parts().ok_or_else(|| {
            Fault::Undecided("a URI in a certificate with letters or parts that are unusual".to_owned())
        })
    }

    /// As Go's JSON has it.
    pub(super) fn shown(&self) -> Value {
        object([
            ("ForceQuery", false.into()),
            ("Fragment", "".into()),
            ("Host", self.host.as_str().into()),
            ("OmitHost", false.into()),
            ("Opaque", self.opaque.as_str().into()),
            ("Path", self.path.as_str().into()),
            ("RawFragment", "".into()),
            ("RawPath", "".into()),
            ("RawQuery", self.query.as_str().into()),
            ("Scheme", self.scheme.as_str().into()),
            ("User", Value::Null),
        ])
    }
}
