//! What the holder of the management key may do: make keys, write objects, and change the management key.

use super::PivFailure;
use super::apdu::{self, Command};
use super::card::{CHALLENGE, Card, Pin, RESPONSE, TEMPLATE, WITNESS};
use super::slot::{Policies, Slot};
use super::tlv::{self, Template};
use crate::crypto::{BlockCipher, PublicKey, Secret, random};

const GENERATE_ASYMMETRIC: u8 = 0x47;
const GENERAL_AUTHENTICATE: u8 = 0x87;
const PUT_DATA: u8 = 0xDB;
const RESET: u8 = 0xFB;
const SET_MANAGEMENT_KEY: u8 = 0xFF;
/// The key reference of the management key (NIST SP 800-73-4 part 1 table 4b).
const REFERENCE: u8 = 0x9B;
/// Algorithms (NIST SP 800-78-4 table 6-2).
const P256: u8 = 0x11;
const CIPHERS: [(u8, BlockCipher); 4] = [
    (0x03, BlockCipher::TripleDes),
    (0x08, BlockCipher::Aes128),
    (0x0A, BlockCipher::Aes192),
    (0x0C, BlockCipher::Aes256),
];
/// What tokens of Yubico leave the factory with.
const FACTORY: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// Where Yubico's tools keep the management key: in the printed information, which the PIN protects, and a mark that it is there
/// (https://docs.yubico.com/yesdk/users-manual/application-piv/piv-objects.html).
const PRINTED: u32 = 0x5F_C109;
const ADMIN: u32 = 0x5F_FF00;
const IS_STORED: u8 = 2;
/// More tries than any PIN or PUK has.
const MAX_TRIES: usize = 260;

/// A management key and the cipher that it is for.
pub struct ManagementKey {
    algorithm: u8,
    cipher: BlockCipher,
    key: Secret,
}

impl Card {
    /// The cipher of the management key: what the token tells, or else that of the standard.
    fn cipher(&mut self) -> Result<(u8, BlockCipher), PivFailure> {
        let told = self.management_algorithm()?.unwrap_or(0x03);
        match CIPHERS.into_iter().find(|(number, _)| *number == told) {
            Some(found) => Ok(found),
            None => Err(PivFailure::Unable { what: "has a management key of an unknown kind" }),
        }
    }

    /// The management key of `text`: hexadecimal digits, or as in cosign up to 24 characters that are filled up with zeros. The
    /// empty one is that of the factory.
    ///
    /// # Errors
    /// It cannot be one of this token.
    pub fn named_key(&mut self, text: &Secret) -> Result<ManagementKey, PivFailure> {
        let (algorithm, cipher) = self.cipher()?;
        let key = key_bytes(text)?;
        if key.expose().len() != cipher.key_length() {
            let reason =
                format!("{} bytes, and that of this token has {}", key.expose().len(), cipher.key_length());
            return Err(PivFailure::KeyForm { reason });
        }
        Ok(ManagementKey { algorithm, cipher, key })
    }

    /// A new one of `text`. Where the length leaves a choice, the cipher stays.
    ///
    /// # Errors
    /// It cannot be one.
    pub fn new_key(&mut self, text: &Secret) -> Result<ManagementKey, PivFailure> {
        let key = key_bytes(text)?;
        self.fitting(key)
    }

    /// A new one that nobody knows.
    ///
    /// # Errors
    /// The random source fails.
    pub fn random_key(&mut self) -> Result<ManagementKey, PivFailure> {
        let (_, cipher) = self.cipher()?;
        let bytes: [u8; 32] = random().ok_or(PivFailure::Random)?;
        let key = Secret::new(bytes.into_iter().take(cipher.key_length()).collect());
        self.fitting(key)
    }

    fn fitting(&mut self, key: Secret) -> Result<ManagementKey, PivFailure> {
        let (algorithm, cipher) = self.cipher()?;
        let length = key.expose().len();
        let (algorithm, cipher) = match length == cipher.key_length() {
            true => (algorithm, cipher),
            // Other lengths are those of AES, which firmware 5.4 and later knows.
            false if self.version().is_some_and(|version| version >= [5, 4, 0]) => {
                let fits =
                    |(number, cipher): &(u8, BlockCipher)| *number != 0x03 && cipher.key_length() == length;
                let reason = || PivFailure::KeyForm { reason: format!("{length} bytes are of no cipher") };
                CIPHERS.into_iter().find(fits).ok_or_else(reason)?
            }
            false => {
                let reason = format!("{length} bytes, and that of this token has {}", cipher.key_length());
                return Err(PivFailure::KeyForm { reason });
            }
        };
        Ok(ManagementKey { algorithm, cipher, key })
    }

    /// Whether the management key is in the token, for whoever knows the PIN.
    ///
    /// # Errors
    /// The token does not tell.
    pub fn stores_key(&mut self) -> Result<bool, PivFailure> {
        Ok(self.admin()?.is_some_and(|(flags, _)| flags & IS_STORED != 0))
    }

