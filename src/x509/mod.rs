//! Certificates: fields, Fulcio's extensions, subject alternative names, paths, SCTs.

pub(crate) mod algorithm;
pub(crate) mod asn1;
mod authority;
mod certificate;
mod distinguished_name;
#[cfg(any(test, feature = "sandbox", feature = "http"))]
pub(crate) mod encode;
mod facts;
pub mod fulcio;
mod general_name;
mod host;
#[cfg(any(test, feature = "sandbox"))]
#[cfg_attr(not(feature = "internals"), allow(dead_code, reason = "the tests do more with it"))]
pub mod issue;
mod name;
mod name_constraints;
pub(crate) mod oid;
pub mod path;
mod path_rules;
#[cfg(any(test, feature = "sandbox", feature = "http"))]
pub mod request;
pub mod sct;

pub use certificate::Certificate;
pub use facts::ExtensionFacts;
pub use name::SubjectAlternativeName;

#[cfg(test)]
mod tests;
