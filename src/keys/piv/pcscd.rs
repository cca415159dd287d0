//! The PC/SC daemon of Linux and BSD, pcscd of pcsc-lite, asked as its library libpcsclite asks it: over its socket, in structures
//! of the machine's byte order (winscard_msg.h and eventhandler.h of pcsc-lite 1.8 to 2). So nothing has to be linked or loaded.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::PivFailure;
use super::apdu::CardTransport;

const VERSION: u32 = 0x11;
const READERS_STATE: u32 = 0x12;
const ESTABLISH_CONTEXT: u32 = 0x01;
const CONNECT: u32 = 0x04;
const DISCONNECT: u32 = 0x05;
const BEGIN_TRANSACTION: u32 = 0x07;
const END_TRANSACTION: u32 = 0x08;
const TRANSMIT: u32 = 0x09;
/// The version of the protocol; the minor number is the daemon's, because it insists on it, and what is asked here is alike in all of these.
const MAJOR: u32 = 4;
const MINOR: u32 = 4;
const MINORS: std::ops::RangeInclusive<u32> = 2..=15;
const SCOPE_SYSTEM: u32 = 2;
const SHARED: u32 = 2;
const PROTOCOL_T0: u32 = 1;
const ANY_PROTOCOL: u32 = 3;
const LEAVE_CARD: u32 = 0;
const RESET_CARD: u32 = 1;
/// In the state of a reader: a card is in it.
const PRESENT: u32 = 4;
const READERS: usize = 16;
const NAME_LENGTH: usize = 128;
/// Of one reader: name, count of events, state, sharing, ATR in 33 bytes and three to fill up, its length, protocol.
const READER_LENGTH: usize = NAME_LENGTH + 3 * 4 + 36 + 2 * 4;
/// The length of an `SCARD_IO_REQUEST`: two longs.
const PCI_LENGTH: u32 = 2 * size_of::<usize>() as u32;
/// The longest short answer (ISO 7816-3 section 12.1.3), and the room that the library gives one.
const MAX_ANSWER: u32 = 264;
/// Somebody else has the card for himself.
const SHARING_VIOLATION: u32 = 0x8010_000B;
const LOCK_POLL: Duration = Duration::from_millis(100);
/// How long another program is waited for that has the card.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// Sockets know no shorter time, and no time at all would be for ever.
const LEAST: Duration = Duration::from_millis(1);

/// How much longer the daemon is waited for, over all connections together. Time in which nothing was asked does not count: a
/// person may have been.
#[derive(Clone)]
pub(super) struct Patience(Arc<Mutex<Duration>>);

impl Patience {
    /// So long.
    pub fn new(time: Duration) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    fn left(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that waits no longer than it is told.
    fn waiting<T>(&self, act: impl FnOnce(Duration) -> io::Result<T>) -> io::Result<T> {
        let left = self.left();
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let begun = Instant::now();
        let done = act(left.max(LEAST));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all = all.saturating_sub(begun.elapsed());
        done
    }
}

/// A connection with the daemon.
pub(super) struct Daemon {
    socket: UnixStream,
    place: String,
    patience: Patience,
}

/// A reader.
pub(super) struct Reader {
    pub name: String,
    pub holds_card: bool,
}

impl Daemon {
    /// Connects, and agrees on the version.
    ///
    /// # Errors
    /// Nobody listens there; it is another version, or something else.
    pub fn connect(place: &Path, patience: &Patience) -> Result<Self, PivFailure> {
        let place_shown = place.display().to_string();
        let fail =
            |error: io::Error| PivFailure::Daemon { socket: place_shown.clone(), reason: error.to_string() };
        let socket = UnixStream::connect(place).map_err(fail)?;
        let mut daemon = Self { socket, place: place_shown.clone(), patience: patience.clone() };
        let mut answer = daemon.ask(VERSION, &[MAJOR, MINOR, 0])?;
        if let [MAJOR, theirs, refused] = answer
            && refused != 0
            && MINORS.contains(&theirs)
        {
            answer = daemon.ask(VERSION, &[MAJOR, theirs, 0])?;
        }
        match answer {
            [MAJOR, _, 0] => Ok(daemon),
            [major, minor, _] => {
                let reason = format!("it speaks version {major}:{minor} of its protocol");
                Err(PivFailure::Daemon { socket: place_shown, reason })
            }
        }
    }

