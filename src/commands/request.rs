//! What each command is asked to do: what was meant, not what was typed. Plain data; `cli` builds it and has already
//! refused everything that contradicts itself, `commands` carries it out.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{GithubRequest, SignWith};
use crate::crypto::{Digests, KeyType};
use crate::verify::WorkflowClaims;

/// Settings that every command has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long work that waits for somebody else may take (`--timeout`).
    pub timeout: Duration,
    /// More narration (`--verbose`).
    pub verbose: bool,
    /// Plug-in programs for keys may be started (`--allow-kms-plugin`).
    pub allow_kms_plugin: bool,
    /// The program that a kubeconfig names for credentials may be started (`--allow-kube-exec`).
    pub allow_kube_exec: bool,
}

/// `generate-key-pair`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateKeyPairRequest {
    /// `PREFIX.key` and `PREFIX.pub` are written; of a key that stays elsewhere, the second one alone.
    pub output_key_prefix: PathBuf,
    /// The service that makes the key and keeps it (`--kms`); without one it is made here.
    pub service: Option<String>,
    /// The store that holds the key pair as text, in place of files.
    pub store: Option<String>,
}

/// `import-key-pair`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportKeyPairRequest {
    /// The PEM file to read.
    pub key: String,
    /// `PREFIX.key` and `PREFIX.pub` are written.
    pub output_key_prefix: PathBuf,
    /// Replace existing files without asking.
    pub assume_yes: bool,
}

/// `public-key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeyRequest {
    /// Key reference: a path, `env://NAME`, `https://...`, or a scheme of a key store.
    pub key: String,
    /// Where to write; `None` is standard output.
    pub outfile: Option<PathBuf>,
}

/// How a bundle is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleForm {
    /// Sigstore protobuf bundle v0.3 as JSON.
    Sigstore,
    /// cosign's old JSON bundle.
    Legacy,
}

/// What signing writes, other than to standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOutputs {
    /// Where the bundle goes, and in which form.
    pub bundle: Option<(PathBuf, BundleForm)>,
    /// The detached signature, or the envelope of an attestation.
    pub signature: Option<PathBuf>,
    /// Base64 of the certificate's PEM.
    pub certificate: Option<PathBuf>,
    /// The RFC 3161 timestamp, in cosign's JSON.
    pub timestamp: Option<PathBuf>,
    /// Whether the signature (or the envelope) goes to standard output.
    pub print: bool,
}

/// A signing algorithm by the name that Sigstore's specifications give it, and the key that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningAlgorithm {
    /// The name, such as `ecdsa-sha2-256-nistp256`.
    pub name: &'static str,
    /// The key.
    pub key: KeyType,
}

/// The algorithms that `--signing-algorithm` takes.
pub const SIGNING_ALGORITHMS: [SigningAlgorithm; 7] = [
    SigningAlgorithm { name: "ecdsa-sha2-256-nistp256", key: KeyType::P256 },
    SigningAlgorithm { name: "ecdsa-sha2-384-nistp384", key: KeyType::P384 },
    SigningAlgorithm { name: "ecdsa-sha2-512-nistp521", key: KeyType::P521 },
    SigningAlgorithm { name: "ed25519", key: KeyType::Ed25519 },
    SigningAlgorithm { name: "rsa-sign-pkcs1-2048-sha256", key: KeyType::Rsa { bits: 2048 } },
    SigningAlgorithm { name: "rsa-sign-pkcs1-3072-sha256", key: KeyType::Rsa { bits: 3072 } },
    SigningAlgorithm { name: "rsa-sign-pkcs1-4096-sha256", key: KeyType::Rsa { bits: 4096 } },
];

/// `sign-blob`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignBlobRequest {
    /// Files to sign, at least one; `-` is standard input, at most once. One alone when `outputs` names a file.
    pub blobs: Vec<OsString>,
    /// Key, certificate, witnesses.
    pub with: SignWith,
    /// What to write.
    pub outputs: SignOutputs,
    /// A folder that gets `NAME.sigstore.json` for each file.
    pub bundle_dir: Option<PathBuf>,
    /// Whether the detached signature is base64 (else raw bytes).
    pub base64: bool,
    /// The algorithm that the key must be for (`--signing-algorithm`), if one was named.
    pub algorithm: Option<SigningAlgorithm>,
}

/// What `attest-blob` makes its statement from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementSource {
    /// A predicate for one artifact.
    Predicate {
        /// The predicate file; `-` is standard input.
        predicate: PathBuf,
        /// The type as typed: a short name or a URI.
        predicate_type: String,
        /// The artifact, as typed: it also becomes the subject's name.
        blob: OsString,
        /// A digest in hex as typed, in place of reading the artifact.
        digest: Option<String>,
    },
    /// A whole in-toto statement.
    Statement {
        /// The statement file.
        statement: PathBuf,
        /// An artifact that has to be among the subjects.
        blob: Option<OsString>,
    },
}

/// `attest-blob`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestBlobRequest {
    /// The statement.
    pub source: StatementSource,
    /// Key, certificate, witnesses.
    pub with: SignWith,
    /// What to write; `signature` and standard output take the envelope.
    pub outputs: SignOutputs,
    /// Where the statement goes (`--output-attestation`).
    pub attestation: Option<PathBuf>,
}

