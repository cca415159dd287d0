//! What rules are shown of something verified.

use serde_json::Value;

use crate::crypto::UnixTime;

/// A verified statement and its signer.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The type of the predicate.
    pub predicate_type: String,
    /// The names of the subjects, in their order; `""` where one has none.
    pub subjects: Vec<String>,
    /// The predicate; no member of it is there twice.
    pub predicate: Option<Value>,
    /// Who signed.
    pub signer: Signer,
    /// The time of judging.
    pub now: UnixTime,
}

/// Who signed a statement, as far as that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The key that the user named: it says nothing of a repository, whatever the statement says.
    Key,
    /// The holder of a certificate of a trusted authority.
    Certificate(Box<SigningCertificate>),
}

/// What a certificate of a trusted authority says of the run that signed (Fulcio `oid-info`, 1.3.6.1.4.1.57264.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningCertificate {
    /// Its subject alternative name: the workflow that signed, with its ref, where it is of a run.
    pub subject: Option<String>,
    /// `.8`, or `.1`: who vouched for the identity.
    pub issuer: Option<String>,
    /// `.9`: the workflow that asked for the certificate, with its ref: the reusable one, where it is one.
    pub build_signer_uri: Option<String>,
    /// `.11`: `github-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
    /// `.12`: `https://github.com/OWNER/NAME`.
    pub source_repository_uri: Option<String>,
    /// `.13`: the commit.
    pub source_repository_digest: Option<String>,
    /// `.14`: `refs/heads/main`.
    pub source_repository_ref: Option<String>,
    /// `.18`: the workflow that was started, with its ref.
    pub build_config_uri: Option<String>,
    /// `.20`, or `.2`: the event that started it.
    pub build_trigger: Option<String>,
    /// `.5`: `OWNER/NAME`, as older certificates have it.
    pub workflow_repository: Option<String>,
    /// `.3`: the commit, as older certificates have it.
    pub workflow_sha: Option<String>,
    /// `.6`: the ref, as older certificates have it.
    pub workflow_ref: Option<String>,
}
