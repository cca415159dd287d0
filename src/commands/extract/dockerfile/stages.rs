//! Stages: their names, as every builder takes them, and which of them a name means.

use std::collections::BTreeSet;

use super::flags::flags;
use super::lines::{Instruction, at};
use super::{SCRATCH, WHAT, words};
use crate::crypto::DecodeError;

/// A stage that was read.
pub(super) struct Stage {
    /// As it is written.
    pub name: Option<String>,
    /// The image at its bottom.
    pub base: Option<String>,
}

/// The names of all stages, as they are written, in order. Two that differ in case alone are one for some builders.
pub(super) fn stage_names(instructions: &[Instruction]) -> Result<Vec<Option<String>>, DecodeError> {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for from in instructions.iter().filter(|instruction| instruction.name == "from") {
        let name = from_words(from)?.1;
        if let Some(name) = name {
            let refused = |reason: String| Err(DecodeError::new(WHAT, at(from.line), reason));
            if !is_stage_name(name) {
                return refused(format!(
                    "`{name}` is no name of a stage for every builder: write letters, digits, `-`, `_` and `.`, a letter first"
                ));
            }
            if !seen.insert(name.to_ascii_lowercase()) {
                return refused(format!(
                    "`{name}` is the name of an earlier stage, and builders take either: give it another name"
                ));
            }
        }
        names.push(name.map(str::to_owned));
    }
    Ok(names)
}

/// Whether every builder takes this for the name of a stage, once it is in lower case.
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.eq_ignore_ascii_case(SCRATCH)
}

/// The words of FROM without its flags, and the name that it gives to the stage.
pub(super) fn from_words(from: &Instruction) -> Result<(Vec<&str>, Option<&str>), DecodeError> {
    let words = words::plain(flags(from)?.1);
    let name = match words[..] {
        [_, r#as, name] if r#as.eq_ignore_ascii_case("as") => Some(name),
        _ => None,
    };
    Ok((words, name))
}

/// The one of these stages that has this name.
///
/// # Errors
/// Its name is written in another case, for which some builders look for an image.
pub(super) fn earlier<'a>(
    stages: &'a [Stage],
    line: usize,
    name: &str,
) -> Result<Option<&'a Stage>, DecodeError> {
    for stage in stages {
        match &stage.name {
            Some(known) if known == name => return Ok(Some(stage)),
            Some(known) if known.eq_ignore_ascii_case(name) => {
                let reason = format!(
                    "for some builders `{name}` is the stage `{known}`, and for others an image: write `{known}`"
                );
                return Err(DecodeError::new(WHAT, at(line), reason));
            }
            _ => {}
        }
    }
    Ok(None)
}
