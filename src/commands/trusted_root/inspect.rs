//! `trusted-root inspect`.

use std::path::PathBuf;

use super::super::{Context, Error, ErrorKind, Files};
use super::MAX_TRUSTED_ROOT;
use super::view::{RootInspection, inspection};
use crate::crypto::json;
use crate::storage::read_file;
use crate::trust::{
    EMBEDDED_ROOT_DATE, RootDocument, embedded_public_root_document, embedded_public_root_json,
};

/// What `trusted-root inspect` is asked for.
#[derive(Debug)]
pub struct TrustedRootInspectRequest {
    /// The document; `-` is standard input. Without it, the embedded public root.
    pub file: Option<PathBuf>,
}

impl TrustedRootInspectRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let file = self.file.as_deref().filter(|path| path.as_os_str() != "-");
        Files::default().and_read("trusted root", file)
    }
}

/// Reads a trusted root and says what it trusts.
///
/// # Errors
/// Of kind `TrustMaterial`: the document cannot be read as a trusted root.
pub fn trusted_root_inspect(
    request: &TrustedRootInspectRequest,
    context: &mut Context,
) -> Result<RootInspection, Error> {
    let Some(path) = &request.file else {
        let document = embedded_public_root_document().map_err(|error| {
            Error::new(ErrorKind::TrustMaterial, "the embedded public root cannot be used").caused_by(&error)
        })?;
        let source = format!("the embedded public root of {EMBEDDED_ROOT_DATE}");
        return Ok(inspection(&document, &source, embedded_public_root_json().as_bytes(), context.now));
    };
    let text = read_file("trusted root", path, MAX_TRUSTED_ROOT).map_err(|e| Error::trust_file(&e))?;
    let source = path.display().to_string();
    let document = RootDocument::from_json(&text).map_err(|error| {
        let unusable = format!("trusted root `{source}` cannot be used");
        let error = Error::new(ErrorKind::TrustMaterial, unusable).caused_by(&error);
        if let Some(other) = other_media_type(&text) {
            error.hint(format!("its media type `{other}` is not that of a trusted root"))
        } else if text.trim_ascii_start().starts_with(b"-----BEGIN ") {
            error.hint(
                "a trusted root is JSON; `trusted-root create` makes one of certificates and keys in PEM",
            )
        } else {
            error
        }
    })?;
    Ok(inspection(&document, &source, &text, context.now))
}

/// The media type of a document that is of another kind.
fn other_media_type(text: &[u8]) -> Option<String> {
    let document = json::parse("document", text).ok()?;
    let media_type = document.get("mediaType")?.as_str()?;
    (!media_type.starts_with("application/vnd.dev.sigstore.trustedroot")).then(|| media_type.to_owned())
}
