//! The one file where the crate that speaks PKCS #11 meets the rest.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;

use super::TokenFailure;
use super::token::{Class, Code, Kind, Login, Module, Object, Refusal, Session, SignMechanism, Token};
use super::uri::ObjectName;
use crate::crypto::Secret;

/// More objects of one name than a token that is in order has.
const MAX_OBJECTS: usize = 1000;

/// Modules that are ready, by their files. A process gets each ready once (PKCS #11 section 5.4, C_Initialize); an entry is there
/// until its module has been let go.
static LOADED: Mutex<BTreeMap<PathBuf, Weak<Loaded>>> = Mutex::new(BTreeMap::new());

/// A module that is ready; it is let go with the last that uses it.
pub(super) struct Loaded {
    file: PathBuf,
    module: Pkcs11,
    /// Somebody else in this process got it ready, and lets it go.
    borrowed: bool,
}

impl Loaded {
    /// Loads a module, or finds it loaded.
    ///
    /// # Errors
    /// It is none, or does not get ready.
    pub fn load(path: &str) -> Result<Arc<Self>, TokenFailure> {
        let fail = |reason: String| TokenFailure::Module { path: path.to_owned(), reason };
        let file = std::fs::canonicalize(path).map_err(|error| fail(error.to_string()))?;
        let mut table = loop {
            let table = table();
            match table.get(&file).map(Weak::upgrade) {
                Some(Some(loaded)) => return Ok(loaded),
                // Just being let go.
                Some(None) => {
                    drop(table);
                    std::thread::sleep(Duration::from_millis(1));
                }
                None => break table,
            }
        };
        let module = Pkcs11::new(path).map_err(|error| fail(reason(error)))?;
        // Stays in memory for good: there are modules that leave threads or handlers behind which would otherwise run into nothing.
        std::mem::forget(module.clone());
        let initialize = |flags| module.initialize(CInitializeArgs::new(flags));
        let ready = match initialize(CInitializeFlags::OS_LOCKING_OK) {
            Err(Error::Pkcs11(RvError::CantLock | RvError::ArgumentsBad, _)) => {
                initialize(CInitializeFlags::empty())
            }
            other => other,
        };
        let borrowed = match ready {
            Ok(()) => false,
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => true,
            Err(error) => return Err(fail(format!("it does not get ready: {}", reason(error)))),
        };
        let loaded = Arc::new(Self { file: file.clone(), module, borrowed });
        table.insert(file, Arc::downgrade(&loaded));
        Ok(loaded)
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if !self.borrowed {
            // Nobody is left who could make use of its answer.
            let _ = self.module.clone().finalize();
        }
        table().remove(&self.file);
    }
}

fn table() -> MutexGuard<'static, BTreeMap<PathBuf, Weak<Loaded>>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Module for Loaded {
    fn tokens(&self) -> Result<Vec<Token>, TokenFailure> {
        let failed = |error| failure(Refusal { doing: "listing the slots", code: code(error) });
        let slots = self.module.get_slots_with_token().map_err(failed)?;
        Ok(slots.into_iter().filter_map(|slot| self.token(slot).ok()).collect())
    }

    fn open(&self, slot: u64) -> Result<Box<dyn Session>, TokenFailure> {
        let failed = |error| failure(Refusal { doing: "opening a session", code: code(error) });
        let session = Slot::try_from(slot).and_then(|slot| self.module.open_ro_session(slot));
        let session = session.map_err(failed)?;
        Ok(Box::new(Opened { session, found: RefCell::default() }))
    }
}

impl Loaded {
    fn token(&self, slot: Slot) -> Result<Token, Error> {
        let info = self.module.get_token_info(slot)?;
        Ok(Token {
            slot: slot.id(),
            label: info.label().to_owned(),
            manufacturer: info.manufacturer_id().to_owned(),
            model: info.model().to_owned(),
            serial: info.serial_number().to_owned(),
            login_required: info.login_required(),
            asks_itself: info.protected_authentication_path(),
            pin_count_low: info.user_pin_count_low(),
            pin_final_try: info.user_pin_final_try(),
            pin_locked: info.user_pin_locked(),
        })
    }
}

struct Opened {
    session: cryptoki::session::Session,
    /// What [`Object::handle`] counts.
    found: RefCell<Vec<ObjectHandle>>,
}

impl Opened {
    fn login_as(&self, user: UserType, pin: Option<&Secret>) -> Result<(), Refusal> {
        let done = match pin {
            Some(pin) => self.session.login_with_raw(user, &RawAuthPin::new(Box::new(pin.expose().to_vec()))),
            None => self.session.login(user, None),
        };
        match done {
            // By another session of this process: it holds for all of them.
            Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            other => other.map_err(|error| Refusal { doing: "logging in", code: code(error) }),
        }
    }

