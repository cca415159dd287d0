//! The archive: written from sources that are read piece by piece, and read into a folder piece by piece. Memory does not
//! depend on the size of anything but the manifest.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::header::{self, BLOCK, Header};
use super::manifest::MAX_MANIFEST;
use super::{Foreign, KitError, MANIFEST, Manifest, Member, WHAT};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Hasher};
use crate::storage::input;

const BUFFER: usize = 256 * 1024;

/// Writes a kit to `out`. `open` gives the content of a member; it has to be what the manifest says of it.
///
/// # Errors
/// A member's content has another size or digest than the manifest says: it changed meanwhile. It cannot be read, or `out`
/// not written.
pub fn write_kit(
    out: &mut dyn Write,
    path: &Path,
    manifest: &Manifest,
    mut open: impl FnMut(&Member) -> Result<(Box<dyn Read>, std::path::PathBuf), KitError>,
) -> Result<(), KitError> {
    let fail = |source| KitError::Write { path: path.to_owned(), source };
    let text = manifest.to_json();
    let size = text.len() as u64;
    if size > MAX_MANIFEST {
        return Err(too_large(MANIFEST, size, MAX_MANIFEST).into());
    }
    out.write_all(&header::header(MANIFEST, size)).map_err(fail)?;
    out.write_all(text.as_bytes()).map_err(fail)?;
    out.write_all(padding(size)).map_err(fail)?;
    let mut buffer = vec![0; BUFFER];
    for member in manifest.members() {
        let (size, expected) = (member.piece.size, &member.piece.sha256);
        let (mut source, name) = open(member)?;
        let unreadable = |source| {
            KitError::Source(crate::storage::Error::Read { what: "file", path: name.clone(), source })
        };
        out.write_all(&header::header(&member.path, size)).map_err(fail)?;
        let mut hasher = Hasher::new([HashAlgorithm::Sha256]);
        let mut left = size;
        loop {
            // One byte more than there should be would be noticed.
            let n = read_some(&mut source, &mut buffer).map_err(unreadable)?;
            let piece = buffer.get(..n).unwrap_or_default();
            left = match left.checked_sub(n as u64) {
                Some(left) if n > 0 || left == 0 => left,
                _ => return Err(KitError::Changed(name)),
            };
            if n == 0 {
                break;
            }
            hasher.update(piece);
            out.write_all(piece).map_err(fail)?;
        }
        if hasher.finish().get(HashAlgorithm::Sha256) != Some(expected) {
            return Err(KitError::Changed(name));
        }
        out.write_all(padding(size)).map_err(fail)?;
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(fail)
}

/// Opens a kit for reading; `-` is standard input.
///
/// # Errors
/// It does not exist, is a folder, or cannot be read.
pub fn open_kit(argument: &std::ffi::OsStr) -> Result<Box<dyn Read>, crate::storage::Error> {
    let path = Path::new(argument);
    if input::is_stdin(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(input::open("kit", path)?))
}

/// A kit that was read, and agrees with its manifest in every byte.
#[derive(Debug)]
pub struct Unpacked {
    /// What it holds.
    pub manifest: Manifest,
    /// The SHA-256 of the manifest, which names all the rest by its digest.
    pub sha256: Digest,
}

/// Reads a kit from `source`, to its end, into `folder`, which is new and empty. Whatever it ends with: nothing is written
/// outside of the folder.
///
/// # Errors
/// Anything that [`write_kit`] would not have written; limits; a file that cannot be written. The folder is to be
/// thrown away then.
pub fn read_kit(source: &mut dyn Read, folder: &Path) -> Result<Unpacked, KitError> {
    let mut reader = Reader { source, buffer: vec![0; BUFFER] };
    let text = reader.manifest()?;
    let manifest = Manifest::from_json(&text)?;
    let sha256 = HashAlgorithm::Sha256.digest(&text);
    write_new(&folder.join(MANIFEST))?.take(&text)?;
    for role in super::Role::ALL {
        if manifest.of(role).next().is_some() {
            let path = folder.join(role.folder());
            std::fs::create_dir(&path).map_err(|source| KitError::Write { path, source })?;
        }
    }
    for (i, member) in manifest.members().iter().enumerate() {
        match reader.header()? {
            Header::File { path, size } if path == member.path => {
                if size != member.piece.size {
                    let reason = format!("{size} bytes, the manifest says {}", member.piece.size);
                    return Err(wrong(&path, reason).into());
                }
            }
            Header::File { path, .. } => return Err(misplaced(&manifest, i, &path, &member.path).into()),
            Header::End => return Err(wrong(&member.path, "it is missing from the archive").into()),
        }
        reader.member(member, &manifest, folder)?;
    }
    reader.end(&manifest)?;
    Ok(Unpacked { manifest, sha256 })
}

struct Reader<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
}

