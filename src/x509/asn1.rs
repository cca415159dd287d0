//! Reading and writing DER field by field, with the bytes of every field at hand.
//!
//! Signatures are over encodings, so certificates and tokens are read as slices of the original and nothing that was read
//! is ever encoded again. The tag and length rules of DER (definite, minimal) are those of the `der` crate's reader.

use std::ops::Range;

use der::asn1::{BitStringRef, IntRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber};

use super::oid::Oid;
use crate::crypto::{DecodeError, UnixTime};

/// One element: tag, length and content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    what: &'static str,
    start: usize,
    /// The tag.
    pub(crate) tag: Tag,
    /// The whole encoding, tag and length included.
    pub(crate) whole: &'a [u8],
    /// The content.
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that `der` consists of; trailing bytes are an error. `what` names the document in errors.
    pub(crate) fn only(what: &'static str, der: &'a [u8]) -> Result<Self, DecodeError> {
        let mut elements = Elements::new(what, der, 0)?;
        let element = elements.next("")?;
        elements.finish("")?;
        Ok(element)
    }

    /// The elements inside, when this one has the expected (constructed) tag.
    pub(crate) fn elements(&self, at: &str, tag: Tag) -> Result<Elements<'a>, DecodeError> {
        self.expect(at, tag)?;
        Elements::new(self.what, self.content, self.content_range().start)
    }

    /// The one element inside an explicit tag.
    pub(crate) fn inner(&self, at: &str, tag: Tag) -> Result<Self, DecodeError> {
        let mut elements = self.elements(at, tag)?;
        let element = elements.next(at)?;
        elements.finish(at)?;
        Ok(element)
    }

    /// The elements inside a SEQUENCE.
    pub(crate) fn sequence(&self, at: &str) -> Result<Elements<'a>, DecodeError> {
        self.elements(at, Tag::Sequence)
    }

    /// Where the whole encoding lies in the outermost document.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.whole.len()
    }

    /// Where the content lies in the outermost document.
    pub(crate) fn content_range(&self) -> Range<usize> {
        let end = self.start + self.whole.len();
        end - self.content.len()..end
    }

    pub(crate) fn oid(&self, at: &str) -> Result<Oid<'a>, DecodeError> {
        self.expect(at, Tag::ObjectIdentifier)?;
        Oid::new(self.content).ok_or_else(|| self.error(at, "not an object identifier"))
    }

    pub(crate) fn boolean(&self, at: &str) -> Result<bool, DecodeError> {
        bool::from_der(self.whole).map_err(|_| self.error(at, "not a BOOLEAN"))
    }

    /// The content of an INTEGER, two's complement and minimal.
    pub(crate) fn integer(&self, at: &str) -> Result<&'a [u8], DecodeError> {
        IntRef::from_der(self.whole).map_err(|_| self.error(at, "not an INTEGER"))?;
        Ok(self.content)
    }

    /// A small INTEGER that is not negative.
    pub(crate) fn small(&self, at: &str) -> Result<u32, DecodeError> {
        u32::from_der(self.whole).map_err(|_| self.error(at, "not an INTEGER between 0 and 4294967295"))
    }

    pub(crate) fn octets(&self, at: &str) -> Result<&'a [u8], DecodeError> {
        self.expect(at, Tag::OctetString)?;
        Ok(self.content)
    }

    /// A BIT STRING.
    pub(crate) fn bits(&self, at: &str) -> Result<BitStringRef<'a>, DecodeError> {
        BitStringRef::from_der(self.whole).map_err(|_| self.error(at, "not a BIT STRING"))
    }

    /// A BIT STRING of whole octets, as signatures are.
    pub(crate) fn bit_octets(&self, at: &str) -> Result<&'a [u8], DecodeError> {
        self.bits(at)?.as_bytes().ok_or_else(|| self.error(at, "a BIT STRING that is not of whole octets"))
    }

    /// The text of a UTF8String.
    pub(crate) fn utf8(&self, at: &str) -> Result<&'a str, DecodeError> {
        self.expect(at, Tag::Utf8String)?;
        std::str::from_utf8(self.content).map_err(|_| self.error(at, "not UTF-8"))
    }

    /// A UTCTime or GeneralizedTime as certificates have them (RFC 5280 section 4.1.2.5).
    pub(crate) fn time(&self, at: &str) -> Result<UnixTime, DecodeError> {
        let duration = match self.tag {
            Tag::UtcTime => der::asn1::UtcTime::from_der(self.whole).map(|t| t.to_unix_duration()),
            _ => der::asn1::GeneralizedTime::from_der(self.whole).map(|t| t.to_unix_duration()),
        };
        let seconds = duration.ok().and_then(|d| i64::try_from(d.as_secs()).ok());
        seconds
            .map(UnixTime::from_seconds)
            .ok_or_else(|| self.error(at, "not a time since 1970 in UTC with seconds"))
    }

    /// Refuses another tag.
    pub(crate) fn expect(&self, at: &str, tag: Tag) -> Result<(), DecodeError> {
        if self.tag == tag {
            Ok(())
        } else {
            Err(self.error(at, format!("{} where {tag} belongs", self.tag)))
        }
    }

    pub(crate) fn error(&self, at: &str, reason: impl Into<String>) -> DecodeError {
        DecodeError::new(self.what, at, reason)
    }
}

