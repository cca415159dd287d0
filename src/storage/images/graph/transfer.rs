//! Taking an image over, in an order in which an interruption never leaves a tag on something incomplete: blobs first, then
//! manifests from the leaves up and subjects before what refers to them, then the lists and the tags of what belongs to the
//! image, and the image's own tag last of all.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Graph, Item, Role, Side};
use crate::crypto::Digest;
use crate::progress;
use crate::registry::{Attachment, Descriptor, Kind, Manifest, Target, referrers_tag};
use crate::storage::images::{Change, Error, Home, Place, Referrers, Shape, Writer, append};

/// What has to be done at a place so that it has all of a graph. Nothing has been written yet.
#[derive(Debug)]
pub struct Transfer<'a> {
    graph: &'a Graph,
    to: &'a Home,
    puts: Vec<Put<'a>>,
    /// Entries that fallback indexes lack, although the manifests are there.
    entries: Vec<(Digest, Descriptor)>,
    tags: Vec<Tagging<'a>>,
    image: Option<(Target, &'a Manifest)>,
}

/// Something that is copied, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name where it is.
    pub from: String,
    /// Its name where it will be.
    pub to: String,
}

/// A manifest that is written under its digest.
#[derive(Debug, Clone, Copy)]
struct Put<'a> {
    item: &'a Item,
    side: Side,
    /// Whether it is named when it is written.
    named: bool,
    /// The subject for whose fallback index it is, unless it is in there.
    list: Option<&'a Digest>,
}

/// A manifest that is written under a tag of the tag scheme.
#[derive(Debug, Clone)]
struct Tagging<'a> {
    item: &'a Item,
    tag: String,
    replaces: bool,
}

/// What the destination has.
struct Present {
    manifests: HashSet<(Side, Digest)>,
    referrers: HashMap<Digest, Referrers>,
}

impl<'a> Transfer<'a> {
    /// Compares `to` with the graph. `target` is what the image is to be called there; without one it stays where it is, and
    /// what belongs to it is copied alone. What has that name, or an SBOM that differs, is replaced only with `force`;
    /// signatures and attestations that are there are always kept, and joined by those of the graph.
    ///
    /// # Errors
    /// [`Error::Occupied`]; [`Error::ReadOnly`]; the place does not answer.
    pub async fn plan(
        graph: &'a Graph,
        to: &'a Home,
        target: Option<&Target>,
        force: bool,
    ) -> Result<Self, Error> {
        if let Place::Archive(archive) = &to.image {
            return Err(Error::ReadOnly { place: archive.to_string() });
        }
        let mut transfer =
            Self { graph, to, puts: Vec::new(), entries: Vec::new(), tags: Vec::new(), image: None };
        let image = async {
            match target {
                Some(target) => transfer.missing_image(target, force).await,
                None => Ok(None),
            }
        };
        let rest = futures_util::future::try_join(transfer.missing_tags(force), transfer.present());
        let (image, (tags, present)) = futures_util::future::try_join(image, rest).await?;
        let has_referrers =
            graph.items.iter().any(|item| matches!(&item.role, Role::Referrer { of } if *of == graph.image));
        // Nothing needs the image before its tag does.
        let by_tag_alone = !has_referrers && image.is_some();
        let (puts, entries) = transfer.missing_manifests(&present, target.is_some(), by_tag_alone);
        (transfer.image, transfer.tags, transfer.puts, transfer.entries) = (image, tags, puts, entries);
        Ok(transfer)
    }

    /// What is copied, in that order. Empty: everything is there.
    pub fn steps(&self) -> Vec<Step> {
        let puts = self.puts.iter().filter(|put| put.named).map(|put| self.put_step(put));
        let tags = self.tags.iter().map(|tagging| self.tag_step(tagging));
        puts.chain(tags).chain(self.image_step()).collect()
    }

