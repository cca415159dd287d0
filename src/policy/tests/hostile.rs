//! Policies of somebody who wants to see this hang, fall over, or look elsewhere.

use super::one;

#[test]
fn functions_that_reach_beyond_the_statement_are_refused_by_name() {
    for (call, name) in [
        (r#"http.send({"method": "get", "url": "http://127.0.0.1:1"})"#, "http.send"),
        (r#"net.lookup_ip_addr("localhost")"#, "net.lookup_ip_addr"),
        ("opa.runtime()", "opa.runtime"),
        (r#"rego.parse_module("a", "package a")"#, "rego.parse_module"),
        (r#"graphql.parse_query("{ a }")"#, "graphql.parse_query"),
        ("no.such(1)", "no.such"),
    ] {
        for body in [call.to_owned(), format!("not {call}"), format!("x := {call}; x")] {
            let said = one(&format!("allow {{ {body} }}"), "{}").unwrap_err();
            assert!(said.contains(name) && said.contains("p.rego:2"), "{body}: {said}");
        }
        // Nor where nothing asks for them.
        one(&format!("allow {{ true }}\nother {{ {call} }}"), "{}").unwrap_err();
    }
}

/// OPA CVE-2022-36085: `with` put a function that was ruled out in the place of another.
#[test]
fn opa_cve_2022_36085_with_brings_no_function_that_is_ruled_out() {
    for name in ["http.send", "opa.runtime", "net.lookup_ip_addr", "rego.parse_module"] {
        for policy in [
            format!("allow {{ bad with count as {name} }}\nbad {{ count({{}}) }}"),
            format!("allow {{ not bad with count as {name} }}\nbad {{ count({{}}) == 1 }}"),
            format!("allow {{ x := {name}; x }}"),
            format!("allow {{ not {name} }}"),
            format!("allow {{ bad with data.x as {name} }}\nbad {{ data.x }}"),
        ] {
            one(&policy, "{}").unwrap_err();
        }
    }
}

#[test]
fn what_never_ends_is_refused() {
    for policy in [
        "allow { f(1) }\nf(x) { f(x) }",
        "allow { f(1) }\nf(x) { g(x) }\ng(x) { f(x) }",
        "allow { a }\na { b }\nb { a }",
        "allow { data.signature.allow }",
        "allow { data.signature[x] }",
    ] {
        let said = one(policy, "{}").unwrap_err();
        assert!(said.contains("recursive"), "{policy}: {said}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("not ", ""), ("-", "")] {
        let policy = format!("allow {{ x := {}1{} }}", open.repeat(50_000), close.repeat(50_000));
        one(&policy, "{}").unwrap_err();
    }
    let operators = format!("allow {{ x := 1{} }}", " + 1".repeat(50_000));
    assert!(one(&operators, "{}").unwrap_err().contains("operators"));
    one(&format!("allow {{ x := 1{}; x == 501 }}", " + 1".repeat(500)), "{}").unwrap();
    let chain = |count: usize| {
        let rules = (0..count).map(|i| format!("r{i} {{ r{} }}\n", i + 1)).collect::<String>();
        one(&format!("allow {{ r0 }}\n{rules}r{count} {{ true }}"), "{}")
    };
    assert!(chain(3_000).unwrap_err().contains("deep"));
    chain(400).unwrap();
}

/// The policies of the recorded cases with a few bytes changed, each in a way that its number tells: whatever comes of it, it
/// comes, and what is left out of a text or doubled does not bring down the parser.
#[test]
fn changed_policies_end_with_a_verdict_or_an_error() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/policies/rego/cases.jsonl");
    let cases = std::fs::read_to_string(path).unwrap();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut ended = 0;
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let policy = case["files"].as_object().unwrap().values().next().unwrap().as_str().unwrap();
        let mut text: Vec<char> = policy.chars().collect();
        for _ in 0..=next(3) {
            let at = next(text.len());
            let other = text[next(text.len())];
            match next(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, other),
                2 => text[at] = other,
                _ => text.insert(at, ['{', '}', '[', ')', '"', '_', '\n', 'é'][next(8)]),
            }
        }
        let text: String = text.into_iter().collect();
        let outcome = super::rego(&[("p.rego", &text)], r#"{"a":1}"#);
        assert!(!outcome.is_err_and(|said| said.contains("without an answer")), "{text}");
        ended += 1;
    }
    assert!(ended > 200);
}

#[test]
fn what_a_negated_call_looks_at_has_to_be_there() {
    for (policy, holds) in [
        (r#"allow { not startswith(input.predicate.b, "x") }"#, true),
        (r#"allow { not startswith(input.predicate.absent, "x") }"#, false),
        (r#"allow { not startswith(lower(input.predicate.absent), "x") }"#, false),
        ("allow { not input.predicate.absent > 3 }", false),
        ("allow { not input.predicate.absent == 3 }", true),
        ("allow { not input.predicate.absent }", true),
        ("allow { not input.predicate.c[input.predicate.absent] }", false),
        (r#"allow { x := "b"; not startswith(input.predicate[x], "b") }"#, false),
        ("import rego.v1\nallow if not input.predicate.absent > 3", false),
        ("import rego.v1\nallow if not input.predicate.a > 3", true),
    ] {
        let said = one(policy, r#"{"a":1,"b":"bb","c":[1]}"#);
        assert_eq!(said.is_ok(), holds, "{policy}: {said:?}");
    }
}

#[test]
fn what_can_never_hold_is_an_error_wherever_it_is() {
    for policy in [
        "allow { not bad }\nbad { x := 1; x == \"a\" }",
        "allow { not bad }\np = 1\nbad { p == \"a\" }",
        "allow { not bad }\nf(x) = 1 { startswith(x, \"a\") }\nbad { f(1) }",
        "allow { not bad }\nbad { count([x | x := 1]) == \"a\" }",
        "allow { not bad }\nbad { x := {\"a\": 1}; x.b }",
    ] {
        let said = one(policy, "{}").unwrap_err();
        assert!(
            ["match error", "invalid argument", "undefined ref"].iter().any(|why| said.contains(why)),
            "{said}"
        );
        assert!(said.starts_with("p.rego:"), "{said}");
    }
}

#[test]
fn what_cannot_be_decided_as_the_peer_does_is_refused() {
    for policy in [
        "allow { not bad }\nbad { 0.1 + 0.2 == 0.30000000000001 }",
        "allow { to_number(\"0x10\") != 17 }",
        "allow { sprintf(\"%e\", [1.5]) != \"\" }",
        "allow { yaml.unmarshal(\"a: yes\").a != 1 }",
    ] {
        let said = one(policy, "{}").unwrap_err();
        assert!(said.contains("cannot be decided"), "{policy}: {said}");
    }
}

/// Each of these was accepted here, and was an error, undefined or another value there.
#[test]
fn yaml_that_go_reads_otherwise_is_refused() {
    let numbers = ["-_1", "-__1_", "-_0x1", "-_.5", "-_1.5", "-_1e3", "-_9223372036854775808", "-_1: a"];
    let more = ["+_1", "a: -_1", "[-_1]", "- -_1"];
    let slashes = [r#"a: "http:\/\/b""#, r#""\/""#];
    let keys = ["{u: http://x?y=1}", "[a?]", "[a?b]", "{a?: 1}", "{a: b?}", "[a: b?]", "[a,\n b?]"];
    for text in numbers.iter().chain(&more).chain(&slashes).chain(&keys) {
        for call in ["not yaml.unmarshal({}) == 1", "not yaml.is_valid({})"] {
            let said =
                one(&format!("allow {{ {} }}", call.replace("{}", &format!("{text:?}"))), "{}").unwrap_err();
            assert!(said.contains("cannot be decided"), "{text}: {said}");
        }
    }
    for (text, value) in [
        ("a: -1", r#"{"a": -1}"#),
        ("a: b_1", r#"{"a": "b_1"}"#),
        ("u: http://x?y=1", r#"{"u": "http://x?y=1"}"#),
        ("[a/b]", r#"["a/b"]"#),
    ] {
        one(&format!("allow {{ yaml.unmarshal({text:?}) == {value} }}"), "{}").unwrap();
    }
}

/// OPA takes other kinds for no networks at all, which is true, and what is none for a mistake.
#[test]
fn matches_of_what_is_no_network_are_refused() {
    let predicate = r#"{"a": 1, "c": "null", "n": "10.0.0.0/8", "t": true, "l": [1], "e": [], "z": [[]]}"#;
    for given in ["c, a", "a, n", "n, a", "e, a", "n, t", "c, n", "n, c", "n, l", "l, n", "l, e", "z, n"] {
        let given = given.split(", ").map(|name| format!("input.predicate.{name}")).collect::<Vec<_>>();
        let call = format!("net.cidr_contains_matches({})", given.join(", "));
        for policy in [format!("allow {{ not {call} }}"), format!("allow {{ {call} }}")] {
            let said = one(&policy, predicate).unwrap_err();
            assert!(said.contains("cannot be decided"), "{policy}: {said}");
        }
    }
    for call in [
        r#"not net.cidr_contains_matches("null", 5)"#,
        "not net.cidr_contains_matches(null, input.predicate.n)",
        r#"not net.cidr_contains_matches(["10.0.0.0/8", 1], "10.0.0.1")"#,
        r#"not net.cidr_contains_matches({1: "10.0.0.0/8"}, "10.0.0.1")"#,
    ] {
        let said = one(&format!("allow {{ {call} }}"), predicate).unwrap_err();
        assert!(said.contains("invalid argument"), "{call}: {said}");
    }
    let said = one(
        r#"allow { not bad }
bad { net.cidr_contains_matches("10.0.0.0/8", "10.0.0.1")[_] == 5 }"#,
        "{}",
    );
    assert!(said.unwrap_err().contains("match error"));
    one(r#"allow { net.cidr_contains_matches({"a": ["10.0.0.0/8", 3]}, {"10.0.0.1"}) == {["a", "10.0.0.1"]} }"#, "{}")
        .unwrap();
}
