//! A Sigstore on loopback in this process: issuer of tokens, certificate authority with its log, Rekor of both versions, timestamp
//! authority, TUF repository and OCI registry.
//!
//! For `rcosign sandbox` and for the tests. It shares codecs and types with the client, never its verification: real clients
//! judge it.

mod authority;
mod beside;
mod control;
pub mod ct;
mod documents;
mod faults;
mod folder;
pub mod fulcio;
mod growing;
mod html;
mod limits;
pub mod log;
pub mod oidc;
mod own_names;
pub mod page;
mod places;
mod ports;
pub mod registry;
pub mod rekor;
mod routes;
mod running;
mod serve;
mod service;
mod socket;
mod status;
pub mod tsa;
pub mod tuf;
pub mod tuf_repository;

pub use authority::AuthorityError;
pub use beside::{BesideError, mint};
pub use control::{ControlError, end, status};
pub use documents::{Addresses, Authorities, Documents, ELSEWHERE, IDENTITY_TOKEN, LogKey};
pub use faults::{Effect, Fault, FaultError, Faults, WrongClock};
pub use folder::{Folder, FolderError, TemporaryFolder};
pub use growing::Damage;
pub use ports::PortError;
pub use running::{Options, SOMEBODY, Sandbox, SandboxError};
pub use serve::{Server, listen};
pub use service::{Clock, Service};
