//! Making tokens, for tests and for whoever runs a timestamp authority on loopback.
//!
//! Pure: key, time, serial number and nonce are parameters. It shares the encodings with the reading side, and none of its
//! verification; with [`Fault`] it makes tokens that a verifier has to refuse.

use der::Tag;
use der::asn1::ObjectIdentifier;

use crate::crypto::{Digest, HashAlgorithm, PrivateKey, SigningInput, SigningKey, UnixTime};
use crate::x509::asn1::{constructed, encode, primitive};
use crate::x509::encode::{encode_hash, encode_key, encode_oid, encode_signature, encode_unsigned};
use crate::x509::issue::IssueError;
use crate::x509::{Certificate, oid};

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Template {
    /// The digest of what is timestamped.
    pub imprint: Digest,
    /// genTime; written with a fraction where there is one.
    pub time: UnixTime,
    /// Big-endian.
    pub serial: Vec<u8>,
    /// The request's nonce, big-endian.
    pub nonce: Option<Vec<u8>>,
    /// How far off the time may be, in seconds; `None` says nothing of it.
    pub accuracy: Option<u8>,
    /// The policy, dotted.
    pub policy: String,
    /// Certificates to embed, in this order.
    pub certificates: Vec<Certificate>,
    /// How the signer is named.
    pub signer: SignerName,
    /// How the signing-certificate attribute names the signer's certificate.
    pub signing_certificate: SigningCertificate,
    /// What is to be wrong with it.
    pub faults: Vec<Fault>,
}

/// How a token names its signer (RFC 5652 section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerName {
    /// issuerAndSerialNumber.
    IssuerAndSerial,
    /// subjectKeyIdentifier.
    SubjectKeyIdentifier,
}

/// The signing-certificate attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningCertificate {
    /// None.
    Absent,
    /// signingCertificate (RFC 2634), by SHA-1.
    V1,
    /// signingCertificateV2 (RFC 5035), by SHA-256.
    V2,
}

/// Ways in which a token can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The response's status: a number other than 0.
    Status(u8),
    /// eContentType is id-data.
    ContentType,
    /// The content-type attribute is id-data.
    ContentTypeAttribute,
    /// There is no content-type attribute.
    NoContentTypeAttribute,
    /// The message-digest attribute is over something else.
    MessageDigestAttribute,
    /// There is no message-digest attribute.
    NoMessageDigestAttribute,
    /// A signed attribute appears twice.
    DuplicateAttribute,
    /// There are no signed attributes; the signature is over the content.
    NoSignedAttributes,
    /// The signing-certificate attribute names this certificate.
    SigningCertificate(Certificate),
    /// The signer's information stands in it this many times.
    Signers(usize),
    /// signatureAlgorithm is the identifier of the bare key (rsaEncryption, id-ecPublicKey), as some authorities write it.
    /// This is tolerated.
    KeyAlgorithm,
    /// The hash of the imprint, the digest and the attributes is called SHA-1.
    Sha1,
}

impl Template {
    /// A token for these bytes, by SHA-256.
    pub fn new(signed: &[u8], time: UnixTime) -> Self {
        Self {
            imprint: HashAlgorithm::Sha256.digest(signed),
            time,
            serial: vec![1],
            nonce: None,
            accuracy: None,
            policy: "1.3.6.1.4.1.57264.2".to_owned(),
            certificates: Vec::new(),
            signer: SignerName::IssuerAndSerial,
            signing_certificate: SigningCertificate::V2,
            faults: Vec::new(),
        }
    }

    /// The same with these certificates embedded.
    #[must_use]
    pub fn embedding(mut self, certificates: &[Certificate]) -> Self {
        self.certificates = certificates.to_vec();
        self
    }

