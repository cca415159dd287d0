//! `policy explain`: the verification itself, told at length.

use crate::commands::{Files, PolicyReport, Report, VerifyImagesRequest, VerifyRequest};

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

/// What the policy file said of each artifact of a report.
pub fn explained(report: &Report) -> Vec<&PolicyReport> {
    let images = report.images.iter().flatten().filter_map(|image| image.policy.as_ref());
    report.policy.iter().chain(images).collect()
}
