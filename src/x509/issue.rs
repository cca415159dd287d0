//! Making certificates: authorities, leaves such as Fulcio's, timestamp authorities, SCTs.
//!
//! For tests, and for whoever runs a Sigstore of their own on loopback. Pure: keys, times and serial numbers are
//! parameters. It shares the encodings with the reading side, and none of its verification. What it makes need not be
//! sound: every field can be set to something that a verifier has to refuse.

mod extension;

pub use extension::{ExtendedKeyUsage, Extension, KeyUsage, Subtree};

use der::Tag;

use super::asn1::{constructed, encode};
use super::encode::{encode_bit_octets, encode_signature, encode_time, encode_unsigned};
use super::sct::{Entry, Sct, precertificate_tbs};
use super::{Certificate, SubjectAlternativeName, oid};
use crate::crypto::{
    DecodeError, HashAlgorithm, KeyType, PrivateKey, PublicKey, SignError, SigningInput, SigningKey,
    UnixTime, sha256,
};

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What was made is not what the reading side takes.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An object identifier that is none.
    #[error("`{0}` is not an object identifier")]
    ObjectIdentifier(String),
    /// An SCT whose extensions or signature are longer than their length fields can say.
    #[error("a signed certificate timestamp whose parts are too long")]
    SctLength,
}

/// The span of a certificate's life, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: UnixTime,
    /// The last second.
    pub not_after: UnixTime,
}

/// What a certificate is to say.
#[derive(Debug, Clone)]
pub struct Template {
    /// 3, or for certificates without extensions 1.
    pub version: u8,
    /// The subject's common name; an empty one and an empty organization make an empty name.
    pub common_name: String,
    /// The subject's organization.
    pub organization: String,
    /// The subject's e-mail address, in the name; empty for none.
    pub email_address: String,
    /// Big-endian.
    pub serial: Vec<u8>,
    /// The validity period.
    pub validity: Validity,
    /// Extensions, in order. Key identifiers come after them by themselves, unless they are among them.
    pub extensions: Vec<Extension>,
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a> {
    /// The issuer's key.
    pub key: &'a PrivateKey,
    /// The issuer's certificate; `None` for a self-signed one.
    pub certificate: Option<&'a Certificate>,
}

/// What a log says when it has seen a precertificate.
#[derive(Debug, Clone)]
pub struct Witnessed {
    /// Its promise, to be embedded in the certificate.
    pub sct: Sct,
    /// What it keeps: a MerkleTreeLeaf (RFC 6962 section 3.4). But for the meaning of the second byte that is what the SCT signs.
    pub leaf: Vec<u8>,
}

/// A certificate transparency log.
#[derive(Debug, Clone, Copy)]
pub struct CtLog<'a> {
    /// The log's key.
    pub key: &'a PrivateKey,
    /// When it sees the certificate.
    pub time: UnixTime,
    /// CtExtensions.
    pub extensions: &'a [u8],
}

impl Template {
    fn new(common_name: &str, organization: &str, validity: Validity, extensions: Vec<Extension>) -> Self {
        Self {
            version: 3,
            common_name: common_name.to_owned(),
            organization: organization.to_owned(),
            email_address: String::new(),
            serial: vec![1],
            validity,
            extensions,
        }
    }

    /// A root authority.
    pub fn root(common_name: &str, validity: Validity) -> Self {
        let extensions =
            vec![Extension::key_usage(&[KeyUsage::CertSign]), Extension::basic_constraints(true, None)];
        Self::new(common_name, "sandbox", validity, extensions)
    }

    /// An intermediate authority for one use, below which there is no further authority, as Fulcio's is.
    pub fn intermediate(common_name: &str, usage: ExtendedKeyUsage, validity: Validity) -> Self {
        let extensions = vec![
            Extension::key_usage(&[KeyUsage::CertSign]),
            Extension::extended_key_usage(false, &[usage]),
            Extension::basic_constraints(true, Some(0)),
        ];
        Self::new(common_name, "sandbox", validity, extensions)
    }

