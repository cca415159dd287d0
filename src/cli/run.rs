//! Hands requests to their commands and shows what comes back.

use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::SystemTime;

use super::args::format::Format;
use super::environment;
use super::help;
use super::render::{self, Output};
use super::{policy, sandbox, unpack, verify, verify_files};
use crate::commands::{
    self, AttestBlobRequest, BundleCreateRequest, BundleDiffRequest, BundleInspectRequest,
    BundleUpgradeRequest, CandidateReport, CheckReport, Context, Error, ErrorKind, Files,
    GenerateKeyPairRequest, GenerateRequest, ImportKeyPairRequest, InspectionShown, LoginRequest, Narrator,
    PackRequest, PublicKeyRequest, ReportRequest, Settings, SignBlobRequest, SigningConfigCreateRequest,
    TriangulateRequest, TrustedRootCreateRequest, TrustedRootInspectRequest, UnpackRequest, VerifyRequest,
    Waivers,
};
use crate::crypto::UnixTime;
use crate::keys::Terminal;
use crate::progress;

/// What is to be done.
#[derive(Debug)]
pub enum Request {
    /// `attest-blob`.
    AttestBlob(AttestBlobRequest),
    /// `sign`.
    SignImages(Box<commands::SignImagesRequest>),
    /// `verify`.
    VerifyImages(Box<commands::VerifyImagesRequest>),
    /// `attest`.
    AttestImages(Box<commands::AttestImagesRequest>),
    /// `attach signature`.
    AttachSignature(Box<commands::AttachSignatureRequest>),
    /// `attach attestation`.
    AttachAttestation(Box<commands::AttachAttestationRequest>),
    /// `attach sbom`.
    AttachSbom(Box<commands::AttachSbomRequest>),
    /// `download signature`.
    DownloadSignature(Box<commands::DownloadSignatureRequest>),
    /// `download attestation`.
    DownloadAttestation(Box<commands::DownloadAttestationRequest>),
    /// `download sbom`.
    DownloadSbom(Box<commands::DownloadSbomRequest>),
    /// `tree`.
    Tree(Box<commands::TreeRequest>, Format),
    /// `clean`.
    Clean(Box<commands::CleanRequest>),
    /// `copy`.
    Copy(Box<commands::CopyRequest>),
    /// `sandbox`.
    Sandbox(sandbox::SandboxRequest),
    /// `sandbox demo`.
    SandboxDemo,
    /// `save`.
    Save(Box<commands::SaveRequest>),
    /// `load`.
    Load(Box<commands::LoadRequest>),
    /// `upload blob`.
    UploadBlob(Box<commands::UploadBlobRequest>),
    /// `upload wasm`.
    UploadWasm(Box<commands::UploadWasmRequest>),
    /// `bundle create`.
    BundleCreate(BundleCreateRequest),
    /// `bundle diff`, and how to show it.
    BundleDiff(BundleDiffRequest, Format),
    /// `bundle inspect`, and how to show it.
    BundleInspect(BundleInspectRequest, Format),
    /// `bundle upgrade`.
    BundleUpgrade(BundleUpgradeRequest),
    /// `completion`, for this shell.
    Completion(clap_complete::Shell),
    /// `debug providers`.
    DebugProviders,
    /// `generate`.
    Generate(GenerateRequest),
    /// `generate-key-pair`.
    GenerateKeyPair(GenerateKeyPairRequest),
    /// `help`, of these words.
    Help(Vec<OsString>),
    /// `import-key-pair`.
    ImportKeyPair(ImportKeyPairRequest),
    /// `initialize`.
    Initialize(commands::InitializeRequest),
    /// `pkcs11-tool list-keys-uris`.
    ListKeys(commands::ListKeysRequest),
    /// `pkcs11-tool list-tokens`.
    ListTokens(commands::ListTokensRequest),
    /// `login`.
    Login(LoginRequest),
    /// `help --man`, into this folder.
    Manual(PathBuf),
    /// `piv-tool`.
    PivTool(commands::PivToolRequest),
    /// `pack`.
    Pack(PackRequest),
    /// `public-key`.
    PublicKey(PublicKeyRequest),
    /// `policy`, and how to show it.
    Policy(policy::Request, Format),
    /// `sign-blob`.
    SignBlob(SignBlobRequest),
    /// `signing-config create`.
    SigningConfigCreate(SigningConfigCreateRequest),
    /// Text that asks for nothing else: `version`, `env`.
    Text(String),
    /// `triangulate`.
    Triangulate(TriangulateRequest),
    /// `trusted-root create`.
    TrustedRootCreate(TrustedRootCreateRequest),
    /// `trusted-root inspect`, and how to show it.
    TrustedRootInspect(TrustedRootInspectRequest, Format),
    /// `unpack`.
    Unpack(Box<UnpackRequest>),
    /// `verify-blob` and `verify-blob-attestation`.
    Verify(Box<VerifyRequest>),
    /// The same, of several files.
    VerifyFiles(Box<commands::VerifyFilesRequest>),
}

