//! Who signs: a key with its certificate, and the witnesses; and what they make, verified.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use futures_util::lock::Mutex;

use super::super::keys::{found_key, look};
use super::super::trust::public_root;
use super::super::{Context, Error, ErrorKind, Narrator, SigningAlgorithm};
use super::clock::Clock;
use super::consent;
use super::plan::{Carrier, Carriers, Plan};
use super::refused::unverified;
use super::services::Services;
use super::{SignWith, SigningKeyName, Witness};
use crate::bundle::detached::decode_certificates;
use crate::bundle::{SignedEntity, VerificationMaterial};
use crate::crypto::{KeyType, PrivateKey, SigningKey, UnixTime};
use crate::keys::{FoundKey, StdinUse};
use crate::payload::Artifact;
use crate::sign::{BESIDE, CertificateSource, Payload, SigningRequest, self_check, sign};
use crate::storage::read_file;
use crate::timestamp::Token;
use crate::trust::TrustedRoot;
use crate::verify::{
    ContentRequirement, ExpectedSigner, Rejection, Requirement, VerificationPolicy, Verifier,
};
use crate::x509::Certificate;
use crate::x509::path::{self, Usage};

/// Certificates.
const MAX_SMALL: u64 = 1 << 20;
/// How far the clocks of witnesses may be ahead of this machine's, in seconds.
const SKEW: i64 = 300;

/// A key that was found, with its certificate and its witnesses. Everything is read and every question is asked; the key is
/// still closed, and no service knows of anything.
pub(super) struct Found {
    key: Closed,
    rest: Rest,
}

/// What goes with the key.
struct Rest {
    certificates: Vec<Certificate>,
    plan: Plan,
    services: Services,
    clock: Clock,
}

enum Closed {
    /// One that there is.
    Found(FoundKey),
    /// One that is to be made.
    New(KeyType),
}

impl Found {
    /// Decides who witnesses, asks whether that is meant, and reads certificate, key and identity token.
    ///
    /// # Errors
    /// One of them cannot be used; somebody says no; there is no identity token; a service that is needed is not known.
    pub async fn find(
        with: &SignWith,
        carriers: Carriers,
        stdin: StdinUse,
        context: &mut Context,
    ) -> Result<Self, Error> {
        let clock = Clock::start(context.now);
        if let Some(flag) = with.unused_token() {
            context.narrator.warn(&format!(
                "the key signs, and {flag} is not used: leave out the key (--key, COSIGN_KEY) to sign by the identity, or add --issue-certificate"
            ));
        }
        // The services of everybody are looked up first, which takes time; everything else is said in the order of the flags.
        if let (SigningKeyName::Reference(key), Witness::Default) = (&with.key, &with.witness) {
            look(key, context)?;
        }
        Services::foresee(with, context).await?;
        let plan = Plan::make(with, carriers, context).await?;
        if plan.is_public() {
            let lines = match plan.identity {
                Some(_) => consent::notice(None),
                None => consent::notice_for_key(),
            };
            consent::ask(&lines, with.yes, context)?;
        }
        let certificates = certificates(with, context)?;
        let key = match &with.key {
            SigningKeyName::Reference(key) => Closed::Found(found_key(key, stdin, context).await?),
            SigningKeyName::Ephemeral(algorithm) => Closed::New(algorithm.map_or(KeyType::P256, |a| a.key)),
        };
        let services = Services::prepare(&plan, with, context).await?;
        Ok(Self { key, rest: Rest { certificates, plan, services, clock } })
    }

    /// Opens the key.
    ///
    /// # Errors
    /// The password does not open it, or the certificate is for another key.
    pub fn open(self) -> Result<Signer, Error> {
        let key = self.key.open();
        self.rest.with(key?)
    }

    /// Opens the key while others work.
    ///
    /// # Errors
    /// As [`Found::open`].
    pub async fn open_beside(self) -> Result<Signer, Error> {
        let Self { key, rest } = self;
        let opened = tokio::task::spawn_blocking(move || key.open()).await;
        let unopened = |e| Error::new(ErrorKind::Other, "the key could not be opened").caused_by(&e);
        rest.with(opened.map_err(unopened)??)
    }
}

