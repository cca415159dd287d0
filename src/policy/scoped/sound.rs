//! Patterns that could match nothing, because no image and no file can be named so. What to write instead is said.

/// The hexadecimal digits of a digest of SHA-256 and of SHA-512, by their names.
const DIGESTS: [(&str, usize); 2] = [("sha256:", 64), ("sha512:", 128)];

/// Looks at all of a pattern of images, as it was written.
pub(super) fn image(source: &str) -> Result<(), String> {
    blank(source)?;
    if let Some((scheme, rest)) = source.split_once("://") {
        return Err(format!(
            "`{source}` is an address, and no image is named so: leave out `{scheme}://`, as in `{rest}`"
        ));
    }
    Ok(())
}

/// Looks at the name of an image in a registry, and at its repository, which is what comes after the host.
pub(super) fn repository(source: &str, path: &str) -> Result<(), String> {
    folder(source, source.trim_end_matches('/'))?;
    if source.contains(char::is_whitespace) {
        return Err(format!("`{source}` has a blank, and no image is named so"));
    }
    if path.split('/').any(str::is_empty) {
        return Err(format!("`{source}` has nothing between two slashes, and no image is named so"));
    }
    match path.chars().any(|c| c.is_ascii_uppercase()) {
        true => Err(format!(
            "`{path}` has upper case, and no repository is named so: write `{}`",
            path.to_ascii_lowercase()
        )),
        false => Ok(()),
    }
}

/// Looks at a digest: a whole one, if nothing in it stands for anything.
pub(super) fn digest(digest: &str) -> Result<(), String> {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_whole = |(name, length): &(&str, usize)| {
        digest.strip_prefix(name).is_some_and(|hex| hex.len() == *length && is_hex(hex))
    };
    if digest.contains(['*', '?']) || DIGESTS.iter().any(is_whole) {
        return Ok(());
    }
    Err(format!(
        "`{digest}` is no digest, and matches nothing: write `sha256:` and all of its 64 digits, in small letters"
    ))
}

/// Looks at all of a pattern of files, as it was written.
pub(super) fn file(source: &str) -> Result<(), String> {
    blank(source)?;
    folder(source, source.trim_end_matches('/'))
}

/// What ends with a slash is a folder.
fn folder(source: &str, name: &str) -> Result<(), String> {
    if name == source {
        return Ok(());
    }
    let meant = if name.ends_with("**") { name.to_owned() } else { format!("{name}/**") };
    Err(format!("`{source}` ends with a slash, and nothing is named so: write `{meant}`"))
}

fn blank(source: &str) -> Result<(), String> {
    let plain = source.trim();
    match plain == source {
        true => Ok(()),
        false => Err(format!("`{source}` begins or ends with a blank: write `{plain}`")),
    }
}
