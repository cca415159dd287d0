//! Bundles that were made elsewhere, as referrers.

use std::path::Path;

use super::super::images::Image;
use super::super::{Context, Error, ErrorKind};
use super::parts;
use crate::bundle::{self, Content, Format};
use crate::payload::{IN_TOTO_PAYLOAD_TYPE, Statement};
use crate::storage::images::{NewBundle, Writer, is_bundle_published, publish_bundle};

/// Attestations carry whole SBOMs.
pub(super) const MAX_DOCUMENT: u64 = bundle::MAX_DOCUMENT as u64;

/// Reads a document.
///
/// # Errors
/// It cannot be read, or is too large.
pub(super) fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, Error> {
    parts::read(what, path, MAX_DOCUMENT)
}

/// Publishes a bundle, unless it is there.
///
/// # Errors
/// It is none, or holds no statement; there is no such image; the place refuses.
pub(super) async fn publish(
    writer: &Writer,
    image: &Image,
    path: &Path,
    document: &[u8],
    context: &mut Context,
) -> Result<(), Error> {
    let decoded = bundle::decode(document).map_err(|error| parts::unusable("bundle", path, &error))?;
    let name = path.display();
    let wrong = |what: String, hint: &str| Err(Error::new(ErrorKind::Format, what).hint(hint));
    if decoded.format != Format::Sigstore {
        return wrong(
            format!("`{name}` is no Sigstore bundle"),
            "an older bundle becomes one with `bundle upgrade`; an envelope is for `attach attestation`",
        );
    }
    let envelope = match decoded.entities.first().map(|entity| &entity.content) {
        Some(Content::Envelope(envelope)) if envelope.parsed.payload_type == IN_TOTO_PAYLOAD_TYPE => {
            &envelope.parsed
        }
        _ => {
            return wrong(
                format!("the bundle `{name}` signs a file, not a statement about an image"),
                "`sign --key KEY IMAGE` makes one that does",
            );
        }
    };
    let statement =
        Statement::from_json(&envelope.payload).map_err(|e| parts::unusable("statement in", path, &e))?;
    let subject = image.descriptor().await?;
    warn_of_others(&statement, &subject.digest, path, context);
    let document = document.trim_ascii();
    if is_bundle_published(&image.home, &subject.digest, document).await? {
        return Ok(());
    }
    let new = NewBundle {
        json: document,
        content: "dsse-envelope",
        predicate_type: Some(&statement.predicate_type),
        replaces: false,
    };
    publish_bundle(writer, &image.home, &subject, &new).await?;
    Ok(())
}

/// Says that a statement is about something else. It is attached all the same: whom it helps is not for us to know.
pub(super) fn warn_of_others(
    statement: &Statement,
    digest: &crate::crypto::Digest,
    path: &Path,
    context: &mut Context,
) {
    let is_about = statement.subjects.iter().any(|subject| subject.known_digest().as_ref() == Some(digest));
    if !is_about {
        context.narrator.warn(&format!(
            "the statement in `{}` is not about {digest}, so that it verifies nothing of this image",
            path.display()
        ));
    }
}
