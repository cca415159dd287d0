//! The rooms behind the library, for `tests/it`. Nothing here is promised to anybody; it is compiled with the feature
//! `internals` alone.

pub mod attest {
    pub use crate::attest::*;
}
pub mod bundle {
    pub use crate::bundle::*;
}
pub mod crypto {
    pub use crate::crypto::*;
}
pub mod payload {
    pub use crate::payload::*;
}
pub mod sandbox {
    pub use crate::sandbox::*;
}
pub mod sign {
    pub use crate::sign::*;
}
pub mod timestamp {
    pub use crate::timestamp::*;
}
pub mod tlog {
    pub use crate::tlog::*;
}
pub mod trust {
    pub use crate::trust::*;
}
pub mod verify {
    pub use crate::verify::*;
}
pub mod x509 {
    pub use crate::x509::*;
}
#[cfg(feature = "cli")]
pub mod commands {
    pub use crate::commands::*;
}
#[cfg(feature = "cli")]
pub mod http {
    pub use crate::http::*;
}
#[cfg(feature = "cli")]
pub mod keys {
    pub use crate::keys::*;
}
#[cfg(feature = "cli")]
pub mod policy {
    pub use crate::policy::*;
}
#[cfg(feature = "cli")]
pub mod registry {
    pub use crate::registry::*;
}
#[cfg(feature = "cli")]
pub mod storage {
    pub use crate::storage::*;
}
#[cfg(feature = "cli")]
pub mod services {
    pub use crate::services::*;
}
#[cfg(feature = "cue")]
pub mod cue {
    pub use crate::cue::*;
}
