//! Under which name an image was signed: what simple-signing payloads say beside the digest (`critical.identity.docker-reference`).

use super::glob::{Subject, host_of};
use super::host::ambiguous_host;
use crate::registry::{Reference, Repository};
use crate::verify::Verified;

/// Under which repository a signature has to have been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedAs {
    /// That of the image.
    SameRepository,
    /// This one, in its one spelling.
    Repository(String),
}

impl SignedAs {
    /// Why a signature was made under another name than it should. One whose format holds no name was made under none.
    pub(super) fn objection(&self, verified: &Verified, subject: &Subject) -> Option<String> {
        let expected = match (self, subject) {
            (Self::Repository(name), _) => name.clone(),
            // An image on this machine has a name that no signature has.
            (Self::SameRepository, Subject::Image { name, .. }) => {
                named(name).unwrap_or_else(|| name.clone())
            }
            (Self::SameRepository, Subject::File(_)) => {
                return Some("what was signed has no repository, and `signed-as` asks for one".to_owned());
            }
        };
        let Some(payload) = verified.claim().proven().and_then(|claim| claim.simple_signing()) else {
            return Some(
                "it is in a bundle, which does not say under which name the image was signed, and `signed-as` asks for that: signatures of `rcosign sign --new-bundle-format=false` say it"
                    .to_owned(),
            );
        };
        let found = named(&payload.reference);
        (found.as_ref() != Some(&expected)).then(|| {
            format!(
                "it was signed under the name `{}`, and `signed-as` asks for `{expected}`",
                payload.reference
            )
        })
    }
}

/// The repository that a signature names, with its registry, in the one spelling that patterns compare. `None` where it names none.
fn named(reference: &str) -> Option<String> {
    Reference::parse(reference).ok().and_then(|reference| spelled(reference.repository()).ok())
}

/// A repository that a policy names, with its registry, in the same spelling.
///
/// # Errors
/// In words: why it is none, by the grammar of all references.
pub fn repository(name: &str) -> Result<String, String> {
    let host = name.split_once('/').map_or("", |(host, _)| host);
    if host.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(format!("its registry is written in small letters: `{}`", host.to_ascii_lowercase()));
    }
    spelled(&Repository::parse(name).map_err(|error| error.to_string())?)
}

fn spelled(repository: &Repository) -> Result<String, String> {
    let name = repository.to_string();
    let (host, path) = name.split_once('/').unwrap_or((&name, ""));
    match ambiguous_host(host) {
        None => Ok(format!("{}/{path}", host_of(host))),
        Some(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_spelling() {
        for (name, expected) in [
            ("registry.example/team/app", Some("registry.example/team/app")),
            ("registry.example:443/app", Some("registry.example/app")),
            ("alpine", Some("index.docker.io/library/alpine")),
            ("docker.io/team/app", Some("index.docker.io/team/app")),
            // As all tools of the Go world read it.
            ("localhost/app", Some("index.docker.io/localhost/app")),
            ("localhost:5000/app", Some("localhost:5000/app")),
            ("", None),
            ("registry.example/", None),
            ("registry.example//app", None),
            ("registry.example/ app", None),
            ("registry.example/App", None),
            ("Registry.Example/app", None),
            ("registry.example/app:v1", None),
            ("localhost:5000/acme/old:9.9", None),
            ("registry.example/app:!!bad", None),
            ("registry.example/app@sha256:00", None),
            ("registry.example/*", None),
            ("registry.example:0443/app", None),
            ("https://registry.example/app", None),
        ] {
            assert_eq!(repository(name).ok().as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_reference_names_no_repository() {
        let digest = format!("registry.example:5000/app@sha256:{}", "a".repeat(64));
        for (reference, expected) in [
            ("registry.example/team/app:v1", Some("registry.example/team/app")),
            (&digest, Some("registry.example:5000/app")),
            // Names of hosts have no case, and whoever signs may write them in any.
            ("Registry.Example:443/app:v1", Some("registry.example/app")),
            ("team/app:1", Some("index.docker.io/team/app")),
            ("app:!!bad", None),
            ("registry.example/app:!!bad", None),
            ("registry.example/app@sha256:00", None),
            ("registry.example/app:v1:v2", None),
            ("registry.example./app", None),
        ] {
            assert_eq!(named(reference).as_deref(), expected, "{reference}");
        }
    }
}
