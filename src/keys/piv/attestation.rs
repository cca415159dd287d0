//! What a token of Yubico says of a key that it made itself, and whether Yubico made the token
//! (<https://developers.yubico.com/PIV/Introduction/PIV_attestation.html>).

use super::slot::{PinPolicy, Policies, TouchPolicy};
use crate::crypto::UnixTime;
use crate::x509::Certificate;

const FIRMWARE: &str = "1.3.6.1.4.1.41482.3.3";
const SERIAL: &str = "1.3.6.1.4.1.41482.3.7";
const POLICY: &str = "1.3.6.1.4.1.41482.3.8";
const FORM_FACTOR: &str = "1.3.6.1.4.1.41482.3.9";

/// What the extensions of an attestation say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The version of the firmware.
    pub version: [u8; 3],
    /// The serial number of the token; zero where it is not told.
    pub serial: u32,
    /// The number of its form; zero where it is not told.
    pub form_factor: u8,
    /// What the key wants, where it is told.
    pub policies: Option<Policies>,
}

/// What an attestation says.
///
/// # Errors
/// An extension of Yubico's that is not formed as it should be, in words.
pub(super) fn facts(attested: &Certificate) -> Result<Facts, String> {
    let mut facts = Facts::default();
    for extension in attested.all_extensions() {
        let wrong = |what: &str| format!("its {what} is {}", hex::encode(&extension.value));
        match (extension.oid.as_str(), extension.value.as_slice()) {
            (FIRMWARE, [major, minor, patch]) => facts.version = [*major, *minor, *patch],
            (FIRMWARE, _) => return Err(wrong("firmware")),
            (SERIAL, value) => facts.serial = integer(value).ok_or_else(|| wrong("serial number"))?,
            (POLICY, [pin, touch]) => {
                let pin = PinPolicy::from_number(*pin).ok_or_else(|| wrong("policy"))?;
                let touch = TouchPolicy::from_number(*touch).ok_or_else(|| wrong("policy"))?;
                facts.policies = Some(Policies { pin, touch });
            }
            (POLICY, _) => return Err(wrong("policy")),
            (FORM_FACTOR, [form]) => facts.form_factor = *form,
            (FORM_FACTOR, _) => return Err(wrong("form factor")),
            _ => {}
        }
    }
    Ok(facts)
}

/// An INTEGER in DER that four bytes hold.
fn integer(der: &[u8]) -> Option<u32> {
    let [0x02, length, value @ ..] = der else { return None };
    if usize::from(*length) != value.len() || value.is_empty() || value.first()? & 0x80 != 0 {
        return None;
    }
    let value = value.strip_prefix(&[0]).unwrap_or(value);
    (value.len() <= 4).then(|| value.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// The authorities of Yubico's tokens (https://developers.yubico.com/PKI/yubico-ca-certs.txt), the two that cosign trusts.
const YUBICO: &[u8] = include_bytes!("yubico/roots.pem");

/// They, parsed.
///
/// # Errors
/// They are damaged, which a test rules out.
pub(super) fn yubico() -> Result<Vec<Certificate>, crate::crypto::DecodeError> {
    Certificate::chain_from_pem(YUBICO)
}

/// Verifies that `key` is of the token `device`, and that one of an authority. No usages and lengths of paths are looked at: tokens
/// of Yubico's fourth kind say nothing of them, and one of its authorities forbids what it is used for.
///
/// # Errors
/// It is not; why, in words.
pub(super) fn verify(
    key: &Certificate,
    device: &Certificate,
    roots: &[Certificate],
    now: UnixTime,
) -> Result<(), String> {
    if key == device || !key.is_issued_by(device) {
        return Err("it is not signed by the key with which the token attests".to_owned());
    }
    let Some(root) = roots.iter().find(|root| device.is_issued_by(root)) else {
        return Err(format!(
            "the token is of no authority of Yubico's that is known here, but of `{}`",
            device.issuer()
        ));
    };
    for certificate in [key, device, root] {
        if now < certificate.not_before() || certificate.not_after() < now {
            return Err(format!("the certificate `{}` is not valid now", certificate.subject()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(pem: &[u8]) -> Certificate {
        Certificate::chain_from_pem(pem).unwrap().remove(0)
    }

    /// The attestation of a key of Sigstore's root, made on 19 October 2021 with cosign, from github.com/sigstore/root-signing.
    #[test]
    fn an_attestation_of_a_real_token() {
        let key = one(include_bytes!("../../../testdata/piv/15938765.key.pem"));
        let device = one(include_bytes!("../../../testdata/piv/15938765.device.pem"));
        let roots = yubico().unwrap();
        let [piv, u2f] = roots.as_slice() else { panic!("{roots:?}") };
        assert_eq!(piv.common_name(), "Yubico PIV Root CA Serial 263751");
        assert_eq!(u2f.common_name(), "Yubico U2F Root CA Serial 457200631");
        for root in &roots {
            assert!(root.is_issued_by(root));
        }
        let now = UnixTime::from_seconds(1_634_650_000);
        verify(&key, &device, &roots, now).unwrap();
        let policies = Policies { pin: PinPolicy::Always, touch: TouchPolicy::Always };
        let facts = facts(&key).unwrap();
        assert_eq!(
            facts,
            Facts { version: [5, 2, 7], serial: 15_938_765, form_factor: 3, policies: Some(policies) }
        );
        let refused = |key, device, roots: &[Certificate], now| verify(key, device, roots, now).unwrap_err();
        assert!(refused(&key, &device, &roots[1..], now).contains("no authority"));
        assert!(refused(&device, &key, &roots, now).contains("not signed"));
        assert!(refused(&key, piv, &roots, now).contains("not signed"));
        assert!(refused(piv, piv, &roots, now).contains("not signed"));
        assert!(refused(&key, &device, &roots, UnixTime::from_seconds(9)).contains("not valid now"));
        assert!(refused(&key, &device, &[], now).contains("CN=Yubico PIV Root CA"));
        // A changed byte of what is signed.
        for place in [200, 300, 400] {
            let mut changed = key.der().to_vec();
            changed[place] ^= 1;
            if let Ok(changed) = Certificate::from_der(&changed) {
                assert!(verify(&changed, &device, &roots, now).is_err());
            }
        }
    }

    #[test]
    fn serial_numbers() {
        for (der, number) in [
            (&[2, 1, 5][..], Some(5)),
            (&[2, 4, 0, 0xF3, 0x34, 0xCD], Some(15_938_765)),
            (&[2, 5, 0, 0xFF, 0xFF, 0xFF, 0xFF], Some(u32::MAX)),
            (&[2, 5, 1, 0, 0, 0, 0], None),
            (&[2, 1, 0x80], None),
            (&[2, 2, 1], None),
            (&[2, 0], None),
            (&[4, 1, 1], None),
        ] {
            assert_eq!(integer(der), number, "{der:?}");
        }
    }
}
