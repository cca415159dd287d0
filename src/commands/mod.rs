//! Requests in, reports out: the drivers behind the subcommands. Knows no clap and prints nothing.

mod artifact;
mod candidates;
mod context;
mod error;
mod files;
mod hints;
mod inputs;
mod key_pairs;
mod keys;
mod outputs;
mod report;
mod request;
mod signing;
mod statement;
mod trust;
mod verification;

pub use context::{Context, Narrator, Variables};
pub use error::{Error, ErrorKind};
pub use files::Files;
pub use key_pairs::{generate_key_pair, import_key_pair, public_key};
pub use report::{
    ArtifactReport, CandidateReport, CheckReport, ErrorReport, REPORT_SCHEMA, Report, SignerReport,
};
pub use request::{
    AttestBlobRequest, BundleForm, Expected, GenerateKeyPairRequest, IdentityRequest, ImportKeyPairRequest,
    PublicKeyRequest, ReportFormat, ReportRequest, SIGNING_ALGORITHMS, Settings, SignBlobRequest,
    SignOutputs, SignWith, SignatureRequest, Signer, SigningAlgorithm, StatementSource, Subject,
    TrustRequest, VerifyRequest, Waivers, Witness,
};
pub use signing::{attest_blob, sign_blob};
pub use verification::verify;
