//! Identity tokens (OpenID Connect Core 1.0): from the user, from the environment, or by logging in.
//!
//! [`identity_token`] is the one way to one. Tokens are read here and not verified: Fulcio does that, with the keys of the
//! issuers that it trusts; see [`IdentityToken`].

mod ci;
mod error;
mod flows;
mod given;
mod providers;
mod request;
mod token;

pub use ci::Ci;
pub use error::Error;
pub use flows::SystemBrowser;
use providers::Provider;
pub use providers::{Offer, Surroundings, flaws, names, offers};
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
    refuse_contradictions(request)?;
    if let Some(given) = filled(request.given) {
        let (token, from) = given::token(given)?;
        check_time(&token, &from, world.now)?;
        warn_of_audience(&token, &from, request, world);
        return Ok(token);
    }
    if let Some(provider) = provider(request, &world.surroundings()).await? {
        // Before anything secret goes anywhere.
        if let Some(caution) = provider.caution(&world.surroundings()) {
            world.dialogue.warn(&caution);
        }
        let (token, from) = provider.provide(client, &world.surroundings(), request.audience).await?;
        warn_of_audience(&token, &from, request, world);
        return Ok(token);
    }
    if request.issuer.is_empty() && request.flow != Some(Flow::Token) {
        return Err(Error::NoIssuer);
    }
    let flow = flow(request, world)?;
    let token = flows::log_in(flow, client, request, world).await?;
    // Who logs in as a client of its own gets a token that is made out to it.
    if flow == Flow::ClientCredentials {
        let to_service = TokenRequest { client_id: request.audience, ..*request };
        warn_of_audience(&token, &format!("the issuer {}", request.issuer), &to_service, world);
    }
    Ok(token)
}

/// The provider that is to be asked, where there is one.
async fn provider(request: &TokenRequest<'_>, around: &Surroundings<'_>) -> Result<Option<Provider>, Error> {
    match (filled(request.provider), request.flow) {
        (Some(name), _) => providers::named(name, around).await.map(Some),
        (None, None | Some(Flow::Token)) if request.ambient => match providers::ambient(around).await {
            None => providers::refuse_empty(around).map(|()| None),
            found => Ok(found),
        },
        _ => Ok(None),
    }
}

/// Fails where [`identity_token`] would in the end without anything to ask for a token: said before anybody else is asked for
/// anything.
///
/// # Errors
/// [`Error::Contradiction`], [`Error::Empty`], [`Error::NoToken`].
pub async fn foresee(request: &TokenRequest<'_>, world: &World<'_>) -> Result<(), Error> {
    refuse_contradictions(request)?;
    let is_named = filled(request.given).or(filled(request.provider)).is_some() || request.flow.is_some();
    let is_offered = |offers: Vec<(&str, Offer)>| offers.iter().any(|(_, offer)| *offer == Offer::Offered);
    if is_named || (request.ambient && is_offered(offers(&world.surroundings()).await)) {
        return Ok(());
    }
    if request.ambient {
        providers::refuse_empty(&world.surroundings())?;
    }
    nobody_to_log_in(request, world)
}

fn nobody_to_log_in(request: &TokenRequest<'_>, world: &World<'_>) -> Result<(), Error> {
    match ci::here(world.variables) {
        Some(ci) => Err(Error::NoToken { ci, ambient: request.ambient }),
        None => Ok(()),
    }
}

/// How somebody logs in, where there is no token: as was asked; with a browser where there is a terminal; with a code elsewhere;
/// and not at all on systems where nobody ever will.
fn flow(request: &TokenRequest<'_>, world: &mut World<'_>) -> Result<Flow, Error> {
    if let Some(flow) = request.flow {
        return Ok(flow);
    }
    // Some of these systems run their jobs at terminals.
    nobody_to_log_in(request, world)?;
    if world.dialogue.is_interactive() {
        return Ok(Flow::Normal);
    }
    world.dialogue.say("Non-interactive mode detected, using device flow.");
    Ok(Flow::Device)
}

/// Two ways at once, of which one would have to be passed over.
fn refuse_contradictions(request: &TokenRequest<'_>) -> Result<(), Error> {
    let given = filled(request.given).map(|_| "--identity-token");
    let named = filled(request.provider).map(|_| "--oidc-provider");
    let logs_in = request.flow.is_some_and(|flow| flow != Flow::Token).then_some("--fulcio-auth-flow");
    let disabled = (!request.ambient).then_some("--oidc-disable-ambient-providers");
    for (one, other) in [(given, named), (given, logs_in), (named, logs_in), (named, disabled)] {
        if let (Some(one), Some(other)) = (one, other) {
            return Err(Error::Contradiction { one, other });
        }
    }
    Ok(())
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
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

#[cfg(test)]
mod tests;
#[cfg(test)]
use tests::scripted;
