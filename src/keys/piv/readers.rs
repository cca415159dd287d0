//! Finding the one token that is there.

use std::path::PathBuf;
use std::time::Duration;

use super::PivFailure;
use super::card::Card;
use crate::keys::Variables;

/// Names another socket of the daemon than the usual one (pcscd(8)).
const VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// Where the PC/SC daemon listens.
pub(super) fn place(variables: Variables<'_>) -> PathBuf {
    const USUAL: &str = "/run/pcscd/pcscd.comm";
    match variables(VARIABLE).filter(|value| !value.is_empty()) {
        Some(socket) => socket.into(),
        None => USUAL.into(),
    }
}

/// The one token that is there. Nobody else talks to it until the card is let go. All waiting for it together takes at most `time`.
///
/// # Errors
/// There is none, or more than one; the daemon is of no use.
#[cfg(unix)]
pub(super) fn connect(place: &std::path::Path, time: Duration) -> Result<Card, PivFailure> {
    use super::pcscd::{Daemon, Patience};
    if !cfg!(feature = "piv") {
        return Err(PivFailure::NotBuilt);
    }
    let mut seen = Vec::new();
    let mut found = Vec::new();
    let patience = Patience::new(time);
    for reader in Daemon::connect(place, &patience)?.readers()? {
        if !reader.holds_card {
            seen.push(format!("is a reader `{}` without a card", reader.name));
            continue;
        }
        // A connection for each: what is let go of one does not touch another.
        let card = Daemon::connect(place, &patience)?.card(&reader.name);
        match card.and_then(|card| Card::open(Box::new(card))) {
            Ok(card) => found.push((reader.name, card)),
            Err(PivFailure::Status { .. }) => {
                seen.push(format!("is a card without PIV in `{}`", reader.name));
            }
            Err(failure) => {
                let why = std::error::Error::source(&failure).map(|why| format!(": {why}"));
                seen.push(format!("is `{}`: {failure}{}", reader.name, why.unwrap_or_default()));
            }
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some((_, card)), true) => Ok(card),
        (Some((last, _)), false) => {
            let names = found.iter().map(|(name, _)| name).chain([&last]);
            let found = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(PivFailure::ManyTokens { found })
        }
        (None, _) => {
            let readers = if seen.is_empty() { "is no reader either".to_owned() } else { seen.join(", ") };
            Err(PivFailure::NoToken { readers })
        }
    }
}

#[cfg(not(unix))]
pub(super) fn connect(_: &std::path::Path, _: Duration) -> Result<Card, PivFailure> {
    Err(if cfg!(feature = "piv") { PivFailure::NoSystem } else { PivFailure::NotBuilt })
}
