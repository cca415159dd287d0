//! `clean`.

use std::collections::BTreeSet;

use super::images::{Image, Images};
use super::publishing::writer;
use super::{Context, Error, ErrorKind, Files, RegistryRequest, confirmation};
use crate::bundle::{self, Content};
use crate::crypto::Digest;
use crate::payload::{IMAGE_SIGNATURE_PREDICATE, Statement};
use crate::registry::{self, Descriptor, Manifest, Target, referrers_tag};
use crate::storage::images::find::{Kind, Listed, Source, Unusable, Want, list, unusable_by};
use crate::storage::images::{Change, Place, Shape, Writer, append};

/// What `clean` is asked for.
#[derive(Debug)]
pub struct CleanRequest {
    /// The image.
    pub image: String,
    /// What is removed.
    pub what: CleanWhat,
    /// Nobody is asked.
    pub force: bool,
    /// Registries.
    pub registry: RegistryRequest,
}

/// What is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanWhat {
    /// Signatures, in every form.
    Signatures,
    /// Attestations, in every form.
    Attestations,
    /// SBOMs, in every form.
    Sboms,
    /// Signatures, attestations and SBOMs that refer to the image.
    Referrers,
    /// All of these.
    All,
}

impl CleanWhat {
    /// What cosign asks.
    fn question(self) -> &'static str {
        match self {
            Self::Signatures => "this will remove all signatures from the image",
            Self::Attestations => "this will remove all attestations from the image",
            Self::Sboms => "this will remove all SBOMs from the image",
            Self::Referrers => "this will remove all referrer attestations and/or signatures from the image",
            Self::All => "this will remove all signatures, SBOMs and attestations from the image",
        }
    }

    fn want(self, largest: u64) -> Want {
        let tags = |what| self == Self::All || self == what;
        Want {
            signatures: tags(Self::Signatures),
            attestations: tags(Self::Attestations),
            sboms: tags(Self::Sboms),
            foreign: true,
            largest,
            ..Want::default()
        }
    }
}

impl CleanRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// What a referrer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Signature,
    Attestation,
    Sbom,
    /// A bundle that cannot be read, so that nobody knows.
    Unreadable,
    /// It is listed, and not there.
    Gone,
    /// Somebody else's.
    Foreign,
}

/// Removes what belongs to an image; returns what goes to standard output.
///
/// # Errors
/// There is no such image; nobody agreed; its place is of no use, or does not delete.
pub async fn clean(request: &CleanRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    if !request.force {
        confirm(request.what, context)?;
    }
    let (image, largest) = {
        let images = Images::new(&request.registry, context)?;
        (images.open_to_write(&request.image)?, images.attachment_limit()?)
    };
    let subject = image.digest().await?;
    let want = request.what.want(largest);
    let mut roles = Vec::new();
    for listed in list(&image.home, &subject, &want).await? {
        let role = role(&listed, &want).await?;
        roles.push((listed, role));
    }
    warn_of_what_stays(request, &roles, context);
    let cleaner =
        Cleaner { request, image: &image, subject: &subject, writer: writer(&request.registry, context) };
    let mut failed = Vec::new();
    for place in image.home.places() {
        let here = roles.iter().filter(|(listed, _)| listed.place().to_string() == place.to_string());
        cleaner.clean(&place, here, context, &mut failed).await;
    }
    failure(&request.image, failed)
}

fn confirm(what: CleanWhat, context: &mut Context) -> Result<(), Error> {
    context.narrator.warn(what.question());
    confirmation::confirm(context, |cause| {
        Error::new(ErrorKind::Other, "nothing is removed").cause(cause).hint("`--force` asks nobody")
    })
}

