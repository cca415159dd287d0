//! Identities: subject alternative names, issuers and workflow claims of Fulcio's certificates.

use super::{NonEmpty, Pattern, Reason};
use crate::x509::fulcio::{FulcioExtensions, extensions};
use crate::x509::{Certificate, SubjectAlternativeName};

/// One acceptable identity. Subject and issuer are always both compared.
#[derive(Debug, Clone)]
pub struct IdentityMatcher {
    /// The subject alternative name.
    pub subject: StringMatcher,
    /// The issuer of the identity token (1.3.6.1.4.1.57264.1.8, or .1).
    pub issuer: StringMatcher,
    /// GitHub workflow claims.
    pub workflow: WorkflowClaims,
}

/// How a text is compared.
#[derive(Debug, Clone)]
pub enum StringMatcher {
    /// Equal, byte for byte.
    Exact(String),
    /// A regular expression with RE2's meaning; it may match anywhere in the text, as in cosign.
    Pattern(Pattern),
}

impl StringMatcher {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(expected) => expected == text,
            Self::Pattern(pattern) => pattern.matches(text),
        }
    }
}

impl std::fmt::Display for StringMatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(text) => write!(f, "`{text}`"),
            Self::Pattern(pattern) => write!(f, "a match of `{}`", pattern.source()),
        }
    }
}

/// Expected GitHub workflow claims; `None` accepts any value and no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowClaims {
    /// 1.3.6.1.4.1.57264.1.2
    pub trigger: Option<String>,
    /// 1.3.6.1.4.1.57264.1.3
    pub sha: Option<String>,
    /// 1.3.6.1.4.1.57264.1.4
    pub name: Option<String>,
    /// 1.3.6.1.4.1.57264.1.5
    pub repository: Option<String>,
    /// 1.3.6.1.4.1.57264.1.6
    pub reference: Option<String>,
}

/// The subject and the issuer of the first matcher that accepts the certificate.
///
/// # Errors
/// The reason of the matcher that came furthest.
pub(super) fn any_match(
    matchers: &NonEmpty<IdentityMatcher>,
    leaf: &Certificate,
) -> Result<(String, String), Reason> {
    let names = leaf.subject_alternative_names().map_err(Reason::Extensions)?;
    let fulcio = extensions(leaf).map_err(Reason::Extensions)?;
    let mut worst: Option<(u8, Reason)> = None;
    for matcher in matchers.iter() {
        match matcher.compare(&names, &fulcio) {
            Ok(found) => return Ok(found),
            Err(failure) if worst.as_ref().is_none_or(|(rank, _)| failure.0 > *rank) => worst = Some(failure),
            Err(_) => {}
        }
    }
    Err(worst.map_or(Reason::CertificateMissing, |(_, reason)| reason))
}

impl IdentityMatcher {
    /// Compares; a failure carries how far the comparison came.
    fn compare(
        &self,
        names: &[SubjectAlternativeName],
        fulcio: &FulcioExtensions,
    ) -> Result<(String, String), (u8, Reason)> {
        let Some(subject) = names.iter().map(SubjectAlternativeName::value).find(|n| self.subject.matches(n))
        else {
            let found = names.iter().map(|n| format!("`{}`", n.value())).collect::<Vec<_>>().join(", ");
            let found = if found.is_empty() { "no identity".into() } else { found };
            return Err((0, Reason::Identity { found, expected: self.subject.to_string() }));
        };
        // Certificates of private authorities may state no issuer; an expression can accept that, a text cannot.
        let stated = fulcio.issuer.as_deref();
        let accepted = match (&self.issuer, stated) {
            (StringMatcher::Exact(_), None) => false,
            (matcher, stated) => matcher.matches(stated.unwrap_or_default()),
        };
        if !accepted {
            return Err((1, Reason::Issuer { found: quoted(stated), expected: self.issuer.to_string() }));
        }
        let issuer = stated.unwrap_or_default();
        for (claim, expected, found) in self.workflow.pairs(fulcio) {
            if let Some(expected) = expected
                && found.as_ref() != Some(expected)
            {
                let found = quoted(found.as_deref());
                return Err((2, Reason::WorkflowClaim { claim, found, expected: format!("`{expected}`") }));
            }
        }
        Ok((subject.to_owned(), issuer.to_owned()))
    }
}

impl WorkflowClaims {
    fn pairs<'a>(
        &'a self,
        fulcio: &'a FulcioExtensions,
    ) -> [(&'static str, &'a Option<String>, &'a Option<String>); 5] {
        [
            ("GitHub workflow trigger", &self.trigger, &fulcio.github_workflow_trigger),
            ("GitHub workflow commit", &self.sha, &fulcio.github_workflow_sha),
            ("GitHub workflow name", &self.name, &fulcio.github_workflow_name),
            ("GitHub workflow repository", &self.repository, &fulcio.github_workflow_repository),
            ("GitHub workflow ref", &self.reference, &fulcio.github_workflow_ref),
        ]
    }
}

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "not stated".into(), |t| format!("`{t}`"))
}
