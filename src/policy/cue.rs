//! CUE, by the room `cue`: all files are one package, in the part of the language that is judged, which is checked alone and then with
//! the statement.

use std::sync::Arc;

use super::decision::{By, Refusal, Unmet};
use super::input::Document;
use super::{Error, Language, PolicyFile};
use crate::cue::error::{Error as CueError, ErrorKind};
use crate::cue::load::{Package, load};
use crate::cue::statement::Json;
use crate::cue::{eval, eval::Report, subset};

/// Files that were read and checked. Their trees stay in the thread that makes them: each evaluation reads the files anew.
#[derive(Debug, Clone)]
pub(super) struct Program {
    files: Arc<[(String, Vec<u8>)]>,
}

impl Program {
    /// Reads the files, and checks what they say without any statement.
    ///
    /// # Errors
    /// They are no CUE, not one package, or contradict themselves; a construct that is not supported.
    pub(super) fn new(files: Vec<PolicyFile>) -> Result<Self, Error> {
        let program = Self { files: files.into_iter().map(|file| (file.name, file.bytes)).collect() };
        let package = program.package()?;
        eval::check(&package).map_err(|error| unusable(&package.name_file(error)))?;
        Ok(program)
    }

    /// Whether the statement fits: the fields that the policy constrains and the statement lacks.
    ///
    /// # Errors
    /// It does not, or that cannot be decided.
    pub(super) fn evaluate(&self, document: &Document) -> Result<Vec<String>, Refusal> {
        let package = self.package().map_err(Refusal::Error)?;
        let statement = Json::parse(document.text()).map_err(|error| refused(&error))?;
        let report = eval::validate(&package, &statement);
        let Report { absent } = report.map_err(|error| refused(&package.name_file(error)))?;
        Ok(absent)
    }

    fn package(&self) -> Result<Package, Error> {
        let package = load(&self.files).map_err(|error| unusable(&error))?;
        subset::check(&package).map_err(|error| unusable(&error))?;
        Ok(package)
    }
}

/// What is wrong with the policy itself.
fn unusable(error: &CueError) -> Error {
    match error.kind {
        ErrorKind::Limit => Error::Limit { reason: error.to_string() },
        _ => Error::Cue { reason: error.to_string() },
    }
}

/// What is wrong with the statement, as the policy sees it.
fn refused(error: &CueError) -> Refusal {
    match error.kind {
        ErrorKind::Limit => Refusal::Error(Error::Limit { reason: error.to_string() }),
        _ => Refusal::Unmet(Unmet::new(By::Language(Language::Cue), error.to_string())),
    }
}
