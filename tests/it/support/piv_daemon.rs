//! A stand-in for the PC/SC daemon: it speaks pcscd's protocol on a socket, as version 4:5 of it, and has the token of the test
//! suite in one of its readers.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::piv_card::PivCard;

/// A daemon that lasts as long as the test.
pub struct Daemon {
    pub socket: PathBuf,
    /// The tokens, each in a reader of its own.
    pub cards: Vec<Arc<Mutex<PivCard>>>,
}

impl Daemon {
    /// Listens in `folder`.
    pub fn start(folder: &Path, cards: Vec<PivCard>) -> Self {
        let socket = folder.join("pcscd.comm");
        let listener = UnixListener::bind(&socket).unwrap();
        let cards: Vec<_> = cards.into_iter().map(|card| Arc::new(Mutex::new(card))).collect();
        let shown = cards.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (mut client, cards) = (client.unwrap(), shown.clone());
                // What ends the conversation ends the thread.
                std::thread::spawn(move || while serve(&mut client, &cards).is_some() {});
            }
        });
        Self { socket, cards }
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at * 4..at * 4 + 4].try_into().unwrap())
}

/// Answers one message.
fn serve(client: &mut UnixStream, cards: &[Arc<Mutex<PivCard>>]) -> Option<()> {
    let mut head = [0; 8];
    client.read_exact(&mut head).ok()?;
    let mut message = vec![0; number(&head, 0) as usize];
    client.read_exact(&mut message).ok()?;
    let mut answer = message.clone();
    let mut set = |at: usize, value: u32| answer[at * 4..at * 4 + 4].copy_from_slice(&value.to_ne_bytes());
    let (length, command) = (message.len(), number(&head, 1));
    match (command, length) {
        // Another minor version is refused, and ours told.
        (0x11, 12) => {
            let same = (number(&message, 0), number(&message, 1)) == (4, 5);
            (0..3).zip([4, 5, if same { 0 } else { 0x8010_001E }]).for_each(|(at, value)| set(at, value));
        }
        (0x12, 0) => {
            answer = vec![0; 16 * 184];
            for (place, name) in (0..cards.len())
                .map(|n| format!("Test Reader {n}"))
                .chain(["Empty Reader".into()])
                .enumerate()
            {
                let state = &mut answer[place * 184..];
                state[..name.len()].copy_from_slice(name.as_bytes());
                let present: u32 = if name.starts_with("Test") { 0x34 } else { 0x02 };
                state[132..136].copy_from_slice(&present.to_ne_bytes());
            }
        }
        (0x01, 12) => set(1, 77),
        (0x04, 152) => {
            assert_eq!(number(&message, 0), 77);
            let name = String::from_utf8_lossy(&message[4..132]).trim_end_matches('\0').to_owned();
            let reader: u32 = name.strip_prefix("Test Reader ").unwrap().parse().unwrap();
            set(35, 100 + reader);
            set(36, 2);
        }
        (0x07, 8) => {}
        (0x08 | 0x05, 12) => {
            if number(&message, 1) == 1 {
                cards[number(&message, 0) as usize - 100].lock().unwrap().power_off();
            }
        }
        (0x09, 32) => {
            let mut sent = vec![0; number(&message, 3) as usize];
            client.read_exact(&mut sent).ok()?;
            let given = cards[number(&message, 0) as usize - 100].lock().unwrap().answer(&sent);
            set(6, u32::try_from(given.len()).unwrap());
            answer.extend(given);
        }
        other => panic!("{other:?}"),
    }
    client.write_all(&answer).ok()
}
