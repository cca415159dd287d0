//! Keys (temporary).
use super::{Context, Error, ErrorKind};
use crate::crypto::{PrivateKey, PublicKey, Secret, SigningKey, sealed};
use crate::storage::read_file;
use std::path::Path;

/// Whether standard input is free for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StdinUse {
    /// It is free.
    Free,
    /// The artifact comes from there.
    Artifact,
}

pub(super) async fn public_key(reference: &str, _context: &mut Context) -> Result<PublicKey, Error> {
    let pem = read_file("public key", Path::new(reference), 1 << 20).map_err(|e| Error::file(&e))?;
    PublicKey::from_pem(&pem).map_err(|e| Error::new(ErrorKind::Format, "key").caused_by(&e))
}

pub(super) async fn signing_key(
    reference: &str,
    _stdin: StdinUse,
    context: &mut Context,
) -> Result<Box<dyn SigningKey>, Error> {
    let pem = read_file("private key", Path::new(reference), 1 << 20).map_err(|e| Error::file(&e))?;
    let password = Secret::new(context.variable("COSIGN_PASSWORD").unwrap_or_default().into_bytes());
    let pkcs8 = sealed::open(&pem, &password)
        .map_err(|e| Error::new(ErrorKind::Authentication, "key").caused_by(&e))?;
    Ok(Box::new(
        PrivateKey::from_der(pkcs8.expose())
            .map_err(|e| Error::new(ErrorKind::Format, "key").caused_by(&e))?,
    ))
}
