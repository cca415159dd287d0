//! Every service against every fault: signing without a key either succeeds as if nothing had been, or fails with one line that
//! names the service and its address, writes no file, tells no service that comes after, and comes to an end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};

use super::rows::{self, Outcome, Row};
use super::sigstore::{Place, Sigstore};
use super::world::{Backend, Cell, World};
use crate::support::Output;

/// Whatever happens, a run ends by then.
const LONGEST: Duration = Duration::from_secs(60);
/// In the order in which they are asked.
const ORDER: [Place; 6] = [Place::Tuf, Place::Oidc, Place::Fulcio, Place::Tsa, Place::Rekor1, Place::Rekor2];

fn memory() -> Arc<World> {
    World::new(Backend::Memory(Box::new(Sigstore::new())))
}

/// Runs every row, several at a time.
pub fn check(world: &Arc<World>, rows: &[Row]) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(fault) = attack(world, row) {
                        failures.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

fn attack(world: &Arc<World>, row: &Row) -> Result<(), String> {
    let cell = Cell::new(world, row.place, Some(row.fault.clone()));
    let _ = cell.flags(row.place);
    let before = cell.sandbox.names();
    let started = Instant::now();
    let output = cell.run(row.place, if row.waits { &["--timeout", "2s"] } else { &["--timeout", "40s"] });
    let took = started.elapsed();
    let mut wrong = Vec::new();
    let mut check = |good: bool, what: &str| {
        if !good {
            wrong.push(what.to_owned());
        }
    };
    check(cell.hit.load(Ordering::Relaxed), "the fault was not met");
    check(took < LONGEST, "it takes too long");
    check(!output.stderr.contains("panicked") && output.code != 101, "it panics");
    let drives =
        |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}');
    check(!drives(&output.stderr) && !drives(&output.stdout), "it drives the terminal");
    check(cell.other.heard().is_empty(), "it went where the service pointed to");
    match row.outcome {
        Outcome::Signs => {
            check(output.code == 0, "it does not sign");
            check(output.stderr.contains(row.says), "it does not say what has to be said");
            check(cell.sandbox.has("b.json"), "it writes nothing");
            let args = [
                "verify-blob",
                "--bundle",
                "b.json",
                "--trusted-root",
                "trusted_root.json",
                "--certificate-identity",
                "dev@example.com",
                "--certificate-oidc-issuer-regexp",
                ".*",
                "a.txt",
                "--insecure-ignore-sct",
            ];
            // One that came beside the certificate has no place in a bundle.
            let args = if row.name.contains("beside") { &args[..] } else { &args[..args.len() - 1] };
            let verified = output.code == 0 && cell.sandbox.run(args).code == 0;
            check(verified, "what it writes does not verify");
        }
        Outcome::Fails(codes) => {
            check(codes.contains(&output.code), "it ends with another code");
            check(output.stdout.is_empty(), "it prints something");
            check(cell.sandbox.names() == before, "it leaves a file");
            check(one_line(&output), "there is not one error");
            let server = &cell.server(row.place).url;
            check(output.stderr.contains(row.place.called()), "it does not name the service");
            check(output.stderr.contains(server.as_str()), "it does not name the address");
            check(output.stderr.contains(row.says), "it does not say what is wrong");
            let at = ORDER.iter().position(|place| *place == row.place).unwrap();
            for later in &ORDER[at + 1..] {
                check(cell.server(*later).heard().is_empty(), "it asks a service that comes later");
            }
        }
    }
    let left = std::fs::read_dir(cell.sandbox.at("tmp")).unwrap().count();
    check(left == 0, "it leaves temporary files");
    if std::env::var_os("RCOSIGN_HOSTILE").is_some() {
        eprintln!("{:?} | {} | {} | {took:?}\n{}", row.place, row.name, output.code, output.stderr);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "\n== {:?} | {} | exit {} | {took:?} | {}\n{}{}{:?}",
        row.place,
        row.name,
        output.code,
        wrong.join("; "),
        output.stdout.chars().take(300).collect::<String>(),
        output.stderr.chars().take(1500).collect::<String>(),
        cell.server(row.place).heard(),
    ))
}

