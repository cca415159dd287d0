//! The artifact of a verification: read once, by all that any candidate asks of it.

use std::path::PathBuf;

use super::candidates::Candidate;
use super::inputs::{Named, named};
use super::{Context, Error, Subject};
use crate::crypto::{Digest, Digests, Ed25519Stream, HashAlgorithm, Hasher};
use crate::payload::Artifact;
use crate::storage::{self, BlobSource, stream_blob};
use crate::verify::{StreamNeeds, VerificationPolicy, stream_needs};

/// Reads the artifact and computes all that any candidate will ask of it by any of these policies. `None`: the user asks for none.
pub(super) fn artifact(
    subject: &Subject,
    candidates: &[Candidate],
    policies: &[&VerificationPolicy],
    context: &Context,
) -> Result<Option<Artifact>, Error> {
    Reading::of(subject, candidates, policies, context)?.map(Reading::finish).transpose()
}

/// An artifact before it is read, with all that will be asked of it.
pub(super) enum Reading {
    /// It is known by its digests.
    Known(Artifact),
    /// It has to be read.
    Content { name: String, content: Content, hasher: Hasher, streams: Vec<Ed25519Stream> },
}

/// Where the bytes of an artifact are.
pub(super) enum Content {
    Bytes(Vec<u8>),
    Path(PathBuf),
}

impl Reading {
    /// What [`artifact`] will read.
    pub fn of(
        subject: &Subject,
        candidates: &[Candidate],
        policies: &[&VerificationPolicy],
        context: &Context,
    ) -> Result<Option<Self>, Error> {
        match subject {
            Subject::None => Ok(None),
            Subject::Digest { algorithm, hex } => {
                let algorithm = HashAlgorithm::from_name(algorithm)
                    .ok_or_else(|| Error::usage(format!("`{algorithm}` is not a known digest algorithm")))?;
                let digest = Digest::from_hex(algorithm, hex).map_err(|e| {
                    Error::usage(format!("`{hex}` is not a {algorithm} digest")).caused_by(&e)
                })?;
                Ok(Some(Self::Known(by_digest(digest.to_string(), digest.into()))))
            }
            Subject::Digests { name, digests } => {
                Ok(Some(Self::Known(by_digest(name.clone(), digests.clone()))))
            }
            Subject::Blob(argument) => {
                let needs: Vec<StreamNeeds> = candidates
                    .iter()
                    .flat_map(|c| policies.iter().map(|policy| stream_needs(&c.entity, policy)))
                    .collect();
                let content = match named("artifact", argument, context)? {
                    Named::Bytes(bytes) => Content::Bytes(bytes),
                    Named::Path(path) => Content::Path(path.to_owned()),
                };
                Ok(Some(Self::Content {
                    name: argument.to_string_lossy().into_owned(),
                    content,
                    hasher: Hasher::new(needs.iter().flat_map(|n| n.algorithms.iter().copied())),
                    streams: needs.iter().flat_map(StreamNeeds::ed25519_streams).collect(),
                }))
            }
        }
    }

    /// Reads it. Blocks.
    pub fn finish(self) -> Result<Artifact, Error> {
        match self {
            Self::Known(artifact) => Ok(artifact),
            Self::Content { name, content, hasher, streams } => by_content(name, &content, hasher, streams),
        }
    }
}

fn by_digest(name: String, digests: Digests) -> Artifact {
    Artifact { name, digests, ed25519: Vec::new() }
}

fn by_content(
    name: String,
    content: &Content,
    mut hasher: Hasher,
    mut streams: Vec<Ed25519Stream>,
) -> Result<Artifact, Error> {
    let mut take = |piece: &[u8]| {
        hasher.update(piece);
        streams.iter_mut().for_each(|s| s.update(piece));
    };
    let read = match content {
        Content::Bytes(bytes) => {
            take(bytes);
            Ok(())
        }
        Content::Path(path) => stream_blob(&BlobSource::from_argument(path.as_os_str()), take),
    };
    // A digest in place of a file, where there is no such file: a file is not verified by its own name. Cosign takes it in
    // capitals too.
    match (read, Digest::parse(&name.to_ascii_lowercase())) {
        (Ok(()), _) => {}
        (Err(storage::Error::Missing { .. }), Ok(digest)) => return Ok(by_digest(name, digest.into())),
        (Err(error), Err(cause)) if name.contains(':') => {
            return Err(Error::artifact(&error).cause(format!("nor is it the digest of one: {cause}")));
        }
        (Err(error), _) => return Err(Error::artifact(&error)),
    }
    let ed25519 = streams.into_iter().map(Ed25519Stream::finish).collect();
    Ok(Artifact { name, digests: hasher.finish(), ed25519 })
}
