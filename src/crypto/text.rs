//! Text, as all documents here are written: UTF-8.

/// What text in UTF-16 looks like to whoever wrote it, and what to do.
pub const UTF_16: &str = "UTF-16 text, as Windows PowerShell writes it with `>`; save it as UTF-8";

/// Whether this begins with the byte order mark of UTF-16, which no UTF-8 begins with.
pub fn is_utf_16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// The text that these bytes are.
///
/// # Errors
/// In words that follow the name of a document: what it is instead.
pub fn utf_8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| match is_utf_16(bytes) {
        true => format!("is {UTF_16}"),
        false => format!("is not UTF-8 after byte {}", error.valid_up_to()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_and_the_remedy_are_told() {
        assert_eq!(utf_8("\u{feff}é".as_bytes()), Ok("\u{feff}é"));
        assert_eq!(utf_8(b"ab\xff"), Err("is not UTF-8 after byte 2".to_owned()));
        for text in [&b"\xff\xfe{\0}\0"[..], b"\xfe\xff\0{\0}"] {
            assert_eq!(utf_8(text), Err(format!("is {UTF_16}")));
        }
    }
}
