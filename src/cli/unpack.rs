//! `unpack`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::identity::IdentityArgs;
use super::args::key::KeyArgs;
use super::args::output::KitReportArgs;
use super::args::trust::{IdleArgs, TrustArgs};
use super::args::{at_most_one, filled, not_empty, root::RootArgs, values, verify};
use super::render::{self, Output};
use super::reports;
use super::run::{Request, say_waivers, show_checks};
use super::tree::CommandArgs;
use crate::commands::{
    self, Context, Error, KitReport, KitSigner, KitVerification, Signer, TrustRequest, UnpackRequest,
};

/// Take a kit apart, and verify what is in it
///
/// A kit is what `pack` writes. Everything in it is compared with its manifest; --verify also verifies each artifact with its
/// bundles. Nothing is fetched, and nothing is left behind unless all of it succeeds; only a run that is
/// interrupted leaves a folder `.rcosign-unpack.*`, which can be removed.
#[derive(Debug, clap::Args)]
pub struct UnpackArgs {
    /// Kit to take apart; `-` is standard input
    #[arg(value_name = "KIT")]
    pub kit: Vec<OsString>,
    /// New folder for what is in the kit; without it, --verify leaves nothing behind
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub dir: Option<PathBuf>,
    /// Verify each artifact with its bundles
    #[arg(long, help_heading = "Verification")]
    pub verify: Option<bool>,
    /// Type that statements must have: a URI, or a short name as in `attest-blob`; without it, signatures and statements of
    /// any type verify
    #[arg(long = "type", value_name = "TYPE", help_heading = "Verification")]
    pub predicate_type: Option<String>,
    /// Folder with the files of which the kit has the digest alone; refused where it has the bytes of all
    #[arg(long, value_name = "DIR", help_heading = "Verification")]
    pub artifacts: Option<PathBuf>,
    /// Trust the trusted root in the kit; whoever made the kit decides then
    #[arg(long, help_heading = "Verification")]
    pub packed_trusted_root: Option<bool>,
    /// Key in the kit to verify with, by its fingerprint: `sha256:` and the SHA-256 of its SubjectPublicKeyInfo
    #[arg(long, value_name = "FINGERPRINT", help_heading = "Verification")]
    pub packed_key: Option<String>,
    /// Which key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Whose certificate.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// What is trusted.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// What makes no difference.
    #[command(flatten)]
    pub idle: IdleArgs,
    /// No effect: what is in a kit is judged in turn
    #[arg(long, value_name = "NUMBER", value_parser = values::integer, allow_hyphen_values = true, help_heading = "Trust")]
    pub max_workers: Option<i64>,
    /// No effect: a kit holds its proofs
    #[arg(long, value_name = "URL", help_heading = "Trust")]
    pub rekor_url: Option<String>,
    /// A report.
    #[command(flatten)]
    pub report: KitReportArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for UnpackArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::Unpack(Box::new(self.request(warnings)?)))
    }
}

impl UnpackArgs {
    /// What is asked for; warnings are added to `warnings`.
    ///
    /// # Errors
    /// Not exactly one kit, neither a folder nor a verification, flags of a verification without `--verify`, nobody named as
    /// the signer, flags that contradict each other.
    pub fn request(&self, warnings: &mut Vec<String>) -> Result<UnpackRequest, Error> {
        let packed_key = self.packed_key()?;
        let Some(kit) = at_most_one(&self.kit, "one kit is taken apart at a time")? else {
            return Err(
                Error::usage("there is no kit to take apart").hint("name it, or `-` for standard input")
            );
        };
        let dir = not_empty("--dir", &self.dir)?;
        let verify = self.verify.unwrap_or_default();
        match (verify, self.given()) {
            (false, Some(flag)) => {
                return Err(Error::usage(format!("{flag} says how to verify, and nothing is verified"))
                    .hint("add --verify"));
            }
            (false, None) if dir.is_none() => {
                return Err(Error::usage("there is nothing to do with the kit")
                    .hint("--dir DIR unpacks it, --verify verifies what is in it"));
            }
            _ => {}
        }
        let verify = if verify { Some(self.verification(packed_key, warnings)?) } else { None };
        Ok(UnpackRequest { kit: kit.clone(), dir, verify })
    }

    fn verification(
        &self,
        packed_key: Option<String>,
        warnings: &mut Vec<String>,
    ) -> Result<KitVerification, Error> {
        let signer = self.signer(packed_key, warnings)?;
        let keyless = matches!(signer, KitSigner::Named(Signer::Identity(_)));
        if self.trust.offline == Some(false) {
            return Err(Error::usage("--offline=false would have `unpack` ask a service, and it asks none")
                .hint("leave --offline=false out, or name a trusted root with --trusted-root FILE"));
        }
        // It is for places without a network: what is cached or built in has to do.
        let trust = TrustRequest { offline: true, ..self.trust.request(keyless)? };
        let packed_root = self.packed_trusted_root.unwrap_or_default();
        if packed_root && trust.trusted_root.is_some() {
            return Err(Error::usage("--trusted-root and --packed-trusted-root name two trusted roots")
                .hint("leave --packed-trusted-root out: a root of your own is safer"));
        }
        Ok(KitVerification {
            signer,
            trust,
            packed_root,
            predicate_type: not_empty("--type", &self.predicate_type)?,
            artifacts: not_empty("--artifacts", &self.artifacts)?,
            require_timestamp: self.trust.use_signed_timestamps.unwrap_or_default(),
            waivers: self.trust.waivers(),
            report: self.report.report.clone(),
        })
    }

