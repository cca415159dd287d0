//! RFC 3161 timestamp tokens.

mod attributes;
#[cfg(any(test, feature = "internals"))]
pub mod issue;
mod token;
mod tst_info;
mod verify;

pub use token::{Token, as_response};
pub use verify::{Authority, TimestampError, verify};

#[cfg(test)]
mod tests;
