//! Identity tokens: JSON Web Tokens in the compact form (RFC 7519, RFC 7515 section 7.1), read and not verified.
//!
//! Fulcio verifies the signature of a token, with the keys of the issuer that it trusts. What is read here is what the
//! request for a certificate needs, and what makes a refusal clear before anything is sent: whose token it is, for whom, and
//! until when.

use serde_json::Value;

use crate::crypto::{DecodeError, Node, Secret, UnixTime, base64, json};

/// Tokens of the known issuers have one to four thousand bytes.
pub const MAX_TOKEN: usize = 1 << 16;
/// Headers have some hundred.
const MAX_HEADER: usize = 1 << 13;
/// Tokens for many are tokens for nobody.
const MAX_AUDIENCES: usize = 64;
const WHAT: &str = "identity token";

/// An identity token. Whoever holds it can get certificates in the name of its subject, so nothing shows it.
pub struct IdentityToken {
    secret: Secret,
    claims: Value,
    issuer: String,
    /// Whom it is about (`sub`).
    subject: String,
    /// The address that its issuer has verified (`email`).
    email: Option<String>,
    audience: Vec<String>,
    expires: UnixTime,
}

impl IdentityToken {
    /// Reads a token in the compact form, of whatever algorithm; one final line end is dropped.
    ///
    /// # Errors
    /// More than 64 KiB, not three parts, encrypted or compressed (JWE), no signature, a header or claims that are not JSON
    /// with what OpenID Connect Core 1.0 section 2 demands (`iss`, `sub`, `aud`, `exp`), an address of e-mail that the issuer
    /// has not verified.
    pub fn parse(text: Secret) -> Result<Self, DecodeError> {
        let whole = without_line_end(text.expose());
        let [header, payload, signature] = parts(whole)?;
        check_header(header)?;
        if signature.is_empty() {
            return Err(DecodeError::new(WHAT, "signature", "is missing"));
        }
        part("signature", signature)?;
        let claims = json::parse(WHAT, &part("claims", payload)?)?;
        let node = Node::root(WHAT, &claims);
        let issuer = node.member("iss")?.non_empty_text()?.to_owned();
        let subject = node.member("sub")?.non_empty_text()?.to_owned();
        let email = email(&node)?;
        let audience = audience(&node.member("aud")?)?;
        let expires = time(&node.member("exp")?)?;
        let secret = if whole.len() == text.expose().len() { text } else { Secret::new(whole.to_vec()) };
        Ok(Self { secret, claims, issuer, subject, email, audience, expires })
    }

    /// The token itself, in the compact form.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Who made it (`iss`).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For whom it is (`aud`).
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// From when on it is of no use (`exp`).
    pub fn expires(&self) -> UnixTime {
        self.expires
    }

    /// What the proof of possession is a signature of: the address of e-mail where there is one, the subject otherwise, as
    /// Fulcio and its other clients have it.
    pub fn proof_subject(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.subject)
    }

    /// The address that its issuer has verified (`email`).
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// A claim that is a string, by the names that lead to it: `["federated_claims", "connector_id"]` names the issuer behind
    /// an issuer, which Fulcio writes into the certificate in its place.
    pub fn text_claim(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(&self.claims, |value, name| value.get(name))?.as_str()
    }
}

impl std::fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { issuer, subject, audience, expires, .. } = self;
        write!(f, "IdentityToken({issuer}, {subject}, for {audience:?}, until {expires})")
    }
}

/// Whether a text is meant as a token, and not as the name of a file: its first part is the JSON of a header, whatever the
/// algorithm is, and whether or not the rest of it is sound.
pub fn looks_like_token(text: &str) -> bool {
    let Some((first, _)) = text.split_once('.') else { return false };
    if first.len() > MAX_TOKEN {
        // No file is called so; its length is what is wrong with it.
        return true;
    }
    base64::decode(first)
        .is_some_and(|header| header.trim_ascii().starts_with(b"{") && header.trim_ascii().ends_with(b"}"))
}

