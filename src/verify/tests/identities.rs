//! Whose certificate it is. Every option can refuse (Kyverno CVE-2025-29778: options that were silently ignored).

use super::fixture::*;
use crate::verify::{IdentityMatcher, Pattern, SignerProof, StringMatcher, WorkflowClaims};
use crate::x509::SubjectAlternativeName;
use crate::x509::issue::{Extension, Template};

fn pattern(text: &str) -> StringMatcher {
    StringMatcher::Pattern(Pattern::new(text).unwrap())
}

fn exact(text: &str) -> StringMatcher {
    StringMatcher::Exact(text.to_owned())
}

fn matcher(subject: StringMatcher, issuer: StringMatcher) -> IdentityMatcher {
    IdentityMatcher { subject, issuer, workflow: WorkflowClaims::default() }
}

fn code(case: &mut Case, subject: StringMatcher, issuer: StringMatcher) -> &'static str {
    case.expect([matcher(subject, issuer)]);
    case.code()
}

#[test]
fn cve_2025_29778_every_option_can_refuse() {
    let mut case = Case::keyless();
    let good = [exact(IDENTITY), pattern("^https://github\\.com/org/repo/"), pattern("ci\\.yml")];
    let good_issuers = [exact(ISSUER), pattern("githubusercontent\\.com$")];
    for subject in &good {
        for issuer in &good_issuers {
            assert_eq!(code(&mut case, subject.clone(), issuer.clone()), "verified");
        }
    }
    let bad = [
        exact(""),
        exact(&IDENTITY[..IDENTITY.len() - 1]),
        exact(&format!("{IDENTITY}x")),
        exact(&IDENTITY.to_uppercase()),
        exact(".*"),
        pattern("^refs"),
        pattern("^$"),
        pattern("ORG/REPO"),
    ];
    for subject in bad {
        assert_eq!(code(&mut case, subject.clone(), exact(ISSUER)), "identity", "{subject}");
    }
    let bad = [
        exact(""),
        exact("https://accounts.google.com"),
        exact(&format!("{ISSUER}/")),
        pattern("^token"),
        pattern("google"),
    ];
    for issuer in bad {
        assert_eq!(code(&mut case, exact(IDENTITY), issuer.clone()), "issuer", "{issuer}");
    }
}

/// Fulcio CVE-2026-22772 and its like: a literal is compared as a whole, and so is an anchored expression.
#[test]
fn an_issuer_inside_another_address_is_another_issuer() {
    let evil = format!("https://evil.example/?x={ISSUER}");
    let template = Template::fulcio(SubjectAlternativeName::Uri(IDENTITY.into()), &evil, leaf_life());
    let mut case = Case::keyless().reissued(&template, &CT_LOGS[..1]);
    assert_eq!(code(&mut case, exact(IDENTITY), exact(&evil)), "verified");
    assert_eq!(code(&mut case, exact(IDENTITY), exact(ISSUER)), "issuer");
    let anchored = format!("^{}$", ISSUER.replace('.', "\\."));
    assert_eq!(code(&mut case, exact(IDENTITY), pattern(&anchored)), "issuer");

    let evil = format!("https://evil.example/?x={IDENTITY}");
    let template = Template::fulcio(SubjectAlternativeName::Uri(evil), ISSUER, leaf_life());
    let mut case = Case::keyless().reissued(&template, &CT_LOGS[..1]);
    assert_eq!(code(&mut case, exact(IDENTITY), exact(ISSUER)), "identity");
    // An expression that is not anchored matches anywhere, in cosign too.
    assert_eq!(code(&mut case, pattern("https://github\\.com/org/repo/"), exact(ISSUER)), "verified");
}

