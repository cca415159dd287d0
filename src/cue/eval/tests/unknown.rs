//! What is not known even with the statement.

use super::{passes, refuses};

const UNKNOWN: &str = "is not known even with the statement";

#[test]
fn what_is_computed_of_what_the_statement_lacks() {
    for policy in [
        "predicate: _\nx: predicate.b + 1",
        "predicate: {if c.d == 1 {a: 2}, c: _}",
        "predicate: _\nx: [for v in predicate.l {v}]",
        "predicate: {s: string, _u: \"\\(s)\"}",
        "import \"list\"\nx: len(list.Repeat([number], 2)) & int",
        "x: {d: c: string, if d.c == _|_ {d: d.b + 3}}",
        "predicate: l: [...{if k == 1 {m!: int}, k: int}]\npredicate: l: [{}]",
    ] {
        refuses(policy, r#"{"a": 1}"#, "");
    }
    refuses("predicate: {b: number, _n: b + 1}", "{}", UNKNOWN);
}

#[test]
fn references_and_definitions_may_wait() {
    passes("predicate: _\nx: predicate.b\ny: x", r#"{"a": 1}"#);
    // What is below a definition's `_` is closed: cosign says that there is no such field.
    refuses("#A: {s: _, ...}\npredicate: #A\n_x: predicate.s.q", r#"{"s": {"z": 1}}"#, UNKNOWN);
    passes("#A: {k: int, if k == 1 {m!: int}, n: k + 1}\npredicate: a: 1", r#"{"a": 1}"#);
    passes("predicate: {k: int, if k == 1 {m!: int}}", r#"{"k": 2}"#);
}

#[test]
fn an_alternative_with_too_few_fields_may_be_none() {
    for value in [
        "{} & (struct.MinFields(1) | {k!: _})",
        "{} & (*struct.MinFields(1) | {k!: _})",
        "{c: {}} & ({c: struct.MinFields(1)} | {k!: _})",
        "{a: int} & (*{struct.MinFields(2), a: 1} | {a: 2, b: 1})",
    ] {
        refuses(&format!("import \"struct\"\nx: {value}"), "{}", "an alternative has fewer fields");
    }
    refuses("import \"list\"\nx: [...] & (list.MinItems(1) | [{k!: _}])", "{}", "an alternative has fewer");
    passes("import \"struct\"\npredicate: struct.MinFields(1) | {k!: _}", r#"{"a": 1}"#);
    passes("import \"struct\"\nx: {} & (struct.MaxFields(1) | {k!: _})", "{}");
}

#[test]
fn what_is_matched_has_its_constraints() {
    for (call, matched) in [
        ("matchN(1, [{c: \"xy\"}])", false),
        ("matchN(0, [{c: \"xy\"}])", true),
        ("matchN(1, [{c: \"xy\"}, {c: \"yy\"}])", true),
        ("matchIf({c: \"xy\"}, _, {c: 1})", false),
    ] {
        for value in [">=\"y\"", "\"yy\" | \"yz\"", "=~\"^y\""] {
            let policy = format!("y: {{c: {value}}}\ny: {call}");
            if matched { passes(&policy, "{}") } else { refuses(&policy, "{}", "y: ") }
        }
    }
    refuses("import \"list\"\ny: list.MatchN(1, \"xy\")\ny: [>=\"y\"]", "{}", "expected 1, found 0");
    passes("import \"list\"\ny: list.MatchN(0, \"xy\")\ny: [>=\"y\"]", "{}");
}
