//! In place of the services that hold keys, in a build that has no HTTP client to ask them with. Tokens and plug-in programs are
//! asked all the same.

mod backend;
mod error;
mod plugin;
mod remote;

pub(in crate::keys) use backend::{Answered, Backend};
pub use error::Failure;
pub use plugin::PluginKey;
pub(super) use remote::RemoteKey;

use super::Sources;

/// A key of a program, the one thing besides tokens that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceKey {
    /// Of a program `sigstore-kms-NAME`, which is started where the user allows it: `NAME://KEY`.
    Plugin(PluginKey),
}

impl ServiceKey {
    /// No scheme is one of a service.
    pub fn parse(_scheme: &str, _rest: &str) -> Option<Result<Self, &'static str>> {
        None
    }

    /// What people call the service.
    pub fn service(&self) -> &'static str {
        "a plug-in program"
    }

    /// Gets ready to ask the program, which it does not do yet.
    pub(super) fn open(&self, sources: &Sources<'_>) -> Result<Box<dyn Backend>, Failure> {
        let Self::Plugin(name) = self;
        let Some(tell) = sources.plugins else { return Err(Failure::NotAllowed) };
        Ok(Box::new(plugin::Plugin::open(name, sources, tell)?))
    }

    /// What the user should know before the program is asked: nothing.
    pub fn cautions(&self, _sources: &Sources<'_>) -> Vec<String> {
        Vec::new()
    }
}

impl std::fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Plugin(key) = self;
        key.fmt(f)
    }
}
