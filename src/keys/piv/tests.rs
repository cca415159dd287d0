//! Against the token of the test suite, in memory; and against tokens that lie.

#[path = "../../../tests/it/support/piv_card.rs"]
mod piv_card;

/// Where the token of the test suite finds keys and certificates.
mod house {
    pub(super) use crate::{crypto, x509};
}

use std::ffi::OsString;
use std::io;
use std::sync::{Arc, Mutex};

use piv_card::{PIN, PivCard};

use super::PivFailure;
use super::apdu::CardTransport;
use super::card::Card;
use super::key::TokenKey;
use super::slot::Slot;
use crate::crypto::{
    Digests, HashAlgorithm, KeyType, PrivateKey, Secret, SignatureScheme, Signed, SigningInput, SigningKey,
};
use crate::keys::Prompt;
use crate::keys::service::RemoteKey;

/// The token on the other end, which a test can still look at. What `lie` makes of an answer is what arrives.
struct Wire {
    card: Arc<Mutex<PivCard>>,
    sent: usize,
    lie: Box<dyn FnMut(usize, Vec<u8>) -> Vec<u8> + Send>,
}

impl CardTransport for Wire {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, PivFailure> {
        let answer = self.card.lock().unwrap().answer(command);
        self.sent += 1;
        Ok((self.lie)(self.sent, answer))
    }
}

/// A person, or nobody.
struct Person {
    pin: Option<&'static str>,
    asked: Vec<String>,
}

impl Prompt for Person {
    fn is_interactive(&self) -> bool {
        self.pin.is_some()
    }

    fn password(&mut self, question: &str) -> io::Result<Secret> {
        self.asked.push(question.to_owned());
        Ok(Secret::new(self.pin.unwrap().into()))
    }

    fn line(&mut self, _: &str) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn tell(&mut self, line: &str) {
        self.asked.push(line.to_owned());
    }

    fn stdin(&mut self, _: u64) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn person(pin: &'static str) -> Person {
    Person { pin: Some(pin), asked: Vec::new() }
}

fn nothing(_: &str) -> Option<OsString> {
    None
}

fn shared(card: PivCard) -> Arc<Mutex<PivCard>> {
    Arc::new(Mutex::new(card))
}

fn lying(
    card: &Arc<Mutex<PivCard>>,
    lie: impl FnMut(usize, Vec<u8>) -> Vec<u8> + Send + 'static,
) -> Result<Card, PivFailure> {
    Card::open(Box::new(Wire { card: Arc::clone(card), sent: 0, lie: Box::new(lie) }))
}

fn open(card: &Arc<Mutex<PivCard>>) -> Card {
    lying(card, |_, answer| answer).unwrap()
}

fn generated(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A signature over a message by the key in a slot, as the rest of the program gets it, with all that was said of a failure.
fn signed(mut card: Card, slot: Slot, prompt: &mut Person) -> Result<Vec<u8>, String> {
    let chain = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(error) = next {
            text.push_str(&format!(": {error}"));
            next = error.source();
        }
        text
    };
    let found = card.slot_key(slot).map_err(|error| chain(&error))?;
    let key = TokenKey::new(card, slot, found, &nothing, prompt).map_err(|error| chain(&error))?;
    key.log_in().map_err(|error| chain(&error))?;
    wait(async {
        let key = RemoteKey::new(Box::new(key)).await.map_err(|error| chain(&error))?;
        let input = SigningInput::message(b"message".to_vec());
        let first = key.sign(&input).await.map_err(|error| chain(&error))?;
        // Once more: a PIN that is wanted each time is given each time.
        key.sign(&input).await.map_err(|error| chain(&error))?;
        Ok(first)
    })
}

fn accepts(key: &PrivateKey, signature: &[u8]) -> bool {
    let kind = key.public_key().key_type();
    let scheme = match kind {
        KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(kind.default_hash()),
        _ => SignatureScheme::Ecdsa(kind.default_hash()),
    };
    let digests = Digests::from(kind.default_hash().digest(b"message"));
    key.public_key().verify(scheme, Signed::Stream { digests: &digests, ed25519: &[] }, signature).is_ok()
}

fn verifications(card: &Arc<Mutex<PivCard>>) -> usize {
    card.lock().unwrap().log.iter().filter(|command| command.starts_with("0020008008")).count()
}

#[test]
fn keys_of_all_kinds_sign() {
    for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa { bits: 2048 }] {
        for (slot, policy, prompts, verified) in [
            (Slot::Authentication, 2, 1, 1),
            (Slot::Signature, 3, 1, 3),
            (Slot::KeyManagement, 2, 1, 1),
            (Slot::CardAuthentication, 1, 0, 0),
        ] {
            let pkcs8 = generated(kind).to_pkcs8().unwrap();
            let key = || PrivateKey::from_der(pkcs8.expose()).unwrap();
            let card = shared(PivCard::new().with_key(slot.reference(), key(), policy));
            let mut prompt = person(PIN);
            let signature = signed(open(&card), slot, &mut prompt).unwrap();
            assert!(accepts(&key(), &signature), "{kind} {slot}");
            assert_eq!((prompt.asked.len(), verifications(&card)), (prompts, verified), "{kind} {slot}");
            // A card that gives little at a time, and one of older firmware, which attests and tells nothing else.
            for version in [[5, 4, 3], [4, 3, 5]] {
                let mut slow = PivCard::new().with_key(slot.reference(), key(), policy);
                (slow.piece, slow.version) = (7, Some(version));
                let slow = shared(slow);
                assert!(
                    accepts(&key(), &signed(open(&slow), slot, &mut person(PIN)).unwrap()),
                    "{kind} {slot}"
                );
                assert!(slow.lock().unwrap().log.iter().any(|command| command.starts_with("00c00000")));
            }
        }
    }
}

