//! `github`: attestations that a workflow of GitHub made (`gh attestation`, `actions/attest`).
//!
//! What is demanded is compared with the certificate, which a trusted authority issued to the run. A statement says what its author
//! likes: it never stands in for the certificate, and provenance of GitHub's own build types that contradicts the certificate is
//! refused.

use serde::Deserialize;

use super::at::{At, Mismatch, quoted};
use super::facts::{Facts, Signer, SigningCertificate};
use super::source::{Commit, GitRef};
use super::text::differ;
use super::{run, slsa};
use crate::verify::{IdentityMatcher, StringMatcher};

/// The name of the rule.
pub(super) const NAME: &str = "github";
/// Who vouches for a run of a workflow, at github.com.
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SERVER: &str = "https://github.com";
/// Build types whose `resolvedDependencies` name the repository of the run, by their definition.
const BUILD_TYPES: [&str; 2] = [
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
];

/// What the certificate has to say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Github {
    /// The repository whose workflow ran: `OWNER/NAME`.
    repo: OwnerName,
    /// The ref that it ran on, in full.
    #[serde(rename = "ref")]
    reference: Option<GitRef>,
    /// The commit that it ran on.
    commit: Option<Commit>,
    /// The file of the workflow that was started, as a path in the repository.
    workflow: Option<WorkflowPath>,
    /// The workflow that signed, where that is a reusable one: `OWNER/NAME/.github/workflows/FILE`, with `@REF` or with any.
    signer_workflow: Option<SignerWorkflow>,
    /// Where it ran: `github-hosted` or `self-hosted`.
    runner: Option<Runner>,
    /// GitHub itself, or the server of an enterprise.
    server_url: Option<ServerUrl>,
    /// The issuer of the identity token.
    issuer: Option<String>,
}

macro_rules! checked_text {
    ($name:ident, $is:expr, $advice:literal) => {
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        struct $name(String);

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                let is: fn(&str) -> bool = $is;
                if is(&text) { Ok(Self(text)) } else { Err(format!(concat!("`{}` ", $advice), text)) }
            }
        }
    };
}

checked_text!(OwnerName, is_owner_name, "is no repository of GitHub: write it as OWNER/NAME");
checked_text!(
    WorkflowPath,
    is_workflow,
    "is no workflow: write its path, as .github/workflows/release.yml, and a ref, if that counts, as `ref`"
);
checked_text!(
    SignerWorkflow,
    is_signer_workflow,
    "is no workflow of a repository: write it as OWNER/NAME/.github/workflows/release.yml, with @REF if that counts"
);
checked_text!(
    Runner,
    |text| matches!(text, "github-hosted" | "self-hosted"),
    "is no kind of runner: it is github-hosted or self-hosted"
);
checked_text!(ServerUrl, is_server, "is no address of a server: write it as https://github.example");

fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !matches!(text, "" | "." | "..") && text.bytes().all(plain)
}

fn is_owner_name(text: &str) -> bool {
    text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

fn is_workflow(text: &str) -> bool {
    let file = text.strip_prefix(".github/workflows/");
    file.is_some_and(|file| {
        !file.contains(['/', '@']) && file.bytes().all(|b| b.is_ascii_graphic()) && is_yaml(file)
    })
}

fn is_yaml(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && matches!(end, "yml" | "yaml"))
}

fn is_signer_workflow(text: &str) -> bool {
    let (path, reference) = text.split_once('@').map_or((text, None), |(path, rest)| (path, Some(rest)));
    let at = path.find("/.github/workflows/");
    let parts = at.and_then(|at| path.split_at_checked(at));
    parts.is_some_and(|(repo, path)| is_owner_name(repo) && path.strip_prefix('/').is_some_and(is_workflow))
        && reference.is_none_or(|reference| {
            GitRef::try_from(reference.to_owned()).is_ok() || super::source::is_commit(reference)
        })
}

fn is_server(text: &str) -> bool {
    text.strip_prefix("https://")
        .is_some_and(|host| host.split('.').all(|label| is_name(label) && !label.contains('_')))
}

impl Github {
    /// The ref, where it is not written in full.
    pub(super) fn short_ref(&self) -> Option<&str> {
        self.reference.as_ref().and_then(GitRef::short)
    }

    /// What flags demand.
    ///
    /// # Errors
    /// In words: which of them is none.
    pub fn new(
        repo: &str,
        reference: Option<&str>,
        commit: Option<&str>,
        workflow: Option<&str>,
    ) -> Result<Self, String> {
        Ok(Self {
            repo: OwnerName::try_from(repo.to_owned())?,
            reference: reference.map(|text| GitRef::try_from(text.to_owned())).transpose()?,
            commit: commit.map(|text| Commit::try_from(text.to_owned())).transpose()?,
            workflow: workflow.map(|text| WorkflowPath::try_from(text.to_owned())).transpose()?,
            signer_workflow: None,
            runner: None,
            server_url: None,
            issuer: None,
        })
    }

