use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use super::*;

/// A server on loopback that answers every connection through `answer`, which gets the head of the request.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            // A TLS client begins with 22, and gets the answer at once.
            while !head.ends_with(b"\r\n\r\n") && head != [22] && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let _ = sender.send(head.clone());
            answer(&head, &mut stream);
        }
    });
    (address, requests)
}

fn reply(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn get(url: &str, limit: u64) -> Result<Vec<u8>, Error> {
    let settings =
        Settings { connect: Duration::from_secs(5), total: Duration::from_millis(1500), proxy: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Inner::new(settings)?.get(url, limit).await })
}

/// The whole chain of an error, as the program would print it.
fn chain(error: &dyn std::error::Error) -> String {
    let source = error.source().map(|s| format!(": {}", chain(s))).unwrap_or_default();
    format!("{error}{source}")
}

#[test]
fn a_document_within_the_limit() {
    let (address, requests) = serve(|_, stream| reply(stream, "200 OK", "", b"0123456789"));
    assert_eq!(get(&format!("http://{address}/key.pub"), 10).unwrap(), b"0123456789");
    let request = requests.recv().unwrap();
    assert!(request.starts_with("GET /key.pub HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("user-agent: rcosign/"), "{request}");
    assert!(matches!(get(&format!("http://{address}/"), 9), Err(Error::TooLarge { limit: 9, .. })));
}

/// A server that announces no length, or lies about it, is stopped at the limit too.
#[test]
fn an_endless_document_is_cut_off() {
    let (address, _requests) = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(b"400\r\n").is_ok() {
            let _ = stream.write_all(&[b'x'; 0x400]);
            if stream.write_all(b"\r\n").is_err() {
                break;
            }
        }
    });
    assert!(matches!(get(&format!("http://{address}/"), 100_000), Err(Error::TooLarge { .. })));
}

/// cosign issue 4877: the page of an error was accepted as a key file.
#[test]
fn issue_4877_statuses_other_than_success_are_errors() {
    for status in
        ["404 Not Found", "500 Internal Server Error", "403 Forbidden", "304 Not Modified", "300 Multiple"]
    {
        let (address, _requests) = serve(move |_, stream| reply(stream, status, "", b"<html>key</html>"));
        let error = get(&format!("http://{address}/key.pub"), 1000).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("http://{address}/key.pub answered with status {}", &status[..3])
        );
    }
}

#[test]
fn redirections_are_followed_five_times() {
    let (address, requests) = serve(|head, stream| {
        let number: u32 = head.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        match number {
            0 => reply(stream, "200 OK", "", b"end"),
            n => reply(stream, "302 Found", &format!("Location: /{}\r\n", n - 1), b""),
        }
    });
    assert_eq!(get(&format!("http://{address}/5"), 10).unwrap(), b"end");
    assert_eq!(requests.try_iter().count(), 6);
    let error = get(&format!("http://{address}/6"), 10).unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }));
    assert!(chain(&error).contains("more than 5 redirections"), "{}", chain(&error));
    assert_eq!(requests.try_iter().count(), 6);
}

#[test]
fn redirections_to_other_schemes_are_not_followed() {
    for location in ["file:///etc/passwd", "ftp://host/", "data:,x"] {
        let (address, _requests) = serve(move |_, stream| {
            reply(stream, "302 Found", &format!("Location: {location}\r\n"), b"");
        });
        assert!(get(&format!("http://{address}/"), 10).is_err(), "{location}");
    }
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let (address, requests) = serve(|_, stream| reply(stream, "401 Unauthorized", "", b""));
    let error = get(&format!("http://user:secret@{address}/key?token=secret"), 10).unwrap_err();
    assert!(!format!("{} {error:?}", chain(&error)).contains("secret"), "{error:?}");
    let request = requests.recv().unwrap().to_lowercase();
    assert_eq!(request.matches("authorization:").count(), 1, "{request}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [
        format!("http://user:secret@{closed}/?token=secret"),
        format!("https://user:secret@{address}/?secret"),
    ] {
        let error = get(&url, 10).unwrap_err();
        assert!(matches!(error, Error::Connect { .. }), "{error:?}");
        assert!(!format!("{} {error:?}", chain(&error)).contains("secret"), "{error:?}");
    }
}