impl Closed {
    fn open(self) -> Result<Box<dyn SigningKey>, Error> {
        match self {
            Self::Found(key) => Ok(key.open()?),
            Self::New(kind) => match PrivateKey::generate(kind) {
                Ok(key) => Ok(Box::new(key)),
                Err(e) => {
                    Err(Error::new(ErrorKind::Other, format!("no {kind} key could be made")).caused_by(&e))
                }
            },
        }
    }
}

impl Rest {
    fn with(self, key: Box<dyn SigningKey>) -> Result<Signer, Error> {
        let Self { certificates, plan, services, clock } = self;
        check_certificate(key.as_ref(), &certificates)?;
        let credential = (plan.identity.is_none()).then(|| Ok(Rc::new(Credential::own(&*key, certificates))));
        Ok(Signer { key, plan, services, clock, credential: Mutex::new(credential) })
    }
}

fn check_certificate(key: &dyn SigningKey, certificates: &[Certificate]) -> Result<(), Error> {
    if let Some(leaf) = certificates.first()
        && !leaf.public_key().is_ok_and(|k| k == *key.public_key())
    {
        let message = "the certificate is for another key than the one to sign with";
        return Err(Error::new(ErrorKind::Format, message)
            .hint("name the certificate of this key with --certificate"));
    }
    Ok(())
}

/// A key that is open, with all that goes with it.
pub(super) struct Signer {
    /// The key.
    pub key: Box<dyn SigningKey>,
    plan: Plan,
    services: Services,
    /// The time.
    pub clock: Clock,
    /// What shows whose key it is. `None` until the certificate authority was asked.
    credential: Mutex<Option<Result<Rc<Credential>, Error>>>,
}

/// What shows whose key it is.
struct Credential {
    certificates: Vec<Certificate>,
    signer: ExpectedSigner,
    sct: Option<Requirement>,
    /// Until when it is good for another signature.
    until: Option<UnixTime>,
}

impl Credential {
    /// Of a key that is named to verifiers.
    fn own(key: &dyn SigningKey, certificates: Vec<Certificate>) -> Self {
        Self { certificates, signer: ExpectedSigner::Key(key.public_key().clone()), sct: None, until: None }
    }
}

