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
        "predicate: a: 1 | #A\n#A: {b: {c!: 1} | null, #N}\n#N: n?: {k: 1} | {l: 1}",
        "import \"encoding/json\"\npredicate: {t: string, ...}\nlet m = json.Unmarshal(predicate.t)\n_r: {if m.a != _|_ {k: 1}, for p in m.l let q = p if q.b != _|_ {n: 1}}",
        "#G: {let L = [\"x\", \"y\"], for k in L {(k): int}}\npredicate: d: #G",
        "#D: {a: 1} | [...]\npredicate: {a: #D, b: [...#D], c: [...{a: {k: 1} | null}]}",
        "predicate: X={policy: required: int, reviewers: [...{name: string, if X.policy.required > 1 {at!: string}}]}",
        "predicate: suites: [Name=string]: {failed: <=_allowed[Name]}\n_allowed: {a: 1, [string]: int}",
        "predicate: {a: close({b: 1}), c: matchN(1, [{d!: 1}, {e!: [...]}]), f: matchIf({g!: 1}, _, {h!: 1})}",
        "let names = [for r in predicate.reviewers {r.name}]\npredicate: {reviewers: [...], if true {k!: 1}}\ncount: len(names)",
        "predicate: {level: string, fixed: bool | *false, if level == \"high\" {fixed: true}}",
        "predicate: {n?: int, if n != _|_ if n > 2 {by!: string, at?: [...string], of!: {id!: 1, ...}}}",
        "predicate: parts: [...]\n_libs: {for p in predicate.parts {\"\\(p.name)\": p.version}}\n_libs: {[string]: =~\"^1\"}",
        "#F: {severity: string, if severity == \"high\" {_fail: error(\"no\")}}\npredicate: findings: [...#F]",
        "predicate: findings: [...{severity!: string, fixed: bool, if severity == \"high\" {fixed: true, note!: string}}]",
        "predicate: {scanner: {uri: string, if scanner.uri =~ \"^a\" {scanner: version: \"1\"}}}",
        "predicate: {a: {for n in [\"a\"] {(n)!: int}}, m: {if true {k!: 1}, ...}, _l: {b: *1 | int}, c: <=_l.b}",
        "#T: {name!: string, parts?: [...#T]}\n#L: {l: [\"a\"], n: 1}\npredicate: #T & {k?: or(#L.l), n?: #L.n}",
        "#A: {k: \"a\"}\n#B: {k: \"b\"}\npredicate: {n: close(#A), m: [#A | #B, ...(#A | #B)], o: {p: 1, #A | #B}, q: {matchN(1, [#A]), ...}}",
        "predicate: {a: int, b: {k: \"x\", n: <a} | {k: \"y\", n: a}, c: bool, if c {_|_}}",
        "import \"encoding/json\"\npredicate: {Data: json.Validate({ok!: true}), n: [if Data != \"\" {1}, 2][0]}",
        "import \"encoding/yaml\"\n#M: {kind!: string}\npredicate: {m: yaml.Validate(#M) | null, n: [...yaml.ValidatePartial({a: [...int]})]}",
        "import \"encoding/yaml\"\npredicate: {t: string, _m: yaml.Unmarshal(t), if _m.kind == \"Pod\" {ok!: true}, u: yaml.Marshal(_m)}",
    ] {
        assert_eq!(outside(&[policy]), None, "{policy}");
    }
    assert_eq!(outside(&["package p\npredicate: #A", "package p\n#A: {a: #B | 1}\n#B: {b: [1, ...]}"]), None);
}

