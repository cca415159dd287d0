//! Demands that nothing can meet, whoever signs and whatever is said. They are allowed, as they accept nothing, and are surely not meant.

use super::document::{AttestationDemand, Demand, Document, Requirements, Scope, SignerSource};
use super::lint::Finding;
use super::path::Path;
use crate::policy::rules::Rule;

/// The code of what nothing can meet.
pub const IMPOSSIBLE: &str = "impossible";

/// Looks at what scopes ask for. `uri`: that of a predicate type as it is written.
pub fn impossible(document: &Document, uri: fn(&str) -> &str) -> Vec<Finding> {
    let mut found = Impossible { document, uri, findings: Vec::new() };
    for scope in &document.scopes {
        let Demand::Require(requirements) = &scope.demand else { continue };
        found.files(scope, requirements);
        for attestation in &requirements.attestations {
            found.rules(attestation);
            found.signers(attestation);
        }
        found.pairs(&requirements.attestations);
    }
    found.findings
}

struct Impossible<'d> {
    document: &'d Document,
    uri: fn(&str) -> &str,
    findings: Vec<Finding>,
}

impl Impossible<'_> {
    fn add(&mut self, path: &Path, message: String) {
        self.findings.push(Finding { code: IMPOSSIBLE, path: path.clone(), message });
    }

    /// What is signed with images alone, and asked of files too.
    fn files(&mut self, scope: &Scope, requirements: &Requirements) {
        if scope.files.is_empty() || requirements.signatures.is_none() {
            return;
        }
        let asked = [
            ("annotations", !requirements.annotations.is_empty()),
            ("signed-as", requirements.signed_as.is_some()),
        ];
        for (member, _) in asked.into_iter().filter(|(_, is_asked)| *is_asked) {
            self.add(
                &scope.path.member(member),
                format!("a signature of a file never has what `{member}` asks for: no file satisfies the scope `{}`; write a scope of their own for files", scope.name),
            );
        }
    }

    /// Rules that no statement of the type satisfies, or not together.
    fn rules(&mut self, attestation: &AttestationDemand) {
        let asked = (self.uri)(&attestation.predicate_type);
        let rules: Vec<(&Rule, &Path)> = rules_of(attestation).collect();
        for (number, (rule, path)) in rules.iter().enumerate() {
            if let Some(why) = rule.impossible(asked) {
                self.add(path, why);
            }
            let before = rules.iter().take(number);
            if let Some(member) = before.filter_map(|(other, _)| rule.contradicts(other)).next() {
                let name = rule.name();
                self.add(path, format!("another rule `{name}` before this one demands another `{member}` of the same statement"));
            }
        }
    }

    /// Signers whose statements never satisfy a rule.
    fn signers(&mut self, attestation: &AttestationDemand) {
        let signers = &attestation.signers;
        let mut never: Vec<(usize, String)> = Vec::new();
        for signer in &signers.of {
            let Some(named) = self.document.signers.get(*signer) else { continue };
            let identity = match &named.source {
                SignerSource::Key(_) => None,
                SignerSource::Identity(identity) => Some(identity.as_ref()),
            };
            if let Some(why) = rules_of(attestation).find_map(|(rule, _)| rule.never_by(identity)) {
                never.push((*signer, why));
            }
        }
        let is_met = signers.of.len() - never.len() >= signers.needed();
        for (signer, why) in never {
            let name = self.document.signer_name(signer);
            let so = match is_met {
                true => "no statement by this signer ever counts",
                false => "without statements by this signer, too few count",
            };
            self.add(&signers.path, format!("the signer `{name}` cannot satisfy the rules: {why}; {so}"));
        }
    }

    /// Two demands of one type whose rules every statement of the one signer of both would have to satisfy.
    fn pairs(&mut self, attestations: &[AttestationDemand]) {
        let of_one = |one: &AttestationDemand, other: &AttestationDemand| {
            (self.uri)(&one.predicate_type) == (self.uri)(&other.predicate_type)
                && one.signers.of.len() == 1
                && one.signers.of == other.signers.of
                && (one.each || other.each)
        };
        let mut found = Vec::new();
        for (number, later) in attestations.iter().enumerate() {
            for earlier in attestations.iter().take(number).filter(|earlier| of_one(earlier, later)) {
                let pairs = rules_of(later).flat_map(|(rule, path)| {
                    rules_of(earlier)
                        .filter_map(move |(other, _)| Some((rule.name(), rule.contradicts(other)?, path)))
                });
                found.extend(pairs.take(1).map(|(name, member, path)| {
                    (path.clone(), format!("`{}` before this one asks every statement of this type by the same signer for another `{member}` in the rule `{name}`", earlier.path))
                }));
            }
        }
        for (path, message) in found {
            self.add(&path, message);
        }
    }
}

/// The built-in rules of a demand, each with its place.
fn rules_of(attestation: &AttestationDemand) -> impl Iterator<Item = (&Rule, &Path)> {
    attestation.code.iter().flat_map(|code| code.rules.iter().map(move |rule| (rule, &code.path)))
}