#[test]
fn a_plain_card_tells_its_key_by_the_certificate() {
    let pkcs8 = generated(KeyType::P256).to_pkcs8().unwrap();
    let key = || PrivateKey::from_der(pkcs8.expose()).unwrap();
    let card = shared(PivCard::plain().with_key(0x9C, key(), 3).with_certificate(0x9C, &key()));
    assert!(accepts(&key(), &signed(open(&card), Slot::Signature, &mut person(PIN)).unwrap()));
    // Nothing of Yubico's is asked of it but for its version.
    let log = card.lock().unwrap().log.clone();
    assert!(
        log.iter().all(|command| !command.starts_with("00f7") && !command.starts_with("00f9")),
        "{log:?}"
    );
    let bare = shared(PivCard::plain().with_key(0x9C, key(), 3));
    let refused = signed(open(&bare), Slot::Signature, &mut person(PIN)).unwrap_err();
    assert!(refused.contains("tells the public key in the slot `signature`"), "{refused}");
    // A key that was brought from elsewhere is not attested; the certificate tells it.
    let mut imported = PivCard::new().with_key(0x9A, key(), 2).imported(0x9A).with_certificate(0x9A, &key());
    imported.version = Some([4, 3, 5]);
    assert!(accepts(
        &key(),
        &signed(open(&shared(imported)), Slot::Authentication, &mut person(PIN)).unwrap()
    ));
}

/// The certificate is of another key: a signature that it does not accept is no signature.
#[test]
fn the_certificate_of_another_key() {
    let card = PivCard::plain()
        .with_key(0x9C, generated(KeyType::P256), 3)
        .with_certificate(0x9C, &generated(KeyType::P256));
    let refused = signed(open(&shared(card)), Slot::Signature, &mut person(PIN)).unwrap_err();
    assert!(refused.contains("not one of the key: nothing was signed"), "{refused}");
    let card = PivCard::plain()
        .with_key(0x9C, generated(KeyType::P384), 3)
        .with_certificate(0x9C, &generated(KeyType::P256));
    let refused = signed(open(&shared(card)), Slot::Signature, &mut person(PIN)).unwrap_err();
    assert!(refused.contains("a parameter is wrong"), "{refused}");
}

