//! Why a key in a token is of no use. No PIN is in any of it.

use std::io;

use super::token::{Code, Refusal, Token};

/// Why a key in a token is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TokenFailure {
    /// This program was built without it.
    #[error("this build of rcosign cannot load PKCS #11 modules: it was built without the feature `pkcs11`")]
    #[cfg_attr(feature = "pkcs11", allow(dead_code, reason = "the other build says so"))]
    NotBuilt,
    /// A static program has no loader for libraries that is safe to use.
    #[error("this build of rcosign cannot load PKCS #11 modules: it is linked statically")]
    #[cfg_attr(
        not(all(target_os = "linux", target_feature = "crt-static")),
        allow(dead_code, reason = "the other build says so")
    )]
    Static,
    /// Nothing names a module.
    #[error("no PKCS #11 module is named: neither `module-path` nor COSIGN_PKCS11_MODULE_PATH is set")]
    NoModule,
    /// What is named is no module.
    #[error("`{path}` is no PKCS #11 module: {reason}")]
    Module {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// There is no such token.
    #[error("there is no token `{wanted}`; there {present}")]
    NoToken {
        /// What was asked for.
        wanted: String,
        /// What there is.
        present: String,
    },
    /// Several tokens are meant.
    #[error("`{wanted}` means more than one token: {found}")]
    ManyTokens {
        /// What was asked for.
        wanted: String,
        /// Those that are meant.
        found: String,
    },
    /// There is no such object.
    #[error("the token `{token}` has no {class} `{wanted}`{hidden}; there {present}", hidden = if *without_login { " that shows without a PIN" } else { "" })]
    NoObject {
        /// The token.
        token: String,
        /// Of which class.
        class: &'static str,
        /// What was asked for.
        wanted: String,
        /// Whether that may be because nobody was logged in.
        without_login: bool,
        /// What there is.
        present: Box<str>,
    },
    /// Several objects are meant.
    #[error("`{wanted}` means more than one {class} in the token `{token}`: {found}")]
    ManyObjects {
        /// The token.
        token: String,
        /// Of which class.
        class: &'static str,
        /// What was asked for.
        wanted: String,
        /// Those that are meant.
        found: String,
    },
    /// No PIN was given.
    #[error("the token `{token}` wants a PIN, and nobody is there to be asked for it")]
    PinMissing {
        /// The token.
        token: String,
    },
    /// There is an empty text where the PIN should be; the token was not asked.
    #[error("the token `{token}` wants a PIN, and {place} is empty")]
    PinEmpty {
        /// The token.
        token: String,
        /// Where it should be.
        place: &'static str,
    },
    /// A variable holds what cannot be used.
    #[error("{name} cannot be used: {reason}")]
    Setting {
        /// The variable.
        name: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The file with the PIN is of no use.
    #[error("the PIN cannot be taken from {place}: {reason}")]
    PinPlace {
        /// The file or the variable.
        place: String,
        /// Why not.
        reason: String,
    },
    /// The terminal failed.
    #[error("cannot read the PIN")]
    Prompt(#[source] io::Error),
    /// The token refuses the PIN.
    #[error("the token `{token}` does not take the PIN: {reason}")]
    Pin {
        /// The token.
        token: String,
        /// Why not.
        reason: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// No public key belongs to the private one.
    #[error("nothing in the token `{token}` tells the public key of `{key}`")]
    NoPublicKey {
        /// The token.
        token: String,
        /// The private key.
        key: String,
    },
    /// The key is of a kind that does not sign here.
    #[error("the key cannot be used: {reason}")]
    Key {
        /// Why not.
        reason: String,
    },
    /// The token was taken away.
    #[error("the token is gone: {doing} failed")]
    Gone {
        /// What it was asked.
        doing: &'static str,
    },
    /// Anything else that the module says.
    #[error("{doing} failed: the PKCS #11 module says {said}")]
    Refused {
        /// What it was asked.
        doing: &'static str,
        /// What it said.
        said: String,
    },
}

impl TokenFailure {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotBuilt | Self::Static => "use the standard build, or another key with --key",
            Self::Module { reason, .. } if reason == "CKR_GENERAL_ERROR" => {
                "the module does not get ready: it may not find its configuration or its tokens (of SoftHSM, the file that SOFTHSM2_CONF names), or may not read them"
            }
            Self::Refused { said, .. } if said == "CKR_TOKEN_NOT_RECOGNIZED" => {
                "the token is not initialized yet: the tool that came with it does that (of SoftHSM, `softhsm2-util --init-token --free --label LABEL`)"
            }
            Self::NoModule | Self::Module { .. } => {
                "a module is a library that came with the token, such as /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so; name its absolute path with `?module-path=` in the reference, or with COSIGN_PKCS11_MODULE_PATH"
            }
            Self::NoToken { .. } | Self::Gone { .. } => {
                "is it plugged in? `pkcs11-tool list-tokens` lists what the module sees"
            }
            Self::ManyTokens { .. } => "add `serial=` or `slot-id=` to the reference, before the `?`",
            Self::NoObject { .. } => {
                "`pkcs11-tool list-keys-uris --slot-id SLOT` lists the private keys that it holds; what is private shows only with a PIN (COSIGN_PKCS11_PIN)"
            }
            Self::ManyObjects { .. } => "name it by both `id=` and `object=`, before the `?`",
            Self::PinMissing { .. } | Self::PinEmpty { .. } | Self::Prompt(_) => {
                "set the variable COSIGN_PKCS11_PIN, or name a file that holds the PIN with `pin-source=FILE` behind the `?` of the reference"
            }
            Self::Pin { hint, .. } => hint,
            Self::NoPublicKey { .. } => {
                "put the public key or the certificate into the token, with the same identifier (CKA_ID) as the private key"
            }
            _ => return None,
        })
    }

    /// What the user can do about it where `pkcs11-tool` was asked, which has flags in place of a reference.
    pub fn hint_of_tool(&self) -> Option<&'static str> {
        match self {
            Self::Module { reason, .. } if reason == "CKR_GENERAL_ERROR" => self.hint(),
            Self::NoModule | Self::Module { .. } => Some(
                "a module is a library that came with the token, such as /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so; name its absolute path with --module-path FILE, or with COSIGN_PKCS11_MODULE_PATH",
            ),
            Self::NoToken { .. } => {
                Some("`pkcs11-tool list-tokens` lists the slots with tokens; --slot-id NUMBER names one")
            }
            Self::PinMissing { .. } | Self::PinEmpty { .. } | Self::Prompt(_) => Some(
                "set the variable COSIGN_PKCS11_PIN, or name the PIN with --pin, where others of this machine may see it",
            ),
            _ => self.hint(),
        }
    }

    /// That a token refused something.
    pub(super) fn refused(refusal: Refusal, token: &Token) -> Self {
        const WRONG: &str = "it was not tried again, because tokens lock themselves after a few; the PIN is taken from the reference, COSIGN_PKCS11_PIN or the terminal, in this order";
        const CHANGE: &str =
            "change it with the tool that came with the token, or with `pkcs11-tool --change-pin` of OpenSC";
        const LOCKED: &str = "the security officer of the token unlocks it: `pkcs11-tool --init-pin` of OpenSC, or the tool that came with it";
        let Refusal { doing, code } = refusal;
        let (reason, hint) = match code {
            Code::PinWrong if token.pin_locked => ("it is wrong, and the token is locked now", LOCKED),
            Code::PinWrong if token.pin_final_try => ("it is wrong, and one try is left", WRONG),
            Code::PinWrong if token.pin_count_low => ("it is wrong, and few tries are left", WRONG),
            Code::PinWrong => ("it is wrong", WRONG),
            Code::PinLength => ("it is shorter or longer than any PIN of this token", WRONG),
            Code::PinExpired => ("it has expired", CHANGE),
            Code::PinLocked => ("it is locked, after too many wrong ones", LOCKED),
            Code::PinNever => ("none has been set yet", LOCKED),
            Code::Gone => return Self::Gone { doing },
            Code::NotLoggedIn => return Self::PinMissing { token: token.name().to_string() },
            Code::Unsupported => {
                return Self::Refused { doing, said: "that it cannot do this".to_owned() };
            }
            Code::AlreadyLoggedIn => {
                return Self::Refused { doing, said: "that somebody else is logged in".to_owned() };
            }
            Code::Other(said) => return Self::Refused { doing, said },
        };
        Self::Pin { token: token.name().to_string(), reason, hint }
    }
}

/// Names for people: `are A, B and 3 more`, or that there are none.
pub(super) fn list(names: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// What there is, after `there`.
pub(super) fn present(names: impl Iterator<Item = String>) -> String {
    let listed = list(names);
    if listed.is_empty() { "is none at all".to_owned() } else { format!("is {listed}") }
}
