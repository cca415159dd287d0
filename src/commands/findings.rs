//! A report as a list of findings: one for each thing that was judged, whatever it is. Every form of a report but the JSON is made
//! of it.

use super::{CandidateReport, ErrorReport, ItemReport, NamedAt, PolicyReport, PolicyVerdict, Report};

/// What became of one image, of one file, or, where nothing was reached, of the run.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// As the user named it.
    pub name: &'a str,
    /// Where a file names it.
    pub named_at: Option<&'a NamedAt>,
    /// `algorithm:hex` of what was verified; empty where that is not known.
    pub digests: &'a [String],
    /// The platform that an index states.
    pub platform: Option<&'a str>,
    /// The image in whose index it was found.
    pub index: Option<&'a str>,
    /// Whether it was accepted: at least one candidate verified, unless [`Finding::is_unsigned`] or `resumed` says otherwise.
    pub verified: bool,
    /// When an earlier run verified it, which is why it was not judged again.
    pub resumed: Option<&'a str>,
    /// What a policy file said of it.
    pub policy: Option<&'a PolicyReport>,
    /// Each candidate signature.
    pub candidates: &'a [CandidateReport],
    /// Why it failed.
    pub error: Option<&'a ErrorReport>,
}

impl<'a> Finding<'a> {
    /// What became of one of several artifacts.
    fn of(item: &'a ItemReport) -> Self {
        Self {
            name: &item.name,
            named_at: item.named_at.as_ref(),
            digests: item.digests(),
            platform: item.platform.as_deref(),
            index: item.index.as_deref(),
            verified: item.verified,
            resumed: item.resumed.as_deref(),
            policy: item.policy.as_ref(),
            candidates: &item.candidates,
            error: item.error.as_ref(),
        }
    }

    /// Whether what was found speaks against it; else either it verified, or something kept it from being judged.
    pub fn is_refused(&self) -> bool {
        !self.verified && self.error.is_none_or(|error| error.kind.is_verdict())
    }

    /// Whether it was accepted because the policy file asks for nothing: no signature was verified.
    pub fn is_unsigned(&self) -> bool {
        self.verified && self.policy.is_some_and(|policy| policy.verdict == PolicyVerdict::AcceptedUnsigned)
    }

    /// The code of the reason that says most, or the name of the kind of failure; `None` where it verified.
    pub fn code(&self) -> Option<&'static str> {
        if self.verified {
            return None;
        }
        Some(self.error.map_or("none-valid", |error| error.reason.unwrap_or_else(|| error.kind.name())))
    }
}

impl Report {
    /// What was judged, in its order. Of a run that failed there is a finding that failed.
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let mut findings: Vec<_> = match (&self.images, &self.artifact) {
            (Some(images), _) => images.iter().map(Finding::of).collect(),
            (None, _) if let Some(files) = &self.files => files.iter().map(Finding::of).collect(),
            (None, Some(artifact)) => vec![Finding {
                digests: &artifact.digests,
                policy: self.policy.as_ref(),
                candidates: &self.candidates,
                ..self.run(&artifact.name)
            }],
            (None, None) if self.candidates.is_empty() => Vec::new(),
            (None, None) => vec![Finding {
                candidates: &self.candidates,
                policy: self.policy.as_ref(),
                ..self.run(self.command)
            }],
        };
        if !self.verified && findings.iter().all(|finding| finding.verified) {
            findings.push(self.run(self.command));
        }
        findings
    }

    /// What became of the run, under this name.
    fn run<'a>(&'a self, name: &'a str) -> Finding<'a> {
        Finding {
            name,
            named_at: None,
            digests: &[],
            platform: None,
            index: None,
            verified: self.verified,
            resumed: None,
            policy: None,
            candidates: &[],
            error: self.error.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{Error, ErrorKind};
    use crate::crypto::UnixTime;

    #[test]
    fn a_run_that_failed_has_a_finding_that_failed() {
        let mut report = Report::new("verify", UnixTime::from_seconds(0));
        assert_eq!(report.findings().len(), 1);
        assert!(!report.findings()[0].verified);
        report.fail(&Error::new(ErrorKind::Network, "x"));
        assert_eq!((report.findings()[0].name, report.findings()[0].code()), ("verify", Some("network")));
        assert!(!report.findings()[0].is_refused());
        let mut image = ItemReport::new("r/a".into());
        image.verified = true;
        report.images = Some(vec![image]);
        let findings = report.findings();
        assert_eq!((findings.len(), findings[0].code(), findings[1].code()), (2, None, Some("network")));
    }
}
