//! BER-TLV as ISO 7816-4 section 5.2.2 has it, bounded.

use crate::crypto::DecodeError;

/// The most values that one template holds.
const MAX_FIELDS: usize = 16;
/// The longest value that two bytes of length tell.
const MAX_LENGTH: usize = 0xFFFF;

/// The values of a template, each tag at most once.
pub(super) struct Template<'a> {
    what: &'static str,
    fields: Vec<(u32, &'a [u8])>,
}

impl<'a> Template<'a> {
    /// Decodes all of `bytes`.
    ///
    /// # Errors
    /// Cut off, a length that is not in one to three bytes, a tag of more than three bytes or one that appears twice, too many values.
    pub fn decode(what: &'static str, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let (tag, value, after) = split(what, rest)?;
            if fields.iter().any(|(other, _)| *other == tag) {
                return Err(DecodeError::whole(what, format!("the tag {tag:X} appears twice")));
            }
            if fields.len() == MAX_FIELDS {
                let reason = format!("more than {MAX_FIELDS} values");
                return Err(DecodeError::whole(what, reason).over_limit());
            }
            fields.push((tag, value));
            rest = after;
        }
        Ok(Self { what, fields })
    }

    /// The value of a tag, if it is there.
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        self.fields.iter().find(|(other, _)| *other == tag).map(|(_, value)| *value)
    }

    /// The value of a tag.
    ///
    /// # Errors
    /// It is not there.
    pub fn need(&self, tag: u32) -> Result<&'a [u8], DecodeError> {
        self.get(tag).ok_or_else(|| DecodeError::whole(self.what, format!("the tag {tag:X} is missing")))
    }

    /// Tags and values, in their order.
    pub fn fields(&self) -> &[(u32, &'a [u8])] {
        &self.fields
    }
}

/// The value of the one object of this tag that `bytes` are.
///
/// # Errors
/// They are something else, or more.
pub(super) fn only<'a>(what: &'static str, bytes: &'a [u8], tag: u32) -> Result<&'a [u8], DecodeError> {
    match split(what, bytes)? {
        (found, value, []) if found == tag => Ok(value),
        (found, _, []) => Err(DecodeError::whole(what, format!("the tag is {found:X}, not {tag:X}"))),
        (_, _, trailing) => Err(DecodeError::whole(what, format!("{} bytes too many", trailing.len()))),
    }
}

/// Tag, value, and what follows.
fn split<'a>(what: &'static str, bytes: &'a [u8]) -> Result<(u32, &'a [u8], &'a [u8]), DecodeError> {
    let cut = || DecodeError::whole(what, "it is cut off");
    let (first, mut rest) = bytes.split_first().ok_or_else(cut)?;
    let mut tag = u32::from(*first);
    // The low five bits set: the number of the tag follows, seven bits a byte.
    let mut more = first & 0x1F == 0x1F;
    while more {
        if tag > 0xFFFF {
            return Err(DecodeError::whole(what, "a tag is longer than three bytes"));
        }
        let (next, after) = rest.split_first().ok_or_else(cut)?;
        tag = tag << 8 | u32::from(*next);
        more = next & 0x80 != 0;
        rest = after;
    }
    let (length, rest) = rest.split_first().ok_or_else(cut)?;
    let (length, rest) = match *length {
        short @ 0..=0x7F => (usize::from(short), rest),
        0x81 => {
            let (length, rest) = rest.split_first().ok_or_else(cut)?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return Err(DecodeError::whole(what, "a length is in more than three bytes, or open")),
    };
    let (value, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    Ok((tag, value, rest))
}

/// Tag, length and value. What does not fit into two bytes of length, which nothing here comes near, is cut off there.
pub(super) fn encode(tag: u32, value: &[u8]) -> Vec<u8> {
    let value = value.get(..MAX_LENGTH).unwrap_or(value);
    let mut encoded = tag_bytes(tag);
    match (u8::try_from(value.len()), u16::try_from(value.len())) {
        (Ok(short @ ..0x80), _) => encoded.push(short),
        (Ok(length), _) => encoded.extend([0x81, length]),
        (_, length) => {
            encoded.push(0x82);
            encoded.extend(length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    encoded.extend_from_slice(value);
    encoded
}

/// The bytes of a tag.
pub(super) fn tag_bytes(tag: u32) -> Vec<u8> {
    tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 3000, 0xFFFF] {
            for tag in [0x53, 0x7C, 0x7F49, 0x5F_C105] {
                let encoded = encode(tag, &vec![7; length]);
                assert_eq!(only("x", &encoded, tag).unwrap(), vec![7; length], "{tag:X} {length}");
                assert!(only("x", &encoded, tag ^ 1).is_err());
                assert!(only("x", &[&encoded[..], &[0]].concat(), tag).is_err());
                for cut in 0..encoded.len().min(300) {
                    assert!(only("x", &encoded[..cut], tag).is_err(), "{tag:X} {length} {cut}");
                }
            }
        }
        assert_eq!(encode(0x7F49, &[1; 0x80])[..4], [0x7F, 0x49, 0x81, 0x80]);
    }

    #[test]
    fn what_is_refused() {
        for (bytes, reason) in [
            (&[0x53, 0x80, 0, 0][..], "open"),
            (&[0x53, 0x83, 0, 0, 1, 0], "more than three bytes"),
            (&[0x53, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], "more than three bytes"),
            (&[0x53, 0x82, 0xFF, 0xFF, 0], "cut off"),
            (&[0x5F, 0xC1, 0x81, 0x81, 1, 0], "longer than three"),
            (&[0x81, 0, 0x82, 0, 0x81, 0], "twice"),
        ] {
            let error = Template::decode("x", bytes).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
        let many: Vec<u8> = (1..=17).flat_map(|tag| [tag, 0]).collect();
        assert!(Template::decode("x", &many).map(|_| ()).unwrap_err().to_string().contains("more than 16"));
        assert_eq!(Template::decode("x", &many[..32]).unwrap().fields().len(), 16);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = Template::decode("x", &bytes).map(|template| template.need(0x53).map(<[u8]>::len));
        }
    }
}
