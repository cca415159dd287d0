//! What a certificate says, in words for people. Nothing is decided by it.

use super::asn1::Element;
use super::certificate::{Certificate, WHAT};
use super::oid;
use crate::crypto::DecodeError;

/// Names of the bits of keyUsage (RFC 5280 section 4.2.1.3), from bit 0.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "contentCommitment",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// Names of extended key usages (RFC 5280 section 4.2.1.12 and RFC 6960 section 4.2.2.2).
const EXTENDED_KEY_USAGES: [(&str, &str); 7] = [
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
];

/// One extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionFacts {
    /// Its identifier, dotted.
    pub oid: String,
    /// Whether it is critical.
    pub critical: bool,
    /// The bytes of its value.
    pub value: Vec<u8>,
}

impl Certificate {
    /// The names of the key usages, as RFC 5280 spells them; empty when the extension is missing.
    pub fn key_usage(&self) -> Vec<&'static str> {
        let bits = self.constraints().key_usage.unwrap_or_default();
        let set = |(bit, _): &(usize, &&str)| bits & (1 << bit) != 0;
        KEY_USAGES.iter().enumerate().filter(set).map(|(_, name)| *name).collect()
    }

    /// The extended key usages: the name that RFC 5280 gives them, else the identifier; empty when the extension is missing.
    ///
    /// # Errors
    /// A malformed extension, which parsing the certificate rules out.
    pub fn extended_key_usage(&self) -> Result<Vec<String>, DecodeError> {
        let Some(value) = self.extension(oid::EXTENDED_KEY_USAGE) else { return Ok(Vec::new()) };
        let mut list = Element::only(WHAT, value)?.sequence("extKeyUsage")?;
        let mut out = Vec::new();
        while !list.is_empty() {
            let dotted = list.next("extKeyUsage")?.oid("extKeyUsage")?.to_string();
            let name = EXTENDED_KEY_USAGES.iter().find(|(known, _)| *known == dotted);
            out.push(name.map_or(dotted, |(_, name)| (*name).to_owned()));
        }
        Ok(out)
    }

    /// The most authorities below this one, where it says so (pathLenConstraint).
    pub fn path_length(&self) -> Option<u32> {
        self.constraints().path_length
    }

    /// The subject key identifier.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.subject_key_identifier()
    }

    /// The identifier of the issuer's key (keyIdentifier of authorityKeyIdentifier).
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.authority_key_identifier()
    }

    /// Every extension, in the order of the certificate.
    pub fn all_extensions(&self) -> Vec<ExtensionFacts> {
        let facts = |(oid, critical, value): (oid::Oid<'_>, bool, &[u8])| ExtensionFacts {
            oid: oid.to_string(),
            critical,
            value: value.to_vec(),
        };
        self.extensions().map(facts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_have_their_names() {
        let pem = include_bytes!("../../testdata/vectors/fulcio-public.pem");
        let chain = Certificate::chain_from_pem(pem).unwrap();
        let authority = chain.iter().find(|c| c.is_ca()).unwrap();
        assert!(authority.key_usage().contains(&"keyCertSign"), "{:?}", authority.key_usage());
        let usages = chain.iter().flat_map(|c| c.extended_key_usage().unwrap());
        assert!(usages.collect::<Vec<_>>().contains(&"codeSigning".to_owned()));
        let facts = authority.all_extensions();
        assert!(facts.iter().any(|e| e.oid == "2.5.29.15" && e.critical), "{facts:?}");
        assert_eq!(authority.subject_key_id().unwrap().len(), 20);
    }
}
