//! A PIV token of the test suite: the card side of NIST SP 800-73-4 part 2 and of Yubico's extensions, with real keys. It is strict:
//! what is not formed or not ordered as the standard says is refused, so that a client that passes here has said things right.
//!
//! The unit tests talk to it directly, `tests/it` through a stand-in for the PC/SC daemon, and `.ci/run` through the real one.

#![allow(dead_code, reason = "the unit tests and those of the whole program each use a part of it")]

use std::collections::BTreeMap;

use super::house::crypto::{
    BlockCipher, Digest, HashAlgorithm, KeyType, PrivateKey, Secret, SigningInput, SigningKey, UnixTime,
};
use super::house::x509::Certificate;
use super::house::x509::issue::{Extension, Issuer, Template, Validity};

pub const PIN: &str = "123456";
pub const PUK: &str = "12345678";
const APPLICATION: [u8; 11] = [0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0];
const TRIES: u8 = 3;
const OK: u16 = 0x9000;
const TRIPLE_DES: u8 = 0x03;

/// A key in a slot.
struct Key {
    key: PrivateKey,
    algorithm: u8,
    /// As Yubico numbers them.
    pin: u8,
    touch: u8,
    /// Whether it was made here.
    made_here: bool,
}

/// One secret of the holder, with the tries that are left.
struct Reference {
    value: Vec<u8>,
    tries: u8,
}

impl Reference {
    fn new(value: &str) -> Self {
        Self { value: padded(value), tries: TRIES }
    }

    /// As the standard counts (part 2 section 3.2.1).
    fn check(&mut self, given: &[u8]) -> Result<(), u16> {
        if self.tries == 0 {
            return Err(0x6983);
        }
        if self.value == given {
            self.tries = TRIES;
            return Ok(());
        }
        self.tries -= 1;
        Err(0x63C0 | u16::from(self.tries))
    }
}

/// The token.
pub struct PivCard {
    /// The firmware of Yubico's that it says it has; `None` for a plain PIV card.
    pub version: Option<[u8; 3]>,
    /// Whether somebody touches it when it waits.
    pub touched: bool,
    /// What it gives in one piece.
    pub piece: usize,
    /// Every command that it was sent, in hexadecimal.
    pub log: Vec<String>,
    /// The authority that vouches for it.
    pub root: Certificate,
    selected: bool,
    pin: Reference,
    puk: Reference,
    verified: bool,
    /// Whether VERIFY was the last command.
    just_verified: bool,
    management: (u8, Secret),
    managed: bool,
    /// What the witness of an authentication hides.
    witness: Option<Vec<u8>>,
    keys: BTreeMap<u8, Key>,
    objects: BTreeMap<u32, Vec<u8>>,
    chain: Option<([u8; 3], Vec<u8>)>,
    pending: Vec<u8>,
    device: (PrivateKey, Certificate),
}

/// A command, taken apart.
struct Command<'a> {
    ins: u8,
    p1: u8,
    p2: u8,
    data: &'a [u8],
}

type Answer = Result<Vec<u8>, u16>;

impl PivCard {
    /// A token of Yubico's with firmware 5.4.3, as it leaves the factory.
    pub fn new() -> Self {
        let (root_key, root) = authority("Test PIV Root CA", None);
        let device = authority("Test PIV Attestation", Some((&root_key, &root)));
        let mut card = Self {
            version: Some([5, 4, 3]),
            touched: true,
            piece: 256,
            log: Vec::new(),
            root,
            selected: false,
            pin: Reference::new(PIN),
            puk: Reference::new(PUK),
            verified: false,
            just_verified: false,
            management: (TRIPLE_DES, Secret::new([1, 2, 3, 4, 5, 6, 7, 8].repeat(3))),
            managed: false,
            witness: None,
            keys: BTreeMap::new(),
            objects: BTreeMap::new(),
            chain: None,
            pending: Vec::new(),
            device,
        };
        let device = card.device.1.der().to_vec();
        card.keep_certificate(0x5F_FF01, &device);
        card
    }

