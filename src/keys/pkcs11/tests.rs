//! A token of our own behind the traits: for what no software token does, such as running out of tries.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::key::{TokenKey, locate, open, visible_key};
use super::token::{Class, Code, Kind, Login, Module, Object, Refusal, Session, SignMechanism, Token};
use super::uri::{ObjectName, TokenName};
use super::{TokenFailure, pin};
use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, PublicKey, Secret, SigningInput, SigningKey};
use crate::keys::service::RemoteKey;
use crate::keys::tests::Script;

const PIN: &[u8] = b"s3cr3t";

/// What the token has seen, and what it does.
struct Card {
    key: PrivateKey,
    tokens: Mutex<Vec<Token>>,
    objects: Vec<(Class, Object)>,
    /// What a login is answered with, in place of a comparison.
    answer: Option<Code>,
    /// What a signature is made over, in place of what was asked.
    forged: bool,
    logins: AtomicUsize,
    again: AtomicUsize,
    /// In the order of their ends: sessions, and the module.
    ends: Mutex<Vec<&'static str>>,
}

struct Slotted(Arc<Card>);
struct Talk(Arc<Card>);

impl Drop for Slotted {
    fn drop(&mut self) {
        self.0.ends.lock().unwrap().push("module");
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.0.ends.lock().unwrap().push("session");
    }
}

impl Module for Slotted {
    fn tokens(&self) -> Result<Vec<Token>, TokenFailure> {
        Ok(self.0.tokens.lock().unwrap().clone())
    }

    fn open(&self, _: u64) -> Result<Box<dyn Session>, TokenFailure> {
        Ok(Box::new(Talk(Arc::clone(&self.0))))
    }
}

impl Session for Talk {
    fn login(&self, pin: Option<&Secret>) -> Result<(), Refusal> {
        let _ = self.0.logins.fetch_add(1, Ordering::SeqCst);
        let code = match (&self.0.answer, pin) {
            (Some(code), _) => code.clone(),
            (None, Some(pin)) if pin.expose() == PIN => return Ok(()),
            (None, None) => return Ok(()),
            (None, Some(_)) => Code::PinWrong,
        };
        // Three tries, and each is counted.
        for token in self.0.tokens.lock().unwrap().iter_mut() {
            (token.pin_locked, token.pin_final_try, token.pin_count_low) =
                (token.pin_final_try, token.pin_count_low && !token.pin_final_try, true);
        }
        Err(Refusal { doing: "logging in", code })
    }

    fn find(&self, class: Class, name: &ObjectName) -> Result<Vec<Object>, Refusal> {
        let hidden = class == Class::Private && self.0.logins.load(Ordering::SeqCst) == 0;
        let same = |wanted: &Option<Vec<u8>>, own: &Vec<u8>| wanted.as_ref().is_none_or(|w| w == own);
        let of_name = |(of, object): &&(Class, Object)| {
            *of == class && same(&name.label, &object.label) && same(&name.id, &object.id)
        };
        let found = self.0.objects.iter().filter(of_name).map(|(_, object)| object.clone());
        Ok(if hidden { Vec::new() } else { found.collect() })
    }

    fn sign(
        &self,
        key: &Object,
        mechanism: SignMechanism,
        data: &[u8],
        again: Option<&Login>,
    ) -> Result<Vec<u8>, Refusal> {
        assert_eq!(mechanism, SignMechanism::Ecdsa);
        if key.always_authenticate {
            let pin = again.and_then(Login::pin).map(Secret::expose);
            assert_eq!(pin, Some(PIN), "the key wants a login for each signature");
            let _ = self.0.again.fetch_add(1, Ordering::SeqCst);
        }
        let data = if self.0.forged { vec![0; 32] } else { data.to_vec() };
        let digest = crate::crypto::Digest::new(HashAlgorithm::Sha256, &data).unwrap();
        let der = self.0.key.sign_now(&SigningInput::Digest(digest)).unwrap();
        let half = |start: usize| {
            let length = usize::from(der[start + 1]);
            let bytes = &der[start + 2..start + 2 + length];
            let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
            ([vec![0; 32 - bytes.len()], bytes.to_vec()].concat(), start + 2 + length)
        };
        let (r, next) = half(2);
        Ok([r, half(next).0].concat())
    }
}

