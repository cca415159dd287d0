//! Certification requests (PKCS #10, RFC 2986).

use der::Tag;

use super::asn1::{constructed, encode};
use super::encode::{encode_bit_octets, encode_signature, encode_unsigned};
use crate::crypto::{PublicKey, pem};

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

#[cfg(test)]
mod tests {
    use super::super::algorithm;
    use super::super::asn1::Element;
    use super::*;
    use crate::crypto::{KeyType, PrivateKey, Signed, SigningInput, SigningKey, sign_at_once};

    /// Read back field by field, and the signature is the key's.
    #[test]
    fn requests_of_every_kind_of_key() {
        const WHAT: &str = "request";
        for kind in
            [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519]
        {
            let key = PrivateKey::generate(kind).unwrap();
            let info = to_be_signed(key.public_key());
            let signature = sign_at_once(&key, &SigningInput::Message(info.clone())).unwrap();
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

            let mut info = signed.sequence("").unwrap();
            assert_eq!(info.next("").unwrap().small("").unwrap(), 0);
            assert!(info.next("").unwrap().sequence("").unwrap().is_empty());
            assert_eq!(info.next("").unwrap().whole, key.public_key().spki_der());
            assert!(info.next("").unwrap().elements("", constructed(0)).unwrap().is_empty());
            info.finish("").unwrap();
        }
    }
}
