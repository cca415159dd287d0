//! `debug`: its commands.

pub mod providers;
