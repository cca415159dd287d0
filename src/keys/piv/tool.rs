//! The token as `piv-tool` uses it.

use std::time::Duration;

use super::attestation::{self, Facts};
use super::card::{Card, Pin};
use super::manage::{ManagementKey, key_bytes};
use super::slot::{PinPolicy, Policies, Slot, TouchPolicy};
use super::{PivFailure, key, readers};
use crate::crypto::{PublicKey, Secret, UnixTime};
use crate::keys::{Prompt, Variables};
use crate::x509::Certificate;

/// What tokens of Yubico leave the factory with.
const PIN: &[u8] = b"123456";
const PUK: &[u8] = b"12345678";

/// The one token that is there. Nobody else talks to it meanwhile.
pub struct PivToken {
    card: Card,
}

/// What a token says of a key that it made, with the certificates that prove it.
#[derive(Debug)]
pub struct Attestation {
    /// Of the token, by Yubico.
    pub device: Certificate,
    /// Of the key, by the token.
    pub key: Certificate,
    /// What that one says.
    pub facts: Facts,
}

/// Where a new management key is also kept.
pub enum Keeping {
    /// Nowhere.
    Nowhere,
    /// In the token, for whoever knows the PIN.
    InToken(TokenSecret),
}

/// A PIN that may be there, in the form of the token.
pub struct TokenSecret(Pin);

