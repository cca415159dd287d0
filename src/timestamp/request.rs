//! Asking for a token (RFC 3161 section 2.4.1), and what an authority says that gives none.

use der::Tag;

use super::token::WHAT;
use crate::crypto::Digest;
use crate::x509::asn1::{Element, encode};
use crate::x509::encode::{encode_oid, encode_unsigned, hash_oid};

/// The longest text of an authority that is shown, in characters.
const MAX_SAID: usize = 300;

/// A `TimeStampReq` for a digest, with a nonce (big-endian), that asks for the authority's certificates.
pub fn encode_request(imprint: &Digest, nonce: &[u8]) -> Vec<u8> {
    // RFC 5754 section 2 lets the parameters be absent or NULL; everybody else writes NULL here.
    let null = encode(Tag::Null, &[]);
    let algorithm = encode(Tag::Sequence, &[&encode_oid(&hash_oid(imprint.algorithm())), &null]);
    let imprint = encode(Tag::Sequence, &[&algorithm, &encode(Tag::OctetString, &[imprint.bytes()])]);
    let with_certificates = encode(Tag::Boolean, &[&[0xff]]);
    encode(Tag::Sequence, &[&encode_unsigned(&[1]), &imprint, &encode_unsigned(nonce), &with_certificates])
}

/// What a `TimeStampResp` says that holds no token (section 2.4.2): the status, with the authority's text and its reasons.
/// `None` for a status that comes with a token, and for everything else.
pub fn refusal(der: &[u8]) -> Option<String> {
    let mut response = Element::only(WHAT, der).ok()?.sequence("").ok()?;
    let mut info = response.next("").ok()?.sequence("").ok()?;
    let status = match info.next("").ok()?.small("").ok()? {
        0 | 1 => return None,
        2 => "rejection".to_owned(),
        3 => "waiting".to_owned(),
        4 => "revocation warning".to_owned(),
        5 => "revocation notification".to_owned(),
        number => format!("status {number}"),
    };
    let mut said = Vec::new();
    if let Some(texts) = info.optional("", Tag::Sequence).ok()? {
        let mut texts = texts.sequence("").ok()?;
        while let Ok(text) = texts.next("") {
            said.extend(text.utf8("").ok().map(str::to_owned));
        }
    }
    if let Some(bits) = info.optional("", Tag::BitString).ok()? {
        let bits = bits.bits("").ok()?;
        let set = bits.bits().take(32).enumerate().filter(|(_, set)| *set);
        said.extend(set.map(|(number, _)| failure(number)));
    }
    let text = if said.is_empty() { status } else { format!("{status}: {}", said.join(", ")) };
    Some(text.chars().take(MAX_SAID).collect())
}

/// PKIFailureInfo.
fn failure(bit: usize) -> String {
    let known = match bit {
        0 => "the algorithm is not known (badAlg)",
        2 => "the request is not permitted (badRequest)",
        5 => "the request has the wrong form (badDataFormat)",
        14 => "its source of time is not available (timeNotAvailable)",
        15 => "the policy is not one of its own (unacceptedPolicy)",
        16 => "an extension is not one of its own (unacceptedExtension)",
        17 => "what was asked for beside it is not available (addInfoNotAvailable)",
        25 => "it failed (systemFailure)",
        other => return format!("failure {other}"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::HashAlgorithm;
    use crate::x509::algorithm;
    use crate::x509::asn1::Elements;

    #[test]
    fn requests_are_read_back() {
        for (hash, nonce) in [
            (HashAlgorithm::Sha256, &[0x80, 1, 2, 3, 4, 5, 6, 7][..]),
            (HashAlgorithm::Sha384, &[0, 0, 9]),
            (HashAlgorithm::Sha512, &[0]),
        ] {
            let digest = hash.digest(b"signature");
            let der = encode_request(&digest, nonce);
            let mut request: Elements<'_> = Element::only(WHAT, &der).unwrap().sequence("").unwrap();
            assert_eq!(request.next("").unwrap().small("").unwrap(), 1);
            let mut imprint = request.next("").unwrap().sequence("").unwrap();
            assert_eq!(algorithm::hash(&imprint.next("").unwrap(), "").unwrap(), hash);
            assert_eq!(imprint.next("").unwrap().octets("").unwrap(), digest.bytes());
            let asked = request.next("").unwrap();
            let bytes = asked.integer("").unwrap();
            assert!(bytes[0] & 0x80 == 0, "a nonce is positive: {bytes:?}");
            let strip = |b: &[u8]| b.iter().copied().skip_while(|b| *b == 0).collect::<Vec<_>>();
            assert_eq!(strip(bytes), strip(nonce));
            assert!(request.next("").unwrap().boolean("").unwrap());
            request.finish("").unwrap();
        }
    }

    #[test]
    fn refusals_are_told() {
        let response = |parts: &[&[u8]]| encode(Tag::Sequence, &[&encode(Tag::Sequence, parts)]);
        let number = |n: u8| encode_unsigned(&[n]);
        let text = |t: &str| encode(Tag::Sequence, &[&encode(Tag::Utf8String, &[t.as_bytes()])]);
        let bits = |bytes: &[u8]| encode(Tag::BitString, &[&[0], bytes]);
        for (der, said) in [
            (response(&[&number(2)]), Some("rejection")),
            (response(&[&number(2), &text("no \u{e4}")]), Some("rejection: no \u{e4}")),
            (
                response(&[&number(2), &text("no"), &bits(&[0x80, 0, 0x80])]),
                Some(
                    "rejection: no, the algorithm is not known (badAlg), an extension is not one of its own (unacceptedExtension)",
                ),
            ),
            (response(&[&number(2), &bits(&[0x40])]), Some("rejection: failure 1")),
            (response(&[&number(3)]), Some("waiting")),
            (response(&[&number(9)]), Some("status 9")),
            (response(&[&number(0)]), None),
            (response(&[&number(1)]), None),
            (response(&[]), None),
            (Vec::new(), None),
            (b"<html>".to_vec(), None),
        ] {
            assert_eq!(refusal(&der).as_deref(), said);
        }
        let long = response(&[&number(2), &text(&"x".repeat(10_000))]);
        assert_eq!(refusal(&long).unwrap().len(), MAX_SAID);
    }
}
