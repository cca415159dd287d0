//! The files of policies.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Error;
#[cfg(feature = "rego")]
use super::guard::Guard;
#[cfg(feature = "rego")]
use super::rego::Program;
use crate::crypto::UnixTime;

/// A file, read.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// As it was named.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The languages of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// CUE: `.cue`.
    Cue,
    /// Rego: `.rego`.
    Rego,
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cue => "CUE",
            Self::Rego => "Rego",
        })
    }
}

/// The language of a policy, by the end of its name, as cosign tells it: whatever follows the last point.
///
/// # Errors
/// Another end, or none.
pub fn language(name: &str) -> Result<Language, Error> {
    let base = name.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or_default();
    match base.rsplit_once('.').map(|(_, end)| end) {
        Some("cue") => Ok(Language::Cue),
        Some("rego") => Ok(Language::Rego),
        _ => Err(Error::Format { file: name.to_owned() }),
    }
}

/// Policies that are ready: all files of a language are one policy, and a statement has to pass the one of each language.
#[derive(Debug)]
pub struct Policy {
    /// The names of the CUE files.
    cue: Vec<String>,
    /// The names of the Rego files.
    rego: Vec<String>,
    #[cfg(feature = "rego")]
    pub(super) program: Option<Program>,
    /// An evaluation was ended and may still hold what it took: nothing more is evaluated.
    ended: AtomicBool,
}

impl Policy {
    /// Reads policies and the documents that Rego finds beneath `data`; `now` is the time that policies see.
    ///
    /// # Errors
    /// A file of no known language, of one that this build leaves out, or that is none in its language; data that is neither
    /// JSON nor YAML, or that says two things of one name.
    pub fn load(files: Vec<PolicyFile>, data: Vec<PolicyFile>, now: UnixTime) -> Result<Self, Error> {
        let (mut cue, mut rego) = (Vec::new(), Vec::new());
        for file in files {
            match language(&file.name)? {
                Language::Cue => cue.push(file),
                Language::Rego => rego.push(file),
            }
        }
        let names = |files: &[PolicyFile]| files.iter().map(|file| file.name.clone()).collect();
        let (cue_names, rego_names) = (names(&cue), names(&rego));
        if !cue.is_empty() {
            return Err(Error::NotYet { language: Language::Cue });
        }
        #[cfg(not(feature = "rego"))]
        {
            let _ = (data, now);
            if !rego.is_empty() {
                return Err(Error::NotBuilt { language: Language::Rego });
            }
            Ok(Self { cue: cue_names, rego: rego_names, ended: AtomicBool::new(false) })
        }
        #[cfg(feature = "rego")]
        {
            let program = match rego.is_empty() {
                true => None,
                false => Some(Guard::default().run(move || Program::new(rego, data, now))??),
            };
            Ok(Self { cue: cue_names, rego: rego_names, program, ended: AtomicBool::new(false) })
        }
    }

    /// The names of the files of a language, in the order in which they were named.
    pub fn files(&self, language: Language) -> &[String] {
        match language {
            Language::Cue => &self.cue,
            Language::Rego => &self.rego,
        }
    }

    /// The languages that it has files of, in the order in which they are asked.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        [Language::Cue, Language::Rego].into_iter().filter(|language| !self.files(*language).is_empty())
    }

    /// Whether an evaluation was ended before.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Notes that one was ended.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
