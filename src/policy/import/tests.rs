//! Globs and expressions of others, in ours. What whole policies come to is tested where they are read.

use serde_json::{Value, json};

use super::glob::Glob;
use super::scope::{Said, said};
use super::{Class, Note, Source, import};
use crate::policy::scoped::{ImagePattern, Subject};

fn image(name: &str) -> Subject {
    Subject::Image { name: name.to_owned(), tag: None, digest: Some(format!("sha256:{}", "a".repeat(64))) }
}

#[test]
fn globs_become_patterns() {
    for (glob, expected) in [
        ("**", &["**"][..]),
        ("*", &["index.docker.io/library/*"]),
        ("*/*", &["index.docker.io/*/*"]),
        ("registry.example/**", &["registry.example/**"]),
        ("registry.example/team/*", &["registry.example/team/*"]),
        ("registry.example/team/app*", &["registry.example/team/app*"]),
        ("registry.example/team/app**", &["registry.example/team/app*", "registry.example/team/app*/**"]),
        ("registry.example/a**b/c*", &["registry.example/a*b/c*", "registry.example/a*/**/*b/c*"]),
        ("registry.example/**/app*", &["registry.example/*/**/app*"]),
        ("**/app*", &["*/**/app*"]),
        ("*.example/**", &["*.example/**"]),
        ("registry.example:5000/**", &["registry.example:5000/**"]),
        ("registry.example/app*:*", &["registry.example/app*"]),
        ("registry.example/app*:**", &["registry.example/app*"]),
        ("index.docker.io/team**", &["index.docker.io/team*/**"]),
    ] {
        let images = Glob::new(glob).patterns().map(|found| found.images).map_err(|unsaid| unsaid.reason);
        let expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(images, Ok(expected), "{glob}");
    }
    for (glob, is_nothing) in [
        ("registry.example/team/app", true),
        ("registry.example/team/app:v1", true),
        ("registry.example/team/app:*", true),
        ("registry.example/team/app:**", true),
        ("docker.io/**", true),
        ("registry-1.docker.io/**", true),
        ("index.docker.io/*", true),
        ("registry.example", true),
        ("Registry.example/**", false),
        ("registry.example:443/**", false),
        ("registry.example/a?", false),
        ("registry.example/[ab]*", false),
        ("", false),
        ("a**b**c**/x**y**z*", false),
    ] {
        let unsaid = Glob::new(glob).patterns().err().unwrap_or_else(|| panic!("{glob}"));
        assert_eq!(unsaid.is_nothing, is_nothing, "{glob}: {}", unsaid.reason);
    }
}

/// The controller's own reading: `**` is any characters, `*` any but slashes, and all of the name with its digest is compared.
fn matches(glob: &str, name: &str) -> bool {
    let glob = match glob {
        "*" => "index.docker.io/library/*",
        "*/*" => "index.docker.io/*/*",
        other => other,
    };
    let expression = glob.replace('.', "\\.").replace("**", "#").replace('*', "[^/]*").replace('#', ".*");
    let name = format!("{name}@sha256:{}", "a".repeat(64));
    crate::verify::Pattern::new(&format!("^{expression}$")).unwrap().matches(&name)
}

const GLOBS: [&str; 20] = [
    "**",
    "*",
    "*/*",
    "registry.example/**",
    "registry.example/*",
    "registry.example/team/*",
    "registry.example/team**",
    "registry.example/team/app*",
    "registry.example/**/app*",
    "**/app*",
    "*.example/**",
    "reg**",
    "registry.example/t*m/**",
    "registry.example/te**pp*",
    "index.docker.io/library/*",
    "index.docker.io/**",
    "docker.io/**",
    "*/team/*",
    "registry.example/app*:**",
    "registry.example/team/app",
];

const NAMES: [&str; 15] = [
    "index.docker.io/library/alpine",
    "index.docker.io/team/app",
    "registry.example/app",
    "registry.example/application",
    "registry.example/team",
    "registry.example/team/app",
    "registry.example/team/app/x",
    "registry.example/team2/app",
    "registry.example/tem/x",
    "registry.example/tea/mapp",
    "registry.example/a/b/app",
    "other.example/team/app",
    "other.example/x",
    "registry.examples/team/app",
    "registry.example:5000/team/app",
];

