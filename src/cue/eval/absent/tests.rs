use super::super::tests::judge;

/// What a policy finds missing in a predicate, which it accepts.
fn absent(policy: &str, predicate: &str) -> Vec<String> {
    judge(policy, predicate).unwrap_or_else(|error| panic!("{policy}\non {predicate}: {error}")).absent
}

#[test]
fn a_field_that_the_policy_itself_supplies_is_missing() {
    for value in ["true", "null", "\"x\"", "1", "{}", "{id: 1}", "[1]", "[...]", "*1 | int", ">1", "1 | 2"] {
        let policy = format!("predicate: reviewed: {value}");
        assert_eq!(absent(&policy, "{}"), ["predicate.reviewed"], "{value}");
    }
    assert!(absent("predicate: reviewed: true", r#"{"reviewed": true}"#).is_empty());
    assert!(absent("predicate: reviewed: null", r#"{"reviewed": null}"#).is_empty());
    assert_eq!(absent("predicate: a: b: c: 1", r#"{"a": {}}"#), ["predicate.a.b"]);
    assert_eq!(absent("subject: [...{name: string}]", "{}"), ["subject"]);
}

#[test]
fn definitions_patterns_comprehensions_and_elements_count() {
    assert_eq!(absent("#P: {a: \"x\", b?: int}\npredicate: #P", "{}"), ["predicate.a"]);
    assert_eq!(absent("predicate: r: [string]: ok: true", r#"{"r": {"x": {}}}"#), ["predicate.r.x.ok"]);
    assert_eq!(absent("predicate: {a: int, if a > 1 {b: true}}", r#"{"a": 2}"#), ["predicate.b"]);
    let nested = "predicate: l: [...{a: [...{c: \"x\"}]}]";
    let found = absent(nested, r#"{"l": [{"a": [{"c": "x"}, {}]}, {}]}"#);
    assert_eq!(found, ["predicate.l[0].a[1].c", "predicate.l[1].a"]);
    let referring = "predicate: l: [...{a: int, b: a}]";
    assert_eq!(absent(referring, r#"{"l": [{"a": 1, "b": 1}, {"a": 1}]}"#), ["predicate.l[1].b"]);
}

#[test]
fn optional_fields_definitions_hidden_fields_and_let_do_not_count() {
    let policy = "predicate: {a: int, b?: 1, _c: a, #d: 1, e: _, let f = a, g: f}\n#X: {y: 1}";
    assert!(absent(policy, r#"{"a": 1, "g": 1}"#).is_empty());
    assert!(absent("predicate: {n?: int, if n != _|_ if n > 2 {b: true}}", "{}").is_empty());
}

#[test]
fn of_a_disjunction_the_closest_alternative_counts() {
    let kinds = "predicate: {k: \"a\", x: 1} | {k: \"b\", y: 2}";
    assert_eq!(absent(kinds, r#"{"k": "a"}"#), ["predicate.x"]);
    assert!(absent(kinds, r#"{"k": "b", "y": 2}"#).is_empty());
    assert!(absent("predicate: *{a: 1} | {b: 2}", r#"{"b": 2}"#).is_empty());
    // What an alternative lacks that was given up is nothing.
    let given_up = "predicate: {l: [...{a: int}], k: \"x\"} | {l: [...], k: \"y\"}";
    assert!(absent(given_up, r#"{"k": "y", "l": [{}]}"#).is_empty());
    let elements = "predicate: l: [...({k: \"a\", x: 1} | {k: \"b\"})]";
    assert_eq!(absent(elements, r#"{"l": [{"k": "a"}, {"k": "b"}]}"#), ["predicate.l[0].x"]);
}

#[test]
fn what_is_counted_from_outside_counts() {
    let policy = "predicate: matchN(>=1, [{reviewed: true}, {signed: true}])";
    assert_eq!(absent(policy, "{}"), ["predicate.reviewed", "predicate.signed"]);
    assert!(absent(policy, r#"{"signed": true}"#).is_empty());
    assert!(absent("predicate: matchN(0, [{bad: true}])", r#"{"bad": false}"#).is_empty());
    assert_eq!(absent("predicate: matchIf({a!: 1}, {b: 1}, _)", r#"{"a": 1}"#), ["predicate.b"]);
    let elements = "import \"list\"\npredicate: l: list.MatchN(>0, {a: 1})";
    assert_eq!(absent(elements, r#"{"l": [{}, {"a": 2}]}"#), ["predicate.l[0].a"]);
    assert!(absent(elements, r#"{"l": [{}, {"a": 1}]}"#).is_empty());
}

#[test]
fn what_a_field_refers_to_counts() {
    let policy = "predicate: {size: limits.most, limits: {...}}";
    assert_eq!(absent(policy, r#"{"size": 1, "limits": {}}"#), ["predicate.limits.most"]);
    assert!(absent(policy, r#"{"size": 1, "limits": {"most": 1}}"#).is_empty());
    // A hidden field that checks something checks nothing where that is not there.
    let policy = "predicate: _\n_version: predicate.builder.version\n_version: \"1\"";
    assert_eq!(absent(policy, r#"{"builder": {}}"#), ["predicate.builder.version"]);
    assert!(absent(policy, r#"{"builder": {"version": "1"}}"#).is_empty());
    let policy =
        "predicate: _\n_trusted: {x: true}\n_known: true & _trusted[predicate.id]\n_in: {of: _known}";
    assert_eq!(absent(policy, r#"{"id": "y"}"#), ["_trusted.y"]);
    assert!(absent(policy, r#"{"id": "x"}"#).is_empty());
}

#[test]
fn values_that_the_policy_keeps_for_itself_do_not_count() {
    let policy = "allowed: [\"a\", \"b\"]\npredicate: x: or(allowed)";
    assert!(absent(policy, r#"{"x": "a"}"#).is_empty());
    assert_eq!(absent(policy, "{}"), ["predicate.x"]);
    // Nothing else uses it: a mistake in writing `predicate`.
    assert_eq!(absent("predicat: {x: 1, y: x, z: predicat.x}", r#"{"x": 1}"#), ["predicat"]);
    // Nor does a name of a statement stand for something of the policy's own.
    assert_eq!(absent("subject: [...]\npredicate: n: len(subject) & 0", r#"{"n": 0}"#), ["subject"]);
}
