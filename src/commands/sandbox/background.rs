//! `sandbox up --detach`: the program starts itself once more, and waits until that one answers.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{Context, Error, ErrorKind};
use super::SandboxUpRequest;
use super::options::not_started;
use crate::sandbox::{self, Folder, FolderError, SandboxError, Service};

/// What it says goes to this file in its folder.
const LOG: &str = "log";
/// How much of that is shown when it does not start.
const MAX_LOG: usize = 1 << 14;
/// How often is asked whether it answers.
const PAUSE: Duration = Duration::from_millis(20);
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that was killed has its folder until the system has put it away, which takes no longer than this.
const PUT_AWAY: Duration = Duration::from_secs(2);

/// Starts it, waits until it answers, and returns the lines that say where its services are, and its notes.
///
/// # Errors
/// It does not start: what it said of that.
pub(super) async fn start(
    request: &SandboxUpRequest,
    folder: &Path,
    context: &Context,
) -> Result<(String, Vec<String>), Error> {
    until_free(folder)
        .await
        .and_then(|()| Folder::make(folder))
        .map_err(|error| not_started(&SandboxError::Folder(error), request.folder.as_deref()))?;
    let path = folder.join(LOG);
    let failed = |error: &io::Error| {
        Error::new(ErrorKind::Other, "the sandbox cannot be started in the background").caused_by(error)
    };
    let log = log_file(&path).map_err(|error| failed(&error))?;
    let mut child = spawn(request, folder, log).map_err(|error| failed(&error))?;
    let begun = Instant::now();
    let patience = context.settings.timeout.min(PATIENCE);
    loop {
        if let Some(status) = child.try_wait().map_err(|error| failed(&error))? {
            let said = fs::read(&path).unwrap_or_default();
            return Err(told(&String::from_utf8_lossy(&said), &status.to_string()));
        }
        // Until it has the lock nobody answers; somebody else who has it is not it.
        if let Ok(Some(status)) = sandbox::status(folder)
            && status.get("ready").and_then(Value::as_bool) == Some(true)
            && status.get("pid").and_then(Value::as_u64) == Some(u64::from(child.id()))
        {
            return Ok((lines(&status), notes(&status)));
        }
        if begun.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            let message = format!("the sandbox did not answer within {} s", patience.as_secs());
            return Err(
                Error::new(ErrorKind::Other, message).cause(format!("what it said is in {}", path.display()))
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits a while where nobody answers for a folder that is used.
async fn until_free(folder: &Path) -> Result<(), FolderError> {
    let begun = Instant::now();
    while Folder::is_used(folder)? {
        if begun.elapsed() > PUT_AWAY || matches!(sandbox::status(folder), Ok(Some(_))) {
            return Err(FolderError::Locked { path: folder.to_owned() });
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// A new log for the owner alone.
fn log_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// It has neither the terminal nor the pipes of this process, and signals of the terminal's do not reach it.
fn spawn(request: &SandboxUpRequest, folder: &Path, log: File) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    let kind = &request.kind;
    command.args(["sandbox", "up", "--dir"]).arg(folder);
    for (flag, values) in [
        ("--fault", &kind.faults),
        ("--clock", &kind.clocks),
        ("--port", &kind.ports),
        ("--email", &kind.people),
    ] {
        // With `=`, as values may begin with a dash.
        command.args(values.iter().map(|value| format!("{flag}={value}")));
    }
    if !kind.referrers {
        command.arg("--no-referrers");
    }
    if kind.witness {
        command.arg("--witness");
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn()
}

/// The error that it printed, as one of this process.
fn told(said: &str, status: &str) -> Error {
    let said: String = said.chars().take(MAX_LOG).collect();
    let of =
        |prefix: &'static str| said.lines().filter_map(move |line| line.trim_start().strip_prefix(prefix));
    let message =
        of("error: ").next().map_or_else(|| format!("the sandbox ended at once: {status}"), str::to_owned);
    let error = of("caused by: ").fold(Error::new(ErrorKind::Other, message), Error::cause);
    of("hint: ").fold(error, Error::hint)
}

fn lines(status: &Value) -> String {
    let url = |service: Service| status.get("addresses")?.get(service.word())?.as_str();
    let line = |service: Service| Some(format!("{:<9}{}\n", service.word(), url(service)?));
    Service::ALL.into_iter().filter_map(line).collect()
}

fn notes(status: &Value) -> Vec<String> {
    let notes = status.get("notes").and_then(Value::as_array);
    notes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_said_of_its_end_is_told() {
        let said = "WARNING: w\nerror: tsa cannot have port 1\n  caused by: in use\nhint: another\n";
        let error = told(said, "exit status: 1");
        assert_eq!(
            (error.message.as_str(), error.causes, error.hints),
            ("tsa cannot have port 1", vec!["in use".to_owned()], vec!["another".to_owned()])
        );
        assert_eq!(told("", "signal: 9").message, "the sandbox ended at once: signal: 9");
    }
}
