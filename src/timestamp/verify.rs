//! Verification of a token (RFC 3161 section 2.4.2, RFC 5652 section 5.6, RFC 5035).

use super::Token;
use super::attributes::SignedAttributes;
use crate::crypto::{Signed, UnixTime};
use crate::x509::Certificate;
use crate::x509::path::{self, PathError, Usage};

/// A timestamp authority's certificates, all of one authority; its window is the caller's business.
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// Trust anchors.
    pub anchors: &'a [Certificate],
    /// Leaf and intermediates.
    pub others: &'a [Certificate],
}

/// Why a token was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// The token's own form: content type, missing signed attributes, a signing-certificate attribute that names another
    /// certificate.
    #[error("the timestamp token is not well-formed: {0}")]
    Malformed(String),
    /// What was timestamped is something else.
    #[error("the timestamp is over other bytes than this signature")]
    Imprint,
    /// The key of the certificate that the token names did not sign it.
    #[error("the timestamp token's signature is not valid")]
    Signature,
    /// The certificate that signed does not belong to this authority. The token may be another authority's. What the token
    /// says in itself has been found right, as far as it carries its signer's certificate: imprint, signature, attributes.
    #[error("the timestamp token is not signed by this authority")]
    Authority,
    /// No path leads from the certificate that signed to the authority, or it may not sign timestamps.
    #[error("the authority's certificate is not acceptable: {0}")]
    Certificate(#[from] PathError),
}

/// Verifies the token over `signed` (the raw signature bytes that were timestamped) and returns its time (genTime).
///
/// Every requirement on the signer is put to the certificate whose key has verified the signature, never to another one
/// that the token or the authority happens to list (CVE-2026-39984).
///
/// # Errors
/// In this order: the token's form, the imprint, the signature, the authority, its certificates.
pub fn verify(token: &Token, signed: &[u8], authority: Authority<'_>) -> Result<UnixTime, TimestampError> {
    let attributes = attributes(token)?;
    let imprint = token.imprint();
    if imprint.algorithm().digest(signed) != *imprint {
        return Err(TimestampError::Imprint);
    }
    let mut best = None;
    for signer in signers(token, attributes, authority)? {
        match accept(token, signer, authority) {
            Ok(()) => return Ok(token.gen_time()),
            // A limit is one for the whole token, not for each of the certificates that it names.
            Err(error @ TimestampError::Certificate(PathError::Budget { .. })) => return Err(error),
            Err(error @ TimestampError::Certificate(_)) => best = Some(error),
            Err(error) => best = best.or(Some(error)),
        }
    }
    Err(best.unwrap_or(TimestampError::Authority))
}

/// The signed attributes, once they describe this content. RFC 5652 section 5.3: they are required, as the content is not
/// of type id-data, and so are these two of them.
fn attributes(token: &Token) -> Result<&SignedAttributes, TimestampError> {
    let malformed = |reason: &str| TimestampError::Malformed(reason.to_owned());
    let attributes = token.signer.attributes.as_ref().ok_or_else(|| malformed("no signed attributes"))?;
    match attributes.is_timestamp {
        Some(true) => {}
        Some(false) => return Err(malformed("its content-type attribute is not that of timestamps")),
        None => return Err(malformed("no content-type attribute")),
    }
    let digest =
        attributes.message_digest.as_ref().ok_or_else(|| malformed("no message-digest attribute"))?;
    if token.signer.digest.digest(&token.content).bytes() != digest {
        return Err(TimestampError::Signature);
    }
    Ok(attributes)
}

/// The certificates that the signer identifier and the signing-certificate attributes name and whose key verifies the
/// signature. None when there is no certificate at all to verify it with.
fn signers<'a>(
    token: &'a Token,
    attributes: &SignedAttributes,
    authority: Authority<'a>,
) -> Result<Vec<&'a Certificate>, TimestampError> {
    let signer = &token.signer;
    let mut named: Vec<&Certificate> = Vec::new();
    for certificate in authority.others.iter().chain(authority.anchors).chain(&token.certificates) {
        if signer.id.names(certificate) && !named.contains(&certificate) {
            named.push(certificate);
        }
    }
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let verifies = |certificate: &&Certificate| {
        let signed = Signed::Message(&attributes.encoding);
        certificate.key().is_ok_and(|key| key.verify(signer.scheme, signed, &signer.signature).is_ok())
    };
    named.retain(verifies);
    if named.is_empty() {
        return Err(TimestampError::Signature);
    }
    named.retain(|c| attributes.signing_certificates.iter().all(|e| e.names(c)));
    if named.is_empty() {
        let reason = "its signing-certificate attribute names another certificate than the one that signed";
        return Err(TimestampError::Malformed(reason.to_owned()));
    }
    Ok(named)
}

/// Whether the signer is this authority's. Where the authority lists its leaf, it has to be that one: its other
/// certificates may have issued to others.
fn accept(token: &Token, signer: &Certificate, authority: Authority<'_>) -> Result<(), TimestampError> {
    let mut leaves = authority.others.iter().filter(|c| !c.is_ca()).peekable();
    let lists_leaf = leaves.peek().is_some();
    if lists_leaf && !leaves.any(|l| l == signer) {
        return Err(TimestampError::Authority);
    }
    let intermediates = [authority.others, &token.certificates].concat();
    match path::verify(signer, &intermediates, authority.anchors, token.gen_time(), Usage::TimeStamping) {
        Ok(_) => Ok(()),
        Err(PathError::UnknownIssuer { .. } | PathError::Signature { .. }) if !lists_leaf => {
            Err(TimestampError::Authority)
        }
        Err(error) => Err(TimestampError::Certificate(error)),
    }
}
