//! What one asks of a PIV card application (NIST SP 800-73-4 part 2), and of Yubico's extensions of it.

use super::apdu::{self, CardTransport, Command};
use super::slot::{PinPolicy, Policies, Slot, TouchPolicy};
use super::tlv::{self, Template};
use super::{PivFailure, public};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, KeyType, PublicKey, Secret};
use crate::keys::pkcs11::public::digest_info;
use crate::x509::Certificate;

/// The application identifier without its version (part 1 section 2.2).
const APPLICATION: [u8; 9] = [0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0];
const SELECT: u8 = 0xA4;
const VERIFY: u8 = 0x20;
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const RESET_RETRY_COUNTER: u8 = 0x2C;
const GENERAL_AUTHENTICATE: u8 = 0x87;
const GET_DATA: u8 = 0xCB;
// Of Yubico: https://docs.yubico.com/yesdk/users-manual/application-piv/commands.html
const GET_METADATA: u8 = 0xF7;
const ATTEST: u8 = 0xF9;
const GET_VERSION: u8 = 0xFD;
/// The key references of the PIN and of the PUK (part 1 table 4a).
const PIN: u8 = 0x80;
const PUK: u8 = 0x81;
/// The certificate by which a token attests.
const ATTESTATION_OBJECT: u32 = 0x5F_FF01;
/// A PIN or a PUK is padded to this length (part 2 section 2.4.3).
const PIN_LENGTH: usize = 8;
/// Dynamic authentication template (part 2 table 7) with its response and its challenge.
pub(super) const TEMPLATE: u32 = 0x7C;
pub(super) const WITNESS: u32 = 0x80;
pub(super) const CHALLENGE: u32 = 0x81;
pub(super) const RESPONSE: u32 = 0x82;

/// A PIN or a PUK, padded.
pub(super) struct Pin(Secret);

impl Pin {
    /// One that may be there: one to eight bytes.
    ///
    /// # Errors
    /// It cannot be one; an attempt with it would be lost.
    pub fn existing(which: &'static str, text: &Secret) -> Result<Self, PivFailure> {
        Self::of(which, text, 1)
    }

    /// One that is to be set: six to eight bytes (part 2 section 2.4.3 wants digits for a PIN, which not every token insists on).
    ///
    /// # Errors
    /// It cannot be one.
    pub fn new(which: &'static str, text: &Secret) -> Result<Self, PivFailure> {
        Self::of(which, text, 6)
    }

    fn of(which: &'static str, text: &Secret, least: usize) -> Result<Self, PivFailure> {
        let bytes = text.expose();
        let reason = match bytes.len() {
            0 => "it is empty",
            length if length < least => "it is shorter than six characters",
            PIN_LENGTH.. if bytes.len() > PIN_LENGTH => "it is longer than eight characters",
            _ if !bytes.iter().all(|byte| matches!(byte, 0x20..0x7F)) => {
                "it holds more than plain characters"
            }
            _ => {
                let mut padded = vec![0xFF; PIN_LENGTH];
                for (place, byte) in padded.iter_mut().zip(bytes) {
                    *place = *byte;
                }
                return Ok(Self(Secret::new(padded)));
            }
        };
        Err(PivFailure::PinForm { which, reason })
    }
}

/// What a slot holds.
#[derive(Debug, Clone)]
pub(super) struct SlotKey {
    pub key: PublicKey,
    /// What it wants, where the token says so.
    pub policies: Option<Policies>,
}

/// A card with the PIV application selected.
pub(in crate::keys) struct Card {
    transport: Box<dyn CardTransport>,
    /// Of Yubico's firmware, where it is Yubico's.
    version: Option<[u8; 3]>,
}

impl Card {
    /// Selects the application.
    ///
    /// # Errors
    /// [`PivFailure::Status`] when there is none on the card.
    pub fn open(transport: Box<dyn CardTransport>) -> Result<Self, PivFailure> {
        let mut card = Self { transport, version: None };
        let _ = card.ask("selecting the PIV application", &Command::new(SELECT, 4, 0, &APPLICATION))?;
        let told = card.exchange(&Command::new(GET_VERSION, 0, 0, &[]))?;
        card.version = match (told.status, told.data.expose()) {
            (apdu::OK, [major, minor, patch]) => Some([*major, *minor, *patch]),
            _ => None,
        };
        Ok(card)
    }

    /// The version of Yubico's firmware, if it is Yubico's.
    pub fn version(&self) -> Option<[u8; 3]> {
        self.version
    }

    /// Verifies the PIN, once.
    ///
    /// # Errors
    /// It is wrong, or blocked.
    pub fn verify_pin(&mut self, pin: &Pin) -> Result<(), PivFailure> {
        self.proving("verifying the PIN", "PIN", VERIFY, PIN, &[pin])
    }

