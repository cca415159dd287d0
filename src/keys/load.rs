//! Reading keys from where a reference points.

use std::path::Path;
use std::time::Duration;

use super::error::NotStarted;
use super::service::{Backend, RemoteKey, ServiceKey};
use super::store::Part;
use super::{Error, KeyRef, Passwords, Variables, piv, pkcs11};
use crate::bundle;
use crate::cloud::late::{Beside, read_at_most};
use crate::crypto::sealed::{OpenError, SealedKey, is_sealed_label};
use crate::crypto::{PrivateKey, PublicKey, Secret, SigningKey, UnixTime, base64, pem};
use crate::http;
use crate::x509::Certificate;

/// A key is never longer; an RSA key of 8192 bits in PEM has 7 KiB.
const MAX_SIZE: u64 = 1 << 20;
/// Blocks of a file that are looked at to say what it is.
const MAX_BLOCKS: usize = 8;
/// The first byte of DER that is a key or a certificate (X.690 section 8.9).
const SEQUENCE: u8 = 0x30;

/// What keys are read from, beside the file system.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "no service is asked"))]
pub struct Sources<'a> {
    /// Environment variables, for `env://`.
    pub variables: Variables<'a>,
    /// The HTTP client, for `https://`.
    pub http: &'a http::Client,
    /// How long services are waited for.
    pub patience: Patience,
    /// The time, for services whose requests are dated.
    pub now: UnixTime,
    /// Where the user allows that plug-in programs are started: who is told, from any thread, what they say.
    pub plugins: Option<fn(&str)>,
    /// Where the user allows that the program of a kubeconfig is started: who is told, from any thread, what it says.
    pub kube_exec: Option<fn(&str)>,
}

/// How long services that hold keys are waited for.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "no service is asked"))]
pub struct Patience {
    /// How long what fails in passing is tried again.
    pub retry_for: Duration,
    /// How long all of it may take.
    pub total: Duration,
}

/// Loads a public key: PEM `PUBLIC KEY` or `RSA PUBLIC KEY`, as cosign takes them, or a SubjectPublicKeyInfo in DER. A certificate is refused, as cosign
/// refuses it: its identity would go unchecked.
///
/// # Errors
/// It cannot be read, is too large, or is something else; the error says what.
pub async fn load_public_key(reference: &KeyRef, sources: Sources<'_>) -> Result<PublicKey, Error> {
    if let KeyRef::Service(name) = reference {
        let asked = open(name, &sources)?.verifying_key().await;
        return asked.map_err(|source| Error::Service { key: name.to_string(), source: Box::new(source) });
    }
    if let KeyRef::Token(uri) = reference {
        let asked = pkcs11::public_key(uri, sources.variables, sources.patience.total).await;
        return asked.map_err(|source| Error::Token { key: uri.to_string(), source: Box::new(source) });
    }
    if let KeyRef::Piv(slot) = reference {
        let asked = piv::public_key(*slot, sources.variables, sources.patience.total).await;
        return asked.map_err(|failure| Error::Service {
            key: reference.to_string(),
            source: Box::new(failure.into()),
        });
    }
    let text = match reference {
        KeyRef::Store(store) => store.to_read(sources).await?.key(Part::PublicKey).await?,
        _ => read(reference, sources).await?,
    };
    let key = || reference.to_string();
    match kind(&text) {
        Kind::Certificate => Err(Error::CertificateGiven { key: key() }),
        Kind::Private | Kind::Sealed | Kind::ForeignEncryption(_) => Err(Error::PrivateGiven { key: key() }),
        Kind::Unknown if text.expose().first() == Some(&SEQUENCE) => {
            if Certificate::from_der(text.expose()).is_ok() {
                return Err(Error::CertificateGiven { key: key() });
            }
            PublicKey::from_spki_der(text.expose()).map_err(|source| Error::Public { key: key(), source })
        }
        Kind::Public | Kind::Unknown => {
            if let Some((what, hint)) = otherwise(text.expose()) {
                return Err(Error::Otherwise { key: key(), what, hint });
            }
            PublicKey::from_pem(text.expose()).map_err(|source| Error::Public { key: key(), source })
        }
    }
}

