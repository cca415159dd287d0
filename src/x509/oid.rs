//! Object identifiers that certificates, SCTs and timestamp tokens name.

use std::fmt;

use der::asn1::ObjectIdentifier;

/// An object identifier as somebody wrote it: of any length, and with arcs of any size, which [`ObjectIdentifier`] does
/// not hold (those below 2.25 have 128 bits).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// From the content of its encoding (X.690 section 8.19): arcs in base 128, each in as few bytes as possible.
    pub(crate) fn new(content: &'a [u8]) -> Option<Self> {
        let starts = |i: usize| i == 0 || content.get(i - 1).is_some_and(|b| b & 0x80 == 0);
        let minimal = content.iter().enumerate().all(|(i, b)| *b != 0x80 || !starts(i));
        (starts(content.len()) && !content.is_empty() && minimal).then_some(Self(content))
    }

    /// As one that can be compared with the constants here; `None` for those that none of them can be.
    pub(crate) fn known(self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.0).ok()
    }

    /// The last arc of an identifier that lies directly below `parent`.
    pub(crate) fn below(self, parent: &ObjectIdentifier) -> Option<u128> {
        let mut arcs = Arcs(self.0.strip_prefix(parent.as_bytes())?);
        let arc = arcs.next()?;
        if arcs.0.is_empty() { arc } else { None }
    }
}

impl PartialEq<ObjectIdentifier> for Oid<'_> {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(arcs) = Arcs(self.0).collect::<Option<Vec<_>>>() else {
            return write!(f, "#{}", hex::encode(self.0));
        };
        for (i, arc) in arcs.into_iter().enumerate() {
            match i {
                // The first two arcs are one number (X.690 section 8.19.4).
                0 => write!(f, "{}.{}", (arc / 40).min(2), arc - 40 * (arc / 40).min(2))?,
                _ => write!(f, ".{arc}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The arcs of an encoding, the first two in one; `None` for those above 128 bits.
struct Arcs<'a>(&'a [u8]);

impl Iterator for Arcs<'_> {
    type Item = Option<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.0.iter().position(|b| b & 0x80 == 0)?;
        let (arc, rest) = self.0.split_at_checked(end + 1)?;
        self.0 = rest;
        let mut value = Some(0u128);
        for byte in arc {
            value = value.and_then(|v| v.checked_mul(128)).map(|v| v | u128::from(byte & 0x7f));
        }
        Some(value)
    }
}

macro_rules! oids {
    ($($(#[doc = $doc:literal])? $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])? pub(crate) const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($text);)*
    };
}

// Certificate extensions, RFC 5280 section 4.2.1.
oids! {
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    SUBJECT_ALT_NAME = "2.5.29.17";
    BASIC_CONSTRAINTS = "2.5.29.19";
    NAME_CONSTRAINTS = "2.5.29.30";
    CERTIFICATE_POLICIES = "2.5.29.32";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// RFC 6962 section 3.3.
    SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";
    /// RFC 6962 section 3.1: marks a precertificate.
    PRECERTIFICATE_POISON = "1.3.6.1.4.1.11129.2.4.3";
}

// Extended key usages, RFC 5280 section 4.2.1.12.
oids! {
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
}

// Names.
oids! {
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";
    /// The arc of Fulcio's extensions (Fulcio `oid-info`).
    FULCIO = "1.3.6.1.4.1.57264.1";
    /// Fulcio's otherName of a user.
    FULCIO_USERNAME = "1.3.6.1.4.1.57264.1.7";
}

// Hash and signature algorithms, RFC 5754, RFC 4055, RFC 5758, RFC 8410.
oids! {
    SHA_256 = "2.16.840.1.101.3.4.2.1";
    SHA_384 = "2.16.840.1.101.3.4.2.2";
    SHA_512 = "2.16.840.1.101.3.4.2.3";
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    ECDSA_WITH_SHA_256 = "1.2.840.10045.4.3.2";
    ECDSA_WITH_SHA_384 = "1.2.840.10045.4.3.3";
    ECDSA_WITH_SHA_512 = "1.2.840.10045.4.3.4";
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    MGF_1 = "1.2.840.113549.1.1.8";
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    SHA_256_WITH_RSA = "1.2.840.113549.1.1.11";
    SHA_384_WITH_RSA = "1.2.840.113549.1.1.12";
    SHA_512_WITH_RSA = "1.2.840.113549.1.1.13";
    ED25519 = "1.3.101.112";
}

// Cryptographic message syntax and timestamps: RFC 5652, RFC 5035, RFC 3161.
oids! {
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    TST_INFO = "1.2.840.113549.1.9.16.1.4";
    SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_any_size() {
        let text = |content: &[u8]| Oid::new(content).map(|o| o.to_string());
        assert_eq!(text(b"\x55\x1d\x0e").unwrap(), SUBJECT_KEY_IDENTIFIER.to_string());
        assert_eq!(text(b"\x2a\x03").unwrap(), "1.2.3");
        assert_eq!(text(b"\x27").unwrap(), "0.39");
        assert_eq!(text(b"\x88\x37\x03").unwrap(), "2.999.3");
        let uuid = [b"\x69\x83".as_slice(), &[0xff; 17], &[0x7f]].concat();
        assert_eq!(text(&uuid).unwrap(), format!("2.25.{}", u128::MAX));
        let larger = [b"\x69\x84".as_slice(), &[0xff; 17], &[0x7f]].concat();
        assert!(text(&larger).unwrap().starts_with("#6984ff"));
        assert!(text(&[0x2a; 5000]).is_some());
        for bad in [&b""[..], b"\x55\x80\x01", b"\x80\x01", b"\x55\x9d"] {
            assert_eq!(text(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn comparisons() {
        let content = SCT_LIST.as_bytes().to_vec();
        let oid = Oid::new(&content).unwrap();
        assert!(oid == SCT_LIST && oid != PRECERTIFICATE_POISON);
        assert_eq!(oid.known(), Some(SCT_LIST));
        let below = |content: &[u8]| Oid::new(content).unwrap().below(&FULCIO);
        let fulcio = |more: &[u8]| [FULCIO.as_bytes(), more].concat();
        assert_eq!(below(&fulcio(b"\x08")), Some(8));
        assert_eq!(below(&fulcio(b"\x81\x00")), Some(128));
        assert_eq!(below(&fulcio(b"")), None);
        assert_eq!(below(&fulcio(b"\x08\x01")), None);
        assert_eq!(below(b"\x55\x1d\x0e"), None);
    }
}
