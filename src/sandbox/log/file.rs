//! The file of a log ([`Growing`]): one frame for each commit, with a checksum over all of it.
//!
//! A frame is
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `ff 4c 4f 47`, which no text holds |
//! | 8 | the index of the first record, big-endian as all numbers |
//! | 4 | the length of the payload |
//! | 32 | the SHA-256 of the two numbers and the payload |
//! | any | the payload: for each record the length of the leaf (4), that of what is attached (4), the leaf, what is attached |
//!
//! Records are acknowledged when their whole frame is on the disk and the file says so, so that a frame that is not whole after
//! all of those holds nothing that anybody was told of.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::super::growing::{Extent, Growing, HEADER, Medium, Reading, header};
use super::{LogError, Place};
use crate::crypto::sha256;
use crate::tlog::issue::tree::Tree;
use crate::tlog::merkle::{Hash, leaf_hash};

/// What files of this kind call themselves.
pub(super) const KIND: &str = "rcosign-log-1";
const FRAME_MAGIC: [u8; 4] = [0xff, b'L', b'O', b'G'];
const FRAME_HEAD: usize = 48;
const RECORD_HEAD: usize = 8;
/// The longest leaf with what is attached to it.
pub(super) const RECORD_LIMIT: usize = 16 << 20;
/// A frame is written when it has more than this: [`RECORD_LIMIT`] bounds what may come on top.
pub(super) const FRAME_TARGET: usize = 4 << 20;
const FRAME_LIMIT: usize = FRAME_TARGET + RECORD_LIMIT + RECORD_HEAD;

/// A leaf that is to be written.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) leaf: Vec<u8>,
    pub(super) hash: Hash,
    pub(super) attached: Vec<u8>,
}

/// A frame that grows.
#[derive(Debug)]
pub(super) struct Frame {
    bytes: Vec<u8>,
    first: u64,
    /// Each record's place, from the beginning of the frame, and hash.
    places: Vec<(Place, Hash)>,
}

impl Frame {
    /// An empty frame that begins with the record of this index.
    pub(super) fn new(first: u64) -> Self {
        Self { bytes: vec![0; FRAME_HEAD], first, places: Vec::new() }
    }

    /// Adds a record, which is no longer than [`RECORD_LIMIT`].
    pub(super) fn push(&mut self, record: &Record) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (leaf, attached) = (length(&record.leaf), length(&record.attached));
        self.bytes.extend(leaf.to_be_bytes());
        self.bytes.extend(attached.to_be_bytes());
        let offset = self.bytes.len() as u64;
        self.bytes.extend_from_slice(&record.leaf);
        self.bytes.extend_from_slice(&record.attached);
        self.places.push((Place { offset, leaf, attached }, record.hash));
    }

    /// Whether it is to be written as it is.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= FRAME_TARGET
    }

    /// Puts it at the end of a file; the places of its records there.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(mut self, file: &mut Growing<impl Medium>) -> io::Result<Vec<(Place, Hash)>> {
        let payload = self.bytes.split_off(FRAME_HEAD);
        let (head, checksum) = head(self.first, &payload);
        for (place, _) in &mut self.places {
            place.offset += file.acknowledged().end;
        }
        file.append(&[&head[..], &payload].concat(), self.places.len() as u64, &checksum)?;
        Ok(self.places)
    }
}

/// The head of a frame, and the checksum in it.
fn head(first: u64, payload: &[u8]) -> ([u8; FRAME_HEAD], [u8; 32]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut head = [0; FRAME_HEAD];
    head[..4].copy_from_slice(&FRAME_MAGIC);
    head[4..12].copy_from_slice(&first.to_be_bytes());
    head[12..16].copy_from_slice(&length.to_be_bytes());
    let checksum = sha256(&[&head[4..16], payload].concat());
    head[16..].copy_from_slice(&checksum);
    (head, checksum)
}

/// What a new file holds.
pub(super) fn empty() -> Vec<u8> {
    header(KIND, &Extent::NONE)
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) tree: Tree,
    pub(super) places: Vec<Place>,
    /// How far it was read. Whatever comes after that is the rest of a commit that was not finished.
    pub(super) read: Reading,
    /// How many bytes that is.
    pub(super) rest: u64,
}

