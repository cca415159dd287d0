//! `sandbox up`.

use std::path::Path;

use super::super::{Context, Error, ErrorKind, InitializeRequest, initialize};
use super::options::{not_started, options};
use super::signals::Signals;
use super::{SandboxUpRequest, background, place};
use crate::program::shell;
use crate::sandbox::{Addresses, SOMEBODY, Sandbox, Service};

/// Said at every start.
pub(super) const WARNING: &str = "this is a Sigstore for testing: nobody must trust its roots, and nothing that it signed is proven by them";

/// A sandbox that was started, here or in the background.
pub struct SandboxUp {
    /// Where the services are, a line for each.
    pub lines: String,
    here: Option<(Sandbox, Signals)>,
}

impl SandboxUp {
    /// Waits, if it runs in this process, until a signal or somebody asks for its end, and ends it.
    ///
    /// # Errors
    /// Somebody has removed its folder.
    pub async fn until_ended(self, context: &mut Context) -> Result<(), Error> {
        let Some((sandbox, signals)) = self.here else { return Ok(()) };
        let removed = tokio::select! {
            _ = signals.next() => false,
            () = sandbox.asked_to_end() => false,
            () = sandbox.folder_removed() => true,
        };
        let folder = sandbox.folder().display().to_string();
        drop(sandbox);
        if removed {
            let message = format!("the sandbox has ended, as somebody has removed its folder {folder}");
            return Err(Error::new(ErrorKind::Other, message));
        }
        context.narrator.say(&format!("The sandbox has ended; its state is in {folder}"));
        Ok(())
    }
}

/// Starts a sandbox; with `detach` in the background, where it answers when this returns.
///
/// # Errors
/// What is asked for makes no sense, or it does not start.
pub async fn sandbox_up(request: &SandboxUpRequest, context: &mut Context) -> Result<SandboxUp, Error> {
    let folder = place::folder(request.folder.as_deref(), context)?;
    let options = options(folder.clone(), &request.kind)?;
    if request.detach {
        let (addresses, notes) = background::start(request, &folder, context).await?;
        notes.iter().for_each(|note| context.narrator.warn(note));
        tell(&folder, &addresses, request, context);
        let dir = place::flag(request.folder.as_deref());
        context.narrator.say(&format!("To end it:  rcosign sandbox down{dir}"));
        return Ok(SandboxUp { lines: addresses, here: None });
    }
    let signals = Signals::that_end();
    let sandbox = Sandbox::start(options).map_err(|error| not_started(&error, request.folder.as_deref()))?;
    sandbox.notes().iter().for_each(|note| context.narrator.warn(note));
    if signals.or(prepare(&sandbox, context)).await.is_err() {
        drop(sandbox);
        context.narrator.say(&format!("The sandbox has ended; its state is in {}", folder.display()));
        return Ok(SandboxUp { lines: String::new(), here: None });
    }
    let lines = lines(sandbox.addresses());
    tell(&folder, &lines, request, context);
    context.narrator.say("It runs until Ctrl-C, or `sandbox down`");
    Ok(SandboxUp { lines, here: Some((sandbox, signals)) })
}

/// Fetches from its TUF repository what clients keep, so that they begin with it.
pub(super) async fn prepare(sandbox: &Sandbox, context: &mut Context) {
    let variables = sandbox.documents().variables(sandbox.folder(), false);
    let named = variables.into_iter().find(|(name, _)| *name == "TUF_ROOT").map(|(_, value)| value);
    let request = InitializeRequest {
        mirror: Some(sandbox.addresses().url(Service::Tuf).to_owned()),
        root: Some(sandbox.file("root.json").display().to_string()),
        root_checksum: None,
        staging: false,
    };
    let mut inner = Context {
        settings: context.settings.clone(),
        now: context.now,
        variables: std::sync::Arc::new(move |name| {
            named.clone().filter(|_| name == "TUF_ROOT").map(Into::into)
        }),
        prompt: Box::new(crate::keys::Terminal::default()),
        narrator: Box::new(Silence),
        tell: |_| {},
    };
    // What is wrong on purpose is for others to meet.
    let suspended = sandbox.suspend_faults();
    if let Err(error) = initialize(&request, &mut inner).await {
        context.narrator.warn(&format!("the TUF repository of the sandbox is not usable: {error}"));
    }
    drop(suspended);
    sandbox.tell_ready();
}

/// Nobody is told of what nobody asked for.
struct Silence;

impl super::super::Narrator for Silence {
    fn say(&mut self, _: &str) {}

    fn warn(&mut self, _: &str) {}
}

/// Where the services are, a line for each: its name and its address.
pub(super) fn lines(addresses: &Addresses) -> String {
    let known = Service::ALL.into_iter().filter(|service| !addresses.url(*service).is_empty());
    known.map(|service| format!("{:<9}{}\n", service.word(), addresses.url(service))).collect()
}

fn tell(folder: &Path, addresses: &str, request: &SandboxUpRequest, context: &mut Context) {
    let shown = folder.display();
    let file = |name: &str| shell::word(&folder.join(name).display().to_string());
    let who = request.kind.people.first().map_or(SOMEBODY, String::as_str);
    context.narrator.warn(WARNING);
    if let Some(page) = addresses.lines().find_map(|line| line.strip_prefix(Service::Page.word())) {
        context.narrator.say(&format!("To look at it: {}", page.trim()));
    }
    for line in [
        format!(
            "The sandbox is in {shown}: trusted_root.json, signing_config.json, root.json (TUF), identity_token, env"
        ),
        format!(
            "To use it from this shell, with rcosign and cosign 3:  . {}    (cosign 2:  . {})",
            file("env"),
            file("env.cosign-2")
        ),
        "Then, for example:  rcosign sign-blob --yes --bundle artifact.sigstore.json artifact.txt".to_owned(),
        format!(
            "rcosign verify-blob --bundle artifact.sigstore.json --certificate-identity {} \
             --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC artifact.txt",
            shell::word(who)
        ),
    ] {
        context.narrator.say(&line);
    }
}
