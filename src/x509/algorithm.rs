//! Algorithm identifiers of certificates and tokens.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::asn1::{Element, Elements, constructed};
use super::oid::{self, Oid};
use crate::crypto::{DecodeError, HashAlgorithm, SignatureScheme};

/// The hash of an AlgorithmIdentifier: SHA-256, SHA-384 or SHA-512, with NULL parameters or none (RFC 5754 section 2).
pub(crate) fn hash(algorithm: &Element<'_>, at: &str) -> Result<HashAlgorithm, DecodeError> {
    let (oid, mut parameters) = split(algorithm, at)?;
    let hash =
        hash_of(oid).ok_or_else(|| algorithm.error(at, format!("hash algorithm {oid} is not accepted")))?;
    null_or_absent(&mut parameters, at)?;
    Ok(hash)
}

fn hash_of(oid: Oid<'_>) -> Option<HashAlgorithm> {
    match oid.known()? {
        oid::SHA_256 => Some(HashAlgorithm::Sha256),
        oid::SHA_384 => Some(HashAlgorithm::Sha384),
        oid::SHA_512 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// What identifiers that no constant can be are compared as.
const UNKNOWN: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.0.0");

/// The scheme of a signature's AlgorithmIdentifier. MD5 and SHA-1 are not among them.
///
/// `separate_hash` is the digest algorithm that stands beside it in a CMS SignerInfo; with it, the identifiers of bare keys
/// (rsaEncryption, id-ecPublicKey), which many timestamp authorities write there, are completed by it.
pub(crate) fn signature(
    algorithm: &Element<'_>,
    at: &str,
    separate_hash: Option<HashAlgorithm>,
) -> Result<SignatureScheme, DecodeError> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let (oid, mut parameters) = split(algorithm, at)?;
    let scheme = match (oid.known().unwrap_or(UNKNOWN), separate_hash) {
        (oid::ECDSA_WITH_SHA_256, _) => SignatureScheme::Ecdsa(Sha256),
        (oid::ECDSA_WITH_SHA_384, _) => SignatureScheme::Ecdsa(Sha384),
        (oid::ECDSA_WITH_SHA_512, _) => SignatureScheme::Ecdsa(Sha512),
        (oid::SHA_256_WITH_RSA, _) => SignatureScheme::RsaPkcs1(Sha256),
        (oid::SHA_384_WITH_RSA, _) => SignatureScheme::RsaPkcs1(Sha384),
        (oid::SHA_512_WITH_RSA, _) => SignatureScheme::RsaPkcs1(Sha512),
        (oid::ED25519, _) => SignatureScheme::Ed25519,
        (oid::RSASSA_PSS, _) => return Ok(SignatureScheme::RsaPss(pss_hash(parameters, at)?)),
        (oid::RSA_ENCRYPTION, Some(hash)) => SignatureScheme::RsaPkcs1(hash),
        (oid::EC_PUBLIC_KEY, Some(hash)) => {
            // The parameters, where present, repeat the key's curve; the key itself says which it is.
            if !parameters.is_empty() {
                parameters.next(at)?;
            }
            SignatureScheme::Ecdsa(hash)
        }
        _ => return Err(algorithm.error(at, format!("signature algorithm {oid} is not accepted"))),
    };
    match scheme {
        SignatureScheme::RsaPkcs1(_) => null_or_absent(&mut parameters, at)?,
        // RFC 5758 section 3.2 and RFC 8410 section 3: the parameters are absent.
        _ => parameters.finish(at)?,
    }
    Ok(scheme)
}

fn split<'a>(algorithm: &Element<'a>, at: &str) -> Result<(Oid<'a>, Elements<'a>), DecodeError> {
    let mut fields = algorithm.sequence(at)?;
    Ok((fields.next(at)?.oid(at)?, fields))
}

fn null_or_absent(parameters: &mut Elements<'_>, at: &str) -> Result<(), DecodeError> {
    if let Some(null) = parameters.optional(at, Tag::Null)?
        && !null.content.is_empty()
    {
        return Err(null.error(at, "NULL parameters that hold something"));
    }
    parameters.finish(at)
}

/// RSASSA-PSS-params (RFC 4055 section 3.1): one hash everywhere, a salt as long as it, the one trailer there is. The
/// defaults are SHA-1's, so the hash, the mask and the salt length have to be written out.
fn pss_hash(mut parameters: Elements<'_>, at: &str) -> Result<HashAlgorithm, DecodeError> {
    let whole = parameters.next(at)?;
    parameters.finish(at)?;
    let refused = || {
        whole.error(
            at,
            "RSA-PSS with parameters other than one accepted hash throughout and a salt of its length",
        )
    };
    let mut fields = whole.sequence(at)?;
    let message = fields.optional(at, constructed(0))?.ok_or_else(refused)?.inner(at, constructed(0))?;
    let mask = fields.optional(at, constructed(1))?.ok_or_else(refused)?.inner(at, constructed(1))?;
    let salt =
        fields.optional(at, constructed(2))?.ok_or_else(refused)?.inner(at, constructed(2))?.small(at)?;
    let trailer = match fields.optional(at, constructed(3))? {
        Some(t) => t.inner(at, constructed(3))?.small(at)?,
        None => 1,
    };
    fields.finish(at)?;

    let message = hash(&message, at)?;
    let (mask_function, mut mask_parameters) = split(&mask, at)?;
    let mask_hash = hash(&mask_parameters.next(at)?, at)?;
    mask_parameters.finish(at)?;
    let salt_fits = usize::try_from(salt).is_ok_and(|s| s == message.length());
    let sound = mask_function == oid::MGF_1 && mask_hash == message && salt_fits && trailer == 1;
    if sound { Ok(message) } else { Err(refused()) }
}
