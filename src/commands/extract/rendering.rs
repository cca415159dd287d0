//! What templates leave in a manifest where they were not rendered, or not to the end. Pure.

use std::path::Path;

use super::{Error, ErrorKind};
use crate::cloud::yaml::Position;
use crate::crypto::DecodeError;

/// How programs that write manifests begin what they say when they fail (helm; kustomize, kubectl).
const FAILED: [&str; 2] = ["Error: ", "error: "];
const HINT: &str = "render it first, and let that fail by itself: `helm template CHART >rendered.yaml`, then `manifest verify rendered.yaml`";

/// What a program said that failed, in the midst of what it wrote: no member of a manifest is called so. It has read no further, and what it would have
/// written is verified by nobody.
///
/// # Errors
/// There is such a line.
pub(super) fn succeeded(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    let mut said = lines.filter(|(line, _)| FAILED.iter().any(|word| line.starts_with(word.as_bytes())));
    let Some((line, number)) = said.next() else { return Ok(()) };
    let text = String::from_utf8_lossy(line);
    let message = format!("Kubernetes manifest `{}` is not whole", path.display());
    Err(Error::new(ErrorKind::Format, message)
        .cause(format!("line {number}: the program that wrote it failed: {}", text.trim_end()))
        .hint(HINT))
}

/// Whether a text is a template, or has one in it.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// That an image is named by a template.
pub(super) fn unrendered(path: &Path, line: Option<usize>, template: &str) -> Error {
    let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    Error::new(ErrorKind::Format, format!("Kubernetes manifest `{}` was not rendered", path.display()))
        .cause(format!("{at}`{}` is a template, and names no image", template.trim()))
        .hint(HINT)
}

/// The template in the line at which a text is no YAML, where that is why.
pub(super) fn template_at<'a>(bytes: &'a [u8], error: &DecodeError) -> Option<(usize, &'a str)> {
    let number = Position::in_error(&error.at)?.line;
    let line = std::str::from_utf8(bytes.split(|byte| *byte == b'\n').nth(number.checked_sub(1)?)?).ok()?;
    is_template(line).then_some((number, line))
}
