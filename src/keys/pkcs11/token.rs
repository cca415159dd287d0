//! What is needed of modules, tokens and sessions.

use super::TokenFailure;
use super::uri::{ObjectName, TokenName};
use crate::crypto::Secret;

/// A module that is ready to be asked.
pub(super) trait Module: Send + Sync {
    /// Every slot that has a token; one whose token cannot be asked is left out.
    fn tokens(&self) -> Result<Vec<Token>, TokenFailure>;
    /// A session with the token in a slot, read-only.
    fn open(&self, slot: u64) -> Result<Box<dyn Session>, TokenFailure>;
}

/// A session with a token. It ends when it is dropped.
pub(super) trait Session: Send {
    /// Logs the user in; without a PIN the token asks for it by itself.
    fn login(&self, pin: Option<&Secret>) -> Result<(), Refusal>;
    /// All objects of a class that have this label and identifier.
    fn find(&self, class: Class, name: &ObjectName) -> Result<Vec<Object>, Refusal>;
    /// A signature over `data`. Where `again` is given, the user is logged in once more for this one operation.
    fn sign(
        &self,
        key: &Object,
        mechanism: SignMechanism,
        data: &[u8],
        again: Option<&Login>,
    ) -> Result<Vec<u8>, Refusal>;
}

/// How the user is logged in.
#[derive(Debug)]
pub(super) enum Login {
    /// The token asks for the PIN by itself.
    AtToken,
    /// With this PIN.
    Pin(Secret),
}

impl Login {
    /// The PIN, where it is ours to give.
    pub fn pin(&self) -> Option<&Secret> {
        match self {
            Self::AtToken => None,
            Self::Pin(pin) => Some(pin),
        }
    }
}

/// Classes of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Private,
    Public,
    Certificate,
}

/// How a token signs; it is given a digest, or what RSA pads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignMechanism {
    /// CKM_ECDSA.
    Ecdsa,
    /// CKM_RSA_PKCS.
    RsaPkcs,
}

/// A token in its slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Token {
    pub slot: u64,
    pub label: String,
    pub manufacturer: String,
    pub model: String,
    pub serial: String,
    pub login_required: bool,
    /// It has a keypad or a sensor of its own.
    pub asks_itself: bool,
    pub pin_count_low: bool,
    pub pin_final_try: bool,
    pub pin_locked: bool,
}

impl Token {
    /// Whether a reference means it.
    pub fn is(&self, name: &TokenName) -> bool {
        let same = |wanted: &Option<String>, own: &String| wanted.as_ref().is_none_or(|w| w == own);
        same(&name.label, &self.label)
            && same(&name.serial, &self.serial)
            && same(&name.manufacturer, &self.manufacturer)
            && same(&name.model, &self.model)
            && name.slot.is_none_or(|slot| slot == self.slot)
    }

    /// What tells it from others.
    pub fn name(&self) -> TokenName {
        let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        TokenName {
            label: filled(&self.label),
            serial: filled(&self.serial),
            slot: Some(self.slot),
            ..TokenName::default()
        }
    }
}

/// An object, as far as it matters here; what it does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object {
    /// Its place among those that its session has found.
    pub handle: usize,
    pub label: Vec<u8>,
    pub id: Vec<u8>,
    pub kind: Option<Kind>,
    /// CKA_ALWAYS_AUTHENTICATE: the user is to be logged in for each signature.
    pub always_authenticate: bool,
    /// CKA_EC_PARAMS, CKA_EC_POINT.
    pub ec_params: Vec<u8>,
    pub ec_point: Vec<u8>,
    /// CKA_MODULUS, CKA_PUBLIC_EXPONENT.
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    /// CKA_PUBLIC_KEY_INFO: a SubjectPublicKeyInfo.
    pub public_key_info: Vec<u8>,
    /// CKA_VALUE of a certificate.
    pub certificate: Vec<u8>,
}

impl Object {
    /// What tells it from others.
    pub fn name(&self) -> ObjectName {
        let filled = |bytes: &Vec<u8>| Some(bytes.clone()).filter(|bytes| !bytes.is_empty());
        ObjectName { label: filled(&self.label), id: filled(&self.id) }
    }
}

/// CKA_KEY_TYPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ec,
    Rsa,
    Other,
}

/// That a token did not do what it was asked, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What it was asked.
    pub doing: &'static str,
    pub code: Code,
}

/// Answers that mean something of their own (PKCS #11 version 2.40 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Code {
    AlreadyLoggedIn,
    NotLoggedIn,
    PinWrong,
    PinLength,
    PinExpired,
    PinLocked,
    PinNever,
    Gone,
    /// The module cannot do it.
    Unsupported,
    /// Any other, by its name.
    Other(String),
}
