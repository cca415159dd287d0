//! Whose certificate.

use super::filled;
use crate::commands::{Error, GithubRequest, IdentityRequest};
use crate::verify::WorkflowClaims;

/// Whose certificate.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Identity that the certificate must name, exactly
    #[arg(long, value_name = "IDENTITY", alias = "cert-identity")]
    pub certificate_identity: Option<String>,
    /// Identity that the certificate must name, as a regular expression
    ///
    /// RE2 syntax. It is not anchored: write `^` and `$` to match from the beginning to the end.
    #[arg(long, value_name = "REGEXP")]
    pub certificate_identity_regexp: Option<String>,
    /// OIDC issuer that the certificate must name, exactly
    #[arg(long, value_name = "ISSUER", alias = "cert-oidc-issuer")]
    pub certificate_oidc_issuer: Option<String>,
    /// OIDC issuer that the certificate must name, as a regular expression
    ///
    /// RE2 syntax. It is not anchored: write `^` and `$` to match from the beginning to the end.
    #[arg(long, value_name = "REGEXP")]
    pub certificate_oidc_issuer_regexp: Option<String>,
    /// Event that triggered the GitHub workflow named in the certificate
    #[arg(long, value_name = "EVENT")]
    pub certificate_github_workflow_trigger: Option<String>,
    /// Commit that the GitHub workflow named in the certificate ran for
    #[arg(long, value_name = "SHA")]
    pub certificate_github_workflow_sha: Option<String>,
    /// Name of the GitHub workflow named in the certificate
    #[arg(long, value_name = "NAME")]
    pub certificate_github_workflow_name: Option<String>,
    /// Repository of the GitHub workflow named in the certificate, as owner/name
    #[arg(long, value_name = "REPOSITORY")]
    pub certificate_github_workflow_repository: Option<String>,
    /// Git reference that the GitHub workflow named in the certificate ran for
    #[arg(long, value_name = "REF")]
    pub certificate_github_workflow_ref: Option<String>,
}

impl IdentityArgs {
    /// The flags that were given, by name.
    pub fn given(&self) -> Vec<&'static str> {
        self.values().into_iter().filter(|(_, value)| filled(value).is_some()).map(|(name, _)| name).collect()
    }

    /// The identity that is asked for; `github` says what is meant where nothing is named.
    ///
    /// # Errors
    /// No identity, no issuer, or a workflow claim that is empty: what is left out on purpose has no flag, and a claim
    /// whose variable happened to be empty must not pass unchecked.
    pub fn request(&self, github: Option<&GithubRequest>) -> Result<IdentityRequest, Error> {
        let empty = |(_, value): &(&str, &Option<String>)| value.as_deref() == Some("");
        if let Some((name, _)) = self.values().into_iter().skip(4).find(empty) {
            return Err(Error::usage(format!("{name} has an empty value"))
                .hint(format!("leave {name} out if any value will do")));
        }
        for [exact, pattern] in [[0, 1], [2, 3]] {
            let values = self.values();
            if let (Some((exact, Some(_))), Some((pattern, Some(_)))) = (
                values.get(exact).map(|(name, value)| (*name, filled(value))),
                values.get(pattern).map(|(name, value)| (*name, filled(value))),
            ) {
                return Err(Error::usage(format!("{exact} and {pattern} cannot be used together"))
                    .hint("an expression can say all: leave one of them out"));
            }
        }
        let request = IdentityRequest {
            identity: filled(&self.certificate_identity),
            identity_regexp: filled(&self.certificate_identity_regexp),
            issuer: filled(&self.certificate_oidc_issuer),
            issuer_regexp: filled(&self.certificate_oidc_issuer_regexp),
            workflow: WorkflowClaims {
                trigger: filled(&self.certificate_github_workflow_trigger),
                sha: filled(&self.certificate_github_workflow_sha),
                name: filled(&self.certificate_github_workflow_name),
                repository: filled(&self.certificate_github_workflow_repository),
                reference: filled(&self.certificate_github_workflow_ref),
            },
        };
        let request = match github {
            Some(github) => github.identity(request),
            None => request,
        };
        if request.identity.is_none() && request.identity_regexp.is_none() {
            return Err(Error::usage("nobody is named whose signature would be accepted")
                .hint("with a key: --key FILE")
                .hint("without one: --certificate-identity NAME and --certificate-oidc-issuer URL"));
        }
        if request.issuer.is_none() && request.issuer_regexp.is_none() {
            return Err(Error::usage("the identity comes without the issuer that vouches for it")
                .hint("add --certificate-oidc-issuer URL or --certificate-oidc-issuer-regexp REGEXP"));
        }
        Ok(request)
    }

    /// The four flags of the signer, then the claims of a workflow.
    fn values(&self) -> [(&'static str, &Option<String>); 9] {
        [
            ("--certificate-identity", &self.certificate_identity),
            ("--certificate-identity-regexp", &self.certificate_identity_regexp),
            ("--certificate-oidc-issuer", &self.certificate_oidc_issuer),
            ("--certificate-oidc-issuer-regexp", &self.certificate_oidc_issuer_regexp),
            ("--certificate-github-workflow-trigger", &self.certificate_github_workflow_trigger),
            ("--certificate-github-workflow-sha", &self.certificate_github_workflow_sha),
            ("--certificate-github-workflow-name", &self.certificate_github_workflow_name),
            ("--certificate-github-workflow-repository", &self.certificate_github_workflow_repository),
            ("--certificate-github-workflow-ref", &self.certificate_github_workflow_ref),
        ]
    }
}
