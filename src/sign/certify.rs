//! A certificate for a key: from the certificate authority, and verified before anything is signed with it.

use crate::crypto::{SigningKey, UnixTime};
use crate::services::fulcio::{self, CertificateRequest, Interface};
use crate::services::oidc::IdentityToken;
use crate::services::{self, Client};
use crate::sign::BESIDE;
use crate::trust::TrustedRoot;
use crate::verify::{self, ExpectedSigner, IdentityMatcher, NonEmpty, Reason, Requirement, StringMatcher};
use crate::x509::{Certificate, SubjectAlternativeName, fulcio as extensions};

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
    Ok(Certified {
        chain: chain.certificates().to_vec(),
        signer: exactly(order.identity(leaf)?),
        until: leaf.not_after(),
        sct: if issued.detached_sct.is_some() { BESIDE } else { order.sct },
    })
}

/// Issuers that only pass identities on, and of whose tokens certificates name the issuer behind (Fulcio, `config/identity`).
const PASSES_ON: [&str; 2] = ["https://oauth2.sigstore.dev/auth", "https://oauth2.sigstage.dev/auth"];
/// Issuers whose tokens are for jobs, the claim with the workflow, and what stands before that in a name (Fulcio, `docs/oidc.md`).
const JOBS: [(&str, &str, &str); 2] = [
    ("https://token.actions.githubusercontent.com", "job_workflow_ref", "https://github.com/"),
    ("https://gitlab.com", "ci_config_ref_uri", "https://"),
];

/// Whose certificate the authority will issue for a token, before it is asked: subject and issuer. `None` unless there is one way
/// alone to read the token, which an issuer that makes claims of the same names may mean otherwise: for workflows of the issuers
/// that are known for them, and for addresses of e-mail where nothing else could become the name.
pub fn foreseen(token: &IdentityToken) -> Option<ExpectedSigner> {
    let issuer = token.issuer();
    if let Some((_, claim, before)) = JOBS.iter().find(|(known, ..)| *known == issuer) {
        let workflow = token.text_claim(&[claim])?;
        return Some(exactly((format!("{before}{workflow}"), issuer.to_owned())));
    }
    let is_for_a_job = JOBS.iter().any(|(_, claim, _)| token.text_claim(&[claim]).is_some());
    let email = token.email()?;
    if is_for_a_job || token.text_claim(&["sub"]).is_some_and(|subject| subject.contains("://")) {
        return None;
    }
    let issuer = match token.text_claim(&["federated_claims", "connector_id"]) {
        Some(behind) if behind == issuer || PASSES_ON.contains(&issuer) => behind,
        Some(_) => return None,
        None => issuer,
    };
    Some(exactly((email.to_owned(), issuer.to_owned())))
}

