//! The command of `sandbox run`.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, ExitStatus};

use super::SandboxRunRequest;
use super::signals::{PAUSE, Signal, Signals};
use crate::sandbox;

/// Other programs than rcosign and cosign ask a proxy for what is on this machine.
const LOOPBACK: &str = "127.0.0.1,localhost";

/// Starts it with these variables, and the standard streams of this process.
///
/// # Errors
/// It cannot be started.
pub(super) fn start(
    request: &SandboxRunRequest,
    variables: &[(&'static str, String)],
    without_proxy: Option<&str>,
) -> io::Result<Child> {
    command(&request.program, variables, without_proxy).args(&request.arguments).spawn()
}

/// A program with these variables, and none that leads elsewhere.
pub(super) fn command(
    program: &OsStr,
    variables: &[(&'static str, String)],
    without_proxy: Option<&str>,
) -> Command {
    let mut command = Command::new(program);
    for name in sandbox::ELSEWHERE {
        command.env_remove(name);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let hosts = match without_proxy {
        Some(hosts) if !hosts.is_empty() => format!("{hosts},{LOOPBACK}"),
        _ => LOOPBACK.to_owned(),
    };
    command.env("NO_PROXY", &hosts).env("no_proxy", &hosts);
    command
}

/// It will be in a group of its own, which [`kill`] ends with all that it leaves behind.
#[cfg(unix)]
pub(super) fn apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// There are no groups.
#[cfg(not(unix))]
pub(super) fn apart(_: &mut Command) {}

/// Whether it has ended; its number stays its own.
#[cfg(unix)]
pub(super) fn has_ended(child: &Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    // What cannot be waited for is gone.
    waitid(WaitId::Pid(Pid::from_child(child)), options).map_or(true, |status| status.is_some())
}

/// What it says is closed when it ends.
#[cfg(not(unix))]
pub(super) fn has_ended(_: &Child) -> bool {
    false
}

/// Ends it and, where there are groups, those of its group.
pub(super) fn kill(child: &mut Child) {
    // It was not waited for yet, so the number is still its own.
    #[cfg(unix)]
    crate::program::kill_group(child);
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits for its end; signals are passed on to it.
///
/// # Errors
/// The system does not say how it ended.
pub(super) async fn wait(child: &mut Child, signals: &Signals) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match signals.take() {
            Some(signal) => pass_on(child, signal),
            None => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// What the keys of a terminal send reaches every process of the foreground by itself, and must not come twice.
#[cfg(unix)]
fn pass_on(child: &Child, signal: Signal) {
    use std::io::IsTerminal as _;
    if signal.is_of_terminals() && io::stdin().is_terminal() {
        return;
    }
    let Some(signal) = rustix::process::Signal::from_named_raw(signal.0) else { return };
    // It was not waited for yet, so the number is still its own.
    let _ = rustix::process::kill_process(rustix::process::Pid::from_child(child), signal);
}

/// Ctrl-C reaches every process of the console by itself.
#[cfg(not(unix))]
fn pass_on(_: &Child, _: Signal) {}

/// Its exit code, as shells tell it: 128 and the number of the signal that ended it.
pub(super) fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Signal(signal).code();
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
