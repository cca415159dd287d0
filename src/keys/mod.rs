//! stub

/// Asks.
pub trait Prompt {}
