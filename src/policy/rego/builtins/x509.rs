//! `crypto.x509.*`: certificates, as Go's `crypto/x509` reads and OPA shows them. What that package refuses is undefined; what it may
//! take, and is not known here, is not decided.

mod algorithms;
mod alternative;
mod certificate;
mod chain;
mod constraints;
mod extensions;
mod names;
mod private;
mod reader;
mod request;
mod uris;
mod values;

use regorus::Value;

use super::order::items;
use super::{Outcome, Said, Timed, Told, encodings, text};
use crate::crypto::{UnixTime, pem};
use certificate::certificates;
use chain::Options;
use reader::{Fault, Read};

pub(super) const FUNCTIONS: &[Said] = &[
    ("crypto.parse_private_keys", 1, |given| {
        text(given, 0).map_or(Ok(None), |text| outcome(private::all(text)))
    }),
    ("crypto.x509.parse_certificate_request", 1, |given| {
        let Some(text) = text(given, 0) else { return Ok(None) };
        outcome(requested(text).and_then(|der| request::request(&der)))
    }),
    ("crypto.x509.parse_certificates", 1, |given| {
        let Some(text) = text(given, 0) else { return Ok(None) };
        outcome(der(text).and_then(|der| {
            Ok(certificates(&der)?.iter().map(|one| one.shown(true)).collect::<Vec<_>>().into())
        }))
    }),
    ("crypto.x509.parse_keypair", 2, |given| {
        let (Some(certificate), Some(key)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
        outcome(private::pair(certificate, key))
    }),
    ("crypto.x509.parse_rsa_private_key", 1, |given| {
        text(given, 0).map_or(Ok(None), |text| outcome(private::first(text)))
    }),
];

/// Functions that ask for the time as well.
pub(super) const TIMED: &[Timed] = &[
    ("crypto.x509.parse_and_verify_certificates", 1, |given, now| {
        let options = Options { time: nanos(now), purposes: vec![chain::SERVER], host: String::new() };
        verified(given, |_| Ok(Some(options)), true)
    }),
    ("crypto.x509.parse_and_verify_certificates_with_options", 2, |given, now| {
        verified(given, |given| options(given, now), false)
    }),
];

/// Purposes of keys, as the option is written, in the order of Go's numbers.
const PURPOSES: [&str; 14] = [
    "KeyUsageAny",
    "KeyUsageServerAuth",
    "KeyUsageClientAuth",
    "KeyUsageCodeSigning",
    "KeyUsageEmailProtection",
    "KeyUsageIPSECEndSystem",
    "KeyUsageIPSECTunnel",
    "KeyUsageIPSECUser",
    "KeyUsageTimeStamping",
    "KeyUsageOCSPSigning",
    "KeyUsageMicrosoftServerGatedCrypto",
    "KeyUsageNetscapeServerGatedCrypto",
    "KeyUsageMicrosoftCommercialCodeSigning",
    "KeyUsageMicrosoftKernelCodeSigning",
];

/// PEM blocks of a text. Policies hold certificates by the dozen at most.
const BLOCKS: usize = 100;

/// What cannot be read is undefined.
fn outcome(read: Read<Value>) -> Outcome<Value> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Fault::Wrong) => Ok(None),
        Err(Fault::Undecided(reason)) => Err(reason),
    }
}

fn nanos(time: UnixTime) -> i128 {
    i128::from(time.seconds()) * 1_000_000_000
}

/// `[true, path]`, from the leaf to the root, or `[false, []]` and why; undefined for options that are none.
fn verified(
    given: &[Value],
    options: impl FnOnce(&[Value]) -> Outcome<Options>,
    with_uris: bool,
) -> Outcome<Told> {
    const ENCODING: &str = "what it is given are no certificates in PEM, or in base64 of DER";
    const CERTIFICATE: &str = "one of the certificates that it is given cannot be read (RFC 5280)";
    let Some(text) = text(given, 0) else { return Ok(None) };
    let none = |reason: String| Ok(Some((vec![false.into(), Value::new_array()].into(), Some(reason))));
    let fault = |fault, wrong: &str| match fault {
        Fault::Wrong => none(wrong.to_owned()),
        Fault::Undecided(reason) => Err(reason),
    };
    let encoded = match der(text) {
        Ok(encoded) => encoded,
        Err(why) => return fault(why, ENCODING),
    };
    let all = match certificates(&encoded) {
        Ok(all) => all,
        Err(why) => return fault(why, CERTIFICATE),
    };
    let Some(options) = options(given)? else { return Ok(None) };
    match chain::verify(&all, &options) {
        Ok(Ok(path)) => {
            let path: Vec<Value> = path.into_iter().map(|one| one.shown(with_uris)).collect();
            Ok(Some((vec![true.into(), path.into()].into(), None)))
        }
        Ok(Err(reason)) => none(reason),
        Err(why) => fault(why, CERTIFICATE),
    }
}

