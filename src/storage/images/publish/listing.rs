//! Having a manifest listed as a referrer where the registry does not say that it does so.

use super::Listed;
use super::append::{Change, Shape, Shared, Writer};
use super::{Error, Place};
use crate::crypto::Digest;
use crate::registry::{Descriptor, referrers_tag};

/// Has `entry` listed as a referrer of `subject`, and `older` not: by the registry, if it does so without a word, else in the
/// fallback index.
///
/// # Errors
/// As [`super::super::append()`].
pub(super) async fn list(
    writer: &Writer,
    place: &Place,
    subject: &Digest,
    entry: &Descriptor,
    older: &[Descriptor],
) -> Result<Listed, Error> {
    let tag = referrers_tag(subject);
    let mut shared = Shared::new(writer, place, &tag, Shape::Index);
    let lock = shared.lock().await?;
    let (is_listed, seen) = tokio::join!(is_listed(place, subject, entry), shared.read());
    if is_listed {
        return Ok(Listed::Place);
    }
    let change = Change { add: vec![entry.clone()], remove: older.to_vec(), whole: None };
    shared.bring_about(lock, seen?, change).await?;
    Ok(Listed::Tag(tag))
}

/// Whether the registry lists it, although it did not say so. No answer is no: one entry too many does no harm.
async fn is_listed(place: &Place, subject: &Digest, entry: &Descriptor) -> bool {
    #[cfg(feature = "http")]
    if let Place::Registry(remote) = place
        && let Ok(Some(listed)) = remote.listed_referrers(subject).await
    {
        return listed.iter().any(|known| known.digest == entry.digest);
    }
    let _ = (place, subject, entry);
    false
}
