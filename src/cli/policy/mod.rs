//! `policy`: its commands.

pub mod check;
pub mod explain;
pub mod test;
