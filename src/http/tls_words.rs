//! What the TLS library says in the names of its own code, in words for people.

use super::CertificateFault;

/// What the words of a layer of the transport mean; `None` where they need no other ones.
pub fn in_words(said: &str) -> Option<String> {
    if let Some(fault) = CertificateFault::read(said) {
        return Some(fault.to_string());
    }
    let after = |words: &str| said.split_once(words).map(|(_, rest)| plain(rest));
    if after("received corrupt message of type ").is_some() {
        return Some("what answers there does not speak TLS".to_owned());
    }
    after("received fatal alert: ")
        .map(|alert| format!("the server broke off TLS: {alert}"))
        .or_else(|| {
            after("peer is incompatible: ")
                .map(|why| format!("the server offers no TLS that is spoken here: {why}"))
        })
        .or_else(|| {
            after("peer misbehaved: ")
                .map(|how| format!("the server does not keep to the rules of TLS: {how}"))
        })
}

/// The innermost name of `Outer(Inner(ANameInCode))`, as words: `a name in code`. What is text already stays as it is.
pub(super) fn plain(said: &str) -> String {
    let name = said.rsplit('(').next().unwrap_or(said).trim_end_matches(')');
    let is_name =
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric());
    if !is_name {
        return said.to_owned();
    }
    let mut words = String::new();
    let mut before = ' ';
    let letters: Vec<_> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let begins = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || letters.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if begins && at > 0 {
            words.push(' ');
        }
        // What is written in capitals stays so: CA, OCSP.
        let is_short = letters.get(at + 1).is_none_or(char::is_ascii_uppercase)
            || before.is_ascii_uppercase() && !begins;
        words.push(if is_short { *letter } else { letter.to_ascii_lowercase() });
        before = *letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_code_become_words() {
        for (said, shown) in [
            ("received corrupt message of type InvalidContentType", "what answers there does not speak TLS"),
            ("received fatal alert: CertificateRequired", "the server broke off TLS: certificate required"),
            ("received fatal alert: UnknownCA", "the server broke off TLS: unknown CA"),
            (
                "peer is incompatible: NoCipherSuitesInCommon",
                "the server offers no TLS that is spoken here: no cipher suites in common",
            ),
            (
                "peer misbehaved: TooMuchEarlyDataReceived",
                "the server does not keep to the rules of TLS: too much early data received",
            ),
            (
                "invalid peer certificate: UnknownIssuer",
                "nobody who is trusted issued the certificate of the server",
            ),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "the server shows the certificate of an authority (CA:TRUE) as its own",
            ),
            (
                "invalid peer certificate: BadSignature",
                "the certificate of the server is refused: bad signature",
            ),
            (
                "invalid peer certificate: Other(OtherError(UnsupportedCertVersion))",
                "the certificate of the server is refused: unsupported cert version",
            ),
            (
                "invalid peer certificate: a sentence of the library (really)",
                "the certificate of the server is refused: a sentence of the library (really)",
            ),
        ] {
            assert_eq!(in_words(said).as_deref(), Some(shown));
        }
        for said in ["Connection refused (os error 111)", "unexpected EOF during handshake", ""] {
            assert_eq!(in_words(said), None);
        }
    }
}
