//! Private keys, as Go's `crypto/x509` reads and OPA shows them: those that this program can check, each number of which fits to the
//! others. Of any other key nothing is decided.

use regorus::Value;

use super::certificate::{Certificate, certificates};
use super::reader::{BIT_STRING, Der, Fault, INTEGER, NULL, OCTET_STRING, Read, SEQUENCE, constructed};
use super::values::{bytes, number, object};
use super::{plain_blocks, unpacked};
use crate::crypto::{KeyType, PrivateKey, SigningKey, base64};
use crate::policy::rego::builtins::encodings;

/// A key, with its numbers as they stand in its encoding.
enum Key<'a> {
    Rsa(Rsa<'a>),
    /// The scalar and the two coordinates of the point.
    Ec(&'a [u8], Vec<u8>),
    /// The seed and the public half.
    Ed25519([u8; 64]),
    /// A key for X25519, of which Go's JSON shows nothing.
    Agreement,
}

/// The numbers of an RSAPrivateKey (RFC 8017 appendix A.1.2).
struct Rsa<'a> {
    modulus: &'a [u8],
    public: &'a [u8],
    private: &'a [u8],
    primes: [&'a [u8]; 2],
    /// The two exponents and the coefficient.
    remainders: [&'a [u8]; 3],
}

const RSA: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];
const EC: &[u64] = &[1, 2, 840, 10045, 2, 1];
const X25519: &[u64] = &[1, 3, 101, 110];
const ED25519: &[u64] = &[1, 3, 101, 112];

/// `crypto.parse_private_keys`: all keys of a text.
pub(super) fn all(text: &str) -> Read<Value> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let encodings = blocks(text.as_bytes())?;
    let keys = encodings.iter().map(|(label, der)| read(label, der)?.shown());
    Ok(keys.collect::<Read<Vec<_>>>()?.into())
}

/// `crypto.x509.parse_rsa_private_key`: the first key of a text as a JSON Web Key (RFC 7517).
pub(super) fn first(text: &str) -> Read<Value> {
    if text.is_empty() {
        return Err(Fault::Wrong);
    }
    let unpacked = unpacked(text, "-----BEGIN")?;
    let encodings = blocks(&unpacked)?;
    let keys = encodings.iter().map(|(label, der)| read(label, der)).collect::<Read<Vec<_>>>()?;
    keys.first().map_or(Ok(Value::Null), Key::web_key)
}

/// `crypto.x509.parse_keypair`: certificates and the key of the first of them.
pub(super) fn pair(certificate: &str, key: &str) -> Read<Value> {
    let chain: Vec<Vec<u8>> = match told_apart(certificate)? {
        (der, false) => vec![der],
        (pem, true) => {
            let blocks = plain_blocks(&pem)?.into_iter();
            blocks.filter(|block| block.label == "CERTIFICATE").map(|block| block.contents).collect()
        }
    };
    let der = match told_apart(key)? {
        (der, false) => der,
        (pem, true) => {
            let is_key = |label: &str| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY");
            let found = plain_blocks(&pem)?.into_iter().find(|block| is_key(&block.label));
            found.ok_or(Fault::Wrong)?.contents
        }
    };
    let first = chain.first().ok_or(Fault::Wrong)?;
    let parsed = certificates(first)?;
    let [leaf] = parsed.as_slice() else { return Err(Fault::Wrong) };
    let key = read(label(&der)?, &der)?;
    if !key.belongs_to(leaf)? {
        return Err(Fault::Wrong);
    }
    Ok(object([
        ("Certificate", chain.iter().map(|der| bytes(der)).collect::<Vec<_>>().into()),
        ("Leaf", leaf.shown(false)),
        ("OCSPStaple", Value::Null),
        ("PrivateKey", key.shown()?),
        ("SignedCertificateTimestamps", Value::Null),
        ("SupportedSignatureAlgorithms", Value::Null),
    ]))
}

/// A text or what it encodes in base64, and whether that is PEM.
fn told_apart(text: &str) -> Read<(Vec<u8>, bool)> {
    const BEGIN: &str = "-----BEGIN ";
    let bytes = unpacked(text, BEGIN)?;
    let is_pem = bytes.starts_with(BEGIN.as_bytes());
    Ok((bytes, is_pem))
}

