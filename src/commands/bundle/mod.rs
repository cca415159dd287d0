//! The commands around bundles.

mod create;
mod diff;
mod fetched;
mod inspect;
mod suggest;
mod suggest_policy;
mod upgrade;

pub use create::{BundleCreateRequest, bundle_create};
pub use diff::{BundleDiffRequest, Difference, bundle_diff};
pub use fetched::LogRequest;
pub use inspect::{BundleInspectRequest, InspectionShown, bundle_inspect, bundle_predicate};
pub use suggest::bundle_suggest;
pub(super) use suggest::{flag, quote};
pub use suggest_policy::bundle_suggest_policy;
pub use upgrade::{BundleUpgradeRequest, bundle_upgrade};
