//! The pages on which people log in: `/auth` (RFC 6749 section 4.1.1) and `/device` (RFC 8628 section 3.3).
//!
//! A code is given out for a form that this issuer showed, once, and never for a mere address. The key of the form is in the
//! page alone, which no other origin can read: names other than those of this machine are refused (DNS rebinding), and no other
//! page may frame it. Where the browser says which origin a form came from, it has to be this one.

use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::grants::{CODE_LIFETIME, Decision, FORM_LIFETIME, Form as Shown, Grant, Request};
use super::parameters::{Asked, Parameters, Sent};
use super::{CLIENT, Issuer, pages, redirect};

/// The longest state and nonce, in bytes.
const MAX_OPAQUE: usize = 2048;

/// `GET /auth`: the page, or what is wrong with the request.
pub async fn show(State(issuer): State<Arc<Issuer>>, query: Asked) -> Response {
    let Ok(Query(pairs)) = query else { return refused("The request is not of its form.") };
    let parameters = match Parameters::new(pairs) {
        Ok(parameters) => parameters,
        Err(reason) => return refused(&reason),
    };
    // As long as it is not known where to, errors are shown here and sent nowhere (RFC 6749 section 4.1.2.1).
    if parameters.get("client_id") != Some(CLIENT) {
        return refused(&format!("There is no client of this name: the one client is `{CLIENT}`."));
    }
    let Some(to) = parameters.get("redirect_uri") else { return refused("There is no redirect_uri.") };
    let origin = match redirect::origin(to) {
        Ok(origin) => origin,
        Err(reason) => return refused(&format!("The redirect_uri cannot be used: {reason}.")),
    };
    let request = match request(&parameters, to) {
        Ok(request) => request,
        Err((error, description)) => {
            return issuer.send(
                to,
                parameters.get("state"),
                &[("error", error), ("error_description", description)],
            );
        }
    };
    let now = issuer.clock.now();
    let form = issuer.memory().forms.show(Shown::Authorization(request), now.plus_seconds(FORM_LIFETIME));
    let Some(form) = form else { return failed() };
    let what = match &origin {
        Some(origin) => format!("A program at {origin} asks who you are."),
        None => "A program asks who you are.".to_owned(),
    };
    let choice = pages::Choice {
        what: &what,
        action: "/auth",
        form: &form,
        user_code: None,
        people: &issuer.people,
        then: origin.as_deref(),
    };
    choice.page()
}

/// What is asked for, once it is known where the answer goes.
fn request(parameters: &Parameters, to: &str) -> Result<Request, (&'static str, &'static str)> {
    let invalid = |description| Err(("invalid_request", description));
    if parameters.get("response_type") != Some("code") {
        return Err(("unsupported_response_type", "the one response_type is `code`"));
    }
    if !parameters.get("scope").unwrap_or_default().split(' ').any(|scope| scope == "openid") {
        return Err(("invalid_scope", "the scope `openid` is missing"));
    }
    if parameters.get("code_challenge_method") != Some("S256") {
        return invalid("the one code_challenge_method is `S256`");
    }
    let challenge = parameters.get("code_challenge").unwrap_or_default();
    if !is_challenge(challenge) {
        return invalid("the code_challenge is not one of S256");
    }
    if [parameters.get("state"), parameters.get("nonce")].iter().flatten().any(|it| it.len() > MAX_OPAQUE) {
        return invalid("the state or the nonce is too long");
    }
    Ok(Request {
        redirect: to.to_owned(),
        state: parameters.get("state").map(str::to_owned),
        nonce: parameters.get("nonce").map(str::to_owned),
        challenge: challenge.to_owned(),
    })
}

/// Whether a text is the SHA-256 of something in URL-safe base64.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `POST /auth`: somebody chose, or refused.
pub async fn choose(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, form: Sent) -> Response {
    let parameters = match sent(&issuer, &headers, form) {
        Ok(parameters) => parameters,
        Err(refusal) => return *refusal,
    };
    let now = issuer.clock.now();
    let shown = issuer.memory().forms.take(parameters.get("form").unwrap_or_default(), now);
    let Some(Shown::Authorization(request)) = shown else { return stale() };
    if parameters.get("decision") == Some("refuse") {
        let error = [("error", "access_denied"), ("error_description", "the login was refused on the page")];
        return issuer.send(&request.redirect, request.state.as_deref(), &error);
    }
    let Some(email) = email(&parameters) else { return not_an_address() };
    let (to, state) = (request.redirect.clone(), request.state.clone());
    let grant = Grant { request, email };
    let code = issuer.memory().codes.add(grant, now.plus_seconds(CODE_LIFETIME), now);
    match code {
        Some(code) => issuer.send(&to, state.as_deref(), &[("code", &code)]),
        None => failed(),
    }
}

