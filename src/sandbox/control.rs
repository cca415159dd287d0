//! How a sandbox that runs is asked for its status, and told to end: on loopback, by whoever can read its folder.
//!
//! The file `control.json` is there while it runs. It names an address and a secret, made anew at each start. A request is a line,
//! `SECRET status` or `SECRET down`; the answer is a JSON document, after which the connection ends. Whoever asks looks first
//! whether the folder is locked, so that what a killed sandbox left behind leads nowhere; no process is ever found by its number.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::folder::{Folder, FolderError, is_regular};
use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, SigningKey as _};

const FILE: &str = "control.json";
/// The longest request and the longest answer, in bytes.
const MAX_REQUEST: usize = 1 << 10;
const MAX_ANSWER: u64 = 1 << 20;
/// How long whoever asks waits for the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long is waited before it is asked again.
const PAUSE: Duration = Duration::from_millis(10);
/// The line of a request is there within this, however it comes.
const REQUEST: Duration = Duration::from_secs(2);
/// So many are heard at once; for another one the oldest has to go.
const MAX_OPEN: usize = 32;

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
    /// It ends the connection without a word.
    #[error("it ends the connection and does not answer")]
    Cut,
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
    open: Open,
    folder: Arc<Folder>,
}

/// Connections that are heard, the oldest first.
#[derive(Debug, Clone, Default)]
struct Open(Arc<Mutex<VecDeque<(u64, TcpStream)>>>);

impl Open {
    /// One more, by its number. The oldest ends where there are too many.
    fn add(&self, number: u64, stream: TcpStream) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back((number, stream));
        if all.len() > MAX_OPEN
            && let Some((_, oldest)) = all.pop_front()
        {
            let _ = oldest.shutdown(Shutdown::Both);
        }
    }

    fn remove(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != number);
    }

    fn end_all(&self) {
        for (_, stream) in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// What an answer is made of.
struct Answers<S> {
    secret: String,
    status: S,
    down: watch::Sender<bool>,
}

impl Control {
    /// Answers from now on; `down` becomes true when somebody asks for the end.
    ///
    /// # Errors
    /// The folder cannot be used, or the system gives no socket or thread.
    pub fn start(
        folder: Arc<Folder>,
        status: impl Fn() -> Value + Send + Sync + 'static,
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
        let open = Open::default();
        let heard = open.clone();
        let answers = Arc::new(Answers { secret, status, down });
        let serve = move || {
            for (number, stream) in (0..).zip(listener.incoming()) {
                if ends.load(Ordering::Acquire) {
                    return;
                }
                let Some((stream, other)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))).ok()
                else {
                    // Too many open files, or the client has gone.
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                };
                heard.add(number, other);
                let (answers, open) = (Arc::clone(&answers), heard.clone());
                let hear = move || {
                    // Whoever went away needs no answer.
                    let _ = answers.answer(stream);
                    open.remove(number);
                };
                if std::thread::Builder::new().name("control".to_owned()).spawn(hear).is_err() {
                    heard.remove(number);
                }
            }
        };
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(serve).map_err(unusable)?;
        let this = Self { address, ending, thread: Some(thread), open, folder };
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
        // Whoever is in the middle of something is not waited for.
        self.open.end_all();
        // Wakes it.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl<S: Fn() -> Value> Answers<S> {
    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_write_timeout(Some(REQUEST))?;
        let line = line(&mut stream)?;
        let Some((shown, word)) = line.split_once(' ') else { return Ok(()) };
        // By their digests, so that the time it takes tells nothing.
        let digest = |text: &str| HashAlgorithm::Sha256.digest(text.as_bytes());
        if digest(shown) != digest(&self.secret) {
            return Ok(());
        }
        let answer = match word {
            "status" => (self.status)(),
            "down" => json!({ "ending": true }),
            _ => return Ok(()),
        };
        let written = stream.write_all(answer.to_string().as_bytes());
        // Not before: at the end no connection is waited for.
        if word == "down" {
            self.down.send_replace(true);
        }
        written
    }
}

