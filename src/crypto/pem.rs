//! PEM blocks (RFC 7468), read under a limit.

use zeroize::Zeroizing;

use super::{DecodeError, base64};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const MAX_HEADERS: usize = 16;

/// One PEM block.
pub struct Block {
    /// The label, such as `CERTIFICATE`.
    pub label: String,
    /// Headers in the manner of RFC 1421, such as `DEK-Info`; RFC 7468 has none, OpenSSL's old encrypted keys have.
    pub headers: Vec<(String, String)>,
    /// The decoded content.
    pub contents: Vec<u8>,
}

/// All blocks of a text, in order; text between blocks is skipped. `what` names the document in errors.
///
/// Lenient where RFC 7468 section 2 wants parsers to be (line lengths, white space, line ends), strict otherwise: a
/// block that is damaged is an error and never skipped, so that no other block takes its place.
///
/// # Errors
/// A block that is not well-formed or empty, more than `limit` blocks.
pub fn decode(what: &'static str, text: &[u8], limit: usize) -> Result<Vec<Block>, DecodeError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with(END) {
            return Err(DecodeError::whole(what, "PEM END line without a BEGIN line"));
        }
        let Some(label) = boundary(line, BEGIN) else { continue };
        if blocks.len() == limit {
            let reason = match limit {
                1 => "more than one PEM block".to_owned(),
                _ => format!("more than {limit} PEM blocks"),
            };
            let error = DecodeError::whole(what, reason);
            return Err(if limit > 1 { error.over_limit() } else { error });
        }
        blocks.push(block(what, label, &mut lines)?);
    }
    Ok(blocks)
}

/// One block as text: lines of 64 characters, a final newline.
pub fn encode(label: &str, contents: &[u8]) -> String {
    let body = Zeroizing::new(base64::encode(contents));
    let mut out = String::with_capacity(body.len() / 64 + body.len() + 2 * label.len() + 40);
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII: every index is a character boundary.
        let (line, more) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

/// The label of a BEGIN or END line.
fn boundary<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a str> {
    let label = line.strip_prefix(prefix)?.strip_suffix(DASHES)?;
    std::str::from_utf8(label).ok().filter(|l| !l.is_empty() && l.bytes().all(|b| matches!(b, b' '..=b'~')))
}

fn block<'a>(
    what: &'static str,
    label: &str,
    lines: &mut impl Iterator<Item = &'a [u8]>,
) -> Result<Block, DecodeError> {
    let error = |reason: String| Err(DecodeError::new(what, format!("PEM block `{label}`"), reason));
    let mut headers = Vec::new();
    let mut body = Zeroizing::new(Vec::new());
    for line in lines {
        if line.starts_with(b"-----") {
            if boundary(line, END) != Some(label) {
                return error("its END line is missing or has another label".into());
            }
            return match base64::decode_standard(&body) {
                Some(contents) if !contents.is_empty() => {
                    Ok(Block { label: label.to_string(), headers, contents })
                }
                Some(_) => error("empty".into()),
                None => error("not base64".into()),
            };
        }
        match std::str::from_utf8(line).ok().and_then(|l| l.split_once(':')) {
            Some((name, value)) if body.is_empty() && headers.len() < MAX_HEADERS => {
                headers.push((name.trim().to_string(), value.trim().to_string()));
            }
            _ => body.extend(line.iter().filter(|b| !b.is_ascii_whitespace())),
        }
    }
    error("no END line".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Vec<Block>, DecodeError> {
        decode("thing", text.as_bytes(), 2)
    }

    #[test]
    fn round_trip() {
        for length in [1, 47, 48, 49, 96, 1000] {
            let contents = vec![0xa5; length];
            let text = encode("A THING", &contents);
            assert!(
                text.lines().all(|l| l.len() <= 64) && text.ends_with("-----END A THING-----\n"),
                "{text}"
            );
            let blocks = one(&text).unwrap();
            assert_eq!((blocks.len(), &*blocks[0].label, &blocks[0].contents), (1, "A THING", &contents));
        }
    }

    #[test]
    fn text_around_blocks_line_ends_and_headers() {
        let text = "\u{feff}-----BEGIN A-----\r\nKey: value\r\n\r\nAQ \t\r\nID\r\n-----END A-----\r\nnoise\n";
        let text = format!("{text}{}", encode("B", b"xy"));
        let blocks = one(&text).unwrap();
        assert_eq!(blocks[0].contents, [1, 2, 3]);
        assert_eq!(blocks[0].headers, [("Key".to_string(), "value".to_string())]);
        assert_eq!((&*blocks[1].label, &*blocks[1].contents), ("B", &b"xy"[..]));
        assert!(one("no block at all").unwrap().is_empty());
    }

    #[test]
    fn damaged_blocks_are_errors() {
        let good = encode("A", b"hello");
        for (bad, reason) in [
            (good.replace("END A", "END B"), "another label"),
            (good.replace("-----END A-----\n", ""), "no END line"),
            (good.replace("aGVs", "aG*s"), "not base64"),
            (good.replace("aGVsbG8=", "aGVsbG9="), "not base64"),
            (good.replace("aGVsbG8=", ""), "empty"),
            (good.replace("-----BEGIN A-----\n", ""), "without a BEGIN"),
            (good.replace("aGVsbG8=\n", "aGVsbG8=\n-----BEGIN A-----\n"), "another label"),
            (good.repeat(3), "more than 2"),
        ] {
            let error = one(&bad).err().unwrap_or_else(|| panic!("accepted: {bad}")).to_string();
            assert!(error.starts_with("thing: ") && error.contains(reason), "{error}");
        }
    }

    /// Go's CVE-2022-24675 and CVE-2025-61723: stack exhaustion and quadratic time in PEM parsers.
    #[test]
    fn cve_2025_61723_garbage_takes_linear_time() {
        let garbage = b"-----BEGIN \n".repeat(1 << 18);
        let start = std::time::Instant::now();
        assert!(decode("thing", &garbage, 1).unwrap().is_empty());
        assert!(start.elapsed().as_secs() < 5);
    }
}
