//! What an authority is asked, read by the authority, and its answer where it gives no token (RFC 3161 section 2.4).

use der::Tag;

use crate::crypto::{DecodeError, Digest, HashAlgorithm};
use crate::x509::asn1::{Element, constructed, encode};
use crate::x509::encode::{encode_unsigned, hash_oid};

/// What errors call it.
const WHAT: &str = "timestamp request";
/// The longest request, in bytes. One without extensions has about a hundred.
const MAX_LENGTH: usize = 8 * 1024;
/// The longest nonce, in bytes.
const MAX_NONCE: usize = 32;

/// A `TimeStampReq` (section 2.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The digest of what is to be timestamped.
    pub imprint: Digest,
    /// The policy that is asked for, dotted.
    pub policy: Option<String>,
    /// Big-endian, not negative, without leading zeros but for zero itself, which is one.
    pub nonce: Option<Vec<u8>>,
    /// Whether the authority's certificate is to be in the token (certReq).
    pub certificates: bool,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request is not of its form.
    Form(DecodeError),
    /// A hash algorithm that is not accepted, or a digest that is not of its length.
    Algorithm(DecodeError),
    /// A policy that the authority does not follow.
    Policy(String),
    /// An extension, of which the authority knows none.
    Extension,
    /// The authority failed.
    System(String),
}

