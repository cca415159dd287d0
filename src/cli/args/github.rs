//! Attestations that a workflow of GitHub made.

use super::identity::IdentityArgs;
use super::{filled, is_empty};
use crate::commands::{Error, Expected, GithubRequest};

/// The type that is verified where a run is named and no type.
const PROVENANCE: &str = "slsaprovenance1";
/// The type that is verified where nothing is named, as in cosign.
const CUSTOM: &str = "custom";

/// Attestations that a workflow of GitHub made.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Identity")]
pub struct GithubArgs {
    /// Repository of GitHub whose workflow made the attestation, as the certificate says
    ///
    /// Without --certificate-identity, any workflow of the repository may have signed; without --type, the statement has to be SLSA
    /// provenance v1. Of several attestations, one that is so is enough.
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Option<String>,
    /// Git reference that the workflow ran for, in full: refs/heads/main (with --repo)
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    /// Commit that the workflow ran for, in full (with --repo)
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// File of the workflow that was started: .github/workflows/release.yml (with --repo)
    #[arg(long, value_name = "PATH")]
    pub workflow: Option<String>,
}

impl GithubArgs {
    /// The flags, and whether they are given.
    pub fn given(&self) -> [(&'static str, bool); 4] {
        [
            ("--repo", self.repo.is_some()),
            ("--ref", self.reference.is_some()),
            ("--commit", self.commit.is_some()),
            ("--workflow", self.workflow.is_some()),
        ]
    }

    /// The run that is asked for.
    ///
    /// # Errors
    /// A value that is none or empty; details without a repository.
    pub fn request(&self, identity: &IdentityArgs) -> Result<Option<GithubRequest>, Error> {
        let flags = [
            ("--repo", &self.repo),
            ("--ref", &self.reference),
            ("--commit", &self.commit),
            ("--workflow", &self.workflow),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, value)| value.as_deref() == Some("")) {
            return Err(is_empty(flag));
        }
        let [_, details @ ..] = flags;
        match (&self.repo, details.iter().find(|(_, value)| value.is_some())) {
            (None, None) => Ok(None),
            (None, Some((flag, _))) => {
                Err(Error::usage(format!("{flag} comes without a repository")).hint("add --repo OWNER/NAME"))
            }
            (Some(repo), _) => GithubRequest::new(
                repo,
                self.reference.as_deref(),
                self.commit.as_deref(),
                self.workflow.as_deref(),
                filled(&identity.certificate_oidc_issuer).as_deref(),
            )
            .map(Some),
        }
    }

    /// The attestation that is asked for: of the type that is named, or the usual one.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub fn meant(&self, named: &Option<String>, identity: &IdentityArgs) -> Result<Meant, Error> {
        let github = self.request(identity)?;
        let usual = if github.is_some() { PROVENANCE } else { CUSTOM };
        let predicate_type = filled(named).unwrap_or_else(|| usual.to_owned());
        Ok(Meant { expected: Expected::Attestation { predicate_type }, github })
    }
}

/// What has to be verified, and the run that it has to be from.
#[derive(Debug)]
pub struct Meant {
    /// What a signature has to be.
    pub expected: Expected,
    /// The run.
    pub github: Option<GithubRequest>,
}

impl From<Expected> for Meant {
    fn from(expected: Expected) -> Self {
        Self { expected, github: None }
    }
}
