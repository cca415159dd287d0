//! Under which name an image was signed: what simple-signing payloads say beside the digest (`critical.identity.docker-reference`).

use super::glob::{Subject, host_of};
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
            (Self::Repository(name), _) => name,
            (Self::SameRepository, Subject::Image { name, .. }) => name,
            (Self::SameRepository, Subject::File(_)) => {
                return Some("what was signed has no repository, and `signed-as` asks for one".to_owned());
            }
        };
        let Some(payload) = verified.claim().proven().and_then(|claim| claim.simple_signing()) else {
            return Some(
                "its format does not say under which name it was signed, and `signed-as` asks for that"
                    .to_owned(),
            );
        };
        let found = repository(&payload.reference);
        (found.as_ref() != Some(expected)).then(|| {
            format!(
                "it was signed under the name `{}`, and `signed-as` asks for `{expected}`",
                payload.reference
            )
        })
    }
}

/// The repository that a reference names, with its registry, in the one spelling that patterns compare: without tag and digest,
/// Docker Hub's names written out. `None` where it names none.
pub fn repository(reference: &str) -> Option<String> {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    let from = name.rfind('/').map_or(0, |slash| slash + 1);
    let name = match name.get(from..)?.find(':') {
        Some(at) => name.get(..from + at)?,
        None => name,
    };
    let is_host = |host: &str| host.contains(['.', ':']) || host == "localhost";
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if is_host(host) => (host, path),
        _ => ("docker.io", name),
    };
    if path.is_empty() || path.split('/').any(str::is_empty) || name.contains(char::is_whitespace) {
        return None;
    }
    let host = host_of(host);
    let library = if host == host_of("docker.io") && !path.contains('/') { "library/" } else { "" };
    Some(format!("{host}/{library}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_spelling() {
        for (reference, expected) in [
            ("registry.example/team/app", Some("registry.example/team/app")),
            ("registry.example/team/app:v1", Some("registry.example/team/app")),
            ("registry.example:5000/app:v1", Some("registry.example:5000/app")),
            ("Registry.Example:443/app@sha256:00", Some("registry.example/app")),
            ("alpine", Some("index.docker.io/library/alpine")),
            ("docker.io/team/app", Some("index.docker.io/team/app")),
            ("team/app:1", Some("index.docker.io/team/app")),
            ("localhost/app", Some("localhost/app")),
            ("", None),
            ("registry.example/", None),
            ("registry.example//app", None),
            ("registry.example/ app", None),
        ] {
            assert_eq!(repository(reference).as_deref(), expected, "{reference}");
        }
    }
}
