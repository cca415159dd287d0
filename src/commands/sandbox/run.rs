//! `sandbox run`.

use std::ffi::OsStr;

use super::super::{Context, Error, ErrorKind};
use super::options::{not_started, options};
use super::signals::Signals;
use super::{SandboxRunRequest, child, cosign, place, up};
use crate::sandbox::{IDENTITY_TOKEN, Sandbox, TemporaryFolder};

/// Starts a sandbox, runs the command and ends the sandbox. Returns the exit code of the command.
///
/// # Errors
/// What is asked for makes no sense, the sandbox does not start, or the command cannot be run; with the exit code that shells
/// have for that.
pub async fn sandbox_run(
    request: &SandboxRunRequest,
    context: &mut Context,
) -> Result<u8, (Error, Option<u8>)> {
    let alone = |error: Error| (error, None);
    let temporary = match request.folder {
        Some(_) => None,
        None => Some(TemporaryFolder::new("rcosign-sandbox-").map_err(|error| alone(no_folder(&error)))?),
    };
    let folder = match &temporary {
        Some(temporary) => temporary.path().join("sandbox"),
        None => place::folder(request.folder.as_deref(), context).map_err(alone)?,
    };
    let options = options(folder, &request.kind).map_err(alone)?;
    let signals = Signals::all();
    let sandbox =
        Sandbox::start(options).map_err(|error| alone(not_started(&error, request.folder.as_deref())))?;
    sandbox.notes().iter().for_each(|note| context.narrator.warn(note));
    if let Err(signal) = signals.or(up::prepare(&sandbox, context)).await {
        return Ok(signal.code());
    }
    context.narrator.warn(up::WARNING);
    let token = sandbox.file(IDENTITY_TOKEN);
    let token = std::fs::read_to_string(&token).map_err(|error| {
        alone(Error::new(ErrorKind::Other, format!("`{}` cannot be read", token.display())).caused_by(&error))
    })?;
    let variables = |for_cosign_2| {
        let mut variables = sandbox.documents().variables(sandbox.folder(), for_cosign_2);
        variables.push(("SIGSTORE_ID_TOKEN", token.clone()));
        variables
    };
    let variable = |name| (context.variables)(name).and_then(|value| value.into_string().ok());
    let without_proxy = variable("NO_PROXY").or_else(|| variable("no_proxy"));
    let within = |program: &OsStr| child::command(program, &variables(false), without_proxy.as_deref());
    let for_cosign_2 = match cosign::variables_are_for_2(request, within, &signals, context) {
        Ok(for_cosign_2) => for_cosign_2,
        Err(cosign::Unanswered::Signal(signal)) => return Ok(signal.code()),
        Err(cosign::Unanswered::Silent(error)) => return Err(alone(error)),
    };
    let name = request.program.to_string_lossy().into_owned();
    if let Some(signal) = signals.ending() {
        return Ok(signal.code());
    }
    let mut child = child::start(request, &variables(for_cosign_2), without_proxy.as_deref()).map_err(|error| {
        let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
        let new = Error::new(ErrorKind::Other, format!("`{name}` cannot be run")).caused_by(&error);
        // A line in quotes is one word, and taken for the name of a program.
        let is_line = code == 127 && name.contains(char::is_whitespace);
        let hint = "leave the quotes out: `sandbox run -- COMMAND ARGUMENT...`; for a line of a shell: `sandbox run -- sh -c 'LINE'`";
        (if is_line { new.hint(hint) } else { new }, Some(code))
    })?;
    let status = child::wait(&mut child, &signals).await;
    drop(sandbox);
    match status {
        Ok(status) => Ok(child::code(status)),
        Err(error) => Err(alone(
            Error::new(ErrorKind::Other, format!("nobody says how `{name}` ended")).caused_by(&error),
        )),
    }
}

/// There is no place for temporary files.
pub(super) fn no_folder(error: &std::io::Error) -> Error {
    let variable = if cfg!(windows) { "TEMP" } else { "TMPDIR" };
    Error::new(ErrorKind::Other, "no temporary folder can be made")
        .caused_by(error)
        .hint(format!("name a folder that is there, and that you may write to, with the variable {variable}"))
}
