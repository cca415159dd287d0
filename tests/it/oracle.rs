//! A second opinion: the verifier of the `sigstore-verify` crate on the conformance suite.

use rcosign::internals::verify::StringMatcher;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, DerPublicKey};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};

use crate::conformance::{Case, Mode, Signer, copy, judge, suite};

/// What the oracle says of a bundle.
fn oracle(case: &Case) -> Result<(), String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|e| e.to_string());
    let bundle = Bundle::from_json(&text(&case.bundle)?).map_err(|e| e.to_string())?;
    let root = TrustedRoot::from_json(&text(&case.root_json)?).map_err(|e| e.to_string())?;
    let verifier = Verifier::new(&root).map_err(|e| e.to_string())?;
    let verdict = match &case.signer {
        Signer::Key(key) => {
            let key = DerPublicKey::new(key.spki_der().to_vec());
            verifier.verify(&case.artifact[..], &bundle, &PublicKeyVerificationPolicy::new(key))
        }
        Signer::UnreadableKey => return Err("no key".to_owned()),
        Signer::Identity { subject: StringMatcher::Exact(subject), issuer: StringMatcher::Exact(issuer) } => {
            let policy = VerificationPolicy::new(subject.clone(), issuer.clone());
            verifier.verify(&case.artifact[..], &bundle, &policy)
        }
        Signer::Identity { .. } => unreachable!(),
    };
    verdict.map(drop).map_err(|e| e.to_string())
}

#[test]
fn both_verifiers_agree() {
    let Some(suite) = suite() else { return };
    for (name, case) in suite {
        let agree = |case: &Case, what: &str| {
            let ours = judge(case, &case.signer, None, Mode::File).unwrap().map(drop);
            let theirs = oracle(case);
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{name}, {what}: {ours:?}, {theirs:?}");
        };
        agree(&case, "as it is");
        agree(&Case { artifact: b"other".to_vec(), ..copy(&case) }, "another artifact");
        if let Signer::Identity { subject, issuer } = &case.signer {
            let other = || StringMatcher::Exact("https://other.example".to_owned());
            for (subject, issuer) in [(other(), issuer.clone()), (subject.clone(), other())] {
                agree(
                    &Case { signer: Signer::Identity { subject, issuer }, ..copy(&case) },
                    "another signer",
                );
            }
        }
    }
}
