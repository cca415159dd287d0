//! Service accounts that show by signatures who they are (RFC 7523, RFC 7515).

use std::path::PathBuf;

use serde_json::json;

use super::Error;
use crate::crypto::{PrivateKey, Secret, SigningInput, UnixTime, base64};

/// A service account with its key.
pub struct ServiceAccount {
    pub(super) path: PathBuf,
    pub(super) email: String,
    pub(super) key_id: Option<String>,
    pub(super) key: PrivateKey,
    /// Where its assertions are exchanged for tokens.
    pub token_uri: String,
}

/// What a service account asks for.
#[derive(Debug)]
pub enum Assertion<'a> {
    /// An access token for this scope.
    Scope(&'a str),
    /// Nothing: what it signs is shown to Google's services itself, for this scope (AIP-4111).
    Itself(&'a str),
    /// An identity token for this audience.
    TargetAudience(&'a str),
}

impl ServiceAccount {
    /// RFC 7523 section 3, in the form that Google documents.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn assertion(&self, now: UnixTime, wanted: &Assertion<'_>) -> Result<Secret, Error> {
        const LIFE: i64 = 3600;
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(id), Some(header)) = (&self.key_id, header.as_object_mut()) {
            header.insert("kid".to_owned(), id.as_str().into());
        }
        let (name, value) = match wanted {
            Assertion::Scope(scope) | Assertion::Itself(scope) => ("scope", scope),
            Assertion::TargetAudience(audience) => ("target_audience", audience),
        };
        let mut claims = json!({
            "iss": self.email, "sub": self.email,
            "iat": now.seconds(), "exp": now.seconds().saturating_add(LIFE), name: value,
        });
        if let (false, Some(claims)) = (matches!(wanted, Assertion::Itself(_)), claims.as_object_mut()) {
            claims.insert("aud".to_owned(), self.token_uri.as_str().into());
        }
        let encode = |value: &serde_json::Value| base64::encode_url(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign_now(&SigningInput::message(signed.clone().into_bytes()))?;
        Ok(Secret::new(format!("{signed}.{}", base64::encode_url(signature)).into_bytes()))
    }
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServiceAccount({}, {})", self.email, self.path.display())
    }
}
