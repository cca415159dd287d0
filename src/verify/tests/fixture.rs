//! A Sigstore in memory, entities that it witnesses, and cases: an entity together with all that it is judged by.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::{BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial};
use crate::crypto::{
    Digest, Ed25519Stream, HashAlgorithm, Hasher, KeyType, PrivateKey, SigningInput, SigningKey, UnixTime,
};
use crate::payload::{
    Artifact, Envelope, EnvelopeSignature, IN_TOTO_PAYLOAD_TYPE, SimpleSigning, pre_authentication_encoding,
};
use crate::timestamp::issue as stamps;
use crate::tlog::body::LoggedVerifier;
use crate::tlog::issue::{IssuingLog, body};
use crate::trust::{CertificateAuthority, Log, TrustedRoot, Window};
use crate::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, IdentityMatcher, NonEmpty,
    PredicateTypeRequirement, Rejection, Requirement, StringMatcher, VerificationPolicy, Verified, Verifier,
    Waiver, WorkflowClaims, stream_needs,
};
use crate::x509::issue::fixtures::{issued, key, p256, second, self_signed, span};
use crate::x509::issue::{CtLog, ExtendedKeyUsage, Extension, Issuer, Template, Validity};
use crate::x509::{Certificate, SubjectAlternativeName};

mod case;

pub(crate) const ARTIFACT: &[u8] = b"artifact\n";
pub(crate) const OTHER_ARTIFACT: &[u8] = b"another artifact\n";
pub(crate) const IDENTITY: &str = "https://github.com/org/repo/.github/workflows/ci.yml@refs/heads/main";
pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";
pub(crate) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

pub(crate) const NO_LOG: Requirement = Requirement::Waived(Waiver::Flag("--no-log"));
pub(crate) const NO_SCT: Requirement = Requirement::Waived(Waiver::Flag("--insecure-ignore-sct"));
pub(crate) const NO_STAMP: Requirement = Requirement::Waived(Waiver::NotNeeded("not asked for"));
pub(crate) const TWO: Requirement = Requirement::Required { threshold: 2 };

/// Everything is signed and witnessed at second 0; leaves live from -300 to 600, authorities from -10^6 to 10^6; it is
/// judged a day later.
pub(crate) const JUDGED: i64 = 86_400;
const LIFE: (i64, i64) = (-1_000_000, 1_000_000);

/// A certificate authority with one intermediate, two certificate transparency logs, four logs, two timestamp authorities,
/// and the trusted root that names them all.
pub(crate) struct World {
    pub root: TrustedRoot,
    pub ca: Certificate,
    /// Rekor v1, another one, Rekor v2, another one.
    pub logs: [IssuingLog; 4],
    pub stampers: [Certificate; 2],
}

/// Indices of [`World::logs`].
pub(crate) const V1: usize = 0;
pub(crate) const OTHER_V1: usize = 1;
pub(crate) const V2: usize = 2;
pub(crate) const OTHER_V2: usize = 3;

/// The keys of the two timestamp authorities and the two certificate transparency logs.
pub(crate) const STAMPERS: [&str; 2] = ["stamper", "other stamper"];
pub(crate) const CT_LOGS: [&str; 2] = ["ct log", "other ct log"];

/// A body that a log is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    HashedRekord,
    Dsse,
    Intoto001,
    Intoto002,
    Rekord,
}

/// Who signs: a key, and a certificate for it in keyless mode.
#[derive(Clone)]
pub(crate) struct Signer {
    pub key: &'static PrivateKey,
    pub certificate: Option<Certificate>,
}

/// How the artifact is given to the verifier.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given {
    Bytes(&'static [u8]),
    Digest(HashAlgorithm),
    Nothing,
}

/// An entity and all that it is judged by.
pub(crate) struct Case {
    pub world: World,
    pub signer: Signer,
    pub entity: SignedEntity,
    pub policy: VerificationPolicy,
    pub given: Given,
    pub now: UnixTime,
}

