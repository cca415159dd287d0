//! What `verify-blob` and `verify-blob-attestation` show.

use super::render::{self, Output};
use super::reports::Reports;
use super::run::{say_waivers, show_checks};
use crate::commands::{
    self, CandidateReport, Context, Error, Expected, PolicyReport, PolicyVerdict, Signer, VerifyFilesRequest,
    VerifyRequest,
};

/// Verifies one file.
///
/// # Errors
/// Whatever is met; a report that cannot be written.
pub async fn one(request: &VerifyRequest, context: &mut Context, output: &mut Output) -> Result<(), Error> {
    let reports = Reports::open(&request.reports)?;
    let (report, result) = commands::verify(request, context).await;
    reports.write(&report, context, output)?;
    if context.settings.verbose {
        show_checks(&report.candidates);
    }
    result?;
    // Nobody reads that it verified whose report was lost.
    output.flush()?;
    if request.expected == Expected::Signature {
        for CandidateReport { predicate_type, .. } in report.candidates.iter().filter(|one| one.verified) {
            if let Some(predicate_type) = predicate_type {
                render::say(&format!("The file is the subject of a statement of type {predicate_type}"));
            }
        }
    }
    say_waivers(&request.waivers, matches!(request.signer, Signer::Identity(_)));
    if let Some(flag) = request.waivers.claims {
        render::warn(&format!("The statement was not compared with a file ({flag})"));
    }
    render::say(word(report.policy.as_ref()));
    Ok(())
}

/// What is said of a file that is accepted: a policy file may ask for no signature.
fn word(policy: Option<&PolicyReport>) -> &'static str {
    match policy.map(|policy| policy.verdict) {
        Some(PolicyVerdict::AcceptedUnsigned) => "Accepted without a signature",
        _ => "Verified OK",
    }
}

/// Verifies several files.
///
/// # Errors
/// As [`one`].
pub async fn several(
    request: &VerifyFilesRequest,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let each = &request.each;
    let reports = Reports::open(&each.reports)?;
    let (report, result) = commands::verify_files(request, context).await;
    reports.write(&report, context, output)?;
    let files = || report.files.iter().flatten();
    if context.settings.verbose {
        files().for_each(|file| show_checks(&file.candidates));
    }
    // Nobody reads that something verified whose report was lost.
    output.flush()?;
    for file in files().filter(|file| file.verified) {
        render::say(&format!("{}: {}", file.name, word(file.policy.as_ref())));
    }
    say_waivers(&each.waivers, matches!(each.signer, Signer::Identity(_)));
    if let Some(flag) = each.waivers.claims {
        render::warn(&format!("No statement was compared with its file ({flag})"));
    }
    result
}
