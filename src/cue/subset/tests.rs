//! What is in the part that is judged, and what is not, where, and why.

use super::check;
use crate::cue::load::load;

fn outside(files: &[&str]) -> Option<String> {
    let named = |(index, text): (usize, &&str)| (format!("{index}.cue"), text.as_bytes().to_vec());
    let files: Vec<_> = files.iter().enumerate().map(named).collect();
    check(&load(&files).unwrap()).err().map(|error| error.to_string())
}

#[test]
fn what_policies_are_made_of_is_judged() {
    for policy in [
        "predicate: builder: id!: =~\"^https://ci\\\\.example/\"",
        "#D: {sha1?: string, ...}\npredicate: {digest: #D & {md5?: _|_}, ...}",
        "#Git: {uri!: =~\"^git\", n?: int | *1}\n#Package: {uri!: =~\"^pkg\"}\npredicate: deps: [...(#Git | #Package)]",
        "import \"list\"\nlet allowed = [\"a\", \"b\"]\npredicate: {id: or(allowed), l: list.MinItems(1) & [_, ...], m: list.MatchN(>=1, {k!: 1})}",
        "predicate: _\n_names: [for p in predicate.packages if p.name != _|_ {p.name}]\n_names: [\"a\", ...]",
        "predicate: {kind: string, if kind == \"review\" {#Review}, ...}\n#Review: {by!: string, ...}",
        "predicate: {from: string, until: >from, [=~\"^x\"]: int, \"\\(\"a\")\": 1}",
        "#D: {a: 1} | [...]\npredicate: {a: #D, b: [...#D], c: [...{a: {k: 1} | null}]}",
        "predicate: X={policy: required: int, reviewers: [...{name: string, if X.policy.required > 1 {at!: string}}]}",
        "predicate: suites: [Name=string]: {failed: <=_allowed[Name]}\n_allowed: {a: 1, [string]: int}",
        "predicate: {a: close({b: 1}), c: matchN(1, [{d!: 1}, {e!: [...]}]), f: matchIf({g!: 1}, _, {h!: 1})}",
        "let names = [for r in predicate.reviewers {r.name}]\npredicate: {reviewers: [...], if true {k!: 1}}\ncount: len(names)",
        "predicate: {level: string, fixed: bool | *false, if level == \"high\" {fixed: true}}",
        "predicate: {n?: int, if n != _|_ if n > 2 {by!: string, at?: [...string], of!: {id!: 1, ...}}}",
        "predicate: parts: [...]\n_libs: {for p in predicate.parts {\"\\(p.name)\": p.version}}\n_libs: {[string]: =~\"^1\"}",
        "import \"encoding/json\"\npredicate: {Data: json.Validate({ok!: true}), n: [if Data != \"\" {1}, 2][0]}",
        "import \"encoding/yaml\"\n#M: {kind!: string}\npredicate: {m: yaml.Validate(#M) | null, n: [...yaml.ValidatePartial({a: [...int]})]}",
        "import \"encoding/yaml\"\npredicate: {t: string, _m: yaml.Unmarshal(t), if _m.kind == \"Pod\" {ok!: true}, u: yaml.Marshal(_m)}",
    ] {
        assert_eq!(outside(&[policy]), None, "{policy}");
    }
    assert_eq!(outside(&["package p\npredicate: #A", "package p\n#A: {a: #B | 1}\n#B: {b: [1, ...]}"]), None);
}

