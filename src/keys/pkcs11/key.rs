//! Finding a key in a token, and signing with it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::{list, present};
use super::token::{Class, Login, Module, Object, Refusal, Session, SignMechanism, Token};
use super::uri::{ObjectName, TokenName, Uri};
use super::{TokenFailure, module, pin, public};
use crate::crypto::{KeyType, PublicKey, Secret, SigningInput};
use crate::keys::service::{Answered, Backend, Failure};
use crate::keys::{Prompt, Variables};

const IGNORE_CERTIFICATE: &str = "COSIGN_PKCS11_IGNORE_CERTIFICATE";

/// The public key that a reference names. Nobody is asked for a PIN; one that is given is used where nothing shows without it.
///
/// # Errors
/// There is no such token or no such key.
pub(in crate::keys) async fn public_key(
    uri: &Uri,
    variables: Variables<'_>,
    time: Duration,
) -> Result<PublicKey, TokenFailure> {
    let path = module::path(uri.module.as_deref(), variables)?;
    let pin = pin::given(uri.pin.as_ref(), variables)?.pin;
    let certificates = certificates(variables)?;
    let uri = uri.clone();
    blocking(&Budget::new(time), move || {
        let module = module::load(&path)?;
        let token = locate(&*module, &uri.token)?;
        visible_key(&*module, &token, &uri.object, pin, certificates)
    })
    .await
}

/// The key that a reference names, ready to sign: the token is there, the user is logged in, the key is found.
///
/// # Errors
/// There is no such token or no such key; no PIN, or one that is not taken.
pub(in crate::keys) async fn signing_key(
    uri: &Uri,
    variables: Variables<'_>,
    time: Duration,
    prompt: &mut dyn Prompt,
) -> Result<Box<dyn Backend>, TokenFailure> {
    let path = module::path(uri.module.as_deref(), variables)?;
    let given = pin::given(uri.pin.as_ref(), variables)?;
    let certificates = certificates(variables)?;
    let name = uri.token.clone();
    let budget = Budget::new(time);
    let (module, token) = blocking(&budget, move || {
        let module = module::load(&path)?;
        let token = locate(&*module, &name)?;
        Ok((module, token))
    })
    .await?;
    let question = format!("Enter PIN for key '{}' in PKCS11 token '{}': ", uri.object, token.label);
    let login = pin::login(&token, given, &question, prompt)?;
    let object = uri.object.clone();
    let mut key = blocking(&budget, move || open(module, &token, &object, login, certificates)).await?;
    key.budget = budget;
    Ok(Box::new(key))
}

/// Whether certificates in the token may tell the public key.
pub(super) fn certificates(variables: Variables<'_>) -> Result<bool, TokenFailure> {
    match variables(IGNORE_CERTIFICATE).unwrap_or_default().to_str() {
        Some("" | "0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(true),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(false),
        _ => Err(TokenFailure::Setting {
            name: IGNORE_CERTIFICATE,
            reason: "it is neither 1 (true) nor 0 (false)",
        }),
    }
}

/// How long a module may take where nobody says so.
const USUAL: Duration = Duration::from_secs(180);

/// The time that a module may take for all that it is asked together; while a person types a PIN, it does not run.
pub(super) struct Budget {
    total: Duration,
    left: Mutex<Duration>,
}

impl Budget {
    /// Nothing of it is spent yet.
    pub fn new(total: Duration) -> Self {
        Self { total, left: Mutex::new(total) }
    }

    fn left(&self) -> Duration {
        self.left.lock().map_or(Duration::ZERO, |left| *left)
    }

    fn spend(&self, time: Duration) {
        if let Ok(mut left) = self.left.lock() {
            *left = left.saturating_sub(time);
        }
    }
}

/// Work that waits for hardware, away from the threads that serve others. A module that is not done in time is left to itself, in
/// a thread that the end of the program does not wait for.
pub(super) async fn blocking<T: Send + 'static>(
    budget: &Budget,
    work: impl FnOnce() -> Result<T, TokenFailure> + Send + 'static,
) -> Result<T, TokenFailure> {
    let (started, time, total) = (Instant::now(), budget.left(), budget.total);
    let ended = |_| TokenFailure::Refused { doing: "asking the module", said: "nothing more".to_owned() };
    let bounded = move || {
        let (tell, told) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("pkcs11".to_owned())
            // Whoever has given up hears nothing any more.
            .spawn(move || drop(tell.send(work())))
            .map_err(|error| TokenFailure::Refused {
                doing: "asking the module",
                said: format!("nothing: there is no thread for it ({error})"),
            })?;
        told.recv_timeout(time).map_err(|error| TokenFailure::Refused {
            doing: "asking the module",
            said: match error {
                RecvTimeoutError::Timeout => {
                    format!("nothing within {total:?}, which is all that --timeout leaves it")
                }
                RecvTimeoutError::Disconnected => "nothing more".to_owned(),
            },
        })?
    };
    let done = tokio::task::spawn_blocking(bounded).await;
    budget.spend(started.elapsed());
    done.map_err(ended)?
}