impl Request {
    /// Carries the request out.
    ///
    /// # Errors
    /// Whatever the command meets.
    pub fn execute(self, settings: Settings, output: &mut Output) -> Result<(), Error> {
        let summary = commands::summary_of(self.reports(), environment::read);
        self.files().and_written("output file", output.place()).and_summary(summary.as_deref()).check()?;
        // One thread: it is the caller's. Only a key behind an address ever waits.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(ErrorKind::Other, "the program could not start").caused_by(&error))?;
        let mut context = context(settings);
        // Whoever sits there would wonder what is waited for.
        let is_watched = render::waiting::is_wanted(&*context.variables);
        #[cfg(feature = "http")]
        let is_told = context.settings.verbose || std::io::IsTerminal::is_terminal(&std::io::stderr());
        let mut work: Pin<Box<dyn Future<Output = _> + '_>> = Box::pin(self.run(&mut context, output));
        #[cfg(feature = "http")]
        if is_told {
            work = Box::pin(commands::telling_retries(render::say, work));
        }
        if is_watched {
            // Whoever ends the program there finds no half a line.
            commands::before_signals(render::waiting::clear);
            work = Box::pin(progress::shown(render::waiting::draw, work));
        }
        runtime.block_on(work)
    }

    fn reports(&self) -> &[ReportRequest] {
        match self {
            Self::Verify(request) => &request.reports,
            Self::VerifyFiles(request) => &request.each.reports,
            Self::VerifyImages(request) => &request.reports,
            _ => &[],
        }
    }