/// A policy, where it leaves the part (in the file, in the value), by what, and how it is written in the part.
const OUTSIDE: &[(&str, &str, &str, &str)] = &[
    (
        "predicate: a: {let x = 1, b: x} | 1",
        "0.cue:1:20: predicate.a",
        "`let` in an alternative; put the `let` before the field",
        "predicate: {let x = 1, a: {b: x} | 1}",
    ),
    (
        "predicate: a: {if true {b: 1}} | 1",
        "0.cue:1:16: predicate.a",
        "a comprehension in an alternative; write an alternative for each case",
        "predicate: a: {b: 1} | 1",
    ),
    (
        "predicate: a: *(*1 | 2) | 3",
        "0.cue:1:20: predicate.a",
        "defaults within an alternative; write all alternatives in one disjunction (`*1 | 2 | 3`)",
        "predicate: a: *1 | 2 | 3",
    ),
    (
        "predicate: {#B: {c!: 1}, a: 1 | #B}",
        "0.cue:1:33: predicate.a",
        "a reference (`#B`) to what is no scalar, in an alternative; declare what is meant as a definition at the top",
        "predicate: a: 1 | #B\n#B: {c!: 1}",
    ),
    (
        "predicate: {b: _, a: {(b): 1} | 1}",
        "0.cue:1:23: predicate.a",
        "a computed label in an alternative; write the label, or a pattern",
        "predicate: {b: _, a: {[string]: 1} | 1}",
    ),
    (
        "predicate: a: matchN(1, [[1]])",
        "0.cue:1:26: predicate.a",
        "a list with elements, or a closed one, in what is matched; say what each element must be",
        "predicate: a: matchN(1, [[...1]])",
    ),
    (
        "predicate: a: matchN(0, [#A])\n#A: {b: []}",
        "0.cue:2:9: #A.b",
        "a list with elements, or a closed one, in what is matched; say what each element must be",
        "predicate: a: matchN(0, [#A])\n#A: {b: [...{c: 1}]}",
    ),
    (
        "predicate: {b: int, a: matchN(1, [>b])}",
        "0.cue:1:36: predicate.a",
        "a value that is computed, in what is matched; write the value",
        "predicate: {b: int, a: matchN(1, [>2])}",
    ),
    (
        "predicate: {b: int, a: matchN(1, [b])}",
        "0.cue:1:35: predicate.a",
        "a reference (`b`) in what is matched; declare what is meant as a definition at the top",
        "predicate: a: matchN(1, [#B])\n#B: int",
    ),
    (
        "predicate: a: matchN(1, [for x in [1] {x}])",
        "0.cue:1:15: predicate.a",
        "a comprehension in what is matched; write what must hold without conditions",
        "predicate: a: matchN(1, [1])",
    ),
    (
        "predicate: {b: {}, a: close(b)}",
        "0.cue:1:23: predicate.a",
        "`close` of something that is not written here; write the struct or the list in the call",
        "predicate: a: close({})",
    ),
    (
        "predicate: close({if true {a: 1}})",
        "0.cue:1:12: predicate",
        "`close` of a struct with a comprehension; make a definition of it (`#A: {..}`), which is closed",
        "predicate: #A\n#A: {if true {a: 1}}",
    ),
    (
        "predicate: {a: 1, #n: 1, 3}",
        "0.cue:1:26: predicate",
        "embedding anything but structs, definitions and alternatives; make it the value of a field",
        "predicate: {a: 1, #n: 1, b: 3}",
    ),
    (
        "{predicate: a: 1} | {predicate: b: 2}",
        "0.cue:1:19: ",
        "embedding anything but structs, definitions and alternatives; make it the value of a field",
        "predicate: {a: 1} | {b: 2}",
    ),
    (
        "predicate: {b: {}, a: {b}}",
        "0.cue:1:24: predicate.a",
        "embedding what is not declared at the top of a file; declare it as a definition at the top of the file",
        "predicate: a: {#B}\n#B: {}",
    ),
    (
        "predicate: #a?: 1",
        "0.cue:1:12: predicate",
        "an optional or required definition or hidden field; leave its `?` or `!` out",
        "predicate: #a: 1",
    ),
    (
        "predicate: {a: b, b: c, c: a}",
        "0.cue:1:16: predicate.a",
        "a field that is computed from itself; compute it from other fields",
        "predicate: {a: b, b: c, c: _}",
    ),
    (
        "#A: {b?: [...#B]}\n#B: {a?: [...#A]}\npredicate: #A",
        "0.cue:1:14: #A.b[..]",
        "definitions that contain each other; let one contain itself",
        "#A: {b?: [...#A]}\npredicate: #A",
    ),
    (
        "predicate: {r: string, if r =~ \"^refs\" {r: \"refs/main\"}}",
        "0.cue:1:27: predicate.r",
        "a field that refers to itself, or to what contains it; refer to single fields beside it",
        "predicate: {r: !~\"^refs\" | \"refs/main\"}",
    ),
    (
        "predicate: {k: string, if k == \"a\" {#K}}\n#K: {k: \"a\", b!: 1}",
        "0.cue:1:27: predicate.k",
        "a field that refers to itself",
        "predicate: {k: string, if k == \"a\" {#K}}\n#K: {b!: 1, ...}",
    ),
    (
        "#T: {next?: #T}\npredicate: #T",
        "0.cue:1:13: #T.next",
        "a field that refers to itself",
        "#T: {next?: [...#T]}\npredicate: #T",
    ),
    (
        "predicate: X={a: X}",
        "0.cue:1:18: predicate.a",
        "a reference to `X`; name the field itself (`predicate.a`)",
        "predicate: X={a: X.b, b: _}",
    ),
    (
        "predicate: {a: len(int)}",
        "0.cue:1:20: predicate.a",
        "`int` within what is computed; make it the constraint of a hidden field (`_a: ..`), and refer to that",
        "predicate: {_a: int, a: len(_a)}",
    ),
    (
        "predicate: {a: len({b: 1} & {c: 1})}",
        "0.cue:1:27: predicate.a",
        "`&` within what is computed; make it the constraint of a hidden field",
        "predicate: {_a: {b: 1} & {c: 1}, a: len(_a)}",
    ),
    (
        "predicate: {a: len([1, ...])}",
        "0.cue:1:24: predicate.a",
        "an open list within what is computed; close the list",
        "predicate: {a: len([1])}",
    ),
    (
        "predicate: {a: {b: 1}.b + 1}",
        "0.cue:1:16: predicate.a",
        "a field or element of this; make a hidden field of it (`_a: ..`), and refer to that",
        "predicate: {_a: {b: 1}, a: _a.b + 1}",
    ),
    (
        "predicate: {a: len(\"b\") != _|_}",
        "0.cue:1:16: predicate.a",
        "a comparison of this with `_|_`; compare a field (`a.b != _|_`)",
        "predicate: {b?: string, a: b != _|_}",
    ),
    (
        "predicate: {c: _, d: c[0:1]}",
        "0.cue:1:22: predicate.d",
        "a slice; take elements by their index (`a[0]`)",
        "predicate: {c: _, d: [c[0]]}",
    ),
    (
        "predicate: {c: _, if len(c) > 1 {a?: 1}, a?: _, if a == _|_ {b!: 1}}",
        "0.cue:1:52: predicate.a",
        "a comparison with `_|_` of a field that a comprehension may add; repeat the condition",
        "predicate: {c: _, if len(c) > 1 {a?: 1}, if len(c) <= 1 {b!: 1}}",
    ),
    (
        "predicate: {a?: b, b?: _, if a != _|_ {c!: 1}}",
        "0.cue:1:30: predicate.a",
        "a comparison with `_|_` of a field that refers to another one; ask for the field that it refers to",
        "predicate: {a?: b, b?: _, if b != _|_ {c!: 1}}",
    ),
    (
        "predicate: {d: {a: 1} | {b: 1}, d: close({a: 1}) | null}",
        "0.cue:1:23: predicate.d",
        "two disjunctions of structs or lists for one field; write them as one",
        "predicate: {d: close({a: 1})}",
    ),
    (
        "predicate: d: #A & #B\n#A: {a: 1} | {b: 1}\n#B: {c!: 1} | [...]",
        "0.cue:1:18: predicate.d",
        "two disjunctions of structs or lists",
        "predicate: d: #AB\n#AB: {a: 1, c!: 1} | {b: 1, c!: 1}",
    ),
    (
        "predicate: #A\npredicate: d: {a: 1} | null\n#A: {d: {b: 1} | [...], ...}",
        "0.cue:2:22: predicate.d",
        "two disjunctions of structs or lists",
        "predicate: #A\n#A: {d: {a: 1, b: 1}, ...}",
    ),
    (
        "predicate: {c: [...int] | null, d: c[0]}",
        "0.cue:1:36: predicate.d",
        "a reference into a field with alternatives; say in each alternative what must hold there",
        "predicate: {c: [1, ...int] | null, d: 1}",
    ),
    (
        "predicate: {g: _, if g {s: k: 1}, s: {...}, l: s.k + 1}",
        "0.cue:1:48: predicate.s.k",
        "a reference to a field that a comprehension adds to; give what is added another name",
        "predicate: {g: _, if g {t: k: 1}, s: {...}, l: s.k + 1}",
    ),
    (
        "predicate: {g: _, if g {s: a!: 1}, s: >1}",
        "0.cue:1:19: predicate.s",
        "a comprehension that makes a struct of a field of which other things are said; say `{...}` of it",
        "predicate: {g: _, if g {s: a!: 1}, s: {...}}",
    ),
    (
        "_m: {for k in [\"a\"] {(k): 1}}\n_m: >1",
        "0.cue:1:6: _m",
        "a comprehension that makes a struct of a field",
        "_m: {for k in [\"a\"] {(k): 1}}\n_m: {...}",
    ),
    (
        "import \"struct\"\n#P: {g: _, if g {k: 1}}\npredicate: #P & struct.MinFields(1)",
        "0.cue:3:17: predicate",
        "a constraint that counts or compares what a comprehension adds to; put the constraint into",
        "#P: {g: _, if g {k!: 1}}\npredicate: #P",
    ),
    (
        "predicate: {g: _, b: {...}, if g {b}}",
        "0.cue:1:29: predicate",
        "a comprehension that yields what is not written in it or in definitions; write the fields in it",
        "#B: {...}\npredicate: {g: _, if g {#B}}",
    ),
    (
        "import \"encoding/yaml\"\npredicate: t: matchIf(yaml.Validate({a!: 1} & {b: _}), =~\"a\", _)",
        "0.cue:2:23: predicate.t",
        "`yaml.Validate` of anything but a struct that is written there, in `matchIf` or `list.MatchN`; write the struct",
        "import \"encoding/yaml\"\npredicate: t: matchIf(yaml.Validate({a!: 1, b: _}), =~\"a\", _)",
    ),
    (
        "import \"encoding/json\"\nimport \"list\"\npredicate: t: list.MatchN(1, json.Validate(#A))\n#A: {}",
        "0.cue:3:30: predicate.t",
        "`json.Validate` of anything but a struct",
        "import \"encoding/json\"\nimport \"list\"\npredicate: t: list.MatchN(1, json.Validate({}))",
    ),
    (
        "import \"encoding/yaml\"\npredicate: t: yaml.Validate({a: [1]})",
        "0.cue:2:33: predicate.t.a",
        "a list with elements",
        "import \"encoding/yaml\"\npredicate: t: yaml.Validate({a: [...1]})",
    ),
    (
        "import \"encoding/yaml\"\npredicate: {t: string, if yaml.Validate(t, {a: 1}) {b!: 1}}",
        "0.cue:2:27: predicate",
        "`yaml.Validate` within what is computed",
        "import \"encoding/yaml\"\npredicate: {t: yaml.Validate({a: 1}), b!: 1}",
    ),
    (
        "predicate: {a?: b, b?: _}\nlet x = predicate\n_r: {if x.a != _|_ {c: 1}}",
        "0.cue:3:9: predicate.a",
        "a comparison with `_|_` of a field that refers to another one; ask for the field that it refers to",
        "predicate: {a?: b, b?: _}\nlet x = predicate\n_r: {if x.b != _|_ {c: 1}}",
    ),
    (
        "predicate: l: [...{a?: b, b?: _}]\n_r: {let y = x, let x = predicate, for p in y.l let q = p if q.a != _|_ {c: 1}}",
        "0.cue:2:62: predicate.l[..].a",
        "a comparison with `_|_` of a field that refers to another one; ask for the field that it refers to",
        "predicate: l: [...{a?: b, b?: _}]\n_r: {for p in predicate.l if p.b != _|_ {c: 1}}",
    ),
    (
        "predicate: a?: _\n_r: {for p in [predicate] if p.a != _|_ {c: 1}}",
        "0.cue:2:30: _r",
        "a comparison of this with `_|_`; compare a field",
        "predicate: a?: _\n_l: [predicate]\n_r: {for p in _l if p.a != _|_ {c: 1}}",
    ),
    (
        "predicate: {b?: int, a: *b | 3}\nlet l = [predicate]\n_r: {if l[0].a != _|_ {z: 1}}",
        "0.cue:3:9: _r",
        "a comparison of this with `_|_`; compare a field",
        "predicate: {b?: int, a: *b | 3}\n_r: {if predicate.b != _|_ {z: 1}}",
    ),
    (
        "predicate: k: {a: 1} | {b: 1}\nlet x = predicate.k\nn: x.a",
        "0.cue:3:4: n",
        "a reference into a field with alternatives; say in each alternative what must hold there",
        "predicate: k: {a: 1, n: 1} | {b: 1}",
    ),
    (
        "predicate: {a: string, b: {c: 1} | predicate.a}",
        "0.cue:1:36: predicate.b",
        "a reference (`predicate.a`) in an alternative; declare what is meant as a definition",
        "predicate: {a: string, b: {c: 1} | a}",
    ),
    (
        "predicate: {l: [...], for p in l {a: 1 | p}}",
        "0.cue:1:42: predicate.a",
        "a variable (`p`) in an alternative; write the comprehension without it",
        "predicate: {l: [...], for p in l {a: 1}}",
    ),
    (
        "let x = predicate.b\npredicate: {b: _, a: 1 | x}",
        "0.cue:1:9: predicate.a",
        "a value that is computed, in an alternative; write the value",
        "let x = 2\npredicate: {b: _, a: 1 | x}",
    ),
    (
        "predicate: a: matchN(1, [{if true {b: 1}}])",
        "0.cue:1:27: predicate.a",
        "a comprehension in what is matched; write what must hold without conditions",
        "predicate: a: matchN(1, [{b: 1}])",
    ),
];

