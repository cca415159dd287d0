//! Where a PIN comes from: the reference, the file that it names, the variable COSIGN_PKCS11_PIN, the terminal, in this order.

use std::path::Path;
use std::time::Duration;

use super::TokenFailure;
use super::token::{Login, Token};
use super::uri::PinPlace;
use crate::cloud::late::{Beside, read_at_most};
use crate::crypto::Secret;
use crate::keys::{Prompt, Variables};

/// Holds the PIN; set and empty counts for nothing.
const VARIABLE: &str = "COSIGN_PKCS11_PIN";
/// How long a pipe is waited for that a PIN comes through.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any PIN takes.
const MAX_LENGTH: u64 = 1 << 10;

/// What is there without anybody being asked.
#[derive(Debug)]
pub(super) struct Given {
    /// The PIN.
    pub pin: Option<Secret>,
    /// What is set in its place, and empty.
    pub empty: Option<&'static str>,
}

/// The PIN that nobody has to be asked for, if there is one.
///
/// # Errors
/// The file is of no use.
pub(super) fn given(place: Option<&PinPlace>, variables: Variables<'_>) -> Result<Given, TokenFailure> {
    let pin = match place {
        Some(PinPlace::Value(pin)) => Some(Secret::new(pin.0.expose().to_vec())),
        Some(PinPlace::File(path)) => Some(file(path)?),
        None => match variables(VARIABLE) {
            Some(value) if value.is_empty() => return Ok(Given { pin: None, empty: Some(VARIABLE) }),
            value => value.map(|value| Secret::new(value.into_encoded_bytes())),
        },
    };
    Ok(Given { pin, empty: None })
}

/// How to log in, when one must. `question` is shown to the person in front of the program.
///
/// # Errors
/// There is nobody, or the terminal fails.
pub(super) fn login(
    token: &Token,
    given: Given,
    question: &str,
    prompt: &mut dyn Prompt,
) -> Result<Option<Login>, TokenFailure> {
    let empty = |place| TokenFailure::PinEmpty { token: token.name().to_string(), place };
    match given.pin {
        Some(pin) => Ok(Some(Login::Pin(pin))),
        None if !token.login_required => Ok(None),
        None if token.asks_itself => Ok(Some(Login::AtToken)),
        None if !prompt.is_interactive() && given.empty.is_some() => {
            Err(empty(given.empty.unwrap_or_default()))
        }
        None if !prompt.is_interactive() => Err(TokenFailure::PinMissing { token: token.name().to_string() }),
        None => {
            let pin = prompt.password(question).map_err(TokenFailure::Prompt)?;
            match pin.expose() {
                // An empty one would count as a try.
                [] => Err(empty("the one that was typed")),
                _ => Ok(Some(Login::Pin(pin))),
            }
        }
    }
}

/// The content of a file without its final newline.
fn file(path: &str) -> Result<Secret, TokenFailure> {
    let fail = |reason: String| TokenFailure::PinPlace { place: format!("`{path}`"), reason };
    let content = read_at_most(Path::new(path), MAX_LENGTH, PATIENCE, Beside::Anything);
    let content = Secret::new(content.map_err(|error| fail(error.to_string()))?);
    let bytes = content.expose();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    match bytes.len() as u64 {
        0 => Err(fail("it is empty".to_owned())),
        MAX_LENGTH.. => Err(fail(format!("it is longer than {MAX_LENGTH} bytes"))),
        _ => Ok(Secret::new(bytes.to_vec())),
    }
}
