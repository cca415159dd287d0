//! Where a browser is sent back to: to a program on this machine, or nowhere (RFC 8252 section 7.3).

use axum::http::Uri;

use super::super::own_names::is_loopback;

/// What programs ask for that cannot listen: the page shows the code.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
/// The longest address, in bytes.
const MAX_LENGTH: usize = 2048;

/// The origin of an address that a code may be sent to; `None` for [`OUT_OF_BAND`].
///
/// # Errors
/// Why no code goes there.
pub fn origin(redirect: &str) -> Result<Option<String>, &'static str> {
    if redirect == OUT_OF_BAND {
        return Ok(None);
    }
    // What browsers and parsers read differently is not there: backslashes, white space, quotation marks.
    let plain =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'\'' | b'<' | b'>' | b';' | b',');
    if redirect.len() > MAX_LENGTH || !redirect.bytes().all(plain) {
        return Err("it is too long, or has characters that no address has");
    }
    if redirect.contains('#') {
        return Err("it has a fragment");
    }
    let uri: Uri = redirect.parse().map_err(|_| "it is not an address")?;
    let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("it is not an http address");
    };
    if authority.as_str().contains('@') {
        return Err("it has a user name");
    }
    if !is_loopback(authority.host()) {
        return Err("it is not on this machine");
    }
    Ok(Some(format!("http://{authority}")))
}

/// The address with these parameters added to its query.
pub fn with(redirect: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = redirect.to_owned();
    for (name, value) in parameters {
        out.push(if out.contains('?') { '&' } else { '?' });
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(byte));
                }
                other => out.push_str(&format!("%{other:02X}")),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_to_this_machine_alone() {
        for (good, origin_of) in [
            ("http://localhost:1234/auth/callback", "http://localhost:1234"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
            ("http://127.8.9.10/x?y=z", "http://127.8.9.10"),
            ("http://[::1]:80/x", "http://[::1]:80"),
        ] {
            assert_eq!(origin(good), Ok(Some(origin_of.to_owned())), "{good}");
        }
        assert_eq!(origin(OUT_OF_BAND), Ok(None));
        for bad in [
            "",
            "https://localhost/",
            "http://a.example/",
            "http://localhost.a.example/",
            "http://localhost@a.example/",
            "http://a@localhost/",
            "http://a.example\\@localhost/",
            "http://localhost/#x",
            "http://127.0.0.1.a.example/",
            "http://0x7f.1/",
            "http://[::2]/",
            "//localhost/",
            "/cb",
            "javascript:alert(1)",
            "http://localhost/ x",
            "http://localhost/\r\nSet-Cookie: a",
            "urn:ietf:wg:oauth:2.0:oob:auto",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
        assert!(origin(&format!("http://localhost/{}", "x".repeat(MAX_LENGTH))).is_err());
    }

    #[test]
    fn parameters_are_added() {
        assert_eq!(with("http://l/", &[("a", "b c&"), ("d", "\u{e4}")]), "http://l/?a=b%20c%26&d=%C3%A4");
        assert_eq!(with("http://l/?x", &[("a", "~")]), "http://l/?x&a=~");
    }
}
