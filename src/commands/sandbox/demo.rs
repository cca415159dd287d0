//! The sandbox of `sandbox demo`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::{Context, Error, ErrorKind};
use super::options::not_started;
use super::signals::{PAUSE, Signals};
use super::up;
use crate::sandbox::{IDENTITY_TOKEN, Options, Sandbox, TemporaryFolder};

/// A sandbox in a temporary folder, which is gone when this is dropped.
pub struct SandboxDemo {
    /// The variables by which commands use it.
    pub variables: Vec<(&'static str, String)>,
    _ending: Ending,
    _sandbox: Sandbox,
    folder: TemporaryFolder,
}

/// Whether a signal ends the process. Nothing else ends it then.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        // A step that fails since its folder is gone is not how it ends: the signal is.
        if self.0.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_secs(5));
        }
    }
}

impl SandboxDemo {
    /// The folder to work in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Starts it, with an image `hello:v1` in its registry that nobody signed; the variable `DIGEST` is its digest.
///
/// # Errors
/// It does not start.
pub async fn sandbox_demo(context: &mut Context) -> Result<SandboxDemo, Error> {
    let signals = Signals::that_end();
    let folder = TemporaryFolder::new("rcosign-demo-").map_err(|error| super::run::no_folder(&error))?;
    let ending = Ending(end_with(signals, folder.path().to_owned()));
    let options = Options { folder: folder.path().join("sandbox"), ..Options::default() };
    let sandbox = Sandbox::start(options).map_err(|error| not_started(&error, None))?;
    up::prepare(&sandbox, context).await;
    let digest = sandbox.registry().contents().plant_image("hello", "v1");
    let mut variables = sandbox.documents().variables(sandbox.folder(), false);
    let token = std::fs::read_to_string(sandbox.file(IDENTITY_TOKEN)).map_err(|error| {
        Error::new(ErrorKind::Other, "the identity token of the sandbox cannot be read").caused_by(&error)
    })?;
    variables.extend([("DIGEST", digest), ("SIGSTORE_ID_TOKEN", token)]);
    Ok(SandboxDemo { variables, _ending: ending, _sandbox: sandbox, folder })
}

/// A signal ends the process, whatever it does, and the folder is gone by then. Returns whether one came.
#[expect(clippy::exit, reason = "the steps are whole commands, and none of them waits for this")]
fn end_with(signals: Signals, folder: PathBuf) -> Arc<AtomicBool> {
    /// What is written meanwhile may come between.
    const TRIES: u32 = 50;
    let ending = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&ending);
    std::thread::spawn(move || {
        let signal = loop {
            match signals.ending() {
                Some(signal) => break signal,
                None => std::thread::sleep(PAUSE),
            }
        };
        told.store(true, Ordering::Release);
        for _ in 0..TRIES {
            let _ = std::fs::remove_dir_all(&folder);
            if !folder.exists() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        std::process::exit(signal.code().into());
    });
    ending
}
