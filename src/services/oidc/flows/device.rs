//! A code that is typed in elsewhere (RFC 8628), for where there is no browser.

use std::time::{Duration, Instant};

use super::super::super::{Client, Service};
use super::super::{Error, TokenRequest, World};
use super::discovery::Issuer;
use super::secrets::Pkce;
use super::{Answered, Login, SCOPE, TokenCall, text};
use crate::crypto::{DecodeError, Node, Secret};
use crate::http::service::Ask;
use crate::http::service::asking;
use crate::http::{form, pause};

/// RFC 8628 section 3.2: where the issuer says nothing of it.
const INTERVAL: Duration = Duration::from_secs(5);
/// As often, and as seldom, as is asked whatever the issuer says.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Nobody waits for longer than that.
const MAX_LIFE: u64 = 1800;

/// What the issuer answers (RFC 8628 section 3.2).
struct Code {
    device: Secret,
    user: String,
    address: String,
    with_code: Option<String>,
    life: u64,
    interval: Duration,
}

/// Shows a code, and waits until somebody has typed it in.
///
/// # Errors
/// The issuer cannot be used or refuses, or nobody does.
pub async fn log_in(
    client: &Client,
    request: &TokenRequest<'_>,
    world: &mut World<'_>,
) -> Result<Login, Error> {
    let issuer = Issuer::discover(client, request.issuer).await?;
    let Some(endpoint) = &issuer.device else {
        return Err(Error::Discovery {
            issuer: request.issuer.to_owned(),
            reason: "it has no device authorization endpoint".to_owned(),
        });
    };
    let pkce = Pkce::new()?;
    let code = Code::fetch(client, request, endpoint, &pkce).await?;
    let address = code.with_code.as_deref().unwrap_or(&code.address);
    world.dialogue.say(&format!("Enter the verification code {} in your browser at: {address}", code.user));
    // Its life may end later: nobody asks for the token any more then.
    let patience = client.patience_for(Duration::from_secs(code.life));
    world.dialogue.say(&format!("Code will be valid for {} seconds", patience.as_secs()));
    let device = String::from_utf8_lossy(code.device.expose());
    let call = TokenCall::new(
        &issuer,
        request,
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", &device),
            ("code_verifier", &pkce.verifier),
        ],
    )?;
    let token = wait(client, request, &call, &code).await?;
    Ok(Login { token, nonce: None })
}

/// Asks again and again (RFC 8628 section 3.5).
async fn wait(
    client: &Client,
    request: &TokenRequest<'_>,
    call: &TokenCall,
    code: &Code,
) -> Result<Secret, Error> {
    let started = Instant::now();
    let life = client.patience_for(Duration::from_secs(code.life));
    let mut interval = code.interval;
    loop {
        match call.send(client, true).await? {
            Answered::Refused(code, _) if code == "authorization_pending" => {}
            Answered::Refused(code, _) if code == "slow_down" => {
                interval = (interval + INTERVAL).min(LONGEST)
            }
            Answered::Refused(refused, _) if refused == "expired_token" => {
                return Err(Error::TimedOut { seconds: code.life, by_code: true });
            }
            answered => return answered.token(request),
        }
        if started.elapsed() + interval >= life {
            return Err(Error::TimedOut { seconds: life.as_secs(), by_code: true });
        }
        pause(interval).await;
        client.excuse(interval);
    }
}

impl Code {
    async fn fetch(
        client: &Client,
        request: &TokenRequest<'_>,
        endpoint: &crate::http::Address,
        pkce: &Pkce,
    ) -> Result<Self, Error> {
        let pairs = [
            ("client_id", request.client_id),
            ("scope", SCOPE),
            ("code_challenge", &pkce.challenge),
            ("code_challenge_method", Pkce::METHOD),
        ];
        let body = Secret::new(form(&pairs).into_bytes());
        let ask: Ask<'_> = asking::post(Service::OidcIssuer, endpoint, &body);
        let code = asking::document(client, &ask, Self::read).await?;
        // It is shown for somebody to open.
        for address in [Some(&code.address), code.with_code.as_ref()].into_iter().flatten() {
            asking::guarded("the page for the code", address)?;
        }
        Ok(code)
    }

    fn read(node: &Node<'_>) -> Result<Self, DecodeError> {
        let seconds = |name: &str| match node.optional(name)? {
            Some(found) => {
                found.value().as_u64().map(Some).ok_or_else(|| found.error("is not a number of seconds"))
            }
            None => Ok(None),
        };
        // Google calls it so, and has since before the RFC.
        let address = match text(node, "verification_uri")? {
            Some(address) => address,
            None => match text(node, "verification_url")? {
                Some(address) => address,
                None => node.member("verification_uri")?.non_empty_text()?.to_owned(),
            },
        };
        let interval = seconds("interval")?.map_or(INTERVAL, Duration::from_secs);
        Ok(Self {
            device: asking::secret(node, "device_code")?,
            user: node.member("user_code")?.non_empty_text()?.to_owned(),
            address,
            with_code: text(node, "verification_uri_complete")?,
            life: seconds("expires_in")?.unwrap_or(MAX_LIFE).clamp(1, MAX_LIFE),
            interval: interval.clamp(SHORTEST, LONGEST),
        })
    }
}
