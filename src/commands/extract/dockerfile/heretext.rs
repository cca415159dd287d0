//! The text of here-documents, as a builder reads it that knows none (those of before 2022, and `# syntax=docker/dockerfile:1.3`): its lines are instructions there.

use super::flags::{flags, mount_sources};
use super::lines::{Instruction, at, is_nothing};
use super::{WHAT, words};
use crate::crypto::DecodeError;

/// That no line of a text names an image to such a builder. Each is taken by itself, and with those that it goes on with.
///
/// # Errors
/// One does: the first, with its line.
pub(super) fn without_images(text: &[(usize, &str)], escape: char) -> Result<(), DecodeError> {
    let mut whole: Option<(usize, String)> = None;
    for (number, line) in text {
        if is_nothing(*number, line).unwrap_or(false) {
            continue;
        }
        let end = line.trim_end_matches([' ', '\t']);
        let (first, mut joined) = whole.take().unwrap_or_else(|| (*number, String::new()));
        joined.push_str(end.trim_end_matches(escape));
        for (number, line) in [(*number, *line), (first, joined.as_str())] {
            if names_image(&Instruction::of(number, line)) {
                let reason = "to a builder without here-documents this line of one is an instruction with an image: put the text into a file, and copy that";
                return Err(DecodeError::new(WHAT, at(number + 1), reason));
            }
        }
        whole = end.ends_with(escape).then_some((first, joined));
    }
    Ok(())
}

fn names_image(instruction: &Instruction) -> bool {
    if !matches!(instruction.name.as_str(), "copy" | "from" | "onbuild" | "run") {
        return false;
    }
    // What cannot be told is not passed over.
    let Ok((flags, rest)) = flags(instruction) else { return true };
    let mut mounts = flags.iter().filter_map(|flag| flag.value_of("mount"));
    match instruction.name.as_str() {
        "from" => match words::plain(rest)[..] {
            [image] => could_be_pulled(image),
            [image, r#as, _] => r#as.eq_ignore_ascii_case("as") && could_be_pulled(image),
            _ => false,
        },
        "onbuild" => names_image(&Instruction::of(instruction.line, rest)),
        "run" => mounts.any(|mount| !mount_sources(mount).is_empty()),
        _ => flags.iter().any(|flag| flag.value_of("from").is_some()),
    }
}

/// Whether this could be an image, or become one by its variables: `users;` cannot.
fn could_be_pulled(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "._-/:@+$%{}\"'`\\".contains(c);
    text.chars().all(known) && text.contains(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_at(text: &str) -> Option<String> {
        let lines: Vec<_> = text.split('\n').enumerate().collect();
        without_images(&lines, '\\').err().map(|error| error.at)
    }

    #[test]
    fn instructions_with_images_are_refused() {
        for (text, line) in [
            ("FROM evil", 1),
            ("x\nfrom --platform=linux/arm64 evil AS x", 2),
            ("FROM \\\n evil", 1),
            ("x \\\\\nFROM evil", 2),
            ("FROM $X", 1),
            ("COPY --from=evil a b", 1),
            ("copy --chown=1 --from=evil a b", 1),
            ("COPY --chown 1 a b", 1),
            ("RUN --mount=from=evil true", 1),
            ("RUN --mount=type=bind,\\\n# comment\nfrom=evil true", 1),
            ("ONBUILD COPY --from=evil a b", 1),
        ] {
            assert_eq!(refused_at(text), Some(format!("line {line}")), "{text}");
        }
    }

    #[test]
    fn other_text_is_not() {
        for text in [
            "",
            "echo a\nset -e",
            "from os import path\nimport sys",
            "from a import b as c",
            "SELECT a\nFROM users, others\nFROM users;",
            "# FROM evil",
            "run a\ncopy a b",
            "RUN --mount=type=cache,target=/x true",
            "echo FROM evil",
            "user a",
        ] {
            assert_eq!(refused_at(text), None, "{text}");
        }
    }
}
