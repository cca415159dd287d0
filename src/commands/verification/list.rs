//! A file that lists images, or files.

use std::ffi::OsStr;
use std::path::Path;

use crate::commands::extract::Named;
use crate::commands::inputs::read_named;
use crate::commands::{Context, Error, ErrorKind};
use crate::crypto::text;

/// Some hundred thousand references.
const MAX_LIST: u64 = 16 << 20;
/// As many images as one run takes.
const MAX_IMAGES: usize = 100_000;

/// The references of images in a file, one in a line; blanks around them mean nothing. Lines that are empty or begin with `#` are passed
/// over.
///
/// # Errors
/// The file cannot be read, is no text, or is longer than any list of images; a line is not one name.
pub(in crate::commands) fn images(name: &OsStr, context: &Context) -> Result<Vec<Named>, Error> {
    read("list of images", name, str::trim_ascii, context)
}

/// The names of files in a file, as [`images`]. Blanks at an end may belong to the name of another file, so that nothing is taken away.
///
/// # Errors
/// As [`images`]; a line has blanks at an end.
pub(in crate::commands) fn files(name: &OsStr, context: &Context) -> Result<Vec<Named>, Error> {
    read("list of files", name, |line| line, context)
}

fn read(
    what: &'static str,
    name: &OsStr,
    shape: fn(&str) -> &str,
    context: &Context,
) -> Result<Vec<Named>, Error> {
    let bytes = read_named(what, name, MAX_LIST, context)?;
    let shown = name.to_string_lossy();
    let text = text::utf_8(&bytes)
        .map_err(|why| Error::new(ErrorKind::Format, format!("the {what} `{shown}` {why}")))?;
    // Editors of Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut names = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = shape(line);
        if line.trim().is_empty()
            || line.starts_with('#') && !line.contains(|c: char| c.is_control() && c != '\t')
        {
            continue;
        }
        if line.trim() != line || line.contains(char::is_control) {
            let message = format!("line {} of the {what} `{shown}` is not one name", number + 1);
            return Err(Error::new(ErrorKind::Format, message)
                .cause(format!("{line:?} has blanks at an end, or characters that cannot be seen"))
                .hint("each line is one name as it is; a line that begins with # is passed over"));
        }
        names.push(Named::at(line.to_owned(), Path::new(name), Some(number + 1)));
    }
    if names.len() > MAX_IMAGES {
        let message = format!("the {what} `{shown}` has more than {MAX_IMAGES} lines");
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    Ok(names)
}
