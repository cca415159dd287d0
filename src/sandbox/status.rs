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
        let mut notes = self.notes.clone();
        let stopped = [self.rekor.log(), self.rekor2.log(), self.ct.log()].map(stopped);
        let is_stopped = stopped.iter().any(Option::is_some);
        notes.extend(stopped.into_iter().flatten());
        let faults: Vec<String> = self.faults.remaining().iter().map(ToString::to_string).collect();
        let clocks: Vec<String> = self.clocks.iter().map(ToString::to_string).collect();
        let names = self.contents.repositories();
        let images: usize = names.iter().map(|name| self.contents.manifests(name).len()).sum();
        json!({
            "running": true,
            "ready": self.ready.load(Ordering::Acquire) && !is_stopped,
            "folder": self.folder.display().to_string(),
            "pid": std::process::id(),
            "notes": notes,
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

/// What somebody has to be told of a log that takes no entries any more.
fn stopped(log: &Log) -> Option<String> {
    let reason = log.stop_reason()?;
    Some(format!("{}: takes no entries any more: {reason}: restart the sandbox", log.path().display()))
}

#[cfg(test)]
mod tests {
    use super::super::Folder;
    use super::*;

    #[test]
    fn a_log_that_has_stopped_is_told_of() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let log = Log::open(&folder, "rekor").unwrap();
        log.append_blocking(b"a leaf".to_vec(), Vec::new()).unwrap();
        assert_eq!(stopped(&log), None);
        // Nothing that is written there is ever found again.
        std::fs::remove_file(log.path()).unwrap();
        let error = log.append_blocking(b"another".to_vec(), Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with("the log takes no entries any more: "), "{error}");
        assert!(error.ends_with(": restart the sandbox"), "{error}");
        let told = stopped(&log).unwrap();
        assert!(
            told.contains("rekor.log: takes no entries any more: ") && told.ends_with("restart the sandbox")
        );
    }
}
