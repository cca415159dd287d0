//! Addresses as they may be shown.

/// Displays an address without what may be secret in it: user and password, and the values of the query (signed links
/// carry their permission there).
pub struct Redacted<'a>(pub &'a str);

impl std::fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://").or_else(|| loose(self.0)) else {
            return f.write_str(self.0);
        };
        let (authority, path) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let path = path.split('#').next().unwrap_or("");
        write!(f, "{scheme}://{host}")?;
        match path.split_once('?') {
            Some((path, _)) => write!(f, "{path}?..."),
            None => f.write_str(path),
        }
    }
}

/// Scheme and rest of what is an address of http or https with fewer slashes, or other ones, for those who fetch it (WHATWG URL
/// section 4.4).
pub fn loose(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_web = ["http", "https"].iter().any(|known| scheme.trim().eq_ignore_ascii_case(known));
    is_web.then(|| (scheme, rest.trim_start_matches(['/', '\\'])))
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
        ] {
            assert_eq!(Redacted(url).to_string(), shown);
        }
    }
}