    /// The readers.
    pub fn readers(&mut self) -> Result<Vec<Reader>, PivFailure> {
        self.send(READERS_STATE, &[])?;
        let mut states = vec![0; READERS * READER_LENGTH];
        self.receive(&mut states)?;
        let mut readers = Vec::new();
        for state in states.chunks_exact(READER_LENGTH) {
            let (name, rest) = state.split_at(NAME_LENGTH);
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let state = rest.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_ne_bytes);
            if !name.is_empty() {
                let holds_card = state.unwrap_or_default() & PRESENT != 0;
                readers.push(Reader { name: String::from_utf8_lossy(name).into_owned(), holds_card });
            }
        }
        Ok(readers)
    }

    /// The card in a reader, for ourselves.
    pub fn card(mut self, reader: &str) -> Result<CardInReader, PivFailure> {
        let [_, context, result] = self.ask(ESTABLISH_CONTEXT, &[SCOPE_SYSTEM, 0, 0])?;
        said("asking for a context", result)?;
        // hContext, szReader, dwShareMode, dwPreferredProtocols, hCard, dwActiveProtocol, rv.
        let mut name = [0; NAME_LENGTH];
        let bytes = reader.as_bytes();
        for (place, byte) in name.iter_mut().zip(bytes.iter().take(NAME_LENGTH - 1)) {
            *place = *byte;
        }
        let mut message = context.to_ne_bytes().to_vec();
        message.extend(name);
        message.extend([SHARED, ANY_PROTOCOL, 0, 0, 0].into_iter().flat_map(u32::to_ne_bytes));
        self.send(CONNECT, &message)?;
        let mut head = [0; 4 + NAME_LENGTH];
        self.receive(&mut head)?;
        let [_, _, card, protocol, result] = self.numbers()?;
        said("connecting to the card", result)?;
        let mut card = CardInReader { daemon: self, card, protocol, in_transaction: false };
        card.begin()?;
        Ok(card)
    }

    /// Sends numbers, and receives as many.
    fn ask<const N: usize>(&mut self, command: u32, numbers: &[u32; N]) -> Result<[u32; N], PivFailure> {
        let message: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        self.send(command, &message)?;
        self.numbers()
    }

    fn numbers<const N: usize>(&mut self) -> Result<[u32; N], PivFailure> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            let mut bytes = [0; 4];
            self.receive(&mut bytes)?;
            *number = u32::from_ne_bytes(bytes);
        }
        Ok(numbers)
    }

    fn send(&mut self, command: u32, message: &[u8]) -> Result<(), PivFailure> {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let whole = [&length.to_ne_bytes(), &command.to_ne_bytes(), message].concat();
        self.write(&whole)
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), PivFailure> {
        while !bytes.is_empty() {
            let Self { socket, patience, .. } = &mut *self;
            let written = patience.waiting(|left| {
                socket.set_write_timeout(Some(left))?;
                socket.write(bytes)
            });
            let rest = match written {
                Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
                Ok(length) => Ok(bytes.get(length..).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(bytes),
                Err(error) => Err(error),
            };
            bytes = rest.map_err(|error| self.gone(&error))?;
        }
        Ok(())
    }

    fn receive(&mut self, bytes: &mut [u8]) -> Result<(), PivFailure> {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let Self { socket, patience, .. } = &mut *self;
            // One read at a time: a daemon that sends byte after byte is not waited for anew with each.
            let read = patience.waiting(|left| {
                socket.set_read_timeout(Some(left))?;
                socket.read(bytes)
            });
            let length = match read {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
                read => read,
            };
            let length = length.map_err(|error| self.gone(&error))?;
            bytes = bytes.get_mut(length..).unwrap_or_default();
        }
        Ok(())
    }

    fn gone(&self, error: &io::Error) -> PivFailure {
        let reason = match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                "it hangs up; may this user use smart cards (polkit)?".to_owned()
            }
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "it does not answer in time".to_owned(),
            _ => error.to_string(),
        };
        PivFailure::Daemon { socket: self.place.clone(), reason }
    }
}

/// A card in a reader, in a transaction. When it is let go, the card is reset: no PIN stays verified.
pub(super) struct CardInReader {
    daemon: Daemon,
    card: u32,
    protocol: u32,
    in_transaction: bool,
}

