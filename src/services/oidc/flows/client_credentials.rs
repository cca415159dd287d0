//! A client with a secret of its own, and nobody else (RFC 6749 section 4.4).

use super::super::super::Client;
use super::super::{Error, TokenRequest};
use super::discovery::Issuer;
use super::{Login, SCOPE, TokenCall, client_secret};

/// Logs in as the client itself.
///
/// # Errors
/// There is no secret, the issuer cannot be used or refuses.
pub async fn log_in(client: &Client, request: &TokenRequest<'_>) -> Result<Login, Error> {
    if client_secret(request).is_none() {
        return Err(Error::Unsupported {
            what: "the flow `client_credentials` needs the secret of the OIDC client, and --oidc-client-secret-file names none"
                .to_owned(),
        });
    }
    let issuer = Issuer::discover(client, request.issuer).await?;
    let pairs = [("grant_type", "client_credentials"), ("scope", SCOPE)];
    let call = TokenCall::new(&issuer, request, &pairs)?;
    let token = call.send(client, true).await?.token(request)?;
    Ok(Login { token, nonce: None })
}
