//! `login`.

use super::{Context, Error, ErrorKind, Files, RegistryRequest};
use crate::crypto::Secret;
use crate::registry::Registry;

/// A password is a line; a token may be some kilobytes.
const MAX_PASSWORD: u64 = 1 << 16;

/// What `login` is asked for.
#[derive(Debug)]
pub struct LoginRequest {
    /// The registry: `HOST` or `HOST:PORT`.
    pub server: String,
    /// The user; `None` is asked for.
    pub username: Option<String>,
    /// Where the password is.
    pub password: LoginPassword,
    /// How the registry is reached; its credentials are not looked at.
    pub registry: RegistryRequest,
}

/// Where the password of a login is.
#[derive(Debug)]
pub enum LoginPassword {
    /// Whoever is at the terminal knows it.
    Asked,
    /// This is it.
    Given(Secret),
    /// All of standard input but one final newline.
    Stdin,
}

impl LoginRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Checks a user and a password with a registry, and keeps them where Docker does.
///
/// # Errors
/// There is no password, the registry refuses it or does not answer, or it cannot be kept. Nothing is kept then.
pub async fn login(request: LoginRequest, context: &mut Context) -> Result<(), Error> {
    let registry = Registry::parse(&request.server).map_err(|error| {
        Error::usage(format!("`{}` is not a registry", request.server)).caused_by(&error).hint(
            "a registry is named by its host alone, with a port if need be: `login registry.example:5000`",
        )
    })?;
    let (username, password) = credentials(request.username, request.password, context)?;
    check_and_keep(&registry, username, password, request.registry, context).await
}

fn credentials(
    username: Option<String>,
    password: LoginPassword,
    context: &mut Context,
) -> Result<(String, Secret), Error> {
    let interactive = context.prompt.is_interactive();
    let missing = |what: &str, hint: &str| {
        Error::new(ErrorKind::Authentication, format!("there is no {what} to log in with")).hint(hint)
    };
    let unread = |error: std::io::Error| {
        Error::new(ErrorKind::Authentication, "could not read what to log in with").cause(error.to_string())
    };
    let username = match username {
        Some(username) => username,
        None if interactive => context.prompt.line("Username: ").map_err(unread)?,
        None => return Err(missing("user name", "name the user with --username USER")),
    };
    if username.is_empty() || username.contains(':') {
        return Err(Error::usage("the user name is empty or holds a colon, which no registry takes"));
    }
    let password = match password {
        LoginPassword::Given(password) => password,
        LoginPassword::Stdin => {
            let text = context.prompt.stdin(MAX_PASSWORD).map_err(unread)?;
            if text.len() as u64 > MAX_PASSWORD {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("the password is longer than the limit of {MAX_PASSWORD} bytes"),
                ));
            }
            without_newline(Secret::new(text))
        }
        LoginPassword::Asked if interactive => context.prompt.password("Password: ").map_err(unread)?,
        LoginPassword::Asked => {
            return Err(missing("password", "write it to standard input and add --password-stdin"));
        }
    };
    // cosign issue 4120: a login with a user alone.
    if password.expose().is_empty() {
        return Err(missing(
            "password",
            "what was given is empty; write it to standard input with --password-stdin",
        ));
    }
    Ok((username, password))
}

fn without_newline(text: Secret) -> Secret {
    let bytes = text.expose();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Secret::new(bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec())
}

#[cfg(feature = "http")]
async fn check_and_keep(
    registry: &Registry,
    username: String,
    password: Secret,
    request: RegistryRequest,
    context: &mut Context,
) -> Result<(), Error> {
    use super::RegistryCredentials;
    use crate::registry::{Places, StoredIn, store_login};
    let again = Secret::new(password.expose().to_vec());
    let user = RegistryCredentials::User { username: username.clone(), password: again };
    let request = RegistryRequest { credentials: Some(user), ..request };
    let asked = super::registry::client(&request, context)?.check_login(registry).await?;
    if !asked {
        let line = format!("{registry} asks for no credentials, so these could not be checked");
        context.narrator.warn(&line);
    }
    match store_login(&Places::of(&*context.variables), registry, &username, &password).await? {
        StoredIn::Helper(helper) => context.narrator.say(&format!("logged in via {helper}")),
        StoredIn::File(path, content) => {
            write(&path, &content)?;
            let shown = path.display();
            context.narrator.warn(&format!(
                "the password is in `{shown}` for whoever can read that file; a credential helper keeps it better \
                 (`credsStore` in that file)"
            ));
            context.narrator.say(&format!("logged in via {shown}"));
        }
    }
    Ok(())
}

#[cfg(not(feature = "http"))]
#[expect(clippy::unused_async, reason = "the same signature in every build")]
async fn check_and_keep(
    registry: &Registry,
    _: String,
    _: Secret,
    _: RegistryRequest,
    _: &mut Context,
) -> Result<(), Error> {
    Err(super::registry::not_built(registry.as_str()))
}

/// Writes the file for its owner alone; the folder is made if it is not there.
#[cfg(feature = "http")]
fn write(path: &std::path::Path, content: &Secret) -> Result<(), Error> {
    use crate::storage::{Access, write_file};
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| {
            Error::new(ErrorKind::Format, format!("could not make the folder `{}`", folder.display()))
                .caused_by(&error)
        })?;
    }
    write_file(path, content.expose(), Access::Owner).map_err(|error| Error::output(&error))
}
