//! The commands around bundles.

mod create;
mod diff;
mod inspect;
mod upgrade;

pub use create::{BundleCreateRequest, bundle_create};
pub use diff::{BundleDiffRequest, bundle_diff};
pub use inspect::{BundleInspectRequest, Inspection, bundle_inspect};
pub use upgrade::{BundleUpgradeRequest, bundle_upgrade};
