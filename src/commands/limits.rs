//! Limits that a variable sets.

use super::{Context, Error, ErrorKind};
use crate::storage::images::find::DEFAULT_LARGEST;

const VARIABLE: &str = "COSIGN_MAX_ATTACHMENT_SIZE";

/// How large a signature, an attestation or an SBOM in a registry may be, in bytes (CVE-2024-29902 of cosign).
///
/// # Errors
/// Of kind `Usage`: the variable holds no size.
pub(super) fn largest_attachment(context: &Context) -> Result<u64, Error> {
    let Some(value) = (context.variables)(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(DEFAULT_LARGEST);
    };
    let text = value.to_string_lossy();
    size(&text).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("`{text}` in the variable {VARIABLE} is not a size"))
            .hint(format!("a size is written as 5120, 20K, 3M or 45MiB: set {VARIABLE} so, or unset it"))
    })
}

/// A size as cosign reads it: a number, and a unit of powers of 1000 (`K`, `MB`) or of 1024 (`Ki`, `MiB`), in any letter case.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let (letter, base) = match unit.strip_suffix('i') {
        Some(letter) => (letter, 1024_u64),
        None => (unit, 1000),
    };
    let power = match letter {
        "" if base == 1000 => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    let factor = base.checked_pow(power)?;
    match number.split_once('.') {
        None => number.parse::<u64>().ok()?.checked_mul(factor),
        Some((whole, part)) => {
            let part = part.get(..part.len().min(9))?;
            let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
            let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
            let part = if part.is_empty() { 0 } else { part.parse::<u64>().ok()? };
            let rest = u128::from(part) * u128::from(factor) / u128::from(scale);
            whole.checked_mul(factor)?.checked_add(u64::try_from(rest).ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_as_cosign_reads_them() {
        for (text, bytes) in [
            ("5120", 5120),
            ("20K", 20_000),
            ("3M", 3_000_000),
            ("45MiB", 45 << 20),
            ("1kib", 1024),
            ("1.5 GB", 1_500_000_000),
            ("0", 0),
            ("12b", 12),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "x", "-1", "1X", "1i", "99999999999999999999", "18446744073709551615K", "1 2"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
