//! Whom a token is to be about: what is asked for has to be what the real issuers would say.
//!
//! Everything of it becomes part of a certificate, where names are ASCII (RFC 5280 section 4.2.1.6, IA5String).

use super::super::Error;
use super::{SandboxTokenIdentity, WorkflowRequest};
use crate::sandbox::oidc::{GithubWorkflow, Identity, is_email};

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows/";
/// The longest word, in bytes.
const LONGEST: usize = 1024;

/// The identity that is asked for.
///
/// # Errors
/// A part of it has not the form that it has elsewhere; the flag is named.
pub(super) fn of(request: &SandboxTokenIdentity) -> Result<Identity, Error> {
    match request {
        SandboxTokenIdentity::Email(address) => {
            check("--email", address, is_email, "an address of e-mail, as in dev@example.com")?;
            Ok(Identity::Email(address.clone()))
        }
        SandboxTokenIdentity::Uri(uri) => {
            check("--uri", uri, is_uri, "a URI, as in spiffe://example.com/build")?;
            Ok(Identity::Uri(uri.clone()))
        }
        SandboxTokenIdentity::GithubWorkflow(run) => workflow(run),
    }
}

fn workflow(run: &WorkflowRequest) -> Result<Identity, Error> {
    type Form = fn(&str) -> bool;
    check("--github-workflow", &run.repository, is_repository, "OWNER/REPOSITORY, as in octo/app")?;
    let mut made = GithubWorkflow::new(&run.repository);
    let parts: [(&str, &Option<String>, &mut String, Form, &str); 4] = [
        (
            "--workflow-file",
            &run.file,
            &mut made.file,
            is_workflow_file,
            "a file that GitHub takes for a workflow, as in .github/workflows/release.yml",
        ),
        (
            "--workflow-ref",
            &run.git_ref,
            &mut made.git_ref,
            is_git_reference,
            "a whole Git reference, as in refs/heads/main or refs/tags/v1",
        ),
        ("--workflow-sha", &run.sha, &mut made.sha, is_commit, "a commit: 40 or 64 digits from 0 to f"),
        ("--workflow-trigger", &run.event, &mut made.event, is_event, "an event of GitHub, as in push"),
    ];
    for (flag, asked, place, form, what) in parts {
        if let Some(asked) = asked {
            check(flag, asked, form, what)?;
            place.clone_from(asked);
        }
    }
    Ok(Identity::GithubWorkflow(Box::new(made)))
}

/// # Errors
/// The value of the flag has not this form.
pub(super) fn check(flag: &str, value: &str, form: impl Fn(&str) -> bool, what: &str) -> Result<(), Error> {
    if form(value) { Ok(()) } else { Err(Error::usage(format!("{flag}: `{value}` is not {what}"))) }
}

/// ASCII that can be seen: no space, no control, nothing that turns the direction of text.
pub(super) fn is_plain(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An issuer (OpenID Connect Discovery 1.0 section 3): scheme, host, perhaps a port and a path, and nothing else.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest.filter(|_| is_uri(text) && !text.contains(['?', '#', '@'])) else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    // An address of IPv6 has colons of its own, in brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    !host.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// RFC 3986: a scheme, and characters that may stand in a URI.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(in_scheme)
        && is_plain(rest)
        && !rest.contains(['<', '>', '"', '{', '}', '|', '\\', '^', '`'])
        && !rest.split('/').any(|part| part == "." || part == "..")
}

