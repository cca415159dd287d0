//! Finding what belongs to an image, a few questions at a time.

use std::collections::HashSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    AT_ONCE, Item, LeftOut, MAX_BYTES, MAX_DEPTH, MAX_MANIFESTS, Role, Selection, Side, children, selection,
};
use crate::crypto::Digest;
use crate::registry::{Attachment, Descriptor, Manifest, Target};
use crate::storage::images::{Error, Home};

/// Manifests that are looked at at a time; each comes with a handful of questions.
const VISITS: usize = 4;

/// Something to look at.
struct Visit {
    digest: Digest,
    /// Where it has been read already.
    manifest: Option<Manifest>,
    role: Role,
    side: Side,
    depth: usize,
}

/// What was seen.
struct Seen {
    visit: Visit,
    /// `None`: it is not there.
    manifest: Option<Manifest>,
    attachments: Vec<(Side, Attachment, Manifest)>,
    referrers: Vec<(Side, Descriptor)>,
}

struct Walk<'a> {
    home: &'a Home,
    image: Digest,
    selection: &'a Selection,
    items: Vec<Item>,
    left_out: Vec<LeftOut>,
    /// What has been or is being looked at, and as what: that something is falsely listed as one thing does not hide that it is
    /// another.
    known: HashSet<(Digest, Role, Side)>,
    bytes: u64,
}

/// All items, the image first, and what is listed and cannot be taken along.
pub(super) async fn walk(
    home: &Home,
    image: Manifest,
    selection: &Selection,
) -> Result<(Vec<Item>, Vec<LeftOut>), Error> {
    let digest = image.digest.clone();
    let mut walk = Walk {
        home,
        image: digest.clone(),
        selection,
        items: Vec::new(),
        left_out: Vec::new(),
        known: HashSet::from([(digest.clone(), Role::Image, Side::Image)]),
        bytes: 0,
    };
    let mut next =
        vec![Visit { digest, manifest: Some(image), role: Role::Image, side: Side::Image, depth: 0 }];
    while !next.is_empty() {
        let visits = std::mem::take(&mut next);
        // One after the other, so that the limits are met before more is read.
        let mut seen =
            std::pin::pin!(stream::iter(visits).map(|visit| look(home, selection, visit)).buffered(VISITS));
        while let Some(seen) = seen.try_next().await? {
            walk.note(seen, &mut next)?;
        }
    }
    let Walk { items, mut left_out, .. } = walk;
    // What is not in the one place may be in the other.
    left_out.retain(|left| !items.iter().any(|item| item.manifest.digest == *left.referrer()));
    left_out.dedup();
    Ok((items, left_out))
}

/// Reads a manifest, and asks what belongs to it.
async fn look(home: &Home, selection: &Selection, mut visit: Visit) -> Result<Seen, Error> {
    let manifest = visit.manifest.take();
    let digest = &visit.digest;
    let own = async {
        match manifest {
            Some(manifest) => Ok(Some(manifest)),
            None => visit.side.of(home).manifest(&Target::Digest(digest.clone())).await,
        }
    };
    let tags: &[Attachment] = match &visit.role {
        Role::Image | Role::Child | Role::Attachment { what: Attachment::Sbom, .. } => selection.tags(),
        Role::Attachment { .. } | Role::Referrer { .. } | Role::Part => &[],
    };
    let has_referrers = match &visit.role {
        Role::Image | Role::Child | Role::Referrer { .. } => true,
        // What signs a signature signs what changes with the next one.
        Role::Attachment { what, .. } => *what == Attachment::Sbom,
        Role::Part => false,
    };
    let sides =
        if home.places().len() == 1 { &[Side::Attachments][..] } else { &[Side::Attachments, Side::Image] };
    let attachments = async {
        let asked = sides.iter().flat_map(|side| tags.iter().map(|what| (*side, *what)));
        let asked = asked.map(|(side, what)| async move {
            let target = Target::Tag(what.tag_of(&home.tag_prefix, digest));
            Ok::<_, Error>(side.of(home).manifest(&target).await?.map(|found| (side, what, found)))
        });
        let found: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok::<Vec<_>, Error>(found.into_iter().flatten().collect())
    };
    let referrers = async {
        let mut all = Vec::new();
        for side in sides.iter().filter(|_| has_referrers) {
            let found = side.of(home).referrers(digest).await?.all();
            all.extend(found.into_iter().map(|descriptor| (*side, descriptor)));
        }
        Ok::<Vec<_>, Error>(all)
    };
    let (manifest, (attachments, referrers)) =
        futures_util::future::try_join(own, futures_util::future::try_join(attachments, referrers)).await?;
    Ok(Seen { manifest, attachments, referrers, visit })
}

