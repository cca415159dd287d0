//! Encrypted private keys: cosign's PEM around scrypt and NaCl's secretbox.

use super::{DecodeError, Secret};

/// Why a sealed key did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The PEM or the JSON in it is not right.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The file asks for more work than the limit; no memory was taken.
    #[error("the key asks for scrypt N={n} r={r} p={p}, above the limit of {limit_mib} MiB of memory")]
    ExcessiveWork {
        /// Cost.
        n: u64,
        /// Block size.
        r: u64,
        /// Parallelism.
        p: u64,
        /// Our limit in MiB.
        limit_mib: u64,
    },
    /// Wrong password, or the file was changed.
    #[error("the password does not open the key, or the key file was changed")]
    Password,
}

/// Whether a PEM label is one of the two spellings of a sealed key.
pub fn is_sealed_label(_label: &str) -> bool {
    todo!()
}

/// Encrypts PKCS #8 under a password: PEM `ENCRYPTED SIGSTORE PRIVATE KEY`, scrypt N=65536 r=8 p=1, secretbox.
pub fn seal(_pkcs8: &Secret, _password: &Secret) -> String {
    todo!()
}

/// Decrypts a sealed key (either PEM spelling) to PKCS #8.
pub fn open(_pem: &[u8], _password: &Secret) -> Result<Secret, OpenError> {
    todo!()
}
