//! Flags of every command.

use std::path::PathBuf;
use std::time::Duration;

use super::values;
use crate::commands::Settings;

/// What `--timeout` is without the flag.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(180);

/// Flags of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Every command")]
pub struct RootArgs {
    /// Write to this file what would go to standard output
    #[arg(long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,
    /// Give up when all that servers are waited for takes longer, such as 90s or 3m0s (default 3m0s)
    #[arg(long, short = 't', value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub timeout: Option<Duration>,
    /// Say more about what is being done
    #[arg(long, short = 'd')]
    pub verbose: Option<bool>,
    /// Show this help
    #[arg(long, short = 'h')]
    pub help: Option<bool>,
}

impl RootArgs {
    /// The settings that the flags ask for.
    pub fn settings(&self) -> Settings {
        Settings {
            timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
            verbose: self.verbose.unwrap_or_default(),
            allow_kms_plugin: false,
            allow_kube_exec: false,
        }
    }
}
