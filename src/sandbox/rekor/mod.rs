//! Rekor, the transparency log: version 1 ([`RekorV1`]) and version 2 ([`RekorV2`]), each over a durable [`Log`](super::log::Log).
//!
//! A log takes what is signed by the key or for the certificate that comes with it, and nothing else. Whether anybody should
//! trust that key is not its business.

mod issuer;
mod refusal;
mod signed;
mod v1;
mod v2;

pub use self::issuer::{Logged, RekorError};
pub use self::v1::RekorV1;
pub use self::v2::RekorV2;

/// A request with a longer body is refused. Upstream, version 1 has no limit of its own, and version 2 has this one.
const REQUEST_LIMITS: [usize; 2] = [super::limits::MAX_BODY, 4 << 20];
