//! Headers of a ustar archive (POSIX.1-2017, pax, section "ustar Interchange Format"), in the one form that a kit has:
//! regular files of mode 0644, of nobody, from the beginning of time.

use super::names;

/// The unit of a tar archive.
pub(in crate::storage) const BLOCK: usize = 512;

/// What a block at the place of a header is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A block of zeros: the end.
    End,
    /// A file.
    File {
        /// Its path, which is not dangerous.
        path: String,
        /// Its size.
        size: u64,
    },
}

/// The header of a file. The path has at most 100 bytes, the size at most eleven octal digits.
pub(super) fn header(path: &str, size: u64) -> [u8; BLOCK] {
    let mut header = tar::Header::new_ustar();
    if let Some(ustar) = header.as_ustar_mut() {
        for (slot, byte) in ustar.name.iter_mut().zip(path.bytes()) {
            *slot = byte;
        }
    }
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    *header.as_bytes()
}

/// Reads a header.
///
/// # Errors
/// What is wrong with it, in words that follow the path, or the path's place in the archive.
pub(super) fn read(block: &[u8; BLOCK]) -> Result<Header, (String, String)> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(Header::End);
    }
    let refuse = |path: &str, reason: &str| Err((path.to_owned(), reason.to_owned()));
    let header = tar::Header::from_byte_slice(block);
    if header.cksum().ok() != Some(checksum(block)) {
        return refuse(
            "",
            "a header has another checksum than its bytes: not a tar archive, or a damaged one",
        );
    }
    let Some(ustar) = header.as_ustar() else {
        return refuse("", "a header is in another format than ustar, such as that of GNU tar");
    };
    let name = ustar.name.split(|byte| *byte == 0).next().unwrap_or_default();
    let Ok(path) = std::str::from_utf8(name) else {
        return refuse(&String::from_utf8_lossy(name), "its path is not UTF-8");
    };
    if let Some(kind) = other_kind(header.entry_type()) {
        return refuse(path, &format!("it is {kind}; a kit has files alone"));
    }
    if ustar.prefix.first() != Some(&0) {
        return refuse(path, "its path is in two pieces, as in no kit");
    }
    if let Some(danger) = names::danger(path) {
        return refuse(path, &format!("its path {danger}"));
    }
    let Ok(size) = header.entry_size() else { return refuse(path, "its size is not a number") };
    if size > super::Role::Artifact.limit() || *block != self::header(path, size) {
        return refuse(path, "its header is not as `rcosign pack` writes it (mode, owner, time or size)");
    }
    Ok(Header::File { path: path.to_owned(), size })
}

/// The sum of all bytes, those of the sum itself taken for spaces.
pub(in crate::storage) fn checksum(block: &[u8; BLOCK]) -> u32 {
    let byte = |(i, byte): (usize, &u8)| u32::from(if (148..156).contains(&i) { b' ' } else { *byte });
    block.iter().enumerate().map(byte).sum()
}

/// What is not a file, in words.
fn other_kind(kind: tar::EntryType) -> Option<String> {
    use tar::EntryType as Kind;
    Some(match kind {
        Kind::Regular => return None,
        Kind::Link => "a hard link".to_owned(),
        Kind::Symlink => "a symbolic link".to_owned(),
        Kind::Char | Kind::Block => "a device".to_owned(),
        Kind::Directory => "a folder".to_owned(),
        Kind::Fifo => "a pipe".to_owned(),
        Kind::GNUSparse => "a sparse file".to_owned(),
        Kind::GNULongName | Kind::GNULongLink => "a long name of GNU tar".to_owned(),
        Kind::XHeader | Kind::XGlobalHeader => "an extended header (pax)".to_owned(),
        other => format!("of type `{}`", char::from(other.as_byte()).escape_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte for byte, so that another version of the tar crate cannot change the format.
    #[test]
    fn a_header_has_one_form() {
        let header = header("artifacts/app", 5);
        let mut expected = Vec::new();
        let mut field = |text: &str, width: usize| {
            expected.extend_from_slice(text.as_bytes());
            expected.resize(expected.len() + width - text.len(), 0);
        };
        field("artifacts/app", 100);
        for number in ["0000644", "0000000", "0000000"] {
            field(number, 8);
        }
        field("00000000005", 12);
        field("00000000000", 12);
        field("0010423", 8);
        field("0", 1 + 100);
        field("ustar", 6);
        field("00", 2 + 32 + 32 + 8 + 8 + 155 + 12);
        assert_eq!(header.to_vec(), expected);
        assert_eq!(read(&header), Ok(Header::File { path: "artifacts/app".into(), size: 5 }));
        assert_eq!(read(&[0; BLOCK]), Ok(Header::End));
    }

    #[test]
    fn no_other_byte_is_taken() {
        let good = header("artifacts/app", 5);
        for at in 0..BLOCK {
            for change in [1u8, 0x20, 0x80] {
                let mut block = good;
                block[at] ^= change;
                // With the checksum that goes with it, as somebody would write it on purpose.
                for mend in [false, true] {
                    let mut block = block;
                    if mend {
                        let header = tar::Header::from_byte_slice(&block);
                        let mut owned = header.clone();
                        owned.set_cksum();
                        block = *owned.as_bytes();
                    }
                    match read(&block) {
                        Ok(Header::File { path, size }) => assert_eq!(block, self::header(&path, size)),
                        other => assert!(other.is_err(), "{at}"),
                    }
                }
            }
        }
    }
}
