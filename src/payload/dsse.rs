//! DSSE envelopes (secure-systems-lab/dsse, protocol v1.0.2).

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
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

impl Envelope {
    /// Parses an envelope's JSON (strict; `payload` and `sig` in standard or URL-safe base64).
    ///
    /// # Errors
    /// No signature, a missing or wrongly typed member, duplicate members.
    pub fn from_json(_text: &[u8]) -> Result<Self, crate::crypto::DecodeError> {
        todo!()
    }
    /// As [`Self::from_json`], from a value that is part of a larger document; `at` is its path there.
    pub fn from_value(
        _what: &'static str,
        _at: &str,
        _value: &serde_json::Value,
    ) -> Result<Self, crate::crypto::DecodeError> {
        todo!()
    }
    /// Compact JSON, members in cosign's order: `payloadType`, `payload`, `signatures` (`keyid` only when not empty).
    pub fn to_json(&self) -> String {
        todo!()
    }
}