#[test]
fn pins_that_are_wrong_are_tried_once() {
    let card = shared(PivCard::new().with_key(0x9C, generated(KeyType::P256), 3));
    for left in ["2 tries are left", "one try is left", "it is blocked", "it is blocked"] {
        let mut prompt = person("000000");
        let refused = signed(open(&card), Slot::Signature, &mut prompt).unwrap_err();
        assert!(refused.contains(left), "{refused}");
        assert_eq!(prompt.asked, ["Enter PIN for security key: "]);
    }
    assert_eq!(verifications(&card), 4);
    assert!(signed(open(&card), Slot::Signature, &mut person(PIN)).unwrap_err().contains("blocked"));
    // What cannot be one is not tried, nor is nothing.
    let card = shared(PivCard::new().with_key(0x9C, generated(KeyType::P256), 3));
    for (pin, reason) in
        [("123456789", "longer than eight"), ("", "wants a PIN"), ("12345\n", "plain characters")]
    {
        let refused = signed(open(&card), Slot::Signature, &mut person(pin)).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
    let nobody = &mut Person { pin: None, asked: Vec::new() };
    assert!(
        signed(open(&card), Slot::Signature, nobody).unwrap_err().contains("nobody is there to be asked")
    );
    assert_eq!(verifications(&card), 0);
}

#[test]
fn the_finger() {
    let card = shared(PivCard::new().with_key(0x9C, generated(KeyType::P256), 3).wanting_touch(0x9C));
    let mut prompt = person(PIN);
    assert!(signed(open(&card), Slot::Signature, &mut prompt).is_ok());
    assert_eq!(prompt.asked, ["Enter PIN for security key: ", "Please tap security key..."]);
    card.lock().unwrap().touched = false;
    let refused = signed(open(&card), Slot::Signature, &mut person(PIN)).unwrap_err();
    assert!(refused.contains("somebody has to prove who he is first (0x6982)"), "{refused}");
}

#[test]
fn slots_that_are_empty_and_cards_without_piv() {
    let card = shared(PivCard::new());
    let refused = signed(open(&card), Slot::KeyManagement, &mut person(PIN)).unwrap_err();
    assert!(refused.contains("in the slot `key-management`"), "{refused}");
    let no_piv = lying(&card, |_, _| vec![0x6A, 0x82]).map(|_| ()).unwrap_err();
    assert!(matches!(no_piv, PivFailure::Status { status: 0x6A82, .. }), "{no_piv}");
}

/// Each answer in turn cut short, grown, with a byte changed, or replaced by another one: what comes out is a failure or a
/// signature of the key, and never a panic.
#[test]
fn tokens_that_lie() {
    let pkcs8 = generated(KeyType::P256).to_pkcs8().unwrap();
    let key = || PrivateKey::from_der(pkcs8.expose()).unwrap();
    let mut refusals = 0;
    for version in [Some([5, 4, 3]), Some([4, 3, 5]), None] {
        for number in 1..11 {
            for lie in 0..48_usize {
                let mut card = PivCard::new().with_key(0x9C, key(), 3).with_certificate(0x9C, &key());
                card.version = version;
                let twist = move |sent: usize, mut answer: Vec<u8>| {
                    if sent != number {
                        return answer;
                    }
                    match lie {
                        0..16 => answer.truncate(lie),
                        16..32 => {
                            if let Some(byte) = answer.get_mut(lie - 16) {
                                *byte = !*byte;
                            }
                        }
                        32..40 => drop(answer.splice(0..0, vec![0x82; lie - 31])),
                        40 => answer = vec![0x90, 0],
                        41 => answer = vec![0x61, 0],
                        42 => answer = vec![0x6C, 0xFF],
                        43 => answer = [vec![0x7C; 250], vec![0x90, 0]].concat(),
                        44 => answer = b"\x7c\x04\x82\x82\xff\xff\x90\x00".to_vec(),
                        45 => answer = vec![0x63, 0xC5],
                        46 => answer = [vec![0; 300], vec![0x90, 0]].concat(),
                        _ => answer = b"\x7c\x0a\x82\x08\x30\x06\x02\x01\x01\x02\x01\x01\x90\x00".to_vec(),
                    }
                    answer
                };
                let result = lying(&shared(card), twist)
                    .map_err(|error| error.to_string())
                    .and_then(|card| signed(card, Slot::Signature, &mut person(PIN)));
                match result {
                    Ok(signature) => assert!(accepts(&key(), &signature)),
                    Err(_) => refusals += 1,
                }
            }
        }
    }
    assert!(refusals > 400, "{refusals}");
}

/// The digest that a token signs is the one of the key, whatever the message.
#[test]
fn other_digests_are_refused() {
    let card = shared(PivCard::new().with_key(0x9E, generated(KeyType::P256), 1));
    let mut card = open(&card);
    let found = card.slot_key(Slot::CardAuthentication).unwrap();
    let key = TokenKey::new(card, Slot::CardAuthentication, found, &nothing, &mut person(PIN)).unwrap();
    let key = wait(RemoteKey::new(Box::new(key))).map_err(|_| ()).unwrap();
    let input = SigningInput::Digest(HashAlgorithm::Sha384.digest(b"message"));
    assert!(wait(key.sign(&input)).is_err());
}

/// Every cipher that a token may have; the key of the factory, one of digits, one of text, one that nobody knows.
#[test]
fn management_keys_of_all_ciphers() {
    for (number, length) in [(0x03, 24), (0x08, 16), (0x0A, 24), (0x0C, 32)] {
        let ours = vec![0xA5; length];
        let card = shared(PivCard::new().managed_by(number, &ours));
        let mut opened = open(&card);
        let text = |bytes: &[u8]| Secret::new(hex::encode(bytes).into_bytes());
        let known = opened.named_key(&text(&ours)).unwrap();
        let wrong = opened.named_key(&text(&vec![0x5A; length])).unwrap();
        assert!(matches!(opened.authenticate(&wrong), Err(PivFailure::ManagementKey)));
        assert!(matches!(
            opened.generate(Slot::Signature, None),
            Err(PivFailure::Status { status: 0x6982, .. })
        ));
        opened.authenticate(&known).unwrap();
        let made = opened.generate(Slot::Signature, Some(Slot::Signature.policies())).unwrap();
        assert_eq!(opened.slot_key(Slot::Signature).unwrap().key, made);
        assert_eq!(opened.slot_key(Slot::Signature).unwrap().policies, Some(Slot::Signature.policies()));
        let other = if length == 16 { 32 } else { 16 };
        let refused = opened.named_key(&text(&vec![1; other])).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains(&format!("of this token has {length}")), "{refused}");
        // Its length decides about the cipher of a new one.
        let new = opened.new_key(&text(&vec![1; other])).unwrap();
        opened.set_management_key(&new, None).unwrap();
        assert_eq!(card.lock().unwrap().management_algorithm(), if other == 16 { 0x08 } else { 0x0C });
    }
    let card = shared(PivCard::new());
    let mut opened = open(&card);
    let factory = opened.named_key(&Secret::new(Vec::new())).unwrap();
    opened.authenticate(&factory).unwrap();
    let random = opened.random_key().unwrap();
    opened.set_management_key(&random, None).unwrap();
    assert!(matches!(opened.authenticate(&factory), Err(PivFailure::ManagementKey)));
    opened.authenticate(&random).unwrap();
    assert_eq!(card.lock().unwrap().management_algorithm(), 0x03);
}

