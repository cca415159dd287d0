//! From predicate files and statement files to the bytes that `attest-blob` signs.

use std::ffi::OsStr;
use std::path::Path;

use super::{Context, Error, ErrorKind, StatementSource};
use crate::attest::{self, PredicateType};
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
            let kind = PredicateType::parse(predicate_type)
                .map_err(|e| Error::usage("--type cannot be used").caused_by(&e))?;
            let digest = match digest {
                Some(text) => attest::hash_flag(text)
                    .map_err(|e| Error::usage("--hash cannot be used").caused_by(&e))?,
                None => {
                    let digest = sha256_of(blob)?;
                    say_payload(blob, context);
                    digest
                }
            };
            let text = read_statement("predicate", predicate, context)?;
            let subject = Subject::new(subject_name(blob), &digest);
            let made = attest::statement(&kind, &text, subject, context.now)
                .map_err(|e| refused("predicate", predicate, &e))?;
            Ok((made.payload, blob_artifact(blob, digest.into())))
        }
        StatementSource::Statement { statement: path, blob } => {
            let text = read_statement("statement", path, context)?;
            let made = attest::statement_file(&text).map_err(|e| refused("statement", path, &e))?;
            let artifact = match blob {
                Some(blob) => blob_artifact(blob, sha256_of(blob)?.into()),
                None => {
                    let digest = made.statement.subjects.iter().find_map(Subject::known_digest);
                    let digest = digest.ok_or_else(|| {
                        unusable("statement", path)
                            .cause("no subject has a digest by an algorithm that is understood")
                    })?;
                    blob_artifact(path.as_os_str(), digest.into())
                }
            };
            if made.statement.matches(&artifact.digests).is_none() {
                let cause = format!("none of its subjects has the digest of `{}`", artifact.name);
                return Err(unusable("statement", path).cause(cause));
            }
            Ok((made.payload, artifact))
        }
    }
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
