use super::*;

fn expected() -> Expected {
    Expected {
        redirect: "http://localhost:1/auth/callback".to_owned(),
        path: PATH.to_owned(),
        state: "s3".to_owned(),
        issuer: "https://issuer.example".to_owned(),
    }
}

fn judged(line: &str) -> Verdict {
    expected().judge(format!("{line}\r\nHost: localhost\r\n\r\n").as_bytes())
}

#[test]
fn only_the_end_of_this_login_is_one() {
    let code = |text: &str| Verdict::Done(Outcome::Code(text.to_owned()));
    assert_eq!(judged("GET /auth/callback?code=a%2Bb&state=s3 HTTP/1.1"), code("a+b"));
    assert_eq!(
        judged("GET /auth/callback?state=s3&code=x&iss=https%3A%2F%2Fissuer.example HTTP/1.0"),
        code("x")
    );
    let refused = Outcome::Refused("access_denied".to_owned(), Some("no way".to_owned()));
    assert_eq!(
        judged("GET /auth/callback?error=access_denied&error_description=no+way&state=s3 HTTP/1.1"),
        Verdict::Done(refused)
    );
    for (line, status) in [
        ("", 400),
        ("GET", 400),
        ("GET /auth/callback?code=x&state=s3", 400),
        ("GET /auth/callback?code=x&state=s3 HTTP/2", 400),
        ("GET  /auth/callback?code=x&state=s3 HTTP/1.1", 400),
        ("GET http://localhost/auth/callback?code=x&state=s3 HTTP/1.1", 400),
        ("POST /auth/callback?code=x&state=s3 HTTP/1.1", 405),
        ("HEAD /auth/callback?code=x&state=s3 HTTP/1.1", 405),
        ("GET / HTTP/1.1", 404),
        ("GET /favicon.ico HTTP/1.1", 404),
        ("GET //auth/callback?code=x&state=s3 HTTP/1.1", 404),
        ("GET /auth/callback HTTP/1.1", 400),
        ("GET /auth/callback?code=x HTTP/1.1", 400),
        ("GET /auth/callback?code=x&state=S3 HTTP/1.1", 400),
        ("GET /auth/callback?code=x&state=s3&state=s3 HTTP/1.1", 400),
        ("GET /auth/callback?code=&state=s3 HTTP/1.1", 400),
        ("GET /auth/callback?code=x&error=y&state=s3 HTTP/1.1", 400),
        ("GET /auth/callback?code=x&state=s3&iss=https://issuer.example.evil HTTP/1.1", 400),
    ] {
        assert!(
            matches!(judged(line), Verdict::Not(found, _) if found == status),
            "{line}: {:?}",
            judged(line)
        );
    }
    let long = format!("GET /auth/callback?code={}&state=s3 HTTP/1.1", "x".repeat(MAX_CODE + 1));
    assert!(matches!(judged(&long), Verdict::Not(400, _)));
    assert!(matches!(expected().judge(b"GET /\xff HTTP/1.1\r\n\r\n"), Verdict::Not(400, _)));
}

#[test]
fn nothing_that_came_in_is_in_a_page() {
    for line in ["GET /auth/callback?code=%3Cscript%3E&state=s3 HTTP/1.1", "GET /<script> HTTP/1.1"] {
        let page = judged(line).page();
        assert!(!page.contains("script") && !page.contains("s3"), "{page}");
        assert!(page.contains("Content-Security-Policy: default-src 'none'\r\n"));
    }
}

#[test]
fn a_head_has_an_end_and_waiting_has_one() {
    crate::http::service::scripted::run(async {
        let callback = Callback::listen(None, "s3", "https://issuer.example").await.unwrap();
        let port = Address::parse(callback.redirect()).unwrap().port();
        let flood = tokio::spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let part = vec![b'x'; 1 << 12];
            let mut sent = 0;
            while sent < 1 << 26 && stream.write_all(&part).await.is_ok() {
                sent += part.len();
            }
            sent
        });
        assert_eq!(callback.wait(Duration::from_millis(400)).await.unwrap(), None);
        assert!(flood.await.unwrap() < 1 << 26);
    });
}
