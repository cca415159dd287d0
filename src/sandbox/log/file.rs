//! The file of a log: one frame for each commit, with a checksum over all of it.
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
//! Records are acknowledged when their whole frame is on the disk, so that a frame that is not whole holds nothing that
//! anybody was told of. It can only be the last: a frame that is not whole before one that is was damaged later.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::{LogError, Place};
use crate::crypto::sha256;
use crate::tlog::issue::tree::Tree;
use crate::tlog::merkle::{Hash, leaf_hash};

/// What a file begins with.
pub(super) const FILE_MAGIC: [u8; 8] = *b"rcolog1\n";
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

    /// The bytes to write, and the places of the records if they are written at this offset of the file.
    pub(super) fn finish(mut self, offset: u64) -> (Vec<u8>, Vec<(Place, Hash)>) {
        let payload = self.bytes.split_off(FRAME_HEAD);
        let head = head(self.first, &payload);
        for (place, _) in &mut self.places {
            place.offset += offset;
        }
        ([&head[..], &payload].concat(), self.places)
    }
}

fn head(first: u64, payload: &[u8]) -> [u8; FRAME_HEAD] {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut head = [0; FRAME_HEAD];
    head[..4].copy_from_slice(&FRAME_MAGIC);
    head[4..12].copy_from_slice(&first.to_be_bytes());
    head[12..16].copy_from_slice(&length.to_be_bytes());
    let checksum = sha256(&[&head[4..16], payload].concat());
    head[16..].copy_from_slice(&checksum);
    head
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) tree: Tree,
    pub(super) places: Vec<Place>,
    /// Where the last whole frame ends.
    pub(super) end: u64,
}

/// Reads a whole file. Whatever comes after `end` is the rest of a commit that was not finished.
///
/// # Errors
/// It cannot be read; it is damaged: another kind of file, or a frame that is not whole and not the last.
pub(super) fn read(path: &Path, file: &File) -> Result<Contents, LogError> {
    let unusable = |source| LogError::Unusable { path: path.to_owned(), source };
    let length = file.metadata().map_err(unusable)?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    reader.seek(SeekFrom::Start(0)).map_err(unusable)?;
    let damaged = |offset, reason| LogError::Damaged { path: path.to_owned(), offset, reason };
    let mut magic = [0; FILE_MAGIC.len()];
    match reader.read_exact(&mut magic) {
        Ok(()) if magic == FILE_MAGIC => (),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(unusable(error)),
        _ => return Err(damaged(0, "it is not a log of this kind")),
    }
    let mut contents = Contents { end: FILE_MAGIC.len() as u64, ..Contents::default() };
    while contents.end < length {
        let payload = match frame(&mut reader, length - contents.end).map_err(unusable)? {
            Some((first, payload)) if first == contents.tree.size() => payload,
            Some(_) => return Err(damaged(contents.end, "a frame is missing or there twice")),
            None if whole_frame_after(file, contents.end).map_err(unusable)? => {
                return Err(damaged(contents.end, "a frame is not whole, and others come after it"));
            }
            None => break,
        };
        let start = contents.end + FRAME_HEAD as u64;
        if !add(&mut contents, &payload, start) {
            return Err(damaged(contents.end, "the records of a frame do not fill it"));
        }
        contents.end = start + payload.len() as u64;
    }
    Ok(contents)
}

/// The next frame: the index of its first record, and its payload; `None` when it is not whole. `left` bytes are left.
fn frame(reader: &mut impl Read, left: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
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
    Ok((head(first, &payload) == found).then_some((first, payload)))
}

/// Whether a whole frame begins anywhere after this offset.
fn whole_frame_after(mut file: &File, offset: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(offset + 1))?;
    let mut rest = Vec::new();
    file.read_to_end(&mut rest)?;
    let mut rest = rest.as_slice();
    while let Some(at) = rest.windows(FRAME_MAGIC.len()).position(|bytes| bytes == FRAME_MAGIC) {
        let (_, mut here) = rest.split_at(at);
        let left = here.len() as u64;
        rest = here.split_first().map_or(&[], |(_, rest)| rest);
        if frame(&mut here, left)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds the records of a payload that begins at this offset; whether they fill it.
fn add(contents: &mut Contents, payload: &[u8], mut offset: u64) -> bool {
    let mut rest = payload;
    while let Some((lengths, data)) = rest.split_first_chunk::<RECORD_HEAD>() {
        let [a, b, c, d, e, f, g, h] = *lengths;
        let (leaf, attached) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let Some((bytes, data)) = data.split_at_checked(leaf as usize) else { return false };
        let Some((_, data)) = data.split_at_checked(attached as usize) else { return false };
        offset += RECORD_HEAD as u64;
        contents.places.push(Place { offset, leaf, attached });
        contents.tree.append_hash(leaf_hash(bytes));
        offset += u64::from(leaf) + u64::from(attached);
        rest = data;
    }
    rest.is_empty()
}
