//! What makes one login differ from every other.

use super::super::Error;
use crate::crypto::{base64, random, sha256};

/// 256 bits that nobody can guess, as text that can stand in an address.
///
/// # Errors
/// [`Error::Random`].
pub fn unguessable() -> Result<String, Error> {
    random::<32>().map(base64::encode_url).ok_or(Error::Random)
}

/// RFC 7636: what only the one who asked for a code can exchange it with.
pub struct Pkce {
    /// What is kept until then (section 4.1).
    pub verifier: String,
    /// What is sent before (section 4.2).
    pub challenge: String,
}

impl Pkce {
    /// The one method that is used.
    pub const METHOD: &str = "S256";

    /// A new one.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new() -> Result<Self, Error> {
        unguessable().map(Self::of)
    }

    fn of(verifier: String) -> Self {
        Self { challenge: base64::encode_url(sha256(verifier.as_bytes())), verifier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let pkce = Pkce::of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(pkce.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_two_are_alike() {
        let one = unguessable().unwrap();
        assert_eq!(one.len(), 43);
        assert_ne!(one, unguessable().unwrap());
    }
}