fn is_repository(text: &str) -> bool {
    let is_name = |name: &str| {
        !matches!(name, "" | "." | "..")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    matches!(text.split_once('/'), Some((owner, name)) if is_name(owner) && is_name(name) && text.len() <= LONGEST)
}

/// GitHub reads the files of this one folder, and none below it.
fn is_workflow_file(text: &str) -> bool {
    let name = text.strip_prefix(WORKFLOWS).unwrap_or_default();
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    is_plain(text) && !name.contains(['/', '@']) && stem.is_some_and(|stem| !stem.is_empty())
}

/// git-check-ref-format(1).
fn is_git_reference(text: &str) -> bool {
    let parts = text.strip_prefix("refs/").unwrap_or_default();
    let is_part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.ends_with(".lock")
    };
    is_plain(text)
        && parts.contains('/')
        && parts.split('/').all(is_part)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains(['~', '^', ':', '?', '*', '[', '\\'])
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_event(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would mislead whoever reads it, wherever it stands.
    const MISLEADING: [&str; 6] = ["a\u{202e}b", "a\u{200b}b", "a\nb", "a\u{1b}[31mb", "a b", "\u{0430}pp"];

    fn only(form: impl Fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(form(text), "{text}");
        }
        for text in bad.iter().chain(&["", " "]) {
            assert!(!form(text), "{text:?}");
        }
    }

    #[test]
    fn issuers_are_urls() {
        only(
            is_url,
            &[
                "https://issuer.example.com",
                "http://127.0.0.1:4000/auth",
                "https://[::1]:8443",
                "https://[::1]",
            ],
            &[
                "issuer.example.com",
                "ftp://issuer.example.com",
                "https://",
                "https:///path",
                "https://:80",
                "https://host:99999",
                "https://host:port",
                "https://user@host",
                "https://host?x=y",
                "https://host#x",
                "https://host/../evil",
                "https://ho st",
                "javascript:alert(1)",
            ],
        );
        assert!(MISLEADING.iter().all(|text| !is_url(&format!("https://{text}.example.com"))));
        assert!(!is_url(&format!("https://{}", "a".repeat(2000))));
    }

    #[test]
    fn uris_have_a_scheme_and_nothing_that_no_uri_has() {
        only(
            is_uri,
            &["spiffe://example.com/build", "urn:x", "https://example.com/a?b#c%20"],
            &["x", ":x", "1x:y", "x:", "x:<y>", "x:y z", "spiffe://example.com/../other"],
        );
        assert!(MISLEADING.iter().all(|text| !is_uri(&format!("spiffe://{text}"))));
    }

    #[test]
    fn workflows_have_the_forms_that_github_gives_them() {
        only(
            is_repository,
            &["octo/app", "octo-org/.github", "a_b/c.d-e"],
            &["octo", "octo/", "/app", "octo/app/more", "../evil", "octo/..", "octo/a@b", "octo/a#b"],
        );
        only(
            is_workflow_file,
            &[".github/workflows/release.yml", ".github/workflows/a-b.yaml"],
            &[
                "../../evil",
                "release.yml",
                ".github/workflows/",
                ".github/workflows/.yml",
                ".github/workflows/release",
                ".github/workflows/../../evil.yml",
                ".github/workflows/a/b.yml",
                ".github/workflows/a@b.yml",
                "x/.github/workflows/a.yml",
            ],
        );
        only(
            is_git_reference,
            &["refs/heads/main", "refs/tags/v1.0", "refs/pull/7/merge", "refs/heads/a@b"],
            &[
                "main",
                "refs/main",
                "refs/heads/",
                "refs/heads//a",
                "refs/heads/../../evil",
                "refs/heads/.a",
                "refs/heads/a.lock",
                "refs/heads/a@{1}",
                "refs/heads/a~1",
                "refs/heads/a:b",
                "refs/heads/a\\b",
            ],
        );
        only(is_commit, &[&"0f".repeat(20), &"a".repeat(64)], &["0f", &"0F".repeat(20), &"g".repeat(40)]);
        only(is_event, &["push", "workflow_dispatch"], &["Push", "a-b", "a/b"]);
        for text in MISLEADING {
            assert!(!is_repository(&format!("octo/{text}")), "{text:?}");
            assert!(!is_workflow_file(&format!(".github/workflows/{text}.yml")), "{text:?}");
            assert!(!is_git_reference(&format!("refs/heads/{text}")), "{text:?}");
            assert!(!is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_of_its_form_is_named_with_its_flag() {
        let mut run = WorkflowRequest {
            repository: "octo/app".to_owned(),
            file: None,
            git_ref: Some("refs/tags/v1".to_owned()),
            sha: None,
            event: None,
        };
        let Identity::GithubWorkflow(made) = workflow(&run).unwrap() else { panic!() };
        assert_eq!((made.git_ref.as_str(), made.event.as_str()), ("refs/tags/v1", "push"));
        run.file = Some("../../evil".to_owned());
        let error = workflow(&run).unwrap_err().message;
        assert!(error.starts_with("--workflow-file: `../../evil` is not a file"), "{error}");
    }
}