    /// A leaf for code signing under these names.
    pub fn code_signing(names: &[SubjectAlternativeName], validity: Validity) -> Self {
        let extensions = vec![
            Extension::key_usage(&[KeyUsage::DigitalSignature]),
            Extension::extended_key_usage(false, &[ExtendedKeyUsage::CodeSigning]),
            Extension::subject_alternative_names(names),
        ];
        Self::new("", "", validity, extensions)
    }

    /// A leaf as Fulcio issues it: [`Self::code_signing`] for one name, and the issuer of the identity token in the
    /// extensions `.1` and `.8`.
    pub fn fulcio(name: SubjectAlternativeName, token_issuer: &str, validity: Validity) -> Self {
        let mut template = Self::code_signing(&[name], validity);
        template.extensions.push(Extension::fulcio_raw(1, token_issuer));
        template.extensions.push(Extension::fulcio_text(8, token_issuer));
        template
    }

    /// The leaf of a timestamp authority.
    pub fn time_stamping(common_name: &str, validity: Validity) -> Self {
        let extensions = vec![
            Extension::key_usage(&[KeyUsage::DigitalSignature]),
            Extension::extended_key_usage(true, &[ExtendedKeyUsage::TimeStamping]),
        ];
        Self::new(common_name, "sandbox", validity, extensions)
    }

    /// The same with another serial number.
    #[must_use]
    pub fn serial(mut self, serial: &[u8]) -> Self {
        self.serial = serial.to_vec();
        self
    }

    /// The same with this extension, in the place of one of its kind if there is one, else at the end.
    #[must_use]
    pub fn with(mut self, extension: Extension) -> Self {
        match self.extensions.iter_mut().find(|e| e.oid == extension.oid) {
            Some(old) => *old = extension,
            None => self.extensions.push(extension),
        }
        self
    }

