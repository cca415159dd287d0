//! A report in the form that was asked for: every form is made of the one [`Report`].

mod github;
mod junit;
mod sarif;
mod summary;
mod text;
mod words;

pub use summary::summary;

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

#[cfg(test)]
mod tests;
