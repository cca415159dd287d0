//! What was signed before (`--skip-existing`).

use super::super::{Error, ErrorKind};
use super::Form;
use super::signees::Signee;
use crate::bundle::{self, SignedEntity, annotations};
use crate::storage::images::Home;
use crate::storage::images::find::{Document, Forms, Found, Kind, Unusable, Want, find_each};

/// Whether the image has a signature in this form, of at most `largest` bytes, that `is_it` says is the one, where the new one
/// would go. What does not verify does not count.
///
/// # Errors
/// The place does not answer: nothing is known then. None is the one, and one is too large to tell.
pub(super) async fn is_signed(
    signee: &Signee,
    form: Form,
    largest: u64,
    is_it: &dyn Fn(&SignedEntity) -> bool,
) -> Result<bool, Error> {
    let want = Want {
        signatures: true,
        forms: match form {
            Form::Bundle => Forms::BUNDLES,
            Form::Tag => Forms::TAGS,
            Form::Referrer => Forms::LAYERS,
        },
        largest,
        ..Want::default()
    };
    let place = &signee.home.attachments;
    let there = Home { image: place.clone(), ..signee.home.clone() };
    let (mut is_signed, mut too_large) = (false, None);
    find_each(&there, &signee.descriptor.digest, &want, async |found| {
        let excessive = |found: &Found| match &found.document {
            Err(unusable @ Unusable::Excessive(_)) => Some(format!("`{}`: {unusable}", found.name)),
            _ => None,
        };
        too_large = too_large.take().or_else(|| found.iter().find_map(excessive));
        let documents = found.into_iter().filter_map(|found| Some((found.kind, found.document.ok()?)));
        let mut entities = documents.flat_map(|(kind, document)| entities(kind, &document));
        is_signed |= entities.any(|entity| is_it(&entity));
        Ok::<_, Error>(())
    })
    .await?;
    match too_large {
        Some(cause) if !is_signed => {
            let message = "whether the image is signed by this signer already cannot be told";
            Err(Error::new(ErrorKind::LimitExceeded, message).cause(cause))
        }
        _ => Ok(is_signed),
    }
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
