//! Each expectation was seen of Go's package, by way of policies that cosign evaluated.

use super::*;

fn in_utc(layout: &str, text: &str) -> Option<String> {
    let time = read(layout, text)?;
    Some(write(&time.in_utc().unwrap().into(), RFC3339_NANO))
}

#[test]
fn times_are_read_by_layouts() {
    for (layout, text, read) in [
        (RFC3339, "2024-02-29T12:00:00+01:00", Some("2024-02-29T11:00:00Z")),
        (RFC3339, "2023-02-29T12:00:00Z", None),
        (RFC3339, "2020-01-01T00:00:00.5Z", Some("2020-01-01T00:00:00.5Z")),
        (RFC3339, "2020-01-01T24:00:00Z", None),
        (RFC3339, "2020-01-01t00:00:00Z", None),
        // UTC is Z in all of these.
        ("2006-01-02T15:04:05Z070000", "2020-01-01T00:00:00Z", Some("2020-01-01T00:00:00Z")),
        ("2006-01-02T15:04:05Z07", "2020-01-01T00:00:00Z", Some("2020-01-01T00:00:00Z")),
        ("2006 MST", "2020-01-01T00:00:00Z", None),
        // Signs where digits are expected.
        ("06-01-02", "-5-01-01", Some("1995-01-01T00:00:00Z")),
        ("2006-01-02 15:04:05.000", "2020-01-01 00:00:00.+12", Some("2020-01-01T00:00:00.012Z")),
        ("2006 002", "2024 060", Some("2024-02-29T00:00:00Z")),
        ("2006 002", "2023 366", None),
        ("3PM", "12AM", Some("0000-01-01T00:00:00Z")),
    ] {
        assert_eq!(in_utc(layout, text).as_deref(), read, "{text:?} by {layout:?}");
    }
}

#[test]
fn a_zone_by_name_is_known_to_the_machine_alone() {
    let read = |text| read("2006-01-02 MST", text).unwrap();
    assert_eq!(read("2020-01-01 CET").in_utc(), Err("CET"));
    assert_eq!(read("2020-01-01 UTC").zone, Zone::Utc);
    assert_eq!(read("2020-01-01 GMT").zone, Zone::Utc);
}

#[test]
fn times_are_written_by_layouts() {
    let time = read(RFC3339_NANO, "0000-01-01T00:00:00-01:30").unwrap();
    assert_eq!(write(&time, "06 Z07:00:00 MST -07 -070000"), "00 -01:30:00 -0130 -01 -013000");
    let ancient = Moment::at(-99_999_999_999 * 1_000_000_000 + 5);
    assert_eq!(write(&ancient.into(), RFC3339_NANO), "-1199-02-15T14:13:21.000000005Z");
    assert_eq!(ancient.nanos(), -99_999_999_999 * 1_000_000_000 + 5);
}

#[test]
fn durations_are_read_and_written() {
    for (text, nanoseconds) in [
        ("1h2m", Some(3_720_000_000_000)),
        ("-1.5h", Some(-5_400_000_000_000)),
        (".5s", Some(500_000_000)),
        ("1h2", None),
        (".s", None),
        ("", None),
        ("+", None),
        ("9223372036854775807ns", Some(i64::MAX)),
        ("9223372036854775808ns", None),
        ("-9223372036854775808ns", Some(i64::MIN)),
        ("1d", None),
    ] {
        assert_eq!(parse_duration(text), nanoseconds, "{text:?}");
    }
    for (nanoseconds, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5\u{b5}s"),
        (1_500_000, "1.5ms"),
        (-1_500_000_000, "-1.5s"),
        (3_600_000_000_000, "1h0m0s"),
    ] {
        assert_eq!(write_duration(nanoseconds), text);
    }
}
