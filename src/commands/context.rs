//! What a command meets of the outside world, built once and handed down: no command looks at the clock or the environment
//! by itself, so tests decide what they see.

use super::Settings;
use crate::crypto::UnixTime;
use crate::keys::Prompt;

/// Where narration goes: lines for people, never data.
pub trait Narrator {
    /// Something was done.
    fn say(&mut self, line: &str);
    /// Something the user should think about; shown with `WARNING: `.
    fn warn(&mut self, line: &str);
}

/// The environment variables that a command may look at.
pub type Variables = std::sync::Arc<dyn Fn(&str) -> Option<std::ffi::OsString> + Send + Sync>;

/// The outside world.
pub struct Context {
    /// Settings of every command.
    pub settings: Settings,
    /// The time of judging and of signing.
    pub now: UnixTime,
    /// Environment variables.
    pub variables: Variables,
    /// Asks the user.
    pub prompt: Box<dyn Prompt>,
    /// Tells the user.
    pub narrator: Box<dyn Narrator>,
    /// Tells the user what somebody else says meanwhile, from whatever thread.
    pub tell: fn(&str),
}
