//! A key in a slot, ready to sign.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::card::{Card, Pin, SlotKey};
use super::slot::{PinPolicy, Slot, TouchPolicy};
use super::{PivFailure, readers};
use crate::crypto::{Digest, KeyType, PublicKey, Secret, SigningInput};
use crate::keys::service::{Answered, Backend, Failure};
use crate::keys::{Prompt, Variables};

/// Holds the PIN; set and empty counts for nothing. Cosign has no variable for it.
const VARIABLE: &str = "COSIGN_PIV_PIN";
/// Cosign's words.
const QUESTION: &str = "Enter PIN for security key: ";
const TOUCH: &str = "Please tap security key...";

/// The public key in a slot of the one token that is there.
///
/// # Errors
/// There is no token, or no key in it.
pub(in crate::keys) async fn public_key(
    slot: Slot,
    variables: Variables<'_>,
    time: Duration,
) -> Result<PublicKey, PivFailure> {
    let place = readers::place(variables);
    blocking(move || Ok(readers::connect(&place, time)?.slot_key(slot)?.key)).await
}

/// The key in a slot, ready to sign: the token has taken the PIN, if the key wants one.
///
/// # Errors
/// There is no token, or no key in it; no PIN, or one that is not taken.
pub(in crate::keys) async fn signing_key(
    slot: Slot,
    variables: Variables<'_>,
    time: Duration,
    prompt: &mut dyn Prompt,
) -> Result<Box<dyn Backend>, PivFailure> {
    let place = readers::place(variables);
    let (card, found) = blocking(move || {
        let mut card = readers::connect(&place, time)?;
        let found = card.slot_key(slot)?;
        Ok((card, found))
    })
    .await?;
    let key = TokenKey::new(card, slot, found, variables, prompt)?;
    let key = blocking(move || {
        key.log_in()?;
        Ok(key)
    });
    Ok(Box::new(key.await?))
}

/// The PIN of the variable or of the person in front of the program.
///
/// # Errors
/// There is neither.
pub(super) fn pin(variables: Variables<'_>, prompt: &mut dyn Prompt) -> Result<Pin, PivFailure> {
    let value = variables(VARIABLE).map(|value| Secret::new(value.into_encoded_bytes()));
    if let Some(value) = value.as_ref().filter(|value| !value.expose().is_empty()) {
        return Pin::existing("PIN", value);
    }
    if value.is_some() && !prompt.is_interactive() {
        return Err(PivFailure::PinEmpty { place: VARIABLE });
    }
    if !prompt.is_interactive() {
        return Err(PivFailure::PinMissing);
    }
    let typed = prompt.password(QUESTION).map_err(PivFailure::Prompt)?;
    // An empty one would count as a try.
    match typed.expose() {
        [] => Err(PivFailure::PinEmpty { place: "the one that was typed" }),
        _ => Pin::existing("PIN", &typed),
    }
}

/// Work that waits for hardware, and for a finger, away from the threads that serve others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PivFailure> + Send + 'static,
) -> Result<T, PivFailure> {
    let ended = |_| PivFailure::Refused { doing: "asking the token", said: "nothing more".to_owned() };
    tokio::task::spawn_blocking(work).await.map_err(ended)?
}

/// A key in a token that nobody else talks to as long as the key is there.
pub(super) struct TokenKey {
    public: PublicKey,
    opened: Arc<Mutex<Opened>>,
}

struct Opened {
    card: Card,
    slot: Slot,
    /// The PIN, for a key that wants one.
    pin: Option<Pin>,
    /// Whether the key wants it each time, or says nothing of it.
    each_time: bool,
    /// Whether the token took it.
    verified: bool,
}

impl Opened {
    fn log_in(&mut self) -> Result<(), PivFailure> {
        if let Some(pin) = &self.pin {
            self.card.verify_pin(pin)?;
            self.verified = true;
        }
        Ok(())
    }

    fn sign(&mut self, key: KeyType, digest: &Digest) -> Result<Vec<u8>, PivFailure> {
        if self.each_time || !self.verified {
            self.log_in()?;
        }
        self.card.sign(self.slot, key, digest)
    }
}

impl TokenKey {
    /// Asks for the PIN, if the key wants one.
    pub fn new(
        card: Card,
        slot: Slot,
        found: SlotKey,
        variables: Variables<'_>,
        prompt: &mut dyn Prompt,
    ) -> Result<Self, PivFailure> {
        let SlotKey { key, policies } = found;
        // Before anybody is asked for a PIN.
        super::public::algorithm(key.key_type())?;
        let wants_pin = policies.map_or(slot.wants_pin(), |policies| policies.pin != PinPolicy::Never);
        let pin = if wants_pin { Some(pin(variables, prompt)?) } else { None };
        if policies.is_some_and(|policies| policies.touch != TouchPolicy::Never) {
            prompt.tell(TOUCH);
        }
        let each_time = policies.is_none_or(|policies| policies.pin == PinPolicy::Always);
        let opened = Opened { card, slot, pin, each_time, verified: false };
        Ok(Self { public: key, opened: Arc::new(Mutex::new(opened)) })
    }

    /// Gives the PIN once before anything is signed, so that a wrong one is known early.
    pub fn log_in(&self) -> Result<(), PivFailure> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).log_in()
    }
}

impl Backend for TokenKey {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(async { Ok(self.public.clone()) })
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        let key = key.key_type();
        let opened = Arc::clone(&self.opened);
        let SigningInput::Digest(digest) = input.clone() else {
            let reason = format!("{key} keys in PIV tokens do not sign here");
            return Box::pin(async { Err(PivFailure::Key { reason }.into()) });
        };
        Box::pin(async move {
            let work = move || {
                let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
                opened.sign(key, &digest)
            };
            Ok(blocking(work).await?)
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(async {
            Err(Failure::Key { reason: "keys are made in tokens by `piv-tool generate-key`".to_owned() })
        })
    }
}
