//! The names of this machine, under which a sandbox answers and under no others.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, uri::Authority};
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
    let is_here = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.parse::<Authority>().is_ok_and(|authority| is_loopback(authority.host()))
    };
    // Where there are two, nobody knows whose say it is.
    [header::HOST, header::ORIGIN].iter().all(|name| headers.get_all(name).iter().all(is_here))
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

    use std::io::{Read as _, Write as _};

    use super::super::serve::{Server, listen};

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

    /// The one place where it is asked for all services but the registry.
    #[test]
    fn every_server_refuses_what_is_foreign_before_its_router_sees_it() {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let listener = listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let answer = || async { "secret" };
        let router = axum::Router::new().route("/", axum::routing::get(answer).post(answer)).fallback(answer);
        let server = Server::new(listener, router).unwrap();
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(server.run(stopped)).unwrap();
        });
        let ask = |head: &str| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        for headers in ["Host: 127.0.0.1", "Host: localhost:1\r\nOrigin: http://127.0.0.1:2", "Host: [::1]"] {
            for line in ["GET /", "POST /", "GET /other"] {
                let answer = ask(&format!("{line} HTTP/1.1\r\n{headers}"));
                assert!(answer.starts_with("HTTP/1.1 200"), "{line} {headers}: {answer}");
            }
        }
        for headers in [
            "Host: evil.example",
            "Host: 127.0.0.1.evil.example",
            "Host: 127.0.0.1\r\nOrigin: https://evil.example",
            "Host: 127.0.0.1\r\nOrigin: null",
            "Host: 127.0.0.1\r\nHost: evil.example",
            "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nOrigin: http://evil.example",
        ] {
            for line in ["GET /", "POST /", "GET /other"] {
                let answer = ask(&format!("{line} HTTP/1.1\r\n{headers}"));
                assert!(!answer.contains("secret"), "{line} {headers}: {answer}");
                assert!(answer.starts_with("HTTP/1.1 421"), "{line} {headers}: {answer}");
            }
        }
        stop.send_replace(true);
        serving.join().unwrap();
    }
}
