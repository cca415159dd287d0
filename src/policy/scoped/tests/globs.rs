//! The table of patterns that `docs/reference/policy-file.md` speaks of.

use super::super::glob::{FilePattern, ImagePattern, Subject};

const DIGEST: &str = "sha256:aaaa";

/// An image, split as commands split it.
fn image(text: &str) -> Subject {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest.to_owned())),
        None => (text, None),
    };
    let slash = name.rfind('/').unwrap_or_default();
    let (name, tag) = match name[slash..].rfind(':') {
        Some(at) if slash > 0 => (&name[..slash + at], Some(name[slash + at + 1..].to_owned())),
        _ => (name, None),
    };
    Subject::Image { name: name.to_owned(), tag, digest }
}

#[test]
fn the_table_of_patterns_of_images() {
    let by_digest = format!("registry.example/prod/app@{DIGEST}");
    let whole = format!("registry.example/app@sha256:{}", "a".repeat(64));
    for (pattern, name, expected) in [
        ("registry.example/prod/app", "registry.example/prod/app:v1", true),
        ("registry.example/prod/app", &by_digest, true),
        ("registry.example/prod/app", "registry.example/prod/app2:v1", false),
        ("registry.example/prod/app", "registry.example/prod/app/x:v1", false),
        ("registry.example/prod/app", "registry.example.evil/prod/app:v1", false),
        ("registry.example/prod/app", "evil/registry.example/prod/app:v1", false),
        ("registry.example/prod/app", "registry.example/PROD/app:v1", false),
        // Hosts have no case, and a port that is meant anyway.
        ("registry.example/prod/app", "REGISTRY.example/prod/app:v1", true),
        ("Registry.Example/prod/app", "registry.example/prod/app:v1", true),
        ("registry.example/prod/app", "registry.example:443/prod/app:v1", true),
        ("registry.example/prod/app", "registry.example:444/prod/app:v1", false),
        ("docker.io/org/app", "registry-1.docker.io/org/app:v1", true),
        ("registry.example/prod/*", "registry.example/prod/app:v1", true),
        ("registry.example/prod/*", "registry.example/prod/app/x:v1", false),
        ("registry.example/prod/*", "registry.example/production/app:v1", false),
        ("registry.example/prod*/app", "registry.example/production/app:v1", true),
        ("registry.example/*", "registry.example/prod/app:v1", false),
        ("registry.example/prod/**", "registry.example/prod/app:v1", true),
        ("registry.example/prod/**", "registry.example/prod/a/b/c:v1", true),
        ("registry.example/prod/**", "registry.example/prod:v1", false),
        ("registry.example/**/app", "registry.example/app:v1", true),
        ("registry.example/**/app", "registry.example/a/b/app:v1", true),
        ("registry.example/**/app", "registry.example/a/b/myapp:v1", false),
        ("registry.example/app-?", "registry.example/app-1:v1", true),
        ("registry.example/app-?", "registry.example/app-12:v1", false),
        ("registry.example/app-?", "registry.example/app-:v1", false),
        ("registry.example/a*b*c", "registry.example/axxbxxbc:v1", true),
        ("registry.example/a*b*c", "registry.example/axxcxx:v1", false),
        ("*.example/app", "registry.example/app:v1", true),
        ("*.example/app", "registry.example/x/app:v1", false),
        ("*/app", "registry.example/app:v1", true),
        ("**", "registry.example/prod/app:v1", true),
        ("localhost:5000/app", "localhost:5000/app:v1", true),
        ("localhost:5000/app", "localhost:5001/app:v1", false),
        ("[::1]:5000/app", "[::1]:5000/app:v1", true),
        // Tags and digests: by what is resolved.
        ("registry.example/app:v1", "registry.example/app:v1", true),
        ("registry.example/app:v1", "registry.example/app:v10", false),
        ("registry.example/app:v*", "registry.example/app:v10", true),
        ("registry.example/app:v1", "registry.example/app@sha256:aaaa", false),
        ("registry.example/app:*", "registry.example/app@sha256:aaaa", false),
        (&whole, &whole, true),
        (&whole, "registry.example/app@sha256:aaab", false),
        (&whole, "registry.example/app:v1", false),
        ("registry.example/app@sha256:*", "registry.example/app@sha256:aaaa", true),
        // Docker Hub.
        ("docker.io/library/alpine", "index.docker.io/library/alpine:3", true),
        ("docker.io/alpine", "index.docker.io/library/alpine:3", true),
        ("index.docker.io/library/*", "index.docker.io/library/alpine:3", true),
        ("docker.io/org/*", "index.docker.io/org/app:3", true),
        ("docker.io/**", "index.docker.io/org/app:3", true),
        // Layouts and archives.
        ("oci:build/*", "oci:build/app", true),
        ("oci:build/*", "oci:./build/app:v1", true),
        ("oci:build/*", "oci:build/../secret", false),
        ("oci:build/*", "oci-archive:build/app", false),
        ("docker-archive:build/*.tar", "oci-archive:build/app.tar", true),
        ("**/app", "oci:build/app", true),
    ] {
        let parsed = ImagePattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let subject = match image(name) {
            // As commands make the name of a layout: the path is as it was typed.
            Subject::Image { name, tag, digest } if name.starts_with("oci") => {
                Subject::Image { name: name.clone(), tag, digest }
            }
            subject => subject,
        };
        assert_eq!(parsed.matches(&subject), expected, "{pattern} and {name}");
        assert_eq!(parsed.source(), pattern);
        assert!(!parsed.matches(&Subject::File(name.to_owned())), "{pattern}");
    }
}

