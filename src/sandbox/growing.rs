//! Files that only grow, and that know what was acknowledged of them.
//!
//! A file begins with two slots of 4096 bytes, and pieces follow: frames of a log, lines of a registry. A slot is a line of text,
//! padded with spaces:
//!
//! ```text
//! KIND SEQUENCE END COUNT CHAIN SHA-256\n
//! ```
//!
//! It says that everything before the byte END was acknowledged: COUNT entries, in pieces whose digests are chained in CHAIN.
//! A piece is written, fsync returns, the slot that is the older one is written over, fsync returns, and only then is anybody told.
//! However a process or a machine ends, then,
//!
//! - everything before END of the newer slot is on the disk: where it is not, or is something else, it was damaged later;
//! - a slot that is not whole was being written, so the piece it would speak of is whole, and comes after what the other one says;
//! - what comes after END nobody was told of: it is taken where it is whole, and cut off where it is not.
//!
//! The slots are within the file, so that a file that is replaced is replaced with what is said of it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use crate::crypto::sha256;

/// A slot's length: no write to one touches the other's sectors.
const SLOT: usize = 4096;
/// Where the pieces begin.
pub(super) const HEADER: u64 = 2 * SLOT as u64;

/// So much of a file: where it ends, how many entries it has, and the chain of the digests of its pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub end: u64,
    pub count: u64,
    chain: [u8; 32],
}

impl Extent {
    /// No pieces.
    pub const NONE: Self = Self { end: HEADER, count: 0, chain: [0; 32] };

    /// This with another piece: its length in bytes, its entries, its SHA-256.
    #[must_use]
    pub fn with(&self, length: u64, count: u64, digest: &[u8; 32]) -> Self {
        let chain = sha256(&[self.chain, *digest].concat());
        Self { end: self.end.saturating_add(length), count: self.count.saturating_add(count), chain }
    }
}

/// How a file is not what was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// At which byte.
    pub offset: u64,
    /// What is wrong there.
    pub reason: &'static str,
    /// How many entries were acknowledged; 0 where that cannot be read.
    pub acknowledged: u64,
    /// How many come before the damage.
    pub before: u64,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "damaged at byte {}: {}", self.offset, self.reason)?;
        match self.acknowledged {
            0 => Ok(()),
            all => write!(f, "; of {all} entries that were acknowledged {} come before it", self.before),
        }
    }
}

/// What the slots of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slots {
    sequence: u64,
    acknowledged: Extent,
    /// Whether both are whole. Otherwise one may have been the newer.
    both: bool,
}

/// The content of a new file of this kind with these pieces, without the pieces.
pub(super) fn header(kind: &str, extent: &Extent) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * SLOT);
    for sequence in [0, 1] {
        bytes.extend(slot(kind, sequence, extent).into_bytes());
        bytes.resize(SLOT * (bytes.len() / SLOT + 1), b' ');
    }
    bytes
}

fn slot(kind: &str, sequence: u64, extent: &Extent) -> String {
    let Extent { end, count, chain } = extent;
    let text = format!("{kind} {sequence:016x} {end:016x} {count:016x} {}", hex::encode(chain));
    let sum = hex::encode(sha256(text.as_bytes()));
    format!("{text} {sum}\n")
}

fn parse(kind: &str, slot: &[u8]) -> Option<(u64, Extent)> {
    let line = slot.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let (text, sum) = line.rsplit_once(' ')?;
    if hex::encode(sha256(text.as_bytes())) != sum {
        return None;
    }
    let mut fields = text.split(' ');
    let found = fields.next() == Some(kind);
    let mut number = || u64::from_str_radix(fields.next()?, 16).ok();
    let (sequence, end, count) = (number()?, number()?, number()?);
    let mut chain = [0; 32];
    hex::decode_to_slice(fields.next()?, &mut chain).ok()?;
    (found && fields.next().is_none()).then_some((sequence, Extent { end, count, chain }))
}

/// A file that is being read: its pieces are compared with what was acknowledged.
#[derive(Debug)]
pub(super) struct Reading {
    slots: Slots,
    so_far: Extent,
    is_same: bool,
}

impl Reading {
    /// Reads the slots; the pieces follow.
    ///
    /// # Errors
    /// It cannot be read; inside, neither slot is whole.
    pub fn begin(kind: &str, reader: &mut impl io::Read) -> io::Result<Result<Self, Damage>> {
        let mut bytes = Vec::new();
        reader.take(HEADER).read_to_end(&mut bytes)?;
        let (first, second) = bytes.split_at(bytes.len().min(SLOT));
        let slots = match (parse(kind, first), parse(kind, second)) {
            (Some(one), Some(other)) => {
                let (newer, older) = if one.0 > other.0 { (one, other) } else { (other, one) };
                Some(Slots {
                    sequence: newer.0,
                    acknowledged: newer.1,
                    both: newer.0 == older.0.wrapping_add(1),
                })
            }
            (Some((sequence, acknowledged)), None) | (None, Some((sequence, acknowledged))) => {
                Some(Slots { sequence, acknowledged, both: false })
            }
            (None, None) => None,
        };
        let Some(slots) = slots.filter(|_| bytes.len() as u64 == HEADER) else {
            let reason = "it does not say what was acknowledged, as every such file does at its beginning";
            return Ok(Err(Damage { offset: 0, reason, acknowledged: 0, before: 0 }));
        };
        let is_same = slots.acknowledged == Extent::NONE;
        Ok(Ok(Self { slots, so_far: Extent::NONE, is_same }))
    }