#[test]
fn cve_2022_36056_every_workflow_claim_can_refuse() {
    type Set = fn(&mut WorkflowClaims, String);
    let claims: [(Set, &str, &str); 5] = [
        (|c, v| c.trigger = Some(v), "push", "GitHub workflow trigger"),
        (|c, v| c.sha = Some(v), "6e09ee2b1ee1b1a3f4ad6a1a9ed7a7d5bc6ef1ab", "GitHub workflow commit"),
        (|c, v| c.name = Some(v), "ci", "GitHub workflow name"),
        (|c, v| c.repository = Some(v), "org/repo", "GitHub workflow repository"),
        (|c, v| c.reference = Some(v), "refs/heads/main", "GitHub workflow ref"),
    ];
    let mut case = Case::keyless();
    let bare = Template::fulcio(SubjectAlternativeName::Uri(IDENTITY.into()), ISSUER, leaf_life());
    let mut without = Case::keyless().reissued(&bare, &CT_LOGS[..1]);
    without.verdict().unwrap();
    for (set, good, name) in claims {
        for (value, expected) in [
            (good, "verified"),
            ("", "workflow-claim"),
            ("other", "workflow-claim"),
            (&good[..1], "workflow-claim"),
        ] {
            let mut asked = exactly(IDENTITY, ISSUER);
            set(&mut asked.workflow, value.to_owned());
            case.expect([asked.clone()]);
            assert_eq!(case.code(), expected, "{name} {value}");
            // A certificate that states no claim satisfies none, not even an empty one.
            without.expect([asked]);
            let rejection = without.verdict().unwrap_err();
            assert_eq!(rejection.reason().code(), "workflow-claim", "{name} {value}");
            assert!(rejection.to_string().contains(name), "{rejection}");
        }
    }
    // All together, and all but one.
    let mut all = exactly(IDENTITY, ISSUER);
    claims.iter().for_each(|(set, good, _)| set(&mut all.workflow, (*good).to_owned()));
    case.expect([all.clone()]);
    case.verdict().unwrap();
    for (set, _, name) in claims {
        let mut one_wrong = all.clone();
        set(&mut one_wrong.workflow, "other".to_owned());
        case.expect([one_wrong]);
        let rejection = case.verdict().unwrap_err();
        assert!(rejection.to_string().contains(name), "{rejection}");
    }
}

/// One matcher has to accept subject, issuer and claims; two halves of two matchers are none.
#[test]
fn matchers_are_not_mixed() {
    let mut case = Case::keyless();
    let halves = [exactly(IDENTITY, "https://accounts.example"), exactly("dev@example.com", ISSUER)];
    case.expect(halves.clone());
    // The reason is that of the matcher that came furthest.
    assert_eq!(case.code(), "issuer");
    case.expect(halves.into_iter().rev());
    assert_eq!(case.code(), "issuer");
    case.expect([exactly("dev@example.com", ISSUER), exactly(IDENTITY, ISSUER)]);
    let verified = case.verdict().unwrap();
    let SignerProof::Identity(identity) = verified.signer() else { panic!() };
    assert_eq!((identity.subject(), identity.issuer()), (IDENTITY, ISSUER));
}

#[test]
fn each_kind_of_name_can_be_the_identity() {
    use SubjectAlternativeName::{Dns, Email, Other, Uri};
    for name in [
        Email("dev@example.com".into()),
        Uri(IDENTITY.into()),
        Dns("ci.example.com".into()),
        Other("user!1".into()),
    ] {
        let value = name.value().to_owned();
        let template = Template::fulcio(name, ISSUER, leaf_life());
        let mut case = Case::keyless().reissued(&template, &CT_LOGS[..1]);
        assert_eq!(code(&mut case, exact(&value), exact(ISSUER)), "verified", "{value}");
        assert_eq!(code(&mut case, exact("other"), exact(ISSUER)), "identity", "{value}");
    }
}

/// Certificates without any identity, and private ones without an issuer of identities.
#[test]
fn names_that_are_not_there() {
    let nameless = World::template().without("2.5.29.17");
    let mut case = Case::keyless().reissued(&nameless, &CT_LOGS[..1]);
    for subject in [exact(IDENTITY), exact(""), pattern(".*"), pattern("^$")] {
        assert_eq!(code(&mut case, subject, exact(ISSUER)), "identity");
    }
    let name = SubjectAlternativeName::Uri(IDENTITY.into());
    let mut case = Case::keyless().reissued(&Template::code_signing(&[name], leaf_life()), &CT_LOGS[..1]);
    for issuer in [exact(ISSUER), exact(""), pattern(".+"), pattern("https")] {
        assert_eq!(code(&mut case, exact(IDENTITY), issuer), "issuer");
    }
    // As in cosign, an expression that accepts everything accepts that nothing is stated; the report says so.
    assert_eq!(code(&mut case, exact(IDENTITY), pattern(".*")), "verified");
    assert!(case.verdict().unwrap().signer().to_string().contains("no issuer stated"));
}

/// Fulcio writes the issuer twice; the two have to agree, and either is enough.
#[test]
fn both_issuer_extensions_are_read() {
    let (old, new) = ("1.3.6.1.4.1.57264.1.1", "1.3.6.1.4.1.57264.1.8");
    for template in [World::template().without(old), World::template().without(new)] {
        let mut case = Case::keyless().reissued(&template, &CT_LOGS[..1]);
        case.verdict().unwrap();
        assert_eq!(code(&mut case, exact(IDENTITY), exact("https://accounts.example")), "issuer");
    }
    let contradictory = World::template().with(Extension::fulcio_raw(1, "https://accounts.example"));
    let mut case = Case::keyless().reissued(&contradictory, &CT_LOGS[..1]);
    for issuer in [ISSUER, "https://accounts.example"] {
        assert_eq!(code(&mut case, exact(IDENTITY), exact(issuer)), "certificate-extensions");
    }
}
