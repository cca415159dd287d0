//! Keys that requests name: the room `keys` meets the context.

use std::time::Duration;

use super::{Context, Error, ErrorKind};
#[cfg(feature = "http")]
use crate::cloud;
use crate::crypto::sealed::OpenError;
use crate::crypto::{PrivateKey, PublicKey, SigningKey};
use crate::http;
use crate::keys::{self, FoundKey, KeyRef, NewPassword, Passwords, Patience, Sources, StdinUse, Store};
use crate::program::ProgramError;

/// How long services that hold keys are asked again.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// The public key that `reference` names.
pub(super) async fn public_key(reference: &str, context: &mut Context) -> Result<PublicKey, Error> {
    let reference = KeyRef::parse(reference)?;
    caution(&reference, context);
    if reference.is_unprotected() {
        context.narrator.warn(&format!(
            "the public key is fetched from {reference} without encryption: anybody on the way can replace it"
        ));
    }
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = sources(context, &http);
    // Boxed, as in the following: what it takes to ask any of the services is not laid out in every command.
    Ok(Box::pin(keys::load_public_key(&reference, sources)).await?)
}

/// The private key that `reference` names, opened. Whoever reads standard input for something else says so.
pub(super) async fn signing_key(
    reference: &str,
    stdin: StdinUse,
    context: &mut Context,
) -> Result<Box<dyn SigningKey>, Error> {
    Ok(found_key(reference, stdin, context).await?.open()?)
}

/// The private key that `reference` names, with the passwords that may open it: all questions are asked.
pub(super) async fn found_key(
    reference: &str,
    stdin: StdinUse,
    context: &mut Context,
) -> Result<FoundKey, Error> {
    let reference = KeyRef::parse(reference)?;
    caution(&reference, context);
    let http = http::Client::with_timeout(context.settings.timeout);
    if reference.is_unprotected() {
        context.narrator.warn(&format!(
            "the private key is fetched from {reference} without encryption: anybody on the way can read it"
        ));
    }
    let Context { variables, prompt, settings, now, tell, .. } = context;
    let patience = Patience { retry_for: RETRY_FOR, total: settings.timeout };
    let plugins = settings.allow_kms_plugin.then_some(*tell);
    let kube_exec = settings.allow_kube_exec.then_some(*tell);
    let sources = Sources { variables: &**variables, http: &http, patience, now: *now, plugins, kube_exec };
    let mut passwords = Passwords::new(&**variables, prompt.as_mut(), stdin);
    Ok(Box::pin(keys::find_signing_key(&reference, sources, &mut passwords)).await?)
}

/// The public half of the private key that `reference` names. A store holds it by itself; a token tells it without being asked to sign, and often without a PIN.
pub(super) async fn public_half(reference: &str, context: &mut Context) -> Result<PublicKey, Error> {
    match KeyRef::parse(reference)? {
        KeyRef::Token(_) | KeyRef::Piv(_) | KeyRef::Store(_) => public_key(reference, context).await,
        _ => Ok(signing_key(reference, StdinUse::Free, context).await?.public_key().clone()),
    }
}

/// The public half of the key that the service makes, or has made, by the name `reference`.
pub(super) async fn created_key(reference: &str, context: &mut Context) -> Result<PublicKey, Error> {
    let reference = KeyRef::parse(reference)?;
    caution(&reference, context);
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = sources(context, &http);
    Ok(Box::pin(keys::create_key(&reference, sources)).await?)
}

/// The store that is to hold a new key pair.
pub(super) async fn opened_store(reference: &str, context: &mut Context) -> Result<Store, Error> {
    let reference = KeyRef::parse(reference)?;
    caution(&reference, context);
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = sources(context, &http);
    Ok(Box::pin(Store::open(&reference, sources)).await?)
}

/// The plain private key that is to be imported.
pub(super) async fn importable_key(reference: &str, context: &Context) -> Result<PrivateKey, Error> {
    let reference = KeyRef::parse(reference)?;
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = sources(context, &http);
    Ok(keys::load_importable_key(&reference, sources).await?)
}

/// Tells the user what there is to know before the service is asked that holds the key.
fn caution(reference: &KeyRef, context: &mut Context) {
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = sources(context, &http);
    let caution = match reference {
        KeyRef::Service(key) => key.caution(&sources),
        KeyRef::Store(key) => key.caution(&sources),
        _ => None,
    };
    if let Some(caution) = caution {
        context.narrator.warn(&caution);
    }
}

