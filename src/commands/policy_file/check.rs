//! `policy check`.

use std::path::PathBuf;

use serde::Serialize;

use super::{Source, together};
use crate::attest::PredicateType;
use crate::commands::trust::root_in;
use crate::commands::{Context, Error, ErrorKind, Files, keys};
use crate::policy::Policy;
use crate::policy::scoped::{
    Demand, Document, Finding, IMPOSSIBLE, NOTES, Requirements, SignerSource, Witnesses, impossible, lint,
};
use crate::trust::TrustedRoot;

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
    /// The character in the line, the first one 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The place: `scopes[0]`.
    pub path: String,
    /// What it is.
    pub message: String,
}

/// The scopes that ask for something, by their positions.
fn requirements(document: &Document) -> impl Iterator<Item = (usize, &Requirements)> {
    document.scopes.iter().enumerate().filter_map(|(position, scope)| match &scope.demand {
        Demand::Require(requirements) => Some((position, requirements.as_ref())),
        Demand::Accept | Demand::Refuse => None,
    })
}

/// Predicate types that are neither a short name nor a URI: old tools have signed plain words.
fn plain_types(document: &Document) -> impl Iterator<Item = Finding> {
    let demands = requirements(document).flat_map(|(_, requirements)| &requirements.attestations);
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

/// Policies in a language that have no rule which could let a statement pass.
fn unanswered(document: &Document, policies: &[Vec<Vec<Policy>>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (position, requirements) in requirements(document) {
        let of_scope = policies.get(position).into_iter().flatten();
        for (attestation, policies) in requirements.attestations.iter().zip(of_scope) {
            for (code, policy) in attestation.code.iter().zip(policies) {
                found.extend(policy.unanswered().map(|message| Finding {
                    code: IMPOSSIBLE,
                    path: code.path.clone(),
                    message,
                }));
            }
        }
    }
    found
}

/// More logs or authorities than the trusted root of the file has.
fn too_many(document: &Document, root: &TrustedRoot) -> Vec<Finding> {
    let mut found = Vec::new();
    for (position, requirements) in requirements(document) {
        let Some(scope) = document.scopes.get(position) else { continue };
        // Nobody with a key alone has a certificate, of which these are.
        let signers = || scope.signers().flat_map(|signers| &signers.of);
        let is_keyless = signers().all(|signer| {
            let signer = document.signers.get(*signer);
            signer.is_some_and(|signer| matches!(signer.source, SignerSource::Identity(_)))
        });
        let sct = if is_keyless { requirements.sct } else { Witnesses::NotRequired };
        for (member, witnesses, there, what) in [
            ("log", requirements.log, root.logs.len(), "transparency logs"),
            ("timestamp", requirements.timestamp, root.timestamp_authorities.len(), "timestamp authorities"),
            ("sct", sct, root.ct_logs.len(), "certificate transparency logs"),
        ] {
            let Witnesses::AtLeast(needed) = witnesses else { continue };
            if needed > there {
                found.push(Finding {
                    code: IMPOSSIBLE,
                    path: scope.path.member(member),
                    message: format!(
                        "the scope `{}` asks for {needed} of {what}, and the trusted root of this file has {there}",
                        scope.name
                    ),
                });
            }
        }
    }
    found
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
    let root = document.root.as_ref().map(|root| {
        root_in(&source.beside(root))
            .map_err(|error| error.cause(format!("it is named in {}", source.at_root())))
    });
    let mut errors = Vec::new();
    let root = root.and_then(|root| root.map_err(|error| errors.push(error)).ok());
    // Of several policies that cannot be used, each is told.
    let policies = source.policies(context).unwrap_or_default();
    let demands = requirements(document).flat_map(|(_, requirements)| &requirements.attestations);
    let code = demands.flat_map(|attestation| &attestation.code);
    errors.extend(code.filter_map(|code| source.policy(code, context).err()));
    let mut found = Vec::new();
    for signer in &document.signers {
        // Keys that others hold are asked for when something is verified.
        found.push(match &signer.source {
            SignerSource::Key(reference)
                if !reference.contains("://") && !reference.starts_with("pkcs11:") =>
            {
                let key = match source.key(reference) {
                    Ok(reference) => keys::public_key(&reference, context).await,
                    Err(error) => Err(error),
                };
                key.map_err(|error| errors.push(source.of_signer(signer, error))).ok()
            }
            _ => None,
        });
    }
    together(&format!("the policy file `{}` cannot be used", request.file.display()), errors)?;
    let findings: Vec<_> = lint(document, &found)
        .into_iter()
        .chain(impossible(document, PredicateType::uri_to_verify))
        .chain(unanswered(document, &policies))
        .chain(root.iter().flat_map(|root| too_many(document, root)))
        .chain(plain_types(document))
        .map(|finding| {
            let position = source.position(&finding.path);
            PolicyFinding {
                code: finding.code,
                line: position.map(|position| position.line),
                column: position.map(|position| position.column),
                path: finding.path.to_string(),
                message: finding.message,
            }
        })
        .collect();
    // `accept: true` says itself what it does, and stays visible here.
    let doubtful = findings.iter().filter(|finding| !NOTES.contains(&finding.code)).count();
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
