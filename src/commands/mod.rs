//! Requests in, reports out: the drivers behind the subcommands. Knows no clap and prints nothing.

mod error;
mod request;

pub use error::{Error, ErrorKind};
pub use request::{
    AttestBlobRequest, BundleForm, Expected, GenerateKeyPairRequest, IdentityRequest, ImportKeyPairRequest,
    PublicKeyRequest, ReportFormat, ReportRequest, Settings, SignBlobRequest, SignOutputs, SignWith,
    SignatureRequest, Signer, StatementSource, Subject, TrustRequest, VerifyRequest, Waivers, Witness,
    WorkflowClaims,
};
