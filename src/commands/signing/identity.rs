//! Identity tokens for a command: the world of the command, and what to do about failures.

use std::io;
use std::time::Duration;

use super::super::{Context, Error, ErrorKind, Narrator};
use crate::crypto::DecodeKind;
use crate::keys::Prompt;
use crate::services::oidc::{self, Dialogue, IdentityToken, Places, SystemBrowser, TokenRequest, World};
use crate::services::{Client, Error as ServiceError};

/// Gets an identity token, for one command.
///
/// # Errors
/// There is none, with what to do about it.
pub async fn identity_token(
    client: &Client,
    request: &TokenRequest<'_>,
    context: &mut Context,
) -> Result<IdentityToken, Error> {
    in_world(context, async |world| oidc::identity_token(client, request, world).await).await
}

/// Fails where there can be no token, before anybody is asked for anything.
///
/// # Errors
/// As [`identity_token`].
pub async fn foresee(request: &TokenRequest<'_>, context: &mut Context) -> Result<(), Error> {
    in_world(context, async |world| oidc::foresee(request, world).await).await
}

async fn in_world<T>(
    context: &mut Context,
    ask: impl AsyncFnOnce(&mut World<'_>) -> Result<T, oidc::Error>,
) -> Result<T, Error> {
    let Context { now, variables, prompt, narrator, .. } = context;
    let mut world = World {
        now: *now,
        variables: &**variables,
        places: Places::default(),
        browser: &mut SystemBrowser::new(&**variables),
        dialogue: &mut Person { prompt: &mut **prompt, narrator: &mut **narrator },
    };
    ask(&mut world).await.map_err(Error::from)
}

/// Whoever sits in front of the program.
struct Person<'a> {
    prompt: &'a mut dyn Prompt,
    narrator: &'a mut dyn Narrator,
}

impl Dialogue for Person<'_> {
    fn is_interactive(&self) -> bool {
        self.prompt.is_interactive()
    }

    fn say(&mut self, line: &str) {
        self.narrator.say(line);
    }

    fn warn(&mut self, line: &str) {
        self.narrator.warn(line);
    }

    fn line(&mut self, question: &str, patience: Duration) -> io::Result<String> {
        self.prompt.line_within(question, patience)
    }
}

impl From<oidc::Error> for Error {
    fn from(error: oidc::Error) -> Self {
        let converted = Self::with_sources(kind(&error), &error);
        hints(&error).into_iter().fold(converted, Self::hint)
    }
}

fn kind(error: &oidc::Error) -> ErrorKind {
    use oidc::Error as E;
    match error {
        // The address is the environment's, and no flag.
        E::Provider { source, .. } if matches!(**source, E::Address { .. }) => ErrorKind::Authentication,
        E::Provider { source, .. } => kind(source),
        E::NoIssuer => ErrorKind::TrustMaterial,
        E::Token { source, .. } if source.kind == DecodeKind::Limit => ErrorKind::LimitExceeded,
        E::Token { .. } | E::File { .. } => ErrorKind::Authentication,
        E::Google(error) => super::super::key_errors::of_google(error),
        E::UnknownProvider { .. } | E::Contradiction { .. } | E::FlowWithoutToken | E::Address { .. } => {
            ErrorKind::Usage
        }
        E::Service(source) if source.is_refusal() => ErrorKind::Authentication,
        E::Service(ServiceError::Answer { source, .. }) if source.kind == DecodeKind::Limit => {
            ErrorKind::LimitExceeded
        }
        E::Cloud(error) => super::super::key_errors::of_cloud(error),
        E::Service(_) | E::WorkloadApi { .. } | E::Discovery { .. } => ErrorKind::Network,
        E::Expired { .. }
        | E::Audience { .. }
        | E::Issuer { .. }
        | E::Nonce { .. }
        | E::NotOffered { .. }
        | E::NoToken { .. }
        | E::Empty { .. }
        | E::Denied { .. }
        | E::TimedOut { .. }
        | E::Login(_)
        | E::Unsupported { .. } => ErrorKind::Authentication,
        E::Random => ErrorKind::Other,
    }
}