impl Reader<'_> {
    fn manifest(&mut self) -> Result<Vec<u8>, KitError> {
        let mut block = [0; BLOCK];
        let whole = self.fill(&mut block, "");
        if let Some((words, kind)) = not_tar(&block) {
            return Err(KitError::NotAKit(wrong("", words), kind));
        }
        let ours = block.starts_with(MANIFEST.as_bytes());
        let foreign =
            |error| if ours { KitError::Content(error) } else { KitError::NotAKit(error, Foreign::Other) };
        whole.map_err(|error| match error {
            KitError::Content(_) => foreign(wrong("", "it is no tar archive, or one that was cut short")),
            error => error,
        })?;
        match header::read(&block).map_err(|(at, reason)| foreign(wrong(&at, reason)))? {
            Header::File { path, size } if path == MANIFEST => {
                if size > MAX_MANIFEST {
                    return Err(too_large(MANIFEST, size, MAX_MANIFEST).into());
                }
                // At most MAX_MANIFEST; memory grows with what is really there.
                let mut text = Vec::new();
                self.content(MANIFEST, size, |piece| {
                    text.extend_from_slice(piece);
                    Ok(())
                })?;
                Ok(text)
            }
            Header::File { path, .. } => {
                Err(foreign(wrong(&path, format!("it comes first, where a kit has {MANIFEST}"))))
            }
            Header::End => Err(foreign(wrong("", "the archive is empty"))),
        }
    }

    fn header(&mut self) -> Result<Header, KitError> {
        let block = self.block("")?;
        Ok(header::read(&block).map_err(|(at, reason)| wrong(&at, reason))?)
    }

    fn member(&mut self, member: &Member, manifest: &Manifest, folder: &Path) -> Result<(), KitError> {
        let mut file = write_new(&folder.join(&member.path))?;
        // What the manifest says of the artifact is as much its word as what it says of the member.
        let stated: Vec<&Digest> =
            manifest.with_file(&member.path).flat_map(|artifact| &artifact.digests).collect();
        let algorithms = stated.iter().map(|digest| digest.algorithm());
        let mut hasher = Hasher::new([HashAlgorithm::Sha256].into_iter().chain(algorithms));
        self.content(&member.path, member.piece.size, |piece| {
            hasher.update(piece);
            file.take(piece)
        })?;
        let found = hasher.finish();
        let mut expected = std::iter::once(&member.piece.sha256).chain(stated);
        if expected.any(|digest| found.get(digest.algorithm()) != Some(digest)) {
            return Err(wrong(&member.path, "its content has another digest than the manifest says").into());
        }
        Ok(())
    }

    /// Hands `size` bytes to `take`, and reads the zeros that fill the last block.
    fn content(
        &mut self,
        path: &str,
        size: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), KitError>,
    ) -> Result<(), KitError> {
        let mut left = size;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let buffer = self.buffer.get_mut(..want).unwrap_or_default();
            let n = read_some(self.source, buffer).map_err(KitError::Read)?;
            if n == 0 {
                return Err(cut_short(path).into());
            }
            take(buffer.get(..n).unwrap_or_default())?;
            left = left.saturating_sub(n as u64);
        }
        let fill = padding(size);
        let mut found = vec![0; fill.len()];
        self.fill(&mut found, path)?;
        if found != fill {
            return Err(wrong(path, "the bytes after it, up to the next block, are not zero").into());
        }
        Ok(())
    }

    /// Two blocks of zeros, and nothing else.
    fn end(&mut self, manifest: &Manifest) -> Result<(), KitError> {
        match self.header()? {
            Header::End => {}
            Header::File { path, .. } => {
                return Err(misplaced(manifest, manifest.members().len(), &path, "the end").into());
            }
        }
        if self.block("")?.iter().any(|byte| *byte != 0) {
            return Err(wrong("", "one block of zeros marks its end, where there have to be two").into());
        }
        let mut more = [0; 1];
        if read_some(self.source, &mut more).map_err(KitError::Read)? > 0 {
            return Err(wrong("", "there are bytes after its end").into());
        }
        Ok(())
    }

    fn block(&mut self, path: &str) -> Result<[u8; BLOCK], KitError> {
        let mut block = [0; BLOCK];
        self.fill(&mut block, path)?;
        Ok(block)
    }

    fn fill(&mut self, buffer: &mut [u8], path: &str) -> Result<(), KitError> {
        let mut have = 0;
        while have < buffer.len() {
            match read_some(self.source, buffer.get_mut(have..).unwrap_or_default())
                .map_err(KitError::Read)?
            {
                0 => return Err(cut_short(path).into()),
                n => have += n,
            }
        }
        Ok(())
    }
}

