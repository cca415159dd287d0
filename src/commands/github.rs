//! What `--repo` and its relatives ask of an attestation.

use super::{Error, IdentityRequest};
use crate::policy::rules::Github;

/// Who vouches for a run of a workflow.
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The run of a workflow that an attestation has to be from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubRequest {
    /// What the certificate has to say.
    pub rule: Github,
    repo: String,
}

impl GithubRequest {
    /// A run in a repository of github.com: `repo` is OWNER/NAME, `reference` and `commit` in full, `workflow` the path of its file;
    /// `issuer`, where another one than GitHub's own is meant.
    ///
    /// # Errors
    /// One of them is none.
    pub fn new(
        repo: &str,
        reference: Option<&str>,
        commit: Option<&str>,
        workflow: Option<&str>,
        issuer: Option<&str>,
    ) -> Result<Self, Error> {
        let rule = Github::new(repo, reference, commit, workflow).map_err(Error::usage)?;
        let rule = match issuer {
            Some(issuer) => rule.with_issuer(issuer),
            None => rule,
        };
        Ok(Self { rule, repo: repo.to_owned() })
    }

    /// The identity that is meant where none is named: any workflow of the repository.
    pub fn identity(&self, named: IdentityRequest) -> IdentityRequest {
        let mut identity = named;
        if identity.identity.is_none() && identity.identity_regexp.is_none() {
            // All that a name of a repository may have (`Github::new`), and an expression reads otherwise, is the point.
            let repo = self.repo.replace('.', r"\.");
            let pattern = format!(r"^https://github\.com/{repo}/\.github/workflows/[^/@]+@.+$");
            identity.identity_regexp = Some(pattern);
        }
        if identity.issuer.is_none() && identity.issuer_regexp.is_none() {
            identity.issuer = Some(ISSUER.to_owned());
        }
        identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Pattern;

    #[test]
    fn any_workflow_of_the_repository_is_meant_and_no_other() {
        let request = GithubRequest::new("org/re.po", None, None, None, None).unwrap();
        let identity = request.identity(IdentityRequest::default());
        assert_eq!(identity.issuer.as_deref(), Some(ISSUER));
        let pattern = Pattern::new(&identity.identity_regexp.unwrap()).unwrap();
        assert!(pattern.matches("https://github.com/org/re.po/.github/workflows/a.yml@refs/heads/main"));
        for other in [
            "https://github.com/org/rexpo/.github/workflows/a.yml@refs/heads/main",
            "https://github.com/org/re.po-evil/.github/workflows/a.yml@refs/heads/main",
            "https://github.com/org/re.po/evil/.github/workflows/a.yml@refs/heads/main",
            "https://github.com/evil/org/re.po/.github/workflows/a.yml@refs/heads/main",
            "https://githubxcom/org/re.po/.github/workflows/a.yml@refs/heads/main",
            "https://evil.example/https://github.com/org/re.po/.github/workflows/a.yml@refs/heads/main",
            "https://github.com/org/re.po/.github/workflows/a.yml",
            "https://github.com/org/re.po/.github/workflows/a.yml@refs/heads/main\nx",
        ] {
            assert!(!pattern.matches(other), "{other}");
        }
        let named = IdentityRequest {
            identity: Some("a".to_owned()),
            issuer_regexp: Some("b".to_owned()),
            ..IdentityRequest::default()
        };
        assert_eq!(request.identity(named.clone()), named);
        let error = GithubRequest::new("https://github.com/org/repo", None, None, None, None).unwrap_err();
        assert!(error.message.contains("OWNER/NAME"), "{error}");
    }
}