impl PivToken {
    /// The one token that is there, which may take `time` for all that it is asked.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn open(variables: Variables<'_>, time: Duration) -> Result<Self, PivFailure> {
        Ok(Self { card: readers::connect(&readers::place(variables), time)? })
    }

    #[cfg(all(test, feature = "piv"))]
    pub(super) fn of(card: Card) -> Self {
        Self { card }
    }

    /// Attests the key of a slot, and verifies the attestation up to Yubico.
    ///
    /// # Errors
    /// The token does not attest; it proves nothing.
    pub fn attestation(&mut self, slot: Slot, now: UnixTime) -> Result<Attestation, PivFailure> {
        self.attested(slot, now, &attestation::yubico()?)
    }

    /// The same up to any of these authorities.
    pub(super) fn attested(
        &mut self,
        slot: Slot,
        now: UnixTime,
        roots: &[Certificate],
    ) -> Result<Attestation, PivFailure> {
        const UNABLE: &str =
            "does not attest the key in this slot: it was not made there, or the token is none that attests";
        let Some(key) = self.card.attest(slot)? else { return Err(PivFailure::Unable { what: UNABLE }) };
        let Some(device) = self.card.attestation_certificate()? else {
            return Err(PivFailure::Unable { what: "has no certificate to attest with" });
        };
        attestation::verify(&key, &device, roots, now)
            .and_then(|()| attestation::facts(&key))
            .map(|facts| Attestation { device, key, facts })
            .map_err(|reason| PivFailure::Attestation { slot, reason })
    }

    /// Whether it is a token of Yubico's that attests.
    pub fn attests(&self) -> bool {
        self.card.version().is_some_and(|version| version >= [4, 3, 0])
    }

    /// The management key: the named one, the one that is in the token for whoever knows the PIN, or that of the factory.
    ///
    /// # Errors
    /// It cannot be one; no PIN, or a wrong one.
    pub fn management_key(
        &mut self,
        named: Option<&Secret>,
        variables: Variables<'_>,
        prompt: &mut dyn Prompt,
    ) -> Result<ManagementKey, PivFailure> {
        match named {
            Some(text) => self.card.named_key(text),
            None if self.card.stores_key()? => {
                let pin = key::pin(variables, prompt)?;
                self.card.stored_key(&pin)
            }
            None => self.card.named_key(&Secret::new(Vec::new())),
        }
    }

    /// The PIN of the variable or of the terminal, to keep a management key under.
    ///
    /// # Errors
    /// There is none.
    pub fn keeping(variables: Variables<'_>, prompt: &mut dyn Prompt) -> Result<Keeping, PivFailure> {
        Ok(Keeping::InToken(TokenSecret(key::pin(variables, prompt)?)))
    }

    /// A management key to be set: the named one, that of the factory, or one that nobody knows.
    ///
    /// # Errors
    /// It cannot be one.
    pub fn new_management_key(
        &mut self,
        named: Option<&Secret>,
        random: bool,
    ) -> Result<ManagementKey, PivFailure> {
        match (named, random) {
            (_, true) => self.card.random_key(),
            (Some(text), false) => self.card.new_key(text),
            (None, false) => self.card.new_key(&Secret::new(Vec::new())),
        }
    }

    /// Authenticates with the old management key and sets a new one.
    ///
    /// # Errors
    /// The old one is wrong; the new one is not taken.
    pub fn set_management_key(
        &mut self,
        old: &ManagementKey,
        new: &ManagementKey,
        keeping: &Keeping,
    ) -> Result<(), PivFailure> {
        self.card.authenticate(old)?;
        let pin = match keeping {
            Keeping::Nowhere => None,
            Keeping::InToken(TokenSecret(pin)) => Some(pin),
        };
        self.card.set_management_key(new, pin)
    }

    /// Makes a key that wants what is said, or what cosign has a key of the slot want.
    ///
    /// # Errors
    /// The management key is wrong; the token knows no policies and some are asked for.
    pub fn generate(
        &mut self,
        slot: Slot,
        management: &ManagementKey,
        pin: Option<PinPolicy>,
        touch: Option<TouchPolicy>,
    ) -> Result<PublicKey, PivFailure> {
        let usual = slot.policies();
        let policies = match self.card.version() {
            Some(_) => Some(Policies { pin: pin.unwrap_or(usual.pin), touch: touch.unwrap_or(usual.touch) }),
            None if pin.is_none() && touch.is_none() => None,
            None => return Err(PivFailure::Unable { what: "knows no policies for PIN and touch" }),
        };
        self.card.authenticate(management)?;
        self.card.generate(slot, policies)
    }

    /// Changes the PIN; an empty one is that of the factory.
    ///
    /// # Errors
    /// The old one is wrong; the new one is not taken.
    pub fn set_pin(&mut self, old: &Secret, new: &Secret) -> Result<(), PivFailure> {
        let (old, new) = Self::pins(old, new)?;
        self.card.change_pin(&old.0, &new.0)
    }

    /// Changes the PUK; an empty one is that of the factory.
    ///
    /// # Errors
    /// As of the PIN.
    pub fn set_puk(&mut self, old: &Secret, new: &Secret) -> Result<(), PivFailure> {
        let (old, new) = Self::puks(old, new)?;
        self.card.change_puk(&old.0, &new.0)
    }

    /// Sets a new PIN by the PUK; empty ones are those of the factory.
    ///
    /// # Errors
    /// The PUK is wrong; the PIN is not taken.
    pub fn unblock(&mut self, puk: &Secret, pin: &Secret) -> Result<(), PivFailure> {
        let (puk, pin) = Self::puk_and_pin(puk, pin)?;
        self.card.unblock(&puk.0, &pin.0)
    }

    /// The old PIN and a new one, judged without a token.
    ///
    /// # Errors
    /// One of them cannot be one.
    pub fn pins(old: &Secret, new: &Secret) -> Result<(TokenSecret, TokenSecret), PivFailure> {
        Ok((existing("old PIN", old, PIN)?, fresh("new PIN", new, PIN)?))
    }

    /// The same of the PUK.
    ///
    /// # Errors
    /// One of them cannot be one.
    pub fn puks(old: &Secret, new: &Secret) -> Result<(TokenSecret, TokenSecret), PivFailure> {
        Ok((existing("old PUK", old, PUK)?, fresh("new PUK", new, PUK)?))
    }

    /// The PUK and a new PIN.
    ///
    /// # Errors
    /// One of them cannot be one.
    pub fn puk_and_pin(puk: &Secret, pin: &Secret) -> Result<(TokenSecret, TokenSecret), PivFailure> {
        Ok((existing("PUK", puk, PUK)?, fresh("new PIN", pin, PIN)?))
    }

    /// Judges a management key without a token, which alone knows how long its own is.
    ///
    /// # Errors
    /// It cannot be that of any token.
    pub fn check_management_key(named: &Secret) -> Result<(), PivFailure> {
        key_bytes(named).map(drop)
    }

    /// Makes it as it left the factory.
    ///
    /// # Errors
    /// It does not do so.
    pub fn reset(&mut self) -> Result<(), PivFailure> {
        self.card.reset()
    }
}

fn existing(which: &'static str, text: &Secret, factory: &[u8]) -> Result<TokenSecret, PivFailure> {
    Pin::existing(which, &filled(text, factory)).map(TokenSecret)
}

fn fresh(which: &'static str, text: &Secret, factory: &[u8]) -> Result<TokenSecret, PivFailure> {
    Pin::new(which, &filled(text, factory)).map(TokenSecret)
}

fn filled(text: &Secret, otherwise: &[u8]) -> Secret {
    Secret::new(if text.expose().is_empty() { otherwise.to_vec() } else { text.expose().to_vec() })
}