    /// Copies it, and tells of each step before it is taken.
    ///
    /// # Errors
    /// Whatever a place meets. What was written stays, and the next run goes on from there.
    pub async fn run(self, writer: &Writer, mut told: impl FnMut(&Step)) -> Result<(), Error> {
        self.puts.iter().filter(|put| put.named).for_each(|put| told(&self.put_step(put)));
        self.write_blobs().await?;
        let lists = self.write_manifests().await?;
        // Making sure that an entry stays takes its time; each has a tag of its own.
        let lists = stream::iter(lists).map(|(subject, entries)| self.write_list(writer, subject, entries));
        lists.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        self.tags.iter().for_each(|tagging| told(&self.tag_step(tagging)));
        let tags = stream::iter(&self.tags).map(|tagging| self.write_tag(writer, tagging));
        tags.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        if let Some((target, manifest)) = &self.image {
            self.image_step().iter().for_each(told);
            let is_written = matches!(target, Target::Digest(_))
                && self.puts.iter().any(|put| put.item.role == Role::Image);
            if !is_written {
                self.to.image.put_manifest(target, &manifest.media_type, &manifest.bytes).await?;
            }
        }
        Ok(())
    }

    /// The image, where the name is not that of it yet.
    async fn missing_image(
        &self,
        target: &Target,
        force: bool,
    ) -> Result<Option<(Target, &'a Manifest)>, Error> {
        let graph = self.graph;
        let Some(item) = graph.items.iter().find(|item| item.role == Role::Image) else { return Ok(None) };
        if let Target::Digest(digest) = target
            && *digest != graph.image
        {
            let (place, wanted) = (self.to.image.to_string(), digest.clone());
            return Err(Error::Digest { place, wanted, found: graph.image.clone() });
        }
        match self.to.image.resolve(target).await? {
            Some(found) if found.digest == graph.image => Ok(None),
            Some(found) if !force => {
                let reference = named(&self.to.image, target);
                Err(Error::Occupied { reference, found: found.digest })
            }
            _ => Ok(Some((target.clone(), &item.manifest))),
        }
    }

