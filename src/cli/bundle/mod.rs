//! `bundle`: its commands.

pub mod create;
pub mod diff;
pub mod inspect;
pub mod upgrade;
