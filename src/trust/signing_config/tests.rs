use serde_json::{Value, json};
use sigstore_trust_root::SIGSTORE_PRODUCTION_SIGNING_CONFIG as PUBLIC;

use super::*;
use crate::crypto::UnixTime;

fn read(value: &Value) -> Result<SigningConfig, String> {
    SigningConfig::from_json(value.to_string().as_bytes()).map_err(|e| e.to_string())
}

fn with(name: &str, value: Value) -> Result<SigningConfig, String> {
    let mut config = crypto::json::parse("test", PUBLIC.as_bytes()).unwrap();
    config[name] = value;
    read(&config)
}

#[test]
fn the_public_config_is_read_whole() {
    let config = SigningConfig::from_json(PUBLIC.as_bytes()).unwrap();
    assert_eq!(config.log_selection, Selection::Any);
    assert_eq!(config.timestamp_selection, Selection::Any);
    assert_eq!(
        config.logs,
        [Service {
            url: "https://rekor.sigstore.dev".into(),
            major_api_version: 1,
            valid_for: Window {
                start: Some(UnixTime::parse_rfc3339("2021-01-12T11:53:27Z").unwrap()),
                end: None
            },
            operator: "sigstore.dev".into(),
        }]
    );
    let counts = [&config.certificate_authorities, &config.oidc_providers, &config.timestamp_authorities];
    assert!(counts.iter().all(|services| services.len() == 1));
}

/// What `cosign signing-config create` prints without arguments.
#[test]
fn a_config_without_services_is_the_default_one() {
    let text = br#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;
    let config = SigningConfig::from_json(text).unwrap();
    assert_eq!(config, SigningConfig::default());
}

#[test]
fn selectors() {
    for (value, want) in [
        (json!(null), Selection::Undefined),
        (json!({}), Selection::Undefined),
        (json!({ "selector": "SERVICE_SELECTOR_UNDEFINED" }), Selection::Undefined),
        (json!({ "selector": "ALL" }), Selection::All),
        (json!({ "selector": 2 }), Selection::Any),
        (json!({ "selector": "EXACT", "count": 2 }), Selection::Exact(2)),
        (json!({ "selector": "EXACT", "count": "3" }), Selection::Exact(3)),
    ] {
        assert_eq!(with("rekorTlogConfig", value).unwrap().log_selection, want);
    }
    for (bad, reason) in [
        (json!({ "selector": "EXACT" }), "rekorTlogConfig.count: missing; `EXACT` requires it"),
        (json!({ "selector": "MOST" }), "rekorTlogConfig.selector: unknown selector `MOST`"),
        (json!({ "selector": "ANY", "count": -1 }), "rekorTlogConfig.count: not an integer of 32 bits"),
        (json!([]), "rekorTlogConfig: a list where an object belongs"),
    ] {
        assert_eq!(with("rekorTlogConfig", bad).unwrap_err(), format!("signing config: {reason}"));
    }
}

#[test]
fn broken_configs_are_refused() {
    for (name, value, reason) in [
        ("mediaType", json!(null), "mediaType: missing"),
        (
            "mediaType",
            json!("application/vnd.dev.sigstore.signingconfig.v0.1+json"),
            "mediaType: not that of a signing config v0.2: `application/vnd.dev.sigstore.signingconfig.v0.1+json`",
        ),
        ("caUrl", json!("https://fulcio.example"), "caUrl: unknown member"),
        ("caUrls", json!([{ "majorApiVersion": 1 }]), "caUrls[0].url: missing"),
        ("caUrls", json!([{ "url": "u" }]), "caUrls[0].majorApiVersion: missing"),
        ("caUrls", json!(["u"]), "caUrls[0]: a string where an object belongs"),
        (
            "tsaUrls",
            json!([{ "url": "u", "majorApiVersion": 1, "validFor": { "start": "x" } }]),
            "tsaUrls[0].validFor.start: `x` is not RFC 3339",
        ),
        ("tsaUrls", json!(vec![json!({}); 257]), "tsaUrls: 257 elements; at most 256 are read"),
    ] {
        assert_eq!(with(name, value).unwrap_err(), format!("signing config: {reason}"));
    }
    assert!(SigningConfig::from_json(&vec![b' '; MAX_SIZE + 1]).is_err());
    assert!(SigningConfig::from_json(b"").is_err());
}

#[test]
fn the_public_config_is_written_as_it_was_read() {
    let config = SigningConfig::from_json(PUBLIC.as_bytes()).unwrap();
    let text = config.to_json();
    assert_eq!(SigningConfig::from_json(text.as_bytes()).unwrap(), config);
    // Times have no more digits than they need; nothing else changes.
    let read = |text: &str| crypto::json::parse("test", text.as_bytes()).unwrap();
    assert_eq!(read(&text), read(&PUBLIC.replace(".000Z", "Z")));
}

fn service() -> impl proptest::strategy::Strategy<Value = Service> {
    use proptest::prelude::*;
    let time =
        || proptest::option::of((-62_135_596_800_i64..253_402_207_200).prop_map(UnixTime::from_seconds));
    (".+", 1..=u32::MAX, time(), time(), any::<String>()).prop_map(
        |(url, major_api_version, start, end, operator)| Service {
            url,
            major_api_version,
            valid_for: Window { start, end },
            operator,
        },
    )
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_again(
        lists in proptest::collection::vec(proptest::collection::vec(service(), 0..4), 4),
        selections in proptest::collection::vec(proptest::sample::select(vec![
            Selection::Undefined, Selection::All, Selection::Any, Selection::Exact(1), Selection::Exact(u32::MAX),
        ]), 2),
    ) {
        let [certificate_authorities, oidc_providers, logs, timestamp_authorities]: [Vec<Service>; 4] =
            lists.try_into().unwrap();
        let config = SigningConfig {
            certificate_authorities, oidc_providers, logs, timestamp_authorities,
            log_selection: selections[0], timestamp_selection: selections[1],
        };
        proptest::prop_assert_eq!(SigningConfig::from_json(config.to_json().as_bytes()).unwrap(), config);
    }
}
