//! Services on loopback in this process: an OCI registry; and a TUF repository, to be served.
//!
//! For tests. They are judged by strangers, not by the client code of this crate, with which they share nothing but digests
//! and certificates: real clients work with them.

pub mod registry;
pub mod tuf;
