//! What certificates of authorities say, for those who look at them. Nothing here decides about trust: paths do.

use der::asn1::ObjectIdentifier;

use super::asn1::Element;
use super::certificate::WHAT;
use super::{Certificate, distinguished_name, oid};

/// Attribute types of RFC 4519 sections 2.3 and 2.19.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

impl Certificate {
    /// The first organization of the subject; empty where there is none that is text.
    pub fn organization(&self) -> String {
        self.subject_attributes(ORGANIZATION).into_iter().next().unwrap_or_default()
    }

    /// The last common name of the subject, the most specific one; empty where there is none that is text.
    pub fn common_name(&self) -> String {
        self.subject_attributes(COMMON_NAME).pop().unwrap_or_default()
    }

    fn subject_attributes(&self, wanted: ObjectIdentifier) -> Vec<String> {
        let Ok(name) = Element::only(WHAT, self.subject_der()) else { return Vec::new() };
        let names = distinguished_name::parse(&name, "").unwrap_or_default();
        names
            .iter()
            .flatten()
            .filter(|a| a.oid == wanted)
            .filter_map(distinguished_name::Attribute::text)
            .collect()
    }

    /// Whether `issuer` has the name of this certificate's issuer and its key made the signature. Validity and what the
    /// issuer may issue are not looked at.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer_der() == issuer.subject_der() && self.is_signed_by(issuer).unwrap_or_default()
    }

    /// Whether the extended key usages name time stamping (RFC 3161 section 2.3).
    pub fn is_for_time_stamping(&self) -> bool {
        self.constraints()
            .extended_key_usage
            .as_ref()
            .is_some_and(|uses| uses.contains(&Some(oid::TIME_STAMPING)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(pem: &[u8]) -> Vec<Certificate> {
        Certificate::chain_from_pem(pem).unwrap()
    }

    #[test]
    fn authorities_of_the_mock_services() {
        let tsa = chain(include_bytes!("../../testdata/mock-sigstore/tsa_chain.pem"));
        let ca = chain(include_bytes!("../../testdata/mock-sigstore/fulcio_root.pem"));
        let [leaf, root] = tsa.as_slice() else { panic!("{tsa:?}") };
        assert_eq!((root.organization().as_str(), root.common_name().as_str()), ("sigstore.mock", "tsa"));
        assert!(leaf.is_for_time_stamping() && !root.is_for_time_stamping() && !ca[0].is_for_time_stamping());
        assert!(leaf.is_issued_by(root) && root.is_issued_by(root) && ca[0].is_issued_by(&ca[0]));
        assert!(!root.is_issued_by(leaf) && !leaf.is_issued_by(&ca[0]) && !leaf.is_issued_by(leaf));
    }

    /// A certificate of the same name with another key issued nothing.
    #[test]
    fn the_name_alone_issues_nothing() {
        use super::super::issue::{Issuer, Template, Validity};
        use crate::crypto::{KeyType, PrivateKey, SigningKey, UnixTime};
        let validity =
            Validity { not_before: UnixTime::from_seconds(0), not_after: UnixTime::from_seconds(9) };
        let (one, other) =
            (PrivateKey::generate(KeyType::P256).unwrap(), PrivateKey::generate(KeyType::P256).unwrap());
        let root = |key: &PrivateKey| {
            Template::root("twin", validity)
                .issue(key.public_key(), Issuer { key, certificate: None })
                .unwrap()
        };
        let (one, other) = (root(&one), root(&other));
        assert!(one.is_issued_by(&one) && !one.is_issued_by(&other));
        assert_eq!((one.organization().as_str(), one.common_name().as_str()), ("sandbox", "twin"));
    }
}
