//! A browser in which somebody logs in, and which the issuer then sends back here (RFC 6749 section 4.1, RFC 8252); or, where
//! there is none, a code that is typed in by hand.

use std::io;
use std::time::{Duration, Instant};

use super::super::super::Client;
use super::super::{Error, TokenRequest, World};
use super::callback::{Callback, Outcome};
use super::discovery::Issuer;
use super::secrets::{Pkce, unguessable};
use super::{Login, SCOPE, TokenCall, denied};
use crate::http::Address;

/// How long somebody may take to log in, as with cosign.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where the issuer shows the code in place of sending the browser anywhere.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Sends somebody to the issuer, and waits for the code that the login ends with.
///
/// # Errors
/// The issuer cannot be used or refuses, nobody logs in, or nothing can be waited with.
pub async fn log_in(
    client: &Client,
    request: &TokenRequest<'_>,
    world: &mut World<'_>,
) -> Result<Login, Error> {
    let issuer = Issuer::discover(client, request.issuer).await?;
    let lacks = |what: &str| Error::Discovery { issuer: request.issuer.to_owned(), reason: what.to_owned() };
    let page = issuer.authorization.as_ref().ok_or_else(|| lacks("it has no authorization endpoint"))?;
    if !issuer.knows_pkce() {
        return Err(lacks("it does not say that it knows PKCE with S256"));
    }
    let visit = Visit { page, request, state: unguessable()?, nonce: unguessable()?, pkce: Pkce::new()? };
    let (began, patience) = (Instant::now(), client.patience_for(PATIENCE));
    let (code, redirect) = match request.redirect_url {
        Some(OUT_OF_BAND) => visit.by_hand(patience, world)?,
        wanted => visit.by_browser(patience, wanted, world).await?,
    };
    client.excuse(began.elapsed());
    let call = TokenCall::new(
        &issuer,
        request,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect),
            ("code_verifier", &visit.pkce.verifier),
        ],
    )?;
    // A code is good for one time.
    let token = call.send(client, false).await?.token(request)?;
    Ok(Login { token, nonce: Some(visit.nonce) })
}

/// One login.
struct Visit<'a> {
    page: &'a Address,
    request: &'a TokenRequest<'a>,
    state: String,
    nonce: String,
    pkce: Pkce,
}

impl Visit<'_> {
    /// The code, and where the issuer was told to send it.
    async fn by_browser(
        &self,
        patience: Duration,
        wanted: Option<&str>,
        world: &mut World<'_>,
    ) -> Result<(String, String), Error> {
        let callback = Callback::listen(wanted, &self.state, self.request.issuer).await?;
        let redirect = callback.redirect().to_owned();
        let page = self.address(&redirect);
        if let Err(error) = world.browser.open(page.whole()) {
            world.dialogue.say(&format!("no browser can be opened: {error}"));
            // Who has said where the browser comes back has one somewhere else.
            if wanted.is_none() {
                return self.by_hand(patience, world);
            }
            world.dialogue.say("Go to the following link in a browser:");
        } else {
            world.dialogue.say("Your browser will now be opened to:");
        }
        world.dialogue.say(page.whole());
        match callback.wait(patience).await? {
            Some(Outcome::Code(code)) => Ok((code, redirect)),
            Some(Outcome::Refused(code, said)) => Err(denied(self.request, &code, said.as_deref())),
            None => Err(Error::TimedOut { seconds: patience.as_secs(), by_code: false }),
        }
    }

    fn by_hand(&self, patience: Duration, world: &mut World<'_>) -> Result<(String, String), Error> {
        world.dialogue.say("Go to the following link in a browser:");
        world.dialogue.say(self.address(OUT_OF_BAND).whole());
        let code = world.dialogue.line("Enter verification code: ", patience);
        let code = code.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Error::TimedOut { seconds: patience.as_secs(), by_code: false },
            _ => Error::Login(error),
        })?;
        match code.trim() {
            "" => Err(Error::Login(io::Error::new(io::ErrorKind::InvalidInput, "no code was entered"))),
            code => Ok((code.to_owned(), OUT_OF_BAND.to_owned())),
        }
    }

    fn address(&self, redirect: &str) -> Address {
        self.page.clone().with_query(&[
            ("response_type", "code"),
            ("client_id", self.request.client_id),
            ("redirect_uri", redirect),
            ("scope", SCOPE),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &self.pkce.challenge),
            ("code_challenge_method", Pkce::METHOD),
            ("access_type", "online"),
        ])
    }
}
