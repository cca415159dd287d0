//! Repositories that are known by themselves, and names in the cache.

use crate::crypto::{DecodeError, Node, json};
use crate::http::without_user;

/// A repository whose root is built in.
#[derive(Debug)]
pub struct Known {
    /// Its address.
    pub mirror: &'static str,
    /// Its root, from `sigstore-trust-root` 0.15.1, folder `repository`, which takes it from the repository itself.
    pub root: &'static [u8],
}

/// Sigstore's public instance.
pub static SIGSTORE: Known =
    Known { mirror: "https://tuf-repo-cdn.sigstore.dev", root: include_bytes!("roots/sigstore.json") };

/// Sigstore's staging instance.
pub static STAGING: Known =
    Known { mirror: "https://tuf-repo-cdn.sigstage.dev", root: include_bytes!("roots/staging.json") };

/// GitHub's instance.
static GITHUB: Known =
    Known { mirror: "https://tuf-repo.github.com", root: include_bytes!("roots/github.json") };

/// The repository at an address, if it is known.
pub fn known(mirror: &str) -> Option<&'static Known> {
    let mirror = mirror.trim_end_matches('/');
    [&SIGSTORE, &STAGING, &GITHUB].into_iter().find(|known| known.mirror.eq_ignore_ascii_case(mirror))
}

/// Whether a folder is that of a repository that is known.
pub fn is_folder_of_known(folder: &str) -> bool {
    [&SIGSTORE, &STAGING, &GITHUB].into_iter().any(|known| folder_of(known.mirror).as_deref() == Some(folder))
}

/// The folder of a repository in the cache, as sigstore-go names it: the address in lower case without its scheme, with `-` in
/// place of slashes and colons, and without a name and a password. `None` for what could lead out of the cache (CVE-2026-24686).
/// Several addresses have the same folder: who uses it has to know whose it is.
pub fn folder_of(mirror: &str) -> Option<String> {
    let mirror = without_user(mirror);
    let name = mirror.strip_prefix("https://").unwrap_or(&mirror);
    let name = name.strip_prefix("http://").unwrap_or(name);
    let name = name.replace(['/', ':', '\\'], "-").to_lowercase();
    let is_name = name.chars().any(|c| c != '.' && c != '-') && !name.contains(char::is_control);
    is_name.then_some(name)
}

/// The address in `remote.json`, where cosign's cache says which repository is meant.
///
/// # Errors
/// The file is not what it should be.
pub fn mirror_of(remote: &[u8]) -> Result<String, DecodeError> {
    let what = "remote.json";
    let value = json::parse(what, remote)?;
    Ok(Node::root(what, &value).member("mirror")?.non_empty_text()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sha256;
    use crate::services::tuf::root_version;

    #[test]
    fn cve_2026_24686_folders_are_named_as_in_sigstore_go() {
        for (mirror, folder) in [
            ("https://tuf-repo-cdn.sigstore.dev", Some("tuf-repo-cdn.sigstore.dev")),
            ("http://127.0.0.1:8705", Some("127.0.0.1-8705")),
            ("https://H.example/a/b/", Some("h.example-a-b-")),
            ("https://http://x", Some("x")),
            ("https://me:secret@h.example/a", Some("h.example-a")),
            ("https:me:secret@h.example/a", Some("h.example-a")),
            ("https:///me:secret@h.example/a", Some("h.example-a")),
            ("http://\\me:secret@h.example/a", Some("h.example-a")),
            ("http://me:a/secret@h.example/a", Some("h.example-a")),
            ("https://me@..", None),
            ("https://..", None),
            ("..", None),
            ("", None),
            ("https://", None),
            ("https://../..", None),
            ("https://a\\..\\b", Some("a-..-b")),
            ("https://a\0", None),
        ] {
            assert_eq!(folder_of(mirror).as_deref(), folder, "{mirror}");
        }
    }

    #[test]
    fn the_mirror_is_read() {
        assert_eq!(mirror_of(br#"{"mirror":"http://127.0.0.1:8705"}"#).unwrap(), "http://127.0.0.1:8705");
        for text in ["", "null", "{}", r#"{"mirror":1}"#, r#"{"mirror":""}"#] {
            assert!(mirror_of(text.as_bytes()).is_err(), "{text}");
        }
    }

    /// The files are what somebody looked at.
    #[test]
    fn roots_are_those_of_their_repositories() {
        for (known, version, digest) in [
            (&SIGSTORE, 16, "27aea7e372aa7864065174f0661784fcf8b0e28b1dbfebeada31a0f1fb19167f"),
            (&STAGING, 15, "3cfd686011642e1fe151d5e413524bc1fe47ac69e87d44a33a811d04fe1795b9"),
            (&GITHUB, 9, "eb303461e0109458144b6ebcbfd62aaa6f6d7481e9ca77504b85f17761661462"),
        ] {
            assert_eq!(root_version(known.root).unwrap(), version);
            assert_eq!(hex::encode(sha256(known.root)), digest, "{}", known.mirror);
        }
    }
}
