//! The commands around trusted roots.

mod create;
mod inspect;
mod view;

pub use create::{
    AuthoritySource, AuthorityStart, DefaultRoot, LogSource, TrustedRootCreateRequest, trusted_root_create,
};
pub use inspect::{TrustedRootInspectRequest, trusted_root_inspect};
pub use view::{AuthorityView, CertificateView, LogView, RootInspection};

/// The largest trusted root that is read.
const MAX_TRUSTED_ROOT: u64 = 16 << 20;
