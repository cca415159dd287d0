//! The identity token of a run.

use super::TokenSource;
use crate::commands::{Context, Error};
use crate::crypto::Secret;
use crate::services::Client;
use crate::services::oidc::{self, Flow, IdentityToken, TokenRequest};
use crate::storage::read_file;

/// The largest file with a client's secret.
const MAX_SECRET: u64 = 1 << 16;

/// Gets the identity token, from where the user said or the environment offers one, or by logging in.
///
/// # Errors
/// There is none.
pub(super) async fn identity_token(
    client: &Client,
    source: &TokenSource,
    issuer: Option<&str>,
    context: &mut Context,
) -> Result<IdentityToken, Error> {
    let secret = match &source.client_secret {
        Some(path) => {
            let text = read_file("client secret", path, MAX_SECRET).map_err(|e| Error::file(&e))?;
            Some(Secret::new(text))
        }
        None => None,
    };
    let request = request(source, issuer.unwrap_or_default(), secret.as_ref());
    super::identity::identity_token(client, &request, context).await
}

/// Fails where there can be no identity token, before anybody is asked for anything.
///
/// # Errors
/// There can be none.
pub(super) async fn foresee(source: &TokenSource, context: &mut Context) -> Result<(), Error> {
    super::identity::foresee(&request(source, "", None), context).await
}

fn request<'a>(source: &'a TokenSource, issuer: &'a str, secret: Option<&'a Secret>) -> TokenRequest<'a> {
    TokenRequest {
        given: source.given.as_deref(),
        provider: source.provider.as_deref(),
        ambient: !source.without_ambient,
        flow: source.flow.as_deref().and_then(Flow::named),
        issuer,
        client_id: source.client_id.as_deref().unwrap_or(oidc::SIGSTORE),
        client_secret: secret,
        redirect_url: source.redirect_url.as_deref(),
        audience: oidc::SIGSTORE,
    }
}