/// What keys are read from: variables, and services with the time that the command has.
fn sources<'a>(context: &'a Context, http: &'a http::Client) -> Sources<'a> {
    let Context { variables, settings, now, tell, .. } = context;
    let patience = Patience { retry_for: RETRY_FOR, total: settings.timeout };
    let plugins = settings.allow_kms_plugin.then_some(*tell);
    let kube_exec = settings.allow_kube_exec.then_some(*tell);
    Sources { variables: &**variables, http, patience, now: *now, plugins, kube_exec }
}

/// The password of a new key.
pub(super) fn new_password(context: &mut Context) -> Result<crate::crypto::Secret, Error> {
    let Context { variables, prompt, .. } = context;
    let NewPassword { password, newline_dropped } =
        Passwords::new(&**variables, prompt.as_mut(), StdinUse::Free).new_password()?;
    if newline_dropped {
        context.narrator.say("The final newline of standard input is not part of the password");
    }
    Ok(password)
}

impl From<keys::Error> for Error {
    fn from(error: keys::Error) -> Self {
        let mut converted = Self::with_sources(kind(&error), &error);
        if let keys::Error::Fetch(_) = error {
            // Of what the layers of a transport have to say, the first word and the last are for people.
            let last = converted.causes.pop();
            converted.causes.truncate(1);
            converted.causes.extend(last);
        }
        match error.hint() {
            Some(hint) => converted.hint(hint),
            None => converted,
        }
    }
}

/// Of what kind the failure of a service is that holds a key.
fn failure(of: &keys::Failure) -> ErrorKind {
    match of {
        keys::Failure::Unset { .. } => ErrorKind::Authentication,
        keys::Failure::Setting { .. } => ErrorKind::Usage,
        #[cfg(feature = "http")]
        keys::Failure::Address(_) => ErrorKind::Usage,
        keys::Failure::Token(failure) => token(failure),
        #[cfg(feature = "http")]
        keys::Failure::Service(error) => super::services::kind(error),
        #[cfg(feature = "http")]
        keys::Failure::Denied { source, .. } => super::services::kind(source),
        keys::Failure::Piv(failure) => piv(failure),
        keys::Failure::Partly { source, .. } => failure(source),
        #[cfg(feature = "http")]
        keys::Failure::Cloud(cloud::Error::Unset { .. }) => ErrorKind::Authentication,
        #[cfg(feature = "http")]
        keys::Failure::Cloud(
            cloud::Error::Setting { .. }
            | cloud::Error::File { .. }
            | cloud::Error::Address(_)
            | cloud::Error::NotAllowed { .. },
        ) => ErrorKind::Usage,
        #[cfg(feature = "http")]
        keys::Failure::Cloud(cloud::Error::Program { source, .. }) => program(source),
        #[cfg(feature = "http")]
        keys::Failure::Cloud(cloud::Error::Refused { source, .. }) => super::services::kind(source),
        #[cfg(feature = "http")]
        keys::Failure::Cloud(cloud::Error::Google(error)) => google(error),
        keys::Failure::Unnamed { source, .. } => failure(source),
        keys::Failure::Key { .. } | keys::Failure::PublicKey(_) | keys::Failure::Value(_) => {
            ErrorKind::Format
        }
        keys::Failure::NotAllowed => ErrorKind::Usage,
        keys::Failure::Program(error) => program(error),
        keys::Failure::Signature => ErrorKind::Other,
    }
}

/// Of what kind the failure of a plug-in program is.
fn program(of: &ProgramError) -> ErrorKind {
    match of {
        ProgramError::Absent { .. } | ProgramError::NoFile { .. } => ErrorKind::Usage,
        ProgramError::TooLong { .. } => ErrorKind::LimitExceeded,
        ProgramError::Answer { .. } => ErrorKind::Format,
        ProgramError::Failed { .. } => ErrorKind::Authentication,
        ProgramError::Start { .. }
        | ProgramError::Timeout { .. }
        | ProgramError::Ended { .. }
        | ProgramError::Said { .. } => ErrorKind::Other,
    }
}

/// Of what kind the failure of Google's credentials is.
#[cfg(feature = "http")]
fn google(of: &cloud::google::Error) -> ErrorKind {
    use cloud::google::Error as E;
    match of {
        E::File { .. } | E::Document { .. } | E::Key { .. } | E::Address(_) => ErrorKind::Usage,
        E::Unsupported { .. } | E::Metadata(_) | E::Cloud(_) => ErrorKind::Authentication,
        E::Service(error) => super::services::kind(error),
        E::Sign(_) => ErrorKind::Other,
    }
}