    /// The same with another issuer of identity tokens than github.com's own.
    #[must_use]
    pub fn with_issuer(self, issuer: &str) -> Self {
        Self { issuer: Some(issuer.to_owned()), ..self }
    }

    pub(super) fn demands(&self) -> Result<(), String> {
        match &self.issuer {
            Some(issuer) if issuer.is_empty() => Err("has an empty `issuer`".to_owned()),
            _ => Ok(()),
        }
    }

    /// The member of which two rules demand different things.
    pub(super) fn contradicts(&self, other: &Self) -> Option<&'static str> {
        [
            ("repo", self.repo != other.repo),
            ("ref", differ(self.reference.as_ref(), other.reference.as_ref())),
            ("commit", differ(self.commit.as_ref(), other.commit.as_ref())),
            ("workflow", differ(self.workflow.as_ref(), other.workflow.as_ref())),
            ("runner", differ(self.runner.as_ref(), other.runner.as_ref())),
            ("server-url", self.server() != other.server()),
            ("issuer", self.issuer() != other.issuer()),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name))
    }

    /// Why no certificate of this signer can say what is demanded.
    pub(super) fn never_by(&self, identity: Option<&IdentityMatcher>) -> Option<String> {
        let Some(identity) = identity else {
            return Some(
                "it is a key, which says nothing of a repository: the rule `github` compares the certificate"
                    .to_owned(),
            );
        };
        let issuer = self.issuer();
        let is_issuer = match &identity.issuer {
            StringMatcher::Exact(text) => text == issuer,
            StringMatcher::Pattern(pattern) => pattern.matches(issuer),
        };
        if !is_issuer {
            return Some(format!(
                "its issuer is {}, and the rule `github` demands `{issuer}`",
                identity.issuer
            ));
        }
        let claims = &identity.workflow;
        let expected = [
            ("workflow-repository", &claims.repository, Some(&self.repo.0)),
            ("workflow-ref", &claims.reference, self.reference.as_ref().map(|reference| &reference.0)),
            ("workflow-sha", &claims.sha, self.commit.as_ref().map(|commit| &commit.0)),
        ];
        expected.into_iter().find_map(|(name, claim, demanded)| {
            let (claim, demanded) = claim.as_ref().zip(demanded)?;
            (claim != demanded)
                .then(|| format!("its `{name}` is `{claim}`, and the rule `github` demands `{demanded}`"))
        })
    }

    fn issuer(&self) -> &str {
        self.issuer.as_deref().unwrap_or(ISSUER)
    }

    fn server(&self) -> &str {
        self.server_url.as_ref().map_or(SERVER, |server| &server.0)
    }

    /// The address of the repository.
    fn address(&self) -> String {
        format!("{}/{}", self.server(), self.repo.0)
    }

    pub(super) fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let Signer::Certificate(certificate) = &facts.signer else {
            return Err(Mismatch::new(NAME, "the signer", "a certificate for a run of a workflow", "a key")
                .hint("a key says nothing of a repository, and what the statement says of it is its author's word alone: verify by a certificate identity in place of the key"));
        };
        let c = certificate.as_ref();
        let address = self.address();
        let mut held = Vec::new();
        held.push(agree(self.issuer(), &[("issuer", c.issuer.clone())])?);
        let old = c.workflow_repository.as_ref().map(|repo| format!("{}/{repo}", self.server()));
        held.push(agree(
            &address,
            &[("sourceRepositoryURI", c.source_repository_uri.clone()), ("githubWorkflowRepository", old)],
        )?);
        if let Some(GitRef(expected)) = &self.reference {
            let stated = [
                ("sourceRepositoryRef", c.source_repository_ref.clone()),
                ("githubWorkflowRef", c.workflow_ref.clone()),
            ];
            held.push(agree(expected, &stated)?);
        }
        if let Some(Commit(expected)) = &self.commit {
            let stated = [
                ("sourceRepositoryDigest", c.source_repository_digest.clone()),
                ("githubWorkflowSHA", c.workflow_sha.clone()),
            ];
            held.push(agree(expected, &stated)?);
        }
        if let Some(WorkflowPath(path)) = &self.workflow {
            held.push(at_any_ref(
                &format!("{address}/{path}"),
                "buildConfigURI",
                c.build_config_uri.as_deref(),
            )?);
        }
        if let Some(SignerWorkflow(path)) = &self.signer_workflow {
            let expected = format!("{}/{path}", self.server());
            held.push(match path.contains('@') {
                true => agree(&expected, &[("buildSignerURI", c.build_signer_uri.clone())])?,
                false => at_any_ref(&expected, "buildSignerURI", c.build_signer_uri.as_deref())?,
            });
        }
        if let Some(Runner(expected)) = &self.runner {
            held.push(agree(expected, &[("runnerEnvironment", c.runner_environment.clone())])?);
        }
        not_contradicted(facts, c, &address)?;
        Ok(held)
    }
}

