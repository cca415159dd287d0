//! What is wrong with policies.

use super::Language;

/// Why policies cannot be used, or reach no verdict. Never a verdict for the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The name of the file says no language.
    #[error("`{file}` is no policy: its name ends neither in .rego nor in .cue")]
    Format {
        /// The file.
        file: String,
    },
    /// The file is no UTF-8.
    #[error("`{file}` is not text: byte {at} is not UTF-8")]
    Text {
        /// The file.
        file: String,
        /// Where.
        at: usize,
    },
    /// The language is not in this build.
    #[error("this build has no {language} policies")]
    NotBuilt {
        /// The language.
        language: Language,
    },
    /// A CUE policy cannot be used, whatever the statement.
    #[error("{reason}")]
    Cue {
        /// What is wrong, and where: `file:line:column: ...`.
        reason: String,
    },
    /// The policy cannot be compiled.
    #[error("{at}: {reason}")]
    Policy {
        /// `file:line:column`, or the file.
        at: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of data cannot be used.
    #[error("policy data `{file}`: {reason}")]
    Data {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The evaluation was ended.
    #[error("the evaluation of the policy was ended: {reason}")]
    Limit {
        /// Which limit.
        reason: String,
    },
    /// No thread could be started.
    #[error("the policy cannot be evaluated: {reason}")]
    Thread {
        /// What the system said.
        reason: String,
    },
}

impl Error {
    /// Whether a limit was exceeded.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Limit { .. })
    }
}
