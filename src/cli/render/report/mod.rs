//! A report in the form that was asked for: every form is made of the one [`Report`].

mod github;
mod junit;
mod sarif;
mod summary;
mod text;
mod words;

pub use summary::summary;

use std::path::Path;

use super::{Color, json};
use crate::commands::{Error, ErrorKind, Report, ReportFormat};

/// The report in this form.
///
/// # Errors
/// It cannot be written as JSON.
pub fn report(report: &Report, format: ReportFormat, color: Color) -> Result<String, Error> {
    Ok(match format {
        ReportFormat::Json => pretty(report)?,
        ReportFormat::Junit => junit::junit(report),
        ReportFormat::Sarif => pretty(&sarif::sarif(report))?,
        ReportFormat::Github => github::commands(report),
        ReportFormat::Text => text::text(report, color),
    })
}

/// JSON for people and programs, in lines, with nothing in it that a terminal would obey.
///
/// # Errors
/// It cannot be written as JSON.
pub fn pretty(value: &impl serde::Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Other, "the report cannot be written").caused_by(&error))?;
    Ok(format!("{}\n", json(&text)))
}

/// A file as those name it who look from where this program runs: code scanning and the runner find what is below that by a relative path,
/// and nothing by an absolute one.
fn from_here(file: &str) -> String {
    let below = |folder: std::path::PathBuf| {
        let rest = Path::new(file).strip_prefix(folder).ok()?;
        rest.to_str().filter(|rest| !rest.is_empty()).map(str::to_owned)
    };
    let plain = || file.strip_prefix("./").unwrap_or(file).to_owned();
    std::env::current_dir().ok().and_then(below).unwrap_or_else(plain)
}

#[cfg(test)]
mod tests;
