//! `login`.

use std::ffi::OsString;

use super::args::{at_most_one, filled, registry::ConnectionArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, LoginPassword, LoginRequest};
use crate::crypto::Secret;

/// Log in to a registry
///
/// User and password are checked with the registry, and then kept as Docker keeps them: by the credential helper that
/// Docker's configuration names, or in that file itself.
#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    /// Registry: a host, with a port if need be
    #[arg(value_name = "SERVER")]
    pub server: Vec<OsString>,
    /// User
    #[arg(long, short = 'u', value_name = "USER", help_heading = "Login")]
    pub username: Option<String>,
    /// Password; other users of this machine can see flags, so better use --password-stdin
    #[arg(long, short = 'p', value_name = "PASSWORD", help_heading = "Login")]
    pub password: Option<String>,
    /// Take the password from standard input
    #[arg(long, help_heading = "Login")]
    pub password_stdin: Option<bool>,
    /// How the registry is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for LoginArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let server = at_most_one(&self.server, "one registry is logged in to at a time")?;
        let Some(server) = server.filter(|server| !server.is_empty()) else {
            return Err(Error::usage("there is no registry to log in to")
                .hint("name it after the command: `login HOST`"));
        };
        let password = match (filled(&self.password), self.password_stdin.unwrap_or_default()) {
            (Some(_), true) => {
                return Err(Error::usage("--password and --password-stdin name two passwords")
                    .hint("leave --password out"));
            }
            (Some(password), false) => LoginPassword::Given(Secret::new(password.into_bytes())),
            (None, true) => LoginPassword::Stdin,
            (None, false) => LoginPassword::Asked,
        };
        Ok(Request::Login(LoginRequest {
            server: server.to_string_lossy().into_owned(),
            username: filled(&self.username),
            password,
            registry: self.connection.request(None)?,
        }))
    }
}
