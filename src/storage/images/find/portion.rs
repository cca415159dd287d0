//! The content of what was found, a portion at a time.

use std::collections::{HashMap, HashSet};
use std::iter::Peekable;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::early::Early;
use super::{
    Document, Found, Kind, LARGEST_VARIABLE, Listed, Unusable, Want, is_wanted, kind_at, unusable_by,
};
use crate::crypto::Digest;
use crate::registry::Descriptor;
use crate::storage::images::{Error, Place};

/// The size of all documents of one image, each counted as often as a layer names it, unless a single one may be larger.
const MAX_DOCUMENTS: u64 = 512 << 20;

/// The size of the documents that are in memory together, unless a single one is larger.
const PORTION: u64 = 8 << 20;

/// The next of these that may be in memory together: one at least, if there is one.
pub fn next<T>(rest: &mut Peekable<impl Iterator<Item = T>>, size_of: impl Fn(&T) -> u64) -> Vec<T> {
    let (mut portion, mut size) = (Vec::new(), 0_u64);
    while let Some(one) =
        rest.next_if(|one| portion.is_empty() || size.saturating_add(size_of(one)) <= PORTION)
    {
        size = size.saturating_add(size_of(&one));
        portion.push(one);
    }
    portion
}

/// A layer that is wanted, or a manifest that is of no use.
pub(super) struct Slot {
    name: String,
    place: Place,
    kind: Kind,
    layer: Result<Descriptor, Unusable>,
}

/// What names a blob: the place, the digest, and the size that it is said to have. A descriptor with a wrong one spoils no other.
pub(super) type Key = (String, Digest, u64);
/// What is there under it, if anything is that is of use.
pub(super) type Content = Result<Vec<u8>, Unusable>;

impl Slot {
    fn key(&self) -> Option<Key> {
        Some(key(&self.place, self.layer.as_ref().ok()?))
    }

    /// How much of the memory its content takes.
    pub fn size(&self) -> u64 {
        self.layer.as_ref().map_or(0, |layer| layer.size)
    }

    pub fn filled(self, contents: &HashMap<Key, Content>) -> Found {
        let content = self.key().and_then(|key| contents.get(&key).cloned()).unwrap_or(Err(Unusable::Gone));
        let Self { name, kind, layer, .. } = self;
        let document = layer.and_then(|layer| Ok(Document { layer, content: content? }));
        Found { name, kind, document }
    }
}

/// What is wanted of all that is listed, in its order.
pub(super) fn slots(listed: Vec<Listed>, want: &Want) -> Vec<Slot> {
    let mut slots = Vec::new();
    for Listed { name, source, layers, place, .. } in listed {
        let slot = |name: String, kind, layer| {
            let place = place.clone();
            Slot { name, place, kind, layer }
        };
        match layers {
            Err(unusable) => {
                let kind = kind_at(source).unwrap_or(Kind::Bundle);
                slots.push(slot(name, kind, Err(unusable)));
            }
            Ok(layers) => {
                let several = layers.len() > 1;
                let wanted = |(_, (kind, _)): &(usize, (Kind, Descriptor))| is_wanted(source, *kind, want);
                for (number, (kind, layer)) in layers.into_iter().enumerate().filter(wanted) {
                    let name = if several { format!("{name}, layer {}", number + 1) } else { name.clone() };
                    slots.push(slot(name, kind, Ok(layer)));
                }
            }
        }
    }
    slots
}

/// What is larger than one may be is not fetched; nothing is, where all the others together are.
pub(super) fn check_sizes(slots: &mut [Slot], want: &Want) -> Result<(), Error> {
    let (limit, mut size) = (MAX_DOCUMENTS.max(want.largest), 0_u64);
    for slot in slots {
        if let Ok(layer) = &slot.layer
            && layer.size > want.largest
        {
            let (digest, place, size, limit) = (&layer.digest, &slot.place, layer.size, want.largest);
            slot.layer = Err(Unusable::Excessive(format!(
                "the blob {digest} in `{place}` has {size} bytes, above the limit of {limit}, which {LARGEST_VARIABLE}={size} raises"
            )));
        }
        size = size.saturating_add(slot.size());
        if size > limit {
            let (place, what) = (slot.place.to_string(), "all that belongs to the image".to_owned());
            return Err(Error::TooLarge { place, what, limit });
        }
    }
    Ok(())
}

/// The content of these, each fetched once, and not what is in `early`.
pub(super) async fn contents(
    slots: &[Slot],
    want: &Want,
    early: &Early,
) -> Result<HashMap<Key, Content>, Error> {
    let mut known = HashSet::new();
    let blobs = slots.iter().filter_map(|slot| Some((slot.key()?, &slot.place, slot.layer.as_ref().ok()?)));
    let blobs: Vec<_> = blobs.filter(|(key, ..)| known.insert(key.clone())).collect();
    let all = blobs.into_iter().map(|(key, place, layer)| async move {
        let content = match early.take(&key) {
            Some(content) => content,
            None => fetched(place, layer, want).await?,
        };
        Ok::<_, Error>((key, content))
    });
    stream::iter(all).buffered(want.workers.max(1)).try_collect().await
}

/// What names the content of a layer.
pub(super) fn key(place: &Place, layer: &Descriptor) -> Key {
    (place.to_string(), layer.digest.clone(), layer.size)
}

/// The content of a layer.
pub(super) async fn fetched(place: &Place, layer: &Descriptor, want: &Want) -> Result<Content, Error> {
    match place.blob(layer, want.largest).await {
        Ok(content) => Ok(content.ok_or(Unusable::Gone)),
        Err(error) => Ok(Err(unusable_by(error)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portions(sizes: &[u64]) -> Vec<Vec<u64>> {
        let mut rest = sizes.iter().copied().peekable();
        let mut all = Vec::new();
        while rest.peek().is_some() {
            all.push(next(&mut rest, |size| *size));
        }
        all
    }

    /// Nothing is left out, nothing comes twice, and one that is larger than a portion goes alone.
    #[test]
    fn portions_are_bounded_and_complete() {
        assert_eq!(portions(&[]), Vec::<Vec<u64>>::new());
        assert_eq!(portions(&[1, 2, 3]), [vec![1, 2, 3]]);
        assert_eq!(portions(&[PORTION, 1]), [vec![PORTION], vec![1]]);
        assert_eq!(portions(&[PORTION - 1, 1, 1]), [vec![PORTION - 1, 1], vec![1]]);
        assert_eq!(portions(&[1, PORTION + 1, 1]), [vec![1], vec![PORTION + 1], vec![1]]);
        assert_eq!(portions(&[1, u64::MAX, u64::MAX, 0]), [vec![1], vec![u64::MAX], vec![u64::MAX], vec![0]]);
        assert_eq!(portions(&[0; 3]), [vec![0; 3]]);
    }
}
