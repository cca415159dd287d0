//! Policies of somebody who wants to see this hang, fall over, or look elsewhere.

use super::one;

#[test]
fn functions_that_reach_beyond_the_statement_are_refused_by_name() {
    for (call, name) in [
        (r#"http.send({"method": "get", "url": "http://127.0.0.1:1"})"#, "http.send"),
        (r#"net.lookup_ip_addr("localhost")"#, "net.lookup_ip_addr"),
        ("opa.runtime()", "opa.runtime"),
        (r#"rego.parse_module("a", "package a")"#, "rego.parse_module"),
        (r#"crypto.x509.parse_certificates("")"#, "crypto.x509.parse_certificates"),
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
    one(&format!("allow {{ x := 1{}; x == 5001 }}", " + 1".repeat(5_000)), "{}").unwrap();
    let chain = |count: usize| {
        let rules = (0..count).map(|i| format!("r{i} {{ r{} }}\n", i + 1)).collect::<String>();
        one(&format!("allow {{ r0 }}\n{rules}r{count} {{ true }}"), "{}")
    };
    assert!(chain(3_000).unwrap_err().contains("deep"));
    chain(400).unwrap();
}
