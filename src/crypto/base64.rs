//! Base64 (RFC 4648) as the formats here use it. Bits that a decoder would drop must be zero, so that one value has no
//! two spellings within an alphabet.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};

use super::DecodeError;

const EITHER_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER_PADDING);

/// Standard alphabet, padded: what every format here is written with.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// Decodes a member of a document: standard or URL-safe alphabet (not mixed), padded or not, as the JSON mapping of
/// proto3 asks decoders to. `what` and `at` name the document and the member in the error.
///
/// # Errors
/// When the text is not base64.
pub fn decode(what: &'static str, at: &str, text: &str) -> Result<Vec<u8>, DecodeError> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).map_err(|_| DecodeError::new(what, at, "not base64"))
}

/// Decodes the base64 of a text file, such as a detached signature: standard alphabet, padded; white space around it
/// and line breaks within it do not matter, as people write such files with `base64` and `openssl base64` too.
///
/// # Errors
/// When the text is not base64.
pub fn decode_text(what: &'static str, text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let text = text.trim_ascii();
    let joined: Vec<u8>;
    let text = if text.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        joined = text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
        &joined
    } else {
        text
    };
    decode_bytes(text).ok_or_else(|| DecodeError::whole(what, "not base64"))
}

/// Standard alphabet, padded, nothing else.
pub(super) fn decode_bytes(text: &[u8]) -> Option<Vec<u8>> {
    general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_with_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(decode("t", "m", text).unwrap(), [0xfb, 0xff], "{text}");
        }
        assert!(decode("t", "m", "").unwrap().is_empty());
        for bad in ["+_8=", "+/9=", "+/8==", "+/8=\n", "+/8= ", "=", "A", "+/8=AAAA"] {
            assert_eq!(decode("t", "a.b", bad).unwrap_err().to_string(), "t: a.b: not base64", "{bad}");
        }
    }

    #[test]
    fn text_files() {
        assert_eq!(decode_text("t", b" aGVs\r\nbG8=\n").unwrap(), b"hello");
        for bad in [&b"aGVs bG8="[..], b"aGVsbG8", b"aGVsbG8=\0", b"aGVsbG-_"] {
            assert!(decode_text("t", bad).is_err());
        }
        assert_eq!(encode(b"hello"), "aGVsbG8=");
    }
}
