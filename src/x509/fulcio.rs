//! Fulcio's certificate extensions (Fulcio `oid-info`, 1.3.6.1.4.1.57264.1).

use super::asn1::Element;
use super::{Certificate, oid};
use crate::crypto::DecodeError;

/// The extensions' values by what they mean. Issuer: `.8` (DER string) where present, else `.1` (raw).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FulcioExtensions {
    /// Who issued the identity token.
    pub issuer: Option<String>,
    /// The event that started the workflow (`.2`).
    pub github_workflow_trigger: Option<String>,
    /// The commit that the workflow ran on (`.3`).
    pub github_workflow_sha: Option<String>,
    /// The name of the workflow (`.4`).
    pub github_workflow_name: Option<String>,
    /// The repository of the workflow (`.5`).
    pub github_workflow_repository: Option<String>,
    /// The ref that the workflow ran on (`.6`).
    pub github_workflow_ref: Option<String>,
    /// All other known extensions (`.9` to `.23` and later) as (OID, name, value), in the certificate's order.
    pub others: Vec<(String, &'static str, String)>,
}

/// Names of the extensions `.9` and on, as `oid-info` titles them.
const NAMES: [(u32, &str); 16] = [
    (9, "Build Signer URI"),
    (10, "Build Signer Digest"),
    (11, "Runner Environment"),
    (12, "Source Repository URI"),
    (13, "Source Repository Digest"),
    (14, "Source Repository Ref"),
    (15, "Source Repository Identifier"),
    (16, "Source Repository Owner URI"),
    (17, "Source Repository Owner Identifier"),
    (18, "Build Config URI"),
    (19, "Build Config Digest"),
    (20, "Build Trigger"),
    (21, "Run Invocation URI"),
    (22, "Source Repository Visibility At Signing"),
    (23, "Deployment Environment"),
    (24, "Token Subject"),
];
/// What an extension is called whose number is higher than the table's.
const UNKNOWN: &str = "unknown Fulcio extension";

/// Reads them. Extensions of higher numbers than are known are included if they hold a UTF8String, else left out.
///
/// # Errors
/// A value that is not decodable, or `.1` and `.8` that contradict each other. (An extension that appears twice is refused
/// when the certificate is parsed.)
pub fn extensions(certificate: &Certificate) -> Result<FulcioExtensions, DecodeError> {
    let mut out = FulcioExtensions::default();
    let mut raw_issuer = None;
    for (identifier, _, value) in certificate.extensions() {
        let number = identifier.below(&oid::FULCIO).and_then(|n| u32::try_from(n).ok());
        let Some(number) = number else { continue };
        let slot = match number {
            1 => &mut raw_issuer,
            2 => &mut out.github_workflow_trigger,
            3 => &mut out.github_workflow_sha,
            4 => &mut out.github_workflow_name,
            5 => &mut out.github_workflow_repository,
            6 => &mut out.github_workflow_ref,
            8 => {
                out.issuer = Some(der_text(value, number)?);
                continue;
            }
            9.. => {
                out.others.extend(other(&identifier.to_string(), number, value)?);
                continue;
            }
            // `.7` is a kind of otherName and not an extension.
            _ => continue,
        };
        *slot = Some(raw_text(value, number)?);
    }
    if let (Some(new), Some(old)) = (&out.issuer, &raw_issuer)
        && new != old
    {
        let reason = format!("`{old}` in .1 and `{new}` in .8");
        return Err(DecodeError::new(super::certificate::WHAT, "Fulcio issuer", reason));
    }
    out.issuer = out.issuer.or(raw_issuer);
    Ok(out)
}

fn other(
    identifier: &str,
    number: u32,
    value: &[u8],
) -> Result<Option<(String, &'static str, String)>, DecodeError> {
    match (NAMES.iter().find(|(n, _)| *n == number), der_text(value, number)) {
        (Some((_, name)), text) => Ok(Some((identifier.to_owned(), *name, text?))),
        (None, Ok(text)) => Ok(Some((identifier.to_owned(), UNKNOWN, text))),
        (None, Err(_)) => Ok(None),
    }
}

/// `.1` to `.6`: the bytes are the text.
fn raw_text(value: &[u8], number: u32) -> Result<String, DecodeError> {
    let text = std::str::from_utf8(value);
    text.map(str::to_owned)
        .map_err(|_| DecodeError::new(super::certificate::WHAT, place(number), "not UTF-8"))
}

/// `.8` and on: a UTF8String.
fn der_text(value: &[u8], number: u32) -> Result<String, DecodeError> {
    let at = place(number);
    let located = |e: DecodeError| DecodeError { at: at.clone(), ..e };
    Element::only(super::certificate::WHAT, value)
        .and_then(|e| e.utf8(&at).map(str::to_owned))
        .map_err(located)
}

fn place(number: u32) -> String {
    format!("extension {}.{number}", oid::FULCIO)
}

#[cfg(test)]
mod tests;
