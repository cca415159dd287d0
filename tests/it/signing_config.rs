//! `signing-config create`.

use serde_json::{Value, json};

use crate::support::{Output, Sandbox};

const SERVICE: &str =
    "url=https://s.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=s.example";

fn create(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(&[&["signing-config", "create"], args].concat())
}

fn made(sandbox: &Sandbox, args: &[&str]) -> Value {
    serde_json::from_str(&create(sandbox, args).ok().stdout).unwrap()
}

fn service() -> Value {
    json!({
        "url": "https://s.example", "majorApiVersion": 1, "validFor": { "start": "2026-01-01T00:00:00Z" },
        "operator": "s.example",
    })
}

#[test]
fn a_config_without_services_signs_without_a_network() {
    let sandbox = Sandbox::new();
    let empty = "{\"mediaType\":\"application/vnd.dev.sigstore.signingconfig.v0.2+json\",\"rekorTlogConfig\":{},\"tsaConfig\":{}}";
    assert_eq!(create(&sandbox, &[]).ok().stdout, format!("{empty}\n"));
    assert_eq!(create(&sandbox, &["--out", "config.json"]).ok().stdout, "");
    assert_eq!(sandbox.text("config.json"), empty);
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    let config = ["--signing-config", "config.json"];
    let sign = ["sign-blob", "--key", "cosign.key", "--bundle", "b.json", "artifact.txt"];
    let _ = sandbox.run(&[&sign[..], &config].concat()).ok();
    let _ = sandbox
        .run(&["verify-blob", "--key", "cosign.pub", "--no-log", "--bundle", "b.json", "artifact.txt"])
        .ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(sandbox.at("config.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn every_kind_of_service_has_its_place() {
    let sandbox = Sandbox::new();
    let ends = format!("{SERVICE},end-time=2027-01-01T00:00:00.5+01:00");
    let config = made(
        &sandbox,
        &[
            "--fulcio",
            SERVICE,
            "--oidc-provider",
            &ends,
            "--rekor",
            SERVICE,
            "--rekor",
            SERVICE,
            "--rekor-config",
            "all",
            "--tsa",
            SERVICE,
            "--tsa-config",
            "EXACT:1",
        ],
    );
    let mut until = service();
    until["validFor"]["end"] = json!("2026-12-31T23:00:00.500Z");
    let want = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service()],
        "oidcUrls": [until],
        "rekorTlogUrls": [service(), service()],
        "rekorTlogConfig": { "selector": "ALL" },
        "tsaUrls": [service()],
        "tsaConfig": { "selector": "EXACT", "count": 1 },
    });
    assert_eq!(config, want);
    assert_eq!(config.to_string(), want.to_string(), "in the same order");
}

#[test]
fn the_public_services_come_from_what_is_built_in() {
    let sandbox = Sandbox::new();
    let all = made(&sandbox, &["--with-default-services"]);
    assert_eq!(all["rekorTlogUrls"].as_array().unwrap().len(), 1);
    let two = made(&sandbox, &["--with-default-rekor-v2"]);
    assert_eq!(two["rekorTlogUrls"][0]["majorApiVersion"], 2);
    assert_eq!(two["rekorTlogUrls"][1], all["rekorTlogUrls"][0]);
    assert_eq!(made(&sandbox, &["--with-default-rekor-v2", "--with-default-services"]), two);
    for (flag, list, config) in [
        ("--no-default-fulcio", "caUrls", None),
        ("--no-default-oidc", "oidcUrls", None),
        ("--no-default-rekor", "rekorTlogUrls", Some("rekorTlogConfig")),
        ("--no-default-tsa", "tsaUrls", Some("tsaConfig")),
    ] {
        for (base, whole) in [("--with-default-services", &all), ("--with-default-rekor-v2", &two)] {
            let mut without = whole.clone();
            assert!(whole[list].is_array());
            without.as_object_mut().unwrap().remove(list);
            if let Some(config) = config {
                without[config] = json!({});
            }
            assert_eq!(made(&sandbox, &[base, flag]), without);
        }
        // Nothing to leave out.
        assert_eq!(made(&sandbox, &[flag]), made(&sandbox, &[]));
    }
    // Others are added behind them, and the choice is the one that was given.
    let more = made(
        &sandbox,
        &["--with-default-services", "--rekor", SERVICE, "--rekor-config", "EXACT:2", "--tsa-config", "ALL"],
    );
    assert_eq!(more["rekorTlogUrls"], json!([all["rekorTlogUrls"][0], service()]));
    assert_eq!(more["rekorTlogConfig"], json!({ "selector": "EXACT", "count": 2 }));
    assert_eq!((&more["tsaUrls"], &more["tsaConfig"]), (&all["tsaUrls"], &json!({ "selector": "ALL" })));
}