/// A file that was not there before.
struct NewFile {
    file: File,
    path: std::path::PathBuf,
}

fn write_new(path: &Path) -> Result<NewFile, KitError> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok(NewFile { file, path: path.to_owned() }),
        Err(source) => Err(KitError::Write { path: path.to_owned(), source }),
    }
}

impl NewFile {
    fn take(&mut self, piece: &[u8]) -> Result<(), KitError> {
        let Self { file, path } = self;
        file.write_all(piece).map_err(|source| KitError::Write { path: path.clone(), source })
    }
}

fn read_some(source: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// The zeros between the end of a content of this size and the next block.
fn padding(size: u64) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    ZEROS.get(..(BLOCK - over) % BLOCK).unwrap_or_default()
}

fn wrong(at: &str, reason: impl Into<String>) -> DecodeError {
    DecodeError::new(WHAT, at, reason)
}

fn cut_short(path: &str) -> DecodeError {
    wrong(path, "the archive ends in the middle: it was cut short")
}

fn too_large(at: &str, size: u64, limit: u64) -> DecodeError {
    wrong(at, format!("{size} bytes, the limit is {limit}")).over_limit()
}

/// Why a member is not where it is.
fn misplaced(manifest: &Manifest, place: usize, found: &str, expected: &str) -> DecodeError {
    let reason = match manifest.members().iter().position(|member| member.path == found) {
        _ if found == MANIFEST => "it is in the archive twice".to_owned(),
        Some(position) if position < place => "it is in the archive twice".to_owned(),
        Some(_) => format!("it comes where `{expected}` has to be"),
        None => "it is not in the manifest".to_owned(),
    };
    wrong(found, reason)
}

/// What the file is, where its first bytes tell that it is no tar archive.
fn not_tar(block: &[u8; BLOCK]) -> Option<(&'static str, Foreign)> {
    let kinds: [(&[u8], &str, Foreign); 7] = [
        (b"\x1f\x8b", "it is compressed with gzip, and a kit is not", Foreign::Compressed),
        (b"\x28\xb5\x2f\xfd", "it is compressed with zstd, and a kit is not", Foreign::Compressed),
        (b"\xfd7zXZ", "it is compressed with xz, and a kit is not", Foreign::Compressed),
        (b"BZh", "it is compressed with bzip2, and a kit is not", Foreign::Compressed),
        (b"PK\x03\x04", "it is a zip archive, not a kit", Foreign::Other),
        (b"{", "it is JSON, not a kit", Foreign::Json),
        (b"-----BEGIN ", "it is PEM, not a kit", Foreign::Pem),
    ];
    let found = kinds.into_iter().find(|(magic, ..)| block.starts_with(magic));
    found.map(|(_, words, kind)| (words, kind))
}
