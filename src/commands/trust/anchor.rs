//! Which root of a repository is believed at first, and in which folder of the cache it is kept.

use super::cache::{Cache, Origin, Owner};
use super::repository::MAX_ROOT;
use crate::commands::bundle::flag;
use crate::commands::{Error, ErrorKind};
use crate::crypto::sha256;
use crate::http::{self, Redacted};
use crate::services::tuf;

/// The root that somebody names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub root: Vec<u8>,
    /// The flag or the variable.
    pub by: &'static str,
}

/// What a repository is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To choose it: what is given is believed from now on.
    Choose,
    /// For this run, as it was chosen before.
    Chosen,
    /// For this run, as the environment names it, or nobody does.
    Named,
}

/// Where to begin.
#[derive(Debug)]
pub(super) struct Anchor {
    /// The folder in the cache.
    pub folder: String,
    /// Whether what is in it is that of the repository.
    pub reads: bool,
    /// The root that is believed at first.
    pub root: Vec<u8>,
    /// The root that has to be among those that follow, byte for byte.
    pub passes: Option<Vec<u8>>,
    /// The root of another repository, of which this one may be a copy.
    pub borrowed: bool,
    /// Whether a root lies in the folder that nothing of the repository ever came of.
    pub left_over: bool,
    origin: Origin,
}

impl Anchor {
    /// What is said of the folder once `root` is believed.
    pub fn origin(&self, root: &[u8]) -> Origin {
        Origin { root: root.to_vec(), ..self.origin.clone() }
    }

    /// Decides it.
    ///
    /// # Errors
    /// The address is none, a given root is none; what is kept of a repository that is not built in is of no use.
    pub fn of(cache: &Cache, mirror: &str, given: Option<&Given>, purpose: Purpose) -> Result<Self, Error> {
        if let Some(given) = given {
            version(&given.root).map_err(|error| error.cause(format!("named by {}", given.by)))?;
        }
        let Some(folder) = tuf::folder_of(mirror) else {
            let message = format!("`{}` is not the address of a TUF repository", Redacted(mirror));
            return Err(Error::usage(message));
        };
        match tuf::known(mirror) {
            Some(known) => built_in(cache, known, given),
            None => private(cache, mirror, &folder, given, purpose),
        }
    }
}

/// A repository whose root is built in. Whatever is kept of it has to come of that root, and the one that is given as well.
fn built_in(cache: &Cache, known: &tuf::Known, given: Option<&Given>) -> Result<Anchor, Error> {
    let folder = tuf::folder_of(known.mirror).unwrap_or_default();
    let anchor = digest(known.root);
    let (seen, reads) = match cache.owner(&folder) {
        Owner::Known(origin) if origin.mirror == known.mirror => {
            let comes_of_it = origin.anchor == anchor && version(&origin.root).is_ok();
            (comes_of_it.then_some(origin.root), true)
        }
        Owner::Unknown => (None, true),
        Owner::Known(_) | Owner::Unreadable => (None, false),
    };
    let seen = seen.unwrap_or_else(|| known.root.to_vec());
    let (root, passes) = match given {
        None => (seen, None),
        Some(given) if given.root == seen => (seen, None),
        Some(given) if version(&given.root)? < version(&seen)? => (given.root.clone(), Some(seen)),
        Some(given) => (seen, Some(given.root.clone())),
    };
    let origin = Origin { mirror: known.mirror.to_owned(), anchor, root: Vec::new() };
    Ok(Anchor { folder, reads, root, passes, borrowed: false, left_over: false, origin })
}

/// Any other repository.
fn private(
    cache: &Cache,
    mirror: &str,
    shared: &str,
    given: Option<&Given>,
    purpose: Purpose,
) -> Result<Anchor, Error> {
    let name = http::without_user(mirror).trim_end_matches('/').to_owned();
    let (folder, reads) = place(cache, &name, shared, purpose);
    // cosign leaves the public root there when nothing came of the repository.
    let left_over =
        matches!(cache.owner(&folder), Owner::Unknown) && !is_there(cache, &folder, "timestamp.json");
    let anchor_at = |folder: String, reads, seen: Option<Origin>, root: Vec<u8>, passes| {
        let anchor = seen.map_or_else(|| digest(&root), |seen| seen.anchor);
        let origin = Origin { mirror: name.clone(), anchor, root: Vec::new() };
        Anchor { folder, reads, root, passes, borrowed: false, left_over, origin }
    };
    // A damaged root is an error only where nobody gives another one.
    let seen = if reads { seen(cache, mirror, &name, &folder) } else { Ok(None) };
    let Some(given) = given else {
        return match seen? {
            Some(seen) => {
                let anchor = anchor_at(folder, reads, Some(seen.clone()), seen.root, None);
                Ok(Anchor { borrowed: left_over, ..anchor })
            }
            None if purpose == Purpose::Chosen => Err(lost(cache, mirror, &folder).cause("it is not there")),
            None => {
                let root = tuf::SIGSTORE.root.to_vec();
                Ok(Anchor { borrowed: true, ..anchor_at(folder, reads, None, root, None) })
            }
        };
    };
    let seen = seen.unwrap_or(None);
    if let Some(seen) = &seen
        && (seen.anchor == digest(&given.root) || seen.root == given.root)
    {
        return Ok(anchor_at(folder, reads, Some(seen.clone()), seen.root.clone(), None));
    }
    if purpose == Purpose::Choose {
        let older = match &seen {
            Some(seen) => version(&given.root)? < version(&seen.root)?,
            None => false,
        };
        let passes = seen.filter(|_| older && !left_over).map(|seen| seen.root);
        return Ok(anchor_at(folder, reads, None, given.root.clone(), passes));
    }
    // For this run: in a folder of its own, so that what was chosen stays.
    let folder = own_folder(shared, &name, &given.root);
    Ok(match cache.owner(&folder) {
        Owner::Known(origin)
            if origin.mirror == name
                && origin.anchor == digest(&given.root)
                && version(&origin.root).is_ok() =>
        {
            anchor_at(folder, true, Some(origin.clone()), origin.root, None)
        }
        _ => anchor_at(folder, false, None, given.root.clone(), None),
    })
}