    /// The management key that is in the token.
    ///
    /// # Errors
    /// The PIN is not taken; there is no key.
    pub fn stored_key(&mut self, pin: &Pin) -> Result<ManagementKey, PivFailure> {
        const WHAT: &str = "management key that the token stores";
        let (algorithm, cipher) = self.cipher()?;
        self.verify_pin(pin)?;
        let nothing = || PivFailure::KeyForm { reason: "the token stores none".to_owned() };
        let stored = self.object(PRINTED)?.ok_or_else(nothing)?;
        let stored = tlv::only(WHAT, stored.expose(), 0x88)?;
        let key = Secret::new(Template::decode(WHAT, stored)?.need(0x89)?.to_vec());
        match key.expose().len() == cipher.key_length() {
            true => Ok(ManagementKey { algorithm, cipher, key }),
            false => {
                Err(PivFailure::KeyForm { reason: "what the token stores is of another length".to_owned() })
            }
        }
    }

    /// The flags of Yubico's tools and the other fields beside them.
    fn admin(&mut self) -> Result<Option<(u8, Vec<u8>)>, PivFailure> {
        const WHAT: &str = "notes of Yubico's tools";
        let Some(object) = self.object(ADMIN)? else { return Ok(None) };
        let fields = Template::decode(WHAT, tlv::only(WHAT, object.expose(), 0x80)?)?;
        let flags = fields.get(0x81).and_then(|flags| flags.first()).copied().unwrap_or_default();
        // The salt is of a management key made of the PIN, which is over.
        let others = fields.fields().iter().filter(|(tag, _)| !matches!(tag, 0x81 | 0x82));
        Ok(Some((flags, others.flat_map(|(tag, value)| tlv::encode(*tag, value)).collect())))
    }

    /// Proves to the token that the management key is known, and has the token prove it (part 2 appendix A.1.2).
    ///
    /// # Errors
    /// One of them does not.
    pub fn authenticate(&mut self, known: &ManagementKey) -> Result<(), PivFailure> {
        const WHAT: &str = "proof of the token";
        const DOING: &str = "authenticating with the management key";
        let ManagementKey { algorithm, cipher, key } = known;
        let ask = |template: &[u8]| {
            Command::new(GENERAL_AUTHENTICATE, *algorithm, REFERENCE, &tlv::encode(TEMPLATE, template))
        };
        let shown = self.ask(DOING, &ask(&tlv::encode(WITNESS, &[])))?;
        let shown = Template::decode(WHAT, tlv::only(WHAT, shown.expose(), TEMPLATE)?)?;
        let broken = || PivFailure::Unable { what: "and this build of rcosign have no cipher in common" };
        let witness = shown.need(WITNESS)?;
        if witness.len() != cipher.block_length() {
            return Err(PivFailure::NotProven);
        }
        let witness = Secret::new(cipher.decrypt(key, witness).ok_or_else(broken)?);
        let challenge: [u8; 16] = random().ok_or(PivFailure::Random)?;
        let challenge = challenge.get(..cipher.block_length()).unwrap_or(&challenge);
        let proof = cipher.encrypt(key, challenge).ok_or_else(broken)?;
        let template = [tlv::encode(WITNESS, witness.expose()), tlv::encode(CHALLENGE, challenge)].concat();
        let answer = self.exchange(&ask(&template))?;
        match answer.status {
            apdu::OK => {}
            // Wrong keys end so, according to the token.
            0x6982 | 0x6A80 | 0x6300 | 0x63C0..=0x63CF => return Err(PivFailure::ManagementKey),
            status => return Err(PivFailure::Status { doing: DOING, status }),
        }
        let template = Template::decode(WHAT, tlv::only(WHAT, answer.data.expose(), TEMPLATE)?)?;
        if template.need(RESPONSE)? == proof { Ok(()) } else { Err(PivFailure::NotProven) }
    }

    /// Makes a P-256 key in a slot, for who is authenticated, and answers its public half. What the key wants is said to tokens of
    /// Yubico alone; others know nothing of it.
    ///
    /// # Errors
    /// The token does not make it.
    pub fn generate(&mut self, slot: Slot, policies: Option<Policies>) -> Result<PublicKey, PivFailure> {
        let mut template = tlv::encode(0x80, &[P256]);
        if let Some(Policies { pin, touch }) = policies {
            template.extend(tlv::encode(0xAA, &[pin as u8]));
            template.extend(tlv::encode(0xAB, &[touch as u8]));
        }
        let data = tlv::encode(0xAC, &template);
        let made =
            self.ask("making the key", &Command::new(GENERATE_ASYMMETRIC, 0, slot.reference(), &data))?;
        super::public::key(P256, tlv::only("public key of the token", made.expose(), 0x7F49)?)
    }

