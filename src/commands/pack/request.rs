//! What `pack` is asked for.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::commands::Files;

/// What `pack` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRequest {
    /// The kit to write.
    pub out: PathBuf,
    /// Artifacts: files, or `algorithm:hex` where there is no such file.
    pub artifacts: Vec<OsString>,
    /// Bundles that tell themselves which artifact they are of.
    pub bundles: Vec<PathBuf>,
    /// Artifacts with a bundle that is theirs.
    pub pairs: Vec<(OsString, PathBuf)>,
    /// Files with public keys.
    pub keys: Vec<String>,
    /// A trusted root.
    pub trusted_root: PackedRoot,
    /// Leave the bytes of artifacts out.
    pub digests_only: bool,
}

/// The trusted root that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackedRoot {
    /// The one that is built in.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// None.
    None,
}

impl PackRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let root = match &self.trusted_root {
            PackedRoot::File(path) => Some(path.as_path()),
            PackedRoot::BuiltIn | PackedRoot::None => None,
        };
        let files = Files::default().and_read("trusted root", root).and_written("kit", Some(&self.out));
        let files = self.keys.iter().fold(files, |f, key| f.and_read("key", Some(Path::new(key))));
        let files = self.all_bundles().into_iter().fold(files, |f, path| f.and_read("bundle", Some(path)));
        let artifacts = self.all_artifacts().into_iter();
        artifacts.fold(files, |f, path| f.and_read("artifact", Some(Path::new(path))))
    }

    /// Every bundle once.
    pub(super) fn all_bundles(&self) -> Vec<&Path> {
        let mut seen = BTreeSet::new();
        let all = self.bundles.iter().chain(self.pairs.iter().map(|(_, bundle)| bundle));
        all.map(PathBuf::as_path).filter(|path| seen.insert(*path)).collect()
    }

    /// Every artifact once.
    pub(super) fn all_artifacts(&self) -> Vec<&OsStr> {
        let mut seen = BTreeSet::new();
        let all = self.artifacts.iter().chain(self.pairs.iter().map(|(artifact, _)| artifact));
        all.map(OsString::as_os_str).filter(|name| seen.insert(*name)).collect()
    }
}
