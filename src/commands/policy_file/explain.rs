//! `policy explain`: the verification itself, told at length.

use crate::commands::{CandidateReport, Files, PolicyReport, Report, VerifyImagesRequest, VerifyRequest};

/// What `policy explain` is asked for.
#[derive(Debug)]
pub enum PolicyExplainRequest {
    /// About an image.
    Image(Box<VerifyImagesRequest>),
    /// About a file.
    File(Box<VerifyRequest>),
}

impl PolicyExplainRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        match self {
            Self::Image(request) => request.files(),
            Self::File(request) => request.files(),
        }
    }
}

/// What the policy file said of each artifact of a report, with the candidates that were looked at.
pub fn explained(report: &Report) -> Vec<(&PolicyReport, &[CandidateReport])> {
    let images = report.images.iter().flatten();
    let images = images.filter_map(|image| Some((image.policy.as_ref()?, image.candidates.as_slice())));
    let file = report.policy.as_ref().map(|policy| (policy, report.candidates.as_slice()));
    file.into_iter().chain(images).collect()
}