/// A token that takes any management key, and knows none, is found out.
#[test]
fn a_token_that_proves_nothing() {
    let card = shared(PivCard::new());
    let mut opened = lying(&card, |sent, answer| match sent {
        // SELECT, GET VERSION, metadata twice, witness, proof.
        1..=4 => answer,
        5 => b"\x7c\x0a\x80\x08\x01\x02\x03\x04\x05\x06\x07\x08\x90\x00".to_vec(),
        _ => b"\x7c\x0a\x82\x08\x01\x02\x03\x04\x05\x06\x07\x08\x90\x00".to_vec(),
    })
    .unwrap();
    let key = opened.named_key(&Secret::new(Vec::new())).unwrap();
    let _ = opened.management_algorithm().unwrap();
    assert!(matches!(opened.authenticate(&key), Err(PivFailure::NotProven)));
}

#[test]
fn attestations_are_verified() {
    use super::tool::PivToken;
    let card = PivCard::new().with_key(0x9C, generated(KeyType::P384), 3);
    let (root, now) = (card.root.clone(), crate::crypto::UnixTime::from_seconds(1_700_000_000));
    let card = shared(card);
    let mut token = PivToken::of(open(&card));
    let found = token.attested(Slot::Signature, now, std::slice::from_ref(&root)).unwrap();
    assert_eq!((found.facts.version, found.facts.serial), ([5, 4, 3], 0x00F3_2F4D));
    assert_eq!(found.facts.policies.unwrap().pin, super::PinPolicy::Always);
    let refused = token.attestation(Slot::Signature, now).unwrap_err();
    assert!(refused.to_string().contains("no authority of Yubico's"), "{refused}");
    let refused = token.attested(Slot::Authentication, now, &[root]).unwrap_err();
    assert!(matches!(refused, PivFailure::Unable { .. }), "{refused}");
}