    /// The same without the extension of this kind.
    #[must_use]
    pub fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|e| e.oid != oid);
        self
    }

    /// Makes a certificate for `subject`.
    ///
    /// # Errors
    /// The key does not sign, or what the template asks for is not a certificate by its form.
    pub fn issue(&self, subject: &PublicKey, issuer: Issuer<'_>) -> Result<Certificate, IssueError> {
        Ok(Certificate::from_der(&self.issue_der(subject, issuer)?)?)
    }

    /// As [`Self::issue`], without reading what was made: for what no reader accepts.
    ///
    /// # Errors
    /// The key does not sign, or an object identifier is none.
    pub fn issue_der(&self, subject: &PublicKey, issuer: Issuer<'_>) -> Result<Vec<u8>, IssueError> {
        sign_tbs(&self.tbs(subject, issuer, None)?, issuer.key)
    }

    /// Makes a certificate with an embedded SCT of each log: the logs sign the precertificate (RFC 6962 section 3.1), and
    /// the issuer signs the certificate with the list in it.
    ///
    /// # Errors
    /// As [`Self::issue`].
    pub fn issue_with_scts(
        &self,
        subject: &PublicKey,
        issuer: Issuer<'_>,
        logs: &[CtLog<'_>],
    ) -> Result<Certificate, IssueError> {
        let tbs = self.precertificate_tbs(subject, issuer)?;
        let hash = sha256(issuer.key.public_key().spki_der());
        let scts: Result<Vec<_>, _> =
            logs.iter().map(|log| log.witness(hash, tbs.clone()).map(|w| w.sct)).collect();
        self.issue_with(subject, issuer, &scts?)
    }

    /// What a log is shown before the certificate is there (RFC 6962 section 3.2): its TBSCertificate without SCTs.
    ///
    /// # Errors
    /// An object identifier that is none.
    pub fn precertificate_tbs(&self, subject: &PublicKey, issuer: Issuer<'_>) -> Result<Vec<u8>, IssueError> {
        self.tbs(subject, issuer, None)
    }

    /// Makes the certificate that belongs to [`Self::precertificate_tbs`], with these SCTs for it embedded.
    ///
    /// # Errors
    /// As [`Self::issue`].
    pub fn issue_with(
        &self,
        subject: &PublicKey,
        issuer: Issuer<'_>,
        scts: &[Sct],
    ) -> Result<Certificate, IssueError> {
        let mut list = Vec::new();
        for sct in scts {
            let sct = sct.to_tls().ok_or(IssueError::SctLength)?;
            list.extend(u16::try_from(sct.len()).map_err(|_| IssueError::SctLength)?.to_be_bytes());
            list.extend(sct);
        }
        let length = u16::try_from(list.len()).map_err(|_| IssueError::SctLength)?.to_be_bytes();
        let value = encode(Tag::OctetString, &[&length, &list]);
        let scts = Extension::custom(&oid::SCT_LIST.to_string(), false, value);
        let tbs = self.tbs(subject, issuer, Some(scts))?;
        Ok(Certificate::from_der(&sign_tbs(&tbs, issuer.key)?)?)
    }

    /// The precertificate as logs keep it beside the entry: with the poison (RFC 6962 section 3.1) in place of the SCTs, in
    /// DER.
    ///
    /// # Errors
    /// As [`Self::issue_der`].
    pub fn precertificate(&self, subject: &PublicKey, issuer: Issuer<'_>) -> Result<Vec<u8>, IssueError> {
        let null = encode(Tag::Null, &[]);
        let poison = Extension::custom(&oid::PRECERTIFICATE_POISON.to_string(), true, null);
        sign_tbs(&self.tbs(subject, issuer, Some(poison))?, issuer.key)
    }

    /// TBSCertificate (RFC 5280 section 4.1).
    fn tbs(
        &self,
        subject: &PublicKey,
        issuer: Issuer<'_>,
        last: Option<Extension>,
    ) -> Result<Vec<u8>, IssueError> {
        let name = self.subject();
        let issuer_name = issuer.certificate.map_or(name.as_slice(), Certificate::subject_der);
        let period = [encode_time(self.validity.not_before), encode_time(self.validity.not_after)].concat();
        let version = match self.version {
            0 | 1 => Vec::new(),
            n => encode(constructed(0), &[&encode_unsigned(&[n - 1])]),
        };
        let extensions =
            if self.version == 3 { self.encode_extensions(subject, issuer, last)? } else { Vec::new() };
        Ok(encode(
            Tag::Sequence,
            &[
                &version,
                &encode_unsigned(&self.serial),
                &encode_signature(issuer.key.public_key().key_type()),
                issuer_name,
                &encode(Tag::Sequence, &[&period]),
                &name,
                subject.spki_der(),
                &extensions,
            ],
        ))
    }

    fn encode_extensions(
        &self,
        subject: &PublicKey,
        issuer: Issuer<'_>,
        last: Option<Extension>,
    ) -> Result<Vec<u8>, IssueError> {
        let own_issuer = issuer.certificate.and_then(Certificate::subject_key_identifier);
        let issuer_key = own_issuer.map_or_else(|| key_identifier(issuer.key.public_key()), <[u8]>::to_vec);
        let identifiers = [
            Extension::subject_key_identifier(&key_identifier(subject)),
            Extension::authority_key_identifier(&issuer_key),
        ];
        let added = identifiers.into_iter().filter(|a| self.extensions.iter().all(|e| e.oid != a.oid));
        let all = self.extensions.iter().cloned().chain(added).chain(last);
        let parts = all.map(|e| e.encode()).collect::<Result<Vec<_>, _>>()?.concat();
        Ok(if parts.is_empty() {
            parts
        } else {
            encode(constructed(3), &[&encode(Tag::Sequence, &[&parts])])
        })
    }

    fn subject(&self) -> Vec<u8> {
        extension::name(&[
            ("2.5.4.10", Tag::Utf8String, &self.organization),
            ("2.5.4.3", Tag::Utf8String, &self.common_name),
            ("1.2.840.113549.1.9.1", Tag::Ia5String, &self.email_address),
        ])
    }
}

