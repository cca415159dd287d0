//! Object identifiers that certificates, SCTs and timestamp tokens name.

use der::asn1::ObjectIdentifier;

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
    SHA_1 = "1.3.14.3.2.26";
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
