//! How a program is started, listened to, and given up.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::{Call, MAX_ANSWER, Printed, Program, ProgramError};
use crate::crypto::Secret;
use crate::progress;

/// Of what a program says beside its answer, that much is passed on.
const MAX_LINES: usize = 1000;
const MAX_LINE: u64 = 4096;
/// As much of an answer as is read at once, and how many such pieces may wait.
const PIECE: usize = 1 << 13;
const PIECES: usize = 16;
/// How long is waited for the end of what has answered.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is asked whether a program has ended that says nothing.
const TICK: Duration = Duration::from_millis(10);
/// How long nothing may come any more from a program that has ended, where something that it started holds its output open.
const SILENCE: Duration = Duration::from_millis(300);

impl Program {
    /// Starts it without a shell, gives it the input, and waits for what it prints. What it says on standard error is told line by
    /// line, with its name before each. Blocks.
    ///
    /// What it starts itself may go on when it has answered. Where it does not answer in time, all of its process group is killed; with a
    /// terminal at hand it has no group of its own, so that it may ask somebody there, and Ctrl-C ends it.
    ///
    /// # Errors
    /// It does not start, does not end in time, prints too much, or is ended by a signal.
    pub fn run(&self, call: Call) -> Result<Printed, ProgramError> {
        // It may ask somebody at the terminal.
        progress::hide();
        self.run_in(call, !has_terminal())
    }

    pub(super) fn run_in(&self, call: Call, own_group: bool) -> Result<Printed, ProgramError> {
        let Call { input, limit, tell, .. } = &call;
        let fail = |source| ProgramError::Start { path: self.path.clone(), source };
        let started = Instant::now();
        let mut running = Running { child: self.spawn(&call, own_group).map_err(fail)?, own_group };
        // Threads of their own: a program that never reads, or never ends, is given up by the clock.
        if let Some(stdin) = running.child.stdin.take() {
            give(stdin, Arc::clone(input));
        }
        let told = running.child.stderr.take().map(|stderr| pass_on(stderr, self.name.clone(), *tell));
        let pieces = running.child.stdout.take().map(listen);
        let mut bytes = Vec::new();
        let heard = pieces.map_or(Ok(Heard::All(None)), |pieces| running.hear(&pieces, &mut bytes, *limit));
        let bytes = Secret::new(bytes);
        let status = match heard.map_err(fail)? {
            Heard::All(Some(status)) => Some(status),
            Heard::All(None) => running.end(limit.saturating_sub(started.elapsed())).map_err(fail)?,
            Heard::TooLate => None,
            Heard::TooLong => return Err(ProgramError::TooLong { program: self.name.clone() }),
        };
        let Some(status) = status else {
            return Err(ProgramError::Timeout { program: self.name.clone(), limit: *limit });
        };
        if let Some(told) = told {
            // Disconnected is what is waited for; a program in the background may hold the pipe open.
            let _ = told.recv_timeout(SILENCE);
        }
        match status.code() {
            Some(_) => Ok(Printed { bytes, status }),
            None => Err(ProgramError::Ended { program: self.name.clone(), status }),
        }
    }

    fn spawn(&self, call: &Call, own_group: bool) -> io::Result<Child> {
        let text = |value: &Secret| String::from_utf8_lossy(value.expose()).into_owned();
        let mut command = Command::new(&self.path);
        #[cfg(unix)]
        if own_group {
            let _ = std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        #[cfg(not(unix))]
        let _ = own_group;
        command
            .args(&call.arguments)
            .envs(call.environment.iter().map(|(name, value)| (name, text(value))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// A program that was started.
struct Running {
    child: Child,
    /// Whether the child leads a process group.
    own_group: bool,
}

/// What was heard of a program.
enum Heard {
    /// All that it prints, and how it ended where that is known.
    All(Option<ExitStatus>),
    /// Nothing more when its time was over; it was killed.
    TooLate,
    /// More than any answer takes; it was killed.
    TooLong,
}

impl Running {
    /// Reads what it prints: to the end of its output, or, where something else holds this open, until it has ended itself.
    fn hear(
        &mut self,
        pieces: &Receiver<io::Result<Secret>>,
        bytes: &mut Vec<u8>,
        limit: Duration,
    ) -> io::Result<Heard> {
        let started = Instant::now();
        let mut ended = None;
        loop {
            let left = limit.saturating_sub(started.elapsed());
            // What has ended has printed all of it already, which is read within no time.
            let wait = if ended.is_some() { SILENCE } else { left.min(TICK) };
            match pieces.recv_timeout(wait) {
                Ok(piece) => bytes.extend_from_slice(piece?.expose()),
                Err(RecvTimeoutError::Disconnected) => return Ok(Heard::All(ended)),
                Err(RecvTimeoutError::Timeout) if ended.is_some() => return Ok(Heard::All(ended)),
                Err(RecvTimeoutError::Timeout) => ended = self.child.try_wait()?,
            }
            if bytes.len() as u64 > MAX_ANSWER {
                self.give_up();
                return Ok(Heard::TooLong);
            }
            if left.is_zero() && ended.is_none() {
                self.give_up();
                return Ok(Heard::TooLate);
            }
        }
    }

    /// How it ends; `None` where it does not within this time, and is ended.
    fn end(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if started.elapsed() > limit.max(GRACE) {
                self.give_up();
                return Ok(None);
            }
            std::thread::sleep(TICK);
        }
    }

    fn give_up(&mut self) {
        #[cfg(unix)]
        if self.own_group {
            kill_group(&self.child);
        }
        // It may have ended meanwhile; either way nothing is left of it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills the process group that this child leads, with all that it has started there.
#[cfg(unix)]
pub fn kill_group(child: &Child) {
    // There may be none any more.
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
}

/// Whether somebody may be asked at a terminal.
fn has_terminal() -> bool {
    cfg!(unix) && std::fs::File::open("/dev/tty").is_ok()
}

/// Writes the input. One that does not read need not have it.
fn give(mut stdin: ChildStdin, input: Arc<Vec<u8>>) {
    std::thread::spawn(move || drop(stdin.write_all(&input)));
}

/// What a program prints, piece by piece; disconnected at the end of it.
fn listen(mut stdout: ChildStdout) -> Receiver<io::Result<Secret>> {
    let (sender, receiver) = mpsc::sync_channel(PIECES);
    std::thread::spawn(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = match stdout.read(&mut piece) {
                Ok(0) => return,
                Ok(length) => {
                    piece.truncate(length);
                    Ok(Secret::new(piece))
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_last = read.is_err();
            if sender.send(read).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

/// Tells what a program says, which is read to its end in any case, so that it can go on; disconnected at the end of it.
fn pass_on(stderr: ChildStderr, name: String, tell: fn(&str)) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        let _sender = sender;
        let mut reader = BufReader::new(stderr);
        for number in 0_usize.. {
            let mut line = Vec::new();
            match reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if number < MAX_LINES => {
                    tell(&format!("{name}: {}", String::from_utf8_lossy(&line).trim_end()));
                }
                Ok(_) if number == MAX_LINES => tell(&format!("{name}: and more, which is not shown")),
                Ok(_) => {}
            }
        }
    });
    receiver
}
