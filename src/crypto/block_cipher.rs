//! Single blocks of the ciphers by which a PIV token and its owner prove to each other that they know its management key.
//! Nothing is kept secret by them here.

use super::Secret;
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};

/// A block cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockCipher {
    /// TDEA (NIST SP 800-67), with three keys that may be alike.
    TripleDes,
    /// AES (FIPS 197) with a key of 16 bytes.
    Aes128,
    /// AES with a key of 24 bytes.
    Aes192,
    /// AES with a key of 32 bytes.
    Aes256,
}

impl BlockCipher {
    /// The length of a key in bytes.
    pub fn key_length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// The length of a block in bytes.
    pub fn block_length(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }

    /// Encrypts one block; `None` where the key or the block is not of the right length, or the build has no such cipher.
    pub fn encrypt(self, key: &Secret, block: &[u8]) -> Option<Vec<u8>> {
        self.fits(key, block)?;
        let Some(aes) = self.aes() else { return triple_des(key, block, true) };
        let mut block = block.to_vec();
        let key = UnboundCipherKey::new(aes, key.expose()).ok()?;
        EncryptingKey::ecb(key).ok()?.encrypt(&mut block).ok()?;
        Some(block)
    }

    /// Decrypts one block; `None` as there.
    pub fn decrypt(self, key: &Secret, block: &[u8]) -> Option<Vec<u8>> {
        self.fits(key, block)?;
        let Some(aes) = self.aes() else { return triple_des(key, block, false) };
        let mut block = block.to_vec();
        let key = UnboundCipherKey::new(aes, key.expose()).ok()?;
        DecryptingKey::ecb(key).ok()?.decrypt(&mut block, DecryptionContext::None).ok()?;
        Some(block)
    }

    fn fits(self, key: &Secret, block: &[u8]) -> Option<()> {
        (key.expose().len() == self.key_length() && block.len() == self.block_length()).then_some(())
    }

    fn aes(self) -> Option<&'static Algorithm> {
        match self {
            Self::TripleDes => None,
            Self::Aes128 => Some(&AES_128),
            Self::Aes192 => Some(&AES_192),
            Self::Aes256 => Some(&AES_256),
        }
    }
}

/// aws-lc-rs refuses a key whose thirds are alike, and that is what tokens leave the factory with.
#[cfg(feature = "piv")]
fn triple_des(key: &Secret, block: &[u8], encrypt: bool) -> Option<Vec<u8>> {
    use des::TdesEde3;
    use des::cipher::generic_array::GenericArray;
    use des::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
    let cipher = TdesEde3::new_from_slice(key.expose()).ok()?;
    let mut block = GenericArray::clone_from_slice(block);
    match encrypt {
        true => cipher.encrypt_block(&mut block),
        false => cipher.decrypt_block(&mut block),
    }
    Some(block.to_vec())
}

#[cfg(not(feature = "piv"))]
fn triple_des(_: &Secret, _: &[u8], _: bool) -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// FIPS 197 appendix C, NIST SP 800-67 appendix B.1 (as TDEA of one block), and DES of SP 800-17 by three keys that are alike.
    #[test]
    fn published_blocks() {
        let plain = "00112233445566778899aabbccddeeff";
        let all = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        for (cipher, key, plain, sealed) in [
            (BlockCipher::Aes128, &all[..32], plain, "69c4e0d86a7b0430d8cdb78070b4c55a"),
            (BlockCipher::Aes192, &all[..48], plain, "dda97ca4864cdfe06eaf70a0ec0d7191"),
            (BlockCipher::Aes256, all, plain, "8ea2b7ca516745bfeafc49904b496089"),
            #[cfg(feature = "piv")]
            (
                BlockCipher::TripleDes,
                "0123456789abcdef23456789abcdef01456789abcdef0123",
                "5468652071756663",
                "a826fd8ce53b855f",
            ),
            #[cfg(feature = "piv")]
            (
                BlockCipher::TripleDes,
                "010101010101010101010101010101010101010101010101",
                "8000000000000000",
                "95f8a5e5dd31d900",
            ),
        ] {
            let (key, plain, sealed) = (Secret::new(bytes(key)), bytes(plain), bytes(sealed));
            assert_eq!(cipher.encrypt(&key, &plain), Some(sealed.clone()), "{cipher:?}");
            assert_eq!(cipher.decrypt(&key, &sealed), Some(plain.clone()), "{cipher:?}");
            assert_eq!(cipher.encrypt(&key, &plain[1..]), None);
            assert_eq!(cipher.decrypt(&key, &[&plain[..], &plain[..]].concat()), None);
            assert_eq!(cipher.encrypt(&Secret::new(key.expose()[1..].to_vec()), &plain), None);
        }
    }
}
