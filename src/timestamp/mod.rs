//! RFC 3161 timestamp tokens.

mod attributes;
pub mod issue;
mod token;
mod tst_info;
mod verify;

pub use token::Token;
pub use verify::{Authority, TimestampError, verify};

#[cfg(test)]
mod tests;
