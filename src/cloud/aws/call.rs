//! One question to a service of AWS, which says by its code, not by the status, what will pass.

use std::time::Duration;

use crate::http::service::{Ask, Client, Error, Reply, Sent};
use crate::http::{Attempts, Transient};

/// Codes of what may well work a moment later (Amazon's SDKs: retry behavior; KMS and STS: common errors).
const TRANSIENT: &[&str] = &[
    "DependencyTimeoutException",
    "IDPCommunicationError",
    "KMSInternalException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of who may not ask, or is not known (KMS and STS: common errors).
const REFUSED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidIdentityToken",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "NotAuthorizedException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What a service says that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the error: `AccessDeniedException`.
    pub code: String,
    /// What it says.
    pub message: String,
}

/// Asks; statuses 400 and 403 are read by `refusal`, and tried again where their code says that this may help. The answer of
/// a service that refuses comes back with its code; where it is about it, the `permission` that is needed is named.
///
/// # Errors
/// No answer.
pub async fn call(
    client: &Client,
    retry_for: Duration,
    ask: &Ask<'_>,
    permission: &str,
    refusal: impl Fn(&[u8]) -> Option<Refusal>,
) -> Result<Result<Reply, (Refusal, Error)>, Error> {
    let mut attempts =
        Attempts::within(if ask.repeat { client.patience_for(retry_for) } else { Duration::ZERO });
    let sent = Sent::of(ask);
    let ask = Ask { accepted: &[400, 403], ..*ask };
    let mut passing = None;
    loop {
        let reply = match client.ask(&ask).await {
            Ok(reply) => reply,
            // Where the time is over, what was said before it was tried again is what there is to say.
            Err(error) => return passing.map_or(Err(error), |said| Ok(Err(said))),
        };
        if reply.status < 300 {
            return Ok(Ok(reply));
        }
        let Some(refusal) = refusal(&reply.body) else {
            return Err(failed(&ask, reply.status, None));
        };
        let shown = Refusal { code: sent.shown(&refusal.code), message: sent.shown(&refusal.message) };
        let error = failed(&ask, reply.status, Some((&shown, permission)));
        if !TRANSIENT.contains(&shown.code.as_str()) {
            return Ok(Err((shown, error)));
        }
        passing = Some((shown.clone(), failed(&ask, reply.status, Some((&shown, permission)))));
        if let Err(Passing(error)) = attempts.again(Passing(error)).await {
            return Ok(Err((shown, error)));
        }
    }
}

fn failed(ask: &Ask<'_>, status: u16, refusal: Option<(&Refusal, &str)>) -> Error {
    let (service, url) = (ask.service, ask.address.to_string());
    let Some((Refusal { code, message }, permission)) = refusal else {
        return Error::Status { service, url, status, said: None, retry_after: None };
    };
    let mut said = code.clone();
    if !message.is_empty() {
        said = format!("{said}: {message}");
    }
    if code.starts_with("AccessDenied") {
        said = format!("{said} (the permission {permission} is needed)");
    }
    match REFUSED.contains(&code.as_str()) {
        true => Error::Refused { service, url, said },
        false => Error::Status { service, url, status, said: Some(said), retry_after: None },
    }
}

/// An error that will pass.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Passing(Error);

impl Transient for Passing {
    fn is_transient(&self) -> Option<Option<Duration>> {
        Some(None)
    }
}
