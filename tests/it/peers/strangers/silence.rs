//! What was not asked for does not happen, read from the journals of the services: who is to hear of nothing hears of nothing.

use super::{What, World};

/// Runs it and returns who was asked, in the order of the first question.
fn asked(world: &World, args: &[&str], chosen: bool) -> Vec<String> {
    let before = world.services.heard().len();
    let run = world.at_home(world.services.variables(world.sandbox.rcosign(args)), chosen);
    let _ = run.run().ok();
    let mut who: Vec<String> = Vec::new();
    for line in world.services.heard().into_iter().skip(before) {
        let name = line.split(' ').next().unwrap().to_owned();
        if !who.contains(&name) {
            who.push(name);
        }
    }
    who
}

/// What it is called, the flags, and who hears of it.
type Row<'a> = (&'static str, &'a [&'a [&'a str]], &'static [&'static str]);

#[test]
fn only_who_was_named_hears_of_it() {
    let Some(world) = World::start(&[]) else { return };
    let [fulcio, rekor, tsa] = [0, 1, 3].map(|place| world.services.url(place));
    let tsa = format!("{tsa}/api/v1/timestamp");
    let named = ["--fulcio-url", &fulcio, "--rekor-url", &rekor];
    let (token, none) = (world.services.file("identity_token"), world.sandbox.file("none.json", NO_SERVICES));
    let (key, identity) = (["--key", "cosign.key"], ["--identity-token", &token]);
    let (quiet, older) = ("--tlog-upload=false", "--use-signing-config=false");
    let none = ["--signing-config", none.to_str().unwrap()];
    let issuer = world.services.url(4);
    let _ = world.sandbox.file("secret", "s3cret");
    let flow = ["--fulcio-auth-flow", "client_credentials", "--oidc-client-secret-file", "secret"];
    let rows: [Row<'_>; 14] = [
        ("offline", &[&key, &["--offline"]], &[]),
        ("no upload", &[&key, &[quiet]], &[]),
        ("no upload, with names", &[&key, &[quiet], &named], &[]),
        ("no upload, as cosign wants it", &[&key, &[quiet, older]], &[]),
        ("nobody is listed", &[&key, &none], &[]),
        ("no upload, a timestamp", &[&key, &[quiet, "--timestamp-server-url", &tsa]], &["tsa"]),
        ("the log alone", &[&key, &["--rekor-url", &rekor]], &["rekor"]),
        ("the log alone, as cosign wants it", &[&key, &["--rekor-url", &rekor, older]], &["rekor"]),
        ("both", &[&key, &["--rekor-url", &rekor, "--timestamp-server-url", &tsa]], &["tsa", "rekor"]),
        ("an identity", &[&identity, &named], &["fulcio", "rekor"]),
        ("a login", &[&flow, &["--oidc-issuer", &issuer], &named], &["oidc", "fulcio", "rekor"]),
        (
            "an identity, no upload",
            &[&identity, &named, &[quiet, "--timestamp-server-url", &tsa]],
            &["fulcio", "tsa"],
        ),
        (
            "a certificate for a key",
            &[&key, &identity, &["--issue-certificate"], &named],
            &["fulcio", "rekor"],
        ),
        (
            "a certificate, no upload",
            &[&key, &identity, &["--issue-certificate", quiet, "--timestamp-server-url", &tsa], &named],
            &["fulcio", "tsa"],
        ),
    ];
    let image = format!("{}/start@{}", world.registry.address, world.digest);
    for (name, flags, who) in rows {
        for what in [What::Blob, What::BlobStatement, What::Image, What::ImageStatement] {
            let subject = if what.is_image() { image.as_str() } else { "a.txt" };
            let mut args = vec![what.commands().0, "--yes"];
            args.extend(flags.iter().copied().flatten());
            args.extend(if what.is_statement() { &["--predicate", "p.json"][..] } else { &[] });
            args.extend(if what.is_image() { &[][..] } else { &["--bundle", "b.json"] });
            args.push(subject);
            for chosen in [false, true] {
                assert_eq!(asked(&world, &args, chosen), who, "{name}: {args:?} {chosen}");
            }
        }
    }
}

const NO_SERVICES: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;

/// Sigstore's own services are the default. Where nobody can be reached, the key alone can still sign.
#[test]
fn a_key_without_flags_and_without_a_network_is_told_of_both_ways_out() {
    let Some(world) = World::start(&[]) else { return };
    let image = format!("{}/start@{}", world.registry.address, world.digest);
    for args in [
        &["sign-blob", "--bundle", "x.json", "a.txt"][..],
        &["attest-blob", "--predicate", "p.json", "--bundle", "x.json", "a.txt"],
        &["sign", &image],
        &["attest", "--predicate", "p.json", &image],
    ] {
        let args = [&args[..1], &["--yes", "--key", "cosign.key"], &args[1..]].concat();
        // A proxy that is not there: nobody outside is reached, whatever network there is.
        let run = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]
            .into_iter()
            .fold(world.at_home(world.sandbox.rcosign(&args), false), |run, name| {
                run.env(name, "http://127.0.0.1:9")
            });
        let output = run.env("NO_PROXY", "127.0.0.1").env("COSIGN_RETRY_FOR", "0s").run();
        assert_ne!(output.code, 0, "{args:?}");
        let output = output.says("add --offline").says("--signing-config FILE");
        assert!(!world.sandbox.has("x.json"), "{}", output.stderr);
    }
}
