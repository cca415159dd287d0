//! What can happen to the contents, and the lines that say so on the disk.

use hyper::body::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::crypto::{base64, sha256};

/// A change of the contents. Digests are well-formed and in lower case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Change {
    /// There were so many uploads.
    Counted { uploads: u64 },
    /// An upload begins; it is the one of this number.
    Upload { number: u64, repository: String },
    /// An upload is over, without a blob.
    Ended { number: u64 },
    /// A repository has a blob, which was uploaded so or is there already.
    Blob {
        repository: String,
        digest: String,
        length: u64,
        /// The upload that it comes from, which is over then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upload: Option<u64>,
        /// The blob, where there is no disk.
        #[serde(skip)]
        memory: Option<Bytes>,
    },
    /// A repository has a manifest, and a tag points to it if there is one.
    Manifest {
        repository: String,
        digest: String,
        media_type: String,
        #[serde(serialize_with = "encode", deserialize_with = "decode")]
        bytes: Bytes,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
    },
    /// A tag points to a digest.
    Tag { repository: String, tag: String, digest: String },
    /// A tag is gone. A repository that had a tag is known to have none.
    Untag { repository: String, tag: String },
    /// A manifest is gone, and the tags that pointed to it.
    NoManifest { repository: String, digest: String },
    /// A blob is gone from a repository.
    NoBlob { repository: String, digest: String },
}

fn encode<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64::encode(bytes))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = base64::decode_standard(text.as_bytes());
    bytes.map(Bytes::from).ok_or_else(|| serde::de::Error::custom("not base64"))
}

impl Change {
    /// Its line: the SHA-256 of the JSON in hexadecimal, a space, the JSON, a line end.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(self)?;
        Ok(format!("{} {text}\n", hex::encode(sha256(text.as_bytes()))))
    }

    /// The change that a line without its end says; or what is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let (sum, text) = line.split_at_checked(64).ok_or("a line is too short")?;
        let text = text.strip_prefix(b" ").ok_or("a line has no checksum")?;
        if sum != hex::encode(sha256(text)).as_bytes() {
            return Err("a line is not what its checksum says");
        }
        serde_json::from_slice(text).map_err(|_| "a line says nothing that is known")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_they_say_or_nothing() {
        let change = Change::Manifest {
            repository: "app".to_owned(),
            digest: "sha256:00".to_owned(),
            media_type: "x/y".to_owned(),
            bytes: Bytes::from_static(b"{\"a\n\xff"),
            tag: Some("v1".to_owned()),
        };
        let line = change.line().unwrap();
        let whole = line.strip_suffix('\n').unwrap();
        assert!(!whole.contains('\n'));
        assert_eq!(Change::parse(whole.as_bytes()).unwrap().line().unwrap(), line);
        for end in 0..whole.len() {
            assert!(Change::parse(&whole.as_bytes()[..end]).is_err(), "{end}");
        }
        for at in 0..whole.len() {
            let mut other = whole.as_bytes().to_vec();
            other[at] ^= 1;
            assert!(Change::parse(&other).is_err(), "{at}");
        }
        let unknown = r#"{"other":{}}"#;
        let line = format!("{} {unknown}", hex::encode(sha256(unknown.as_bytes())));
        assert!(Change::parse(line.as_bytes()).is_err());
    }
}