    /// A PIV card that is not of Yubico's: nothing but its certificates tells of its keys.
    pub fn plain() -> Self {
        Self { version: None, ..Self::new() }
    }

    /// Puts a key into a slot, which wants the PIN as the slot says (1 never, 2 once, 3 always).
    pub fn with_key(mut self, slot: u8, key: PrivateKey, pin: u8) -> Self {
        let algorithm = number(key.public_key().key_type());
        self.keys.insert(slot, Key { key, algorithm, pin, touch: 1, made_here: true });
        self
    }

    /// Puts a certificate of any key into the place of a slot's.
    pub fn with_certificate(mut self, slot: u8, key: &PrivateKey) -> Self {
        let certificate = Template::root("a slot", validity());
        let certificate = certificate.issue(key.public_key(), Issuer { key, certificate: None }).unwrap();
        self.keep_certificate(object(slot), certificate.der());
        self
    }

    /// Has the token ask for a touch before it uses the key.
    pub fn wanting_touch(mut self, slot: u8) -> Self {
        self.keys.get_mut(&slot).unwrap().touch = 2;
        self
    }

    /// Takes away the knowledge that the key was made here, so that the token does not attest it.
    pub fn imported(mut self, slot: u8) -> Self {
        self.keys.get_mut(&slot).unwrap().made_here = false;
        self
    }

    /// Gives it a management key of this algorithm (NIST SP 800-78-4 table 6-2).
    pub fn managed_by(mut self, algorithm: u8, key: &[u8]) -> Self {
        self.management = (algorithm, Secret::new(key.to_vec()));
        self
    }

    /// What it keeps under a tag.
    pub fn kept(&self, tag: u32) -> Option<&[u8]> {
        self.objects.get(&tag).map(Vec::as_slice)
    }

    /// The algorithm of its management key.
    pub fn management_algorithm(&self) -> u8 {
        self.management.0
    }

    /// Takes it out of the reader and puts it back.
    pub fn power_off(&mut self) {
        self.selected = false;
        self.forget();
    }

    fn forget(&mut self) {
        (self.verified, self.just_verified, self.managed) = (false, false, false);
        self.witness = None;
        self.chain = None;
        self.pending.clear();
    }

    fn keep_certificate(&mut self, tag: u32, der: &[u8]) {
        let object = [tlv(0x70, der), tlv(0x71, &[0]), tlv(0xFE, &[])].concat();
        self.objects.insert(tag, object);
    }

