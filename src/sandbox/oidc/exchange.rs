//! The endpoints that programs talk to: `/device/code` and `/token`.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::claims::{Claims, Identity};
use super::grants::{DEVICE_LIFETIME, Decision, Device, INTERVAL, user_code};
use super::login::is_challenge;
use super::parameters::{Parameters, Sent};
use super::{CLIENT, Issuer};
use crate::crypto::{base64, random, sha256};

/// The grant of RFC 8628.
pub const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The longest nonce, in bytes.
const MAX_NONCE: usize = 2048;

/// Why there is no token (RFC 6749 section 5.2): status, code, words.
struct Refusal(StatusCode, &'static str, &'static str);

impl Refusal {
    fn new(error: &'static str, description: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, error, description)
    }
}

/// `POST /device/code` (RFC 8628 section 3.1).
pub async fn device(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, form: Sent) -> Response {
    answer(begin(&issuer, &headers, form))
}

/// `POST /token` (RFC 6749 section 3.2).
pub async fn token(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, form: Sent) -> Response {
    answer(exchange(&issuer, &headers, form))
}

fn answer(outcome: Result<Value, Refusal>) -> Response {
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(Refusal(status, error, description)) => {
            (status, json!({ "error": error, "error_description": description }))
        }
    };
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Basic realm=\"sandbox\""));
    }
    response
}

fn begin(issuer: &Issuer, headers: &HeaderMap, form: Sent) -> Result<Value, Refusal> {
    let parameters = parameters(form)?;
    client(&parameters, headers)?;
    let challenge = parameters.get("code_challenge");
    if challenge.is_some_and(|challenge| !is_challenge(challenge))
        || challenge.is_some() && parameters.get("code_challenge_method") != Some("S256")
    {
        return Err(Refusal::new("invalid_request", "the code_challenge is not one of S256"));
    }
    let nonce = parameters.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > MAX_NONCE) {
        return Err(Refusal::new("invalid_request", "the nonce is too long"));
    }
    let now = issuer.clock.now();
    let user_code = user_code().ok_or_else(no_random)?;
    let device = Device {
        challenge: challenge.map(str::to_owned),
        nonce: nonce.map(str::to_owned),
        user_code: user_code.clone(),
        decision: Decision::Pending,
        last_asked: None,
    };
    let device_code = issuer.memory().devices.add(device, now.plus_seconds(DEVICE_LIFETIME), now);
    let device_code = device_code.ok_or_else(no_random)?;
    let url = &issuer.url;
    Ok(json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": format!("{url}/device"),
        "verification_uri_complete": format!("{url}/device?user_code={user_code}"),
        "expires_in": DEVICE_LIFETIME, "interval": INTERVAL,
    }))
}

fn exchange(issuer: &Issuer, headers: &HeaderMap, form: Sent) -> Result<Value, Refusal> {
    let parameters = parameters(form)?;
    let secret = client(&parameters, headers)?;
    let (email, nonce) = match parameters.get("grant_type") {
        Some("authorization_code") => by_code(issuer, &parameters)?,
        Some(DEVICE_GRANT) => by_device(issuer, &parameters)?,
        Some("client_credentials") => {
            // Both sides are hashed, so that the time of the comparison says nothing.
            let expected = sha256(issuer.client_secret.as_bytes());
            if secret.is_none_or(|secret| sha256(secret.as_bytes()) != expected) {
                let words = "this grant needs the client secret of the sandbox";
                return Err(Refusal(StatusCode::UNAUTHORIZED, "invalid_client", words));
            }
            (issuer.people.first().cloned().unwrap_or_default(), None)
        }
        Some(_) => return Err(Refusal::new("unsupported_grant_type", "there is no such grant_type here")),
        None => return Err(Refusal::new("invalid_request", "there is no grant_type")),
    };
    let claims = Claims { nonce, audience: CLIENT.to_owned(), ..Claims::new(Identity::Email(email)) };
    let failed =
        |_| Refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the issuer's key did not sign");
    let token = issuer.mint(&claims).map_err(failed)?;
    let access = random::<32>().map(base64::encode_url).ok_or_else(no_random)?;
    Ok(json!({
        "access_token": access, "token_type": "Bearer", "expires_in": claims.lifetime, "id_token": token,
        "scope": "openid email",
    }))
}

