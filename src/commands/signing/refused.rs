//! What to say when a signature that was made does not verify.

use super::super::{Error, ErrorKind};
use super::plan::Plan;
use crate::verify::{Reason, Rejection};

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
pub(in crate::commands) fn is_of_root(reason: &Reason) -> bool {
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
