//! Real certificates: `testdata/vectors`.

use super::path::{PathError, Usage};
use super::*;
use crate::crypto::{PublicKey, UnixTime};

fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/testdata/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub(super) fn chain(name: &str) -> Vec<Certificate> {
    Certificate::chain_from_pem(&vector(name)).unwrap()
}

fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&vector(name)).unwrap()
}

fn at(text: &str) -> UnixTime {
    UnixTime::parse_rfc3339(text).unwrap()
}

#[test]
fn fields_of_a_public_certificate() {
    let [leaf, intermediate, root] = <[_; 3]>::try_from(chain("fulcio-public.pem")).unwrap();
    assert_eq!((leaf.subject().as_str(), leaf.is_ca()), ("", false));
    assert_eq!(leaf.issuer(), "CN=sigstore-intermediate,O=sigstore.dev");
    assert_eq!(intermediate.issuer(), "CN=sigstore,O=sigstore.dev");
    assert!(intermediate.is_ca() && !intermediate.is_self_issued() && root.is_self_issued());
    assert_eq!(leaf.not_before().to_string(), "2024-03-19T17:26:26Z");
    assert_eq!(leaf.not_after().to_string(), "2024-03-19T17:36:26Z");
    assert_eq!(Certificate::chain_from_pem(leaf.to_pem().as_bytes()).unwrap(), std::slice::from_ref(&leaf));
    let workflow = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/\
                    extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    assert_eq!(leaf.subject_alternative_names().unwrap(), [SubjectAlternativeName::Uri(workflow.to_owned())]);

    let extensions = fulcio::extensions(&leaf).unwrap();
    assert_eq!(extensions.issuer.as_deref(), Some("https://token.actions.githubusercontent.com"));
    assert_eq!(extensions.github_workflow_trigger.as_deref(), Some("workflow_dispatch"));
    assert_eq!(extensions.github_workflow_ref.as_deref(), Some("refs/heads/main"));
    assert_eq!(
        extensions.github_workflow_repository.as_deref(),
        Some("sigstore-conformance/extremely-dangerous-public-oidc-beacon")
    );
    assert!(extensions.github_workflow_name.is_some() && extensions.github_workflow_sha.is_some());
    let runner = extensions.others.iter().find(|(_, name, _)| *name == "Runner Environment").unwrap();
    assert_eq!((runner.0.as_str(), runner.2.as_str()), ("1.3.6.1.4.1.57264.1.11", "github-hosted"));
    assert_eq!(extensions.others.len(), 14);
}

#[test]
fn path_and_sct_of_a_public_certificate() {
    let [leaf, intermediate, root] = <[_; 3]>::try_from(chain("fulcio-public.pem")).unwrap();
    let log = key("ct-public.pub");
    let (others, anchors) = ([intermediate.clone()], [root.clone()]);
    let verify = |time| path::verify(&leaf, &others, &anchors, at(time), Usage::CodeSigning);
    let path = verify("2024-03-19T17:36:26Z").unwrap();
    assert_eq!(path.certificates(), [leaf.clone(), intermediate.clone(), root.clone()]);
    assert!(matches!(verify("2024-03-19T17:36:26.1Z"), Err(PathError::Expired { .. })));
    assert!(matches!(verify("2024-03-19T17:26:25Z"), Err(PathError::NotYetValid { .. })));
    let stamping = path::verify(&leaf, &others, &anchors, at("2024-03-19T17:30:00Z"), Usage::TimeStamping);
    assert!(matches!(stamping, Err(PathError::Usage { .. })));

    let [sct] = <[_; 1]>::try_from(sct::embedded(&leaf).unwrap()).unwrap();
    assert_eq!(sct.log_id, log.key_id());
    assert!(sct::verify(&sct, &leaf, path.issuer(), &log));
    assert!(!sct::verify(&sct, &leaf, &root, &log), "another issuer");
    assert!(!sct::verify(&sct, &leaf, path.issuer(), &key("ct-sct-extensions.pub")), "another log");
}

#[test]
fn sct_with_extensions() {
    let [leaf, root] = <[_; 2]>::try_from(chain("fulcio-sct-extensions.pem")).unwrap();
    let [sct] = <[_; 1]>::try_from(sct::embedded(&leaf).unwrap()).unwrap();
    assert!(!sct.extensions.is_empty());
    let log = key("ct-sct-extensions.pub");
    assert!(sct::verify(&sct, &leaf, &root, &log));
    let mut changed = sct.clone();
    changed.extensions[0] ^= 1;
    assert!(!sct::verify(&changed, &leaf, &root, &log));
    let anchors = [root];
    path::verify(&leaf, &[], &anchors, at("2026-01-15T22:50:00Z"), Usage::CodeSigning).unwrap();
}