#[test]
fn the_table_of_patterns_of_files() {
    for (pattern, name, expected) in [
        ("dist/*.tar.gz", "dist/a.tar.gz", true),
        ("dist/*.tar.gz", "./dist//a.tar.gz", true),
        ("./dist/*.tar.gz", "dist/a.tar.gz", true),
        ("dist/*.tar.gz", "dist/x/a.tar.gz", false),
        ("dist/*.tar.gz", "dist/a.tar.gz.sig", false),
        ("dist/*.tar.gz", "/dist/a.tar.gz", false),
        ("dist/*.tar.gz", "x/dist/a.tar.gz", false),
        ("dist/**", "dist/../secret", false),
        ("dist/**", "dist/x/y", true),
        ("**", "/anywhere/a", true),
        ("**/dist/*", "/home/me/dist/a", true),
        ("**/dist/*", "dist/a", true),
        ("/opt/*", "/opt/a", true),
        ("a?c", "abc", true),
        ("a?c", "a/c", false),
        ("a?c", "a\u{e9}c", true),
        ("-", "-", true),
        ("sha256:*", "sha256:aaaa", true),
    ] {
        let parsed = FilePattern::parse(pattern).unwrap();
        assert_eq!(parsed.matches(&Subject::File(name.to_owned())), expected, "{pattern} and {name}");
        assert!(!parsed.matches(&image("registry.example/app:v1")), "{pattern}");
    }
}

#[test]
fn patterns_that_could_mean_something_else_are_refused() {
    for pattern in [
        "alpine",
        "library/alpine",
        "org/app:v1",
        "*",
        "registry.example/{a,b}",
        "registry.example/[ab]",
        "registry.example/!a",
        "registry.example/a**",
        "registry.example/a:",
        "registry.example/a@",
        "registry.example\\app",
        "oci:../x",
    ] {
        assert!(ImagePattern::parse(pattern).is_err(), "{pattern}");
    }
    for pattern in ["a/../b", "a{b}", "[a]", "a**", "a\\b"] {
        assert!(FilePattern::parse(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn patterns_that_match_nothing_are_refused_with_what_to_write() {
    for (pattern, words) in [
        ("registry.example/prod/", "write `registry.example/prod/**`"),
        ("registry.example/**/", "write `registry.example/**`"),
        ("https://registry.example/prod/**", "as in `registry.example/prod/**`"),
        ("registry.example/Prod/App", "write `prod/app`"),
        ("registry.example/a//b", "between two slashes"),
        ("registry.example/app@sha256:abcd", "64 digits"),
        ("registry.example/app@sha512:abcd", "64 digits"),
        (" registry.example/app", "write `registry.example/app`"),
        ("registry.example/a b", "blank"),
        ("registry.example", "write `registry.example/**`"),
        ("localhost:5000", "write `localhost:5000/**`"),
        ("alpine", "docker.io/library/alpine"),
    ] {
        let reason = ImagePattern::parse(pattern).unwrap_err();
        assert!(reason.contains(words), "{pattern}: {reason}");
    }
    for (pattern, words) in
        [("dist/", "write `dist/**`"), ("a ", "write `a`"), ("dist/**/", "write `dist/**`")]
    {
        let reason = FilePattern::parse(pattern).unwrap_err();
        assert!(reason.contains(words), "{pattern}: {reason}");
    }
    FilePattern::parse("dist/a b").unwrap();
}

#[test]
fn long_patterns_take_no_long_time() {
    let pattern = FilePattern::parse(&"*a".repeat(2_000)).unwrap();
    assert!(!pattern.matches(&Subject::File("a".repeat(4_000) + "b")));
    let pattern = FilePattern::parse(&format!("{}x", "**/".repeat(1_300))).unwrap();
    assert!(!pattern.matches(&Subject::File("a/".repeat(2_000) + "y")));
}
