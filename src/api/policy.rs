//! What is asked of a signature.

use std::collections::BTreeMap;

use super::{PatternError, PublicKey};
use crate::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, IdentityMatcher, NonEmpty, Pattern,
    PredicateTypeRequirement, Requirement, StringMatcher, VerificationPolicy, Waiver, WorkflowClaims,
};

/// What is asked of a signature: whose it is, and which proofs it brings.
///
/// A policy starts with the signer, a key or an identity; there is no policy that accepts anybody. It asks for one entry of
/// a trusted transparency log and, with an identity, for one signed certificate timestamp. Each method asks for more,
/// except for those whose names begin with `dangerously`.
///
/// ```
/// use rcosign::{Identity, Matcher, Policy};
///
/// let workflow = Identity::new(
///     Matcher::regex(r"https://github\.com/org/repo/\.github/workflows/release\.yml@refs/tags/v.*")?,
///     Matcher::exact("https://token.actions.githubusercontent.com"),
/// );
/// let policy = Policy::identity(workflow)
///     .predicate_type("https://slsa.dev/provenance/v1")
///     .require_timestamps(1);
/// # Ok::<(), rcosign::PatternError>(())
/// ```
///
/// Without a signer there is nothing to build:
///
/// ```compile_fail
/// let policy = rcosign::Policy::default();
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Policy(pub(super) VerificationPolicy);

impl Policy {
    /// Signatures by exactly this key. What keys or certificates come with a signature does not matter, unless they
    /// contradict.
    pub fn key(key: PublicKey) -> Self {
        Self::of(ExpectedSigner::Key(key.0))
    }

    /// Signatures by a certificate of this identity, which an authority of the trusted root has issued.
    pub fn identity(identity: Identity) -> Self {
        Self::any_identity(identity, [])
    }

    /// Signatures by a certificate of the first identity, or of one of the others.
    pub fn any_identity(first: Identity, others: impl IntoIterator<Item = Identity>) -> Self {
        Self::of(ExpectedSigner::Identity(NonEmpty::new(first.0, others.into_iter().map(|i| i.0))))
    }

    fn of(signer: ExpectedSigner) -> Self {
        Self(VerificationPolicy {
            signer,
            log: Requirement::ONE,
            timestamp: Requirement::Waived(Waiver::NotNeeded("no signed timestamp was asked for")),
            sct: Requirement::ONE,
            claim: ClaimRequirement {
                content: ContentRequirement::Any,
                binding_waived: None,
                annotations: BTreeMap::new(),
            },
            signature_digest: None,
        })
    }

    /// Asks for an attestation whose statement has this predicate type, a URI, compared exactly. Without this, a signature of
    /// the artifact itself and a statement about it of any type will both do.
    pub fn predicate_type(mut self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        self.0.claim.content =
            ContentRequirement::Statement(PredicateTypeRequirement { asked: uri.clone(), uri });
        self
    }

    /// Asks for a signature of the artifact itself. Without this, a statement about the artifact, of any predicate type, does as
    /// well: whoever may sign a test result for it would also have signed the artifact. The opposite of
    /// [`Self::predicate_type`]; the later of the two calls counts.
    pub fn plain_signature(mut self) -> Self {
        self.0.claim.content = ContentRequirement::Message;
        self
    }

    /// Asks for entries of at least so many distinct trusted logs; zero counts as one.
    pub fn require_log_entries(mut self, count: usize) -> Self {
        self.0.log = Requirement::Required { threshold: count };
        self
    }

    /// Asks for RFC 3161 timestamps of at least so many distinct trusted authorities; zero counts as one.
    pub fn require_timestamps(mut self, count: usize) -> Self {
        self.0.timestamp = Requirement::Required { threshold: count };
        self
    }

    /// Asks for signed certificate timestamps (RFC 6962) of at least so many distinct trusted logs; zero counts as one. A
    /// key has no certificate, so with [`Self::key`] it changes nothing.
    pub fn require_certificate_timestamps(mut self, count: usize) -> Self {
        self.0.sct = Requirement::Required { threshold: count };
        self
    }

