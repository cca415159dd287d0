//! Keys that requests name: the room `keys` meets the context.

use super::{Context, Error, ErrorKind};
use crate::crypto::sealed::OpenError;
use crate::crypto::{PrivateKey, PublicKey, SigningKey};
use crate::http;
use crate::keys::{self, FoundKey, KeyRef, NewPassword, Passwords, Sources, StdinUse};

/// The public key that `reference` names.
pub(super) async fn public_key(reference: &str, context: &mut Context) -> Result<PublicKey, Error> {
    let reference = KeyRef::parse(reference)?;
    if reference.is_unprotected() {
        context.narrator.warn(&format!(
            "the public key is fetched from {reference} without encryption: anybody on the way can replace it"
        ));
    }
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = Sources { variables: &*context.variables, http: &http };
    Ok(keys::load_public_key(&reference, sources).await?)
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
    let http = http::Client::with_timeout(context.settings.timeout);
    if reference.is_unprotected() {
        context.narrator.warn(&format!(
            "the private key is fetched from {reference} without encryption: anybody on the way can read it"
        ));
    }
    let Context { variables, prompt, .. } = context;
    let sources = Sources { variables: &**variables, http: &http };
    let mut passwords = Passwords::new(&**variables, prompt.as_mut(), stdin);
    Ok(keys::find_signing_key(&reference, sources, &mut passwords).await?)
}

/// The plain private key that is to be imported.
pub(super) async fn importable_key(reference: &str, context: &Context) -> Result<PrivateKey, Error> {
    let reference = KeyRef::parse(reference)?;
    let http = http::Client::with_timeout(context.settings.timeout);
    let sources = Sources { variables: &*context.variables, http: &http };
    Ok(keys::load_importable_key(&reference, sources).await?)
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

fn kind(error: &keys::Error) -> ErrorKind {
    match error {
        keys::Error::EmptyReference
        | keys::Error::KeyInPlaceOfReference
        | keys::Error::UnknownScheme { .. } => ErrorKind::Usage,
        keys::Error::NotAvailableYet { .. } | keys::Error::Make(_) => ErrorKind::Other,
        keys::Error::TooLarge { .. } | keys::Error::PasswordTooLong { .. } => ErrorKind::LimitExceeded,
        keys::Error::Sealed { source: OpenError::ExcessiveWork { .. }, .. } => ErrorKind::LimitExceeded,
        keys::Error::Sealed { source: OpenError::Password, .. }
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