impl Card {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let private = Object { label: b"k".to_vec(), id: vec![1], kind: Some(Kind::Ec), ..Object::default() };
        let public_key_info = key.public_key().spki_der().to_vec();
        let public = Object { public_key_info, kind: None, ..private.clone() };
        let token = Token { slot: 1, label: "T".into(), login_required: true, ..Token::default() };
        Self {
            key,
            tokens: Mutex::new(vec![token]),
            objects: vec![(Class::Private, private), (Class::Public, public)],
            answer: None,
            forged: false,
            logins: AtomicUsize::new(0),
            again: AtomicUsize::new(0),
            ends: Mutex::new(Vec::new()),
        }
    }

    fn inserted(self) -> (Arc<Self>, Arc<dyn Module>) {
        let card = Arc::new(self);
        let module = Arc::new(Slotted(Arc::clone(&card)));
        (card, module)
    }
}

fn named(label: &str) -> ObjectName {
    ObjectName { label: Some(label.into()), id: None }
}

fn secret(pin: &[u8]) -> Secret {
    Secret::new(pin.to_vec())
}

fn opened(module: &Arc<dyn Module>, pin: &[u8]) -> Result<TokenKey, TokenFailure> {
    let token = locate(&**module, &TokenName { label: Some("T".into()), ..TokenName::default() })?;
    open(Arc::clone(module), &token, &named("k"), Some(Login::Pin(secret(pin))), true)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// cosign 3 closes the session before it signs (sigstore/cosign#4540).
#[test]
fn the_session_lasts_until_the_signature_is_made() {
    let (card, module) = Card::new().inserted();
    let key = opened(&module, PIN).unwrap();
    drop(module);
    assert!(card.ends.lock().unwrap().is_empty());
    let key = run(RemoteKey::new(Box::new(key))).unwrap();
    for _ in 0..2 {
        let _ = run(key.sign(&SigningInput::message(b"m".to_vec()))).unwrap();
    }
    assert_eq!((card.logins.load(Ordering::SeqCst), card.again.load(Ordering::SeqCst)), (1, 0));
    drop(key);
    assert_eq!(*card.ends.lock().unwrap(), ["session", "module"]);
}

#[test]
fn a_key_that_wants_a_login_for_each_signature_gets_it() {
    let mut card = Card::new();
    card.objects[0].1.always_authenticate = true;
    let (card, module) = card.inserted();
    let key = run(RemoteKey::new(Box::new(opened(&module, PIN).unwrap()))).unwrap();
    for _ in 0..2 {
        let _ = run(key.sign(&SigningInput::message(b"m".to_vec()))).unwrap();
    }
    assert_eq!((card.logins.load(Ordering::SeqCst), card.again.load(Ordering::SeqCst)), (1, 2));
}

#[test]
fn a_signature_of_something_else_is_not_used() {
    let (_, module) = Card { forged: true, ..Card::new() }.inserted();
    let key = run(RemoteKey::new(Box::new(opened(&module, PIN).unwrap()))).unwrap();
    let error = run(key.sign(&SigningInput::message(b"m".to_vec()))).unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(format!("{error}: {source}").contains("nothing was signed"), "{error}: {source}");
}

#[test]
fn a_wrong_pin_is_tried_once() {
    let (card, module) = Card::new().inserted();
    for (tries, said) in [
        (1, "it is wrong, and few tries are left"),
        (2, "it is wrong, and one try is left"),
        (3, "it is wrong, and the token is locked now"),
        // Not tried at all.
        (3, "it is locked, after too many wrong ones"),
    ] {
        let error = opened(&module, b"guess").err().unwrap();
        let text = format!("{error} {error:?} {:?}", error.hint());
        assert!(text.contains(said) && !text.contains("guess"), "{text}");
        assert_eq!(card.logins.load(Ordering::SeqCst), tries);
    }
    for (code, said) in [
        (Code::PinExpired, "it has expired"),
        (Code::PinLength, "shorter or longer"),
        (Code::PinNever, "none has been set yet"),
        (Code::PinLocked, "it is locked"),
        (Code::Gone, "the token is gone"),
        (
            Code::Other("CKR_DEVICE_ERROR".into()),
            "logging in failed: the PKCS #11 module says CKR_DEVICE_ERROR",
        ),
    ] {
        let (card, module) = Card { answer: Some(code), ..Card::new() }.inserted();
        let error = opened(&module, PIN).err().unwrap();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(card.logins.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn what_is_not_there_and_what_is_there_twice_is_listed() {
    let mut card = Card::new();
    let second = Token { slot: 2, serial: "0042".into(), ..card.tokens.lock().unwrap()[0].clone() };
    card.tokens.lock().unwrap().push(second);
    let again = (Class::Private, Object { id: vec![2], ..card.objects[0].1.clone() });
    card.objects.push(again);
    let (_, module) = card.inserted();
    let label = |label: &str| TokenName { label: Some(label.into()), ..TokenName::default() };
    let error = |name: TokenName| locate(&*module, &name).unwrap_err().to_string();
    assert_eq!(
        error(label("U")),
        "there is no token `token=U`; there is `token=T;slot-id=1`, `token=T;slot-id=2;serial=0042`"
    );
    assert_eq!(
        error(label("T")),
        "`token=T` means more than one token: `token=T;slot-id=1`, `token=T;slot-id=2;serial=0042`"
    );
    // The label of another slot is no help.
    assert!(error(TokenName { slot: Some(1), ..label("U") }).starts_with("there is no token"));
    let token = locate(&*module, &TokenName { slot: Some(2), ..label("T") }).unwrap();
    let find = |name: &ObjectName| {
        let login = Some(Login::Pin(secret(PIN)));
        open(Arc::clone(&module), &token, name, login, true).err().map(|error| error.to_string())
    };
    assert_eq!(
        find(&named("k")).unwrap(),
        "`object=k` means more than one private key in the token `token=T;slot-id=2;serial=0042`: `id=%01;object=k`, `id=%02;object=k`"
    );
    assert_eq!(
        find(&named("x")).unwrap(),
        "the token `token=T;slot-id=2;serial=0042` has no private key `object=x`; there is `id=%01;object=k`, `id=%02;object=k`"
    );
    assert_eq!(find(&ObjectName { id: Some(vec![1]), ..named("k") }), None);
    // The second key has no public half, and the one of the first is not taken for it.
    let missing = find(&ObjectName { id: Some(vec![2]), ..named("k") }).unwrap();
    assert!(missing.starts_with("nothing in the token"), "{missing}");
}

#[test]
fn public_keys_need_no_pin_where_they_are_public() {
    let (card, module) = Card::new().inserted();
    let token = locate(&*module, &TokenName::default()).unwrap();
    let key = visible_key(&*module, &token, &named("k"), Some(secret(b"wrong")), true).unwrap();
    assert_eq!(&key, card.key.public_key());
    assert_eq!(card.logins.load(Ordering::SeqCst), 0);
    let error = visible_key(&*module, &token, &named("x"), None, true).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has no public key `object=x` that shows without a PIN; there is `id=%01;object=k`")
    );
    // Private all of it: the private key tells.
    let mut card = Card::new();
    let public_key_info = std::mem::take(&mut card.objects[1].1.public_key_info);
    let _ = card.objects.pop();
    card.objects[0].1.public_key_info = public_key_info;
    let (card, module) = card.inserted();
    assert!(visible_key(&*module, &token, &named("k"), None, true).is_err());
    let key = visible_key(&*module, &token, &named("k"), Some(secret(PIN)), true).unwrap();
    assert_eq!(&key, card.key.public_key());
}

/// Two public keys by one name: none is guessed.
#[test]
fn two_public_keys_by_one_name_are_none() {
    let mut card = Card::new();
    let other: PublicKey = PrivateKey::generate(KeyType::P256).unwrap().public_key().clone();
    let twin = Object { public_key_info: other.spki_der().to_vec(), ..card.objects[1].1.clone() };
    card.objects.push((Class::Public, twin));
    let (_, module) = card.inserted();
    let token = locate(&*module, &TokenName::default()).unwrap();
    let error = visible_key(&*module, &token, &named("k"), None, true).unwrap_err();
    assert!(matches!(error, TokenFailure::ManyObjects { .. }), "{error}");
    assert!(matches!(opened(&module, PIN), Err(TokenFailure::ManyObjects { .. })));
}

#[test]
fn the_terminal_is_asked_when_nothing_else_tells_the_pin() {
    let token = Token { login_required: true, label: "T".into(), ..Token::default() };
    let none = || pin::Given { pin: None, empty: None };
    let mut typed = Script::person(&["s3cr3t", ""]);
    let login = pin::login(&token, none(), "PIN? ", &mut typed).unwrap();
    assert!(matches!(login, Some(Login::Pin(pin)) if pin.expose() == PIN));
    let empty = pin::login(&token, none(), "PIN? ", &mut typed).err().unwrap().to_string();
    assert!(empty.ends_with("wants a PIN, and the one that was typed is empty"), "{empty}");
    let mut nobody = Script::default();
    assert!(matches!(pin::login(&token, none(), "", &mut nobody), Err(TokenFailure::PinMissing { .. })));
    let set_and_empty = pin::given(None, &|_| Some("".into())).unwrap();
    let empty = pin::login(&token, set_and_empty, "", &mut nobody).err().unwrap().to_string();
    assert!(empty.ends_with("wants a PIN, and COSIGN_PKCS11_PIN is empty"), "{empty}");
    let keypad = Token { asks_itself: true, ..token.clone() };
    assert!(matches!(pin::login(&keypad, none(), "", &mut nobody), Ok(Some(Login::AtToken))));
    let free = Token { login_required: false, ..token };
    assert!(matches!(pin::login(&free, none(), "", &mut nobody), Ok(None)));
    assert!(matches!(
        pin::login(&free, pin::Given { pin: Some(secret(PIN)), empty: None }, "", &mut nobody),
        Ok(Some(Login::Pin(_)))
    ));
}

#[test]
fn places_of_a_pin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pin");
    let place = |path: &std::path::Path| super::uri::PinPlace::File(path.display().to_string());
    let variable = |name: &str| (name == "COSIGN_PKCS11_PIN").then(|| "of-variable".into());
    for (content, read) in [
        ("s3cr3t", Some("s3cr3t")),
        ("s3cr3t\n", Some("s3cr3t")),
        ("a\n\n", Some("a\n")),
        ("\r\n", None),
        ("", None),
    ] {
        std::fs::write(&path, content).unwrap();
        let found = pin::given(Some(&place(&path)), &variable);
        assert_eq!(
            found.ok().and_then(|found| found.pin).map(|pin| pin.expose().to_vec()),
            read.map(|r| r.as_bytes().to_vec())
        );
    }
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    assert!(pin::given(Some(&place(&path)), &variable).unwrap_err().to_string().contains("longer"));
    assert!(pin::given(Some(&place(&folder.path().join("none"))), &variable).is_err());
    assert_eq!(pin::given(None, &variable).unwrap().pin.unwrap().expose(), b"of-variable");
    assert!(pin::given(None, &|_| Some("".into())).unwrap().pin.is_none());
}

#[test]
fn modules_that_are_none() {
    let nothing = |_: &str| None;
    let path = |given: &str| super::module::path(Some(given), &nothing).unwrap_err().to_string();
    assert!(path("").contains("no PKCS #11 module is named"));
    assert!(path("libsofthsm2.so").contains("not absolute"));
    let folder = tempfile::tempdir().unwrap();
    assert!(path(&folder.path().display().to_string()).contains("not a file"));
    let file = folder.path().join("m.so");
    assert!(path(&file.display().to_string()).contains("no such file"));
    std::fs::write(&file, "no library").unwrap();
    let file = file.display().to_string();
    assert_eq!(super::module::path(None, &|_| Some(file.clone().into())).unwrap(), file);
    let error = super::module::load(&file).err().unwrap();
    assert!(matches!(error, TokenFailure::Module { .. } | TokenFailure::NotBuilt | TokenFailure::Static));
}

/// What `--timeout` says is for all phases together, not for each of them.
#[test]
fn the_phases_share_one_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let budget = super::key::Budget::new(std::time::Duration::from_secs(3));
    let pause = |millis| {
        move || {
            std::thread::sleep(std::time::Duration::from_millis(millis));
            Ok(())
        }
    };
    runtime.block_on(super::key::blocking(&budget, pause(500))).unwrap();
    let failure = runtime.block_on(super::key::blocking(&budget, pause(60_000))).unwrap_err().to_string();
    assert!(failure.contains("nothing within 3s"), "{failure}");
    let begun = std::time::Instant::now();
    assert!(runtime.block_on(super::key::blocking(&budget, pause(60_000))).is_err());
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "nothing was left");
}

