//! `piv-tool`.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use super::{Context, Error, ErrorKind};
use crate::crypto::{PublicKey, Secret};
use crate::keys::{Attestation, Keeping, PinPolicy, PivFailure, PivToken, Slot, TouchPolicy};

/// What `piv-tool` is asked for.
#[derive(Debug)]
pub struct PivToolRequest {
    /// What is to be done.
    pub task: PivTask,
    /// Whether somebody is asked before anything is lost.
    pub ask: bool,
}

/// The commands of `piv-tool`. An empty PIN, PUK or management key is that of the factory.
#[derive(Debug)]
pub enum PivTask {
    /// Shows and verifies what the token says of a key.
    Attestation {
        /// The slot.
        slot: Slot,
        /// As JSON.
        json: bool,
    },
    /// Makes a key.
    GenerateKey(PivKeyRequest),
    /// Makes the token as it left the factory.
    Reset,
    /// Changes the management key.
    SetManagementKey {
        /// The one that it has; without it the one in the token, or that of the factory.
        old: Option<PivSecret>,
        /// The one that it gets.
        new: Option<PivSecret>,
        /// Whether it gets one that nobody knows.
        random: bool,
        /// Whether it is kept in the token, for whoever knows the PIN.
        store: bool,
    },
    /// Changes the PIN.
    SetPin {
        /// The one that it has.
        old: PivSecret,
        /// The one that it gets.
        new: PivSecret,
    },
    /// Changes the PUK.
    SetPuk {
        /// The one that it has.
        old: PivSecret,
        /// The one that it gets.
        new: PivSecret,
    },
    /// Sets a new PIN by the PUK.
    Unblock {
        /// The PUK.
        puk: PivSecret,
        /// The PIN.
        pin: PivSecret,
    },
}

/// The key that is to be made.
#[derive(Debug)]
pub struct PivKeyRequest {
    /// Where.
    pub slot: Slot,
    /// The management key; without it the one in the token, or that of the factory.
    pub management: Option<PivSecret>,
    /// Whether the token gets another one first, that nobody knows.
    pub random: bool,
    /// Whether that one is kept in the token, for whoever knows the PIN.
    pub store: bool,
    /// When it wants the PIN.
    pub pin: Option<PinPolicy>,
    /// When it wants to be touched.
    pub touch: Option<TouchPolicy>,
}

/// A PIN, a PUK or a management key from the command line.
#[derive(Debug, Clone)]
pub struct PivSecret(Arc<Secret>);

impl PivSecret {
    /// None.
    pub fn empty() -> Self {
        Self(Arc::new(Secret::new(Vec::new())))
    }

    /// Whether nothing stands where it should be.
    pub fn is_empty(&self) -> bool {
        self.0.expose().is_empty()
    }
}

impl FromStr for PivSecret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Arc::new(Secret::new(text.as_bytes().to_vec()))))
    }
}

