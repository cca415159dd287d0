//! What is said of Rego policies that refuse, and of those that cosign does not read.

use super::{one, rego, rego_with};

fn says(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "{part:?} in {said}"));
}

#[test]
fn messages_of_rules_that_are_imported_are_shown() {
    let entry = "package signature\nimport rego.v1\nimport data.checks\nallow if count(checks.deny) == 0";
    let checks =
        "package checks\nimport rego.v1\ndeny contains \"tests failed\" if input.predicate.failed > 0";
    let files = [("p.rego", entry), ("checks.rego", checks)];
    assert_eq!(rego(&files, r#"{"failed":0}"#), Ok(()));
    let said = rego(&files, r#"{"failed":1}"#).unwrap_err();
    says(&said, &["p.rego:4: the rule `allow` does not hold at", "checks.deny is [ \"tests failed\" ]"]);
    let checks = "package checks\nall[\"tests\"] = input.predicate.failed == 0\nall[\"env\"] = true";
    let entry =
        "package signature\nimport data.checks.all as all_of\nallow { all_of.tests; all_of.tests == true }";
    let said = rego(&[("p.rego", entry), ("checks.rego", checks)], r#"{"failed":1}"#).unwrap_err();
    assert_eq!(said.matches("checks.all.tests is false").count(), 1, "{said}");
}

#[test]
fn values_of_variables_are_shown() {
    let policy =
        "allow {\n  bad := [f.id | f := input.predicate.found[_]; f.level > 3]\n  count(bad) == 0\n}";
    let said = one(policy, r#"{"found":[{"id":"a","level":2},{"id":"b","level":5}]}"#).unwrap_err();
    says(&said, &["at: count(bad) == 0", "bad is [ \"b\" ]"]);
}

#[test]
fn what_a_negated_rule_holds_by_is_shown() {
    let said =
        one("allow { not bad }\nbad {\n  input.predicate.by == \"a\"\n}", r#"{"by":"a"}"#).unwrap_err();
    says(&said, &["bad is true", "p.rego:4: the rule `bad` may hold by: input.predicate.by == \"a\""]);
}

#[test]
fn a_document_that_is_missing_is_named() {
    let files = [("p.rego", "package signature\nallow { data.people[_] == input.predicate.by }")];
    let data = [("d.json", r#"{"people":["b"]}"#)];
    let said = rego(&files, r#"{"by":"a"}"#).unwrap_err();
    says(&said, &["data.people is not there", "--policy-data"]);
    let said = rego_with(&files, &data, r#"{"by":"a"}"#, super::TYPE).unwrap_err();
    says(&said, &["data.people is [ \"b\" ]"]);
    // A name that begins as that of the package does is another.
    let said = one("allow { data.signatures[_] == 1 }", "{}").unwrap_err();
    says(&said, &["data.signatures is not there", "--policy-data"]);
}

#[test]
fn why_certificates_are_not_verified_is_told() {
    let several = include_str!("../../../testdata/vectors/fulcio-public.pem");
    let leaf = several.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    for (given, why) in [
        ("x", "no certificates in PEM"),
        ("", "at least two certificates are needed"),
        (leaf, "at least two certificates are needed"),
        (
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            "one of the certificates that it is given cannot be read",
        ),
    ] {
        for call in [
            format!("crypto.x509.parse_and_verify_certificates({given:?})"),
            format!("crypto.x509.parse_and_verify_certificates_with_options({given:?}, {{}})"),
        ] {
            let said = one(&format!("allow {{ {call}[0] }}"), "{}").unwrap_err();
            says(&said, &[" gives false: ", why]);
        }
    }
}

#[test]
fn a_value_that_is_no_truth_is_the_whole_reason() {
    let said = one("allow = {\"ok\": true}", "{}").unwrap_err();
    says(&said, &["{ \"ok\": true }, is not true", "`true` alone passes"]);
    assert!(!said.contains("does not hold"), "{said}");
}

#[test]
fn what_was_meant_is_told_where_cosign_does_not_read_a_policy() {
    for (policy, meant) in [
        ("allow if input.predicate.a", "`if` is a keyword only where `import rego.v1`"),
        ("deny contains x { x := 1 }", "`contains` is a keyword only where"),
        ("allow { every x in input.l { x } }", "`every` is a keyword only where"),
        ("allow { some x in input.l }", "`in` is a keyword only where"),
        ("allow { input.a && input.b }", "or have `;` between them"),
        ("allow { input.a || input.b }", "one rule for each alternative"),
        ("allow { !input.a }", "a negation is `not`"),
        ("allow { input.a == 'b' }", "double quotation marks"),
        ("allow { input.a === 1 }", "compared with `==`"),
        ("allow { start_with(input.a, \"b\") }", "did you mean startswith?"),
        ("allow { input.a == unknown }", "var unknown is unsafe: nothing gives it a value"),
        ("allow { not deny[_] }\ndeny[x] { x := 1 }", "`count(..) == 0` instead"),
    ] {
        let said = one(policy, "{}").unwrap_err();
        says(&said, &["p.rego:2:", meant]);
    }
    // Where the word is imported something else is wrong.
    let said = one("import rego.v1\nallow if if", "{}").unwrap_err();
    assert!(!said.contains("is a keyword only"), "{said}");
}

#[test]
fn the_time_is_replaced_in_tests_of_policies() {
    let policy = "import rego.v1\nfresh(t) if time.now_ns() - t < 1000\nallow if {\n  fresh(0) with time.now_ns as 5\n  not fresh(0) with time.now_ns as 5000\n  not fresh(0)\n}";
    assert_eq!(one(policy, "{}"), Ok(()));
    for (policy, why) in [
        ("allow { time.now_ns() == 1 with time.now_ns as 1; count(data) == 1 }", "`data` as a whole"),
        ("import data as all\nallow { time.now_ns() == 1 with time.now_ns as 1 }", "`data` as a whole"),
        ("allow { time.date(0) == 1 with time.date as 1 }", "`with` of the function time.date"),
        ("allow { count([1]) == 1 with count as time.now_ns }", "takes no other's place"),
        ("allow { time.now_ns() == 1 with time.now_ns as input.absent }", "undefined"),
    ] {
        says(&one(policy, "{}").unwrap_err(), &[why]);
    }
    // Nor is the document seen that the time then is.
    for (before, sees, why) in [
        ("", "data[\"rcosign_now\"]", "no name may begin with `rcosign_`"),
        ("", "data[\"rcosign\\u005fnow\"]", "no name may begin with `rcosign_`"),
        ("", "data[\"rcosign_now\"] == 1", "no name may begin with `rcosign_`"),
        ("", "count([1 | data[\"rcosign_now\"]]) == 1", "no name may begin with `rcosign_`"),
        ("", "true with data[\"rcosign_now\"] as 1", "no name may begin with `rcosign_`"),
        ("import data[\"rcosign_now\"] as t", "t", "no name may begin with `rcosign_`"),
        ("", "data[`rcosign_now`]", "`data` as a whole"),
        ("", "data[concat(\"_\", [\"rcosign\", \"now\"])]", "`data` as a whole"),
        ("", "x := \"rcosign_now\"; data[x]", "`data` as a whole"),
        ("", "some x; data[x]", "`data` as a whole"),
        ("", "x := data; x[\"rcosign_now\"]", "`data` as a whole"),
        ("", "walk(data, [path, found])", "`data` as a whole"),
        ("f(x) = y { y := x[\"rcosign_now\"] }", "f(data)", "`data` as a whole"),
        ("", "true with input as data", "`data` as a whole"),
        ("p[data[\"rcosign_now\"]] { true }", "p[_]", "no name may begin with `rcosign_`"),
    ] {
        let policy = format!("{before}\nallow {{ time.now_ns() == 1 with time.now_ns as 1; {sees} }}");
        says(&one(&policy, "{}").unwrap_err(), &[why]);
    }
}
