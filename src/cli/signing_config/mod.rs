//! `signing-config`: its commands.

pub mod create;