/// Judges a reference as far as this machine alone can: before anything else is asked for that takes time.
///
/// # Errors
/// There is no such file or variable; a program would have to be started that is not allowed; nothing can be read there.
pub fn look(reference: &KeyRef, sources: &Sources<'_>) -> Result<(), Error> {
    match reference {
        KeyRef::Path(path) => match path.metadata() {
            Ok(found) if found.is_dir() => Err(Error::Directory { key: reference.to_string() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::Missing { key: reference.to_string() })
            }
            // Whatever else there is to say is said when it is read.
            _ => Ok(()),
        },
        KeyRef::Env(name) if (sources.variables)(name).is_none() => {
            Err(Error::VariableUnset { name: name.clone() })
        }
        KeyRef::Service(name) => allowed(name, sources),
        _ => Ok(()),
    }
}

/// Judges the name of a key that a service is to make. Nobody is asked.
///
/// # Errors
/// It is no reference, or none of a service.
pub fn check_service(reference: &str) -> Result<(), Error> {
    match KeyRef::parse(reference)? {
        KeyRef::Service(_) => Ok(()),
        other => Err(Error::NoService { key: other.to_string() }),
    }
}

/// Has a service make the key of this name; one that is there stays as it is. Answers its public half.
///
/// # Errors
/// The reference is none of a service; the service does not make it.
pub async fn create_key(reference: &KeyRef, sources: Sources<'_>) -> Result<PublicKey, Error> {
    let KeyRef::Service(name) = reference else {
        return Err(Error::NoService { key: reference.to_string() });
    };
    let asked = open(name, &sources)?.create().await;
    asked.map_err(|source| Error::Service { key: name.to_string(), source: Box::new(source) })
}

/// Gets ready to ask the service, where it is one that may be asked.
fn open(name: &ServiceKey, sources: &Sources<'_>) -> Result<Box<dyn Backend>, Error> {
    allowed(name, sources)?;
    name.open(sources).map_err(|source| Error::Service { key: name.to_string(), source: Box::new(source) })
}

/// No program is started by a scheme alone: whoever chooses the name of a key would choose what runs.
fn allowed(name: &ServiceKey, sources: &Sources<'_>) -> Result<(), Error> {
    let (ServiceKey::Plugin(plugin), None) = (name, sources.plugins) else { return Ok(()) };
    let (scheme, key) = (plugin.name().to_owned(), plugin.to_string());
    let source = NotStarted { program: plugin.program(), path: plugin.find(sources.variables) };
    Err(Error::PluginNotAllowed { scheme, key, source })
}

/// A private key that was read, with the passwords that may open it. Nothing more is asked of anybody.
pub struct FoundKey {
    name: String,
    held: Held,
}

enum Held {
    Plain(Box<PrivateKey>),
    Remote(Box<RemoteKey>),
    Sealed { key: SealedKey, passwords: Vec<Secret>, is_kept: bool },
}

