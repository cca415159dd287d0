//! Slots of a PIV token, and what a key in one of them wants before it signs.

/// A slot that holds one key and its certificate (NIST SP 800-73-4 part 1 table 4b), by cosign's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// 9A, for logging in.
    Authentication,
    /// 9C, for signatures.
    Signature,
    /// 9E, for doors: it wants no PIN.
    CardAuthentication,
    /// 9D, for decryption.
    KeyManagement,
}

impl Slot {
    /// All of them, as help lists them.
    pub const ALL: [Self; 4] =
        [Self::Authentication, Self::Signature, Self::CardAuthentication, Self::KeyManagement];

    /// Cosign's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Signature => "signature",
            Self::CardAuthentication => "card-authentication",
            Self::KeyManagement => "key-management",
        }
    }

    /// The slot of this name; the empty one is that of signatures, as in cosign.
    pub fn parse(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::Signature);
        }
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }

    /// The key reference (NIST SP 800-73-4 part 1 table 4b).
    pub fn reference(self) -> u8 {
        match self {
            Self::Authentication => 0x9A,
            Self::Signature => 0x9C,
            Self::CardAuthentication => 0x9E,
            Self::KeyManagement => 0x9D,
        }
    }

    /// The tag of the certificate (part 1 table 3).
    pub fn object(self) -> u32 {
        match self {
            Self::Authentication => 0x5F_C105,
            Self::Signature => 0x5F_C10A,
            Self::CardAuthentication => 0x5F_C101,
            Self::KeyManagement => 0x5F_C10B,
        }
    }

    /// What a new key in it wants where nothing else is asked for, as in cosign.
    pub fn policies(self) -> Policies {
        match self {
            Self::Authentication | Self::KeyManagement => {
                Policies { pin: PinPolicy::Once, touch: TouchPolicy::Cached }
            }
            Self::Signature => Policies { pin: PinPolicy::Always, touch: TouchPolicy::Always },
            Self::CardAuthentication => Policies { pin: PinPolicy::Never, touch: TouchPolicy::Never },
        }
    }

    /// Whether a key of which nothing else is known wants a PIN.
    pub(super) fn wants_pin(self) -> bool {
        self != Self::CardAuthentication
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a key wants before it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// The PIN.
    pub pin: PinPolicy,
    /// A finger.
    pub touch: TouchPolicy,
}

/// When a key wants the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinPolicy {
    /// Not at all.
    Never = 1,
    /// Once.
    Once = 2,
    /// For every signature.
    Always = 3,
}

impl PinPolicy {
    /// All of them, as help lists them.
    pub const ALL: [Self; 3] = [Self::Never, Self::Once, Self::Always];

    /// Cosign's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Once => "once",
            Self::Always => "always",
        }
    }

    /// By the number that Yubico's tokens give it.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| *policy as u8 == number)
    }
}

/// When a key wants to be touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchPolicy {
    /// Not at all.
    Never = 1,
    /// For every signature.
    Always = 2,
    /// Not again for some seconds.
    Cached = 3,
}

impl TouchPolicy {
    /// All of them, as help lists them.
    pub const ALL: [Self; 3] = [Self::Never, Self::Always, Self::Cached];

    /// Cosign's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Cached => "cached",
        }
    }

    /// By the number that Yubico's tokens give it.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| *policy as u8 == number)
    }
}