/// A policy, where it leaves the part, and by what.
const OUTSIDE: &[(&str, &str, &str)] = &[
    ("predicate: a: 1 | predicate.b", "0.cue:1:19", "a value that is computed, in an alternative"),
    ("predicate: {a: 1, b: a | 2}", "0.cue:1:22", "a reference (`a`) in an alternative"),
    ("predicate: a: {let x = 1, b: x} | 1", "0.cue:1:20", "`let` in an alternative"),
    ("predicate: a: {if true {b: 1}} | 1", "0.cue:1:16", "a comprehension in an alternative"),
    ("predicate: a: *(*1 | 2) | 3", "0.cue:1:20", "defaults within an alternative"),
    ("predicate: a: 1 | #B\n#B: predicate", "0.cue:2:5", "a reference (`predicate`) in an alternative"),
    ("predicate: {#B: 1, a: 1 | #B}", "0.cue:1:27", "a reference (`#B`) in an alternative"),
    ("predicate: matchN(1, [[1]])", "0.cue:1:23", "a list with elements"),
    ("predicate: matchN(0, [#A])\n#A: {b: []}", "0.cue:2:9", "a list with elements"),
    ("predicate: a: close(#A)\n#A: {}", "0.cue:1:15", "`close` of something"),
    ("predicate: {a: 1, #n: 1, 3}", "0.cue:1:26", "embedding anything but"),
    ("predicate: #a?: 1", "0.cue:1:12", "an optional or required definition"),
    ("predicate: {a: b, b: c, c: a}", "0.cue:1:16", "a field that is computed from itself"),
    (
        "predicate: {a: int, b: {if predicate.b.c == 1 {c: 1}, c: _}}",
        "0.cue:1:28",
        "a field that refers to itself",
    ),
    (
        "predicate: {k: string, if k == \"a\" {#K}}\n#K: {k: \"a\"}",
        "0.cue:1:27",
        "a field that refers to itself",
    ),
    ("#T: {next?: #T}\npredicate: #T", "0.cue:1:13", "a field that refers to itself"),
    ("predicate: {a: len(int)}", "0.cue:1:20", "`int` within what is computed"),
    ("predicate: {a: len({b: 1} & {c: 1})}", "0.cue:1:27", "`&` within what is computed"),
    ("predicate: {a: {b: 1}.b != _|_}", "0.cue:1:16", "a field or element of this"),
    ("#A: {b: 1}\npredicate: a: #A.b + 1", "0.cue:2:15", "a field of a definition"),
    ("predicate: {c: _, d: c[0:1]}", "0.cue:1:22", "a slice"),
    (
        "predicate: {c: _, if len(c) > 1 {a?: 1}, a?: _, if a == _|_ {b!: 1}}",
        "0.cue:1:52",
        "a comparison with `_|_` of a field that a comprehension may add",
    ),
    (
        "predicate: {a?: b, b?: _, if a != _|_ {c!: 1}}",
        "0.cue:1:30",
        "a comparison with `_|_` of a field that refers",
    ),
    (
        "predicate: {d: {a: 1} | {b: 1}, d: close({a: 1}) | null}",
        "0.cue:1:23",
        "two disjunctions of structs or lists",
    ),
    (
        "predicate: d: #A & #B\n#A: {a: 1} | {b: 1}\n#B: {c!: 1} | [...]",
        "0.cue:1:18",
        "two disjunctions of structs or lists",
    ),
    (
        "predicate: #A\npredicate: d: {a: 1} | null\n#A: {d: {b: 1} | [...], ...}",
        "0.cue:2:22",
        "two disjunctions of structs or lists",
    ),
    ("predicate: {c: [...int] | null, d: c[0]}", "0.cue:1:36", "a reference into a field with alternatives"),
    ("predicate: {g: _, if g {a: 1}}", "0.cue:1:28", "a comprehension that adds a field"),
    ("predicate: {g: _, s: _, if g {s: a: 1}}", "0.cue:1:31", "a comprehension that adds a field"),
    ("predicate: {g: _, if g {s?: q: 1}}", "0.cue:1:25", "a comprehension that adds a field"),
    ("predicate: {g: _, if g {#A}}\n#A: {a: int}", "0.cue:2:9", "a comprehension that adds a field"),
    (
        "predicate: {g: _, k: int, if g {k: 1}, l: k + 1}",
        "0.cue:1:43",
        "a reference to a field that a comprehension",
    ),
    (
        "predicate: {g: _, if g {s!: a!: 1}, s: >1}",
        "0.cue:1:19",
        "a comprehension that makes a struct of a field",
    ),
    ("predicate: {g: _, s: {if g {k: 1}}}", "0.cue:1:23", "a comprehension that makes up a struct"),
    (
        "_m: {for k in [\"a\"] {(k): 1}}\n_m: >1",
        "0.cue:1:6",
        "a comprehension that makes a struct of a field",
    ),
    ("predicate: {g: _, a: _, if g {k!: 1}, b: a.c}", "0.cue:1:42", "a reference into another field"),
    (
        "import \"encoding/yaml\"\npredicate: t: matchIf(yaml.Validate({a!: 1} & {b: _}), =~\"a\", _)",
        "0.cue:2:23",
        "`yaml.Validate` of anything but a struct",
    ),
    (
        "import \"encoding/json\"\nimport \"list\"\npredicate: t: list.MatchN(1, json.Validate(#A))\n#A: {}",
        "0.cue:3:30",
        "`json.Validate` of anything but a struct",
    ),
    ("import \"encoding/yaml\"\npredicate: t: yaml.Validate({a: [1]})", "0.cue:2:33", "a list with elements"),
    (
        "import \"encoding/yaml\"\npredicate: {t: string, if yaml.Validate(t, {a: 1}) {b!: 1}}",
        "0.cue:2:27",
        "`yaml.Validate` within what is computed",
    ),
    ("predicate: close({if true {a: 1}})", "0.cue:1:12", "`close` of a struct with"),
    ("predicate: X={a: X}", "0.cue:1:18", "a reference to `X`"),
    ("predicate: {a: {b: _}, if a & a {c!: 1}}", "0.cue:1:29", "`&` within what is computed"),
];

#[test]
fn what_is_not_judged_is_named_with_its_place() {
    let mut wrong = Vec::new();
    for &(policy, place, what) in OUTSIDE {
        let said = outside(&[policy]).unwrap_or_else(|| panic!("judged: {policy}"));
        let named = format!("{place}: not in the part of CUE that is judged here: ");
        if said.strip_prefix(&named).is_none_or(|rest| !rest.starts_with(what)) {
            wrong.push(said);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn looking_at_a_policy_has_an_end() {
    let many: String = (0..400).map(|n| format!("#A{n}: {{#A{}, #A{}}}\n", n + 1, n + 2)).collect();
    let policy = format!("{many}#A400: {{}}\n#A401: {{}}\npredicate: {{k: 1, if k > 0 {{#A0}}}}");
    assert!(outside(&[&policy]).unwrap().contains("two disjunctions"));
    let many: String = (0..1_600).map(|n| format!("a{n}: b{n}\nb{n}: 1\n")).collect();
    assert!(outside(&[&many]).unwrap().contains("more than 1500 references"));
}
