//! Addresses as they may be shown.

/// Displays an address without what may be secret in it: user and password, and the values of the query (signed links
/// carry their permission there).
pub struct Redacted<'a>(pub &'a str);

impl std::fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(Parts { scheme, host, path, .. }) = parts(self.0) else {
            return f.write_str(without_beginning(self.0));
        };
        let path = path.split('#').next().unwrap_or("");
        write!(f, "{scheme}://{host}")?;
        match path.split_once('?') {
            Some((path, _)) => write!(f, "{path}?..."),
            None => f.write_str(path),
        }
    }
}

/// An address without the name and the password in it; one without them as it is.
pub fn without_user(address: &str) -> String {
    match parts(address) {
        Some(Parts { scheme, host, path, has_user: true }) => format!("{scheme}://{host}{path}"),
        Some(_) => address.to_owned(),
        None => without_beginning(address).to_owned(),
    }
}

/// An address as those read it who fetch it.
struct Parts {
    scheme: String,
    host: String,
    /// The rest, from where the host ends.
    path: String,
    has_user: bool,
}

/// Of http and https there may be fewer slashes, more, or other ones, and tabs and ends of lines anywhere (WHATWG URL section 4.4).
fn parts(text: &str) -> Option<Parts> {
    let text = text.trim_matches(|c| c <= ' ').replace(['\t', '\n', '\r'], "");
    let (scheme, rest) = text.split_once(':')?;
    let is_web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let rest = if is_web { rest.trim_start_matches(['/', '\\']) } else { rest.strip_prefix("//")? };
    let split = |rest: &str| {
        let (authority, path) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        (host.to_owned(), path.to_owned(), user.is_some())
    };
    let (mut host, mut path, mut has_user) = split(rest);
    // What nobody can fetch may be meant in another way: all that could be a password goes.
    if (!is_host(&host) || is_web && !is_fetched(&text))
        && let Some((_, after)) = rest.rsplit_once('@')
    {
        (host, path, _) = split(after);
        has_user = true;
    }
    // Nor is a host written so; it is the end of a name or a password, all of it encoded.
    if (host.contains("%40") || is_web && host.contains('%') && !is_fetched(&text))
        && let Some((_, after)) = rest.rsplit_once("%40")
    {
        (host, path, _) = split(after);
        has_user = true;
    }
    Some(Parts { scheme: scheme.to_owned(), host, path, has_user })
}

/// Whether it may be a host, with a port or without; an empty one may.
fn is_host(text: &str) -> bool {
    let port = match text.rsplit_once(']') {
        Some((_, after)) => after.strip_prefix(':'),
        None => text.rsplit_once(':').map(|(_, port)| port),
    };
    port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()))
        && !text.contains([' ', '<', '>', '^', '|'])
}

#[cfg(feature = "http")]
fn is_fetched(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok()
}

#[cfg(not(feature = "http"))]
fn is_fetched(_: &str) -> bool {
    true
}

/// What is left of a text without a scheme if a name and a password were before it; it may be the name of a file as well.
fn without_beginning(text: &str) -> &str {
    let Some((before, after)) = text.rsplit_once('@') else { return text };
    let is_drive =
        matches!(text.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    let has_no_scheme = text.starts_with("//") || text.starts_with("\\\\");
    if !is_drive && (before.contains(':') || has_no_scheme) { after } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        for (url, shown) in [
            ("https://host/key.pub", "https://host/key.pub"),
            ("https://user:secret@host:8443/key.pub", "https://host:8443/key.pub"),
            ("https://secret@host", "https://host"),
            ("https://a@secret@host/", "https://host/"),
            ("https://host/key.pub?sig=secret&x=1", "https://host/key.pub?..."),
            ("https://host?sig=secret/@other", "https://host?..."),
            ("https://host/a#secret", "https://host/a"),
            ("https:/me:secret@host/a", "https://host/a"),
            ("https:me:secret@host", "https://host"),
            ("HTTP:\\\\me:secret@host\\a", "HTTP://host\\a"),
            ("no address", "no address"),
            ("env://NAME", "env://NAME"),
            ("C:\\a@b", "C:\\a@b"),
            ("/home/a@b/root.json", "/home/a@b/root.json"),
            ("https://host/@scope/a", "https://host/@scope/a"),
            // More slashes, and other ones.
            ("http:///me:secret@host", "http://host"),
            ("http:////me:secret@host/", "http://host/"),
            ("http://\\me:secret@host", "http://host"),
            ("http:/\\/me:secret@host", "http://host"),
            ("http:/\t/me:secret@host", "http://host"),
            (" \u{1}ht\ntp:/me:secret@host ", "http://host"),
            // What is no address, and would be one without the slash in its password.
            ("http://me:a/secret@host:1/x", "http://host:1/x"),
            ("http://me:a?secret@host", "http://host"),
            ("http://me:a#secret@host", "http://host"),
            ("ftp://me:a/secret@host", "ftp://host"),
            ("http://me|:secret@[::1", "http://[::1"),
            ("http://me%3Asecret%40host", "http://host"),
            ("http://a@me%3Asecret%40host/x", "http://host/x"),
            ("http://host/%40scope/a%40b", "http://host/%40scope/a%40b"),
            ("me:secret@host:1", "host:1"),
            ("//me:secret@host/x", "host/x"),
            ("//secret@host", "host"),
            ("me:se/cr@et@host", "host"),
        ] {
            assert_eq!(Redacted(url).to_string(), shown);
        }
    }

    #[test]
    fn an_address_without_a_user_stays_as_it_is() {
        for address in ["https://h/a?b#c", "HTTP:///h", "no address", "https://h/@a", ""] {
            assert_eq!(without_user(address), address);
        }
        assert_eq!(without_user("HTTPS:///me:pw@h:1/a?b#c"), "HTTPS://h:1/a?b#c");
        assert_eq!(without_user("http://me:a/pw@h?b"), "http://h?b");
        assert_eq!(without_user("me:pw@h:1"), "h:1");
    }
}
