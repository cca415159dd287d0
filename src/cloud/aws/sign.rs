//! Signature Version 4, by Amazon's own crate.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{self, SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;

use super::super::Error;
use super::Credentials;
use crate::crypto::{Secret, UnixTime};
use crate::http::Address;

/// What is signed.
pub struct Request<'a> {
    /// The name of the service in signatures: `kms`.
    pub service: &'a str,
    /// The region.
    pub region: &'a str,
    /// The time.
    pub now: UnixTime,
    /// `POST`.
    pub method: &'a str,
    /// Where it goes.
    pub address: &'a Address,
    /// The headers that are signed beside `host`.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// What goes with a request.
pub struct Signed {
    /// The header `Authorization`.
    pub authorization: Secret,
    /// Other headers.
    pub headers: Vec<(String, Secret)>,
}

/// Signs a request.
///
/// # Errors
/// Something in it cannot be part of a request.
pub fn sign(credentials: &Credentials, request: &Request<'_>) -> Result<Signed, Error> {
    let fail = |error: &dyn std::fmt::Display| {
        Error::setting(format!("the request to {}", request.address), format!("it cannot be signed: {error}"))
    };
    let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
    let identity = aws_credential_types::Credentials::new(
        credentials.access_key_id.clone(),
        text(&credentials.secret_access_key),
        credentials.session_token.as_ref().map(text),
        None,
        "rcosign",
    )
    .into();
    let seconds = u64::try_from(request.now.seconds()).map_err(|error| fail(&error))?;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name(request.service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| fail(&error))?
        .into();
    let signable = SignableRequest::new(
        request.method,
        request.address.whole(),
        request.headers.iter().copied(),
        SignableBody::Bytes(request.body),
    )
    .map_err(|error| fail(&error))?;
    let (instructions, _) = http_request::sign(signable, &params).map_err(|error| fail(&error))?.into_parts();
    let mut signed = Signed { authorization: Secret::new(Vec::new()), headers: Vec::new() };
    for (name, value) in instructions.headers() {
        let value = Secret::new(value.as_bytes().to_vec());
        match name {
            "authorization" => signed.authorization = value,
            name => signed.headers.push((name.to_owned(), value)),
        }
    }
    Ok(signed)
}

impl Signed {
    /// The other headers, as they are sent.
    pub fn texts(&self) -> Vec<(String, String)> {
        let text = |value: &Secret| String::from_utf8_lossy(value.expose()).into_owned();
        self.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}