/// RFC 7093 section 2, method 1.
fn key_identifier(key: &PublicKey) -> Vec<u8> {
    key.key_id().into_iter().take(20).collect()
}

fn sign_tbs(tbs: &[u8], key: &PrivateKey) -> Result<Vec<u8>, IssueError> {
    let signature = key.sign_now(&SigningInput::message(tbs.to_vec()))?;
    let algorithm = encode_signature(key.public_key().key_type());
    Ok(encode(Tag::Sequence, &[tbs, &algorithm, &encode_bit_octets(&signature)]))
}

impl CtLog<'_> {
    /// An SCT for a finished certificate, to travel beside it.
    ///
    /// # Errors
    /// The log's key does not sign.
    pub fn detached(&self, certificate: &Certificate) -> Result<Sct, IssueError> {
        self.sign(&Entry::Certificate(certificate.der().to_vec()))
    }

    /// An SCT for the precertificate that belongs to a certificate: what an embedded one would be.
    ///
    /// # Errors
    /// The log's key does not sign.
    pub fn precertificate(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Sct, IssueError> {
        let tbs = precertificate_tbs(certificate)?;
        self.sign(&Entry::Precertificate { issuer_key_hash: sha256(issuer.spki()), tbs })
    }

    /// An SCT for a precertificate that its issuer made elsewhere; the poison is left out of what is signed.
    ///
    /// # Errors
    /// The log's key does not sign, or the precertificate is not of its form.
    pub fn witness_precertificate(
        &self,
        precertificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<Witnessed, IssueError> {
        self.witness(sha256(issuer.spki()), precertificate_tbs(precertificate)?)
    }

    /// An SCT for a precertificate by its parts: the SHA-256 of its issuer's SubjectPublicKeyInfo, and its TBSCertificate without
    /// poison ([`Template::precertificate_tbs`]).
    ///
    /// # Errors
    /// The log's key does not sign.
    pub fn witness(&self, issuer_key_hash: [u8; 32], tbs: Vec<u8>) -> Result<Witnessed, IssueError> {
        let (sct, leaf) = self.sign_entry(&Entry::Precertificate { issuer_key_hash, tbs })?;
        Ok(Witnessed { sct, leaf })
    }

    fn sign(&self, entry: &Entry) -> Result<Sct, IssueError> {
        Ok(self.sign_entry(entry)?.0)
    }

    fn sign_entry(&self, entry: &Entry) -> Result<(Sct, Vec<u8>), IssueError> {
        let public = self.key.public_key();
        let mut sct =
            Sct::unsigned(public.key_id(), self.time, self.extensions, tls_algorithm(public.key_type()));
        let message = sct.signed_bytes(entry).ok_or(IssueError::SctLength)?;
        sct.signature = self.key.sign_now(&SigningInput::message(message.clone()))?;
        sct.embedded = matches!(entry, Entry::Precertificate { .. });
        Ok((sct, message))
    }
}

/// TLS hash and signature algorithm numbers (RFC 5246 section 7.4.1.4.1, RFC 8422).
fn tls_algorithm(key: KeyType) -> (u8, u8) {
    let hash = match key.default_hash() {
        HashAlgorithm::Sha384 => 5,
        HashAlgorithm::Sha512 => 6,
        HashAlgorithm::Sha224 | HashAlgorithm::Sha256 => 4,
    };
    match key {
        KeyType::Rsa { .. } => (hash, 1),
        KeyType::P256 | KeyType::P384 | KeyType::P521 => (hash, 3),
        KeyType::Ed25519 => (8, 7),
    }
}

#[cfg(test)]
pub(crate) mod fixtures;
