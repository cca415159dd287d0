//! Timestamp authorities (RFC 3161; sigstore/timestamp-authority).

use super::{Error, Service};
use crate::crypto::{DecodeError, HashAlgorithm, random};
use crate::http::service::{Ask, Client};
use crate::http::{Address, Method};
use crate::timestamp::{Token, as_response, encode_request, refusal};

const SERVICE: Service = Service::TimestampAuthority;
/// The longest answer, in bytes: the longest token that is read, and the status before it.
const MAX_ANSWER: u64 = (1 << 16) + 64;

/// Has these bytes (a raw signature) timestamped by their SHA-256 at the address of an authority. What comes back is the
/// `TimeStampResp` that bundles hold, a token for this very digest with the nonce of this request; whether an authority that is
/// trusted signed it is for `verify` to say.
///
/// # Errors
/// No answer, or one of more than 64 KiB; the authority refuses; the answer is not a token, or one for something else.
pub async fn timestamp(client: &Client, url: &str, signed: &[u8]) -> Result<Vec<u8>, Error> {
    let address = Address::parse(url).map_err(|source| Error::Http { service: SERVICE, source })?;
    let shown = address.to_string();
    let imprint = HashAlgorithm::Sha256.digest(signed);
    let unfit = || Error::Unfit {
        service: SERVICE,
        url: shown.clone(),
        reason: "there are no random bytes for the nonce".to_owned(),
    };
    let nonce: [u8; 8] = random().ok_or_else(unfit)?;
    let reply = client
        .ask(&Ask {
            service: SERVICE,
            method: Method::Post,
            address: &address,
            content_type: "application/timestamp-query",
            accept: "application/timestamp-reply",
            authorization: None,
            secret: None,
            headers: &[],
            body: &encode_request(&imprint, &nonce),
            accepted: &[],
            limit: MAX_ANSWER,
            repeat: true,
        })
        .await?;
    if let Some(said) = refusal(&reply.body) {
        return Err(Error::Refused { service: SERVICE, url: shown, said });
    }
    let answer = |source: DecodeError| Error::Answer { service: SERVICE, url: shown.clone(), source };
    let token = Token::from_der(&reply.body).map_err(answer)?;
    let mismatch = |reason: &str| {
        Err(Error::Mismatch { service: SERVICE, url: shown.clone(), reason: reason.to_owned() })
    };
    if *token.imprint() != imprint {
        return mismatch("the timestamp is over other bytes");
    }
    if token.nonce().map(significant) != Some(significant(&nonce)) {
        return mismatch("the timestamp has another nonce than the request: it was not made for it");
    }
    as_response(&reply.body).map_err(answer)
}

/// A number without leading zeros.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