/// The failure of a token that no key was asked of.
pub(super) fn token_error(failure: &keys::TokenFailure) -> Error {
    let error = Error::with_sources(token(failure), failure);
    match failure.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// In place of a person who is not to be asked.
pub(super) struct Nobody {}

impl keys::Prompt for Nobody {
    fn is_interactive(&self) -> bool {
        false
    }

    fn password(&mut self, _: &str) -> std::io::Result<crate::crypto::Secret> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn line(&mut self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn stdin(&mut self, _: u64) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// Of what kind the failure of a token is that holds a key.
fn token(failure: &keys::TokenFailure) -> ErrorKind {
    use keys::TokenFailure as F;
    match failure {
        F::NoModule | F::Module { .. } | F::ManyTokens { .. } | F::ManyObjects { .. } => ErrorKind::Usage,
        F::NoToken { .. } | F::NoObject { .. } | F::NoPublicKey { .. } | F::Key { .. } => ErrorKind::Format,
        F::PinMissing { .. } | F::PinPlace { .. } | F::Prompt(_) | F::Pin { .. } => ErrorKind::Authentication,
        F::NotBuilt | F::Static | F::Gone { .. } | F::Refused { .. } => ErrorKind::Other,
    }
}

/// Of what kind the failure of a PIV token is.
pub(super) fn piv(failure: &keys::PivFailure) -> ErrorKind {
    use keys::PivFailure as F;
    match failure {
        F::ManyTokens { .. } | F::PinForm { .. } | F::KeyForm { .. } => ErrorKind::Usage,
        F::NoToken { .. } | F::Answer(_) | F::NoKey { .. } | F::Key { .. } => ErrorKind::Format,
        F::Wrong { .. }
        | F::Blocked { .. }
        | F::PinMissing
        | F::Prompt(_)
        | F::ManagementKey
        | F::Status { status: 0x6982, .. } => ErrorKind::Authentication,
        F::Attestation { .. } => ErrorKind::NoneValid,
        F::NotBuilt
        | F::NoSystem
        | F::Daemon { .. }
        | F::Refused { .. }
        | F::Status { .. }
        | F::NotProven
        | F::Unable { .. }
        | F::Random => ErrorKind::Other,
    }
}

fn kind(error: &keys::Error) -> ErrorKind {
    match error {
        keys::Error::EmptyReference
        | keys::Error::KeyInPlaceOfReference
        | keys::Error::Reference { .. }
        | keys::Error::TokenUri(_)
        | keys::Error::NoService { .. }
        | keys::Error::NoStore { .. }
        | keys::Error::StaysThere { .. }
        | keys::Error::PluginNotAllowed { .. }
        | keys::Error::UnknownScheme { .. } => ErrorKind::Usage,
        keys::Error::Service { source, .. } => failure(source),
        keys::Error::Token { source, .. } => token(source),
        keys::Error::NotBuilt { .. } | keys::Error::Make(_) => ErrorKind::Other,
        keys::Error::TooLarge { .. } | keys::Error::PasswordTooLong { .. } => ErrorKind::LimitExceeded,
        keys::Error::Sealed { source: OpenError::ExcessiveWork { .. }, .. } => ErrorKind::LimitExceeded,
        keys::Error::Sealed { source: OpenError::Password, .. }
        | keys::Error::KeptPassword { .. }
        | keys::Error::PasswordMissing
        | keys::Error::PasswordStdinTaken
        | keys::Error::PasswordsDiffer
        | keys::Error::Prompt(_) => ErrorKind::Authentication,
        keys::Error::Fetch(http::Error::Address { .. }) => ErrorKind::Usage,
        // What is not built in is no trouble of the network.
        #[cfg(not(feature = "http"))]
        keys::Error::Fetch(http::Error::NotBuilt { .. }) => ErrorKind::Other,
        keys::Error::Fetch(http::Error::Roots { .. }) => ErrorKind::TrustMaterial,
        keys::Error::Fetch(_) => ErrorKind::Network,
        keys::Error::VariableUnset { .. }
        | keys::Error::Missing { .. }
        | keys::Error::Read { .. }
        | keys::Error::Directory { .. }
        | keys::Error::Public { .. }
        | keys::Error::CertificateGiven { .. }
        | keys::Error::Otherwise { .. }
        | keys::Error::PrivateGiven { .. }
        | keys::Error::PublicGiven { .. }
        | keys::Error::Private { .. }
        | keys::Error::ForeignEncryption { .. }
        | keys::Error::Sealed { .. }
        | keys::Error::SealedAlready { .. }
        | keys::Error::ImportLength { .. } => ErrorKind::Format,
    }
}