    fn object(&self, handle: ObjectHandle, class: Class) -> Result<Object, Error> {
        let mut wanted = vec![AttributeType::Label, AttributeType::Id];
        wanted.extend_from_slice(match class {
            Class::Certificate => &[AttributeType::Value],
            Class::Public | Class::Private => &[
                AttributeType::KeyType,
                AttributeType::EcParams,
                AttributeType::EcPoint,
                AttributeType::Modulus,
                AttributeType::PublicExponent,
                AttributeType::PublicKeyInfo,
            ],
        });
        if class == Class::Private {
            wanted.push(AttributeType::AlwaysAuthenticate);
        }
        let mut object = Object::default();
        // One after the other: there are modules that give none where one of them is missing.
        for wanted in wanted {
            let given = match self.session.get_attributes(handle, &[wanted]) {
                Err(Error::Pkcs11(RvError::AttributeTypeInvalid | RvError::AttributeSensitive, _)) => {
                    continue;
                }
                other => other?,
            };
            for attribute in given {
                match attribute {
                    Attribute::Label(value) => object.label = value,
                    Attribute::Id(value) => object.id = value,
                    Attribute::Value(value) => object.certificate = value,
                    Attribute::KeyType(KeyType::EC) => object.kind = Some(Kind::Ec),
                    Attribute::KeyType(KeyType::RSA) => object.kind = Some(Kind::Rsa),
                    Attribute::KeyType(_) => object.kind = Some(Kind::Other),
                    Attribute::EcParams(value) => object.ec_params = value,
                    Attribute::EcPoint(value) => object.ec_point = value,
                    Attribute::Modulus(value) => object.modulus = value,
                    Attribute::PublicExponent(value) => object.exponent = value,
                    Attribute::PublicKeyInfo(value) => object.public_key_info = value,
                    Attribute::AlwaysAuthenticate(value) => object.always_authenticate = value,
                    _ => {}
                }
            }
        }
        let mut found = self.found.borrow_mut();
        object.handle = found.len();
        found.push(handle);
        Ok(object)
    }
}

impl Session for Opened {
    fn login(&self, pin: Option<&Secret>) -> Result<(), Refusal> {
        self.login_as(UserType::User, pin)
    }

    fn find(&self, class: Class, name: &ObjectName) -> Result<Vec<Object>, Refusal> {
        let mut template = vec![Attribute::Class(match class {
            Class::Private => ObjectClass::PRIVATE_KEY,
            Class::Public => ObjectClass::PUBLIC_KEY,
            Class::Certificate => ObjectClass::CERTIFICATE,
        })];
        template.extend(name.label.clone().map(Attribute::Label));
        template.extend(name.id.clone().map(Attribute::Id));
        let failed = |error| Refusal { doing: "looking for objects", code: code(error) };
        let handles = self.session.find_objects(&template).map_err(failed)?;
        handles.into_iter().take(MAX_OBJECTS).map(|h| self.object(h, class).map_err(failed)).collect()
    }

    fn sign(
        &self,
        key: &Object,
        mechanism: SignMechanism,
        data: &[u8],
        again: Option<&Login>,
    ) -> Result<Vec<u8>, Refusal> {
        let failed = |error| Refusal { doing: "signing", code: code(error) };
        let mechanism = match mechanism {
            SignMechanism::Ecdsa => Mechanism::Ecdsa,
            SignMechanism::RsaPkcs => Mechanism::RsaPkcs,
        };
        let handle = self.found.borrow().get(key.handle).copied();
        let handle = handle.ok_or(Refusal { doing: "signing", code: Code::Gone })?;
        let Some(again) = again else {
            return self.session.sign(&mechanism, handle, data).map_err(failed);
        };
        // The user is logged in between the two (PKCS #11 section 4.9, CKA_ALWAYS_AUTHENTICATE).
        self.session.sign_init(&mechanism, handle).map_err(failed)?;
        self.login_as(UserType::ContextSpecific, again.pin())?;
        let failed = |error| Refusal {
            doing: "signing after the login that the key wants each time",
            code: code(error),
        };
        self.session.sign_update(data).map_err(failed)?;
        self.session.sign_final().map_err(failed)
    }
}

/// A refusal that no token is known of.
fn failure(refusal: Refusal) -> TokenFailure {
    TokenFailure::refused(refusal, &Token::default())
}

fn code(error: Error) -> Code {
    let Error::Pkcs11(said, _) = &error else {
        return match error {
            Error::NullFunctionPointer | Error::NotSupported => Code::Unsupported,
            other => Code::Other(format!("nothing that can be understood: {other}")),
        };
    };
    match said {
        RvError::UserAlreadyLoggedIn | RvError::UserAnotherAlreadyLoggedIn => Code::AlreadyLoggedIn,
        RvError::UserNotLoggedIn => Code::NotLoggedIn,
        RvError::PinIncorrect => Code::PinWrong,
        RvError::PinLenRange | RvError::PinInvalid => Code::PinLength,
        RvError::PinExpired => Code::PinExpired,
        RvError::PinLocked => Code::PinLocked,
        RvError::UserPinNotInitialized => Code::PinNever,
        RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::SessionClosed
        | RvError::SessionHandleInvalid
        | RvError::SlotIdInvalid => Code::Gone,
        RvError::FunctionNotSupported | RvError::MechanismInvalid => Code::Unsupported,
        other => Code::Other(name(*other)),
    }
}

/// What the standard calls it: CKR_DEVICE_ERROR for `DeviceError`.
fn name(said: RvError) -> String {
    let mut name = String::from("CKR");
    for letter in format!("{said:?}").chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// Why a module cannot be used, in a line.
fn reason(error: Error) -> String {
    match error {
        Error::LibraryLoading(error) => error.to_string(),
        Error::MissingSymbol(_) => "it has no function `C_GetFunctionList`".to_owned(),
        Error::Pkcs11(said, _) => name(said),
        other => other.to_string(),
    }
}
