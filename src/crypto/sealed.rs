//! Encrypted private keys: cosign's PEM around scrypt (RFC 7914) and NaCl's secretbox.
//!
//! The format is that of `encrypted.Encrypt` in go-securesystemslib, in PEM: a JSON object with the parameters of scrypt,
//! salt, nonce and the box, which holds PKCS #8 in DER.

use crypto_secretbox::aead::Aead;
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{DecodeError, Secret, base64, json, pem};

const WHAT: &str = "encrypted private key";
const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
const LABELS: [&str; 2] = [LABEL, "ENCRYPTED COSIGN PRIVATE KEY"];

/// What `seal` writes; takes 64 MiB.
const COST: Cost = Cost { n: 1 << 16, r: 8, p: 1 };
/// The most blocks of 128 bytes (N times r) that a file may ask memory for, 256 MiB: four times what cosign writes.
const MAX_BLOCKS: u64 = 1 << 21;
/// The most block mixings (N times r times p) that a file may ask for: eight times what cosign writes.
const MAX_WORK: u64 = 1 << 22;
const SALT_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// Why a sealed key did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The PEM or the JSON in it is not right.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The file asks for more work than the limit; no memory was taken.
    #[error(
        "the key asks for scrypt N={n} r={r} p={p}, above the limits of {MAX_BLOCKS} for N*r and {MAX_WORK} for N*r*p"
    )]
    ExcessiveWork {
        /// Cost.
        n: u64,
        /// Block size.
        r: u64,
        /// Parallelism.
        p: u64,
    },
    /// Wrong password, or the file was changed.
    #[error("the password does not open the key, or the key file was changed")]
    Password,
}