fn place(name: &str) -> String {
    format!("certificate.{name}")
}

fn stated(found: Option<&str>) -> String {
    found.map_or_else(|| "not stated".to_owned(), quoted)
}

/// Of these fields at least one is there, and all that are there are this.
fn agree(expected: &str, fields: &[(&str, Option<String>)]) -> Result<String, Mismatch> {
    let mut there = fields.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    if let Some((name, other)) = there.clone().find(|(_, value)| *value != expected) {
        let mismatch = Mismatch::new(NAME, place(name), quoted(expected), quoted(other));
        return Err(match other.eq_ignore_ascii_case(expected) {
            true => {
                mismatch.hint("both differ in the case of letters alone: write it as the certificate does")
            }
            false
                if other
                    .strip_prefix("refs/")
                    .and_then(|r| r.split_once('/'))
                    .is_some_and(|(_, short)| short == expected) =>
            {
                mismatch.hint(format!("write the ref in full: {other}"))
            }
            false => mismatch,
        });
    }
    match (there.next(), fields.first()) {
        (Some((name, _)), _) => Ok(format!("{NAME}: {} is {}", place(name), quoted(expected))),
        (None, first) => {
            let name = first.map_or("", |(name, _)| name);
            Err(Mismatch::new(NAME, place(name), quoted(expected), stated(None)))
        }
    }
}

/// An address of a workflow, which ends in `@` and a ref, or a commit.
fn at_any_ref(expected: &str, name: &str, found: Option<&str>) -> Result<String, Mismatch> {
    let is_it = |found: &str| {
        let (path, reference) = run::split_ref(found);
        path == expected && reference.is_some()
    };
    match found {
        Some(found) if is_it(found) => Ok(format!("{NAME}: {} is {}", place(name), quoted(found))),
        found => {
            Err(Mismatch::new(NAME, place(name), format!("{} at any ref", quoted(expected)), stated(found)))
        }
    }
}

/// Provenance of GitHub's build types names the repository, the ref, the commit and the workflow of the run itself: not others than the certificate.
fn not_contradicted(facts: &Facts, certificate: &SigningCertificate, address: &str) -> Result<(), Mismatch> {
    let predicate = At::root(NAME, "predicate", facts.predicate.as_ref());
    let build_type = predicate.below("buildDefinition.buildType");
    let is_known = build_type.text().is_ok_and(|build_type| BUILD_TYPES.contains(&build_type));
    if facts.predicate_type != slsa::V1 || !is_known {
        return Ok(());
    }
    let own = |mismatch| Mismatch { rule: NAME, ..mismatch };
    let commit = certificate.source_repository_digest.as_deref().or(certificate.workflow_sha.as_deref());
    let reference = certificate.source_repository_ref.as_deref().or(certificate.workflow_ref.as_deref());
    // The file of the workflow may be of another ref than the run (`workflow_ref` and `ref` of the identity token).
    let of_file = [reference, certificate.build_config_uri.as_deref().and_then(|uri| run::split_ref(uri).1)];
    let dependencies = slsa::dependencies(&predicate).map_err(own)?;
    let workflow =
        slsa::checkout(&predicate.below("buildDefinition.externalParameters.workflow")).map_err(own)?;
    let named = dependencies.iter().map(|place| (place, [reference, None]));
    for (place, references) in named.chain(workflow.iter().map(|place| (place, of_file))) {
        if let Some(other) = place.repository().filter(|one| !slsa::is_same(one, address)) {
            return Err(run::contradicts(NAME, &place.path, "", address, &other.to_string()));
        }
        for (what, expected, stated) in
            [("ref", &references[..], &place.references), ("commit", &[commit], &place.commits)]
        {
            let mut expected = expected.iter().copied().flatten().peekable();
            let Some(first) = expected.peek().copied() else { continue };
            let known: Vec<&str> = expected.collect();
            if let Some(other) = stated.iter().find(|stated| !known.contains(&stated.as_str())) {
                let at = format!("the {what} at {}", place.path);
                return Err(run::contradicts(NAME, &at, "", first, other));
            }
        }
    }
    let path = predicate.below("buildDefinition.externalParameters.workflow.path");
    run::same_workflow(NAME, certificate, (&[path], run::Compared::All), || Ok(Vec::new()))
}

#[cfg(test)]
mod tests;
