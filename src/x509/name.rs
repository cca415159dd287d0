//! Subject alternative names.

/// A subject alternative name of the kinds that carry identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectAlternativeName {
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// dNSName.
    Dns(String),
    /// iPAddress, as text.
    Ip(String),
    /// Fulcio's otherName 1.3.6.1.4.1.57264.1.7 (username).
    Other(String),
}

impl SubjectAlternativeName {
    /// The value that identities are compared with.
    pub fn value(&self) -> &str {
        let (Self::Email(v) | Self::Uri(v) | Self::Dns(v) | Self::Ip(v) | Self::Other(v)) = self;
        v
    }
}