impl Signer {
    /// What messages call it.
    pub fn called(&self) -> &'static str {
        if self.plan.identity.is_some() { "identity" } else { "key" }
    }

    /// Whether services take part.
    pub fn is_witnessed(&self) -> bool {
        self.plan.asks_somebody()
    }

    /// Whether a log gets what is kept there.
    pub fn is_logged(&self, carrier: Carrier) -> bool {
        !self.plan.witnesses(carrier).logs.is_empty()
    }

    /// Gets the certificate, where one is to be issued: once nothing else can go wrong any more.
    ///
    /// # Errors
    /// There is none, or it does not hold.
    pub async fn certify(&self, narrator: &mut dyn Narrator) -> Result<(), Error> {
        let credential = self.credential().await?;
        if let Some((subject, issuer)) = credential.signer.named() {
            narrator.say(&format!("Signing as {subject} (issuer {issuer})"));
        }
        if self.plan.identity.is_some() && credential.sct == Some(BESIDE) {
            narrator.warn(
                "the certificate's SCT came beside it and was verified; signatures have no place for it: they verify with --insecure-ignore-sct alone",
            );
        }
        Ok(())
    }

    /// The certificate that is good for one more signature, which all that are made at the same time share.
    async fn credential(&self) -> Result<Rc<Credential>, Error> {
        let mut credential = self.credential.lock().await;
        let now = self.clock.now();
        match &*credential {
            Some(Ok(found)) if found.until.is_none_or(|until| is_lasting(until, now)) => {
                return Ok(found.clone());
            }
            Some(Err(error)) => return Err(error.clone()),
            _ => {}
        }
        credential.insert(self.issued(now).await.map(Rc::new)).clone()
    }

    #[cfg(feature = "http")]
    async fn issued(&self, now: UnixTime) -> Result<Credential, Error> {
        let certified = self.services.certify(&*self.key, &self.plan, now).await?;
        Ok(Credential {
            certificates: certified.chain,
            signer: certified.signer,
            sct: Some(certified.sct),
            until: Some(certified.until),
        })
    }

    #[cfg(not(feature = "http"))]
    async fn issued(&self, _: UnixTime) -> Result<Credential, Error> {
        Err(Error::new(ErrorKind::Other, "this program was built without the HTTP client"))
    }

    /// Signs, and has it witnessed.
    ///
    /// # Errors
    /// The key or a service fails.
    pub async fn make(&self, payload: Payload<'_>, carrier: Carrier) -> Result<SignedEntity, Error> {
        let credential = self.credential().await?;
        let certificate = match credential.certificates.as_slice() {
            [] => CertificateSource::None,
            chain => CertificateSource::Provided(chain.to_vec()),
        };
        let timestamp_authorities = &self.services.timestamp_authorities(&self.plan, carrier)?;
        let logs = &self.services.logs(&self.plan, carrier)?;
        let (key, root, now) = (&*self.key, &self.plan.root, self.clock.now());
        let request = SigningRequest { payload, key, certificate, timestamp_authorities, logs, root, now };
        Ok(sign(request).await?)
    }

    /// Verifies what came out as a stranger would, before anybody gets it.
    ///
    /// # Errors
    /// It does not verify.
    pub async fn check(
        &self,
        entity: &SignedEntity,
        artifact: &Artifact,
        carrier: Carrier,
    ) -> Result<(), Error> {
        let policy = self.policy(artifact, carrier).await?;
        self.hold(entity, artifact, &policy)
    }

    /// As [`Signer::check`], by this policy.
    ///
    /// # Errors
    /// It does not verify.
    pub fn hold(
        &self,
        entity: &SignedEntity,
        artifact: &Artifact,
        policy: &VerificationPolicy,
    ) -> Result<(), Error> {
        self.verify(entity, artifact, policy, &self.plan.root)
            .map_err(|rejection| unverified(&rejection, &self.plan))
    }

    /// What a signature of this image by this signer, with these annotations, has to show: as much as one that would be made now.
    ///
    /// # Errors
    /// Who signs is not known.
    pub async fn image_policy(
        &self,
        artifact: &Artifact,
        carrier: Carrier,
        annotations: &BTreeMap<String, String>,
    ) -> Result<VerificationPolicy, Error> {
        Ok(with_annotations(self.policy(artifact, carrier).await?, annotations))
    }

    /// Whether this is a bare signature by this key, which nobody witnessed, of the image.
    pub fn has_signed_alone(&self, entity: &SignedEntity, artifact: &Artifact) -> bool {
        let policy = self_check::policy(self.key.public_key(), Some(artifact));
        let policy = with_annotations(policy, &BTreeMap::new());
        self.verify(entity, artifact, &policy, &self.plan.root).is_ok()
    }

    /// What a signature of this run has to show.
    ///
    /// # Errors
    /// Who signs is not known.
    pub async fn policy(&self, artifact: &Artifact, carrier: Carrier) -> Result<VerificationPolicy, Error> {
        let credential = self.credential().await?;
        Ok(self.policy_of(credential.signer.clone(), credential.sct, artifact, carrier))
    }

    fn policy_of(
        &self,
        signer: ExpectedSigner,
        sct: Option<Requirement>,
        artifact: &Artifact,
        carrier: Carrier,
    ) -> VerificationPolicy {
        let mut policy = self_check::policy(self.key.public_key(), Some(artifact));
        policy.signer = signer;
        policy.log = self.plan.log_requirement(carrier);
        policy.timestamp = self.plan.timestamp_requirement(carrier);
        policy.sct = sct.unwrap_or(policy.sct);
        policy
    }

    /// As whom this run signs in all likelihood, as long as the certificate authority was not asked; only that says it for sure.
    pub fn foreseen(&self) -> Option<ExpectedSigner> {
        self.plan.identity.as_ref().and_then(|_| self.services.foreseen())
    }

    /// Whether a signature of this image that was found is one by this signer, who was [foreseen](Self::foreseen), and shows as much
    /// as a new one would.
    pub fn resembles(
        &self,
        found: &SignedEntity,
        signer: &ExpectedSigner,
        (artifact, carrier): (&Artifact, Carrier),
        annotations: &BTreeMap<String, String>,
    ) -> bool {
        let sct = Some(self.services.certificate_timestamps());
        let policy = self.policy_of(signer.clone(), sct, artifact, carrier);
        let policy = with_annotations(policy, annotations);
        self.verify(found, artifact, &policy, &self.plan.root).is_ok()
    }

    /// Whether the certificate is for whom this names.
    ///
    /// # Errors
    /// There is none.
    pub async fn is(&self, signer: &ExpectedSigner) -> Result<bool, Error> {
        let credential = self.credential().await?;
        Ok(signer.named().is_some() && credential.signer.named() == signer.named())
    }

    /// Whether a signature that was found does what a new one would, by the policy that a new one has to meet: with a certificate that
    /// was given, one with that certificate. What it says of witnesses that nobody was asked for has to hold too, as far as the
    /// public ones are concerned; of others nobody can tell.
    ///
    /// # Errors
    /// The built-in root cannot be read.
    pub async fn likeness<'a>(
        &'a self,
        artifact: &'a Artifact,
        policy: &'a VerificationPolicy,
    ) -> Result<impl Fn(&SignedEntity) -> bool + 'a, Error> {
        let credential = self.credential().await?;
        let public = match self.plan.asks_somebody() {
            true => None,
            false => Some(public_root()?),
        };
        Ok(move |found: &SignedEntity| {
            let given = credential.certificates.first().filter(|_| self.plan.identity.is_none());
            let same_certificate = match (&found.material, given) {
                (_, None) => true,
                (VerificationMaterial::Certificate(theirs), Some(own)) => theirs.first() == Some(own),
                (VerificationMaterial::PublicKey { .. }, Some(_)) => false,
            };
            let root = public.as_ref().filter(|_| is_witnessed(found)).unwrap_or(&self.plan.root);
            same_certificate && self.verify(found, artifact, policy, root).is_ok()
        })
    }

    fn verify(
        &self,
        entity: &SignedEntity,
        artifact: &Artifact,
        policy: &VerificationPolicy,
        root: &TrustedRoot,
    ) -> Result<(), Rejection> {
        let now = with_witnesses(self.clock.now(), entity);
        Verifier { root, policy, now }.verify(entity, Some(artifact)).map(|_| ())
    }
}