    /// Answers one command of at most 261 bytes.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        self.log.push(hex::encode(command));
        match self.command(command) {
            Ok(()) => self.give(),
            Err(status) => {
                self.pending.clear();
                status.to_be_bytes().to_vec()
            }
        }
    }

    /// The next piece of what is to be given.
    fn give(&mut self) -> Vec<u8> {
        let piece = self.pending.len().min(self.piece);
        let mut answer: Vec<u8> = self.pending.drain(..piece).collect();
        let status = match self.pending.len() {
            0 => OK,
            more => 0x6100 | u16::try_from(more.min(0xFF)).unwrap(),
        };
        answer.extend(status.to_be_bytes());
        answer
    }

    fn command(&mut self, command: &[u8]) -> Result<(), u16> {
        let [class, ins, p1, p2, rest @ ..] = command else { return Err(0x6700) };
        let (data, expects) = match rest {
            [] => (&[][..], false),
            [0] => (&[][..], true),
            [_] => (&[][..], true),
            [length, data @ ..] if *length != 0 && data.len() == usize::from(*length) => (data, false),
            [length, data @ .., _] if *length != 0 && data.len() == usize::from(*length) => (data, true),
            _ => return Err(0x6700),
        };
        let head = [*ins, *p1, *p2];
        match (class, &mut self.chain) {
            (0x10, _) if expects || data.is_empty() => return Err(0x6700),
            (0x10, None) if !matches!(ins, 0x87 | 0xDB) => return Err(0x6884),
            (0x10, None) => {
                self.chain = Some((head, data.to_vec()));
                return Ok(());
            }
            (0x10 | 0x00, Some((begun, _))) if *begun != head => {
                self.chain = None;
                return Err(0x6883);
            }
            (0x10, Some((_, begun))) => {
                begun.extend_from_slice(data);
                return Ok(());
            }
            (0x00, _) => {}
            _ => return Err(0x6E00),
        }
        let chained = self.chain.take().map(|(_, begun)| [&begun[..], data].concat());
        let data = chained.as_deref().unwrap_or(data);
        if *ins == 0xC0 {
            return if self.pending.is_empty() || head != [0xC0, 0, 0] { Err(0x6985) } else { Ok(()) };
        }
        self.pending.clear();
        let found = self.carry_out(&Command { ins: *ins, p1: *p1, p2: *p2, data });
        self.just_verified = *ins == 0x20 && !data.is_empty() && found.is_ok();
        self.pending = found?;
        // Who expects nothing is given nothing.
        if !expects && !self.pending.is_empty() {
            return Err(0x6700);
        }
        Ok(())
    }

    fn carry_out(&mut self, command: &Command<'_>) -> Answer {
        let Command { ins, p1, p2, data } = *command;
        if ins == 0xA4 {
            self.forget();
            let meant = (p1, p2) == (4, 0) && data.len() >= 9 && APPLICATION.starts_with(data);
            self.selected = meant;
            return if meant { Ok(tlv(0x61, &tlv(0x4F, &APPLICATION[5..]))) } else { Err(0x6A82) };
        }
        if !self.selected {
            return Err(0x6985);
        }
        match (ins, self.version) {
            (0x20, _) => self.verify(p1, p2, data),
            (0x24, _) => self.change(p1, p2, data),
            (0x2C, _) => self.reset_retries(p1, p2, data),
            (0xCB, _) => self.get(p1, p2, data),
            (0xDB, _) => self.put(p1, p2, data),
            (0x47, _) => self.generate(p1, p2, data),
            (0x87, _) if p2 == 0x9B => self.manage(p1, data),
            (0x87, _) => self.sign(p1, p2, data),
            (0xFD, Some(version)) => Ok(version.to_vec()),
            (0xF7, Some(version)) if version >= [5, 3, 0] => self.metadata(p1, p2, data),
            (0xF9, Some(version)) if version >= [4, 3, 0] => self.attest(p1, p2, data),
            (0xFB, Some(_)) => self.reset(p1, p2, data),
            (0xFF, Some(_)) => self.set_management(p1, p2, data),
            _ => Err(0x6D00),
        }
    }

    fn verify(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        match (p1, p2, data.len()) {
            (0, 0x80, 0) if self.verified => Ok(Vec::new()),
            (0, 0x80, 0) => Err(0x63C0 | u16::from(self.pin.tries)),
            (0, 0x80, 8) => {
                let checked = self.pin.check(data);
                self.verified = checked.is_ok();
                checked.map(|()| Vec::new())
            }
            (0, 0x80, _) => Err(0x6A80),
            _ => Err(0x6A88),
        }
    }

    fn change(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        let reference = match (p1, p2) {
            (0, 0x80) => &mut self.pin,
            (0, 0x81) => &mut self.puk,
            _ => return Err(0x6A88),
        };
        let Some((old, new)) = data.split_at_checked(8).filter(|(_, new)| is_pin(new)) else {
            return Err(0x6A80);
        };
        reference.check(old)?;
        reference.value = new.to_vec();
        Ok(Vec::new())
    }

    fn reset_retries(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if (p1, p2) != (0, 0x80) {
            return Err(0x6A88);
        }
        let Some((puk, new)) = data.split_at_checked(8).filter(|(_, new)| is_pin(new)) else {
            return Err(0x6A80);
        };
        self.puk.check(puk)?;
        self.pin = Reference { value: new.to_vec(), tries: TRIES };
        Ok(Vec::new())
    }

    fn get(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if (p1, p2) != (0x3F, 0xFF) {
            return Err(0x6A86);
        }
        let [(0x5C, tag)] = fields(data)?[..] else { return Err(0x6A80) };
        let tag = tag.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        // Printed information, which Yubico's tools keep the management key in.
        if tag == 0x5F_C109 && !self.verified {
            return Err(0x6982);
        }
        self.objects.get(&tag).map(|object| tlv(0x53, object)).ok_or(0x6A82)
    }

    fn put(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if (p1, p2) != (0x3F, 0xFF) {
            return Err(0x6A86);
        }
        if !self.managed {
            return Err(0x6982);
        }
        let [(0x5C, tag), (0x53, value)] = fields(data)?[..] else { return Err(0x6A80) };
        let tag = tag.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        self.objects.insert(tag, value.to_vec());
        Ok(Vec::new())
    }

    fn generate(&mut self, p1: u8, slot: u8, data: &[u8]) -> Answer {
        if p1 != 0 || !matches!(slot, 0x9A | 0x9C..=0x9E) {
            return Err(0x6A86);
        }
        if !self.managed {
            return Err(0x6982);
        }
        let [(0xAC, template)] = fields(data)?[..] else { return Err(0x6A80) };
        let (mut algorithm, mut pin, mut touch) = (None, if slot == 0x9E { 1 } else { 2 }, 1);
        for (tag, value) in fields(template)? {
            match (tag, value, self.version.is_some()) {
                (0x80, [number], _) => algorithm = Some(*number),
                (0xAA, [number @ 1..=3], true) => pin = *number,
                (0xAB, [number @ 1..=3], true) => touch = *number,
                _ => return Err(0x6A80),
            }
        }
        let algorithm = algorithm.ok_or(0x6A80_u16)?;
        let key = match algorithm {
            0x11 => KeyType::P256,
            0x14 => KeyType::P384,
            0x07 => KeyType::Rsa { bits: 2048 },
            _ => return Err(0x6A80),
        };
        let key = PrivateKey::generate(key).unwrap();
        let told = tlv(0x7F49, &public(&key));
        self.keys.insert(slot, Key { key, algorithm, pin, touch, made_here: true });
        Ok(told)
    }

    /// Mutual authentication by witness and challenge (part 2 appendix A.1.2).
    fn manage(&mut self, algorithm: u8, data: &[u8]) -> Answer {
        let (ours, key) = &self.management;
        let cipher = match algorithm {
            _ if algorithm != *ours => return Err(0x6A86),
            TRIPLE_DES => BlockCipher::TripleDes,
            0x08 => BlockCipher::Aes128,
            0x0A => BlockCipher::Aes192,
            0x0C => BlockCipher::Aes256,
            _ => return Err(0x6A86),
        };
        let [(0x7C, template)] = fields(data)?[..] else { return Err(0x6A80) };
        match (&fields(template)?[..], self.witness.take()) {
            ([(0x80, [])], _) => {
                let mut hidden = vec![0; cipher.block_length()];
                aws_lc_rs::rand::fill(&mut hidden).unwrap();
                let shown = cipher.encrypt(key, &hidden).unwrap();
                self.witness = Some(hidden);
                Ok(tlv(0x7C, &tlv(0x80, &shown)))
            }
            ([(0x80, answer), (0x81, challenge)], Some(hidden)) if *answer == hidden => {
                let proof = cipher.encrypt(key, challenge).ok_or(0x6A80_u16)?;
                self.managed = true;
                Ok(tlv(0x7C, &tlv(0x82, &proof)))
            }
            ([(0x80, _), (0x81, _)], Some(_)) => Err(0x6982),
            _ => Err(0x6A80),
        }
    }

    fn sign(&mut self, algorithm: u8, slot: u8, data: &[u8]) -> Answer {
        let just_verified = self.just_verified;
        let key = self.keys.get(&slot).ok_or(0x6A88_u16)?;
        if key.algorithm != algorithm {
            return Err(0x6A86);
        }
        let [(0x7C, template)] = fields(data)?[..] else { return Err(0x6A80) };
        let [(0x82, []), (0x81, block)] = fields(template)?[..] else { return Err(0x6A80) };
        let allowed = match key.pin {
            1 => true,
            2 => self.verified,
            _ => just_verified,
        };
        if !allowed || (key.touch != 1 && !self.touched) {
            return Err(0x6982);
        }
        let digest = match key.key.public_key().key_type() {
            KeyType::P256 => digest(HashAlgorithm::Sha256, block)?,
            KeyType::P384 => digest(HashAlgorithm::Sha384, block)?,
            _ => unpadded(block)?,
        };
        let signature = key.key.sign_now(&SigningInput::Digest(digest)).unwrap();
        Ok(tlv(0x7C, &tlv(0x82, &signature)))
    }

    fn metadata(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if p1 != 0 || !data.is_empty() {
            return Err(0x6A86);
        }
        if p2 == 0x9B {
            return Ok([tlv(1, &[self.management.0]), tlv(2, &[0, 1]), tlv(5, &[0])].concat());
        }
        let key = self.keys.get(&p2).ok_or(0x6A88_u16)?;
        let origin = if key.made_here { 1 } else { 2 };
        let told = [
            (1, vec![key.algorithm]),
            (2, vec![key.pin, key.touch]),
            (3, vec![origin]),
            (4, public(&key.key)),
        ];
        Ok(told.into_iter().flat_map(|(tag, value)| tlv(tag, &value)).collect())
    }

    fn attest(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if p2 != 0 || !data.is_empty() {
            return Err(0x6A86);
        }
        let key = self.keys.get(&p1).filter(|key| key.made_here).ok_or(0x6A80_u16)?;
        let version = self.version.unwrap_or_default();
        let yubico = |number: u8, value: &[u8]| {
            Extension::custom(&format!("1.3.6.1.4.1.41482.3.{number}"), false, value.to_vec())
        };
        let template = Template::code_signing(&[], validity())
            .without("2.5.29.17")
            .with(yubico(3, &version))
            .with(yubico(7, &[2, 4, 0x00, 0xF3, 0x2F, 0x4D]))
            .with(yubico(8, &[key.pin, key.touch]))
            .with(yubico(9, &[1]));
        let (device, certificate) = &self.device;
        let issuer = Issuer { key: device, certificate: Some(certificate) };
        Ok(template.issue_der(key.key.public_key(), issuer).unwrap())
    }

    fn reset(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if (p1, p2) != (0, 0) || !data.is_empty() {
            return Err(0x6A86);
        }
        if self.pin.tries != 0 || self.puk.tries != 0 {
            return Err(0x6985);
        }
        let log = std::mem::take(&mut self.log);
        *self = Self { version: self.version, log, selected: true, ..Self::new() };
        Ok(Vec::new())
    }

    fn set_management(&mut self, p1: u8, p2: u8, data: &[u8]) -> Answer {
        if !self.managed {
            return Err(0x6982);
        }
        let [algorithm, 0x9B, length, key @ ..] = data else { return Err(0x6A80) };
        let right = match algorithm {
            0x03 | 0x0A => 24,
            0x08 => 16,
            0x0C => 32,
            _ => return Err(0x6A80),
        };
        if p1 != 0xFF || p2 != 0xFF || key.len() != right || usize::from(*length) != right {
            return Err(0x6A80);
        }
        self.management = (*algorithm, Secret::new(key.to_vec()));
        Ok(Vec::new())
    }
}

