//! What the calls of the recorded policies (`testdata/policies/cue/packages.jsonl`) do not show.

use super::*;
use crate::cue::number::Number;

fn call(package: &str, member: &str, arguments: &[Data]) -> Result<Data, CallError> {
    match lookup(package, member) {
        Some(Member::Function(function)) => function.call(arguments),
        other => panic!("{package}.{member} is {other:?}"),
    }
}

fn number(text: &str) -> Data {
    Number::json(text).unwrap().into()
}

#[test]
fn every_name_is_there_once() {
    for (at, (path, members)) in PACKAGES.iter().enumerate() {
        assert!(PACKAGES[..at].iter().all(|(other, _)| other < path), "{path}");
        for (place, (name, member)) in members.iter().enumerate() {
            assert!(members[..place].iter().all(|(other, _)| other != name), "{path}.{name}");
            if let Member::Function(function) = member {
                assert!(function.optional < function.parameters.len(), "{path}.{name}");
            }
        }
    }
    assert!(exists("encoding/json") && !exists("json") && !exists("tool/exec") && !exists(""));
    assert!(lookup("strings", "EqualFold").is_none() && lookup("nothing", "ToUpper").is_none());
}

#[test]
fn arguments_are_counted_and_their_kinds_checked() {
    let text = Data::from("a");
    assert!(matches!(call("strings", "ToUpper", &[]), Err(CallError::Failed(_))));
    assert!(matches!(call("strings", "ToUpper", &[text.clone(), text.clone()]), Err(CallError::Failed(_))));
    assert!(matches!(call("strings", "ToUpper", &[1_i64.into()]), Err(CallError::Failed(_))));
    assert!(matches!(call("strings", "Repeat", &[text.clone(), number("1.0")]), Err(CallError::Failed(_))));
    assert!(matches!(
        call("strings", "Repeat", &[text.clone(), number("9223372036854775808")]),
        Err(CallError::Failed(_))
    ));
    assert!(matches!(
        call("strings", "Join", &[vec![Data::Null].into(), text.clone()]),
        Err(CallError::Failed(_))
    ));
    assert_eq!(call("path", "Base", &["/a/b".into()]), Ok("b".into()));
    assert!(matches!(call("path", "Base", &["a".into(), "windows".into()]), Err(CallError::Unsupported(_))));
    assert!(matches!(
        call("list", "MinItems", &[Data::List(Vec::new()), 1_i64.into()]),
        Err(CallError::Unsupported(_))
    ));
}

/// Each of these would take more memory or time than there is, without a limit.
#[test]
fn results_are_bounded() {
    let huge = Data::from(1_i64 << 40);
    let hundred = Data::from("x".repeat(100));
    let many = Data::from(vec![hundred.clone(); 1000]);
    let million = Data::from("x".repeat(1_000_000));
    let hundred_thousand = Data::from(" ".repeat(100_000));
    let cases: Vec<(&str, &str, Vec<Data>)> = vec![
        ("strings", "Repeat", vec![hundred.clone(), huge.clone()]),
        ("strings", "Replace", vec![million.clone(), "".into(), hundred.clone(), (-1_i64).into()]),
        ("strings", "Join", vec![many, hundred_thousand.clone()]),
        ("list", "Repeat", vec![vec![Data::Null].into(), huge.clone()]),
        ("list", "Range", vec![0_i64.into(), huge.clone(), 1_i64.into()]),
        ("list", "Range", vec![0_i64.into(), 1_i64.into(), number("1e-30")]),
        ("list", "Range", vec![number("1e40"), number("1e41"), 1_i64.into()]),
        ("math/bits", "Lsh", vec![1_i64.into(), huge.clone()]),
        ("regexp", "ReplaceAll", vec!["".into(), million.clone(), hundred.clone()]),
        ("regexp", "FindSubmatch", vec![format!("{}.*{}", "(".repeat(40), ")".repeat(40)).into(), million]),
        ("strconv", "FormatFloat", vec![1_i64.into(), 102_i64.into(), huge, 64_i64.into()]),
    ];
    for (package, member, arguments) in cases {
        let got = call(package, member, &arguments);
        assert!(matches!(got, Err(CallError::Budget(_))), "{package}.{member}: {:?}", got.err());
    }
    for (package, member, arguments) in [
        ("math", "Pow10", vec![100_000_i64.into()]),
        ("math", "Pow10", vec![number("1000000")]),
        ("math", "Round", vec![number("1e100000")]),
        ("math", "MultipleOf", vec![number("1e100000"), number("1e-100000")]),
        ("math", "Pow", vec![number("9.9"), number("1000000000")]),
        ("list", "Sum", vec![vec![number("1e100000")].into()]),
        ("time", "Unix", vec![number("9223372036854775807"), 0_i64.into()]),
    ] {
        assert!(call(package, member, &arguments).is_err(), "{package}.{member}");
    }
}

