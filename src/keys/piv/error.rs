//! Why a PIV token is of no use. No PIN and no management key is in any of it.

use std::io;

use super::slot::Slot;
use crate::crypto::DecodeError;

/// Why a PIV token is of no use.
#[derive(Debug, thiserror::Error)]
pub enum PivFailure {
    /// This program was built without it.
    #[error("this build of rcosign cannot use PIV tokens: it was built without the feature `piv`")]
    NotBuilt,
    /// There is no PC/SC daemon with a socket on systems of this kind.
    #[error("this build of rcosign cannot use PIV tokens: it knows the PC/SC service of Linux and BSD only")]
    #[cfg_attr(unix, allow(dead_code, reason = "the other systems say so"))]
    NoSystem,
    /// The PC/SC daemon does not answer.
    #[error("the PC/SC daemon does not answer at `{socket}`: {reason}")]
    Daemon {
        /// Its socket.
        socket: String,
        /// What the system said.
        reason: String,
    },
    /// The PC/SC daemon refuses.
    #[error("{doing} failed: the PC/SC daemon says {said}")]
    Refused {
        /// What it was asked.
        doing: &'static str,
        /// What it said.
        said: String,
    },
    /// No reader holds a PIV token.
    #[error("there is no PIV token; there {readers}")]
    NoToken {
        /// The readers, and what is in them.
        readers: String,
    },
    /// Several readers hold one.
    #[error("there is more than one PIV token: {found}")]
    ManyTokens {
        /// The readers that hold them.
        found: String,
    },
    /// What the token answered is not formed as it should be.
    #[error("the answer of the token cannot be used")]
    Answer(#[from] DecodeError),
    /// The token refuses.
    #[error("{doing} failed: the token says {}", said(*status))]
    Status {
        /// What it was asked.
        doing: &'static str,
        /// The status word (ISO 7816-4 section 5.1.3).
        status: u16,
    },
    /// A PIN or a PUK was wrong.
    #[error("the token does not take the {which}: it is wrong{}", left(*tries))]
    Wrong {
        /// `PIN` or `PUK`.
        which: &'static str,
        /// The tries that are left, where the token says so.
        tries: Option<u8>,
    },
    /// Too many were wrong.
    #[error("the token does not take the {which}: it is blocked, after too many wrong ones")]
    Blocked {
        /// `PIN` or `PUK`.
        which: &'static str,
    },
    /// It cannot be one; the token was not asked.
    #[error("the {which} cannot be one: {reason}")]
    PinForm {
        /// `PIN` or `PUK`, and which one of two.
        which: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// No PIN was given.
    #[error("the token wants a PIN, and nobody is there to be asked for it")]
    PinMissing,
    /// There is an empty text where the PIN should be; the token was not asked.
    #[error("the token wants a PIN, and {place} is empty")]
    PinEmpty {
        /// Where it should be.
        place: &'static str,
    },
    /// The terminal failed.
    #[error("cannot read the PIN")]
    Prompt(#[source] io::Error),
    /// It cannot be a management key; the token was not asked.
    #[error("the management key cannot be one: {reason}")]
    KeyForm {
        /// Why not.
        reason: String,
    },
    /// The token refuses the management key.
    #[error("the token does not take the management key")]
    ManagementKey,
    /// The token did not prove that it knows the management key.
    #[error("the token does not know its own management key: it may be another device than it says")]
    NotProven,
    /// The slot is empty, or tells nothing of its key.
    #[error("nothing in the token tells the public key in the slot `{slot}`")]
    NoKey {
        /// The slot.
        slot: Slot,
    },
    /// The key is of a kind that does not sign here.
    #[error("the key cannot be used: {reason}")]
    Key {
        /// Why not.
        reason: String,
    },
    /// The token cannot do this.
    #[error("this token {what}")]
    Unable {
        /// What it cannot do, after `this token`.
        what: &'static str,
    },
    /// The attestation proves nothing.
    #[error("the attestation of the slot `{slot}` proves nothing: {reason}")]
    Attestation {
        /// The slot.
        slot: Slot,
        /// Why not.
        reason: String,
    },
    /// No random bytes.
    #[error("the random source of the system failed")]
    Random,
}

impl PivFailure {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotBuilt | Self::NoSystem => {
                "use the standard build on Linux, or the token's PKCS #11 module with --key pkcs11:..."
            }
            Self::Daemon { .. } => {
                "start it with `systemctl start pcscd.socket` (Debian's package is `pcscd`); PCSCLITE_CSOCK_NAME names another socket"
            }
            Self::Refused { .. } => "is the token used by another program, such as gpg-agent's scdaemon?",
            Self::NoToken { .. } => "is it plugged in, and is PIV enabled in it?",
            Self::ManyTokens { .. } => "leave only one of them plugged in",
            Self::Status { status: 0x6982, .. } => {
                "the PIN was not given, or the token was not touched in time; `piv-tool generate-key` sets what a key wants"
            }
            Self::Wrong { which: "PUK", .. } | Self::Blocked { which: "PUK" } => {
                "when PIN and PUK are both blocked, `piv-tool reset` makes the token new, without its keys"
            }
            Self::Wrong { .. } => {
                "it was not tried again, because tokens block after a few; it is taken from COSIGN_PIV_PIN or the terminal, in this order"
            }
            Self::Blocked { .. } => "`piv-tool unblock --puk PUK --new-PIN PIN` sets a new one",
            Self::PinMissing | Self::PinEmpty { .. } | Self::Prompt(_) => "set the variable COSIGN_PIV_PIN",
            Self::ManagementKey => {
                "name it with --management-key (--old-key in `set-management-key`): 48 hexadecimal digits, or up to 24 characters as in cosign"
            }
            Self::NoKey { .. } => {
                "`piv-tool generate-key --slot SLOT` makes a key; of one that another program made, the slot must hold the certificate"
            }
            _ => return None,
        })
    }
}

/// What a status word means (ISO 7816-4 section 5.1.3, NIST SP 800-73-4 part 2 section 5.6).
fn said(status: u16) -> String {
    let meaning = match status {
        0x6700 => "that the length is wrong",
        0x6881 => "that it knows no logical channels",
        0x6882 => "that it knows no secure messaging",
        0x6982 => "that somebody has to prove who he is first",
        0x6983 => "that it is blocked",
        0x6985 => "that the conditions are not met",
        0x6A80 => "that the data is wrong",
        0x6A81 | 0x6D00 | 0x6E00 => "that it cannot do this",
        0x6A82 => "that there is no such object",
        0x6A84 => "that it is full",
        0x6A86 | 0x6B00 => "that a parameter is wrong",
        0x6A88 => "that there is no such key",
        0x6F00 => "that something went wrong in it",
        _ => return format!("0x{status:04X}"),
    };
    format!("{meaning} (0x{status:04X})")
}

fn left(tries: Option<u8>) -> String {
    match tries {
        None => String::new(),
        Some(1) => ", and one try is left".to_owned(),
        Some(tries) => format!(", and {tries} tries are left"),
    }
}
