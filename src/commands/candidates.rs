//! From the files that the user named to candidate signatures.

use std::ffi::OsStr;
use std::path::Path;

use super::inputs::{Named, named, read_named};
use super::{Context, Error, ErrorKind, Expected, SignatureRequest};
use crate::bundle::detached::{
    Detached, decode_certificates, decode_envelope, decode_signature, decode_timestamp,
};
use crate::bundle::{
    BundleVersion, Decoded, Format, Part, Profile, SignedEntity, VerificationMaterial, decode, parts,
};
use crate::crypto::DecodeError;
use crate::storage::{self, read_file};
use crate::x509::Certificate;

/// Bundles with large attestations reach 200 MB.
pub(super) const MAX_BUNDLE: u64 = 512 << 20;
/// Certificates, SCTs, timestamps.
const MAX_SMALL: u64 = 1 << 20;

/// One signature to be judged.
pub(super) struct Candidate {
    /// Where it is from.
    pub source: String,
    /// In which format it was.
    pub format: String,
    /// What it says.
    pub entity: SignedEntity,
}

/// Reads and decodes all that the user named. Whatever cannot be read is an error that names it; no other format is
/// tried, and no network.
pub(super) fn candidates(
    request: &SignatureRequest,
    expected: &Expected,
    context: &Context,
) -> Result<Vec<Candidate>, Error> {
    let mut beside = beside(request, context)?;
    let Some(path) = &request.bundle else {
        let signature = request.signature.as_deref().ok_or_else(|| Error::usage("no signature to verify"))?;
        return detached(signature_document(signature, context)?, beside, expected);
    };
    let source = path.display().to_string();
    let document = read_file("bundle", path, MAX_BUNDLE).map_err(|e| Error::file(&e))?;
    let mut candidates = of_file(&document, &source, expected)?;
    let signature = request.signature.as_deref().map(|s| signature_bytes(s, context)).transpose()?;
    for Candidate { entity, .. } in &mut candidates {
        if let Some((bytes, name)) = &signature {
            same_signature(entity, bytes, name, &source)?;
        }
        add(entity, &mut beside, &source)?;
    }
    Ok(candidates)
}

/// The candidates in the file that is named as the bundle. Attestations may be many in one file, each a bundle of its own.
fn of_file(document: &[u8], source: &str, expected: &Expected) -> Result<Vec<Candidate>, Error> {
    let error = match decode(document) {
        Ok(decoded) => return Ok(of_decoded(decoded, source)),
        Err(error) => error,
    };
    if matches!(expected, Expected::Attestation { .. })
        && let Some(parts) = parts(document).map_err(|e| unreadable(&source, &e))?
    {
        let mut candidates = Vec::new();
        for Part { at, document } in parts {
            let source = format!("{source}, {at}");
            let decoded = decode(document).map_err(|e| unreadable(&source, &e))?;
            candidates.extend(of_decoded(decoded, &source));
        }
        return Ok(candidates);
    }
    let told = |e: DecodeError| {
        let error = unreadable(&source, &e);
        if let Some(hint) = misplaced(document) {
            return error.hint(hint);
        }
        let is_json = matches!(document.trim_ascii_start().first(), None | Some(b'{' | b'['));
        if is_json {
            error
        } else {
            error.hint(
                "--bundle takes the JSON that signing wrote; a detached signature is named with --signature",
            )
        }
    };
    Err(told(error))
}

/// The candidates in a document; `source` is its name in messages.
pub(super) fn of_document(document: &[u8], source: &str) -> Result<Vec<Candidate>, DecodeError> {
    Ok(of_decoded(decode(document)?, source))
}

fn of_decoded(decoded: Decoded, source: &str) -> Vec<Candidate> {
    let several = decoded.entities.len() > 1;
    let candidate = |(i, entity): (usize, SignedEntity)| Candidate {
        source: if several { format!("{source}, signature {}", i + 1) } else { source.to_owned() },
        format: format_name(decoded.format, entity.profile),
        entity,
    };
    decoded.entities.into_iter().enumerate().map(candidate).collect()
}

/// The pieces that lie beside the signature in files of their own.
pub(super) fn beside(request: &SignatureRequest, context: &Context) -> Result<Detached, Error> {
    let read = |what: &'static str, path: &Path| read_named(what, path.as_os_str(), MAX_SMALL, context);
    let mut parts = Detached::default();
    if let Some(path) = &request.certificate {
        let document = read("certificate", path)?;
        parts.certificates = decode_certificates(&document).map_err(|e| unreadable(&path.display(), &e))?;
    }
    if let Some(path) = &request.sct {
        parts.scts.push(read("SCT", path)?);
    }
    if let Some(path) = &request.timestamp {
        let document = read("timestamp", path)?;
        parts.timestamps.push(decode_timestamp(&document).map_err(|e| unreadable(&path.display(), &e))?);
    }
    Ok(parts)
}

