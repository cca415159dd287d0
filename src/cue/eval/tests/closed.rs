//! What is refused in elements of the statement's lists without a node for each, and which elements a closed value may have.

use super::{passes, refuses};

/// Errors in fields that the elements lack.
#[test]
fn an_error_in_a_field_that_an_element_lacks() {
    let strict = "_strict: predicate.strict\npredicate: {strict: bool, \
                  vulns: [...{id: string, if _strict {deny: error(\"strict: no findings\")}}]}";
    refuses(
        strict,
        r#"{"strict": true, "vulns": [{"id": "x"}]}"#,
        "predicate.vulns[0].deny: strict: no findings",
    );
    passes(strict, r#"{"strict": false, "vulns": [{"id": "x"}]}"#);
    passes(strict, r#"{"strict": true, "vulns": []}"#);
    for element in [
        "{n: string, x: 1, x: 2}",
        "{n: string, ok: >5 & <3}",
        "{n: string, ok: int, ok: string}",
        "{n: string, ok: \"a\" | \"b\", ok: =~\"^c\"}",
        "{n: string, ok: k: 1, ok: k: 2}",
        "{n: string, x: [1 | 2], x: [3]}",
        "{n: string, {_h: 1, _h: 2}}",
        "{n: string, d: {#h: 1, #h: 2}}",
        "{n: string, d: {b: {c: {x: 1, x: 2}}}}",
        "{n: {_h: 1, _h: 2, string}}",
        "{n: string} & {l: [...int], l: string}",
    ] {
        let policy = format!("predicate: l: [...{element}]");
        refuses(&policy, r#"{"l": [{"n": "a"}]}"#, "predicate.l[0]");
        passes(&policy, r#"{"l": []}"#);
        refuses(&format!("predicate: l: [...{{k: [...{element}]}}]"), r#"{"l": [{"k": [{"n": "a"}]}]}"#, "");
    }
    let policy = "predicate: l: [...{a: int}]\npredicate: l: [...{a: [...]}]";
    refuses(policy, r#"{"l": [{"n": "a"}]}"#, "predicate.l[0].a: conflicting values");
    // Nobody has the optional field.
    passes("predicate: l: [...{n: string, x?: {y: 1, y: 2}}]", r#"{"l": [{"n": "a"}]}"#);
    refuses("predicate: l: [...{n: string, x?: {y: 1, y: 2}}]", r#"{"l": [{"n": "a", "x": {}}]}"#, "x.y");
}

#[test]
fn an_element_is_a_field_of_a_closed_value() {
    let options = "#Opts: {debug?: bool, if predicate.env == \"prod\" {debug: false}}\n\
                   predicate: {env: string, opts: #Opts}";
    refuses(options, r#"{"env": "dev", "opts": [1]}"#, "predicate.opts[0]: element not allowed");
    passes(options, r#"{"env": "dev", "opts": []}"#);
    for definition in ["{_}", "{a?: int, _}", "{if false {a: 1}}", "{let X = 1, if X > 2 {a: 1}}"] {
        for place in ["#O", "{#O}", "[string]: #O", "null | #O", "matchN(1, [#O])", "[...int] & #O"] {
            let policy = format!("#O: {definition}\npredicate: {{o: {place}}}");
            refuses(
                &policy,
                if place.starts_with("[s") { r#"{"o": {"k": [1]}}"# } else { r#"{"o": [1]}"# },
                "",
            );
        }
        let policy = format!("#O: {definition}\npredicate: {{o: [...#O]}}");
        refuses(&policy, r#"{"o": [[1]]}"#, "predicate.o[0][0]: element not allowed");
        passes(&policy, r#"{"o": [[], []]}"#);
        // What is not closed may be a list.
        passes(&format!("predicate: o: {definition}"), r#"{"o": [1]}"#);
        passes(&format!("predicate: o: [...{definition}]"), r#"{"o": [[1]]}"#);
    }
}

/// Definitions that are lists, or leave it to a function what the elements are.
#[test]
fn lists_of_definitions_have_elements() {
    for definition in
        ["[...]", "[...int]", "[_, ...]", "_", "list.MaxItems(3)", "list.UniqueItems()", "!=null", "!=[2]"]
    {
        let policy = format!(
            "import \"list\"\n#L: {definition}\n#U: list.MinItems(1)\npredicate: {{a: #L, b?: {{c: #L & #U}}}}"
        );
        passes(&policy, r#"{"a": [1], "b": {"c": [1]}}"#);
    }
    passes("#D: l: !=null\npredicate: #D", r#"{"l": [[1]]}"#);
}

#[test]
fn what_close_takes_is_a_struct() {
    for argument in
        ["{debug?: bool, _}", "{_}", "{#a: 1, _}", "{_h: 1, _}", "#N", "{a?: int, #N}", "{..., _}"]
    {
        for opts in ["{}", r#"{"opts": {"debug": true}}"#, r#"{"opts": 1}"#] {
            refuses(
                &format!("#N: {{_}}\npredicate: opts: close({argument})"),
                opts,
                "`close` needs a struct",
            );
        }
    }
    passes("predicate: o: close({a: int, _})", r#"{"o": {"a": 1}}"#);
    passes("predicate: o: close({a?: int, #N})\n#N: {b?: int}", r#"{"o": {"b": 1}}"#);
}

#[test]
fn a_required_field_makes_a_struct() {
    refuses("#N: int\n#M: {a!: int, #N}\npredicate: n: int", "{}", "#M: conflicting values");
    refuses("#N: [...int]\n#M: {a!: int, #N}\npredicate: n: int", "{}", "conflicting values");
    passes("#N: int\n#M: {a?: int, #N}\npredicate: n: #M", r#"{"n": 1}"#);
}