fn hints(error: &oidc::Error) -> Vec<String> {
    use oidc::Error as E;
    let one = |text: &str| vec![text.to_owned()];
    match error {
        E::NoToken { ci, ambient } => {
            let mut hints = match ambient {
                true => ci.advice.iter().map(|line| (*line).to_owned()).collect(),
                false => {
                    one("leave --oidc-disable-ambient-providers out, so that the environment is looked at")
                }
            };
            hints.push(
                "or name a token with --identity-token FILE, or sign with a key with --key FILE; \
                 `debug providers` shows what is found here"
                    .to_owned(),
            );
            hints
        }
        E::Empty { variable } => {
            vec![format!(
                "give {variable} the token, or unset it to log in; or name one with --identity-token FILE"
            )]
        }
        E::NoIssuer => one(
            "name a token with --identity-token FILE, or a signing config that lists the issuer in `oidcUrls`",
        ),
        E::UnknownProvider { .. } => {
            vec![format!("there are {}", oidc::names().collect::<Vec<_>>().join(", "))]
        }
        E::NotOffered { .. } => one("`debug providers` shows what is found here"),
        E::Provider { name: "envvar", source } if matches!(**source, E::Token { .. }) => one(
            "SIGSTORE_ID_TOKEN takes the token itself; one that is in a file is named with --identity-token FILE",
        ),
        E::Provider { name: "github-actions", source } if is_refusal(source) => {
            one("give the job the permission to ask for a token: `permissions:` with `id-token: write`")
        }
        E::Expired { .. } => one("tokens are good for some minutes; ask for one shortly before signing"),
        E::Audience { .. } => one("ask for a token that is made out to `sigstore`"),
        E::Contradiction { other, .. } => vec![format!("leave {other} out")],
        E::FlowWithoutToken => {
            one("name it with --identity-token, or choose another flow with --fulcio-auth-flow")
        }
        E::TimedOut { by_code: true, .. } => one(
            "try again, or name a token with --identity-token FILE; --timeout is how long is waited for it",
        ),
        E::TimedOut { by_code: false, .. } => {
            one("try again, or log in with another machine's browser: --fulcio-auth-flow device")
        }
        E::File { .. } => one("--identity-token takes a token or the name of a file that holds one"),
        E::Token { source, .. } if source.reason.contains("email_verified") => {
            one("have the issuer verify the address, or log in as somebody whose address it has verified")
        }
        E::Login(_) => one(
            "log in with another machine's browser: --fulcio-auth-flow device, or name a token with --identity-token FILE",
        ),
        E::Unsupported { what } if what.contains("--oidc-client-secret-file") => {
            one("write the secret into a file, and name it with --oidc-client-secret-file FILE")
        }
        E::Discovery { .. } | E::Denied { .. } => one(
            "try again, or name another issuer with --oidc-issuer URL, or a token with --identity-token FILE",
        ),
        E::Service(source) => super::super::services::hint(source).into_iter().collect(),
        E::Provider { source, .. } => hints(source),
        _ => Vec::new(),
    }
}

fn is_refusal(error: &oidc::Error) -> bool {
    matches!(error, oidc::Error::Service(source) if source.is_refusal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_end_with_their_own_code_and_say_what_to_do() {
        let of = |error: oidc::Error| Error::from(error);
        let inner = oidc::Error::UnknownProvider { name: "x".to_owned() };
        let error = of(oidc::Error::Provider { name: "envvar", source: Box::new(inner) });
        assert_eq!(error.kind, ErrorKind::Usage);
        assert_eq!(error.causes, ["there is no OIDC provider `x`"]);
        assert!(error.hints[0].starts_with("there are envvar, github-actions, "), "{error:?}");
        let token = || oidc::Error::Token {
            from: "SIGSTORE_ID_TOKEN".to_owned(),
            source: crate::crypto::DecodeError::whole("identity token", "has not three parts"),
        };
        let error = of(oidc::Error::Provider { name: "envvar", source: Box::new(token()) });
        assert!(
            error.hints[0].contains("takes the token itself")
                && error.hints[0].contains("--identity-token FILE")
        );
        assert!(of(oidc::Error::Provider { name: "filesystem", source: Box::new(token()) }).hints.is_empty());
        let error = of(oidc::Error::TimedOut { seconds: 120, by_code: false });
        assert_eq!(error.kind, ErrorKind::Authentication);
        assert!(error.hints[0].contains("--fulcio-auth-flow device"), "{error:?}");
        // What has just failed is no way out.
        let error = of(oidc::Error::TimedOut { seconds: 120, by_code: true });
        assert!(!error.hints[0].contains("device"), "{error:?}");
        let error = of(oidc::Error::Empty { variable: "SIGSTORE_ID_TOKEN" });
        assert_eq!(error.kind, ErrorKind::Authentication);
        assert!(error.hints[0].contains("unset it"), "{error:?}");
        let error = of(oidc::Error::Contradiction { one: "--a", other: "--b" });
        assert_eq!((error.kind, error.hints), (ErrorKind::Usage, vec!["leave --b out".to_owned()]));
    }
}