pub(crate) fn window(from: i64, to: i64) -> Window {
    Window { start: Some(second(from)), end: Some(second(to)) }
}

impl World {
    pub fn new() -> Self {
        let life = span(LIFE.0, LIFE.1);
        let root = self_signed(&Template::root("root", life), "root");
        let below = Template::intermediate("intermediate", ExtendedKeyUsage::CodeSigning, life);
        let ca = issued(&below, "intermediate", ("root", &root));
        let fresh = |key_type| PrivateKey::generate(key_type).unwrap();
        let logs = [
            IssuingLog::rekor_v1("rekor.example", fresh(KeyType::P256), 1_193_050_959_916_656_506, 1000),
            IssuingLog::rekor_v1("other-rekor.example", fresh(KeyType::P256), 77, 0),
            IssuingLog::rekor_v2("log2026-1.rekor.example", fresh(KeyType::Ed25519)),
            IssuingLog::rekor_v2("log2026-2.rekor.example", fresh(KeyType::P256)),
        ];
        let addresses = [
            "https://rekor.example",
            "https://other-rekor.example",
            "https://log2026-1.rekor.example",
            "https://log2026-2.rekor.example:3000/",
        ];
        let valid_for = window(LIFE.0, LIFE.1);
        let trusted = |log: &IssuingLog, url: &str| Log {
            base_url: url.to_owned(),
            origin: None,
            log_id: log.log_id().to_vec(),
            key: log.public_key().clone(),
            valid_for,
        };
        let ct_log = |name: &'static str| Log {
            base_url: format!("https://{}.example", name.replace(' ', "-")),
            origin: None,
            log_id: p256(name).public_key().key_id().to_vec(),
            key: p256(name).public_key().clone(),
            valid_for,
        };
        let stamper_root = |name| self_signed(&Template::root(name, life), name);
        let anchors = [stamper_root("stamper root"), stamper_root("other stamper root")];
        let stampers = [
            issued(&Template::time_stamping("stamper", life), "stamper", ("stamper root", &anchors[0])),
            issued(
                &Template::time_stamping("other stamper", life),
                "other stamper",
                ("other stamper root", &anchors[1]),
            ),
        ];
        let authority = |uri: &str, anchor: &Certificate, below: &Certificate| CertificateAuthority {
            uri: uri.to_owned(),
            anchors: vec![anchor.clone()],
            intermediates: vec![below.clone()],
            valid_for,
        };
        let root = TrustedRoot {
            source: "the tests' root".to_owned(),
            certificate_authorities: vec![authority("https://fulcio.example", &root, &ca)],
            logs: logs.iter().zip(addresses).map(|(log, url)| trusted(log, url)).collect(),
            ct_logs: CT_LOGS.map(ct_log).to_vec(),
            timestamp_authorities: vec![
                authority("https://tsa.example", &anchors[0], &stampers[0]),
                authority("https://other-tsa.example", &anchors[1], &stampers[1]),
            ],
            skipped: Vec::new(),
        };
        Self { root, ca, logs, stampers }
    }

    /// Fulcio's usual certificate.
    pub fn template() -> Template {
        Template::fulcio(SubjectAlternativeName::Uri(IDENTITY.to_owned()), ISSUER, leaf_life())
            .with(Extension::fulcio_raw(2, "push"))
            .with(Extension::fulcio_raw(3, "6e09ee2b1ee1b1a3f4ad6a1a9ed7a7d5bc6ef1ab"))
            .with(Extension::fulcio_raw(4, "ci"))
            .with(Extension::fulcio_raw(5, "org/repo"))
            .with(Extension::fulcio_raw(6, "refs/heads/main"))
    }

    /// A certificate for a key, with an embedded SCT of each of these logs, made at second 0.
    pub fn certificate(
        &self,
        template: &Template,
        key: &PrivateKey,
        ct_logs: &[&'static str],
    ) -> Certificate {
        let issuer = Issuer { key: p256("intermediate"), certificate: Some(&self.ca) };
        let logs: Vec<CtLog<'_>> = ct_logs.iter().map(|name| ct_log(name)).collect();
        if logs.is_empty() {
            return template.issue(key.public_key(), issuer).unwrap();
        }
        template.issue_with_scts(key.public_key(), issuer, &logs).unwrap()
    }

    /// Logs what the entity holds and adds the entry to it.
    pub fn log(&mut self, entity: &mut SignedEntity, signer: &Signer, log: usize, kind: Kind) {
        let body = body_of(entity, signer, log, kind);
        self.log_body(entity, log, body);
    }

    /// Logs anything and adds the entry to the entity.
    pub fn log_body(&mut self, entity: &mut SignedEntity, log: usize, body: Vec<u8>) {
        entity.log_entries.push(self.logs[log].append(body, second(0)).unwrap());
    }

    /// A token over these bytes, by one of the two authorities.
    pub fn stamp(&self, stamper: usize, signed: &[u8], time: UnixTime) -> Vec<u8> {
        let certificate = &self.stampers[stamper];
        let template = stamps::Template::new(signed, time);
        template
            .embedding(std::slice::from_ref(certificate))
            .response(p256(STAMPERS[stamper]), certificate)
            .unwrap()
    }
}