/// Whose signature is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The owner of this key; a key reference.
    Key(String),
    /// The holder of a certificate that matches.
    Identity(IdentityRequest),
    /// Whomever the scope of this policy file names that decides about the artifact. Nothing else is asked for beside it.
    Scopes(PathBuf),
}

/// Identity in a certificate. Of each pair exactly one is present; what is present must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityRequest {
    /// Subject alternative name, exact.
    pub identity: Option<String>,
    /// Subject alternative name, regular expression (RE2).
    pub identity_regexp: Option<String>,
    /// OIDC issuer, exact.
    pub issuer: Option<String>,
    /// OIDC issuer, regular expression (RE2).
    pub issuer_regexp: Option<String>,
    /// Claims of a GitHub workflow, all exact.
    pub workflow: WorkflowClaims,
}

/// Where the signature is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureRequest {
    /// A bundle, of any form; recognised by its content.
    pub bundle: Option<PathBuf>,
    /// More of them, where several signatures can count.
    pub other_bundles: Vec<PathBuf>,
    /// A file with a detached signature or an envelope, or the base64 text itself.
    pub signature: Option<OsString>,
    /// A certificate beside the signature: PEM, or base64 of PEM.
    pub certificate: Option<PathBuf>,
    /// A detached signed certificate timestamp.
    pub sct: Option<PathBuf>,
    /// An RFC 3161 token beside the signature.
    pub timestamp: Option<PathBuf>,
    /// The digest that the signature was made over (`--signature-digest-algorithm`); lower case.
    pub digest_algorithm: Option<&'static str>,
}

/// What is trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustRequest {
    /// A trusted root file; `None` is the one of the TUF repository.
    pub trusted_root: Option<PathBuf>,
    /// No service is asked: the root is what the cache has, or what is embedded.
    pub offline: bool,
    /// The log, of version 1, where the entry of a signature that has none is looked up; `None` is that of the trusted root.
    pub log: Option<String>,
    /// PEM roots that replace its certificate authorities.
    pub ca_roots: Option<PathBuf>,
    /// PEM intermediates that go with `ca_roots`.
    pub ca_intermediates: Option<PathBuf>,
    /// PEM chain whose last certificate is the root; replaces the certificate authorities.
    pub certificate_chain: Option<PathBuf>,
    /// PEM chain of a timestamp authority; replaces the timestamp authorities.
    pub timestamp_certificate_chain: Option<PathBuf>,
}

/// Which proofs are not asked for, and by which flag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waivers {
    /// No log entry is required.
    pub log: Option<&'static str>,
    /// No signed certificate timestamp is required.
    pub sct: Option<&'static str>,
    /// The artifact is not compared with the statement.
    pub claims: Option<&'static str>,
}

/// What is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A path, `-` for standard input, or, where there is no such file, `sha256:HEX`.
    Blob(OsString),
    /// A digest in lower-case hex, with its algorithm's name (`sha256`, `sha384`, `sha512`).
    Digest {
        /// The algorithm.
        algorithm: &'static str,
        /// The digest.
        hex: String,
    },
    /// All digests that are known of it, with its name for messages. Never empty.
    Digests {
        /// The name.
        name: String,
        /// The digests.
        digests: Digests,
    },
    /// No artifact: only with [`Waivers::claims`].
    None,
}

/// What the signature has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A signature of the artifact (`verify-blob`).
    Signature,
    /// A statement about it, of this type: a short name or a URI, as typed (`verify-blob-attestation`).
    Attestation {
        /// The predicate type as typed.
        predicate_type: String,
    },
}

/// `verify-blob` and `verify-blob-attestation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyRequest {
    /// What is verified.
    pub subject: Subject,
    /// What the signature has to be.
    pub expected: Expected,
    /// Whose signature.
    pub signer: Signer,
    /// Where the signature is.
    pub signature: SignatureRequest,
    /// What is trusted.
    pub trust: TrustRequest,
    /// Whether an RFC 3161 timestamp is demanded.
    pub require_timestamp: bool,
    /// What is not demanded.
    pub waivers: Waivers,
    /// Policies for the statement.
    pub policy: PolicyRequest,
    /// Where reports go, if any are asked for; one at most to standard output.
    pub reports: Vec<ReportRequest>,
}

/// Policies for verified statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyRequest {
    /// The files, in Rego or CUE.
    pub files: Vec<PathBuf>,
    /// Documents that Rego finds beneath `data`.
    pub data: Vec<PathBuf>,
    /// The flag that refuses what a CUE policy passes only because a statement lacks it.
    pub strict: bool,
    /// The run of a workflow that the statement has to be from.
    pub github: Option<GithubRequest>,
}

/// A report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRequest {
    /// Its format.
    pub format: ReportFormat,
    /// Its file; `None` is standard output.
    pub file: Option<PathBuf>,
}

/// Formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// JSON, with a versioned schema.
    Json,
    /// JUnit's XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions, and a summary of the job.
    Github,
    /// A tree, for people.
    Text,
}
