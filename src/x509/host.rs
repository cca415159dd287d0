//! Matching of e-mail addresses, host names, URIs and addresses with the bases of name constraints (RFC 5280 section
//! 4.2.1.10). `None` means that a name or a base is not well-formed, so that nothing can be said.

/// Whether an address is meant by a constraint: a mailbox (`a@example.com`), all of a host (`example.com`), or all of a
/// domain's hosts (`.example.com`). Local parts are compared exactly, hosts regardless of letter case.
pub(super) fn email_matches(address: &str, base: &str) -> Option<bool> {
    let (local, host) = mailbox(address)?;
    if base.is_empty() {
        return Some(true);
    }
    if base.contains('@') {
        let (base_local, base_host) = mailbox(base)?;
        return Some(local == base_local && host.eq_ignore_ascii_case(base_host));
    }
    host_matches(host, base)
}

/// The parts of a mailbox. Quoted local parts (RFC 5321 section 4.1.2) can be written in several ways, so they are not
/// compared.
fn mailbox(address: &str) -> Option<(&str, &str)> {
    let (local, host) = address.rsplit_once('@')?;
    let sound = !local.is_empty() && !local.contains(['@', '"', '\\', ' ']) && is_host(host);
    sound.then_some((local, host))
}

/// Whether a URI's host is meant by a constraint: a host (`example.com`) or a domain's hosts (`.example.com`). A URI
/// without a host name, one with an address in its place included, cannot be decided, so that it is refused as the RFC
/// demands.
pub(super) fn uri_matches(uri: &str, base: &str) -> Option<bool> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let host = match host_port.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host_port,
    };
    if !is_host(host) || looks_like_ipv4(host) {
        return None;
    }
    if base.is_empty() { Some(true) } else { host_matches(host, base) }
}

/// A name whose last label is a number is an address to whoever resolves it (WHATWG URL, section 3.5).
fn looks_like_ipv4(host: &str) -> bool {
    host.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()) || l.starts_with("0x"))
}

fn host_matches(host: &str, base: &str) -> Option<bool> {
    match base.strip_prefix('.') {
        Some(domain) => is_host(domain).then(|| is_below(host, domain)),
        None => is_host(base).then(|| host.eq_ignore_ascii_case(base)),
    }
}

/// Whether a DNS name is the base or below it. A wildcard (`*.example.com`) is as far up as its other labels.
pub(super) fn dns_matches(name: &str, base: &str) -> Option<bool> {
    let plain = name.strip_prefix("*.").unwrap_or(name);
    if !is_host(plain) {
        return None;
    }
    if base.is_empty() {
        return Some(true);
    }
    match base.strip_prefix('.') {
        // Not of the RFC, but widespread: below the domain, not the domain itself. A wildcard is always below its own.
        Some(domain) => {
            let below = |d| is_below(plain, d) || (plain.len() < name.len() && plain.eq_ignore_ascii_case(d));
            is_host(domain).then(|| below(domain))
        }
        None => is_host(base).then(|| plain.eq_ignore_ascii_case(base) || is_below(plain, base)),
    }
}

/// Whether a wildcard may stand for a name that is the base or below it: `*.example.com` for `a.example.com` where
/// `a.example.com` or `b.a.example.com` is the base.
pub(super) fn wildcard_overlaps(name: &str, base: &str) -> bool {
    let base = base.strip_prefix('.').unwrap_or(base);
    name.strip_prefix("*.").is_some_and(|parent| is_below(base, parent))
}

fn is_below(host: &str, domain: &str) -> bool {
    let Some(cut) = host.len().checked_sub(domain.len() + 1) else { return false };
    // Both are ASCII: callers checked.
    host.is_char_boundary(cut)
        && host
            .get(cut..)
            .and_then(|h| h.strip_prefix('.'))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(domain))
        && cut > 0
}

