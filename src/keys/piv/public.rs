//! Public keys as tokens tell them, and the numbers of algorithms (NIST SP 800-78-4 table 6-2; the longer RSA keys: NIST SP
//! 800-78-5 and Yubico).

use super::PivFailure;
use super::tlv::Template;
use crate::crypto::{DecodeError, KeyType, PublicKey};
use crate::keys::pkcs11::public::{CURVES, ec, rsa};

const WHAT: &str = "public key of the token";
const RSA_3072: u8 = 0x05;
const RSA_2048: u8 = 0x07;
const P256: u8 = 0x11;
const P384: u8 = 0x14;
const RSA_4096: u8 = 0x16;

/// The number of the algorithm that signs with such a key.
///
/// # Errors
/// There is none.
pub(super) fn algorithm(key: KeyType) -> Result<u8, PivFailure> {
    Ok(match key {
        KeyType::P256 => P256,
        KeyType::P384 => P384,
        KeyType::Rsa { bits: 2048 } => RSA_2048,
        KeyType::Rsa { bits: 3072 } => RSA_3072,
        KeyType::Rsa { bits: 4096 } => RSA_4096,
        other => {
            return Err(PivFailure::Key { reason: format!("{other} keys in PIV tokens do not sign here") });
        }
    })
}

/// A public key of its values: 86 is a point, 81 and 82 are modulus and exponent (part 2 table 11).
///
/// # Errors
/// They are none of a key of this algorithm.
pub(super) fn key(algorithm: u8, values: &[u8]) -> Result<PublicKey, PivFailure> {
    let values = Template::decode(WHAT, values)?;
    let spki = match algorithm {
        P256 | P384 => {
            let [p256, p384, _] = CURVES;
            let (curve, _) = if algorithm == P256 { p256 } else { p384 };
            ec(curve, values.need(0x86)?)
                .ok_or_else(|| DecodeError::whole(WHAT, "it is no point of its curve"))?
        }
        RSA_2048 | RSA_3072 | RSA_4096 => rsa(values.need(0x81)?, values.need(0x82)?),
        other => {
            let reason = format!("its algorithm 0x{other:02X} does not sign here");
            return Err(PivFailure::Key { reason });
        }
    };
    let key = PublicKey::from_spki_der(&spki)?;
    // A token that names one algorithm and shows a key of another one is not believed.
    match self::algorithm(key.key_type())? == algorithm {
        true => Ok(key),
        false => Err(DecodeError::whole(WHAT, "it is not of the length of its algorithm").into()),
    }
}
