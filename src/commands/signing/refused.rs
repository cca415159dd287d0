//! What to say when there is no signature, or one that does not verify.

use super::super::{Error, ErrorKind};
use super::plan::Plan;
use crate::sign;
use crate::verify::{Reason, Rejection};

impl From<sign::Error> for Error {
    fn from(error: sign::Error) -> Self {
        match error {
            sign::Error::Key(error) => {
                Self::new(super::super::key_errors::of_signing(&error), "could not sign").caused_by(&error)
            }
            #[cfg(feature = "http")]
            sign::Error::Service(error) => error.into(),
            #[cfg(feature = "http")]
            sign::Error::Untrusted { ref reason, .. } if is_of_root(reason) => {
                Self::with_sources(ErrorKind::TrustMaterial, &error).hint(
                    "nothing was written; name the trusted root of these services: --trusted-root FILE, or `initialize --mirror URL --root FILE`",
                )
            }
            #[cfg(feature = "http")]
            sign::Error::Untrusted { .. } => {
                Self::with_sources(ErrorKind::Network, &error).hint("nothing was written")
            }
        }
    }
}

/// The error for what was made and does not hold.
pub(super) fn unverified(rejection: &Rejection, plan: &Plan) -> Error {
    let error =
        Error::new(kind(rejection.reason()), "the new signature does not verify; nothing was written")
            .caused_by(rejection);
    if error.kind != ErrorKind::TrustMaterial {
        return error;
    }
    let asked = plan.asked();
    error
        .cause(format!("the trusted root is {}, and asked were {}", plan.root.source, asked.join(", ")))
        .hint("name the trusted root of these services: --trusted-root FILE, or `initialize --mirror URL --root FILE`")
}

fn kind(reason: &Reason) -> ErrorKind {
    if is_of_root(reason) { ErrorKind::TrustMaterial } else { ErrorKind::Other }
}

/// Whether it is the trusted root that does not know who answered.
fn is_of_root(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::LogUnknown { .. }
            | Reason::LogWindow { .. }
            | Reason::TimestampMissing { .. }
            | Reason::TimestampWindow { .. }
            | Reason::NoAuthority { .. }
            | Reason::SctMissing { .. }
            | Reason::SctWindow { .. }
            | Reason::Path(_)
    )
}