/// The elements of a constructed one, in order.
pub(crate) struct Elements<'a> {
    what: &'static str,
    reader: SliceReader<'a>,
    start: usize,
}

impl<'a> Elements<'a> {
    fn new(what: &'static str, content: &'a [u8], start: usize) -> Result<Self, DecodeError> {
        let reader = SliceReader::new(content).map_err(|e| DecodeError::whole(what, e.to_string()))?;
        Ok(Self { what, reader, start })
    }

    /// Whether all were read.
    pub(crate) fn is_empty(&self) -> bool {
        self.reader.is_finished()
    }

    /// The next element.
    pub(crate) fn next(&mut self, at: &str) -> Result<Element<'a>, DecodeError> {
        let start = self.start;
        if self.is_empty() {
            return Err(DecodeError::new(self.what, at, "missing"));
        }
        let read = self.reader.peek_header().and_then(|h| self.reader.tlv_bytes().map(|whole| (h, whole)));
        let (header, whole) = read.map_err(|_| DecodeError::new(self.what, at, "truncated, or not DER"))?;
        let length = usize::try_from(header.length).unwrap_or_default();
        let content = whole.get(whole.len().saturating_sub(length)..).unwrap_or_default();
        self.start += whole.len();
        Ok(Element { what: self.what, start, tag: header.tag, whole, content })
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, at: &str, tag: Tag) -> Result<Option<Element<'a>>, DecodeError> {
        let present = self.reader.peek_byte() == Some(tag.octet());
        if present { self.next(at).map(Some) } else { Ok(None) }
    }

    /// Refuses further elements.
    pub(crate) fn finish(&self, at: &str) -> Result<(), DecodeError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::new(self.what, at, "more data than belongs here"))
        }
    }
}

/// The tag `[number]` of a constructed element (explicit, or implicit around a SEQUENCE or SET).
pub(crate) const fn constructed(number: u8) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber::new(number) }
}

/// The tag `[number]` of a primitive element.
pub(crate) const fn primitive(number: u8) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber::new(number) }
}

/// Encodes one element around the concatenation of `parts`.
pub(crate) fn encode(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|p| p.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag.octet());
    if length < 0x80 {
        out.extend(u8::try_from(length));
    } else {
        let bytes = length.to_be_bytes();
        let significant = bytes.iter().skip_while(|b| **b == 0);
        out.extend(u8::try_from(significant.clone().count()).map(|n| 0x80 | n));
        out.extend(significant);
    }
    parts.iter().for_each(|p| out.extend_from_slice(p));
    out
}

#[cfg(test)]
mod tests {
    use super::super::encode::{encode_time, encode_unsigned};
    use super::*;

    const WHAT: &str = "test";

    #[test]
    fn writing_and_reading_agree_at_every_length_form() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let der = encode(Tag::OctetString, &[&vec![7; length]]);
            let element = Element::only(WHAT, &der).unwrap();
            assert_eq!(element.octets("").unwrap().len(), length);
            assert_eq!(element.range(), 0..der.len());
            assert_eq!(element.content_range(), der.len() - length..der.len());
        }
        assert_eq!(encode_unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(encode_unsigned(&[]), [2, 1, 0]);
        assert_eq!(encode_time(UnixTime::from_seconds(0)), b"\x17\x0d700101000000Z");
        assert_eq!(encode_time(UnixTime::from_seconds(2_524_608_000)), b"\x18\x0f20500101000000Z");
    }

    #[test]
    fn ranges_point_into_the_outermost_document() {
        let inner = encode(Tag::Sequence, &[&encode(Tag::OctetString, &[b"abc"])]);
        let der = encode(Tag::Sequence, &[&encode_unsigned(&[5]), &inner]);
        let mut fields = Element::only(WHAT, &der).unwrap().sequence("").unwrap();
        fields.next("").unwrap();
        let octets = fields.next("").unwrap().inner("", Tag::Sequence).unwrap();
        assert_eq!(&der[octets.content_range()], b"abc");
        fields.finish("").unwrap();
    }

    #[test]
    fn what_is_not_der_is_refused() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],       // indefinite length
            &[0x30, 0x81, 0x01, 0x00], // length not minimal
            &[0x04, 0x02, 0x00],       // truncated
            &[0x04, 0x01, 0x00, 0x00], // trailing byte
            &[0x1f, 0x81, 0x01, 0x00], // high tag number
            &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(Element::only(WHAT, bad).is_err(), "{bad:02x?}");
        }
        assert!(
            Element::only(WHAT, &[1, 1, 1]).unwrap().boolean("").is_err(),
            "BOOLEAN that is neither 00 nor ff"
        );
        assert!(Element::only(WHAT, &[2, 2, 0, 1]).unwrap().integer("").is_err(), "INTEGER not minimal");
        assert!(Element::only(WHAT, b"\x17\x0b7001010000Z").unwrap().time("").is_err(), "no seconds");
    }
}