/// The one token that is meant.
pub(super) fn locate(module: &dyn Module, name: &TokenName) -> Result<Token, TokenFailure> {
    let all = module.tokens()?;
    let names = |tokens: &mut dyn Iterator<Item = &Token>| {
        tokens.map(|token| token.name().to_string()).collect::<Vec<_>>().into_iter()
    };
    let mut meant = all.iter().filter(|token| token.is(name));
    match (meant.next(), meant.next()) {
        (Some(token), None) => Ok(token.clone()),
        (None, _) => {
            Err(TokenFailure::NoToken { wanted: name.to_string(), present: present(names(&mut all.iter())) })
        }
        (Some(_), Some(_)) => Err(TokenFailure::ManyTokens {
            wanted: name.to_string(),
            found: list(names(&mut all.iter().filter(|token| token.is(name)))),
        }),
    }
}

/// Logs in, once. What the token says of its PIN is asked anew where it refuses it.
pub(super) fn log_in(
    module: &dyn Module,
    session: &dyn Session,
    token: &Token,
    login: &Login,
) -> Result<(), TokenFailure> {
    if token.pin_locked {
        let refusal = Refusal { doing: "logging in", code: super::token::Code::PinLocked };
        return Err(TokenFailure::refused(refusal, token));
    }
    session.login(login.pin()).map_err(|refusal| now(module, token, refusal))
}

/// A refusal, by a token as it is now.
fn now(module: &dyn Module, token: &Token, refusal: Refusal) -> TokenFailure {
    let tokens = module.tokens().unwrap_or_default();
    let token = tokens.iter().find(|other| other.slot == token.slot).unwrap_or(token);
    TokenFailure::refused(refusal, token)
}

/// The key that shows without a PIN, or else with `pin`.
pub(super) fn visible_key(
    module: &dyn Module,
    token: &Token,
    name: &ObjectName,
    pin: Option<Secret>,
    certificates: bool,
) -> Result<PublicKey, TokenFailure> {
    let session = module.open(token.slot)?;
    if let Some(key) = told(&*session, token, name, certificates)? {
        return Ok(key);
    }
    let logged_in = pin.is_some();
    if let Some(pin) = pin {
        log_in(module, &*session, token, &Login::Pin(pin))?;
        if let Some(key) = told(&*session, token, name, certificates)? {
            return Ok(key);
        }
        // No public half: the private one may tell it.
        let private = find(&*session, token, Class::Private, name)?;
        if let [key] = private.as_slice() {
            return belonging(&*session, token, key, certificates);
        }
    }
    let all = find(&*session, token, Class::Public, &ObjectName::default())?;
    Err(TokenFailure::NoObject {
        token: token.name().to_string(),
        class: "public key",
        wanted: name.to_string(),
        without_login: !logged_in,
        present: present(all.iter().map(|object| object.name().to_string())).into(),
    })
}

/// Finds the private key and its public half in a session that stays open with the key.
pub(super) fn open(
    module: Arc<dyn Module>,
    token: &Token,
    name: &ObjectName,
    login: Option<Login>,
    certificates: bool,
) -> Result<TokenKey, TokenFailure> {
    let session = module.open(token.slot)?;
    if let Some(login) = &login {
        log_in(&*module, &*session, token, login)?;
    }
    let mut found = find(&*session, token, Class::Private, name)?;
    let private = match (found.pop(), found.is_empty()) {
        (Some(one), true) => one,
        (None, _) => {
            let all = find(&*session, token, Class::Private, &ObjectName::default())?;
            return Err(TokenFailure::NoObject {
                token: token.name().to_string(),
                class: "private key",
                wanted: name.to_string(),
                without_login: login.is_none(),
                present: present(all.iter().map(|object| object.name().to_string())).into(),
            });
        }
        (Some(last), false) => {
            found.push(last);
            return Err(TokenFailure::ManyObjects {
                token: token.name().to_string(),
                class: "private key",
                wanted: name.to_string(),
                found: list(found.iter().map(|object| object.name().to_string())),
            });
        }
    };
    let public = belonging(&*session, token, &private, certificates)?;
    let again = login.filter(|_| private.always_authenticate);
    let opened = Opened { session, module, token: token.clone(), private, again };
    Ok(TokenKey { public, opened: Arc::new(Mutex::new(opened)), budget: Budget::new(USUAL) })
}

