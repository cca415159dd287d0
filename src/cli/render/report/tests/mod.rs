use super::*;
use crate::commands::{
    CandidateReport, CheckReport, CountedFact, DemandVerdict, ErrorReport, ItemReport, NamedAt, PolicyReport,
    PolicyVerdict, SignerReport,
};
use crate::crypto::UnixTime;
use serde_json::Value;

mod schema;
mod xml;

/// A name that tries to get out of every form.
const HOSTILE: &str =
    "a\u{1b}[31m]]>\n::error::x%0A\r::set-output name=x::y|`<script>` \u{202e}&'\"{0}[l](u)\u{fffe}\u{0}é,:";

fn check(check: &'static str, outcome: &'static str) -> CheckReport {
    CheckReport { check, outcome, flag: None, reason: None, detail: None }
}

/// Three images: one verified, one refused, one that could not be reached.
fn three(name: &str) -> Report {
    let mut report = Report::new("verify", UnixTime::from_seconds(1_700_000_000));
    let image = |suffix: &str| ItemReport::new(format!("{name}{suffix}"));
    let error = |kind, reason| ErrorReport {
        reason,
        ..ErrorReport::of(&Error::new(kind, name).cause(name).hint("see `tree IMAGE`"))
    };
    let mut good = image("1");
    (good.verified, good.digest) = (true, Some(format!("sha256:{}", "0".repeat(64))));
    good.candidates.push(CandidateReport {
        source: name.to_owned(),
        format: "sigstore bundle v0.3".to_owned(),
        verified: true,
        uncounted: Vec::new(),
        signer: Some(SignerReport {
            key_id: "00".to_owned(),
            identity: Some(name.to_owned()),
            issuer: Some("https://issuer.example".to_owned()),
        }),
        predicate_type: Some(name.to_owned()),
        evidence: vec![name.to_owned()],
        checks: vec![CheckReport { detail: Some(name.to_owned()), ..check("log", "proven") }],
    });
    let mut bad = image("2");
    bad.error = Some(error(ErrorKind::NoneValid, Some("log-unknown")));
    let failed = CheckReport { reason: Some("log-unknown"), ..check("log", "failed") };
    let waived = CheckReport { flag: Some("--no-log"), ..check("sct", "waived") };
    bad.candidates.push(CandidateReport {
        verified: false,
        signer: None,
        predicate_type: None,
        evidence: Vec::new(),
        checks: vec![failed, waived, check("signer", "not-reached")],
        ..good.candidates[0].clone()
    });
    let mut lost = image("3");
    (lost.platform, lost.index) = (Some("linux/amd64".to_owned()), Some(name.to_owned()));
    lost.error = Some(error(ErrorKind::Network, None));
    report.images = Some(vec![good, bad, lost]);
    report.fail(&Error::new(ErrorKind::NoneValid, "2 of 3 images did not verify"));
    report
}

fn rendered(report: &Report, format: ReportFormat) -> String {
    super::report(report, format, Color::Off).unwrap()
}

/// No line, colour or direction of the reader's terminal is decided by a name.
fn is_quiet(text: &str) -> bool {
    !text.contains(['\u{1b}', '\r', '\0', '\u{202e}', '\u{9b}'])
}

#[test]
fn junit_keeps_to_its_schema() {
    for report in
        [three("r.example/app:"), three(HOSTILE), Report::new("verify-blob", UnixTime::from_seconds(0))]
    {
        let text = rendered(&report, ReportFormat::Junit);
        assert!(is_quiet(&text));
        let root = xml::parse(&text);
        xml::check(include_str!("../../../../../testdata/schemas/junit-10.xsd"), &root);
        let suite = &root.children("testsuite")[0];
        let cases = suite.children("testcase");
        assert_eq!(suite.attribute("tests"), cases.len().to_string());
        let count =
            |name: &str| cases.iter().filter(|case| !case.children(name).is_empty()).count().to_string();
        assert_eq!(suite.attribute("failures"), count("failure"));
        assert_eq!(suite.attribute("errors"), count("error"));
        assert_eq!(root.children("testsuite").len(), 1);
    }
    let root = xml::parse(&rendered(&three("r.example/app:"), ReportFormat::Junit));
    let cases = root.children("testsuite")[0].children("testcase");
    assert_eq!(
        cases.iter().map(|case| case.attribute("name")).collect::<Vec<_>>()[..2],
        ["r.example/app:1", "r.example/app:2"]
    );
    assert_eq!(cases[1].children("failure")[0].attribute("type"), "log-unknown");
    assert_eq!(cases[2].children("error")[0].attribute("type"), "network");
    assert!(cases[2].children("failure").is_empty() && cases[0].children("failure").is_empty());
}