impl CardInReader {
    fn begin(&mut self) -> Result<(), PivFailure> {
        let begun = Instant::now();
        while begun.elapsed() < LOCK_PATIENCE && !self.daemon.patience.left().is_zero() {
            match self.daemon.ask(BEGIN_TRANSACTION, &[self.card, 0])? {
                [_, SHARING_VIOLATION] => {
                    let pause = |left: Duration| {
                        std::thread::sleep(LOCK_POLL.min(left));
                        Ok(())
                    };
                    self.daemon.patience.waiting(pause).map_err(|error| self.daemon.gone(&error))?;
                }
                [_, result] => {
                    said("asking for the card alone", result)?;
                    self.in_transaction = true;
                    return Ok(());
                }
            }
        }
        said("asking for the card alone", SHARING_VIOLATION)
    }
}

impl CardTransport for CardInReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, PivFailure> {
        // Over T=0 a command has data or expects some, never both (ISO 7816-3 section 12.2).
        let command = match command {
            [whole @ .., _] if self.protocol == PROTOCOL_T0 && expects_with_data(command) => whole,
            whole => whole,
        };
        let length = u32::try_from(command.len()).unwrap_or(u32::MAX);
        let head = [self.card, self.protocol, PCI_LENGTH, length, self.protocol, PCI_LENGTH, MAX_ANSWER, 0];
        let head: Vec<u8> = head.into_iter().flat_map(u32::to_ne_bytes).collect();
        self.daemon.send(TRANSMIT, &head)?;
        self.daemon.write(command)?;
        let [_, _, _, _, _, _, length, result] = self.daemon.numbers()?;
        said("talking to the card", result)?;
        if length > MAX_ANSWER {
            let said = format!("that the answer has {length} bytes");
            return Err(PivFailure::Refused { doing: "talking to the card", said });
        }
        let mut answer = vec![0; length as usize];
        self.daemon.receive(&mut answer)?;
        Ok(answer)
    }
}

/// How long it is waited for that the card is let go.
const PARTING: Duration = Duration::from_millis(200);
const LONGEST_PARTING: Duration = Duration::from_secs(2);

/// Whether a short command has data and a length of the answer behind it.
fn expects_with_data(command: &[u8]) -> bool {
    command.get(4).is_some_and(|length| *length != 0 && command.len() == 6 + usize::from(*length))
}

impl Drop for CardInReader {
    fn drop(&mut self) {
        // Also of a daemon that has used up all time, the card is let go.
        self.daemon.patience = Patience::new(self.daemon.patience.left().clamp(PARTING, LONGEST_PARTING));
        // Who is gone needs nothing any more.
        if self.in_transaction {
            let _ = self.daemon.ask(END_TRANSACTION, &[self.card, RESET_CARD, 0]);
        }
        let _ = self.daemon.ask(DISCONNECT, &[self.card, LEAVE_CARD, 0]);
    }
}

/// What the daemon says (pcsclite.h).
fn said(doing: &'static str, result: u32) -> Result<(), PivFailure> {
    let said = match result {
        0 => return Ok(()),
        SHARING_VIOLATION => "that another program uses the card",
        0x8010_0009 => "that there is no such reader",
        0x8010_000A => "that the card takes too long",
        0x8010_000C => "that there is no card",
        0x8010_000F => "that the card speaks another protocol",
        0x8010_0016 | 0x8010_002F => "that the reader does not understand the card",
        0x8010_0017 => "that the reader is gone",
        0x8010_0066 => "that the card does not answer",
        0x8010_0067 => "that the card has no power",
        0x8010_0068 => "that the card was reset",
        0x8010_0069 => "that the card was taken away",
        0x8010_006A => "that this user may not use the card",
        other => return Err(PivFailure::Refused { doing, said: format!("0x{other:08X}") }),
    };
    Err(PivFailure::Refused { doing, said: said.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A daemon that agrees on the version, and tells its readers a byte at a time.
    #[test]
    fn a_daemon_that_answers_byte_after_byte_has_no_more_time_than_any() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("pcscd.comm");
        let listener = UnixListener::bind(&place).unwrap();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut asked = [0; 20];
            socket.read_exact(&mut asked).unwrap();
            socket.write_all(&asked[8..]).unwrap();
            while socket.write_all(&[0]).is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let begun = Instant::now();
        let patience = Patience::new(Duration::from_millis(500));
        let mut daemon = Daemon::connect(&place, &patience).unwrap();
        let failure = daemon.readers().err().unwrap().to_string();
        assert!(failure.contains("does not answer in time"), "{failure}");
        assert!(begun.elapsed() < Duration::from_secs(5) && patience.left().is_zero());
        let failure = Daemon::connect(&place, &patience).err().unwrap().to_string();
        assert!(failure.contains("does not answer in time"), "{failure}");
    }
}
