//! The certificate authority: a root, an intermediate below it as Sigstore's public instance has one, and the log that sees
//! every certificate before it is given out (sigstore/fulcio).

mod principal;
mod request;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use self::principal::Principal;
use self::request::{Asked, Refusal, TOKEN};
use super::authority::{Authority, AuthorityError, Role, serial};
use super::ct::{CertificateLog, CtError};
use super::oidc::{AUDIENCE, Issuer};
use super::routes::Routes;
use super::{Clock, Folder};
use crate::crypto::{PublicKey, SigningKey as _, sha256};
use crate::x509::Certificate;
use crate::x509::issue::{IssueError, Validity};

/// How long certificates live, in seconds.
const LIFETIME: i64 = 600;
/// The largest request, in bytes: a token of 64 KiB, and a key.
const MAX_BODY: usize = 1 << 18;

/// The certificate authority.
#[derive(Debug)]
pub struct Fulcio {
    root: Authority,
    intermediate: Authority,
    log: Arc<CertificateLog>,
    issuer: Arc<Issuer>,
    clock: Arc<Clock>,
}

/// Why no certificate could be made, though there is nothing wrong with the request.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("there are no random bytes for the serial number")]
    Random,
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Log(#[from] CtError),
}

/// What a request ends in that gets no certificate.
enum Outcome {
    Refused(Refusal),
    Failed(Failure),
}

impl Fulcio {
    /// The authority in this folder, with its log, which has a clock of its own. It trusts the tokens of this issuer.
    ///
    /// # Errors
    /// The folder, a certificate in it or the log cannot be used.
    pub fn open(
        folder: &Folder,
        issuer: Arc<Issuer>,
        clock: Arc<Clock>,
        log_clock: Arc<Clock>,
    ) -> Result<Self, AuthorityError> {
        // Not by a clock that may be wrong on purpose: that is for what is issued every day.
        let now = Clock::default().now();
        let root = Authority::open(folder, "fulcio-root", Role::Root, None, now)?;
        let intermediate =
            Authority::open(folder, "fulcio-intermediate", Role::CodeSigning, Some(&root), now)?;
        let log = CertificateLog::open(folder, log_clock, vec![intermediate.certificate.clone()])?;
        Ok(Self { root, intermediate, log: Arc::new(log), issuer, clock })
    }

    /// Its certificates: the intermediate, then the root.
    pub fn chain(&self) -> [&Certificate; 2] {
        [&self.intermediate.certificate, &self.root.certificate]
    }

    /// Its log.
    pub fn certificate_log(&self) -> &Arc<CertificateLog> {
        &self.log
    }

    /// What answers its requests.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .post("/api/v2/signingCert", certify_v2)
            .get("/api/v2/trustBundle", trust_bundle)
            .get("/api/v2/configuration", configuration)
            .post("/api/v1/signingCert", certify_v1)
            .get("/api/v1/rootCert", root_certificate)
            .get("/healthz", || async { Json(json!({ "status": "SERVING" })) })
            .elsewhere(|| async { error(StatusCode::NOT_FOUND, 5, "Not Found") })
            .otherwise(|| async { error(StatusCode::METHOD_NOT_ALLOWED, 12, "Method Not Allowed") })
            .router()
            .layer(DefaultBodyLimit::max(MAX_BODY))
    }

    /// The certificate for a key whose owner has proved to have it, as somebody whom a token names.
    async fn certify(&self, asked: Asked, header: Option<&str>) -> Result<Certificate, Outcome> {
        let token = asked.token.as_deref().filter(|token| !token.is_empty()).or(header);
        let token = token.ok_or_else(|| Refusal::new(TOKEN, "there is none"))?;
        let claims = self.issuer.verify(token, self.clock.now());
        let claims = claims.map_err(|error| Refusal::new(TOKEN, error))?;
        let principal = Principal::of(&claims).map_err(|error| Refusal::new(TOKEN, error))?;
        let key = asked.key.proved(&principal.name)?;
        self.issue(&principal, &key).await.map_err(Outcome::Failed)
    }

    async fn issue(&self, principal: &Principal, key: &PublicKey) -> Result<Certificate, Failure> {
        let now = self.clock.now();
        let validity = Validity { not_before: now, not_after: now.plus_seconds(LIFETIME) };
        let template = principal.template(validity, &serial().ok_or(Failure::Random)?);
        let issuer = self.intermediate.issuer();
        let tbs = template.precertificate_tbs(key, issuer)?;
        let precertificate = template.precertificate(key, issuer)?;
        let hash = sha256(self.intermediate.key.public_key().spki_der());
        let sct = self.log.add(hash, tbs, &precertificate, &self.chain()).await?;
        Ok(template.issue_with(key, issuer, &[sct])?)
    }

    fn chain_of(&self, leaf: &Certificate) -> Vec<String> {
        std::iter::once(leaf).chain(self.chain()).map(Certificate::to_pem).collect()
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// An error as gRPC's gateway writes it: the number is one of gRPC's codes.
fn error(status: StatusCode, code: u8, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message, "details": [] }))).into_response()
}