    /// Changes the PIN.
    ///
    /// # Errors
    /// The old one is wrong, or blocked; the new one is not taken.
    pub fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), PivFailure> {
        self.proving("changing the PIN", "PIN", CHANGE_REFERENCE_DATA, PIN, &[old, new])
    }

    /// Changes the PUK.
    ///
    /// # Errors
    /// As of the PIN.
    pub fn change_puk(&mut self, old: &Pin, new: &Pin) -> Result<(), PivFailure> {
        self.proving("changing the PUK", "PUK", CHANGE_REFERENCE_DATA, PUK, &[old, new])
    }

    /// Sets a new PIN by the PUK.
    ///
    /// # Errors
    /// The PUK is wrong, or blocked; the PIN is not taken.
    pub fn unblock(&mut self, puk: &Pin, pin: &Pin) -> Result<(), PivFailure> {
        self.proving("setting the PIN anew", "PUK", RESET_RETRY_COUNTER, PIN, &[puk, pin])
    }

    fn proving(
        &mut self,
        doing: &'static str,
        which: &'static str,
        ins: u8,
        reference: u8,
        pins: &[&Pin],
    ) -> Result<(), PivFailure> {
        let data = Secret::new(pins.iter().flat_map(|pin| pin.0.expose()).copied().collect());
        let command = Command { ins, p1: 0, p2: reference, data, expects: false };
        match self.exchange(&command)?.status {
            apdu::OK => Ok(()),
            // The tries that are left (part 2 section 3.2.1); some cards say no more than that it failed.
            0x6300 => Err(PivFailure::Wrong { which, tries: None }),
            0x63C0 | 0x6983 => Err(PivFailure::Blocked { which }),
            status @ 0x63C1..=0x63CF => {
                Err(PivFailure::Wrong { which, tries: Some(status.to_be_bytes()[1] & 0x0F) })
            }
            status => Err(PivFailure::Status { doing, status }),
        }
    }

    /// The key in a slot, as the token itself tells it (Yubico), or else by the certificate that is kept beside it.
    ///
    /// # Errors
    /// Nothing tells it; it is of a kind that does not sign here.
    pub fn slot_key(&mut self, slot: Slot) -> Result<SlotKey, PivFailure> {
        if self.version.is_some() {
            if let Some(found) = self.metadata(slot)? {
                return Ok(found);
            }
            if let Some(attested) = self.attest(slot)? {
                let policies = super::attestation::facts(&attested)
                    .map_err(|reason| PivFailure::Attestation { slot, reason })?
                    .policies;
                return Ok(SlotKey { key: attested.public_key()?, policies });
            }
        }
        match self.certificate(slot)? {
            Some(certificate) => Ok(SlotKey { key: certificate.public_key()?, policies: None }),
            None => Err(PivFailure::NoKey { slot }),
        }
    }

    /// What firmware 5.3 and later tells of a slot; `None` of older firmware and of an empty slot.
    fn metadata(&mut self, slot: Slot) -> Result<Option<SlotKey>, PivFailure> {
        const WHAT: &str = "metadata of the slot";
        let Some(told) = self.told(&Command::new(GET_METADATA, 0, slot.reference(), &[]))? else {
            return Ok(None);
        };
        let told = Template::decode(WHAT, told.expose())?;
        let [algorithm] = told.need(1)? else {
            return Err(DecodeError::whole(WHAT, "the algorithm is not one byte").into());
        };
        let key = public::key(*algorithm, told.need(4)?)?;
        let policies = match told.get(2) {
            Some([pin, touch]) => policies(slot, *pin, *touch),
            _ => None,
        };
        Ok(Some(SlotKey { key, policies }))
    }

    /// The algorithm of the management key (NIST SP 800-78-4 table 6-2), where the token tells it.
    pub fn management_algorithm(&mut self) -> Result<Option<u8>, PivFailure> {
        let Some(told) = self.told(&Command::new(GET_METADATA, 0, 0x9B, &[]))? else { return Ok(None) };
        let told = Template::decode("metadata of the management key", told.expose())?;
        Ok(told.get(1).and_then(|algorithm| algorithm.first()).copied())
    }

    /// The certificate by which the token says that it made the key itself; `None` where it did not, or says nothing.
    pub fn attest(&mut self, slot: Slot) -> Result<Option<Certificate>, PivFailure> {
        match self.told(&Command::new(ATTEST, slot.reference(), 0, &[]))? {
            Some(der) => Ok(Some(Certificate::from_der(der.expose())?)),
            None => Ok(None),
        }
    }

    /// The certificate of the key with which the token attests.
    pub fn attestation_certificate(&mut self) -> Result<Option<Certificate>, PivFailure> {
        self.certificate_in(ATTESTATION_OBJECT)
    }

    /// The certificate in a slot.
    pub fn certificate(&mut self, slot: Slot) -> Result<Option<Certificate>, PivFailure> {
        self.certificate_in(slot.object())
    }

    fn certificate_in(&mut self, object: u32) -> Result<Option<Certificate>, PivFailure> {
        const WHAT: &str = "certificate in the token";
        let Some(found) = self.object(object)? else { return Ok(None) };
        // Part 1 table 10: 70 is the certificate, 71 says whether it is compressed.
        let found = Template::decode(WHAT, found.expose())?;
        if found.get(0x71).and_then(|info| info.first()).is_some_and(|info| info & 1 != 0) {
            return Err(PivFailure::Key { reason: "its certificate is compressed".to_owned() });
        }
        Ok(Some(Certificate::from_der(found.need(0x70)?)?))
    }

    /// A data object; `None` where there is none, or an empty one.
    pub fn object(&mut self, object: u32) -> Result<Option<Secret>, PivFailure> {
        const DOING: &str = "reading an object";
        let list = tlv::encode(0x5C, &tlv::tag_bytes(object));
        let answer = self.exchange(&Command::new(GET_DATA, 0x3F, 0xFF, &list))?;
        match answer.status {
            apdu::OK => {
                let found = tlv::only("object", answer.data.expose(), 0x53)?;
                Ok((!found.is_empty()).then(|| Secret::new(found.to_vec())))
            }
            0x6A82 => Ok(None),
            status => Err(PivFailure::Status { doing: DOING, status }),
        }
    }

    /// A signature over a digest: DER for ECDSA, PKCS #1 v1.5 for RSA, padded here. Nothing says yet that it is the key's.
    ///
    /// # Errors
    /// The key does not sign here; the token wants a PIN or to be touched.
    pub fn sign(&mut self, slot: Slot, key: KeyType, digest: &Digest) -> Result<Vec<u8>, PivFailure> {
        const WHAT: &str = "signature of the token";
        let algorithm = public::algorithm(key)?;
        let block = match key {
            KeyType::Rsa { bits } => padded(bits / 8, digest.algorithm(), digest.bytes()),
            _ => digest.bytes().to_vec(),
        };
        let data = [tlv::encode(RESPONSE, &[]), tlv::encode(CHALLENGE, &block)].concat();
        let command =
            Command::new(GENERAL_AUTHENTICATE, algorithm, slot.reference(), &tlv::encode(TEMPLATE, &data));
        let answer = self.ask("signing", &command)?;
        let template = Template::decode(WHAT, tlv::only(WHAT, answer.expose(), TEMPLATE)?)?;
        Ok(template.need(RESPONSE)?.to_vec())
    }

    /// What an extension tells; `None` where the token does not know it, or has nothing to tell.
    fn told(&mut self, command: &Command) -> Result<Option<Secret>, PivFailure> {
        let answer = self.exchange(command)?;
        Ok((answer.status == apdu::OK).then_some(answer.data))
    }

    /// What a command brings.
    ///
    /// # Errors
    /// The token refuses it.
    pub fn ask(&mut self, doing: &'static str, command: &Command) -> Result<Secret, PivFailure> {
        let answer = self.exchange(command)?;
        match answer.status {
            apdu::OK => Ok(answer.data),
            status => Err(PivFailure::Status { doing, status }),
        }
    }

    /// Sends a command.
    pub fn exchange(&mut self, command: &Command) -> Result<apdu::Answer, PivFailure> {
        apdu::exchange(&mut *self.transport, command)
    }
}

