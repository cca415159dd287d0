//! How a sandbox that runs is asked for its status, and told to end: on loopback, by whoever can read its folder.
//!
//! The file `control.json` is there while it runs. It names an address and a secret, made anew at each start. A request is a line,
//! `SECRET status` or `SECRET down`; the answer is a JSON document, after which the connection ends. Whoever asks looks first
//! whether the folder is locked, so that what a killed sandbox left behind leads nowhere; no process is ever found by its number.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::folder::{Folder, FolderError};
use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, SigningKey as _};

const FILE: &str = "control.json";
/// The longest request and the longest answer, in bytes.
const MAX_REQUEST: u64 = 1 << 10;
const MAX_ANSWER: u64 = 1 << 20;
/// How long either side waits for the other one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a sandbox cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file that says how it is asked is not there, or damaged.
    #[error("{} does not say how to reach it", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// It does not answer.
    #[error("it does not answer")]
    Silent(#[source] io::Error),
    /// It answers with something else.
    #[error("its answer makes no sense")]
    Answer,
}

/// What answers. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Control {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    folder: Arc<Folder>,
}

impl Control {
    /// Answers from now on; `down` becomes true when somebody asks for the end.
    ///
    /// # Errors
    /// The folder cannot be used, or the system gives no socket or thread.
    pub fn start(
        folder: Arc<Folder>,
        status: impl Fn() -> Value + Send + 'static,
        down: watch::Sender<bool>,
    ) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: folder.path().join(FILE), source };
        // A key of its own is as random as anything.
        let made = PrivateKey::generate(KeyType::P256)
            .map_err(|source| FolderError::Key { path: folder.path().join(FILE), source })?;
        let secret = hex::encode(made.public_key().key_id());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let document = json!({ "address": address.to_string(), "secret": secret, "pid": std::process::id() });
        let ending = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&ending);
        let serve = move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Acquire) {
                    return;
                }
                // Whoever went away needs no answer.
                let _ = stream.and_then(|stream| answer(stream, &secret, &status, &down));
            }
        };
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(serve).map_err(unusable)?;
        let this = Self { address, ending, thread: Some(thread), folder };
        this.folder.write(FILE, format!("{document:#}\n").as_bytes())?;
        Ok(this)
    }

    /// Removes what a sandbox that was killed left behind.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn clear(folder: &Folder) -> Result<(), FolderError> {
        folder.remove(FILE)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = self.folder.remove(FILE);
        self.ending.store(true, Ordering::Release);
        // Wakes it.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(
    mut stream: TcpStream,
    secret: &str,
    status: &impl Fn() -> Value,
    down: &watch::Sender<bool>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new((&stream).take(MAX_REQUEST)).read_line(&mut line)?;
    let Some((shown, word)) = line.trim_end().split_once(' ') else { return Ok(()) };
    // By their digests, so that the time it takes tells nothing.
    let digest = |text: &str| HashAlgorithm::Sha256.digest(text.as_bytes());
    if digest(shown) != digest(secret) {
        return Ok(());
    }
    let answer = match word {
        "status" => status(),
        "down" => {
            down.send_replace(true);
            json!({ "ending": true })
        }
        _ => return Ok(()),
    };
    stream.write_all(answer.to_string().as_bytes())
}

/// The status of the sandbox that runs in a folder; `None` if none does.
///
/// # Errors
/// [`ControlError`].
pub fn status(folder: &Path) -> Result<Option<Value>, ControlError> {
    ask(folder, "status")
}

/// Tells the sandbox in a folder to end, and does not wait; whether one runs.
///
/// # Errors
/// [`ControlError`].
pub fn end(folder: &Path) -> Result<bool, ControlError> {
    Ok(ask(folder, "down")?.is_some())
}

fn ask(folder: &Path, word: &str) -> Result<Option<Value>, ControlError> {
    if !Folder::is_used(folder)? {
        return Ok(None);
    }
    let path = folder.join(FILE);
    let document: Value = std::fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .ok_or_else(|| ControlError::Unknown { path: path.clone() })?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let address = text("address").and_then(|address| address.parse::<SocketAddr>().ok());
    // A secret is for this machine.
    let (Some(address), Some(secret)) = (address.filter(|it| it.ip().is_loopback()), text("secret")) else {
        return Err(ControlError::Unknown { path });
    };
    let exchange = || {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{secret} {word}\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(ControlError::Silent)?;
    serde_json::from_slice(&answer).map(Some).map_err(|_| ControlError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(place: &Path) -> (Control, watch::Receiver<bool>) {
        let folder = Arc::new(Folder::open(place).unwrap());
        let (down, told) = watch::channel(false);
        (Control::start(folder, || json!({ "running": true }), down).unwrap(), told)
    }

    #[test]
    fn who_can_read_the_folder_asks_and_ends_it() {
        let place = tempfile::tempdir().unwrap();
        assert!(status(place.path()).unwrap().is_none());
        let (control, told) = running(place.path());
        assert_eq!(status(place.path()).unwrap().unwrap()["running"], true);
        assert!(!*told.borrow());
        assert!(end(place.path()).unwrap());
        assert!(*told.borrow());
        drop(control);
        assert!(!place.path().join(FILE).exists());
        assert!(!end(place.path()).unwrap());
    }

    #[test]
    fn without_the_secret_nothing_is_said_or_done() {
        let place = tempfile::tempdir().unwrap();
        let (control, told) = running(place.path());
        for line in ["down", "x down", " down", "", "\u{0}"] {
            let mut stream = TcpStream::connect(control.address).unwrap();
            stream.write_all(format!("{line}\n").as_bytes()).unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.is_empty(), "{line}");
        }
        assert!(!*told.borrow());
    }

    #[test]
    fn what_a_killed_one_left_leads_nowhere() {
        let place = tempfile::tempdir().unwrap();
        Folder::make(place.path()).unwrap();
        let left = TcpListener::bind("127.0.0.1:0").unwrap();
        let document = json!({ "address": left.local_addr().unwrap().to_string(), "secret": "s" });
        std::fs::write(place.path().join(FILE), document.to_string()).unwrap();
        assert!(status(place.path()).unwrap().is_none());
        let _used = Folder::open(place.path()).unwrap();
        std::fs::write(place.path().join(FILE), r#"{"address":"192.0.2.1:1","secret":"s"}"#).unwrap();
        assert!(matches!(status(place.path()), Err(ControlError::Unknown { .. })));
    }
}
