use super::*;

const HASH: &str = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

fn good() -> String {
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{{"sha256":"{HASH}"}}}}],"predicateType":"https://example.com/t","predicate":{{"n":1.0}}}}"#
    )
}

fn refused(text: &str) -> String {
    Statement::from_json(text.as_bytes()).unwrap_err().to_string()
}

fn statement_of(subjects: &str) -> Statement {
    let text = good().replacen(&format!(r#"[{{"name":"a","digest":{{"sha256":"{HASH}"}}}}]"#), subjects, 1);
    Statement::from_json(text.as_bytes()).unwrap()
}

#[test]
fn reads_and_writes() {
    let statement = Statement::from_json(good().as_bytes()).unwrap();
    assert_eq!(statement.version, StatementVersion::V1);
    assert_eq!(statement.predicate_type, "https://example.com/t");
    assert_eq!(statement.subjects[0].name, "a");
    assert_eq!(statement.subjects[0].digest["sha256"], HASH);
    let predicate = statement.predicate.as_ref().unwrap();
    assert_eq!(
        (predicate.text(), predicate.value().unwrap()),
        (r#"{"n":1.0}"#, serde_json::json!({ "n": 1.0 }))
    );
    assert_eq!(statement.to_json(), good());

    // No name, annotations, no predicate: what `cosign sign` writes into bundles.
    let sign = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","subject":[{{"digest":{{"sha256":"{HASH}"}},"annotations":{{"k":"v"}}}}],"predicateType":"t"}}"#
    );
    let statement = Statement::from_json(sign.as_bytes()).unwrap();
    assert_eq!((statement.version, statement.predicate.as_ref()), (StatementVersion::V0_1, None));
    assert_eq!(statement.subjects[0].annotations["k"], "v");
    assert_eq!(statement.to_json(), sign);
}

/// Members in another order, with white space, escapes and members that the specification does not know.
#[test]
fn reads_what_others_write() {
    let text = format!(
        " {{ \"predicate\" : \"text\", \"x\" : [1e400],\n\"predicateType\":\"wor\\u0064\", \"subject\" : [ {{\"uri\":\"u\",\"digest\": {{\"gitCommit\":\"ABC\",\"sha256\":\"{HASH}\"}}}} ],\"_type\":\"https:\\/\\/in-toto.io\\/Statement\\/v0.1\"}} "
    );
    let statement = Statement::from_json(text.as_bytes()).unwrap();
    assert_eq!(statement.predicate_type, "word");
    assert_eq!(statement.predicate.unwrap().text(), "\"text\"");
    assert_eq!(statement.subjects[0].digest["gitCommit"], "ABC");
}

#[test]
fn predicates_keep_their_text() {
    for text in [
        "1e400",
        "1.0",
        "-0",
        "123456789012345678901234567890",
        "null",
        "[ 1 ,2]",
        "{\"b\":\"\\u00e9\",\"a\":{}}",
    ] {
        let whole = good().replace(r#"{"n":1.0}"#, text);
        let statement = Statement::from_json(whole.as_bytes()).unwrap();
        assert_eq!(statement.predicate.as_ref().unwrap().text(), text);
        assert_eq!(statement.to_json(), whole);
        assert_eq!(Predicate::from_json("p", format!("\n {text}\t").into_bytes()).unwrap().text(), text);
    }
    let huge = Predicate::from_json("p", b"[1e400]".to_vec()).unwrap();
    assert_eq!(
        huge.value().unwrap_err().to_string(),
        "in-toto statement: predicate: a number that is too large at line 1 column 6"
    );
    assert_eq!(huge.members(), None);
    let object = Predicate::from_json("p", b"{\"b\" : 1.0, \"a\\n\":[ ]}".to_vec()).unwrap();
    assert_eq!(object.members().unwrap(), [("a\n".to_owned(), "[ ]"), ("b".to_owned(), "1.0")]);
    assert!(Predicate::from_json("p", vec![b' '; STATEMENT_SIZE_LIMIT + 1]).is_err());
}

#[test]
fn refuses_what_is_no_statement() {
    let subject = format!(r#"[{{"name":"a","digest":{{"sha256":"{HASH}"}}}}]"#);
    let without_digest = "subject[0].digest: is empty; a subject without a digest is no artifact";
    for (old, new, reason) in [
        (
            "Statement/v1",
            "Statement/v2",
            "_type: `https://in-toto.io/Statement/v2` is not a version of the statement that is understood",
        ),
        ("_type", "type", "_type: is missing"),
        ("\"https://in-toto.io/Statement/v1\"", "1", "_type: is a number, not a string"),
        ("\"https://example.com/t\"", "\"\"", "predicateType: is empty"),
        ("\"https://example.com/t\"", "null", "predicateType: is missing"),
        ("predicateType", "predicatetype", "member `predicatetype` is spelled `predicateType`"),
        ("\"_type\":", "\"Subject\":[],\"_type\":", "member `Subject` is spelled `subject`"),
        ("\"_type\":", "\"\u{17f}ubject\":[],\"_type\":", "member `\u{17f}ubject` is spelled `subject`"),
        ("\"_type\":", "\"Predicate\":{},\"_type\":", "member `Predicate` is spelled `predicate`"),
        ("\"digest\"", "\"Digest\":{},\"digest\"", "subject[0]: member `Digest` is spelled `digest`"),
        (&subject, "[]", "subject: is empty"),
        (&subject, "null", "subject: is missing"),
        (&subject, "{}", "subject: is an object, not an array"),
        (&subject, "\"x\"", "subject: is a string, not an array"),
        (&subject, "[null]", "subject[0]: is null, not an object"),
        (&subject, "[{}]", "subject[0].digest: is missing"),
        (&subject, r#"[{"digest":{}}]"#, without_digest),
        (&subject, r#"[{"digest":{"x":""}}]"#, "subject[0].digest.x: is empty"),
        (&subject, r#"[{"digest":{"x":1}}]"#, "subject[0].digest.x: is a number, not a string"),
        (&subject, r#"[{"digest":[]}]"#, "subject[0].digest: is an array, not an object"),
        (&subject, r#"[{"name":1,"digest":{"x":"y"}}]"#, "subject[0].name: is a number, not a string"),
        (&HASH[1..], "", "subject[0].digest.sha256: not 64 hexadecimal digits"),
        (
            "a0cf",
            "A0CF",
            "subject[0].digest.sha256: upper-case hexadecimal digits; digests are written in lower case",
        ),
        ("a0cf", "g0cf", "subject[0].digest.sha256: not 64 hexadecimal digits"),
        ("sha256", "sha512", "subject[0].digest.sha512: 32 bytes where sha512 has 64"),
        ("\"n\":1.0", "\"n\":1.0,\"n\":2", "predicate.n: the member appears twice"),
        ("\"name\":\"a\"", "\"digest\":{}", "subject[0].digest: the member appears twice"),
        ("\"_type\":", "\"predicate\":{},\"_type\":", "predicate: the member appears twice"),
    ] {
        let text = good().replacen(old, new, 1);
        assert_ne!(text, good());
        assert_eq!(refused(&text), format!("in-toto statement: {reason}"), "{text}");
    }
    for text in ["", "{", "[]", "\"x\"", "null", "{}", &format!("{}x", good()), &good()[1..]] {
        assert!(refused(text).starts_with("in-toto statement: "), "{text}");
    }
}

/// sigstore-go's CVE-2024-45395: no limit on subjects and digests.
#[test]
fn cve_2024_45395_subjects_and_digests_are_bounded() {
    let subject = r#"{"digest":{"x":"y"}}"#;
    let subjects = |n: usize| format!("[{}]", vec![subject; n].join(","));
    assert_eq!(statement_of(&subjects(1024)).subjects.len(), 1024);
    let many = good().replacen(
        &format!(r#"[{{"name":"a","digest":{{"sha256":"{HASH}"}}}}]"#),
        &subjects(100_000),
        1,
    );
    let started = std::time::Instant::now();
    assert!(refused(&many).starts_with("in-toto statement: subject: has more than 1024 items"));
    assert!(started.elapsed().as_secs() < 5);
    let digests: Vec<String> = (0..33).map(|i| format!(r#""d{i}":"x""#)).collect();
    let many = good().replacen(&format!(r#""sha256":"{HASH}""#), &digests.join(","), 1);
    assert_eq!(refused(&many), "in-toto statement: subject[0].digest: has 33 members, the limit is 32");
    let members: Vec<String> = (0..70).map(|i| format!(r#""m{i}":0,"#)).collect();
    let many = good().replacen('{', &format!("{{{}", members.concat()), 1);
    assert!(refused(&many).starts_with("in-toto statement: has more than 64 members"));
}

#[test]
fn subjects_are_found_by_digest() {
    let (small, large) = (HashAlgorithm::Sha256.digest(b"x"), HashAlgorithm::Sha512.digest(b"x"));
    let other = HashAlgorithm::Sha512.digest(b"y");
    let both = {
        let mut hasher = crate::crypto::Hasher::new([HashAlgorithm::Sha256, HashAlgorithm::Sha512]);
        hasher.update(b"x");
        hasher.finish()
    };
    let of = |digests: &str| statement_of(&format!(r#"[{{"name":"n","digest":{{{digests}}}}}]"#));
    let (s, l, o) = (
        format!(r#""sha256":"{}""#, small.hex()),
        format!(r#""sha512":"{}""#, large.hex()),
        format!(r#""sha512":"{}""#, other.hex()),
    );

    assert_eq!(of(&s).matches(&both).unwrap().name, "n");
    assert_eq!(of(&s).matches(&small.clone().into()).unwrap().name, "n");
    assert!(of(&l).matches(&both).is_some());
    assert!(of(&format!("{s},{l}")).matches(&both).is_some());
    // One digest fits and another contradicts: not this artifact.
    assert!(of(&format!("{s},{o}")).matches(&both).is_none());
    // The contradiction is not known when only one digest is.
    assert!(of(&format!("{s},{o}")).matches(&small.clone().into()).is_some());
    assert!(of(&o).matches(&both).is_none());
    assert!(of(&l).matches(&small.clone().into()).is_none());
    assert!(of(&s).matches(&HashAlgorithm::Sha256.digest(b"y").into()).is_none());
    assert!(of(&s).matches(&Digests::default()).is_none());
    // Names that only look like an algorithm's, and algorithms that are not known, match nothing.
    for name in ["SHA256", "sha-256", "gitCommit", "dirHash"] {
        assert!(of(&format!(r#""{name}":"{}""#, small.hex())).matches(&both).is_none(), "{name}");
    }
    // The second subject is as good as the first.
    let two = statement_of(&format!(r#"[{{"name":"1","digest":{{{o}}}}},{{"name":"2","digest":{{{s}}}}}]"#));
    assert_eq!(two.matches(&both).unwrap().name, "2");
    assert_eq!(two.matches(&other.into()).unwrap().name, "1");
}

proptest::proptest! {
    /// Whatever happens to a statement, reading it ends; and what is read is written so that it reads the same.
    #[test]
    fn never_panics(at: proptest::sample::Index, byte: u8, cut: bool) {
        let mut text = good().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if cut {
            text.truncate(at);
        }
        if let Ok(statement) = Statement::from_json(&text) {
            proptest::prop_assert_eq!(Statement::from_json(statement.to_json().as_bytes()).unwrap(), statement);
        }
    }
}