#[test]
fn patterns_match_nothing_that_the_glob_does_not_and_all_where_they_say_so() {
    let mut count = 0;
    for glob in GLOBS {
        let Ok(found) = Glob::new(glob).patterns() else { continue };
        let patterns: Vec<_> = found.images.iter().map(|one| ImagePattern::parse(one).unwrap()).collect();
        for name in NAMES {
            let ours = patterns.iter().any(|pattern| pattern.matches(&image(name)));
            assert!(!ours || matches(glob, name), "{glob} {name}");
            assert!(!found.is_exact || ours == matches(glob, name), "{glob} {name}");
            count += usize::from(ours);
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn globs_that_match_one_name_overlap() {
    for one in GLOBS {
        for other in GLOBS {
            let (a, b) = (Glob::new(one), Glob::new(other));
            let both = NAMES.iter().any(|name| matches(one, name) && matches(other, name));
            assert!(!both || a.overlaps(&b), "{one} {other}");
            assert_eq!(a.overlaps(&b), b.overlaps(&a), "{one} {other}");
            let within = NAMES.iter().all(|name| !matches(other, name) || matches(one, name));
            assert!(!a.covers(&b) || within, "{one} {other}");
        }
    }
    let overlap = |one, other| Glob::new(one).overlaps(&Glob::new(other));
    assert!(!overlap("registry.example/a*", "registry.example/b*"));
    assert!(!overlap("registry.example/*", "registry.example/a/*"));
    assert!(overlap("registry.example/a*", "registry.example/*b"));
    assert!(overlap("docker.io/a/*", "index.docker.io/a/*"));
}

fn policy(name: &str, globs: &[&str], authorities: Value) -> Value {
    let globs: Vec<_> = globs.iter().map(|glob| json!({ "glob": glob })).collect();
    json!({
        "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": { "name": name },
        "spec": { "images": globs, "authorities": authorities },
    })
}

fn text_of(value: Value) -> String {
    let source = Source { file: "source.yaml".to_owned(), number: None, value };
    import(&[source], "policy", &|_| None).unwrap().text
}

fn identity(member: &str, expression: &str) -> Value {
    let mut identity = json!({ "issuer": "https://i.example" });
    identity[member] = json!(expression);
    json!([{ "keyless": { "identities": [identity] } }])
}

#[test]
fn expressions_match_what_they_matched() {
    for (expression, expected) in [
        ("github.com/org/.*", "^(?s:.*)(?:github.com/org/.*)(?s:.*)$"),
        ("^https://github\\.com/org/.*$", "^https://github\\.com/org/.*$"),
        ("^https://github\\.com/org/", "^https://github\\.com/org/(?s:.*)$"),
        ("@example\\.com$", "^(?s:.*)@example\\.com$"),
        ("^github\\.com/(org|a)/", "^github\\.com/(org|a)/(?s:.*)$"),
        ("^(?:a|b)$", "^(?:a|b)$"),
        ("^a$|^b$", "^(?s:.*)(?:^a$|^b$)(?s:.*)$"),
        ("^a\\$", "^a\\$(?s:.*)$"),
        ("(?i)^A$", "^(?s:.*)(?:(?i)^A$)(?s:.*)$"),
        (".*", "^.*$"),
    ] {
        let text = text_of(policy("p", &["r.example/**"], identity("subjectRegExp", expression)));
        let quoted = serde_json::to_string(expected).unwrap();
        assert!(text.contains(&format!("identity-regexp: {quoted}\n")), "{text}");
        let before = crate::verify::Pattern::new(expression).unwrap();
        let ours = crate::verify::Pattern::new(&format!(r"\A(?:{expected})\z")).unwrap();
        for subject in [
            "https://github.com/org/a",
            "xhttps://github.com/org/",
            "a",
            "b",
            "ab",
            "A",
            "a$",
            "xa$y",
            "",
            "a\nb",
            "\n",
            "github.com/org/\n",
        ] {
            assert!(!ours.matches(subject) || before.matches(subject), "{expression} {subject:?}");
            assert!(
                ours.matches(subject) == before.matches(subject) || expression == ".*",
                "{expression} {subject:?}"
            );
        }
    }
    for expression in ["(", "a\\Qb", "a)(b"] {
        let text = text_of(policy("p", &["r.example/**"], identity("subjectRegExp", expression)));
        assert!(text.contains("refuse: true") && text.contains("# left out: "), "{text}");
    }
}

/// Nothing in a source gets out of its place in what is written.
#[test]
fn names_and_reasons_of_others_stay_in_quotes_and_comments() {
    let name = "a\"\n  - name: b\u{2028}\n    accept: true\n#";
    let authorities = json!([{ "name": name, "key": { "kms": "awskms:///x\"\naccept: true" } }, { name: 1 }]);
    let text = text_of(policy(name, &["r.example/**"], authorities));
    assert!(!text.lines().any(|line| line.trim() == "accept: true"), "{text}");
    assert_eq!(text.matches("\nscopes:\n").count(), 1, "{text}");
}

#[test]
fn what_is_no_policy_is_an_error() {
    let read = |values: Vec<Value>| {
        let source = |value| Source { file: "f".to_owned(), number: None, value };
        let sources: Vec<_> = values.into_iter().map(source).collect();
        import(&sources, "policy", &|_| None)
            .map(|imported| imported.text)
            .map_err(|unusable| unusable.fault.reason)
    };
    let containers = json!({ "default": [{ "type": "reject" }] });
    assert!(read(vec![]).is_err());
    assert!(read(vec![json!([])]).is_err());
    assert!(read(vec![json!({ "kind": "Pod" })]).is_err());
    assert!(read(vec![containers.clone()]).unwrap().contains("refuse: true"));
    assert!(read(vec![containers.clone(), containers.clone()]).is_err());
    assert!(read(vec![containers, policy("p", &["**"], json!([]))]).is_err());
    let mut newer = policy("p", &["**"], json!([]));
    newer["apiVersion"] = json!("policy.sigstore.dev/v2");
    assert!(read(vec![newer]).unwrap_err().contains("no version"));
    for wrong in [
        json!({ "default": [] }),
        json!({ "default": [{ "type": "accept" }] }),
        json!({ "default": [{ "type": "reject", "reason": "x" }] }),
        json!({ "default": [{ "type": "reject" }], "other": {} }),
        json!({ "default": [{ "type": "reject" }], "transports": { "docker": { "a.example/b@sha384:00": [{ "type": "reject" }] } } }),
        json!({ "default": [{ "type": "sigstoreSigned", "signedIdentity": { "type": "matchRepository" } }] }),
    ] {
        assert!(read(vec![wrong.clone()]).is_err(), "{wrong}");
    }
}

/// The scope that decides, as written, of each name.
#[test]
fn a_key_by_its_path_is_named_and_a_namespace_of_the_hub_is_no_repository() {
    let signed = |path: &str| json!([{ "type": "sigstoreSigned", "keyPath": path, "signedIdentity": { "type": "matchRepository" } }]);
    let value = json!({
        "default": [{ "type": "reject" }],
        "transports": { "docker": { "docker.io/team": signed("/etc/a.pub"), "r.example/x": signed("a.pub") } },
    });
    let text = text_of(value);
    assert!(text.contains("key: \"/etc/a.pub\"") && !text.contains("\"a.pub\""), "{text}");
    assert!(text.contains("- \"docker.io/team/**\"") && !text.contains("- \"docker.io/team\"\n"), "{text}");
}

#[test]
fn scopes_of_containers_become_patterns() {
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for (scope, expected) in [
        ("", &["**"][..]),
        ("*.example.com", &["*.example.com/**", "*.example.com:*/**"]),
        ("r.example", &["r.example/**"]),
        ("r.example:5000", &["r.example:5000/**"]),
        ("[::1]:5000", &["[::1]:5000/**"]),
        ("r.example/team", &["r.example/team", "r.example/team/**"]),
        ("r.example/team:V1", &["r.example/team:V1"]),
        ("docker.io/team", &["docker.io/team/**"]),
        ("docker.io/library/a:v1", &["docker.io/library/a:v1"]),
    ] {
        assert_eq!(said(scope), Ok(Said::Images(list(expected))), "{scope}");
    }
    for (scope, expected) in [
        ("quay.io:443", &["quay.io/**"][..]),
        ("Quay.io/team", &["quay.io/team", "quay.io/team/**"]),
        ("*.Corp.example", &["*.corp.example/**", "*.corp.example:*/**"]),
        ("registry-1.docker.io/a", &["docker.io/a", "docker.io/a/**"]),
        ("index.docker.io", &["docker.io/**"]),
        ("docker.io:443/library/a:v1", &["docker.io/library/a:v1"]),
        ("localhost", &["docker.io/localhost/**"]),
        ("localhost/x", &["docker.io/localhost/x", "docker.io/localhost/x/**"]),
    ] {
        match said(scope) {
            Ok(Said::Refused { images, .. }) => assert_eq!(images, list(expected), "{scope}"),
            other => panic!("{scope}: {other:?}"),
        }
    }
    for scope in [
        "*.corp:5000",
        "*.corp:443",
        "*.corp/team",
        "a.*.example",
        "quay.io/x/",
        "quay.io//x",
        "/x",
        "library/alpine",
        "busybox:latest",
        "quay.io/Team",
        "docker.io/alpine:v1",
        "docker.io/alpine@sha256:00",
    ] {
        assert!(matches!(said(scope), Ok(Said::Nothing(_))), "{scope}: {:?}", said(scope));
    }
    assert!(said("r.example/a@sha384:00").is_err());
}

fn notes_of(values: Vec<Value>) -> Vec<Note> {
    let source = |value| Source { file: "f".to_owned(), number: None, value };
    let sources: Vec<_> = values.into_iter().map(source).collect();
    import(&sources, "policy", &|_| None).unwrap().notes
}

/// Whatever refuses something that the source accepts is a refusal; nothing else is.
#[test]
fn notes_say_what_is_refused() {
    let key = |name: &str| json!([{ "key": { "kms": format!("awskms:///{name}") } }]);
    let classes = |values: Vec<Value>| -> Vec<Class> {
        let notes = notes_of(values);
        for note in &notes {
            let text = note.to_string();
            assert!(note.is_refusal() || !text.contains("left out"), "{text}");
        }
        notes.into_iter().map(|note| note.class).collect()
    };
    let (one, two) = ("r.example/*/app*", "r.example/team/*");
    let overlap = |keys: [Value; 2]| {
        let [a, b] = keys;
        classes(vec![policy("a", &[one], a), policy("b", &[two], b)])
    };
    assert!(overlap([key("a"), key("b")]).iter().all(|class| *class == Class::LeftOut));
    assert!(!overlap([key("a"), key("b")]).is_empty());
    assert_eq!(overlap([key("a"), key("a")]), []);
    assert_eq!(overlap([key("a"), json!([{ "static": { "action": "pass" } }])]), []);
    // The log is for the one, and asked of the other.
    let mut either = identity("subject", "a@example.com");
    either.as_array_mut().unwrap().push(key("a")[0].clone());
    assert_eq!(classes(vec![policy("p", &["r.example/**"], either)]), [Class::LeftOut]);
    let mut warned = policy("p", &["r.example/**"], key("a"));
    warned["spec"]["mode"] = json!("warn");
    assert_eq!(classes(vec![warned]), [Class::LeftOut]);

    // A glob that matches nothing is nobody's.
    let nothing = vec![policy("a", &["r.example/**"], key("a")), policy("b", &["r.example/app"], key("b"))];
    let source = |value| Source { file: "f".to_owned(), number: None, value };
    let sources: Vec<_> = nothing.iter().cloned().map(source).collect();
    let text = import(&sources, "policy", &|_| None).unwrap().text;
    assert!(text.contains("signatures: \"a-authority-0\"\n") && !text.contains("awskms:///b"), "{text}");
    assert_eq!(classes(nothing), [Class::Changed]);

    let digests = policy("p", &["r.example/app@sha256:*"], key("a"));
    let notes = notes_of(vec![digests]);
    assert!(notes[0].is_refusal() && notes[0].reason.contains("digests"), "{notes:?}");

    for (expression, shown) in [
        ("github.com/org", Some("github.com/org")),
        ("^github\\.com/org/", Some("^github\\.com/org/")),
        ("@a\\.example$", Some("@a\\.example$")),
        ("^b@a\\.example$", None),
    ] {
        let notes = notes_of(vec![policy("p", &["r.example/**"], identity("subjectRegExp", expression))]);
        assert_eq!(notes.len(), usize::from(shown.is_some()), "{notes:?}");
        assert!(notes.iter().all(|note| note.class == Class::Doubt), "{notes:?}");
        assert!(shown.is_none_or(|shown| notes[0].reason.contains(&format!("`{shown}`"))), "{notes:?}");
    }
}

/// The controller compares names with digests: what follows a `*` may be found in `@sha256:` and in the digits.
#[test]
fn what_a_glob_may_find_in_a_digest_is_not_passed_over() {
    let policy = |name: &str, glob: &str, action: &str| {
        json!({"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": name},
            "spec": {"images": [{"glob": glob}], "authorities": [{"static": {"action": action}}]}})
    };
    for (glob, words) in [
        ("gcr.io/**a*", None),
        ("gcr.io/*a*", None),
        ("gcr.io/**d", Some("it is about some digests alone")),
        ("gcr.io/app*:0f", Some("it is about some digests alone")),
    ] {
        let list = json!({"kind": "List", "items": [{"kind": "List", "items": [policy("fail", glob, "fail")]}, policy("pass", "**", "pass")]});
        let source = Source { file: "a.yaml".to_owned(), number: None, value: list };
        let imported = import(&[source], "policy", &|_| None).unwrap();
        // Nothing that both may be about is accepted: no scope that accepts is left for the registry.
        let accepting: Vec<&str> =
            imported.text.lines().filter(|line| line.contains("accept: true")).collect();
        assert!(accepting.is_empty(), "{glob}: {}", imported.text);
        if let Some(words) = words {
            assert!(imported.text.contains(words), "{glob}: {}", imported.text);
        }
    }
}
