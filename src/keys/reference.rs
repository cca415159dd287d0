//! What the user writes to name a key.

use std::path::PathBuf;

use super::{Error, PluginKey, ServiceKey, Slot, StoreKey, Uri};
use crate::http::Redacted;

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRef {
    /// A file.
    Path(PathBuf),
    /// The value of an environment variable: `env://NAME`.
    Env(String),
    /// A document: `https://...`, or `http://...` where the user says so.
    Url(String),
    /// A key in a token: `pkcs11:...`.
    Token(Uri),
    /// A key in a PIV token: `piv://SLOT`, which `--sk` and `--slot` stand for.
    Piv(Slot),
    /// A key that never leaves the service that holds it.
    Service(ServiceKey),
    /// A key pair that another system holds as text.
    Store(StoreKey),
}

/// Schemes that some builds do not know, what they name, and the Cargo feature that a build needs for them.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("awskms", "a key of AWS KMS", "kms-aws"),
    ("azurekms", "a key of Azure Key Vault", "http"),
    ("gcpkms", "a key of Google Cloud KMS", "http"),
    ("github", "a store of GitHub", "http"),
    ("gitlab", "a key in GitLab", "http"),
    ("hashivault", "a key of Vault", "http"),
    ("k8s", "a key in Kubernetes", "http"),
];

impl KeyRef {
    /// Parses a reference. Whatever does not begin with a scheme is a path; `C:\key` is one, too.
    ///
    /// # Errors
    /// An empty reference; the key itself in place of a reference; a kind that this build leaves out; a scheme of which no program
    /// can be named. Any other one that is unknown is that of a plug-in program, which is started only where the user allows it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::EmptyReference);
        }
        // A secret in a variable of the flag's own name (COSIGN_KEY) ends up here; it must not end up in a message.
        if text.contains("-----BEGIN") || text.contains('\n') {
            return Err(Error::KeyInPlaceOfReference);
        }
        let Some((scheme, rest)) = split_scheme(text) else {
            return Ok(Self::Path(PathBuf::from(text)));
        };
        let key = || Redacted(text).to_string();
        if let Some(parsed) = ServiceKey::parse(&scheme, rest) {
            return parsed.map(Self::Service).map_err(|reason| Error::Reference { key: key(), reason });
        }
        if let Some(parsed) = StoreKey::parse(&scheme, rest) {
            return parsed.map(Self::Store).map_err(|reason| Error::Reference { key: key(), reason });
        }
        match scheme.as_str() {
            "env" if rest.is_empty() => Err(Error::EmptyReference),
            "env" => Ok(Self::Env(rest.to_string())),
            "http" | "https" => Ok(Self::Url(text.to_string())),
            "pkcs11" => Ok(Self::Token(Uri::parse(rest)?)),
            "piv" => {
                let reason = "a slot is authentication, signature, card-authentication or key-management";
                let slot = Slot::parse(rest).ok_or_else(|| Error::Reference { key: key(), reason })?;
                Ok(Self::Piv(slot))
            }
            other => match LEFT_OUT.iter().find(|(scheme, ..)| *scheme == other) {
                Some(&(_, what, feature)) => Err(Error::NotBuilt { what, feature, key: key() }),
                None => match PluginKey::parse(&scheme, rest) {
                    Some(key) => Ok(Self::Service(ServiceKey::Plugin(key))),
                    None => Err(Error::UnknownScheme { scheme, key: key() }),
                },
            },
        }
    }

    /// Whether it comes over a network that nothing protects: `http://`.
    pub fn is_unprotected(&self) -> bool {
        matches!(self, Self::Url(url) if split_scheme(url).is_some_and(|(scheme, _)| scheme == "http"))
    }
}

impl std::fmt::Display for KeyRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => {
                let text = path.to_string_lossy();
                if let Some(at) = text.to_ascii_lowercase().find(PIN) {
                    return write!(f, "{}{PIN}...", text.get(..at).unwrap_or_default());
                }
                let exists = path.exists();
                if !exists && has_password(&text) {
                    return write!(f, "...@{}", text.rsplit('@').next().unwrap_or_default());
                }
                match is_plausible(&text) || exists {
                    true => f.write_str(&text),
                    false => write!(f, "{}...", text.chars().take(4).collect::<String>()),
                }
            }
            Self::Env(name) => write!(f, "env://{name}"),
            Self::Url(url) => Redacted(url).fmt(f),
            Self::Token(key) => key.fmt(f),
            Self::Piv(slot) => write!(f, "piv://{slot}"),
            Self::Service(key) => key.fmt(f),
            Self::Store(key) => key.fmt(f),
        }
    }
}

/// What stands before a PIN in the name of a token's key (RFC 7512 section 2.4), whatever else is wrong with it.
const PIN: &str = "pin-value=";

/// Whether there is a password in a text as in an address, `SCHEME:USER:PASSWORD@HOST`.
fn has_password(text: &str) -> bool {
    // A drive is no user.
    let text = if text.get(1..2) == Some(":") { text.get(2..).unwrap_or_default() } else { text };
    text.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'))
}

