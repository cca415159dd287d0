//! Policies against verdicts of cosign 3.1.1, and against those who mean harm.

mod cases;
mod hostile;
mod modules;
mod words;

use super::decision::Refusal;
use super::guard::Guard;
use super::input::Document;
use super::rego::Program;
use super::{Error, PolicyFile};
use crate::crypto::UnixTime;
use crate::cue::{eval, load::load, statement::Json};

/// The type of the predicates here.
const TYPE: &str = "https://oracle.example/predicate/v1";

/// A statement, from itself or from its predicate.
fn statement(text: &str) -> String {
    let parsed: serde_json::Value = serde_json::from_str(text).unwrap();
    if parsed.get("_type").is_some() {
        return text.to_owned();
    }
    let subject =
        format!(r#"[{{"name":"oracle.example/image","digest":{{"sha256":"{}"}}}}]"#, "3e".repeat(32));
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"{TYPE}","subject":{subject},"predicate":{text}}}"#
    )
}

/// What becomes of Rego policies and a statement: nothing, or why not.
fn rego(files: &[(&str, &str)], statement: &str) -> Result<(), String> {
    rego_with(files, &[], statement, TYPE)
}

fn rego_with(files: &[(&str, &str)], data: &[(&str, &str)], text: &str, asked: &str) -> Result<(), String> {
    let read = |files: &[(&str, &str)]| -> Vec<PolicyFile> {
        let one = |(name, text): &(&str, &str)| PolicyFile {
            name: (*name).to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        files.iter().map(one).collect()
    };
    let (files, data, text, asked) = (read(files), read(data), statement(text), asked.to_owned());
    let run = move || {
        let program = Program::new(files, data, UnixTime::from_seconds(1_760_000_000))?;
        let document = Document::new(text.as_bytes(), &asked)
            .map_err(|reason| Error::Policy { at: "statement".to_owned(), reason })?;
        Ok::<_, Error>(program.evaluate(&document))
    };
    match Guard::default().run(run) {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(Refusal::Unmet(unmet)))) => Err([vec![unmet.reason], unmet.details].concat().join("\n")),
        Ok(Ok(Err(Refusal::Error(error)))) | Ok(Err(error)) | Err(error) => Err(error.to_string()),
    }
}

