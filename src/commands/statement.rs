//! From predicate files and statement files to the bytes that `attest` and `attest-blob` sign.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{Context, Error, ErrorKind, StatementSource};
use crate::attest::{self, Attestation, PredicateType, TypedPredicate};
use crate::crypto::{Digest, Digests, HashAlgorithm, Hasher};
use crate::payload::{Artifact, Subject};
use crate::storage::{BlobSource, read_file, stream_blob};

/// Predicates and statements: the size of a large SBOM many times over.
const MAX_STATEMENT: u64 = 160 << 20;

/// How many parts of the statement are to be read from standard input, which can be read once.
pub(super) fn standard_inputs(source: &StatementSource) -> usize {
    let (document, blob) = match source {
        StatementSource::Predicate { predicate, blob, digest, .. } => {
            (predicate, digest.is_none().then_some(blob.as_os_str()))
        }
        StatementSource::Statement { statement, blob } => (statement, blob.as_deref()),
    };
    usize::from(document.as_os_str() == "-") + usize::from(blob == Some(OsStr::new("-")))
}

/// The bytes of the statement, and an artifact that it is about, for the self-check.
pub(super) fn statement(
    source: &StatementSource,
    context: &mut Context,
) -> Result<(Vec<u8>, Artifact), Error> {
    if standard_inputs(source) > 1 {
        return Err(Error::usage("standard input (`-`) is to be read as two things at once")
            .hint("write one of them into a file"));
    }
    match source {
        StatementSource::Predicate { predicate, predicate_type, blob, digest } => {
            let kind = predicate_kind(predicate_type)?;
            let digest = match digest {
                Some(text) => attest::hash_flag(text)
                    .map_err(|e| Error::usage("--hash cannot be used").caused_by(&e))?,
                None => {
                    let digest = sha256_of(blob)?;
                    say_payload(blob, context);
                    digest
                }
            };
            let statements = Statements::of_predicate(predicate, &kind, context)?;
            Ok((statements.about(subject_name(blob), &digest)?, blob_artifact(blob, digest.into())))
        }
        StatementSource::Statement { statement: path, blob } => {
            let Attestation { payload, statement } = whole_statement(path, context)?;
            let artifact = match blob {
                Some(blob) => blob_artifact(blob, sha256_of(blob)?.into()),
                None => {
                    let digest = statement.subjects.iter().find_map(Subject::known_digest);
                    let digest = digest.ok_or_else(|| {
                        unusable("statement", path)
                            .cause("no subject has a digest by an algorithm that is understood")
                    })?;
                    blob_artifact(path.as_os_str(), digest.into())
                }
            };
            if statement.matches(&artifact.digests).is_none() {
                let cause = format!("none of its subjects has the digest of `{}`", artifact.name);
                return Err(unusable("statement", path).cause(cause));
            }
            Ok((payload, artifact))
        }
    }
}

/// What statements are made from, read once, however many artifacts they are about.
pub(super) struct Statements {
    file: PathBuf,
    source: Made,
}

enum Made {
    Predicate(TypedPredicate),
    Whole(Attestation),
}

impl Statements {
    /// From a predicate.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or is not what its type says.
    pub(super) fn of_predicate(
        file: &Path,
        kind: &PredicateType,
        context: &mut Context,
    ) -> Result<Self, Error> {
        let text = read_statement("predicate", file, context)?;
        let typed = TypedPredicate::new(kind, text, context.now);
        let typed = typed.map_err(|e| refused("predicate", file, &e))?;
        Ok(Self { file: file.to_owned(), source: Made::Predicate(typed) })
    }

    /// A statement that was written elsewhere.
    ///
    /// # Errors
    /// The file cannot be read, or is none.
    pub(super) fn whole(file: &Path, context: &mut Context) -> Result<Self, Error> {
        Ok(Self { file: file.to_owned(), source: Made::Whole(whole_statement(file, context)?) })
    }

    /// The file that was read.
    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// The size of what is said, in bytes.
    pub(super) fn size(&self) -> usize {
        match &self.source {
            Made::Predicate(typed) => typed.size(),
            Made::Whole(made) => made.payload.len(),
        }
    }

    /// The type of the predicate.
    pub(super) fn predicate_type(&self) -> &str {
        match &self.source {
            Made::Predicate(typed) => typed.uri(),
            Made::Whole(made) => &made.statement.predicate_type,
        }
    }

    /// Whether an artifact with these digests can be the subject: any, unless somebody else wrote the statement.
    pub(super) fn are_about(&self, digests: &Digests) -> bool {
        match &self.source {
            Made::Predicate(_) => true,
            Made::Whole(made) => made.statement.matches(digests).is_some(),
        }
    }

    /// The payload about the artifact with this name and digest. One that was written elsewhere is what it is.
    ///
    /// # Errors
    /// The statement is too large.
    pub(super) fn about(&self, name: String, digest: &Digest) -> Result<Vec<u8>, Error> {
        match &self.source {
            Made::Predicate(typed) => {
                typed.about(Subject::new(name, digest)).map_err(|e| refused("predicate", &self.file, &e))
            }
            Made::Whole(made) => Ok(made.payload.clone()),
        }
    }
}

fn whole_statement(file: &Path, context: &mut Context) -> Result<Attestation, Error> {
    let text = read_statement("statement", file, context)?;
    attest::statement_file(&text).map_err(|e| refused("statement", file, &e))
}

/// The type that is meant by `--type`.
///
/// # Errors
/// It is neither a short name nor a URI.
pub(super) fn predicate_kind(typed: &str) -> Result<PredicateType, Error> {
    PredicateType::parse(typed).map_err(|e| Error::usage("--type cannot be used").caused_by(&e))
}

fn read_statement(what: &'static str, path: &Path, context: &mut Context) -> Result<Vec<u8>, Error> {
    let text = read_file(what, path, MAX_STATEMENT).map_err(|e| Error::file(&e))?;
    say_payload(path.as_os_str(), context);
    Ok(text)
}

fn refused(what: &str, path: &Path, error: &attest::AttestError) -> Error {
    let unusable = unusable(what, path).caused_by(error);
    Error { kind: if error.is_limit() { ErrorKind::LimitExceeded } else { unusable.kind }, ..unusable }
}

pub(super) fn unusable(what: &str, path: &Path) -> Error {
    Error::new(ErrorKind::Format, format!("{what} `{}` cannot be used", path.display()))
}

fn sha256_of(blob: &OsStr) -> Result<Digest, Error> {
    let mut hasher = Hasher::new([HashAlgorithm::Sha256]);
    stream_blob(&BlobSource::from_argument(blob), |piece| hasher.update(piece))
        .map_err(|e| Error::artifact(&e))?;
    let digest = hasher.finish().get(HashAlgorithm::Sha256).cloned();
    digest.ok_or_else(|| Error::new(ErrorKind::Other, "the artifact was not hashed"))
}

/// The last part of the path, as cosign names a subject.
fn subject_name(blob: &OsStr) -> String {
    Path::new(blob).file_name().unwrap_or(blob).to_string_lossy().into_owned()
}

pub(super) fn blob_artifact(name: &OsStr, digests: Digests) -> Artifact {
    Artifact { name: name.to_string_lossy().into_owned(), digests, ed25519: Vec::new() }
}

pub(super) fn say_payload(argument: &OsStr, context: &mut Context) {
    if argument != "-" {
        context.narrator.say(&format!("Using payload from: {}", argument.to_string_lossy()));
    }
}