#[test]
fn texts_that_are_cut_within_characters_are_refused() {
    // None of these may panic.
    for text in
        ["é", "1é", "+é", "é:é", "[é", "%é", "é%", "12:3é", "20é0-01-02T03:04:05Z", "2020-01-02T03:04:05.é"]
    {
        for (package, member) in [
            ("net", "SplitHostPort"),
            ("net", "PathUnescape"),
            ("net", "URL"),
            ("net", "IPCIDR"),
            ("net", "FQDN"),
            ("time", "Time"),
            ("time", "ParseDuration"),
            ("strconv", "Atoi"),
            ("strconv", "Quote"),
            ("uuid", "Parse"),
            ("encoding/hex", "Decode"),
            ("path", "Ext"),
        ] {
            let _ = call(package, member, &[text.into()]);
        }
        for layout in [
            "2006",
            "06",
            "002",
            "Jan",
            "January",
            "MST",
            "Z07:00",
            "Z07:00:00",
            "-07",
            ".000",
            "__2",
            "pm",
            text,
        ] {
            let _ = call("time", "Parse", &[layout.into(), text.into()]);
            let _ = call("time", "FormatString", &[text.into(), layout.into()]);
        }
        for pattern in [text, "[é-", "[é", "\\", "*é", "?"] {
            let _ = call("path", "Match", &[pattern.into(), text.into()]);
            let _ =
                call("regexp", "ReplaceAll", &[pattern.into(), text.into(), format!("${{{text}}}$é").into()]);
        }
        for separator in ["", "é", text] {
            let _ = call("strings", "SplitN", &[text.into(), separator.into(), 2_i64.into()]);
            let _ = call("strings", "SliceRunes", &[text.into(), 1_i64.into(), 2_i64.into()]);
        }
    }
}

/// What is refused here although the peer passes it, besides what is not supported: no text is no CIDR, and a year of twelve
/// digits is none.
const REFUSED: &[&str] = &["net-IPCIDR-09", "net-IPCIDR-10", "time-Unix-07"];

/// The verdicts on recorded calls are cosign's.
#[test]
fn recorded_calls_have_the_peers_verdicts() {
    use crate::cue::{eval, load, statement::Json};
    let statement = include_str!("../../../testdata/policies/statements/plain.json");
    let statement = Json::parse(statement).unwrap();
    let (mut same, mut unsupported) = (0, 0);
    for line in include_str!("../../../testdata/policies/cue/packages.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let text = case["files"]["policy.cue"].as_str().unwrap();
        let verdict = load::load(&[("policy.cue".into(), text.into())])
            .map_err(|error| error.to_string())
            .and_then(|package| eval::validate(&package, &statement).map_err(|error| error.to_string()));
        match (case["verdict"].as_str(), verdict) {
            (Some("pass"), Ok(_)) | (Some("refuse"), Err(_)) => same += 1,
            (Some("pass"), Err(why)) if why.contains("not supported") => unsupported += 1,
            (Some("pass"), Err(_)) if REFUSED.contains(&name) => {}
            (expected, got) => panic!("{name}: expected {expected:?}, got {:?}\n{text}", got.err()),
        }
    }
    assert!(same > 1_100 && unsupported < 90, "{same} the same, {unsupported} not supported");
}
