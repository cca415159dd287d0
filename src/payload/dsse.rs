//! DSSE envelopes (secure-systems-lab/dsse, protocol v1.0.2).

use serde_json::Value;

use crate::crypto::{DecodeError, Digest, HashAlgorithm, Node, base64, json};

/// A larger envelope is refused: room for a payload of [`super::STATEMENT_SIZE_LIMIT`] in base64, and its signatures.
const SIZE_LIMIT: usize = super::STATEMENT_SIZE_LIMIT / 3 * 4 + 1024 * 1024;
/// An envelope with more signatures is refused.
const SIGNATURE_LIMIT: usize = 64;
const WHAT: &str = "DSSE envelope";

/// A signed envelope. The payload is the exact bytes that were signed, decoded from base64 once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The payload bytes.
    pub payload: Vec<u8>,
    /// What the payload is, such as [`super::IN_TOTO_PAYLOAD_TYPE`].
    pub payload_type: String,
    /// The signatures; a decoder refuses an envelope with none.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// An unauthenticated hint at the key; may be empty and is never trusted.
    pub keyid: String,
    /// The raw signature.
    pub sig: Vec<u8>,
}

/// The bytes that an envelope's signatures are made over: `PAE(type, body)` of the DSSE protocol.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let header = header(payload_type, payload.len());
    let mut out = Vec::with_capacity(header.len() + payload.len());
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(payload);
    out
}

/// The digest of [`pre_authentication_encoding`], which a large payload is not copied for.
pub fn encoding_digest(algorithm: HashAlgorithm, payload_type: &str, payload: &[u8]) -> Digest {
    algorithm.digest_parts(&[header(payload_type, payload.len()).as_bytes(), payload])
}

fn header(payload_type: &str, size: usize) -> String {
    format!("DSSEv1 {} {payload_type} {size} ", payload_type.len())
}

