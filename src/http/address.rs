//! Addresses that somebody else chose: realms, redirections, upload locations.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::Url;

use super::{Error, Redacted};

/// More redirections are a loop.
pub const MAX_REDIRECTIONS: usize = 5;

/// An http or https address. Displayed without what may be secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads a whole address.
    ///
    /// # Errors
    /// [`Error::Address`]: not http or https, or no host.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::of(Url::parse(text).ok(), text)
    }

    /// Reads an address that stands in an answer of this one; it may be relative.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn join(&self, text: &str) -> Result<Self, Error> {
        Self::of(self.0.join(text).ok(), text)
    }

    /// Whether TLS protects what is sent there.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host in lower case; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        let host = self.0.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
    }

    /// Whether the host is this machine, and whoever sends something there can be sure of it.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Whether the host may be this machine: also by an address that stands for all of those that a machine has, which systems take
    /// for itself, and by names that are kept for it (RFC 6761 section 6.3).
    pub fn may_be_here(&self) -> bool {
        let name = self.host().trim_end_matches('.');
        match self.host().parse::<IpAddr>() {
            Ok(address) => is_here(address),
            Err(_) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// Whether nobody on the way can read what is sent there: TLS protects it, or it stays on this machine.
    pub fn is_confidential(&self) -> bool {
        self.is_https() || self.is_loopback()
    }

    /// The port; that of the scheme where none is named.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The path, as it is written.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The pairs of the query, decoded, in order.
    pub fn query(&self) -> Vec<(String, String)> {
        self.0.query_pairs().into_owned().collect()
    }

    /// All of it, with what is secret in it: for the one who opens it.
    pub fn whole(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the two share scheme, host and port (RFC 6454 section 4).
    pub fn is_same_origin(&self, other: &Self) -> bool {
        let origin = |url: &Url| (url.port_or_known_default(), url.scheme() == "https");
        origin(&self.0) == origin(&other.0) && self.0.host() == other.0.host()
    }

    /// Whether a user or a password stands in it.
    pub fn has_credentials(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }

    /// Where the `hops`th redirection of a request leads that goes on here. User and password go on within the origin alone, and
    /// those that somebody else writes into an address are not used.
    ///
    /// # Errors
    /// Why it is not followed.
    pub fn redirected(&self, location: &str, hops: usize) -> Result<Self, &'static str> {
        let Ok(mut next) = self.join(location) else {
            return Err("to an address that is neither http nor https");
        };
        if self.is_https() && !next.is_https() {
            return Err("from https to an address without TLS");
        }
        // Who is elsewhere has no say in what this machine is asked; a proxy in between would hear of it as well.
        if !self.may_be_here() && next.may_be_here() {
            return Err("from another host to an address of this machine");
        }
        if hops > MAX_REDIRECTIONS {
            return Err("more than 5 redirections");
        }
        let (user, password) = match self.is_same_origin(&next) {
            true => (self.0.username(), self.0.password()),
            false => ("", None),
        };
        // Both fail for addresses without a host alone, which these have.
        let _ = next.0.set_username(user);
        let _ = next.0.set_password(password);
        Ok(next)
    }

    /// The same with these pairs added to its query.
    #[must_use]
    pub fn with_query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.0.query_pairs_mut().extend_pairs(pairs);
        self
    }

    fn of(url: Option<Url>, text: &str) -> Result<Self, Error> {
        url.filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
            .map(Self)
            .ok_or_else(|| Error::Address { url: unread(text) })
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

/// Whether who connects to this address reaches this machine.
pub(super) fn is_here(address: IpAddr) -> bool {
    let address = embedded(address);
    address.is_loopback() || address.is_unspecified()
}

/// The IPv4 address in one of IPv6 (RFC 4291 section 2.5.5, RFC 6052 section 2.1), else the address itself.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    if six.is_loopback() || six.is_unspecified() {
        return address;
    }
    let [a, b, c, d, e, f, high, low] = six.segments();
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => {
            let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
            IpAddr::V4(Ipv4Addr::new(one, two, three, four))
        }
        _ => address,
    }
}

