//! Paths and the names in them (OCI distribution specification 1.1, section "Pulling manifests").

use super::request::percent_decoded;
use crate::crypto::Digest;

/// What a path below `/v2/` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`.
    Base,
    /// `/v2/_catalog`.
    Catalog,
    /// `/v2/<name>/tags/list`.
    Tags(String),
    /// `/v2/<name>/manifests/<reference>`.
    Manifest(String, Reference),
    /// `/v2/<name>/blobs/<digest>`, the digest as it was written.
    Blob(String, String),
    /// `/v2/<name>/blobs/uploads/`.
    Uploads(String),
    /// `/v2/<name>/blobs/uploads/<id>`.
    Upload(String, String),
    /// `/v2/<name>/referrers/<digest>`, the digest as it was written.
    Referrers(String, String),
}

/// How a manifest is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    Tag(String),
    /// As it was written: with a colon in it.
    Digest(String),
}

impl Route {
    /// The route of a path as it was sent. `None` where there is none, which is also what names are answered with that are
    /// none.
    pub fn parse(path: &str) -> Option<Self> {
        let path = percent_decoded(path);
        let below = path.strip_prefix("/v2/")?;
        match below {
            "" => return Some(Self::Base),
            "_catalog" => return Some(Self::Catalog),
            _ => {}
        }
        let mut parts = below.rsplitn(4, '/');
        let (last, second, third, fourth) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        // The name may have slashes; the route is told by what comes after it.
        let name = |rest: Option<&str>| rest.filter(|name| is_repository(name)).map(str::to_owned);
        let before = |suffix: usize| below.get(..below.len().checked_sub(suffix)?);
        let short = || name(before(last.len() + second.len() + 2));
        if let ("blobs", "uploads", Some(repository)) = (third, second, fourth) {
            let repository = name(Some(repository))?;
            return Some(if last.is_empty() {
                Self::Uploads(repository)
            } else {
                Self::Upload(repository, last.to_owned())
            });
        }
        match second {
            "tags" if last == "list" => Some(Self::Tags(short()?)),
            "manifests" if last.contains(':') => {
                Some(Self::Manifest(short()?, Reference::Digest(last.to_owned())))
            }
            "manifests" if is_tag(last) => Some(Self::Manifest(short()?, Reference::Tag(last.to_owned()))),
            "blobs" if last.contains(':') => Some(Self::Blob(short()?, last.to_owned())),
            "referrers" => Some(Self::Referrers(short()?, last.to_owned())),
            _ => None,
        }
    }

    /// The repository, if it is about one.
    pub fn repository(&self) -> Option<&str> {
        match self {
            Self::Base | Self::Catalog => None,
            Self::Tags(name)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Referrers(name, _) => Some(name),
        }
    }
}

/// A digest that is well-formed, in its canonical text.
pub(super) fn digest(text: &str) -> Option<String> {
    Digest::parse(text).ok().map(|digest| digest.to_string())
}

/// Whether the bytes have this digest, which is well-formed.
pub(super) fn has_digest(bytes: &[u8], digest: &str) -> bool {
    Digest::parse(digest).is_ok_and(|digest| digest.algorithm().digest(bytes) == digest)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, at most 255 characters.
fn is_repository(name: &str) -> bool {
    let is_component = |component: &str| {
        let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let ends = component.starts_with(alphanumeric) && component.ends_with(alphanumeric);
        let separators = component.split(alphanumeric).filter(|separator| !separator.is_empty());
        ends && separators.into_iter().all(|s| [".", "_", "__"].contains(&s) || s.bytes().all(|b| b == b'-'))
    };
    name.len() <= 255 && name.split('/').all(is_component)
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_their_ends() {
        let name = "a/b".to_owned();
        for (path, expected) in [
            ("/v2/", Some(Route::Base)),
            ("/v2/_catalog", Some(Route::Catalog)),
            ("/v2/a/b/tags/list", Some(Route::Tags(name.clone()))),
            ("/v2/a/b/manifests/v1", Some(Route::Manifest(name.clone(), Reference::Tag("v1".into())))),
            (
                "/v2/a/b/manifests/sha256%3Aab",
                Some(Route::Manifest(name.clone(), Reference::Digest("sha256:ab".into()))),
            ),
            ("/v2/a/b/blobs/x:y", Some(Route::Blob(name.clone(), "x:y".into()))),
            ("/v2/a/b/blobs/uploads/", Some(Route::Uploads(name.clone()))),
            ("/v2/a/b/blobs/uploads/7", Some(Route::Upload(name.clone(), "7".into()))),
            ("/v2/a/b/referrers/x", Some(Route::Referrers(name, "x".into()))),
            // A repository may be called like a route.
            ("/v2/tags/tags/list", Some(Route::Tags("tags".into()))),
            (
                "/v2/a/blobs/uploads/manifests/v1",
                Some(Route::Manifest("a/blobs/uploads".into(), Reference::Tag("v1".into()))),
            ),
            ("/v2/uploads/", None),
            ("/v2/a", None),
            ("/v2/a/b", None),
            ("/v2/A/tags/list", None),
            ("/v2/a//tags/list", None),
            ("/v2//tags/list", None),
            ("/v2/a/../tags/list", None),
            ("/v2/a/manifests/.x", None),
            ("/v2/a/manifests/", None),
            ("/v2/a/blobs/junk", None),
            ("/v1/a/tags/list", None),
        ] {
            assert_eq!(Route::parse(path), expected, "{path}");
        }
    }

    #[test]
    fn names_follow_the_grammar() {
        for good in ["a", "a-b", "a--b", "a__b", "a.b", "a/b/c", "0"] {
            assert!(is_repository(good), "{good}");
        }
        for bad in ["", "a.", "-a", "a..b", "a___b", "a._b", "a/", "/a", "a b", "ä", &"a".repeat(256)] {
            assert!(!is_repository(bad), "{bad}");
        }
        assert!(is_tag("_") && is_tag(&"a".repeat(128)) && !is_tag(&"a".repeat(129)) && !is_tag("-a"));
    }
}
