//! The policy file, which says alone whose signatures count.

use std::path::PathBuf;

use super::not_empty;
use crate::commands::{Error, Signer};

/// Flags that leave a part of what is attached unseen. What is not seen cannot be refused, and a policy file has no word for it.
const SEARCHES: [&str; 3] = ["--attachment-tag-prefix", "--experimental-oci11", "--new-bundle-format"];

/// The policy file.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Policy")]
pub struct PolicyFileArgs {
    /// Verify by this policy file: it says who must have signed what, and no flag says so beside it
    ///
    /// The first of its scopes that matches the artifact decides; what no scope matches is refused. Two policy files are an error.
    #[arg(long, value_name = "FILE")]
    pub policy_file: Option<PathBuf>,
}

impl PolicyFileArgs {
    /// Whoever the policy file names; `others`: the flags that say something that only the policy file can say, and whether they are
    /// given.
    ///
    /// # Errors
    /// An empty name; one of the others is given too: whether it asks for more or for less, somebody would be surprised.
    pub fn signer(&self, others: &[(&str, bool)]) -> Result<Option<Signer>, Error> {
        let Some(file) = not_empty("--policy-file", &self.policy_file)? else { return Ok(None) };
        match others.iter().find(|(_, given)| *given) {
            None => Ok(Some(Signer::Scopes(file))),
            Some((flag, _)) => {
                let hint = match SEARCHES.contains(flag) {
                    true => format!("by a policy file all that is attached is looked at: leave {flag} out"),
                    false => format!(
                        "the policy file says what is asked: leave {flag} out, or write it into the policy file"
                    ),
                };
                Err(Error::usage(format!("--policy-file and {flag} cannot be used together")).hint(hint))
            }
        }
    }
}