/// The folder of a repository, and whether what is in it is of that repository: the one that others use too, unless it is
/// another's.
fn place(cache: &Cache, name: &str, shared: &str, purpose: Purpose) -> (String, bool) {
    let is_of_another = tuf::is_folder_of_known(shared);
    let own = || {
        let folder = own_folder(shared, name, b"");
        let reads = matches!(cache.owner(&folder), Owner::Known(origin) if origin.mirror == name);
        (folder, reads)
    };
    if is_of_another {
        return own();
    }
    let is_chosen = || {
        let chosen = cache.mirror().ok().flatten();
        chosen.is_some_and(|chosen| http::without_user(&chosen).trim_end_matches('/') == name)
    };
    let is_empty = || !is_there(cache, shared, "root.json") && !is_there(cache, shared, "timestamp.json");
    let reads = match cache.owner(shared) {
        Owner::Known(origin) => origin.mirror == name,
        Owner::Unreadable => false,
        // Without our word: only where no other address has the same folder, or the choice names this one.
        Owner::Unknown => name.strip_prefix("https://") == Some(shared) || is_chosen() || is_empty(),
    };
    if reads || purpose == Purpose::Choose { (shared.to_owned(), reads) } else { own() }
}

/// Whether there is a file in a folder, of any use or none.
fn is_there(cache: &Cache, folder: &str, file: &str) -> bool {
    !matches!(cache.load(&format!("{folder}/{file}"), MAX_ROOT), Ok(None))
}

/// What is kept of a repository; `None` where nothing is.
fn seen(cache: &Cache, mirror: &str, name: &str, folder: &str) -> Result<Option<Origin>, Error> {
    let file = format!("{folder}/root.json");
    let lost = |reason: String| lost(cache, mirror, folder).cause(reason);
    let root = match cache.load(&file, MAX_ROOT) {
        Ok(Some(root)) => match tuf::root_version(&root) {
            Ok(_) => Some(root),
            Err(error) => return Err(lost(error.to_string())),
        },
        Ok(None) => None,
        Err(error) => return Err(lost(error.to_string())),
    };
    match (cache.owner(folder), root) {
        (Owner::Known(origin), Some(root)) if origin.mirror == name => {
            version(&origin.root)?;
            // Other programs go on in the same folder.
            let root = if tuf::succeeds(&origin.root, &root) { root } else { origin.root };
            Ok(Some(Origin { root, ..origin }))
        }
        (Owner::Unknown, Some(root)) => {
            Ok(Some(Origin { mirror: name.to_owned(), anchor: digest(&root), root }))
        }
        (Owner::Unknown, None) if !is_there(cache, folder, "timestamp.json") => Ok(None),
        (_, None) => Err(lost("it is not there".to_owned())),
        (_, Some(_)) => Ok(None),
    }
}

fn lost(cache: &Cache, mirror: &str, folder: &str) -> Error {
    let path = cache.path().map(|path| format!("{path}/{folder}/root.json")).unwrap_or_default();
    let shown = Redacted(mirror);
    Error::new(ErrorKind::TrustMaterial, format!("the root of {shown} in `{path}` cannot be used"))
        .hint(format!("name it again: `{} --root FILE`", initialize(mirror)))
}

/// The command that begins with a repository, as a shell takes it.
pub(super) fn initialize(mirror: &str) -> String {
    format!("initialize{}", flag("mirror", &Redacted(mirror).to_string(), "URL"))
}

/// A folder of no other repository, and of no other root.
fn own_folder(shared: &str, name: &str, root: &[u8]) -> String {
    let mut text = name.as_bytes().to_vec();
    text.push(0);
    text.extend(sha256(root));
    let digest = digest(&text);
    format!("{shared}-{}", digest.get(..16).unwrap_or(&digest))
}

fn version(root: &[u8]) -> Result<u64, Error> {
    tuf::root_version(root).map_err(|error| {
        Error::new(ErrorKind::TrustMaterial, "the root of a TUF repository cannot be used").caused_by(&error)
    })
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(sha256(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_their_own_differ_by_address_and_root() {
        let names = [("http://h/team/a", &b""[..]), ("http://h/team-a", b""), ("http://h/team/a", b"x")];
        let folders: std::collections::BTreeSet<_> =
            names.iter().map(|(name, root)| own_folder("h-team-a", name, root)).collect();
        assert_eq!(folders.len(), 3);
        assert!(folders.iter().all(|folder| folder.starts_with("h-team-a-")), "{folders:?}");
    }
}
