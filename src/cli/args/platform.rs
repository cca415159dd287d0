//! Platforms of images.

use super::filled;
use crate::commands::{Error, PlatformRequest};

/// The platform that a flag names; an empty text names none.
///
/// # Errors
/// It names no platform.
pub fn platform(typed: &Option<String>) -> Result<Option<PlatformRequest>, Error> {
    filled(typed)
        .map(|text| parse(&text))
        .transpose()
        .map_err(|reason| Error::usage(format!("--platform: {reason}")))
}

/// `OS`, `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`.
fn parse(text: &str) -> Result<PlatformRequest, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let part = |i: usize| parts.get(i).map(|part| (*part).to_owned());
    let is_word = |part: &&str| {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        (1..=64).contains(&part.len()) && part.chars().all(known)
    };
    if !(1..=3).contains(&parts.len()) || !parts.iter().all(is_word) {
        return Err("expected OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as `linux/arm64`".to_owned());
    }
    Ok(PlatformRequest { os: part(0).unwrap_or_default(), architecture: part(1), variant: part(2) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms() {
        for text in ["linux", "linux/amd64", "linux/arm/v7"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        for text in ["", "/", "linux/", "/amd64", "linux//v7", "a/b/c/d", "linux/amd64:1", "linux amd64"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
