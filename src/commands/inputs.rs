//! What verification reads, by the names that cosign takes: a path, `-`, or a variable. An address is refused: verification
//! opens no socket.

use std::ffi::OsStr;
use std::path::Path;

use super::{Context, Error, ErrorKind};
use crate::http::Redacted;
use crate::storage::read_file;

/// What a name stands for.
pub(super) enum Named<'a> {
    /// A file, or standard input.
    Path(&'a Path),
    /// The content of a variable.
    Bytes(Vec<u8>),
}

/// Resolves a name. `what` says in errors what it names, such as `signature`.
pub(super) fn named<'a>(what: &str, name: &'a OsStr, context: &Context) -> Result<Named<'a>, Error> {
    let text = name.to_str().unwrap_or_default();
    if let Some(variable) = text.strip_prefix("env://") {
        return match (context.variables)(variable) {
            Some(value) => Ok(Named::Bytes(value.into_encoded_bytes())),
            None => {
                let message = format!("{what} `{text}` names an environment variable that is not set");
                Err(Error::new(ErrorKind::Format, message))
            }
        };
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        let message =
            format!("{what} `{}` is an address, and verification fetches nothing but keys", Redacted(text));
        return Err(Error::usage(message).hint("download it first, and name the file"));
    }
    Ok(Named::Path(Path::new(name)))
}

/// Whoever reads standard input second finds it empty, and an empty artifact may well be signed.
pub(super) fn one_standard_input<'a>(names: impl IntoIterator<Item = &'a OsStr>) -> Result<(), Error> {
    if names.into_iter().filter(|name| *name == "-").count() < 2 {
        return Ok(());
    }
    Err(Error::usage("standard input (`-`) is to be read as two things at once")
        .hint("write all but one of them into files"))
}

/// Reads what a name stands for, at most `limit` bytes of it.
pub(super) fn read_named(
    what: &'static str,
    name: &OsStr,
    limit: u64,
    context: &Context,
) -> Result<Vec<u8>, Error> {
    match named(what, name, context)? {
        Named::Bytes(bytes) => Ok(bytes),
        Named::Path(path) => read_file(what, path, limit).map_err(|e| Error::file(&e)),
    }
}