impl Outcome {
    fn response(&self) -> Response {
        match self {
            Self::Refused(Refusal { words, reason }) => {
                error(StatusCode::BAD_REQUEST, 3, &format!("{words}: {reason}"))
            }
            Self::Failed(failure) => {
                let message = format!("error communicating with CA backend: {failure}");
                error(StatusCode::INTERNAL_SERVER_ERROR, 13, &message)
            }
        }
    }
}

/// The token of the header `Authorization`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The body, or what is wrong with it.
fn read(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Box<Response>> {
    body.map_err(|rejection| Box::new(error(rejection.status(), 3, &rejection.body_text())))
}

/// `POST /api/v2/signingCert`.
async fn certify_v2(
    State(fulcio): State<Arc<Fulcio>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match read(body) {
        Ok(body) => body,
        Err(response) => return *response,
    };
    let asked = match Asked::v2(&body) {
        Ok(asked) => asked,
        Err(reason) => return error(StatusCode::BAD_REQUEST, 3, &reason.to_string()),
    };
    match fulcio.certify(asked, bearer(&headers)).await {
        Ok(leaf) => {
            let chain = json!({ "certificates": fulcio.chain_of(&leaf) });
            Json(json!({ "signedCertificateEmbeddedSct": { "chain": chain } })).into_response()
        }
        Err(outcome) => outcome.response(),
    }
}

/// `POST /api/v1/signingCert`.
async fn certify_v1(
    State(fulcio): State<Arc<Fulcio>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match read(body) {
        Ok(body) => body,
        Err(response) => return *response,
    };
    let asked = match Asked::v1(&body) {
        Ok(asked) => asked,
        Err(reason) => return error(StatusCode::BAD_REQUEST, 3, &reason.to_string()),
    };
    match fulcio.certify(asked, bearer(&headers)).await {
        Ok(leaf) => pem(StatusCode::CREATED, &fulcio.chain_of(&leaf)),
        Err(outcome) => outcome.response(),
    }
}

fn pem(status: StatusCode, chain: &[String]) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/pem-certificate-chain")];
    (status, headers, chain.concat()).into_response()
}

/// `GET /api/v1/rootCert`.
async fn root_certificate(State(fulcio): State<Arc<Fulcio>>) -> Response {
    pem(StatusCode::OK, &fulcio.chain().map(Certificate::to_pem))
}

/// `GET /api/v2/trustBundle`.
async fn trust_bundle(State(fulcio): State<Arc<Fulcio>>) -> Json<Value> {
    Json(json!({ "chains": [{ "certificates": fulcio.chain().map(Certificate::to_pem) }] }))
}

/// `GET /api/v2/configuration`.
async fn configuration(State(fulcio): State<Arc<Fulcio>>) -> Json<Value> {
    Json(json!({ "issuers": [{
        "issuerUrl": fulcio.issuer.url(), "audience": AUDIENCE, "challengeClaim": "email",
        "spiffeTrustDomain": "", "issuerType": "email", "subjectDomain": "",
    }] }))
}

#[cfg(test)]
mod tests;
