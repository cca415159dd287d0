//! `trusted-root`: its commands.

pub mod create;
pub mod inspect;
pub mod older;