/// Six to eight characters, padded.
fn is_pin(padded: &[u8]) -> bool {
    let filled = padded.iter().rev().take_while(|byte| **byte == 0xFF).count();
    padded.len() == 8 && filled <= 2 && !padded[..8 - filled].contains(&0xFF)
}

fn padded(text: &str) -> Vec<u8> {
    let mut value = text.as_bytes().to_vec();
    value.resize(8, 0xFF);
    value
}

fn digest(algorithm: HashAlgorithm, block: &[u8]) -> Result<Digest, u16> {
    Digest::new(algorithm, block).map_err(|_| 0x6A80)
}

/// The digest in a block that is padded for RSA (RFC 8017 section 9.2), byte for byte.
fn unpadded(block: &[u8]) -> Result<Digest, u16> {
    const INFO: [u8; 19] = *b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let start = block.len().checked_sub(32 + 19 + 1).ok_or(0x6A80_u16)?;
    let right = block.len() == 256
        && block.starts_with(&[0, 1])
        && block[2..start].iter().all(|byte| *byte == 0xFF)
        && block[start] == 0
        && block[start + 1..].starts_with(&INFO);
    if right { digest(HashAlgorithm::Sha256, &block[start + 20..]) } else { Err(0x6A80) }
}

fn number(key: KeyType) -> u8 {
    match key {
        KeyType::P256 => 0x11,
        KeyType::P384 => 0x14,
        _ => 0x07,
    }
}