/// Why a key could not be sealed.
#[derive(Debug, thiserror::Error)]
#[error("the private key could not be encrypted: {0}")]
pub struct SealError(&'static str);

/// Whether a PEM label is one of the two spellings of a sealed key.
pub fn is_sealed_label(label: &str) -> bool {
    LABELS.contains(&label)
}

/// Encrypts PKCS #8 under a password: PEM `ENCRYPTED SIGSTORE PRIVATE KEY`, scrypt N=65536 r=8 p=1, secretbox.
///
/// # Errors
/// When the random source fails.
pub fn seal(pkcs8: &Secret, password: &Secret) -> Result<String, SealError> {
    let mut salt = [0; SALT_LENGTH];
    let mut nonce = [0; NONCE_LENGTH];
    aws_lc_rs::rand::fill(&mut salt)
        .and_then(|()| aws_lc_rs::rand::fill(&mut nonce))
        .map_err(|_| SealError("no random bytes"))?;
    let ciphertext = cipher(&COST, &salt, password)
        .and_then(|cipher| cipher.encrypt(&nonce.into(), pkcs8.expose()).ok())
        .ok_or(SealError("the cipher refused"))?;
    let document = Document {
        kdf: Kdf { name: "scrypt".into(), params: COST, salt: base64::encode(salt) },
        cipher: Cipher { name: "nacl/secretbox".into(), nonce: base64::encode(nonce) },
        ciphertext: base64::encode(ciphertext),
    };
    let text = serde_json::to_vec(&document).map_err(|_| SealError("not representable"))?;
    Ok(pem::encode(LABEL, &text))
}

/// Decrypts a sealed key (either PEM spelling) to PKCS #8.
///
/// # Errors
/// [`OpenError`]; the costs are checked before any memory is taken for them.
#[cfg(test)]
pub fn open(text: &[u8], password: &Secret) -> Result<Secret, OpenError> {
    SealedKey::parse(text)?.open(password)
}

/// A sealed key that was read and whose costs are within the limits; still closed.
pub struct SealedKey {
    cost: Cost,
    salt: Vec<u8>,
    nonce: [u8; NONCE_LENGTH],
    ciphertext: Vec<u8>,
}

impl SealedKey {
    /// Reads PEM in either spelling; takes no memory for scrypt.
    ///
    /// # Errors
    /// [`OpenError::Decode`] and [`OpenError::ExcessiveWork`].
    pub fn parse(text: &[u8]) -> Result<Self, OpenError> {
        let blocks = pem::decode(WHAT, text, 1)?;
        let block = blocks.first().ok_or_else(|| bad("no PEM block"))?;
        if !is_sealed_label(&block.label) {
            return Err(bad(format!("PEM block `{}` is no encrypted cosign key", block.label)).into());
        }
        let document: Document =
            serde_json::from_value(json::parse(WHAT, &block.contents)?).map_err(|e| bad(e.to_string()))?;
        let Document { kdf, cipher: Cipher { name, nonce }, ciphertext } = document;
        for (at, name, known) in [("kdf.name", &kdf.name, "scrypt"), ("cipher.name", &name, "nacl/secretbox")]
        {
            if name != known {
                let reason = format!("unknown algorithm `{name}`; `{known}` is known");
                return Err(DecodeError::new(WHAT, at, reason).into());
            }
        }
        let bytes = |at: &str, text: &str| {
            base64::decode(text).ok_or_else(|| DecodeError::new(WHAT, at, "is not base64"))
        };
        let salt = bytes("kdf.salt", &kdf.salt)?;
        let ciphertext = bytes("ciphertext", &ciphertext)?;
        let nonce = bytes("cipher.nonce", &nonce)?
            .try_into()
            .map_err(|_| DecodeError::new(WHAT, "cipher.nonce", "is not 24 bytes long"))?;
        kdf.params.check()?;
        Ok(Self { cost: kdf.params, salt, nonce, ciphertext })
    }

    /// Decrypts to PKCS #8. Takes the memory that the file asks for while it runs, 64 MiB for cosign's.
    ///
    /// # Errors
    /// [`OpenError::Password`].
    pub fn open(&self, password: &Secret) -> Result<Secret, OpenError> {
        let cipher = cipher(&self.cost, &self.salt, password)
            .ok_or_else(|| DecodeError::new(WHAT, "kdf.params", "not parameters of scrypt"))?;
        cipher
            .decrypt(&self.nonce.into(), self.ciphertext.as_slice())
            .map(Secret::new)
            .map_err(|_| OpenError::Password)
    }
}

fn bad(reason: impl Into<String>) -> DecodeError {
    DecodeError::whole(WHAT, reason)
}

#[derive(Serialize, Deserialize)]
struct Document {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// The parameters of scrypt (RFC 7914 section 2).
#[derive(Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u64,
    p: u64,
}

impl Cost {
    /// Only what scrypt defines and what fits the limits.
    fn check(&self) -> Result<(), OpenError> {
        let Self { n, r, p } = *self;
        if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
            let reason =
                format!("scrypt N={n} r={r} p={p}; N must be a power of two above 1, r and p above 0");
            return Err(DecodeError::new(WHAT, "kdf.params", reason).into());
        }
        let blocks = n.checked_mul(r).filter(|blocks| *blocks <= MAX_BLOCKS);
        match blocks.and_then(|blocks| blocks.checked_mul(p)) {
            Some(work) if work <= MAX_WORK => Ok(()),
            _ => Err(OpenError::ExcessiveWork { n, r, p }),
        }
    }
}

/// The box under the key that scrypt derives; `None` for parameters that scrypt refuses.
fn cipher(cost: &Cost, salt: &[u8], password: &Secret) -> Option<XSalsa20Poly1305> {
    let mut key = Zeroizing::new([0; 32]);
    let log_n = u8::try_from(cost.n.checked_ilog2()?).ok()?;
    let (r, p) = (u32::try_from(cost.r).ok()?, u32::try_from(cost.p).ok()?);
    let params = scrypt::Params::new(log_n, r, p, key.len()).ok()?;
    scrypt::scrypt(password.expose(), salt, &params, key.as_mut_slice()).ok()?;
    Some(XSalsa20Poly1305::new(key.as_slice().into()))
}

#[cfg(test)]
mod tests;
