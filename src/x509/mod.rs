//! Certificates: fields, Fulcio's extensions, subject alternative names, paths, SCTs.

mod certificate;
pub mod fulcio;
pub mod issue;
mod name;
pub mod path;
pub mod sct;

pub use certificate::Certificate;
pub use name::SubjectAlternativeName;
