//! A signature from a file, in place of those that are found at an image.

use super::attached::Attached;
use super::images::Job;
use super::request::VerifyImagesRequest;
use crate::bundle::Raw;
use crate::bundle::detached::{Detached, decode_signature};
use crate::commands::candidates::{Candidate, signature_document, unreadable};
use crate::commands::images::Image;
use crate::commands::inputs::read_named;
use crate::commands::{Context, Error};
use crate::payload::{SimpleSigning, simple_signing};
use crate::registry::Manifest;

/// A signature, with the name of its file.
pub(super) struct Given {
    signature: Vec<u8>,
    source: String,
    payload: Option<Vec<u8>>,
}

impl Given {
    /// Reads it, where one is named.
    pub(super) fn read(request: &VerifyImagesRequest, context: &Context) -> Result<Option<Self>, Error> {
        let Some(signature) = &request.beside.signature else { return Ok(None) };
        let (document, source) = signature_document(signature, context)?;
        let signature = decode_signature(&document).map_err(|e| unreadable(&source, &e))?;
        let payload = match &request.beside.payload {
            Some(name) => Some(read_named("payload", name, 1 << 20, context)?),
            None => None,
        };
        Ok(Some(Self { signature, source, payload }))
    }

    /// It, over the payload that was given, or that signing the image makes.
    pub(super) fn attached(
        &self,
        image: &Image,
        manifest: &Manifest,
        job: &Job<'_>,
    ) -> Result<Attached, Error> {
        let bytes = match &self.payload {
            Some(payload) => payload.clone(),
            None => simple_signing(&image.repository_name(), &manifest.digest, &job.request.annotations)
                .into_bytes(),
        };
        let parsed = SimpleSigning::from_json(&bytes).map_err(|e| unreadable(&"--payload", &e))?;
        let entity = Detached {
            certificates: job.beside.certificates.clone(),
            scts: job.beside.scts.clone(),
            ..Detached::default()
        }
        .simple_signing(Raw { bytes, parsed }, self.signature.clone());
        let candidate = Candidate { source: self.source.clone(), format: "detached".to_owned(), entity };
        Ok(Attached { candidates: vec![candidate], spoiled: Vec::new() })
    }
}
