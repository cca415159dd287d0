//! Base64 (RFC 4648) as the formats here use it. Bits that a decoder would drop must be zero, so that one value has no
//! two spellings within an alphabet.

use base64::Engine;
use base64::alphabet;
use base64::display::Base64Display;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose};

use super::DecodeError;

/// Standard alphabet, padded: what every format here is written with.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// As [`encode`], behind what `out` has.
pub fn encode_into(bytes: &[u8], out: &mut String) {
    general_purpose::STANDARD.encode_string(bytes, out);
}

/// As [`encode`], to be written piece by piece.
pub fn shown(bytes: &[u8]) -> impl std::fmt::Display {
    Base64Display::new(bytes, &general_purpose::STANDARD)
}

/// URL-safe alphabet without padding: what JSON Web Tokens are written with.
#[cfg(any(test, feature = "http", feature = "rego", feature = "sandbox"))]
pub fn encode_url(bytes: impl AsRef<[u8]>) -> String {
    general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64 in the standard or the URL-safe alphabet (RFC 4648 sections 4 and 5), with all of its padding or none, as
/// proto3 JSON and DSSE allow. `None` when it is neither: other characters, line breaks, both alphabets in one text,
/// too much or too little padding, non-zero bits after the end.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let engine = match (text.contains(['-', '_']), text.contains('=')) {
        (false, true) => &general_purpose::STANDARD,
        (false, false) => &general_purpose::STANDARD_NO_PAD,
        (true, true) => &general_purpose::URL_SAFE,
        (true, false) => &general_purpose::URL_SAFE_NO_PAD,
    };
    engine.decode(text).ok()
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
    decode_standard(text).ok_or_else(|| DecodeError::whole(what, "not base64"))
}

/// Standard alphabet, padded, nothing else; for formats with one spelling, such as PEM and signed notes.
pub fn decode_standard(text: &[u8]) -> Option<Vec<u8>> {
    general_purpose::STANDARD.decode(text).ok()
}

/// Standard alphabet, padded; bits that are left over at the end do not count, as in Go.
#[cfg(any(test, feature = "cue", feature = "rego"))]
pub fn decode_loose(text: &str) -> Option<Vec<u8>> {
    const LOOSE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LOOSE.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_with_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(decode(text).unwrap(), [0xfb, 0xff], "{text}");
        }
        assert!(decode("").unwrap().is_empty());
        for text in ["YQ==", "YQ"] {
            assert_eq!(decode(text).unwrap(), b"a", "{text}");
        }
        for bad in
            ["+_8=", "+_8", "+/9=", "+/8==", "+/8=\n", "+/8= ", " +/8=", "=", "A", "+", "a b", "+/8=AAAA"]
        {
            assert!(decode(bad).is_none(), "{bad:?}");
        }
        for bad in ["YQ=", "YQ===", "_w=", "YWI==", "YWJj=", "Y===", "==", "YQ==YQ==", "YQ=Y", "YR==", "YR"] {
            assert!(decode(bad).is_none(), "{bad:?}");
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
