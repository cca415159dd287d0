//! Whom a certificate is for: the claims of a verified token, as Fulcio writes them into certificates (Fulcio `oid-info`).

use serde_json::Value;

use super::super::oidc::is_email;
use crate::crypto::DecodeError;
use crate::x509::SubjectAlternativeName;
use crate::x509::issue::{Extension, Template, Validity};

const WHAT: &str = "identity token";
/// The longest claim, in bytes.
const MAX_CLAIM: usize = 2048;
/// What the addresses in the certificates of workflows begin with. GitHub's tokens do not say it.
const GITHUB: &str = "https://github.com";

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What the proof of possession is a signature of.
    pub name: String,
    subject: SubjectAlternativeName,
    issuer: String,
    /// Extensions of the arc of Fulcio: the number, and the value.
    extensions: Vec<(u32, String)>,
}

impl Principal {
    /// Reads the claims of a token that was verified: those of a workflow of GitHub where it has `job_workflow_ref`, else an
    /// address of e-mail where it has `email`, else a URI in `sub`.
    ///
    /// # Errors
    /// A claim is missing, no string, or not of its form; the address is not verified.
    pub fn of(claims: &Value) -> Result<Self, DecodeError> {
        let claims = Claims(claims);
        let name = claims.text("sub")?;
        // The issuer behind the issuer, as that of Sigstore's public instance names it.
        let upstream = claims.0.get("federated_claims").and_then(|claims| claims.get("connector_id"));
        let issuer = match upstream {
            Some(upstream) => text("federated_claims.connector_id", Some(upstream))?,
            None => claims.text("iss")?,
        };
        if claims.0.get("job_workflow_ref").is_some() {
            return claims.workflow(name, issuer);
        }
        if claims.0.get("email").is_some() {
            let email = claims.text("email")?;
            if claims.0.get("email_verified") != Some(&Value::Bool(true)) {
                return Err(wrong("email_verified", "the issuer has not verified the address"));
            }
            if !is_email(&email) {
                return Err(wrong("email", "not an address of e-mail"));
            }
            let subject = SubjectAlternativeName::Email(email.clone());
            return Ok(Self { name: email, subject, issuer, extensions: Vec::new() });
        }
        if !is_uri(&name) {
            return Err(wrong("sub", "neither is there an `email`, nor is this a URI"));
        }
        let subject = SubjectAlternativeName::Uri(name.clone());
        Ok(Self { name, subject, issuer, extensions: Vec::new() })
    }

    /// The certificate that it gets.
    pub fn template(&self, validity: Validity, serial: &[u8]) -> Template {
        let mut template = Template::fulcio(self.subject.clone(), &self.issuer, validity).serial(serial);
        for (number, value) in &self.extensions {
            // Numbers 2 to 6 are bytes of text, without the DER around them.
            template.extensions.push(match number {
                ..=6 => Extension::fulcio_raw(*number, value),
                _ => Extension::fulcio_text(*number, value),
            });
        }
        template
    }
}

struct Claims<'a>(&'a Value);

impl Claims<'_> {
    fn text(&self, name: &str) -> Result<String, DecodeError> {
        text(name, self.0.get(name))
    }

    /// A run of a workflow of GitHub: every claim has to be there, but for that of the environment.
    fn workflow(&self, name: String, issuer: String) -> Result<Principal, DecodeError> {
        let repository = self.text("repository")?;
        let below = |path: &str| format!("{GITHUB}/{path}");
        let signer = below(&self.text("job_workflow_ref")?);
        if !is_uri(&signer) {
            return Err(wrong("job_workflow_ref", "it does not make a URI"));
        }
        let run = format!(
            "{}/actions/runs/{}/attempts/{}",
            below(&repository),
            self.text("run_id")?,
            self.text("run_attempt")?
        );
        let mut extensions = vec![
            (2, self.text("event_name")?),
            (3, self.text("sha")?),
            (4, self.text("workflow")?),
            (5, repository.clone()),
            (6, self.text("ref")?),
            (9, signer.clone()),
            (10, self.text("job_workflow_sha")?),
            (11, self.text("runner_environment")?),
            (12, below(&repository)),
            (13, self.text("sha")?),
            (14, self.text("ref")?),
            (15, self.text("repository_id")?),
            (16, below(&self.text("repository_owner")?)),
            (17, self.text("repository_owner_id")?),
            (18, below(&self.text("workflow_ref")?)),
            (19, self.text("workflow_sha")?),
            (20, self.text("event_name")?),
            (21, run),
            (22, self.text("repository_visibility")?),
        ];
        if self.0.get("environment").is_some() {
            extensions.push((23, self.text("environment")?));
        }
        extensions.push((24, name.clone()));
        Ok(Principal { name, subject: SubjectAlternativeName::Uri(signer), issuer, extensions })
    }
}

