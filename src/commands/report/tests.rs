use super::*;
use crate::policy::scoped::{CountedFact, Uncounted};

fn policy() -> PolicyReport {
    let text = || "x".to_owned();
    let counted = CountedFact {
        signer: text(),
        who: text(),
        source: text(),
        time: Some(text()),
        evidence: vec![text()],
        candidate: 0,
    };
    let uncounted =
        Uncounted { signer: text(), source: text(), reason: vec![text()], spoils: true, candidate: 0 };
    let demand = DemandVerdict {
        what: text(),
        asked: text(),
        needed: 1,
        found: 1,
        counted: vec![counted],
        uncounted: vec![uncounted],
        missing: vec![text()],
        is_met: true,
    };
    PolicyReport {
        file: text(),
        artifact: text(),
        scope: Some(text()),
        pattern: Some(text()),
        verdict: PolicyVerdict::Accepted,
        demands: vec![demand],
    }
}

fn asked() -> LanguageReport {
    LanguageReport {
        name: "p.rego".into(),
        digest: "sha256:00".into(),
        language: "rego",
        verdict: LanguageVerdict::Refused,
    }
}

/// One of which everything is said that may be.
fn candidate() -> CandidateReport {
    let check = CheckReport {
        check: "log",
        outcome: "failed",
        flag: Some("--no-log"),
        reason: Some("log-unknown"),
        detail: Some("x".into()),
    };
    let signer = SignerReport { key_id: "00".into(), identity: Some("a".into()), issuer: Some("b".into()) };
    CandidateReport {
        source: "f".into(),
        format: "detached".into(),
        verified: true,
        uncounted: vec!["rule slsa".into()],
        signer: Some(signer),
        predicate_type: Some("t".into()),
        evidence: vec!["e".into()],
        checks: vec![check],
    }
}

/// The documented schema allows what is written, and nothing of it is missing there.
#[test]
fn the_schema_describes_every_member() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/reference/report.schema.json")).unwrap();
    assert_eq!(schema["properties"]["schema"]["const"], REPORT_SCHEMA);
    let candidate = candidate();
    let policy = policy();
    let mut report = Report::new("verify-blob", UnixTime::from_seconds(0));
    report.artifact = Some(ArtifactReport { name: "a".into(), digests: vec!["sha256:00".into()] });
    report.trusted_root = Some("r".into());
    report.candidates.push(candidate.clone());
    report.images = Some(vec![ItemReport {
        bundle: None,
        digests: None,
        name: "i".into(),
        named_at: Some(NamedAt { file: "l".into(), line: 1 }),
        digest: Some("sha256:00".into()),
        platform: Some("linux/amd64".into()),
        index: Some("i".into()),
        rule: Some("x".into()),
        resumed: Some("2026-01-01T00:00:00Z".into()),
        verified: false,
        candidates: vec![candidate.clone()],
        policy: Some(policy.clone()),
        policies: Some(vec![asked()]),
        error: Some(ErrorReport { reason: Some("log-unknown"), ..ErrorReport::of(&Error::usage("x")) }),
    }]);
    report.policy = Some(policy.clone());
    report.policies = Some(vec![asked()]);
    report.files = Some(vec![ItemReport {
        name: "f".into(),
        named_at: Some(NamedAt { file: "l".into(), line: 1 }),
        bundle: Some("f.sigstore.json".into()),
        digests: Some(vec!["sha256:00".into()]),
        verified: false,
        candidates: vec![candidate.clone()],
        policy: Some(policy.clone()),
        policies: Some(vec![asked()]),
        error: Some(ErrorReport::of(&Error::usage("x"))),
        ..ItemReport::new(String::new())
    }]);
    report.shard = Some("2/5".into());
    report.named_in = Some("Dockerfile".into());
    report.fail(&Error::usage("x"));
    let written = serde_json::to_value(&report).unwrap();
    let definitions = &schema["$defs"];
    let same = |schema: &serde_json::Value, value: &serde_json::Value| {
        let names = |v: &serde_json::Value| {
            let mut names: Vec<_> = v.as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&schema["properties"]), names(value));
    };
    same(&schema, &written);
    same(&schema["properties"]["artifact"], &written["artifact"]);
    same(&definitions["error"], &written["images"][0]["error"]);
    same(&definitions["image"], &written["images"][0]);
    same(&definitions["namedAt"], &written["images"][0]["namedAt"]);
    same(&definitions["policy"], &written["policy"]);
    same(&definitions["asked"], &written["policies"][0]);
    let (demand, described) = (&written["policy"]["demands"][0], &definitions["demand"]);
    same(described, demand);
    same(&described["properties"]["counted"]["items"], &demand["counted"][0]);
    same(&described["properties"]["uncounted"]["items"], &demand["uncounted"][0]);
    same(&definitions["file"], &written["files"][0]);
    same(&definitions["candidate"], &written["candidates"][0]);
    same(&definitions["candidate"]["properties"]["signer"], &written["candidates"][0]["signer"]);
    same(&definitions["check"], &written["candidates"][0]["checks"][0]);
    let names: Vec<_> = Check::ALL.iter().map(|c| c.name()).collect();
    assert_eq!(definitions["check"]["properties"]["check"]["enum"], serde_json::json!(names));
}
