//! Why there is no identity token. Nothing secret is in any of it.

use std::io;
use std::path::PathBuf;

use super::super::Error as ServiceError;
use super::ci::Ci;
use crate::cloud::{self, google};
use crate::crypto::{DecodeError, UnixTime};
use crate::http::service::asking::Unguarded;

/// Why there is no identity token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What should be a token is none.
    #[error("the identity token from {from} cannot be used")]
    Token {
        /// Where it is from.
        from: String,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// A token that was.
    #[error("the identity token from {from} expired at {expired}")]
    Expired {
        /// Where it is from.
        from: String,
        /// When.
        expired: UnixTime,
    },
    /// A token that was asked for is made out to somebody else.
    #[error("the identity token from {from} is made out to {}, not to `{wanted}`", quoted(.found))]
    Audience {
        /// Where it is from.
        from: String,
        /// To whom (`aud`).
        found: Vec<String>,
        /// To whom it should be.
        wanted: String,
    },
    /// A token of another issuer than the one that was asked.
    #[error("the identity token from {from} is by the issuer `{found}`, not by `{wanted}`")]
    Issuer {
        /// Where it is from.
        from: String,
        /// Whose it is (`iss`).
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// A token that answers another request than ours: its nonce is not the one that was sent.
    #[error(
        "the identity token from {from} does not belong to this login: its nonce is not the one that was sent"
    )]
    Nonce {
        /// Where it is from.
        from: String,
    },
    /// A file cannot be read.
    #[error("{what} cannot be read")]
    File {
        /// What should be in it, and its name where it is safe to show.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no provider of this name.
    #[error("there is no OIDC provider `{name}`")]
    UnknownProvider {
        /// The name.
        name: String,
    },
    /// A provider that was named has nothing to offer here.
    #[error("the OIDC provider {name} has no identity token to offer here: {missing}")]
    NotOffered {
        /// Its name.
        name: &'static str,
        /// What it lacks.
        missing: String,
    },
    /// A provider fails.
    #[error("the OIDC provider {name} fails")]
    Provider {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// A service is of no use.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Another cloud, which has to say who asks, does not.
    #[error(transparent)]
    Cloud(Box<cloud::Error>),
    /// Google gives no token.
    #[error(transparent)]
    Google(Box<google::Error>),
    /// Something that is not done.
    #[error("{what}")]
    Unsupported {
        /// What.
        what: String,
    },
    /// The Workload API refuses, or cannot be reached.
    #[error("the SPIFFE Workload API at {} {reason}", .socket.display())]
    WorkloadApi {
        /// Its socket.
        socket: PathBuf,
        /// What happened, in words.
        reason: String,
    },
    /// The variable for a token is set and empty, and nothing else gives one.
    #[error("there is no identity token: {variable} is set and empty")]
    Empty {
        /// The variable.
        variable: &'static str,
    },
    /// There is no token, and nobody to log in.
    #[error("there is no identity token, and nobody can log in: this is {}", .ci.name)]
    NoToken {
        /// Where this runs.
        ci: &'static Ci,
        /// Whether the environment was looked at.
        ambient: bool,
    },
    /// Nobody is known where one could log in.
    #[error("there is no identity token, and the signing config names no OIDC issuer to log in at")]
    NoIssuer,
    /// Two ways to a token at once.
    #[error("{one} and {other} are two ways to an identity token, and only one can be taken")]
    Contradiction {
        /// The flag of the one.
        one: &'static str,
        /// The flag of the other one.
        other: &'static str,
    },
    /// The flow `token` without a token.
    #[error("the flow `token` needs an identity token, and there is none")]
    FlowWithoutToken,
    /// An address that the program was given, or that the issuer names, may not be used.
    #[error("{what} cannot be used: {reason}")]
    Address {
        /// Whose, and which.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The issuer is not the one that it should be, or cannot do what is needed.
    #[error("the OIDC issuer {issuer} cannot be used: {reason}")]
    Discovery {
        /// The issuer as it was asked for.
        issuer: String,
        /// Why not.
        reason: String,
    },
    /// The person, or the issuer, said no.
    #[error("the OIDC issuer {issuer} refused the login: {reason}")]
    Denied {
        /// The issuer.
        issuer: String,
        /// What it said.
        reason: String,
    },
    /// Nobody logged in.
    #[error("nobody logged in within {seconds} seconds")]
    TimedOut {
        /// How long it could have been done.
        seconds: u64,
        /// Whether a code was to be typed in elsewhere.
        by_code: bool,
    },
    /// Waiting for the browser, or for the person, failed.
    #[error("the login failed")]
    Login(#[source] io::Error),
    /// No random numbers.
    #[error("the random source failed")]
    Random,
}

impl From<google::Error> for Error {
    fn from(error: google::Error) -> Self {
        use google::Error as E;
        match error {
            // What has nothing of Google's in it.
            E::Address(source) => source.into(),
            E::Service(source) => Self::Service(source),
            E::Cloud(source) => Self::Cloud(source),
            error => Self::Google(Box::new(error)),
        }
    }
}

impl From<Unguarded> for Error {
    fn from(Unguarded { what, reason }: Unguarded) -> Self {
        Self::Address { what, reason }
    }
}

pub(super) fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "nobody".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