/// Reads a private key: an encrypted cosign key, or plain PEM in PKCS #8, SEC 1 or PKCS #1. A password is asked for only
/// when the key needs one, and only after the file proved to be a key.
///
/// # Errors
/// It cannot be read, is too large, or is something else; no password.
pub async fn find_signing_key(
    reference: &KeyRef,
    sources: Sources<'_>,
    passwords: &mut Passwords<'_>,
) -> Result<FoundKey, Error> {
    let name = reference.to_string();
    if let KeyRef::Service(key) = reference {
        return match RemoteKey::new(open(key, &sources)?).await {
            Ok(key) => Ok(FoundKey { name, held: Held::Remote(Box::new(key)) }),
            Err(source) => Err(Error::Service { key: name, source: Box::new(source) }),
        };
    }
    if let KeyRef::Token(uri) = reference {
        let fail = |source| Error::Token { key: name.clone(), source: Box::new(source) };
        let backend = pkcs11::signing_key(uri, sources.variables, sources.patience.total, passwords.prompt())
            .await
            .map_err(fail)?;
        return match RemoteKey::new(backend).await {
            Ok(key) => Ok(FoundKey { name, held: Held::Remote(Box::new(key)) }),
            Err(source) => Err(Error::Service { key: name, source: Box::new(source) }),
        };
    }
    if let KeyRef::Piv(slot) = reference {
        let asked = async {
            let backend =
                piv::signing_key(*slot, sources.variables, sources.patience.total, passwords.prompt())
                    .await?;
            RemoteKey::new(backend).await
        };
        return match asked.await {
            Ok(key) => Ok(FoundKey { name, held: Held::Remote(Box::new(key)) }),
            Err(source) => Err(Error::Service { key: name, source: Box::new(source) }),
        };
    }
    let store = match reference {
        KeyRef::Store(store) => Some(store.to_read(sources).await?),
        _ => None,
    };
    let text = match &store {
        Some(store) => store.key(Part::PrivateKey).await?,
        None => read(reference, sources).await?,
    };
    if !matches!(kind(&text), Kind::Sealed) {
        let held = Held::Plain(Box::new(plain_key(&text, &name)?));
        return Ok(FoundKey { name, held });
    }
    match SealedKey::parse(text.expose()) {
        Ok(key) => {
            let kept = match &store {
                Some(store) => store.read(Part::Password).await?,
                None => None,
            };
            let is_kept = kept.is_some();
            let passwords = match kept {
                Some(kept) => vec![kept],
                None => passwords.existing()?,
            };
            Ok(FoundKey { name, held: Held::Sealed { key, passwords, is_kept } })
        }
        Err(source) => Err(Error::Sealed { key: name, source }),
    }
}

impl FoundKey {
    /// The key itself. Of one that is encrypted it takes the work and the memory that its file asks for: an eighth of a second
    /// and 64 MiB for cosign's.
    ///
    /// # Errors
    /// The password does not open it, or it is no key.
    pub fn open(self) -> Result<Box<dyn SigningKey>, Error> {
        let Self { name, held } = self;
        let (sealed, passwords, is_kept) = match held {
            Held::Plain(key) => return Ok(key),
            Held::Remote(key) => return Ok(key),
            Held::Sealed { key, passwords, is_kept } => (key, passwords, is_kept),
        };
        let mut result = Err(OpenError::Password);
        for password in passwords {
            result = sealed.open(&password);
            if !matches!(result, Err(OpenError::Password)) {
                break;
            }
        }
        let pkcs8 = match result {
            Ok(pkcs8) => pkcs8,
            Err(OpenError::Password) if is_kept => return Err(Error::KeptPassword { key: name }),
            Err(source) => return Err(Error::Sealed { key: name, source }),
        };
        match PrivateKey::from_der(pkcs8.expose()) {
            Ok(key) => Ok(Box::new(key)),
            Err(source) => Err(Error::Private { key: name, source }),
        }
    }
}

/// A private key from PEM that is not encrypted.
pub(super) fn plain_key(text: &Secret, key: &str) -> Result<PrivateKey, Error> {
    let key = || key.to_string();
    match kind(text) {
        Kind::Public => Err(Error::PublicGiven { key: key() }),
        Kind::ForeignEncryption(label) => Err(Error::ForeignEncryption { key: key(), label }),
        _ => PrivateKey::from_pem(text.expose()).map_err(|source| Error::Private { key: key(), source }),
    }
}

