//! What the verification of a kit found: facts only. `docs/reference/kit.md` describes the JSON.

use serde::Serialize;

use crate::commands::{CandidateReport, Error, ErrorReport};
use crate::crypto::UnixTime;
use crate::storage::kit::{KitArtifact, Unpacked};

/// The version of the schema. A new member keeps it; a changed meaning does not.
pub const KIT_REPORT_SCHEMA: &str = "rcosign-kit-report/v1";

/// The verification of a kit, all artifacts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KitReport {
    /// [`KIT_REPORT_SCHEMA`].
    pub schema: &'static str,
    /// The command.
    pub command: &'static str,
    /// Whether every artifact has a verified signature. The only member that scripts have to look at.
    pub verified: bool,
    /// The time of judging, RFC 3339.
    pub time: String,
    /// The digest of the manifest; missing when the kit could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Where the trusted root came from; missing when none was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<String>,
    /// Each artifact, in the order of the manifest.
    pub artifacts: Vec<KitArtifactReport>,
    /// Why the run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// One artifact.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KitArtifactReport {
    /// Its name as it was packed.
    pub name: String,
    /// Its path below the folder; missing where the kit has its digest alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where its file is that was read in place of bytes in the kit. For people alone.
    #[serde(skip)]
    pub beside: Option<String>,
    /// `algorithm:hex`, those of the manifest; once it verified by its digest alone, those that a signature proves.
    pub digests: Vec<String>,
    /// Whether its bytes were read, from the kit or beside it; `false`: it was judged by its digest.
    pub read: bool,
    /// Whether at least one signature verified.
    pub verified: bool,
    /// Each signature of each bundle.
    pub candidates: Vec<CandidateReport>,
    /// Why none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

impl KitReport {
    pub(super) fn new(now: UnixTime) -> Self {
        Self {
            schema: KIT_REPORT_SCHEMA,
            command: "unpack",
            verified: false,
            time: now.to_string(),
            manifest: None,
            trusted_root: None,
            artifacts: Vec::new(),
            error: None,
        }
    }

    pub(super) fn of(&mut self, unpacked: &Unpacked) {
        self.manifest = Some(unpacked.sha256.to_string());
    }

    /// Notes why the run failed; whatever was verified before counts no more.
    pub(super) fn fail(&mut self, error: &Error) {
        self.verified = false;
        self.error = Some(ErrorReport::of(error));
    }
}

impl KitArtifactReport {
    pub(super) fn of(artifact: &KitArtifact) -> Self {
        Self {
            name: artifact.name.clone(),
            path: artifact.file.clone(),
            beside: None,
            digests: artifact.digests.iter().map(ToString::to_string).collect(),
            read: false,
            verified: false,
            candidates: Vec::new(),
            error: None,
        }
    }

    /// What it is called in messages: where it is, or, where it is nowhere, its name.
    pub fn shown(&self) -> &str {
        self.path.as_deref().or(self.beside.as_deref()).unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented schema allows what is written, and nothing of it is missing there.
    #[test]
    fn the_schema_describes_every_member() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../../docs/reference/kit-report.schema.json")).unwrap();
        assert_eq!(schema["properties"]["schema"]["const"], KIT_REPORT_SCHEMA);
        let mut report = KitReport::new(UnixTime::from_seconds(0));
        report.fail(&Error { reason: Some("log-unknown"), ..Error::usage("x") });
        report.manifest = Some("sha256:00".into());
        report.trusted_root = Some("r".into());
        report.artifacts.push(KitArtifactReport {
            name: "a".into(),
            path: Some("artifacts/a".into()),
            beside: None,
            digests: vec!["sha256:00".into()],
            read: true,
            verified: false,
            candidates: Vec::new(),
            error: report.error.clone(),
        });
        let written = serde_json::to_value(&report).unwrap();
        let names = |v: &serde_json::Value| {
            v.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&schema["properties"]), names(&written));
        let artifact = &schema["$defs"]["artifact"]["properties"];
        assert_eq!(names(artifact), names(&written["artifacts"][0]));
        // Written out there, so that one file says it all; each is that of the other reports.
        let other: serde_json::Value =
            serde_json::from_str(include_str!("../../../docs/reference/report.schema.json")).unwrap();
        for part in ["candidate", "check"] {
            assert!(schema["$defs"][part].is_object());
            assert_eq!(schema["$defs"][part], other["$defs"][part], "{part}");
        }
        assert!(!schema.to_string().contains(".json#"));
        assert_eq!(names(&schema["$defs"]["error"]["properties"]), names(&written["error"]));
    }
}
