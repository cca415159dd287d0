//! `COSIGN_MAX_ATTACHMENT_SIZE`: how large a signature, an attestation or an SBOM may be that is read.

use super::{Context, Error};
use crate::storage::images::find::LARGEST_VARIABLE as VARIABLE;

/// What cosign takes where nobody says anything else.
const DEFAULT: u64 = 128 << 20;
/// More than what is beside a payload takes: a chain of certificates, log entries, timestamps.
const BESIDE: u64 = 256 << 10;

/// The most bytes that are read of an attachment.
///
/// # Errors
/// Of kind `Usage`: the variable holds no size.
pub(super) fn limit(context: &Context) -> Result<u64, Error> {
    let Some(value) = (context.variables)(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(DEFAULT);
    };
    let text = value.to_string_lossy();
    parse(&text).ok_or_else(|| {
        Error::usage(format!("`{text}` in the variable {VARIABLE} is not a size"))
            .hint("a size is written like 5120, 20K, 3MB or 45MiB; K is 1000 bytes, Ki 1024")
    })
}

/// What is told before a statement of so many bytes is attached that nobody reads who leaves the limit as it is. A layer has it in base64, beside its signature, its
/// certificate and its log entry.
pub(super) fn warning(payload: usize, context: &Context) -> Option<String> {
    let limit = limit(context).map_or(DEFAULT, |limit| limit.min(DEFAULT));
    let layer = u64::try_from(payload).unwrap_or(u64::MAX).div_ceil(3).saturating_mul(4);
    (layer > limit).then(|| {
        let needed = layer.saturating_add(BESIDE).div_ceil(1 << 20);
        format!(
            "the attestation has more than {layer} bytes, and verifiers read {limit} of one unless they are told otherwise: \
             verify it with {VARIABLE}={needed}MiB in the environment"
        )
    })
}

/// A size as cosign's library (go-humanize) reads it: a number, which may have a fraction and commas between its digits, and a
/// unit in any case. Units without `i` are decimal.
fn parse(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.replace(',', "").parse().ok()?;
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let (prefix, base) = match unit.strip_suffix('i') {
        Some(prefix) => (prefix, 1024_f64),
        None => (unit, 1000.0),
    };
    let power = match prefix {
        "" if unit.is_empty() => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        "e" => 6,
        _ => return None,
    };
    let size = number * base.powi(power);
    // The conversion drops what is below a byte, as Go's does.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    (size.is_finite() && size >= 0.0 && size < u64::MAX as f64).then_some(size as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_go_humanize() {
        for (text, expected) in [
            ("0", Some(0)),
            ("5120", Some(5120)),
            ("5120b", Some(5120)),
            ("20K", Some(20_000)),
            ("1KB", Some(1000)),
            ("1kib", Some(1024)),
            ("1Ki", Some(1024)),
            ("3M", Some(3_000_000)),
            ("45MiB", Some(45 << 20)),
            ("1.5 MB", Some(1_500_000)),
            ("1,024", Some(1024)),
            ("1GiB", Some(1 << 30)),
            ("1PiB", Some(1 << 50)),
            ("15EiB", Some(15 << 60)),
            ("16EiB", None),
            ("1i", None),
            ("1x", None),
            ("", None),
            ("MB", None),
            ("-1", None),
            ("1 M B", None),
            ("1.2.3", None),
            ("1e3", None),
            ("inf", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
