//! Images for several platforms: the index alone, every manifest in it, or the one for a platform.

use std::collections::HashSet;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt};

use super::images::{Job, Outcome, complete};
use crate::commands::images::Image;
use crate::commands::platform::{choose, name};
use crate::commands::{Error, ErrorKind, PlatformRequest};
use crate::crypto::Digest;
use crate::registry::{Descriptor, Kind, Manifest, Target};

/// An index in an index in an index: nobody nests deeper.
const MAX_DEPTH: usize = 4;
/// Manifests below one image.
const MAX_CHILDREN: usize = 1_000;
/// The bytes that they may have together; real ones have a few kilobytes.
const MAX_BYTES: u64 = 8 << 20;

impl Job<'_> {
    /// An image, and everything below it where it is an index; each has to verify by itself.
    pub(super) async fn each(&self, image: &Image) -> Vec<Outcome> {
        let manifest = match image.manifest().await {
            Ok(manifest) => manifest,
            Err(error) => return vec![Outcome::failed(image.typed.clone(), error)],
        };
        if let Err(error) = complete(image, &manifest).await {
            return vec![Outcome::failed(image.typed.clone(), error)];
        }
        let mut below = Vec::new();
        if let Err(error) = self.gather(image, &manifest, &mut below, MAX_DEPTH).await {
            return vec![Outcome::failed(image.typed.clone(), error)];
        }
        let count = below.len();
        let own = self.one(image, Some(manifest));
        if count == 0 {
            return vec![own.await];
        }
        let children = below.into_iter().map(|(entry, manifest)| async move {
            let child = child(image, &entry.digest);
            let outcome = self.one(&child, Some(manifest)).await;
            outcome.child(&image.typed, entry.platform.as_ref().map(name))
        });
        let (own, children): (_, Vec<_>) = futures_util::future::join(
            own,
            stream::iter(children).buffered(self.request.search.workers).collect(),
        )
        .await;
        let rule =
            format!("the index and each of the {count} manifests below it have to verify by themselves");
        std::iter::once(own.rule(rule)).chain(children).collect()
    }

    /// Everything below an index, each manifest once, an index before what is in it.
    fn gather<'f>(
        &'f self,
        image: &'f Image,
        index: &'f Manifest,
        below: &'f mut Vec<(Descriptor, Manifest)>,
        depth: usize,
    ) -> LocalBoxFuture<'f, Result<(), Error>> {
        Box::pin(async move {
            let Kind::Index { manifests } = &index.kind else { return Ok(()) };
            if depth == 0 {
                return Err(too_many(image, format!("indexes in indexes, more than {MAX_DEPTH} deep")));
            }
            let mut known: HashSet<Digest> = below.iter().map(|(entry, _)| entry.digest.clone()).collect();
            let new: Vec<_> = manifests.iter().filter(|entry| known.insert(entry.digest.clone())).collect();
            if below.len() + new.len() > MAX_CHILDREN {
                return Err(too_many(image, format!("more than {MAX_CHILDREN} manifests")));
            }
            let sizes =
                below.iter().map(|(entry, _)| entry).chain(new.iter().copied()).map(|entry| entry.size);
            if sizes.fold(0, u64::saturating_add) > MAX_BYTES {
                return Err(too_many(image, format!("more than {MAX_BYTES} bytes of manifests below it")));
            }
            let fetched = new.into_iter().map(|entry| async move {
                let child = child(image, &entry.digest);
                let manifest = child.manifest().await?;
                let (found, expected) = (manifest.bytes.len(), entry.size);
                if found as u64 != expected {
                    let error = Error::new(
                        ErrorKind::Format,
                        format!("`{}` is not what its index says", child.typed),
                    );
                    return Err(error.cause(format!("it has {found} bytes, and not {expected}")));
                }
                Ok((entry.clone(), manifest))
            });
            let fetched: Vec<_> = stream::iter(fetched).buffered(self.request.search.workers).collect().await;
            let here = fetched.into_iter().collect::<Result<Vec<_>, Error>>()?;
            for (entry, manifest) in here {
                let nested = matches!(manifest.kind, Kind::Index { .. }).then(|| manifest.clone());
                below.push((entry, manifest));
                if let Some(nested) = nested {
                    self.gather(image, &nested, below, depth - 1).await?;
                }
            }
            Ok(())
        })
    }

    /// The manifest for one platform.
    pub(super) async fn of_platform(&self, image: &Image, platform: &PlatformRequest) -> Vec<Outcome> {
        let chosen = match image.manifest().await {
            Ok(manifest) => choose(image, &manifest, platform).cloned(),
            Err(error) => Err(error),
        };
        match chosen {
            Ok(entry) => {
                let outcome = self.one(&child(image, &entry.digest), None).await;
                vec![outcome.child(&image.typed, entry.platform.as_ref().map(name))]
            }
            Err(error) => vec![Outcome::failed(image.typed.clone(), error)],
        }
    }
}

/// Another manifest of the same place.
fn child(image: &Image, digest: &Digest) -> Image {
    Image {
        typed: format!("{}@{digest}", image.home.image),
        name: image.name.clone(),
        home: image.home.clone(),
        target: Target::Digest(digest.clone()),
    }
}

fn too_many(image: &Image, what: String) -> Error {
    Error::new(ErrorKind::LimitExceeded, format!("`{}` has {what}", image.typed))
}
