//! From words to the kind of sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::{Error, ErrorKind};
use super::{SandboxKind, place};
use crate::sandbox::{
    self, Fault, FaultError, Faults, FolderError, Options, SandboxError, Service, oidc, registry,
};

/// What a sandbox of this kind is started with.
///
/// # Errors
/// What does not parse, in one line that names the flag.
pub(super) fn options(folder: PathBuf, kind: &SandboxKind) -> Result<Options, Error> {
    let wrong = |flag: &str, error: &dyn std::error::Error| Error::usage(format!("{flag}: {error}"));
    // Whole, as there may be several.
    let cause = |flag: &str, text: &str, error: &FaultError| {
        let told = error.to_string();
        let is_whole = told.contains(&format!("`{text}`"));
        Error::usage(if is_whole { format!("{flag}: {told}") } else { format!("{flag} `{text}`: {told}") })
    };
    let fault = |text: &String| text.parse().map_err(|error| cause("--fault", text, &error));
    let clock = |text: &String| text.parse().map_err(|error| cause("--clock", text, &error));
    let mut ports = BTreeMap::new();
    for text in &kind.ports {
        let (service, port) = port(text)?;
        ports.insert(service, port);
    }
    if let Some(wrong) = kind.people.iter().find(|address| !oidc::is_email(address)) {
        return Err(Error::usage(format!("--email: `{wrong}` is no address of e-mail")));
    }
    let faults = kind.faults.iter().map(fault).collect::<Result<Vec<Fault>, Error>>()?;
    Faults::check(&faults).map_err(|error| wrong("--fault", &error))?;
    Ok(Options {
        folder,
        ports,
        faults,
        clocks: kind.clocks.iter().map(clock).collect::<Result<_, Error>>()?,
        registry: registry::Options { referrers: kind.referrers, ..registry::Options::default() },
        witness: kind.witness,
        people: kind.people.clone(),
    })
}

fn port(text: &str) -> Result<(Service, u16), Error> {
    let parts = text.split_once('=');
    let (service, port) = parts
        .ok_or_else(|| Error::usage(format!("--port: `{text}` is not SERVICE=PORT, as in registry=5000")))?;
    let service = service.parse().map_err(|error: FaultError| Error::usage(format!("--port: {error}")))?;
    match port.parse() {
        Ok(port @ 1..) => Ok((service, port)),
        _ => Err(Error::usage(format!("--port: `{port}` is not a port, a number from 1 to 65535"))),
    }
}

/// The error of a sandbox that does not start, in the folder that `dir` names.
pub(super) fn not_started(error: &SandboxError, dir: Option<&Path>) -> Error {
    let new = Error::with_sources(ErrorKind::Other, error);
    match error.of_folder() {
        Some(FolderError::Locked { .. }) => {
            let dir = place::flag(dir);
            return new.hint(format!(
                "`sandbox status{dir}` shows it and `sandbox down{dir}` ends it; \
                 --dir DIR starts another one in a folder of its own"
            ));
        }
        Some(FolderError::Foreign { .. }) => {
            return new.hint("name a folder that is empty, or not there yet, with --dir DIR");
        }
        Some(FolderError::Unusable { .. } | FolderError::OtherOwner { .. }) => {
            return new.hint("name a folder that you may make, or write to, with --dir DIR");
        }
        Some(FolderError::KeyMissing { .. } | FolderError::Key { .. }) => {
            return new.hint(
                "put it back, or begin anew in another folder: what it signed verifies with no other key",
            );
        }
        Some(FolderError::Link { .. }) => {
            return new
                .hint("remove the link, or put what it leads to in its place if that is the sandbox's own");
        }
        Some(FolderError::NotRegular { .. }) => {
            return new.hint("remove it, or put back what was there");
        }
        _ => {}
    }
    match error {
        _ if error.is_loss() => new.hint(
            "nothing was changed: put it back from a copy of the folder, or begin anew in another one with --dir DIR",
        ),
        SandboxError::Port(sandbox::PortError::Unreachable { .. }) => {
            new.hint("is the loopback interface up? `ip link set lo up`")
        }
        SandboxError::Port(sandbox::PortError::Damaged { .. }) => new.hint(
            "put it back, or remove it: then services get other addresses than those in documents that you gave away",
        ),
        SandboxError::Port(sandbox::PortError::Taken { service, .. }) => new.hint(format!(
            "end what uses it, or choose another one with --port {}=PORT",
            service.word()
        )),
        _ => new,
    }
}
