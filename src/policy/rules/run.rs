//! The run of a workflow that a certificate is of, against what a statement says of it: the authority has looked at the token of the run, and
//! nobody at the statement.

use serde_json::Value;

use super::at::{At, Mismatch, quoted};
use super::facts::SigningCertificate;
use super::slsa::{Place, is_same};
use super::source::{Repository, is_commit};
use super::text::Text;

/// Where GitHub looks for workflows.
const FOLDER: &str = "/.github/workflows/";
/// Workflows of slsa-github-generator that sign for the builder which called them: they have looked at its name, and write that into the provenance
/// in place of their own.
const DELEGATORS: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_";

/// The address of a workflow without its ref, and the ref: `PATH@refs/...`, or `PATH@COMMIT`. No ref where none of these ends it, or where
/// it cannot be said which of two it is. A name of a file may hold an `@`, and so may a ref (`refs/tags/@scope/name@1.0.0`).
pub(super) fn split_ref(address: &str) -> (&str, Option<&str>) {
    let whole = (address, None);
    let Some((path, rest)) = address.split_once("@refs/") else {
        let commit = address.rsplit_once('@').filter(|(_, commit)| is_commit(commit));
        return commit.map_or(whole, |(path, commit)| (path, Some(commit)));
    };
    // GitHub looks for workflows in the folder itself: after it, the first slash is one of the ref.
    let is_file = path.split_once(FOLDER).is_some_and(|(_, file)| !file.contains('/'));
    if rest.is_empty() || (rest.contains("@refs/") && !is_file) {
        return whole;
    }
    (path, address.get(path.len() + 1..))
}

/// The workflow that was started.
struct Started<'a> {
    /// The field of the certificate.
    at: &'static str,
    /// The address of its repository.
    repository: &'a str,
    /// Its path there.
    path: &'a str,
}

impl<'a> Started<'a> {
    /// From the address of a workflow, `REPOSITORY/PATH@REF`.
    fn of(at: &'static str, address: Option<&'a str>, run: Option<&'a str>) -> Option<Self> {
        let (path, _) = split_ref(address?);
        let is_in = |run: &&str| path.strip_prefix(*run).is_some_and(|rest| rest.starts_with('/'));
        let of_path = || path.split_once(FOLDER).map(|(repository, _)| repository);
        let repository = run.filter(is_in).or_else(of_path)?;
        Some(Self { at, repository, path: path.strip_prefix(repository)?.trim_start_matches('/') })
    }

    /// As a certificate says: its Build Config URI. Older ones name the workflow that signed alone (Build Signer URI, and the identity), which is
    /// the one that was started unless it is of another repository.
    fn in_certificate(c: &'a SigningCertificate) -> Option<Self> {
        let run = c.source_repository_uri.as_deref();
        if let Some(config) = c.build_config_uri.as_deref() {
            return Self::of("buildConfigURI", Some(config), run);
        }
        let is_of_run = |one: &Self| match (run, c.workflow_repository.as_deref()) {
            (Some(run), _) => one.repository == run,
            (None, Some(run)) => one.repository.strip_suffix(run).is_some_and(|server| server.ends_with('/')),
            (None, None) => true,
        };
        let signer = Self::of("buildSignerURI", c.build_signer_uri.as_deref(), run);
        signer.or_else(|| Self::of("identity", c.subject.as_deref(), run)).filter(is_of_run)
    }
}

/// Which paths of a statement are compared with that of the certificate.
#[derive(Debug, Clone, Copy)]
pub(super) enum Compared<'a> {
    /// Every one.
    All,
    /// Where no rule demands a path: those of GitHub's workflows. What builders call so besides (a Dockerfile, the name of a job) is none.
    Workflows,
    /// Where a rule demands one: every one, but for what it names letter for letter and nobody takes for a workflow, such as a Dockerfile.
    Demanded(&'a Text),
}

impl Compared<'_> {
    fn counts(self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Workflows => is_workflow(path),
            Self::Demanded(text) => is_workflow(path) || is_yaml(path) || !text.names(path),
        }
    }
}

/// Whether GitHub keeps a workflow there: it does in `.github/workflows` of a repository, and has some of its own (`dynamic/pages/...`).
fn is_workflow(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.contains(".github/") || lower.starts_with("dynamic/")
}

fn is_yaml(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.ends_with(".yml") || lower.ends_with(".yaml")
}