    /// The same with this fault.
    #[must_use]
    pub fn faulty(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// A TimeStampResp, signed by `key`, which `certificate` belongs to.
    ///
    /// # Errors
    /// The key does not sign, or the policy is not an object identifier.
    pub fn response(&self, key: &PrivateKey, certificate: &Certificate) -> Result<Vec<u8>, IssueError> {
        let status = self.faults.iter().find_map(|f| if let Fault::Status(n) = f { Some(*n) } else { None });
        let status = encode(Tag::Sequence, &[&encode_unsigned(&[status.unwrap_or(0)])]);
        Ok(encode(Tag::Sequence, &[&status, &self.token(key, certificate)?]))
    }

    /// The token alone: a ContentInfo.
    ///
    /// # Errors
    /// As [`Self::response`].
    pub fn token(&self, key: &PrivateKey, certificate: &Certificate) -> Result<Vec<u8>, IssueError> {
        let content = self.tst_info()?;
        let content_type = if self.has(&Fault::ContentType) { ID_DATA } else { oid::TST_INFO };
        let encapsulated = encode(
            Tag::Sequence,
            &[&encode_oid(&content_type), &encode(constructed(0), &[&encode(Tag::OctetString, &[&content])])],
        );
        let embedded: Vec<u8> = self.certificates.iter().flat_map(|c| c.der().to_vec()).collect();
        let certificates = if embedded.is_empty() { embedded } else { encode(constructed(0), &[&embedded]) };
        let signer = self.signer_info(&content, key, certificate)?;
        let count = self.faults.iter().find_map(|f| if let Fault::Signers(n) = f { Some(*n) } else { None });
        let hash = self.hash(key);
        let signed_data = encode(
            Tag::Sequence,
            &[
                &encode_unsigned(&[3]),
                &encode(Tag::Set, &[&hash]),
                &encapsulated,
                &certificates,
                &encode(Tag::Set, &[&signer.repeat(count.unwrap_or(1))]),
            ],
        );
        Ok(encode(Tag::Sequence, &[&encode_oid(&oid::SIGNED_DATA), &encode(constructed(0), &[&signed_data])]))
    }

    /// RFC 3161 section 2.4.2.
    fn tst_info(&self) -> Result<Vec<u8>, IssueError> {
        let policy = ObjectIdentifier::new(&self.policy);
        let policy = policy.map_err(|_| IssueError::ObjectIdentifier(self.policy.clone()))?;
        let hash = if self.has(&Fault::Sha1) { sha1() } else { encode_hash(self.imprint.algorithm()) };
        let imprint = encode(Tag::Sequence, &[&hash, &encode(Tag::OctetString, &[self.imprint.bytes()])]);
        let accuracy = self.accuracy.map(|seconds| encode(Tag::Sequence, &[&encode_unsigned(&[seconds])]));
        let nonce = self.nonce.as_ref().map(|n| encode_unsigned(n)).unwrap_or_default();
        Ok(encode(
            Tag::Sequence,
            &[
                &encode_unsigned(&[1]),
                &encode_oid(&policy),
                &imprint,
                &encode_unsigned(&self.serial),
                &encode(Tag::GeneralizedTime, &[generalized_time(self.time).as_bytes()]),
                &accuracy.unwrap_or_default(),
                &nonce,
            ],
        ))
    }

    /// RFC 5652 section 5.3.
    fn signer_info(
        &self,
        content: &[u8],
        key: &PrivateKey,
        certificate: &Certificate,
    ) -> Result<Vec<u8>, IssueError> {
        let identifier = match self.signer {
            SignerName::IssuerAndSerial => issuer_and_serial(certificate.issuer_der(), certificate),
            SignerName::SubjectKeyIdentifier => {
                encode(primitive(0), &[certificate.subject_key_identifier().unwrap_or_default()])
            }
        };
        let key_type = key.public_key().key_type();
        let mut attributes = self.attributes(content, key, certificate);
        // SET OF in DER is in ascending order (X.690 section 11.6).
        attributes.sort();
        let attributes = attributes.concat();
        let without = self.has(&Fault::NoSignedAttributes);
        let message = if without { content.to_vec() } else { encode(Tag::Set, &[&attributes]) };
        let signature = key.sign_now(&SigningInput::message(message))?;
        Ok(encode(
            Tag::Sequence,
            &[
                &encode_unsigned(&[1]),
                &identifier,
                &self.hash(key),
                &if without { Vec::new() } else { encode(constructed(0), &[&attributes]) },
                &if self.has(&Fault::KeyAlgorithm) {
                    encode_key(key_type)
                } else {
                    encode_signature(key_type)
                },
                &encode(Tag::OctetString, &[&signature]),
            ],
        ))
    }

    fn attributes(&self, content: &[u8], key: &PrivateKey, certificate: &Certificate) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        if !self.has(&Fault::NoContentTypeAttribute) {
            let content_type = if self.has(&Fault::ContentTypeAttribute) { ID_DATA } else { oid::TST_INFO };
            out.push(attribute(&oid::CONTENT_TYPE, &encode_oid(&content_type)));
        }
        if !self.has(&Fault::NoMessageDigestAttribute) {
            let digested = if self.has(&Fault::MessageDigestAttribute) { b"other" } else { content };
            let digest = key.public_key().key_type().default_hash().digest(digested);
            out.push(attribute(&oid::MESSAGE_DIGEST, &encode(Tag::OctetString, &[digest.bytes()])));
        }
        let other = self
            .faults
            .iter()
            .find_map(|f| if let Fault::SigningCertificate(c) = f { Some(c) } else { None });
        let named = other.unwrap_or(certificate);
        // RFC 2634 section 5.4.1: the name stands among general names here.
        let issuer = encode(Tag::Sequence, &[&encode(constructed(4), &[named.issuer_der()])]);
        let serial = issuer_and_serial(&issuer, named);
        let (kind, hash) = match self.signing_certificate {
            SigningCertificate::Absent => return out,
            SigningCertificate::V1 => {
                let algorithm = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
                (
                    oid::SIGNING_CERTIFICATE,
                    aws_lc_rs::digest::digest(algorithm, named.der()).as_ref().to_vec(),
                )
            }
            SigningCertificate::V2 => {
                (oid::SIGNING_CERTIFICATE_V2, HashAlgorithm::Sha256.digest(named.der()).bytes().to_vec())
            }
        };
        let identifier = encode(Tag::Sequence, &[&encode(Tag::OctetString, &[&hash]), &serial]);
        let value = encode(Tag::Sequence, &[&encode(Tag::Sequence, &[&identifier])]);
        out.push(attribute(&kind, &value));
        if self.has(&Fault::DuplicateAttribute) {
            out.push(attribute(&kind, &value));
        }
        out
    }

    /// The digest algorithm beside the signature: the key's own.
    fn hash(&self, key: &PrivateKey) -> Vec<u8> {
        let sha_1 = self.has(&Fault::Sha1);
        if sha_1 { sha1() } else { encode_hash(key.public_key().key_type().default_hash()) }
    }

    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }
}

const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

fn sha1() -> Vec<u8> {
    encode(Tag::Sequence, &[&encode_oid(&ObjectIdentifier::new_unwrap("1.3.14.3.2.26"))])
}

fn attribute(kind: &ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    encode(Tag::Sequence, &[&encode_oid(kind), &encode(Tag::Set, &[value])])
}

fn issuer_and_serial(issuer: &[u8], certificate: &Certificate) -> Vec<u8> {
    encode(Tag::Sequence, &[issuer, &encode(Tag::Integer, &[certificate.serial_der()])])
}

/// `YYYYMMDDhhmmss[.f]Z`, no zeros at the end of the fraction (X.690 section 11.7).
fn generalized_time(time: UnixTime) -> String {
    // RFC 3339 in UTC, as UnixTime displays itself, less its punctuation.
    time.to_string().replace(['-', ':', 'T'], "")
}
