//! Messages of the domain name system (RFC 1035 section 4), as much of them as addresses need. Pure.

use std::net::IpAddr;

use crate::crypto::DecodeError;

const WHAT: &str = "answer of the name server";
const HEADER: usize = 12;
const CNAME: u16 = 5;
const INTERNET: u16 = 1;
/// RFC 1035 section 2.3.4.
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 255;
/// Records of one answer that are looked at.
const MAX_RECORDS: u16 = 256;

/// The kind of address that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A (RFC 1035).
    V4,
    /// AAAA (RFC 3596).
    V6,
}

impl Kind {
    fn number(self) -> u16 {
        match self {
            Self::V4 => 1,
            Self::V6 => 28,
        }
    }

    fn address(self, data: &[u8]) -> Option<IpAddr> {
        match self {
            Self::V4 => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
            Self::V6 => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        }
    }
}

/// What a server knows.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The name exists; there may be no address of the kind.
    Addresses(Vec<IpAddr>),
    /// It does not exist.
    NoSuchName,
}

/// A recursive query; `None` where the text cannot be a name.
pub fn query(number: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut out = number.to_be_bytes().to_vec();
    // Recursion desired; one question.
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|length| (1..=MAX_LABEL).contains(&usize::from(*length)))?;
        out.push(length);
        out.extend(label.as_bytes());
    }
    out.push(0);
    if out.len() > HEADER + MAX_NAME || !name.is_ascii() {
        return None;
    }
    out.extend(kind.number().to_be_bytes());
    out.extend(INTERNET.to_be_bytes());
    Some(out)
}

/// Whether a message answers this very question: an answer, of the same number, that repeats it.
pub fn is_answer_to(answer: &[u8], query: &[u8]) -> bool {
    let question = |message: &[u8], length| message.get(HEADER..length).map(<[u8]>::to_ascii_lowercase);
    answer.first_chunk::<2>() == query.first_chunk::<2>()
        && answer.get(2).is_some_and(|flags| flags & 0xf8 == 0x80)
        && answer.get(4..6) == Some(&[0, 1])
        && question(answer, query.len()).is_some_and(|asked| Some(asked) == question(query, query.len()))
}

/// Whether the rest has to be asked for over TCP.
pub fn is_truncated(answer: &[u8]) -> bool {
    answer.get(2).is_some_and(|flags| flags & 2 != 0)
}

/// The addresses of the name that was asked for, through the names that it is another name of.
///
/// # Errors
/// A server that failed or refused, and messages that are not well-formed.
pub fn outcome(answer: &[u8], name: &str, kind: Kind) -> Result<Outcome, DecodeError> {
    match answer.get(3).map(|flags| flags & 15) {
        Some(0) => {}
        Some(3) => return Ok(Outcome::NoSuchName),
        Some(2) => return Err(DecodeError::whole(WHAT, "it failed")),
        Some(5) => return Err(DecodeError::whole(WHAT, "it refuses to answer")),
        code => return Err(DecodeError::whole(WHAT, format!("code {}", code.unwrap_or_default()))),
    }
    let mut reader = Reader { message: answer, at: HEADER };
    let _question = (reader.name()?, reader.take(4)?);
    let records = answer.get(6..8).and_then(|n| n.try_into().ok()).map_or(0, u16::from_be_bytes);
    if records > MAX_RECORDS {
        return Err(DecodeError::whole(WHAT, format!("more than {MAX_RECORDS} records")));
    }
    let (mut current, mut found) = (wire_name(name), Vec::new());
    for _ in 0..records {
        let owner = reader.name()?;
        let (of, class) = (reader.number()?, reader.number()?);
        let _time_to_live = reader.take(4)?;
        let length = usize::from(reader.number()?);
        let start = reader.at;
        let data = reader.take(length)?;
        if class != INTERNET || owner != current {
            continue;
        }
        if of == CNAME {
            current = Reader { message: answer, at: start }.name()?;
        } else if of == kind.number() {
            let address = kind.address(data).ok_or_else(|| malformed("an address of the wrong length"))?;
            found.push(address);
        }
    }
    Ok(Outcome::Addresses(found))
}

fn malformed(reason: &str) -> DecodeError {
    DecodeError::whole(WHAT, reason.to_owned())
}

