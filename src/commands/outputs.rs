//! The files that signing writes.

use std::path::{Path, PathBuf};

use super::{BundleForm, Context, Error, Narrator, SignOutputs};
use crate::bundle::{SignedEntity, VerificationMaterial, detached, legacy, sigstore};
use crate::storage::{Access, PendingFile};

/// Where the one result of a command goes: a file whose place is secured, or standard output.
pub(super) struct Destination(Option<PendingFile>);

impl Destination {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let file = path.map(|path| PendingFile::create(path, Access::Owner)).transpose();
        file.map(Self).map_err(|e| Error::output(&e))
    }

    /// Hands out one line of text: a file ends without a newline, standard output with one, as in cosign. Gives what goes
    /// to standard output.
    pub(super) fn line(self, text: String) -> Result<Vec<u8>, Error> {
        let newline = if self.0.is_none() { "\n" } else { "" };
        self.exactly((text + newline).into_bytes())
    }

    /// Hands out these bytes. Gives what goes to standard output.
    pub(super) fn exactly(self, content: Vec<u8>) -> Result<Vec<u8>, Error> {
        let Some(mut file) = self.0 else { return Ok(content) };
        file.push(&content);
        file.commit().map_err(|e| Error::output(&e))?;
        Ok(Vec::new())
    }
}

/// The files to be written. Their places are secured before the key is asked for; all of them appear at the end.
pub(super) struct Outputs {
    bundle: Option<(PendingFile, PathBuf, BundleForm)>,
    signature: Option<(PendingFile, PathBuf)>,
    certificate: Option<(PendingFile, PathBuf)>,
    payload: Option<(PendingFile, PathBuf, &'static str)>,
    timestamp: Option<(PendingFile, PathBuf)>,
}

impl Outputs {
    /// `payload`: a file for what is signed itself, and what that is called.
    pub(super) fn open(outputs: &SignOutputs, payload: Option<(&Path, &'static str)>) -> Result<Self, Error> {
        let open = |path: &Path| match PendingFile::create(path, Access::Owner) {
            Ok(file) => Ok((file, path.to_owned())),
            Err(e) => Err(Error::output(&e)),
        };
        Ok(Self {
            bundle: match &outputs.bundle {
                Some((path, form)) => open(path).map(|(file, path)| Some((file, path, *form)))?,
                None => None,
            },
            signature: outputs.signature.as_deref().map(open).transpose()?,
            certificate: outputs.certificate.as_deref().map(open).transpose()?,
            payload: match payload {
                Some((path, what)) => open(path).map(|(file, path)| Some((file, path, what)))?,
                None => None,
            },
            timestamp: outputs.timestamp.as_deref().map(open).transpose()?,
        })
    }

    /// Without a certificate there is none to write: said, and the rest goes on, as in cosign.
    pub(super) fn without_certificate(&mut self, has_certificate: bool, context: &mut Context) {
        if !has_certificate && let Some((_, path)) = self.certificate.take() {
            let path = path.display();
            context.narrator.warn(&format!("a key signs without a certificate: `{path}` is not written"));
        }
    }

    pub(super) fn bundle(&mut self, entity: &SignedEntity) {
        if let Some((file, _, form)) = &mut self.bundle {
            let text = match form {
                BundleForm::Sigstore => sigstore::encode(entity),
                BundleForm::Legacy => legacy::encode(entity),
            };
            file.push(text.as_bytes());
        }
    }

    pub(super) fn signature(&mut self, bytes: &[u8]) {
        if let Some((file, _)) = &mut self.signature {
            file.push(bytes);
        }
    }

    pub(super) fn payload(&mut self, payload: &[u8]) {
        if let Some((file, ..)) = &mut self.payload {
            file.push(payload);
        }
    }

    pub(super) fn certificate(&mut self, entity: &SignedEntity, encode: impl FnOnce(&str) -> String) {
        let leaf = match &entity.material {
            VerificationMaterial::Certificate(chain) => chain.first(),
            VerificationMaterial::PublicKey { .. } => None,
        };
        if let (Some((file, _)), Some(leaf)) = (&mut self.certificate, leaf) {
            file.push(encode(&leaf.to_pem()).as_bytes());
        }
    }

    /// The timestamp, in the JSON in which cosign keeps it.
    pub(super) fn timestamp(&mut self, entity: &SignedEntity) {
        if let (Some((file, _)), Some(timestamp)) = (&mut self.timestamp, entity.timestamps.first()) {
            file.push(detached::encode_timestamp(timestamp).as_bytes());
        }
    }

    pub(super) fn commit(self, narrator: &mut dyn Narrator) -> Result<(), Error> {
        let files = [
            self.bundle.map(|(file, path, _)| (file, path, "bundle")),
            self.signature.map(|(file, path)| (file, path, "signature")),
            self.payload,
            self.certificate.map(|(file, path)| (file, path, "certificate")),
            self.timestamp.map(|(file, path)| (file, path, "timestamp")),
        ];
        for (file, path, what) in files.into_iter().flatten() {
            file.commit().map_err(|e| Error::output(&e))?;
            narrator.say(&format!("Wrote {what} to file {}", path.display()));
        }
        Ok(())
    }
}