/// The line of a request, whose bytes have one deadline together.
fn line(stream: &mut TcpStream) -> io::Result<String> {
    let begun = Instant::now();
    let mut all = Vec::new();
    let mut part = [0; MAX_REQUEST];
    loop {
        let left = REQUEST.checked_sub(begun.elapsed()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let count = stream.read(&mut part)?;
        all.extend_from_slice(part.get(..count).unwrap_or_default());
        if let Some(end) = all.iter().position(|byte| *byte == b'\n') {
            all.truncate(end);
            return String::from_utf8(all).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        if count == 0 || all.len() > MAX_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
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

/// Asks, and again where the connection ended without a word: somebody who opens many ends those of others.
fn ask(folder: &Path, word: &str) -> Result<Option<Value>, ControlError> {
    let begun = Instant::now();
    let mut asked = false;
    while Folder::is_used(folder)? {
        match ask_once(folder, word) {
            Err(ControlError::Cut) if begun.elapsed() < PATIENCE => asked = true,
            // It was heard, and there is nobody any more who could say so.
            Err(ControlError::Silent(_) | ControlError::Unknown { .. }) if asked && word == "down" => break,
            other => return other.map(Some),
        }
        std::thread::sleep(PAUSE);
    }
    Ok((asked && word == "down").then_some(Value::Null))
}

fn ask_once(folder: &Path, word: &str) -> Result<Value, ControlError> {
    let path = folder.join(FILE);
    let document: Value = is_regular(&path)?
        .then(|| std::fs::read(&path).ok())
        .flatten()
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
    if answer.is_empty() {
        return Err(ControlError::Cut);
    }
    serde_json::from_slice(&answer).map_err(|_| ControlError::Answer)
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
    fn whoever_ends_it_is_answered_however_fast_it_ends() {
        let place = tempfile::tempdir().unwrap();
        for _ in 0..50 {
            let (control, told) = running(place.path());
            let ends = std::thread::spawn(move || {
                while !*told.borrow() {
                    std::hint::spin_loop();
                }
                drop(control);
            });
            assert!(end(place.path()).unwrap());
            ends.join().unwrap();
        }
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
    fn who_drips_keeps_nobody_waiting() {
        let place = tempfile::tempdir().unwrap();
        let (control, told) = running(place.path());
        let address = control.address;
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let dripping = std::thread::spawn(move || {
            let mut all: Vec<TcpStream> =
                (0..2 * MAX_OPEN).map(|_| TcpStream::connect(address).unwrap()).collect();
            while stopped.recv_timeout(Duration::from_millis(100)).is_err() {
                // Those that were ended are replaced.
                for stream in &mut all {
                    if stream.write_all(b"x").is_err()
                        && let Ok(another) = TcpStream::connect(address)
                    {
                        *stream = another;
                    }
                }
            }
        });
        std::thread::sleep(Duration::from_millis(200));
        let begun = Instant::now();
        for _ in 0..5 {
            assert_eq!(status(place.path()).unwrap().unwrap()["running"], true);
        }
        assert!(end(place.path()).unwrap());
        // Who drips may end the connection between the answer and the word.
        while !*told.borrow() && begun.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(*told.borrow());
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        let begun = Instant::now();
        drop(control);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        stop.send(()).unwrap();
        dripping.join().unwrap();
    }

    #[test]
    fn a_request_has_one_deadline_and_a_length() {
        let place = tempfile::tempdir().unwrap();
        let (control, _told) = running(place.path());
        let begun = Instant::now();
        let mut stream = TcpStream::connect(control.address).unwrap();
        let mut other = stream.try_clone().unwrap();
        let dripping = std::thread::spawn(move || {
            while other.write_all(b"x").is_ok() && begun.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let _ = stream.read_to_end(&mut Vec::new());
        assert!(begun.elapsed() < 2 * REQUEST, "{:?}", begun.elapsed());
        dripping.join().unwrap();
        let begun = Instant::now();
        let mut stream = TcpStream::connect(control.address).unwrap();
        let _ = stream.write_all(&[b'x'; 2 * MAX_REQUEST]);
        let _ = stream.read_to_end(&mut Vec::new());
        assert!(begun.elapsed() < REQUEST, "{:?}", begun.elapsed());
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