    /// The fingerprint, in hexadecimal. Where it was forgotten, the next word, the kit perhaps, stands in its place.
    fn packed_key(&self) -> Result<Option<String>, Error> {
        let Some(text) = not_empty("--packed-key", &self.packed_key)? else { return Ok(None) };
        let hex = text.strip_prefix("sha256:").unwrap_or(&text).to_ascii_lowercase();
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::usage(format!(
                "--packed-key takes the fingerprint of a key, and `{text}` is none"
            ))
            .hint("it is written `sha256:` and 64 hexadecimal digits; `pack` shows it"));
        }
        Ok(Some(hex))
    }

    fn signer(&self, packed_key: Option<String>, warnings: &mut Vec<String>) -> Result<KitSigner, Error> {
        let reference = self.key.reference()?.map(|key| key.to_ascii_lowercase());
        if reference.is_some_and(|key| key.starts_with("https://") || key.starts_with("http://")) {
            return Err(Error::usage("--key is an address, and `unpack` fetches nothing")
                .hint("bring the key here as a file, and name that with --key FILE"));
        }
        let Some(hex) = packed_key else {
            return verify::signer(&self.key, (&self.identity, None), &self.trust, false, warnings)
                .map(KitSigner::Named);
        };
        if self.key.reference()?.is_some() {
            return Err(Error::usage("--key and --packed-key name two different keys")
                .hint("leave --packed-key out: a key of your own is safer"));
        }
        if let Some(flag) = self.identity.given().first() {
            return Err(Error::usage(format!("{flag} and --packed-key name two different signers"))
                .hint("leave one of them out"));
        }
        Ok(KitSigner::PackedKey(hex))
    }

    /// The first flag that asks for something of a verification.
    fn given(&self) -> Option<&'static str> {
        let TrustArgs { trusted_root, ca_roots, ca_intermediates, certificate_chain, .. } = &self.trust;
        let trust = &self.trust;
        let flags = [
            ("--key", self.key.key.is_some() || self.key.sk.is_some() || self.key.slot.is_some()),
            ("--packed-key", self.packed_key.is_some()),
            ("--packed-trusted-root", self.packed_trusted_root.is_some()),
            ("--type", self.predicate_type.is_some()),
            ("--artifacts", self.artifacts.is_some()),
            ("--report", self.report.report.is_some()),
            ("--trusted-root", trusted_root.is_some()),
            ("--ca-roots", ca_roots.is_some()),
            ("--ca-intermediates", ca_intermediates.is_some()),
            ("--certificate-chain", certificate_chain.is_some()),
            ("--timestamp-certificate-chain", trust.timestamp_certificate_chain.is_some()),
            ("--use-signed-timestamps", trust.use_signed_timestamps.is_some()),
            ("--no-log", trust.no_log.is_some()),
            ("--insecure-ignore-tlog", trust.insecure_ignore_tlog.is_some()),
            ("--private-infrastructure", trust.private_infrastructure.is_some()),
            ("--insecure-ignore-sct", trust.insecure_ignore_sct.is_some()),
        ];
        let first = flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag);
        first.or_else(|| self.identity.given().first().copied())
    }
}

/// Unpacks, and says what came of it.
///
/// # Errors
/// Whatever the command meets; a report that cannot be written.
pub async fn run(request: &UnpackRequest, context: &mut Context, output: &mut Output) -> Result<(), Error> {
    let asked = request.verify.as_ref();
    let wanted = asked.and_then(|verify| verify.report.as_ref());
    let file = reports::file(wanted)?;
    let (mut report, result) = commands::unpack(request, context).await;
    let members = result.as_ref().map_or(0, |kit| kit.members);
    let result = result.and_then(|kit| kit.keep(&mut report));
    let written = match wanted {
        Some(_) => render::pretty(&report).and_then(|text| reports::hand_out(&text, file, output)),
        None => Ok(()),
    };
    if context.settings.verbose {
        report.artifacts.iter().for_each(|artifact| show_checks(&artifact.candidates));
    }
    match (written, result) {
        (Err(error), Err(_)) | (Ok(()), Err(error)) => return Err(error),
        // Nobody reads that it verified whose report was lost.
        (written, Ok(kept)) => match written.and_then(|()| output.flush()) {
            Ok(()) => drop(kept),
            Err(error) => {
                kept.withdraw();
                return Err(error);
            }
        },
    }
    match asked {
        Some(asked) => say_verified(asked, &report),
        None => render::say("Everything agrees with the manifest; nothing was verified (no --verify)"),
    }
    if let Some(dir) = &request.dir {
        render::say(&format!("Unpacked {members} files and the manifest into {}", dir.display()));
    }
    Ok(())
}

fn say_verified(asked: &KitVerification, report: &KitReport) {
    let keyless = matches!(asked.signer, KitSigner::Named(Signer::Identity(_)));
    say_waivers(&asked.waivers, keyless);
    for artifact in &report.artifacts {
        for candidate in &artifact.candidates {
            if let (Some(predicate_type), None) = (&candidate.predicate_type, filled(&asked.predicate_type)) {
                let name = artifact.shown();
                render::say(&format!("{name} is the subject of a statement of type {predicate_type}"));
            }
        }
    }
    for artifact in &report.artifacts {
        let by = if artifact.read { String::new() } else { by_digest(&artifact.digests) };
        render::say(&format!("{}: Verified OK{by}", artifact.shown()));
    }
}

fn by_digest(digests: &[String]) -> String {
    let digest = digests.first().map(String::as_str).unwrap_or_default();
    format!(" by its digest alone, {digest}: compare the file that you have with it")
}