/// Does it; returns what goes to standard output, in cosign's words.
///
/// # Errors
/// There is no token, or more than one; it refuses; nobody agrees.
pub fn piv_tool(request: &PivToolRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    judge(&request.task)?;
    let mut token = PivToken::open(&*context.variables, context.settings.timeout)?;
    let mut agreed = |question: &str, context: &mut Context| match request.ask {
        true => agree(question, context),
        false => Ok(()),
    };
    match &request.task {
        PivTask::Attestation { slot, json } => {
            let attestation = token.attestation(*slot, context.now)?;
            if *json { json_of(&attestation, *slot) } else { Ok(shown(&attestation, context).into_bytes()) }
        }
        PivTask::GenerateKey(key) => generate(key, &mut token, &mut agreed, context),
        PivTask::Reset => {
            agreed("Resetting key to factory defaults. This will destroy all values on device.", context)?;
            token.reset()?;
            context.narrator.say("The token is as it left the factory");
            Ok(Vec::new())
        }
        PivTask::SetManagementKey { old, new, random, store } => {
            let old = management_key(&mut token, old.as_ref(), context)?;
            if *random && !*store {
                agreed(RANDOM, context)?;
            }
            let new = token.new_management_key(new.as_ref().map(|new| &*new.0), *random)?;
            agreed("Setting new management key. This will overwrite the previous key.", context)?;
            let keeping = keeping(*store, context)?;
            token.set_management_key(&old, &new, &keeping)?;
            context.narrator.say("The management key is set");
            Ok(Vec::new())
        }
        PivTask::SetPin { old, new } => {
            well_known(new, "PIN", context);
            agreed("Setting new pin. This will overwrite the previous pin.", context)?;
            token.set_pin(&old.0, &new.0)?;
            context.narrator.say("The PIN is set");
            Ok(Vec::new())
        }
        PivTask::SetPuk { old, new } => {
            well_known(new, "PUK", context);
            agreed("Setting new PUK. This will overwrite the previous PUK.", context)?;
            token.set_puk(&old.0, &new.0)?;
            context.narrator.say("The PUK is set");
            Ok(Vec::new())
        }
        PivTask::Unblock { puk, pin } => {
            well_known(pin, "PIN", context);
            agreed("Unblocking the device. This will set a new pin.", context)?;
            token.unblock(&puk.0, &pin.0)?;
            context.narrator.say("The PIN is set");
            Ok(Vec::new())
        }
    }
}

/// What is wrong already on the command line is said before a token is looked for.
fn judge(task: &PivTask) -> Result<(), PivFailure> {
    match task {
        PivTask::SetPin { old, new } => PivToken::pins(&old.0, &new.0).map(drop),
        PivTask::SetPuk { old, new } => PivToken::puks(&old.0, &new.0).map(drop),
        PivTask::Unblock { puk, pin } => PivToken::puk_and_pin(&puk.0, &pin.0).map(drop),
        PivTask::SetManagementKey { old, new, .. } => {
            old.iter().chain(new).try_for_each(|key| PivToken::check_management_key(&key.0))
        }
        PivTask::GenerateKey(PivKeyRequest { management, .. }) => {
            management.iter().try_for_each(|key| PivToken::check_management_key(&key.0))
        }
        PivTask::Attestation { .. } | PivTask::Reset => Ok(()),
    }
}

const RANDOM: &str =
    "Resetting management key to random value. You must factory reset the device to change this value";

fn generate(
    request: &PivKeyRequest,
    token: &mut PivToken,
    agreed: &mut dyn FnMut(&str, &mut Context) -> Result<(), Error>,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    let PivKeyRequest { slot, management, random, store, pin, touch } = request;
    let mut key = management_key(token, management.as_ref(), context)?;
    // All questions come first: nothing is half done when the answer is no.
    if *random && !*store {
        agreed(RANDOM, context)?;
    }
    agreed("Generating new signing key. This will destroy any previous keys.", context)?;
    if *random {
        let new = token.new_management_key(None, true)?;
        let keeping = keeping(*store, context)?;
        token.set_management_key(&key, &new, &keeping)?;
        key = new;
    }
    let public = token.generate(*slot, &key, *pin, *touch)?;
    context.narrator.say("Generated public key");
    let mut text = format!("{}\n", public.to_pem());
    if token.attests() {
        let attestation = token.attestation(*slot, context.now);
        let attestation = attestation.map_err(Error::from).and_then(|found| of_key(found, &public));
        let attestation = attestation.map_err(|error| {
            // The key is there, and who made it wants to know it all the same.
            context.narrator.say(public.to_pem().trim_end());
            error.hint("the key is made; `public-key --sk` shows it again")
        })?;
        text.push_str(&shown(&attestation, context));
    }
    Ok(text.into_bytes())
}

