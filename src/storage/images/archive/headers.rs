//! The headers of a tar archive (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar's own).
//!
//! Only what every reader understands in the same way is taken: files and folders, each once, by their plain names. Links
//! of any kind, sparse files, names or sizes that an extension changes, and paths that lead out are refused.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use crate::crypto::{DecodeError, Digest};
use crate::storage::kit::{BLOCK, checksum, danger};

const WHAT: &str = "tar archive";
const MAX_MEMBERS: usize = 100_000;
/// An extended header has a few hundred bytes.
const MAX_EXTENSION: u64 = 64 << 10;
/// Zeros after the end: tar programs fill the last record, whose size one can choose.
const MAX_FILL: u64 = 1 << 20;

/// Why an archive cannot be used.
#[derive(Debug)]
pub(super) enum Error {
    /// It is not what it should be.
    Content(DecodeError),
    /// It cannot be read.
    Read(io::Error),
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Content(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Offset and size of the content of every file of an archive that has `length` bytes.
///
/// # Errors
/// Anything but files and folders; limits; it cannot be read.
pub(super) fn read(
    archive: &mut (impl Read + Seek),
    length: u64,
) -> Result<BTreeMap<String, (u64, u64)>, Error> {
    let mut members = BTreeMap::new();
    let mut at = 0_u64;
    let mut count = 0;
    loop {
        let block = block(archive, at, length)?;
        if at == 0
            && let Some(words) = compressed(&block)
        {
            return Err(DecodeError::whole(WHAT, words).into());
        }
        if block.iter().all(|byte| *byte == 0) {
            end(archive, at, length)?;
            return Ok(members);
        }
        count += 1;
        if count > MAX_MEMBERS {
            return Err(DecodeError::whole(WHAT, format!("more than {MAX_MEMBERS} members"))
                .over_limit()
                .into());
        }
        let header = header(&block)?;
        let from = at.saturating_add(BLOCK as u64);
        let fits = from.checked_add(header.size).filter(|end| *end <= length);
        let Some(end) = fits.and_then(|end| end.checked_next_multiple_of(BLOCK as u64)) else {
            return Err(wrong(&header.path, "the archive ends before it does: it was cut short").into());
        };
        match header.kind {
            tar::EntryType::XHeader | tar::EntryType::XGlobalHeader => {
                extension(archive, from, &header)?;
            }
            tar::EntryType::Directory => {}
            _ => {
                if members.insert(header.path.clone(), (from, header.size)).is_some() {
                    return Err(wrong(&header.path, "it is in the archive twice").into());
                }
            }
        }
        at = end;
    }
}

struct Header {
    kind: tar::EntryType,
    path: String,
    size: u64,
}

fn header(block: &[u8; BLOCK]) -> Result<Header, DecodeError> {
    let header = tar::Header::from_byte_slice(block);
    if header.cksum().ok() != Some(checksum(block)) {
        let reason = "a header has another checksum than its bytes: not a tar archive, or a damaged one";
        return Err(DecodeError::whole(WHAT, reason));
    }
    let name = header.path_bytes();
    let Ok(name) = std::str::from_utf8(&name) else {
        return Err(wrong(&String::from_utf8_lossy(&name), "its path is not UTF-8"));
    };
    let kind = header.entry_type();
    let Ok(size) = header.entry_size() else { return Err(wrong(name, "its size is not a number")) };
    let path = name.strip_prefix("./").unwrap_or(name);
    match kind {
        // The name of an extension says nothing.
        tar::EntryType::XHeader | tar::EntryType::XGlobalHeader if size > MAX_EXTENSION => {
            return Err(wrong(name, format!("{size} bytes, the limit is {MAX_EXTENSION}")).over_limit());
        }
        tar::EntryType::XHeader | tar::EntryType::XGlobalHeader => {}
        tar::EntryType::Directory => {
            let path = path.strip_suffix('/').unwrap_or(path);
            // The folder itself is `./`.
            if let Some(danger) = danger(path).filter(|_| !matches!(path, "" | ".")) {
                return Err(wrong(name, format!("its path {danger}")));
            }
            if size != 0 {
                return Err(wrong(name, "it is a folder with a content"));
            }
        }
        tar::EntryType::Regular => {
            // crane calls configurations by their digest in archives of Docker's older form, which are refused in better words.
            if let Some(danger) = danger(path).filter(|_| Digest::parse(path).is_err()) {
                return Err(wrong(name, format!("its path {danger}")));
            }
        }
        other => {
            return Err(wrong(name, format!("it is {}; a layout has files and folders alone", words(other))));
        }
    }
    Ok(Header { kind, path: path.to_owned(), size })
}

/// What is neither a file nor a folder.
fn words(kind: tar::EntryType) -> String {
    use tar::EntryType as Kind;
    match kind {
        Kind::Link => "a hard link".to_owned(),
        Kind::Symlink => "a symbolic link".to_owned(),
        Kind::Char | Kind::Block => "a device".to_owned(),
        Kind::Fifo => "a pipe".to_owned(),
        Kind::GNUSparse => "a sparse file".to_owned(),
        Kind::GNULongName | Kind::GNULongLink => "a long name of GNU tar".to_owned(),
        other => format!("of type `{}`", char::from(other.as_byte()).escape_default()),
    }
}

/// Looks into an extended header: times and owners may stand there, and nothing that changes what is read.
fn extension(archive: &mut (impl Read + Seek), at: u64, header: &Header) -> Result<(), Error> {
    let mut text = vec![0; usize::try_from(header.size).unwrap_or_default()];
    archive.seek(SeekFrom::Start(at))?;
    archive.read_exact(&mut text)?;
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        let Some((record, next)) = record(rest) else {
            return Err(wrong(&header.path, "an extended header (pax) is not made of records").into());
        };
        let name = record.split(|byte| *byte == b'=').next().unwrap_or_default();
        let changes = [b"path".as_slice(), b"linkpath", b"size", b"hdrcharset"].contains(&name)
            || name.starts_with(b"GNU.sparse.");
        if changes {
            let name = String::from_utf8_lossy(name);
            return Err(wrong(&header.path, format!("an extended header (pax) changes its `{name}`")).into());
        }
        rest = next;
    }
    Ok(())
}

/// One record `LENGTH NAME=VALUE` and a newline, and what follows it.
fn record(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let digits = text.get(..space)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
    record.contains(&b'=').then_some((record, text.get(length..)?))
}

fn block(archive: &mut (impl Read + Seek), at: u64, length: u64) -> Result<[u8; BLOCK], Error> {
    let mut block = [0; BLOCK];
    if at.checked_add(BLOCK as u64).is_none_or(|end| end > length) {
        let reason = if at == 0 { "it is no tar archive" } else { "it has no end: it was cut short" };
        return Err(DecodeError::whole(WHAT, reason).into());
    }
    archive.seek(SeekFrom::Start(at))?;
    archive.read_exact(&mut block)?;
    Ok(block)
}

/// From the first block of zeros on there is nothing else: some readers would go on.
fn end(archive: &mut (impl Read + Seek), at: u64, length: u64) -> Result<(), Error> {
    block(archive, at.saturating_add(BLOCK as u64), length)?;
    if length.saturating_sub(at) > MAX_FILL + 2 * BLOCK as u64 {
        return Err(DecodeError::whole(WHAT, "too much follows its end").into());
    }
    let mut rest = Vec::new();
    archive.seek(SeekFrom::Start(at))?;
    archive.take(length.saturating_sub(at)).read_to_end(&mut rest)?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(DecodeError::whole(WHAT, "something follows its end").into());
    }
    Ok(())
}

/// What the file is, where its first bytes tell that it is compressed.
fn compressed(block: &[u8; BLOCK]) -> Option<String> {
    let kinds: [(&[u8], &str, &str); 4] = [
        (b"\x1f\x8b", "gzip", "gunzip"),
        (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
        (b"\xfd7zXZ", "xz", "unxz"),
        (b"BZh", "bzip2", "bunzip2"),
    ];
    let found = kinds.into_iter().find(|(magic, ..)| block.starts_with(magic));
    found.map(|(_, name, tool)| format!("it is compressed with {name}; unpack it first with `{tool}`"))
}

fn wrong(at: &str, reason: impl Into<String>) -> DecodeError {
    DecodeError::new(WHAT, at, reason)
}
