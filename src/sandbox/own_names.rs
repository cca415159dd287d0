//! The names of this machine, under which pages for browsers answer and under no others.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::{StatusCode, header, uri::Authority};
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

/// Refuses requests under another name than those of this machine: a page whose name was made to lead here (DNS rebinding)
/// would be of the same origin as the answers, and read them.
pub async fn refuse_foreign_names(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let own = match host.map(|host| host.to_str().ok().and_then(|host| host.parse::<Authority>().ok())) {
        None => true,
        Some(None) => false,
        Some(Some(authority)) => is_loopback(authority.host()),
    };
    if own {
        return next.run(request).await;
    }
    let body = html(
        "<h1>Not here</h1><p>This sandbox answers under the names of this machine alone: localhost and 127.0.0.1.</p>",
        &[],
    );
    Document { title: "Not here", body, slim: true, ..Document::default() }
        .response(StatusCode::MISDIRECTED_REQUEST)
}
