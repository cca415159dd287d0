//! Identity tokens from an issuer that is not ours: that of `mock-sigstore`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use rcosign::internals::crypto::{Secret, UnixTime};
use rcosign::internals::services::oidc::{
    Browser, Dialogue, Error, Flow, IdentityToken, Places, TokenRequest, World, identity_token,
};
use rcosign::internals::services::{Client, Connection};

use super::services::Services;

/// Fetches a page; the status line and headers, and the body.
fn get(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A browser that goes where the issuer sends it: somebody is logged in there already.
struct Follower;

impl Browser for Follower {
    fn open(&mut self, url: &str) -> io::Result<()> {
        let (head, _) = get(url);
        let to = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
        std::thread::spawn(move || assert!(get(&to).0.starts_with("HTTP/1.1 200")));
        Ok(())
    }
}

struct Nobody;

impl Dialogue for Nobody {
    fn is_interactive(&self) -> bool {
        false
    }
    fn say(&mut self, _: &str) {}
    fn warn(&mut self, _: &str) {}
    fn line(&mut self, _: &str, _: Duration) -> io::Result<String> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn token(request: &TokenRequest<'_>) -> Result<IdentityToken, Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut world = World {
        now: UnixTime::from_seconds(now.try_into().unwrap()),
        variables: &|_: &str| -> Option<OsString> { None },
        places: Places::default(),
        browser: &mut Follower,
        dialogue: &mut Nobody,
    };
    let connection = Connection { proxy: false, retry_for: Duration::ZERO, ..Connection::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(identity_token(&Client::new(connection), request, &mut world))
}

#[test]
fn the_mock_issuer_gives_tokens_in_every_flow() {
    let Some(services) = Services::start() else { return };
    let issuer = services.url(4);
    let secret = Secret::new(b"secret\n".to_vec());
    for flow in [Flow::Normal, Flow::Device, Flow::ClientCredentials] {
        let request = TokenRequest {
            flow: Some(flow),
            issuer: &issuer,
            client_secret: (flow == Flow::ClientCredentials).then_some(&secret),
            ..TokenRequest::default()
        };
        let found = token(&request).unwrap_or_else(|error| panic!("{flow:?}: {error:?}"));
        assert_eq!(found.issuer(), issuer);
        assert_eq!(found.proof_subject(), "dev@example.com");
        assert_eq!(found.audience(), ["sigstore"]);
    }
    // The issuer calls itself by another name than this one.
    let other = issuer.replace("127.0.0.1", "localhost");
    let request = TokenRequest { flow: Some(Flow::Device), issuer: &other, ..TokenRequest::default() };
    assert!(matches!(token(&request), Err(Error::Discovery { .. })));
}

#[test]
fn tokens_that_the_mock_issuer_mints_are_read() {
    let Some(services) = Services::start() else { return };
    let mint = |query: &str| {
        let (_, body) = get(&format!("{}/mint?{query}", services.url(4)));
        body.lines().find(|line| line.matches('.').count() == 2).unwrap().to_owned()
    };
    let file = services.file("identity_token");
    let found = token(&TokenRequest { given: Some(&file), ..TokenRequest::default() }).unwrap();
    assert_eq!(found.proof_subject(), "dev@example.com");
    let subject = mint("sub=https://example.com/workflow");
    let found = token(&TokenRequest { given: Some(&subject), ..TokenRequest::default() }).unwrap();
    assert_eq!(found.proof_subject(), "https://example.com/workflow");
    let over = mint("ttl=-10");
    let request = TokenRequest { given: Some(&over), ..TokenRequest::default() };
    assert!(matches!(token(&request), Err(Error::Expired { .. })));
    let unverified = mint("email_verified=false");
    let request = TokenRequest { given: Some(&unverified), ..TokenRequest::default() };
    assert!(matches!(token(&request), Err(Error::Token { .. })));
}