fn one_line(output: &Output) -> bool {
    output.stderr.lines().filter(|line| line.starts_with("error: ")).count() == 1
}

#[test]
fn every_service_against_what_any_server_can_do() {
    check(&memory(), &rows::of_servers());
}

#[test]
fn certificates_that_are_not_what_was_asked_for() {
    check(&memory(), &rows::of_fulcio());
}

#[test]
fn log_entries_that_prove_nothing() {
    let world = memory();
    check(&world, &rows::of_rekor1());
    check(&world, &rows::of_rekor2());
}

#[test]
fn timestamps_of_something_else() {
    check(&memory(), &rows::of_tsa());
}

#[test]
fn issuers_and_tokens_of_something_else() {
    check(&memory(), &rows::of_oidc());
}

/// Nobody is there.
#[test]
fn services_that_are_down() {
    let world = memory();
    for place in super::sigstore::PLACES {
        let mut cell = Cell::new(&world, place, None);
        let (_, server) = cell.servers.iter_mut().find(|(at, _)| *at == place).unwrap();
        "http://127.0.0.1:1".clone_into(&mut server.url);
        let _ = cell.flags(place);
        let before = cell.sandbox.names();
        let output = cell.run(place, &["--timeout", "2s"]).code(5);
        assert!(one_line(&output) && output.stdout.is_empty(), "{place:?}: {}", output.stderr);
        assert!(output.stderr.contains(place.called()), "{place:?}: {}", output.stderr);
        assert!(output.stderr.contains("http://127.0.0.1:1"), "{place:?}: {}", output.stderr);
        assert_eq!(cell.sandbox.names(), before, "{place:?}");
        let at = ORDER.iter().position(|known| *known == place).unwrap();
        for later in &ORDER[at + 1..] {
            assert!(cell.server(*later).heard().is_empty(), "{place:?}: {later:?} was asked");
        }
    }
}