impl Envelope {
    /// Parses an envelope's JSON (strict; `payload` and `sig` in standard or URL-safe base64, padded or not).
    ///
    /// # Errors
    /// More than about 180 MiB; no signature or more than 64; a missing, empty or wrongly typed member; duplicate
    /// members. An empty payload is one, and is kept.
    pub fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        if text.len() > SIZE_LIMIT {
            return Err(DecodeError::whole(WHAT, format!("{} bytes, the limit is {SIZE_LIMIT}", text.len())));
        }
        Self::from_value(WHAT, "", &json::parse(WHAT, text)?)
    }

    /// As [`Self::from_json`], from a value that is part of a larger document; `at` is its path there.
    pub fn from_value(what: &'static str, at: &str, value: &Value) -> Result<Self, DecodeError> {
        let top = Node::part(what, at, value);
        top.spelled(&["payload", "payloadType", "signatures"])?;
        let list = top.member("signatures")?;
        let signatures = list
            .items(SIGNATURE_LIMIT)?
            .iter()
            .map(EnvelopeSignature::from_node)
            .collect::<Result<Vec<_>, _>>()?;
        if signatures.is_empty() {
            return Err(list
                .error("is empty; an envelope without a signature proves nothing")
                .no_signature());
        }
        Ok(Self {
            payload: top.member("payload")?.base64()?,
            payload_type: top.member("payloadType")?.non_empty_text()?.to_owned(),
            signatures,
        })
    }

    /// Compact JSON, members in the order of cosign 3: `payload`, `payloadType`, `signatures` (`sig`, and `keyid` only
    /// when it is not empty).
    pub fn to_json(&self) -> String {
        let payload_type = Value::from(self.payload_type.as_str());
        let signatures: Value = self.signatures.iter().map(EnvelopeSignature::to_value).collect();
        let rest = format!(r#"","payloadType":{payload_type},"signatures":{signatures}}}"#);
        // Base64 has nothing to escape.
        let mut out = String::with_capacity(self.payload.len() / 3 * 4 + rest.len() + 16);
        out.push_str(r#"{"payload":""#);
        base64::encode_into(&self.payload, &mut out);
        out + &rest
    }

    /// As [`Self::to_json`], as a value to put into a larger document.
    #[cfg(any(test, feature = "http", feature = "sandbox"))]
    pub fn to_value(&self) -> Value {
        let signatures: Vec<Value> = self.signatures.iter().map(EnvelopeSignature::to_value).collect();
        serde_json::json!({
            "payload": base64::encode(&self.payload),
            "payloadType": self.payload_type,
            "signatures": signatures,
        })
    }

    /// What stands before the payload in the bytes that every signature of this envelope is over.
    pub fn signed_header(&self) -> String {
        header(&self.payload_type, self.payload.len())
    }

    /// The bytes that every signature of this envelope is over.
    #[cfg(any(test, feature = "sandbox"))]
    pub fn signed_bytes(&self) -> Vec<u8> {
        pre_authentication_encoding(&self.payload_type, &self.payload)
    }
}

impl EnvelopeSignature {
    fn from_node(node: &Node<'_>) -> Result<Self, DecodeError> {
        node.spelled(&["keyid", "sig"])?;
        let keyid = node.optional("keyid")?.map(|k| k.text()).transpose()?.unwrap_or_default();
        Ok(Self { keyid: keyid.to_owned(), sig: node.member("sig")?.non_empty_base64()? })
    }

    fn to_value(&self) -> Value {
        let sig = base64::encode(&self.sig);
        match self.keyid.as_str() {
            "" => serde_json::json!({ "sig": sig }),
            keyid => serde_json::json!({ "sig": sig, "keyid": keyid }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"payload":"e30=","payloadType":"t","signatures":[{"sig":"+/8="}]}"#;

    #[test]
    fn the_encoding_of_the_specification() {
        // The test vector of protocol.md.
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        assert_eq!(pre_authentication_encoding("\u{e9}", b""), "DSSEv1 2 \u{e9} 0 ".as_bytes());
        for algorithm in HashAlgorithm::ALL {
            let digest = encoding_digest(algorithm, "http://example.com/HelloWorld", b"hello world");
            assert_eq!(digest, algorithm.digest(&encoded));
        }
    }

    #[test]
    fn reads_what_both_generations_of_cosign_write() {
        let new = Envelope::from_json(GOOD.as_bytes()).unwrap();
        let old = r#"{"payloadType":"t","payload":"e30","signatures":[{"keyid":"","sig":"-_8"}]}"#;
        assert_eq!(Envelope::from_json(old.as_bytes()).unwrap(), new);
        assert_eq!(
            (new.payload.as_slice(), new.signatures[0].sig.as_slice()),
            (&b"{}"[..], &[0xfb, 0xff][..])
        );
        assert_eq!(new.to_json(), GOOD);
        assert_eq!(new.signed_bytes(), b"DSSEv1 1 t 2 {}");
        let named =
            r#"{"payload":"","payloadType":"t","signatures":[{"sig":"AA==","keyid":"k"},{"sig":"AQ=="}]}"#;
        assert_eq!(Envelope::from_json(named.as_bytes()).unwrap().to_json(), named);
    }

    #[test]
    fn refuses() {
        let many = format!(
            r#"{{"payload":"","payloadType":"t","signatures":[{}{{"sig":"AA=="}}]}}"#,
            r#"{"sig":"AA=="},"#.repeat(64)
        );
        for (text, reason) in [
            (
                &*GOOD.replace(r#"[{"sig":"+/8="}]"#, "[]"),
                "signatures: is empty; an envelope without a signature proves nothing",
            ),
            (&*many, "signatures: has 65 items, the limit is 64"),
            // Go's decoder takes both for the payload, and the last one counts.
            (
                &*GOOD.replace(r#""sig":"#, r#""Sig":"AA==","sig":"#),
                "signatures[0]: member `Sig` is spelled `sig`",
            ),
            (&*GOOD.replace("payloadType", "type"), "payloadType: is missing"),
            (&*GOOD.replace(r#""t""#, r#""""#), "payloadType: is empty"),
            (&*GOOD.replace(r#""t""#, "null"), "payloadType: is missing"),
            (&*GOOD.replace(r#""e30=""#, "{}"), "payload: is an object, not a string"),
            (&*GOOD.replace("e30=", "e30=="), "payload: is not base64"),
            (&*GOOD.replace("+/8=", ""), "signatures[0].sig: is empty"),
            (&*GOOD.replace("+/8=", "+/8=\\n"), "signatures[0].sig: is not base64"),
            (
                &*GOOD.replace(r#""sig":"#, r#""keyid":1,"sig":"#),
                "signatures[0].keyid: is a number, not a string",
            ),
        ] {
            assert_eq!(
                Envelope::from_json(text.as_bytes()).unwrap_err().to_string(),
                format!("DSSE envelope: {reason}")
            );
        }
        for text in [
            &GOOD[..GOOD.len() - 1],
            &format!("{GOOD}x"),
            &GOOD.replace(r#""payload":"#, r#""payload":"","payload":"#),
            &GOOD.replace(r#""payload":"#, r#""PAYLOAD":"","payload":"#),
            "[]",
            "",
        ] {
            assert!(Envelope::from_json(text.as_bytes()).is_err(), "{text}");
        }
    }
}
