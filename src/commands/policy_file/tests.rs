//! The documented schema and the reader agree: what is read is valid by it, and slips that it can see are none.

use serde_json::{Value, json};

use super::value;
use crate::policy::scoped::Document;

/// JSON Schema 2020-12, as far as the document uses it; a keyword that is not known is a fault of the test.
fn is_valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let each = |list: &Value, count: fn(usize, usize) -> bool| {
        let all = list.as_array().unwrap();
        count(all.iter().filter(|schema| is_valid(root, schema, value)).count(), all.len())
    };
    schema.as_object().unwrap().iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => {
            let link = wanted.as_str().unwrap().strip_prefix('#').unwrap();
            is_valid(root, root.pointer(link).unwrap(), value)
        }
        "type" => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            other => panic!("{other}"),
        },
        "const" => value == wanted,
        "enum" => wanted.as_array().unwrap().contains(value),
        "oneOf" => each(wanted, |valid, _| valid == 1),
        "not" => !is_valid(root, wanted, value),
        "propertyNames" => value.as_object().is_none_or(|members| {
            members.keys().all(|name| is_valid(root, wanted, &Value::String(name.clone())))
        }),
        "anyOf" => each(wanted, |valid, _| valid > 0),
        "required" => value.as_object().is_none_or(|members| {
            wanted.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|members| {
            let known = wanted.as_object().unwrap();
            members
                .iter()
                .all(|(name, value)| known.get(name).is_none_or(|schema| is_valid(root, schema, value)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|members| {
            let known = schema["properties"].as_object();
            let others =
                members.iter().filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
            others
                .into_iter()
                .all(|(_, value)| *wanted != Value::Bool(false) && is_valid(root, wanted, value))
        }),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| is_valid(root, wanted, item))),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
        "minProperties" => value.as_object().is_none_or(|all| all.len() as u64 >= wanted.as_u64().unwrap()),
        "maxProperties" => value.as_object().is_none_or(|all| all.len() as u64 <= wanted.as_u64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= wanted.as_u64().unwrap()),
        "minimum" => value.as_i64().is_none_or(|number| number >= wanted.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= wanted.as_i64().unwrap()),
        "pattern" => value
            .as_str()
            .is_none_or(|text| crate::verify::Pattern::new(wanted.as_str().unwrap()).unwrap().matches(text)),
        other => panic!("the keyword `{other}` is not known"),
    })
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/reference/policy-file.schema.json")).unwrap()
}

#[test]
fn every_policy_file_that_is_read_is_valid_by_the_schema() {
    let schema = schema();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/policy-file");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path().join("policy.yaml");
        if !path.exists() {
            continue;
        }
        let value = value(&std::fs::read_to_string(&path).unwrap()).unwrap();
        Document::read(&value).unwrap_or_else(|fault| panic!("{}: {fault:?}", path.display()));
        assert!(is_valid(&schema, &schema, &value), "{}", path.display());
        count += 1;
    }
    assert!(count >= 50, "{count}");
    // The example of the reference.
    let text = include_str!("../../../docs/reference/policy-file.md");
    let example = value(text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap()).unwrap();
    Document::read(&example).unwrap();
    assert!(is_valid(&schema, &schema, &example));
}

