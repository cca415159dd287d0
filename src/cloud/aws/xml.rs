//! The answers of STS: elements that hold elements or text. Nothing else of XML is read, and anything else is refused.

use crate::crypto::DecodeError;

const MAX_DEPTH: usize = 8;
const MAX_ELEMENTS: usize = 100;

/// The texts of a document by the path of their elements, `ErrorResponse/Error/Code`; each path once.
///
/// # Errors
/// It is no such document.
pub fn texts(document: &[u8]) -> Result<Vec<(String, String)>, DecodeError> {
    let fail = |reason: &str| DecodeError::whole("answer", reason);
    let mut rest = std::str::from_utf8(document).map_err(|_| fail("is not text in UTF-8"))?.trim();
    if let Some((_, after)) = rest.strip_prefix("<?xml ").and_then(|rest| rest.split_once("?>")) {
        rest = after.trim_start();
    }
    let (mut open, mut found, mut elements) = (Vec::<&str>::new(), Vec::<(String, String)>::new(), 0);
    loop {
        let (text, after) = rest.split_once('<').ok_or_else(|| fail("is not whole"))?;
        let (tag, after) = after.split_once('>').ok_or_else(|| fail("is not whole"))?;
        if let Some(name) = tag.strip_prefix('/') {
            let path = open.join("/");
            if open.pop() != Some(name.trim_end()) {
                return Err(fail("has an end tag without its beginning"));
            }
            if !text.trim().is_empty() {
                if found.iter().any(|(known, _)| *known == path) {
                    return Err(fail("has the same element twice"));
                }
                found.push((path, unescaped(text.trim()).ok_or_else(|| fail("has an unknown entity"))?));
            }
        } else {
            let is_empty = tag.ends_with('/');
            let name = tag.trim_end_matches('/').split_whitespace().next().unwrap_or_default();
            elements += 1;
            if !text.trim().is_empty() || elements > MAX_ELEMENTS || open.len() >= MAX_DEPTH {
                return Err(fail("is not made of a few elements with text"));
            }
            if name.is_empty() || !name.bytes().all(|c| c.is_ascii_alphanumeric()) {
                return Err(fail("has a tag that is none of an element"));
            }
            if !is_empty {
                open.push(name);
            }
        }
        rest = after;
        if open.is_empty() {
            return match rest.trim().is_empty() {
                true => Ok(found),
                false => Err(fail("goes on behind its end")),
            };
        }
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('&');
    let mut all = pieces.next()?.to_owned();
    for piece in pieces {
        let (name, after) = piece.split_once(';')?;
        all.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        all.push_str(after);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_their_texts() {
        let document = b"<?xml version=\"1.0\"?>\n<A xmlns=\"https://x/\">\n <B><C>a&amp;b&#x41;</C></B><D/><E></E>\n</A>\n";
        assert_eq!(texts(document).unwrap(), [("A/B/C".to_owned(), "a&bA".to_owned())]);
    }

    #[test]
    fn everything_else_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(9), "</a>".repeat(9));
        let many = format!("<a>{}</a>", "<b/>".repeat(100));
        for document in [
            "",
            "<a>",
            "<a",
            "</a>",
            "<a></b>",
            "<a>x<b/></a>",
            "<a/>x",
            "<a><!-- --></a>",
            "<!DOCTYPE a><a/>",
            "x<a/>",
            "<a><b>1</b><b>2</b></a>",
            "<a>&x;</a>",
            "<a>&amp</a>",
            "<a><![CDATA[x]]></a>",
            "<>x</>",
            &deep,
            &many,
        ] {
            assert!(texts(document.as_bytes()).is_err(), "{document}");
        }
        assert!(texts(b"<a>\xff</a>").is_err());
    }
}