/// One that a policy file accepts as it is, and one that an earlier run verified.
fn unproven() -> Report {
    let mut report = Report::new("verify", UnixTime::from_seconds(1_700_000_000));
    let [mut unsigned, mut resumed] =
        ["r/unsigned", "r/resumed"].map(|name| ItemReport::new(name.to_owned()));
    (unsigned.verified, resumed.verified) = (true, true);
    resumed.resumed = Some("2026-01-02T03:04:05Z".to_owned());
    unsigned.policy = Some(PolicyReport {
        file: "p".to_owned(),
        artifact: "r/unsigned".to_owned(),
        scope: None,
        pattern: None,
        verdict: PolicyVerdict::AcceptedUnsigned,
        demands: Vec::new(),
    });
    report.images = Some(vec![unsigned, resumed]);
    report.verified = true;
    report
}

#[test]
fn no_form_calls_verified_what_this_run_did_not_verify() {
    let report = unproven();
    let counts =
        "2 judged: 0 verified, 1 accepted without a signature, 1 verified by an earlier run, 0 refused";
    let text = rendered(&report, ReportFormat::Text);
    for line in [
        "r/unsigned: accepted without a signature\n",
        "r/resumed: verified by an earlier run, at 2026-01-02T03:04:05Z\n",
        counts,
    ] {
        assert!(text.contains(line), "{text}");
    }
    let text = rendered(&report, ReportFormat::Github);
    for line in [
        "::notice title=accepted without a signature::r/unsigned\n",
        "::notice title=verified by an earlier run::r/resumed\n",
        counts,
    ] {
        assert!(text.contains(line), "{text}");
    }
    let text = summary(&report);
    assert!(text.contains("| \u{26a0}\u{fe0f} accepted without a signature |"), "{text}");
    assert!(text.contains("| \u{2705} verified by an earlier run, at 2026"), "{text}");
    let root = xml::parse(&rendered(&report, ReportFormat::Junit));
    xml::check(include_str!("../../../../../testdata/schemas/junit-10.xsd"), &root);
    let text = rendered(&report, ReportFormat::Junit);
    for line in [
        "<property name=\"rcosign.accepted-unsigned\" value=\"1\"/>",
        "<property name=\"rcosign.resumed\" value=\"1\"/>",
        "<system-out>accepted without a signature\npolicy p: scope none: no pattern matches</system-out>",
        "<system-out>verified by an earlier run, at 2026-01-02T03:04:05Z</system-out>",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let value = sarif::sarif(&report);
    schema::check(&value);
    let run = &value["runs"][0];
    let (result, invocation) = (&run["results"][0], &run["invocations"][0]);
    assert_eq!((&result["ruleId"], &result["level"]), (&"accepted-unsigned".into(), &"note".into()));
    let noted = &invocation["toolExecutionNotifications"][0];
    assert_eq!((&noted["descriptor"]["id"], &noted["level"]), (&"resumed".into(), &"note".into()));
    assert_eq!(invocation["executionSuccessful"], true);
    assert_eq!(run["properties"]["verified"], 0);
}

#[test]
fn a_candidate_that_does_not_count_is_no_success() {
    for name in ["r/a:", HOSTILE] {
        let mut report = three(name);
        let bad = &mut report.images.as_mut().unwrap()[1];
        let checks = vec![check("signature", "proven"), check("signer", "proven")];
        let lines = vec![format!("rule slsa: {name}"), format!("more of {name}")];
        bad.candidates[0] = CandidateReport { uncounted: lines, checks, ..bad.candidates[0].clone() };
        let plain = name == "r/a:";
        for (format, indent) in [(ReportFormat::Text, "     "), (ReportFormat::Junit, "  ")] {
            let text = rendered(&report, format);
            assert!(is_quiet(&text));
            let line = "r/a: (sigstore bundle v0.3): verified, does not count: rule slsa: r/a:\n";
            assert!(!plain || text.contains(&format!("{line}{indent}more of r/a:\n")), "{text}");
        }
        let root = xml::parse(&rendered(&report, ReportFormat::Junit));
        xml::check(include_str!("../../../../../testdata/schemas/junit-10.xsd"), &root);
        schema::check(&sarif::sarif(&report));
        let json: Value = serde_json::from_str(&rendered(&report, ReportFormat::Json)).unwrap();
        let candidate = &json["images"][1]["candidates"][0];
        assert_eq!(
            (&candidate["verified"], candidate["uncounted"].as_array().unwrap().len()),
            (&false.into(), 2)
        );
        assert!(json["images"][0]["candidates"][0].get("uncounted").is_none());
    }
}

#[test]
fn what_breaks_the_schemas_is_seen() {
    let schema = include_str!("../../../../../testdata/schemas/junit-10.xsd");
    for text in [
        "<testsuites><testcase name=\"x\"/></testsuites>",
        "<testsuites><testsuite name=\"x\" tests=\"1\" failures=\"0\"/></testsuites>",
        "<testsuites other=\"x\"/>",
        "<testsuites>text</testsuites>",
        "<testsuites time=\"soon\"/>",
        "<testsuites>",
        "<testsuites a=\"<\"/>",
        "<testsuites/>\u{1}",
        "<testsuites name=\"&x;\"/>",
    ] {
        assert!(std::panic::catch_unwind(|| xml::check(schema, &xml::parse(text))).is_err(), "{text}");
    }
    let sarif = sarif::sarif(&three("x"));
    for (at, value) in [
        ("/version", serde_json::json!("2.0.0")),
        ("/runs/0/results/0/level", serde_json::json!("bad")),
        ("/runs/0/results/0/message", serde_json::json!({})),
        ("/runs/0/tool/driver/name", serde_json::json!(1)),
        ("/runs/0/results/0/ruleIndex", serde_json::json!(-2)),
        ("/runs/0/results/0/locations/0", serde_json::json!({"place": 1})),
    ] {
        let mut broken = sarif.clone();
        *broken.pointer_mut(at).unwrap() = value;
        assert!(std::panic::catch_unwind(|| schema::check(&broken)).is_err(), "{at}");
    }
}

#[test]
fn sarif_keeps_to_its_schema() {
    for report in
        [three("r.example/app:"), three(HOSTILE), Report::new("verify-blob", UnixTime::from_seconds(0))]
    {
        let text = rendered(&report, ReportFormat::Sarif);
        assert!(is_quiet(&text));
        let value: Value = serde_json::from_str(&text).unwrap();
        schema::check(&value);
    }
    let value = sarif::sarif(&three("r.example/app:"));
    let run = &value["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    assert_eq!(run["results"][0]["ruleId"], "log-unknown");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "log-unknown");
    let place = &run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "r.example/app%3A2");
    let invocation = &run["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&false.into(), &12.into()));
    assert_eq!(invocation["toolExecutionNotifications"][0]["descriptor"]["id"], "network");
    let mut report = three("r.example/app:");
    report.named_in = Some("/a b/Dockerfile".to_owned());
    let value = sarif::sarif(&report);
    let place =
        &value["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "file:///a%20b/Dockerfile");
    report.images.as_mut().unwrap()[1].named_at = Some(NamedAt { file: "./a b/l.txt".to_owned(), line: 7 });
    let value = sarif::sarif(&report);
    schema::check(&value);
    let place = &value["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"a%20b/l.txt".into(), &7.into())
    );
    let text = rendered(&report, ReportFormat::Github);
    assert!(text.starts_with("::error file=a b/l.txt,line=7,title=refused"), "{text}");
    assert!(text.lines().nth(1).unwrap().starts_with("::error file=/a b/Dockerfile,title="), "{text}");
}

/// Code scanning finds no file by an absolute path.
#[test]
fn what_is_below_the_working_directory_is_named_from_there() {
    let here = std::env::current_dir().unwrap().display().to_string();
    for (file, expected) in [
        (format!("{here}/a b/l.txt"), "a%20b/l.txt".to_owned()),
        (format!("{here}2/l.txt"), format!("file://{here}2/l.txt")),
        ("./l.txt".to_owned(), "l.txt".to_owned()),
        ("../l.txt".to_owned(), "../l.txt".to_owned()),
    ] {
        let mut report = three("r.example/app:");
        report.images.as_mut().unwrap()[1].named_at = Some(NamedAt { file, line: 7 });
        let value = sarif::sarif(&report);
        schema::check(&value);
        let place = &value["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], expected);
    }
    let mut report = three("r.example/app:");
    report.named_in = Some(format!("{here}/l.txt"));
    let text = rendered(&report, ReportFormat::Github);
    assert!(text.contains("::error file=l.txt,title="), "{text}");
}

/// The runner obeys a line that begins with `::`, after white space, and one with `##[` in it at the beginning.
#[test]
fn github_obeys_the_program_and_no_name() {
    let text = rendered(&three(HOSTILE), ReportFormat::Github);
    assert!(is_quiet(&text));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[..2].iter().all(|line| line.starts_with("::error title=")), "{text}");
    assert!(lines[2].starts_with(
        "::notice title=rcosign verify::3 judged: 1 verified, 1 refused, 1 could not be judged"
    ));
    for line in lines {
        let (properties, _) = line[2..].split_once("::").unwrap();
        // One property, whatever the name holds.
        assert_eq!(properties.matches('=').count() - properties.matches("name=x").count(), 1, "{properties}");
        assert!(!properties.contains(','), "{properties}");
    }
    let mut many = three("r/a");
    let one = many.images.as_ref().unwrap()[1].clone();
    many.images = Some(vec![one; 30]);
    let text = rendered(&many, ReportFormat::Github);
    assert_eq!(text.lines().filter(|line| line.starts_with("::error ")).count(), 10);
    assert!(text.contains("and 21 more"), "{text}");
}

#[test]
fn a_summary_is_a_table_whatever_the_names_are() {
    let text = summary(&three(HOSTILE));
    assert!(is_quiet(&text));
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.matches('|').count() == 5), "{text}");
    assert!(!text.contains("<script") && !text.contains("[l]") && !text.contains("]]>"));
    assert!(text.contains("<code>log&#45;unknown</code>") || text.contains("<code>log-unknown</code>"));
    let mut many = three("r/a");
    let one = many.images.as_ref().unwrap()[1].clone();
    many.images = Some(vec![one; 20_000]);
    let text = summary(&many);
    assert!(text.len() < 1 << 20 && text.contains("more"), "{}", text.len());
}

#[test]
fn the_text_is_a_tree() {
    assert_eq!(
        rendered(&three("r/a:"), ReportFormat::Text).replace(&"0".repeat(64), "0"),
        "\
r/a:1: verified
  sha256:0
\u{2514}\u{2500} r/a: (sigstore bundle v0.3): verified
     signed by r/a:, confirmed by https://issuer.example
     statement of type r/a:
     r/a:
   \u{2514}\u{2500} log proven: r/a:
r/a:2: refused
  r/a:
  caused by: r/a:
  hint: see `rcosign tree IMAGE`
\u{2514}\u{2500} r/a: (sigstore bundle v0.3): refused
   \u{251c}\u{2500} log failed [log-unknown]
   \u{251c}\u{2500} sct waived by --no-log
   \u{2514}\u{2500} signer not-reached
r/a:3 (linux/amd64), in r/a:: not judged
  r/a:
  caused by: r/a:
  hint: see `rcosign tree IMAGE`
3 judged: 1 verified, 1 refused, 1 could not be judged
"
    );
    let text = rendered(&three(HOSTILE), ReportFormat::Text);
    assert!(is_quiet(&text));
    assert_eq!(text.lines().count(), rendered(&three("r/a:"), ReportFormat::Text).lines().count());
    let painted = super::report(&three(HOSTILE), ReportFormat::Text, Color::On).unwrap();
    assert!(painted.contains("\u{1b}[32mverified\u{1b}[0m"));
    for code in ["31", "32", "2", "0"] {
        assert!(painted.contains(&format!("\u{1b}[{code}m")));
    }
    let plain = ["31", "32", "2", "0"]
        .iter()
        .fold(painted, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
    assert_eq!(plain, text);
}

/// A policy file decides, by a scope and by whoever counts.
fn by_scope(name: &str) -> Report {
    let mut report = three(name);
    let text = || name.to_owned();
    let images = report.images.as_mut().unwrap();
    for (image, verdict) in images.iter_mut().zip([PolicyVerdict::Accepted, PolicyVerdict::Refused]) {
        let is_met = verdict == PolicyVerdict::Accepted;
        let fact = CountedFact {
            signer: "release".to_owned(),
            who: text(),
            source: text(),
            time: None,
            evidence: vec![text()],
            candidate: 0,
        };
        let demand = DemandVerdict {
            what: "signatures".to_owned(),
            asked: "all of release, ops".to_owned(),
            needed: 2,
            found: 1,
            counted: vec![fact],
            uncounted: Vec::new(),
            missing: Vec::new(),
            is_met,
        };
        image.policy = Some(PolicyReport {
            file: "policy.yaml".to_owned(),
            artifact: text(),
            scope: Some("prod".to_owned()),
            pattern: Some("r/**".to_owned()),
            verdict,
            demands: vec![demand],
        });
    }
    report
}

#[test]
fn every_form_says_which_scope_and_which_signer_decided() {
    let report = by_scope("r/a:");
    let lines = [
        "policy policy.yaml: scope prod, by its pattern r/**",
        "signatures: all of release, ops: met",
        "signatures: all of release, ops: NOT met",
        "  counts: release (r/a:), in r/a:",
        "    release: r/a:",
    ];
    for (format, each) in [(ReportFormat::Text, 2), (ReportFormat::Junit, 2)] {
        let text = rendered(&report, format);
        assert!(lines.iter().all(|line| text.contains(line)), "{text}");
        assert_eq!(text.matches(lines[0]).count(), each, "{text}");
    }
    let sarif: Value = serde_json::from_str(&rendered(&report, ReportFormat::Sarif)).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][0]["properties"]["scope"], "prod");
    assert_eq!(run["results"][0]["properties"]["signers"][0]["signer"], "release");
    let decided = run["properties"]["decidedBy"].as_array().unwrap();
    assert_eq!(decided.len(), 2);
    assert_eq!((&decided[0]["artifact"], &decided[0]["verdict"]), (&"r/a:1".into(), &"accepted".into()));
    assert!(serde_json::from_str::<Value>(&rendered(&three("r/a:"), ReportFormat::Sarif)).unwrap()["runs"][0]["properties"]["decidedBy"].is_null());
    // Nobody gets out of a form by what he is called.
    let hostile = by_scope(HOSTILE);
    let root = xml::parse(&rendered(&hostile, ReportFormat::Junit));
    xml::check(include_str!("../../../../../testdata/schemas/junit-10.xsd"), &root);
    let text = rendered(&hostile, ReportFormat::Text);
    assert!(is_quiet(&text));
    assert_eq!(text.lines().count(), rendered(&report, ReportFormat::Text).lines().count());
    assert!(is_quiet(&rendered(&hostile, ReportFormat::Sarif)));
}