/// The three parts. Nothing is allocated and nothing looked at behind the first dot too many (CVE-2025-66506).
fn parts(text: &[u8]) -> Result<[&[u8]; 3], DecodeError> {
    let fail = |reason: &str| DecodeError::whole(WHAT, reason);
    if text.len() > MAX_TOKEN {
        let reason = format!("has {} bytes, the limit is {MAX_TOKEN}", text.len());
        return Err(DecodeError::whole(WHAT, reason).over_limit());
    }
    if text.is_empty() {
        return Err(fail("is empty"));
    }
    let mut dots = text.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    match (dots.next(), dots.next(), dots.next(), dots.next(), dots.next()) {
        (Some(first), Some(second), None, ..) => {
            let (head, signature) = text.split_at(second);
            let (header, payload) = head.split_at(first);
            Ok([header, payload.get(1..).unwrap_or_default(), signature.get(1..).unwrap_or_default()])
        }
        (_, _, _, Some(_), None) => Err(fail("is encrypted (five parts): a signed token has three parts")),
        _ => Err(fail("is not three parts with a dot between each")),
    }
}

fn check_header(header: &[u8]) -> Result<(), DecodeError> {
    if header.len() > MAX_HEADER {
        let reason = format!("has {} bytes, the limit is {MAX_HEADER}", header.len());
        return Err(DecodeError::new(WHAT, "header", reason).over_limit());
    }
    let value = json::parse(WHAT, &part("header", header)?)
        .map_err(|error| DecodeError::new(WHAT, "header", error.reason.clone()).of_kind(error.kind))?;
    let node = Node::part(WHAT, "header", &value);
    if node.member("alg")?.non_empty_text()?.eq_ignore_ascii_case("none") {
        return Err(node.error("says that nobody signed the token (alg: none)"));
    }
    for (name, reason) in [
        ("enc", "says that the token is encrypted"),
        ("zip", "says that the token is compressed"),
        // RFC 7515 section 4.1.11: who does not know what is critical must refuse it; and nothing is known here.
        ("crit", "demands extensions (crit)"),
    ] {
        if node.optional(name)?.is_some() {
            return Err(node.error(reason));
        }
    }
    Ok(())
}

/// The bytes of a part: the URL-safe alphabet without padding (RFC 7515 section 2).
fn part(name: &'static str, text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let fail = || DecodeError::new(WHAT, name, "is not base64url");
    if text.iter().any(|byte| matches!(byte, b'+' | b'/' | b'=')) {
        return Err(fail());
    }
    std::str::from_utf8(text).ok().and_then(base64::decode).ok_or_else(fail)
}

fn email(claims: &Node<'_>) -> Result<Option<String>, DecodeError> {
    let Some(email) = claims.optional("email")? else { return Ok(None) };
    let text = email.text()?;
    if text.is_empty() {
        return Ok(None);
    }
    let is_verified =
        claims.optional("email_verified")?.is_some_and(|node| node.value() == &Value::Bool(true));
    if !is_verified {
        return Err(claims.error("its issuer has not verified the address of e-mail (email_verified)"));
    }
    Ok(Some(text.to_owned()))
}

/// One audience, or a list (RFC 7519 section 4.1.3).
fn audience(node: &Node<'_>) -> Result<Vec<String>, DecodeError> {
    if node.value().is_string() {
        return Ok(vec![node.non_empty_text()?.to_owned()]);
    }
    node.items(MAX_AUDIENCES)?.iter().map(|item| item.text().map(str::to_owned)).collect()
}

/// A number of seconds, which may have a fraction (RFC 7519 section 2).
fn time(node: &Node<'_>) -> Result<UnixTime, DecodeError> {
    /// The last second of the year 9999.
    const LAST: i64 = 253_402_300_799;
    let fail = || node.error("is not a time in seconds since 1970");
    let number = node.value();
    let seconds = match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => seconds,
        #[expect(clippy::cast_possible_truncation, reason = "within the range that is looked at")]
        (None, Some(seconds)) if (0.0..=LAST as f64).contains(&seconds) => seconds as i64,
        _ => return Err(fail()),
    };
    if (0..=LAST).contains(&seconds) { Ok(UnixTime::from_seconds(seconds)) } else { Err(fail()) }
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let Some(line) = text.strip_suffix(b"\n") else { return text };
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
