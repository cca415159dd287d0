//! Requests for certificates (RFC 2986). Go reads them by other rules than certificates, so that only those that are plain are read here.

use regorus::Value;

use super::alternative::Names;
use super::extensions::Extension;
use super::reader::{BOOLEAN, Der, Element, Fault, OCTET_STRING, Read, SEQUENCE, SET, constructed};
use super::uris::Uri;
use super::values::{bytes, identifier, list, object, texts};
use super::{algorithms, names};

/// The attribute that holds extensions (RFC 2985 section 5.4.2).
const EXTENSIONS: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 14];
/// Strings that Go reads in the same way everywhere: UTF8String, NumericString, PrintableString, IA5String.
const STRINGS: [u8; 4] = [12, 18, 19, 22];

/// A request in its parts.
struct Parts<'a> {
    tbs: Element<'a>,
    algorithm: Element<'a>,
    signature: Vec<u8>,
    version: i64,
    subject: Element<'a>,
    spki: Element<'a>,
    attributes: Attributes,
}

/// What the attributes say.
#[derive(Default)]
struct Attributes {
    shown: Vec<Value>,
    extensions: Vec<Extension>,
}

/// A request as JSON has it.
pub(super) fn request(der: &[u8]) -> Read<Value> {
    let mut rest = Der(der);
    let whole = rest.element(SEQUENCE)?;
    if !rest.is_empty() {
        return Err(Fault::Wrong);
    }
    let Parts { tbs, algorithm, signature, version, subject, spki, attributes } = plain(Parts::read(whole))?;
    let (kind, key) = key(Der(spki.content))?;
    let (signed_by, parameters) = plain(identified(Der(algorithm.content)))?;
    let names = attributes.names()?;
    Ok(object([
        ("Attributes", list(attributes.shown)),
        ("DNSNames", texts(&names.dns)),
        ("EmailAddresses", texts(&names.emails)),
        ("Extensions", list(attributes.extensions.iter().map(Extension::shown))),
        ("ExtraExtensions", Value::Null),
        ("IPAddresses", list(names.addresses.iter().map(|ip| ip.to_string().into()))),
        ("PublicKey", key),
        ("PublicKeyAlgorithm", kind.into()),
        ("Raw", bytes(whole.whole)),
        ("RawSignatureAlgorithm", bytes(algorithm.whole)),
        ("RawSubject", bytes(subject.whole)),
        ("RawSubjectPublicKeyInfo", bytes(spki.whole)),
        ("RawTBSCertificateRequest", bytes(tbs.whole)),
        ("Signature", bytes(&signature)),
        ("SignatureAlgorithm", algorithms::signature(&signed_by, parameters)?.0.into()),
        ("Subject", names::name(subject.whole)?),
        ("URIs", list(names.uris.iter().map(Uri::shown))),
        ("Version", version.into()),
    ]))
}

impl<'a> Parts<'a> {
    fn read(whole: Element<'a>) -> Read<Self> {
        let mut outer = Der(whole.content);
        let (tbs, algorithm) = (outer.element(SEQUENCE)?, outer.element(SEQUENCE)?);
        let signature = outer.bits()?.aligned();
        end(outer)?;
        let mut fields = Der(tbs.content);
        let version = fields.small()?;
        let (subject, spki) = (fields.element(SEQUENCE)?, fields.element(SEQUENCE)?);
        let attributes = fields.within(constructed(0)).and_then(Attributes::read)?;
        end(fields)?;
        has_strings(Der(subject.content))?;
        Ok(Self { tbs, algorithm, signature, version, subject, spki, attributes })
    }
}

/// What is wrong here may be right for Go.
fn plain<T>(read: Read<T>) -> Read<T> {
    read.map_err(|fault| match fault {
        Fault::Wrong => Fault::Undecided("a certificate request that is not plain".to_owned()),
        undecided => undecided,
    })
}

fn end(rest: Der<'_>) -> Read<()> {
    if rest.is_empty() { Ok(()) } else { Err(Fault::Wrong) }
}

/// An AlgorithmIdentifier with nothing behind it.
fn identified(fields: Der<'_>) -> Read<(Vec<u64>, &[u8])> {
    let mut rest = fields;
    rest.any()?;
    if !rest.is_empty() {
        rest.any()?;
    }
    end(rest)?;
    algorithms::identifier(fields)
}

fn key(mut fields: Der<'_>) -> Read<(u64, Value)> {
    let algorithm = plain(fields.within(SEQUENCE))?;
    let content = plain(fields.bits())?;
    plain(end(fields))?;
    let (kind, parameters) = plain(identified(algorithm))?;
    algorithms::key(&kind, parameters, &content.aligned())
}

/// Refuses names of which a part is empty, or a value no plain string.
fn has_strings(mut relatives: Der<'_>) -> Read<()> {
    while !relatives.is_empty() {
        let mut set = relatives.within(SET)?;
        loop {
            let mut fields = set.within(SEQUENCE)?;
            fields.identifier()?;
            if !STRINGS.contains(&fields.any()?.tag) {
                return Err(Fault::Wrong);
            }
            end(fields)?;
            if set.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

impl Attributes {
    fn read(mut all: Der<'_>) -> Read<Self> {
        let mut made = Self::default();
        while !all.is_empty() {
            let mut fields = all.within(SEQUENCE)?;
            let kind = fields.identifier()?;
            let mut values = fields.within(SET)?;
            end(fields)?;
            let value = values.any()?;
            end(values)?;
            match (kind == EXTENSIONS, value.tag) {
                (true, SEQUENCE) if made.shown.is_empty() => made.request(&kind, Der(value.content))?,
                // Texts, as a password, are nowhere shown.
                (false, tag) if STRINGS.contains(&tag) => {}
                _ => return Err(Fault::Wrong),
            }
        }
        Ok(made)
    }

    /// The extensions that are asked for; Go also shows them as pairs, in which what stands behind the name is the value.
    fn request(&mut self, kind: &[u64], mut extensions: Der<'_>) -> Read<()> {
        let mut pairs = Vec::new();
        while !extensions.is_empty() {
            let content = extensions.within(SEQUENCE)?;
            let mut fields = content;
            let id = fields.identifier()?;
            let critical = if fields.has(BOOLEAN) { Some(fields.boolean()?) } else { None };
            let encoded = fields.element(OCTET_STRING)?.content;
            end(fields)?;
            let value = critical.map_or_else(|| bytes(encoded), Value::from);
            pairs.push(object([("Type", identifier(&id)), ("Value", value)]));
            self.extensions.push(Extension::read(content)?);
        }
        if pairs.is_empty() {
            return Err(Fault::Wrong);
        }
        self.shown.push(object([("Type", identifier(kind)), ("Value", vec![Value::from(pairs)].into())]));
        Ok(())
    }

    /// The names that are asked for. No extension may be asked for twice.
    fn names(&self) -> Read<Names> {
        let mut names = Names::default();
        for (at, extension) in self.extensions.iter().enumerate() {
            if self.extensions.iter().take(at).any(|other| other.id == extension.id) {
                return Err(Fault::Wrong);
            }
            if extension.id == [2, 5, 29, 17] {
                names = Names::read(Der(&extension.value))?;
            }
        }
        Ok(names)
    }
}
