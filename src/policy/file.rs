//! The files of policies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Error;
#[cfg(feature = "cue")]
use super::cue;
#[cfg(any(feature = "cue", feature = "rego"))]
use super::guard::Guard;
#[cfg(feature = "rego")]
use super::rego;
use super::rules::Rule;
use crate::crypto::{Digest, HashAlgorithm, UnixTime};

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

impl Language {
    /// Whether this build has it.
    fn is_built(self) -> bool {
        match self {
            Self::Cue => cfg!(feature = "cue"),
            Self::Rego => cfg!(feature = "rego"),
        }
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
    #[cfg(feature = "cue")]
    pub(super) cue: Option<cue::Program>,
    #[cfg(feature = "rego")]
    pub(super) rego: Option<rego::Program>,
    /// Built-in rules, which are asked first.
    pub(super) rules: Arc<[Rule]>,
    /// The time that policies see.
    pub(super) now: UnixTime,
    /// The names of the CUE files and of the Rego files.
    names: [Vec<String>; 2],
    /// The SHA-256 digests of them, in the same order.
    digests: [Vec<Digest>; 2],
    /// Whether a statement is refused that lacks what a CUE policy constrains.
    pub(super) strict: bool,
    /// An evaluation was ended and may still hold what it took: nothing more is evaluated.
    ended: AtomicBool,
}

impl Policy {
    /// Reads policies and the documents that Rego finds beneath `data`; `now` is the time that policies see, and `strict` refuses
    /// a statement that lacks what a CUE policy constrains.
    ///
    /// # Errors
    /// A file of no known language, of one that this build leaves out, or that is none in its language; data that is neither
    /// JSON nor YAML, or that says two things of one name.
    pub fn load(
        files: Vec<PolicyFile>,
        data: Vec<PolicyFile>,
        now: UnixTime,
        strict: bool,
    ) -> Result<Self, Error> {
        let (mut cue, mut rego) = (Vec::new(), Vec::new());
        for file in files {
            match language(&file.name)? {
                Language::Cue => cue.push(file),
                Language::Rego => rego.push(file),
            }
        }
        for (language, files) in [(Language::Cue, &cue), (Language::Rego, &rego)] {
            if !files.is_empty() && !language.is_built() {
                return Err(Error::NotBuilt { language });
            }
        }
        let names = [&cue, &rego].map(|files| files.iter().map(|file| file.name.clone()).collect());
        let digest = |file: &PolicyFile| HashAlgorithm::Sha256.digest(&file.bytes);
        let digests = [&cue, &rego].map(|files| files.iter().map(digest).collect());
        #[cfg(not(feature = "rego"))]
        let _ = data;
        Ok(Self {
            #[cfg(feature = "cue")]
            cue: some(cue)
                .map(|files| Guard::default().run(move || cue::Program::new(files))?)
                .transpose()?,
            #[cfg(feature = "rego")]
            rego: some(rego)
                .map(|files| Guard::default().run(move || rego::Program::new(files, data, now))?)
                .transpose()?,
            rules: Arc::default(),
            now,
            names,
            digests,
            strict,
            ended: AtomicBool::new(false),
        })
    }

    /// The same with built-in rules, in this order.
    #[must_use]
    pub fn with_rules(self, rules: Vec<Rule>) -> Self {
        Self { rules: rules.into(), ..self }
    }

    /// The names of the files of a language, in the order in which they were named.
    pub fn files(&self, language: Language) -> &[String] {
        let [cue, rego] = &self.names;
        match language {
            Language::Cue => cue,
            Language::Rego => rego,
        }
    }

    /// The SHA-256 digests of the files of a language, in the same order.
    pub fn digests(&self, language: Language) -> &[Digest] {
        let [cue, rego] = &self.digests;
        match language {
            Language::Cue => cue,
            Language::Rego => rego,
        }
    }

    /// The languages that it has files of, in the order in which they are asked.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        [Language::Cue, Language::Rego].into_iter().filter(|language| !self.files(*language).is_empty())
    }

    /// Why no statement can pass: a policy in Rego without the rule that answers.
    pub fn unanswered(&self) -> Option<String> {
        #[cfg(feature = "rego")]
        let reason = self.rego.as_ref().and_then(rego::Program::unanswered);
        #[cfg(not(feature = "rego"))]
        let reason = None;
        reason
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

#[cfg(any(feature = "cue", feature = "rego"))]
fn some(files: Vec<PolicyFile>) -> Option<Vec<PolicyFile>> {
    (!files.is_empty()).then_some(files)
}