/// Tokens that the user has, and that are no good: nobody hears of them, but where only the authority can tell.
#[test]
fn tokens_that_are_no_good() {
    let world = memory();
    type Spoil = fn(&mut serde_json::Value);
    let cases: [(&str, i32, bool, Spoil); 7] = [
        ("expired", 6, false, |claims| claims["exp"] = 1_000_000_000.into()),
        ("sub", 6, false, |claims| drop(claims.as_object_mut().unwrap().remove("sub"))),
        ("iss", 6, false, |claims| drop(claims.as_object_mut().unwrap().remove("iss"))),
        ("exp", 6, false, |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("email", 6, false, |claims| claims["email_verified"] = false.into()),
        ("audience", 6, true, |claims| claims["aud"] = "others".into()),
        ("email claim", 6, true, |claims| drop(claims.as_object_mut().unwrap().remove("email"))),
    ];
    for (says, code, is_sent, spoil) in cases {
        let cell = Cell::new(&world, Place::Fulcio, None);
        let _ = cell.sandbox.file("token", world.token(spoil));
        let _ = cell.flags(Place::Fulcio);
        let before = cell.sandbox.names();
        let output = cell.run(Place::Fulcio, &[]).code(code).says(says);
        assert!(one_line(&output) && output.stdout.is_empty(), "{says}: {}", output.stderr);
        assert_eq!(cell.sandbox.names(), before, "{says}");
        for (place, server) in &cell.servers {
            assert!(server.heard().is_empty() || (is_sent && *place == Place::Fulcio), "{says}: {place:?}");
        }
    }
}

/// Images: nothing gets to the registry that does not hold, and where the log has it and nothing more can be done, it is said.
#[test]
fn images_are_not_published_where_a_service_fails() {
    let world = memory();
    let all = [rows::of_servers(), rows::of_fulcio(), rows::of_rekor1(), rows::of_rekor2(), rows::of_tsa()];
    let chosen =
        ["500 for ever", "a page for people", "points elsewhere", "without an SCT", "for another key"];
    let more = ["a broken promise", "the entry of a foreign log", "another nonce", "500, then good"];
    let all = all.into_iter().flatten().filter(|row| chosen.contains(&row.name) || more.contains(&row.name));
    for row in all.filter(|row| row.place != Place::Oidc) {
        let registry = Registry::start(Options::default()).unwrap();
        let digest = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app@{digest}", registry.address());
        let cell = Cell::new(&world, row.place, Some(row.fault.clone()));
        let flags = cell.flags(row.place);
        let before = cell.sandbox.names();
        let timeout = if row.waits { "3s" } else { "40s" };
        let mut args = vec!["sign", "--yes", "--timeout", timeout, &image];
        args.extend(flags.iter().map(String::as_str));
        let mirror = &cell.server(Place::Tuf).url;
        let run = cell.sandbox.rcosign(&args).env("TUF_MIRROR", mirror).env("TUF_ROOT_JSON", "root.json");
        let output = run.run();
        let what = format!("{:?} {}: {} {}", row.place, row.name, output.code, output.stderr);
        assert!(cell.hit.load(Ordering::Relaxed), "{what}");
        let journal = registry.journal();
        // That there is room for the parts is found out early; without its manifest there is no signature.
        let written = journal.count("PUT", "/manifests/");
        if row.outcome == Outcome::Signs {
            assert!(output.code == 0 && written > 0, "{what}");
            continue;
        }
        assert!(output.code != 0 && written == 0, "{what}\n{:#?}", journal.lines());
        assert!(one_line(&output) && output.stdout.is_empty(), "{what}");
        assert!(output.stderr.contains(row.place.called()), "{what}");
        assert!(output.stderr.contains(cell.server(row.place).url.as_str()), "{what}");
        assert_eq!(cell.sandbox.names(), before, "{what}");
        let at = ORDER.iter().position(|place| *place == row.place).unwrap();
        for later in &ORDER[at + 1..] {
            assert!(cell.server(*later).heard().is_empty(), "{what}: {later:?} was asked");
        }
    }
}

/// Two forms, of which the log takes the first alone: that one is kept, and the printed command publishes it.
#[test]
fn what_the_log_has_is_kept_where_the_other_form_fails() {
    let world = memory();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{digest}", registry.address());
    let refuses = |case: &super::world::Case<'_>| {
        let is_second = case.request.starts("POST") && case.request.json()["kind"] == "hashedrekord";
        is_second.then(|| super::server::Act::Say(super::server::Answer::new(400, "no")))
    };
    let cell = Cell::new(&world, Place::Rekor1, Some(std::sync::Arc::new(refuses)));
    let flags = cell.flags(Place::Rekor1);
    let mut args = vec!["sign", "--yes", "--write", "bundle,tag", &image];
    args.extend(flags.iter().map(String::as_str));
    let output = cell.sandbox.run(&args).code(5);
    assert_eq!(registry.journal().count("PUT", "/manifests/"), 0);
    let command = output.stderr.lines().find_map(|line| line.split_once("kept here: `")?.1.split_once('`'));
    let (command, _) = command.unwrap_or_else(|| panic!("{}", output.stderr));
    let _ = cell.sandbox.run(&crate::support::pasted(command)).ok();
    let identity = ["--certificate-identity-regexp", ".", "--certificate-oidc-issuer-regexp", "."];
    let verify = [&["verify", "--trusted-root", "trusted_root.json"][..], &identity, &[&image]].concat();
    let _ = cell.sandbox.run(&verify).ok();
}