#[test]
fn a_certificate_is_left_alone_by_words_that_say_so() {
    let allowed = |value: &'static str| super::key::certificates(&|_| Some(value.into()));
    for (value, expected) in [("", true), ("0", true), ("false", true), ("1", false), ("true", false)] {
        assert_eq!(allowed(value).unwrap(), expected, "{value}");
    }
    for value in ["yes", "no", "on", "2"] {
        let error = allowed(value).unwrap_err().to_string();
        assert!(error.starts_with("COSIGN_PKCS11_IGNORE_CERTIFICATE cannot be used"), "{error}");
    }
}

#[test]
fn a_module_that_hangs_is_given_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let begun = std::time::Instant::now();
    let short = std::time::Duration::from_millis(100);
    let hanging = || {
        std::thread::sleep(std::time::Duration::from_secs(60));
        Ok(())
    };
    let failure = runtime
        .block_on(super::key::blocking(&super::key::Budget::new(short), hanging))
        .unwrap_err()
        .to_string();
    assert!(failure.contains("nothing within 100ms"), "{failure}");
    // Nor does the end of the program wait for it.
    drop(runtime);
    assert!(begun.elapsed() < std::time::Duration::from_secs(30));
    let long = std::time::Duration::from_secs(60);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(super::key::blocking(&super::key::Budget::new(long), || Ok(7))).unwrap(), 7);
}

#[test]
fn hints_name_what_belongs_to_the_command() {
    let hints = |failure: &TokenFailure| {
        (failure.hint().unwrap_or_default().to_owned(), failure.hint_of_tool().unwrap_or_default().to_owned())
    };
    let (of_key, of_tool) = hints(&TokenFailure::NoModule);
    assert!(of_key.contains("`?module-path=`") && of_tool.contains("--module-path FILE"), "{of_tool}");
    let missing = TokenFailure::NoToken { wanted: "slot-id=0".to_owned(), present: "is none".to_owned() };
    assert!(hints(&missing).1.contains("--slot-id NUMBER"));
    assert!(hints(&TokenFailure::PinMissing { token: "t".to_owned() }).1.contains("--pin"));
    let general = TokenFailure::Module { path: "/m.so".to_owned(), reason: "CKR_GENERAL_ERROR".to_owned() };
    let (of_key, of_tool) = hints(&general);
    assert!(of_key.contains("SOFTHSM2_CONF") && of_key == of_tool, "{of_key}");
    let new = TokenFailure::Refused { doing: "opening", said: "CKR_TOKEN_NOT_RECOGNIZED".to_owned() };
    assert!(hints(&new).0.contains("not initialized yet"));
}