/// The later of the local time and those of the witnesses, as far as these are within the tolerance: whether a time lies in
/// the future depends on whose clock is right. So does whether a certificate that was issued just now is valid already.
fn with_witnesses(now: UnixTime, entity: &SignedEntity) -> UnixTime {
    let stamped = entity.timestamps.iter().filter_map(|der| Some(Token::from_der(der).ok()?.gen_time()));
    let logged = entity.log_entries.iter().filter_map(|entry| entry.integrated_time);
    let issued = match &entity.material {
        VerificationMaterial::Certificate(chain) => chain.first().map(Certificate::not_before),
        VerificationMaterial::PublicKey { .. } => None,
    };
    let latest = now.plus_seconds(SKEW);
    stamped.chain(logged).chain(issued).filter(|time| *time <= latest).fold(now, UnixTime::max)
}

fn is_witnessed(entity: &SignedEntity) -> bool {
    !entity.log_entries.is_empty() || !entity.timestamps.is_empty()
}

fn with_annotations(
    mut policy: VerificationPolicy,
    annotations: &BTreeMap<String, String>,
) -> VerificationPolicy {
    policy.claim.content = ContentRequirement::ImageSignature;
    policy.claim.annotations.clone_from(annotations);
    policy
}

/// Whether a certificate is valid long enough for one more signature, its timestamps and its log entries.
fn is_lasting(until: UnixTime, now: UnixTime) -> bool {
    /// In seconds.
    const MARGIN: i64 = 60;
    now.plus_seconds(MARGIN) < until
}

