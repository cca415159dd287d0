//! Requests in, reports out: the drivers behind the subcommands. Knows no clap and prints nothing.

mod artifact;
mod attach;
mod attachment_size;
mod bundle;
mod candidates;
mod clean;
mod confirmation;
mod context;
mod copy;
mod debug;
mod download;
mod ending;
mod error;
mod extract;
mod facts;
mod files;
mod findings;
mod generate;
mod github;
mod hints;
mod images;
mod inputs;
mod key_errors;
mod key_pairs;
mod keys;
mod load;
mod login;
mod outputs;
mod pack;
mod pasteable;
mod piv_tool;
mod pkcs11_tool;
mod platform;
mod policies;
mod policy_file;
mod publishing;
mod registry;
mod report;
mod request;
mod sandbox;
mod save;
#[cfg(feature = "http")]
mod services;
mod signing;
mod signing_config;
mod statement;
mod tree;
mod triangulate;
mod trust;
mod trusted_root;
mod unpack;
mod upload;
mod verification;

#[cfg(test)]
pub use crate::policy::scoped::CountedFact;
pub use crate::policy::scoped::DemandVerdict;
pub use attach::{
    AttachAttestationRequest, AttachSbomRequest, AttachSignatureRequest, AttachedParts, AttachedSignature,
    SignatureParts, attach_attestation, attach_sbom, attach_signature,
};
pub use bundle::{
    BundleCreateRequest, BundleDiffRequest, BundleInspectRequest, BundleUpgradeRequest, Difference,
    InspectionShown, LogRequest, bundle_create, bundle_diff, bundle_inspect, bundle_predicate,
    bundle_suggest, bundle_suggest_policy, bundle_upgrade,
};
pub use clean::{CleanRequest, CleanWhat, clean};
pub use context::{Context, Narrator};
pub use copy::{CopyRequest, copy};
pub use debug::debug_providers;
pub use download::{
    DownloadAttestationRequest, DownloadSbomRequest, DownloadSignatureRequest, Shape, download_attestation,
    download_sbom, download_signature,
};
pub use ending::before_signals;
pub use error::{Error, ErrorKind};
pub use extract::{FieldPath, ImageFile};
pub use files::{Files, summary_of};
pub use findings::Finding;
pub use generate::{GenerateRequest, generate};
pub use github::GithubRequest;
pub use key_pairs::{generate_key_pair, import_key_pair, public_key};
pub use load::{LoadRequest, load};
pub use login::{LoginPassword, LoginRequest, login};
pub use pack::{PackRequest, PackedRoot, pack};
pub use pasteable::{COMMANDS, pasteable};
pub use piv_tool::{PivKeyRequest, PivSecret, PivTask, PivToolRequest, piv_tool};
pub use pkcs11_tool::{ListKeysRequest, ListTokensRequest, TokenPin, list_keys, list_tokens};
pub use platform::PlatformRequest;
pub use policy_file::{
    PolicyCase, PolicyCheckRequest, PolicyChecked, PolicyExplainRequest, PolicyFinding, PolicyImportRequest,
    PolicyImported, PolicyTestError, PolicyTestRequest, PolicyTested, explained, file_by_policy,
    images_by_policy, policy_check, policy_import, policy_test,
};
pub use registry::{DEFAULT_RETRY, RegistryCredentials, RegistryRequest};
pub use report::{
    ArtifactReport, CandidateReport, CheckReport, ErrorReport, ItemReport, NamedAt, PolicyReport,
    PolicyVerdict, REPORT_SCHEMA, Report, SignerReport,
};
pub use request::{
    AttestBlobRequest, BundleForm, Expected, GenerateKeyPairRequest, IdentityRequest, ImportKeyPairRequest,
    PolicyRequest, PublicKeyRequest, ReportFormat, ReportRequest, SIGNING_ALGORITHMS, Settings,
    SignBlobRequest, SignOutputs, SignatureRequest, Signer, SigningAlgorithm, StatementSource, Subject,
    TrustRequest, VerifyRequest, Waivers,
};
pub use sandbox::{
    SandboxDemo, SandboxKind, SandboxRunRequest, SandboxTokenIdentity, SandboxTokenRequest, SandboxUpRequest,
    WorkflowRequest, sandbox_demo, sandbox_down, sandbox_run, sandbox_status, sandbox_token, sandbox_up,
};
pub use save::{SaveRequest, save};
#[cfg(feature = "http")]
pub use services::telling_retries;
pub use signing::{
    AttestImagesRequest, EntryType, Form, ImageSigning, ImageStatement, NamedServices, SignImagesRequest,
    SignWith, SigningKeyName, TimestampTls, TokenSource, Witness, attest_blob, attest_images, sign_blob,
    sign_images,
};
pub use signing_config::{ConfigBase, DefaultConfig, SigningConfigCreateRequest, signing_config_create};
pub use tree::{ImageTree, TreeAttachment, TreeContent, TreeRequest, tree};
pub use triangulate::{Attachment, TriangulateRequest, triangulate};
pub use trust::{InitializeRequest, initialize};
pub use trusted_root::{
    AuthoritySource, AuthorityStart, AuthorityView, CertificateView, DefaultRoot, LogSource, LogView,
    RootInspection, TrustedRootCreateRequest, TrustedRootInspectRequest, trusted_root_create,
    trusted_root_inspect,
};
pub use unpack::{
    KIT_REPORT_SCHEMA, KitArtifactReport, KitReport, KitSigner, KitVerification, UnpackRequest, UnpackedKit,
    unpack,
};
pub use upload::{
    UploadBlobRequest, UploadFile, UploadPlatform, UploadWasmRequest, upload_blob, upload_wasm,
};
pub use verification::{
    BesideImages, Children, EACH, ImagesOutput, Performed, SEE_EXPLAIN, Search, ShardRequest, ShownImage,
    VerifiedImages, VerifyFilesRequest, VerifyImagesRequest, verify, verify_files, verify_images,
};

/// Parts of requests.
pub use crate::trust::{Selection, Service, Window};
