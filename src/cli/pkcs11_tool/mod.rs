//! `pkcs11-tool`: its commands.

pub mod list_keys_uris;
pub mod list_tokens;

/// Flags of the group, which stand before or behind the command.
#[derive(Debug, clap::Args)]
pub struct GroupArgs {
    /// Ask nothing: where a PIN is missing, this is an error
    #[arg(long, short = 'f', help_heading = "Token")]
    pub no_input: Option<bool>,
}
