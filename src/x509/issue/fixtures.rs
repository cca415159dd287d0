//! What tests of several rooms make certificates with.

use std::sync::OnceLock;

use super::*;

/// A key for the tests' lifetime.
pub(crate) fn key(key_type: KeyType, name: &'static str) -> &'static PrivateKey {
    type Keys = std::sync::Mutex<Vec<((KeyType, &'static str), &'static PrivateKey)>>;
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let mut keys = KEYS.get_or_init(Keys::default).lock().unwrap();
    if let Some((_, key)) = keys.iter().find(|(id, _)| *id == (key_type, name)) {
        return key;
    }
    let key = Box::leak(Box::new(PrivateKey::generate(key_type).unwrap()));
    keys.push(((key_type, name), key));
    key
}

/// A P-256 key for the tests' lifetime.
pub(crate) fn p256(name: &'static str) -> &'static PrivateKey {
    key(KeyType::P256, name)
}

/// Seconds after a fixed moment.
pub(crate) fn second(n: i64) -> UnixTime {
    UnixTime::from_seconds(1_700_000_000 + n)
}

/// From one such second to another.
pub(crate) fn span(from: i64, to: i64) -> Validity {
    Validity { not_before: second(from), not_after: second(to) }
}

/// Makes a certificate for a key of that name, self-signed.
pub(crate) fn self_signed(template: &Template, subject: &'static str) -> Certificate {
    template.issue(p256(subject).public_key(), Issuer { key: p256(subject), certificate: None }).unwrap()
}

/// Makes a certificate for the key `subject`, issued by the certificate of the key `issuer`.
pub(crate) fn issued(
    template: &Template,
    subject: &'static str,
    issuer: (&'static str, &Certificate),
) -> Certificate {
    let issuer = Issuer { key: p256(issuer.0), certificate: Some(issuer.1) };
    template.issue(p256(subject).public_key(), issuer).unwrap()
}