/// Kept under the PIN, in the objects and tags of Yubico's tools.
#[test]
fn a_management_key_is_kept_in_the_token() {
    use super::card::Pin;
    let card = shared(PivCard::new());
    let mut opened = open(&card);
    let pin = |text: &str| Pin::existing("PIN", &Secret::new(text.into())).unwrap();
    let factory = opened.named_key(&Secret::new(Vec::new())).unwrap();
    opened.authenticate(&factory).unwrap();
    let random = opened.random_key().unwrap();
    assert!(!opened.stores_key().unwrap());
    assert!(opened.set_management_key(&random, Some(&pin("161803"))).is_err());
    assert!(!opened.stores_key().unwrap() && card.lock().unwrap().kept(0x5F_C109).is_none());
    opened.set_management_key(&random, Some(&pin(PIN))).unwrap();
    let kept = card.lock().unwrap().kept(0x5F_C109).unwrap().to_vec();
    assert_eq!((kept.len(), &kept[..4]), (28, &[0x88, 26, 0x89, 24][..]));
    assert_eq!(card.lock().unwrap().kept(0x5F_FF00), Some(&[0x80, 3, 0x81, 1, 2][..]));
    card.lock().unwrap().power_off();
    let mut again = open(&card);
    assert!(again.stores_key().unwrap());
    assert!(matches!(again.stored_key(&pin("000000")), Err(PivFailure::Wrong { .. })));
    let stored = again.stored_key(&pin(PIN)).unwrap();
    again.authenticate(&stored).unwrap();
    again.reset().unwrap();
    assert!(!again.stores_key().unwrap());
    again.authenticate(&factory).unwrap();
}

/// A token that refuses one command.
struct Refusing(Arc<Mutex<PivCard>>, u8);

impl CardTransport for Refusing {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, PivFailure> {
        match command.get(1) == Some(&self.1) {
            true => Ok(vec![0x6F, 0x00]),
            false => Ok(self.0.lock().unwrap().answer(command)),
        }
    }
}

/// The old management key may be known to the token alone.
#[test]
fn a_management_key_that_is_not_taken_does_not_replace_the_one_that_is_kept() {
    use super::card::Pin;
    let card = shared(PivCard::new());
    let pin = Pin::existing("PIN", &Secret::new(PIN.into())).unwrap();
    let mut opened = open(&card);
    let factory = opened.named_key(&Secret::new(Vec::new())).unwrap();
    opened.authenticate(&factory).unwrap();
    let kept = opened.random_key().unwrap();
    opened.set_management_key(&kept, Some(&pin)).unwrap();
    let mut refusing = Card::open(Box::new(Refusing(Arc::clone(&card), 0xFF))).unwrap();
    let stored = refusing.stored_key(&pin).unwrap();
    refusing.authenticate(&stored).unwrap();
    let new = refusing.random_key().unwrap();
    let refused = refusing.set_management_key(&new, Some(&pin)).unwrap_err();
    assert!(matches!(refused, PivFailure::Status { status: 0x6F00, .. }), "{refused}");
    let mut again = open(&card);
    let stored = again.stored_key(&pin).unwrap();
    again.authenticate(&stored).unwrap();
}