/// The encodings of keys in a text or in what it encodes in base64, with their labels; other blocks are skipped.
fn blocks(text: &[u8]) -> Read<Vec<(String, Vec<u8>)>> {
    let decoded = std::str::from_utf8(text).ok().and_then(encodings::standard);
    let text = decoded.as_deref().unwrap_or(text);
    if !text.windows(5).any(|five| five == b"-----") {
        return Ok(Vec::new());
    }
    let blocks = plain_blocks(text)?.into_iter();
    let known = ["EC PRIVATE KEY", "PRIVATE KEY", "RSA PRIVATE KEY"];
    Ok(blocks
        .filter(|block| known.contains(&block.label.as_str()))
        .map(|block| (block.label, block.contents))
        .collect())
}

/// The label that an encoding would have in PEM: all three are sequences that begin with a version, and go on in their own way.
fn label(der: &[u8]) -> Read<&'static str> {
    let second = Der(der).within(SEQUENCE).and_then(|mut fields| {
        fields.any()?;
        fields.any()
    });
    match second.map(|element| element.tag) {
        Ok(INTEGER) => Ok("RSA PRIVATE KEY"),
        Ok(OCTET_STRING) => Ok("EC PRIVATE KEY"),
        Ok(SEQUENCE) => Ok("PRIVATE KEY"),
        _ => Err(unknown()),
    }
}

fn unknown() -> Fault {
    Fault::Undecided("a private key of another kind or form than the usual".to_owned())
}

/// Reads a key of this label. What Go makes of a faulty one depends on the fault, so none of them is decided.
fn read<'a>(label: &str, der: &'a [u8]) -> Read<Key<'a>> {
    let key = match label {
        "RSA PRIVATE KEY" => rsa(der).map(Key::Rsa),
        "EC PRIVATE KEY" => ec(der, der, false),
        _ => pkcs8(der),
    };
    key.map_err(|_| unknown())
}

/// The library's reading, which takes no numbers that do not fit together.
fn checked(der: &[u8]) -> Read<PrivateKey> {
    PrivateKey::from_der(der).map_err(|_| unknown())
}

/// PKCS #8 (RFC 5958) of version 1 without attributes.
fn pkcs8(der: &[u8]) -> Read<Key<'_>> {
    let mut outer = Der(der);
    let mut fields = outer.within(SEQUENCE)?;
    let (version, mut algorithm) = (fields.small()?, fields.within(SEQUENCE)?);
    let kind = algorithm.identifier()?;
    let mut content = fields.within(OCTET_STRING)?;
    if version != 0 || !fields.is_empty() || !outer.is_empty() {
        return Err(unknown());
    }
    match kind.as_slice() {
        RSA if algorithm.0 == [NULL, 0] => rsa(content.0).map(Key::Rsa),
        EC => ec(content.0, der, true),
        ED25519 | X25519 if algorithm.is_empty() => {
            let seed = content.within(OCTET_STRING)?.0;
            if !content.is_empty() || seed.len() != 32 {
                return Err(unknown());
            }
            if kind == X25519 {
                return Ok(Key::Agreement);
            }
            let public = checked(der)?;
            let public = public.public_key().spki_der();
            let half = public.get(public.len().saturating_sub(32)..).unwrap_or_default();
            Ok(Key::Ed25519([seed, half].concat().try_into().map_err(|_| unknown())?))
        }
        _ => Err(unknown()),
    }
}

fn rsa(der: &[u8]) -> Read<Rsa<'_>> {
    checked(der)?;
    let mut outer = Der(der);
    let mut fields = outer.within(SEQUENCE)?;
    let version = fields.small()?;
    let numbers = (0..8).map(|_| fields.integer()).collect::<Read<Vec<_>>>()?;
    let [modulus, public, private, p, q, dp, dq, qi] = numbers[..] else { return Err(unknown()) };
    if version != 0 || !fields.is_empty() || !outer.is_empty() {
        return Err(unknown());
    }
    Ok(Rsa { modulus, public, private, primes: [p, q], remainders: [dp, dq, qi] })
}

