//! Tokens that the user gives: on the command line, or in a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::token::MAX_TOKEN;
use super::{Error, IdentityToken, looks_like_token};
use crate::crypto::Secret;

/// The token that `--identity-token` gives, itself or in a file, and where it is from.
///
/// # Errors
/// There is no such file, or there is no token in it.
pub fn token(given: &str) -> Result<(IdentityToken, String), Error> {
    let from = "--identity-token".to_owned();
    if looks_like_token(given) {
        let source = IdentityToken::parse(Secret::new(given.as_bytes().to_vec()));
        return source
            .map_err(|source| Error::Token { from: from.clone(), source })
            .map(|token| (token, from));
    }
    // What is no file may be part of a token, cut off or misspelt, or one of another kind: none of it is shown.
    if let Err(source) = std::fs::metadata(given) {
        let length = given.len();
        let what = format!(
            "the value of --identity-token, of {length} bytes, is not an identity token (a JWT), and a file of this name"
        );
        return Err(Error::File { what, source });
    }
    let name = format!("the file {given}");
    let text = read(Path::new(given)).map_err(|source| Error::File {
        what: format!("the value of --identity-token is not an identity token (a JWT), and {name}"),
        source,
    })?;
    IdentityToken::parse(text)
        .map_err(|source| Error::Token { from: name.clone(), source })
        .map(|token| (token, name))
}

/// A file that holds a token; not more of it than a token can have and its line end.
pub fn read(path: &Path) -> io::Result<Secret> {
    let mut text = Vec::with_capacity(MAX_TOKEN + 3);
    File::open(path)?.take(MAX_TOKEN as u64 + 3).read_to_end(&mut text)?;
    Ok(Secret::new(text))
}
