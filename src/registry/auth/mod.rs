//! Who asks: credentials, where they come from, and who may get them.
//!
//! Credentials are looked up for one registry and go to that registry and, by its challenge, to the token server that
//! [`realm`] lets them go to; to nobody else.

mod ambient;
mod challenge;
mod config;
mod helper;
mod keychain;
mod realm;
mod session;
mod store;
mod token;

pub use ambient::Ambient;
pub use helper::{HelperError, HelperName};
pub use keychain::{Credentials, GivenCredentials, Keychain, KeychainError, Places};
pub use realm::Withheld;
pub use session::{Access, Rules, Session};
pub use store::{StoredIn, store_login};
