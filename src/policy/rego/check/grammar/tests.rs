//! What OPA reads is read, and what it does not is refused where it stands. All of it was asked of cosign.

use super::check;

fn read(text: &str) -> Result<(), String> {
    let text = format!("package signature\n{text}");
    check(&[("p.rego".to_owned(), text)]).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(cases: &[(&str, &str)]) {
    for (text, place) in cases {
        let said = read(text).expect_err(text);
        assert!(said.starts_with(&format!("p.rego:{place}: ")), "{text}: {said}");
    }
}

#[test]
fn what_opa_reads_is_read() {
    for text in [
        "allow{true}",
        "allow\n{ true }",
        "allow = true { true } p { true }",
        "f (x) = 1 { true }",
        "p [x] { x := 1 }",
        "allow { [, 1] == [1,] }",
        "allow { {, 1} == {1,} }",
        "allow { x := - 1; x == -1 }",
        "allow { [x | x := 1; true] == [1] }",
        "allow { {1 | 2} == {1 | 2}; {x: y | x := 1\n y := 2} }",
        "allow { [{1} | {2}, 1] }",
        "allow { {{1} | {2}, 1} }",
        "allow { {\"a\": {1} | {2}} }",
        "allow { f(1).x[0].y(2)[_] }",
        "allow { true } { false }",
        "p = 1 { true } else = 2 { false } else = 3",
        "default f(_, _) = 1\ndefault allow",
        "contains := 1\nif = 2\nevery { true }",
        "import data.if\nimport data.x as in\nallow { true }",
        "allow { some x, y\n x = 1; y = 2 }",
        "allow { x.y with input as 1 with data.x as {} ; true }",
        "import future.keywords.every\nallow { every k, x in [1] { k == 0 } with input as 1; 1, 2 in [3]; (1, 2 in [3]) == 1 in {2} in {3} }",
        "import rego.v1\nallow if true\np contains 1 if { true }\np contains 2\nq[x] := 1 if some x in [1]\nallow if { {1} }\na.b := 1",
        "import rego.v1\np := 1 if true else := 2 if false\np[{1}] := 2 if not false",
        "import future.keywords\nallow if { 1 in {1} }",
        "a.b.c\na[1]\nf(1)\na.b = 1\ng(x) = x",
        "\r\nallow { \"a\\u00e9\\/\" == `\n\\`\t }\r\n# \u{feff}".trim_end_matches('\u{feff}'),
    ] {
        assert_eq!(read(text), Ok(()), "{text}");
    }
    assert!(check(&[("p.rego".to_owned(), "\u{feff}package a.b[\"c d\"]".to_owned())]).is_ok());
}

#[test]
fn statements_that_are_no_rules_are_refused() {
    refused(&[
        ("allow", "2:1"),
        ("1", "2:1"),
        ("\"a\"", "2:1"),
        ("not a.b", "2:1"),
        ("a.b with input as 1", "2:1"),
        ("some x", "2:1"),
        ("a.b; c.d", "2:1"),
        ("count([1])", "2:1"),
        ("f()", "2:1"),
        ("1 = 2", "2:1"),
        ("1 + 1", "2:1"),
        ("{1}[1] = 2", "2:1"),
        ("package other", "2:1"),
        ("allow { true }\npackage other", "3:1"),
        ("allow { true } @", "2:16"),
        ("allow { }", "2:9"),
        ("allow { true", "2:13"),
        ("allow { true; }", "2:15"),
        ("allow { 1 2 }", "2:11"),
    ]);
    let said = check(&[("p.rego".to_owned(), "allow { true }".to_owned())]).unwrap_err().to_string();
    assert!(said.starts_with("p.rego:1:1: "), "{said}");
}

#[test]
fn keywords_are_no_names() {
    refused(&[
        ("allow { x.some }", "2:11"),
        ("x.not = 1", "2:3"),
        ("some = 1", "2:6"),
        ("import data.not", "2:13"),
        ("import data[\"not\"]\nallow { true }", "3:1"),
        ("import data.x as with", "2:18"),
        ("import data.x as input", "2:23"),
        ("import data.x as y.z", "2:21"),
        ("import x.y", "2:11"),
        ("import rego.v2", "2:15"),
        ("import rego.v1 as x", "2:20"),
        ("import future.keywords.nosuch", "2:30"),
        ("import rego.v1\ncontains := 1", "3:1"),
        ("import rego.v1\nallow if true\nif(x) := 1", "4:1"),
        ("import rego.v1\nallow if not input.contains", "3:20"),
        ("import rego.v1\na.if := 1", "3:3"),
        ("import future.keywords.every\nallow { in == 1 }", "3:9"),
    ]);
}

#[test]
fn blanks_and_brackets_stand_where_they_stand() {
    refused(&[
        ("allow { count ([]) == 0 }", "2:15"),
        ("allow { x .y }", "2:11"),
        ("allow { x [0] }", "2:11"),
        ("allow { (input).x }", "2:16"),
        ("allow { \"a\"[0] }", "2:12"),
        ("allow { f(1)(2) }", "2:13"),
        ("allow+1 { true }", "2:6"),
        ("allow { not[1] }", "2:12"),
        ("allow { {1: 2: 3} }", "2:14"),
        ("allow { [1 2] }", "2:12"),
        ("allow { {1, 2 }", "2:16"),
        ("allow { some x == 1 }", "2:21"),
        ("allow { every x in [1] { true } }", "2:15"),
        ("import future.keywords\nallow { every 1 in [1] { true } }", "3:24"),
        ("import future.keywords\nallow { every x in [1] }", "3:24"),
        ("import future.keywords\nallow { not some x in [1] }", "3:13"),
        ("allow { true with [1] as 2 }", "2:19"),
        ("allow { true with x 2 }", "2:21"),
    ]);
}

#[test]
fn characters_numbers_and_strings_are_those_of_opa() {
    refused(&[
        ("allow { true }\0", "2:15"),
        ("# \0\nallow { true }", "2:3"),
        ("allow { true } # \u{feff}", "2:18"),
        ("allow { 1. == 1 }", "2:9"),
        ("allow { 1e == 1 }", "2:9"),
        ("allow { 0x1 == 1 }", "2:9"),
        ("allow { 1a == 1 }", "2:9"),
        ("allow { 01 == 1 }", "2:9"),
        ("allow { - == 1 }", "2:11"),
        ("allow { $\"a\" == 1 }", "2:9"),
        ("allow { \"\\x41\" == \"A\" }", "2:9"),
        ("allow { \"a\n\" }", "2:9"),
        ("allow { `a }", "2:9"),
        ("allow { é == 1 }", "2:9"),
        ("allow { true }\u{a0}", "2:15"),
    ]);
}

#[test]
fn heads_that_do_not_go_together_are_refused() {
    refused(&[
        ("p[x] = 1 { x := 1 } else = 2 { true }", "2:21"),
        ("p[\"a\"] { true } else = 2 { true }", "2:17"),
        ("p = 1 { true } else 2", "2:21"),
        ("p = 1 { true } else = 2 { true } { true }", "2:34"),
        ("default allow = input.x", "2:24"),
        ("default p[1]", "2:13"),
        ("default f(1) = 1", "2:17"),
        ("default f(x, x) = 1", "2:20"),
        ("import future.keywords.contains\nf(x) contains 1", "3:6"),
        ("import rego.v1\nallow { true }", "3:1"),
        ("import rego.v1\nallow if true else := 1 { true }", "3:1"),
        ("import rego.v1\nf(x)\nallow if f(1)\np[1] if true\np[2]", "6:1"),
        ("import rego.v1\na.b.c", "3:1"),
        ("f(x) = y { y := x } else = input.x else { true } { false }", "2:36"),
    ]);
}

#[test]
fn metadata_is_read_and_stands_in_front_of_what_it_is_about() {
    for text in [
        "# METADATA\n# title: A title, with no doubt\n# description: |\n#   any: [\n#   \"text\n# custom:\n#   a: 1\n#   b: [x, y]\nallow { true }",
        "# METADATA\n# description: one\n#   two\n# authors:\n# - A B <a@example.com>\n# - name: C\n# organizations:\n# - D\nallow { true }",
        "# METADATA\n# scope: document\n# entrypoint: true\n# related_resources:\n# - https://example.com/a\n# - ref: https://example.com\n#   description: x\n\nallow { true }",
        "# metadata\n# title: [\nallow { true }",
        "# METADATA\n# title: a\n  # title: [\nallow { true }",
        "## METADATA\n# [\nallow { true }",
    ] {
        assert_eq!(read(text), Ok(()), "{text}");
    }
    refused(&[
        ("# METADATA\nallow { true }", "2:1"),
        ("allow { true } # METADATA", "2:16"),
        ("# METADATA\n# title: [\nallow { true }", "2:1"),
        ("#METADATA\n#title: [\nallow { true }", "2:1"),
        ("# METADATA\n# title: [a]\nallow { true }", "2:1"),
        ("# METADATA\n# title: a: b\nallow { true }", "2:1"),
        ("# METADATA\n# title: a\n# title: b\nallow { true }", "2:1"),
        ("# METADATA\n# text\nallow { true }", "2:1"),
        ("# METADATA\n# - a\nallow { true }", "2:1"),
        ("# METADATA\n# authors: 5\nallow { true }", "2:1"),
        ("# METADATA\n# authors:\n# - 5\nallow { true }", "2:1"),
        ("# METADATA\n# organizations: x\nallow { true }", "2:1"),
        ("# METADATA\n# custom: 5\nallow { true }", "2:1"),
        ("# METADATA\n# entrypoint: 5\nallow { true }", "2:1"),
        ("# METADATA\n# scope: nope\nallow { true }", "2:1"),
        ("# METADATA\n# scope: package\nallow { true }", "2:1"),
        ("# METADATA\n# scope: rule\n# entrypoint: true\nallow { true }", "2:1"),
        ("# METADATA\n# schemas:\n# - input: schema.x\nallow { true }", "2:1"),
        ("# METADATA\n# title: a\nimport data.x\nallow { true }", "2:1"),
        ("allow { true }\n# METADATA\n# title: a", "3:1"),
        ("allow {\n# METADATA\n# title: [\ntrue }", "3:1"),
        (
            "# METADATA\n# scope: document\nallow { true }\n# METADATA\n# scope: document\nallow { true }",
            "5:1",
        ),
    ]);
    let of = |name: &str| (name.to_owned(), "# METADATA\n# title: a\npackage signature\n".to_owned());
    assert!(check(&[of("a.rego")]).is_ok());
    let said = check(&[of("a.rego"), of("b.rego")]).unwrap_err().to_string();
    assert!(said.starts_with("b.rego:1:1: "), "{said}");
}

/// What is looked at again is not read again, and the stack is that of an evaluation.
#[test]
fn nested_terms_take_no_longer_than_their_text() {
    let run = || {
        let (open, close) = ("[{[{".repeat(14), "+1]+1}+1]+1}".repeat(14));
        let _ = read(&format!("allow {{ x := {open}1{close} }}"));
        let _ = read(&format!("allow {{ x := {}1{} }}", "{1|".repeat(60), "}".repeat(60)));
        let calls = format!("allow {{ x{} }}", ".f(1)".repeat(20_000));
        assert_eq!(read(&calls), Ok(()));
        assert_eq!(read(&format!("p = 1 {{ true }}{}", " else = 2 { true }".repeat(20_000))), Ok(()));
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    thread.unwrap().join().unwrap();
}