    /// The attachments of which something is missing.
    async fn missing_tags(&self, force: bool) -> Result<Vec<Tagging<'a>>, Error> {
        let attachments = self.graph.items.iter().filter_map(|item| match &item.role {
            Role::Attachment { of, what } => Some((item, what.tag_of(&self.to.tag_prefix, of), *what)),
            _ => None,
        });
        let tagged = stream::iter(attachments)
            .map(|(item, tag, what)| self.missing_tag(item, tag, what, force))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(tagged.into_iter().flatten().collect())
    }

    async fn missing_tag(
        &self,
        item: &'a Item,
        tag: String,
        what: Attachment,
        force: bool,
    ) -> Result<Option<Tagging<'a>>, Error> {
        let (place, target) = (&self.to.attachments, Target::Tag(tag.clone()));
        let found = match place.resolve(&target).await? {
            Some(found) if found.digest == item.manifest.digest => return Ok(None),
            Some(_) => place.manifest(&target).await?,
            None => None,
        };
        let Some(found) = found else { return Ok(Some(Tagging { item, tag, replaces: false })) };
        let can_be_joined = what != Attachment::Sbom && layers(&item.manifest).is_some();
        match (layers(&item.manifest), layers(&found)) {
            (Some(own), Some(there)) if own.iter().all(|l| there.iter().any(|t| is_same(l, t))) => Ok(None),
            (Some(_), Some(_)) if can_be_joined => Ok(Some(Tagging { item, tag, replaces: false })),
            _ if force => Ok(Some(Tagging { item, tag, replaces: true })),
            _ => Err(Error::Occupied { reference: named(place, &target), found: found.digest }),
        }
    }

    /// What of the manifests is there, and what the place lists.
    async fn present(&self) -> Result<Present, Error> {
        let is_asked = |item: &&Item| match &item.role {
            Role::Image | Role::Child => self.graph.selection.with_image(),
            Role::Part | Role::Referrer { .. } => true,
            Role::Attachment { .. } => false,
        };
        let wanted: HashSet<(Side, &Digest)> = self
            .graph
            .items
            .iter()
            .filter(is_asked)
            .map(|item| (self.side(item), &item.manifest.digest))
            .collect();
        let manifests = stream::iter(wanted)
            .map(|(side, digest)| async move {
                let found = side.of(self.to).resolve(&Target::Digest(digest.clone())).await?;
                Ok::<_, Error>(found.map(|_| (side, digest.clone())))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>();
        let subjects: HashSet<&Digest> = self
            .graph
            .items
            .iter()
            .filter_map(|item| match &item.role {
                Role::Referrer { of } => Some(of),
                _ => None,
            })
            .collect();
        let referrers = stream::iter(subjects)
            .map(|subject| async move {
                Ok::<_, Error>((subject.clone(), self.to.attachments.referrers(subject).await?))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<HashMap<_, _>>();
        let (manifests, referrers) = futures_util::future::try_join(manifests, referrers).await?;
        Ok(Present { manifests: manifests.into_iter().flatten().collect(), referrers })
    }

    /// The manifests that have to be written under their digests, in an order that every registry takes, and the entries
    /// that lack although their manifests are there.
    fn missing_manifests(
        &self,
        present: &Present,
        with_image: bool,
        by_tag_alone: bool,
    ) -> (Vec<Put<'a>>, Vec<(Digest, Descriptor)>) {
        let subjects: HashSet<&Digest> = self.graph.items.iter().filter_map(|item| item.role.of()).collect();
        let (mut puts, mut entries): (Vec<Put<'a>>, Vec<_>) = (Vec::new(), Vec::new());
        for item in &self.graph.items {
            let (side, digest) = (self.side(item), &item.manifest.digest);
            let is_here = present.manifests.contains(&(side, digest.clone()));
            let mut put = Put { item, side, named: false, list: None };
            let wanted = match &item.role {
                Role::Image => with_image && !by_tag_alone && !is_here,
                Role::Child => with_image && !is_here,
                Role::Part => !is_here,
                // Its tag comes later, and what refers to it does not wait for that.
                Role::Attachment { .. } => subjects.contains(digest) && !is_here,
                Role::Referrer { of } => {
                    let lists = present.referrers.get(of).cloned().unwrap_or_default();
                    let is_in = |list: &Option<Vec<Descriptor>>| {
                        list.iter().flatten().any(|entry| entry.digest == *digest)
                    };
                    put.named = true;
                    put.list = (!is_in(&lists.fallback)).then_some(of);
                    let is_listed = is_in(&lists.listed) || is_in(&lists.fallback);
                    if is_here && !is_listed && lists.listed.is_none() {
                        entries.push((of.clone(), item.manifest.as_referrer()));
                    }
                    // Where the registry lists and does not know it, it has to see it once more.
                    !is_here || (!is_listed && lists.listed.is_some())
                }
            };
            let twin = puts.iter_mut().find(|p| p.side == side && p.item.manifest.digest == *digest);
            match twin {
                Some(twin) if wanted => {
                    (twin.named, twin.list) = (twin.named || put.named, twin.list.or(put.list));
                }
                None if wanted => puts.push(put),
                _ => {}
            }
        }
        let ranks = self.graph.ranks();
        puts.sort_by_key(|put| ranks.get(&put.item.manifest.digest).copied().unwrap_or_default());
        (puts, entries)
    }

    /// Where an item is written.
    fn side(&self, item: &Item) -> Side {
        if self.to.places().len() == 1 { Side::Attachments } else { item.role.side() }
    }

    async fn write_blobs(&self) -> Result<(), Error> {
        // A registry has the blobs of the manifests that it has; whoever tidied up a folder may have removed them.
        let is_folder = matches!(self.to.image, Place::Layout(_));
        let with_image = self.image.is_some() || self.graph.selection.with_image();
        let items = self.graph.items.iter().filter(|item| {
            let digest = &item.manifest.digest;
            let is_new = self.puts.iter().any(|put| put.item.manifest.digest == *digest)
                || self.tags.iter().any(|tagging| tagging.item.manifest.digest == *digest)
                || self.image.as_ref().is_some_and(|(_, manifest)| manifest.digest == *digest);
            is_new || (is_folder && (with_image || item.role.side() == Side::Attachments))
        });
        let mut seen = HashSet::new();
        let blobs = items
            .flat_map(|item| item.blobs().into_iter().map(move |blob| (item, blob)))
            .filter(|(item, blob)| seen.insert((self.side(item), &blob.digest)))
            .collect::<Vec<_>>();
        let work = &progress::things("blobs", blobs.len());
        stream::iter(blobs)
            .map(|(item, blob)| async move {
                let copied =
                    self.side(item).of(self.to).copy_blob(item.side.of(&self.graph.home), blob).await;
                copied.inspect(|()| work.add(1))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Writes manifests, rank by rank; the entries that fallback indexes have to have.
    async fn write_manifests(&self) -> Result<BTreeMap<Digest, Vec<Descriptor>>, Error> {
        let ranks = self.graph.ranks();
        let rank = |put: &Put<'_>| ranks.get(&put.item.manifest.digest).copied();
        let mut lists: BTreeMap<Digest, Vec<Descriptor>> = BTreeMap::new();
        for (subject, entry) in &self.entries {
            lists.entry(subject.clone()).or_default().push(entry.clone());
        }
        for puts in self.puts.chunk_by(|a, b| rank(a) == rank(b)) {
            let written: Vec<_> = stream::iter(puts)
                .map(|put| async move {
                    let manifest = &put.item.manifest;
                    let target = Target::Digest(manifest.digest.clone());
                    let place = put.side.of(self.to);
                    let written = place.put_manifest(&target, &manifest.media_type, &manifest.bytes).await?;
                    Ok::<_, Error>((put, written))
                })
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
            for (put, written) in written {
                if let Some(of) = put.list.filter(|_| !written.lists_referrers) {
                    lists.entry(of.clone()).or_default().push(put.item.manifest.as_referrer());
                }
            }
        }
        Ok(lists)
    }

    async fn write_list(
        &self,
        writer: &Writer,
        subject: Digest,
        entries: Vec<Descriptor>,
    ) -> Result<(), Error> {
        let change = Change { add: entries, ..Change::default() };
        append(writer, &self.to.attachments, &referrers_tag(&subject), Shape::Index, |_| change).await?;
        Ok(())
    }

    async fn write_tag(&self, writer: &Writer, tagging: &Tagging<'_>) -> Result<(), Error> {
        let (place, manifest) = (&self.to.attachments, &tagging.item.manifest);
        let Some(own) = layers(manifest).filter(|_| !tagging.replaces) else {
            let target = Target::Tag(tagging.tag.clone());
            place.put_manifest(&target, &manifest.media_type, &manifest.bytes).await?;
            return Ok(());
        };
        let change = Change { add: own.to_vec(), whole: Some(manifest.clone()), ..Change::default() };
        append(writer, place, &tagging.tag, Shape::Layers { created: None }, |_| change).await?;
        Ok(())
    }

    fn put_step(&self, put: &Put<'_>) -> Step {
        let target = Target::Digest(put.item.manifest.digest.clone());
        let from = put.item.side.of(&self.graph.home);
        Step { from: named(from, &target), to: named(put.side.of(self.to), &target) }
    }

    fn tag_step(&self, tagging: &Tagging<'_>) -> Step {
        let from = match &tagging.item.role {
            Role::Attachment { of, what } => what.tag_of(&self.graph.home.tag_prefix, of),
            _ => tagging.tag.clone(),
        };
        Step {
            from: named(tagging.item.side.of(&self.graph.home), &Target::Tag(from)),
            to: named(&self.to.attachments, &Target::Tag(tagging.tag.clone())),
        }
    }

    fn image_step(&self) -> Option<Step> {
        let (target, manifest) = self.image.as_ref()?;
        let from = named(&self.graph.home.image, &Target::Digest(manifest.digest.clone()));
        Some(Step { from, to: named(&self.to.image, target) })
    }
}

fn layers(manifest: &Manifest) -> Option<&[Descriptor]> {
    match &manifest.kind {
        Kind::Image { layers, .. } => Some(layers),
        Kind::Index { .. } => None,
    }
}

/// Whether two layers are one signature: the same payload may be signed twice, and the signatures are in annotations.
fn is_same(one: &Descriptor, other: &Descriptor) -> bool {
    let sorted = |d: &Descriptor| d.annotations.iter().cloned().collect::<BTreeMap<_, _>>();
    one.digest == other.digest
        && one.size == other.size
        && one.media_type == other.media_type
        && sorted(one) == sorted(other)
}

/// What `target` is called in `place`.
fn named(place: &Place, target: &Target) -> String {
    match target {
        Target::Tag(tag) => format!("{place}:{tag}"),
        Target::Digest(digest) => format!("{place}@{digest}"),
    }
}