/// Labels of letters, digits, hyphens and underscores, without a final dot: a second spelling of the same host would pass
/// by an exclusion.
fn is_host(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether a constraint on addresses is one: an address and a mask of leading ones, for IPv4 or IPv6.
pub(super) fn is_ip_range(range: &[u8]) -> bool {
    if !matches!(range.len(), 8 | 32) {
        return false;
    }
    let (_, mask) = range.split_at(range.len() / 2);
    let mut rest = mask.iter().skip_while(|b| **b == 0xff);
    let partial = rest.next().is_none_or(|b| b.leading_ones() + b.trailing_zeros() == 8);
    partial && rest.all(|b| *b == 0)
}

/// Whether an address lies in a range of the same family.
pub(super) fn ip_matches(address: &[u8], range: &[u8]) -> bool {
    let (base, mask) = range.split_at(range.len() / 2);
    base.len() == address.len() && address.iter().zip(base).zip(mask).all(|((a, b), m)| a & m == b & m)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (name, base, expected)
    type Case = (&'static str, &'static str, Option<bool>);

    fn check(matches: fn(&str, &str) -> Option<bool>, cases: &[Case]) {
        for (name, base, expected) in cases {
            assert_eq!(matches(name, base), *expected, "{name} under {base}");
        }
    }

    #[test]
    fn emails() {
        check(
            email_matches,
            &[
                ("a@example.com", "example.com", Some(true)),
                ("a@EXAMPLE.com", "example.COM", Some(true)),
                ("a@sub.example.com", "example.com", Some(false)),
                ("a@sub.example.com", ".example.com", Some(true)),
                ("a@example.com", ".example.com", Some(false)),
                ("a@badexample.com", ".example.com", Some(false)),
                ("a@example.com", "a@example.com", Some(true)),
                ("A@example.com", "a@example.com", Some(false)),
                ("b@example.com", "a@example.com", Some(false)),
                ("a@example.com", "", Some(true)),
                ("a@example.com.", "example.com", None),
                ("a@evil.com@example.com", "example.com", None),
                ("\"a@evil\"@example.com", "example.com", None),
                ("example.com", "example.com", None),
                ("@example.com", "example.com", None),
                ("a@example.com", "exa mple.com", None),
                ("a@", "example.com", None),
            ],
        );
    }

    #[test]
    fn uris() {
        check(
            uri_matches,
            &[
                ("https://example.com/a", "example.com", Some(true)),
                ("https://EXAMPLE.com:8443?x", "example.com", Some(true)),
                ("https://u@evil.com:p@example.com/", "example.com", Some(true)),
                ("https://sub.example.com/a", "example.com", Some(false)),
                ("https://sub.example.com/a", ".example.com", Some(true)),
                ("https://example.com", ".example.com", Some(false)),
                ("https://evil.com/example.com", "example.com", Some(false)),
                ("https://evil.com#@example.com", "example.com", Some(false)),
                ("https://evil.com\\@example.com", "example.com", Some(false)),
                ("urn:example:a", "example.com", None),
                ("mailto:a@example.com", "example.com", None),
                ("https://192.0.2.1/", "example.com", None),
                ("https://[2001:db8::1]/", "example.com", None),
                ("https://1.2.0x3/", "", None),
                ("https://example.com./", "example.com", None),
                ("https://ex%61mple.com/", "example.com", None),
                ("https:///a", "example.com", None),
                ("https://example.com:x/", "example.com", None),
            ],
        );
    }

    #[test]
    fn dns_names_cve_2025_61727_cve_2026_33810() {
        check(
            dns_matches,
            &[
                ("example.com", "example.com", Some(true)),
                ("a.EXAMPLE.com", "example.com", Some(true)),
                ("badexample.com", "example.com", Some(false)),
                ("example.com", "a.example.com", Some(false)),
                ("*.example.com", "example.com", Some(true)),
                ("*.example.com", ".example.com", Some(true)),
                ("example.com", ".example.com", Some(false)),
                ("*.com", "example.com", Some(false)),
                ("a.*.example.com", "example.com", None),
                ("example.com.", "example.com", None),
                ("", "example.com", None),
                ("example.com", "", Some(true)),
            ],
        );
        assert!(wildcard_overlaps("*.example.com", "test.example.com"));
        assert!(wildcard_overlaps("*.EXAMPLE.com", "test.example.com"));
        assert!(wildcard_overlaps("*.example.com", ".a.test.example.com"));
        assert!(!wildcard_overlaps("*.example.com", "example.org"));
        assert!(!wildcard_overlaps("a.example.com", "test.example.com"));
    }

    #[test]
    fn addresses() {
        let range = [192, 0, 2, 0, 255, 255, 255, 0];
        assert!(is_ip_range(&range) && is_ip_range(&[0; 8]) && is_ip_range(&[0; 32]));
        assert!(ip_matches(&[192, 0, 2, 9], &range) && !ip_matches(&[192, 0, 3, 9], &range));
        assert!(!ip_matches(&[0; 16], &range));
        for bad in [
            &[0; 7][..],
            &[0; 16],
            &[1, 2, 3, 4, 255, 0, 255, 0],
            &[1, 2, 3, 4, 0, 0, 0, 1],
            &[1, 2, 3, 4, 0xa0, 0, 0, 0],
        ] {
            assert!(!is_ip_range(bad), "{bad:?}");
        }
    }
}