    fn files(&self) -> Files<'_> {
        match self {
            Self::AttestBlob(request) => request.files(),
            Self::SignImages(request) => request.files(),
            Self::VerifyImages(request) => request.files(),
            Self::AttestImages(request) => request.files(),
            Self::AttachSignature(request) => request.files(),
            Self::AttachAttestation(request) => request.files(),
            Self::AttachSbom(request) => request.files(),
            Self::DownloadSignature(request) => request.files(),
            Self::DownloadAttestation(request) => request.files(),
            Self::DownloadSbom(request) => request.files(),
            Self::Tree(request, _) => request.files(),
            Self::Clean(request) => request.files(),
            Self::Copy(request) => request.files(),
            Self::Save(request) => request.files(),
            Self::Load(request) => request.files(),
            Self::UploadBlob(request) => request.files(),
            Self::UploadWasm(request) => request.files(),
            Self::BundleCreate(request) => request.files(),
            Self::BundleDiff(request, _) => request.files(),
            Self::BundleInspect(request, _) => request.files(),
            Self::BundleUpgrade(request) => request.files(),
            Self::Completion(_)
            | Self::DebugProviders
            | Self::GenerateKeyPair(_)
            | Self::Help(_)
            | Self::ListKeys(_)
            | Self::ListTokens(_)
            | Self::Manual(_)
            | Self::PivTool(_)
            | Self::SandboxDemo
            | Self::Text(_) => Files::default(),
            Self::Sandbox(request) => request.files(),
            Self::Generate(request) => request.files(),
            Self::ImportKeyPair(request) => request.files(),
            Self::Initialize(request) => request.files(),
            Self::Login(request) => request.files(),
            Self::Pack(request) => request.files(),
            Self::PublicKey(request) => request.files(),
            Self::Policy(request, _) => request.files(),
            Self::SignBlob(request) => request.files(),
            Self::SigningConfigCreate(request) => request.files(),
            Self::Triangulate(request) => request.files(),
            Self::TrustedRootCreate(request) => request.files(),
            Self::TrustedRootInspect(request, _) => request.files(),
            Self::Unpack(request) => request.files(),
            Self::Verify(request) => request.files(),
            Self::VerifyFiles(request) => request.files(),
        }
    }

    async fn run(self, context: &mut Context, output: &mut Output) -> Result<(), Error> {
        let data = match self {
            Self::AttestBlob(request) => commands::attest_blob(&request, context).await?,
            Self::SignImages(request) => commands::sign_images(&request, context).await?,
            Self::VerifyImages(request) => return verify::run(&request, context, output).await,
            Self::AttestImages(request) => commands::attest_images(&request, context).await?,
            Self::AttachSignature(request) => commands::attach_signature(&request, context).await?,
            Self::AttachAttestation(request) => commands::attach_attestation(&request, context).await?,
            Self::AttachSbom(request) => commands::attach_sbom(&request, context).await?,
            Self::DownloadSignature(request) => {
                render::json_lines(&commands::download_signature(&request, context).await?)
            }
            Self::DownloadAttestation(request) => {
                render::json_lines(&commands::download_attestation(&request, context).await?)
            }
            Self::DownloadSbom(request) => {
                output.foreign(&commands::download_sbom(&request, context).await?);
                return Ok(());
            }
            Self::Tree(request, format) => {
                let tree = commands::tree(&request, context).await?;
                match format {
                    Format::Text => render::tree(&tree).into_bytes(),
                    Format::Json => format.show(&tree)?,
                }
            }
            Self::Clean(request) => commands::clean(&request, context).await?,
            Self::Copy(request) => commands::copy(&request, context).await?,
            Self::Save(request) => commands::save(&request, context).await?,
            Self::Load(request) => commands::load(&request, context).await?,
            Self::UploadBlob(request) => commands::upload_blob(&request, context).await?,
            Self::UploadWasm(request) => commands::upload_wasm(&request, context).await?,
            Self::BundleCreate(request) => commands::bundle_create(&request, context).await?,
            Self::BundleDiff(request, format) => return bundle_diff(&request, format, context, output),
            Self::BundleInspect(request, format) => {
                return bundle_inspect(&request, format, context, output);
            }
            Self::BundleUpgrade(request) => commands::bundle_upgrade(&request, context).await?,
            Self::DebugProviders => commands::debug_providers(context).await?,
            Self::Generate(request) => commands::generate(&request, context).await?,
            Self::GenerateKeyPair(request) => {
                commands::generate_key_pair(&request, context).await?;
                Vec::new()
            }
            Self::ImportKeyPair(request) => {
                commands::import_key_pair(&request, context).await?;
                Vec::new()
            }
            Self::Initialize(request) => {
                commands::initialize(&request, context).await?;
                Vec::new()
            }
            Self::ListKeys(request) => commands::list_keys(request, context).await?,
            Self::ListTokens(request) => commands::list_tokens(&request, context).await?,
            Self::Login(request) => commands::login(request, context).await.map(|()| Vec::new())?,
            // Their words need the program's name, or they run commands themselves: see `super::run`.
            Self::Completion(_) | Self::Help(_) | Self::SandboxDemo => Vec::new(),
            Self::Sandbox(request) => return sandbox::run(request, context, output).await,
            Self::Manual(folder) => {
                render::say(&help::write_manual(&folder)?);
                Vec::new()
            }
            Self::PivTool(request) => commands::piv_tool(&request, context)?,
            Self::Pack(request) => commands::pack(&request, context).await?,
            Self::PublicKey(request) => commands::public_key(&request, context).await?,
            Self::Policy(request, format) => return policy::run(&request, format, context, output).await,
            Self::SignBlob(request) => return sign_blob(&request, context, output).await,
            Self::SigningConfigCreate(request) => commands::signing_config_create(&request, context).await?,
            Self::Text(text) => text.into_bytes(),
            Self::Triangulate(request) => commands::triangulate(&request, context).await?,
            Self::TrustedRootCreate(request) => commands::trusted_root_create(&request, context).await?,
            Self::TrustedRootInspect(request, format) => {
                format.show(&commands::trusted_root_inspect(&request, context)?)?
            }
            Self::Unpack(request) => return unpack::run(&request, context, output).await,
            Self::Verify(request) => return verify_files::one(&request, context, output).await,
            Self::VerifyFiles(request) => return verify_files::several(&request, context, output).await,
        };
        output.data(&data);
        Ok(())
    }
}

