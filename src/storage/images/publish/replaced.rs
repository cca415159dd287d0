//! What a new attestation replaces.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Error, Place, Replaced, digests};
use crate::bundle::detached::decode_envelope;
use crate::bundle::{self, Content};
use crate::crypto::Digest;
use crate::payload::{Envelope, IN_TOTO_PAYLOAD_TYPE, Statement};
#[cfg(feature = "http")]
use crate::registry;
use crate::registry::{Descriptor, Kind, Target};
use crate::storage::images::find::{self, portion};

/// The largest bundle that is looked at; a larger one is left alone.
const MAX_BUNDLE: u64 = 64 << 20;
const WORKERS: usize = 8;

/// Those of `all` that refer to `subject` and hold a statement of this predicate type. What counts is the statement: what lists and
/// manifests say of it is not relied on, so that nothing of another type is ever taken for one. What cannot be read stays.
///
/// # Errors
/// The place does not answer.
pub(super) async fn referrers(
    place: &Place,
    subject: &Digest,
    all: Vec<Descriptor>,
    predicate_type: &str,
) -> Result<Vec<Descriptor>, Error> {
    let layers = stream::iter(all)
        .map(|entry| async move {
            Ok::<_, Error>(document_of(place, subject, &entry).await?.map(|layer| (entry, layer)))
        })
        .buffered(WORKERS);
    let layers: Vec<_> = layers.try_filter_map(|found| async move { Ok(found) }).try_collect().await?;
    let (mut rest, mut found) = (layers.into_iter().peekable(), Vec::new());
    while rest.peek().is_some() {
        let portion = portion::next(&mut rest, |(_, layer)| layer.size);
        let judged = stream::iter(portion)
            .map(|(entry, layer)| async move {
                let is_one = is_of_type(place, &layer, predicate_type).await?;
                Ok::<_, Error>(is_one.then_some(entry))
            })
            .buffered(WORKERS);
        let judged: Vec<Option<Descriptor>> = judged.try_collect().await?;
        found.extend(judged.into_iter().flatten());
    }
    Ok(found)
}

/// Those of these layers that hold a statement of this predicate type.
///
/// # Errors
/// The place does not answer.
pub(super) async fn layers<'a>(
    place: &Place,
    layers: impl Iterator<Item = &'a Descriptor>,
    predicate_type: &str,
) -> Result<Vec<Descriptor>, Error> {
    let (mut rest, mut found) = (layers.filter(|layer| layer.size <= MAX_BUNDLE).peekable(), Vec::new());
    while rest.peek().is_some() {
        let portion = portion::next(&mut rest, |layer| layer.size);
        let judged = stream::iter(portion)
            .map(|layer| async move {
                let document = readable(place.blob(layer, MAX_BUNDLE).await)?;
                let envelope = document.and_then(|document| decode_envelope(&document).ok());
                let is_one = envelope.is_some_and(|envelope| states(&envelope.parsed, predicate_type));
                Ok::<_, Error>(is_one.then(|| layer.clone()))
            })
            .buffered(WORKERS);
        let judged: Vec<Option<Descriptor>> = judged.try_collect().await?;
        found.extend(judged.into_iter().flatten());
    }
    Ok(found)
}

/// Whether one of the manifests that refer to `subject` has a layer with this digest.
///
/// # Errors
/// The place does not answer.
pub(super) async fn holds_layer(place: &Place, subject: &Digest, layer: &Digest) -> Result<bool, Error> {
    let all = place.referrers(subject).await?.all();
    let looked = stream::iter(all)
        .map(|entry| async move {
            let manifest = readable(place.manifest(&Target::Digest(entry.digest)).await)?;
            Ok::<_, Error>(manifest.is_some_and(|manifest| match &manifest.kind {
                Kind::Image { layers, .. } => layers.iter().any(|known| known.digest == *layer),
                Kind::Index { .. } => false,
            }))
        })
        .buffered(WORKERS);
    let mut found = std::pin::pin!(looked.try_filter(|is_one| std::future::ready(*is_one)));
    Ok(found.try_next().await?.is_some())
}

/// Removes what was replaced. What the place does not delete although it lists it (`is_listed`) is kept; what fails does not keep
/// the rest from going.
pub(super) async fn remove(
    place: &Place,
    older: &[Descriptor],
    is_listed: impl Fn(&Digest) -> bool,
) -> Replaced {
    let mut done = Replaced::default();
    for digest in digests(older) {
        match place.delete(&Target::Digest(digest.clone())).await {
            Ok(_) => done.gone.push(digest),
            // The fallback index lists it no longer, which is enough.
            Err(_) if !is_listed(&digest) => done.gone.push(digest),
            Err(error) if is_undeletable(&error) => done.kept.push(digest),
            Err(error) => {
                done.failed.get_or_insert(error);
            }
        }
    }
    done
}

fn is_undeletable(error: &Error) -> bool {
    #[cfg(feature = "http")]
    if let Error::Registry(registry::Error::NoDelete { .. }) = error {
        return true;
    }
    let _ = error;
    false
}

/// The one layer of a manifest about `subject` that is a bundle or an envelope.
async fn document_of(
    place: &Place,
    subject: &Digest,
    entry: &Descriptor,
) -> Result<Option<Descriptor>, Error> {
    let Some(manifest) = readable(place.manifest(&Target::Digest(entry.digest.clone())).await)? else {
        return Ok(None);
    };
    let Kind::Image { layers, .. } = &manifest.kind else { return Ok(None) };
    let [layer] = layers.as_slice() else { return Ok(None) };
    let is_its = manifest.subject.as_ref().is_some_and(|its| its.digest == *subject);
    // As verifying takes them.
    let kind = find::Kind::of(&manifest, layer);
    let is_one = matches!(kind, find::Kind::Bundle | find::Kind::Attestation);
    Ok((is_its && is_one && layer.size <= MAX_BUNDLE).then(|| layer.clone()))
}

/// Whether a bundle or an envelope holds a statement of this type.
async fn is_of_type(place: &Place, layer: &Descriptor, predicate_type: &str) -> Result<bool, Error> {
    let Some(document) = readable(place.blob(layer, MAX_BUNDLE).await)? else { return Ok(false) };
    if let Ok(envelope) = decode_envelope(&document) {
        return Ok(states(&envelope.parsed, predicate_type));
    }
    let Ok(decoded) = bundle::decode(&document) else { return Ok(false) };
    let [entity] = decoded.entities.as_slice() else { return Ok(false) };
    let Content::Envelope(envelope) = &entity.content else { return Ok(false) };
    Ok(states(&envelope.parsed, predicate_type))
}

/// Whether an envelope holds a statement of this predicate type.
fn states(envelope: &Envelope, predicate_type: &str) -> bool {
    envelope.payload_type == IN_TOTO_PAYLOAD_TYPE
        && Statement::from_json(&envelope.payload)
            .is_ok_and(|statement| statement.predicate_type == predicate_type)
}

/// What is there and is not what it should be is as good as nothing here.
fn readable<T>(answer: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match answer {
        #[cfg(feature = "http")]
        Err(Error::Registry(
            registry::Error::Document { .. }
            | registry::Error::Digest { .. }
            | registry::Error::Size { .. }
            | registry::Error::Short { .. }
            | registry::Error::TooLarge { .. },
        )) => Ok(None),
        Err(Error::Document { .. } | Error::Digest { .. } | Error::Size { .. } | Error::TooLarge { .. }) => {
            Ok(None)
        }
        answer => answer,
    }
}
