//! `bundle inspect --predicate`: what an attestation says.

use std::path::Path;

use super::recognise::{Recognised, recognise};
use super::{read, undecodable};
use crate::bundle::{Content, SignedEntity};
use crate::commands::candidates::misplaced;
use crate::commands::{Context, Error, ErrorKind};
use crate::payload::Statement;

/// The predicate of the statement in a document: its JSON, as it stands there. Nothing of it is verified, which is said.
///
/// # Errors
/// The document cannot be read or decoded, holds no statement, or one without a predicate.
pub fn bundle_predicate(document: &Path, context: &mut Context) -> Result<String, Error> {
    let bytes = read(document)?;
    let source = document.display().to_string();
    let recognised = recognise(&bytes).map_err(|error| {
        let hint = misplaced(&bytes);
        hint.into_iter().fold(undecodable(&source, &error), Error::hint)
    })?;
    let statement = match &recognised {
        Recognised::Statement(statement) => Some(statement.clone()),
        Recognised::Signed(_, entities) => signed(entities, &source)?,
        _ => None,
    };
    let format = recognised.format();
    let predicate = statement.and_then(|statement| statement.predicate).ok_or_else(|| {
        Error::new(ErrorKind::Format, format!("`{source}` holds no predicate ({format})"))
            .hint("attestations have one: a statement about a file, and who signed it")
    })?;
    context.narrator.warn(
        "nothing of this was verified: verify the attestation with `verify-blob-attestation` before you rely on what it says",
    );
    Ok(predicate.text().to_owned())
}

/// The statement that is signed; none where the artifact itself is.
fn signed(entities: &[SignedEntity], source: &str) -> Result<Option<Statement>, Error> {
    match entities.first().map(|entity| &entity.content) {
        Some(Content::Envelope(envelope)) => {
            Statement::from_json(&envelope.parsed.payload).map(Some).map_err(|e| undecodable(source, &e))
        }
        _ => Ok(None),
    }
}