#[test]
fn a_silent_server_is_given_up() {
    let (address, _requests) = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
        thread::sleep(Duration::from_secs(5));
    });
    let error = get(&format!("http://{address}/"), 10).unwrap_err();
    assert_eq!(error.to_string(), format!("http://{address}/ did not answer within 1.5 seconds"));
}

#[test]
fn a_broken_answer_is_an_error() {
    let (address, _requests) = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    });
    assert!(matches!(get(&format!("http://{address}/"), 10), Err(Error::Transport { .. })));
}

#[test]
fn other_addresses_are_refused_before_anything_is_sent() {
    for url in ["file:///etc/passwd", "ftp://host/x", "host/x", "", "https://", "http://[::1"] {
        assert!(matches!(get(url, 10), Err(Error::Address { .. })), "{url}");
    }
}

/// TLS is checked: a server that speaks none, or holds no certificate of the platform's authorities, is refused.
#[test]
fn a_server_without_tls_does_not_serve_https() {
    let (address, _requests) = serve(|_, stream| reply(stream, "200 OK", "", b"key"));
    assert!(matches!(get(&format!("https://{address}/"), 10), Err(Error::Connect { .. })));
}

#[test]
fn https_is_never_left_for_http() {
    let refused = |from: &str, to: &str| Address::parse(from).unwrap().redirected(to, 1).err();
    assert_eq!(refused("https://a/", "https://b/"), None);
    assert_eq!(refused("http://a/", "https://b/"), None);
    assert_eq!(refused("https://a/", "http://a/"), Some("from https to an address without TLS"));
    assert!(refused("https://a/", "file:///etc/passwd").is_some());
}

#[test]
fn nobody_elsewhere_points_to_this_machine() {
    let refused = |from: &str, to: &str| Address::parse(from).unwrap().redirected(to, 1).err();
    let said = Some("from another host to an address of this machine");
    for there in ["http://127.0.0.1:5/x", "https://localhost/", "http://[::1]/", "http://2130706433/"] {
        assert_eq!(refused("http://a/", there), said, "{there}");
        assert_eq!(refused("http://127.0.0.2/", there), None, "{there}");
    }
    assert_eq!(refused("https://a/", "https://127.1/"), said);
    assert_eq!(refused("http://localhost/", "http://a/"), None);
}

#[test]
fn a_name_that_others_point_to_is_not_one_of_this_machine() {
    let elsewhere = Elsewhere::default();
    let resolve = |name: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(elsewhere.resolve(name.parse().unwrap()));
        found.map(|all| all.map(|address| address.ip()).collect::<Vec<_>>()).map_err(|e| e.to_string())
    };
    assert!(resolve("localhost").unwrap().iter().all(std::net::IpAddr::is_loopback));
    elsewhere.add("localhost");
    assert_eq!(resolve("localhost").unwrap_err(), "another host points to this machine by that name");
}

/// From A to B, and on within B: B hears neither user nor password, and A does not hear them again from there.
#[test]
fn credentials_are_for_the_first_origin_alone() {
    let (last, at_last) = serve(|head, stream| match head.split(' ').nth(1) {
        Some("/one") => reply(stream, "302 Found", "Location: /two\r\n", b""),
        _ => reply(stream, "200 OK", "", b"key"),
    });
    let (first, at_first) = serve(move |head, stream| match head.split(' ').nth(1) {
        Some("/k") => reply(stream, "302 Found", "Location: /here\r\n", b""),
        _ => reply(stream, "302 Found", &format!("Location: http://x:y@{last}/one\r\n"), b""),
    });
    assert_eq!(get(&format!("http://me:secret@{first}/k"), 10).unwrap(), b"key");
    let authorized = |heads: &mpsc::Receiver<String>| -> Vec<bool> {
        heads.try_iter().map(|head| head.to_lowercase().contains("authorization:")).collect()
    };
    assert_eq!(authorized(&at_first), [true, true]);
    assert_eq!(authorized(&at_last), [false, false]);
}

/// All redirections together take no longer than one request may.
#[test]
fn slow_redirections_share_the_time_of_one_request() {
    let (address, _requests) = serve(|_, stream| {
        thread::sleep(Duration::from_millis(400));
        reply(stream, "302 Found", "Location: /on\r\n", b"");
    });
    assert!(matches!(get(&format!("http://{address}/"), 10), Err(Error::Timeout { .. })));
}