/// `GET /device`: the page with the code in it, if the address has one.
pub async fn show_device(State(issuer): State<Arc<Issuer>>, query: Asked) -> Response {
    let pairs = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let parameters = match Parameters::new(pairs) {
        Ok(parameters) => parameters,
        Err(reason) => return refused(&reason),
    };
    let now = issuer.clock.now();
    let form = issuer.memory().forms.show(Shown::Device, now.plus_seconds(FORM_LIFETIME));
    let Some(form) = form else { return failed() };
    let choice = pages::Choice {
        what: "A program on another device, or in a terminal, asks who you are. Compare the code with the one that it shows.",
        action: "/device",
        form: &form,
        user_code: Some(parameters.get("user_code").unwrap_or_default()),
        people: &issuer.people,
        then: None,
    };
    choice.page()
}

/// `POST /device`: somebody chose, or refused.
pub async fn choose_device(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, form: Sent) -> Response {
    let parameters = match sent(&issuer, &headers, form) {
        Ok(parameters) => parameters,
        Err(refusal) => return *refusal,
    };
    let now = issuer.clock.now();
    let shown = issuer.memory().forms.take(parameters.get("form").unwrap_or_default(), now);
    if shown != Some(Shown::Device) {
        return stale();
    }
    let decision = match (parameters.get("decision"), email(&parameters)) {
        (Some("refuse"), _) => Decision::Refused,
        (_, Some(email)) => Decision::Granted(email),
        (_, None) => return not_an_address(),
    };
    let typed = letters(parameters.get("user_code").unwrap_or_default());
    let mut memory = issuer.memory();
    let device = memory
        .devices
        .find(now, |_, device| device.decision == Decision::Pending && letters(&device.user_code) == typed);
    let Some(device) = device else {
        return refused("No device waits for this code. Codes are of use for five minutes, once.");
    };
    device.decision = decision;
    let (title, text) = match device.decision {
        Decision::Refused => ("Refused", "The device is told so."),
        _ => ("You are logged in", "You can close this page and go back to the device."),
    };
    pages::message(StatusCode::OK, title, text)
}

/// The letters of a code, however it was typed.
fn letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// What a form has, if it came from a page of this issuer.
fn sent(issuer: &Issuer, headers: &HeaderMap, form: Sent) -> Result<Parameters, Box<Response>> {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or("?"));
    let foreign_site = site.is_some_and(|site| site != "same-origin");
    let foreign_origin = text(header::ORIGIN).is_some_and(|origin| !issuer.is_own_origin(origin));
    if foreign_site || foreign_origin {
        let text = "The form was not sent from a page of this issuer.";
        return Err(Box::new(pages::message(StatusCode::FORBIDDEN, "Not accepted", text)));
    }
    let Ok(Form(pairs)) = form else { return Err(Box::new(refused("The form is not of its form."))) };
    Parameters::new(pairs).map_err(|reason| Box::new(refused(&reason)))
}

/// The address that was clicked on, or typed.
fn email(parameters: &Parameters) -> Option<String> {
    let email = parameters.get("chosen").or_else(|| parameters.get("email"))?.trim();
    is_email(email).then(|| email.to_owned())
}

/// Whether a text is an address of e-mail, as far as a certificate can hold it: `local@domain` in visible ASCII.
pub fn is_email(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = |domain: &str| {
        domain
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    text.len() <= 254 && !local.is_empty() && local.bytes().all(plain) && labels(domain)
}

impl Issuer {
    /// Sends a browser back with an answer, or shows it where there is nowhere to go.
    fn send(&self, to: &str, state: Option<&str>, answer: &[(&str, &str)]) -> Response {
        if to == redirect::OUT_OF_BAND {
            return match answer {
                [("code", code)] => pages::code(code),
                _ => refused("The login was refused, or what was asked for is not of its form."),
            };
        }
        // RFC 9207: whose answer it is.
        let more = [state.map(|state| ("state", state)), Some(("iss", self.url.as_str()))];
        let all: Vec<(&str, &str)> = answer.iter().copied().chain(more.into_iter().flatten()).collect();
        let location = redirect::with(to, &all);
        let headers = [(header::LOCATION, location.as_str()), (header::CACHE_CONTROL, "no-store")];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

fn refused(reason: &str) -> Response {
    pages::message(StatusCode::BAD_REQUEST, "Not accepted", reason)
}

fn stale() -> Response {
    refused("This form was sent before, or is too old. Begin the login again.")
}

fn not_an_address() -> Response {
    refused("That is not an address of e-mail. Begin the login again.")
}

fn failed() -> Response {
    pages::message(StatusCode::INTERNAL_SERVER_ERROR, "Failed", "The random source failed.")
}
