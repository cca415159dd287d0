//! What is in a module's tokens.

use std::time::Duration;

use super::key::{Budget, blocking, locate, log_in};
use super::token::Class;
use super::uri::{ObjectName, TokenName, Uri};
use super::{TokenFailure, module, pin};
use crate::crypto::Secret;
use crate::keys::{Prompt, Variables};

/// A token, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedToken {
    /// The number of its slot.
    pub slot: u64,
    /// Its label.
    pub label: String,
    /// Who made it.
    pub manufacturer: String,
    /// Which model it is.
    pub model: String,
    /// Its serial number.
    pub serial: String,
}

/// A private key with the reference that names it, without a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// CKA_LABEL, empty where there is none.
    pub label: Vec<u8>,
    /// CKA_ID, empty where there is none.
    pub id: Vec<u8>,
    /// The reference.
    pub uri: String,
}

/// The private keys of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysOfToken {
    /// The file of the module.
    pub module: String,
    /// Those that have a label or an identifier.
    pub keys: Vec<ListedKey>,
}

/// Which token is asked for its keys.
#[derive(Debug)]
pub struct TokenQuery {
    /// The file of the module; without one a variable names it.
    pub module: Option<String>,
    /// The number of the slot.
    pub slot: u64,
    /// The PIN, if it is given.
    pub pin: Option<Secret>,
    /// How long the module may take to answer.
    pub time: Duration,
}

/// The tokens of a module, with the file of the module.
///
/// # Errors
/// There is no such module, or it does not tell.
pub async fn list_tokens(
    path: Option<&str>,
    variables: Variables<'_>,
    time: Duration,
) -> Result<(String, Vec<ListedToken>), TokenFailure> {
    let path = module::path(path, variables)?;
    let named = path.clone();
    let tokens = blocking(&Budget::new(time), move || module::load(&path)?.tokens()).await?;
    let listed = tokens.into_iter().map(|token| ListedToken {
        slot: token.slot,
        label: token.label,
        manufacturer: token.manufacturer,
        model: token.model,
        serial: token.serial,
    });
    Ok((named, listed.collect()))
}

/// The private keys of a token.
///
/// # Errors
/// There is no such module or no such token; no PIN, or one that is not taken.
pub async fn list_keys(
    query: TokenQuery,
    variables: Variables<'_>,
    prompt: &mut dyn Prompt,
) -> Result<KeysOfToken, TokenFailure> {
    let TokenQuery { module: path, slot, pin, time } = query;
    let path = module::path(path.as_deref(), variables)?;
    let given = match pin {
        Some(pin) => pin::Given { pin: Some(pin), empty: None },
        None => pin::given(None, variables)?,
    };
    let named = path.clone();
    let budget = Budget::new(time);
    let (module, token) = blocking(&budget, move || {
        let module = module::load(&path)?;
        let token = locate(&*module, &TokenName { slot: Some(slot), ..TokenName::default() })?;
        Ok((module, token))
    })
    .await?;
    let question = format!("Enter PIN for PKCS11 token '{}': ", token.label);
    let login = pin::login(&token, given, &question, prompt)?;
    let name = TokenName { serial: None, ..token.name() };
    let objects = blocking(&budget, move || {
        let session = module.open(token.slot)?;
        if let Some(login) = &login {
            log_in(&*module, &*session, &token, login)?;
        }
        let found = session.find(Class::Private, &ObjectName::default());
        found.map_err(|refusal| TokenFailure::refused(refusal, &token))
    })
    .await?;
    let keys = objects.into_iter().map(|object| ListedKey {
        uri: Uri { token: name.clone(), object: object.name(), module: Some(named.clone()), pin: None }
            .to_string(),
        label: object.label,
        id: object.id,
    });
    let keys = keys.filter(|key| !(key.label.is_empty() && key.id.is_empty())).collect();
    Ok(KeysOfToken { module: named, keys })
}
