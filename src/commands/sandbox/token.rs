//! `sandbox token`.

use std::time::Duration;

use super::super::outputs::Destination;
use super::super::{Context, Error, ErrorKind};
use super::{SandboxTokenIdentity, SandboxTokenRequest, place};
use crate::sandbox::oidc::{Claims, GithubWorkflow, Identity, is_email};
use crate::sandbox::{self, BesideError};

/// The longest lifetime: a year.
const MAX_LIFETIME: u64 = 366 * 24 * 3600;

/// Makes an identity token of the sandbox in a folder, whether it runs or not. Returns what goes to standard output.
///
/// # Errors
/// What is asked for makes no sense, there is no sandbox, or the file cannot be written.
pub fn sandbox_token(request: &SandboxTokenRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let folder = place::folder(request.folder.as_deref(), context)?;
    let mut claims = Claims::new(identity(&request.identity)?);
    if let Some(audience) = &request.audience {
        claims.audience.clone_from(audience);
    }
    if let Some(lifetime) = request.lifetime {
        claims.lifetime = seconds(lifetime)?;
    }
    claims.upstream_issuer.clone_from(&request.issuer);
    let destination = Destination::open(request.output.as_deref())?;
    let token = sandbox::mint(&folder, &claims).map_err(|error| {
        let new = Error::with_sources(ErrorKind::Other, &error);
        match error {
            BesideError::None { .. } => new.hint("`sandbox up` makes one; --dir DIR names another folder"),
            _ => new,
        }
    })?;
    destination.line(token)
}

fn identity(request: &SandboxTokenIdentity) -> Result<Identity, Error> {
    match request {
        SandboxTokenIdentity::Email(address) if is_email(address) => Ok(Identity::Email(address.clone())),
        SandboxTokenIdentity::Email(address) => {
            Err(Error::usage(format!("--email: `{address}` is no address of e-mail")))
        }
        SandboxTokenIdentity::Uri(uri) if uri.contains(':') => Ok(Identity::Uri(uri.clone())),
        SandboxTokenIdentity::Uri(uri) => {
            Err(Error::usage(format!("--uri: `{uri}` is no URI, as in spiffe://example.com/build")))
        }
        SandboxTokenIdentity::GithubWorkflow(run) => {
            let parts: Vec<&str> = run.repository.split('/').collect();
            if !matches!(parts[..], [owner, name] if !owner.is_empty() && !name.is_empty()) {
                let text = &run.repository;
                return Err(Error::usage(format!("--github-workflow: `{text}` is not OWNER/REPOSITORY")));
            }
            let mut made = GithubWorkflow::new(&run.repository);
            let change = |place: &mut String, asked: &Option<String>| {
                if let Some(asked) = asked {
                    place.clone_from(asked);
                }
            };
            change(&mut made.file, &run.file);
            change(&mut made.git_ref, &run.git_ref);
            change(&mut made.sha, &run.sha);
            change(&mut made.event, &run.event);
            Ok(Identity::GithubWorkflow(Box::new(made)))
        }
    }
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