/// An algorithm that was named and is not the key's is a mistake; cosign ignores the flag for keys in files.
pub(super) fn check_algorithm(algorithm: SigningAlgorithm, key: KeyType) -> Result<(), Error> {
    if algorithm.key == key {
        return Ok(());
    }
    let message = format!("`--signing-algorithm {}` does not fit the key, which is {key}", algorithm.name);
    Err(Error::usage(message).hint("leave --signing-algorithm out: the algorithm follows the key"))
}

/// The certificate to put into the signature, leaf first; a chain has to lead from it to its own last certificate.
fn certificates(with: &SignWith, context: &Context) -> Result<Vec<Certificate>, Error> {
    let read = |path: &PathBuf| {
        let document = read_file("certificate", path, MAX_SMALL).map_err(|e| Error::file(&e))?;
        decode_certificates(&document).map_err(|e| {
            Error::new(ErrorKind::Format, format!("`{}` cannot be used", path.display())).caused_by(&e)
        })
    };
    let Some(path) = &with.certificate else {
        return match &with.certificate_chain {
            Some(_) => Err(Error::usage("--certificate-chain needs the certificate it belongs to")
                .hint("name it with --certificate")),
            None => Ok(Vec::new()),
        };
    };
    let mut certificates = read(path)?;
    certificates.truncate(1);
    let Some(chain_path) = &with.certificate_chain else { return Ok(certificates) };
    let chain = read(chain_path)?;
    let (Some(leaf), Some(anchor)) = (certificates.first(), chain.last()) else { return Ok(certificates) };
    path::verify(leaf, &chain, std::slice::from_ref(anchor), context.now, Usage::CodeSigning).map_err(
        |e| {
            let message = format!(
                "the certificate `{}` does not belong to the chain `{}`",
                path.display(),
                chain_path.display()
            );
            Error::new(ErrorKind::TrustMaterial, message).caused_by(&e)
        },
    )?;
    // A bundle has room for the leaf alone, a layer under a tag for all.
    let above: Vec<_> = chain.into_iter().filter(|above| above != leaf).collect();
    certificates.extend(above);
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Content, Profile};
    use crate::tlog::Entry;

    fn logged_at(times: &[i64]) -> SignedEntity {
        let entry = |time: &i64| Entry {
            log_index: 0,
            log_id: Vec::new(),
            kind: None,
            integrated_time: Some(UnixTime::from_seconds(*time)),
            canonicalized_body: Vec::new(),
            inclusion_promise: None,
            inclusion_proof: None,
        };
        SignedEntity {
            content: Content::Message { digest: None, signature: Vec::new() },
            material: VerificationMaterial::PublicKey { hint: String::new(), embedded: None },
            log_entries: times.iter().map(entry).collect(),
            timestamps: Vec::new(),
            detached_scts: Vec::new(),
            profile: Profile::Legacy,
        }
    }

    /// What a witness says moves the clock as far as it may be wrong, and no further.
    #[test]
    fn the_clock_of_witnesses_counts_within_the_tolerance() {
        for (times, judged) in [
            (&[][..], 1000),
            (&[900], 1000),
            (&[1000], 1000),
            (&[1001], 1001),
            (&[1200, 1100], 1200),
            (&[1000 + SKEW], 1000 + SKEW),
            (&[1001 + SKEW], 1000),
            (&[1001 + SKEW, 1002], 1002),
            (&[i64::MAX, i64::MIN], 1000),
        ] {
            let now = with_witnesses(UnixTime::from_seconds(1000), &logged_at(times));
            assert_eq!(now, UnixTime::from_seconds(judged), "{times:?}");
        }
    }
}