    /// The pieces so far.
    pub fn so_far(&self) -> Extent {
        self.so_far
    }

    /// Whether what comes next was acknowledged.
    pub fn next_was_acknowledged(&self) -> bool {
        self.so_far.end < self.slots.acknowledged.end
    }

    /// There is another piece: its length in bytes, its entries, its SHA-256.
    pub fn piece(&mut self, length: u64, count: u64, digest: &[u8; 32]) {
        self.so_far = self.so_far.with(length, count, digest);
        self.is_same |= self.so_far == self.slots.acknowledged;
    }

    /// Damage after the pieces so far.
    pub fn damage(&self, reason: &'static str) -> Damage {
        let acknowledged = self.slots.acknowledged.count;
        Damage { offset: self.so_far.end, reason, acknowledged, before: self.so_far.count }
    }

    /// There are no more pieces.
    ///
    /// # Errors
    /// Something is missing that was acknowledged, or something else is in its place.
    pub fn end(&self) -> Result<(), Damage> {
        if self.next_was_acknowledged() {
            return Err(self.damage("it ends there"));
        }
        if !self.is_same {
            return Err(self.damage("what comes before is not what was acknowledged"));
        }
        // A slot that was being written speaks of a piece that is whole.
        if !self.slots.both && self.so_far == self.slots.acknowledged {
            let reason =
                "one of the two places that say what was acknowledged cannot be read: more may have been";
            return Err(Damage { offset: 0, reason, acknowledged: 0, before: 0 });
        }
        Ok(())
    }
}

/// What can be written to. All of it is what the rest of this file does to a [`File`].
pub(super) trait Medium {
    /// Writes all of this at this place.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Puts on the disk what was written.
    fn sync(&mut self) -> io::Result<()>;
    /// Makes it end here, on the disk.
    fn cut(&mut self, end: u64) -> io::Result<()>;
    /// Whether nobody can open it any more.
    fn is_removed(&self) -> io::Result<bool>;
}

impl Medium for File {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.set_len(end)?;
        self.sync_all()
    }

    #[cfg(unix)]
    fn is_removed(&self) -> io::Result<bool> {
        Ok(std::os::unix::fs::MetadataExt::nlink(&self.metadata()?) == 0)
    }

    #[cfg(not(unix))]
    fn is_removed(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// A file that grows.
#[derive(Debug)]
pub(super) struct Growing<M = File> {
    medium: M,
    kind: &'static str,
    sequence: u64,
    acknowledged: Extent,
    /// Why nothing can be written any more.
    broken: Option<String>,
}

impl<M: Medium> Growing<M> {
    /// Goes on with a file that was read to its end. What is after its pieces is cut off; then they are all acknowledged.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn resume(mut medium: M, kind: &'static str, read: &Reading) -> io::Result<Self> {
        let Slots { sequence, acknowledged, both } = read.slots;
        // Also where nothing is cut off: nobody knows what of it is on the disk.
        medium.cut(read.so_far.end)?;
        let mut this = Self { medium, kind, sequence, acknowledged, broken: None };
        if !both || read.so_far != acknowledged {
            this.acknowledge(read.so_far)?;
        }
        Ok(this)
    }

    /// Whether nothing can be written any more, until it is opened again.
    pub fn is_stopped(&self) -> bool {
        self.broken.is_some()
    }

    /// So much was acknowledged.
    pub fn acknowledged(&self) -> Extent {
        self.acknowledged
    }

    /// Adds a piece of so many entries with this SHA-256. It may be acknowledged when this returns. After an error it is not there,
    /// or nothing is ever written again.
    ///
    /// # Errors
    /// It cannot be written, or something could not be earlier, or somebody has removed the file.
    pub fn append(&mut self, bytes: &[u8], count: u64, digest: &[u8; 32]) -> io::Result<()> {
        if let Some(reason) = &self.broken {
            return Err(io::Error::other(reason.clone()));
        }
        let end = self.acknowledged.end;
        if let Err(error) = self.medium.write(end, bytes) {
            // The next piece must not follow on half of this one.
            if let Err(again) = self.medium.cut(end) {
                self.stop(&again);
            }
            return Err(error);
        }
        // After fsync has failed, what is on the disk is unknown.
        let next = self.acknowledged.with(bytes.len() as u64, count, digest);
        self.medium.sync().and_then(|()| self.acknowledge(next)).inspect_err(|error| self.stop(error))
    }

    /// What could be written to another medium is written to this one; the other one.
    #[cfg(test)]
    pub fn replace(&mut self, medium: M) -> M {
        std::mem::replace(&mut self.medium, medium)
    }

    /// All before `next` is on the disk.
    fn acknowledge(&mut self, next: Extent) -> io::Result<()> {
        let sequence = self.sequence.wrapping_add(1);
        let place = if sequence.is_multiple_of(2) { 0 } else { SLOT as u64 };
        self.medium.write(place, slot(self.kind, sequence, &next).as_bytes())?;
        self.medium.sync()?;
        if self.medium.is_removed()? {
            return Err(io::Error::new(io::ErrorKind::NotFound, "somebody has removed its file"));
        }
        (self.sequence, self.acknowledged) = (sequence, next);
        Ok(())
    }

    fn stop(&mut self, error: &io::Error) {
        self.broken = Some(format!("an earlier entry could not be written: {error}"));
    }
}

#[cfg(test)]
mod tests;
