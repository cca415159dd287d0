//! What a new attestation replaces in the forms in which it is not written: a verifier takes them all.

use super::append::{Change, Shape, Writer, append};
use super::{Error, Home, Place, Replaced, digests, replaced};
use crate::crypto::Digest;
use crate::registry::{Attachment, Descriptor, Kind, Manifest, Target, referrers_tag};

/// Attestations that are to be replaced. They are looked for before the new one is published, and removed when it is there: of
/// two who replace at the same time, each in a form of its own, one at least does not know of what the other published.
#[derive(Debug, Default)]
pub struct Older {
    /// Under the tag `.att`.
    layers: Vec<Descriptor>,
    /// What refers to the image.
    referrers: Vec<Descriptor>,
    /// Those of them that the place lists itself.
    listed: Vec<Digest>,
    /// Whether the fallback index has some of them.
    is_indexed: bool,
}

impl Older {
    /// Adds the envelopes with a statement of this predicate type under the tag `.att` of `subject`.
    ///
    /// # Errors
    /// The place does not answer; what is under the tag is no manifest with layers.
    pub async fn add_layers(
        &mut self,
        home: &Home,
        subject: &Digest,
        predicate_type: &str,
    ) -> Result<(), Error> {
        let place = &home.attachments;
        let tag = Attachment::Attestation.tag_of(&home.tag_prefix, subject);
        let manifest = place.manifest(&Target::Tag(tag)).await?;
        if let Some(Kind::Image { layers, .. }) = manifest.map(|manifest| manifest.kind) {
            self.layers = replaced::layers(place, layers.iter(), predicate_type).await?;
        }
        Ok(())
    }

    /// Adds what refers to `subject` and holds a statement of this predicate type.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn add_referrers(
        &mut self,
        home: &Home,
        subject: &Digest,
        predicate_type: &str,
    ) -> Result<(), Error> {
        let place = &home.attachments;
        let all = place.referrers(subject).await?;
        self.listed = digests(all.listed.as_deref().unwrap_or_default());
        let index = digests(all.fallback.as_deref().unwrap_or_default());
        self.referrers = replaced::referrers(place, subject, all.all(), predicate_type).await?;
        self.is_indexed = self.referrers.iter().any(|older| index.contains(&older.digest));
        Ok(())
    }

    /// Removes them. What fails does not keep the rest from going.
    pub async fn remove(&self, writer: &Writer, home: &Home, subject: &Digest) -> Replaced {
        let place = &home.attachments;
        let mut done = Replaced::default();
        if !self.layers.is_empty() {
            let tag = Attachment::Attestation.tag_of(&home.tag_prefix, subject);
            match remove_entries(writer, place, &tag, Shape::Layers { created: None }, &self.layers).await {
                Ok(()) => done.gone.extend(digests(&self.layers)),
                Err(error) => done.failed = Some(error),
            }
        }
        if self.is_indexed
            && let Err(error) =
                remove_entries(writer, place, &referrers_tag(subject), Shape::Index, &self.referrers).await
        {
            // A manifest that is gone while an index names it would be an error to whoever reads that.
            done.failed.get_or_insert(error);
            return done;
        }
        done.and(replaced::remove(place, &self.referrers, |digest| self.listed.contains(digest)).await)
    }
}

/// Takes entries out of what is under a tag, as far as they are in it. A document with nothing left in it is removed, by its digest:
/// if somebody has added something meanwhile, the tag names another one, and that stays.
async fn remove_entries(
    writer: &Writer,
    place: &Place,
    tag: &str,
    shape: Shape,
    entries: &[Descriptor],
) -> Result<(), Error> {
    let change = |manifest: Option<&Manifest>| {
        let is_there =
            |entry: &&Descriptor| entries_of(manifest).iter().any(|one| one.digest == entry.digest);
        Change { remove: entries.iter().filter(is_there).cloned().collect(), ..Change::default() }
    };
    let done = append(writer, place, tag, shape, change).await?;
    let Some(digest) = done.document.filter(|_| done.written) else { return Ok(()) };
    let target = Target::Digest(digest);
    if let Some(manifest) = place.manifest(&target).await?
        && entries_of(Some(&manifest)).is_empty()
    {
        // One that cannot be removed does no harm.
        let _ = place.delete(&target).await;
    }
    Ok(())
}

fn entries_of(manifest: Option<&Manifest>) -> &[Descriptor] {
    match manifest.map(|manifest| &manifest.kind) {
        Some(Kind::Index { manifests }) => manifests,
        Some(Kind::Image { layers, .. }) => layers,
        None => &[],
    }
}