impl Query {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Refusal::Form`]: more than 8 KiB, not DER, trailing bytes, another version than 1, a nonce that is negative or longer
    /// than 32 bytes. [`Refusal::Algorithm`]: another hash than SHA-256, SHA-384 and SHA-512. [`Refusal::Extension`].
    pub fn from_der(der: &[u8]) -> Result<Self, Refusal> {
        if der.len() > MAX_LENGTH {
            let reason = format!("{} bytes, more than {MAX_LENGTH}", der.len());
            return Err(Refusal::Form(DecodeError::whole(WHAT, reason).over_limit()));
        }
        let (query, extensions) = Self::parse(der)?;
        if extensions { Err(Refusal::Extension) } else { Ok(query) }
    }

    /// The request, and whether it has extensions.
    fn parse(der: &[u8]) -> Result<(Self, bool), Refusal> {
        let mut fields = Element::only(WHAT, der)?.sequence("")?;
        let version = fields.next("version")?;
        if version.small("version")? != 1 {
            return Err(version.error("version", "not 1").into());
        }
        let at = "messageImprint";
        let mut imprint = fields.next(at)?.sequence(at)?;
        let algorithm = imprint.next(at)?;
        let digest = imprint.next(at)?.octets(at)?;
        imprint.finish(at)?;
        let policy = fields.optional("reqPolicy", Tag::ObjectIdentifier)?;
        let policy = policy.map(|policy| policy.oid("reqPolicy").map(|oid| oid.to_string())).transpose()?;
        let nonce = fields.optional("nonce", Tag::Integer)?.map(|nonce| number(&nonce)).transpose()?;
        let certificates = match fields.optional("certReq", Tag::Boolean)? {
            Some(wanted) => wanted.boolean("certReq")?,
            None => false,
        };
        let extensions = fields.optional("extensions", constructed(0))?.is_some();
        fields.finish("")?;
        // Only now, as what is not of its form at all is told first.
        let hash = crate::x509::algorithm::hash(&algorithm, at).map_err(Refusal::Algorithm)?;
        let imprint = Digest::new(hash, digest)
            .map_err(|error| Refusal::Algorithm(DecodeError::new(WHAT, at, error.reason)))?;
        Ok((Self { imprint, policy, nonce, certificates }, extensions))
    }

    /// The hashes that requests may name, with the dotted names of each.
    pub fn hashes() -> [(HashAlgorithm, String); 3] {
        [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512]
            .map(|hash| (hash, hash_oid(hash).to_string()))
    }
}

/// The bytes of a number that is not negative.
fn number(element: &Element<'_>) -> Result<Vec<u8>, DecodeError> {
    let at = "nonce";
    match element.integer(at)? {
        [first, ..] if first & 0x80 != 0 => Err(element.error(at, "negative")),
        bytes if bytes.len() > MAX_NONCE + 1 => {
            Err(element.error(at, format!("longer than {MAX_NONCE} bytes")))
        }
        [0, rest @ ..] if !rest.is_empty() => Ok(rest.to_vec()),
        bytes => Ok(bytes.to_vec()),
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Form(error)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Form(error) | Self::Algorithm(error) => error.fmt(f),
            Self::Policy(policy) => write!(f, "the policy {policy} is not one of this authority"),
            Self::Extension => f.write_str("the request has extensions, and this authority knows none"),
            Self::System(reason) => write!(f, "the authority failed: {reason}"),
        }
    }
}

impl Refusal {
    /// The number of its bit in PKIFailureInfo (section 2.4.2).
    fn bit(&self) -> u8 {
        match self {
            Self::Algorithm(_) => 0,
            Self::Form(_) => 5,
            Self::Policy(_) => 15,
            Self::Extension => 16,
            Self::System(_) => 25,
        }
    }

    /// A `TimeStampResp` with the status rejection, the reason in words and as a bit, and no token.
    pub fn response(&self) -> Vec<u8> {
        let text = encode(Tag::Utf8String, &[self.to_string().as_bytes()]);
        let bit = self.bit();
        let mut bits = vec![0; usize::from(bit / 8) + 1];
        if let Some(last) = bits.last_mut() {
            *last = 0x80 >> (bit % 8);
        }
        let failure = encode(Tag::BitString, &[&[7 - bit % 8], &bits]);
        let status = [encode_unsigned(&[2]), encode(Tag::Sequence, &[&text]), failure].concat();
        encode(Tag::Sequence, &[&encode(Tag::Sequence, &[&status])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::{encode_request, refusal};
    use crate::x509::encode::encode_oid;
    use der::asn1::ObjectIdentifier;

    fn sequence(parts: &[&[u8]]) -> Vec<u8> {
        encode(Tag::Sequence, parts)
    }

    fn imprint(hash: &str, digest: &[u8]) -> Vec<u8> {
        let oid = encode_oid(&ObjectIdentifier::new_unwrap(hash));
        sequence(&[&sequence(&[&oid]), &encode(Tag::OctetString, &[digest])])
    }

    #[test]
    fn what_the_client_asks_is_read() {
        for (hash, nonce, read) in [
            (HashAlgorithm::Sha256, &[0x80, 1][..], &[0x80, 1][..]),
            (HashAlgorithm::Sha384, &[0, 9], &[9]),
            (HashAlgorithm::Sha512, &[0], &[0]),
        ] {
            let imprint = hash.digest(b"signed");
            let query = Query::from_der(&encode_request(&imprint, nonce)).unwrap();
            assert_eq!(query.imprint, imprint);
            assert_eq!((query.nonce.as_deref(), query.certificates, query.policy), (Some(read), true, None));
        }
        let least = Query::from_der(&sequence(&[
            &encode_unsigned(&[1]),
            &imprint("2.16.840.1.101.3.4.2.1", &[7; 32]),
        ]));
        let least = least.unwrap();
        assert_eq!((least.nonce, least.certificates), (None, false));
    }

    #[test]
    fn what_is_refused_says_why() {
        const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
        let one = encode_unsigned(&[1]);
        let good = imprint(SHA_256, &[7; 32]);
        let sound = sequence(&[&one, &good]);
        let extension = encode(constructed(0), &[&sequence(&[])]);
        for (der, words) in [
            (Vec::new(), "badDataFormat"),
            (b"<html>".to_vec(), "badDataFormat"),
            ([&sound[..], &[0]].concat(), "badDataFormat"),
            (sound[..sound.len() - 1].to_vec(), "badDataFormat"),
            (vec![0; MAX_LENGTH + 1], "more than 8192"),
            (sequence(&[&encode_unsigned(&[2]), &good]), "version: not 1"),
            (sequence(&[&one]), "messageImprint: missing"),
            (sequence(&[&one, &imprint("1.3.14.3.2.26", &[7; 20])]), "badAlg"),
            (sequence(&[&one, &imprint(SHA_256, &[7; 20])]), "badAlg"),
            (sequence(&[&one, &good, &encode(Tag::Integer, &[&[0x80]])]), "nonce: negative"),
            (sequence(&[&one, &good, &encode_unsigned(&[1; MAX_NONCE + 2])]), "nonce: longer"),
            (sequence(&[&one, &good, &encode(Tag::Boolean, &[&[1]])]), "certReq"),
            (sequence(&[&one, &good, &extension]), "unacceptedExtension"),
            (sequence(&[&one, &good, &one, &one]), "badDataFormat"),
        ] {
            let refused = Query::from_der(&der).unwrap_err();
            let said = refusal(&refused.response()).unwrap();
            assert!(said.starts_with("rejection: ") && said.contains(words), "{words}: {said}");
        }
        for (refused, words) in [
            (Refusal::Policy("1.2.3".into()), "unacceptedPolicy"),
            (Refusal::System("x".into()), "systemFailure"),
        ] {
            let said = refusal(&refused.response()).unwrap();
            assert!(said.contains(words), "{said}");
        }
    }
}
