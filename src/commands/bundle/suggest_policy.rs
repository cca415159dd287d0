//! `bundle inspect --suggest=policy`: the policy file that asks for the signer of a document, by what the document says of itself.

use std::path::Path;

use super::super::{Context, Error, ErrorKind};
use super::inspect::Known;
use super::suggest::{first, is_public, signatures, warn};
use crate::attest::PredicateType;
use crate::bundle::{Content, SignedEntity, VerificationMaterial};
use crate::payload::{IMAGE_SIGNATURE_PREDICATE, Statement};
use crate::policy::scoped::PLACEHOLDERS;
use crate::x509::{Certificate, fulcio, sct};

/// A policy file with one scope. What only the user can know stands in it in capitals: `ARTIFACT`, `KEY`, `TRUSTED_ROOT`.
///
/// # Errors
/// The document cannot be read or decoded, holds no signature, or what it says cannot be asked for by a policy file.
pub fn bundle_suggest_policy(document: &Path, context: &mut Context) -> Result<String, Error> {
    let (_, entities) = signatures(document)?;
    let text = policy(first(document, &entities)?, &Known::new())?;
    warn(&entities, "this policy file asks", context);
    Ok(text)
}

fn policy(entity: &SignedEntity, known: &Known) -> Result<String, Error> {
    let mut text = String::from(
        "# What a signature says of itself: nothing of it was verified. Put in place what stands in capitals, and compare the\n\
         # signer with the one whom you expect.\nversion: 1\n",
    );
    if !is_public(entity, known.root()) {
        text.push_str("# Its services are not all public ones: name the trusted root that lists them.\n");
        text.push_str("# trust: { root: TRUSTED_ROOT }\n");
    }
    text.push_str("signers:\n  signer:\n");
    text.push_str(&signer(entity)?);
    text.push_str("scopes:\n  - name: suggested\n");
    text.push_str(&asked(entity)?);
    if entity.log_entries.is_empty() {
        text.push_str("    log: not-required\n");
        // Then the timestamp is the only witness.
        if !entity.timestamps.is_empty() {
            text.push_str("    timestamp: required\n");
        }
    }
    if let VerificationMaterial::Certificate(chain) = &entity.material
        && chain.first().is_some_and(|leaf| sct::embedded(leaf).is_ok_and(|scts| scts.is_empty()))
        && entity.detached_scts.is_empty()
    {
        text.push_str("    sct: not-required\n");
    }
    Ok(text)
}

/// About what the scope is, and what it asks for.
fn asked(entity: &SignedEntity) -> Result<String, Error> {
    let [file, image] = PLACEHOLDERS;
    let (only, images) =
        (format!("    files: [\"{file}\"]\n"), format!("    images: [\"{image}\"] # the image\n"));
    let files = format!("    # or `images: [\"{image}\"]`\n{only}");
    let signatures = "    signatures: signer\n";
    match &entity.content {
        Content::Message { .. } => Ok(format!("{only}{signatures}")),
        Content::SimpleSigning { payload, .. } => {
            let name = quoted(&payload.parsed.reference)?;
            Ok(format!("    # It was signed under the name {name}.\n{images}{signatures}"))
        }
        Content::Envelope(envelope) => {
            let statement = Statement::from_json(&envelope.parsed.payload).map_err(|e| {
                nothing("its envelope holds no in-toto statement, and only statements are verified")
                    .caused_by(&e)
            })?;
            let asked = statement.predicate_type.as_str();
            if asked == IMAGE_SIGNATURE_PREDICATE {
                return Ok(format!("{images}{signatures}"));
            }
            if PredicateType::uri_to_verify(asked) != asked {
                return Err(nothing("its predicate type is one of the short names, which mean others"));
            }
            let asked = quoted(asked)?;
            Ok(format!("{files}    attestations:\n      - {{ type: {asked}, signers: signer }}\n"))
        }
    }
}

fn signer(entity: &SignedEntity) -> Result<String, Error> {
    match &entity.material {
        VerificationMaterial::Certificate(chain) => {
            identity(chain.first().ok_or_else(|| nothing("it has no certificate"))?)
        }
        VerificationMaterial::PublicKey { hint, .. } => {
            let hint = match hint.is_empty() {
                true => String::new(),
                false => format!("    # It names the key by the hint {}.\n", quoted(hint)?),
            };
            Ok(format!("{hint}    key: KEY # the file of the public key, beside this one\n"))
        }
    }
}

fn identity(leaf: &Certificate) -> Result<String, Error> {
    let unreadable = |e| nothing("its certificate cannot be read").caused_by(&e);
    let names = leaf.subject_alternative_names().map_err(unreadable)?;
    let name = names.first().ok_or_else(|| nothing("its certificate states no identity"))?.value();
    let issuer = fulcio::extensions(leaf).map_err(unreadable)?.issuer;
    let issuer = issuer.ok_or_else(|| nothing("its certificate states no issuer"))?;
    let mut text = format!("    identity: {}\n    issuer: {}\n", quoted(name)?, quoted(&issuer)?);
    // A workflow of a forge, at a ref.
    if let Some((workflow, _)) =
        name.split_once("@refs/").filter(|(workflow, _)| workflow.starts_with("https://"))
    {
        let any_ref = format!("^{}@refs/.+$", escaped(workflow));
        text.push_str(&format!(
            "    # The same workflow at any ref, in place of `identity`:\n    # identity-regexp: {}\n",
            quoted(&any_ref)?
        ));
    }
    Ok(text)
}

/// An expression for exactly this text.
fn escaped(text: &str) -> String {
    let one = |c: char| {
        if c.is_ascii_punctuation() && !"/-_:@".contains(c) { format!("\\{c}") } else { c.to_string() }
    };
    text.chars().map(one).collect()
}

/// A text in quotation marks, as JSON and YAML have it, where a reader sees all of it.
fn quoted(text: &str) -> Result<String, Error> {
    match super::suggest::quote(text) {
        Some(_) => Ok(serde_json::Value::from(text).to_string()),
        None => Err(nothing("it holds characters that cannot stand in a file that people read")),
    }
}

fn nothing(why: &str) -> Error {
    Error::new(ErrorKind::Other, "there is no policy file to suggest for this document").cause(why)
}