/// The options that OPA knows, each of its type.
fn options(given: &[Value], now: UnixTime) -> Outcome<Options> {
    let Some(Value::Object(said)) = given.get(1) else { return Ok(None) };
    let mut options = Options { time: nanos(now), purposes: Vec::new(), host: String::new() };
    for (name, value) in said.iter() {
        let Value::String(name) = name else { continue };
        match (&**name, value) {
            ("DNSName", Value::String(host)) => options.host = host.trim_matches('"').to_owned(),
            ("CurrentTime", Value::Number(time)) => match time.as_i64() {
                Some(time) => options.time = i128::from(time),
                None => return Err("CurrentTime that is no whole number of 63 bits".to_owned()),
            },
            ("MaxConstraintComparisons", Value::Number(most)) if most.as_i64().is_some() => {}
            ("KeyUsages", purposes) => {
                let Some(purposes) = items(purposes) else { return Ok(None) };
                for purpose in purposes {
                    let Value::String(purpose) = purpose else { continue };
                    let wanted = purpose.trim_matches('"');
                    match PURPOSES.iter().zip(0..).find(|(known, _)| **known == wanted) {
                        Some((_, number)) => options.purposes.push(number),
                        None => return Ok(None),
                    }
                }
            }
            _ => return Ok(None),
        }
    }
    if options.purposes.is_empty() {
        options.purposes.push(chain::SERVER);
    }
    Ok(Some(options))
}

/// The encodings of certificates in a text, one behind the other: PEM, or base64 of DER or of PEM.
fn der(text: &str) -> Read<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN";
    let bytes = unpacked(text, BEGIN)?;
    if bytes.starts_with(BEGIN.as_bytes()) { blocks(&bytes) } else { Ok(bytes) }
}

/// A text that begins so, or what it encodes in base64.
fn unpacked(text: &str, begin: &str) -> Read<Vec<u8>> {
    match text.starts_with(begin) {
        true => Ok(text.as_bytes().to_vec()),
        false => encodings::standard(text).ok_or(Fault::Wrong),
    }
}

/// The encoding of a request: PEM, or base64 of DER or of PEM.
fn requested(text: &str) -> Read<Vec<u8>> {
    let bytes = unpacked(text, "-----BEGIN CERTIFICATE REQUEST-----")?;
    if !bytes.windows(5).any(|five| five == b"-----") {
        return Ok(bytes);
    }
    match plain_blocks(&bytes)?.into_iter().next() {
        Some(block) if block.label == "CERTIFICATE REQUEST" => Ok(block.contents),
        Some(_) => Err(Fault::Wrong),
        None => Ok(bytes),
    }
}

fn blocks(text: &[u8]) -> Read<Vec<u8>> {
    let blocks = plain_blocks(text)?;
    if blocks.iter().any(|block| block.label != "CERTIFICATE") {
        return Err(Fault::Wrong);
    }
    Ok(blocks.into_iter().flat_map(|block| block.contents).collect())
}

/// The blocks of a text in PEM where Go reads the same.
pub(super) fn undoubted_blocks(text: &str) -> Option<Vec<pem::Block>> {
    plain_blocks(text.as_bytes()).ok()
}

/// The blocks of a text in PEM. A block that is not well-formed, which Go would skip, is not skipped.
fn plain_blocks(text: &[u8]) -> Read<Vec<pem::Block>> {
    let unusual = || Fault::Undecided("PEM that is not plain".to_owned());
    let blocks = pem::decode("policy", text, BLOCKS).map_err(|_| unusual())?;
    // Go's PEM knows fewer kinds of blanks.
    if blocks.iter().any(|block| !block.headers.is_empty())
        || text.iter().any(|byte| [0x0b, 0x0c].contains(byte))
    {
        return Err(unusual());
    }
    Ok(blocks)
}
