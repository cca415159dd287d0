use super::*;
use crate::trust::embedded_public_root_document;

fn at(time: &str) -> RootInspection {
    inspection(&embedded_public_root_document().unwrap(), "x", b"{}", UnixTime::parse_rfc3339(time).unwrap())
}

fn state(view: &Option<WindowView>) -> &'static str {
    view.as_ref().unwrap().state
}

#[test]
fn windows_are_seen_from_now() {
    for (time, ca, log) in [
        ("2020-01-01T00:00:00Z", ["future", "future"], ["future", "future"]),
        ("2022-11-01T00:00:00Z", ["current", "current"], ["current", "future"]),
        ("2022-12-31T23:59:59.999Z", ["current", "current"], ["current", "future"]),
        ("2023-01-01T00:00:00Z", ["past", "current"], ["current", "future"]),
        ("2026-01-01T00:00:00Z", ["past", "current"], ["current", "current"]),
    ] {
        let shown = at(time);
        let authorities: Vec<_> = shown.certificate_authorities.iter().map(|a| state(&a.window)).collect();
        let logs: Vec<_> = shown.transparency_logs.iter().map(|l| state(&l.window)).collect();
        assert_eq!((authorities.as_slice(), logs.as_slice()), (&ca[..], &log[..]), "{time}");
        assert_eq!(shown.all_problems(), [] as [String; 0], "{time}");
    }
}

/// The window of an authority says nothing when its certificates are no longer valid.
#[test]
fn a_certificate_that_expired_in_an_open_window_is_a_problem() {
    let shown = at("2032-01-01T00:00:00Z");
    // The first authority's window has ended: its certificate is nobody's concern any more.
    assert_eq!(shown.certificate_authorities[0].problems, []);
    let problems = &shown.certificate_authorities[1].problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0]
            .message
            .starts_with("certificate `CN=sigstore-intermediate,O=sigstore.dev` expired on 2031-10-05")
    );
    assert_eq!(problems[0].code, "certificate-expired");
    assert_eq!(shown.certificate_authorities[1].certificates[0].state, "past");
    assert!(shown.all_problems()[0].starts_with("certificate authority `https://fulcio.sigstore.dev`: "));
    assert_eq!(shown.timestamp_authorities[0].problems, []);
}

#[test]
fn both_formats_say_the_same() {
    let value = serde_json::to_value(at("2026-01-01T00:00:00Z")).unwrap();
    let log = &value["transparencyLogs"][1];
    assert_eq!(log["state"], "current");
    assert_eq!(log.get("until"), None);
    assert_eq!(log["logIdIs"], "checkpoint key of `log2025-1.rekor.sigstore.dev`");
    assert_eq!(value["time"], "2026-01-01T00:00:00Z");
}
