//! Flags that every signing command has.

use std::path::PathBuf;

use super::{filled, key::KeyArgs, output::SignOutputArgs, services::ServiceArgs};
use crate::commands::{EntryType, Error, SignOutputs, SignWith, SigningAlgorithm, SigningKeyName};

/// Which key signs, with which certificate.
#[derive(Debug, clap::Args)]
pub struct SignerArgs {
    /// Which key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Certificate for the key, as PEM, to put into the bundle
    #[arg(long, value_name = "FILE", alias = "cert", help_heading = "Key")]
    pub certificate: Option<PathBuf>,
    /// Certificates above the certificate, as PEM
    #[arg(long, value_name = "FILE", alias = "cert-chain", help_heading = "Key")]
    pub certificate_chain: Option<PathBuf>,
}

impl SignerArgs {
    /// Key, certificate and witnesses.
    ///
    /// # Errors
    /// Flags that contradict each other, and keys that this version cannot reach.
    pub fn with(&self, services: &ServiceArgs, kinds: SigningKinds) -> Result<SignWith, Error> {
        let key = self.key.reference()?;
        let issue_certificate = services.issue_certificate.unwrap_or_default();
        let given = [
            ("--certificate", filled(&self.certificate).is_some()),
            ("--certificate-chain", filled(&self.certificate_chain).is_some()),
        ];
        if let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) {
            if key.is_none() {
                return Err(Error::usage(format!("{flag} needs the key that it belongs to")).hint(
                    "name the key with --key: without one, the certificate authority issues a certificate",
                ));
            }
            if issue_certificate {
                return Err(Error::usage(format!("--issue-certificate and {flag} cannot be used together"))
                    .hint("a signature has one certificate: bring it, or have it issued"));
            }
        }
        let witness = services.witness(key.as_deref())?;
        Ok(SignWith {
            key: key.map_or(SigningKeyName::Ephemeral(kinds.algorithm), SigningKeyName::Reference),
            certificate: filled(&self.certificate),
            certificate_chain: filled(&self.certificate_chain),
            issue_certificate,
            witness,
            token: services.token(),
            timestamp_tls: services.timestamp_tls(),
            entry_type: kinds.entry_type,
            trusted_root: filled(&services.trusted_root),
            without_sct: services.insecure_skip_verify.unwrap_or_default(),
            yes: services.yes.unwrap_or_default(),
        })
    }
}

/// What single commands have a flag for.
#[derive(Debug, Clone, Copy, Default)]
pub struct SigningKinds {
    /// The algorithm of a key that is made for the run.
    pub algorithm: Option<SigningAlgorithm>,
    /// The kind of log entry of statements.
    pub entry_type: EntryType,
}

impl SigningKinds {
    /// With the value of `--rekor-entry-type`.
    pub fn of_entry(entry_type: Option<&str>) -> Self {
        let entry_type = if entry_type == Some("intoto") { EntryType::Intoto } else { EntryType::Dsse };
        Self { entry_type, ..Self::default() }
    }
}

/// Flags that every command has that signs files.
#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// Who signs.
    #[command(flatten)]
    pub signer: SignerArgs,
    /// What is written.
    #[command(flatten)]
    pub output: SignOutputArgs,
    /// Services that take part.
    #[command(flatten)]
    pub services: ServiceArgs,
}

impl SignArgs {
    /// Key, certificate and witnesses.
    ///
    /// # Errors
    /// As [`SignerArgs::with`].
    pub fn with(&self, kinds: SigningKinds) -> Result<SignWith, Error> {
        self.signer.with(&self.services, kinds)
    }

    /// What is written. `signature` is the file for the signature; without one it goes to standard output, beside a
    /// bundle too, because scripts of cosign 2 read it there and those of cosign 3 do not look.
    pub fn outputs(&self, signature: Option<PathBuf>, timestamp: Option<PathBuf>) -> SignOutputs {
        SignOutputs {
            print: signature.is_none(),
            timestamp,
            bundle: self.output.bundle(),
            signature,
            certificate: filled(&self.output.output_certificate),
        }
    }
}

#[cfg(test)]
mod tests;
