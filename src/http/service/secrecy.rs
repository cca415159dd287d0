//! What is secret in a question: it goes nowhere in the clear, and what a server says of it is shown without it.

use std::collections::HashSet;

use super::Ask;
use crate::crypto::{Secret, base64};
use crate::http::{Address, form};

/// As many bytes of a secret in a row are blanked out, wherever they come from in it; of a shorter one all.
const WINDOW: usize = 10;
/// As many characters of what a server says are shown.
const MAX_SAID: usize = 300;
/// Shorter ones are no secrets, and would tear words apart.
const SHORTEST: usize = 4;
/// What is secret in a form (RFC 6749, RFC 7521, RFC 7636, RFC 8628, RFC 8693).
const SECRET_FIELDS: [&str; 9] = [
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "password",
    "refresh_token",
    "subject_token",
];

/// What the names of headers have in them that hold secrets.
const SECRET_HEADERS: [&str; 7] = ["auth", "cookie", "credential", "identity", "key", "secret", "token"];

/// The secrets of one question, each as it is written.
pub struct Sent {
    /// What goes nowhere in the clear.
    guarded: Vec<Secret>,
    /// What is in headers: the agents of machines are asked in the clear.
    headers: Vec<Secret>,
}

impl Sent {
    /// What is secret in a question.
    pub fn of(ask: &Ask<'_>) -> Self {
        let mut all: Vec<Vec<u8>> = ask
            .secret
            .iter()
            .flat_map(|secret| secret.expose().split(|byte| *byte == 0))
            .map(<[u8]>::to_vec)
            .collect();
        if let Some(header) = ask.authorization.and_then(|a| std::str::from_utf8(a.expose()).ok()) {
            // Before it stands how it is to be understood (RFC 9110 section 11.4).
            let (scheme, credentials) = header.split_once(' ').unwrap_or(("", header));
            all.push(credentials.as_bytes().to_vec());
            let pair = base64::decode(credentials).filter(|_| scheme == "Basic");
            if let Some((_, password)) = pair.as_deref().and_then(|pair| pair.split_at_checked(colon(pair)?))
            {
                all.push(password.to_vec());
                all.extend(String::from_utf8(password.to_vec()).ok().and_then(|text| decoded(&text)));
            }
        }
        if ask.content_type == "application/x-www-form-urlencoded"
            && let Ok(body) = std::str::from_utf8(ask.body)
        {
            let fields = fields(body).into_iter().filter(|(name, _)| SECRET_FIELDS.contains(&name.as_str()));
            for (_, value) in fields {
                all.push(form(&[("", &value)]).trim_start_matches('=').as_bytes().to_vec());
                all.push(value.into_bytes());
            }
        }
        let is_secret = |name: &str| {
            let name = name.to_ascii_lowercase();
            SECRET_HEADERS.iter().any(|part| name.contains(part))
        };
        // Of `Bearer TOKEN`, the token is what a server may say; it says it without the word before it as well.
        let headers = ask.headers.iter().filter(|(name, _)| is_secret(name));
        let headers = headers.map(|(_, value)| value.rsplit(' ').next().unwrap_or(value).as_bytes().to_vec());
        let secrets = |all: Vec<Vec<u8>>| {
            all.into_iter().filter(|secret| !secret.is_empty()).map(Secret::new).collect::<Vec<_>>()
        };
        Self { guarded: secrets(all), headers: secrets(headers.collect()) }
    }

    /// What is secret where this is all of it.
    pub fn with(secret: &Secret) -> Self {
        Self { guarded: vec![Secret::new(secret.expose().to_vec())], headers: Vec::new() }
    }

    /// Whether there is none that goes nowhere in the clear.
    pub fn is_empty(&self) -> bool {
        self.guarded.is_empty()
    }

    /// As much of what a server says as is shown, without what was secret in the question.
    pub fn shown(&self, said: &str) -> String {
        self.blank(said).chars().take(MAX_SAID).collect()
    }

    /// A text without them, and without parts of them.
    pub fn blank(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut hidden = vec![false; bytes.len()];
        for secret in self
            .guarded
            .iter()
            .chain(&self.headers)
            .map(Secret::expose)
            .filter(|secret| secret.len() >= SHORTEST)
        {
            let size = secret.len().min(WINDOW);
            let pieces: HashSet<&[u8]> = secret.windows(size).collect();
            for (at, piece) in bytes.windows(size).enumerate() {
                if pieces.contains(piece) {
                    hidden.iter_mut().skip(at).take(size).for_each(|byte| *byte = true);
                }
            }
        }
        let mut shown = String::with_capacity(text.len());
        let mut is_within = false;
        for (at, character) in text.char_indices() {
            let of = hidden.iter().skip(at).take(character.len_utf8());
            let is_hidden = of.into_iter().any(|hidden| *hidden);
            match (is_hidden, is_within) {
                (true, false) => shown.push_str("***"),
                (true, true) => {}
                (false, _) => shown.push(character),
            }
            is_within = is_hidden;
        }
        shown
    }
}

/// Behind the name of a pair.
fn colon(pair: &[u8]) -> Option<usize> {
    pair.iter().position(|byte| *byte == b':').map(|at| at + 1)
}

/// The pairs of a form.
fn fields(form: &str) -> Vec<(String, String)> {
    // Any address will do: only its query is looked at.
    Address::parse(&format!("http://form/?{form}")).map(|address| address.query()).unwrap_or_default()
}

