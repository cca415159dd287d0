//! `bundle upgrade`.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::super::candidates::{MAX_BUNDLE, unreadable};
use super::super::files::path as named_path;
use super::super::outputs::Destination;
use super::super::{Context, Error, ErrorKind, Files};
use super::fetched::{FromLog, LogRequest};
use crate::bundle::upgrade::{UpgradeError, missing, upgrade, write};
use crate::bundle::{BundleVersion, Decoded, Format, Profile, SignedEntity, VerificationMaterial, decode};
use crate::sign::self_check;
use crate::storage::read_file;
use crate::x509::Certificate;

/// What `bundle upgrade` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleUpgradeRequest {
    /// The bundle; `-` is standard input.
    pub bundle: PathBuf,
    /// Where the v0.3 bundle goes; `None` is standard output.
    pub out: Option<PathBuf>,
    /// Where the proof of a log entry comes from, if it lacks one.
    pub log: LogRequest,
}

impl BundleUpgradeRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
            .and_read("bundle", named_path(self.bundle.as_os_str()))
            .and_read("trusted root", self.log.trusted_root.as_deref())
            .and_written("upgraded bundle", self.out.as_deref())
    }
}

/// Writes a bundle as v0.3; returns what goes to standard output. One that is v0.3 already comes out byte for byte.
///
/// # Errors
/// A file that is no bundle; a log that cannot be asked for what a log entry lacks; a signature that is not by the key that the bundle embeds.
pub async fn bundle_upgrade(request: &BundleUpgradeRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let destination = Destination::open(request.out.as_deref())?;
    let document = read_file("bundle", &request.bundle, MAX_BUNDLE).map_err(|e| Error::file(&e))?;
    let shown = request.bundle.display();
    let Decoded { format, entities } = decode(&document).map_err(|e| unreadable(&shown, &e))?;
    let entity = single(format, entities, &request.bundle)?;
    let unchanged = entity.profile == Profile::Bundle(BundleVersion::V0_3);
    let (printed, said) = if unchanged {
        context.narrator.say("Bundle is already at v0.3, no upgrade needed.");
        (destination.exactly(document)?, "Unchanged bundle written to")
    } else {
        let upgraded = upgraded(entity, request, context).await?;
        (destination.line(upgraded)?, "Successfully upgraded bundle written to")
    };
    if let Some(path) = &request.out {
        context.narrator.say(&format!("{said} {}", path.display()));
    }
    Ok(printed)
}

/// The one entity of a bundle.
fn single(format: Format, mut entities: Vec<SignedEntity>, path: &Path) -> Result<SignedEntity, Error> {
    let shown = path.display();
    if format == Format::Envelope {
        let message = format!("`{shown}` is a DSSE envelope on its own, not a bundle");
        return Err(Error::new(ErrorKind::Format, message).hint(format!(
            "make a bundle of it: `bundle create --ignore-tlog --attestation {shown} --artifact FILE --key KEY`"
        )));
    }
    let count = entities.len();
    match entities.pop() {
        Some(entity) if count == 1 => Ok(entity),
        _ => Err(several_signatures(count, &shown)),
    }
}

/// An envelope with another number of signatures than one.
pub(super) fn several_signatures(count: usize, source: &dyn Display) -> Error {
    let cause = format!("its envelope has {count} signatures, and a v0.3 bundle has exactly one");
    Error::new(ErrorKind::Format, format!("no v0.3 bundle can be made of `{source}`")).cause(cause)
}

async fn upgraded(
    mut old: SignedEntity,
    request: &BundleUpgradeRequest,
    context: &mut Context,
) -> Result<String, Error> {
    let path = &request.bundle;
    let from = match old.profile {
        Profile::Bundle(BundleVersion::V0_1) => "v0.1",
        Profile::Bundle(BundleVersion::V0_2) => "v0.2",
        Profile::Bundle(BundleVersion::V0_3) => "v0.3",
        Profile::Legacy => "the older format of cosign",
    };
    let (chain, embedded) = match &old.material {
        VerificationMaterial::Certificate(chain) => (chain.clone(), None),
        VerificationMaterial::PublicKey { embedded, .. } => (Vec::new(), embedded.clone()),
    };
    let lacks = Lacks { key: embedded.is_none() && chain.is_empty(), log: old.log_entries.is_empty() };
    // What cannot be upgraded anyway is found out before a log is asked.
    if let Err(error) = upgrade(SignedEntity { log_entries: Vec::new(), ..old.clone() }) {
        return Err(refused(&error, path, lacks));
    }
    if old.log_entries.iter().any(|entry| missing(entry).is_some()) {
        let log = FromLog::open(&request.log, context).await?;
        for entry in old.log_entries.iter_mut().filter(|entry| missing(entry).is_some()) {
            *entry = log.proven(entry.clone()).await?;
        }
    }
    let new = upgrade(old).map_err(|e| refused(&e, path, lacks))?;
    // The new bundle can only name this key. Whatever was refused because of it has to stay refused. No artifact is needed:
    // of the older format, only envelopes get here.
    if let Some(key) = &embedded {
        self_check::verify(&new, None, key, context.now).map_err(|rejection| {
            let message =
                format!("the signature in `{}` is not by the key that it holds in `cert`", path.display());
            Error::new(ErrorKind::NoneValid, message).caused_by(&rejection)
        })?;
    }
    let text = write(&new).map_err(|e| refused(&e, path, lacks))?;
    context.narrator.say(&format!("Upgrading from {from} to v0.3..."));
    say_chain(&chain, context);
    Ok(text)
}

/// Names the certificates of the chain, of which the first alone stays.
fn say_chain(chain: &[Certificate], context: &mut Context) {
    if chain.is_empty() {
        return;
    }
    context.narrator.say("Truncating certificate chain to only the leaf certificate...");
    for (position, certificate) in chain.iter().enumerate() {
        let names = certificate.subject_alternative_names().unwrap_or_default();
        let who = match names.first() {
            Some(name) => format!("Identity: {}", name.value()),
            None => format!("Subject: {}", certificate.subject()),
        };
        context.narrator.say(&format!("  Certificate {position} {who}"));
    }
}

/// What an older bundle has nothing of.
#[derive(Debug, Clone, Copy)]
struct Lacks {
    /// Nothing says whose signature it is.
    key: bool,
    /// There is no log entry.
    log: bool,
}

fn refused(error: &UpgradeError, path: &Path, lacks: Lacks) -> Error {
    let shown = path.display();
    match error {
        UpgradeError::NoDigest => {
            let key = if lacks.key { " --key KEY" } else { "" };
            let unlogged = if lacks.log { "--ignore-tlog " } else { "" };
            Error::new(ErrorKind::Format, format!("`{shown}` cannot be upgraded")).caused_by(error).hint(format!(
                "make a v0.3 bundle with the artifact: `bundle create {unlogged}--bundle {shown} --artifact FILE{key}`"
            ))
        }
        UpgradeError::ImageSignature => {
            Error::new(ErrorKind::Format, format!("`{shown}` cannot be upgraded")).caused_by(error)
        }
        UpgradeError::LogProof { .. } | UpgradeError::Unreadable(_) | UpgradeError::Unfaithful => {
            Error::new(ErrorKind::Other, format!("`{shown}` cannot be upgraded; nothing was written"))
                .caused_by(error)
        }
    }
}
