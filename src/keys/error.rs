//! Why a key could not be used.

use std::io;
use std::path::PathBuf;

use super::{Failure, TokenFailure, UriError};
use crate::crypto::sealed::OpenError;
use crate::crypto::{DecodeError, KeyType, PrivateKeyError};
use crate::http;

/// The hint where a file that was named on the command line is not there.
pub const MISSING: &str =
    "a relative path starts at the current folder; a new key pair is made by `generate-key-pair`";

/// Why a key could not be used. `key` is the reference as the user gave it, without secrets of an address.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The reference is empty.
    #[error("the key reference is empty")]
    EmptyReference,
    /// The key itself stands where its name should; it is not repeated.
    #[error("the key reference is the key itself, not the name of one")]
    KeyInPlaceOfReference,
    /// The reference is of a kind that this build leaves out.
    #[error(
        "this build of rcosign cannot use {what} (`{key}`): it was built without the feature `{feature}`"
    )]
    NotBuilt {
        /// The kind, such as `a key of AWS KMS`.
        what: &'static str,
        /// The Cargo feature.
        feature: &'static str,
        /// The reference.
        key: String,
    },
    /// A scheme that nobody knows; no program is started for it.
    #[error("unknown kind of key reference `{scheme}://` in `{key}`")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// The reference.
        key: String,
    },
    /// A scheme that only a plug-in program may know, and nobody has allowed that it is started.
    #[error("unknown kind of key reference `{scheme}://` in `{key}`")]
    PluginNotAllowed {
        /// The scheme.
        scheme: String,
        /// The reference.
        key: String,
        /// What is not started.
        #[source]
        source: NotStarted,
    },
    /// A reference that is not formed as those of its kind are.
    #[error("`{key}` names no key: {reason}")]
    Reference {
        /// The reference.
        key: String,
        /// How such references are formed.
        reason: &'static str,
    },
    /// A reference to a key in a token that is not formed as they are. The reference is not repeated, because its PIN may be anywhere in it.
    #[error("the `pkcs11:` reference names no key")]
    TokenUri(#[from] UriError),
    /// The token is of no use.
    #[error("cannot use the key `{key}`")]
    Token {
        /// The reference, without its PIN.
        key: String,
        /// Why.
        #[source]
        source: Box<TokenFailure>,
    },
    /// The service that holds the key is of no use.
    #[error("cannot use the key `{key}`")]
    Service {
        /// The reference.
        key: String,
        /// Why.
        #[source]
        source: Box<Failure>,
    },
    /// A key is to be made in a service, and the reference names none.
    #[error("`{key}` is no key of a key management service")]
    NoService {
        /// The reference.
        key: String,
    },
    /// A key pair is to be put into a store, and the reference names none.
    #[error("`{key}` is not a store for keys")]
    NoStore {
        /// The reference.
        key: String,
    },
    /// The password beside a key in a store does not open it.
    #[error("cannot open private key `{key}`: the password that is kept with it does not open it")]
    KeptPassword {
        /// The reference.
        key: String,
    },
    /// A key that never leaves its service, where the key itself is needed.
    #[error("`{key}` never leaves {holder}, and the key itself is needed")]
    StaysThere {
        /// Who holds it.
        holder: &'static str,
        /// The reference.
        key: String,
    },
    /// `env://NAME` where NAME is not set.
    #[error("`env://{name}` names an environment variable that is not set")]
    VariableUnset {
        /// The variable.
        name: String,
    },
    /// There is no such file.
    #[error("key file `{key}` does not exist")]
    Missing {
        /// The path.
        key: String,
    },
    /// The file cannot be read.
    #[error("cannot read key file `{key}`")]
    Read {
        /// The path.
        key: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The path is a folder.
    #[error("key file `{key}` is a folder, not a file")]
    Directory {
        /// The path.
        key: String,
    },
    /// The file, variable or document is larger than any key.
    #[error("key `{key}` is larger than {limit} bytes")]
    TooLarge {
        /// The reference.
        key: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The key could not be fetched.
    #[error("cannot fetch the key")]
    Fetch(#[from] http::Error),
    /// Not a public key.
    #[error("`{key}` holds no usable public key")]
    Public {
        /// The reference.
        key: String,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// A certificate where a public key is needed.
    #[error("`{key}` is a certificate, not a public key")]
    CertificateGiven {
        /// The reference.
        key: String,
    },
    /// Something else than a key, and what it is.
    #[error("`{key}` is {what}, not a public key in PEM or DER")]
    Otherwise {
        /// The reference.
        key: String,
        /// What it is, with its article.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A private key where a public key is needed.
    #[error("`{key}` is a private key, and a public key is needed")]
    PrivateGiven {
        /// The reference.
        key: String,
    },
    /// A public key where a private key is needed.
    #[error("`{key}` is a public key, and a private key is needed")]
    PublicGiven {
        /// The reference.
        key: String,
    },
    /// Not a private key.
    #[error("`{key}` holds no usable private key")]
    Private {
        /// The reference.
        key: String,
        /// What is wrong with it.
        #[source]
        source: PrivateKeyError,
    },
    /// A private key that something other than cosign encrypted.
    #[error("private key `{key}` is encrypted in a way that is not supported (PEM block `{label}`)")]
    ForeignEncryption {
        /// The reference.
        key: String,
        /// The label of the PEM block.
        label: String,
    },
    /// An encrypted key that does not open.
    #[error("cannot open private key `{key}`")]
    Sealed {
        /// The reference.
        key: String,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// A key that is encrypted already is not imported.
    #[error("`{key}` is an encrypted cosign key already")]
    SealedAlready {
        /// The reference.
        key: String,
    },
    /// RSA of a length that cosign does not import.
    #[error("`{key}` is an {key_type} key; RSA keys are imported with 2048, 3072 or 4096 bits")]
    ImportLength {
        /// The reference.
        key: String,
        /// The kind of key.
        key_type: KeyType,
    },
    /// A new key pair could not be made.
    #[error("cannot make a key pair")]
    Make(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Standard input was to bring the password and is empty.
    #[error("no password: standard input is empty")]
    PasswordMissing,
    /// Standard input was to bring the password and brings the artifact.
    #[error("standard input cannot bring the artifact and the password")]
    PasswordStdinTaken,
    /// Standard input brought more than any password.
    #[error("the password on standard input is longer than {limit} bytes")]
    PasswordTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The two answers for a new password differ.
    #[error("the passwords do not match")]
    PasswordsDiffer,
    /// The terminal or standard input failed.
    #[error("cannot read the password")]
    Prompt(#[source] io::Error),
}

/// A program that is not started.
#[derive(Debug, thiserror::Error)]
#[error("cosign would start the program `{program}`{}; nothing is started here unless it is allowed", .path.as_ref().map_or(", which no folder of PATH has".to_owned(), |path| format!(", here `{}`", path.display())))]
pub struct NotStarted {
    /// Its name.
    pub program: String,
    /// Where it is.
    pub path: Option<PathBuf>,
}

impl Error {
    /// Whether a store was left with a part of a new key pair, and the pair as a whole is nowhere.
    pub fn leaves_pair(&self) -> bool {
        matches!(self, Self::Service { source, .. } if matches!(&**source, Failure::Partly { is_mixed: true, .. }))
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Service { source, .. } if matches!(&**source, Failure::Partly { is_mixed: false, .. }) => {
                "nothing is lost: run this again when the store takes values"
            }
            Self::KeyInPlaceOfReference => {
                "write `--key env://NAME`, where NAME is the variable that holds the key"
            }
            Self::NotBuilt { .. } => "use the standard build, or another key with --key",
            Self::VariableUnset { .. } => {
                "set it to the text of the key, PEM and all, or name a key file with --key FILE"
            }
            Self::KeptPassword { .. } => {
                "put the password of this very key beside it, or make a new pair with `generate-key-pair`"
            }
            Self::Missing { .. } => MISSING,
            Self::ImportLength { .. } => "it can be used with --key as it is, without being imported",
            Self::EmptyReference | Self::UnknownScheme { .. } => {
                "a key is a path, `env://NAME`, an `https://` address, or begins with `pkcs11:`, `awskms://`, `gcpkms://`, `azurekms://`, `hashivault://`, `k8s://` or `gitlab://`; a path that holds `://` can be written `./PATH`"
            }
            Self::PluginNotAllowed { .. } => {
                "a key is a path, `env://NAME`, an `https://` address, or begins with `pkcs11:`, `awskms://`, `gcpkms://`, `azurekms://`, `hashivault://`, `k8s://` or `gitlab://`; where the program is meant, --allow-kms-plugin allows it"
            }
            Self::TokenUri(_) => {
                "such references look like `pkcs11:token=LABEL;object=KEY?module-path=/PATH/OF/MODULE.so`; `pkcs11-tool list-keys-uris` prints them"
            }
            Self::Token { source, .. } => return source.hint(),
            Self::Service { source, .. } => match &**source {
                Failure::Piv(failure) => return failure.hint(),
                #[cfg(feature = "http")]
                Failure::Cloud(crate::cloud::Error::NotAllowed { .. }) => {
                    "--allow-kube-exec allows the program; without it, use a context with a token or a certificate, such as one of `kubectl create token`"
                }
                _ => return None,
            },
            Self::CertificateGiven { .. } => {
                "verify with --certificate and the identity flags, or extract the key with `openssl x509 -pubkey -noout`"
            }
            Self::Otherwise { hint, .. } => hint,
            Self::PrivateGiven { .. } => "print the public half with `public-key --key KEY`",
            Self::PublicGiven { .. } => {
                "name the private half of the pair, usually the file that ends in `.key`"
            }
            Self::ForeignEncryption { .. } => {
                "decrypt it with `openssl pkey -in KEY -out PLAIN`, then encrypt it with `import-key-pair --key PLAIN`"
            }
            Self::Sealed { source: OpenError::ExcessiveWork { .. }, .. } => {
                "if the file is yours, encrypt its key anew with `import-key-pair`"
            }
            Self::Sealed { source: OpenError::Password, .. } => {
                "the password is taken from the variable COSIGN_PASSWORD, the terminal or standard input, in this order"
            }
            Self::SealedAlready { .. } => "it can be used with --key as it is",
            Self::PasswordMissing
            | Self::PasswordStdinTaken
            | Self::PasswordTooLong { .. }
            | Self::Prompt(_) => "set the variable COSIGN_PASSWORD; set and empty means the empty password",
            Self::Fetch(http::Error::Roots { .. }) => {
                "SSL_CERT_FILE names a PEM file of certificate authorities, SSL_CERT_DIR a folder of them"
            }
            _ => return None,
        })
    }
}
