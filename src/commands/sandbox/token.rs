//! `sandbox token`.

use std::time::Duration;

use super::super::outputs::Destination;
use super::super::{Context, Error, ErrorKind};
use super::{SandboxTokenRequest, identity, place};
use crate::sandbox::oidc::Claims;
use crate::sandbox::{self, BesideError};

/// The longest lifetime: a year.
const MAX_LIFETIME: u64 = 366 * 24 * 3600;

/// Makes an identity token of the sandbox in a folder, whether it runs or not. Returns what goes to standard output.
///
/// # Errors
/// What is asked for makes no sense, there is no sandbox, or the file cannot be written.
pub fn sandbox_token(request: &SandboxTokenRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let folder = place::folder(request.folder.as_deref(), context)?;
    let mut claims = Claims::new(identity::of(&request.identity)?);
    if let Some(audience) = &request.audience {
        identity::check("--audience", audience, identity::is_plain, "a word without spaces, as in sigstore")?;
        claims.audience.clone_from(audience);
    }
    if let Some(issuer) = &request.issuer {
        identity::check("--issuer", issuer, identity::is_url, "a URL, as in https://issuer.example.com")?;
    }
    if let Some(lifetime) = request.lifetime {
        claims.lifetime = seconds(lifetime)?;
    }
    claims.upstream_issuer.clone_from(&request.issuer);
    let destination = Destination::open(request.output.as_deref())?;
    let token = sandbox::mint(&folder, &claims).map_err(|error| {
        let new = Error::with_sources(ErrorKind::Other, &error);
        match error {
            BesideError::None { .. } => {
                let dir = place::flag(request.folder.as_deref());
                new.hint(format!("`sandbox up{dir}` makes one; --dir DIR names another folder"))
            }
            _ => new,
        }
    })?;
    destination.line(token)
}

fn seconds(lifetime: Duration) -> Result<u32, Error> {
    match lifetime.as_secs() {
        0 => Err(Error::usage("--lifetime is a second at least")),
        seconds if seconds <= MAX_LIFETIME => {
            u32::try_from(seconds).map_err(|_| Error::usage("--lifetime is too long"))
        }
        _ => Err(Error::usage("--lifetime is a year at most")),
    }
}