/// An ECPrivateKey (RFC 5915), which stands in `whole`; its curve is named there or, where `is_named`, around it.
fn ec<'a>(der: &'a [u8], whole: &[u8], is_named: bool) -> Read<Key<'a>> {
    let key = checked(whole)?;
    let mut outer = Der(der);
    let mut fields = outer.within(SEQUENCE)?;
    let (version, scalar) = (fields.small()?, fields.within(OCTET_STRING)?.0);
    let curve = fields.optional(constructed(0))?;
    if let Some(mut public) = fields.optional(constructed(1))? {
        public.element(BIT_STRING)?;
    }
    if version != 1 || curve.is_none() != is_named || !fields.is_empty() || !outer.is_empty() {
        return Err(unknown());
    }
    let size = match key.public_key().key_type() {
        KeyType::P256 => 32,
        KeyType::P384 => 48,
        _ => 66,
    };
    let public = key.public_key().spki_der();
    // Behind the point nothing follows in there.
    let point = public.get(public.len().saturating_sub(2 * size)..).unwrap_or_default();
    if scalar.len() == size { Ok(Key::Ec(scalar, point.to_vec())) } else { Err(unknown()) }
}

impl Key<'_> {
    /// As Go's JSON has it.
    fn shown(&self) -> Read<Value> {
        Ok(match self {
            Self::Rsa(Rsa { modulus, public, private, primes: [p, q], remainders: [dp, dq, qi] }) => {
                object([
                    ("D", number(private)?),
                    ("E", number(public)?),
                    ("N", number(modulus)?),
                    (
                        "Precomputed",
                        object([
                            ("CRTValues", Value::new_array()),
                            ("Dp", number(dp)?),
                            ("Dq", number(dq)?),
                            ("Qinv", number(qi)?),
                        ]),
                    ),
                    ("Primes", vec![number(p)?, number(q)?].into()),
                ])
            }
            Self::Ec(scalar, point) => {
                let (x, y) = point.split_at(point.len() / 2);
                let [x, y, d] = [number(x)?, number(y)?, number(scalar)?];
                object([("Curve", Value::new_object()), ("D", d), ("X", x), ("Y", y)])
            }
            Self::Ed25519(both) => bytes(both),
            Self::Agreement => Value::new_object(),
        })
    }

    /// As a JSON Web Key. Of keys on elliptic curves cosign's library writes the kind alone, and of others nothing.
    fn web_key(&self) -> Read<Value> {
        match self {
            Self::Rsa(Rsa { modulus, public, private, primes: [p, q], remainders: [dp, dq, qi] }) => {
                let packed = |number: &[u8]| {
                    let zeros = number.iter().take_while(|byte| **byte == 0).count();
                    Value::from(base64::encode_url(number.get(zeros..).unwrap_or_default()))
                };
                let named = [("n", modulus), ("e", public), ("d", private), ("p", p), ("q", q)];
                let [n, e, d, p, q] = named.map(|(name, number)| (name, packed(number)));
                let [dp, dq, qi] =
                    [("dp", dp), ("dq", dq), ("qi", qi)].map(|(name, number)| (name, packed(number)));
                Ok(object([("kty", "RSA".into()), n, e, d, p, q, dp, dq, qi]))
            }
            Self::Ec(..) => Ok(object([("kty", "EC".into())])),
            Self::Ed25519(_) | Self::Agreement => Err(Fault::Wrong),
        }
    }

    /// Whether it is the private half of the key that a certificate is for.
    fn belongs_to(&self, certificate: &Certificate<'_>) -> Read<bool> {
        let is = |value: Value| certificate.key == value;
        Ok(match (self, certificate.key_kind) {
            // Go compares nothing else.
            (Self::Rsa(key), 1) => certificate.key["N"] == number(key.modulus)?,
            (Self::Ec(_, point), 3) => {
                let (x, y) = point.split_at(point.len() / 2);
                is(object([("Curve", Value::new_object()), ("X", number(x)?), ("Y", number(y)?)]))
            }
            (Self::Ed25519(both), 4) => is(bytes(both.get(32..).unwrap_or_default())),
            (Self::Agreement, _) => return Err(unknown()),
            _ => false,
        })
    }
}
