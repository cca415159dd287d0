//! Flags that every signing command has.

use std::path::PathBuf;

use super::{filled, key::KeyArgs, output::SignOutputArgs, services::ServiceArgs};
use crate::commands::{Error, SignOutputs, SignWith};

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
    /// Flags that contradict each other, and services or keys that this version cannot reach.
    pub fn with(&self, services: &ServiceArgs) -> Result<SignWith, Error> {
        let key = self.key.reference()?;
        let witness = services.witness(key.as_deref())?;
        Ok(SignWith {
            // Without a key there is no witness either.
            key: key.unwrap_or_default(),
            certificate: filled(&self.certificate),
            certificate_chain: filled(&self.certificate_chain),
            witness,
        })
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
    pub fn with(&self) -> Result<SignWith, Error> {
        self.signer.with(&self.services)
    }

    /// What is written. `signature` is the file for the signature; without one it goes to standard output, beside a
    /// bundle too, because scripts of cosign 2 read it there and those of cosign 3 do not look.
    pub fn outputs(&self, signature: Option<PathBuf>) -> SignOutputs {
        SignOutputs {
            print: signature.is_none(),
            bundle: self.output.bundle(),
            signature,
            certificate: filled(&self.output.output_certificate),
        }
    }
}

#[cfg(test)]
mod tests;
