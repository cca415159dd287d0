//! Names of members: of any file name one that every file system takes, and what is wrong with names that were made otherwise.

use std::collections::BTreeSet;

use crate::storage::names::is_special_on_windows;

/// Longest name that is kept whole. With the folder and a number it stays within the 100 bytes of a ustar name.
const LONGEST: usize = 80;
/// What is kept of the end of a longer one, where the extensions are.
const END: usize = 20;

/// A name of ASCII letters, digits, `.`, `_`, `+` and `-`, that is no option, no hidden file and no device anywhere.
pub(super) fn portable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._+-".contains(c) { c } else { '_' };
    let mut out: String = name.chars().map(plain).collect();
    if out.len() > LONGEST {
        // All of it is ASCII.
        let (start, end) = (LONGEST - END - 1, out.len() - END);
        out = format!("{}_{}", out.get(..start).unwrap_or_default(), out.get(end..).unwrap_or_default());
    }
    if out.starts_with(['.', '-']) || out.is_empty() || is_special_on_windows(&out) {
        out.insert(0, '_');
    }
    if out.ends_with('.') {
        out.push('_');
    }
    out
}

/// `name`, or with a number where that is taken in any letter case: with `wanted`, or the first that is free. It is taken
/// afterwards. With the number; 1 stands for none.
pub(super) fn free(name: &str, wanted: u32, taken: &mut BTreeSet<String>) -> (String, u32) {
    let mut number = 1;
    let mut out = name.to_owned();
    if taken.contains(&out.to_ascii_lowercase()) && wanted > 1 {
        (out, number) = (numbered(name, wanted), wanted);
    }
    let mut next = 1;
    while !taken.insert(out.to_ascii_lowercase()) {
        next += 1;
        (out, number) = (numbered(name, next), next);
    }
    (out, number)
}

fn numbered(name: &str, number: u32) -> String {
    let (stem, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
    format!("{stem}-{number}{rest}")
}

/// What files in one folder are called that have these names, which are in order: those after the first of the same name
/// have a number, as in [`free`]. Letter case counts.
pub(super) fn told_apart<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<(String, u32)> {
    let mut taken: BTreeSet<String> = names.clone().map(str::to_owned).collect();
    let mut before = None;
    let mut number = 1;
    let one = |name: &'a str| {
        if before.replace(name) != Some(name) {
            number = 1;
            return (name.to_owned(), 1);
        }
        loop {
            number += 1;
            let out = numbered(name, number);
            if taken.insert(out.clone()) {
                return (out, number);
            }
        }
    };
    names.map(one).collect()
}

/// What is dangerous in the path of a member, in words; everything else is found by comparing it with the one path that its
/// name gives.
pub(in crate::storage) fn danger(path: &str) -> Option<&'static str> {
    let mut parts = path.split('/');
    Some(if path.is_empty() {
        "has no name"
    } else if path.starts_with('/') {
        "is an absolute path"
    } else if path.contains('\\') {
        "has a backslash"
    } else if path.as_bytes().get(1) == Some(&b':') {
        "names a drive"
    } else if parts.clone().any(|part| part == "..") {
        "leads out of the folder"
    } else if parts.clone().any(|part| part.is_empty() || part == ".") {
        "has an empty part"
    } else if !path.bytes().all(|b| b.is_ascii_graphic()) || path.contains(':') {
        "has a character that not every file system takes"
    } else if parts.any(is_special_on_windows) {
        "is the name of a device on Windows"
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_one_that_is_safe_everywhere() {
        let long = format!("{}.sigstore.json", "x".repeat(300));
        for (name, path) in [
            ("app-1.2+rc.tar.gz", "app-1.2+rc.tar.gz"),
            ("two words", "two_words"),
            ("café.txt", "caf_.txt"),
            ("日本", "__"),
            ("a\u{1b}[2J\n\u{202e}b", "a__2J__b"),
            ("-rf", "_-rf"),
            (".bashrc", "_.bashrc"),
            ("..", "_.._"),
            (".", "_._"),
            ("", "_"),
            ("a/b\\c:d", "a_b_c_d"),
            ("con", "_con"),
            ("Nul.txt", "_Nul.txt"),
            ("COM1.tar.gz", "_COM1.tar.gz"),
            ("com10", "com10"),
            ("lpt9", "_lpt9"),
            ("end.", "end._"),
            ("sha256:00", "sha256_00"),
        ] {
            assert_eq!(portable(name), path, "{name:?}");
            assert_eq!(danger(path), None, "{path}");
        }
        let short = portable(&long);
        assert!(short.len() == LONGEST && short.ends_with(".sigstore.json"), "{short}");
    }

    #[test]
    fn a_number_tells_apart_what_has_the_same_name() {
        let mut taken = BTreeSet::new();
        let names = ["a.tar.gz", "A.tar.gz", "a.tar.gz", "a-2.tar.gz", "b"].map(|n| free(n, 1, &mut taken).0);
        assert_eq!(names, ["a.tar.gz", "A-2.tar.gz", "a-3.tar.gz", "a-2-2.tar.gz", "b"]);
    }

    #[test]
    fn a_wanted_number_is_given_where_it_is_free() {
        let mut taken = BTreeSet::new();
        let names =
            [("b.json", 3), ("b.json", 3), ("b.json", 3), ("b.json", 1)].map(|(n, w)| free(n, w, &mut taken));
        let expected = [("b.json", 1), ("b-3.json", 3), ("b-2.json", 2), ("b-4.json", 4)];
        assert_eq!(names, expected.map(|(name, number)| (name.to_owned(), number)));
        let names = ["a", "a", "a-2", "b", "b"];
        let expected = [("a", 1), ("a-3", 3), ("a-2", 1), ("b", 1), ("b-2", 2)];
        assert_eq!(told_apart(names.into_iter()), expected.map(|(name, number)| (name.to_owned(), number)));
    }

    #[test]
    fn dangers_have_names() {
        for (path, words) in [
            ("", "no name"),
            ("/etc/passwd", "absolute"),
            ("artifacts/../../x", "leads out"),
            ("..", "leads out"),
            ("artifacts\\x", "backslash"),
            ("C:x", "drive"),
            ("artifacts//x", "empty part"),
            ("./x", "empty part"),
            ("artifacts/", "empty part"),
            ("artifacts/x:stream", "character"),
            ("artifacts/a b", "character"),
            ("artifacts/\u{e9}", "character"),
            ("artifacts/aux.txt", "device"),
        ] {
            assert!(danger(path).is_some_and(|d| d.contains(words)), "{path}: {:?}", danger(path));
        }
    }
}
