//! A file that lists images, or files.

use std::ffi::OsStr;

use crate::commands::inputs::read_named;
use crate::commands::{Context, Error, ErrorKind};

/// Some hundred thousand references.
const MAX_LIST: u64 = 16 << 20;
/// As many images as one run takes.
const MAX_IMAGES: usize = 100_000;

/// The names in a file; `what` is such a list, one in a line; lines that are empty or begin with `#` are passed over.
///
/// # Errors
/// The file cannot be read, is no text, or is longer than any list of images.
pub(in crate::commands) fn read(
    what: &'static str,
    name: &OsStr,
    context: &Context,
) -> Result<Vec<String>, Error> {
    let bytes = read_named(what, name, MAX_LIST, context)?;
    let shown = name.to_string_lossy();
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        Error::new(ErrorKind::Format, format!("the {what} `{shown}` is not text")).caused_by(&error)
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let images: Vec<_> = lines.map(str::to_owned).collect();
    if images.len() > MAX_IMAGES {
        let message = format!("the {what} `{shown}` has more than {MAX_IMAGES} lines");
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    Ok(images)
}
