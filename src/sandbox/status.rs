//! What a sandbox that runs says of itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::ct::CertificateLog;
use super::documents::Addresses;
use super::faults::{Faults, WrongClock};
use super::log::Log;
use super::registry::Contents;
use super::rekor::{RekorV1, RekorV2};

/// The services that have something to say.
pub(super) struct Witnesses {
    pub folder: PathBuf,
    pub addresses: Addresses,
    pub rekor: Arc<RekorV1>,
    pub rekor2: Arc<RekorV2>,
    pub ct: Arc<CertificateLog>,
    pub contents: Contents,
    pub notes: Vec<String>,
    pub ready: Arc<AtomicBool>,
    pub faults: Faults,
    pub clocks: Vec<WrongClock>,
    /// The verifier key of the witness, if there is one.
    pub witness: Option<String>,
}

impl Witnesses {
    /// Addresses, how much is in the logs and in the registry, checkpoints; what is wrong on purpose.
    pub fn status(&self) -> Value {
        let signed = |log: &Log, checkpoint: Option<String>| {
            let checkpoint = checkpoint.unwrap_or_default();
            json!({ "entries": log.size(), "checkpoint": checkpoint.trim_end().lines().collect::<Vec<_>>() })
        };
        let faults: Vec<String> = self.faults.remaining().iter().map(ToString::to_string).collect();
        let clocks: Vec<String> = self.clocks.iter().map(ToString::to_string).collect();
        let names = self.contents.repositories();
        let images: usize = names.iter().map(|name| self.contents.manifests(name).len()).sum();
        json!({
            "running": true,
            "ready": self.ready.load(Ordering::Acquire),
            "folder": self.folder.display().to_string(),
            "pid": std::process::id(),
            "notes": self.notes,
            "addresses": self.addresses.to_json(),
            "logs": {
                "rekor": signed(self.rekor.log(), self.rekor.checkpoint().ok()),
                "rekor2": signed(self.rekor2.log(), self.rekor2.checkpoint().ok()),
                "ct": { "entries": self.ct.log().size() },
            },
            "registry": { "repositories": names.len(), "manifests": images },
            "witness": self.witness,
            "faults": faults,
            "clocks": clocks,
        })
    }
}
