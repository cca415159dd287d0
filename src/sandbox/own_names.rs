//! The names of this machine, under which a sandbox answers and under no others.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header, uri::Authority};
use axum::middleware::Next;
use axum::response::Response;

use super::html::{Document, html};

/// Whether a host, as addresses have it, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bare {
        Some(host) => host.parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback()),
        None => {
            host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
        }
    }
}

/// Whether a request is for this machine by its name, and from no page of another site. A page whose name was made to lead here (DNS
/// rebinding) would be of the same origin as the answers, and read them; any page can send some requests without reading.
pub fn is_own(headers: &HeaderMap) -> bool {
    let authority = |name: header::HeaderName| {
        let text = headers.get(name)?.to_str().unwrap_or_default();
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        Some(text.parse::<Authority>().is_ok_and(|authority| is_loopback(authority.host())))
    };
    authority(header::HOST) != Some(false) && authority(header::ORIGIN) != Some(false)
}

/// Refuses requests that are not this machine's own.
pub async fn refuse_foreign_names(request: Request, next: Next) -> Response {
    if is_own(request.headers()) {
        return next.run(request).await;
    }
    let body = html(
        "<h1>Not here</h1><p>This sandbox answers under the names of this machine alone: localhost and 127.0.0.1.</p>",
        &[],
    );
    Document { title: "Not here", body, slim: true, ..Document::default() }
        .response(StatusCode::MISDIRECTED_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_under_other_names_or_from_other_sites_are_foreign() {
        let own = |headers: &[(&'static str, &str)]| {
            let pairs = headers
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
            is_own(&pairs.collect())
        };
        for host in ["127.0.0.1:5000", "localhost", "[::1]:80", "LOCALHOST:1"] {
            assert!(own(&[("host", host)]), "{host}");
            assert!(own(&[("host", host), ("origin", &format!("http://{host}"))]), "{host}");
        }
        assert!(own(&[]));
        for host in
            ["evil.example", "evil.example:5000", "localhost.evil.example", "0.0.0.0", "", "127.0.0.1 x"]
        {
            assert!(!own(&[("host", host)]), "{host}");
            assert!(!own(&[("host", "127.0.0.1"), ("origin", &format!("http://{host}"))]), "{host}");
        }
        assert!(!own(&[("host", "127.0.0.1"), ("origin", "null")]));
    }
}
