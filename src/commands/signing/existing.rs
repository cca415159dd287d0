//! What was signed before (`--skip-existing`).

use std::collections::BTreeMap;

use super::super::Error;
use super::Form;
use super::signees::Signee;
use super::signer::Signer;
use crate::bundle::{self, SignedEntity, annotations};
use crate::crypto::UnixTime;
use crate::storage::images::Home;
use crate::storage::images::find::{Document, Forms, Kind, Want, find};

/// Whether the image has a signature in this form with these annotations, by this key, where the new one would go. What
/// does not verify does not count.
///
/// # Errors
/// The place does not answer: nothing is known then.
pub(super) async fn is_signed(
    signee: &Signee,
    form: Form,
    annotations: &BTreeMap<String, String>,
    signer: &Signer,
    now: UnixTime,
) -> Result<bool, Error> {
    let want = Want {
        signatures: true,
        forms: match form {
            Form::Bundle => Forms::BUNDLES,
            Form::Tag => Forms::TAGS,
            Form::Referrer => Forms::LAYERS,
        },
        ..Want::default()
    };
    let place = &signee.home.attachments;
    let there = Home { image: place.clone(), ..signee.home.clone() };
    let found = find(&there, &signee.descriptor.digest, &want).await?;
    let artifact = signee.artifact();
    let documents = found.into_iter().filter_map(|found| Some((found.kind, found.document.ok()?)));
    let mut entities = documents.flat_map(|(kind, document)| entities(kind, &document));
    Ok(entities.any(|entity| signer.has_signed(&entity, &artifact, annotations, now).is_ok()))
}

/// What cannot be read is no signature of anybody.
fn entities(kind: Kind, document: &Document) -> Vec<SignedEntity> {
    match kind {
        Kind::Bundle => bundle::decode(&document.content).map(|decoded| decoded.entities).unwrap_or_default(),
        Kind::Signature => {
            let decoded = annotations::decode_signature(&document.layer.annotations, &document.content);
            decoded.into_iter().collect()
        }
        Kind::Attestation | Kind::Sbom | Kind::Foreign => Vec::new(),
    }
}
