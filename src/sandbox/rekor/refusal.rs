//! What a request is answered with that is not carried out.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json as value};

use super::super::log::LogError;
use super::RekorError;
use crate::crypto::{DecodeError, json};

/// A status with a reason.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    pub(super) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no {what}"))
    }

    /// As Rekor v1 says it (`Error` of its `openapi.yaml`).
    pub(super) fn into_v1(self) -> Response {
        with_json(self.status, &value!({ "code": self.status.as_u16(), "message": self.reason }))
    }

    /// As Rekor v2 says it (`google.rpc.Status`).
    pub(super) fn into_v2(self) -> Response {
        // Codes of google/rpc/code.proto.
        let code = match self.status {
            StatusCode::NOT_FOUND => 5,
            StatusCode::CONFLICT => 6,
            StatusCode::SERVICE_UNAVAILABLE => 14,
            status if status.is_client_error() => 3,
            _ => 13,
        };
        with_json(self.status, &value!({ "code": code, "message": self.reason, "details": [] }))
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("error processing entry: {error}"))
    }
}

impl From<RekorError> for Refusal {
    fn from(error: RekorError) -> Self {
        let status = match &error {
            RekorError::Log(LogError::TooLong { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            RekorError::Log(LogError::Stopped { .. } | LogError::Unwritten { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl From<LogError> for Refusal {
    fn from(error: LogError) -> Self {
        RekorError::from(error).into()
    }
}

/// The body of a request, as JSON.
pub(super) fn document(body: Result<Bytes, BytesRejection>) -> Result<Value, Refusal> {
    let body = body.map_err(|error| Refusal::new(error.status(), error.body_text()))?;
    Ok(json::parse("the request", &body)?)
}

/// An answer with JSON.
pub(super) fn with_json(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{value}\n")).into_response()
}