/// What is no `true` says so, and what it is.
#[test]
fn a_value_that_does_not_pass_is_told_with_its_type() {
    for (policy, words) in [
        ("allow := \"yes\" { input.predicate.a == 1 }", "the rule `allow` has no value `true`"),
        (
            "allow = x { x := input.predicate.s }",
            "the rule `allow` is the string \"yes\", and `true` alone passes",
        ),
        ("allow = x { x := input.predicate.a }", "the rule `allow` is the number 1, and `true` alone passes"),
        (
            "import rego.v1\nallow contains 1 if true",
            "the rule `allow` is a set of what it `contains`, and `true` alone passes",
        ),
        ("allow(x) { x == 1 }", "the rule `allow` is a function"),
        (
            "default allow = false\nallow { input.predicate.a == 2 }",
            "does not hold at: input.predicate.a == 2",
        ),
        ("allow := -1", "the rule `allow` has no value `true`"),
        ("allow := 1 == 2", "expression value, false, is not true"),
    ] {
        let policy = format!("package signature\n{policy}");
        let said = rego(&[("p.rego", &policy)], r#"{"a": 1, "s": "yes"}"#).expect_err(&policy);
        assert!(said.contains(words), "{policy}: {said}");
        assert!(!said.contains("does not hold at: true"), "{policy}: {said}");
    }
    // What is computed may be `true`, though no name stands in it.
    for policy in
        ["allow := 1 == 1", "import rego.v1\nallow := 1 in {1}", "import rego.v1\nallow := \"a\" in [\"a\"]"]
    {
        let policy = format!("package signature\n{policy}");
        let files = vec![PolicyFile { name: "p.rego".to_owned(), bytes: policy.clone().into_bytes() }];
        let program = Program::new(files, Vec::new(), UnixTime::from_seconds(0)).unwrap();
        assert_eq!(program.unanswered(), None, "{policy}");
        assert_eq!(rego(&[("p.rego", &policy)], "{}"), Ok(()), "{policy}");
    }
    let said = one("default allow := 1 == 1", "{}").unwrap_err();
    assert!(said.contains("value has to be constant"), "{said}");
}

/// Only rules that are never `true`, whatever the statement says.
#[test]
fn rules_that_are_never_true_are_known_beforehand() {
    let unanswered = |text: &str| {
        let bytes = format!("package signature\n{text}").into_bytes();
        let file = PolicyFile { name: "p.rego".to_owned(), bytes };
        Program::new(vec![file], Vec::new(), UnixTime::from_seconds(1_760_000_000)).unwrap().unanswered()
    };
    for text in [
        "deny { true }",
        "import rego.v1\nallow contains x if { x := input.a }",
        "allow[x] { x := input.a }",
        "allow(x) { x == 1 }",
        "allow[x] = y { x := input.a; y := 1 }",
        "default allow = false",
        "allow := \"yes\"",
        "allow = 1 { input.a } else = \"x\" { input.b }",
    ] {
        assert!(unanswered(text).is_some(), "{text}");
    }
    for text in [
        "allow { input.a }",
        "allow = x { x := input.a }",
        "default allow = true",
        "default allow = false\nallow { input.a }",
        "allow = false { input.a } else = true { input.b }",
        "allow = false { input.a } else { input.b }",
        "allow := input.a == 1",
    ] {
        assert_eq!(unanswered(text), None, "{text}");
    }
}

#[test]
fn certificates_that_do_not_verify_are_told_with_the_reason() {
    let policy = "package signature\nallow { [ok, _] := crypto.x509.parse_and_verify_certificates(input.predicate.c); ok }";
    let refused = |certificates: &str| {
        let predicate = serde_json::json!({ "c": certificates }).to_string();
        rego(&[("p.rego", policy)], &predicate).expect_err(certificates)
    };
    let said = refused("no certificate");
    assert!(
        said.contains("parse_and_verify_certificates gives false: what it is given are no certificates"),
        "{said}"
    );
    let read = |name: &str| {
        std::fs::read_to_string(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (one, other) = (read("mock-sigstore/fulcio_root.pem"), read("mock-sigstore/v2.att-dsse.keyless.crt"));
    let said = refused(&format!("{one}\n{other}"));
    assert!(
        said.contains("parse_and_verify_certificates gives false: the last certificate is valid from"),
        "{said}"
    );
}

/// What is wrong in data is told in our words, with its place.
#[test]
fn data_that_is_no_json_is_told_with_its_place() {
    let data = |text: &str| {
        rego_with(&[("p.rego", "package signature\nallow { true }")], &[("d.json", text)], "{}", TYPE)
    };
    assert_eq!(
        data("{\"a\": 1,\n oops}"),
        Err("policy data `d.json`: it is no JSON: the name of a member is expected, in quotation marks, and there is `o` at line 2 column 2".to_owned())
    );
    assert_eq!(data(""), Err("policy data `d.json`: it is no JSON: it is empty".to_owned()));
}

/// A limit of this program is no verdict, wherever it is met.
#[test]
fn limits_within_an_evaluation_are_limits() {
    for (policy, is_limit) in [
        ("allow { count(numbers.range(1, 5)) == 5 }", None),
        ("allow { count(numbers.range(1, 2000000)) > 5 }", Some(true)),
        ("allow { not numbers.range_step(1, 90000000, 2) }", Some(true)),
        ("allow { count(net.cidr_expand(\"10.0.0.0/8\")) > 5 }", Some(true)),
        ("allow { time.add_date(0, 2000000, 0, 0) > 0 }", Some(false)),
    ] {
        let text = format!("package signature\n{policy}");
        let files = vec![PolicyFile { name: "p.rego".to_owned(), bytes: text.into_bytes() }];
        let run = move || {
            let program = Program::new(files, Vec::new(), UnixTime::from_seconds(1_760_000_000)).unwrap();
            program.evaluate(&Document::new(statement("{}").as_bytes(), TYPE).unwrap())
        };
        let found = Guard::default().run(run).unwrap();
        let came = found.err().map(|refusal| match refusal {
            Refusal::Error(error) => error.is_limit(),
            Refusal::Unmet(_) => false,
        });
        assert_eq!(came, is_limit, "{policy}");
    }
}

/// What becomes of CUE policies and a statement: nothing, or why not.
fn cue(files: &[(&str, &str)], statement: &str) -> Result<(), String> {
    cue_lacking(files, statement).map(drop)
}

/// The same, with what the statement lacks.
fn cue_lacking(files: &[(&str, &str)], text: &str) -> Result<Vec<String>, String> {
    let one = |(name, text): &(&str, &str)| PolicyFile {
        name: (*name).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let (files, text): (Vec<PolicyFile>, _) = (files.iter().map(one).collect(), statement(text));
    // In a thread with the stack that commands give it.
    let run = move || {
        let program = super::cue::Program::new(files).map_err(|error| error.to_string())?;
        let document = Document::new(text.as_bytes(), TYPE)?;
        program.evaluate(&document).map_err(|refusal| match refusal {
            Refusal::Unmet(unmet) => unmet.reason,
            Refusal::Error(error) => error.to_string(),
        })
    };
    Guard::default().run(run).map_err(|error| error.to_string())?
}

/// The evaluator alone, whatever part of the language a policy is in.
fn cue_unrestricted(files: &[(&str, &str)], text: &str) -> Result<(), String> {
    let files: Vec<_> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let text = statement(text);
    let run = move || {
        let package = load(&files).map_err(|error| error.to_string())?;
        let document = Document::new(text.as_bytes(), TYPE)?;
        let statement = Json::parse(document.text()).map_err(|error| error.to_string())?;
        eval::validate(&package, &statement).map(drop).map_err(|error| error.to_string())
    };
    Guard::default().run(run).map_err(|error| error.to_string())?
}

#[test]
fn a_refusal_of_cue_names_the_line_the_place_and_both_values() {
    let policy = [("p.cue", "predicate: {\n  level: >=3\n  by?: string\n  name: string\n}")];
    let said = cue(&policy, r#"{"level":2}"#).unwrap_err();
    assert!(said.starts_with("p.cue:2:") && said.contains("predicate.level"), "{said}");
    assert!(said.contains(">=3") && said.contains('2'), "{said}");
    assert_eq!(cue_lacking(&policy, r#"{"level":3}"#).unwrap(), ["predicate.name"]);
    let unused = cue(&[("p.cue", "import \"list\"\npredicate: _")], "{}").unwrap_err();
    assert!(unused.starts_with("p.cue:1:8"), "{unused}");
}

/// A policy in one file.
fn one(policy: &str, statement: &str) -> Result<(), String> {
    rego(&[("p.rego", &format!("package signature\n{policy}"))], statement)
}

#[test]
fn a_refusal_names_the_rule_its_place_and_what_the_statement_has_there() {
    let policy = "default allow = false\nallow {\n  input.predicateType\n  input.predicate.level >= 3\n}";
    let said = one(policy, r#"{"level":2}"#).unwrap_err();
    assert!(said.starts_with("expression value, false, is not true\n"), "{said}");
    assert!(
        said.contains("p.rego:5: the rule `allow` does not hold at: input.predicate.level >= 3"),
        "{said}"
    );
    assert!(said.contains("input.predicate.level is 2"), "{said}");
    let said = one("allow {\n  input.predicate.level >= 3\n}", "{}").unwrap_err();
    assert!(said.contains("result is undefined") && said.contains("is not there"), "{said}");
    let said = one("allow { input.predicate.by == \"b\" }", r#"{"by":"a"}"#).unwrap_err();
    assert!(said.contains("at: input.predicate.by == \"b\"\n"), "{said}");
    let said = rego(&[("p.rego", "package other\nallow { true }")], "{}").unwrap_err();
    assert!(said.contains("package signature"), "{said}");
}

#[test]
fn a_refusal_follows_the_rules_that_a_rule_asks() {
    let policy = "allow {\n  trusted\n  count(missing) == 0\n}\ntrusted {\n  input.predicate.by == \"b\"\n}\nmissing[x] {\n  x := input.predicate.lacks[_]\n}";
    let said = one(policy, r#"{"by":"a"}"#).unwrap_err();
    assert!(said.contains("p.rego:3: the rule `allow` does not hold at: trusted\n"), "{said}");
    assert!(
        said.contains("p.rego:7: the rule `trusted` does not hold at: input.predicate.by == \"b\"\n"),
        "{said}"
    );
    assert!(said.contains("input.predicate.by is \"a\""), "{said}");
    let said = one(policy, r#"{"by":"b","lacks":["sbom"]}"#).unwrap_err();
    assert!(said.contains("p.rego:4: the rule `allow` does not hold at: count(missing) == 0\n"), "{said}");
    assert!(said.contains("missing is [ \"sbom\" ]") && !said.contains("`missing` does not hold"), "{said}");
    let other = "package sigstore\nisCompliant {\n  input.predicate.by == \"b\"\n}";
    let entry = "package signature\nallow { data.sigstore.isCompliant == true }";
    let said = rego(&[("entry.rego", entry), ("p.rego", other)], r#"{"by":"a"}"#).unwrap_err();
    assert!(
        said.contains("p.rego:3: the rule `sigstore.isCompliant` does not hold at: input.predicate.by"),
        "{said}"
    );
    // One that asks itself is told once; it is refused before it is evaluated.
    assert!(one("allow { allow }", "{}").unwrap_err().contains("recursive"));
}

#[test]
fn data_is_json_or_yaml_beneath_its_names() {
    let policy = [("p.rego", "package signature\nallow { input.predicate.by == data.builders[_] }")];
    let found = |data: &[(&str, &str)]| rego_with(&policy, data, r#"{"by":"b"}"#, TYPE);
    found(&[("d.json", r#"{"builders":["a","b"]}"#)]).unwrap();
    found(&[("d.yaml", "builders:\n- a\n- b\n")]).unwrap();
    found(&[("d.yaml", "builders: [a]"), ("e.yaml", "others: [b]")]).unwrap_err();
    for (name, text, says) in
        [("d.json", "{", "d.json"), ("d.json", "[1]", "no object"), ("d.yaml", "a: [", "d.yaml")]
    {
        let said = found(&[(name, text)]).unwrap_err();
        assert!(said.contains(says), "{said}");
    }
    // What OPA keeps and regorus does not would make two of one, or one of two.
    for number in ["1.0", "1e2", "9007199254740993.5", "0.1000000000000000055", "18446744073709551616"] {
        let text = format!(r#"{{"builders":["b"],"x":[{number}]}}"#);
        assert!(found(&[("d.json", &text)]).unwrap_err().contains(number), "{number}");
    }
    found(&[("d.json", r#"{"builders":["b"],"x":[1,-2.5,"1.0",1234567890123456789]}"#)]).unwrap();
    found(&[("d.yaml", "builders: [b]\nx: [1.0, 1.25]\n")]).unwrap();
    let large = found(&[("d.yaml", "builders: [b]\nx: 18446744073709551616\n")]);
    assert!(large.unwrap_err().contains("taken alike"));
    for text in [r#"{"builders":["a"],"builders":["b"]}"#, r#"{"builders":["b"],"x":{"y":1,"y":1}}"#] {
        assert!(found(&[("d.json", text)]).unwrap_err().contains("twice"), "{text}");
    }
    let twice = found(&[("d.json", r#"{"builders":["a"]}"#), ("e.json", r#"{"builders":["b"]}"#)]);
    assert!(twice.unwrap_err().contains("e.json"));
}

/// Data would answer in place of a rule of its name.
#[test]
fn data_answers_for_no_rule() {
    for policy in ["allow { false }", "default allow = false", "deny[1]\nallow { count(deny) == 0 }"] {
        let files =
            [("p.rego", &*format!("package signature\n{policy}")), ("l.rego", "package lib.of\nok { true }")];
        let found = |text: &str| rego_with(&files, &[("d.json", text)], "{}", TYPE).unwrap_err();
        for text in
            [r#"{"signature":{"allow":true}}"#, r#"{"signature":{"deny":[]}}"#, r#"{"signature":true}"#]
        {
            assert!(found(text).contains("d.json`: `signature` is a package of the policy"), "{text}");
        }
        for text in [r#"{"lib":{"of":{}}}"#, r#"{"lib":1}"#] {
            assert!(found(text).contains("d.json`: `lib.of` is a package of the policy"), "{text}");
        }
        assert!(!found(r#"{"lib":{"other":1},"allow":true}"#).contains("is a package"));
    }
}

#[test]
fn several_files_are_one_policy() {
    let signature = ("a.rego", "package signature\nimport data.lib\nallow { lib.ok(input.predicate.a) }");
    rego(&[signature, ("b.rego", "package lib\nok(x) { x == 1 }")], r#"{"a":1}"#).unwrap();
    rego(&[signature, ("b.rego", "package lib\nok(x) { x == 2 }")], r#"{"a":1}"#).unwrap_err();
    // A file that is none refuses, whatever the others say.
    rego(&[("a.rego", "package signature\nallow { true }"), ("b.rego", "package lib\nok {")], "{}")
        .unwrap_err();
}
