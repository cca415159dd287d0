//! The media type of a file by its first bytes, as Go's `net/http` guesses it, which cosign asks (WHATWG MIME Sniffing
//! Standard, section 7, in part). Pure.

/// How many bytes are looked at.
pub(super) const LOOKED_AT: usize = 512;

const HTML: &[&str] = &[
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

/// Where a pattern begins, the pattern, in which `?` is any byte, and the media type.
const PATTERNS: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS-Adobe-", "application/postscript"),
    (0, b"\xfe\xff??", "text/plain"),
    (0, b"\xff\xfe??", "text/plain"),
    (0, b"\xef\xbb\xbf?", "text/plain"),
    (0, b"\0\0\x01\0", "image/x-icon"),
    (0, b"\0\0\x02\0", "image/x-icon"),
    (0, b"BM", "image/bmp"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"RIFF????WEBPVP", "image/webp"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"FORM????AIFF", "audio/aiff"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS\0", "application/ogg"),
    (0, b"MThd\0\0\0\x06", "audio/midi"),
    (0, b"RIFF????AVI ", "video/avi"),
    (0, b"RIFF????WAVE", "audio/wave"),
    // Here Go looks for MP4, see below.
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (34, b"LP", "application/vnd.ms-fontobject"),
    (0, b"\0\x01\0\0", "font/ttf"),
    (0, b"OTTO", "font/otf"),
    (0, b"ttcf", "font/collection"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"\x1f\x8b\x08", "application/x-gzip"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    (0, b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    (0, b"\0asm", "application/wasm"),
];

/// The media type of a file that begins with `start`.
pub(super) fn media_type(start: &[u8]) -> &'static str {
    let start = start.get(..LOOKED_AT).unwrap_or(start);
    let space = |b: &u8| matches!(b, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    let shown = start.get(start.iter().take_while(|b| space(b)).count()..).unwrap_or_default();
    if HTML.iter().any(|tag| is_tag(shown, tag.as_bytes())) {
        return "text/html";
    }
    if shown.starts_with(b"<?xml") {
        return "text/xml";
    }
    let fits = |(from, pattern): (usize, &[u8])| {
        let found = start.get(from..).and_then(|rest| rest.get(..pattern.len()));
        found.is_some_and(|found| found.iter().zip(pattern).all(|(b, p)| *p == b'?' || b == p))
    };
    let known = PATTERNS.iter().find(|(from, pattern, _)| fits((*from, pattern)));
    match known {
        // Nothing before these two patterns begins as an MP4 file does, but for what is no letter.
        Some((_, _, media_type)) if !matches!(*media_type, "application/vnd.ms-fontobject") => media_type,
        _ if is_mp4(start) => "video/mp4",
        Some((_, _, media_type)) => media_type,
        None if shown.iter().all(|b| !matches!(b, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)) => "text/plain",
        None => "application/octet-stream",
    }
}

/// A tag in any letter case, and what ends it.
fn is_tag(shown: &[u8], tag: &[u8]) -> bool {
    shown.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
        && matches!(shown.get(tag.len()), Some(b' ' | b'>'))
}

/// A box `ftyp` of which one brand, not counting the version, begins with `mp4`.
fn is_mp4(start: &[u8]) -> bool {
    let size = start.first_chunk::<4>().map_or(0, |size| u32::from_be_bytes(*size));
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if start.len() < 12 || start.len() < size || size % 4 != 0 || start.get(4..8) != Some(b"ftyp") {
        return false;
    }
    (8..size).step_by(4).filter(|at| *at != 12).any(|at| start.get(at..at + 3) == Some(b"mp4"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_begin_with() {
        for (start, expected) in [
            (&b""[..], "text/plain"),
            (b"hello\n", "text/plain"),
            (b"{\"a\": 1}", "text/plain"),
            (b" \n<html>", "text/html"),
            (b"<!doctype html ", "text/html"),
            (b"<html", "text/plain"),
            (b"<bold>", "text/plain"),
            (b"<b>", "text/html"),
            (b"\t<?xml version", "text/xml"),
            (b" %PDF-", "text/plain"),
            (b"%PDF-1", "application/pdf"),
            (b"\xef\xbb\xbfx\0", "text/plain"),
            (b"\xef\xbb\xbf\0", "text/plain"),
            (b"\xff\xfeab\x01", "text/plain"),
            (b"\x7fELF\x02\x01\x01\0", "application/octet-stream"),
            (b"\0asm\x01\0\0\0", "application/wasm"),
            (b"\x1f\x8b\x08\0", "application/x-gzip"),
            (b"PK\x03\x04", "application/zip"),
            (b"RIFF1234WEBPVP8", "image/webp"),
            (b"RIFF1234WAVE", "audio/wave"),
            (b"\0\0\0\x14ftypmp42\0\0\0\0isom", "video/mp4"),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp41", "video/mp4"),
            (b"\0\0\0\x14ftypisommp41isom", "application/octet-stream"),
            (b"\0\0\0\x15ftypmp42\0\0\0\0isomx", "application/octet-stream"),
            (b"caf\xc3\xa9 \x1b[0m", "text/plain"),
            (b"a\x0b", "application/octet-stream"),
        ] {
            assert_eq!(media_type(start), expected, "{start:?}");
        }
        let mut font = [0; 40];
        font[34..36].copy_from_slice(b"LP");
        assert_eq!(media_type(&font), "application/vnd.ms-fontobject");
        let late = [vec![b'a'; LOOKED_AT], vec![0]].concat();
        assert_eq!(media_type(&late), "text/plain");
    }
}
