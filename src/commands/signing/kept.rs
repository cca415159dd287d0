//! A signature that a log has, and that could not be published: it is kept, because nobody makes it again.

use std::path::{Path, PathBuf};

use super::super::Error;
use super::super::bundle::{flag, quote};
use super::Form;
use super::publish::Signed;
use super::signees::Signee;
use crate::bundle::{Content, VerificationMaterial, detached, legacy, sigstore};
use crate::crypto::base64;
use crate::storage::{Access, write_fresh};
use crate::x509::Certificate;

/// Writes a signature into new files in the current folder, or in that for temporary files; returns the command that publishes it, to which `registry` adds the
/// flags for registries, each after a blank.
///
/// # Errors
/// A file cannot be written.
pub(super) fn keep(signee: &Signee, signed: &Signed, registry: &str) -> Result<String, Error> {
    let stem = signee.descriptor.digest.to_string().replace(':', "-");
    let Signed { form, entity } = signed;
    if *form == Form::Bundle {
        let file = write(&stem, "sigstore.json", sigstore::encode(entity).as_bytes())?;
        let (what, flag) = attached(signed);
        return Ok(attaching(signee, what, &file_flag(flag, &file), registry));
    }
    let mut command = String::new();
    let mut add = |flag: &str, extension: &str, content: &[u8]| -> Result<(), Error> {
        let file = write(&stem, extension, content)?;
        command.push_str(&file_flag(flag, &file));
        Ok(())
    };
    let what = match &entity.content {
        Content::Envelope(envelope) => {
            add("attestation", "dsse.json", &envelope.bytes)?;
            "attestation"
        }
        content => {
            add("signature", "sig", base64::encode(content.signature()).as_bytes())?;
            if let Content::SimpleSigning { payload, .. } = content {
                add("payload", "payload.json", &payload.bytes)?;
            }
            "signature"
        }
    };
    if let VerificationMaterial::Certificate(chain) = &entity.material
        && let Some((leaf, above)) = chain.split_first()
    {
        add("certificate", "pem", leaf.to_pem().as_bytes())?;
        let above: String = above.iter().map(Certificate::to_pem).collect();
        if !above.is_empty() {
            add("certificate-chain", "chain.pem", above.as_bytes())?;
        }
    }
    if let Some(entry) = entity.log_entries.first().and_then(legacy::encode_rekor_bundle) {
        add("rekor-response", "rekor.json", entry.as_bytes())?;
    }
    if let Some(timestamp) = entity.timestamps.first() {
        add("tsr", "timestamp.json", detached::encode_timestamp(timestamp).as_bytes())?;
    }
    if *form == Form::Referrer {
        command.push_str(" --registry-referrers-mode oci-1-1");
    }
    Ok(attaching(signee, what, &command, registry))
}

/// The command that publishes a signature or an attestation, from `flags` and those for registries, as a shell takes it.
pub(super) fn attaching(signee: &Signee, what: &str, flags: &str, registry: &str) -> String {
    let (home, there) = (&signee.home, signee.destination());
    // Without the variable it would go to the image.
    let elsewhere = match home.image.to_string() == there {
        true => String::new(),
        false => {
            format!("COSIGN_REPOSITORY={} rcosign ", quote(&there).unwrap_or_else(|| "REPOSITORY".to_owned()))
        }
    };
    // A tag may name another image by then.
    let image = quote(&signee.shown()).unwrap_or_else(|| "IMAGE".to_owned());
    format!("{elsewhere}attach {what}{flags}{registry} {image}")
}

/// The flag that names a file.
pub(super) fn file_flag(name: &str, file: &Path) -> String {
    // What is not Unicode is not shown as it is.
    flag(name, file.to_str().unwrap_or("\u{fffd}"), "FILE")
}

/// Which command attaches it, and by which flag.
pub(super) fn attached(signed: &Signed) -> (&'static str, &'static str) {
    use crate::payload::{IMAGE_SIGNATURE_PREDICATE, Statement};
    match &signed.entity.content {
        Content::Envelope(envelope) => match Statement::from_json(&envelope.parsed.payload) {
            Ok(statement) if statement.predicate_type == IMAGE_SIGNATURE_PREDICATE => ("signature", "bundle"),
            _ => ("attestation", "attestation"),
        },
        _ => ("signature", "bundle"),
    }
}

/// Writes a file of a name that is free, and that nobody can know beforehand: it may be a folder where others write as well. Where
/// nothing can be written in the current folder, it is that for temporary files.
fn write(stem: &str, extension: &str, content: &[u8]) -> Result<PathBuf, Error> {
    let within = |folder: &Path| write_fresh(&folder.join(stem), extension, content, Access::Owner);
    let written = within(Path::new("")).or_else(|error| within(&std::env::temp_dir()).map_err(|_| error));
    written.map_err(|e| Error::output(&e))
}