/// A file with one thing that is not as it should be: neither the schema nor the reader takes it.
#[test]
fn slips_are_refused_by_the_schema_and_by_the_reader() {
    let schema = schema();
    let sound = "version: 1\nsigners: {a: {key: k}, b: {identity: i, issuer: j}}\nscopes:\n- {name: s, files: ['*'], signatures: {any: [a, b]}, log: required, max-age: 1d, attestations: [{type: t, signers: a, rules: [{rego: [x.rego]}]}]}\n";
    let judge = |text: &str| {
        let value = value(text).unwrap();
        (is_valid(&schema, &schema, &value), Document::read(&value).is_ok())
    };
    assert_eq!(judge(sound), (true, true));
    for (from, to) in [
        ("version: 1", "version: 2"),
        ("version: 1\n", ""),
        ("version: 1", "version: 1\nextra: 1"),
        ("{key: k}", "{}"),
        ("{key: k}", "{key: ''}"),
        ("{key: k}", "{key: k, identity: i}"),
        ("{key: k}", "{key: k, other: i}"),
        ("issuer: j", "workflow-ref: j"),
        ("issuer: j", "issuer: j, issuer-regexp: k"),
        ("name: s, ", ""),
        ("files: ['*'], ", ""),
        ("files: ['*']", "files: []"),
        ("files: ['*']", "file: ['*']"),
        ("{any: [a, b]}", "{any: []}"),
        ("{any: [a, b]}", "{any: [a], all: [b]}"),
        ("{any: [a, b]}", "{at-least: 0, of: [a, b]}"),
        ("{any: [a, b]}", "{at-least: 2}"),
        ("{any: [a, b]}", "[a, b]"),
        ("log: required", "log: maybe"),
        ("log: required", "log: true"),
        ("log: required", "log: {at-least: 0}"),
        ("log: required", "accept: true"),
        ("log: required", "refuse: true"),
        ("log: required", "annotations: {}"),
        ("max-age: 1d", "max-age: 1y"),
        ("max-age: 1d", "max-age: 1"),
        ("type: t, ", ""),
        ("type: t", "type: t, kind: u"),
        ("signers: a, ", ""),
        ("rules: [{rego: [x.rego]}]", "rules: []"),
        ("rego: [x.rego]", "rego: []"),
        ("rego: [x.rego]", "cue: [x.cue], data: [d.json]"),
        ("rego: [x.rego]", "rego: [x.rego], cue: [x.cue]"),
    ] {
        assert!(sound.contains(from), "{from}");
        assert_eq!(judge(&sound.replacen(from, to, 1)), (false, false), "{from} to {to}");
    }
}

type Case = (&'static str, Value, &'static str, (Value, Value));

/// Members of a kind of their own: the rule, other members beside, the member, a value that it has, and one that it has not.
fn members() -> Vec<Case> {
    let age = (json!("30d"), json!(30));
    let text = (json!("x"), json!(1));
    let hex = "a".repeat(40);
    let commit = (json!(hex), json!("main"));
    let severity = (json!("high"), json!("grave"));
    vec![
        ("github", json!({ "repo": "o/n" }), "repo", (json!("o/n"), json!("o"))),
        ("github", json!({ "repo": "o/n" }), "commit", commit.clone()),
        ("github", json!({ "repo": "o/n" }), "runner", (json!("self-hosted"), json!("mine"))),
        ("github", json!({ "repo": "o/n" }), "ref", (json!("refs/heads/main"), json!(1))),
        ("github", json!({ "repo": "o/n" }), "workflow", (json!(".github/workflows/a.yml"), json!([]))),
        (
            "github",
            json!({ "repo": "o/n" }),
            "signer-workflow",
            (json!("o/n/.github/workflows/a.yml"), json!({})),
        ),
        ("github", json!({ "repo": "o/n" }), "server-url", (json!("https://github.example"), json!(1))),
        ("github", json!({ "repo": "o/n" }), "issuer", (json!("https://token.example"), json!(1))),
        ("openvex", json!({ "product": "p", "every": ["fixed"] }), "product", text.clone()),
        (
            "openvex",
            json!({ "product": "p", "every": ["fixed"] }),
            "every",
            (json!(["not_affected"]), json!(["open"])),
        ),
        (
            "openvex",
            json!({ "product": "p" }),
            "statuses",
            (json!({ "CVE-1": ["fixed"] }), json!({ "CVE-1": [] })),
        ),
        ("openvex", json!({}), "max-age", age.clone()),
        ("sbom", json!({}), "format", (json!("cyclonedx"), json!("CycloneDX"))),
        ("sbom", json!({}), "elements", (json!("ntia"), json!("all"))),
        ("sbom", json!({}), "elements", (json!(["name", "version"]), json!(["colour"]))),
        ("sbom", json!({}), "min-components", (json!(3), json!("3"))),
        ("sbom", json!({}), "max-age", age.clone()),
        ("slsa", json!({}), "source", (json!("https://github.com/o/n"), json!(1))),
        (
            "slsa",
            json!({ "source": "https://github.com/o/n" }),
            "source-from",
            (json!("materials"), json!("elsewhere")),
        ),
        ("slsa", json!({ "source": "https://github.com/o/n" }), "ref", (json!("refs/tags/v1"), json!([]))),
        ("slsa", json!({ "source": "https://github.com/o/n" }), "commit", commit),
        ("slsa", json!({}), "parameters", (json!({ "a": 1 }), json!("a"))),
        (
            "vsa",
            json!({ "verifier-id": "v", "resource-uri": "r" }),
            "policy-digest",
            (json!(format!("sha256:{}", "a".repeat(64))), json!("sha256:a")),
        ),
        (
            "vsa",
            json!({ "verifier-id": "v", "resource-uri": "r" }),
            "levels",
            (json!(["SLSA_BUILD_LEVEL_3"]), json!("SLSA_BUILD_LEVEL_3")),
        ),
        ("vsa", json!({ "verifier-id": "v", "resource-uri": "r" }), "max-age", age.clone()),
        ("vulnerabilities", json!({}), "max-age", age.clone()),
        ("vulnerabilities", json!({}), "max-database-age", age),
        ("vulnerabilities", json!({}), "max-severity", severity.clone()),
        ("vulnerabilities", json!({ "max-severity": "low" }), "unknown-severity", severity),
        ("vulnerabilities", json!({ "max-severity": "low" }), "ignore", (json!(["CVE-1"]), json!("CVE-1"))),
    ]
}