/// What the two bytes of a policy say; zero is what the slot does by itself.
fn policies(slot: Slot, pin: u8, touch: u8) -> Option<Policies> {
    let pin = match pin {
        0 if slot.wants_pin() => PinPolicy::Always,
        0 => PinPolicy::Never,
        number => PinPolicy::from_number(number)?,
    };
    let touch = if touch == 0 { TouchPolicy::Never } else { TouchPolicy::from_number(touch)? };
    Some(Policies { pin, touch })
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2); a PIV card signs whatever block it is given.
fn padded(length: usize, algorithm: HashAlgorithm, digest: &[u8]) -> Vec<u8> {
    let info = digest_info(algorithm, digest);
    let filling = length.saturating_sub(3 + info.len());
    [&[0, 1][..], &vec![0xFF; filling], &[0], &info].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The padding of RFC 8017 as OpenSSL makes it, and the lengths of PINs.
    #[test]
    fn padding() {
        let block = padded(256, HashAlgorithm::Sha256, &[7; 32]);
        assert_eq!(block.len(), 256);
        assert_eq!(block[..2], [0, 1]);
        assert!(block[2..204].iter().all(|byte| *byte == 0xFF));
        assert_eq!(hex::encode(&block[204..224]), "003031300d060960864801650304020105000420");
        let pin = |text: &str| {
            Pin::existing("PIN", &Secret::new(text.into())).map(|pin| hex::encode(pin.0.expose()))
        };
        assert_eq!(pin("123456").unwrap(), "313233343536ffff");
        assert_eq!(pin("12345678").unwrap(), "3132333435363738");
        for (text, reason) in [("", "empty"), ("123456789", "longer"), ("12345\u{e9}", "plain")] {
            assert!(pin(text).unwrap_err().to_string().contains(reason), "{text}");
        }
        assert!(Pin::new("PIN", &Secret::new(b"12345".to_vec())).is_err());
        assert!(Pin::new("PIN", &Secret::new(b"123456".to_vec())).is_ok());
    }
}
