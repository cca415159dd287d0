//! What somebody may have meant by a word that is not there.

/// Commands that a row of [`ELSEWHERE`] speaks of.
const SIGNING: &[&str] = &["sign-blob", "attest-blob"];
const VERIFYING: &[&str] = &["verify-blob", "verify-blob-attestation"];
const WITH_KEY: &[&str] =
    &["sign-blob", "attest-blob", "verify-blob", "verify-blob-attestation", "public-key"];

/// Flags that another command has: where they are missed, which flag, and what to say.
const ELSEWHERE: &[(&[&str], &str, &str)] = &[
    (SIGNING, "--no-log", "to sign without a transparency log: --offline"),
    (SIGNING, "--insecure-ignore-tlog", "to sign without a transparency log: --offline"),
    (VERIFYING, "--tlog-upload", "to verify without a transparency log entry: --no-log"),
    (&["pack"], "-o", "the kit to write is named with --out"),
    (&["pack"], "--output", "the kit to write is named with --out"),
    (WITH_KEY, "-k", "a key is named with --key"),
];

/// The hint for a flag that `command` does not have and another command has.
pub fn elsewhere(command: &str, flag: &str) -> Option<&'static str> {
    let row = ELSEWHERE.iter().find(|(commands, known, _)| commands.contains(&command) && *known == flag)?;
    Some(row.2)
}

/// The candidate that `word` is most likely a misspelling of: the first of those with the fewest slips, if these are few
/// for a word of its length. A word of three letters has none.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    // No name here is much longer, and the comparison takes quadratic time.
    if !(4..=60).contains(&length) {
        return None;
    }
    let allowed = (length / 4).min(3);
    let slips = candidates.into_iter().map(|candidate| (slips(word, candidate), candidate));
    slips.filter(|(slips, _)| *slips <= allowed).min_by_key(|(slips, _)| *slips).map(|(_, found)| found)
}

/// How many slips lead from one word to the other: a letter too many, missing, wrong, or two neighbours exchanged (the
/// distance of Damerau and Levenshtein in its restricted form).
fn slips(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut cost =
                (at(&last, j) + usize::from(a != b)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let exchanged = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            if exchanged {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    at(&last, to.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("bundel", "bundle", 1),
            ("verify-blb", "verify-blob", 1),
            ("verifyblob", "verify-blob", 1),
            ("sig-blob", "sign-blob", 1),
            ("kitten", "sitting", 3),
            ("ä", "a", 1),
        ] {
            assert_eq!(slips(from, to), count, "{from} {to}");
            assert_eq!(slips(to, from), count, "{to} {from}");
        }
    }

    #[test]
    fn few_slips_make_a_suggestion_and_many_none() {
        let known = ["sign-blob", "attest-blob", "verify-blob", "version"];
        for (word, meant) in [
            ("sig-blob", Some("sign-blob")),
            ("sing-blob", Some("sign-blob")),
            ("signblob", Some("sign-blob")),
            ("verify-blb", Some("verify-blob")),
            ("verifyblob", Some("verify-blob")),
            ("verison", Some("version")),
            ("vers", None),
            ("blob", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known), meant, "{word}");
        }
        assert_eq!(closest(&"x".repeat(1 << 20), known), None);
    }
}
