//! Identity tokens (OpenID Connect Core 1.0): from the user, from the environment, or by logging in.
//!
//! [`identity_token`] is the one way to one. Tokens are read here and not verified: Fulcio does that, with the keys of the
//! issuers that it trusts; see [`IdentityToken`].

mod ci;
mod error;
mod given;
mod request;
mod token;

pub use ci::Ci;
pub use error::Error;
pub use request::{Browser, Dialogue, Flow, PUBLIC_ISSUER, Places, SIGSTORE, TokenRequest, World};
pub use token::{IdentityToken, looks_like_token};

use super::Client;
use crate::crypto::UnixTime;

/// Gets an identity token: the one that is given, else one of the provider that is named, else one of the first provider that
/// the environment offers, else by logging in. What was named or found and fails is the end of it; there is no next one.
///
/// # Errors
/// [`Error`]. Where nobody can log in, that is said at once.
pub async fn identity_token(
    client: &Client,
    request: &TokenRequest<'_>,
    world: &mut World<'_>,
) -> Result<IdentityToken, Error> {
    let _ = client;
    if let Some(given) = request.given.filter(|given| !given.is_empty()) {
        let (token, from) = given::token(given)?;
        check_time(&token, &from, world.now)?;
        warn_of_audience(&token, &from, request, world);
        return Ok(token);
    }
    Err(Error::NoToken { ci: ci::here(world.variables), ambient: request.ambient })
}

/// A token that is not good any more is not sent anywhere.
fn check_time(token: &IdentityToken, from: &str, now: UnixTime) -> Result<(), Error> {
    if token.expires() <= now {
        return Err(Error::Expired { from: from.to_owned(), expired: token.expires() });
    }
    Ok(())
}

/// Only Fulcio knows to whom tokens for it have to be made out; most want `sigstore`.
fn warn_of_audience(token: &IdentityToken, from: &str, request: &TokenRequest<'_>, world: &mut World<'_>) {
    let wanted = [request.audience, request.client_id];
    if !token.audience().iter().any(|found| wanted.contains(&found.as_str())) {
        let found = error::quoted(token.audience());
        world.dialogue.warn(&format!(
            "the identity token from {from} is made out to {found}, not to `{}`: Fulcio may refuse it",
            request.audience
        ));
    }
}
