//! Modules that OPA's compiler refuses although they can be read and evaluated. All of them were asked of cosign.

use super::one;

#[track_caller]
fn refused(cases: &[(&str, &str)]) {
    for (policy, part) in cases {
        let said = one(policy, r#"{"a": 1}"#).expect_err(policy);
        assert!(said.contains(part), "{policy}: {said}");
    }
}

#[test]
fn a_name_is_new_where_it_is_declared() {
    refused(&[
        ("allow { some x; x := 1 }", "p.rego:2:17: var x declared above"),
        ("allow { some x, y; [x, y] := [1, 2] }", "var x declared above"),
        ("allow { x := 1; x := 1 }", "var x assigned above"),
        ("allow { x = 1; x := 1 }", "var x referenced above"),
        ("allow { x := 1; some x; x == 1 }", "var x assigned above"),
        ("f(x) { some x; x = 1 }\nallow { f(1) }", "arg x redeclared"),
        ("f(x) { x := 1 }\nallow { f(1) }", "arg x redeclared"),
        ("import rego.v1\nallow if { every x in [1] { x := 2 } }", "var x declared above"),
        ("import rego.v1\nallow if { every x, x in [0] { x == 0 } }", "var x declared above"),
        ("import rego.v1\nallow if { some x in [1]; some x in [1]; x == 1 }", "var x declared above"),
        ("allow { [1 | x := 1; x := 1] == [1] }", "var x assigned above"),
        ("allow { [x, 2] := [1, 2] }", "cannot assign to 2"),
        ("allow { x.y := 1 }", "cannot assign to"),
        ("allow { count([]) == 0; count := 3; count == 3 }", "var count referenced above"),
        ("allow { count := 3; count([1]) == 1 }", "called function count shadowed"),
        ("allow { 1 + 1 == 2; plus := 3; plus == 3 }", "var plus referenced above"),
        ("allow { plus := 3; 1 + 1 == 2; plus == 3 }", "called function plus shadowed"),
    ]);
    for policy in [
        "allow { x := 1; [x | x := 2] == [2]; x == 1 }",
        "f(x) = y { y := [x | x := 3] }\nallow { f(1) == [3] }",
        "allow { x := 1; y := x; y == 1 }",
        "import rego.v1\nallow if { x := 1; every x in [2] { x == 2 }; x == 1 }",
        "p { x := 1; x == 1 } else { x := 2; x == 2 }\nallow { p }",
    ] {
        assert_eq!(one(policy, r#"{"a": 1}"#), Ok(()), "{policy}");
    }
}

#[test]
fn imports_rules_and_arguments_do_not_shadow_one_another() {
    refused(&[
        (
            "import rego.v1\nimport input.a\nimport input.b.a\nallow if true",
            "p.rego:4:1: import must not shadow",
        ),
        ("import rego.v1\nimport data.a.b\nimport data.c as b\nallow if true", "import must not shadow"),
        ("import rego.v1\nimport data.v1\nallow if true", "import must not shadow"),
        (
            "import rego.v1\nf(input) := 1\nallow if true",
            "p.rego:3:3: args and variables must not shadow input",
        ),
        ("import rego.v1\nallow if { data := 1; data == 1 }", "data cannot be shadowed"),
        ("f(x) = 1\ndefault f(x, y) = 2\nallow { true }", "conflicting rules"),
        ("default f(y) = 2\nf = 1\nallow { true }", "conflicting rules"),
        ("default f = 2\nf(x) = 1\nallow { true }", "conflicting rules"),
        ("f(input.x) = 1\nallow { true }", "args and variables must not shadow input"),
        ("f([y[0]]) = 1\nallow { true }", "the arguments of a rule cannot be computed"),
        ("count := true\nallow { count([1]) == 1 }", "undefined function count"),
        ("import data.other as time\nallow { time.now_ns() > 0 }", "undefined function time.now_ns"),
        ("plus(x, y) = 2\nallow { 1 + 3 == 4 }", "p.rego:2:1: nothing may be called plus"),
        ("import data.foo as equal\nallow { 1 == 1 }", "nothing may be called equal"),
        ("import future.keywords.in\nallow { internal := 1; 1 in [1] }", "called function internal shadowed"),
        ("input = 1\nallow { true }", "rules must not shadow input"),
        ("allow { true with data as {} }", "allow is recursive"),
        ("p { allow }\nallow { true with data.signature.p as 1 }", "is recursive"),
    ]);
}

#[test]
fn collections_with_variables_are_not_decided_where_their_order_shows() {
    refused(&[
        (
            "allow { x := 2; y := 1; [z | z := {x, y}[_]] == [1, 2] }",
            "p.rego:2:35: a set written with variables",
        ),
        ("p = s { x := 1; s := {x, 1} }\nallow { [z | z := p[_]] == [1] }", "a set written with variables"),
        ("allow { x := \"b\"; s := {x: 1, \"b\": 2}; s.b == 1 }", "an object of several members"),
        ("allow { x := {{1}: 2}; x[{1}] == 2 }", "a set within the key of an object"),
        // One is written `1`, the other `1.0`: OPA finds a member by that.
        ("allow { object.union_n([{1: 1}, {1.0: 2}]) == {1: 2} }", "the number 1.0"),
        ("allow { object.remove({1: 1}, [1.0]) == {} }", "the number 1.0"),
        ("allow { not p }\np { {1} & {1.0} == {1} }", "the number 1.0"),
        ("allow { x := {1.0}; x[1] }", "the number 1.0"),
    ]);
    for policy in [
        "allow { x := 1; {x, 2} == {1, 2} }",
        "allow { x := 1; s := {x, 2}; count(s) == 2 }",
        "allow { x := 1; [1 | x == 1] == [1]; count({x, 1}) == 1 }",
        "allow { x := 1; {x: 2} == {1: 2} }",
        "allow { 1.0 == 1; {1, 2} - {2} == {1} }",
    ] {
        assert_eq!(one(policy, r#"{"a": 1}"#), Ok(()), "{policy}");
    }
}
