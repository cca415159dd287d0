//! Policies of other programs, written as ours: ClusterImagePolicy of sigstore/policy-controller, and `policy.json` of containers
//! (containers-policy.json(5)).
//!
//! What is written accepts nothing that the source refuses. What cannot be said here refuses in its place, and a [`Note`] says where it
//! stands and why. Pure: files are named, and whoever calls writes them.

mod and;
mod authority;
mod containers;
mod controller;
mod draft;
mod glob;
mod identity;
mod scope;
#[cfg(test)]
mod tests;
mod write;

use serde_json::Value;

use super::PolicyFile;
use super::scoped::value::{Members, Place};
use super::scoped::{Fault, Path};

/// A document that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file.
    pub file: String,
    /// The number of the document, where there are several.
    pub number: Option<usize>,
    /// What it says.
    pub value: Value,
}

impl Source {
    /// The file, with the number of the document.
    fn name(&self) -> String {
        match self.number {
            Some(number) => format!("{} (document {number})", self.file),
            None => self.file.clone(),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Our policy file.
    pub text: String,
    /// What it names: keys and policies, by names without a folder.
    pub files: Vec<PolicyFile>,
    /// What is not as it was.
    pub notes: Vec<Note>,
}

impl Imported {
    /// Says that a key cannot be read on this machine, by its reference.
    pub fn unread_key(&mut self, file: &str, key: &str, reason: &str) {
        let reason = format!("the key `{key}` is none that can be read on this machine: {reason}");
        let note = Note::changed(file, &Path::default(), reason);
        let head = self.text.find('\n').map_or(0, |end| end + 1);
        self.text.insert_str(head, &write::line(&note.to_string(), ""));
        self.notes.push(note);
    }
}

/// Something to know about what was carried over, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it says of what is accepted.
    pub class: Class,
    /// The file.
    pub file: String,
    /// The place in it: `spec.authorities[0].key.secretRef`.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What a note says of what is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Something that the source accepts is refused now.
    LeftOut,
    /// It is said in another way, and nothing is refused for it that the source accepts.
    Changed,
    /// It means what it meant, and may not be what was thought of.
    Doubt,
}

impl Note {
    fn left_out(file: &str, path: &Path, reason: impl Into<String>) -> Self {
        Self { class: Class::LeftOut, file: file.to_owned(), path: path.to_string(), reason: reason.into() }
    }

    fn changed(file: &str, path: &Path, reason: impl Into<String>) -> Self {
        Self { class: Class::Changed, ..Self::left_out(file, path, reason) }
    }

    fn doubt(file: &str, path: &Path, reason: impl Into<String>) -> Self {
        Self { class: Class::Doubt, ..Self::left_out(file, path, reason) }
    }

    /// Whether something that the source accepts is refused now.
    pub fn is_refusal(&self) -> bool {
        self.class == Class::LeftOut
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.class {
            Class::LeftOut => "left out",
            Class::Changed => "changed",
            Class::Doubt => "note",
        };
        let path = if self.path.is_empty() { String::new() } else { format!(": {}", self.path) };
        write!(f, "{word}: {}{path}: {}", self.file, self.reason)
    }
}

/// Why a document is none that is read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The file.
    pub file: String,
    /// What is wrong, and where.
    pub fault: Fault,
}

/// What looks at Rego and CUE before it is written: the reason for which this program cannot read it.
pub type Checker<'a> = &'a dyn Fn(Vec<PolicyFile>) -> Option<String>;

/// Writes documents of one kind as one policy file. `stem` begins the names of the files that it names.
///
/// # Errors
/// There is nothing that is known; documents of two kinds, whose rules on what decides differ; one that cannot be read.
pub fn import(sources: &[Source], stem: &str, check: Checker<'_>) -> Result<Imported, Unusable> {
    let unusable = |source: &Source, reason: &str| Unusable {
        file: source.name(),
        fault: Fault::new(&Path::default(), reason),
    };
    let is_containers =
        |source: &&Source| source.value.get("default").is_some() && source.value.get("apiVersion").is_none();
    let draft = match sources.iter().find(is_containers) {
        Some(source) if sources.len() > 1 => {
            return Err(unusable(source, "a policy of containers decides alone: it is imported by itself"));
        }
        Some(source) => containers::read(source)?,
        None => controller::read(sources, check)?,
    };
    Ok(write::policy(draft, sources, stem))
}

/// The member of this name, where it has a value.
fn given<'a>(members: &Members<'a>, name: &str) -> Option<Place<'a>> {
    members.get(name).filter(|place| !place.value.is_null())
}

/// The items of a list, which may be empty.
fn items<'a>(place: &Place<'a>) -> Result<Vec<Place<'a>>, Fault> {
    if place.value.as_array().is_some_and(Vec::is_empty) { Ok(Vec::new()) } else { place.list() }
}