fn detached(
    (bytes, source): (Vec<u8>, String),
    parts: Detached,
    expected: &Expected,
) -> Result<Vec<Candidate>, Error> {
    let candidate = |entity| Candidate { source: source.clone(), format: "detached".into(), entity };
    match expected {
        Expected::Signature => {
            let signature = decode_signature(&bytes).map_err(|e| unreadable(&source, &e))?;
            Ok(vec![candidate(parts.message(signature))])
        }
        Expected::Attestation { .. } => {
            let envelope = decode_envelope(&bytes).map_err(|e| unreadable(&source, &e))?;
            let entities = parts.envelope(envelope).map_err(|e| unreadable(&source, &e))?;
            Ok(entities.into_iter().map(candidate).collect())
        }
    }
}

/// The content of a signature file, or the text of the argument when there is no such file and the text can only be a
/// signature; with a name for messages.
pub(super) fn signature_document(argument: &OsStr, context: &Context) -> Result<(Vec<u8>, String), Error> {
    let path = match named("signature", argument, context)? {
        Named::Bytes(bytes) => return Ok((bytes, argument.to_string_lossy().into_owned())),
        Named::Path(path) => path,
    };
    // A signature's text may be longer than the name of a file may be, so any failure may mean that it is one.
    match (read_file("signature", path, MAX_BUNDLE), argument.to_str()) {
        (Ok(bytes), _) => Ok((bytes, argument.to_string_lossy().into_owned())),
        (Err(_), Some(text)) if looks_like_a_signature(text) => {
            Ok((text.as_bytes().to_vec(), "--signature".into()))
        }
        (Err(error @ storage::Error::Missing { .. }), _) => {
            Err(Error::file(&error).hint("--signature takes a file, or the base64 text of a signature"))
        }
        (Err(error), _) => Err(Error::file(&error)),
    }
}

/// The shortest signature there is, Ed25519's, has 64 bytes; an ECDSA one may be a little shorter by chance.
fn looks_like_a_signature(text: &str) -> bool {
    text.len() > 80 && decode_signature(text.as_bytes()).is_ok()
}

fn signature_bytes(argument: &OsStr, context: &Context) -> Result<(Vec<u8>, String), Error> {
    let (bytes, source) = signature_document(argument, context)?;
    let signature = decode_signature(&bytes).map_err(|e| unreadable(&source, &e))?;
    Ok((signature, source))
}

/// A signature given beside a bundle has to be the bundle's own.
fn same_signature(entity: &SignedEntity, given: &[u8], name: &str, bundle: &str) -> Result<(), Error> {
    if entity.content.signature() == given {
        return Ok(());
    }
    let message = format!("the signature `{name}` is not the one in the bundle `{bundle}`");
    Err(Error::new(ErrorKind::NoneValid, message).hint("leave --signature out: the bundle has its own"))
}

/// Adds what lies beside a bundle: a certificate where it has none of its own, SCTs, timestamps.
fn add(entity: &mut SignedEntity, beside: &mut Detached, bundle: &str) -> Result<(), Error> {
    if let Some(leaf) = beside.certificates.first() {
        match &entity.material {
            VerificationMaterial::PublicKey { embedded: None, .. } => {
                entity.material = VerificationMaterial::Certificate(beside.certificates.clone());
            }
            material if leaf_of(material) == Some(leaf) => {}
            _ => {
                let message = format!("the given certificate is not the one in the bundle `{bundle}`");
                return Err(Error::new(ErrorKind::NoneValid, message)
                    .hint("leave --certificate out: the bundle has its own"));
            }
        }
    }
    entity.detached_scts.extend(beside.scts.iter().cloned());
    entity.timestamps.extend(beside.timestamps.iter().cloned());
    Ok(())
}

fn leaf_of(material: &VerificationMaterial) -> Option<&Certificate> {
    match material {
        VerificationMaterial::Certificate(chain) => chain.first(),
        VerificationMaterial::PublicKey { .. } => None,
    }
}

pub(super) fn format_name(format: Format, profile: Profile) -> String {
    match (format, profile) {
        (_, Profile::Bundle(BundleVersion::V0_1)) => "sigstore bundle v0.1".into(),
        (_, Profile::Bundle(BundleVersion::V0_2)) => "sigstore bundle v0.2".into(),
        (_, Profile::Bundle(BundleVersion::V0_3)) => "sigstore bundle v0.3".into(),
        (Format::Envelope, _) => "DSSE envelope".into(),
        (Format::Legacy | Format::Sigstore, Profile::Legacy) => "legacy bundle".into(),
    }
}

/// What to do with a document of another kind that was given as a bundle.
pub(super) fn misplaced(document: &[u8]) -> Option<&'static str> {
    let start = document.get(..4096).unwrap_or(document);
    let names = |kind: &[u8]| start.windows(kind.len()).any(|window| window == kind);
    // The header of a tar archive (POSIX.1, ustar) has its mark there.
    if document.get(257..262) == Some(b"ustar") {
        Some("this is a tar archive: if it is a kit, verify it with `unpack --verify`")
    } else if names(b"vnd.dev.sigstore.trustedroot") {
        Some("this is a trusted root: `trusted-root inspect` shows it, and --trusted-root takes it to verify")
    } else if names(b"vnd.dev.sigstore.signingconfig") {
        Some("this is a signing configuration: it says where to sign, and has no signature")
    } else {
        None
    }
}

pub(super) fn unreadable(source: &dyn std::fmt::Display, error: &DecodeError) -> Error {
    Error::new(ErrorKind::Format, format!("`{source}` cannot be used")).caused_by(error)
}