#[test]
fn services_replace_those_of_their_kind_in_a_base() {
    let sandbox = Sandbox::new();
    let _ = create(&sandbox, &["--with-default-rekor-v2", "--out", "base.json"]).ok();
    let base = made(&sandbox, &["--base-config", "base.json"]);
    assert_eq!(base, made(&sandbox, &["--with-default-rekor-v2"]));
    let replaced =
        made(&sandbox, &["--base-config", "base.json", "--rekor", SERVICE, "--rekor-config", "ALL"]);
    let mut want = base.clone();
    want["rekorTlogUrls"] = json!([service()]);
    want["rekorTlogConfig"] = json!({ "selector": "ALL" });
    assert_eq!(replaced, want);
    let chosen = made(&sandbox, &["--base-config", "base.json", "--tsa-config", "ALL", "--fulcio", SERVICE]);
    assert_eq!((&chosen["tsaUrls"], &chosen["tsaConfig"]), (&base["tsaUrls"], &json!({ "selector": "ALL" })));
    assert_eq!(chosen["caUrls"], json!([service()]));
    for flag in [
        "--with-default-services",
        "--with-default-rekor-v2",
        "--no-default-fulcio",
        "--no-default-oidc",
        "--no-default-rekor",
        "--no-default-tsa",
    ] {
        let words = format!("--base-config and {flag} cannot be used together");
        let _ = create(&sandbox, &["--base-config", "base.json", flag]).code(2).says(&words);
    }
    let before = sandbox.read("base.json");
    let _ = create(&sandbox, &["--base-config", "base.json", "--out", "base.json"])
        .code(2)
        .says("take its place");
    assert_eq!(sandbox.read("base.json"), before);
    let piped = sandbox.rcosign(&["signing-config", "create", "--base-config", "-"]).stdin(before).run().ok();
    assert_eq!(serde_json::from_str::<Value>(&piped.stdout).unwrap(), base);
    let _ = sandbox.file("root.json", sandbox.run(&["trusted-root", "create"]).ok().bytes);
    let _ =
        sandbox.file("old.json", r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json"}"#);
    for (file, words) in [
        ("none.json", "does not exist"),
        ("root.json", "unknown member"),
        ("old.json", "not that of a signing config v0.2"),
    ] {
        let output = create(&sandbox, &["--base-config", file]);
        assert!(output.code == 4, "{file}: {} {}", output.code, output.stderr);
        if file != "root.json" {
            let _ = output.says(words);
        }
    }
    let _ = create(&sandbox, &["--base-config", ""]).code(2).says("--base-config is given and empty");
}

#[test]
fn a_specification_that_makes_no_sense_is_refused_by_name() {
    let sandbox = Sandbox::new();
    let without =
        |key: &str| SERVICE.split(',').filter(|pair| !pair.starts_with(key)).collect::<Vec<_>>().join(",");
    for flag in ["--fulcio", "--oidc-provider", "--rekor", "--tsa"] {
        let mut specs: Vec<(String, String)> = ["url", "api-version", "start-time", "operator"]
            .iter()
            .map(|key| (without(key), format!("`{key}` is missing")))
            .collect();
        for (change, words) in [
            (",public-key=x", "there is no key `public-key`"),
            (",operator=x", "`operator` is given twice"),
            (",end-time=", "`end-time` is empty"),
            (",end-time=2025-01-01T00:00:00Z", "lies before `start-time`"),
            (",end-time=2027", "`2027` is no time"),
            (",", "`` is no pair"),
        ] {
            specs.push((format!("{SERVICE}{change}"), words.to_owned()));
        }
        for version in ["0", "-1", "+1", "1.0", "v1", "4294967296"] {
            let spec = format!("{},api-version={version}", without("api-version"));
            specs.push((spec, format!("`{version}` is no number from 1 on")));
        }
        for (spec, words) in specs {
            let args = [flag, &spec, "--rekor-config=ANY", "--tsa-config=ANY", "--out", "config.json"];
            let output = create(&sandbox, &args).code(2).says(&words);
            assert!(output.stderr.contains(&format!("{flag} `{spec}`")), "{}", output.stderr);
            assert!(output.stdout.is_empty() && !sandbox.has("config.json"));
        }
    }
}

#[test]
fn how_many_to_use_has_to_be_said() {
    let sandbox = Sandbox::new();
    for (flag, config) in [("--rekor", "--rekor-config"), ("--tsa", "--tsa-config")] {
        let words = format!("{flag} needs {config}");
        let _ = create(&sandbox, &[flag, SERVICE]).code(2).says(&words);
        let _ = create(&sandbox, &[flag, SERVICE, config, ""]).code(2).says(&words);
        let _ = create(&sandbox, &["--with-default-services", flag, SERVICE]).code(2).says(&words);
        for value in ["ANY:2", "EXACT", "EXACT:0", "EXACT:x", "SOME"] {
            let _ = create(&sandbox, &[flag, SERVICE, config, value]).code(2).says(config);
        }
        let _ = create(&sandbox, &[flag, SERVICE, config, "EXACT:1"]).ok();
        let _ = create(&sandbox, &[flag, SERVICE, config, "EXACT:2"]).ok().says("nobody can sign with 2");
    }
    let _ = create(&sandbox, &["extra"]).code(2);
}

/// The default services are those of the TUF repository; with `--offline` what is kept or built in, and it is said which.
#[test]
fn the_default_services_are_the_current_ones() {
    use crate::initialize::Mirror;
    let mirror = Mirror::new();
    let selections = ["--rekor-config", "ALL", "--tsa-config", "EXACT:1"];
    let services = ["--fulcio", SERVICE, "--oidc-provider", SERVICE, "--rekor", SERVICE, "--tsa", SERVICE];
    let bytes = create(&Sandbox::new(), &[&services[..], &selections].concat()).ok().stdout.into_bytes();
    mirror.change(|repository| {
        repository.add_target("targets", "signing_config.v0.2.json", &bytes);
        repository.bump("targets");
        repository.update().unwrap();
    });
    let sandbox = mirror.sandbox();
    let made = |variables: &[(&str, &str)], args: &[&str]| {
        let run = sandbox.rcosign(&[&["signing-config", "create", "--timeout", "2s"], args].concat());
        variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
    };
    let document = |output: &Output| -> Value { serde_json::from_str(&output.stdout).unwrap() };
    let defaults = "--with-default-services";
    let kept = [("TUF_MIRROR", mirror.address.as_str()), ("TUF_ROOT_JSON", "root.json")];
    let fetched = made(&kept, &[defaults]).ok();
    let fetched = fetched.says(&format!("Default services: that of {}, fetched now", mirror.address));
    let theirs: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document(&fetched), theirs);
    let _ = mirror.asked();
    let cached = made(&kept, &[defaults]).ok().says("cached just now");
    assert!(cached.stdout == fetched.stdout && mirror.asked().is_empty());
    let cached = made(&kept, &[defaults, "--offline"]).ok().says("cached just now");
    assert!(cached.stdout == fetched.stdout && mirror.asked().is_empty());
    // It has none with Rekor v2, and no other one stands in for it.
    for args in [&["--with-default-rekor-v2"][..], &["--with-default-rekor-v2", "--offline"]] {
        let refused = made(&kept, args).says("there is no signing config with Rekor v2");
        assert!(refused.code != 0 && refused.stdout.is_empty(), "{args:?}");
    }
    let nobody = [("TUF_MIRROR", "http://127.0.0.1:1"), ("TUF_ROOT_JSON", "root.json")];
    for args in [&[defaults][..], &[defaults, "--offline"]] {
        let refused = made(&nobody, args).says("the TUF repository http://127.0.0.1:1 cannot be used");
        assert!(refused.code != 0 && refused.stdout.is_empty(), "{args:?}");
    }
    let fresh = Sandbox::new().env("COSIGN_OFFLINE", "");
    let embedded =
        create(&fresh, &[defaults, "--offline"]).ok().says("Default services: the embedded public");
    let run = |args: &[&str]| {
        let run = fresh.rcosign(&[&["signing-config", "create", "--timeout", "2s"], args].concat());
        run.env("HTTPS_PROXY", "http://127.0.0.1:1").env("TUF_ROOT", "none")
    };
    let refused = run(&[defaults]).run().code(5);
    let refused = refused.says("or add --offline to take the cached root, or the one that is built in");
    assert!(refused.stdout.is_empty());
    assert_eq!(run(&[defaults]).env("COSIGN_OFFLINE", "true").run().ok().stdout, embedded.stdout);
    // Who begins with nothing asks nobody.
    let _ = run(&[]).run().ok();
}
