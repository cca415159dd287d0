//! The files of a signature that was made elsewhere.

use std::path::Path;

use serde_json::{Value, json};

use super::super::{Error, ErrorKind};
use super::signature::AttachedParts;
use crate::bundle::{detached, legacy};
use crate::crypto::{DecodeError, Node, json as strict};
use crate::storage::read_file;
use crate::tlog::Entry;

/// Certificates, timestamps and log entries in files.
const MAX_PART: u64 = 8 << 20;

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is larger.
pub(super) fn read(what: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    read_file(what, path, limit).map_err(|error| Error::file(&error))
}

/// A file that is not what it should be.
pub(super) fn unusable(what: &str, path: &Path, error: &DecodeError) -> Error {
    Error::new(ErrorKind::Format, format!("{what} `{}` cannot be used", path.display())).caused_by(error)
}

/// What comes with a signature or an envelope.
///
/// # Errors
/// A file cannot be read, or is not what it should be.
pub(super) fn detached(parts: &AttachedParts) -> Result<detached::Detached, Error> {
    let mut all = detached::Detached::default();
    for (what, path) in [
        ("certificate", parts.certificate.as_deref()),
        ("certificate chain", parts.certificate_chain.as_deref()),
    ] {
        let Some(path) = path else { continue };
        let found = detached::decode_certificates(&read(what, path, MAX_PART)?)
            .map_err(|error| unusable(what, path, &error))?;
        all.certificates.extend(found);
    }
    if let Some(path) = &parts.timestamp {
        const WHAT: &str = "RFC 3161 timestamp";
        let found = detached::decode_timestamp(&read(WHAT, path, MAX_PART)?)
            .map_err(|error| unusable(WHAT, path, &error))?;
        all.timestamps.push(found);
    }
    if let Some(path) = &parts.log_entry {
        const WHAT: &str = "log entry";
        let found = log_entry(&read(WHAT, path, MAX_PART)?).map_err(|error| unusable(WHAT, path, &error))?;
        all.log_entry = Some(found);
    }
    Ok(all)
}

/// A log entry: what Rekor 1 answers, the `rekorBundle` of a legacy bundle, or the whole of that.
fn log_entry(document: &[u8]) -> Result<Entry, DecodeError> {
    const WHAT: &str = "log entry";
    let value: Value = strict::parse(WHAT, document)?;
    let root = Node::root(WHAT, &value);
    if let Some(bundle) = value.get("rekorBundle") {
        return legacy::decode_rekor_bundle(bundle);
    }
    if value.get("SignedEntryTimestamp").is_some() {
        return legacy::decode_rekor_bundle(&value);
    }
    // `{"UUID": {"body": ..., "verification": {"signedEntryTimestamp": ...}}}`
    let members = root.members(2)?;
    let [(_, entry)] = members.as_slice() else {
        return Err(root.error("is neither what Rekor answers nor the `rekorBundle` of a bundle"));
    };
    let promise = entry.member("verification")?.member("signedEntryTimestamp")?;
    legacy::decode_rekor_bundle(&json!({
        "SignedEntryTimestamp": promise.value(),
        "Payload": {
            "body": entry.member("body")?.value(),
            "integratedTime": entry.member("integratedTime")?.value(),
            "logIndex": entry.member("logIndex")?.value(),
            "logID": entry.member("logID")?.value(),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_log_entry() {
        let payload = r#"{"body":"e30=","integratedTime":5,"logIndex":7,"logID":"aa"}"#;
        let bundle = format!(r#"{{"SignedEntryTimestamp":"MEQ=","Payload":{payload}}}"#);
        let answer = r#"{"24296fb2":{"body":"e30=","integratedTime":5,"logIndex":7,"logID":"aa","attestation":{},
            "verification":{"inclusionProof":{},"signedEntryTimestamp":"MEQ="}}}"#;
        let legacy = format!(r#"{{"base64Signature":"MEQ=","rekorBundle":{bundle}}}"#);
        for document in [bundle.as_str(), answer, legacy.as_str()] {
            let entry = log_entry(document.as_bytes()).unwrap();
            assert_eq!((entry.log_index, entry.log_id), (7, vec![0xaa]), "{document}");
            assert_eq!(entry.inclusion_promise.as_deref(), Some(&[0x30, 0x44][..]));
        }
        for document in
            ["", "[]", "{}", r#"{"spdxVersion":"x"}"#, r#"{"a":{},"b":{}}"#, r#"{"rekorBundle":1}"#]
        {
            assert!(log_entry(document.as_bytes()).is_err(), "{document}");
        }
    }
}