fn decoded(value: &str) -> Option<Vec<u8>> {
    fields(&format!("x={value}")).into_iter().next().map(|(_, value)| value.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::scripted::client;
    use super::super::{Error, Service};
    use super::*;
    use crate::crypto::DecodeError;
    use crate::http::Method;
    use crate::http::scripted::{reply, run, serve};

    fn ask<'a>(address: &'a Address, content_type: &'static str, body: &'a [u8]) -> Ask<'a> {
        Ask {
            service: Service::OidcIssuer,
            method: Method::Post,
            address,
            content_type,
            accept: "*/*",
            authorization: None,
            secret: None,
            headers: &[],
            body,
            accepted: &[],
            limit: 1000,
            repeat: false,
        }
    }

    #[test]
    fn secrets_and_parts_of_them_are_blanked_out() {
        let address = Address::parse("https://a.example/").unwrap();
        let form = b"grant_type=authorization_code&client_secret=p%26ss&code_verifier=abcdefghijklmnop";
        let basic = Secret::new(b"Basic bWU6aHVudGVyJTI2Mg==".to_vec());
        let token = Secret::new(b"eyJhbGciOiJF.eyJpc3MiOiJo.c2lnbmF0dXJl".to_vec());
        let ask = Ask {
            authorization: Some(&basic),
            secret: Some(&token),
            ..ask(&address, "application/x-www-form-urlencoded", form)
        };
        let sent = Sent::of(&ask);
        for (text, shown) in [
            ("nothing of it, authorization_code", "nothing of it, authorization_code"),
            ("token eyJhbGciOiJF.eyJpc3MiOiJo.c2lnbmF0dXJl!", "token ***!"),
            ("tail: iOiJo.c2lnbmF0dXJl, and head eyJhbGciOiJF.e", "tail: ***, and head ***"),
            ("\u{e4} claims: eyJpc3MiOiJo.\u{e4}", "\u{e4} claims: ***\u{e4}"),
            ("verifier abcdefghijklmnop, password p&ss p%26ss", "verifier ***, password *** ***"),
            ("bWU6aHVudGVyJTI2Mg== hunter&2 hunter%262", "*** *** ***"),
            ("", ""),
        ] {
            assert_eq!(sent.blank(text), shown);
        }
    }

    #[test]
    fn what_is_quoted_of_an_answer_is_shown_without_the_secret() {
        let address = Address::parse("http://127.0.0.1:1/").unwrap();
        let token = "abcdefghijklmnopqrst";
        let secret = Secret::new(token.as_bytes().to_vec());
        let plain = ask(&address, "", b"");
        for ask in [
            Ask { secret: Some(&secret), ..ask(&address, "", b"") },
            Ask { headers: &[("authorization", "Bearer abcdefghijklmnopqrst")], ..ask(&address, "", b"") },
            Ask { headers: &[("X-Identity-Header", token)], ..ask(&address, "", b"") },
        ] {
            let long = format!("must not be {token} {}", "x".repeat(1000));
            let source = DecodeError::new("answer", format!("a.{token}"), long);
            let error = crate::http::service::asking::answer_error(&ask, source);
            let Error::Answer { source, .. } = error else { panic!("{error}") };
            assert!(source.to_string().starts_with("answer: a.***: must not be *** xx"), "{source}");
            assert!(source.reason.len() <= MAX_SAID);
        }
        assert!(
            Sent::of(&Ask { headers: &[("metadata", "true-and-long-enough")], ..plain })
                .blank("true-and-long-enough")
                .starts_with("true")
        );
    }

    #[test]
    fn a_redirection_to_no_address_is_shown_without_the_secret() {
        let token = "abcdefghijklmnopqrst";
        let server = serve(move |_| reply(302).with("Location", format!("http://[{token}/")));
        let address = Address::parse(&server.url).unwrap();
        let secret = Secret::new(token.as_bytes().to_vec());
        let ask = Ask { method: Method::Get, secret: Some(&secret), ..ask(&address, "", b"") };
        let error = run(client().ask(&ask)).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("which is no address") && !shown.contains("abcdefghij"), "{shown}");
    }

    #[test]
    fn several_short_secrets_are_blanked_out_each() {
        let address = Address::parse("https://a.example/").unwrap();
        let secrets = Secret::new(b"pass\0hunter2".to_vec());
        let sent = Sent::of(&Ask { secret: Some(&secrets), ..ask(&address, "", b"") });
        assert_eq!(sent.blank("the pass hunter2, no"), "the *** ***, no");
    }

    #[test]
    fn secrets_go_to_nobody_in_the_clear() {
        let token = Secret::new(b"a.b.c".to_vec());
        let address = Address::parse("http://a.example/").unwrap();
        for ask in [
            Ask { authorization: Some(&token), ..ask(&address, "", b"") },
            Ask { secret: Some(&token), ..ask(&address, "", b"") },
            ask(&address, "application/x-www-form-urlencoded", b"client_secret=x"),
        ] {
            let error = run(client().ask(&ask)).unwrap_err().to_string();
            assert!(error.contains("without https"), "{error}");
        }
    }

    #[test]
    fn what_a_server_says_is_shown_without_the_secret() {
        let server = serve(|seen| reply(400).body(format!("no: {}", String::from_utf8_lossy(&seen.body))));
        let address = Address::parse(&server.url).unwrap();
        let token = Secret::new(b"eyJhbGciOiJF.eyJpc3MiOiJo.c2lnbmF0dXJl".to_vec());
        let ask = Ask { secret: Some(&token), ..ask(&address, "text/plain", token.expose()) };
        let error = run(client().ask(&ask)).unwrap_err().to_string();
        assert!(error.ends_with(": no: ***"), "{error}");
    }
}
