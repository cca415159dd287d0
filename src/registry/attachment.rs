//! Where what belongs to an image stands, in the tag scheme of cosign 2 and in the fallback of OCI 1.1.

use super::reference::{ReferenceError, Repository, TagReference, check_tag};
use crate::crypto::{Digest, HashAlgorithm};

/// What is attached to an image under a tag of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attachment {
    /// DSSE envelopes: `.att`.
    Attestation,
    /// A bill of materials: `.sbom`.
    Sbom,
    /// Simple-signing payloads with their signatures: `.sig`.
    Signature,
}

impl Attachment {
    /// The tag `[PREFIX]sha256-HEX.SUFFIX` of what belongs to the image `digest`.
    pub fn tag_of(self, prefix: &str, digest: &Digest) -> String {
        format!("{prefix}{}.{}", dashed(digest), self.suffix())
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Attestation => "att",
            Self::Sbom => "sbom",
            Self::Signature => "sig",
        }
    }
}

/// Where attachments are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachments {
    /// In this repository, not in that of the image (`COSIGN_REPOSITORY`).
    pub repository: Option<Repository>,
    /// What the tags begin with (`--attachment-tag-prefix`).
    pub tag_prefix: String,
}

impl Attachments {
    /// The repository of what belongs to images of `image`.
    pub fn repository<'a>(&'a self, image: &'a Repository) -> &'a Repository {
        self.repository.as_ref().unwrap_or(image)
    }

    /// The tag `[PREFIX]sha256-HEX.SUFFIX` of what belongs to the image `digest` of `image`.
    ///
    /// # Errors
    /// With the prefix it is none.
    pub fn tag(
        &self,
        image: &Repository,
        digest: &Digest,
        what: Attachment,
    ) -> Result<TagReference, ReferenceError> {
        self.repository(image).tagged(&what.tag_of(&self.tag_prefix, digest))
    }
}

/// Whether tags of attachments can begin with this text: every one of them has to be a tag.
///
/// # Errors
/// They would be too long, or hold what tags do not.
pub fn check_tag_prefix(prefix: &str) -> Result<(), ReferenceError> {
    let digest = HashAlgorithm::Sha256.digest(b"");
    let tag = Attachment::Sbom.tag_of(prefix, &digest);
    check_tag(&tag).map_err(|reason| ReferenceError::Tag { tag, reason })
}

/// The tag `sha256-HEX` under which referrers of `digest` are listed where the registry does not list them itself (OCI
/// distribution 1.1, "Referrers Tag Schema").
pub fn referrers_tag(digest: &Digest) -> String {
    dashed(digest)
}

fn dashed(digest: &Digest) -> String {
    digest.to_string().replacen(':', "-", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_cosign() {
        let image = Repository::parse("r.example/app/one").unwrap();
        let digest = HashAlgorithm::Sha256.digest(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let here = Attachments::default();
        for (what, suffix) in
            [(Attachment::Signature, "sig"), (Attachment::Attestation, "att"), (Attachment::Sbom, "sbom")]
        {
            let tag = here.tag(&image, &digest, what).unwrap();
            assert_eq!(tag.to_string(), format!("r.example/app/one:sha256-{hex}.{suffix}"));
        }
        assert_eq!(referrers_tag(&digest), format!("sha256-{hex}"));
        let there = Attachments {
            repository: Some(Repository::parse("127.0.0.1:1/sigs/here").unwrap()),
            tag_prefix: "pre-".to_owned(),
        };
        let tag = there.tag(&image, &digest, Attachment::Signature).unwrap();
        assert_eq!(tag.to_string(), format!("127.0.0.1:1/sigs/here:pre-sha256-{hex}.sig"));
    }

    #[test]
    fn a_prefix_that_makes_no_tag_is_refused() {
        let image = Repository::parse("r.example/app").unwrap();
        let digest = HashAlgorithm::Sha256.digest(b"");
        for prefix in ["a/b", "x y", &"p".repeat(60), "\u{e4}"] {
            let attachments = Attachments { tag_prefix: prefix.to_owned(), ..Attachments::default() };
            assert!(attachments.tag(&image, &digest, Attachment::Signature).is_err(), "{prefix}");
            assert!(check_tag_prefix(prefix).is_err(), "{prefix}");
        }
        for prefix in ["", "p-", "V1.2_", &"p".repeat(52)] {
            assert!(check_tag_prefix(prefix).is_ok(), "{prefix}");
        }
        assert!(check_tag_prefix(&"p".repeat(53)).is_err());
    }
}
