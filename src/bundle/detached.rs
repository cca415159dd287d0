//! Detached signatures and certificates: base64 or raw signature files, PEM or base64 of PEM certificates.

use crate::crypto::DecodeError;
use crate::x509::Certificate;

/// A signature file: base64 (with or without a final newline) or raw bytes.
pub fn decode_signature(_document: &[u8]) -> Result<Vec<u8>, DecodeError> {
    todo!()
}

/// A certificate file: PEM, base64 of PEM, or DER; leaf first.
pub fn decode_certificates(_document: &[u8]) -> Result<Vec<Certificate>, DecodeError> {
    todo!()
}
