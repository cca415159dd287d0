//! What somebody may have meant by a word that is not there.

/// Commands that a row of [`ELSEWHERE`] speaks of.
const SIGNING: &[&str] = &["sign-blob", "attest-blob", "sign", "attest"];
const VERIFYING: &[&str] = &[
    "verify-blob",
    "verify-blob-attestation",
    "verify",
    "verify-attestation",
    "dockerfile verify",
    "manifest verify",
    "compose verify",
];
const WITH_KEY: &[&str] = &[
    "sign-blob",
    "attest-blob",
    "verify-blob",
    "verify-blob-attestation",
    "public-key",
    "sign",
    "attest",
    "verify",
    "verify-attestation",
    "dockerfile verify",
    "manifest verify",
    "compose verify",
];

/// Flags that another command has: where they are missed, which flag, and what to say.
const ELSEWHERE: &[(&[&str], &str, &str)] = &[
    (SIGNING, "--no-log", "to sign without a transparency log: --offline"),
    (SIGNING, "--insecure-ignore-tlog", "to sign without a transparency log: --offline"),
    (VERIFYING, "--tlog-upload", "to verify without a transparency log entry: --no-log"),
    (&["pack"], "-o", "the kit to write is named with --out"),
    (&["pack"], "--output", "the kit to write is named with --out"),
    (&["compose verify"], "-f", "a file is named without a flag: `compose verify compose.yaml`"),
    (&["compose verify"], "--file", "a file is named without a flag: `compose verify compose.yaml`"),
    (WITH_KEY, "-k", "a key is named with --key"),
    (&["sign"], "--type", "a statement of a type is signed by `attest`"),
    (&["sign"], "--predicate", "a predicate is signed by `attest`"),
    (
        &["verify", "verify-blob", "dockerfile verify", "manifest verify", "compose verify"],
        "--policy",
        "did you mean --policy-file? A policy in Rego or CUE (--policy) judges statements: `verify-attestation`, `verify-blob-attestation`",
    ),
    (&["verify"], "--type", "statements of a type are verified by `verify-attestation`"),
    (
        &["verify"],
        "--bundle",
        "a bundle in a file is added to the image by `attach signature --bundle FILE IMAGE`",
    ),
    (&["download attestation"], "--type", "the type is named with --predicate-type"),
    (&["save"], "--output", "the folder is named with --dir"),
    (&["save"], "-o", "the folder is named with --dir"),
    (&["load"], "-i", "the folder is named with --dir"),
    (&["attach attestation"], "--predicate", "a predicate is signed and attached by `attest`"),
];

/// The hint for a flag that `command` does not have and another command has.
pub fn elsewhere(command: &str, flag: &str) -> Option<&'static str> {
    let row = ELSEWHERE.iter().find(|(commands, known, _)| commands.contains(&command) && *known == flag)?;
    Some(row.2)
}

/// The candidate that `word` is most likely a misspelling of: the first of those with the fewest slips, if these are few
/// for a word of its length. Of a word of three letters only neighbours that were exchanged are.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    // No name here is much longer, and the comparison takes quadratic time.
    if !(3..=60).contains(&length) {
        return None;
    }
    if length == 3 {
        return candidates
            .into_iter()
            .find(|candidate| candidate.len() == word.len() && is_exchange(word, candidate));
    }
    let allowed = (length / 4).min(3);
    let slips = candidates.into_iter().map(|candidate| (slips(word, candidate), candidate));
    slips.filter(|(slips, _)| *slips <= allowed).min_by_key(|(slips, _)| *slips).map(|(_, found)| found)
}

/// Whether the words differ in two neighbours that were exchanged, and in nothing else.
fn is_exchange(from: &str, to: &str) -> bool {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    slips(from, to) == 1 && letters(from) == letters(to)
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
        for (word, meant) in [("kye", Some("key")), ("kay", None), ("yek", None), ("keys", Some("key"))] {
            assert_eq!(closest(word, ["key", "slot"]), meant, "{word}");
        }
    }
}
