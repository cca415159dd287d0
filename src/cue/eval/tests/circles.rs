//! Values that are computed from themselves, and what may not be hidden by an alternative: each is a refusal.

use super::{passes, refuses};

const CIRCULAR: &str = "the value depends on itself";

#[test]
fn defaults_and_alternatives_of_themselves() {
    for policy in [
        "n0: *(n0 + 0) | int",
        "s1: *\"\\(s1)\" | =~\"x\"",
        "t0: *(t0 && t0) | bool",
        "n0: *n0 | *1 | int\nn0: 2\nif (n0 | number) == 1 {z: _}",
        "s1: s0 | =~\"x\"\ns0: \"\\(s1)\" + \"x\"",
        "a: *b | 1\nb: *a | 2",
        "l4: [for v in l4 if (1 | 2) >= 0 {v}]\nfor v in l4 {s3: _}",
        "s2: (s1 | \"x\" | \"y\") & =~\"x\"\ns1: \"x\"\ns1: \"\\(s2)\"",
    ] {
        refuses(policy, "{}", "depend");
    }
}

#[test]
fn comprehensions_that_feed_themselves() {
    for policy in [
        "predicate: {a: _, if a != _|_ {a: {b: 1}}}",
        "predicate: {a: *1 | 2, if a > 1 {a: {b: 1}}}",
        "for v in l3 {o2: _}\nl3: [1, len(o2.l)]\no2: {n: 1}",
        "o3: {o0, t: o3 == _|_}\no0: {if o3.t {n: 1}}",
        "x: {if x.b == _|_ {b: 1}}",
        "predicate: {for k, v in predicate {\"\\(k)x\": v}}",
    ] {
        refuses(policy, "{\"a\": 1}", "");
    }
}

#[test]
fn arithmetic_in_circles() {
    refuses("a: b + 1\nb: a - 1\na: 5", "{}", CIRCULAR);
    refuses("x: [x[1] + 1, x[0] - 1]\nx: [2, 1]", "{}", CIRCULAR);
}

#[test]
fn references_to_each_other_and_recursive_definitions_are_no_circles() {
    passes("predicate: {a: b, b: a}", "{\"a\": 1, \"b\": 1}");
    passes(
        "#T: {v: int, left?: #T, right?: #T}\npredicate: #T",
        r#"{"v": 1, "left": {"v": 2, "right": {"v": 3}}}"#,
    );
    refuses(
        "#T: {v: int, left?: #T}\npredicate: #T",
        r#"{"v": 1, "left": {"v": "x"}}"#,
        "conflicting values",
    );
    passes(
        "#E: string | {op: string, args: [...#E]}\npredicate: e: #E",
        r#"{"e": {"op": "+", "args": ["a", {"op": "-", "args": []}]}}"#,
    );
    refuses(
        "#E: string | {op: string, args: [...#E]}\npredicate: e: #E",
        r#"{"e": {"op": "+", "args": [1]}}"#,
        "none of the 2 alternatives fits (1: ",
    );
    passes("predicate: {kind: string, if kind == \"x\" {size: >1}}", r#"{"kind": "x", "size": 2}"#);
    passes("predicate: {foo?: int, if foo != _|_ {bar: foo + 1}}", r#"{"foo": 1, "bar": 2}"#);
    passes("predicate: P={a: int, b: P.a + 1}", r#"{"a": 1, "b": 2}"#);
    passes("predicate: {items: [...], n: len(items)}", r#"{"items": [1], "n": 1}"#);
}

#[test]
fn no_alternative_hides_what_is_not_supported() {
    let unsupported = "math.Floor(3.14159265358979323846264338327950288419716939937510)";
    for form in [
        "x: (VALUE) | \"x\"",
        "x: *(VALUE) | _",
        "x: [if VALUE == _|_ {1}, 2][0]",
        "x: matchN(0, [VALUE])\nx: 1",
        "x: {[VALUE]: int}\nx: a: 1",
        "x: {y: VALUE} | {}",
        "x: or([VALUE, 1])",
        "#x: {y: VALUE} | {z: 1}\npredicate: #x | {}",
    ] {
        let policy = format!("import \"math\"\n{}", form.replace("VALUE", unsupported));
        refuses(&policy, "{}", "not supported");
    }
}

#[test]
fn no_alternative_hides_a_limit() {
    let long = "\"x\" * 99999999999";
    for form in [
        "x: (VALUE) | \"x\"",
        "x: [if VALUE == _|_ {1}, 2][0]",
        "x: matchN(0, [VALUE])\nx: \"y\"",
        "x: {y: VALUE} | {}",
    ] {
        refuses(&form.replace("VALUE", long), "{}", "MiB");
    }
}

#[test]
fn alternatives_that_are_merged_are_not_decided_on() {
    refuses("x: {a: 1} & ({b?: 2} | {b?: 1}) & ({b: 3} | {b: 1})", "{}", "two disjunctions");
    refuses("x: [...] & ([] | [...]) & ([1] | [1, 2])", "{}", "two disjunctions");
    refuses("l: [...string] | [...int]\nn: len(l)\nn: 5", "{}", "cannot be decided");
    passes("#X: {l: {a?: string} | {a?: int}, n: len(l), n: 5}", "{}");
}

#[test]
fn a_struct_that_embeds_its_own_part_which_adds_to_that_part() {
    let policy = "predicate: {sum: _, if sum == 7 {copy: {d: {d: a: 1}\nd}}}";
    refuses(policy, r#"{"copy": {"a": 1}, "sum": 7}"#, "predicate.copy: cannot be decided");
    passes("y: {d: {a: 1}, d}\ny: a: 1", "{}");
    passes("#A: {a: int}\nx: {#A: b: int, #A, a: 1}", "{}");
}

#[test]
fn optional_fields_that_refer_to_what_a_comprehension_yields() {
    for value in ["\"x\" & r.k", "and([r.k, \"x\"])", "\"x\" & s", "\"x\" & r[\"k\"]"] {
        let policy = format!("r: {{if true {{k: 1}}}}\ns: r.k\nx: {{k?: {value}}}");
        refuses(&policy, "{}", "an optional field that can have no value");
    }
    passes("r: {if true {k: 1}}\nx: {k?: int & r.k}", "{}");
    passes("r: {k: 1}\nx: {k?: \"x\" & r.k}", "{}");
}
