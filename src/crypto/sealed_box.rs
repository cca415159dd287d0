//! Messages that only the holder of an X25519 key can read (libsodium, "Sealed boxes"): an ephemeral public key, and a box of
//! X25519, XSalsa20 and Poly1305 whose nonce is BLAKE2b of both public keys.

use crypto_box::PublicKey;
use crypto_box::aead::OsRng;

/// What a sealed box is longer than what is in it.
#[cfg(test)]
const OVERHEAD: usize = 32 + 16;

/// Seals a message for the holder of a key; `None` where there are no random bytes.
pub fn seal(public_key: &[u8; 32], message: &[u8]) -> Option<Vec<u8>> {
    PublicKey::from(*public_key).seal(&mut OsRng, message).ok()
}

#[cfg(test)]
mod tests {
    use crypto_box::SecretKey;

    use super::*;

    #[test]
    fn only_the_holder_of_the_key_reads_it() {
        let key = SecretKey::generate(&mut OsRng);
        let public_key = *key.public_key().as_bytes();
        for message in [&b""[..], b"x", &[7; 100_000]] {
            let sealed = seal(&public_key, message).unwrap();
            assert_eq!(sealed.len(), message.len() + OVERHEAD);
            assert_eq!(key.unseal(&sealed).unwrap(), message);
            assert_ne!(sealed, seal(&public_key, message).unwrap());
            assert!(SecretKey::generate(&mut OsRng).unseal(&sealed).is_err());
            let mut changed = sealed;
            *changed.last_mut().unwrap() ^= 1;
            assert!(key.unseal(&changed).is_err());
        }
    }
}