/// cosign's experiment with OCI 1.1: what is kept is published in that form, and not under the tag.
#[test]
fn what_the_log_has_is_kept_in_the_form_that_was_asked_for() {
    let world = memory();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{digest}", registry.address());
    let cell = Cell::new(&world, Place::Rekor1, None);
    let flags = cell.flags(Place::Rekor1);
    let mut args = vec!["sign", "--yes", "--new-bundle-format=false", "--registry-referrers-mode", "oci-1-1"];
    args.extend(["--allow-http-registry", "--retry-for", "0s", &image]);
    args.extend(flags.iter().map(String::as_str));
    registry.hook(|request| match request.is("PUT", "/manifests/") {
        true => Fault::error(503, "UNAVAILABLE", "later"),
        false => Fault::none(),
    });
    let output = cell.sandbox.run(&args).code(5);
    let command = output.stderr.lines().find_map(|line| line.split_once("kept here: `")?.1.split_once('`'));
    let (command, _) = command.unwrap_or_else(|| panic!("{}", output.stderr));
    assert!(command.contains(" --registry-referrers-mode oci-1-1 --allow-http-registry "), "{command}");
    registry.hook(|_| Fault::none());
    for _ in 0..2 {
        let _ = cell.sandbox.run(&crate::support::pasted(command)).ok();
        assert_eq!(registry.contents().referrers("app", &digest).len(), 1);
        assert!(registry.contents().tags("app").iter().all(|(tag, _)| !tag.ends_with(".sig")));
    }
    let identity = ["--certificate-identity-regexp", ".", "--certificate-oidc-issuer-regexp", "."];
    let verify = [&["verify", "--trusted-root", "trusted_root.json"][..], &identity, &[&image]].concat();
    let _ = cell.sandbox.run(&verify).ok();
}

/// Whom the token names is known before the certificate authority is asked: what he has signed is left alone, and nobody hears of it.
#[test]
fn what_the_identity_has_signed_already_costs_no_certificate() {
    let world = memory();
    let registry = Registry::start(Options::default()).unwrap();
    let first = registry.contents().plant_image("app", "v1");
    let second = registry.contents().plant_image("app", "v2");
    let images = [&first, &second].map(|digest| format!("{}/app@{digest}", registry.address()));
    let cell = Cell::new(&world, Place::Rekor1, None);
    let flags = cell.flags(Place::Rekor1);
    let sign = |images: &[String], more: &[&str]| {
        let mut args = vec!["sign", "--yes", "--skip-existing", "--write", "bundle,tag", "--retry-for", "0s"];
        args.extend(flags.iter().map(String::as_str).chain(more.iter().copied()));
        args.extend(images.iter().map(String::as_str));
        cell.sandbox.run(&args)
    };
    let certificates = || cell.server(Place::Fulcio).heard().len();
    let there = |digest| registry.contents().referrers("app", digest).len();
    let one = |at: usize| std::slice::from_ref(&images[at]);
    let _ = sign(one(0), &[]).ok().says("Signing as dev@example.com (issuer http://issuer.example)");
    assert_eq!((certificates(), there(&first)), (1, 1));
    let everybody = || cell.servers.iter().map(|(_, server)| server.heard().len()).sum::<usize>();
    let before = everybody();
    let output = sign(one(0), &[]).ok().says(&format!("{} is signed by this identity already", images[0]));
    assert!(!output.stderr.contains("Signing as"), "{}", output.stderr);
    assert_eq!((everybody(), there(&first)), (before, 1));
    // What is left is signed, and what is not is left alone.
    let _ = sign(&images, &[]).ok().says(&format!("{} is signed by this identity already", images[0]));
    assert_eq!((certificates(), there(&first), there(&second)), (2, 1, 1));
    // With other annotations it is another signature, and one by somebody else is one more.
    let _ = sign(one(0), &["-a", "k=v"]).ok();
    assert_eq!((certificates(), there(&first)), (3, 2));
    let _ = cell.sandbox.file("token", world.token(|claims| claims["email"] = "eve@example.com".into()));
    let _ = sign(one(0), &[]).ok().says("Signing as eve@example.com");
    assert_eq!((certificates(), there(&first)), (4, 3));
    let _ = sign(one(0), &[]).ok().says("signed by this identity already");
    assert_eq!((certificates(), there(&first)), (4, 3));
    // Where nobody can look, nobody signs.
    let _ = cell.sandbox.file("token", world.token(|_| {}));
    registry.hook(|request| match request.path.contains("/referrers/") || request.path.contains("sha256-") {
        true => Fault::error(503, "UNAVAILABLE", "later"),
        false => Fault::none(),
    });
    let _ = sign(one(1), &[]).code(5);
    assert_eq!((certificates(), there(&second)), (4, 1));
}
