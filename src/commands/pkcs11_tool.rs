//! `pkcs11-tool list-tokens` and `pkcs11-tool list-keys-uris`.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use super::key_errors::token_error;
use super::keys::Nobody;
use super::{Context, Error};
use crate::crypto::Secret;
use crate::keys::{self, KeysOfToken, TokenQuery};

/// What `pkcs11-tool list-tokens` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTokensRequest {
    /// The file of the module; without one a variable names it.
    pub module: Option<String>,
}

/// What `pkcs11-tool list-keys-uris` is asked for.
#[derive(Debug)]
pub struct ListKeysRequest {
    /// The file of the module; without one a variable names it.
    pub module: Option<String>,
    /// The number of the slot.
    pub slot: u64,
    /// The PIN, if it stands on the command line.
    pub pin: Option<TokenPin>,
    /// Whether the terminal may be asked for one.
    pub ask: bool,
}

/// A PIN from the command line.
#[derive(Debug, Clone)]
pub struct TokenPin(Arc<Secret>);

impl TokenPin {
    /// Whether nothing stands where it should be.
    pub fn is_empty(&self) -> bool {
        self.0.expose().is_empty()
    }
}

impl FromStr for TokenPin {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Arc::new(Secret::new(text.as_bytes().to_vec()))))
    }
}

/// Lists tokens; returns what goes to standard output, in cosign's words.
///
/// # Errors
/// There is no such module, or it does not tell.
pub async fn list_tokens(request: &ListTokensRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let listed =
        keys::list_tokens(request.module.as_deref(), &*context.variables, context.settings.timeout).await;
    let (module, tokens) = listed.map_err(|failure| token_error(&failure))?;
    let mut text = format!("\nListing tokens of PKCS11 module '{module}'\n");
    for token in tokens {
        text.push_str(&format!(
            "Token in slot {}\n\tLabel: {}\n\tManufacturer: {}\n\tModel: {}\n\tS/N: {}\n\n",
            token.slot,
            line(token.label.as_bytes()),
            line(token.manufacturer.as_bytes()),
            line(token.model.as_bytes()),
            line(token.serial.as_bytes())
        ));
    }
    Ok(text.into_bytes())
}

/// Lists private keys with their references; returns what goes to standard output, in cosign's words. No PIN is in it.
///
/// # Errors
/// There is no such module or no such token; no PIN, or one that is not taken.
pub async fn list_keys(request: ListKeysRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let ListKeysRequest { module, slot, pin, ask } = request;
    let pin = pin.map(|pin| Secret::new(pin.0.expose().to_vec()));
    let query = TokenQuery { module, slot, pin, time: context.settings.timeout };
    let mut nobody = Nobody {};
    let Context { variables, prompt, .. } = context;
    let prompt = if ask { prompt.as_mut() } else { &mut nobody };
    let listed = keys::list_keys(query, &**variables, prompt).await;
    let KeysOfToken { module, keys } = listed.map_err(|failure| token_error(&failure))?;
    let mut text = format!("\nListing URIs of keys in slot '{slot}' of PKCS11 module '{module}'\n");
    for (number, key) in keys.iter().enumerate() {
        text.push_str(&format!("Object {number}\n"));
        if !key.label.is_empty() {
            text.push_str(&format!("\tLabel: {}\n", line(&key.label)));
        }
        if !key.id.is_empty() {
            text.push_str(&format!("\tID: {}\n", hex::encode(&key.id)));
        }
        text.push_str(&format!("\tURI: {}\n", key.uri));
    }
    Ok(text.into_bytes())
}

/// Text that somebody else wrote, on one line.
fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
