//! Why the certificate of a server is refused. The TLS library tells by its words alone, through layers that know nothing of
//! certificates; they are read here, and what is not known is passed on as it is.

use super::tls_words::plain;
use crate::crypto::UnixTime;

/// What the TLS library begins with.
const REFUSED: &str = "invalid peer certificate: ";

/// Why the certificate of a server is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFault {
    /// It is no longer valid; since when, if that is said.
    Expired(Option<UnixTime>),
    /// It is for other names.
    OtherName {
        /// The name that was asked for.
        asked: String,
        /// The names that it is for.
        names: Vec<String>,
    },
    /// Nobody who is trusted issued it.
    UnknownIssuer,
    /// It is that of an authority, which no server may show as its own.
    OfAuthority,
    /// Anything else, in the words of the library.
    Other(String),
}

impl CertificateFault {
    /// Reads what the library says; `None` if it is about something else.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (_, fault) = text.split_once(REFUSED)?;
        Some(match fault {
            "UnknownIssuer" => Self::UnknownIssuer,
            _ if fault.contains("CaUsedAsEndEntity") => Self::OfAuthority,
            _ if fault.starts_with("certificate expired") => {
                let since = fault
                    .split_once("not valid after ")
                    .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok().map(UnixTime::from_seconds));
                Self::Expired(since)
            }
            _ => {
                match fault.strip_prefix("certificate not valid for name \"").and_then(|f| f.split_once('"'))
                {
                    Some((asked, rest)) => Self::OtherName { asked: asked.to_owned(), names: names(rest) },
                    None => Self::Other(plain(fault)),
                }
            }
        })
    }
}

/// The names in `DnsName("a.example") or IpAddress(127.0.0.1)`.
fn names(text: &str) -> Vec<String> {
    let inside = text.split('(').skip(1).filter_map(|part| part.split(')').next());
    inside.map(|name| name.trim_matches('"').to_owned()).collect()
}

impl std::fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired(Some(since)) => write!(f, "the certificate of the server expired at {since}"),
            Self::Expired(None) => f.write_str("the certificate of the server has expired"),
            Self::OtherName { asked, names } if names.is_empty() => {
                write!(f, "the certificate of the server is not for the name {asked}")
            }
            Self::OtherName { asked, names } => {
                write!(f, "the certificate of the server is for {}, not for {asked}", names.join(", "))
            }
            Self::UnknownIssuer => f.write_str("nobody who is trusted issued the certificate of the server"),
            Self::OfAuthority => {
                f.write_str("the server shows the certificate of an authority (CA:TRUE) as its own")
            }
            Self::Other(said) => write!(f, "the certificate of the server is refused: {said}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_library_are_read() {
        for (said, shown) in [
            (
                "certificate expired: verification time 1795198673 (UNIX), but certificate is not valid after 1795198672 (1 \
                 seconds ago)",
                "the certificate of the server expired at 2026-11-20T18:17:52Z",
            ),
            ("certificate expired", "the certificate of the server has expired"),
            (
                "certificate not valid for name \"localhost\"; certificate is only valid for DnsName(\"a.example\") or \
                 IpAddress(127.0.0.1)",
                "the certificate of the server is for a.example, 127.0.0.1, not for localhost",
            ),
            ("certificate not valid for name \"a\"", "the certificate of the server is not for the name a"),
            ("UnknownIssuer", "nobody who is trusted issued the certificate of the server"),
            (
                "Other(OtherError(CaUsedAsEndEntity))",
                "the server shows the certificate of an authority (CA:TRUE) as its own",
            ),
            ("BadSignature", "the certificate of the server is refused: bad signature"),
        ] {
            let read = CertificateFault::read(&format!("TLS: {REFUSED}{said}")).unwrap();
            assert_eq!(read.to_string(), shown);
        }
        assert_eq!(CertificateFault::read("Connection refused"), None);
    }
}