/// What is no address, as it may be shown: what is before an `@` may have been meant as a password.
fn unread(text: &str) -> String {
    let shown = Redacted(text).to_string();
    match shown.rsplit_once('@') {
        Some((_, after)) if !shown.contains("://") => after.to_owned(),
        _ => shown,
    }
}

/// Pairs as the body of a form (`application/x-www-form-urlencoded`).
pub fn form(pairs: &[(&str, &str)]) -> String {
    // Any address will do: only its query is looked at, which is written in the same way.
    let Ok(mut url) = Url::parse("http://form/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Redacted(self.0.as_str()).fmt(f)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn other_schemes_and_nonsense_are_refused() {
        for text in ["file:///etc/passwd", "ftp://h/", "h/x", "", "https://", "http://[::1", "data:,x"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        for text in ["http://me:a/PW@h", "me:PW@h:1", "//me:PW@h", "PW@h", "http:///me:PW@[", "a/PW@h"] {
            let shown = Address::parse(text).unwrap_err().to_string();
            assert!(!shown.contains("PW"), "{shown}");
        }
        for text in ["file:///etc/passwd", "data:,x", "http://[::1", "//"] {
            assert!(address("http://h/").join(text).is_err(), "{text}");
        }
    }

    #[test]
    fn origins_are_compared_whole() {
        let here = address("https://r.example/v2/");
        for (other, same) in [
            ("https://r.example:443/x", true),
            ("https://R.EXAMPLE/x", true),
            ("http://r.example/x", false),
            ("https://r.example:444/x", false),
            ("https://r.example.evil/x", false),
            ("https://r.example@evil/x", false),
        ] {
            assert_eq!(here.is_same_origin(&address(other)), same, "{other}");
        }
        assert!(here.is_same_origin(&here.join("/v2/x?last=1").unwrap()));
        assert!(!here.is_same_origin(&here.join("//evil/x").unwrap()));
        assert_eq!(address("http://[::1]:5/").host(), "::1");
    }

    #[test]
    fn this_machine_has_many_spellings() {
        let all = "127.0.0.1 localhost LOCALHOST localhost. x.localhost 127.1 2130706433 0x7f.1 0177.0.0.1 127.255.255.254 \
            0.0.0.0 0 [::1] [::] [::ffff:127.0.0.1] [::127.0.0.1] [::ffff:0.0.0.0] [64:ff9b::7f00:1]";
        let elsewhere = address("https://h.example/");
        for host in all.split_whitespace() {
            let next = format!("https://{host}:1/");
            assert!(address(&next).may_be_here(), "{host}");
            assert!(elsewhere.redirected(&next, 1).is_err(), "{host}");
        }
        for host in
            ["localhost.example", "h.example", "128.0.0.1", "[::2]", "[::ffff:1.2.3.4]", "[2001:db8::7f00:1]"]
        {
            let next = format!("https://{host}:1/");
            assert!(!address(&next).may_be_here(), "{host}");
            assert!(elsewhere.redirected(&next, 1).is_ok(), "{host}");
        }
        // Nobody can be sure of those.
        for host in ["x.localhost", "0.0.0.0", "[::]", "[64:ff9b::7f00:1]"] {
            assert!(!address(&format!("http://{host}/")).is_confidential(), "{host}");
        }
        assert!(address("http://[::ffff:127.0.0.1]/").is_confidential());
    }

    #[test]
    fn pairs_are_escaped_and_never_shown() {
        let with = address("https://a/t?x=1").with_query(&[("scope", "repository:a/b:pull"), ("s", "a b&c")]);
        assert_eq!(with.url().as_str(), "https://a/t?x=1&scope=repository%3Aa%2Fb%3Apull&s=a+b%26c");
        assert_eq!(format!("{with} {with:?}"), "https://a/t?... Address(https://a/t?...)");
        assert_eq!(form(&[("refresh_token", "a+b=&\u{e4}")]), "refresh_token=a%2Bb%3D%26%C3%A4");
    }
}
