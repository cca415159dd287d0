//! What a log has and a registry does not take is kept, and published by the command that is printed.

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};

use super::super::services::Services;
use crate::peers::peers;
use crate::support::{Sandbox, follow};

#[test]
fn what_the_log_has_is_published_by_the_printed_command() {
    let Some(services) = Services::start() else { return };
    let (root, token) = (services.file("trusted_root.json"), services.file("identity_token"));
    let identity = services.identity();
    for (config, form, command, keyless) in [
        ("rekor1", "bundle", "sign --bundle x.json", true),
        ("rekor1", "bundle", "attest --bundle x.json", true),
        ("rekor1", "tag", "sign --bundle x.json", true),
        ("rekor1", "bundle", "sign", true),
        ("rekor2", "bundle", "sign", true),
        ("rekor1", "bundle", "attest", true),
        ("rekor1", "tag", "sign", true),
        ("rekor1", "tag", "attest", true),
        ("rekor1-no-tsa", "tag", "attest", true),
        ("rekor1", "tag", "sign", false),
        ("rekor1", "tag", "attest", false),
    ] {
        let what = format!("{config} {form} {command} {keyless}");
        let (sandbox, registry) = (Sandbox::new(), Registry::start(Options::default()).unwrap());
        let _ = sandbox.file("p.json", "{\"a\": 1}");
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        let digest = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app:v1", registry.address());
        // By tag, which somebody moves before the command is run.
        let signing = services.file(&format!("signing_config.{config}.json"));
        let mut args: Vec<&str> = command.split(' ').collect();
        let command = args[0];
        args.extend(["--yes", "--trusted-root", &root, "--signing-config", &signing]);
        args.extend(if keyless { ["--identity-token", &token] } else { ["--key", "cosign.key"] });
        args.extend(["--write", form, "--retry-for", "0s"]);
        let verify: &[&str] = match command {
            "sign" => &["verify"],
            _ => &["verify-attestation", "--type", "custom"],
        };
        if command == "attest" {
            args.extend(["--predicate", "p.json", "--type", "custom"]);
        }
        args.push(&image);
        registry.hook(|request| {
            let is_last = request.is("PUT", "/manifests/");
            if is_last { Fault::error(503, "UNAVAILABLE", "later") } else { Fault::none() }
        });
        let entries = |heard: Vec<String>| heard.iter().filter(|line| line.contains("/log/entries")).count();
        let before = entries(services.heard());
        let output = sandbox.run(&args);
        assert_ne!(output.code, 0, "{what}");
        let output = output.says("was made and not published");
        assert_eq!(entries(services.heard()), before + 1, "{what}");

        registry.hook(|_| Fault::none());
        let other = registry.contents().plant_image("app", "other");
        assert_ne!(other, digest);
        registry.contents().plant_tag("app", "v1", &other);
        let command = follow(&sandbox, &output.stderr);
        // Nobody was asked for anything once more.
        assert_eq!(entries(services.heard()), before + 1, "{what}");
        let mut check = verify.to_vec();
        check.extend(["--trusted-root", &root]);
        match keyless {
            true => check.extend(identity.iter().map(String::as_str)),
            false => check.extend(["--key", "cosign.pub"]),
        }
        check.extend((config == "rekor2").then_some("--use-signed-timestamps"));
        let by_digest = format!("{}/app@{digest}", registry.address());
        check.push(&by_digest);
        let good = sandbox.run(&check);
        assert_eq!(good.code, 0, "{what}: `{command}` {}", good.stderr);
        let by_third = |peer: &&super::Peer| peer.version == 3;
        for peer in peers().iter().filter(by_third) {
            let mut check = check.clone();
            check.extend((form == "tag").then_some("--new-bundle-format=false"));
            let good = peer.run(&sandbox, &check);
            assert_eq!(good.code, 0, "{what}: `{command}` {}", good.stderr);
        }
        // Once more is once.
        let _ = follow(&sandbox, &output.stderr);
    }
}
