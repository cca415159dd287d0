//! Several images in one run: which failure decides the exit code.

use crate::commands::{Error, ErrorKind};

/// From the worst to the least. A verdict against an image comes before everything that kept one from being reached: the
/// latter may go away when the run is repeated. Among verdicts, signatures of which none holds are worse than none at all.
const ORDER: [ErrorKind; 12] = [
    ErrorKind::NoneValid,
    ErrorKind::NoCertificate,
    ErrorKind::NoSignature,
    ErrorKind::NoSuchArtifact,
    ErrorKind::Policy,
    ErrorKind::LimitExceeded,
    ErrorKind::TrustMaterial,
    ErrorKind::Authentication,
    ErrorKind::Network,
    ErrorKind::Format,
    ErrorKind::Usage,
    ErrorKind::Other,
];

/// The error of a run about `count` things (`what`, in the plural) of which these failed; `None` where none did. A run about one thing
/// fails with its error.
pub(super) fn of(mut failed: Vec<(String, Error)>, count: usize, what: &str) -> Option<Error> {
    if count == 1 {
        return failed.pop().map(|(_, error)| error);
    }
    let kind = kind(failed.iter().map(|(_, error)| error.kind))?;
    let mut error = Error::new(kind, format!("{} of {count} {what} did not verify", failed.len()));
    for (name, part) in failed {
        // What to do is said once, however many images it is about.
        for hint in &part.hints {
            if !error.hints.contains(hint) {
                error = error.hint(hint.clone());
            }
        }
        error = error.part(name, part);
    }
    Some(error)
}

/// The worst of these; `None` where there is none.
pub(in crate::commands) fn kind(kinds: impl Iterator<Item = ErrorKind>) -> Option<ErrorKind> {
    kinds.min_by_key(|kind| ORDER.iter().position(|known| known == kind).unwrap_or(ORDER.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kinds: &[ErrorKind]) -> Vec<(String, Error)> {
        kinds.iter().map(|kind| ("r/a".to_owned(), Error::new(*kind, "x").hint("y"))).collect()
    }

    #[test]
    fn a_verdict_is_worse_than_what_kept_one_from_being_reached() {
        use ErrorKind as K;
        assert_eq!(
            of(failed(&[K::Network, K::NoSignature, K::Other]), 4, "images").unwrap().kind,
            K::NoSignature
        );
        assert_eq!(of(failed(&[K::NoSignature, K::NoneValid]), 2, "images").unwrap().kind, K::NoneValid);
        assert_eq!(of(failed(&[K::Other, K::Network]), 2, "images").unwrap().kind, K::Network);
        assert_eq!(of(Vec::new(), 3, "images"), None);
        assert_eq!(of(failed(&[K::NoneValid]), 1, "images").unwrap().message, "x");
        let error = of(failed(&[K::NoneValid, K::NoneValid]), 3, "images").unwrap();
        assert_eq!((error.message.as_str(), error.hints.len()), ("2 of 3 images did not verify", 1));
    }
}