fn exactly((subject, issuer): (String, String)) -> ExpectedSigner {
    let matcher = IdentityMatcher {
        subject: StringMatcher::Exact(subject),
        issuer: StringMatcher::Exact(issuer),
        workflow: verify::WorkflowClaims::default(),
    };
    ExpectedSigner::Identity(NonEmpty::new(matcher, []))
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
        // Other subjects become other kinds of names, and an address is whose mailbox it is.
        if matches!(name, SubjectAlternativeName::Email(_)) && token.email().is_none() {
            return Err(other("the address of e-mail", Some(subject), "has none"));
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::{Secret, base64};
    use crate::x509::issue::fixtures::{p256, second, self_signed, span};
    use crate::x509::issue::{Issuer, Template};

    const ISSUER: &str = "https://issuer.example";

    fn leaf(name: SubjectAlternativeName) -> Certificate {
        let root = self_signed(&Template::root("root", span(0, 1000)), "fulcio root");
        let issuer = Issuer { key: p256("fulcio root"), certificate: Some(&root) };
        Template::fulcio(name, ISSUER, span(0, 600)).issue(p256("key").public_key(), issuer).unwrap()
    }

    fn token(more: &serde_json::Value) -> IdentityToken {
        let mut claims = json!({ "iss": ISSUER, "sub": "me", "aud": "sigstore", "exp": 4_000_000_000_i64 });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |text: String| base64::encode_url(text);
        let text =
            format!("{}.{}.c2ln", part(json!({ "alg": "ES256" }).to_string()), part(claims.to_string()));
        IdentityToken::parse(Secret::new(text.into_bytes())).unwrap()
    }

    #[test]
    fn whose_certificate_it_will_be_is_foreseen_where_names_are_made_in_a_known_way() {
        let eve = json!({ "email": "eve@example.com", "email_verified": true });
        let behind = |issuer: &str| {
            json!({ "iss": issuer, "email": "eve@example.com", "email_verified": true,
                "federated_claims": { "connector_id": "https://accounts.example" } })
        };
        let (passing, own) = (behind(PASSES_ON[0]), behind("https://accounts.example"));
        let job = "o/r/.github/workflows/w.yml@refs/heads/main";
        let github = json!({ "iss": JOBS[0].0, "job_workflow_ref": job });
        let gitlab = json!({ "iss": JOBS[1].0, "ci_config_ref_uri": "gitlab.com/o/r//.gitlab-ci.yml@refs/heads/main" });
        let uri =
            json!({ "email": "eve@example.com", "email_verified": true, "sub": "https://eve.example/" });
        let email_and_job =
            json!({ "email": "eve@example.com", "email_verified": true, "job_workflow_ref": job });
        for (claims, expected) in [
            (&eve, Some(("eve@example.com", ISSUER))),
            (&passing, Some(("eve@example.com", "https://accounts.example"))),
            (&own, Some(("eve@example.com", "https://accounts.example"))),
            (&github, Some(("https://github.com/o/r/.github/workflows/w.yml@refs/heads/main", JOBS[0].0))),
            (&gitlab, Some(("https://gitlab.com/o/r//.gitlab-ci.yml@refs/heads/main", JOBS[1].0))),
            (&json!({}), None),
            // Who may be read in several ways is known once there is a certificate.
            (&behind(ISSUER), None),
            (&json!({ "job_workflow_ref": job }), None),
            (&json!({ "ci_config_ref_uri": "gitlab.com/o/r//.gitlab-ci.yml@refs/heads/main" }), None),
            (&json!({ "iss": JOBS[0].0, "email": "eve@example.com", "email_verified": true }), None),
            (&uri, None),
            (&email_and_job, None),
        ] {
            let found = foreseen(&token(claims));
            assert_eq!(found.as_ref().and_then(ExpectedSigner::named), expected, "{claims}");
        }
    }

    fn identity(email: Option<&str>, name: SubjectAlternativeName) -> Result<(String, String), CertifyError> {
        let token = token(&match email {
            Some(email) => json!({ "email": email, "email_verified": true }),
            None => json!({}),
        });
        let root = TrustedRoot::default();
        let (key, now, sct) = (p256("key"), second(10), Requirement::ONE);
        let url = "https://me:secret@fulcio.example";
        CertificateOrder { url, token: &token, key, root: &root, now, sct }.identity(&leaf(name))
    }

    /// An authority could have the user sign in the name of whoever it likes.
    #[test]
    fn an_address_of_e_mail_is_for_who_has_one() {
        let email = || SubjectAlternativeName::Email("eve@example.com".to_owned());
        let uri = SubjectAlternativeName::Uri("https://ci.example/job".to_owned());
        assert_eq!(identity(Some("eve@example.com"), email()).unwrap().0, "eve@example.com");
        assert_eq!(identity(None, uri).unwrap().0, "https://ci.example/job");
        let refusal = identity(None, email()).unwrap_err().to_string();
        assert!(refusal.contains("eve@example.com") && !refusal.contains("secret"), "{refusal}");
    }
}
