//! What clouds let the programs on their machines, and those of their users, have without being told: credentials. For keys,
//! registries and identity tokens.
//!
//! Nothing here looks at the environment or at the clock by itself: both come in with [`Settings`].

#[cfg(feature = "kms-aws")]
pub mod aws;
mod error;
mod settings;

pub use error::Error;
pub use settings::Settings;
