//! DER as Go's reader for certificates takes it: what it lets pass is let pass, what it refuses is refused. The reader of the room
//! `x509` is stricter, and what it refuses is refused for good: here a policy may pass because something is no certificate.

use crate::gotime::{Moment, days_in};

/// Why something was not read.
pub(super) enum Fault {
    /// Go refuses it as well.
    Wrong,
    /// Go may take it, or takes it in a way that is not known here; in words.
    Undecided(String),
}

pub(super) type Read<T> = Result<T, Fault>;

pub(super) const BOOLEAN: u8 = 1;
pub(super) const INTEGER: u8 = 2;
pub(super) const BIT_STRING: u8 = 3;
pub(super) const OCTET_STRING: u8 = 4;
pub(super) const NULL: u8 = 5;
pub(super) const OBJECT_IDENTIFIER: u8 = 6;
pub(super) const UTC_TIME: u8 = 23;
pub(super) const GENERALIZED_TIME: u8 = 24;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag `[number]` of a primitive element.
pub(super) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]` of a constructed element.
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// Bytes that are left to read.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

/// An element: its tag, all of it, and its content.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) whole: &'a [u8],
    pub(super) content: &'a [u8],
}

/// A BIT STRING; the bits that are unused at its end are zero.
pub(super) struct Bits<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) unused: u32,
}

impl<'a> Der<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an element with this tag is next.
    pub(super) fn has(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element: tags of one byte, lengths that are definite, minimal and below 2^32.
    pub(super) fn any(&mut self) -> Read<Element<'a>> {
        let [tag, first, rest @ ..] = self.0 else { return Err(Fault::Wrong) };
        if tag & 0x1f == 0x1f {
            return Err(Fault::Wrong);
        }
        let (header, length) = match usize::from(first & 0x7f) {
            short if first & 0x80 == 0 => (2, short),
            count @ 1..=4 => {
                let digits = rest.get(..count).ok_or(Fault::Wrong)?;
                let length = digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
                if length < 128 || digits.first() == Some(&0) {
                    return Err(Fault::Wrong);
                }
                (2 + count, length)
            }
            _ => return Err(Fault::Wrong),
        };
        let (whole, after) = self.0.split_at_checked(header + length).ok_or(Fault::Wrong)?;
        let element = Element { tag: *tag, whole, content: whole.get(header..).unwrap_or_default() };
        self.0 = after;
        Ok(element)
    }

    /// The next element, which has this tag.
    pub(super) fn element(&mut self, tag: u8) -> Read<Element<'a>> {
        self.any().and_then(|element| if element.tag == tag { Ok(element) } else { Err(Fault::Wrong) })
    }

    /// The content of the next element, which has this tag.
    pub(super) fn within(&mut self, tag: u8) -> Read<Der<'a>> {
        self.element(tag).map(|element| Der(element.content))
    }

    /// The content of the next element where it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Read<Option<Der<'a>>> {
        if self.has(tag) { self.within(tag).map(Some) } else { Ok(None) }
    }

    /// The content of an INTEGER: two's complement, minimal.
    pub(super) fn integer(&mut self) -> Read<&'a [u8]> {
        minimal(self.within(INTEGER)?.0)
    }

    pub(super) fn small(&mut self) -> Read<i64> {
        signed(self.integer()?)
    }

    pub(super) fn boolean(&mut self) -> Read<bool> {
        match self.within(BOOLEAN)?.0 {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(Fault::Wrong),
        }
    }

    /// An OBJECT IDENTIFIER of arcs below 2^31.
    pub(super) fn identifier(&mut self) -> Read<Vec<u64>> {
        arcs(self.within(OBJECT_IDENTIFIER)?.0).filter(|arcs| is_small(arcs)).ok_or(Fault::Wrong)
    }

    pub(super) fn bits(&mut self) -> Read<Bits<'a>> {
        let [unused, bytes @ ..] = self.within(BIT_STRING)?.0 else { return Err(Fault::Wrong) };
        let last = bytes.last().copied();
        let wrong = *unused > 7 || (last.is_none() && *unused != 0);
        if wrong || last.is_some_and(|last| last & ((1 << unused) - 1) != 0) {
            return Err(Fault::Wrong);
        }
        Ok(Bits { bytes, unused: u32::from(*unused) })
    }

    /// A UTCTime or GeneralizedTime, in seconds since 1970.
    pub(super) fn time(&mut self) -> Read<i64> {
        let element = self.any()?;
        let text = std::str::from_utf8(element.content).map_err(|_| Fault::Wrong)?;
        match element.tag {
            UTC_TIME => utc(text),
            GENERALIZED_TIME => moment(text, ""),
            _ => Err(Fault::Wrong),
        }
    }
}

/// A whole number, two's complement and minimal.
pub(super) fn minimal(content: &[u8]) -> Read<&[u8]> {
    match content {
        [] => Err(Fault::Wrong),
        [0, second, ..] if second & 0x80 == 0 => Err(Fault::Wrong),
        [0xff, second, ..] if second & 0x80 != 0 => Err(Fault::Wrong),
        _ => Ok(content),
    }
}

/// The number that is written so; one of 64 bits at most.
pub(super) fn signed(content: &[u8]) -> Read<i64> {
    let content = minimal(content)?;
    let start = if content.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    match content.len() {
        1..=8 => Ok(content.iter().fold(start, |sum: i64, byte| sum << 8 | i64::from(*byte))),
        _ => Err(Fault::Wrong),
    }
}

/// The arcs of an object identifier from its content; `None` for what is none, or has arcs beyond 2^63.
pub(super) fn arcs(content: &[u8]) -> Option<Vec<u64>> {
    let mut made = Vec::new();
    let mut arc = 0_u64;
    let mut starts = true;
    for byte in content {
        if starts && *byte == 0x80 {
            return None;
        }
        arc = arc.checked_mul(128).filter(|arc| *arc < 1 << 63)? | u64::from(byte & 0x7f);
        starts = byte & 0x80 == 0;
        if starts {
            match (made.is_empty(), arc) {
                (true, 0..80) => made.extend([arc / 40, arc % 40]),
                (true, _) => made.extend([2, arc - 80]),
                (false, _) => made.push(arc),
            }
            arc = 0;
        }
    }
    (starts && !made.is_empty()).then_some(made)
}

/// Whether no arc has more than 31 bits; the first two are written as one number.
pub(super) fn is_small(arcs: &[u64]) -> bool {
    let second = arcs.first().zip(arcs.get(1)).map(|(first, second)| first * 40 + second);
    second.into_iter().chain(arcs.iter().skip(2).copied()).all(|arc| arc < 1 << 31)
}

/// Two digits of the year, of which those from 50 on are of the last century; the seconds may be missing.
fn utc(text: &str) -> Read<i64> {
    let century = match text.as_bytes() {
        [b'5'..=b'9', ..] => "19",
        _ => "20",
    };
    moment(text, century)
}

fn moment(text: &str, century: &str) -> Read<i64> {
    if !text.is_ascii() {
        return Err(Fault::Wrong);
    }
    let (digits, zone) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let written = match digits.len() + century.len() {
        14 => format!("{century}{digits}"),
        12 if !century.is_empty() => format!("{century}{digits}00"),
        _ => return Err(Fault::Wrong),
    };
    match zone.as_bytes() {
        b"Z" => {}
        [b'+' | b'-', digits @ ..] if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit) => {
            return Err(Fault::Undecided("a time of a certificate that is not in UTC".to_owned()));
        }
        _ => return Err(Fault::Wrong),
    }
    let part = |at: usize, length: usize| -> i128 {
        written.get(at..at + length).and_then(|digits| digits.parse().ok()).unwrap_or_default()
    };
    let (year, month, day) = (part(0, 4), part(4, 2), part(6, 2));
    let (hour, minute, second) = (part(8, 2), part(10, 2), part(12, 2));
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return Err(Fault::Wrong);
    }
    let nanos = Moment { year, month, day, hour, minute, second, nanos: 0 }.nanos();
    i64::try_from(nanos.div_euclid(1_000_000_000)).map_err(|_| Fault::Wrong)
}

impl Bits<'_> {
    /// The bits as a number would have them: the last one of the last byte is the last bit.
    pub(super) fn aligned(&self) -> Vec<u8> {
        let mut above = 0;
        let shifted = self.bytes.iter().map(|byte| {
            let both = u16::from(above) << 8 | u16::from(*byte);
            above = *byte;
            (both >> self.unused).to_be_bytes()[1]
        });
        shifted.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wrong<T>(read: Read<T>) -> bool {
        matches!(read, Err(Fault::Wrong))
    }

    #[test]
    fn lengths_are_definite_minimal_and_within_what_there_is() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 1, 0],
            &[0x30, 0x82, 0, 0x80],
            &[0x30, 0x85, 0, 0, 0, 0, 1],
            &[0x3f, 1, 0],
            &[4, 2, 0],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(is_wrong(Der(bad).any()), "{bad:02x?}");
        }
        let mut der = Der(&[4, 1, 7, 5]);
        assert!(der.any().is_ok_and(|element| element.whole == [4, 1, 7] && element.content == [7]));
        assert_eq!(der.0, [5]);
    }

    #[test]
    fn numbers_and_identifiers_at_their_limits() {
        for (content, value) in
            [(&[0x7f][..], 127), (&[0x80], -128), (&[0, 0x80], 128), (&[0xff, 0x7f], -129)]
        {
            assert!(signed(content).is_ok_and(|read| read == value), "{content:02x?}");
        }
        for bad in [&[][..], &[0, 1], &[0xff, 0x80], &[1; 9]] {
            assert!(is_wrong(signed(bad)), "{bad:02x?}");
        }
        assert_eq!(arcs(&[0x2a, 0x86, 0x48]), Some(vec![1, 2, 840]));
        assert_eq!(arcs(&[0x88, 0x37]), Some(vec![2, 999]));
        for none in [&[][..], &[0x80, 1], &[0x2a, 0x80, 1], &[0x2a, 0x81], &[0xff; 10]] {
            assert_eq!(arcs(none), None, "{none:02x?}");
        }
        assert!(Der(&[6, 6, 0x2a, 0x87, 0xff, 0xff, 0xff, 0x7f]).identifier().is_ok());
        assert!(is_wrong(Der(&[6, 6, 0x2a, 0x88, 0x80, 0x80, 0x80, 0]).identifier()), "32 bits");
    }

    #[test]
    fn bits_are_shifted_and_those_that_are_unused_are_zero() {
        assert!(Der(&[3, 3, 4, 0xab, 0xc0]).bits().is_ok_and(|bits| bits.aligned() == [0x0a, 0xbc]));
        for bad in [&[3, 0][..], &[3, 1, 1], &[3, 2, 8, 0], &[3, 2, 4, 0x08]] {
            assert!(is_wrong(Der(bad).bits()), "{bad:02x?}");
        }
    }

    #[test]
    fn times() {
        let read = |tag, text: &str| Der(&[&[tag, text.len() as u8], text.as_bytes()].concat()).time();
        assert!(read(UTC_TIME, "700101000000Z").is_ok_and(|seconds| seconds == 0));
        assert!(read(UTC_TIME, "7001010001Z").is_ok_and(|seconds| seconds == 60));
        assert!(read(UTC_TIME, "500101000000Z").is_ok_and(|seconds| seconds < 0));
        assert!(read(GENERALIZED_TIME, "20500101000000Z").is_ok_and(|seconds| seconds == 2_524_608_000));
        for bad in ["250230000000Z", "250101240000Z", "250101000060Z", "250101000000", "250101000000.5Z", ""]
        {
            assert!(is_wrong(read(UTC_TIME, bad)), "{bad}");
        }
        assert!(is_wrong(read(GENERALIZED_TIME, "202501010000Z")));
        assert!(matches!(read(UTC_TIME, "250101000000+0100"), Err(Fault::Undecided(_))));
    }
}