/// RFC 6749 section 4.1.3, RFC 7636 section 4.6. The code is gone after this, whatever becomes of it.
fn by_code(issuer: &Issuer, parameters: &Parameters) -> Result<(String, Option<String>), Refusal> {
    let invalid = |words| Refusal::new("invalid_grant", words);
    let code = parameters.get("code").ok_or_else(|| Refusal::new("invalid_request", "there is no code"))?;
    let grant = issuer.memory().codes.take(code, issuer.clock.now());
    let grant = grant.ok_or_else(|| invalid("the code is unknown, was used before, or is too old"))?;
    if parameters.get("redirect_uri") != Some(grant.request.redirect.as_str()) {
        return Err(invalid("the redirect_uri is not the one that the code was given out for"));
    }
    if !answers(parameters.get("code_verifier"), &grant.request.challenge) {
        return Err(invalid("the code_verifier does not belong to the code_challenge"));
    }
    Ok((grant.email, grant.request.nonce))
}

/// RFC 8628 section 3.4.
fn by_device(issuer: &Issuer, parameters: &Parameters) -> Result<(String, Option<String>), Refusal> {
    let refuse = |error, words| Err(Refusal::new(error, words));
    let Some(code) = parameters.get("device_code") else {
        return refuse("invalid_request", "there is no device_code");
    };
    let now = issuer.clock.now();
    let mut memory = issuer.memory();
    let Some(device) = memory.devices.find(now, |key, _| key == code) else {
        return refuse("expired_token", "the device_code is unknown, was used before, or is too old");
    };
    if let Some(challenge) = &device.challenge
        && !answers(parameters.get("code_verifier"), challenge)
    {
        return refuse("invalid_grant", "the code_verifier does not belong to the code_challenge");
    }
    let soon = device.last_asked.is_some_and(|last| now < last.plus_seconds(INTERVAL));
    device.last_asked = Some(now);
    match &device.decision {
        Decision::Pending if soon => refuse("slow_down", "ask less often"),
        Decision::Pending => refuse("authorization_pending", "nobody has logged in yet"),
        Decision::Refused => {
            memory.devices.take(code, now);
            refuse("access_denied", "the login was refused on the page")
        }
        Decision::Granted(email) => {
            let granted = (email.clone(), device.nonce.clone());
            memory.devices.take(code, now);
            Ok(granted)
        }
    }
}

/// Whether a verifier belongs to an S256 challenge (RFC 7636 section 4.6).
fn answers(verifier: Option<&str>, challenge: &str) -> bool {
    verifier.is_some_and(|verifier| base64::encode_url(sha256(verifier.as_bytes())) == challenge)
}

fn parameters(form: Sent) -> Result<Parameters, Refusal> {
    let Ok(Form(pairs)) = form else {
        return Err(Refusal::new("invalid_request", "the request is not a form, or too large"));
    };
    Parameters::new(pairs).map_err(|_| Refusal::new("invalid_request", "a parameter appears twice"))
}

/// Checks that the client is the one that there is, in the header (as many libraries try first) or in the form. Returns the
/// secret that it sent.
fn client(parameters: &Parameters, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let unknown = Refusal(StatusCode::UNAUTHORIZED, "invalid_client", "there is no client of this name");
    let Some(header) = headers.get(header::AUTHORIZATION) else {
        let secret = parameters.get("client_secret").map(str::to_owned);
        return if parameters.get("client_id") == Some(CLIENT) { Ok(secret) } else { Err(unknown) };
    };
    let pair = header.to_str().ok().and_then(|text| text.strip_prefix("Basic "));
    let pair = pair.and_then(base64::decode).and_then(|pair| String::from_utf8(pair).ok());
    match pair.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((CLIENT, "")) => Ok(None),
        Some((CLIENT, secret)) => Ok(Some(secret.to_owned())),
        _ => Err(unknown),
    }
}

fn no_random() -> Refusal {
    Refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the random source failed")
}