pub(crate) fn leaf_life() -> Validity {
    span(-300, 600)
}

pub(crate) fn ct_log(name: &'static str) -> CtLog<'static> {
    CtLog { key: p256(name), time: second(0), extensions: &[] }
}

impl Signer {
    pub fn logged(&self) -> LoggedVerifier {
        match &self.certificate {
            Some(certificate) => LoggedVerifier::Certificate(certificate.der().to_vec()),
            None => LoggedVerifier::PublicKey(self.key.public_key().clone()),
        }
    }

    /// Signs as this program does: by the digest of the key's strength, Ed25519 purely.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign_now(&SigningInput::message(message.to_vec())).unwrap()
    }

    fn material(&self) -> VerificationMaterial {
        match &self.certificate {
            Some(certificate) => VerificationMaterial::Certificate(vec![certificate.clone()]),
            None => VerificationMaterial::PublicKey { hint: String::new(), embedded: None },
        }
    }

    /// A signature of the artifact, without witnesses.
    pub fn message(&self, artifact: &[u8]) -> SignedEntity {
        let hash = match self.key.public_key().key_type() {
            KeyType::Ed25519 => HashAlgorithm::Sha256,
            key_type => key_type.default_hash(),
        };
        self.entity(Content::Message { digest: Some(hash.digest(artifact)), signature: self.sign(artifact) })
    }

    /// A signature of an image in the tag scheme, without witnesses.
    pub fn image(&self, payload: &[u8]) -> SignedEntity {
        let signature = self.sign(payload);
        let payload = Raw { bytes: payload.to_vec(), parsed: SimpleSigning::from_json(payload).unwrap() };
        let content = Content::SimpleSigning { payload: Arc::new(payload), signature };
        SignedEntity { profile: Profile::Legacy, ..self.entity(content) }
    }

    /// A statement about the artifact, without witnesses.
    pub fn statement(&self, artifact: &[u8]) -> SignedEntity {
        self.envelope(statement(artifact).as_bytes(), IN_TOTO_PAYLOAD_TYPE)
    }

    /// An envelope of any payload, without witnesses. Its bytes are its JSON, for legacy documents.
    pub fn envelope(&self, payload: &[u8], payload_type: &str) -> SignedEntity {
        let sig = self.sign(&pre_authentication_encoding(payload_type, payload));
        let parsed = Envelope {
            payload: payload.to_vec(),
            payload_type: payload_type.to_owned(),
            signatures: vec![EnvelopeSignature { keyid: String::new(), sig }],
        };
        let bytes = parsed.to_json().into_bytes();
        self.entity(Content::Envelope(Arc::new(Raw { bytes, parsed })))
    }

    fn entity(&self, content: Content) -> SignedEntity {
        SignedEntity {
            content,
            material: self.material(),
            log_entries: Vec::new(),
            timestamps: Vec::new(),
            detached_scts: Vec::new(),
            profile: Profile::Bundle(BundleVersion::V0_3),
        }
    }
}

