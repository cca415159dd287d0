//! Runs the program under a watch: how long it took, and how much memory.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::support::Run;

/// Nothing that is attacked here may take longer.
pub const LONGEST: Duration = Duration::from_secs(40);

/// What became of a run.
#[derive(Debug)]
pub struct Watched {
    /// `None` where it did not end by itself in time.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    /// The largest resident set in KiB; 0 where the system does not tell.
    pub peak: u64,
}

/// Runs it to its end, or to that of the patience.
pub fn watch(run: Run) -> Watched {
    let started = Instant::now();
    let mut child = run.spawn();
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.unwrap().read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    let stderr = read(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let mut peak = 0;
    let code = loop {
        peak = peak.max(resident(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if started.elapsed() > LONGEST {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    Watched { code, stdout, stderr, took: started.elapsed(), peak }
}

/// The high-water mark of the resident set of a process (proc(5), `VmHWM`), in KiB. For a moment a new process has the memory of
/// the one that started it (vfork(2)), whose mark says nothing.
fn resident(process: u32) -> u64 {
    let runs = std::fs::read_link(format!("/proc/{process}/exe"));
    if runs.is_err() || runs.ok() == std::env::current_exe().ok() {
        return 0;
    }
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or_default()
}
