//! Flags for many images, or files, in one run.

use std::path::PathBuf;

use super::known;
use crate::commands::{Error, ShardRequest};

/// What `--max-workers` is without the flag.
const DEFAULT_WORKERS: usize = 24;
/// More than that is no gain for anybody.
const MAX_WORKERS: i64 = 256;

/// A run that goes on, and one that several machines share.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Input")]
pub struct BatchArgs {
    /// Note in this file what verified, and pass over what it says has verified within a day under the same options
    ///
    /// The file is trusted as a policy is: who may write to it decides what is passed over. A tag is resolved anew. With --policy-file it is for
    /// that file and all that it names.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Part of the images.
    #[command(flatten)]
    pub shard: ShardArgs,
}

/// A part of many.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Input")]
pub struct ShardArgs {
    /// Judge one of N parts of what is named: I from 1, or as JOB_COMPLETION_INDEX says, from 0
    #[arg(long, value_name = "[I/]N", value_parser = known(&[], shard))]
    pub shard: Option<ShardRequest>,
}

fn shard(text: &str) -> Result<ShardRequest, String> {
    let what = "expected I/N, the shard and how many there are, as in 2/5, or N alone where JOB_COMPLETION_INDEX is set";
    ShardRequest::parse(text).ok_or_else(|| what.to_owned())
}

/// How many are judged at a time (`--max-workers`).
///
/// # Errors
/// Nobody would be left.
pub fn workers(flag: Option<i64>) -> Result<usize, Error> {
    match flag {
        None => Ok(DEFAULT_WORKERS),
        Some(number) if number < 1 => {
            Err(Error::usage(format!("--max-workers {number} leaves nobody to work"))
                .hint("the number is at least 1; without the flag it is 24"))
        }
        Some(number) => Ok(usize::try_from(number.min(MAX_WORKERS)).unwrap_or(DEFAULT_WORKERS)),
    }
}
