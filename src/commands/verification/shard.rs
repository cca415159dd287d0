//! A batch that several machines share: each judges the names whose hash is its own. No two judge the same name, and none is left out,
//! whatever the order of the list is.

use crate::commands::{Context, Error};
use crate::crypto::sha256;

/// The variable of a Pod of an Indexed Job.
const COMPLETION_INDEX: &str = "JOB_COMPLETION_INDEX";

/// Which part of a batch is judged (`--shard`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardRequest {
    /// From 1; without it, the one of `JOB_COMPLETION_INDEX`, which counts from 0.
    pub index: Option<u32>,
    /// How many parts there are.
    pub count: u32,
}

impl ShardRequest {
    /// Reads `I/N`, or `N` alone.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| match text.parse() {
            Ok(number @ 1u32..) if text.bytes().all(|b| b.is_ascii_digit()) => Some(number),
            _ => None,
        };
        let shard = match text.split_once('/') {
            Some((index, count)) => Self { index: Some(number(index)?), count: number(count)? },
            None => Self { index: None, count: number(text)? },
        };
        shard.index.is_none_or(|index| index <= shard.count).then_some(shard)
    }

    /// The part that this machine judges.
    ///
    /// # Errors
    /// Nothing says which it is.
    pub(super) fn resolve(self, context: &Context) -> Result<Shard, Error> {
        let Self { index, count } = self;
        let index = match index {
            Some(index) => index - 1,
            None => completion_index(count, context)?,
        };
        Ok(Shard { index, count })
    }
}

fn completion_index(count: u32, context: &Context) -> Result<u32, Error> {
    let hint = format!(
        "an Indexed Job of Kubernetes sets it, with `completions: {count}`; elsewhere, say --shard I/{count}"
    );
    let Some(value) = (context.variables)(COMPLETION_INDEX).filter(|value| !value.is_empty()) else {
        let message = format!(
            "--shard {count} says how many shards there are, and {COMPLETION_INDEX}, which says which one this is, is not set"
        );
        return Err(Error::usage(message).hint(hint));
    };
    let text = value.to_string_lossy();
    match text.parse::<u32>() {
        Ok(index) if index < count => Ok(index),
        _ => Err(Error::usage(format!("{COMPLETION_INDEX} is `{text}`, and --shard has 0 to {}", count - 1))
            .hint(hint)),
    }
}

/// One part of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// From 0.
    index: u32,
    count: u32,
}

impl Shard {
    /// Whether this part has the name: the first eight bytes of its SHA-256, as a big-endian number, divided by the number of parts, leave
    /// the index.
    pub fn has(self, name: &str) -> bool {
        let mut first = [0; 8];
        first.copy_from_slice(&sha256(name.as_bytes())[..8]);
        u64::from_be_bytes(first) % u64::from(self.count) == u64::from(self.index)
    }
}

impl Shard {
    /// Of so many things, in the plural, this part has so many.
    pub fn told(self, has: usize, all: usize, what: &str) -> String {
        let what = if all == 1 { what.trim_end_matches('s') } else { what };
        format!("Shard {self} has {has} of {all} {what}")
    }
}

impl std::fmt::Display for Shard {
    /// As it is typed: from 1.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several() {
        assert_eq!(ShardRequest::parse("2/3"), Some(ShardRequest { index: Some(2), count: 3 }));
        assert_eq!(ShardRequest::parse("3"), Some(ShardRequest { index: None, count: 3 }));
        for text in [
            "",
            "0/3",
            "4/3",
            "1/0",
            "0",
            "-1/2",
            "+1/2",
            "1/2/3",
            "1/",
            "/2",
            "a/b",
            " 1/2",
            "1/99999999999",
        ] {
            assert_eq!(ShardRequest::parse(text), None, "{text}");
        }
    }

    #[test]
    fn each_name_is_in_one_shard_and_none_has_many_more_than_its_part() {
        let names: Vec<String> = (0..10_000).map(|n| format!("r.example/app:{n}")).collect();
        let mut counts = [0; 7];
        for name in &names {
            let of: Vec<u32> = (0..7).filter(|index| Shard { index: *index, count: 7 }.has(name)).collect();
            assert_eq!(of.len(), 1);
            counts[of[0] as usize] += 1;
        }
        assert!(counts.iter().all(|count| (1_250..1_610).contains(count)), "{counts:?}");
        // It never changes: shards of one batch may be of several versions of this program.
        assert!(Shard { index: 1, count: 3 }.has("r.example/app:1"));
        assert!(Shard { index: 2, count: 3 }.has("r.example/app:2"));
    }
}
