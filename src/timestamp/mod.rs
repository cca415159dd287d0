//! RFC 3161 timestamp tokens.

mod attributes;
#[cfg(any(test, feature = "sandbox"))]
#[cfg_attr(not(feature = "internals"), allow(dead_code, reason = "the tests do more with it"))]
pub mod issue;
#[cfg(any(test, feature = "sandbox"))]
pub mod query;
#[cfg(any(test, feature = "sandbox", feature = "http"))]
mod request;
mod token;
mod tst_info;
mod verify;

#[cfg(any(test, feature = "sandbox", feature = "http"))]
pub use request::{encode_request, refusal};
pub use token::{Token, as_response};
pub use verify::{Authority, TimestampError, verify};

#[cfg(test)]
mod tests;