/// Whether a text may be the path of a file: a secret that was put in its place, by mistake or by a variable, is long, and a mixture
/// of letters and digits.
fn is_plausible(text: &str) -> bool {
    const MAX_PATH: usize = 1024;
    const LONG: usize = 20;
    let is_mixture = |part: &str| {
        let has = |kind: fn(&u8) -> bool| part.as_bytes().iter().any(kind);
        part.len() >= LONG
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
    };
    text.len() <= MAX_PATH && !text.split(['/', '\\', '.', '-', '_', ' ']).any(is_mixture)
}

/// The scheme in lower case and what follows (RFC 3986 section 3.1). One letter is a drive, not a scheme.
fn split_scheme(text: &str) -> Option<(String, &str)> {
    // Blanks before it are no part of any path that somebody means, and a PIN may follow.
    if let Some((scheme, rest)) = text.trim_start().split_once(':')
        && scheme.eq_ignore_ascii_case("pkcs11")
    {
        return Some(("pkcs11".to_string(), rest));
    }
    // Who fetches it makes do with fewer slashes, and a password in it is one all the same.
    if let Some((scheme, rest)) = text.split_once(':')
        && ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Some((scheme.to_ascii_lowercase(), rest.trim_start_matches(['/', '\\'])));
    }
    let (scheme, rest) = text.split_once("://")?;
    let sound = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    sound.then(|| (scheme.to_ascii_lowercase(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_variables_and_addresses() {
        for path in [
            "cosign.key",
            "./a://b",
            "C:\\keys\\cosign.key",
            "C:/k",
            "C://k",
            "a:b",
            "-",
            "://x",
            "a b://c",
            "env:X",
        ] {
            assert_eq!(KeyRef::parse(path).unwrap(), KeyRef::Path(path.into()), "{path}");
        }
        assert_eq!(KeyRef::parse("env://KEY").unwrap(), KeyRef::Env("KEY".into()));
        for url in ["https://host/key", "http://host/key", "HTTPS://host/key", "HTTP://host/key"] {
            let key = KeyRef::parse(url).unwrap();
            assert_eq!(key, KeyRef::Url(url.into()));
            assert_eq!(key.is_unprotected(), !url.to_lowercase().starts_with("https:"), "{url}");
        }
        for url in ["https://u:p@host/key?t=1", "https:u:p@host/key?t=1", "https:///u:p@host/key?t=1"] {
            assert_eq!(KeyRef::parse(url).unwrap().to_string(), "https://host/key?...");
        }
    }

    #[test]
    fn what_is_no_path_is_not_shown_whole() {
        for path in [
            "cosign.key",
            "/home/me/.tmpAbC12/cosign.key",
            "/nix/store/0123456789abcdef0123456789abcdef-x/k",
            "C:\\Users\\Me\\k.pem",
        ] {
            assert_eq!(KeyRef::parse(path).unwrap().to_string(), path);
        }
        for secret in [
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
            "LS0tLS1CRUdJTiBFTkNSWVBURUQgU0lHU1RPUkUgUFJJVkFURSBLRVktLS0tLQ==",
            &"a".repeat(2000),
        ] {
            let shown = KeyRef::parse(secret).unwrap().to_string();
            assert_eq!(shown, format!("{}...", &secret[..4]));
        }
    }

    #[test]
    fn a_pin_and_a_password_are_not_shown() {
        for token in [
            "pkcs11:token=t;object=k?pin-value=1234",
            "PKCS11:token=t;object=k?pin-value=1234",
            " Pkcs11:token=t;object=k?pin-value=1234",
        ] {
            let key = KeyRef::parse(token).unwrap();
            assert!(matches!(key, KeyRef::Token(_)), "{token}");
            assert!(!key.to_string().contains("1234"), "{key}");
        }
        for (path, shown) in [
            ("pkcs11 :token=t?PIN-value=1234", "pkcs11 :token=t?pin-value=..."),
            ("foo:user:SECRET@host", "...@host"),
            ("user:SECRET@host", "...@host"),
            ("C:\\keys\\me@host.key", "C:\\keys\\me@host.key"),
            ("keys/me@host.key", "keys/me@host.key"),
        ] {
            let key = KeyRef::parse(path).unwrap();
            assert!(matches!(key, KeyRef::Path(_)), "{path}");
            assert_eq!(key.to_string(), shown);
        }
    }

    #[test]
    fn an_unknown_scheme_is_that_of_a_program() {
        for reference in ["foo://bar", "file:///etc/key", "sk://x", "kms+x://y"] {
            let key = KeyRef::parse(reference).unwrap();
            assert!(matches!(key, KeyRef::Service(ServiceKey::Plugin(_))), "{key}");
            assert_eq!(key.to_string(), reference);
        }
        assert_eq!(KeyRef::parse("foo://user:secret@x").unwrap().to_string(), "foo://x");
        let error = KeyRef::parse(&format!("{}://x", "f".repeat(65))).unwrap_err();
        assert!(matches!(error, Error::UnknownScheme { .. }), "{error}");
        assert!(matches!(KeyRef::parse(""), Err(Error::EmptyReference)));
        assert!(matches!(KeyRef::parse("env://"), Err(Error::EmptyReference)));
    }
}
