//! What Go's `url.Parse` accepts. Nothing of the URL is kept but whether it has a scheme.

use super::address::Address;
use super::escape::escaped_byte;

type Refusal = &'static str;

/// Checks a URL or a relative reference (RFC 3986, with Go's leniencies); whether it is absolute.
pub(super) fn parse(text: &str) -> Result<bool, Refusal> {
    let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
    if url.bytes().any(|c| c < b' ' || c == 0x7f) {
        return Err("invalid control character in URL");
    }
    check_escapes(fragment)?;
    if url == "*" {
        return Ok(false);
    }
    let (scheme, rest) = scheme(url)?;
    let absolute = scheme.is_some();
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    if !rest.starts_with('/') {
        if absolute {
            // Opaque, as in `mailto:a@b`.
            return Ok(true);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon");
        }
    }
    let path = match rest.strip_prefix("//") {
        Some(after) if absolute || !after.starts_with('/') => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            check_authority(authority)?;
            path
        }
        _ => rest,
    };
    check_escapes(path)?;
    Ok(absolute)
}

/// The scheme, where there is one, and what follows it.
fn scheme(url: &str) -> Result<(Option<&str>, &str), Refusal> {
    let end = url.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(url.len());
    let (name, rest) = url.split_at(end);
    match rest.strip_prefix(':') {
        Some(_) if name.is_empty() => Err("missing protocol scheme"),
        Some(rest) if name.starts_with(|c: char| c.is_ascii_alphabetic()) => Ok((Some(name), rest)),
        _ => Ok((None, url)),
    }
}

fn check_authority(authority: &str) -> Result<(), Refusal> {
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    check_host(host)?;
    let Some(user) = user else { return Ok(()) };
    if !user.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&c)) {
        return Err("invalid userinfo");
    }
    check_escapes(user)
}

fn check_host(host: &str) -> Result<(), Refusal> {
    if let Some(inner) = host.strip_prefix('[') {
        let (address, port) = inner.rsplit_once(']').ok_or("missing ']' in host")?;
        check_port(port)?;
        let (address, zone) =
            address.split_once("%25").map_or((address, None), |(address, zone)| (address, Some(zone)));
        check_host_characters(address, false)?;
        if let Some(zone) = zone {
            check_host_characters(zone, true)?;
        }
        return match Address::parse(address) {
            Some(address) if !address.is_v4() => Ok(()),
            _ => Err("invalid host between brackets"),
        };
    }
    if let Some(at) = host.rfind(':') {
        check_port(&host[at..])?;
    }
    check_host_characters(host, false)
}

/// Nothing, or a colon and digits.
fn check_port(text: &str) -> Result<(), Refusal> {
    let digits =
        if text.is_empty() { "" } else { text.strip_prefix(':').ok_or("invalid port after host")? };
    if digits.bytes().all(|c| c.is_ascii_digit()) { Ok(()) } else { Err("invalid port after host") }
}

/// Every percent sign has two digits.
fn check_escapes(text: &str) -> Result<(), Refusal> {
    let mut escapes = text.as_bytes().split(|c| *c == b'%').skip(1);
    if escapes.all(|after| escaped_byte(after).is_some()) { Ok(()) } else { Err("invalid URL escape") }
}

/// Characters of a host: only bytes beyond ASCII may be escaped; in a zone, also those that a host may have, and the space.
fn check_host_characters(text: &str, zone: bool) -> Result<(), Refusal> {
    let allowed = |c: u8| c >= 0x80 || c.is_ascii_alphanumeric() || b"!$&'()*+,;=:[]<>\"-_.~".contains(&c);
    check_escapes(text)?;
    for (place, piece) in text.as_bytes().split(|c| *c == b'%').enumerate() {
        let plain = if place == 0 {
            piece
        } else {
            match escaped_byte(piece) {
                Some(b'%') => {}
                Some(byte) if byte >= 0x80 || (zone && (byte == b' ' || allowed(byte))) => {}
                _ => return Err("invalid URL escape"),
            }
            piece.get(2..).unwrap_or_default()
        };
        if !plain.iter().all(|c| allowed(*c)) {
            return Err("invalid character in host name");
        }
    }
    Ok(())
}
