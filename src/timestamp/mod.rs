//! RFC 3161 timestamp tokens.

pub mod issue;
mod token;
mod verify;

pub use token::Token;
pub use verify::{Authority, TimestampError, verify};