/// What a manifest is, by what is in it: what a list says of it decides nothing.
async fn role(listed: &Listed, want: &Want) -> Result<Role, Error> {
    let layers = match (&listed.layers, listed.source) {
        (_, Source::Tag(what)) => {
            return Ok(match what {
                registry::Attachment::Signature => Role::Signature,
                registry::Attachment::Attestation => Role::Attestation,
                registry::Attachment::Sbom => Role::Sbom,
            });
        }
        (Ok(layers), Source::Referrer) => layers,
        (Err(Unusable::Gone), _) => return Ok(Role::Gone),
        (Err(Unusable::Malformed(_) | Unusable::Excessive(_)), _) => return Ok(Role::Foreign),
    };
    // A layer of somebody else's makes the whole somebody else's.
    let mut found = None;
    for (kind, layer) in layers {
        let role = match kind {
            Kind::Signature => Role::Signature,
            Kind::Attestation => Role::Attestation,
            Kind::Sbom => Role::Sbom,
            Kind::Foreign => return Ok(Role::Foreign),
            Kind::Bundle => of_bundle(listed.place(), layer, want).await?,
        };
        found = match found {
            None => Some(role),
            Some(before) if before == role => Some(before),
            Some(_) => Some(Role::Unreadable),
        };
    }
    Ok(found.unwrap_or(Role::Foreign))
}

async fn of_bundle(place: &Place, layer: &Descriptor, want: &Want) -> Result<Role, Error> {
    if layer.size > want.largest {
        return Ok(Role::Unreadable);
    }
    let bytes = match place.blob(layer, want.largest).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Role::Unreadable),
        Err(error) => {
            unusable_by(error)?;
            return Ok(Role::Unreadable);
        }
    };
    let Ok(decoded) = bundle::decode(&bytes) else { return Ok(Role::Unreadable) };
    let of = |content: &Content| match content {
        Content::Message { .. } | Content::SimpleSigning { .. } => Role::Signature,
        Content::Envelope(envelope) => match Statement::from_json(&envelope.parsed.payload) {
            Ok(statement) if statement.predicate_type == IMAGE_SIGNATURE_PREDICATE => Role::Signature,
            Ok(_) => Role::Attestation,
            Err(_) => Role::Unreadable,
        },
    };
    Ok(decoded.entities.first().map_or(Role::Unreadable, |entity| of(&entity.content)))
}

/// Whether something is removed. What nobody can read is, where the kind does not matter.
fn goes(what: CleanWhat, role: Role) -> bool {
    match (what, role) {
        (_, Role::Foreign) => false,
        (CleanWhat::All | CleanWhat::Referrers, _)
        | (CleanWhat::Signatures, Role::Signature)
        | (CleanWhat::Attestations, Role::Attestation)
        | (CleanWhat::Sboms, Role::Sbom) => true,
        _ => false,
    }
}

fn warn_of_what_stays(request: &CleanRequest, roles: &[(Listed, Role)], context: &mut Context) {
    let count = |role: Role| roles.iter().filter(|(_, found)| *found == role).count();
    let unreadable = count(Role::Unreadable);
    if unreadable > 0 && !goes(request.what, Role::Unreadable) && request.what != CleanWhat::Sboms {
        context.narrator.warn(&format!(
            "{unreadable} of what refers to the image cannot be read, and stays; --type referrer removes it"
        ));
    }
    let foreign: BTreeSet<_> = roles
        .iter()
        .filter(|(_, role)| *role == Role::Foreign)
        .map(|(listed, _)| listed.manifest.artifact_type.as_deref().unwrap_or("no type"))
        .collect();
    if !foreign.is_empty() {
        let types = foreign.into_iter().collect::<Vec<_>>().join(", ");
        context.narrator.warn(&format!(
            "{} of what refers to the image stays, as it is no signature, attestation or SBOM of cosign's ({types}); \
             no --type removes it",
            count(Role::Foreign)
        ));
    }
}

struct Cleaner<'a> {
    request: &'a CleanRequest,
    image: &'a Image,
    subject: &'a Digest,
    writer: Writer,
}

