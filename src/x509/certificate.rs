//! One certificate.

use super::SubjectAlternativeName;
use crate::crypto::{DecodeError, PublicKey, UnixTime};

/// An X.509 v3 certificate (RFC 5280), its encoding kept. Equal when the encodings are equal.
#[derive(Debug, Clone)]
pub struct Certificate {}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}
impl Eq for Certificate {}

#[allow(missing_docs)]
impl Certificate {
    pub fn from_der(_der: &[u8]) -> Result<Self, DecodeError> {
        todo!()
    }
    /// All `CERTIFICATE` blocks of a PEM text, at least one, at most 32.
    pub fn chain_from_pem(_pem: &[u8]) -> Result<Vec<Self>, DecodeError> {
        todo!()
    }
    pub fn der(&self) -> &[u8] {
        todo!()
    }
    pub fn to_pem(&self) -> String {
        todo!()
    }
    /// The key; an error when it is of a kind that does not sign here.
    pub fn public_key(&self) -> Result<PublicKey, DecodeError> {
        todo!()
    }
    /// The SubjectPublicKeyInfo as it stands in the certificate.
    pub fn spki_der(&self) -> Vec<u8> {
        todo!()
    }
    pub fn not_before(&self) -> UnixTime {
        todo!()
    }
    pub fn not_after(&self) -> UnixTime {
        todo!()
    }
    /// RFC 4514 text of the subject / issuer.
    pub fn subject(&self) -> String {
        todo!()
    }
    pub fn issuer(&self) -> String {
        todo!()
    }
    /// Whether subject and issuer are the same name (encoded).
    pub fn is_self_issued(&self) -> bool {
        todo!()
    }
    /// Whether basicConstraints says CA.
    pub fn is_ca(&self) -> bool {
        todo!()
    }
    /// Serial number in hexadecimal.
    pub fn serial(&self) -> String {
        todo!()
    }
    pub fn subject_alternative_names(&self) -> Result<Vec<SubjectAlternativeName>, DecodeError> {
        todo!()
    }
}