/// Members that are a text, one of several, or an expression.
fn expected_texts() -> Vec<Case> {
    let mut cases = Vec::new();
    let expected = [
        (json!("x"), json!("")),
        (json!(["x", "y"]), json!([])),
        (json!({ "pattern": "x.*" }), json!({ "re": "x" })),
    ];
    for values in expected {
        for (rule, others, members) in [
            ("openvex", json!({}), &["author"][..]),
            ("slsa", json!({}), &["subject-name", "builder-id", "build-type", "workflow"]),
            (
                "vsa",
                json!({ "verifier-id": "v", "resource-uri": "r" }),
                &["verifier-id", "resource-uri", "policy-uri"],
            ),
            ("vulnerabilities", json!({}), &["scanner"]),
        ] {
            cases.extend(members.iter().map(|member| (rule, others.clone(), *member, values.clone())));
        }
    }
    cases
}

/// Every member of every built-in rule, with a value that it has not beside one that it has.
#[test]
fn members_of_built_in_rules_are_the_same_in_the_schema_and_in_the_reader() {
    let schema = schema();
    let judge = |rule: &str, members: &Value| {
        let value = json!({
            "version": 1, "signers": { "a": { "key": "k" } },
            "scopes": [{ "name": "s", "files": ["*"], "attestations": [{ "type": "t", "signers": "a", "rules": [{ rule: members }] }] }],
        });
        (is_valid(&schema, &schema, &value), Document::read(&value).is_ok())
    };
    let mut named = std::collections::BTreeSet::new();
    for (rule, others, member, (right, wrong)) in members().into_iter().chain(expected_texts()) {
        for (value, expected) in [(right, true), (wrong, false), (Value::Null, false)] {
            let mut members = others.clone();
            members[member] = value;
            assert_eq!(judge(rule, &members), (expected, expected), "{rule}: {members}");
        }
        named.insert((rule, member));
        let mut members = others.clone();
        members["unheard-of"] = json!("x");
        assert_eq!(judge(rule, &members), (false, false), "{rule}");
    }
    let all = schema["$defs"].as_object().unwrap();
    for rule in ["github", "openvex", "sbom", "slsa", "vsa", "vulnerabilities"] {
        for member in all[rule]["properties"].as_object().unwrap().keys() {
            assert!(named.contains(&(rule, member.as_str())), "{rule}: {member} has no case");
        }
    }
}

/// What another program reads as its policy is told with the command that writes it as ours.
#[test]
fn policies_of_other_programs_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nspec: {}\n";
    let containers = r#"{ "default": [{ "type": "reject" }], "transports": {} }"#;
    for (text, is_foreign) in [
        (cluster.to_owned(), true),
        (format!("---\n{cluster}---\n{cluster}"), true),
        (containers.to_owned(), true),
        ("version: 1\nscope: []\n".to_owned(), false),
        ("version: 1\n---\nversion: 1\n".to_owned(), false),
    ] {
        let place = folder.path().join("policy.yaml");
        std::fs::write(&place, &text).unwrap();
        let error = super::Source::read(&place).err().unwrap();
        let is_told = error.hints.iter().any(|hint| hint.contains("`policy import FILE`"));
        assert_eq!(is_told, is_foreign, "{text}: {error:?}");
    }
}
