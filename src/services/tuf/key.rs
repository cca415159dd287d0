//! Keys of TUF metadata (specification section 4.2), and who signed a document.

use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::{DecodeError, HashAlgorithm, KeyType, Node, PublicKey, SignatureScheme, Signed, pem};

/// The most keys, or key ids of a role. Sigstore's root has 7, GitHub's 10.
const MAX_KEYS: usize = 1024;

/// What comes before an uncompressed point of P-256 in its SubjectPublicKeyInfo (RFC 5480 section 2).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// The same of Ed25519 (RFC 8410 section 4).
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Keys by their ids. An id is what the publisher chose: nothing says that it is a hash of the key.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(BTreeMap<String, Option<Key>>);

#[derive(Debug, Clone)]
struct Key {
    key: PublicKey,
    scheme: SignatureScheme,
}

/// Who may sign for a role, and how many of them have to.
#[derive(Debug, Clone)]
pub(super) struct RoleKeys {
    pub ids: BTreeSet<String>,
    pub threshold: u64,
}

/// One signature of a document.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    pub key_id: String,
    /// Hexadecimal; empty where a key has not signed yet.
    pub signature: String,
}

impl Keys {
    /// Reads the member `keys`. A key of a kind that is not known here, or that cannot be read, never verifies anything.
    pub fn of(node: &Node<'_>) -> Result<Self, DecodeError> {
        let mut keys = BTreeMap::new();
        for (id, node) in node.members(MAX_KEYS)? {
            keys.insert(id.to_owned(), key(&node)?);
        }
        Ok(Self(keys))
    }

    /// How many keys of the role signed `message`. Two ids of one key are one key (GHSA-3633-5h82-39pq), and a key that signed
    /// twice signed once.
    pub fn signers(&self, role: &RoleKeys, message: &[u8], signatures: &[Signature]) -> u64 {
        let mut asked = BTreeSet::new();
        let mut good = BTreeSet::new();
        for Signature { key_id, signature } in signatures {
            // Whatever is there under an id is looked at once: a document cannot make this long.
            let Some(Some(Key { key, scheme })) = self.0.get(key_id) else { continue };
            let Ok(signature) = hex::decode(signature) else { continue };
            if !role.ids.contains(key_id)
                || signature.is_empty()
                || !asked.insert((key_id, signature.clone()))
            {
                continue;
            }
            if !good.contains(key.spki_der())
                && key.verify(*scheme, Signed::Message(message), &signature).is_ok()
            {
                good.insert(key.spki_der());
            }
        }
        good.len() as u64
    }
}

impl RoleKeys {
    /// Reads the members `keyids` and `threshold`.
    pub fn of(node: &Node<'_>) -> Result<Self, DecodeError> {
        let ids = node.member("keyids")?.items(MAX_KEYS)?;
        let ids = ids.iter().map(|id| id.text().map(str::to_owned)).collect::<Result<_, _>>()?;
        let threshold = node.member("threshold")?;
        match threshold.value().as_u64() {
            None | Some(0) => Err(threshold.error("is not a number of keys, 1 at least")),
            Some(threshold) => Ok(Self { ids, threshold }),
        }
    }
}

fn key(node: &Node<'_>) -> Result<Option<Key>, DecodeError> {
    let kind = node.member("keytype")?.text()?;
    let scheme = node.member("scheme")?.text()?;
    let public = node.member("keyval")?.member("public")?.text()?;
    Ok(usable(kind, scheme, public))
}

fn usable(kind: &str, scheme: &str, public: &str) -> Option<Key> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureScheme::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    let (kinds, scheme): (&[&str], _) = match scheme {
        "ecdsa-sha2-nistp256" => (&["ecdsa", "ecdsa-sha2-nistp256"], Ecdsa(Sha256)),
        "ecdsa-sha2-nistp384" => (&["ecdsa", "ecdsa-sha2-nistp384"], Ecdsa(Sha384)),
        "ed25519" => (&["ed25519"], Ed25519),
        "rsassa-pss-sha256" => (&["rsa"], RsaPss(Sha256)),
        "rsassa-pss-sha384" => (&["rsa"], RsaPss(Sha384)),
        "rsassa-pss-sha512" => (&["rsa"], RsaPss(Sha512)),
        "rsa-pkcs1v15-sha256" => (&["rsa"], RsaPkcs1(Sha256)),
        "rsa-pkcs1v15-sha384" => (&["rsa"], RsaPkcs1(Sha384)),
        "rsa-pkcs1v15-sha512" => (&["rsa"], RsaPkcs1(Sha512)),
        _ => return None,
    };
    if !kinds.contains(&kind) {
        return None;
    }
    let key = if public.trim_start().starts_with("-----BEGIN ") {
        PublicKey::from_pem(public.as_bytes()).ok()?
    } else {
        // Sigstore's first roots have bare points, and Ed25519 keys have no PEM as a rule.
        let prefix: &[u8] = match scheme {
            Ecdsa(Sha256) => &P256_PREFIX,
            Ed25519 => &ED25519_PREFIX,
            _ => return None,
        };
        let spki = [prefix, &hex::decode(public).ok()?].concat();
        PublicKey::from_pem(pem::encode("PUBLIC KEY", &spki).as_bytes()).ok()?
    };
    let fits = match scheme {
        Ecdsa(Sha256) => key.key_type() == KeyType::P256,
        Ecdsa(_) => key.key_type() == KeyType::P384,
        Ed25519 => key.key_type() == KeyType::Ed25519,
        _ => matches!(key.key_type(), KeyType::Rsa { .. }),
    };
    fits.then_some(Key { key, scheme })
}