/// The payload of an image signature, with an annotation.
pub(crate) fn image_payload(image: &[u8]) -> Vec<u8> {
    let annotations = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let digest = HashAlgorithm::Sha256.digest(image);
    crate::payload::simple_signing("registry.example/app", &digest, &annotations).into_bytes()
}

pub(crate) fn statement(artifact: &[u8]) -> String {
    let digest = HashAlgorithm::Sha256.digest(artifact).hex();
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"artifact","digest":{{"sha256":"{digest}"}}}}],"predicateType":"{PREDICATE_TYPE}","predicate":{{}}}}"#
    )
}

/// The raw signature of an entity.
pub(crate) fn signature(entity: &SignedEntity) -> Vec<u8> {
    entity.content.signature().to_vec()
}

/// A true body about the entity, as the log's generation writes it.
pub(crate) fn body_of(entity: &SignedEntity, signer: &Signer, log: usize, kind: Kind) -> Vec<u8> {
    body_with(entity, &signed_digest(entity), &signature(entity), &signer.logged(), log, kind)
}

/// The digest of what is signed.
pub(crate) fn signed_digest(entity: &SignedEntity) -> Digest {
    match &entity.content {
        Content::Message { digest, .. } => digest.clone().unwrap(),
        Content::Envelope(envelope) => HashAlgorithm::Sha256.digest(&envelope.parsed.signed_bytes()),
        Content::SimpleSigning { payload, .. } => HashAlgorithm::Sha256.digest(&payload.bytes),
    }
}

/// A body that takes digest (of kinds that have one), signature and signer from elsewhere.
pub(crate) fn body_with(
    entity: &SignedEntity,
    digest: &Digest,
    signature: &[u8],
    verifier: &LoggedVerifier,
    log: usize,
    kind: Kind,
) -> Vec<u8> {
    let v2 = log >= V2;
    let details = "PKIX_ECDSA_P256_SHA_256";
    let (json, payload, payload_type) = match &entity.content {
        Content::Envelope(e) => (&e.bytes[..], &e.parsed.payload[..], &e.parsed.payload_type[..]),
        _ => (&b"{}"[..], &b"{}"[..], IN_TOTO_PAYLOAD_TYPE),
    };
    let signatures = [(signature, verifier)];
    let envelope = body::LoggedEnvelope { json, payload, payload_type, signatures: &signatures };
    match (kind, v2) {
        (Kind::HashedRekord, false) => body::hashedrekord_001(digest, signature, verifier),
        (Kind::HashedRekord, true) => body::hashedrekord_002(digest, signature, verifier, details),
        (Kind::Dsse, false) => body::dsse_001(envelope),
        (Kind::Dsse, true) => body::dsse_002(envelope, details),
        (Kind::Intoto001, _) => body::intoto_001(envelope),
        (Kind::Intoto002, _) => body::intoto_002(envelope),
        (Kind::Rekord, _) => body::rekord_001(digest, signature, verifier),
    }
}

pub(crate) fn exactly(subject: &str, issuer: &str) -> IdentityMatcher {
    IdentityMatcher {
        subject: StringMatcher::Exact(subject.to_owned()),
        issuer: StringMatcher::Exact(issuer.to_owned()),
        workflow: WorkflowClaims::default(),
    }
}

pub(crate) fn of_type(uri: &str) -> ContentRequirement {
    ContentRequirement::Statement(PredicateTypeRequirement { asked: uri.to_owned(), uri: uri.to_owned() })
}
