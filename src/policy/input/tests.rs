use super::Document;

fn shown(statement: &str, asked: &str) -> Result<serde_json::Value, String> {
    Document::new(statement.as_bytes(), asked).map(|document| serde_json::from_str(document.text()).unwrap())
}

fn with(subject: &str, predicate: &str) -> String {
    format!(r#"{{"_type": "t", "subject": [{subject}], "predicateType": "p", "predicate": {predicate}}}"#)
}

/// Measured: what cosign 3.1.1 shows a policy of the same statement.
#[test]
fn the_document_is_the_one_that_cosign_shows() {
    let subject = r#"{"name":"n","uri":"","digest":{"sha256":"aa"},"annotations":{"z":1.0}}"#;
    let custom = with(subject, r#"{"zz":12345678901234567890, "s":"a b"}"#);
    let custom = Document::new(custom.as_bytes(), "custom").unwrap();
    let expected = concat!(
        r#"{"_type":"t","subject":[{"name":"n","digest":{"sha256":"aa"},"annotations":{"z":1}}],"#,
        r#""predicateType":"p","predicate":{"zz":12345678901234567000,"s":"a b"}}"#
    );
    assert_eq!(custom.text(), expected);

    let given = r#"{"x":1,"builder":{"id":"b","q":1},"buildType":"t","buildConfig":"","invocation":{"parameters":
        {"b":1,"a":2.50},"environment":null},"metadata":{"buildStartedOn":"2021-01-01T00:00:00.500+00:00"},
        "materials":[{"uri":"u"}]}"#;
    let seen = shown(&with(subject, given), "slsaprovenance").unwrap();
    let expected = serde_json::json!({
        "_type": "t",
        "subject": [{ "name": "n", "digest": { "sha256": "aa" } }],
        "predicateType": "p",
        "predicate": {
            "buildConfig": "", "buildType": "t", "builder": { "id": "b" },
            "invocation": { "configSource": {}, "parameters": { "a": 2.5, "b": 1 } },
            "materials": [{ "uri": "u" }],
            "metadata": {
                "buildStartedOn": "2021-01-01T00:00:00.5Z",
                "completeness": { "environment": false, "materials": false, "parameters": false },
                "reproducible": false,
            },
        },
    });
    assert_eq!(seen, expected);

    let seen = shown(&with(subject, r#"{"zz":1,"scanner":{"result":{"b":1e3}}}"#), "vuln").unwrap();
    assert!(seen.get("_type").is_none() && seen["subject"][0]["annotations"]["z"] == 1);
    assert_eq!(seen["predicate"]["scanner"]["result"]["b"], 1000);
    assert_eq!(seen["predicate"]["metadata"]["scanStartedOn"], "0001-01-01T00:00:00Z");
    assert!(seen["predicate"].get("zz").is_none());

    let seen = shown(&with(subject, r#"{"name":"q","command":[],"environment":{"a":[1]}}"#), "link").unwrap();
    let expected = serde_json::json!({
        "_type": "", "name": "q", "materials": null, "products": null, "byproducts": null, "command": [],
        "environment": { "a": [1] },
    });
    assert_eq!(seen["predicate"], expected);
}

#[test]
fn what_cosign_does_not_read_is_refused() {
    let more = r#"{"_type":"t","subject":[],"predicateType":"p","predicate":{},"extra":null}"#;
    for (statement, asked) in [
        (more.to_owned(), "custom"),
        (with(r#"{"name":"n","x":1}"#, "{}"), "custom"),
        (with("{}", "[]"), "custom"),
        (with("{}", "1"), "p"),
        (with("{}", r#"{"a":1e400}"#), "p"),
        (with("{}", r#"{"builder":"b"}"#), "slsaprovenance"),
        (with("{}", r#"{"Builder":{"id":"b"}}"#), "slsaprovenance"),
        (with("{}", r#"{"more":1,"More":2}"#), "slsaprovenance"),
        (with("{}", "{\"\u{17f}canner\":{}}"), "vuln"),
        (with("{}", r#"{"metadata":{"scanStartedOn":"yesterday"}}"#), "vuln"),
    ] {
        assert!(shown(&statement, asked).is_err(), "{statement} {asked}");
    }
}

#[test]
fn numbers_are_written_as_go_writes_floats() {
    for (given, written) in [
        ("1.0", "1"),
        ("-0", "-0"),
        ("0.1", "0.1"),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("1.50", "1.5"),
        ("9007199254740993", "9007199254740992"),
        ("-12.5e-1", "-1.25"),
    ] {
        let mut out = String::new();
        super::numbers::rewrite(&format!("[ {given} , \"1.0 \\\" 2\"]"), &mut out).unwrap();
        assert_eq!(out, format!("[{written},\"1.0 \\\" 2\"]"));
    }
}

/// cosign reads the message of the framework, and writes bytes in one spelling of base64.
#[test]
fn subjects_are_those_of_the_specification() {
    let asked = |member: &str, asked: &str| {
        let subject = format!(r#"{{"name":"n","digest":{{"sha256":"aa"}},{member}}}"#);
        shown(&with(&subject, "{}"), asked).map(|document| document["subject"][0].clone())
    };
    let of = |member: &str| asked(member, "custom");
    for (content, written) in [("YQ", "YQ=="), ("YQ==", "YQ=="), ("_-8", "/+8="), ("/+8=", "/+8=")] {
        assert_eq!(of(&format!(r#""content":"{content}""#)).unwrap()["content"], written);
    }
    assert_eq!(of(r#""mediaType":"t","uri":null"#).unwrap()["mediaType"], "t");
    // The one that is a structure of its own is shown empty.
    assert_eq!(of(r#""annotations":{},"uri":"""#).unwrap()["annotations"], serde_json::json!({}));
    assert!(of(r#""annotations":null,"uri":"""#).unwrap().get("annotations").is_none());
    let empty = shown(&with(r#"{"name":"","digest":{}}"#, "{}"), "custom").unwrap();
    assert_eq!(empty["subject"][0], serde_json::json!({}));
    for member in [
        r#""content":"!!""#,
        r#""content":"YQ=""#,
        r#""content":"+_8=""#,
        r#""content":"+_8""#,
        r#""content":5"#,
        r#""content":true"#,
        r#""mediaType":5"#,
        r#""mediaType":[]"#,
        r#""uri":{"a":1}"#,
        r#""downloadLocation":{}"#,
        r#""annotations":[]"#,
    ] {
        for typed in ["custom", "link", "slsaprovenance", "vuln"] {
            assert!(asked(member, typed).is_err(), "{member} {typed}");
        }
    }
    assert!(asked(r#""content":"YQ""#, "link").unwrap().get("content").is_none());
}
