//! A certificate for a key: from the certificate authority, and verified before anything is signed with it.

use crate::crypto::{SigningKey, UnixTime};
use crate::services::fulcio::{self, CertificateRequest, Interface};
use crate::services::oidc::IdentityToken;
use crate::services::{self, Client};
use crate::sign::BESIDE;
use crate::trust::TrustedRoot;
use crate::verify::{self, ExpectedSigner, IdentityMatcher, NonEmpty, Reason, Requirement, StringMatcher};
use crate::x509::{Certificate, fulcio as extensions};

/// What is asked for.
pub struct CertificateOrder<'a> {
    /// The authority's address.
    pub url: &'a str,
    /// Who asks.
    pub token: &'a IdentityToken,
    /// For which key.
    pub key: &'a dyn SigningKey,
    /// What the certificate has to lead to.
    pub root: &'a TrustedRoot,
    /// The time.
    pub now: UnixTime,
    /// Which certificate timestamps it needs.
    pub sct: Requirement,
}

/// A certificate that holds: for the key and the identity that were asked for, of a trusted authority, seen by a trusted log.
#[derive(Debug, Clone)]
pub struct Certified {
    /// Leaf first, the trusted anchor last.
    pub chain: Vec<Certificate>,
    /// Whose signature one with it is.
    pub signer: ExpectedSigner,
    /// Until when it is valid.
    pub until: UnixTime,
    /// The certificate timestamps that a verifier finds in it.
    pub sct: Requirement,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// The authority did not issue one, or not the one that was asked for.
    #[error(transparent)]
    Service(#[from] services::Error),
    /// It does not hold.
    #[error("the certificate that Fulcio at {url} issued does not hold: {reason}")]
    Untrusted {
        /// The authority.
        url: String,
        /// Why.
        reason: Box<Reason>,
    },
    /// It is for somebody else.
    #[error(
        "the certificate that Fulcio at {url} issued is for somebody else: it says {what} {found}, and the identity token {expected}"
    )]
    Identity {
        /// The authority.
        url: String,
        /// Of what.
        what: &'static str,
        /// In the certificate.
        found: String,
        /// In the token.
        expected: String,
    },
}

/// Gets a certificate. An authority that lacks the newer interface is asked by the older one.
///
/// # Errors
/// [`CertifyError`]: nothing is returned that does not hold.
pub async fn certify(client: &Client, order: &CertificateOrder<'_>) -> Result<Certified, CertifyError> {
    let request = CertificateRequest {
        token: order.token.secret(),
        subject: order.token.proof_subject(),
        key: order.key,
    };
    let asked = fulcio::signing_certificate(client, order.url, Interface::V2, &request).await;
    let issued = match asked {
        Err(services::Error::Status { status: 404 | 405 | 501, .. }) => {
            fulcio::signing_certificate(client, order.url, Interface::V1, &request).await?
        }
        answer => answer?,
    };
    let untrusted =
        |reason| CertifyError::Untrusted { url: services::shown(order.url), reason: Box::new(reason) };
    let leaf = issued.chain.first().ok_or_else(|| untrusted(Reason::CertificateMissing))?;
    let beside = issued.detached_sct.as_slice();
    let (chain, _) = verify::certificate(leaf, beside, order.sct, order.root, order.now)
        .map_err(|rejection| untrusted(rejection.reason().clone()))?;
    let (subject, issuer) = order.identity(leaf)?;
    let matcher = IdentityMatcher {
        subject: StringMatcher::Exact(subject),
        issuer: StringMatcher::Exact(issuer),
        workflow: verify::WorkflowClaims::default(),
    };
    Ok(Certified {
        chain: chain.certificates().to_vec(),
        signer: ExpectedSigner::Identity(NonEmpty::new(matcher, [])),
        until: leaf.not_after(),
        sct: if issued.detached_sct.is_some() { BESIDE } else { order.sct },
    })
}

impl CertificateOrder<'_> {
    /// Who the certificate is for, which has to be whom the token is about. How an issuer's subjects become names is the
    /// authority's affair; what can be compared is.
    fn identity(&self, leaf: &Certificate) -> Result<(String, String), CertifyError> {
        let token = self.token;
        let other = |what, found: Option<&str>, expected: &str| CertifyError::Identity {
            url: services::shown(self.url),
            what,
            found: found.unwrap_or("nothing").to_owned(),
            expected: expected.to_owned(),
        };
        let unreadable = |error| CertifyError::Untrusted {
            url: services::shown(self.url),
            reason: Box::new(Reason::Extensions(error)),
        };
        let stated = extensions::extensions(leaf).map_err(unreadable)?.issuer;
        // Behind an issuer that only passes identities on there is the one that the certificate names.
        let federated = token.text_claim(&["federated_claims", "connector_id"]);
        let issuer = match stated {
            Some(stated) if stated == token.issuer() || Some(stated.as_str()) == federated => stated,
            stated => return Err(other("issuer", stated.as_deref(), token.issuer())),
        };
        let names = leaf.subject_alternative_names().map_err(unreadable)?;
        let [name] = names.as_slice() else {
            return Err(other("identity", None, token.proof_subject()));
        };
        let subject = name.value();
        // The workflow that a job belongs to is in its name (Fulcio, `docs/oidc.md`).
        for claim in ["job_workflow_ref", "ci_config_ref_uri"] {
            if let Some(workflow) = token.text_claim(&[claim])
                && !subject.ends_with(workflow)
            {
                return Err(other("identity", Some(subject), workflow));
            }
        }
        Ok((subject.to_owned(), issuer))
    }
}
