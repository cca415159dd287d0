//! `pkcs11-tool`: its commands.

pub mod list_keys_uris;
pub mod list_tokens;
