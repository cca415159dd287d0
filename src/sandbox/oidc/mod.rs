//! The issuer of identity tokens: OpenID Connect with the code flow, for a real browser, and the device flow.
//!
//! There is one public client, `sigstore`, and everybody can be anybody, as long as it is on this machine.

mod claims;
mod exchange;
mod grants;
mod jws;
mod login;
mod pages;
mod parameters;
mod redirect;

pub use claims::{AUDIENCE, Claims, GithubWorkflow, Identity, LIFETIME, mint};
pub use login::is_email;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::uri::Authority;
use serde_json::{Value, json};

use self::grants::{Device, Forms, Grant, Remembered};
use super::own_names::is_loopback;
use super::routes::Routes;
use super::{Clock, Folder, FolderError, html};
use crate::crypto::{DecodeError, KeyType, PrivateKey, PublicKey, SignError, SigningKey as _, UnixTime};

/// The name of the key in the folder.
pub const KEY: &str = "oidc";
/// The one client, which has no secret.
const CLIENT: &str = "sigstore";
/// The largest request, in bytes.
const MAX_BODY: usize = 1 << 16;
const SECRET_FILE: &str = "oidc_client_secret";

/// The issuer.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    key: PrivateKey,
    client_secret: String,
    people: Vec<String>,
    clock: Arc<Clock>,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    forms: Forms,
    codes: Remembered<Grant>,
    devices: Remembered<Device>,
}

impl Issuer {
    /// The issuer at this address (`http://127.0.0.1:PORT`), with its key in the folder. `people` are the addresses of e-mail
    /// that its page offers, `dev@example.com` if there are none; the first is whom the grant `client_credentials` is for.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn open(
        folder: &Folder,
        url: &str,
        people: Vec<String>,
        clock: Arc<Clock>,
    ) -> Result<Self, FolderError> {
        let key = folder.key(KEY, jws::KEY_TYPE)?;
        let kept = folder.read(SECRET_FILE)?.and_then(|text| String::from_utf8(text).ok());
        let client_secret = match kept.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
            Some(kept) => kept,
            None => {
                // A key of its own is as random as anything, and there are no random bytes that fail otherwise.
                let made = PrivateKey::generate(KeyType::P256)
                    .map_err(|source| FolderError::Key { path: folder.path().join(SECRET_FILE), source })?;
                let secret = hex::encode(made.public_key().key_id());
                folder.write(SECRET_FILE, secret.as_bytes())?;
                secret
            }
        };
        let people = if people.is_empty() { vec!["dev@example.com".to_owned()] } else { people };
        let made = PrivateKey::generate(KeyType::P256)
            .map_err(|source| FolderError::Key { path: folder.path().join(SECRET_FILE), source })?;
        let forms = Forms::new(made.public_key().key_id());
        let memory =
            Mutex::new(Memory { forms, codes: Remembered::default(), devices: Remembered::default() });
        Ok(Self { url: url.to_owned(), key, client_secret, people, clock, memory })
    }

    /// Its address, which is also its name.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key that its tokens are signed with.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// What the grant `client_credentials` asks for. Everything else goes without.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// Makes a token.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn mint(&self, claims: &Claims) -> Result<String, SignError> {
        mint(&self.key, &self.url, claims, self.clock.now())
    }

    /// The claims of a token of this issuer that is made out to Fulcio and of use at this time.
    ///
    /// # Errors
    /// Not signed by its key by RS256; another issuer or audience; expired, or not of use yet.
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<Value, DecodeError> {
        claims::verify(self.public_key(), &self.url, token, now)
    }

    /// What answers its requests.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .get("/.well-known/openid-configuration", discovery)
            .get("/keys", keys)
            .get("/auth", login::show)
            .post("/auth", login::choose)
            .get("/device", login::show_device)
            .post("/device", login::choose_device)
            .post("/device/code", exchange::device)
            .post("/token", exchange::token)
            .get("/favicon.svg", html::icon)
            .router()
            .layer(DefaultBodyLimit::max(MAX_BODY))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an origin, as browsers send it, is this issuer under one of its names.
    fn is_own_origin(&self, origin: &str) -> bool {
        let port = |url: &str| {
            let authority = url.strip_prefix("http://")?.parse::<Authority>().ok()?;
            is_loopback(authority.host()).then(|| authority.port_u16().unwrap_or(80))
        };
        port(origin).is_some() && port(origin) == port(&self.url)
    }
}

/// OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2.
async fn discovery(State(issuer): State<Arc<Issuer>>) -> axum::Json<Value> {
    let url = &issuer.url;
    axum::Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/auth"),
        "token_endpoint": format!("{url}/token"),
        "device_authorization_endpoint": format!("{url}/device/code"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", exchange::DEVICE_GRANT, "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "claims_supported": ["iss", "sub", "aud", "iat", "nbf", "exp", "nonce", "email", "email_verified"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// RFC 7517 section 5.
async fn keys(State(issuer): State<Arc<Issuer>>) -> axum::Json<Value> {
    axum::Json(json!({ "keys": [jws::jwk(issuer.public_key())] }))
}

#[cfg(test)]
mod tests;