/// The attestation, if it is of this key.
fn of_key(attestation: Attestation, key: &PublicKey) -> Result<Attestation, Error> {
    match attestation.key.public_key() {
        Ok(attested) if attested == *key => Ok(attestation),
        _ => Err(Error::new(ErrorKind::NoneValid, "the token attests another key than the one that it made")),
    }
}

fn management_key(
    token: &mut PivToken,
    named: Option<&PivSecret>,
    context: &mut Context,
) -> Result<crate::keys::ManagementKey, Error> {
    let Context { variables, prompt, .. } = context;
    Ok(token.management_key(named.map(|named| &*named.0), &**variables, prompt.as_mut())?)
}

fn keeping(store: bool, context: &mut Context) -> Result<Keeping, Error> {
    let Context { variables, prompt, .. } = context;
    match store {
        true => Ok(PivToken::keeping(&**variables, prompt.as_mut())?),
        false => Ok(Keeping::Nowhere),
    }
}

/// Says so where somebody gets what everybody knows, as he does with cosign.
fn well_known(new: &PivSecret, what: &str, context: &mut Context) {
    if new.is_empty() {
        context
            .narrator
            .warn(&format!("no new {what} is given: it becomes that of the factory, which everybody knows"));
    }
}

fn agree(question: &str, context: &mut Context) -> Result<(), Error> {
    let declined = |cause: &str| {
        Error::new(ErrorKind::Other, "nothing is changed").cause(cause).hint("`--no-input` asks nobody")
    };
    super::confirmation::answered(context, &format!("{question} [y/N] "), declined)
}

/// The certificates and what they say, in cosign's words; the words around them are said at once.
fn shown(attestation: &Attestation, context: &mut Context) -> String {
    let Attestation { device, key, facts } = attestation;
    context.narrator.say("Printing device attestation certificate");
    context.narrator.say("Printing key attestation certificate");
    context.narrator.say("Verifying certificates...");
    context.narrator.say("Verified ok");
    context.narrator.say("Device info:");
    let [major, minor, patch] = facts.version;
    format!(
        "{}\n{}\n\n  Issuer: {}\n  Form factor: {}\n  PIN Policy: {}\n  Serial number: {}\n  Version: {major}.{minor}.{patch}\n",
        device.to_pem(),
        key.to_pem(),
        device.issuer(),
        form_factor(facts.form_factor),
        facts.policies.map_or("unknown", |policies| match policies.pin {
            PinPolicy::Never => "Never",
            PinPolicy::Once => "Once",
            PinPolicy::Always => "Always",
        }),
        facts.serial,
    )
}

fn form_factor(number: u8) -> String {
    let known = match number & 0x7F {
        1 => "USB A Keychain",
        2 => "USB A Nano",
        3 => "USB C Keychain",
        4 => "USB C Nano",
        5 => "USB C Lightning Keychain",
        _ => return format!("unknown: {number}"),
    };
    if number & 0x80 == 0 { known.to_owned() } else { format!("{known} FIPS") }
}

fn json_of(attestation: &Attestation, slot: Slot) -> Result<Vec<u8>, Error> {
    let Attestation { device, key, facts } = attestation;
    let [major, minor, patch] = facts.version;
    let (pin, touch) = facts.policies.map_or((0, 0), |policies| (policies.pin as u8, policies.touch as u8));
    let text = serde_json::json!({
        "DeviceCertPem": device.to_pem(),
        "KeyCertPem": key.to_pem(),
        "KeyAttestation": {
            "Version": { "Major": major, "Minor": minor, "Patch": patch },
            "Serial": facts.serial,
            "Formfactor": facts.form_factor,
            "PINPolicy": pin,
            "TouchPolicy": touch,
            "Slot": { "Key": slot.reference(), "Object": slot.object() },
        },
    });
    Ok(format!("{text}\n").into_bytes())
}

impl From<PivFailure> for Error {
    fn from(failure: PivFailure) -> Self {
        let error = Self::with_sources(super::key_errors::piv(&failure), &failure);
        match failure.hint() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
