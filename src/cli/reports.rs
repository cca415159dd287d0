//! Where reports go. Their places are secured before anything is judged: a verdict without its report is no success.

use std::io::Write;
use std::path::Path;

use super::render::{self, Color, Output};
use crate::commands::{self, Context, Error, ErrorKind, Report, ReportFormat, ReportRequest};
use crate::storage::{Access, PendingFile};

/// The reports that were asked for, one at most to standard output.
pub struct Reports(Vec<(ReportFormat, Option<PendingFile>)>);

impl Reports {
    /// Secures their places.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn open(requests: &[ReportRequest]) -> Result<Self, Error> {
        requests
            .iter()
            .map(|request| Ok((request.format, file(Some(request))?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether standard output is one's place.
    pub fn is_to_output(&self) -> bool {
        self.0.iter().any(|(_, file)| file.is_none())
    }

    /// Writes them, unless the command line was wrong and nothing was looked at.
    ///
    /// # Errors
    /// One of them cannot be written.
    pub fn write(self, report: &Report, context: &Context, output: &mut Output) -> Result<(), Error> {
        if report.is_of_nothing() {
            return Ok(());
        }
        for (format, file) in self.0 {
            let is_file = file.is_some() || output.place().is_some();
            let color = if is_file { Color::Off } else { Color::of_stdout(&*context.variables) };
            hand_out(&render::report(report, format, color)?, file, output)?;
            let asked = [ReportRequest { format, file: None }];
            if let Some(path) = commands::summary_of(&asked, &*context.variables) {
                append(&path, &render::summary(report))?;
            }
        }
        Ok(())
    }
}

/// Secures the place of a report that goes to a file.
///
/// # Errors
/// The file cannot be written.
pub fn file(report: Option<&ReportRequest>) -> Result<Option<PendingFile>, Error> {
    let path = report.and_then(|report| report.file.as_ref());
    let file = path.map(|path| PendingFile::create(path, Access::Owner)).transpose();
    file.map_err(|error| Error::output(&error))
}

/// Writes the text of a report to its file, or to standard output.
///
/// # Errors
/// It cannot be written.
pub fn hand_out(text: &str, file: Option<PendingFile>, output: &mut Output) -> Result<(), Error> {
    match file {
        None => output.data(text.as_bytes()),
        Some(mut file) => {
            file.push(text.as_bytes());
            file.commit().map_err(|error| Error::output(&error))?;
        }
    }
    Ok(())
}

/// Adds to the summary of a job, which other steps have written to as well.
fn append(path: &Path, text: &str) -> Result<(), Error> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let message = format!("the summary `{}` (GITHUB_STEP_SUMMARY) is no file", path.display());
        return Err(Error::new(ErrorKind::Format, message));
    }
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let message = format!("cannot write the summary `{}` (GITHUB_STEP_SUMMARY)", path.display());
        Error::new(ErrorKind::Format, message).caused_by(&error)
    })
}