impl Walk<'_> {
    /// Keeps what was seen, and says what is to be looked at for it.
    fn note(&mut self, seen: Seen, next: &mut Vec<Visit>) -> Result<(), Error> {
        let Seen { visit, manifest, attachments, referrers } = seen;
        let Some(manifest) = manifest else {
            if let Role::Referrer { of } = visit.role {
                self.left_out.push(LeftOut::Missing { referrer: visit.digest, of });
                return Ok(());
            }
            let place = visit.side.of(self.home).to_string();
            return Err(Error::Missing { place, wanted: visit.digest });
        };
        if let Role::Referrer { of } = &visit.role {
            // A signature counts by what is in it: one that names no subject verifies, so it must not get lost.
            let is_its = match &manifest.subject {
                Some(subject) => subject.digest == *of,
                None => selection::holds_ours(&manifest),
            };
            if !is_its {
                self.left_out.push(LeftOut::Unrelated { referrer: visit.digest, of: of.clone() });
                return Ok(());
            }
            if !self.selection.takes(&manifest) {
                return Ok(());
            }
        }
        // What is under tags has been read with what it belongs to, and counts there.
        let own = Some(&manifest).filter(|_| !matches!(visit.role, Role::Attachment { .. }));
        let read = own.into_iter().chain(attachments.iter().map(|(_, _, found)| found));
        self.bytes += read.map(|manifest| manifest.bytes.len() as u64).sum::<u64>();
        if self.bytes > MAX_BYTES {
            let (place, what) = (self.home.image.to_string(), "all that belongs to the image".to_owned());
            return Err(Error::TooLarge { place, what, limit: MAX_BYTES });
        }
        let depth = visit.depth + 1;
        let part = match visit.role {
            Role::Image | Role::Child => Role::Child,
            Role::Attachment { .. } | Role::Referrer { .. } | Role::Part => Role::Part,
        };
        for child in children(&manifest) {
            self.plan(&child.digest, None, (part.clone(), visit.side), depth, next)?;
        }
        for (side, what, found) in attachments {
            let role = Role::Attachment { of: visit.digest.clone(), what };
            let digest = found.digest.clone();
            self.plan(&digest, Some(found), (role, side), depth, next)?;
        }
        for (side, descriptor) in referrers {
            let role = Role::Referrer { of: visit.digest.clone() };
            self.plan(&descriptor.digest, None, (role, side), depth, next)?;
        }
        self.items.push(Item { manifest, role: visit.role, side: visit.side });
        Ok(())
    }

    /// Adds what is to be looked at, unless it has been.
    fn plan(
        &mut self,
        digest: &Digest,
        manifest: Option<Manifest>,
        (role, side): (Role, Side),
        depth: usize,
        next: &mut Vec<Visit>,
    ) -> Result<(), Error> {
        if !self.known.insert((digest.clone(), role.clone(), side)) {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(Error::TooDeep { place: self.home.image.to_string(), limit: MAX_DEPTH });
        }
        if self.known.len() > MAX_MANIFESTS {
            let (count, what) = (self.known.len(), "manifests that belong to it");
            return Err(Error::TooMany { subject: self.image.clone(), what, count, limit: MAX_MANIFESTS });
        }
        next.push(Visit { digest: digest.clone(), manifest, role, side, depth });
        Ok(())
    }
}
