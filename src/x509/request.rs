//! Certification requests (PKCS #10, RFC 2986).

use der::Tag;

#[cfg(any(test, feature = "sandbox"))]
use super::algorithm;
#[cfg(any(test, feature = "sandbox"))]
use super::asn1::Element;
use super::asn1::{constructed, encode};
use super::encode::{encode_bit_octets, encode_signature, encode_unsigned};
#[cfg(any(test, feature = "sandbox"))]
use crate::crypto::{DecodeError, SignatureScheme, Signed};
use crate::crypto::{PublicKey, pem};

/// What errors call it.
#[cfg(any(test, feature = "sandbox"))]
const WHAT: &str = "certification request";
/// The longest request, in bytes. One for an RSA key of 8192 bits has some two thousand.
#[cfg(any(test, feature = "sandbox"))]
const MAX_LENGTH: usize = 16 * 1024;

/// What the key has to sign: a CertificationRequestInfo (section 4.1) for this key, without a subject and without
/// attributes, as Fulcio takes the identity from the token alone.
pub fn to_be_signed(key: &PublicKey) -> Vec<u8> {
    let subject = encode(Tag::Sequence, &[]);
    let attributes = encode(constructed(0), &[]);
    encode(Tag::Sequence, &[&encode_unsigned(&[0]), &subject, key.spki_der(), &attributes])
}

/// The request as PEM `CERTIFICATE REQUEST`: what was signed, and the signature over it that the key made with the digest of
/// its kind ([`KeyType::default_hash`](crate::crypto::KeyType::default_hash)).
pub fn pem(to_be_signed: &[u8], key: &PublicKey, signature: &[u8]) -> String {
    let algorithm = encode_signature(key.key_type());
    let der = encode(Tag::Sequence, &[to_be_signed, &algorithm, &encode_bit_octets(signature)]);
    pem::encode("CERTIFICATE REQUEST", &der)
}

/// A request as somebody sent it. Its subject and its attributes are not looked at.
#[cfg(any(test, feature = "sandbox"))]
#[derive(Debug)]
pub struct CertificationRequest {
    key: PublicKey,
    signed: Vec<u8>,
    scheme: SignatureScheme,
    signature: Vec<u8>,
}

#[cfg(any(test, feature = "sandbox"))]
impl CertificationRequest {
    /// Reads a request in DER, or in PEM `CERTIFICATE REQUEST` (`NEW CERTIFICATE REQUEST` in older programs); at most 16 KiB.
    ///
    /// # Errors
    /// Not DER of this form, trailing bytes, a key or signature algorithm that is not accepted, another version than 0.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_LENGTH {
            let reason = format!("{} bytes, more than {MAX_LENGTH}", bytes.len());
            return Err(DecodeError::whole(WHAT, reason).over_limit());
        }
        if bytes.first() == Some(&0x30) {
            return Self::from_der(bytes);
        }
        let blocks = pem::decode(WHAT, bytes, 1)?;
        let block = blocks.first().ok_or_else(|| DecodeError::whole(WHAT, "neither DER nor PEM"))?;
        match block.label.as_str() {
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::from_der(&block.contents),
            label => Err(DecodeError::whole(WHAT, format!("PEM block `{label}` is not one"))),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, DecodeError> {
        let mut outer = Element::only(WHAT, der)?.sequence("")?;
        let info = outer.next("certificationRequestInfo")?;
        let algorithm = outer.next("signatureAlgorithm")?;
        let scheme = algorithm::signature(&algorithm, "signatureAlgorithm", None)?;
        let signature = outer.next("signature")?.bit_octets("signature")?.to_vec();
        outer.finish("")?;
        let mut fields = info.sequence("certificationRequestInfo")?;
        let version = fields.next("version")?;
        if version.small("version")? != 0 {
            return Err(version.error("version", "not 0"));
        }
        fields.next("subject")?.sequence("subject")?;
        let key = fields.next("subjectPKInfo")?;
        let key = PublicKey::from_spki_der(key.whole)
            .map_err(|error| DecodeError::new(WHAT, "subjectPKInfo", error.reason))?;
        // OpenSSL leaves the attributes out where there are none, which the specification does not.
        if let Some(attributes) = fields.optional("attributes", constructed(0))? {
            attributes.elements("attributes", constructed(0))?;
        }
        fields.finish("certificationRequestInfo")?;
        Ok(Self { key, signed: info.whole.to_vec(), scheme, signature })
    }

    /// The key that it is for.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether that key signed it.
    pub fn is_signed_by_its_key(&self) -> bool {
        self.key.verify(self.scheme, Signed::Message(&self.signed), &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{KeyType, PrivateKey, SigningInput, SigningKey, sign_at_once};

    /// Read back field by field, and the signature is the key's.
    #[test]
    fn requests_of_every_kind_of_key() {
        for kind in
            [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519]
        {
            let key = PrivateKey::generate(kind).unwrap();
            let info = to_be_signed(key.public_key());
            let signature = sign_at_once(&key, &SigningInput::message(info.clone())).unwrap();
            let text = pem(&info, key.public_key(), &signature);
            let blocks = crate::crypto::pem::decode(WHAT, text.as_bytes(), 2).unwrap();
            let [block] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
            assert_eq!(block.label, "CERTIFICATE REQUEST");

            let mut outer = Element::only(WHAT, &block.contents).unwrap().sequence("").unwrap();
            let signed = outer.next("").unwrap();
            let scheme = algorithm::signature(&outer.next("").unwrap(), "", None).unwrap();
            let signature = outer.next("").unwrap().bit_octets("").unwrap();
            outer.finish("").unwrap();
            key.public_key().verify(scheme, Signed::Message(signed.whole), signature).unwrap();
            for bytes in [text.as_bytes(), &block.contents] {
                let read = CertificationRequest::parse(bytes).unwrap();
                assert!(read.key() == key.public_key() && read.is_signed_by_its_key());
            }
            refuse_changes(&block.contents);

            let mut info = signed.sequence("").unwrap();
            assert_eq!(info.next("").unwrap().small("").unwrap(), 0);
            assert!(info.next("").unwrap().sequence("").unwrap().is_empty());
            assert_eq!(info.next("").unwrap().whole, key.public_key().spki_der());
            assert!(info.next("").unwrap().elements("", constructed(0)).unwrap().is_empty());
            info.finish("").unwrap();
        }
    }

    /// A byte more or less, or another one in the signature.
    fn refuse_changes(der: &[u8]) {
        let mut changed = der.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert!(!CertificationRequest::parse(&changed).is_ok_and(|read| read.is_signed_by_its_key()));
        assert!(CertificationRequest::parse(&der[..der.len() - 1]).is_err());
        assert!(CertificationRequest::parse(&[der, &[0]].concat()).is_err());
        assert!(CertificationRequest::parse(&vec![0x30; MAX_LENGTH + 1]).is_err());
        assert!(CertificationRequest::parse(pem::encode("CERTIFICATE", der).as_bytes()).is_err());
        assert!(CertificationRequest::parse(b"").is_err());
    }
}