    /// Asks for no log entry. Signatures by a key without a log are common; nobody can find out then that the key was
    /// misused. With an identity and without a timestamp, the certificate, which lives for minutes, is judged at the time
    /// of verification. Entries that are there are checked all the same.
    pub fn dangerously_without_log(mut self) -> Self {
        self.0.log = Requirement::Waived(Waiver::Flag("Policy::dangerously_without_log"));
        self
    }

    /// Asks for no signed certificate timestamp, and looks at none: an authority that issues certificates in secret goes
    /// unnoticed. Private authorities often have no certificate transparency log.
    pub fn dangerously_without_certificate_timestamp(mut self) -> Self {
        self.0.sct = Requirement::Waived(Waiver::Flag("Policy::dangerously_without_certificate_timestamp"));
        self
    }
}

/// An identity in a certificate: who (the subject alternative name), by whose word (the issuer of the identity token), and
/// perhaps which workflow. Always compared as a whole.
#[derive(Debug, Clone)]
#[must_use]
pub struct Identity(IdentityMatcher);

impl Identity {
    /// Subject, such as `dev@example.com` or the address of a workflow, and issuer, such as
    /// `https://token.actions.githubusercontent.com` (Fulcio's extension 1.3.6.1.4.1.57264.1.8, or .1). A subject without
    /// its issuer is not an identity: another issuer may confirm the same name for somebody else.
    pub fn new(subject: Matcher, issuer: Matcher) -> Self {
        Self(IdentityMatcher { subject: subject.0, issuer: issuer.0, workflow: WorkflowClaims::default() })
    }

    /// Compares the repository of a GitHub workflow as well, such as `org/repo` (1.3.6.1.4.1.57264.1.5).
    pub fn github_repository(mut self, repository: impl Into<String>) -> Self {
        self.0.workflow.repository = Some(repository.into());
        self
    }

    /// Compares the ref that a GitHub workflow ran on, such as `refs/tags/v1.0.0` (1.3.6.1.4.1.57264.1.6).
    pub fn github_ref(mut self, reference: impl Into<String>) -> Self {
        self.0.workflow.reference = Some(reference.into());
        self
    }

    /// Compares the commit that a GitHub workflow ran on (1.3.6.1.4.1.57264.1.3).
    pub fn github_commit(mut self, sha: impl Into<String>) -> Self {
        self.0.workflow.sha = Some(sha.into());
        self
    }

    /// Compares the event that started a GitHub workflow, such as `push` (1.3.6.1.4.1.57264.1.2).
    pub fn github_trigger(mut self, trigger: impl Into<String>) -> Self {
        self.0.workflow.trigger = Some(trigger.into());
        self
    }

    /// Compares the name of a GitHub workflow (1.3.6.1.4.1.57264.1.4).
    pub fn github_workflow(mut self, name: impl Into<String>) -> Self {
        self.0.workflow.name = Some(name.into());
        self
    }
}

/// How a subject or an issuer is compared.
#[derive(Debug, Clone)]
pub struct Matcher(StringMatcher);

impl Matcher {
    /// Equal, byte for byte.
    pub fn exact(text: impl Into<String>) -> Self {
        Self(StringMatcher::Exact(text.into()))
    }

    /// A regular expression (RE2 syntax, linear time) that has to match the **whole** text. cosign's expressions, and those
    /// of the `rcosign` command, may match anywhere in it; here `example.com` does not accept `example.com.evil.test`.
    ///
    /// ```
    /// use rcosign::Matcher;
    ///
    /// let one_team = Matcher::regex(r"[a-z]+@release\.example\.com")?;
    /// assert!(Matcher::regex("(unclosed").is_err());
    /// # Ok::<(), rcosign::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// Empty, not RE2's syntax, too large.
    pub fn regex(expression: &str) -> Result<Self, PatternError> {
        // On its own first: what is no expression must not become one by what is put around it.
        Pattern::new(expression)?;
        Ok(Self(StringMatcher::Pattern(Pattern::new(&format!(r"\A(?:{expression})\z"))?)))
    }
}