/// That the paths of a workflow which a statement names, and the repositories that they are in, are none but those of the certificate. Where this names
/// no workflow, there is nothing to compare with.
pub(super) fn same_workflow(
    rule: &'static str,
    certificate: &SigningCertificate,
    (paths, compared): (&[At<'_>], Compared<'_>),
    places: impl Fn() -> Result<Vec<Place>, Mismatch>,
) -> Result<(), Mismatch> {
    let Some(started) = Started::in_certificate(certificate) else { return Ok(()) };
    for at in paths {
        let path = match compared {
            Compared::Workflows => at.value.and_then(Value::as_str),
            Compared::All | Compared::Demanded(_) => at.optional_text()?,
        };
        let Some(path) = path.filter(|path| compared.counts(path)) else { continue };
        if path != started.path {
            return Err(contradicts(rule, &at.path, started.at, started.path, path));
        }
        for place in places()? {
            if let Some(other) = place.repository().filter(|one| !is_same(one, started.repository)) {
                let found = other.to_string();
                return Err(contradicts(rule, &place.path, started.at, started.repository, &found));
            }
        }
    }
    Ok(())
}

/// That what a rule demands of the revision, and a statement says, is that of the run: where this is of the repository that the rule is about. `what`: `ref` or `commit`.
pub(super) fn same_revision(
    rule: &'static str,
    c: &SigningCertificate,
    repository: &Repository,
    what: &str,
    expected: &str,
) -> Result<(), Mismatch> {
    let is_of_run = match (c.source_repository_uri.as_deref(), c.workflow_repository.as_deref()) {
        (Some(run), _) => is_same(repository, run),
        (None, Some(run)) => {
            repository.to_string().strip_suffix(run).is_some_and(|server| server.ends_with('/'))
        }
        (None, None) => false,
    };
    let fields = match what {
        "ref" => [("sourceRepositoryRef", &c.source_repository_ref), ("githubWorkflowRef", &c.workflow_ref)],
        _ => {
            [("sourceRepositoryDigest", &c.source_repository_digest), ("githubWorkflowSHA", &c.workflow_sha)]
        }
    };
    let other = fields.into_iter().find_map(|(field, value)| {
        let value = value.as_deref().filter(|value| is_of_run && *value != expected)?;
        Some((field, value))
    });
    other.map_or(Ok(()), |(field, value)| {
        Err(contradicts(rule, &format!("the {what} of the source"), field, value, expected))
    })
}

/// That a builder which is a workflow of GitHub is the one that signed. Others (a runner, a run, a service) are not in the certificate.
pub(super) fn same_builder(
    rule: &'static str,
    c: &SigningCertificate,
    builder: &At<'_>,
) -> Result<(), Mismatch> {
    let id = builder.text()?;
    let identity = c.subject.as_deref().filter(|subject| subject.contains(FOLDER));
    let signer = match (c.build_signer_uri.as_deref(), identity) {
        (Some(signer), _) => Some(("buildSignerURI", signer)),
        (None, identity) => identity.map(|identity| ("identity", identity)),
    };
    let Some((field, signer)) = signer.filter(|_| id.contains(FOLDER)) else { return Ok(()) };
    let is_signer = id == signer || (split_ref(id).1.is_none() && id == split_ref(signer).0);
    if is_signer || signer.starts_with(DELEGATORS) {
        return Ok(());
    }
    Err(contradicts(rule, &builder.path, field, signer, id))
}

/// What a statement says against the certificate of its signer, whose field is `field`.
pub(super) fn contradicts(
    rule: &'static str,
    at: &str,
    field: &str,
    expected: &str,
    found: &str,
) -> Mismatch {
    let of = if field.is_empty() { "the certificate".to_owned() } else { format!("certificate.{field}") };
    Mismatch::new(rule, at, format!("{} as in {of}", quoted(expected)), quoted(found))
        .hint("the statement contradicts the certificate of its signer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ref_of_a_workflow() {
        let file = |name: &str| format!("https://github.com/org/repo/.github/workflows/{name}");
        let commit = "f0b49a04e5a62250e0f60fb128004a73110fe311";
        for (path, reference) in [
            ("release.yml", "refs/heads/main"),
            ("release.yml", commit),
            ("release.yml@evil.yml", "refs/heads/main"),
            ("release.yml@evil.yml", commit),
            ("release.yml", "refs/tags/@scope/name@1.0.0"),
            ("release.yml", "refs/heads/a@refs/heads/b"),
        ] {
            let address = file(&format!("{path}@{reference}"));
            assert_eq!(split_ref(&address), (file(path).as_str(), Some(reference)));
        }
        for none in
            ["release.yml", "release.yml@", "release.yml@evil.yml", "release.yml@v1", "release.yml@refs/"]
        {
            assert_eq!(split_ref(&file(none)), (file(none).as_str(), None));
        }
        // Elsewhere a file may have any name, and this may be either of two.
        let either = "https://gitlab.com/org/repo//ci.yml@refs/x/evil.yml@refs/heads/main";
        assert_eq!(split_ref(either), (either, None));
    }
}