impl Cleaner<'_> {
    /// Cleans one place. What fails is added to `failed`, and the rest goes on.
    async fn clean(
        &self,
        place: &Place,
        here: impl Iterator<Item = &(Listed, Role)>,
        context: &mut Context,
        failed: &mut Vec<(String, Error)>,
    ) {
        let mut unlisted = Vec::new();
        for (listed, role) in here.filter(|(_, role)| goes(self.request.what, *role)) {
            let target = match listed.source {
                Source::Tag(what) => Target::Tag(what.tag_of(&self.image.home.tag_prefix, self.subject)),
                Source::Referrer => Target::Digest(listed.manifest.digest.clone()),
            };
            // Registries that delete no tags delete what a tag names.
            if matches!(target, Target::Tag(_)) && listed.manifest.digest == *self.subject {
                let error = Error::new(ErrorKind::Other, "it is the image itself");
                failed.push((listed.name.clone(), error.hint("remove that tag by other means")));
                continue;
            }
            // What refers to something else belongs to that, whatever this image's list says of it.
            let is_others = listed.subject.as_ref().is_some_and(|subject| subject != self.subject);
            // A manifest goes before its entry: one that no list names would never be found again.
            let removed = match role {
                Role::Gone => Ok(false),
                _ if is_others => Ok(false),
                _ => place.delete(&target).await,
            };
            match removed {
                Ok(removed) => {
                    if removed {
                        self.say(&listed.name, context);
                    }
                    if listed.source == Source::Referrer {
                        unlisted.push(listed.manifest.clone());
                    }
                }
                Err(error) => failed.push((listed.name.clone(), error.into())),
            }
        }
        if !unlisted.is_empty() {
            let tag = referrers_tag(self.subject);
            match self.unlist(place, &tag, unlisted).await {
                Ok(false) => {}
                Ok(true) => self.say(&format!("{place}:{tag}"), context),
                Err(error) => failed.push((format!("{place}:{tag}"), error)),
            }
        }
    }

    /// Takes entries out of the fallback index, if there is one; whether nothing was left of it, so that it is gone.
    async fn unlist(&self, place: &Place, tag: &str, entries: Vec<Descriptor>) -> Result<bool, Error> {
        let change = |index: Option<&Manifest>| {
            let is_there = |entry: &&Descriptor| match index.map(|index| &index.kind) {
                Some(registry::Kind::Index { manifests }) => {
                    manifests.iter().any(|other| other.digest == entry.digest)
                }
                _ => false,
            };
            Change { remove: entries.iter().filter(is_there).cloned().collect(), ..Change::default() }
        };
        let done = append(&self.writer, place, tag, Shape::Index, change).await?;
        let Some(digest) = done.document.filter(|_| done.written) else { return Ok(false) };
        let target = Target::Digest(digest);
        let is_empty = |manifest: &Manifest| matches!(&manifest.kind, registry::Kind::Index { manifests } if manifests.is_empty());
        // By its digest: if somebody has signed meanwhile, the tag names another index, and that one stays.
        if place.manifest(&target).await?.as_ref().is_some_and(is_empty) {
            return Ok(place.delete(&target).await.unwrap_or(false));
        }
        Ok(false)
    }

    fn say(&self, name: &str, context: &mut Context) {
        context.narrator.say(&format!("Removed {name} from {}", self.request.image));
    }
}

/// One failure as it is, several as parts of one.
fn failure(image: &str, mut failed: Vec<(String, Error)>) -> Result<Vec<u8>, Error> {
    let Some((_, first)) = failed.first() else { return Ok(Vec::new()) };
    let kind = first.kind;
    if failed.len() == 1 {
        let (name, mut error) = failed.remove(0);
        error.causes.insert(
            0,
            std::mem::replace(&mut error.message, format!("{name} could not be removed from {image}")),
        );
        return Err(error);
    }
    let new = Error::new(kind, format!("{} things could not be removed from {image}", failed.len()));
    Err(failed.into_iter().fold(new, |new, (name, error)| new.part(name, error)))
}
