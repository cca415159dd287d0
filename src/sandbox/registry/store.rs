//! Repositories in memory.

use std::collections::{BTreeMap, HashMap};

use hyper::body::Bytes;
use serde_json::Value;

/// All that a registry holds. Digests are text, well-formed and in lower case.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub repositories: BTreeMap<String, Repository>,
    pub uploads: HashMap<String, Upload>,
    /// How many uploads there ever were.
    pub started: u64,
}

/// A repository. It is there from its first blob or manifest on.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub blobs: BTreeMap<String, Bytes>,
    /// By digest.
    pub manifests: BTreeMap<String, Manifest>,
    /// Digests by tag.
    pub tags: BTreeMap<String, String>,
    /// Whether there ever was a tag.
    pub tagged: bool,
}

/// A manifest as it was pushed.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub media_type: String,
    pub bytes: Bytes,
    /// What the referrers API needs of it.
    pub subject: Option<Referrer>,
}

/// A manifest with a subject.
#[derive(Debug, Clone)]
pub(super) struct Referrer {
    /// The digest of the subject.
    pub subject: String,
    /// Its `artifactType`; of an image manifest without one, the media type of its config.
    pub artifact_type: Option<String>,
    pub annotations: Option<Value>,
}

/// An upload that is not over.
#[derive(Debug)]
pub(super) struct Upload {
    pub repository: String,
    /// What the client has to send back in the query.
    pub state: String,
    pub parts: Vec<u8>,
}

impl Store {
    /// The repository, made if it is not there.
    pub fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// Begins an upload; returns its identifier and its state.
    pub fn start_upload(&mut self, repository: &str) -> (String, String) {
        self.started += 1;
        // The form of a UUID, which some clients look at; not random, which nobody needs.
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.started, self.started);
        let state = format!("s{}=", self.started);
        let upload = Upload { repository: repository.to_owned(), state: state.clone(), parts: Vec::new() };
        self.uploads.insert(id.clone(), upload);
        (id, state)
    }
}

impl Repository {
    /// Stores a manifest under its digest, and under a tag if one is given.
    pub fn put_manifest(&mut self, digest: &str, tag: Option<&str>, manifest: Manifest) {
        self.manifests.insert(digest.to_owned(), manifest);
        if let Some(tag) = tag {
            self.tagged = true;
            self.tags.insert(tag.to_owned(), digest.to_owned());
        }
    }

    /// Removes a manifest and the tags that point to it; whether it was there.
    pub fn remove_manifest(&mut self, digest: &str) -> bool {
        self.tags.retain(|_, target| target != digest);
        self.manifests.remove(digest).is_some()
    }
}