pub(super) async fn read(reference: &KeyRef, sources: Sources<'_>) -> Result<Secret, Error> {
    let too_large = || Error::TooLarge { key: reference.to_string(), limit: MAX_SIZE };
    let bytes = match reference {
        KeyRef::Path(path) => read_file(path, sources.patience.total)?,
        KeyRef::Env(name) => match (sources.variables)(name) {
            Some(value) => value.into_encoded_bytes(),
            None => return Err(Error::VariableUnset { name: name.clone() }),
        },
        KeyRef::Service(name) => {
            allowed(name, &sources)?;
            return Err(Error::StaysThere { holder: name.service(), key: name.to_string() });
        }
        KeyRef::Token(uri) => {
            return Err(Error::StaysThere { holder: "its token", key: uri.to_string() });
        }
        KeyRef::Piv(_) => {
            return Err(Error::StaysThere { holder: "its token", key: reference.to_string() });
        }
        KeyRef::Store(store) => return store.to_read(sources).await?.key(Part::PrivateKey).await,
        KeyRef::Url(url) => match sources.http.get(url, MAX_SIZE).await {
            Err(http::Error::TooLarge { .. }) => return Err(too_large()),
            answer => answer?,
        },
    };
    if bytes.len() as u64 > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Secret::new(bytes))
}

/// A file or a pipe, to one byte more than the limit; a pipe in this time.
fn read_file(path: &Path, time: Duration) -> Result<Vec<u8>, Error> {
    let key = || KeyRef::Path(path.to_owned()).to_string();
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { key: key() },
        _ => Error::Read { key: key(), source },
    };
    // Asked first, since some systems do not open a directory at all and then say something less clear.
    if path.is_dir() {
        return Err(Error::Directory { key: key() });
    }
    read_at_most(path, MAX_SIZE, time, Beside::Anything).map_err(failed)
}

/// What is often given in place of a public key, and what to do then. Nothing is decided by it but the words of a refusal:
/// none of this is read as a key in PEM.
fn otherwise(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = text.trim_ascii();
    let ssh: [&[u8]; 5] = [b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-", b"---- BEGIN SSH2"];
    if ssh.iter().any(|start| text.starts_with(start)) {
        return Some((
            "an SSH public key",
            "of an RSA or ECDSA key, `ssh-keygen -e -m PKCS8 -f FILE` writes the same key in PEM",
        ));
    }
    if text.starts_with(b"{") {
        return Some(match bundle::decode(text) {
            Ok(_) => ("a bundle", "name it with --bundle, and the signer's public key with --key"),
            Err(_) => ("a JSON document", "name the signer's public key with --key"),
        });
    }
    if text.starts_with(b"<") {
        return Some((
            "a page or another XML document",
            "was an error page or a login page saved in place of the key?",
        ));
    }
    let der = base64::decode_text("key", text).ok()?;
    if PublicKey::from_spki_der(&der).is_ok() {
        return Some((
            "the base64 of a public key",
            "`base64 -d FILE > key.der` decodes it to DER, which --key takes",
        ));
    }
    Certificate::from_der(&der)
        .is_ok()
        .then_some(("the base64 of a certificate", "verify with --certificate and the identity flags"))
}

/// What a file is, judged by its PEM labels.
pub(super) enum Kind {
    Certificate,
    ForeignEncryption(String),
    Private,
    Public,
    Sealed,
    Unknown,
}

pub(super) fn kind(text: &Secret) -> Kind {
    let Ok(blocks) = pem::decode("key", text.expose(), MAX_BLOCKS) else { return Kind::Unknown };
    let blocks: Vec<_> = blocks.into_iter().map(|b| (b.label, b.headers, Secret::new(b.contents))).collect();
    for (label, headers, _) in blocks {
        return match label.as_str() {
            "EC PARAMETERS" => continue,
            sealed if is_sealed_label(sealed) => Kind::Sealed,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Kind::Public,
            "CERTIFICATE" | "TRUSTED CERTIFICATE" => Kind::Certificate,
            _ if headers.iter().any(|(name, _)| name == "DEK-Info") => Kind::ForeignEncryption(label),
            other if other.starts_with("ENCRYPTED ") => Kind::ForeignEncryption(label),
            other if other.ends_with("PRIVATE KEY") => Kind::Private,
            _ => Kind::Unknown,
        };
    }
    Kind::Unknown
}