#[test]
fn what_is_not_judged_is_named_with_its_place_and_what_to_write_instead() {
    let mut wrong = Vec::new();
    for &(policy, place, what, instead) in OUTSIDE {
        let said = outside(&[policy]).unwrap_or_else(|| panic!("judged: {policy}"));
        let place = place.trim_end_matches(": ");
        let named = format!("{place}: not in the part of CUE that is judged here: ");
        if said.strip_prefix(&named).is_none_or(|rest| !rest.starts_with(what)) {
            wrong.push(said);
        }
        if let Some(said) = outside(&[instead]) {
            wrong.push(format!("{instead}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn looking_at_a_policy_has_an_end() {
    let many: String = (0..400).map(|n| format!("#A{n}: {{#A{}, #A{}}}\n", n + 1, n + 2)).collect();
    let policy = format!("{many}#A400: {{}}\n#A401: {{}}\npredicate: {{k: 1, if k > 0 {{#A0}}}}");
    assert!(outside(&[&policy]).unwrap().contains("a value that is too large to be looked at"));
    let used = |count: usize, of: &str| -> String { (0..count).map(|n| format!("f{n}?: {of}, ")).collect() };
    let (outer, inner) = (used(60, "#B"), used(60, "#A"));
    let policy = format!("#A: {{g: _, if g {{k!: 1}}}}\n#B: {{{inner}}}\npredicate: {{{outer}}}");
    assert!(outside(&[&policy]).unwrap().contains("a definition that is used in too many places"));
    // The time grows with the square of the number of places.
    let conditions: String = (0..5).map(|n| format!("if g {{s{n}: a!: 1}}, ")).collect();
    let began = std::time::Instant::now();
    let policy = format!("#A: {{g: bool, {conditions} ...}}\npredicate: {{{}}}", used(200, "#A"));
    assert_eq!(outside(&[&policy]), None);
    assert!(began.elapsed().as_secs() < 60);
    let many: String = (0..1_600).map(|n| format!("a{n}: b{n}\nb{n}: 1\n")).collect();
    assert!(outside(&[&many]).unwrap().contains("more than 1500 references"));
}
