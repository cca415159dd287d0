//! The commands around trusted roots.

mod create;
mod inspect;

pub use create::{TrustedRootCreateRequest, trusted_root_create};
pub use inspect::{RootInspection, TrustedRootInspectRequest, trusted_root_inspect};
