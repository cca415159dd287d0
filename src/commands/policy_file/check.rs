//! `policy check`.

use std::path::PathBuf;

use serde::Serialize;

use super::Source;
use crate::attest::PredicateType;
use crate::commands::trust::root_in;
use crate::commands::{Context, Error, ErrorKind, Files, keys};
use crate::policy::scoped::{ACCEPT, Demand, Document, Finding, SignerSource, lint};

/// What `policy check` is asked for.
#[derive(Debug)]
pub struct PolicyCheckRequest {
    /// The policy file.
    pub file: PathBuf,
    /// Whether what is only doubtful is a failure.
    pub strict: bool,
}

impl PolicyCheckRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default().and_read("policy file", Some(&self.file))
    }
}

/// What is in a policy file, and what is doubtful about it.
#[derive(Debug, Serialize)]
pub struct PolicyChecked {
    /// The file.
    pub file: String,
    /// How many signers it names.
    pub signers: usize,
    /// The names of the scopes, in their order.
    pub scopes: Vec<String>,
    /// What is doubtful, and what a scope accepts without any signature.
    pub findings: Vec<PolicyFinding>,
    /// How many of them are doubtful.
    #[serde(skip)]
    pub doubtful: usize,
}

/// Something doubtful.
#[derive(Debug, Serialize)]
pub struct PolicyFinding {
    /// Its kind.
    pub code: &'static str,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The place: `scopes[0]`.
    pub path: String,
    /// What it is.
    pub message: String,
}

/// Predicate types that are neither a short name nor a URI: old tools have signed plain words.
fn plain_types(document: &Document) -> impl Iterator<Item = Finding> {
    let requirements = document.scopes.iter().filter_map(|scope| match &scope.demand {
        Demand::Require(requirements) => Some(requirements),
        Demand::Accept | Demand::Refuse => None,
    });
    let demands = requirements.flat_map(|requirements| &requirements.attestations);
    demands.filter(|demand| PredicateType::is_plain_word(&demand.predicate_type)).map(|demand| {
        let word = &demand.predicate_type;
        let meant = PredicateType::meant(word);
        let meant = meant.map(|name| format!(": did you mean `{name}`?")).unwrap_or_default();
        Finding {
            code: "plain-type",
            path: demand.path.member("type"),
            message: format!("the predicate type `{word}` is neither a short name nor a URI{meant}"),
        }
    })
}

/// Reads a policy file and everything on this machine that it names, and looks for what is probably not meant.
///
/// # Errors
/// The file cannot be used; with `strict`, something is doubtful: the facts are there all the same.
pub async fn policy_check(
    request: &PolicyCheckRequest,
    context: &mut Context,
) -> Result<(PolicyChecked, Result<(), Error>), Error> {
    let source = Source::read(&request.file)?;
    let document = &source.document;
    if let Some(root) = &document.root {
        root_in(&source.beside(root))
            .map_err(|error| error.cause(format!("it is named in {}", source.at_root())))?;
    }
    source.policies(context)?;
    let mut found = Vec::new();
    for signer in &document.signers {
        // Keys that others hold are asked for when something is verified.
        found.push(match &signer.source {
            SignerSource::Key(reference)
                if !reference.contains("://") && !reference.starts_with("pkcs11:") =>
            {
                let reference = source.key(reference)?;
                let key = keys::public_key(&reference, context).await;
                Some(key.map_err(|error| source.of_signer(signer, error))?)
            }
            _ => None,
        });
    }
    let findings: Vec<_> = lint(document, &found)
        .into_iter()
        .chain(plain_types(document))
        .map(|finding| PolicyFinding {
            code: finding.code,
            line: source.line(&finding.path),
            path: finding.path.to_string(),
            message: finding.message,
        })
        .collect();
    // `accept: true` says itself what it does, and stays visible here.
    let doubtful = findings.iter().filter(|finding| finding.code != ACCEPT).count();
    let result = match doubtful {
        count if request.strict && count > 0 => {
            let places = if count == 1 { "place" } else { "places" };
            let message = format!("`{}` has {count} doubtful {places} (--strict)", request.file.display());
            Err(Error::new(ErrorKind::Format, message))
        }
        _ => Ok(()),
    };
    let checked = PolicyChecked {
        file: request.file.display().to_string(),
        signers: document.signers.len(),
        scopes: document.scopes.iter().map(|scope| scope.name.clone()).collect(),
        findings,
        doubtful,
    };
    Ok((checked, result))
}
