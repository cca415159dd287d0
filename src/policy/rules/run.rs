//! The run of a workflow that a certificate is of, against what a statement says of it: the authority has looked at the token of the run, and
//! nobody at the statement.

use serde_json::Value;

use super::at::{At, Mismatch, quoted};
use super::facts::SigningCertificate;
use super::slsa::{Place, is_same};
use super::text::Text;

/// Where GitHub looks for workflows.
const FOLDER: &str = "/.github/workflows/";

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
        let address = address?;
        let is_in = |run: &&str| address.strip_prefix(*run).is_some_and(|rest| rest.starts_with('/'));
        let of_path = || address.split_once(FOLDER).map(|(repository, _)| repository);
        let repository = run.filter(is_in).or_else(of_path)?;
        let rest = address.strip_prefix(repository)?.trim_start_matches('/');
        Some(Self { at, repository, path: rest.split_once('@').map_or(rest, |(path, _)| path) })
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
        if let Some(other) =
            places()?.iter().find(|place| !is_same(&place.source.repository, started.repository))
        {
            let found = other.source.repository.to_string();
            return Err(contradicts(rule, &other.path, started.at, started.repository, &found));
        }
    }
    Ok(())
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
