//! Verifying.

use super::verification::{Verification, VerifiedSignature};
use super::{Artifact, Bundle, Policy, Rejection, Time, TrustedRoot, VerifyError};
use crate::verify::{self, StreamNeeds, stream_needs};

/// Judges bundles by one policy and one trusted root. Offline by construction: it opens no file and no socket and looks at
/// no clock.
///
/// ```
/// use rcosign::{Artifact, Bundle, Identity, Matcher, Policy, Time, TrustedRoot, Verifier};
///
/// let root = TrustedRoot::from_json(&std::fs::read("testdata/mock-sigstore/trusted_root.json")?)?;
/// let policy = Policy::identity(Identity::new(
///     Matcher::exact("dev@example.com"),
///     Matcher::exact("http://127.0.0.1:8404"),
/// ));
/// let bundle = Bundle::from_json(&std::fs::read("testdata/mock-sigstore/v3.blob.keyless.rekor1.bundle.json")?)?;
/// let artifact = std::fs::read("testdata/mock-sigstore/artifact.txt")?;
///
/// let verifier = Verifier::new(root, policy);
/// let verification = verifier.verify(&bundle, Artifact::from_bytes(&artifact), Time::now())?;
/// assert_eq!(verification.signature().log_entries().count(), 1);
///
/// let other = verifier.verify(&bundle, Artifact::from_bytes(b"something else"), Time::now());
/// assert_eq!(other.unwrap_err().code(), Some("artifact-digest"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    root: TrustedRoot,
    policy: Policy,
}

impl Verifier {
    /// A verifier with this trusted root and this policy.
    pub fn new(root: TrustedRoot, policy: Policy) -> Self {
        Self { root, policy }
    }

    /// Judges every signature of the bundle; one that is valid for what was asked is enough. `now` is the time of judging:
    /// a signature from the future is refused, and where neither a log nor a timestamp says when a signature was made, it
    /// is judged at that time.
    ///
    /// # Errors
    /// The artifact cannot be read; or no signature is valid, with the reason of each.
    pub fn verify(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        now: Time,
    ) -> Result<Verification, VerifyError> {
        let policy = &self.policy.0;
        let needs: Vec<StreamNeeds> = bundle.signatures.iter().map(|s| stream_needs(s, policy)).collect();
        let artifact = artifact.for_verification(&needs).map_err(VerifyError::Read)?;
        let verifier = verify::Verifier { root: &self.root.0, policy, now: now.0 };
        let (mut verified, mut rejected) = (Vec::new(), Vec::new());
        for signature in &bundle.signatures {
            match verifier.verify(signature, Some(&artifact)) {
                Ok(proof) => verified.push(VerifiedSignature(proof)),
                Err(rejection) => {
                    let limit = rejection.reason().is_limit();
                    rejected.push(Rejection(Box::new(rejection)));
                    if limit {
                        break;
                    }
                }
            }
        }
        Verification::of(verified, rejected)
    }
}
