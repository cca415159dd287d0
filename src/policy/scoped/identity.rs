//! Identities as policy files name them. Expressions match all of a text: what only begins or ends like the one that is meant is
//! somebody else.

use super::path::Fault;
use super::value::{Members, Place};
use crate::verify::{IdentityMatcher, Pattern, StringMatcher, WorkflowClaims};

/// The members of an identity.
pub(super) const MEMBERS: [&str; 9] = [
    "identity",
    "identity-regexp",
    "issuer",
    "issuer-regexp",
    "workflow-trigger",
    "workflow-sha",
    "workflow-name",
    "workflow-repository",
    "workflow-ref",
];

/// Reads an identity: the subject and the issuer, each exactly or as an expression, and claims of a workflow.
pub(super) fn read(members: &Members<'_>) -> Result<IdentityMatcher, Fault> {
    let claim = |name: &str| members.get(name).map(|place| place.text().map(str::to_owned)).transpose();
    Ok(IdentityMatcher {
        subject: one(members, "identity", "identity-regexp")?,
        issuer: one(members, "issuer", "issuer-regexp")?,
        workflow: WorkflowClaims {
            trigger: claim("workflow-trigger")?,
            sha: claim("workflow-sha")?,
            name: claim("workflow-name")?,
            repository: claim("workflow-repository")?,
            reference: claim("workflow-ref")?,
        },
    })
}

fn one(members: &Members<'_>, exact: &str, pattern: &str) -> Result<StringMatcher, Fault> {
    match (members.get(exact), members.get(pattern)) {
        (Some(_), Some(place)) => {
            Err(place.fault(format!("`{exact}` and `{pattern}` are both there: leave one of them out")))
        }
        (Some(place), None) => Ok(StringMatcher::Exact(place.text()?.to_owned())),
        (None, Some(place)) => whole(&place).map(StringMatcher::Pattern),
        (None, None) => Err(members
            .fault(format!("`{exact}` is missing"))
            .hint(format!("`{exact}` is compared as it is; `{pattern}` is an expression"))),
    }
}

/// An expression (RE2) that has to match all of a text.
fn whole(place: &Place<'_>) -> Result<Pattern, Fault> {
    let text = place.text()?;
    // By itself first: what closes a group here must not open the one that is put around it.
    Pattern::new(text)
        .and_then(|_| Pattern::new(&format!(r"\A(?:{text})\z")))
        .map_err(|error| place.fault(error.to_string()))
}

/// The expression as it was written, of one that [`read`] has made.
pub(super) fn written(pattern: &Pattern) -> &str {
    let source = pattern.source();
    source.strip_prefix(r"\A(?:").and_then(|rest| rest.strip_suffix(r")\z")).unwrap_or(source)
}
