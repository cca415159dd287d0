//! `bundle inspect`: what a document says, without a word on whether that is true.

mod certificate;
mod content;
mod known;
mod log;
mod parts;
mod predicate;
mod problem;
mod recognise;
#[cfg(test)]
mod tests;
mod timestamp;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::{Context, Error, ErrorKind, Files};
use crate::bundle::{MAX_DOCUMENT, SignedEntity, VerificationMaterial};
use crate::commands::candidates::misplaced;
use crate::commands::facts::{DocumentFacts, KeyFacts, Part, Problem};
use crate::crypto::{DecodeError, DecodeKind};
use crate::storage::read_file;
use certificate::{CertificateFacts, SctFacts};
use content::ContentFacts;
pub(super) use known::Known;
use log::LogEntryFacts;
use parts::{MemberFacts, SignerFacts, members};
pub use predicate::bundle_predicate;
pub(super) use problem::{all as problems, is_repetition};
pub(super) use recognise::{Recognised, recognise};
use timestamp::TimestampFacts;

/// The name and version of the JSON.
pub const INSPECTION_SCHEMA: &str = "rcosign-inspection/v1";
/// What stands above everything that is shown.
const NOTE: &str =
    "NOTHING OF THIS WAS VERIFIED. It is what the document says; anybody can write such a document.";

/// What `bundle inspect` is asked for.
#[derive(Debug)]
pub struct BundleInspectRequest {
    /// The document; `-` is standard input.
    pub document: PathBuf,
    /// What of it.
    pub shown: InspectionShown,
}

/// What is shown of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InspectionShown {
    /// What is in it.
    Document,
    /// The predicate of its statement.
    Predicate,
    /// The command that verifies it.
    Command,
    /// A policy file that asks for its signer.
    PolicyFile,
}

impl BundleInspectRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default().and_read("document", file(&self.document))
    }
}

/// What is in a document. `docs/reference/inspection.md` describes each member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    note: &'static str,
    schema: &'static str,
    /// Always false.
    verified: bool,
    /// What is wrong with it, as far as that is visible in the document alone.
    problems: Vec<Problem>,
    document: DocumentFacts,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<SignerFacts>,
    certificates: Vec<CertificateFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyFacts>,
    detached_scts: Vec<SctFacts>,
    log_entries: Vec<LogEntryFacts>,
    timestamps: Vec<TimestampFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<ContentFacts>,
    /// The members of a JSON document that could not be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<MemberFacts>>,
}

/// Shows what is in a document. One that cannot be decoded is shown as far as it can be read, and is an error all the same.
///
/// # Errors
/// The document cannot be read; beside what is shown: it cannot be decoded.
pub fn bundle_inspect(
    request: &BundleInspectRequest,
    _: &mut Context,
) -> Result<(Inspection, Result<(), Error>), Error> {
    inspect(&request.document)
}

pub(super) fn inspect(path: &Path) -> Result<(Inspection, Result<(), Error>), Error> {
    let bytes = read(path)?;
    let source = path.display().to_string();
    Ok(match recognise(&bytes) {
        Ok(recognised) => (Inspection::of(source, &bytes, &recognised), Ok(())),
        Err(error) => {
            let inspection = Inspection::unreadable(source.clone(), &bytes, &error);
            let error = undecodable(&source, &error);
            let hint = misplaced(&bytes);
            (inspection, Err(hint.into_iter().fold(error, Error::hint)))
        }
    })
}

/// The file of this name; `None` for standard input.
pub(super) fn file(path: &Path) -> Option<&Path> {
    Some(path).filter(|path| path.as_os_str() != "-")
}

/// Reads the document.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_file("document", path, MAX_DOCUMENT as u64).map_err(|e| Error::file(&e))
}

/// The error of a document that cannot be decoded.
pub(super) fn undecodable(source: &str, error: &DecodeError) -> Error {
    Error::new(ErrorKind::Format, format!("`{source}` cannot be decoded")).caused_by(error)
}

impl Inspection {
    fn blank(source: String, format: String, bytes: &[u8]) -> Self {
        Self {
            note: NOTE,
            schema: INSPECTION_SCHEMA,
            verified: false,
            problems: Vec::new(),
            document: DocumentFacts {
                source,
                format: Some(format),
                media_type: None,
                bytes: Part::of(bytes),
            },
            signer: None,
            certificates: Vec::new(),
            key: None,
            detached_scts: Vec::new(),
            log_entries: Vec::new(),
            timestamps: Vec::new(),
            content: None,
            members: None,
        }
    }

    fn of(source: String, bytes: &[u8], recognised: &Recognised) -> Self {
        let known = Known::new();
        let mut this = Self::blank(source, recognised.format(), bytes);
        this.document.media_type = parts::media_type(recognised, bytes);
        match recognised {
            Recognised::Signed(_, entities) => this.signed(entities, &known),
            Recognised::Certificates(chain) => {
                this.signer = chain.first().map(SignerFacts::certificate);
                this.certificates = chain.iter().map(|c| CertificateFacts::of(c, &known)).collect();
            }
            Recognised::Key(key) => this.key = Some(KeyFacts::of(key)),
            Recognised::Entry(entry) => this.log_entries.push(LogEntryFacts::of(entry, &known)),
            Recognised::Timestamp(der) => this.timestamps.push(TimestampFacts::of(der)),
            Recognised::Statement(statement) => this.content = Some(ContentFacts::statement(statement)),
        }
        this
    }

    /// The entities of one document differ in their signatures alone.
    fn signed(&mut self, entities: &[SignedEntity], known: &Known) {
        let Some(entity) = entities.first() else { return };
        self.problems = problems(entities);
        self.signer = Some(SignerFacts::of(&entity.material));
        match &entity.material {
            VerificationMaterial::Certificate(chain) => {
                self.certificates = chain.iter().map(|c| CertificateFacts::of(c, known)).collect();
            }
            VerificationMaterial::PublicKey { embedded, .. } => {
                self.key = embedded.as_ref().map(KeyFacts::of);
            }
        }
        self.detached_scts = entity.detached_scts.iter().map(|sct| SctFacts::detached(sct, known)).collect();
        self.log_entries = entity.log_entries.iter().map(|entry| LogEntryFacts::of(entry, known)).collect();
        self.timestamps = entity.timestamps.iter().map(|der| TimestampFacts::of(der)).collect();
        self.content = ContentFacts::of(entities);
    }

    /// What can be read of a document that cannot be decoded: its members, and the certificates where they would be.
    fn unreadable(source: String, bytes: &[u8], error: &DecodeError) -> Self {
        let mut this = Self::blank(source, "unknown".to_owned(), bytes);
        let code = match error.kind {
            DecodeKind::Malformed => "decode",
            DecodeKind::Limit => "limit",
            DecodeKind::NoSignature => "no-signature",
        };
        this.problems.push(Problem { code, message: error.to_string() });
        let Some(document) = members(bytes) else { return this };
        let known = Known::new();
        this.document.media_type = document.media_type;
        this.certificates = document.certificates.iter().map(|c| CertificateFacts::of(c, &known)).collect();
        this.members = Some(document.members);
        this
    }
}