fn text(name: &str, value: Option<&Value>) -> Result<String, DecodeError> {
    let value = value.ok_or_else(|| wrong(name, "missing"))?;
    match value.as_str() {
        None => Err(wrong(name, "not a string")),
        Some("") => Err(wrong(name, "empty")),
        Some(text) if text.len() > MAX_CLAIM => Err(wrong(name, "longer than 2048 bytes")),
        Some(text) if text.chars().any(char::is_control) => Err(wrong(name, "it has control characters")),
        Some(text) => Ok(text.to_owned()),
    }
}

/// Whether a text is an absolute URI with an authority, in the characters that RFC 3986 section 2 has.
fn is_uri(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme_is_sound = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    scheme_is_sound && !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(plain)
}

fn wrong(at: &str, reason: &str) -> DecodeError {
    DecodeError::new(WHAT, at, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_it_is_for_is_in_the_claims() {
        let of = |claims: Value| Principal::of(&claims).map(|it| (it.name, it.subject, it.issuer));
        let email = json!({ "iss": "i", "sub": "x", "email": "a@b.c", "email_verified": true });
        let mail = SubjectAlternativeName::Email("a@b.c".into());
        assert_eq!(of(email.clone()).unwrap(), ("a@b.c".into(), mail, "i".into()));
        let mut federated = email.clone();
        federated["federated_claims"] = json!({ "connector_id": "https://accounts.example" });
        assert_eq!(of(federated.clone()).unwrap().2, "https://accounts.example");
        let uri = "spiffe://example.org/ci";
        let named = SubjectAlternativeName::Uri(uri.into());
        assert_eq!(of(json!({ "iss": "i", "sub": uri })).unwrap(), (uri.into(), named, "i".into()));
        federated["federated_claims"]["connector_id"] = json!(1);
        for (claims, reason) in [
            (json!({ "iss": "i", "sub": "x" }), "sub: neither"),
            (json!({ "iss": "i", "sub": "x://" }), "sub: neither"),
            (json!({ "iss": "i", "sub": "https:///x" }), "sub: neither"),
            (json!({ "iss": "i", "sub": "https://a b" }), "sub: neither"),
            (json!({ "iss": "i" }), "sub: missing"),
            (json!({ "sub": "https://a" }), "iss: missing"),
            (json!({ "iss": "i", "sub": "https://a\n" }), "control"),
            (json!({ "iss": "i", "sub": "x", "email": "a@b.c" }), "not verified"),
            (json!({ "iss": "i", "sub": "x", "email": "a@b.c", "email_verified": "true" }), "not verified"),
            (json!({ "iss": "i", "sub": "x", "email": ["a@b.c"], "email_verified": true }), "not a string"),
            (json!({ "iss": "i", "sub": "x", "email": "a@b@", "email_verified": true }), "not an address"),
            (federated, "connector_id: not a string"),
            (json!({ "iss": "i", "sub": "x", "job_workflow_ref": "o/r/w@r" }), "repository: missing"),
        ] {
            let error = Principal::of(&claims).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