/// What was signed is shown, also where something else failed.
async fn sign_blob(
    request: &SignBlobRequest,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let mut printed = Vec::new();
    let result = commands::sign_blob(request, &mut printed, context).await;
    output.data(&printed);
    result
}

/// The differences are shown, and then that there are any ends the run as a failure.
fn bundle_diff(
    request: &BundleDiffRequest,
    format: Format,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let (differences, result) = commands::bundle_diff(request, context)?;
    let data = match format {
        Format::Text => render::differences(&differences.differences).into_bytes(),
        Format::Json => format.show(&differences)?,
    };
    output.data(&data);
    result
}

/// What can be read of a document is shown, also where an error follows.
fn bundle_inspect(
    request: &BundleInspectRequest,
    format: Format,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    let document = &request.document;
    let text = match request.shown {
        InspectionShown::Document => {
            let (inspection, result) = commands::bundle_inspect(request, context)?;
            output.data(&format.show(&inspection)?);
            return result;
        }
        InspectionShown::Predicate => {
            format!("{}\n", render::json(&commands::bundle_predicate(document, context)?))
        }
        InspectionShown::Command => format!("{}\n", commands::bundle_suggest(document, context)?),
        InspectionShown::PolicyFile => commands::bundle_suggest_policy(document, context)?,
    };
    output.data(text.as_bytes());
    Ok(())
}

/// Names the flags that gave up proofs of a signature; `keyless`: by an identity.
pub fn say_waivers(waivers: &Waivers, keyless: bool) {
    if let Some(flag) = waivers.log {
        let line = format!("No transparency log entry was asked for ({flag})");
        // Cosign warns of the flag that it calls insecure, and of no other.
        if flag == "--insecure-ignore-tlog" { render::warn(&line) } else { render::say(&line) }
    }
    if let (Some(flag), true) = (waivers.sct, keyless) {
        render::say(&format!("No signed certificate timestamp was asked for ({flag})"));
    }
}

/// The report as narration (`--verbose`).
pub fn show_checks(candidates: &[CandidateReport]) {
    for candidate in candidates {
        render::say(&format!("{} ({}):", candidate.source, candidate.format));
        for CheckReport { check, outcome, flag, detail, .. } in &candidate.checks {
            let by = flag.map(|flag| format!(" by {flag}")).unwrap_or_default();
            let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            render::say(&format!("  {check} {outcome}{by}{detail}"));
        }
        for reason in &candidate.uncounted {
            render::say(&format!("  does not count: {reason}"));
        }
    }
}

/// The outside world, as this process sees it.
pub fn context(settings: Settings) -> Context {
    Context {
        settings,
        now: now(),
        variables: std::sync::Arc::new(environment::read),
        prompt: Box::new(Terminal::default()),
        narrator: Box::new(StandardError),
        tell: render::say,
    }
}

fn now() -> UnixTime {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => UnixTime::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        // A clock before 1970: no certificate is valid then, and none verifies.
        Err(_) => UnixTime::from_seconds(0),
    }
}

/// Narration on standard error.
struct StandardError;

impl Narrator for StandardError {
    fn say(&mut self, line: &str) {
        render::say(line);
    }

    fn warn(&mut self, line: &str) {
        render::warn(line);
    }
}