/// Labels behind their lengths, in lower case.
fn wire_name(name: &str) -> Vec<u8> {
    let labels = name.split('.').map(|label| (u8::try_from(label.len()).unwrap_or_default(), label));
    labels.flat_map(|(length, label)| [&[length], label.to_ascii_lowercase().as_bytes()].concat()).collect()
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(length);
        let taken = end
            .and_then(|end| self.message.get(self.at..end))
            .ok_or_else(|| malformed("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u16, DecodeError> {
        let taken = self.take(2)?;
        Ok(taken.try_into().map_or(0, u16::from_be_bytes))
    }

    /// A name, with its compression undone (section 4.1.4). A reference leads backwards only, so it cannot lead round.
    fn name(&mut self) -> Result<Vec<u8>, DecodeError> {
        let (mut name, mut reader, mut end) =
            (Vec::new(), Reader { message: self.message, at: self.at }, None);
        let mut lowest = self.at;
        loop {
            let &[length] = reader.take(1)? else { return Err(malformed("it ends too early")) };
            match length {
                0 => break,
                1..=63 => {
                    name.push(length);
                    name.extend(reader.take(usize::from(length))?.to_ascii_lowercase());
                }
                0xc0.. => {
                    let &[low] = reader.take(1)? else { return Err(malformed("it ends too early")) };
                    end.get_or_insert(reader.at);
                    let to = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                    if to >= lowest {
                        return Err(malformed("a name that refers to what comes later"));
                    }
                    (lowest, reader.at) = (to, to);
                }
                _ => return Err(malformed("a label of an unknown kind")),
            }
            if name.len() > MAX_NAME {
                return Err(malformed("a name that is too long"));
            }
        }
        self.at = end.unwrap_or(reader.at);
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Key.example";

    /// An answer to the query with these records: owner, type, data.
    fn answer(query: &[u8], code: u8, records: &[(&[u8], u16, &[u8])]) -> Vec<u8> {
        let mut out = query.to_vec();
        (out[2], out[3], out[7]) = (0x81, 0x80 | code, u8::try_from(records.len()).unwrap());
        for (owner, of, data) in records {
            out.extend(*owner);
            out.extend(of.to_be_bytes());
            out.extend([0, 1, 0, 0, 0, 60]);
            out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            out.extend(*data);
        }
        out
    }

    const QUESTION: &[u8] = &[0xc0, 12];

    #[test]
    fn a_query_is_what_the_specification_says() {
        let expected = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03Key\x07example\0\0\x1c\0\x01";
        assert_eq!(query(0x1234, NAME, Kind::V6).unwrap(), expected);
        let long = format!("{}.example", "a".repeat(64));
        for bad in ["", "a..b", ".a", "a.", "ü.example", &long, &["a"; 200].join(".")] {
            assert_eq!(query(1, bad, Kind::V4), None, "{bad}");
        }
    }

    #[test]
    fn addresses_of_the_name_and_of_what_it_stands_for() {
        let query = query(7, NAME, Kind::V4).unwrap();
        let alias = b"\x05other\xc0\x10";
        let message = answer(
            &query,
            0,
            &[
                (QUESTION, CNAME, alias),
                (b"\x05OTHER\xc0\x10", 1, &[192, 0, 2, 1]),
                (b"\x05other\xc0\x10", 28, &[0; 16]),
                (b"\x05third\xc0\x10", 1, &[192, 0, 2, 9]),
                (b"\x05other\xc0\x10", 1, &[192, 0, 2, 2]),
            ],
        );
        assert!(is_answer_to(&message, &query));
        let addresses = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().unwrap()).to_vec();
        assert_eq!(outcome(&message, NAME, Kind::V4).unwrap(), Outcome::Addresses(addresses));
        assert_eq!(outcome(&answer(&query, 0, &[]), NAME, Kind::V4).unwrap(), Outcome::Addresses(vec![]));
        assert_eq!(outcome(&answer(&query, 3, &[]), NAME, Kind::V4).unwrap(), Outcome::NoSuchName);
        for code in [1, 2, 4, 5] {
            assert!(outcome(&answer(&query, code, &[]), NAME, Kind::V4).is_err());
        }
    }

    #[test]
    fn answers_to_something_else_are_none() {
        let asked = query(7, NAME, Kind::V4).unwrap();
        let good = answer(&asked, 0, &[]);
        assert!(is_answer_to(&good, &asked));
        for other in
            [query(8, NAME, Kind::V4), query(7, "key.example.org", Kind::V4), query(7, NAME, Kind::V6)]
        {
            assert!(!is_answer_to(&answer(&other.unwrap(), 0, &[]), &asked));
        }
        assert!(!is_answer_to(&asked, &asked));
        for end in 0..good.len() {
            assert!(!is_answer_to(&good[..end], &asked));
        }
    }

    #[test]
    fn malformed_answers_are_errors() {
        let query = query(7, NAME, Kind::V4).unwrap();
        let end = u8::try_from(query.len()).unwrap();
        for (owner, data) in [
            (&[0xc0, end][..], &[192, 0, 2, 1][..]), // refers to itself
            (&[0xff, 0xff], &[192, 0, 2, 1]),
            (&[0x40, 0], &[192, 0, 2, 1]),
            (QUESTION, &[192, 0, 2]),
        ] {
            assert!(outcome(&answer(&query, 0, &[(owner, 1, data)]), NAME, Kind::V4).is_err(), "{owner:?}");
        }
        let good =
            answer(&query, 0, &[(QUESTION, CNAME, b"\x05other\xc0\x10"), (QUESTION, 1, &[1, 2, 3, 4])]);
        for cut in HEADER..good.len() {
            assert!(outcome(&good[..cut], NAME, Kind::V4).is_err(), "{cut}");
        }
        let mut many = good;
        many[6] = 0xff;
        assert!(outcome(&many, NAME, Kind::V4).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_message_makes_it_panic(bytes: Vec<u8>, cut in 0usize..80, at in 0usize..80, to: u8) {
            let _ = outcome(&bytes, NAME, Kind::V4);
            let query = query(7, NAME, Kind::V4).unwrap();
            let mut message = answer(&query, 0, &[(QUESTION, CNAME, b"\x05other\xc0\x10"), (QUESTION, 1, &[1, 2, 3, 4])]);
            if let Some(byte) = message.get_mut(at) {
                *byte = to;
            }
            message.truncate(message.len().saturating_sub(cut));
            let _ = outcome(&message, NAME, Kind::V4);
        }
    }
}