    /// Changes the management key, for who is authenticated. With a PIN the new one is put into the token, read back, and only then
    /// set: it is not lost on the way, and neither is the old one where the token does not take the new one.
    ///
    /// # Errors
    /// The token does not take it, or does not give it back.
    pub fn set_management_key(&mut self, new: &ManagementKey, store: Option<&Pin>) -> Result<(), PivFailure> {
        if self.version().is_none() {
            return Err(PivFailure::Unable { what: "has no command to change its management key" });
        }
        let before = match store {
            Some(pin) => self.keep(new, pin)?,
            None => None,
        };
        let key = new.key.expose();
        // A key has 32 bytes at most.
        let length = u8::try_from(key.len()).unwrap_or_default();
        let data = Secret::new([&[new.algorithm, REFERENCE, length], key].concat());
        let command = Command { ins: SET_MANAGEMENT_KEY, p1: 0xFF, p2: 0xFF, data, expects: false };
        if let Err(refused) = self.ask("setting the management key", &command) {
            // The old one still counts, and may be known to nobody but the token.
            if let Some(before) = before {
                self.put(PRINTED, before.expose())?;
            }
            return Err(refused);
        }
        let (flags, others) = self.admin()?.unwrap_or_default();
        let marked = if store.is_some() { flags | IS_STORED } else { flags & !IS_STORED };
        if marked != flags {
            let fields = [tlv::encode(0x81, &[marked]), others].concat();
            self.put(ADMIN, &tlv::encode(0x80, &fields))?;
        }
        Ok(())
    }

    /// Puts a management key into the token and reads it back; what was there before.
    fn keep(&mut self, new: &ManagementKey, pin: &Pin) -> Result<Option<Secret>, PivFailure> {
        self.verify_pin(pin)?;
        let before = self.object(PRINTED)?;
        let kept = Secret::new(tlv::encode(0x88, &tlv::encode(0x89, new.key.expose())));
        self.put(PRINTED, kept.expose())?;
        match self.object(PRINTED)? {
            Some(found) if found.expose() == kept.expose() => Ok(before),
            _ => Err(PivFailure::Unable { what: "does not give back what it is to store" }),
        }
    }

    /// Writes an object, for who is authenticated.
    fn put(&mut self, object: u32, value: &[u8]) -> Result<(), PivFailure> {
        let data = [tlv::encode(0x5C, &tlv::tag_bytes(object)), tlv::encode(0x53, value)].concat();
        self.ask("writing an object", &Command::new(PUT_DATA, 0x3F, 0xFF, &data).quiet()).map(drop)
    }

    /// Makes a token of Yubico as it left the factory, without keys: PIN and PUK are blocked first, which it insists on.
    ///
    /// # Errors
    /// It does not block, or does not forget.
    pub fn reset(&mut self) -> Result<(), PivFailure> {
        if self.version().is_none() {
            return Err(PivFailure::Unable { what: "has no command to begin anew" });
        }
        let nobodys = || -> Result<Pin, PivFailure> {
            let drawn: [u8; 4] = random().ok_or(PivFailure::Random)?;
            Pin::existing("PIN", &Secret::new(hex::encode(drawn).into_bytes()))
        };
        let (pin, puk) = (nobodys()?, nobodys()?);
        blocked(|| self.verify_pin(&pin))?;
        blocked(|| self.change_puk(&puk, &puk))?;
        self.ask("beginning anew", &Command::new(RESET, 0, 0, &[]).quiet()).map(drop)
    }
}

/// Tries what is wrong until it is blocked.
fn blocked(mut attempt: impl FnMut() -> Result<(), PivFailure>) -> Result<(), PivFailure> {
    for _ in 0..MAX_TRIES {
        match attempt() {
            Ok(()) | Err(PivFailure::Wrong { .. }) => {}
            Err(PivFailure::Blocked { .. }) => return Ok(()),
            Err(other) => return Err(other),
        }
    }
    Err(PivFailure::Unable { what: "does not block its PIN and PUK" })
}

/// The bytes of a management key as it is written; an empty one is that of the factory.
///
/// # Errors
/// It cannot be one.
pub(super) fn key_bytes(text: &Secret) -> Result<Secret, PivFailure> {
    let bytes = text.expose();
    if bytes.is_empty() {
        return Ok(Secret::new(FACTORY.repeat(3)));
    }
    if matches!(bytes.len(), 32 | 48 | 64)
        && let Ok(key) = hex::decode(bytes)
    {
        return Ok(Secret::new(key));
    }
    if bytes.len() > 24 {
        let reason = "it is neither 32, 48 or 64 hexadecimal digits nor 24 characters or less".to_owned();
        return Err(PivFailure::KeyForm { reason });
    }
    let mut key = bytes.to_vec();
    key.resize(24, 0);
    Ok(Secret::new(key))
}