fn find(
    session: &dyn Session,
    token: &Token,
    class: Class,
    name: &ObjectName,
) -> Result<Vec<Object>, TokenFailure> {
    session.find(class, name).map_err(|refusal| TokenFailure::refused(refusal, token))
}

/// The public half of a private key: of the objects with its identifier, or else with its label, or of itself.
fn belonging(
    session: &dyn Session,
    token: &Token,
    private: &Object,
    certificates: bool,
) -> Result<PublicKey, TokenFailure> {
    let name = match private.id.is_empty() {
        false => ObjectName { id: Some(private.id.clone()), label: None },
        true => private.name(),
    };
    let named = name != ObjectName::default();
    let found = if named { told(session, token, &name, certificates)? } else { None };
    match found.map_or_else(|| public::of(private), |key| Ok(Some(key)))? {
        Some(key) => Ok(key),
        None => Err(TokenFailure::NoPublicKey {
            token: token.name().to_string(),
            key: private.name().to_string(),
        }),
    }
}

/// The public key that public objects of a name tell, or else certificates. Several that tell the same key are one.
fn told(
    session: &dyn Session,
    token: &Token,
    name: &ObjectName,
    certificates: bool,
) -> Result<Option<PublicKey>, TokenFailure> {
    for (class, words) in [(Class::Public, "public key"), (Class::Certificate, "certificate")] {
        if class == Class::Certificate && !certificates {
            continue;
        }
        let objects = find(session, token, class, name)?;
        let mut keys: Vec<PublicKey> = Vec::new();
        for object in &objects {
            if let Some(key) = public::of(object)?
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        if keys.len() > 1 {
            return Err(TokenFailure::ManyObjects {
                token: token.name().to_string(),
                class: words,
                wanted: name.to_string(),
                found: list(objects.iter().map(|object| object.name().to_string())),
            });
        }
        if let Some(key) = keys.pop() {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// A key in a token, in a session that lasts as long as the key.
pub(super) struct TokenKey {
    public: PublicKey,
    opened: Arc<Mutex<Opened>>,
    /// How long it may take to sign.
    budget: Budget,
}

/// In this order they are let go: no session outlives its module.
struct Opened {
    session: Box<dyn Session>,
    module: Arc<dyn Module>,
    token: Token,
    private: Object,
    /// How to log in for each signature, where the key wants it.
    again: Option<Login>,
}

impl Opened {
    fn sign(&self, key: KeyType, mechanism: SignMechanism, data: &[u8]) -> Result<Vec<u8>, TokenFailure> {
        let signed = self.session.sign(&self.private, mechanism, data, self.again.as_ref());
        let raw = signed.map_err(|refusal| now(&*self.module, &self.token, refusal))?;
        match mechanism {
            SignMechanism::Ecdsa => public::ecdsa_signature(key, &raw),
            SignMechanism::RsaPkcs => Ok(raw),
        }
    }
}

impl Backend for TokenKey {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(async { Ok(self.public.clone()) })
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        let key = key.key_type();
        let (mechanism, data) = match (key, input) {
            (KeyType::P256 | KeyType::P384 | KeyType::P521, SigningInput::Digest(digest)) => {
                (SignMechanism::Ecdsa, digest.bytes().to_vec())
            }
            (KeyType::Rsa { .. }, SigningInput::Digest(digest)) => {
                (SignMechanism::RsaPkcs, public::digest_info(digest.algorithm(), digest.bytes()))
            }
            _ => {
                let reason = format!("{key} keys in tokens are not supported");
                return Box::pin(async { Err(TokenFailure::Key { reason }.into()) });
            }
        };
        let opened = Arc::clone(&self.opened);
        Box::pin(async move {
            let work = move || {
                let opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
                opened.sign(key, mechanism, &data)
            };
            Ok(blocking(&self.budget, work).await?)
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(async {
            Err(Failure::Key { reason: "keys are made in tokens by the tools of the token".to_owned() })
        })
    }
}