/// Reads a whole file.
///
/// # Errors
/// It cannot be read; it is damaged: another kind of file, or not everything that was acknowledged is there.
pub(super) fn read(path: &Path, file: &File) -> Result<Contents, LogError> {
    let unusable = |source| LogError::Unusable { path: path.to_owned(), source };
    let lost = |damage| LogError::Lost { path: path.to_owned(), damage };
    let length = file.metadata().map_err(unusable)?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    reader.seek(SeekFrom::Start(0)).map_err(unusable)?;
    let read = Reading::begin(KIND, &mut reader).map_err(unusable)?.map_err(lost)?;
    let mut contents = Contents { tree: Tree::default(), places: Vec::new(), read, rest: 0 };
    let mut end = HEADER;
    while end < length {
        let whole = frame(&mut reader, length - end).map_err(unusable)?;
        match whole.ok_or("a frame is not whole").and_then(|frame| add(&mut contents, &frame, end)) {
            Ok(()) => end = contents.read.so_far().end,
            Err(reason) if contents.read.next_was_acknowledged() => {
                return Err(lost(contents.read.damage(reason)));
            }
            Err(_) => break,
        }
    }
    contents.read.end().map_err(lost)?;
    contents.rest = length.saturating_sub(end);
    Ok(contents)
}

/// A frame that is whole.
struct Whole {
    first: u64,
    payload: Vec<u8>,
    checksum: [u8; 32],
}

/// The next frame; `None` when it is not whole. `left` bytes are left.
fn frame(reader: &mut impl Read, left: u64) -> io::Result<Option<Whole>> {
    if left < FRAME_HEAD as u64 {
        return Ok(None);
    }
    let mut found = [0; FRAME_HEAD];
    reader.read_exact(&mut found)?;
    let (Some(first), Some(length)) = (found[4..12].first_chunk(), found[12..16].first_chunk()) else {
        return Ok(None);
    };
    let (first, length) = (u64::from_be_bytes(*first), u32::from_be_bytes(*length));
    if found[..4] != FRAME_MAGIC
        || u64::from(length) > left - FRAME_HEAD as u64
        || length as usize > FRAME_LIMIT
    {
        return Ok(None);
    }
    let mut payload = vec![0; length as usize];
    reader.read_exact(&mut payload)?;
    let (expected, checksum) = head(first, &payload);
    Ok((expected == found).then_some(Whole { first, payload, checksum }))
}

/// Adds the records of a frame that begins at this offset; or says what is wrong with it, and adds nothing.
fn add(contents: &mut Contents, frame: &Whole, offset: u64) -> Result<(), &'static str> {
    if frame.first != contents.tree.size() {
        return Err("a frame is missing or there twice");
    }
    let (mut offset, mut rest) = (offset + FRAME_HEAD as u64, frame.payload.as_slice());
    let mut records = Vec::new();
    while !rest.is_empty() {
        let (place, leaf, after) = record(rest, offset).ok_or("the records of a frame do not fill it")?;
        offset += (rest.len() - after.len()) as u64;
        records.push((place, leaf_hash(leaf)));
        rest = after;
    }
    let length = (FRAME_HEAD + frame.payload.len()) as u64;
    contents.read.piece(length, records.len() as u64, &frame.checksum);
    for (place, hash) in records {
        contents.places.push(place);
        contents.tree.append_hash(hash);
    }
    Ok(())
}

/// The first record of a payload that begins at this offset: its place, its leaf, and what comes after it.
fn record(payload: &[u8], offset: u64) -> Option<(Place, &[u8], &[u8])> {
    let ([a, b, c, d, e, f, g, h], data) = payload.split_first_chunk::<RECORD_HEAD>()?;
    let (leaf, attached) = (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]));
    let (bytes, data) = data.split_at_checked(leaf as usize)?;
    let (_, data) = data.split_at_checked(attached as usize)?;
    Some((Place { offset: offset + RECORD_HEAD as u64, leaf, attached }, bytes, data))
}
