//! Keys that requests name: the room `keys` meets the context.

use std::time::Duration;

use super::{Context, Error};
use crate::crypto::{PrivateKey, PublicKey, SigningKey};
use crate::http;
use crate::keys::{self, FoundKey, KeyRef, NewPassword, Passwords, Patience, Sources, StdinUse, Store};

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

/// That the private key which `reference` names may be there, as far as nobody has to be asked.
pub(super) fn look(reference: &str, context: &Context) -> Result<(), Error> {
    let http = http::Client::with_timeout(context.settings.timeout);
    Ok(keys::look(&KeyRef::parse(reference)?, &sources(context, &http))?)
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
    let cautions = match reference {
        KeyRef::Service(key) => key.cautions(&sources),
        KeyRef::Store(key) => key.caution(&sources).into_iter().collect(),
        _ => Vec::new(),
    };
    for caution in cautions {
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
