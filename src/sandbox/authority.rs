//! Certificates of the authorities, made once and kept in the folder beside their keys.

use std::path::PathBuf;

use super::{Folder, FolderError};
use crate::crypto::{DecodeError, KeyType, PrivateKey, SigningKey as _, UnixTime, random};
use crate::x509::Certificate;
use crate::x509::issue::{ExtendedKeyUsage, Extension, IssueError, Issuer, KeyUsage, Template, Validity};

/// How long authorities live, in days.
const LIFETIME: i64 = 3650;
const DAY: i64 = 86_400;

/// Why an authority cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] super::log::LogError),
    /// A certificate cannot be made.
    #[error("the certificate {name} cannot be made")]
    Issue {
        /// Its name.
        name: String,
        /// Why.
        source: IssueError,
    },
    /// A certificate that was kept is damaged, or is not for the key beside it.
    #[error("the certificate {} cannot be used", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: DecodeError,
    },
    /// No random bytes.
    #[error("the random source failed")]
    Random,
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Authority {
    /// The key.
    pub key: PrivateKey,
    /// The certificate for it.
    pub certificate: Certificate,
}

/// What an authority is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The end of all paths.
    Root,
    /// Below a root; issues certificates for code signing.
    CodeSigning,
    /// Below a root; signs timestamps itself.
    TimeStamping,
}

impl Authority {
    /// The authority of this name in the folder, made the first time, below `issuer` unless it is a root.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn open(
        folder: &Folder,
        name: &str,
        role: Role,
        issuer: Option<&Self>,
        now: UnixTime,
    ) -> Result<Self, AuthorityError> {
        let key_type = if role == Role::TimeStamping { KeyType::P256 } else { KeyType::P384 };
        let key = folder.key(name, key_type)?;
        let file = format!("{name}.pem");
        if let Some(text) = folder.read(&file)? {
            let damaged = |source| AuthorityError::Certificate { path: folder.path().join(&file), source };
            let certificate = read(&text, &key).map_err(damaged)?;
            return Ok(Self { key, certificate });
        }
        let template = template(name, role, now).serial(&serial().ok_or(AuthorityError::Random)?);
        let signer = issuer.map_or(Issuer { key: &key, certificate: None }, Self::issuer);
        let certificate = template
            .issue(key.public_key(), signer)
            .map_err(|source| AuthorityError::Issue { name: name.to_owned(), source })?;
        folder.write(&file, certificate.to_pem().as_bytes())?;
        Ok(Self { key, certificate })
    }

    /// It, as the one who signs.
    pub fn issuer(&self) -> Issuer<'_> {
        Issuer { key: &self.key, certificate: Some(&self.certificate) }
    }
}

fn read(text: &[u8], key: &PrivateKey) -> Result<Certificate, DecodeError> {
    let chain = Certificate::chain_from_pem(text)?;
    let wrong = |reason| DecodeError::whole("certificate", reason);
    let [certificate] = chain.as_slice() else { return Err(wrong("not one certificate")) };
    if certificate.public_key()? != *key.public_key() {
        return Err(wrong("it is not for the key beside it"));
    }
    Ok(certificate.clone())
}

fn template(name: &str, role: Role, now: UnixTime) -> Template {
    // From a day ago: services whose clock is behind on purpose have an authority too.
    let validity =
        Validity { not_before: now.plus_seconds(-DAY), not_after: now.plus_seconds(LIFETIME * DAY) };
    let name = format!("sandbox {name}");
    match role {
        Role::Root => Template::root(&name, validity).with(Extension::key_usage(&[KeyUsage::CertSign])),
        Role::CodeSigning => Template::intermediate(&name, ExtendedKeyUsage::CodeSigning, validity),
        Role::TimeStamping => Template::time_stamping(&name, validity),
    }
}

/// A serial number that nobody else has: twenty bytes, positive, the first not zero (RFC 5280 section 4.1.2.2).
pub fn serial() -> Option<[u8; 20]> {
    let mut bytes: [u8; 20] = random()?;
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once_and_has_its_own_key() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let now = UnixTime::from_seconds(1_700_000_000);
        let open = |name, role, issuer| Authority::open(&folder, name, role, issuer, now);
        let root = open("a-root", Role::Root, None).unwrap();
        let below = open("a-ca", Role::CodeSigning, Some(&root)).unwrap();
        assert!(below.certificate.is_issued_by(&root.certificate));
        assert_eq!(open("a-root", Role::Root, None).unwrap().certificate, root.certificate);
        folder.write("a-ca.pem", root.certificate.to_pem().as_bytes()).unwrap();
        let error = open("a-ca", Role::CodeSigning, Some(&root)).unwrap_err();
        assert!(matches!(error, AuthorityError::Certificate { .. }), "{error}");
        let file = place.path().join("a-ca.pem");
        assert_eq!(error.to_string(), format!("the certificate {} cannot be used", file.display()));
    }
}