fn object(slot: u8) -> u32 {
    match slot {
        0x9A => 0x5F_C105,
        0x9C => 0x5F_C10A,
        0x9D => 0x5F_C10B,
        _ => 0x5F_C101,
    }
}

/// A public key as the card tells it (part 2 table 11).
fn public(key: &PrivateKey) -> Vec<u8> {
    let spki = key.public_key().spki_der();
    match key.public_key().key_type() {
        KeyType::P256 => tlv(0x86, &spki[spki.len() - 65..]),
        KeyType::P384 => tlv(0x86, &spki[spki.len() - 97..]),
        // Of 2048 bits with the exponent 65537, which stands in the last five bytes.
        _ => [tlv(0x81, &spki[spki.len() - 261..spki.len() - 5]), tlv(0x82, &[1, 0, 1])].concat(),
    }
}

fn validity() -> Validity {
    Validity {
        not_before: UnixTime::from_seconds(1_500_000_000),
        not_after: UnixTime::from_seconds(4_000_000_000),
    }
}

fn authority(name: &str, issuer: Option<(&PrivateKey, &Certificate)>) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let issuer = match issuer {
        Some((key, certificate)) => Issuer { key, certificate: Some(certificate) },
        None => Issuer { key: &key, certificate: None },
    };
    let certificate = Template::root(name, validity()).issue(key.public_key(), issuer).unwrap();
    (key, certificate)
}

/// The values of a template, in their order; lengths in the shortest form only.
fn fields(mut rest: &[u8]) -> Result<Vec<(u32, &[u8])>, u16> {
    let mut found = Vec::new();
    while let [first, after @ ..] = rest {
        let (tag, after) = match (first, after) {
            (0x7F, [second, after @ ..]) => (0x7F00 | u32::from(*second), after),
            (tag, after) => (u32::from(*tag), after),
        };
        let (length, after) = match after {
            [0x81, length @ 0x80..=0xFF, after @ ..] => (usize::from(*length), after),
            [0x82, high @ 1..=0xFF, low, after @ ..] => (usize::from(*high) << 8 | usize::from(*low), after),
            [length @ 0..=0x7F, after @ ..] => (usize::from(*length), after),
            _ => return Err(0x6A80),
        };
        let (value, after) = after.split_at_checked(length).ok_or(0x6A80_u16)?;
        found.push((tag, value));
        rest = after;
    }
    Ok(found)
}

fn tlv(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match value.len() {
        length @ ..=0x7F => bytes.push(length as u8),
        length @ ..=0xFF => bytes.extend([0x81, length as u8]),
        length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    bytes.extend_from_slice(value);
    bytes
}
